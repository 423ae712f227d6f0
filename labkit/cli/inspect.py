"""`docker inspect`, and `inspect` of images, containers and volumes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from labkit.base.errors import DaemonError, LabkitError, NotFound, NotSimulated
from labkit.cli.documents import container_document, image_struct, typed_struct, volume_struct
from labkit.cli.table import Invocation, UsageError
from labkit.cli.terminal import Terminal
from labkit.engine.container import find_container
from labkit.go.template import PARSING_ERROR, TemplateError, inspect_element, parse_template
from labkit.go.values import Struct, go_json

Find = Callable[[str], Struct]
_ELSEWHERE = ("network", "plugin", "node", "service", "task", "secret", "config")


def _finders(terminal: Terminal, call: Invocation) -> dict[str, Find]:
    engine, size = terminal.engine, bool(call.options.get("size"))

    def container(name: str) -> Struct:
        document = container_document(engine, find_container(engine, name), size=size)
        return typed_struct("types.ContainerJSON", document)

    return {
        "container": container,
        "image": lambda name: image_struct(engine, name),
        "volume": lambda name: volume_struct(engine, name),
    }


def anything(terminal: Terminal, call: Invocation) -> int:
    """Show the details of containers, images or volumes, whichever has the name."""
    kind, finders = str(call.options["type"]), _finders(terminal, call)
    if kind in _ELSEWHERE:
        raise NotSimulated(f"labkit: --type {kind} is not simulated; it would show a {kind}'s details")
    if kind and kind not in finders:
        raise LabkitError(f'"{kind}" is not a valid value for --type')
    return _inspect(terminal, call, [finders[kind]] if kind else list(finders.values()), kind or "object")


def _of_kind(kind: str) -> Callable[[Terminal, Invocation], int]:
    return lambda terminal, call: _inspect(terminal, call, [_finders(terminal, call)[kind]], kind)


image, container, volume = map(_of_kind, ("image", "container", "volume"))


def _inspect(terminal: Terminal, call: Invocation, finders: Sequence[Find], kind: str) -> int:
    """Print every element that is found, as JSON or through a template, then what went wrong, in order."""
    form = str(call.options["format"])
    try:
        template = parse_template(form) if form else None
    except TemplateError as error:
        raise UsageError(f"{error.prefixed(PARSING_ERROR)}\n", 64) from None
    found, text, errors = [], "", []
    for name in call.args:
        try:
            element = _element(finders, kind, name)
        except DaemonError as error:
            terminal.errors.append(error)
            errors.append(f"Error{'' if isinstance(error, NotFound) else ' response from daemon'}: {error}")
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


def _element(finders: Sequence[Find], kind: str, name: str) -> Struct:
    """Return what has a name; raises NotFound, or what the daemon says of an image's name that is none."""
    for find in finders:
        try:
            return find(name)
        except NotFound:
            continue
        except DaemonError as error:
            if kind == "image":
                raise DaemonError(f"no such image: {name}: {error}") from error
    raise NotFound.of(kind, name)
