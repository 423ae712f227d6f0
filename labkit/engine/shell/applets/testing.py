"""test and [, true and false: commands whose exit code is the answer (POSIX.1-2017, test)."""

from __future__ import annotations

import re
import stat
from collections.abc import Sequence

from labkit.engine.shell.permissions import allowed
from labkit.engine.shell.task import CommandError, Task

_NUMBERS = {"-eq": lambda a, b: a == b, "-ne": lambda a, b: a != b, "-lt": lambda a, b: a < b,
            "-le": lambda a, b: a <= b, "-gt": lambda a, b: a > b, "-ge": lambda a, b: a >= b}  # fmt: skip
_STRINGS = {"=": lambda a, b: a == b, "==": lambda a, b: a == b, "!=": lambda a, b: a != b}
_OPERATORS = {*_NUMBERS, *_STRINGS}
_KINDS = {"f": stat.S_ISREG, "d": stat.S_ISDIR, "c": stat.S_ISCHR, "b": stat.S_ISBLK, "p": stat.S_ISFIFO,
          "h": stat.S_ISLNK, "L": stat.S_ISLNK}  # fmt: skip
_BITS = {"r": 4, "w": 2, "x": 1}


def test(task: Task, args: Sequence[str]) -> int:
    """Evaluate a condition: 0 where it holds, 1 where it does not, 2 where it is none."""
    words = list(args)
    if len(words) == 1:
        return int(not words[0])
    if len(words) == 4 and words[0] == "!":
        return int(not test(task, words[1:]))
    value = bool(words) and _either(task, words)
    if words:
        raise CommandError(f"{words[0]}: unknown operand", 2)
    return int(not value)


def bracket(task: Task, args: Sequence[str]) -> int:
    """Evaluate a condition that ends in `]`."""
    if not args or args[-1] != "]":
        raise CommandError("missing ]", 2)
    return test(task, args[:-1])


def _either(task: Task, words: list[str]) -> bool:
    value = _all(task, words)
    while words[:1] == ["-o"]:
        words.pop(0)
        value = _all(task, words) or value
    return value


def _all(task: Task, words: list[str]) -> bool:
    value = _primary(task, words)
    while words[:1] == ["-a"]:
        words.pop(0)
        value = _primary(task, words) and value
    return value


def _primary(task: Task, words: list[str]) -> bool:
    if not words:
        raise CommandError("argument expected", 2)
    word = words.pop(0)
    if words and words[0] in _OPERATORS:
        operator = words.pop(0)
        if not words:
            raise CommandError(f"{operator}: argument expected", 2)
        return _binary(word, operator, words.pop(0))
    if word == "!" and words:
        return not _primary(task, words)
    if re.fullmatch(r"-[a-zA-Z]", word) and words:
        return _unary(task, word[1], words.pop(0))
    return bool(word)


def _unary(task: Task, letter: str, word: str) -> bool:
    if letter in "nz":
        return bool(word) == (letter == "n")
    if letter not in _KINDS and letter not in "esrwx":
        raise CommandError(f"-{letter} is not simulated", 2)
    found = task.stat(word, letter not in "hL")
    if found is None:
        return False
    if letter in _KINDS:
        return _KINDS[letter](found.mode)
    if letter in "es":
        return letter == "e" or found.size > 0
    if letter == "x" and not found.mode & 0o111:
        return False
    return allowed(found, task.run.process.uid, task.run.process.gid, _BITS[letter])


def _binary(left: str, operator: str, right: str) -> bool:
    if operator in _STRINGS:
        return bool(_STRINGS[operator](left, right))
    return bool(_NUMBERS[operator](_number(left), _number(right)))


def _number(text: str) -> int:
    if not re.fullmatch(r"\s*[+-]?\d+\s*", text, re.ASCII):
        raise CommandError(f"{text}: bad number", 2)
    return int(text)


def true(task: Task, args: Sequence[str]) -> int:
    """Succeed."""
    return 0


def false(task: Task, args: Sequence[str]) -> int:
    """Fail."""
    return 1
