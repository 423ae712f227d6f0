"""Solutions with one thing changed: each must be refused, or end as a way that is known.

A mutant is a right script from which a step is missing, stands elsewhere or twice, or in which a word, a number
or the base is another one, or before which a decoy was laid: something else of the goal's name.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

from labkit.course import work
from labkit.course.exercise import Exercise, as_python, run_script, statements
from labkit.course.practice import Practice

LEAST = 20
"""The mutants that an exercise needs at least."""
_SCRIPTS = 3
_STOPS = (NameError, SyntaxError, TypeError, ValueError, LookupError, AttributeError, StopIteration, OSError)
_NAME = re.compile(r"`([a-z][a-z0-9.:/_-]+)`")
_BASES = {"busybox": "alpine", "alpine": "busybox", "python": "nginx", "nginx": "python", "ubuntu:15.04": "debian"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """What was changed in a right script, and the script that came of it."""

    change: str
    script: str


def mutants(exercise: Exercise) -> Iterator[Mutant]:
    """Give the mutants of an exercise's right scripts, and its decoys; each script once."""
    known = {_joined(ast.parse(as_python(script)).body) for script in exercise.right}
    for mutant in _all(exercise):
        if mutant.script not in known:
            known.add(mutant.script)
            yield mutant


def _all(exercise: Exercise) -> Iterator[Mutant]:
    yield from _decoys(exercise)
    for script in exercise.right[:_SCRIPTS]:
        steps = ast.parse(as_python(script)).body
        for at, step in enumerate(steps):
            yield Mutant(f"without step {at + 1}", _joined(steps[:at] + steps[at + 1 :]))
            yield Mutant(f"step {at + 1} twice", _joined([*steps[: at + 1], *steps[at:]]))
            yield Mutant(f"only up to step {at + 1}", _joined(steps[: at + 1]))
            if at:
                yield Mutant(f"step {at + 1} earlier", _joined([*steps[: at - 1], step, steps[at - 1], *steps[at + 1 :]]))
        yield from _words(_joined(steps))


def _joined(steps: list[ast.stmt]) -> str:
    return "\n".join(map(ast.unparse, steps))


def _words(script: str) -> Iterator[Mutant]:
    """Give a script with another base, other numbers, and each word of it missing."""
    for found in re.finditer(r"\d[\d_]*", script):
        for other in (int(found[0]) + 1, int(found[0]) // 2):
            yield Mutant(f"{found[0]} is {other}", f"{script[: found.start()]}{other}{script[found.end() :]}")
    for base, other in _BASES.items():
        if base in script:
            yield Mutant(f"{base} is {other}", script.replace(base, other))
    for found in re.finditer(r"(?<=['\" ])[^'\"\s]+(?= |')", script):
        yield Mutant(f"without the word {found[0]}", script[: found.start()] + script[found.end() :].lstrip(" "))


def _decoys(exercise: Exercise) -> Iterator[Mutant]:
    """Give what only looks like a solution: other images and containers of the goal's names, other answers."""
    for name in sorted({name for each in statements(exercise) for name in _NAME.findall(each.says)}):
        for image in ("busybox", "alpine"):
            tag = f"_docker('pull -q {image}'); _docker('tag {image} {name}')"
            box = f"_docker('rm -f {name}'); _docker('run -dit --name {name} {image}')"
            yield Mutant(f"{image} is called {name}", tag)
            yield Mutant(f"a container of {image} is called {name}", box)
        yield Mutant(f"{name} is renamed", f"_docker('rename {name} renamed'); _docker('tag {name} renamed')")
    for ask in exercise.asks:
        others = ("", "0", "1", "e", "none", "latest", "sh", "sha256:0", "/", "overlay2", "vfs", "ext4", "b, c", "-1")
        for value in (*others, True, None, [], {}, 10**6):
            yield Mutant(f"{ask.name}={value!r}", f"ex.answer({ask.name}={value!r})")


def _played(exercise: Exercise, script: str) -> Practice:
    practice = Practice(exercise)
    with suppress(*_STOPS):  # a script that stops has done what stands before
        run_script(script, practice.lab, ex=practice)
    return practice


def escaped(exercise: Exercise, mutant: Mutant) -> str:
    """Return what is wrong where a mutant passes and does not end as a known way; else ""."""
    played = _played(exercise, mutant.script)
    if not played.check().correct:
        return ""
    return "" if _ends(played) in _known(exercise) else "it passes, and ends as no way that is known"


@cache
def _known(exercise: Exercise) -> list[object]:
    return [_ends(_played(exercise, script)) for script in exercise.right]


def _ends(played: Practice) -> object:
    """Return how it ended: what the proof shows, or else the things that the goal names; and the answers."""
    exercise, lab = played.exercise, played.lab
    answers = {
        ask.name: ask.read(exercise.fresh_lab(), played.answers[ask.name])
        for ask in exercise.asks
        if ask.name in played.answers
    }
    if exercise.proof:
        return answers, lab.shell(exercise.proof.strip()).text
    named = {name for each in exercise.goal for name in _NAME.findall(each.says)}
    ends = work.ending(lab)
    things = {kind: value for kind, value in ends.items() if kind.split()[-1].removesuffix(":latest") in named}
    return answers, (things or ends) if exercise.goal else {}
