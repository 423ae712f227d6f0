"""`docker inspect`, and `inspect` of images, containers and volumes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from labkit.base.errors import DaemonError, LabkitError, NotFound, NotSimulated
from labkit.cli.documents import container_document, image_document, image_inspect, typed_struct
from labkit.cli.table import Invocation
from labkit.cli.terminal import Terminal
from labkit.cli.volume import volume_struct
from labkit.engine.container import find_container
from labkit.engine.images import find_image
from labkit.go.template import PARSING_ERROR, TemplateError, inspect_element, parse_template
from labkit.go.values import Struct, go_json

_ELSEWHERE = ("network", "plugin", "node", "service", "task", "secret", "config")
Find = Callable[[str], Struct]


def _finders(terminal: Terminal, call: Invocation) -> dict[str, Find]:
    engine, size = terminal.engine, bool(call.options.get("size"))

    def container(name: str) -> Struct:
        document = container_document(engine, find_container(engine, name), size=size)
        return typed_struct("types.ContainerJSON", document)

    return {
        "container": container,
        "image": lambda name: image_inspect(image_document(engine, find_image(engine, name))),
        "volume": lambda name: volume_struct(engine, name),
    }


def _of_kind(kind: str) -> Callable[[Terminal, Invocation], int]:
    return lambda terminal, call: _inspect(terminal, call, [_finders(terminal, call)[kind]], kind)


image, container, volume = map(_of_kind, ("image", "container", "volume"))


def anything(terminal: Terminal, call: Invocation) -> int:
    """Show the details of containers, images or volumes, whichever has the name."""
    kind, finders = str(call.options["type"]), _finders(terminal, call)
    if kind in _ELSEWHERE:
        raise NotSimulated(f"labkit: --type {kind} is not simulated; it would show a {kind}'s details")
    if kind and kind not in finders:
        raise LabkitError(f'"{kind}" is not a valid value for --type')
    chosen = [finders[kind]] if kind else list(finders.values())
    return _inspect(terminal, call, chosen, kind or "object")


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
