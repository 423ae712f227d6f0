r"""Go templates, as docker's --format uses them (text/template, docker/cli/templates).

`parse_template` reads one, `Template.execute` applies it to a value. `inspect_element` and
`render_list` are the two ways in which docker's commands do it: `inspect -f`, and the lists of
`images`, `ps`, `history` and `system df`. Not simulated: `define`, `block` and complex numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from labkit.cli.formats import align
from labkit.cli.govalues import Struct, to_raw
from labkit.cli.templates.errors import TemplateError
from labkit.cli.templates.execute import Executor
from labkit.cli.templates.functions import FUNCTIONS, HEADER_FUNCTIONS
from labkit.cli.templates.nodes import Block
from labkit.cli.templates.parser import parse

__all__ = ["Template", "TemplateError", "inspect_element", "parse_template", "render_list"]

PARSING_ERROR = "template parsing error: "


@dataclass(frozen=True)
class Template:
    """A parsed template."""

    text: str
    name: str
    root: Block

    def execute(self, value: object, *, missing_key_is_error: bool = False) -> str:
        """Apply the template to a value; TemplateError in Go's words.

        >>> parse_template("{{range .Env}}{{println .}}{{end}}").execute({"Env": ["A=1", "B=2"]})
        'A=1\\nB=2\\n'
        """
        return Executor(self.text, self.name, FUNCTIONS, missing_key_is_error).run(self.root, value)

    def header(self, headers: Mapping[str, object]) -> str:
        """Apply the template to a table's column names; an error ends the header where it stands.

        >>> parse_template("{{.ID}} {{upper .Size}}").header({"ID": "IMAGE ID", "Size": "Size"})
        'IMAGE ID Size'
        """
        executor = Executor(self.text, self.name, HEADER_FUNCTIONS, False)
        try:
            return executor.run(self.root, dict(headers))
        except TemplateError:
            return "".join(executor.written)


def parse_template(text: str, name: str = "") -> Template:
    """Parse a template; TemplateError in Go's words, without the words a command puts before them.

    >>> parse_template("{{.ID")
    Traceback (most recent call last):
    labkit.cli.templates.errors.TemplateError: template: :1: unclosed action
    """
    return Template(text, name, parse(text, name, FUNCTIONS))


def inspect_element(template: Template, element: object) -> str:
    """Apply a template as `docker inspect -f` does, its newline included.

    First to the typed element, if it is a Struct; where that fails, to its JSON, where a missing key
    is an error. That is why `{{.Id}}` works although Go's field is ID.

    >>> inspect_element(parse_template("{{.Os}}"), {"Os": "linux"})
    'linux\\n'
    """
    if isinstance(element, Struct):
        with suppress(TemplateError):
            return template.execute(element) + "\n"
    try:
        return template.execute(to_raw(element), missing_key_is_error=True) + "\n"
    except TemplateError as error:
        raise error.prefixed(PARSING_ERROR) from None


def render_list(text: str, rows: Iterable[object], headers: Mapping[str, object]) -> str:
    r"""Write rows by a docker --format: each ends in a newline, and `table` before it adds a header.

    `\t` and `\n` in the format mean a tab and a newline. `headers` names each field's column, or
    has a function for a field with an argument. The bare keys `table` and `raw` stand for a command's
    own formats: it replaces them before it calls this.

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
