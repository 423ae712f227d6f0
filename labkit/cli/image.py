"""`docker images`, `history`, `tag` and `rmi`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from labkit.base.errors import DaemonError, InvalidReference, LabkitError, NotFound, retold
from labkit.cli.filters import filters, has_labels
from labkit.cli.formats import Table, ellipsis
from labkit.cli.table import Invocation
from labkit.cli.terminal import Terminal
from labkit.engine import images
from labkit.engine.engine import Engine
from labkit.go import path as go_path
from labkit.go.moment import SECOND, parse_time, rfc3339
from labkit.go.units import ago, go_time, human_size
from labkit.oci.digest import short
from labkit.oci.image import Image, Step
from labkit.oci.reference import Reference, parse_reference

NONE = "<none>"


class Line(NamedTuple):
    """An image under one of its names."""

    engine: Engine
    image: Image
    repository: str
    tag: str
    digest: str
    full: bool

    @property
    def created(self) -> int:
        return parse_time(self.image.config.created)


TABLE: Table[Line] = Table(
    lambda _: "*formatter.imageContext",
    {
        "ID": ("IMAGE ID", lambda line: line.image.id if line.full else short(line.image.id)),
        "Repository": ("REPOSITORY", lambda line: line.repository),
        "Tag": ("TAG", lambda line: line.tag),
        "Digest": ("DIGEST", lambda line: line.digest),
        "CreatedSince": ("CREATED", lambda line: ago(line.created, line.engine.now)),
        "CreatedAt": ("CREATED AT", lambda line: go_time(line.created // SECOND * SECOND)),
        "Size": ("SIZE", lambda line: human_size(line.image.size)),
        "Containers": ("CONTAINERS", lambda _: "N/A"),
        "VirtualSize": ("SIZE", lambda line: human_size(line.image.size, 4)),
        "SharedSize": ("SHARED SIZE", lambda _: "N/A"),
        "UniqueSize": ("UNIQUE SIZE", lambda _: "N/A"),
    },
)
_FILTERS = ("dangling", "label", "before", "since", "reference")


def ls(terminal: Terminal, call: Invocation) -> int:
    """List images, as `docker images`."""
    engine = terminal.engine
    quiet, digests, full = (bool(call.options[name]) for name in ("quiet", "digests", "no-trunc"))
    form = str(call.options["format"])
    with_digests = digests or "{{.Digest}}" in form
    lines = [
        Line(engine, image, *names_of_line, full)
        for image, names in _filtered(engine, call)
        for names_of_line in name_lines(names, with_digests)
    ]
    columns = ["Repository", "Tag", *(["Digest"] if digests else []), "ID", "CreatedSince", "Size"]
    terminal.out(TABLE.shown(form, lines, columns, quiet="ID" if quiet else ""))
    return 0


def _filtered(engine: Engine, call: Invocation) -> list[tuple[Image, list[Reference]]]:
    """Return the images to list, each with those of its names that the pattern and filters leave."""
    wanted = filters(call.strings("filter"), _FILTERS)
    patterns = wanted["reference"] + [each for each in call.args if each]
    dangling = (wanted["dangling"] or [""])[0].lower()
    if dangling not in ("", "true", "false", "1", "0"):
        raise DaemonError(f"Invalid filter 'dangling=[{dangling}]'")
    found = []
    for image in images.listed_images(engine, everything=bool(call.options["all"])):
        names = images.references(engine, image.id)
        if patterns:
            names = [name for name in names if any(_matches(name, pattern) for pattern in patterns)]
            if not names:
                continue
        if dangling and (dangling in ("true", "1")) == any(name.tag for name in names):
            continue
        if has_labels(image.config.config.get("Labels") or {}, wanted) and _in_time(engine, image, wanted):
            found.append((image, names))
    return found


def _matches(name: Reference, pattern: str) -> bool:
    """Tell whether a name matches a pattern, as distribution/reference's FamiliarMatch."""
    return any(map(go_path.pattern(pattern).fullmatch, (name.familiar_name, name.familiar)))


