"""Sizes, ages, times, progress bars and aligned tables, as docker's command line prints them.

Sizes and ages follow docker/go-units, progress bars moby's pkg/jsonmessage, tables Go's text/tabwriter
with docker's settings (columns at least 10 wide, 3 spaces apart). Which command prints which size:
`images`, `history` and `ps -s` three significant digits; `system df`, prune and pull progress four.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from labkit.base.errors import NotSimulated
from labkit.go.template import PARSING_ERROR, TemplateError, parse_template
from labkit.go.units import human_size
from labkit.go.values import Row

Line = TypeVar("Line")
Header = str | Callable[[str], str]


@dataclass(frozen=True)
class Table(Generic[Line]):
    """The columns of a command's list: by the field's name in Go its header, and what a line shows there.

    A field that takes an argument has a function for both. `go_type` names the type of a line's row, which
    errors of --format show.

    >>> sizes = Table(lambda line: "*T", {"ID": ("IMAGE ID", str), "Size": ("SIZE", "{}B".format)})
    >>> print(sizes.shown("", [7, 12], ["ID", "Size"]), end="")
    IMAGE ID   SIZE
    7          7B
    12         12B
    >>> sizes.shown("{{.Size}}", [7, 12], ["ID"]), sizes.shown("", [7, 12], [], quiet="ID")
    ('7B\\n12B\\n', '7\\n12\\n')
    """

    go_type: Callable[[Line], str]
    columns: Mapping[str, tuple[Header, Callable[[Line], object]]]

    def shown(self, form: str, lines: Iterable[Line], columns: Sequence[str], *, quiet: str = "") -> str:
        """Write lines as --format says; without one as a table of these columns.

        `quiet` is the column that is left by `--quiet`.
        """
        if form == "raw":
            raise NotSimulated("labkit: --format raw is not simulated; it would show a field a line")
        if form == "table" or not (form or quiet):
            columns = [quiet] if quiet else columns
            cells = [[str(self.columns[name][1](line)) for name in columns] for line in lines]
            return tabwriter([[str(self.columns[name][0]) for name in columns], *cells])
        if not form:
            return "".join(f"{self.columns[quiet][1](line)}\n" for line in lines)
        headers = {name: header for name, (header, _) in self.columns.items()}
        return render_list(form, self.rows(lines), headers)

    def rows(self, lines: Iterable[Line]) -> list[Row]:
        """Return lines as a --format meets them."""
        return [
            Row(self.go_type(line), {name: cell(line) for name, (_, cell) in self.columns.items()})
            for line in lines
        ]


def label_header(name: str) -> str:
    """Return the header of a column that shows one label: its name's last part, in words.

    >>> label_header("org.example.build-date")
    'build date'
    """
    return re.sub("[-_]", " ", name.rpartition(".")[2])


def ellipsis(text: str, width: int) -> str:
    """Cut text to `width` characters, the last of them `…` where something was cut.

    `history` cuts CREATED BY to 45, `ps` COMMAND to 20 before it quotes it.

    >>> ellipsis("docker-entrypoint.sh nginx", 20)
    'docker-entrypoint.s…'
    """
    return text if len(text) <= width else text[: width - 1] + "…"


def tabwriter(rows: Iterable[Sequence[str]]) -> str:
    """Align rows of cells in columns, each line ending in a newline; the last cell is never padded.

    >>> print(tabwriter([["IMAGE", "SIZE"], ["27a188018e18", "0B"]]), end="")
    IMAGE          SIZE
    27a188018e18   0B
    """
    return align("".join("\t".join(row) + "\n" for row in rows))


def align(text: str) -> str:
    r"""Align text whose cells end in tabs (Go's text/tabwriter).

    A column is a run of lines that all have a cell there; a line without one ends it, and the lines
    below are measured anew. The last cell of a line ends in no tab, so it belongs to no column.

    >>> align("a\tb\nlonger than ten\tc\n")
    'a                 b\nlonger than ten   c\n'
    """
    lines = [line.split("\t") for line in text.split("\n")]
    if len(lines[-1]) > 1 and not lines[-1][-1]:
        lines[-1].pop()  # without a newline after it, an empty cell is none
    for column in range(max(map(len, lines)) - 1):
        start = 0
        while start < len(lines):
            stop = start
            while stop < len(lines) and len(lines[stop]) - 1 > column:
                stop += 1
            block = lines[start:stop]
            width = max([10, *(len(line[column]) + 3 for line in block)])
            for line in block:
                line[column] = line[column].ljust(width)
            start = stop + 1
    return "\n".join("".join(line) for line in lines)


def progress_bar(current: int, total: int, width: int = 200) -> str:
    """Draw how far a transfer is, for a terminal of `width` columns; empty while nothing is known.

    The bar of 50 cells appears on terminals wider than 110 columns; narrower ones get the counts
    alone. A total that is unknown or overrun is left out.

    >>> progress_bar(17140000, 88990000)
    '[=========>                                         ]  17.14MB/88.99MB'
    >>> progress_bar(17140000, 88990000, width=80)
    ' 17.14MB/88.99MB'
    """
    if current <= 0 and total <= 0:
        return ""
    counts = f"{human_size(current, 4):>8}"
    if total <= 0:
        return counts
    cells = min(max(int(current / total * 100) // 2, 0), 50)
    bar = f"[{'=' * cells}>{' ' * (50 - cells)}] " if width > 110 else ""
    return bar + counts + (f"/{human_size(total, 4)}" if current <= total else "")


def render_list(text: str, rows: Iterable[object], headers: Mapping[str, object]) -> str:
    r"""Write rows by a docker --format: each ends in a newline, and `table` before it adds a header.

    `\t` and `\n` in the format mean a tab and a newline. `headers` names each field's column, or
    has a function for a field with an argument. The bare key `table` stands for a command's own format: it is
    replaced before this is called.

    >>> print(render_list(r"table {{.ID}}\t{{.Size}}", [{"ID": "a", "Size": "0B"}], {"ID": "IMAGE ID"}))
    IMAGE ID   <no value>
    a          0B
    <BLANKLINE>
    """
    table = text.startswith("table")
    body = text.removeprefix("table").strip(" ").replace("\\t", "\t").replace("\\n", "\n")
    try:
        template = parse_template(body)
        lines = "".join(template.execute(row) + "\n" for row in rows)
    except TemplateError as error:
        raise error.prefixed(PARSING_ERROR) from None
    return align(template.header(headers) + "\n" + lines) if table else lines
