"""`docker container prune`, `image prune`, `volume prune`, `builder prune` and `system prune`.

Of the build cache nothing goes: the classic builder's is the images themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from labkit.cli.table import Invocation
from labkit.cli.terminal import Terminal
from labkit.engine import container as containers
from labkit.engine import images, volumes
from labkit.engine.engine import Engine
from labkit.go.units import human_size

_Remove = Callable[[Engine], tuple[str, int]]
_NOTHING = "Total reclaimed space: 0B\n"
_IMAGES = {
    False: "all dangling images",
    True: "all images without at least one container associated to them",
}


def container(terminal: Terminal, call: Invocation) -> int:
    """Remove all containers that do not run."""
    return _prune(terminal, call, "This will remove all stopped containers.", [_containers])


def image(terminal: Terminal, call: Invocation) -> int:
    """Remove dangling images, or all that no container uses."""
    everything = bool(call.options["all"])
    remove = partial(_images, everything=everything)
    return _prune(terminal, call, f"This will remove {_IMAGES[everything]}.", [remove])


def volume(terminal: Terminal, call: Invocation) -> int:
    """Remove the volumes that no container has."""
    warning = "This will remove all local volumes not used by at least one container."
    return _prune(terminal, call, warning, [_volumes])


def builder(terminal: Terminal, call: Invocation) -> int:
    """Remove the build cache: there is none beside the images."""
    what = "all" if call.options["all"] else "all dangling"
    return _prune(terminal, call, f"This will remove {what} build cache.", [lambda _: ("", 0)])


def system(terminal: Terminal, call: Invocation) -> int:
    """Remove stopped containers, dangling images and, if asked, all unused images and volumes."""
    everything, with_volumes = bool(call.options["all"]), bool(call.options["volumes"])
    unused = ["networks", *(["volumes"] if with_volumes else [])]
    lines = [
        "all stopped containers",
        *(f"all {each} not used by at least one container" for each in unused),
        _IMAGES[everything],
        "all build cache" if everything else "all dangling build cache",
    ]
    warning = "\n  - ".join(["This will remove:", *lines]) + "\n"
    kinds: list[_Remove] = [_containers, _volumes] if with_volumes else [_containers]
    kinds.append(partial(_images, everything=everything))
    return _prune(terminal, call, warning, kinds, otherwise="")


def _prune(
    terminal: Terminal, call: Invocation, warning: str, kinds: Sequence[_Remove], otherwise: str = _NOTHING
) -> int:
    """Ask at the terminal, remove, and say what went and how many bytes that freed."""
    if not call.options["force"]:
        terminal.out(f"WARNING! {warning}\nAre you sure you want to continue? [y/N] ")
        if terminal.line().strip().lower() != b"y":
            terminal.out(otherwise)
            return 0
    texts, freed = zip(*(remove(terminal.engine) for remove in kinds), strict=True)
    terminal.out(f"{''.join(texts)}Total reclaimed space: {human_size(sum(freed), 4)}\n")
    return 0


def _containers(engine: Engine) -> tuple[str, int]:
    stopped = [each for each in containers.listed_containers(engine, everything=True) if not each.running]
    freed = sum(containers.size_rw(each) for each in stopped)
    for each in stopped:
        containers.remove(engine, each.id)
    return _deleted("Containers", [each.id for each in stopped]), freed


def _images(engine: Engine, *, everything: bool) -> tuple[str, int]:
    removed, freed = images.prune_images(engine, everything=everything)
    return _deleted("Images", [f"{each.kind.lower()}: {each.name}" for each in removed]), freed


def _volumes(engine: Engine) -> tuple[str, int]:
    unused = volumes.unused(engine)
    for each in unused:
        volumes.remove(engine, each.name)
    return _deleted("Volumes", [each.name for each in unused]), volumes.size(unused)


def _deleted(kind: str, names: Sequence[str]) -> str:
    return "\n".join([f"Deleted {kind}:", *names, "", ""]) if names else ""
