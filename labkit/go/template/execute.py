"""Executing a parsed Go template on a value (text/template, exec.go, "Walk functions")."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, NoReturn
from urllib.parse import quote_plus

from labkit.go.fmt import go_print, go_sprint, go_sprintf
from labkit.go.quote import go_bytes, go_quote, go_text
from labkit.go.template.parse import (
    Action,
    Block,
    Branch,
    Call,
    Chain,
    Command,
    Dot,
    Field,
    Keyword,
    Literal,
    Nil,
    Node,
    Pipe,
    TemplateError,
    Text,
    Variable,
)
from labkit.go.template.parse import Function as FunctionNode
from labkit.go.values import (
    MISSING,
    GoInt,
    GoTime,
    NilList,
    NilMap,
    RawList,
    RawMap,
    Row,
    Struct,
    go_json,
    is_empty,
    type_name,
    zero_element,
)

# Comparing values in a template: eq and lt, from which the others follow (text/template, funcs.go).


class CallError(Exception):
    """A function of a template that cannot do its work."""


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int"
    if isinstance(value, float):
        return "float"
    return "string" if isinstance(value, str) and not isinstance(value, GoTime) else ""


def _is_nil(value: object) -> bool:
    return value is MISSING or value is None or isinstance(value, NilList | NilMap)


def equal(first: object, *others: object) -> bool:
    """Tell whether the first value equals one of the others; CallError if they cannot be compared.

    >>> equal("a", "b", "a")
    True
    """
    if not others:
        raise CallError("missing argument for comparison")
    return any(_equal(first, other) for other in others)


def _equal(first: object, other: object) -> bool:
    if _kind(first) != _kind(other):
        if first in (MISSING, None) or other in (MISSING, None):
            return False
        raise CallError("incompatible types for comparison")
    if _kind(first):
        return first == other
    if _is_nil(first) or _is_nil(other):
        return _is_nil(first) == _is_nil(other)
    if type(first) is not type(other):
        sides = f"{go_print(first)}: {type_name(first)}, {type_name(other)}: {go_print(other)}"
        raise CallError(f"non-comparable types {sides}")
    if isinstance(other, dict | list):
        raise CallError(f"non-comparable type {go_print(other)}: {type_name(other)}")
    return first == other


def less(first: object, second: object) -> bool:
    """Tell whether a value is below another; numbers and strings have an order, nothing else.

    >>> less(2, 10), less("2", "10")
    (True, False)
    """
    if not _kind(first) or not _kind(second):
        raise CallError("invalid type for comparison")
    if _kind(first) != _kind(second):
        raise CallError("incompatible types for comparison")
    if isinstance(first, str) and isinstance(second, str):
        return go_bytes(first) < go_bytes(second)
    if isinstance(first, bool) or not isinstance(first, int | float) or not isinstance(second, int | float):
        raise CallError("invalid type for comparison")
    return first < second


# len, index and slice of templates (text/template, funcs.go). Strings count in bytes, as in Go.


def length(item: object) -> int:
    """Count a string's bytes, a list's items or a map's keys.

    >>> length("né"), length([1, 2])
    (3, 2)
    """
    if item is None:
        raise CallError("len of nil pointer")
    if item is MISSING:
        raise CallError("reflect: call of reflect.Value.Type on zero Value")
    if isinstance(item, str) and not isinstance(item, GoTime):
        return GoInt(len(go_bytes(item)))
    if isinstance(item, list | dict):
        return GoInt(len(item))
    raise CallError(f"len of type {type_name(item).removeprefix('*')}")


def index(item: object, *keys: object) -> object:
    """Look into nested maps, lists and strings, one key after the other.

    >>> index({"a": ["x", "y"]}, "a", 1)
    'y'
    """
    if item is None or item is MISSING:
        raise CallError("index of untyped nil")
    for key in keys:
        item = _index(item, key)
    return item


def _index(item: object, key: object) -> object:
    if item is None:
        raise CallError("index of nil pointer")
    if isinstance(item, dict):
        if key is None or key is MISSING:
            raise CallError("value is nil; should be of type string")
        if not isinstance(key, str) or type_name(key) != "string":
            raise CallError(f"value has type {type_name(key)}; should be string")
        return item[key] if key in item else zero_element(item)
    if isinstance(item, Struct) or not isinstance(item, list | str) or isinstance(item, GoTime):
        raise CallError(f"can't index item of type {type_name(item).removeprefix('*')}")
    items = go_bytes(item) if isinstance(item, str) else item
    at = _position(key, len(items))
    if at == len(items):
        raise CallError(f"reflect: {'string' if isinstance(item, str) else 'slice'} index out of range")
    return GoInt(items[at]) if isinstance(items, bytes) else items[at]


def _position(key: object, size: int) -> int:
    if key is None or key is MISSING:
        raise CallError("cannot index slice/array with nil")
    if not isinstance(key, int) or isinstance(key, bool):
        raise CallError(f"cannot index slice/array with type {type_name(key)}")
    if not 0 <= key <= size:
        raise CallError(f"index out of range: {key}")
    return key


def slice_(item: object, *bounds: object) -> object:
    """Cut a part out of a string or a list, from the first bound up to the second.

    >>> slice_("sha256:27a188018e18", 7, 10)
    '27a'
    """
    if item is None or item is MISSING:
        raise CallError("slice of untyped nil")
    if len(bounds) > 3:
        raise CallError(f"too many slice indexes: {len(bounds)}")
    if isinstance(item, GoTime) or not isinstance(item, list | str):
        raise CallError(f"can't slice item of type {type_name(item)}")
    if isinstance(item, str) and len(bounds) == 3:
        raise CallError("cannot 3-index slice a string")
    size = len(go_bytes(item)) if isinstance(item, str) else len(item)
    at = [_position(bound, size) for bound in bounds]
    start, stop, limit = at + [0, size, size][len(at) :]
    for low, high in ((start, stop), (stop, limit)):
        if low > high:
            raise CallError(f"invalid slice index: {low} > {high}")
    if isinstance(item, str):
        return type(item)(go_text(go_bytes(item)[start:stop]))
    return type(item)(item[start:stop])


# The functions of templates: Go's own (text/template, funcs.go) and docker's (cli/templates).
#
# Each has the types of its parameters, because a wrong argument is refused in Go's words before the call. A
# function that cannot do its work raises CallError.


@dataclass(frozen=True)
class Function:
    """A function and its parameters' types (`any`, `string`, `int`, `[]string`).

    With `variadic` the last parameter may be given any number of times, none included.
    """

    call: Callable[..., object]
    params: tuple[str, ...]
    variadic: bool = False


def _json(value: object) -> str:
    return go_json(None if value is MISSING else value, sort_maps=True)


def _split(text: str, separator: str) -> list[str]:
    return text.split(separator) if separator else list(text)


def _join(items: list[str], separator: str) -> str:
    return separator.join(items)


def _title(text: str) -> str:
    return re.sub(r"(?:(?<=[\x00-\x7f])(?<![0-9A-Za-z_])|(?<=\s)|^)\w", lambda match: match[0].title(), text)


_LARGEST = 1_000_000  # fmt's own bound for a width


def _pad(text: str, before: int, after: int) -> str:
    if text and (before < 0 or after < 0):
        raise CallError("strings: negative Repeat count")
    if max(before, after) > _LARGEST:
        raise CallError("strings: Repeat count causes overflow")
    return " " * before + text + " " * after if text else text


def _truncate(text: str, size: int) -> str:
    if size < 0:
        raise CallError(f"runtime error: slice bounds out of range [:{size}]")
    return go_text(go_bytes(text)[:size])


def _call(function: object, *args: object) -> object:
    if function is MISSING or function is None:
        raise CallError("call of nil")
    raise CallError(f"non-function of type {type_name(function)}")


def _text(values: tuple[object, ...]) -> str:
    """Print arguments as html, js and urlquery take them."""
    return go_sprint(["<no value>" if value is MISSING or value is None else value for value in values])


_HTML = {'"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;", "\0": "\ufffd"}


def _html(*values: object) -> str:
    return "".join(_HTML.get(char, char) for char in _text(values))


_JS = {"\\": "\\\\", "'": "\\'", '"': '\\"', "<": "\\u003C", ">": "\\u003E", "&": "\\u0026", "=": "\\u003D"}


def _js(*values: object) -> str:
    def escape(char: str) -> str:
        plain = char.isprintable() if char >= "\x80" else char >= " "
        return _JS.get(char) or (char if plain else f"\\u{ord(char):04X}")

    return "".join(map(escape, _text(values)))


def _urlquery(*values: object) -> str:
    return quote_plus(_text(values), safe="~")


def _less_or_equal(first: object, second: object) -> bool:
    return less(first, second) or equal(first, second)


_ANY = ("any",)
_PAIR = ("any", "any")

BUILTINS: dict[str, Function] = {
    # and, or: the executor evaluates only as many arguments as it needs.
    "and": Function(is_empty, _PAIR, variadic=True),
    "or": Function(is_empty, _PAIR, variadic=True),
    "not": Function(is_empty, _ANY),
    "call": Function(_call, _PAIR, variadic=True),
    "index": Function(index, _PAIR, variadic=True),
    "slice": Function(slice_, _PAIR, variadic=True),
    "len": Function(length, _ANY),
    "print": Function(lambda *values: go_sprint(list(values)), _ANY, variadic=True),
    "printf": Function(
        lambda form, *values: go_sprintf(form, list(values)), ("string", "any"), variadic=True
    ),
    "println": Function(
        lambda *values: " ".join(go_sprint([value]) for value in values) + "\n", _ANY, variadic=True
    ),
    "html": Function(_html, _ANY, variadic=True),
    "js": Function(_js, _ANY, variadic=True),
    "urlquery": Function(_urlquery, _ANY, variadic=True),
    "eq": Function(equal, _PAIR, variadic=True),
    "ne": Function(lambda first, second: not equal(first, second), _PAIR),
    "lt": Function(less, _PAIR),
    "le": Function(_less_or_equal, _PAIR),
    "gt": Function(lambda first, second: not _less_or_equal(first, second), _PAIR),
    "ge": Function(lambda first, second: not less(first, second), _PAIR),
}

DOCKER: dict[str, Function] = {
    "json": Function(_json, _ANY),
    "split": Function(_split, ("string", "string")),
    "join": Function(_join, ("[]string", "string")),
    "title": Function(_title, ("string",)),
    "lower": Function(str.lower, ("string",)),
    "upper": Function(str.upper, ("string",)),
    "pad": Function(_pad, ("string", "int", "int")),
    "truncate": Function(_truncate, ("string", "int")),
}

FUNCTIONS = BUILTINS | DOCKER


def _unchanged(text: str, *_: object) -> str:
    return text


# A table's header shows the column's name, whatever the format does to the column.
HEADER_FUNCTIONS = FUNCTIONS | {
    "json": Function(_unchanged, ("string",)),
    "split": Function(_unchanged, ("string", "string")),
    "join": Function(_unchanged, ("string", "string")),
    "title": Function(_unchanged, ("string",)),
    "lower": Function(_unchanged, ("string",)),
    "upper": Function(_unchanged, ("string",)),
    "truncate": Function(_unchanged, ("string", "int")),
}


# Evaluating the expressions of a Go template (text/template, exec.go, "Eval functions").


class Operand(NamedTuple):
    """A value, and whether Go holds it as an interface {}: then errors name that type, not its own."""

    value: object
    boxed: bool = False

    def unboxed(self) -> Operand:
        """Take the value out, as Go does at the end of a pipeline: a nil interface leaves nothing."""
        return Operand(MISSING if self.boxed and self.value is None else self.value)

    def type_name(self) -> str:
        return "interface {}" if self.boxed else type_name(self.value)


NOTHING = Operand(MISSING)


class Evaluator:
    """The variables of a run, and the node at work, which an error names."""

    def __init__(
        self, text: str, name: str, functions: Mapping[str, Function], missing_key_is_error: bool
    ) -> None:
        self.text = text
        self.name = name
        self.functions = functions
        self.missing_key_is_error = missing_key_is_error
        self.variables: list[tuple[str, Operand]] = []
        self.node: Node = Block(0)

    def fail(self, message: str) -> NoReturn:
        before = self.text[: self.node.position]
        line = before.count("\n") + 1
        column = len(go_bytes(before[before.rfind("\n") + 1 :]))
        where = f"template: {self.name}:{line}:{column}: executing {go_quote(self.name)} at <{self.node}>"
        raise TemplateError(f"{where}: {message}")

    def pipeline(self, dot: Operand, pipe: Pipe) -> Operand:
        self.node = pipe
        final: Operand | None = None
        for command in pipe.commands:
            final = self.command(dot, command, final).unboxed()
        assert final is not None
        for name in pipe.variables:
            if pipe.assigns:
                self.assign(name, final)
            else:
                self.variables.append((name, final))
        return final

    def assign(self, name: str, operand: Operand) -> None:
        for at in range(len(self.variables) - 1, -1, -1):
            if self.variables[at][0] == name:
                self.variables[at] = (name, operand)
                return
        self.fail(f"undefined variable: {name}")

    def command(self, dot: Operand, command: Command, final: Operand | None) -> Operand:
        first = command.args[0]
        if isinstance(first, FunctionNode):
            return self.function(dot, first, command, command.args[1:], final)
        if isinstance(first, Field | Chain | Variable):
            return self.operand(dot, first, command.args, final)
        if isinstance(first, Pipe):
            self.refuse_arguments(command.args, final)
            return self.pipeline(dot, first)
        self.node = first
        self.refuse_arguments(command.args, final)
        if isinstance(first, Nil):
            self.fail("nil is not a command")
        return self.literal(first) if isinstance(first, Literal) else dot

    def refuse_arguments(self, args: tuple[Node, ...], final: Operand | None) -> None:
        if len(args) > 1 or final is not None:
            self.fail(f"can't give argument to non-function {args[0]}")

    def literal(self, node: Literal) -> Operand:
        if isinstance(node.value, int) and node.value >= 2**63:
            self.fail(f"{node.text} overflows int")
        return Operand(node.value)

    def operand(
        self, dot: Operand, node: Node, args: tuple[Node, ...] = (), final: Operand | None = None
    ) -> Operand:
        """Evaluate a node that names a value, with the arguments that follow it in its command."""
        self.node = node
        match node:
            case Dot():
                return dot
            case Literal():
                return self.literal(node)
            case Pipe():
                return self.pipeline(dot, node)
            case FunctionNode():
                return self.function(dot, node, node, (), None)
            case Field(names=names):
                receiver = dot
            case Chain(names=names):
                if isinstance(node.node, Nil):
                    self.fail(f"indirection through explicit nil in {node}")
                receiver = self.operand(dot, node.node)
            case Variable(names=names):
                receiver = self.variable(node.name)
                if not names:
                    self.refuse_arguments(args or (node,), final)
                    return receiver
            case _:
                self.fail(f"can't evaluate command {go_quote(str(node))}")
        for name in names[:-1]:
            receiver = self.field(dot, receiver, name, node, (), None)
        return self.field(dot, receiver, names[-1], node, args[1:], final)

    def variable(self, name: str) -> Operand:
        for known, operand in reversed(self.variables):
            if known == name:
                return operand
        self.fail(f"undefined variable: {name}")

    def field(
        self,
        dot: Operand,
        receiver: Operand,
        name: str,
        node: Node,
        args: tuple[Node, ...],
        final: Operand | None,
    ) -> Operand:
        value = receiver.value
        given = len(args) + (final is not None)
        if value is MISSING:
            if self.missing_key_is_error:
                self.fail(f"nil data; no entry for key {go_quote(name)}")
            return NOTHING
        if value is None:
            self.fail(f"nil pointer evaluating {receiver.type_name()}.{name}")
        if isinstance(value, Struct) and name in value.fields:
            found = value.fields[name]
            if callable(found):
                return self.call(dot, Function(found, ("string",)), node, name, args, final)
            if given and isinstance(value, Row):
                self.fail(f"wrong number of args for {name}: want 0 got {given}")
            if given:
                self.fail(f"{name} has arguments but cannot be invoked as function")
            return Operand(found)
        if isinstance(value, dict):
            if callable(value.get(name)):
                return self.call(dot, Function(value[name], ("string",)), node, name, args, final)
            if given:
                self.fail(f"{name} is not a method but has arguments")
            if name not in value and self.missing_key_is_error:
                self.fail(f"map has no entry for key {go_quote(name)}")
            return Operand(value[name], isinstance(value, RawMap)) if name in value else NOTHING
        self.fail(f"can't evaluate field {name} in type {receiver.type_name()}")

    def function(
        self,
        dot: Operand,
        node: FunctionNode,
        whole: Node,
        args: tuple[Node, ...],
        final: Operand | None,
    ) -> Operand:
        self.node = node
        function = self.functions[node.name]
        if node.name in ("and", "or"):
            return self.shortest(dot, node.name, args, final)
        return self.call(dot, function, whole, node.name, args, final)

    def shortest(self, dot: Operand, name: str, args: tuple[Node, ...], final: Operand | None) -> Operand:
        """Evaluate the arguments of and/or only until one decides."""
        if not args and final is None:
            self.fail(f"wrong number of args for {name}: want at least 1 got 0")
        operand = NOTHING
        for arg in args:
            operand = self.argument(dot, arg, "any")
            if is_empty(operand.value) == (name == "and"):
                return operand
        return operand if final is None else final

    def call(
        self,
        dot: Operand,
        function: Function,
        whole: Node,
        name: str,
        args: tuple[Node, ...],
        final: Operand | None,
    ) -> Operand:
        self.check_count(function, name, len(args), len(args) + (final is not None))
        params = function.params
        types = [params[min(at, len(params) - 1)] for at in range(len(args) + 1)]
        values = [
            self.argument(dot, arg, want).value for arg, want in zip(args, types[: len(args)], strict=True)
        ]
        if final is not None:
            values.append(self.assignable(final, types[-1]).value)
        try:
            result = function.call(*values)
        except CallError as error:
            self.node = whole
            self.fail(f"error calling {name}: {error}")
        boxed = name == "index" and result is None
        return Operand(result, boxed)

    def check_count(self, function: Function, name: str, written: int, given: int) -> None:
        want = len(function.params)
        if function.variadic:
            if given < want - 1:
                self.fail(f"wrong number of args for {name}: want at least {want - 1} got {written}")
        elif given != want:
            self.fail(f"wrong number of args for {name}: want {want} got {given}")

    def argument(self, dot: Operand, node: Node, want: str) -> Operand:
        self.node = node
        if isinstance(node, Nil):
            if want in ("string", "int"):
                self.fail(f"cannot assign nil to {want}")
            return NOTHING if want == "any" else Operand(NilList())
        if not isinstance(node, Literal):
            args = (node,) if isinstance(node, Field) else ()
            return self.assignable(self.operand(dot, node, args), want)
        check = _LITERALS.get(want)
        if check is None:
            self.fail(f"can't handle {node} for arg of type {want}")
        if not check(node):
            self.fail(f"expected {'integer' if want == 'int' else want}; found {node}")
        if want == "int" and node.integer is not None:
            return Operand(GoInt(node.integer))
        return self.literal(node)

    def assignable(self, operand: Operand, want: str) -> Operand:
        """Refuse a value that Go would not pass as a parameter of this type."""
        value = operand.value
        if want == "any":
            return operand
        if value is MISSING:
            if want == "[]string":
                return Operand(NilList())
            self.fail(f"invalid value; expected {want}")
        if type_name(value) != want:
            got = operand.type_name() if value is None else type_name(value)
            self.fail(f"wrong type for value; expected {want}; got {got}")
        return operand


_LITERALS: dict[str, Callable[[Literal], bool]] = {
    "any": lambda node: True,
    "string": lambda node: isinstance(node.value, str),
    "int": lambda node: node.integer is not None,
}


class Executor(Evaluator):
    """One run of a template; what it wrote so far stands in `written`, also after an error."""

    def __init__(
        self, text: str, name: str, functions: Mapping[str, Function], missing_key_is_error: bool
    ) -> None:
        super().__init__(text, name, functions, missing_key_is_error)
        self.written: list[str] = []

    def run(self, root: Block, value: object) -> str:
        """Execute on a value and give the text; TemplateError in Go's words."""
        dot = Operand(value)
        self.variables = [("$", dot)]
        self.walk(dot, root)
        return go_bytes("".join(self.written)).decode(errors="replace")

    def walk(self, dot: Operand, node: Node) -> None:
        self.node = node
        match node:
            case Text():
                self.written.append(node.text)
            case Action():
                operand = self.pipeline(dot, node.pipe)
                self.node = node
                if not node.pipe.variables:
                    self.written.append(go_print(operand.value))
            case Block():
                for inner in node.nodes:
                    self.walk(dot, inner)
            case Branch():
                mark = len(self.variables)
                if node.keyword == "range":
                    self.range(dot, node)
                else:
                    self.choose(dot, node)
                del self.variables[mark:]
            case Call():
                self.fail(f"template {node.quoted} not defined")
            case Keyword():
                raise _Break if node.name == "break" else _Continue

    def choose(self, dot: Operand, node: Branch) -> None:
        operand = self.pipeline(dot, node.pipe)
        if not is_empty(operand.value):
            self.walk(operand if node.keyword == "with" else dot, node.body)
        elif node.otherwise is not None:
            self.walk(dot, node.otherwise)

    def range(self, dot: Operand, node: Branch) -> None:
        items = self.pipeline(dot, node.pipe).value
        pairs: list[tuple[object, object]] = []
        if isinstance(items, list):
            pairs = [(GoInt(at), item) for at, item in enumerate(items)]
        elif isinstance(items, dict):
            pairs = sorted(items.items())
        elif items is not MISSING:
            self.fail(f"range can't iterate over {go_print(items)}")
        boxed = isinstance(items, RawList | RawMap)
        mark = len(self.variables)
        for key, item in pairs:
            element = Operand(item, boxed)
            for name, operand in zip(node.pipe.variables[::-1], (element, Operand(key)), strict=False):
                self.assign(name, operand)
            try:
                self.walk(element, node.body)
            except _Continue:
                pass
            except _Break:
                break
            finally:
                del self.variables[mark:]
        if not pairs and node.otherwise is not None:
            self.walk(dot, node.otherwise)


class _Break(Exception):
    pass


class _Continue(Exception):
    pass
