"""Patterns as Python's regular expressions: file-name patterns, and POSIX basic and extended ones.

POSIX.1-2017, Shell Command Language 2.13 (pattern matching) and Base Definitions 9 (regular
expressions), with GNU's additions that busybox has: `\\+`, `\\?`, `\\|` in basic ones, `\\w`, `\\b`, `\\<`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_CLASSES = {"alnum": "a-zA-Z0-9", "alpha": "a-zA-Z", "blank": " \\t", "cntrl": "\\x00-\\x1f\\x7f",
            "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": " -~",
            "punct": "!-/:-@\\[-`{-~", "space": " \\t\\n\\r\\f\\v", "upper": "A-Z",
            "xdigit": "0-9A-Fa-f"}  # fmt: skip


class BadPattern(Exception):
    """A regular expression that is none, in the C library's words."""


def _bracket(text: str, start: int, negators: str) -> tuple[str, int] | None:
    """Translate the bracket expression that starts at `[`; give it and the index behind it."""
    index = start + 1
    negated = text[index : index + 1] in tuple(negators)
    index += negated
    items: list[str] = []
    first = index
    while index < len(text) and (text[index] != "]" or index == first):
        named = re.compile(r"\[:([a-z]+):\]").match(text, index)
        if named is not None:
            items.append(_CLASSES.get(named[1], ""))
            index = named.end()
            continue
        char = text[index]
        ranges = char == "-" and first < index and items[-1] != "-" and text[index + 1 : index + 2] != "]"
        items.append("-" if ranges else re.escape(char))
        index += 1
    if index >= len(text):
        return None
    bracket = f"[{'^' if negated else ''}{''.join(items)}]"
    try:
        re.compile(bracket)
    except re.error:
        bracket = "(?!)"
    return bracket, index + 1


def glob(segments: Iterable[tuple[str, bool]]) -> str:
    """Return the expression for a shell pattern given as pairs of text and whether it was quoted.

    >>> re.fullmatch(glob([("*.lo[gk]", False)]), "nginx.log") is not None
    True
    """
    marked = [(char, quoted) for text, quoted in segments for char in text]
    text = "".join("\\" if quoted else char for char, quoted in marked)
    out: list[str] = []
    index = 0
    while index < len(marked):
        char, quoted = marked[index]
        index += 1
        if quoted:
            out.append(re.escape(char))
        elif char == "*":
            out.append(".*")
        elif char == "?":
            out.append(".")
        elif char == "\\" and index < len(marked):
            out.append(re.escape(marked[index][0]))
            index += 1
        elif char == "[" and (bracket := _bracket(text, index - 1, "!^")) is not None:
            out.append(bracket[0])
            index = bracket[1]
        else:
            out.append(re.escape(char))
    return "(?s:" + "".join(out) + ")"


def has_glob(segments: Iterable[tuple[str, bool]]) -> bool:
    """Tell whether a pattern has anything to match.

    >>> has_glob([("a", False), ("*", True)]), has_glob([("[", False)])
    (False, False)
    """
    text = "".join(text for text, quoted in segments if not quoted)
    # Of the command `[` no directory is read: a bracket that is not closed is a letter.
    return "*" in text or "?" in text or "]" in text.partition("[")[2]


def regex(pattern: str, *, extended: bool = False, ignore_case: bool = False) -> re.Pattern[str]:
    r"""Compile a POSIX regular expression; raises BadPattern.

    >>> regex(r"\(a\)\1").search("baa").group()
    'aa'
    """
    try:
        return re.compile("".join(_translate(pattern, extended)), re.IGNORECASE if ignore_case else re.NOFLAG)
    except (re.error, RecursionError, OverflowError) as error:
        groups = "parenthesis" in str(error) or "subpattern" in str(error)
        raise BadPattern("Unmatched ( or \\(" if groups else "Invalid preceding regular expression") from None


def _translate(pattern: str, extended: bool) -> list[str]:
    out: list[str] = []
    index, at_start = 0, True
    while index < len(pattern):
        char = pattern[index]
        index += 1
        if char == "\\":
            if index >= len(pattern):
                raise BadPattern("Trailing backslash")
            char = pattern[index]
            index += 1
            # `\+` with nothing before it is a plus; as it stands, `\(\?` would be Python's `(?`.
            piece = re.escape(char) if at_start and char in "+?" else _escaped(char, extended)
            at_start = not extended and char in "(|"
        elif char == "[":
            bracket = _bracket(pattern, index - 1, "^")
            if bracket is None:
                raise BadPattern("Unmatched [, [^, [:, [., or [=")
            piece, index = bracket
            at_start = False
        elif char == "*" and at_start and not extended:
            piece = r"\*"
        elif char in "*+?" and at_start and extended:
            piece = ""  # glibc passes over what has nothing to repeat; Python gives `(?` a meaning of its own
        elif char == "^":
            piece = "^" if extended or at_start else r"\^"
        elif char == "$":
            last = index == len(pattern) or pattern.startswith(("\\)", "\\|"), index)
            piece = r"\Z" if extended or last else r"\$"
            at_start = False
        elif char in "+?{}()|" and not extended:
            piece, at_start = "\\" + char, False
        elif char in "*+?.(|){}":
            piece, at_start = char, extended and char in "(|"
        else:
            piece, at_start = re.escape(char), False
        out.append(piece)
    return out


def _escaped(char: str, extended: bool) -> str:
    if char in "wWsSbB" or char.isdecimal():
        return "\\" + char
    if char == "<":
        return r"\b(?=\w)"
    if char == ">":
        return r"\b(?<=\w)"
    if char in "(){}+?|" and not extended:
        return char
    return re.escape(char)
