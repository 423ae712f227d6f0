"""The shell's abstract syntax: a script as immutable values (POSIX.1-2017, Shell Command Language)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


class ShellSyntaxError(Exception):
    """A script that the grammar refuses, in busybox ash's words, and the line on which it was noticed."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Literal:
    """Text that stands for itself; a quoted one is neither split nor matched against file names."""

    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """`$name` or `${name}`, with an operator such as `:-` and its word."""

    name: str
    operator: str = ""
    word: Word = ()
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Substitution:
    """`$(…)` or backquotes: the output of commands."""

    body: Node
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`$((…))`."""

    expression: Word
    quoted: bool = False


Part: TypeAlias = Literal | Parameter | Substitution | Arithmetic
Word: TypeAlias = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Redirect:
    """`2> file`; a here-document has the operator `<<` and its text as the word."""

    fd: int
    operator: str
    word: Word


@dataclass(frozen=True, slots=True)
class Simple:
    """Assignments, words and redirections: `LANG=C ls -l > list`."""

    assignments: tuple[tuple[str, Word], ...]
    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands joined by `|`."""

    stages: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """`! pipeline`."""

    body: Node


@dataclass(frozen=True, slots=True)
class AndOr:
    """`left && right` or `left || right`."""

    left: Node
    operator: str
    right: Node


@dataclass(frozen=True, slots=True)
class Background:
    """`body &`."""

    body: Node


@dataclass(frozen=True, slots=True)
class Sequence:
    """Commands one after the other."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Redirected:
    """A compound command and its redirections."""

    body: Node
    redirects: tuple[Redirect, ...]


@dataclass(frozen=True, slots=True)
class Subshell:
    """`( body )`."""

    body: Node


@dataclass(frozen=True, slots=True)
class If:
    """Pairs of condition and body, tried in order, and what `else` holds."""

    branches: tuple[tuple[Node, Node], ...]
    otherwise: Node | None


@dataclass(frozen=True, slots=True)
class Loop:
    """`while`, or `until` with the wanted status turned round."""

    condition: Node
    body: Node
    until: bool


@dataclass(frozen=True, slots=True)
class For:
    """`for name in words`; without words the positional parameters."""

    name: str
    words: tuple[Word, ...] | None
    body: Node


Node: TypeAlias = (
    Simple | Pipeline | Not | AndOr | Background | Sequence | Redirected | Subshell | If | Loop | For
)
