"""Patterns of the shell and its programs: file names', and POSIX's basic and extended regular expressions.

POSIX.1-2017, Shell Command Language 2.13 (pattern matching) and Base Definitions 9 (regular
expressions), with GNU's additions that busybox has: `\\+`, `\\?`, `\\|` in basic ones, `\\w`, `\\b`, `\\<`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from labkit.go import regexp
from labkit.go.regexp import ANY, BadPattern, Regexp, Token, bracket, literal
from labkit.shell.task import CommandError

_ESCAPES = {"w": ("set", r"\w"), "W": ("set", r"\W"), "s": ("set", r"\s"), "S": ("set", r"\S"),
            "b": ("at", r"\b"), "B": ("at", r"\B"), "<": ("at", r"\b(?=\w)"), ">": ("at", r"\b(?<=\w)"),
            "`": ("at", r"\A"), "'": ("at", r"\Z")}  # fmt: skip


def glob(segments: Iterable[tuple[str, bool]], *, ignore_case: bool = False) -> Regexp:
    """Return a shell pattern that is given as pairs of text and whether it was quoted.

    >>> glob([("*.lo[gk]", False)]).fullmatch("nginx.log")
    True
    """
    text = "".join(re.sub("(?s)(.)", r"\\\1", text) if quoted else text for text, quoted in segments)
    return Regexp(regexp.glob(text), re.IGNORECASE if ignore_case else re.NOFLAG)


def has_glob(segments: Iterable[tuple[str, bool]]) -> bool:
    """Tell whether a pattern has anything to match.

    >>> has_glob([("a", False), ("*", True)]), has_glob([("[", False)])
    (False, False)
    """
    text = "".join(text for text, quoted in segments if not quoted)
    # Of the command `[` no directory is read: a bracket that is not closed is a letter.
    return "*" in text or "?" in text or "]" in text.partition("[")[2]


def regex(pattern: str, *, extended: bool = False, ignore_case: bool = False) -> Regexp:
    r"""Compile a POSIX regular expression; raises BadPattern, CommandError for a back-reference.

    >>> next(regex(r"\(a\)b").matches("cab")).groups
    ('ab', 'a')
    """
    return Regexp(_tokens(pattern, extended), re.IGNORECASE if ignore_case else re.NOFLAG)


def _tokens(pattern: str, extended: bool) -> Iterator[Token]:
    index = depth = 0
    repeatable = False
    while index < len(pattern):
        char, index = pattern[index], index + 1
        escaped = char == "\\"
        if escaped:
            if index == len(pattern):
                raise BadPattern("Trailing backslash")
            char, index = pattern[index], index + 1
        operator = escaped != extended if char in "(){|+?" else not escaped and char in "*.[^$"
        if not operator:
            yield _escape(char) if escaped else literal(char)
        elif char == "(" or char == "|":
            depth += char == "("
            yield Token(char, char)
            repeatable = False
            continue
        elif char == ")":
            yield Token(char, char) if depth or not extended else literal(char)
            depth -= 1
        elif char in "*+?{" and extended and not repeatable:
            continue  # glibc passes over what has nothing to repeat
        elif char in "*+?{" and (repeatable or char == "{"):
            text, index = _interval(pattern, index, extended) if char == "{" else (char, index)
            yield Token("repeat", text)
        elif char == "[":
            try:
                text, index = bracket(pattern, index - 1, "^", lambda _, at: ("\\\\", at))
            except IndexError:
                raise BadPattern("Unmatched [, [^, [:, [., or [=") from None
            yield Token("set", text)
        elif char == ".":
            yield Token("set", ANY)
        elif char == "^" and (extended or not repeatable):
            yield Token("at", r"\A")
            continue  # there is nothing to repeat yet
        elif char == "$" and (extended or index == len(pattern) or pattern.startswith(("\\)", "\\|"), index)):
            yield Token("at", r"\Z")
        else:
            yield literal(char)
        repeatable = True


def _escape(char: str) -> Token:
    if char in "123456789":
        raise CommandError(f"labkit does not read \\{char} in a pattern: write what it stands for", 2)
    return Token(*_ESCAPES[char]) if char in _ESCAPES else literal(char)


def _interval(pattern: str, index: int, extended: bool) -> tuple[str, int]:
    """Read `2,3}` of `{2,3}`; return it whole and the index behind it."""
    inner, end, _ = pattern[index:].partition("}" if extended else "\\}")
    if not end:
        raise BadPattern("Unmatched \\{")
    if re.fullmatch(r"\d*(,\d*)?", inner, re.ASCII) is None or not inner:
        raise BadPattern("Invalid content of \\{\\}")
    if any(len(number) > 5 for number in inner.split(",")):
        raise BadPattern("Regular expression too big")
    return f"{{{inner}}}", index + len(inner) + len(end)
