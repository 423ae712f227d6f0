"""Parsing a Go template (text/template/parse, parse.go).

Not read here: `define` and `block`, which no --format needs, and complex numbers.
"""

from __future__ import annotations

from collections.abc import Container
from typing import NoReturn

from labkit.cli.templates.errors import TemplateError
from labkit.cli.templates.lexer import Kind, Token, lex
from labkit.cli.templates.literals import parse_number
from labkit.cli.templates.nodes import (
    Action,
    Block,
    Branch,
    Call,
    Chain,
    Command,
    Dot,
    Field,
    Function,
    Keyword,
    Literal,
    Nil,
    Node,
    Pipe,
    Text,
    Variable,
)
from labkit.cli.templates.quoting import go_quote, go_unquote

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
