"""`docker system df`, `docker info` and `docker version`."""

from __future__ import annotations

from labkit.cli import image
from labkit.cli.container import list as ps
from labkit.cli.documents import engine_document, typed_struct, version_document
from labkit.cli.formats import Table, tabwriter
from labkit.cli.table import WORDS, Invocation, UsageError
from labkit.cli.terminal import Terminal
from labkit.engine import container as containers
from labkit.engine import images, usage, volumes
from labkit.engine.usage import Usage
from labkit.go.template import PARSING_ERROR, TemplateError, parse_template
from labkit.go.units import human_size
from labkit.go.values import Struct

_TABLE: Table[tuple[str, str, Usage]] = Table(
    lambda line: f"*formatter.diskUsage{line[0]}Context",
    {
        "Type": ("TYPE", lambda line: line[1]),
        "TotalCount": ("TOTAL", lambda line: str(line[2].total)),
        "Active": ("ACTIVE", lambda line: str(line[2].active)),
        "Size": ("SIZE", lambda line: human_size(line[2].size, 4)),
        "Reclaimable": ("RECLAIMABLE", lambda line: _reclaimable(line[2])),
    },
)


def df(terminal: Terminal, call: Invocation) -> int:
    """Show what the cache takes on disk."""
    if call.options["verbose"]:
        return _verbose(terminal)
    lines = [
        ("Images", "Images", usage.image_usage(terminal.engine)),
        ("Containers", "Containers", usage.container_usage(terminal.engine)),
        ("Volumes", "Local Volumes", usage.volume_usage(terminal.engine)),
        ("Builder", "Build Cache", Usage(0, 0, 0, 0)),
    ]
    terminal.out(_TABLE.shown(str(call.options["format"]), lines, list(_TABLE.columns)))
    return 0


def _reclaimable(found: Usage) -> str:
    percent = f" ({found.reclaimable * 100 // found.size}%)" if found.size else ""
    return human_size(found.reclaimable, 4) + percent


def _shared(line: image.Line) -> int:
    return usage.shared_size(line.engine, line.image)


_IMAGES: Table[image.Line] = Table(
    image.TABLE.go_type,
    {
        **image.TABLE.columns,
        "SharedSize": ("SHARED SIZE", lambda line: human_size(_shared(line), 4)),
        "UniqueSize": ("UNIQUE SIZE", lambda line: human_size(line.image.size - _shared(line), 4)),
        "Containers": ("CONTAINERS", lambda line: len(images.containers_of(line.engine, line.image.id))),
    },
)
_CONTAINERS: Table[ps.Line] = Table(
    ps.TABLE.go_type,
    {**ps.TABLE.columns, "Size": ("SIZE", lambda line: human_size(containers.size_rw(line.container)))},
)


def _verbose(terminal: Terminal) -> int:
    engine, found = terminal.engine, []
    for each in images.listed_images(engine):
        tags = [name for name in images.references(engine, each.id) if name.tag]
        found.append(image.Line(engine, each, *next(image.name_lines(tags, False)), False))
    columns = "Repository Tag ID CreatedSince VirtualSize SharedSize UniqueSize Containers".split()
    terminal.out("Images space usage:\n\n" + _IMAGES.shown("", found, columns))
    boxes = [ps.Line(engine, each, False) for each in containers.listed_containers(engine, everything=True)]
    columns = "ID Image Command LocalVolumes Size RunningFor Status Names".split()
    terminal.out("\nContainers space usage:\n\n" + _CONTAINERS.shown("", boxes, columns))
    rows = [("VOLUME NAME", "LINKS", "SIZE")]
    for name, volume in sorted(engine.state.volumes.items()):
        links = len(volumes.users(engine.state, name))
        rows.append((name, str(links), human_size(volumes.size([volume]), 4)))
    terminal.out(f"\nLocal Volumes space usage:\n\n{tabwriter(rows)}\nBuild cache usage: 0B\n\n")
    terminal.out(tabwriter([("CACHE ID", "CACHE TYPE", "SIZE", "CREATED", "LAST USED", "USAGE", "SHARED")]))
    return 0


def info(terminal: Terminal, call: Invocation) -> int:
    """Show the engine, above all its storage driver."""
    document = typed_struct("system.info", engine_document(terminal.engine))
    return _formatted(terminal, str(call.options["format"]) or WORDS["templates"]["info"], document, "")


def version(terminal: Terminal, call: Invocation) -> int:
    """Show the versions of client and engine."""
    document = typed_struct("system.versionInfo", version_document(terminal.engine))
    form = str(call.options["format"]) or WORDS["templates"]["version"]
    return _formatted(terminal, form, document, "version")


def _formatted(terminal: Terminal, form: str, value: Struct, name: str) -> int:
    """Print a value through a template; docker calls `version`'s template by the command's name."""
    try:
        template = parse_template(form, name)
    except TemplateError as error:
        raise UsageError(f"{error.prefixed(PARSING_ERROR)}\n", 64) from None
    try:
        terminal.out(template.execute(value) + "\n")
    except TemplateError:
        terminal.out("\n")
        raise
    return 0
