r"""A Dockerfile's text as instructions, and the words and variables of their lines.

Lines that end in a backslash go on, comments are dropped, flags stand before the arguments, and each
instruction has its own grammar for those: a JSON array, words, pairs, or the rest of the line (buildkit,
frontend/dockerfile/parser). A backslash takes the meaning from what follows (frontend/dockerfile/shell).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from labkit.base.errors import DaemonError, NotSimulated

_MAX_VALUE, _MAX_ENV = 1 << 17, 1 << 20
"""Of a string that a program is given, and of all (execve(2), "Limits on size of arguments")."""
_NAME = re.compile(r"\d+|[@*#?$!-]|\w*")
_FLAG = re.compile(r"""\s*(--(?:\\.?|'[^']*'?|"(?:\\.|[^\\"])*\\?"?|[^\s\\'"])*)""", re.DOTALL)
# Words with their quotes and escapes; a backslash at the end has nothing to escape.
_WORD = re.compile(r"""(?:\\.|'[^']*'?|"(?:\\.|[^"\\])*"?|[^\s"'\\])+""", re.DOTALL)


def expand(text: str, env: Mapping[str, str]) -> str:
    r"""Return a word without its quotes, variables replaced by their values.

    Raises DaemonError in the builder's words where it is not well formed.

    >>> expand("\"$A\" '$A' \\$A ${A:-x} ${B:-x}", {"A": "1"})
    '1 $A $A 1 x'
    """
    try:
        return _WordLexer(text, env).until("")
    except _SyntaxFault as fault:
        raise DaemonError(f"failed to process {json.dumps(text, ensure_ascii=False)}: {fault}") from None


class _SyntaxFault(Exception):
    """What is wrong with a word."""


class _WordLexer:
    """Reads a word character by character."""

    def __init__(self, text: str, env: Mapping[str, str]) -> None:
        self.text, self.at = text, 0
        self.env = env
        self.room = min(_MAX_VALUE, _MAX_ENV - sum(map(len, env.values())))

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def next(self) -> str:
        self.at += 1
        return self.text[self.at - 1 : self.at]

    def until(self, stop: str) -> str:
        """Return what stands up to a character, "" for all."""
        found = ""
        while character := self.peek():
            if character == stop:
                self.next()
                return found
            if character == "$":
                found += self._dollar()
            elif character in "\"'":
                found += self._quoted()
            elif self.next() == "\\":
                found += self.next()
            else:
                found += character
        if stop:
            raise _SyntaxFault(f"unexpected end of statement while looking for matching {stop}")
        return found

    def _quoted(self) -> str:
        quote, found = self.next(), ""
        while character := self.peek():
            if quote == '"' and character == "$":
                found += self._dollar()
                continue
            self.next()
            if character == quote:
                return found
            if quote == '"' and character == "\\" and self.peek() in ('"', "$", "\\"):
                character = self.next()
            found += character
        kind = "double" if quote == '"' else "single"
        raise _SyntaxFault(f"unexpected end of statement while looking for matching {kind}-quote")

    def _dollar(self) -> str:
        self.next()
        if self.peek() != "{":
            name = self._name()
            return self._value(name) if name else "$"
        self.next()
        if not self.peek():
            raise _SyntaxFault("syntax error: missing '}'")
        if self.peek() in "{}:":
            raise _SyntaxFault("syntax error: bad substitution")
        name = self._name()
        value = self._value(name)
        character = self.next()
        if character == "}":
            return value
        if character != ":":
            raise _SyntaxFault("missing ':' in substitution")
        modifier = self.next()
        try:
            word = self.until("}")
        except _SyntaxFault:
            raise _SyntaxFault("syntax error: missing '}'") from None
        if modifier == "-":
            return value or word
        if modifier == "+":
            return word if value else ""
        if modifier == "?":
            if not value:
                raise _SyntaxFault(f"{name}: {word or 'is not allowed to be unset'}")
            return value
        raise _SyntaxFault(f"unsupported modifier ({modifier}) in substitution")

    def _value(self, name: str) -> str:
        value = self.env.get(name, "")
        self.room -= len(value)
        if value and self.room < 0:
            raise _SyntaxFault("labkit's variables hold at most 128 kB each, and 1 MB together")
        return value

    def _name(self) -> str:
        match = _NAME.match(self.text, self.at)
        assert match is not None
        self.at = match.end()
        return match[0]


_CONTINUED = re.compile(r"(^|[^\\])\\[ \t]*$")  # two of them are no sign that the line goes on
_BLANKS = re.compile(r"[\t\v\f\r ]+")
_DIRECTIVE = re.compile(r"#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*")
ONE_ARGUMENT = ("MAINTAINER", "STOPSIGNAL", "USER", "WORKDIR")
_WORDS = ("EXPOSE", "FROM")
_PAIRS = ("ENV", "LABEL")
_JSON_OR_WORDS = ("ADD", "COPY", "VOLUME")
_JSON_OR_LINE = ("CMD", "ENTRYPOINT", "RUN", "SHELL")
KNOWN = frozenset(
    (*ONE_ARGUMENT, *_WORDS, *_PAIRS, *_JSON_OR_WORDS, *_JSON_OR_LINE, "ARG", "HEALTHCHECK", "ONBUILD")
)


