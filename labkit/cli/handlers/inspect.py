"""`docker inspect`, `docker image inspect` and `docker container inspect`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from labkit.cli.documents import container_document, image_document
from labkit.cli.gojson import go_json
from labkit.cli.inspect_types import image_inspect
from labkit.cli.parse import Invocation
from labkit.cli.templates import Template, TemplateError, inspect_element, parse_template
from labkit.cli.terminal import Terminal
from labkit.engine.container import find_container
from labkit.engine.images import find_image
from labkit.errors import DaemonError

Find = Callable[[str], tuple[Any, dict[str, Any]]]


def image(terminal: Terminal, call: Invocation) -> int:
    """Show images' details."""
    return _inspect(terminal, call, [_images(terminal)], "image")


def container(terminal: Terminal, call: Invocation) -> int:
    """Show containers' details."""
    return _inspect(terminal, call, [_containers(terminal, call)], "container")


def anything(terminal: Terminal, call: Invocation) -> int:
    """Show the details of containers or images, whichever has the name."""
    kind = str(call.options["type"])
    finders = {"container": [_containers(terminal, call)], "image": [_images(terminal)]}
    if kind and kind not in finders:
        return _unknown_kind(terminal, kind)
    every = finders["container"] + finders["image"]
    return _inspect(terminal, call, finders.get(kind, every), kind or "object")


def _unknown_kind(terminal: Terminal, kind: str) -> int:
    kinds = ("network", "volume", "plugin", "node", "service", "task", "secret", "config")
    if kind in kinds:
        terminal.err(f"labkit: labkit has no {kind}s; the real one would show one's details.\n")
    else:
        terminal.err(f'"{kind}" is not a valid value for --type\n')
    return 1


def _images(terminal: Terminal) -> Find:
    def find(name: str) -> tuple[Any, dict[str, Any]]:
        document = image_document(terminal.engine, find_image(terminal.engine, name))
        return image_inspect(document), document

    return find


def _containers(terminal: Terminal, call: Invocation) -> Find:
    def find(name: str) -> tuple[Any, dict[str, Any]]:
        found = find_container(terminal.engine, name)
        document = container_document(terminal.engine, found, size=bool(call.options.get("size")))
        return document, document

    return find


def _inspect(terminal: Terminal, call: Invocation, finders: Sequence[Find], kind: str) -> int:
    """Print every element that is found, then an error for each that is not."""
    form = str(call.options["format"])
    try:
        template = parse_template(form) if form else None
    except TemplateError as error:
        terminal.err(f"Template parsing error: {error}\n".replace("Template parsing", "template parsing"))
        return 64
    found, errors = [], []
    for name in call.args:
        for find in finders:
            try:
                found.append(find(name))
                break
            except DaemonError:
                continue
        else:
            errors.append(f"Error: No such {kind}: {name}")
    failed = _print(terminal, template, found)
    if failed:
        errors.insert(0, failed)
    if errors:
        terminal.err("\n".join(errors) + "\n")
    return 1 if errors else 0


def _print(terminal: Terminal, template: Template | None, found: list[tuple[Any, dict[str, Any]]]) -> str:
    """Print elements as JSON or through a template; return the template's error, or ""."""
    if template is None:
        documents = [document for _, document in found]
        terminal.out(go_json(documents, 4) + "\n")
        return ""
    text = ""
    try:
        for element, _ in found:
            text += inspect_element(template, element)
    except TemplateError as error:
        terminal.out(text + "\n")
        return str(error)
    terminal.out(text)
    return ""
