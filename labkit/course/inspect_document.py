"""The document of `docker image inspect` line by line: each line's field, and how to ask for it alone.

The text is what the command line prints (`labkit.cli`); no command is run, so looking changes nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property

from labkit.cli.documents import image_document
from labkit.cli.gojson import go_json
from labkit.cli.govalues import Struct
from labkit.cli.inspect_types import image_inspect
from labkit.cli.templates import inspect_element, parse_template
from labkit.course.inspect_config_fields import explained
from labkit.engine import images
from labkit.engine.engine import Engine

_INDENT = 4


@dataclass(frozen=True, slots=True)
class Line:
    """A printed line, and the path of the field that it belongs to; "" for the outermost brackets."""

    text: str
    field: str


@dataclass(frozen=True)
class Document:
    """What `docker image inspect NAME` prints.

    >>> from labkit import Lab
    >>> lab = Lab()
    >>> image = lab.pull("nginx")
    >>> document = inspected(lab.engine, "nginx")
    >>> document.command("Config.Cmd")
    "docker image inspect -f '{{json .Config.Cmd}}' nginx"
    >>> document.answer("Config.Cmd")
    '["nginx","-g","daemon off;"]'
    """

    name: str
    element: Struct

    @cached_property
    def text(self) -> str:
        """The whole of it."""
        return go_json([self.element], _INDENT, sort_maps=True)

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """Its lines, each with its field."""
        return tuple(_lines(self.text))

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The fields that it has, in order."""
        return tuple(dict.fromkeys(line.field for line in self.lines if line.field))

    def command(self, field: str) -> str:
        """Return the command that prints one field alone."""
        return f"docker image inspect -f '{_template(field)}' {self.name}"

    def answer(self, field: str) -> str:
        """Return what that command prints."""
        return inspect_element(parse_template(_template(field)), self.element).rstrip("\n")

    def folded(self, field: str) -> list[Line]:
        """Return the lines with all but one field's section on one line each."""
        section = field.partition(".")[0]
        found: list[Line] = []
        for line in self.lines:
            inside = line.field and line.field.partition(".")[0] != section
            if inside and line.text.startswith(" " * 3 * _INDENT):
                continue
            if inside and line.text.strip() in ("}", "},", "]", "],"):
                opened = found.pop()
                found.append(Line(f"{opened.text} … {line.text.strip()}", opened.field))
                continue
            found.append(line)
        return found


def inspected(engine: Engine, name: str) -> Document:
    """Return the document of an image; raises NotFound."""
    return Document(name, image_inspect(image_document(engine, images.find_image(engine, name))))


def _template(field: str) -> str:
    return f"{{{{json .{field}}}}}"


def _lines(text: str) -> list[Line]:
    """Find the field of each line by its indentation; keys of labels, ports and volumes belong to theirs."""
    decoder, path, found = json.JSONDecoder(), [""], []
    for line in text.split("\n"):
        depth = (len(line) - len(line.lstrip(" "))) // _INDENT
        content = line.strip()
        if content.startswith('"'):
            key, end = decoder.raw_decode(content)
            if content[end : end + 1] == ":":
                path[depth - 1 :] = [key]
        elif content[:1] in ("}", "]"):
            del path[depth:]
        field = ".".join(path[1:]) if depth > 1 else ""
        found.append(Line(line, _known(field)))
    return found


def _known(field: str) -> str:
    """Return the longest beginning of a path that is explained."""
    while field and explained(field) is None:
        field = field.rpartition(".")[0]
    return field
