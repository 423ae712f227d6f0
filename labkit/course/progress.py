"""A learner's progress through the exercises: a small file in the learner's own data folder, and its card.

The file is replaced as a whole: what is new is written beside it, brought to the disk, and renamed over it,
so that whoever is killed at any moment leaves the old file or the new one. A lock, which the system gives
back when its owner dies, lets several notebooks write one after the other; each reads the file anew. A file
that is damaged, or that a newer labkit wrote, is set aside under another name and never overwritten.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, astuple, dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any, Self, TypeAlias

from labkit.base.errors import DRIVE, LabkitError
from labkit.base.errors import data_folder as folder
from labkit.base.lazy import extra
from labkit.base.text import counted
from labkit.course.exercise import Card, Line, Mark
from labkit.course.lesson import Lesson
from labkit.oci.blob import write_file

VERSION = 1
FILE = "progress.json"
_DAMAGED = "it is damaged, or no file of labkit's progress"
RENAMED: Mapping[str, str] = {}
"""Today's ids of exercises by those that an earlier labkit wrote: what was done stays done."""
_WAIT = 20.0
"""Seconds to wait for another notebook that writes."""
_HELD: dict[Path, Scores] = {}
"""What could not be written, by the file: held as long as the program runs, and written once it can be."""


@dataclass(frozen=True, slots=True)
class Score:
    """What is known of one exercise.

    `solved` means: a check was correct before the solution was read, and before the choices had been tried
    one after the other; `done`: a check was correct.
    """

    checks: int = 0
    hints: int = 0
    shown: bool = False
    solved: bool = False
    done: bool = False

    def after(self, event: Mapping[str, object]) -> Score:
        """Return the score after something happened: `checks` or `hints` more, `shown`, `done`, or `tried`.

        >>> Score().after({"shown": True}).after({"checks": 1, "done": True})
        Score(checks=1, hints=0, shown=True, solved=False, done=True)
        """
        now = {name: bool(event.get(name)) for name in ("checks", "hints", "shown", "done")}
        return Score(
            self.checks + now["checks"],
            self.hints + now["hints"],
            self.shown or now["shown"],
            self.solved or (now["done"] and not self.shown and not event.get("tried")),
            self.done or now["done"],
        )

    def merged(self, other: Score) -> Score:
        """Return what both know together: nothing that either has is lost."""
        return Score(*map(max, astuple(self), astuple(other)))


Scores: TypeAlias = Mapping[str, Score]
"""By the id of the exercise."""


@dataclass(frozen=True)
class Progress:
    """All scores by exercise, where they are kept, and a message where something is wrong with that."""

    scores: Scores = field(default_factory=dict)
    path: Path = Path(FILE)
    message: str = ""

    def export(self, file: str | os.PathLike[str]) -> None:
        """Write the progress into a file of the learner's choice, as JSON."""
        try:
            write_file(Path(file), [as_json(self.scores)])
        except OSError as error:
            raise LabkitError(f"{file}: {error.strerror}") from None

    def restore(self, file: str | os.PathLike[str]) -> Self:
        """Add what an exported file holds to the progress; raises LabkitError where it is no such file."""
        try:
            brought = from_json(Path(file).read_bytes())
        except OSError as error:
            raise LabkitError(f"{file}: {error.strerror}") from None
        except ValueError as error:
            raise LabkitError(f"{file}: {error}") from None
        return replace(self, **vars(update(lambda scores: merge(scores, brought), self.path.parent)))


class NewerFile(ValueError):
    """A file that a newer labkit wrote."""


def merge(one: Scores, other: Scores) -> Scores:
    """Return the scores that two files have together.

    >>> merge({"a": Score(checks=2)}, {"a": Score(solved=True), "b": Score()})["a"]
    Score(checks=2, hints=0, shown=False, solved=True, done=False)
    """
    names = sorted({*one, *other})
    return {name: one.get(name, Score()).merged(other.get(name, Score())) for name in names}


def as_json(scores: Scores) -> bytes:
    """Return the file's bytes."""
    document = {"version": VERSION, "exercises": {name: asdict(scores[name]) for name in sorted(scores)}}
    return (json.dumps(document, indent=1) + "\n").encode()


def from_json(data: bytes) -> Scores:
    """Return the scores of a file's bytes; raises ValueError where they are none, NewerFile for a newer one.

    >>> from_json(as_json({"a": Score(hints=1)}))
    {'a': Score(checks=0, hints=1, shown=False, solved=False, done=False)}
    """
    try:
        document = json.loads(data)
        version, exercises = document["version"], document["exercises"]
        newer = type(version) is int and version > VERSION
        scores: Scores = {}
        for name, each in () if newer else exercises.items():
            scores = merge(scores, {RENAMED.get(name, str(name)): _score(each)})
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ValueError(_DAMAGED) from None
    if newer:
        raise NewerFile(f"it was written by a newer labkit (version {version} of the file)")
    if version != VERSION:
        raise ValueError(_DAMAGED)
    return scores


def _score(values: Any) -> Score:
    score = Score(**values)
    for name, value in asdict(score).items():
        wanted = int if name in ("checks", "hints") else bool
        if type(value) is not wanted or value < 0:
            raise ValueError(name)
    return score


def load(where: Path | None = None) -> Progress:
    """Return the progress that is kept."""
    return update(lambda scores: scores, where)


