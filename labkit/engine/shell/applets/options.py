"""Options as getopt(3) reads them, with its words for those that a command does not take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from labkit.engine.shell.task import CommandError, UsageError

_SUFFIXES = {"b": 512, "k": 1024, "m": 1 << 20, "K": 1024, "M": 1 << 20, "G": 1 << 30, "c": 1, "w": 2,
             "kB": 1000, "MB": 1_000_000, "GB": 1_000_000_000, "T": 1 << 40}  # fmt: skip


@dataclass(slots=True)
class Options:
    """The options given, in order, and the operands."""

    given: list[tuple[str, str]] = field(default_factory=list)
    operands: list[str] = field(default_factory=list)

    def __contains__(self, flag: str) -> bool:
        return any(name == flag for name, _ in self.given)

    def last(self, flags: str, default: str = "") -> str:
        """Return which of several flags was given last."""
        return next((name for name, _ in reversed(self.given) if name in flags), default)

    def value(self, flag: str) -> str | None:
        """Return the value of an option, the last one given."""
        return next((value for name, value in reversed(self.given) if name == flag), None)

    def values(self, flag: str) -> list[str]:
        """Return all values of an option that may be repeated."""
        return [value for name, value in self.given if name == flag]


def parse(
    args: Sequence[str],
    flags: str,
    long: Mapping[str, str] | None = None,
    *,
    least: int = 0,
    most: int | None = None,
    ordered: bool = False,
) -> Options:
    """Return the options and operands of a command line; raises UsageError.

    `flags` is getopt's string, "n:" for an option with a value; `long` maps long names to letters;
    `ordered` ends the options at the first operand; `least` and `most` bound the operands.

    >>> options = parse(["-n", "3", "-q", "log"], "n:q")
    >>> options.value("n"), "q" in options, options.operands
    ('3', True, ['log'])
    """
    options = Options()
    rest = list(args)
    while rest:
        word = rest.pop(0)
        if word == "--":
            options.operands += rest
            break
        if word.startswith("--"):
            _long(word, rest, options, long or {}, flags)
        elif word.startswith("-") and len(word) > 1:
            _short(word[1:], rest, options, flags)
        else:
            options.operands.append(word)
            if ordered:
                options.operands += rest
                break
    count = len(options.operands)
    if count < least or (most is not None and count > most):
        raise UsageError
    return options


def _short(letters: str, rest: list[str], options: Options, flags: str) -> None:
    while letters:
        letter, letters = letters[0], letters[1:]
        place = flags.find(letter) if letter not in ":+" else -1
        if place < 0:
            raise UsageError(f"invalid option -- '{letter}'")
        kind = flags[place + 1 : place + 3]
        value = ""
        if kind == "::":
            value, letters = letters, ""
        elif kind[:1] == ":":
            if not letters and not rest:
                raise UsageError(f"option requires an argument -- '{letter}'")
            value, letters = letters or rest.pop(0), ""
        options.given.append((letter, value))


def _long(word: str, rest: list[str], options: Options, long: Mapping[str, str], flags: str) -> None:
    name, equals, value = word[2:].partition("=")
    matching = [name] if name in long else [key for key in long if key.startswith(name)]
    if not matching:
        raise UsageError(f"unrecognized option '{word}'")
    letter = long[matching[0]]
    if flags[flags.find(letter) + 1 : flags.find(letter) + 2] == ":" and not equals:
        if not rest:
            raise UsageError(f"option '--{matching[0]}' requires an argument")
        value = rest.pop(0)
    options.given.append((letter, value))


def number(text: str, *, suffixes: bool = True, negative: bool = False) -> int:
    """Return a number with its suffix as busybox's commands take it; raises CommandError.

    >>> number("2k")
    2048
    """
    sign = -1 if negative and text.startswith("-") else 1
    digits = text[1:] if sign < 0 else text
    base = digits.rstrip("bkmKMGcwBT")
    suffix = digits[len(base) :] if suffixes else ""
    if not (base if suffixes else digits).isascii() or not (base if suffixes else digits).isdigit():
        raise CommandError(f"invalid number '{text}'")
    if suffix and suffix not in _SUFFIXES:
        raise CommandError(f"invalid number '{text}'")
    return sign * int(base if suffixes else digits) * _SUFFIXES.get(suffix, 1)
