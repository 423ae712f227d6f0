r"""Go templates, as docker's --format uses them (text/template, docker/cli/templates).

`parse_template` reads one, `Template.execute` applies it to a value. `inspect_element` and
`render_list` are the two ways in which docker's commands do it: `inspect -f`, and the lists of
`images`, `ps`, `history` and `system df`. Not simulated: `define`, `block` and complex numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from labkit.go.template.execute import FUNCTIONS, HEADER_FUNCTIONS, Executor
from labkit.go.template.parse import Block, TemplateError, parse
from labkit.go.values import Struct, to_raw

__all__ = ["Template", "TemplateError", "inspect_element", "parse_template"]

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
    labkit.go.template.parse.TemplateError: template: :1: unclosed action
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
