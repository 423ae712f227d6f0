"""Commands that print or judge their arguments: echo, printf, seq; test, [, true, false (POSIX.1-2017)."""

from __future__ import annotations

import operator
import re
import stat
from collections.abc import Iterator, Sequence
from functools import partial

from labkit.shell.applets.options import WIDEST, parse
from labkit.shell.conversions import LARGEST, decimal, encode, unescape
from labkit.shell.files import allowed
from labkit.shell.streams import WouldRunForever
from labkit.shell.task import CommandError, Task, UsageError

# echo, printf, seq.

_MAX_LINES, _MAX_DIGITS = 2_000_000, 18


class _Stopped(Exception):
    """What printf prints ends here."""


def echo(task: Task, args: Sequence[str]) -> int:
    """Print words."""
    words = list(args)
    newline, escapes = True, task.dialect == "dash"
    while words and re.fullmatch("-n" if escapes else "-[neE]+", words[0]):
        for flag in words.pop(0)[1:]:
            if flag == "n":
                newline = False
            else:
                escapes = flag == "e"
    data, stopped = unescape(" ".join(words)) if escapes else (encode(" ".join(words)), False)
    task.print(data + b"\n" * (newline and not stopped))
    return 0


def printf(task: Task, args: Sequence[str]) -> int:
    """Print words in a form, again and again until no word is left."""
    if not args:
        if task.builtin:
            return task.fail("usage: printf FORMAT [ARGUMENT...]", 2)
        raise UsageError
    form, rest = args[0], list(args[1:])
    failed: list[str] = []
    try:
        while True:
            before = len(rest)
            for piece in _formatted(task, form, rest, failed):
                task.print(piece)
            if not rest or len(rest) == before:
                break
    except _Stopped:
        pass
    return int(bool(failed))


def _formatted(task: Task, form: str, rest: list[str], failed: list[str]) -> Iterator[bytes]:
    position = 0
    for match in re.finditer(r"%([-+ #0]*[0-9]*(?:\.[0-9]*)?)(.?)", form, re.DOTALL):
        yield from _plain(form[position : match.start()])
        position = match.end()
        spec, letter = f"%{match[1]}", match[2]
        if match[0] == "%%":
            yield b"%"
            continue
        word = rest.pop(0) if rest else None
        if any(len(digits) > WIDEST for digits in re.findall(r"[1-9][0-9]*", spec)):
            failed.append(form)
            continue
        if letter == "b":
            yield from _plain(word or "")
        elif letter == "s":
            yield encode(spec + "s") % encode(word or "")
        elif letter == "c":
            yield encode((word or "")[:1])
        elif letter and letter in "dioxX":
            value = _integer(task, word or "0", failed, LARGEST >> (letter in "di"))
            yield encode((spec + letter) % (value % (1 << 64) if letter in "oxX" else value))
        else:
            failed.append(form)
            task.fail(f"{form}: invalid format")
            raise _Stopped
    yield from _plain(form[position:])


def _plain(text: str) -> Iterator[bytes]:
    data, stopped = unescape(text)
    yield data
    if stopped:
        raise _Stopped


def _integer(task: Task, word: str, failed: list[str], most: int) -> int:
    match = re.fullmatch(r"\s*([+-]?)(?:0[xX]([0-9a-fA-F]+)|(0[0-7]*)|([1-9][0-9]{0,19}))", word, re.ASCII)
    if match:
        value = int(match[2], 16) if match[2] else int(match[3], 8) if match[3] else int(match[4])
        value = -value if match[1] == "-" else value
        if -(1 << 63) <= value <= most:
            return value
    task.fail(f"invalid number '{word}'")
    failed.append(word)
    return 0


def seq(task: Task, args: Sequence[str]) -> int:
    """Print whole numbers."""
    words = list(args)
    if words and re.match(r"-[sw]", words[0]):
        parse(words[:1], "", lacks="sw")
    if not 1 <= len(words) <= 3 or not all(re.fullmatch(r"[+-]?\d+", word, re.ASCII) for word in words):
        raise UsageError
    if any(len(word) > _MAX_DIGITS for word in words):
        raise CommandError("too many numbers")
    first, step = (int(words[0]) if len(words) > 1 else 1), (int(words[1]) if len(words) > 2 else 1)
    last = int(words[-1])
    if step == 0:
        raise CommandError("increment is 0")
    if (last - first) // step > _MAX_LINES:
        raise CommandError("too many numbers")
    task.out("".join(f"{value}\n" for value in range(first, last + (1 if step > 0 else -1), step)))
    return 0


def yes(task: Task, args: Sequence[str]) -> int:
    """Print a line without end."""
    task.out(f"{' '.join(args) or 'y'}\n" * 4096)
    raise WouldRunForever


# test, [, true, false.

_NUMBERS = {f"-{name}": getattr(operator, name) for name in ("eq", "ne", "lt", "le", "gt", "ge")}
_STRINGS = {"=": operator.eq, "==": operator.eq, "!=": operator.ne}
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
    value = bool(words) and _joined(task, words)
    if words:
        raise CommandError(f"{words[0]}: unknown operand", 2)
    return int(not value)


def bracket(task: Task, args: Sequence[str]) -> int:
    """Evaluate a condition that ends in `]`."""
    if not args or args[-1] != "]":
        raise CommandError("missing ]", 2)
    return test(task, args[:-1])


def _joined(task: Task, words: list[str], sign: str = "-o") -> bool:
    """Evaluate what `-o` joins, and in it what `-a` does."""
    part = partial(_joined, task, words, "-a") if sign == "-o" else partial(_primary, task, words)
    value = part()
    while words[:1] == [sign]:
        words.pop(0)
        value = value | part() if sign == "-o" else value & part()
    return value


def _primary(task: Task, words: list[str]) -> bool:
    if not words:
        raise CommandError("argument expected", 2)
    word = words.pop(0)
    if words and words[0] in {*_NUMBERS, *_STRINGS}:
        sign = words.pop(0)
        if not words:
            raise CommandError(f"{sign}: argument expected", 2)
        right = words.pop(0)
        if sign in _STRINGS:
            return bool(_STRINGS[sign](word, right))
        return bool(_NUMBERS[sign](_number(word), _number(right)))
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


def _number(text: str) -> int:
    match = re.fullmatch(r"\s*([+-]?)(\d+)\s*", text, re.ASCII)
    if match is None:
        raise CommandError(f"{text}: bad number" if text else "bad number", 2)
    value = decimal(match[2])
    if value is None or value >= 1 << 63:
        raise CommandError(f"{text}: out of range", 2)
    return -value if match[1] == "-" else value


def true(task: Task, args: Sequence[str]) -> int:
    """Succeed, as sync does, too: what is written here is written at once."""
    return 0


def false(task: Task, args: Sequence[str]) -> int:
    """Fail."""
    return 1
