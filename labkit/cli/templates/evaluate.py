"""Evaluating the expressions of a Go template (text/template, exec.go, "Eval functions")."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, NoReturn

from labkit.cli.govalues import MISSING, GoInt, NilList, RawMap, Row, Struct, is_empty, type_name
from labkit.cli.templates.compare import CallError
from labkit.cli.templates.errors import TemplateError
from labkit.cli.templates.functions import Function
from labkit.cli.templates.nodes import Block, Chain, Command, Dot, Field, Literal, Nil, Node, Pipe, Variable
from labkit.cli.templates.nodes import Function as FunctionNode
from labkit.cli.templates.quoting import go_bytes, go_quote


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
