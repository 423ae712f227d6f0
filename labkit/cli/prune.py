"""`docker container prune`, `image prune`, `volume prune`, `builder prune` and `system prune`.

Of the build cache nothing goes, as the classic builder's is the images themselves; its filter is read alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from labkit.base.errors import DaemonError, LabkitError
from labkit.cli.filters import filters, has_labels
from labkit.cli.table import Invocation
from labkit.cli.terminal import Terminal
from labkit.engine import container as containers
from labkit.engine import images, volumes
from labkit.engine.container import container_config
from labkit.engine.engine import Engine
from labkit.go.moment import duration, moment_of, parse_time, wrong_duration
from labkit.go.quote import go_quote
from labkit.go.units import human_size
from labkit.oci.image import Image

_Remove = Callable[[Engine, Sequence[str]], tuple[str, int]]
_NOTHING = "Total reclaimed space: 0B\n"
_IMAGES = {
    False: "all dangling images",
    True: "all images without at least one container associated to them",
}


def container(terminal: Terminal, call: Invocation) -> int:
    """Remove all containers that do not run."""
    return _prune(terminal, call, "This will remove all stopped containers.\n", [_containers])


def image(terminal: Terminal, call: Invocation) -> int:
    """Remove dangling images, or all that no container uses."""
    everything = bool(call.options["all"])
    remove = partial(_images, everything=everything)
    return _prune(terminal, call, f"This will remove {_IMAGES[everything]}.\n", [remove])


def volume(terminal: Terminal, call: Invocation) -> int:
    """Remove the volumes that no container has."""
    warning = "This will remove all local volumes not used by at least one container.\n"
    return _prune(terminal, call, warning, [_volumes])


def builder(terminal: Terminal, call: Invocation) -> int:
    """Remove the build cache: there is none beside the images."""
    what = "all" if call.options["all"] else "all dangling"
    return _prune(terminal, call, f"This will remove {what} build cache. ", [_cache])


def system(terminal: Terminal, call: Invocation) -> int:
    """Remove stopped containers, dangling images and, if asked, all unused images and volumes."""
    everything, with_volumes = bool(call.options["all"]), bool(call.options["volumes"])
    given = sorted(set(call.strings("filter")))
    if with_volumes and any(each.startswith("until=") for each in given):
        raise LabkitError('ERROR: The "until" filter is not supported with "--volumes"')
    unused = ["networks", *(["volumes"] if with_volumes else [])]
    lines = [
        "all stopped containers",
        *(f"all {each} not used by at least one container" for each in unused),
        _IMAGES[everything],
        "all build cache" if everything else "all dangling build cache",
    ]
    warning = "\n  - ".join(["This will remove:", *lines]) + "\n\n"
    if given:
        warning += "\n  - ".join(["  Items to be pruned will be filtered with:", *given]) + "\n\n"
    kinds: list[_Remove] = [_containers, _volumes] if with_volumes else [_containers]
    kinds += [partial(_images, everything=everything), _cache]
    return _prune(terminal, call, warning, kinds, otherwise="")


def _prune(
    terminal: Terminal, call: Invocation, warning: str, kinds: Sequence[_Remove], otherwise: str = _NOTHING
) -> int:
    """Ask at the terminal, remove, and say what went and how many bytes that freed."""
    if not call.options["force"]:
        terminal.out(f"WARNING! {warning}Are you sure you want to continue? [y/N] ")
        if terminal.line().strip().lower() != b"y":
            terminal.out(otherwise)
            return 0
    freed = 0
    for remove in kinds:
        text, size = remove(terminal.engine, call.strings("filter"))
        terminal.out(text)
        freed += size
    terminal.out(f"Total reclaimed space: {human_size(freed, 4)}\n")
    return 0


def _matching(engine: Engine, wanted: Mapping[str, list[str]]) -> Callable[[int, Mapping[str, str]], bool]:
    """Return what tells whether a thing of a moment and with labels may go; raises DaemonError."""
    before = None
    if until := set(wanted["until"]):
        if len(until) > 1:
            raise DaemonError("more than one until filter specified")
        before = moment_of(text := until.pop(), engine.now)
        if before is None and "-" in text:
            raise LabkitError(f"labkit: {go_quote(text)} is no time: write 24h, 2019-03-26 or 2019-03-26T23")
        if before is None:
            raise DaemonError(f"failed to parse value as time or duration: {go_quote(text)}")
    return lambda created, labels: (before is None or created <= before) and has_labels(labels, wanted)


def _containers(engine: Engine, given: Sequence[str]) -> tuple[str, int]:
    matches = _matching(engine, filters(given, ("label", "label!", "until")))
    stopped = [
        each
        for each in containers.listed_containers(engine, everything=True)
        if not each.running and matches(each.created, container_config(each)["Labels"])
    ]
    freed = sum(containers.size_rw(each) for each in stopped)
    for each in stopped:
        containers.remove(engine, each.id)
    return _deleted("Containers", [each.id for each in stopped]), freed


def _images(engine: Engine, given: Sequence[str], *, everything: bool) -> tuple[str, int]:
    wanted = filters(given, ("dangling", "label", "label!", "until"))
    matching = _matching(engine, wanted)

    def matches(image: Image) -> bool:
        return matching(parse_time(image.config.created), image.config.config.get("Labels") or {})

    everything = everything or not {"false", "0"}.isdisjoint(wanted["dangling"])
    removed, freed = images.prune_images(engine, everything=everything, matches=matches)
    return _deleted("Images", [f"{each.kind.lower()}: {each.name}" for each in removed]), freed


def _volumes(engine: Engine, given: Sequence[str]) -> tuple[str, int]:
    wanted = filters(given, ("label", "label!"))
    unused = [each for each in volumes.unused(engine) if has_labels(dict(each.labels or ()), wanted)]
    for each in unused:
        volumes.remove(engine, each.name)
    return _deleted("Volumes", [each.name for each in unused]), volumes.size(unused)


def _cache(engine: Engine, given: Sequence[str]) -> tuple[str, int]:
    for name, _, text in (each.partition("=") for each in given):
        if name == "until" and duration(text) is None:
            wrong = f"\"until\" filter expects a duration (e.g., '24h'): {wrong_duration(text)}"
            raise DaemonError(f"failed to prune build cache: {wrong}")
    return "", 0


def _deleted(kind: str, names: Sequence[str]) -> str:
    return "\n".join([f"Deleted {kind}:", *names, "", ""]) if names else ""