def _in_time(engine: Engine, image: Image, wanted: dict[str, list[str]]) -> bool:
    def created(name: str) -> int:
        return parse_time(images.find_image(engine, name).config.created)

    own = parse_time(image.config.created)
    before, since = (map(created, wanted[name]) for name in ("before", "since"))
    return all(own < each for each in before) and all(own > each for each in since)


def name_lines(names: list[Reference], with_digests: bool) -> Iterator[tuple[str, str, str]]:
    """Yield repository, tag and digest: one for each tag, or each tag and digest of a repository."""
    tags: dict[str, list[str]] = {}
    digests: dict[str, list[str]] = {}
    for name in names:
        (digests if name.digest else tags).setdefault(name.familiar_name, []).append(name.digest or name.tag)
    if not names:
        yield NONE, NONE, NONE
    for repository, own in tags.items():
        known = digests.get(repository, []) if with_digests else []
        for tag in own:
            for digest in known or [NONE]:
                yield repository, tag, digest
    for repository in digests.keys() - tags.keys():
        for digest in digests[repository] if with_digests else [NONE]:
            yield repository, NONE, digest


class _Step(NamedTuple):
    """A line of an image's history; `known` is its image's ID, or ""."""

    engine: Engine
    step: Step
    known: str
    human: bool
    full: bool

    @property
    def created(self) -> int:
        return parse_time(self.step.entry.created)

    def since(self) -> str:
        return ago(self.created, self.engine.now) if self.human else rfc3339(self.created)

    def command(self) -> str:
        command = self.step.entry.created_by.replace("\t", " ")
        return command if self.full else ellipsis(command, 45)


_HISTORY: Table[_Step] = Table(
    lambda _: "*image.historyContext",
    {
        "ID": ("IMAGE", lambda line: (line.known if line.full else short(line.known)) or "<missing>"),
        "CreatedSince": ("CREATED", _Step.since),
        "CreatedAt": ("CREATED AT", lambda line: rfc3339(line.created)),
        "CreatedBy": ("CREATED BY", _Step.command),
        "Size": ("SIZE", lambda line: human_size(line.step.size) if line.human else str(line.step.size)),
        "Comment": ("COMMENT", lambda line: line.step.entry.comment),
    },
)


def history(terminal: Terminal, call: Invocation) -> int:
    """Show an image's history, newest step first."""
    engine = terminal.engine
    if not call.args[0]:
        raise DaemonError("page not found")
    image = images.find_image(engine, call.args[0])
    quiet, human, full = (bool(call.options[name]) for name in ("quiet", "human", "no-trunc"))
    lines, known = [], image.id
    for step in reversed(image.history):
        lines.append(_Step(engine, step, known, human, full))
        known = engine.state.parents.get(known, "")
    columns = ["ID", "CreatedSince" if human else "CreatedAt", "CreatedBy", "Size", "Comment"]
    form = "" if quiet else str(call.options["format"])
    terminal.out(_HISTORY.shown(form, lines, columns, quiet="ID" if quiet else ""))
    return 0


def tag(terminal: Terminal, call: Invocation) -> int:
    """Give an image another name."""
    source, target = call.args
    shown = target if source else ""
    wrong = f'Error parsing reference: "{shown}" is not a valid repository/tag: '
    with retold(LabkitError, InvalidReference, start=wrong):
        reference = parse_reference(shown)
    if reference.digest:
        raise LabkitError("refusing to create a tag with a digest reference")
    images.tag(terminal.engine, source, target)
    return 0


def rm(terminal: Terminal, call: Invocation) -> int:
    """Remove names and images."""
    force, prune = bool(call.options["force"]), not call.options["no-prune"]

    def one(name: str) -> str:
        try:
            if not name:
                raise NotFound
            removed = images.remove_image(terminal.engine, name, force=force, prune=prune)
        except NotFound:
            missing = NotFound.of("image", name)
            raise LabkitError(f"Error: {missing}") from missing
        return "".join(f"{each.kind}: {each.name}\n" for each in removed)

    errors = terminal.for_each(call.args, one)
    fatal = any(isinstance(each, DaemonError) for each in errors)
    return 1 if errors and (fatal or not force) else 0
