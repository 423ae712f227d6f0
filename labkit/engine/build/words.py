r"""Words of a Dockerfile's line, and the variables in them (buildkit, frontend/dockerfile/shell and parser).

The character that takes the meaning from the next one is a backslash, unless a directive at the
Dockerfile's beginning makes it a backquote.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from labkit.errors import DaemonError

_SPECIAL = "@*#?-$!0"


def split(text: str, escape: str = "\\") -> list[str]:
    r"""Return the words of a line, with their quotes and escapes.

    >>> split('a "b c" d\\ e')
    ['a', '"b c"', 'd\\ e']
    """
    words, word, quote, escaped = [], "", "", False
    for character in text:
        if character.isspace() and not quote and not escaped:
            words.append(word)
            word = ""
            continue
        word += character
        if escaped:
            escaped = False
        elif character == escape and quote != "'":
            escaped = True
        elif character == quote:
            quote = ""
        elif character in "\"'" and not quote:
            quote = character
    # An escape at the very end of a line has nothing to escape.
    return [each for each in [*words, word[:-1] if escaped else word] if each]


def expand(text: str, env: Mapping[str, str], escape: str = "\\") -> str:
    r"""Return a word without its quotes, variables replaced by their values.

    Raises DaemonError in the builder's words where it is not well formed.

    >>> expand("\"$A\" '$A' \\$A ${A:-x} ${B:-x}", {"A": "1"})
    '1 $A $A 1 x'
    """
    return "".join(piece for piece, _ in _pieces(text, env, escape))


def expand_words(text: str, env: Mapping[str, str], escape: str = "\\") -> list[str]:
    """Return the words that a word stands for: a variable's value may hold several.

    >>> expand_words("$A/tcp", {"A": "80 81"})
    ['80', '81/tcp']
    """
    words, word = [], ""
    for piece, raw in _pieces(text, env, escape):
        for character in piece:
            if raw or not character.isspace():
                word += character
            elif word:
                words.append(word)
                word = ""
    return [*words, word] if word else words


def _pieces(text: str, env: Mapping[str, str], escape: str) -> list[tuple[str, bool]]:
    try:
        return _Lexer(text, env, escape).until("")
    except _SyntaxFault as fault:
        raise DaemonError(f"failed to process {json.dumps(text, ensure_ascii=False)}: {fault}") from None


class _SyntaxFault(Exception):
    """What is wrong with a word."""


class _Lexer:
    """Reads a word character by character."""

    def __init__(self, text: str, env: Mapping[str, str], escape: str) -> None:
        self.text, self.at = text, 0
        self.env = env
        self.escape = escape

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def next(self) -> str:
        self.at += 1
        return self.text[self.at - 1 : self.at]

    def until(self, stop: str) -> list[tuple[str, bool]]:
        """Return the pieces up to a character, "" for all, each with whether its blanks are kept."""
        found: list[tuple[str, bool]] = []
        while character := self.peek():
            if character == stop:
                self.next()
                return found
            if character == "$":
                found.append((self._dollar(), False))
            elif character in "\"'":
                found.append((self._quoted(), True))
            elif self.next() == self.escape:
                found.append((self.next(), True))
            else:
                found.append((character, False))
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
            if quote == '"' and character == self.escape and self.peek() in ('"', "$", self.escape):
                character = self.next()
            found += character
        kind = "double" if quote == '"' else "single"
        raise _SyntaxFault(f"unexpected end of statement while looking for matching {kind}-quote")

    def _dollar(self) -> str:
        self.next()
        if self.peek() != "{":
            name = self._name()
            return self.env.get(name, "") if name else "$"
        self.next()
        if not self.peek():
            raise _SyntaxFault("syntax error: missing '}'")
        if self.peek() in "{}:":
            raise _SyntaxFault("syntax error: bad substitution")
        name = self._name()
        value = self.env.get(name, "")
        character = self.next()
        if character == "}":
            return value
        if character != ":":
            raise _SyntaxFault("missing ':' in substitution")
        modifier = self.next()
        try:
            word = "".join(piece for piece, _ in self.until("}"))
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

    def _name(self) -> str:
        first = self.peek()
        if first.isdecimal():
            start = self.at
            while self.peek().isdecimal():
                self.next()
            return self.text[start : self.at]
        if first and first in _SPECIAL:
            return self.next()
        start = self.at
        while (character := self.peek()) and (character.isalnum() or character == "_"):
            self.next()
        return self.text[start : self.at]
