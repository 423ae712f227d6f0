"""Executing a parsed Go template on a value (text/template, exec.go, "Walk functions")."""

from __future__ import annotations

from collections.abc import Mapping

from labkit.cli.govalues import MISSING, GoInt, RawList, RawMap, is_empty
from labkit.cli.templates.evaluate import Evaluator, Operand
from labkit.cli.templates.functions import Function
from labkit.cli.templates.nodes import Action, Block, Branch, Call, Keyword, Node, Text
from labkit.cli.templates.printing import go_print
from labkit.cli.templates.quoting import go_bytes


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
