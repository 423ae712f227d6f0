"""test and [, true and false, expr: commands whose exit code is the answer (POSIX.1-2017, test)."""

from __future__ import annotations

import re
import stat
from collections.abc import Sequence

from labkit.engine.shell.patterns import regex
from labkit.engine.shell.task import CommandError, Task

_NUMBERS = {"-eq": lambda a, b: a == b, "-ne": lambda a, b: a != b, "-lt": lambda a, b: a < b,
            "-le": lambda a, b: a <= b, "-gt": lambda a, b: a > b, "-ge": lambda a, b: a >= b}  # fmt: skip
_STRINGS = {"=": lambda a, b: a == b, "==": lambda a, b: a == b, "!=": lambda a, b: a != b,
            "<": lambda a, b: a < b, ">": lambda a, b: a > b}  # fmt: skip
_KINDS = {"f": stat.S_ISREG, "d": stat.S_ISDIR, "c": stat.S_ISCHR, "b": stat.S_ISBLK, "p": stat.S_ISFIFO,
          "h": stat.S_ISLNK, "L": stat.S_ISLNK, "S": stat.S_ISSOCK}  # fmt: skip


def test(task: Task, args: Sequence[str]) -> int:
    """Evaluate a condition."""
    words = list(args)
    return _evaluate(task, words)


def bracket(task: Task, args: Sequence[str]) -> int:
    """Evaluate a condition that ends in `]`."""
    if not args or args[-1] not in ("]", "]]"):
        raise CommandError("missing ]", 2)
    return _evaluate(task, list(args[:-1]))


def _evaluate(task: Task, words: list[str]) -> int:
    if not words:
        return 1
    condition = _Condition(task, words)
    if len(words) == 1:
        return int(not words[0])
    if len(words) == 2 and words[0] == "!":
        return int(bool(words[1]))
    if len(words) == 3 and (
        words[1] in _NUMBERS or words[1] in _STRINGS or words[1] in ("-nt", "-ot", "-ef")
    ):
        return int(not condition.binary(*words))
    if len(words) == 4 and words[0] == "!":
        return int(not _evaluate(task, words[1:]))
    value = condition.either()
    if condition.words:
        raise CommandError(f"{condition.words[0]}: unknown operand", 2)
    return int(not value)


class _Condition:
    def __init__(self, task: Task, words: list[str]) -> None:
        self.task = task
        self.words = list(words)

    def either(self) -> bool:
        value = self.all()
        while self.words[:1] == ["-o"]:
            self.words.pop(0)
            value = self.all() or value
        return value

    def all(self) -> bool:
        value = self.no()
        while self.words[:1] == ["-a"]:
            self.words.pop(0)
            value = self.no() and value
        return value

    def no(self) -> bool:
        if self.words[:1] == ["!"] and len(self.words) > 1:
            self.words.pop(0)
            return not self.no()
        return self.primary()

    def primary(self) -> bool:
        if not self.words:
            raise CommandError("argument expected", 2)
        word = self.words.pop(0)
        if self.words and (
            self.words[0] in _NUMBERS or self.words[0] in _STRINGS or self.words[0] in ("-nt", "-ot", "-ef")
        ):
            operator = self.words.pop(0)
            if not self.words:
                raise CommandError(f"{operator}: argument expected", 2)
            return self.binary(word, operator, self.words.pop(0))
        if word == "(":
            value = self.either()
            if not self.words or self.words.pop(0) != ")":
                raise CommandError("closing paren expected", 2)
            return value
        if re.fullmatch(r"-[a-zA-Z]", word) and self.words:
            return self.unary(word[1], self.words.pop(0))
        return bool(word)

    def unary(self, letter: str, word: str) -> bool:
        if letter in "nz":
            return bool(word) == (letter == "n")
        if letter == "t":
            return False
        found = self.task.stat(word, letter not in "hL") if word else None
        if letter in "hL" and found is None:
            return False
        if found is None:
            return self.task.device(word) is not None and letter in "erwc" if word else False
        if letter in _KINDS:
            return _KINDS[letter](found.mode)
        bits = {"u": 0o4000, "g": 0o2000, "k": 0o1000}
        if letter in bits:
            return bool(found.mode & bits[letter])
        if letter == "s":
            return bool(found.size)
        if letter == "x":
            return bool(found.mode & 0o111)
        if letter in "erw":
            return True
        if letter in "OG":
            return bool((found.uid if letter == "O" else found.gid) == 0)
        raise CommandError(f"-{letter}: unknown operand", 2)

    def binary(self, left: str, operator: str, right: str) -> bool:
        if operator in _STRINGS:
            return bool(_STRINGS[operator](left, right))
        if operator in _NUMBERS:
            return bool(_NUMBERS[operator](_number(left), _number(right)))
        one, other = self.task.stat(left), self.task.stat(right)
        if operator == "-ef":
            return one is not None and other is not None and bool(one.inode == other.inode)
        if one is None or other is None:
            return (one is not None) == (operator == "-nt") and one is not other
        return bool(one.mtime > other.mtime if operator == "-nt" else one.mtime < other.mtime)


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


def expr(task: Task, args: Sequence[str]) -> int:
    """Compute an expression given word by word."""
    words = list(args)
    if not words:
        raise CommandError("too few arguments", 2)
    value = _expr(words, 0)
    if words:
        raise CommandError("syntax error", 2)
    task.out(f"{value}\n")
    return int(value in ("", "0"))


_LEVELS = (("|",), ("&",), ("=", "==", "!=", "<", "<=", ">", ">="), ("+", "-"), ("*", "/", "%"), (":",))


def _expr(words: list[str], level: int) -> str:
    if level == len(_LEVELS):
        if not words:
            raise CommandError("syntax error", 2)
        word = words.pop(0)
        if word == "length" and words:
            return str(len(words.pop(0)))
        if word == "(":
            value = _expr(words, 0)
            if not words or words.pop(0) != ")":
                raise CommandError("syntax error", 2)
            return value
        return word
    value = _expr(words, level + 1)
    while words and words[0] in _LEVELS[level]:
        operator = words.pop(0)
        value = _combine(value, operator, _expr(words, level + 1))
    return value


def _combine(left: str, operator: str, right: str) -> str:
    if operator == "|":
        return left if left not in ("", "0") else right
    if operator == "&":
        return left if left not in ("", "0") and right not in ("", "0") else "0"
    if operator == ":":
        match = regex(right).match(left)
        if match is None:
            return "" if regex(right).groups else "0"
        return match.group(1) or "" if match.re.groups else str(match.end())
    numbers = all(re.fullmatch(r"-?\d+", word, re.ASCII) for word in (left, right))
    if operator in _LEVELS[2]:
        order = int(left) - int(right) if numbers else (left > right) - (left < right)
        answers = {"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0, "!=": order != 0}
        return str(int(answers.get(operator, order == 0)))
    if not numbers:
        raise CommandError("non-numeric argument", 2)
    one_, other_ = int(left), int(right)
    if operator in "/%" and other_ == 0:
        raise CommandError("division by zero", 2)
    if operator in "/%":
        quotient = abs(one_) // abs(other_) * (1 if (one_ < 0) == (other_ < 0) else -1)
        return str(quotient if operator == "/" else one_ - quotient * other_)
    return str({"+": one_ + other_, "-": one_ - other_, "*": one_ * other_}[operator])