class Instruction(NamedTuple):
    """An instruction: its name in capitals, its arguments as its grammar splits them, and where it stands.

    Pairs are names and values in turn. `is_json` says that the arguments were a JSON array.
    `original` is the whole of it as it is written; `literal` arguments have no variables.
    """

    name: str
    args: tuple[str, ...]
    original: str
    line: int = 1
    flags: tuple[str, ...] = ()
    is_json: bool = False
    literal: bool = False


class Dockerfile(NamedTuple):
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
    _check_directives(lines)
    found: list[Instruction] = []
    warnings: list[str] = []
    numbered = iter(enumerate(lines, 1))
    for number, line in numbered:
        line, goes_on = _CONTINUED.subn(r"\1", line.lstrip())
        if line.startswith("#") or not (line or goes_on):
            continue
        empty = False
        while goes_on and (following := next(numbered, None)):
            text = following[1]
            if not text.strip():
                empty = True
            elif not text.lstrip().startswith("#"):
                text, goes_on = _CONTINUED.subn(r"\1", text)
                line += text
        if empty:
            warnings.append(f"[WARNING]: Empty continuation line found in:\n    {line}")
        found.append(instruction(line, number))
    if warnings:
        warnings.append("[WARNING]: Empty continuation lines will become errors in a future release.")
    if not found:
        raise DaemonError("file with no instructions")
    return Dockerfile(tuple(found), tuple(warnings))


def _check_directives(lines: Sequence[str]) -> None:
    """Raise an error for directives, before all else, that do not leave the backslash what it is."""
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
    if escape == "`":
        raise NotSimulated("labkit: the directive escape=` is not simulated; it would take the place of \\")
    if escape != "\\":
        raise DaemonError(f"invalid escape token '{escape}' does not match ` or \\")


def instruction(text: str, line: int = 1) -> Instruction:
    """Return one instruction; raises DaemonError where its arguments are not well formed.

    >>> instruction("COPY --chown=1 a b").flags, instruction("ENV A=1 B=2").args
    (('--chown=1',), ('A', '1', 'B', '2'))
    """
    word, *rest = _BLANKS.split(text.strip(), maxsplit=1)
    name = word.upper()
    flags, left = _flags(rest[0] if rest else "")
    args, is_json = _arguments(name, left)
    return Instruction(name, tuple(args), text.strip(), line, flags, is_json)


def _flags(text: str) -> tuple[tuple[str, ...], str]:
    """Return the words with two dashes at the beginning, without their quotes, and what is left."""
    flags: list[str] = []
    at = 0
    while (match := _FLAG.match(text, at)) is not None:
        at = match.end()
        # What is between quotes, in double ones with escapes, is one word; the quotes are none of it.
        pieces = re.findall(r"""\\(.?)|'([^']*)'?|"((?:\\.|[^\\"])*)\\?"?|(.)""", match[1], re.DOTALL)
        word = "".join(a + b + re.sub(r"(?s)\\(.)", r"\1", c) + d for a, b, c, d in pieces)
        if word == "--":
            break
        flags.append(word)
    return tuple(flags), text[at:].strip()


def _arguments(name: str, rest: str) -> tuple[Sequence[str], bool]:
    if name in _PAIRS:
        return _pairs(name, rest), False
    if name == "ARG":
        return _WORD.findall(rest), False
    if name in _WORDS:
        return [word for word in _BLANKS.split(rest) if word], False
    if name in _JSON_OR_WORDS or name in _JSON_OR_LINE:
        array = _json_words(rest)
        if array is not None:
            return array, True
        if name in _JSON_OR_WORDS:
            return [word for word in _BLANKS.split(rest) if word], False
    if name == "HEALTHCHECK":
        kind, *command = _BLANKS.split(rest, maxsplit=1) if rest else [""]
        array = _json_words(command[0]) if command else None
        return [kind, *(command if array is None else array)] if kind else [], array is not None
    if name == "ONBUILD" and rest:
        instruction(rest)
    return [rest] if rest else [], False


def _pairs(name: str, rest: str) -> list[str]:
    """Return names and values of `A=1 B="two words"`, or of the older form `A all the rest`."""
    words = _WORD.findall(rest)
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


def _json_words(text: str) -> list[str] | None:
    """Return the strings of a JSON array at the beginning of a text, or None for any other text.

    Raises DaemonError for an array of other values.
    """
    try:
        words: Any = json.JSONDecoder().raw_decode(text)[0] if text.startswith("[") else None
    except (ValueError, RecursionError):
        return None
    if isinstance(words, list) and not all(isinstance(word, str) for word in words):
        raise DaemonError("when using JSON array syntax, arrays must be comprised of strings only")
    return words if isinstance(words, list) else None
