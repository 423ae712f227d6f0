"""Replays every exercise: its start, its solution, other ways to its goal, its wrong answers, and mutants.

A mutant is a right script from which a step is missing, stands elsewhere or twice, or in which a word, a
number or the base is another one, or a decoy: something else of the goal's name, or another answer. Each must
be refused, or end as a way that is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from labkit.base.errors import LabkitError
from labkit.course import work
from labkit.course.exercise import Card, Exercise, Outcome, run_script, statements, steps
from labkit.course.practice import Practice, played

LEAST, MOST = 20, 60
"""The mutants that an exercise needs at least, and those that are tried."""
_SCRIPTS = 3
_HASH = re.compile(r"\b([0-9a-f]{12})[0-9a-f]+")
_NAME = re.compile(r"`([a-z][a-z0-9.:/_-]+)`")
_BASES = {"busybox": "alpine", "alpine": "busybox", "python": "nginx", "nginx": "python", "15.04": "14.04"}
_ANSWERS = (
    *("''", "'0'", "'e'", "'none'", "'latest'", "'sh'", "'sha256:0'", "'/'", "'overlay2'", "'vfs'", "'ext4'"),
    *("'b, c'", "1", "-1", "True", "None", "[]", "{}", "10**6", "'a'", "'d'"),
)


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
    problems = []
    for each in bad:
        said = next((f" ({line})" for line in each.script.strip().splitlines() if line), "")
        problems.append(f"{each.exercise}: {each.part}{said}: {each.problem}")
    starts = sum(each.part == "start" for each in bad)
    count = len({each.exercise for each in results})
    line = (
        f"{count} exercises: {good.count('solution')} solutions reach their goal, "
        f"{starts or 'no'} start does, {good.count('way')} other ways pass, "
        f"{good.count('wrong')} wrong answers refused with their hint, "
        f"{good.count('mutant')} mutants refused or equal to a known way"
    )
    return line, problems


# Mutants


def mutants(exercise: Exercise) -> list[str]:
    """Return the mutants of an exercise's right scripts, and its decoys; of very many each second or third.

    >>> from labkit.lessons.image_layers import ONE_LAYER
    >>> "_docker('pull registry.lab/shop:3')" in mutants(ONE_LAYER)
    True
    """
    known = {"\n".join(steps(script)) for script in exercise.right}
    found = [script for script in dict.fromkeys(_all(exercise)) if script not in known]
    return found[:: -(-len(found) // MOST)]


def _all(exercise: Exercise) -> Iterator[str]:
    yield from _decoys(exercise)
    for script in exercise.right[:_SCRIPTS]:
        whole = steps(script)
        for at, step in enumerate(whole):
            before, after = whole[:at], whole[at + 1 :]
            changed = [[*before, *after], [*before, step, step, *after], [*before, step]]
            for other in [*changed, [*before[:-1], step, *before[-1:], *after]]:
                yield "\n".join(other)
        yield from _words("\n".join(whole))


def _words(script: str) -> Iterator[str]:
    """Give a script with another base, other numbers, and each word of it missing."""
    for found in re.finditer(r"\d[\d_]*", script):
        for number in (int(found[0]) + 1, int(found[0]) // 2):
            yield f"{script[: found.start()]}{number}{script[found.end() :]}"
    yield from (script.replace(base, other) for base, other in _BASES.items())
    for found in re.finditer(r"(?<=['\" ])[^'\"\s]+(?= |')", script):
        yield script[: found.start()] + script[found.end() :].lstrip(" ")


def _decoys(exercise: Exercise) -> Iterator[str]:
    """Give what only looks like a solution: other images of the goal's names, other answers."""
    for name in sorted({name for each in statements(exercise) for name in _NAME.findall(each.says)}):
        for image in ("busybox", "alpine"):
            yield f"_docker('pull -q {image}'); _docker('tag {image} {name}')"
            yield f"_docker('rm -f {name}'); _docker('run -dit --name {name} {image}')"
        yield f"_docker('rename {name} renamed'); _docker('tag {name} renamed')"
    yield from (f"ex.answer({ask.name}={value})" for ask in exercise.asks for value in _ANSWERS)


def escaped(exercise: Exercise, script: str) -> str:
    """Return what is wrong where a mutant passes and does not end as a known way; else ""."""
    found = played(exercise, script)
    if not found.check().correct:
        return ""
    return "" if _ends(found) in _known(exercise) else "it passes, and ends as no way that is known"


@cache
def _known(exercise: Exercise) -> list[object]:
    return [_ends(played(exercise, script)) for script in exercise.right]


def _ends(found: Practice) -> object:
    """Return how it ended: what the proof shows, or else the things that the goal names; and the answers."""
    exercise, lab = found.exercise, found.lab
    asked = [ask for ask in exercise.asks if ask.name in found.answers]
    given = {ask.name: repr(ask.read(exercise.fresh_lab(), found.answers[ask.name])) for ask in asked}
    answers = {name: _HASH.sub(r"\1", value) for name, value in given.items()}
    if exercise.proof:
        return answers, lab.shell(exercise.proof.strip()).stdout
    named = {name for each in exercise.goal for name in _NAME.findall(each.says)}
    ends = work.ending(lab)
    things = {
        kind: value for kind, value in ends.items() if kind.split()[-1].removesuffix(":latest") in named
    }
    return answers, (things or ends) if exercise.goal else {}
