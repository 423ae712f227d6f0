"""Solutions with one thing changed: each must be refused, or end as a way that is known.

A mutant is a right script from which a step is missing, stands elsewhere or twice, or in which a word, a
number or the base is another one, or a decoy: something else of the goal's name, or another answer.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from labkit.course import work
from labkit.course.exercise import Exercise, as_python, statements
from labkit.course.practice import Practice, played

LEAST, MOST = 20, 60
"""The mutants that an exercise needs at least, and those that are tried."""
_SCRIPTS = 3
_HASH = re.compile(r"\b([0-9a-f]{12})[0-9a-f]+")
_NAME = re.compile(r"`([a-z][a-z0-9.:/_-]+)`")
_BASES = {
    "busybox": "alpine",
    "alpine": "busybox",
    "python": "nginx",
    "nginx": "python",
    "ubuntu:15.04": "debian",
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """What was changed in a right script, and the script that came of it."""

    change: str
    script: str


def mutants(exercise: Exercise) -> Iterator[Mutant]:
    """Give the mutants of an exercise's right scripts, and its decoys; of very many each second or third."""
    known = {_joined(ast.parse(as_python(script)).body) for script in exercise.right}
    found = {mutant.script: mutant for mutant in _all(exercise) if mutant.script not in known}
    yield from list(found.values())[:: -(-len(found) // MOST)]


def _all(exercise: Exercise) -> Iterator[Mutant]:
    yield from _decoys(exercise)
    for script in exercise.right[:_SCRIPTS]:
        steps = ast.parse(as_python(script)).body
        for at, step in enumerate(steps):
            yield Mutant(f"without step {at + 1}", _joined(steps[:at] + steps[at + 1 :]))
            yield Mutant(f"step {at + 1} twice", _joined([*steps[: at + 1], *steps[at:]]))
            yield Mutant(f"only up to step {at + 1}", _joined(steps[: at + 1]))
            if at:
                yield Mutant(
                    f"step {at + 1} earlier",
                    _joined([*steps[: at - 1], step, steps[at - 1], *steps[at + 1 :]]),
                )
        yield from _words(_joined(steps))


def _joined(steps: list[ast.stmt]) -> str:
    return "\n".join(map(ast.unparse, steps))


def _words(script: str) -> Iterator[Mutant]:
    """Give a script with another base, other numbers, and each word of it missing."""
    for found in re.finditer(r"\d[\d_]*", script):
        for number in (int(found[0]) + 1, int(found[0]) // 2):
            changed = f"{script[: found.start()]}{number}{script[found.end() :]}"
            yield Mutant(f"{found[0]} is {number}", changed)
    for base, other in _BASES.items():
        if base in script:
            yield Mutant(f"{base} is {other}", script.replace(base, other))
    for found in re.finditer(r"(?<=['\" ])[^'\"\s]+(?= |')", script):
        yield Mutant(
            f"without the word {found[0]}", script[: found.start()] + script[found.end() :].lstrip(" ")
        )


def _decoys(exercise: Exercise) -> Iterator[Mutant]:
    """Give what only looks like a solution: other images of the goal's names, other answers."""
    for name in sorted({name for each in statements(exercise) for name in _NAME.findall(each.says)}):
        for image in ("busybox", "alpine"):
            tag = f"_docker('pull -q {image}'); _docker('tag {image} {name}')"
            box = f"_docker('rm -f {name}'); _docker('run -dit --name {name} {image}')"
            yield Mutant(f"{image} is called {name}", tag)
            yield Mutant(f"a container of {image} is called {name}", box)
        yield Mutant(f"{name} is renamed", f"_docker('rename {name} renamed'); _docker('tag {name} renamed')")
    for ask in exercise.asks:
        others = (
            "",
            "0",
            "1",
            "e",
            "none",
            "latest",
            "sh",
            "sha256:0",
            "/",
            "overlay2",
            "vfs",
            "ext4",
            "b, c",
            "-1",
        )
        values: tuple[object, ...] = (*others, True, None, [], {}, 10**6)
        for value in values:
            yield Mutant(f"{ask.name}={value!r}", f"ex.answer({ask.name}={value!r})")


def escaped(exercise: Exercise, mutant: Mutant) -> str:
    """Return what is wrong where a mutant passes and does not end as a known way; else ""."""
    found = played(exercise, mutant.script)
    if not found.check().correct:
        return ""
    return "" if _ends(found) in _known(exercise) else "it passes, and ends as no way that is known"


@cache
def _known(exercise: Exercise) -> list[object]:
    return [_ends(played(exercise, script)) for script in exercise.right]


def _ends(found: Practice) -> object:
    """Return how it ended: what the proof shows, or else the things that the goal names; and the answers."""
    exercise, lab = found.exercise, found.lab
    given = {ask.name: repr(ask.read(exercise.fresh_lab(), found.answers[ask.name])) for ask in exercise.asks}
    answers = {name: _HASH.sub(r"\1", value) for name, value in given.items()}
    if exercise.proof:
        return answers, lab.shell(exercise.proof.strip()).stdout
    named = {name for each in exercise.goal for name in _NAME.findall(each.says)}
    ends = work.ending(lab)
    things = {
        kind: value for kind, value in ends.items() if kind.split()[-1].removesuffix(":latest") in named
    }
    return answers, (things or ends) if exercise.goal else {}
