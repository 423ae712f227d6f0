"""The tokens of a Go template (text/template/parse, lex.go).

Text outside of `{{` and `}}` is one token; inside, spaces are tokens too, because `.A .B` are two
arguments and `.A.B` is one. What cannot be read ends the tokens with one of kind ERROR.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from labkit.cli.templates.quoting import go_bytes, go_quote

SPACES = " \t\r\n"


class Kind(Enum):
    """What a token is."""

    TEXT = auto()
    LEFT = auto()
    RIGHT = auto()
    SPACE = auto()
    KEYWORD = auto()
    IDENTIFIER = auto()
    FIELD = auto()
    VARIABLE = auto()
    DOT = auto()
    NIL = auto()
    BOOL = auto()
    NUMBER = auto()
    COMPLEX = auto()
    CHAR_CONSTANT = auto()
    STRING = auto()
    RAW_STRING = auto()
    ASSIGN = auto()
    DECLARE = auto()
    PIPE = auto()
    LEFT_PAREN = auto()
    RIGHT_PAREN = auto()
    CHAR = auto()
    ERROR = auto()
    EOF = auto()


KEYWORDS = frozenset(
    ("block", "break", "continue", "define", "else", "end", "if", "range", "template", "with")
)


@dataclass(frozen=True, slots=True)
class Token:
    """A token, where it starts, and its line."""

    kind: Kind
    text: str
    position: int
    line: int

    def __str__(self) -> str:
        """Name the token as a parse error does."""
        if self.kind is Kind.EOF:
            return "EOF"
        if self.kind is Kind.ERROR:
            return self.text
        if self.kind in (Kind.KEYWORD, Kind.NIL, Kind.DOT):
            return f"<{self.text}>"
        return go_quote(self.text[:10]) + "..." if len(go_bytes(self.text)) > 10 else go_quote(self.text)


class LexError(Exception):
    """Input that is no token."""


_WORD = re.compile(r"\w+")
_SPACE = re.compile(f"[{SPACES}]+")
_STRING = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"')
_RAW = re.compile(r"`[^`]*`")
_CHAR = re.compile(r"'(?:[^'\\\n]|\\[^\n])*'")
_NUMBER = re.compile(
    r"[+-]?(?:0[xX][\da-fA-F_]*(?:\.[\da-fA-F_]*)?(?:[pP][+-]?[\d_]*)?|0[oO][0-7_]*(?:\.[0-7_]*)?"
    r"|0[bB][01_]*(?:\.[01_]*)?|[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?[\d_]*)?)i?",
    re.ASCII,
)
_TRIMMED_RIGHT = re.compile(f"[{SPACES}]-}}}}")
_SIMPLE = {"=": Kind.ASSIGN, "|": Kind.PIPE}
_QUOTES = {
    '"': (_STRING, Kind.STRING, "unterminated quoted string"),
    "`": (_RAW, Kind.RAW_STRING, "unterminated raw quoted string"),
    "'": (_CHAR, Kind.CHAR_CONSTANT, "unterminated character constant"),
}


def lex(text: str) -> Iterator[Token]:
    """Split a template into tokens; the last is of kind EOF or ERROR.

    >>> [token.text for token in lex("a {{- .ID}}")]
    ['a', '{{', '.ID', '}}', '']
    """
    return _Lexer(text).run()


class _Lexer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.depth = 0

    def run(self) -> Iterator[Token]:
        try:
            while (left := self.text.find("{{", self.position)) >= 0:
                yield from self.literal(left)
                if self.comment():
                    continue
                yield self.token(Kind.LEFT, 2)
                if self.trims_left():
                    self.position += 2
                yield from self.action()
            if self.position < len(self.text):
                yield self.token(Kind.TEXT, len(self.text) - self.position)
            yield self.token(Kind.EOF, 0)
        except LexError as error:
            line = 1 + self.text.count("\n", 0, self.position)
            yield Token(Kind.ERROR, str(error), self.position, line)

    def token(self, kind: Kind, length: int) -> Token:
        start = self.position
        self.position += length
        line = 1 + self.text.count("\n", 0, start)
        return Token(kind, self.text[start : self.position], start, line)

    def rest(self, offset: int = 0) -> str:
        return self.text[self.position + offset :]

    def trims_left(self, offset: int = 0) -> bool:
        """Tell whether a `- ` marker stands `offset` characters further on."""
        marker = self.text[self.position + offset : self.position + offset + 2]
        return len(marker) == 2 and marker[0] == "-" and marker[1] in SPACES

    def literal(self, left: int) -> Iterator[Token]:
        """Give the text before an action, without the spaces that its marker trims."""
        text = self.text[self.position : left]
        marker = self.text[left + 2 : left + 4]
        if len(marker) == 2 and marker[0] == "-" and marker[1] in SPACES:
            text = text.rstrip(SPACES)
        if text:
            yield self.token(Kind.TEXT, len(text))
        self.position = left

    def comment(self) -> bool:
        """Skip a comment, if one stands here."""
        start = 4 if self.trims_left(2) else 2
        if not self.text.startswith("/*", self.position + start):
            return False
        self.position += start
        end = self.text.find("*/", self.position + 2)
        if end < 0:
            raise LexError("unclosed comment")
        self.position = end + 2
        if not self.at_right():
            raise LexError("comment ends before closing delimiter")
        self.close()
        return True

    def at_right(self) -> bool:
        rest = self.text[self.position : self.position + 4]
        return rest.startswith("}}") or _TRIMMED_RIGHT.match(rest) is not None

    def close(self) -> Token:
        """Pass the closing delimiter and the spaces that its marker trims."""
        trim = not self.text.startswith("}}", self.position)
        self.position += 2 if trim else 0
        token = self.token(Kind.RIGHT, 2)
        if trim:
            self.position = len(self.text) - len(self.rest().lstrip(SPACES))
        return token

    def action(self) -> Iterator[Token]:
        self.depth = 0
        while not self.at_right():
            yield self.inside()
            if self.depth < 0:
                raise LexError("unexpected right paren U+0029 ')'")
        if self.depth:
            raise LexError("unclosed left paren")
        yield self.close()

    def inside(self) -> Token:
        char = self.text[self.position : self.position + 1]
        if not char:
            raise LexError("unclosed action")
        if char in SPACES:
            return self.space()
        if char in _QUOTES:
            pattern, kind, error = _QUOTES[char]
            return self.match(pattern, kind, error)
        if char == ":":
            if not self.text.startswith(":=", self.position):
                raise LexError("expected :=")
            return self.token(Kind.DECLARE, 2)
        if char in _SIMPLE:
            return self.token(_SIMPLE[char], 1)
        if char == "$" or (char == "." and not self.digit_follows()):
            return self.field()
        if char in "+-." or "0" <= char <= "9":
            return self.number()
        if char == "_" or char.isalnum():
            return self.word()
        return self.punctuation(char)

    def digit_follows(self) -> bool:
        following = self.text[self.position + 1 : self.position + 2]
        return following == "" or "0" <= following <= "9"

    def space(self) -> Token:
        match = _SPACE.match(self.text, self.position)
        assert match is not None
        length = len(match[0])
        # The last space belongs to a trimming delimiter that follows.
        if length > 1 and _TRIMMED_RIGHT.match(self.text, match.end() - 1):
            length -= 1
        return self.token(Kind.SPACE, length)

    def match(self, pattern: re.Pattern[str], kind: Kind, error: str) -> Token:
        match = pattern.match(self.text, self.position)
        if match is None:
            raise LexError(error)
        return self.token(kind, len(match[0]))

    def terminated(self, length: int) -> None:
        """Refuse what may not stand right after a word: Go asks for a space there."""
        following = self.rest(length)
        if following and following[0] not in SPACES + ".,|:()" and not following.startswith("}}"):
            raise LexError(f"bad character {_unicode_name(following[0])}")

    def field(self) -> Token:
        match = _WORD.match(self.text, self.position + 1)
        word = match[0] if match else ""
        self.terminated(1 + len(word))
        if self.text[self.position] == "$":
            return self.token(Kind.VARIABLE, 1 + len(word))
        return self.token(Kind.FIELD if word else Kind.DOT, 1 + len(word))

    def number(self) -> Token:
        start = self.position
        length, good = self.scan_number(start)
        kind = Kind.NUMBER
        if good and self.text[start + length : start + length + 1] in ("+", "-"):
            more, good = self.scan_number(start + length)
            length += more
            kind = Kind.COMPLEX
            good = good and self.text[start + length - 1] == "i"
        if not good:
            raise LexError(f"bad number syntax: {go_quote(self.text[start : start + length])}")
        return self.token(kind, length)

    def scan_number(self, start: int) -> tuple[int, bool]:
        match = _NUMBER.match(self.text, start)
        length = len(match[0]) if match else 0
        following = self.text[start + length : start + length + 1]
        bad = following == "_" or following.isalnum()
        return length + (1 if bad else 0), not bad

    def word(self) -> Token:
        match = _WORD.match(self.text, self.position)
        assert match is not None
        word = match[0]
        self.terminated(len(word))
        kind = Kind.IDENTIFIER
        if word in KEYWORDS:
            kind = Kind.KEYWORD
        elif word in ("true", "false"):
            kind = Kind.BOOL
        elif word == "nil":
            kind = Kind.NIL
        return self.token(kind, len(word))

    def punctuation(self, char: str) -> Token:
        if char == "(":
            self.depth += 1
            return self.token(Kind.LEFT_PAREN, 1)
        if char == ")":
            self.depth -= 1
            return self.token(Kind.RIGHT_PAREN, 1)
        if "!" <= char <= "~":
            return self.token(Kind.CHAR, 1)
        raise LexError(f"unrecognized character in action: {_unicode_name(char)}")


def _unicode_name(char: str) -> str:
    code = f"U+{ord(char):04X}"
    return f"{code} '{char}'" if char.isprintable() else code
