"""Parsing a Go template (text/template/parse, parse.go).

Not read here: `define` and `block`, which no --format needs, and complex numbers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NoReturn

from labkit.base.errors import LabkitError
from labkit.go.quote import go_bytes, go_quote, go_unquote
from labkit.go.values import GoInt

# The one error of templates, in Go's words.


class TemplateError(LabkitError):
    """A template that cannot be parsed or executed.

    >>> str(TemplateError("template: :1: unclosed action").prefixed("template parsing error: "))
    'template parsing error: template: :1: unclosed action'
    """

    def prefixed(self, prefix: str) -> TemplateError:
        """Give the same error with the words that a docker command puts before it."""
        return TemplateError(f"{prefix}{self}")


# The parsed form of a Go template (text/template/parse, node.go).
#
# `str(node)` writes a node back as Go does; an execution error shows it between `<` and `>`.


@dataclass(frozen=True)
class Node:
    """A node and where it starts in the text."""

    position: int


@dataclass(frozen=True)
class Text(Node):
    """What stands outside of `{{` and `}}`."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Literal(Node):
    """A constant: `text` as written; `value` a string, a bool or a number; `integer` if it is whole."""

    text: str
    value: object
    integer: int | None = None

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Dot(Node):
    """The value that is worked on, `.`."""

    def __str__(self) -> str:
        return "."


@dataclass(frozen=True)
class Nil(Node):
    """Go's `nil`."""

    def __str__(self) -> str:
        return "nil"


@dataclass(frozen=True)
class Field(Node):
    """A chain of fields of dot: `.A.B`."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return "".join(f".{name}" for name in self.names)


@dataclass(frozen=True)
class Variable(Node):
    """A variable, `$` included in its name, and the fields taken from it."""

    name: str
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ".".join((self.name, *self.names))


@dataclass(frozen=True)
class Function(Node):
    """A function's name."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Chain(Node):
    """Fields taken from a parenthesized pipeline or a function's result."""

    node: Node
    names: tuple[str, ...]

    def __str__(self) -> str:
        inner = f"({self.node})" if isinstance(self.node, Pipe) else str(self.node)
        return inner + "".join(f".{name}" for name in self.names)


@dataclass(frozen=True)
class Command(Node):
    """A word and its arguments."""

    args: tuple[Node, ...]

    def __str__(self) -> str:
        return " ".join(f"({arg})" if isinstance(arg, Pipe) else str(arg) for arg in self.args)


@dataclass(frozen=True)
class Pipe(Node):
    """Commands, each given the result of the one before, and the variables set to the last."""

    commands: tuple[Command, ...]
    variables: tuple[str, ...] = ()
    assigns: bool = False

    def __str__(self) -> str:
        commands = " | ".join(map(str, self.commands))
        if not self.variables:
            return commands
        return f"{', '.join(self.variables)} {'=' if self.assigns else ':='} {commands}"


@dataclass(frozen=True)
class Action(Node):
    """What stands between `{{` and `}}` and prints: a pipeline."""

    pipe: Pipe

    def __str__(self) -> str:
        return f"{{{{{self.pipe}}}}}"


@dataclass(frozen=True)
class Block(Node):
    """Nodes one after the other."""

    nodes: tuple[Node, ...] = field(default=())

    def __str__(self) -> str:
        return "".join(map(str, self.nodes))


@dataclass(frozen=True)
class Branch(Node):
    """An if, a with or a range."""

    keyword: str
    pipe: Pipe
    body: Block
    otherwise: Block | None

    def __str__(self) -> str:
        otherwise = "" if self.otherwise is None else f"{{{{else}}}}{self.otherwise}"
        return f"{{{{{self.keyword} {self.pipe}}}}}{self.body}{otherwise}{{{{end}}}}"


@dataclass(frozen=True)
class Call(Node):
    """A `{{template "name"}}`."""

    quoted: str
    pipe: Pipe | None

    def __str__(self) -> str:
        return f"{{{{template {self.quoted}{'' if self.pipe is None else f' {self.pipe}'}}}}}"


