"""Options as getopt(3) reads them, with its words for those that a command does not take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from labkit.shell.conversions import LARGEST, decimal
from labkit.shell.task import CommandError, UsageError

WIDEST = 6
"""The digits of a field's width in printf and stat. libc prints nothing where a width is beyond an int
(EOVERFLOW); here no field is a million characters wide."""
_SUFFIXES = {"": 1, "b": 512, "k": 1024, "m": 1 << 20, "K": 1024, "M": 1 << 20, "G": 1 << 30, "c": 1}


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
        return next(reversed(self.values(flag)), None)

    def values(self, flag: str) -> list[str]:
        """Return all values of an option that may be repeated."""
        return [value for name, value in self.given if name == flag]


def parse(
    args: Sequence[str],
    flags: str,
    long: Mapping[str, str] | None = None,
    *,
    lacks: str = "",
    least: int = 0,
    most: int | None = None,
    ordered: bool = False,
) -> Options:
    """Return the options and operands of a command line; raises UsageError.

    `flags` is getopt's string, "n:" for an option with a value; `lacks` names those that busybox has and
    labkit has not; `long` maps long names to letters; `ordered` ends the options at the first operand;
    `least` and `most` bound the operands.

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
            name, _, value = word[2:].partition("=")
            if not long or name not in long:
                raise UsageError(f"unrecognized option '{word}'")
            _short(long[name] + value, rest, options, flags, lacks)
        elif word.startswith("-") and len(word) > 1:
            _short(word[1:], rest, options, flags, lacks)
        else:
            options.operands.append(word)
            if ordered:
                options.operands += rest
                break
    count = len(options.operands)
    if count < least or (most is not None and count > most):
        raise UsageError
    return options


def _short(letters: str, rest: list[str], options: Options, flags: str, lacks: str) -> None:
    while letters:
        letter, letters = letters[0], letters[1:]
        if letter in lacks:
            raise CommandError(f"option -{letter} is not simulated")
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


def number(text: str, least: int = 0, most: int = LARGEST) -> int:
    """Return a number with its suffix as busybox's commands take it; raises CommandError.

    >>> number("2k")
    2048
    """
    base = text.rstrip("bkmKMGc")
    value, factor = decimal(base), _SUFFIXES.get(text[len(base) :])
    if value is None or factor is None:
        raise CommandError(f"invalid number '{text}'")
    if not least <= value * factor <= most:
        raise CommandError(f"number {text} is not in {least}..{most} range")
    return value * factor
