"""`docker inspect`, and `inspect` of images, containers and volumes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from labkit.base.errors import DaemonError, NotFound
from labkit.cli.documents import container_document, container_inspect, image_document, image_inspect
from labkit.cli.table import Invocation
from labkit.cli.terminal import Terminal
from labkit.cli.volume import volume_struct
from labkit.engine.container import find_container
from labkit.engine.images import find_image
from labkit.go.template import PARSING_ERROR, TemplateError, inspect_element, parse_template
from labkit.go.values import Struct, go_json

Find = Callable[[str], Struct]


def image(terminal: Terminal, call: Invocation) -> int:
    """Show images' details."""
    return _inspect(terminal, call, [_images(terminal)], "image")


def container(terminal: Terminal, call: Invocation) -> int:
    """Show containers' details."""
    return _inspect(terminal, call, [_containers(terminal, call)], "container")


def volume(terminal: Terminal, call: Invocation) -> int:
    """Show volumes' details."""
    return _inspect(terminal, call, [_volumes(terminal)], "volume")


def anything(terminal: Terminal, call: Invocation) -> int:
    """Show the details of containers or images, whichever has the name."""
    kind = str(call.options["type"])
    finders = {
        "container": [_containers(terminal, call)],
        "image": [_images(terminal)],
        "volume": [_volumes(terminal)],
    }
    if kind and kind not in finders:
        return _unknown_kind(terminal, kind)
    every = [find for each in finders.values() for find in each]
    return _inspect(terminal, call, finders.get(kind, every), kind or "object")


def _unknown_kind(terminal: Terminal, kind: str) -> int:
    kinds = ("network", "plugin", "node", "service", "task", "secret", "config")
    if kind in kinds:
        terminal.err(f"labkit: --type {kind} is not simulated; it would show a {kind}'s details\n")
    else:
        terminal.err(f'"{kind}" is not a valid value for --type\n')
    return 1


def _images(terminal: Terminal) -> Find:
    def find(name: str) -> Struct:
        return image_inspect(image_document(terminal.engine, find_image(terminal.engine, name)))

    return find


def _volumes(terminal: Terminal) -> Find:
    return lambda name: volume_struct(terminal.engine, name)


def _containers(terminal: Terminal, call: Invocation) -> Find:
    def find(name: str) -> Struct:
        found = find_container(terminal.engine, name)
        size = bool(call.options.get("size"))
        return container_inspect(container_document(terminal.engine, found, size=size))

    return find


def _inspect(terminal: Terminal, call: Invocation, finders: Sequence[Find], kind: str) -> int:
    """Print every element that is found, as JSON or through a template, then what went wrong, in order."""
    form = str(call.options["format"])
    try:
        template = parse_template(form) if form else None
    except TemplateError as error:
        terminal.err(f"{error.prefixed(PARSING_ERROR)}\n")
        return 64
    found, text, errors = [], "", []
    for name in call.args:
        element = _first(finders, name)
        if element is None:
            missing = _missing(finders, kind, name)
            terminal.errors.append(missing)
            errors.append(
                f"Error{'' if isinstance(missing, NotFound) else ' response from daemon'}: {missing}"
            )
            continue
        found.append(element)
        try:
            text += inspect_element(template, element) if template else ""
        except TemplateError as error:
            errors.append(str(error))
    terminal.out((text or "\n") if template else go_json(found, 4, sort_maps=True) + "\n")
    if errors:
        terminal.err("\n".join(errors) + "\n")
    return 1 if errors else 0


def _missing(finders: Sequence[Find], kind: str, name: str) -> DaemonError:
    """Return what is said where nothing was found: of an image's name that is none, the daemon says why."""
    try:
        if kind == "image":
            finders[0](name)
    except NotFound:
        pass
    except DaemonError as error:
        wrong = DaemonError(f"no such image: {name}: {error}")
        wrong.__cause__ = error
        return wrong
    return NotFound.of(kind, name)


def _first(finders: Sequence[Find], name: str) -> Struct | None:
    for find in finders:
        with suppress(DaemonError):
            return find(name)
    return None


HANDLERS = {
    "inspect": anything,
    "image inspect": image,
    "container inspect": container,
    "volume inspect": volume,
}