@dataclass(frozen=True)
class Keyword(Node):
    """A break, continue, else or end."""

    name: str

    def __str__(self) -> str:
        return f"{{{{{self.name}}}}}"


# The tokens of a Go template (text/template/parse, lex.go).
#
# Text outside of `{{` and `}}` is one token; inside, spaces are tokens too, because `.A .B` are two
# arguments and `.A.B` is one. What cannot be read ends the tokens with one of kind ERROR.

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


# Go's number and character constants, as templates read them (text/template/parse, newNumber).

_OCTAL = re.compile(r"([+-]?)0(_?[0-7])+", re.ASCII)
_INTEGER = re.compile(r"[+-]?(0[xX](_?[\da-fA-F])+|0[oO](_?[0-7])+|0[bB](_?[01])+|0|[1-9](_?\d)*)", re.ASCII)
_HEX_FLOAT = re.compile(r"[+-]?0[xX]")


def parse_number(text: str) -> tuple[int | float, int | None]:
    """Read a constant: its value and, where it is whole, its value as an integer.

    >>> parse_number("0x1F"), parse_number("1e3"), parse_number("'a'"), parse_number("010")
    ((31, 31), (1000.0, 1000), (97, 97), (8, 8))
    """
    if text[0] == "'":
        return _character(text)
    if _OCTAL.fullmatch(text):
        return _integer(int(text, 8), text)
    if _INTEGER.fullmatch(text):
        return _integer(int(text, 0), text)
    value = _float(text)
    if value is not None and not set(text) & set(".eEpP"):
        raise ValueError(f"integer overflow: {go_quote(text)}")
    if value is None or not math.isfinite(value):
        raise ValueError(f"illegal number syntax: {go_quote(text)}")
    return value, int(value) if value.is_integer() else None


def _character(text: str) -> tuple[int, int]:
    try:
        char = go_unquote(text)
    except ValueError:
        raise ValueError("invalid syntax") from None
    if not char:
        raise ValueError("invalid syntax")
    if len(char) > 1:
        raise ValueError(f"malformed character constant: {text}")
    return GoInt(ord(char)), ord(char)


def _integer(value: int, text: str) -> tuple[int, int]:
    if not -(2**63) <= value < 2**64:
        raise ValueError(f"integer overflow: {go_quote(text)}")
    return GoInt(value), value


def _float(text: str) -> float | None:
    try:
        return float.fromhex(text) if _HEX_FLOAT.match(text) else float(text)
    except (ValueError, OverflowError):
        return None


_CONSTANTS = (Kind.BOOL, Kind.CHAR_CONSTANT, Kind.COMPLEX, Kind.NIL, Kind.NUMBER)
_NAMES = (Kind.DOT, Kind.FIELD, Kind.IDENTIFIER, Kind.VARIABLE)
_OPERANDS = (*_CONSTANTS, *_NAMES, Kind.RAW_STRING, Kind.STRING, Kind.LEFT_PAREN)


def parse(text: str, name: str, functions: Container[str]) -> Block:
    """Parse a template whose functions have these names; TemplateError in Go's words.

    >>> str(parse("{{ .ID|len }}", "", {"len"}))
    '{{.ID | len}}'
    """
    try:
        return _Parser(text, name, functions).parse()
    except RecursionError:
        raise TemplateError(f"template: {name}:1: nested too deeply") from None


