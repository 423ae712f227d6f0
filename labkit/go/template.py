r"""Go templates, as docker's --format uses them (Go 1.19, text/template; docker/cli, templates).

`parse_template` reads one and `Template.execute` applies it to a value; `inspect_element` applies it as
`docker inspect -f` does. It is a subset of the language (docs/decisions/0018): fields, variables, pipelines,
`if`, `with`, `range`, comments, trim markers, whole numbers, text, and the functions in FUNCTIONS. What is
not kept is refused in one line that begins with "labkit does not". Mistakes are answered in Go's words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn, cast

from labkit.base.errors import LabkitError
from labkit.base.text import decode, encode
from labkit.go.fmt import CallError, Refused, go_print, go_sprint, go_sprintf
from labkit.go.quote import go_quote, go_unquote
from labkit.go.values import (
    MISSING,
    GoInt,
    JsonNumber,
    Struct,
    go_json,
    is_empty,
    to_raw,
    type_name,
    zero_element,
)

__all__ = ["PARSING_ERROR", "Template", "TemplateError", "inspect_element", "parse_template"]

_MAX_TEXT = 1 << 20
_MAX_STEPS = 100_000
_TOO_MUCH = "labkit writes at most 1 MB of text"
PARSING_ERROR = "template parsing error: "


class TemplateError(LabkitError):
    """A template that cannot be parsed or executed.

    >>> str(TemplateError("template: :1: unclosed action").prefixed("template parsing error: "))
    'template parsing error: template: :1: unclosed action'
    """

    def prefixed(self, prefix: str) -> TemplateError:
        """Return the same error with the words that a docker command puts before it."""
        return TemplateError(f"{prefix}{self}")


class _Mistake(TemplateError):
    """An error of a run that Go has too, unlike what is refused."""


@dataclass(frozen=True)
class Template:
    """A parsed template."""

    text: str
    name: str
    nodes: tuple[Node, ...]

    def execute(self, value: object, *, missing_key_is_error: bool = False) -> str:
        """Apply the template to a value; TemplateError in Go's words.

        >>> parse_template("{{range .Env}}{{println .}}{{end}}").execute({"Env": ["A=1", "B=2"]})
        'A=1\\nB=2\\n'
        """
        return _Run(self, FUNCTIONS, missing_key_is_error).run(value)

    def header(self, headers: Mapping[str, object]) -> str:
        """Apply the template to a table's column names; an error ends the header where it stands.

        >>> parse_template("{{.ID}} {{upper .Size}}").header({"ID": "IMAGE ID", "Size": "Size"})
        'IMAGE ID Size'
        """
        run = _Run(self, _HEADER_FUNCTIONS, False)
        with suppress(TemplateError):
            return run.run(dict(headers))
        return "".join(run.written)


def parse_template(text: str, name: str = "") -> Template:
    """Parse a template; TemplateError in Go's words, without the words a command puts before them.

    >>> parse_template("{{.ID")
    Traceback (most recent call last):
    labkit.go.template.TemplateError: template: :1: unclosed action
    """
    try:
        return Template(text, name, _Parser(text, name).block(top=True)[0])
    except RecursionError:
        raise TemplateError(f"template: {name}:1: labkit does not read that many brackets") from None


def inspect_element(template: Template, element: object) -> str:
    """Apply a template as `docker inspect -f` does, its newline included.

    First to the typed element, if it is a Struct; where that fails, to its JSON, where a missing key
    is an error. That is why `{{.Id}}` works although Go's field is ID.

    >>> inspect_element(parse_template("{{.Os}}"), {"Os": "linux"})
    'linux\\n'
    """
    try:
        if isinstance(element, Struct):
            with suppress(_Mistake):
                return template.execute(element) + "\n"
        return template.execute(to_raw(element), missing_key_is_error=True) + "\n"
    except TemplateError as error:
        raise error.prefixed(PARSING_ERROR) from None


# Tokens (lex.go).


class Token(NamedTuple):
    """A token: its kind is a group of _TOKEN, or "text", "left", "right", "keyword", "error", "end".

    `spaced` says that a space stands before it: `.A .B` are two arguments, `.A.B` is one.
    """

    kind: str
    text: str
    position: int
    spaced: bool = False

    def __str__(self) -> str:
        """Name the token as a parse error does."""
        if self.kind == "end":
            return "EOF"
        if self.kind in ("keyword", "dot") or self.text == "nil":
            return f"<{self.text}>"
        return go_quote(self.text[:10]) + "..." if len(encode(self.text)) > 10 else go_quote(self.text)


class _Unreadable(Exception):
    """What is no token: the words, and where it stands."""


_KEYWORDS = frozenset("block break continue define else end if range template with".split())
_TRIM_LEFT = re.compile(r"-[ \t\r\n]")
_RIGHT = re.compile(r"}}|[ \t\r\n]-}}[ \t\r\n]*")
_TOKEN = re.compile(
    r"""(?P<string>"(?:[^"\\\n]|\\[^\n])*"|`[^`]*`)
    | (?P<declare>:=) | (?P<assign>=) | (?P<pipe>\|) | (?P<open>\() | (?P<close>\))
    | (?P<number>[+-][\w.+-]*|\.?[0-9][\w.+-]*|\.\Z)
    | (?P<variable>\$\w*) | (?P<field>\.\w+) | (?P<dot>\.) | (?P<word>\w+)
    | (?P<char>[!#-&(-9;-_a-~])""",
    re.VERBOSE,
)
_ENDS_A_WORD = re.compile(r"[ \t\r\n.,|:()]|}}|$")
_UNFINISHED = {
    "": "unclosed action",
    '"': "unterminated quoted string",
    "`": "unterminated raw quoted string",
    "'": "labkit does not read ': text stands in double quotes",
    ":": "expected :=",
}


def _lex(text: str) -> Iterator[Token]:
    at = 0
    while (left := text.find("{{", at)) >= 0:
        trims = _TRIM_LEFT.match(text, left + 2)
        literal = text[at:left].rstrip(" \t\r\n") if trims else text[at:left]
        if literal:
            yield Token("text", literal, at)
        at = trims.end() if trims else left + 2
        if text.startswith("/*", at):
            end = text.find("*/", at + 2)
            right = _RIGHT.match(text, end + 2)
            if end < 0 or right is None:
                words = "unclosed comment" if end < 0 else "comment ends before closing delimiter"
                raise _Unreadable(words, at)
            at = right.end()
        else:
            yield Token("left", "{{", left)
            at = yield from _lex_action(text, at)
    if at < len(text):
        yield Token("text", text[at:], at)
    yield Token("end", "", len(text))


def _lex_action(text: str, at: int) -> Generator[Token, None, int]:
    """Yield the tokens up to the closing delimiter; return where the text after it begins."""
    depth, start = 0, at
    while not (right := _RIGHT.match(text, at)):
        if text[at : at + 1] in tuple(" \t\r\n"):
            at += 1
            continue
        match, char = _TOKEN.match(text, at), text[at : at + 1]
        if match is None:
            words = _UNFINISHED.get(char) or f"unrecognized character in action: {_code_point(char)}"
            raise _Unreadable(words, at)
        kind = "keyword" if match[0] in _KEYWORDS else str(match.lastgroup)
        end = match.end()
        if kind in ("variable", "field", "dot", "word", "keyword") and not _ENDS_A_WORD.match(text, end):
            raise _Unreadable(f"bad character {_code_point(text[end])}", at)
        depth += (kind == "open") - (kind == "close")
        yield Token(kind, match[0], at, start < at)
        at = start = end
    if depth > 0:
        raise _Unreadable("unclosed left paren", at)
    yield Token("right", "}}", at)
    return right.end()


def _code_point(char: str) -> str:
    return f"U+{ord(char):04X}" + (f" '{char}'" if char.isprintable() else "")


# The parsed form (node.go). An execution error shows a node between `<` and `>` as Go writes it back.


@dataclass(frozen=True)
class Node:
    """A node: where it starts in the text, and how Go writes it back."""

    position: int
    shown: str


class Name(Node):
    """A function's name."""


@dataclass(frozen=True)
class Literal(Node):
    """Text, a whole number, true, false or nil, which is None."""

    value: object


@dataclass(frozen=True)
class Path(Node):
    """Fields of dot (`.A.B`), of a variable (`$x.A`) or of a pipeline (`(index .A 0).B`)."""

    start: Node | str | None
    names: tuple[str, ...]


@dataclass(frozen=True)
class Pipe(Node):
    """Commands, each given the result of the one before, and the variables that stand for the last.

    A command is a word and its arguments.
    """

    commands: tuple[tuple[Node, ...], ...]
    variables: tuple[str, ...]


@dataclass(frozen=True)
class Branch(Node):
    """An `if`, a `with` or a `range`, which is `shown`; an `else` that is not there is empty."""

    pipe: Pipe
    body: tuple[Node, ...]
    otherwise: tuple[Node, ...]


def _shown(*words: Node) -> str:
    return " ".join(f"({word.shown})" if isinstance(word, Pipe) else word.shown for word in words)


# Parsing (parse.go).

_OPERANDS = frozenset(("string", "number", "variable", "field", "dot", "word", "open"))
_INSTEAD = dict.fromkeys(("define", "block", "template"), "write the text where it is used")
_INSTEAD |= dict.fromkeys(("break", "continue"), "ask with {{if}} what to print")
_LEFT_OUT = ("call", "html", "js", "urlquery")


class _Parser:
    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name
        self.tokens: list[Token] = []
        try:
            self.tokens.extend(_lex(text))
        except _Unreadable as error:  # reported when the parser comes there: Go's reads along
            self.tokens.append(Token("error", *error.args))
        self.index = 0
        self.variables = ["$"]

    def peek(self) -> Token:
        return self.tokens[min(self.index, len(self.tokens) - 1)]

    def next(self) -> Token:
        token = self.peek()
        self.index += 1
        return token

    def fail(self, message: str) -> NoReturn:
        last = self.tokens[min(self.index, len(self.tokens)) - 1]
        line = 1 + self.text.count("\n", 0, last.position)
        raise TemplateError(f"template: {self.name}:{line}: {message}")

    def unexpected(self, token: Token, context: str) -> NoReturn:
        self.fail(token.text if token.kind == "error" else f"unexpected {token} in {context}")

    def expect(self, kind: str, context: str) -> Token:
        token = self.next()
        if token.kind != kind:
            self.unexpected(token, context)
        return token

    def block(self, *, top: bool = False) -> tuple[tuple[Node, ...], str]:
        """Parse up to what closes the block; return its nodes and that word, "else" or "end"."""
        nodes: list[Node] = []
        while self.peek().kind != "end":
            node = self.statement()
            if isinstance(node, Node):
                nodes.append(node)
            elif top:
                self.fail(f"unexpected {{{{{node}}}}}")
            else:
                return tuple(nodes), node
        if not top:
            self.fail("unexpected EOF")
        return tuple(nodes), ""

    def statement(self) -> Node | str:
        token = self.next()
        if token.kind == "text":
            return Literal(token.position, token.text, token.text)
        if token.kind != "left":
            self.unexpected(token, "input")
        if self.peek().kind != "keyword":
            return self.pipeline("command", "right")
        keyword = self.next().text
        if keyword in ("if", "range", "with"):
            return self.branch(keyword)
        if keyword not in ("else", "end"):
            self.fail(f"labkit does not read {{{{{keyword}}}}}: {_INSTEAD[keyword]}")
        if keyword == "end" or self.peek().text != "if":
            self.expect("right", keyword)
        return keyword

    def branch(self, keyword: str) -> Branch:
        known = len(self.variables)
        pipe = self.pipeline(keyword, "right")
        body, closing = self.block()
        otherwise: tuple[Node, ...] = ()
        if closing == "else" and keyword == "if" and self.peek().text == "if":
            self.next()  # an `if` inside the `else`, whose {{end}} closes both
            otherwise = (self.branch("if"),)
        elif closing == "else":
            otherwise, closing = self.block()
            if closing == "else":
                self.fail("expected end; found {{else}}")
        del self.variables[known:]
        return Branch(pipe.position, keyword, pipe, body, otherwise)

    def pipeline(self, context: str, end: str) -> Pipe:
        start = self.peek().position
        variables = self.declarations(context)
        commands: list[tuple[Node, ...]] = []
        while (token := self.peek()).kind != end:
            if token.kind not in _OPERANDS:
                self.unexpected(self.next(), context)
            commands.append(self.command())
            if len(commands) > 1 and (isinstance(commands[-1][0], Literal) or commands[-1][0].shown == "."):
                self.fail(f"non executable command in pipeline stage {len(commands)}")
        self.next()
        if not commands:
            self.fail(f"missing value for {context}")
        shown = f"{', '.join(variables)} := " if variables else ""
        shown += " | ".join(_shown(*command) for command in commands)
        return Pipe(start, shown, tuple(commands), tuple(variables))

    def declarations(self, context: str) -> list[str]:
        """Parse `$x :=` or `$i, $x :=`, if the pipeline begins with it."""
        start, variables = self.index, list[str]()
        while self.peek().kind == "variable" and len(variables) < (2 if context == "range" else 1):
            variables.append(self.next().text)
            sign = self.next()
            if sign.kind == "assign":
                self.fail("labkit does not read =: a variable keeps its value")
            if sign.kind == "declare":
                self.variables += variables
                return variables
            if sign.text != ",":
                break
        self.index = start
        return []

    def command(self) -> tuple[Node, ...]:
        args: list[Node] = []
        while (operand := self.operand()) is not None:
            args.append(operand)
            if not self.peek().spaced:
                break
        kind = self.peek().kind
        if kind not in ("pipe", "right", "close"):
            self.unexpected(self.next(), "operand")
        self.index += kind == "pipe"
        return tuple(args)

    def operand(self) -> Node | None:
        node = self.term()
        position, names = self.peek().position, []
        while node is not None and self.peek().kind == "field" and not self.peek().spaced:
            names.append(self.next().text[1:])
        if not names or node is None:
            return node
        if isinstance(node, Literal) or node.shown == ".":
            self.fail(f"unexpected . after term {go_quote(node.shown)}")
        shown = ".".join((_shown(node), *names))
        if isinstance(node, Path):
            return Path(position, shown, node.start, (*node.names, *names))
        return Path(position, shown, node, tuple(names))

    def term(self) -> Node | None:
        token = self.next()
        kind, text, position, _ = token
        if kind == "word" and text in ("true", "false", "nil"):
            return Literal(position, text, None if text == "nil" else text == "true")
        if kind == "word":
            if text in _LEFT_OUT:
                self.fail(f"labkit does not have the function {go_quote(text)}")
            if text not in FUNCTIONS:
                self.fail(f"function {go_quote(text)} not defined")
            return Name(position, text)
        if kind in ("dot", "field"):
            return Path(position, text, None, (text[1:],) if kind == "field" else ())
        if kind == "variable":
            if text not in self.variables:
                self.fail(f"undefined variable {go_quote(text)}")
            return Path(position, text, text, ())
        if kind == "number":
            return Literal(position, text, self.number(text))
        if kind == "string":
            return Literal(position, text, self.unquoted(token))
        if kind == "open":
            return self.pipeline("parenthesized pipeline", "close")
        self.index -= 1
        return None

    def number(self, text: str) -> GoInt:
        if not re.fullmatch(r"[+-]?(0|[1-9][0-9]{0,17})", text):
            self.fail(f"labkit does not read {text}: only whole numbers, and text in double quotes")
        return GoInt(text)

    def unquoted(self, token: Token) -> str:
        try:
            return go_unquote(token.text)
        except ValueError as error:
            self.fail(str(error))


# Functions: Go's own (funcs.go) and docker's (cli/templates). What Go calls a zero Value they get as None.


def _kind(value: object) -> str:
    kinds = {bool: "bool", int: "int", GoInt: "int", str: "string", JsonNumber: "string"}
    return kinds.get(type(value), "")


def _check_kinds(first: object, second: object) -> None:
    if not _kind(first) or not _kind(second):
        kinds = f"a value of type {type_name(first)} with one of type {type_name(second)}"
        raise Refused(f"labkit does not compare {kinds}")
    if _kind(first) != _kind(second):
        raise CallError("incompatible types for comparison")


def _equal(first: object, *others: object) -> bool:
    if not others:
        raise CallError("missing argument for comparison")
    for other in others:
        if first is not None and other is not None:
            _check_kinds(first, other)
        if first == other:
            return True
    return False


def _less(first: Any, second: Any) -> bool:
    _check_kinds(first, second)
    if isinstance(first, bool):
        raise CallError("invalid type for comparison")
    return bool(first < second)


def _length(item: object) -> int:
    if item is None:
        raise CallError("reflect: call of reflect.Value.Type on zero Value")
    if isinstance(item, list | dict):
        return GoInt(len(item))
    if _kind(item) == "string":
        return GoInt(len(encode(str(item))))  # Go counts a string's bytes
    raise CallError(f"len of type {type_name(item).removeprefix('*')}")


def _index(item: object, *keys: object) -> object:
    if item is None:
        raise CallError("index of untyped nil")
    for key in keys:
        if isinstance(item, dict) and type_name(key) == "string":
            item = item[key] if key in item else zero_element(item)
        elif isinstance(item, list):
            at = _position(key, len(item))
            if at == len(item):  # Go 1.19 looks for more than the length, and then reflect refuses it
                raise CallError("reflect: slice index out of range")
            item = item[at]
        elif isinstance(item, str):
            raise Refused("labkit does not index text: slice cuts a part out of it")
        else:
            raise CallError(f"labkit does not index a value of type {type_name(item)} with {type_name(key)}")
    return item


def _position(key: object, size: int) -> int:
    if not isinstance(key, int) or isinstance(key, bool):
        kind = "nil" if key is None else f"type {type_name(key)}"
        raise CallError(f"cannot index slice/array with {kind}")
    if not 0 <= key <= size:
        raise CallError(f"index out of range: {key}")
    return key


def _slice(item: object, *bounds: object) -> object:
    if len(bounds) > 2:
        raise Refused("labkit does not read three bounds of a slice")
    if not isinstance(item, list) and _kind(item) != "string":
        kind = f"can't slice item of type {type_name(item)}"
        raise CallError("slice of untyped nil" if item is None else kind)
    size = _length(item)
    at = [_position(bound, size) for bound in bounds]
    start, stop = (*at, *[0, size][len(at) :])
    if start > stop:
        raise CallError(f"invalid slice index: {start} > {stop}")
    return item[start:stop] if isinstance(item, list) else decode(encode(str(item))[start:stop])


def _title(text: str) -> str:
    """Write each word with a capital (strings.Title): in ASCII a word is of letters, digits and `_`."""
    return re.sub(r"(?:(?<=[\x00-\x7f])(?<![0-9A-Za-z_])|(?<=\s)|^)\w", lambda match: match[0].title(), text)


def _join(items: list[str], by: str) -> str:
    if len(items) * len(by) > _MAX_TEXT:
        raise Refused(_TOO_MUCH)
    return by.join(items)


def _pad(text: str, before: int, after: int) -> str:
    if not 0 <= min(before, after) <= max(before, after) <= 10_000:
        raise Refused("labkit does not pad by less than 0 or more than 10000 spaces")
    return " " * before + text + " " * after if text else text


def _truncate(text: str, size: int) -> str:
    if size < 0:
        raise CallError(f"runtime error: slice bounds out of range [:{size}]")
    return decode(encode(text)[:size])


# A function and its parameters' types, which Go checks first; of `any...` there may be any number, or none.
Function = tuple[Callable[..., object], str]

FUNCTIONS: dict[str, Function] = {
    # Of and and or as many arguments are evaluated as are needed: `_Run.shortest` does it.
    "and": (is_empty, "any any..."),
    "or": (is_empty, "any any..."),
    "not": (is_empty, "any"),
    "index": (_index, "any any..."),
    "slice": (_slice, "any any..."),
    "len": (_length, "any"),
    "print": (lambda *values: go_sprint(list(values)), "any..."),
    "println": (lambda *values: " ".join(map(go_print, values)) + "\n", "any..."),
    "printf": (lambda form, *values: go_sprintf(form, list(values)), "string any..."),
    "eq": (_equal, "any any..."),
    "ne": (lambda first, second: not _equal(first, second), "any any"),
    "lt": (_less, "any any"),
    "le": (lambda first, second: not _less(second, first), "any any"),
    "gt": (lambda first, second: _less(second, first), "any any"),
    "ge": (lambda first, second: not _less(first, second), "any any"),
    # A map of Go's has no order of its own: encoding/json writes its keys sorted.
    "json": (lambda value: go_json(value, sort_maps=True), "any"),
    "split": (lambda text, by: text.split(by) if by else list(text), "string string"),
    "join": (_join, "[]string string"),
    "title": (_title, "string"),
    "lower": (str.lower, "string"),
    "upper": (str.upper, "string"),
    "pad": (_pad, "string int int"),
    "truncate": (_truncate, "string int"),
}

# A table's header shows the column's name, whatever the format does to the column.
_HEADER_FUNCTIONS = FUNCTIONS | {
    name: (lambda text, *_: text, FUNCTIONS[name][1].replace("[]string", "string").replace("any", "string"))
    for name in ("json", "split", "join", "title", "lower", "upper", "truncate")
}


# Executing (exec.go).

# The arguments of a command; the result of the one before it in a pipeline comes last, evaluated already.
Args = tuple[object, ...]


class _Run:
    """One run of a template: its variables, the node at work, which an error names, and the text so far.

    A strict run is one on decoded JSON, where an absent key is an error. There Go holds what is in a map or
    list as an interface {} until a variable, a `with` or a pipeline takes it out: errors name that type, and
    a null that is taken out leaves nothing at all.
    """

    def __init__(self, template: Template, functions: Mapping[str, Function], strict: bool) -> None:
        self.template = template
        self.functions = functions
        self.strict = strict
        self.variables: list[tuple[str, object, bool]] = []
        self.written: list[str] = []
        self.size = self.steps = 0
        self.node = Node(0, "")
        self.dot: object = MISSING
        self.boxed_dot = False

    def run(self, value: object) -> str:
        self.variables = [("$", value, False)]
        self.walk(self.template.nodes, value)
        return encode("".join(self.written)).decode(errors="replace")

    def fail(self, message: str, kind: type[TemplateError] = _Mistake) -> NoReturn:
        name, before = self.template.name, self.template.text[: self.node.position]
        line, column = before.count("\n") + 1, len(encode(before[before.rfind("\n") + 1 :]))
        where = f"template: {name}:{line}:{column}: executing {go_quote(name)} at <{self.node.shown}>"
        raise kind(f"{where}: {message}")

    def walk(self, nodes: tuple[Node, ...], dot: object, *, boxed: bool = False) -> None:
        outer = self.dot, self.boxed_dot
        self.dot, self.boxed_dot = dot, boxed
        for node in nodes:
            self.node = node
            self.steps += 1
            if self.steps > _MAX_STEPS:
                self.fail("labkit goes through at most 100,000 parts of a template", TemplateError)
            if isinstance(node, Literal):  # what stands outside of `{{` and `}}`
                self.write(node.shown)
            elif isinstance(node, Pipe):
                value = self.pipeline(node)
                if not node.variables:
                    self.write(go_print(value))
            elif isinstance(node, Branch):
                known = len(self.variables)
                self.branch(node, self.pipeline(node.pipe))
                del self.variables[known:]
        self.dot, self.boxed_dot = outer

    def write(self, text: str) -> None:
        self.written.append(self.bounded(text))
        self.size += len(text)

    def bounded(self, *values: object) -> Any:
        """Return the first value, unless the texts make too much with what is written."""
        # `{{json . | json | json}}` doubles its backslashes each time: its text grows without end.
        if self.size + sum(len(value) for value in values if isinstance(value, str)) > _MAX_TEXT:
            self.fail(_TOO_MUCH, TemplateError)
        return values[0] if values else None

    def branch(self, node: Branch, value: object) -> None:
        if node.shown == "range" and not isinstance(value, list | dict) and value is not MISSING:
            self.fail(f"range can't iterate over {go_print(value)}")
        if is_empty(value):
            self.walk(node.otherwise, self.dot, boxed=self.boxed_dot)
        elif node.shown == "range":
            self.range(node, value)
        elif node.shown == "with":
            self.walk(node.body, value)
        else:
            self.walk(node.body, self.dot, boxed=self.boxed_dot)

    def range(self, node: Branch, items: object) -> None:
        known = len(self.variables)
        # Go's range over a map goes by its keys, sorted, because a map has no order.
        pairs = sorted(items.items()) if isinstance(items, dict) else enumerate(cast("list[object]", items))
        for key, item in pairs:
            key = GoInt(key) if isinstance(key, int) else key
            # One variable is the element; of two the first is its key or number.
            both = zip(node.pipe.variables[::-1], ((item, self.strict), (key, False)), strict=False)
            self.variables += [(name, *value) for name, value in both]
            self.walk(node.body, item, boxed=self.strict)
            del self.variables[known:]

    def pipeline(self, pipe: Pipe) -> object:
        self.node = pipe
        value: object = MISSING
        for at, command in enumerate(pipe.commands):
            value = self.command(command, (value,) if at else ())
            if value is None and self.strict:
                value = MISSING
        self.variables += [(name, value, False) for name in pipe.variables]
        return value

    def command(self, command: tuple[Node, ...], final: Args) -> object:
        first, args = command[0], (*command[1:], *final)
        if isinstance(first, Name):
            return self.function(first, Node(first.position, _shown(*command)), args)
        if isinstance(first, Literal) and first.value is None and not args:
            self.node = first
            self.fail("nil is not a command")
        return self.operand(first, args)

    def operand(self, node: Node, args: Args = ()) -> object:
        """Evaluate a node that names a value, with the arguments that follow it in its command."""
        if not isinstance(node, Pipe):
            self.node = node
        if args and not (isinstance(node, Path) and node.names):
            self.fail(f"can't give argument to non-function {node.shown}")
        if isinstance(node, Pipe):
            return self.pipeline(node)
        if isinstance(node, Literal):
            return node.value
        if isinstance(node, Path):
            return self.path(node, args)
        return self.function(node, node, ())

    def path(self, node: Path, args: Args) -> object:
        value, boxed = self.dot, self.boxed_dot
        if node.start is not None:
            boxed = False
            if isinstance(node.start, str):
                found = next((each for each in reversed(self.variables) if each[0] == node.start), None)
                if found is None:  # `$x := $x`: the parser knows it, the run does not yet
                    self.fail(f"undefined variable: {node.start}")
                _, value, boxed = found
            else:
                value = self.operand(node.start)
        for at, name in enumerate(node.names, 1):
            kind = "interface {}" if boxed else type_name(value)
            value = self.field(value, kind, name, node, args if at == len(node.names) else ())
            boxed = self.strict
        return value

    def field(self, value: object, kind: str, name: str, node: Node, args: Args) -> object:
        if value is MISSING:
            if self.strict:
                self.fail(f"nil data; no entry for key {go_quote(name)}")
            return MISSING
        if value is None:
            self.fail(f"nil pointer evaluating {kind}.{name}")
        fields = value.fields if isinstance(value, Struct) else value
        if not isinstance(fields, Mapping) or (name not in fields and isinstance(value, Struct)):
            self.fail(f"can't evaluate field {name} in type {kind}")
        if callable(found := fields.get(name, MISSING)):
            return self.call((found, "string"), node, name, args)
        if args:
            self.fail(f"labkit does not give arguments to {name}")
        if found is MISSING and self.strict:
            self.fail(f"map has no entry for key {go_quote(name)}")
        return found

    def function(self, name: Node, whole: Node, args: Args) -> object:
        self.node = name
        if name.shown not in ("and", "or") or not args:
            return self.call(self.functions[name.shown], whole, name.shown, args)
        value: object = MISSING
        for arg in args:  # only until one decides
            value = self.argument(arg, "any")
            if is_empty(value) == (name.shown == "and"):
                break
        return value

    def call(self, function: Function, whole: Node, name: str, args: Args) -> object:
        types, variadic = function[1].removesuffix("...").split(), function[1].endswith("...")
        if variadic and len(args) < len(types) - 1:
            self.fail(f"wrong number of args for {name}: want at least {len(types) - 1} got {len(args)}")
        if not variadic and len(args) != len(types):
            self.fail(f"wrong number of args for {name}: want {len(types)} got {len(args)}")
        values = [self.argument(arg, types[min(at, len(types) - 1)]) for at, arg in enumerate(args)]
        try:
            self.bounded(*values)
            return self.bounded(function[0](*(None if value is MISSING else value for value in values)))
        except CallError as error:
            self.node = whole
            kind = TemplateError if isinstance(error, Refused) else _Mistake
            self.fail(f"error calling {name}: {error}", kind)

    def argument(self, arg: object, want: str) -> object:
        """Evaluate an argument, and refuse a value that Go would not pass as a parameter of this type."""
        value = self.operand(arg) if isinstance(arg, Node) else arg
        kind = type_name(value)
        if want in ("any", kind):
            return value
        if value is MISSING and want == "[]string":
            return []
        if isinstance(arg, Literal):
            self.fail(f"labkit does not take {arg.shown} for a {want}")
        if value is MISSING:
            self.fail(f"invalid value; expected {want}")
        got = "interface {}" if value is None and self.strict else kind
        self.fail(f"wrong type for value; expected {want}; got {got}")
