"""Replays every exercise: its start, its solution, other ways to its goal and its wrong answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from labkit.base.errors import LabkitError
from labkit.course.exercise import Card, Exercise, Outcome, run_script
from labkit.course.mutation import escaped, mutants
from labkit.course.practice import Practice


@dataclass(frozen=True, slots=True)
class Replay:
    """What was replayed: whose, which part, and its problem or "".

    A part is a "start", a "solution", a "way", a "wrong" answer or a "mutant".
    """

    exercise: str
    part: str
    script: str = ""
    problem: str = ""


def replays(exercise: Exercise) -> Iterator[Replay]:
    """Replay an exercise; yield a result for its start, its solution, each way and each wrong answer."""
    yield Replay(exercise.id, "start", problem=_start(exercise))
    yield Replay(exercise.id, "solution", exercise.solution, _right(exercise, exercise.solution))
    for way in exercise.right[1:]:
        yield Replay(exercise.id, "way", way, _right(exercise, way))
    for wrong in exercise.wrong:
        yield Replay(exercise.id, "wrong", wrong.script, _wrong(exercise, wrong.script, wrong.hint))
    for mutant in mutants(exercise):
        yield Replay(exercise.id, "mutant", mutant, escaped(exercise, mutant))


def _start(exercise: Exercise) -> str:
    try:
        card = Practice(exercise).check()
    except LabkitError as error:
        return str(error)
    return "" if card.outcome is Outcome.NOT_ATTEMPTED else f"its check says {_said(card)}"


def _right(exercise: Exercise, script: str) -> str:
    practice = Practice(exercise)
    failed = run_script(script, practice.lab, ex=practice)
    if failed:
        return failed[0]
    card = practice.check()
    return "" if card.correct else f"its check says {_said(card)}"


def _wrong(exercise: Exercise, script: str, wanted: str) -> str:
    practice = Practice(exercise)
    run_script(script, practice.lab, ex=practice)
    card = practice.check()
    if card.correct:
        return "it passes"
    hint = practice.next_hint()
    got = hint.key if hint else "none"
    return "" if got == wanted else f"its hint is {got}, not {wanted}"


def _said(card: Card) -> str:
    return " / ".join([str(card.outcome.value if card.outcome else ""), *(line.text for line in card.lines)])


def summary(found: Iterable[Replay]) -> tuple[str, list[str]]:
    """Return the last line, which begins with the number of exercises, and a line for each problem.

    >>> summary([Replay("x", "start"), Replay("x", "solution"), Replay("x", "wrong", "", "it passes")])
    ('1 exercises: 1 solutions reach their goal, no start does, 0 other ways pass, \
0 wrong answers refused with their hint, 0 mutants refused or equal to a known way', ['x: wrong: it passes'])
    """
    results = list(found)
    good = [each.part for each in results if not each.problem]
    bad = [each for each in results if each.problem]
    problems = [f"{each.exercise}: {_part(each)}: {each.problem}" for each in bad]
    starts = sum(each.part == "start" for each in bad)
    count = len({each.exercise for each in results})
    line = (
        f"{count} exercises: {good.count('solution')} solutions reach their goal, "
        f"{starts or 'no'} start does, {good.count('way')} other ways pass, "
        f"{good.count('wrong')} wrong answers refused with their hint, "
        f"{good.count('mutant')} mutants refused or equal to a known way"
    )
    return line, problems


def _part(replay: Replay) -> str:
    first = (replay.script.strip().splitlines() or [""])[0]
    return f"{replay.part} ({first})" if first else replay.part
