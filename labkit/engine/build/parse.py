r"""A Dockerfile's text as instructions (buildkit, frontend/dockerfile/parser).

Lines that end in the escape character go on, comments are dropped, flags stand before the arguments, and
each instruction has its own grammar for those: a JSON array, words, pairs, or the rest of the line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from labkit.engine.build.words import split
from labkit.errors import DaemonError

_BLANKS = re.compile(r"[\t\v\f\r ]+")
_DIRECTIVE = re.compile(r"#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*")
_ONE = ("MAINTAINER", "STOPSIGNAL", "USER", "WORKDIR")
_WORDS = ("EXPOSE", "FROM")
_PAIRS = ("ENV", "LABEL")
_JSON_OR_WORDS = ("ADD", "COPY", "VOLUME")
_JSON_OR_LINE = ("CMD", "ENTRYPOINT", "RUN", "SHELL")
KNOWN = frozenset((*_ONE, *_WORDS, *_PAIRS, *_JSON_OR_WORDS, *_JSON_OR_LINE, "ARG", "HEALTHCHECK", "ONBUILD"))


@dataclass(frozen=True, slots=True)
class Instruction:
    """An instruction: its name in capitals, its arguments as its grammar splits them, and where it stands.

    Pairs are told as names and values in turn. `is_json` says that the arguments were a JSON array.
    `original` is the whole of it as it is written, `escape` the Dockerfile's escape character; `literal`
    arguments have no variables.
    """

    name: str
    args: tuple[str, ...]
    original: str
    line: int = 1
    flags: tuple[str, ...] = ()
    is_json: bool = False
    escape: str = "\\"
    literal: bool = False


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """A Dockerfile's instructions, and what the builder remarks on."""

    instructions: tuple[Instruction, ...]
    warnings: tuple[str, ...] = ()


def parse(text: str) -> Dockerfile:
    r"""Return a Dockerfile's instructions; raises DaemonError where its lines are not well formed.

    >>> [step.original for step in parse("FROM busybox\n# a comment\nRUN echo \\\n  hi").instructions]
    ['FROM busybox', 'RUN echo   hi']
    """
    lines = [line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n")]
    if lines and not lines[-1]:
        lines.pop()
    escape = _escape(lines)
    mark = re.escape(escape)
    continued = re.compile(rf"(^|[^{mark}]){mark}[ \t]*$")  # two of them are no sign that the line goes on
    found: list[Instruction] = []
    warnings: list[str] = []
    at = 0
    while at < len(lines):
        first, line = at + 1, _without_comment(lines[at].lstrip())
        at += 1
        goes_on = continued.search(line) is not None
        line = continued.sub(r"\1", line)
        if not line and not goes_on:
            continue
        empty = False
        while goes_on and at < len(lines):
            following = lines[at]
            at += 1
            if following.lstrip().startswith("#"):
                continue
            if not following.strip():
                empty = True
                continue
            goes_on = continued.search(following) is not None
            line += continued.sub(r"\1", following)
        if empty:
            warnings.append(f"[WARNING]: Empty continuation line found in:\n    {line}")
        found.append(instruction(line, first, escape))
    if warnings:
        warnings.append("[WARNING]: Empty continuation lines will become errors in a future release.")
    if not found:
        raise DaemonError("file with no instructions")
    return Dockerfile(tuple(found), tuple(warnings))


def _without_comment(line: str) -> str:
    return "" if line.startswith("#") else line


def _escape(lines: Sequence[str]) -> str:
    """Return what the directives before all else say of the escape character."""
    seen: dict[str, str] = {}
    for line in lines:
        match = _DIRECTIVE.fullmatch(line.lstrip())
        name = match[1].lower() if match else ""
        if match is None or name not in ("escape", "syntax"):
            break
        if name in seen:
            raise DaemonError(f"only one {name} parser directive can be used")
        seen[name] = match[2]
    escape = seen.get("escape", "\\")
    if escape not in ("`", "\\"):
        raise DaemonError(f"invalid escape token '{escape}' does not match ` or \\")
    return escape


def instruction(text: str, line: int = 1, escape: str = "\\") -> Instruction:
    """Return one instruction; raises DaemonError where its arguments are not well formed.

    >>> instruction("COPY --chown=1 a b").flags, instruction("ENV A=1 B=2").args
    (('--chown=1',), ('A', '1', 'B', '2'))
    """
    word, *rest = _BLANKS.split(text.strip(), maxsplit=1)
    name = word.upper()
    flags, left = _flags(rest[0] if rest else "")
    args, is_json = _arguments(name, left, escape)
    return Instruction(name, tuple(args), text.strip(), line, flags, is_json, escape)


def _flags(text: str) -> tuple[tuple[str, ...], str]:
    """Return the words with two dashes at the beginning, without their quotes, and what is left."""
    flags: list[str] = []
    at = 0
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        if not text.startswith("--", at):
            return tuple(flags), text[at:].strip()
        word, quote = "", ""
        while at < len(text) and (quote or not text[at].isspace()):
            character = text[at]
            if character == "\\" and quote != "'":
                at += 1
                word += text[at : at + 1]
            elif character == quote:
                quote = ""
            elif character in "\"'" and not quote:
                quote = character
            else:
                word += character
            at += 1
        if word == "--":
            return tuple(flags), text[at:].strip()
        flags.append(word)


def _arguments(name: str, rest: str, escape: str) -> tuple[Sequence[str], bool]:
    if name in _PAIRS:
        return _pairs(name, rest, escape), False
    if name == "ARG":
        return split(rest, escape), False
    if name in _WORDS:
        return [word for word in _BLANKS.split(rest) if word], False
    if name in _JSON_OR_WORDS or name in _JSON_OR_LINE:
        array = json_words(rest)
        if array is not None:
            return array, True
        if name in _JSON_OR_WORDS:
            return [word for word in _BLANKS.split(rest) if word], False
    if name == "HEALTHCHECK":
        kind, *command = _BLANKS.split(rest, maxsplit=1) if rest else [""]
        array = json_words(command[0]) if command else None
        return [kind, *(command if array is None else array)] if kind else [], array is not None
    if name == "ONBUILD" and rest:
        instruction(rest, escape=escape)
    return [rest] if rest else [], False


def _pairs(name: str, rest: str, escape: str) -> list[str]:
    """Return names and values of `A=1 B="two words"`, or of the older form `A all the rest`."""
    words = split(rest, escape)
    if words and "=" not in words[0]:
        key, *value = _BLANKS.split(rest, maxsplit=1)
        if not value:
            raise DaemonError(f"{name} must have two arguments")
        return [key, value[0]]
    found = []
    for word in words:
        key, equals, text = word.partition("=")
        if not equals:
            shown = json.dumps(word, ensure_ascii=False)
            raise DaemonError(f"Syntax error - can't find = in {shown}. Must be of the form: name=value")
        found += [key, text]
    return found


def json_words(text: str) -> list[str] | None:
    """Return the strings of a JSON array at the beginning of a text, or None for any other text.

    Raises DaemonError for an array of other values.

    >>> json_words('["a b"]'), json_words("a b")
    (['a b'], None)
    """
    try:
        words: Any = json.JSONDecoder().raw_decode(text)[0] if text.startswith("[") else None
    except (ValueError, RecursionError):
        return None
    if isinstance(words, list) and not all(isinstance(word, str) for word in words):
        raise DaemonError("when using JSON array syntax, arrays must be comprised of strings only")
    return words if isinstance(words, list) else None
