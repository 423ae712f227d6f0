"""The parsed form of a Go template (text/template/parse, node.go).

`str(node)` writes a node back as Go does; an execution error shows it between `<` and `>`.
"""

from __future__ import annotations

from dataclasses import dataclass, field


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
