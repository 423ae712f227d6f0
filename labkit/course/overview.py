"""The exercises as a list, and a learner's progress through them, as cards."""

from __future__ import annotations

from itertools import groupby

from labkit.course.cards import Card, Line, Mark
from labkit.course.catalogue import EXERCISES
from labkit.course.exercise import LESSONS
from labkit.course.progress import Entry, Progress


def listing() -> str:
    """Return the exercises by lesson, a line each.

    >>> print(listing().splitlines()[1])
      01-one-layer          Download one layer only
    """
    lines = []
    for lesson, group in groupby(EXERCISES, key=lambda each: each.lesson):
        lines.append(f"{lesson} · {LESSONS[lesson]}")
        lines += [f"  {each.id:20}  {each.title}" for each in group]
    return "\n".join(lines) + "\n"


def progress_card(progress: Progress) -> Card:
    """Return a learner's progress: a line for each exercise, in words.

    >>> progress_card(Progress()).title
    'Progress: 0 of 20 exercises solved'
    """
    entries = progress.entries
    solved = sum(each.id in entries and entries[each.id].solved for each in EXERCISES)
    lines = []
    for each in EXERCISES:
        entry = entries.get(each.id, Entry())
        lines.append(Line(f"{each.id}: {_state(entry)}", Mark.SOLVED if entry.solved else Mark.TO_DO))
    if progress.message:
        lines.append(Line(progress.message))
    title = f"Progress: {solved} of {len(EXERCISES)} exercises solved"
    return Card(title, tuple(lines), f"Kept in {progress.path}, never in a notebook.")


def _state(entry: Entry) -> str:
    if entry == Entry():
        return "not begun"
    tries = f"{entry.checks} check{'s' * (entry.checks != 1)}, {entry.hints} hint{'s' * (entry.hints != 1)}"
    if entry.solved:
        return f"solved ({tries})"
    if entry.done:
        return f"done with its solution ({tries})"
    return f"begun ({tries}{', solution read' * entry.shown})"
