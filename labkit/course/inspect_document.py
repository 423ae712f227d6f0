"""The document of `docker image inspect` line by line: each line's field, and how to ask for it alone.

The text is what the command line prints (`labkit.cli`); no command is run, so looking changes nothing.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple, TypeAlias

from labkit.cli.documents import image_struct
from labkit.engine.engine import Engine
from labkit.go.template import inspect_element, parse_template
from labkit.go.values import Struct, go_json

_INDENT = 4


@dataclass(frozen=True, slots=True)
class InspectField:
    """What a field is, where its value comes from, who uses it, and the slides that show it.

    `mistake` is what is often believed of it, and `truth` what is so; both are "" where nothing is.
    """

    what: str
    source: str
    use: str
    slides: tuple[str, ...] = ()
    mistake: str = ""
    truth: str = ""


InspectFields: TypeAlias = Mapping[str, InspectField]
"""Fields by their paths; what is inside ContainerConfig is explained as that of Config."""


def read_fields(text: str) -> InspectFields:
    """Return the fields that a TOML document explains; raises ValueError where one is not whole.

    `[fields.PATH]` has the parts of an InspectField; its source is a name of `[sources]` or words of its own.

    >>> read_fields('[sources]\\nhere = "this engine"\\n[fields.Id]\\nwhat = ""\\nuse = ""\\nsource = "here"')
    {'Id': InspectField(what='', source='this engine', use='', slides=(), mistake='', truth='')}
    """
    document = tomllib.loads(text)
    sources, found = document.get("sources", {}), {}
    for path, parts in document["fields"].items():
        try:
            each = InspectField(**{**parts, "slides": tuple(parts.get("slides", ()))})
        except TypeError as error:
            raise ValueError(f"{path}: {error}") from None
        found[path] = replace(each, source=sources.get(each.source, each.source))
    return found


class FieldLine(NamedTuple):
    """A printed line, and the path of the field that it belongs to; "" for the outermost brackets."""

    text: str
    field: str


@dataclass(frozen=True)
class Document:
    """What `docker image inspect NAME` prints, and the fields that are explained.

    >>> from labkit.lab import Lab
    >>> from labkit.lessons import FIELDS
    >>> lab = Lab()
    >>> image = lab.pull("nginx")
    >>> document = inspected(lab.engine, "nginx", FIELDS)
    >>> document.command("Config.Cmd")
    "docker image inspect -f '{{json .Config.Cmd}}' nginx"
    >>> document.answer("Config.Cmd")
    '["nginx","-g","daemon off;"]'
    """

    name: str
    element: Struct
    known: InspectFields = field(repr=False)

    @cached_property
    def text(self) -> str:
        """The whole of it."""
        return go_json([self.element], _INDENT, sort_maps=True)

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The fields that it has, in order."""
        return tuple(dict.fromkeys(line.field for line in self.lines if line.field))

    def explained(self, path: str) -> InspectField | None:
        """Return the field that explains a path, None where there is none."""
        config = path.startswith("ContainerConfig.")
        return self.known.get(path.removeprefix("Container") if config else path)

    def words(self, path: str) -> str:
        """Return a path and all that is explained of it."""
        found = self.explained(path)
        told = (found.what, found.source, found.use, found.mistake, found.truth) if found else ()
        return " ".join((path, *told))

    def command(self, field: str) -> str:
        """Return the command that prints one field alone."""
        return f"docker image inspect -f '{_template(field)}' {self.name}"

    def answer(self, field: str) -> str:
        """Return what that command prints."""
        return inspect_element(parse_template(_template(field)), self.element).rstrip("\n")

    def folded(self, field: str) -> list[FieldLine]:
        """Return the lines with all but one field's section on one line each."""
        section = field.partition(".")[0]
        found: list[FieldLine] = []
        for line in self.lines:
            inside = line.field and line.field.partition(".")[0] != section
            if inside and line.text.startswith(" " * 3 * _INDENT):
                continue
            if inside and line.text.strip() in ("}", "},", "]", "],"):
                opened = found.pop()
                found.append(FieldLine(f"{opened.text} … {line.text.strip()}", opened.field))
                continue
            found.append(line)
        return found

    @cached_property
    def lines(self) -> tuple[FieldLine, ...]:
        """Its lines, each with its field by its indentation; keys of labels and ports belong to theirs."""
        decoder, path, found = json.JSONDecoder(), [""], []
        for line in self.text.split("\n"):
            depth = (len(line) - len(line.lstrip(" "))) // _INDENT
            content = line.strip()
            if content.startswith('"'):
                key, end = decoder.raw_decode(content)
                if content[end : end + 1] == ":":
                    path[depth - 1 :] = [key]
            elif content[:1] in ("}", "]"):
                del path[depth:]
            found.append(FieldLine(line, self._nearest(".".join(path[1:]) if depth > 1 else "")))
        return tuple(found)

    def _nearest(self, path: str) -> str:
        while path and self.explained(path) is None:
            path = path.rpartition(".")[0]
        return path


def inspected(engine: Engine, name: str, known: InspectFields) -> Document:
    """Return the document of an image, with the fields that are explained; raises NotFound."""
    return Document(name, image_struct(engine, name), known)


def _template(field: str) -> str:
    return f"{{{{json .{field}}}}}"