def record(exercise_id: str, event: Mapping[str, object]) -> str:
    """Write down what happened in an exercise; return a message where something went wrong, else ""."""
    return update(lambda all_: {**all_, exercise_id: all_.get(exercise_id, Score()).after(event)}).message


def update(change: Callable[[Scores], Scores], where: Path | None = None) -> Progress:
    """Read the file, change its scores and write it, while nobody else does; never raises for the disk.

    Where the folder cannot be written, the message says so, and what is new is held until the program ends.
    """
    directory = where or folder()
    path = directory / FILE
    held = _HELD.get(path, {})
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with _locked(directory):
            scores, message = _read(path)
            changed = change(merge(scores, held))
            if changed != scores:
                write_file(path, [as_json(changed)])
            _HELD.pop(path, None)
    except (OSError, TimeoutError) as error:
        reason = getattr(error, "strerror", None) or "another program does not let go of it"
        message = f"Your progress cannot be kept: {path}: {reason}. Here it is held until the kernel stops."
        changed = _HELD[path] = change(merge(_peek(path), held))
    return Progress(changed, path, message)


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    if sys.platform == "emscripten":  # one page, and a lock there would never be given back
        yield
        return
    with extra("course"):
        from filelock import FileLock

    with FileLock(directory / f"{FILE}.lock", timeout=_WAIT):
        yield


def _read(path: Path) -> tuple[Scores, str]:
    """Read the file, or set it aside where it cannot be used; return its scores and a message."""
    try:
        return from_json(path.read_bytes()), ""
    except FileNotFoundError:
        return {}, ""
    except ValueError as error:
        why = "newer" if isinstance(error, NewerFile) else "damaged"
        names = (path.with_name(f"{path.stem}-{why}-{number}{path.suffix}") for number in count(1))
        aside = next(each for each in names if not each.exists())
        os.rename(path, aside)
        return {}, f"The file with your progress was set aside as {aside}: {error}. A new one was begun."


def _peek(path: Path) -> Scores:
    """Return what can be read without writing anything."""
    try:
        return from_json(path.read_bytes())
    except (OSError, ValueError):
        return {}


def listing(lessons: Iterable[Lesson]) -> str:
    """Return the lessons' exercises, a line each below a line for their lesson.

    >>> from labkit.lessons import LESSONS
    >>> print(listing(LESSONS).splitlines()[2])
      01-one-layer          Download one layer only (easy, 5 min)
    """
    lines = []
    for lesson in lessons:
        if lesson.exercises:
            lines.append(lesson.heading)
        lines += [f"  {each.id:20}  {each.heading}" for each in lesson.exercises]
    return "\n".join(lines) + "\n"


def progress_card(progress: Progress, lessons: Sequence[Lesson]) -> Card:
    """Return the map of the course: each lesson, its guesses and its exercises, and what comes next.

    >>> from labkit.lessons import LESSONS
    >>> progress_card(Progress(), LESSONS).lines[-1].text
    'Next: 01-what-is-shared, What do two images share?, in exercises/01-image-layers.ipynb'
    """
    lines: list[Line] = []
    scores: list[Score] = []
    left: list[Line] = []
    for lesson in lessons:
        lines.append(Line(_lesson(lesson, progress.scores), link=f"{lesson.notebook}.ipynb"))
        file = f"exercises/{lesson.notebook}.ipynb"
        for each in lesson.exercises:
            score = progress.scores.get(each.id, Score())
            done = Mark.SOLVED if score.done else Mark.TO_DO
            lines.append(Line(f"{each.id}: {each.title}: {_state(score)}", done, link=file))
            left += [Line(f"Next: {each.id}, {each.title}, in {file}", link=file)] * (not score.done)
            scores.append(score)
    lines.append([*left, Line("All exercises are done.")][0])
    if progress.message:
        lines.append(Line(progress.message))
    solved = sum(score.solved for score in scores)
    return Card(f"Progress: {solved} of {len(scores)} exercises solved", tuple(lines), _where(progress))


def _where(progress: Progress) -> str:
    if sys.platform == "emscripten":
        return "Kept in this browser." if DRIVE.is_dir() else "Kept until this page is closed."
    if progress.message:
        return "LABKIT_DATA names another folder for it."
    chosen = os.environ.get("LABKIT_DATA")
    place = Path("$LABKIT_DATA", FILE) if chosen and Path(chosen) == progress.path.parent else progress.path
    return f"Kept in {place}, never in a notebook."


def _lesson(lesson: Lesson, scores: Scores) -> str:
    """Return a lesson's title, with how many of its guesses were made, and how many were right."""
    guesses = [scores[name] for each in lesson.questions if (name := f"guess:{each.id}") in scores]
    if not lesson.questions:
        return lesson.heading
    right = sum(each.done for each in guesses)
    return f"{lesson.heading}: {len(guesses)} guess{'es' * (len(guesses) != 1)} made, {right} right"


def _state(score: Score) -> str:
    if score == Score():
        return "not begun"
    tries = f"{counted(score.checks, 'check')}, {counted(score.hints, 'hint')}"
    if score.solved:
        return f"solved ({tries})"
    if score.done:
        return f"done {'with its solution' if score.shown else 'by trying'} ({tries})"
    return f"begun ({tries}{', solution read' * score.shown})"