class _Parser:
    def __init__(self, text: str, name: str, functions: Container[str]) -> None:
        self.tokens = list(lex(text))
        self.index = 0
        self.furthest = 0
        self.name = name
        self.functions = functions
        self.variables = ["$"]
        self.action_line = 0
        self.range_depth = 0

    # Tokens

    def next(self) -> Token:
        token = self.peek()
        self.index += 1
        return token

    def peek(self) -> Token:
        at = min(self.index, len(self.tokens) - 1)
        self.furthest = max(self.furthest, at)
        return self.tokens[at]

    def peek_word(self) -> Token:
        while self.peek().kind is Kind.SPACE:
            self.index += 1
        return self.peek()

    def next_word(self) -> Token:
        self.peek_word()
        return self.next()

    def expect_right(self, context: str) -> None:
        token = self.next_word()
        if token.kind is not Kind.RIGHT:
            self.unexpected(token, context)

    def fail(self, message: str) -> NoReturn:
        line = self.tokens[self.furthest].line
        raise TemplateError(f"template: {self.name}:{line}: {message}")

    def unexpected(self, token: Token, context: str) -> NoReturn:
        if token.kind is not Kind.ERROR:
            self.fail(f"unexpected {token} in {context}")
        where = ""
        if self.action_line not in (0, token.line):
            where = f" in action started at {self.name}:{self.action_line}"
            if token.text.endswith(" action"):
                where = where.removeprefix(" in action")
        self.fail(f"{token}{where}")

    # Statements

    def parse(self) -> Block:
        nodes = []
        while self.peek().kind is not Kind.EOF:
            node = self.statement()
            if _ends(node):
                self.fail(f"unexpected {node}")
            nodes.append(node)
        return Block(0, tuple(nodes))

    def block(self) -> tuple[Block, Keyword]:
        """Parse up to the `{{end}}` or `{{else}}` that closes it."""
        start = self.peek_word().position
        nodes: list[Node] = []
        while self.peek_word().kind is not Kind.EOF:
            node = self.statement()
            if isinstance(node, Keyword) and _ends(node):
                return Block(start, tuple(nodes)), node
            nodes.append(node)
        self.fail("unexpected EOF")

    def statement(self) -> Node:
        token = self.next_word()
        if token.kind is Kind.TEXT:
            return Text(token.position, token.text)
        if token.kind is not Kind.LEFT:
            self.unexpected(token, "input")
        self.action_line = token.line
        node = self.action()
        self.action_line = 0
        return node

    def action(self) -> Node:
        token = self.peek_word()
        if token.kind is not Kind.KEYWORD:
            return Action(token.position, self.pipeline("command", Kind.RIGHT))
        self.next()
        keyword = token.text
        if keyword in ("if", "range", "with"):
            return self.branch(keyword)
        if keyword == "template":
            return self.call()
        if keyword in ("define", "block"):
            self.fail(f"labkit does not read {{{{{keyword}}}}}: write the text where it is used")
        if keyword == "else" and self.peek_word().text == "if":
            return Keyword(self.peek().position, keyword)
        self.expect_right(f"{{{{{keyword}}}}}" if keyword in ("break", "continue") else keyword)
        if keyword in ("break", "continue") and not self.range_depth:
            self.fail(f"{{{{{keyword}}}}} outside {{{{range}}}}")
        return Keyword(token.position, keyword)

    def branch(self, keyword: str) -> Branch:
        known = len(self.variables)
        pipe = self.pipeline(keyword, Kind.RIGHT)
        self.range_depth += keyword == "range"
        body, closing = self.block()
        self.range_depth -= keyword == "range"
        otherwise = None
        if closing.name == "else":
            if keyword == "if" and self.peek().text == "if":
                # {{else if}} is an if inside the else, and shares its {{end}}.
                self.next()
                otherwise = Block(closing.position, (self.branch("if"),))
            else:
                otherwise, closing = self.block()
                if closing.name != "end":
                    self.fail(f"expected end; found {closing}")
        del self.variables[known:]
        return Branch(pipe.position, keyword, pipe, body, otherwise)

    def call(self) -> Call:
        token = self.next_word()
        if token.kind not in (Kind.STRING, Kind.RAW_STRING):
            self.unexpected(token, "template clause")
        bare = self.peek_word().kind is Kind.RIGHT
        pipe = None if bare else self.pipeline("template clause", Kind.RIGHT)
        self.index += bare
        return Call(token.position, go_quote(self.unquote(token)), pipe)

    # Expressions

    def pipeline(self, context: str, end: Kind) -> Pipe:
        start = self.peek_word().position
        variables, assigns = self.declarations(context)
        commands: list[Command] = []
        while (token := self.peek_word()).kind is not end:
            if token.kind not in _OPERANDS:
                self.next()
                self.unexpected(token, context)
            commands.append(self.command())
        self.next()
        if not commands:
            self.fail(f"missing value for {context}")
        for stage, command in enumerate(commands[1:], 2):
            if isinstance(command.args[0], Literal | Dot | Nil):
                self.fail(f"non executable command in pipeline stage {stage}")
        return Pipe(start, tuple(commands), tuple(variables), assigns)

    def declarations(self, context: str) -> tuple[list[str], bool]:
        variables: list[str] = []
        while (token := self.peek_word()).kind is Kind.VARIABLE:
            start = self.index
            self.next()
            following = self.peek_word()
            if following.kind in (Kind.ASSIGN, Kind.DECLARE):
                self.next()
                self.variables.append(token.text)
                return [*variables, token.text], following.kind is Kind.ASSIGN
            if following.text != ",":
                self.index = start
                break
            self.next()
            variables.append(token.text)
            self.variables.append(token.text)
            if context != "range" or len(variables) > 1:
                self.fail(f"too many declarations in {context}")
            if self.peek_word().kind not in (Kind.VARIABLE, Kind.RIGHT, Kind.RIGHT_PAREN):
                self.fail("range can only initialize variables")
        return variables, False

    def command(self) -> Command:
        start = self.peek_word().position
        args = []
        while True:
            if (operand := self.operand()) is not None:
                args.append(operand)
            token = self.next()
            if token.kind in (Kind.RIGHT, Kind.RIGHT_PAREN):
                self.index -= 1
            elif token.kind is Kind.SPACE:
                continue
            elif token.kind is not Kind.PIPE:
                self.unexpected(token, "operand")
            break
        if not args:
            self.fail("empty command")
        return Command(start, tuple(args))

    def operand(self) -> Node | None:
        node = self.term()
        position, names = self.peek().position, []
        while node is not None and self.peek().kind is Kind.FIELD:
            names.append(self.next().text[1:])
        if not names or node is None:
            return node
        if isinstance(node, Field):
            return Field(position, (*node.names, *names))
        if isinstance(node, Variable):
            return Variable(position, node.name, tuple(names))
        if isinstance(node, Literal | Nil | Dot):
            self.fail(f"unexpected . after term {go_quote(str(node))}")
        return Chain(position, node, tuple(names))

    def term(self) -> Node | None:
        token = self.next_word()
        position, text = token.position, token.text
        match token.kind:
            case Kind.IDENTIFIER:
                if text not in self.functions:
                    self.fail(f"function {go_quote(text)} not defined")
                return Function(position, text)
            case Kind.DOT:
                return Dot(position)
            case Kind.NIL:
                return Nil(position)
            case Kind.VARIABLE:
                if text not in self.variables:
                    self.fail(f"undefined variable {go_quote(text)}")
                return Variable(position, text)
            case Kind.FIELD:
                return Field(position, (text[1:],))
            case Kind.BOOL:
                return Literal(position, text, text == "true")
            case Kind.CHAR_CONSTANT | Kind.COMPLEX | Kind.NUMBER:
                return self.number(token)
            case Kind.LEFT_PAREN:
                return self.pipeline("parenthesized pipeline", Kind.RIGHT_PAREN)
            case Kind.STRING | Kind.RAW_STRING:
                return Literal(position, text, self.unquote(token))
        self.index -= 1
        return None

    def number(self, token: Token) -> Literal:
        try:
            value, integer = parse_number(token.text)
        except ValueError as error:
            self.fail(str(error))
        return Literal(token.position, token.text, value, integer)

    def unquote(self, token: Token) -> str:
        try:
            return go_unquote(token.text)
        except ValueError as error:
            self.fail(str(error))


def _ends(node: Node) -> bool:
    return isinstance(node, Keyword) and node.name in ("end", "else")
