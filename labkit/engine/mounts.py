"""What a container sees: its image and its own changes at the root, and what the engine mounts into it.

/dev, /proc and /sys are small file systems of their own, /etc/hostname, /etc/hosts and /etc/resolv.conf
are files of the engine's, and volumes are places of their own. Nothing written there reaches the
container's layer.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable
from dataclasses import replace

from labkit.base.errors import DaemonError
from labkit.base.text import encode
from labkit.engine.engine import Engine, container_layers
from labkit.engine.state import TEXTS, Container, Options
from labkit.go import path as gopath
from labkit.oci.content import Content
from labkit.oci.tree import EMPTY_ROOT, Device, Dir, File, Meta, Symlink, split_path
from labkit.storage.mounts import MountTable
from labkit.storage.overlay import Mount
from labkit.storage.overlay2 import mount_options
from labkit.storage.plain import Made
from labkit.storage.posix import made_at, meta_of

_RW_ALL = Meta(0o666)
_STICKY = Meta(0o1777)
DEV = Dir(
    {
        "fd": Symlink("/proc/self/fd"),
        "full": Device("c", 1, 7, _RW_ALL),
        "mqueue": Dir(meta=_STICKY),
        "null": Device("c", 1, 3, _RW_ALL),
        "ptmx": Symlink("pts/ptmx"),
        "pts": Dir(),
        "random": Device("c", 1, 8, _RW_ALL),
        "shm": Dir(meta=_STICKY),
        "stderr": Symlink("/proc/self/fd/2"),
        "stdin": Symlink("/proc/self/fd/0"),
        "stdout": Symlink("/proc/self/fd/1"),
        "tty": Device("c", 5, 0, _RW_ALL),
        "urandom": Device("c", 1, 9, _RW_ALL),
        "zero": Device("c", 1, 5, _RW_ALL),
    }
)
_SYS = Dir(meta=Meta(0o555))


def container_mounts(engine: Engine, container: Container, now: Callable[[], int]) -> MountTable:
    """Return the file systems of a container as its processes see them; `now` gives their clock."""
    begun = container.started or container.created
    own = {
        "/dev": Mount(EMPTY_ROOT, made_at(DEV, begun), now),
        "/proc": proc(lambda: _mount_lines(engine, container), begun),
        "/sys": Mount(EMPTY_ROOT, made_at(_SYS, begun), now, read_only=True),
    }
    return _table(engine, container, now, own, named=begun)


def memory_mounts(options: Options) -> dict[str, str]:
    """Return the file systems in memory by their place, with the options that /proc/mounts shows.

    Raises DaemonError for an option that is none.

    >>> memory_mounts(Options(tmpfs=(("/run", "size=1m,exec"),)))
    {'/run': 'rw,nosuid,nodev,relatime,size=1024k'}
    """
    given = [
        *options.tmpfs,
        *((each.target, each.options) for each in options.mounts if each.kind == "tmpfs"),
    ]
    return {gopath.clean(path): _tmpfs_options(text) for path, text in given}


_SWITCHED = ("rw", "nosuid", "nodev", "noexec", "relatime")
_OTHER = {"ro": "rw", "suid": "nosuid", "dev": "nodev", "exec": "noexec", "noatime": "relatime"}
_NUMBER = re.compile(r"(\d+)([kmg]?)", re.ASCII | re.IGNORECASE)
_DATA = {"mode": "1777", "uid": "0", "gid": "0"}
_PAGE = 4096


def _tmpfs_options(text: str) -> str:
    """Return options as the kernel shows them (moby, pkg/mount; tmpfs(5))."""
    flags, data = dict(zip(_SWITCHED, _SWITCHED, strict=True)), {"size": "", "nr_inodes": "", **_DATA}
    for each in filter(None, text.split(",")):
        name, _, value = each.partition("=")
        number = _NUMBER.fullmatch(value)
        if each in _OTHER or each in _SWITCHED:
            flags[_OTHER.get(each, each)] = each
        elif name in data and number:
            amount = int(number[1]) * 1024 ** " kmg".index(number[2].lower() or " ")
            data[name] = f"{-(-amount // _PAGE) * 4}k" if name == "size" else str(amount)
        elif each != "defaults":
            raise DaemonError(f'invalid tmpfs option ["{each}"]')
    shown = [each for each in flags.values() if each not in ("suid", "dev", "exec")]
    shown += [f"{name}={value}" for name, value in data.items() if value != _DATA.get(name, "")]
    return ",".join(shown)


def _new_memory(root: Mount, path: str, options: str, made: int) -> Dir:
    """Return a new file system in memory: it takes the mode of the directory that it hides (runc)."""
    if root.exists(path):
        return Dir(meta=Meta(meta_of(root.stat(path).node).mode, mtime=made))
    mode = re.search(r"mode=([0-7]+)", options)
    return Dir(meta=Meta(int(mode[1], 8) if mode else 0o1777, mtime=made))


def daemon_mounts(engine: Engine, container: Container) -> MountTable:
    """Return a container's files as the daemon mounts them for `docker cp`: /dev is its layers' own.

    The engine's own files are there once the container was started.
    """
    return _table(engine, container, lambda: engine.now, {}, named=container.started)


def _table(
    engine: Engine, container: Container, now: Callable[[], int], own: dict[str, Mount], *, named: int
) -> MountTable:
    read_only = container.options.read_only
    root = engine.driver.mount(container.active, now)
    root.whiteout = container.whiteout if container.running else None
    volumes = {}
    for path, options in memory_mounts(container.options).items() if own else ():
        memory = container.memory.get(path) or _new_memory(root, path, options, named)
        own[path] = Mount(EMPTY_ROOT, memory, now, read_only=options.startswith("ro"))
        make_directories(root, path)
    for each in container.volumes:
        make_directories(root, each.destination)
        kept = engine.state.volumes[each.name].files
        volumes[each.destination] = Mount(EMPTY_ROOT, kept, now, read_only=each.read_only)
    root.read_only = read_only
    table: dict[str, Mount | tuple[Mount, str]] = {**own, **volumes}
    if named:
        files = Mount(engine_files(container, named), clock=now, read_only=read_only)
        table |= {f"/etc/{name}": (files, f"/{name}") for name in ("hostname", "hosts", "resolv.conf")}
    return MountTable(root, table)


def make_directories(files: Mount | MountTable, path: str) -> list[str]:
    """Make a directory and those above it where they are missing; return the paths that were made.

    >>> make_directories(MountTable(Mount(EMPTY_ROOT), {}), "/srv/./data")
    ['/srv', '/srv/data']
    """
    made, place = [], ""
    for name in split_path(path):
        place += f"/{name}"
        if not files.exists(place):
            files.mkdir(place)
            made.append(place)
    return made


def written(engine: Engine, container: Container, files: MountTable) -> Container:
    """Return a container with what was written to its files; what went to volumes is kept in the engine."""
    volumes = engine.state.volumes
    for each in container.volumes:
        kept = files.mounted(each.destination)
        if kept is not None and kept.upper is not volumes[each.name].files:
            volumes = volumes.set(each.name, replace(volumes[each.name], files=kept.upper))
    engine.change(volumes=volumes)
    mounts = {path: files.mounted(path) for path in memory_mounts(container.options)}
    memory = container.memory.update({path: mount.upper for path, mount in mounts.items() if mount})
    root = files.root_mount
    return replace(container, memory=memory, active=root.active, whiteout=root.whiteout)


def engine_files(container: Container, mtime: int) -> Dir:
    """Return the files; a container on a network finds its own name in /etc/hosts."""
    hostname = container.options.hostname or container.id[:12]
    hosts = TEXTS["hosts"] + (f"172.17.0.2\t{hostname}\n" if container.options.network != "none" else "")
    texts = {"hostname": f"{hostname}\n", "hosts": hosts, "resolv.conf": "nameserver 127.0.0.11\n"}
    return Dir({name: File(Content.of(text.encode()), Meta(mtime=mtime)) for name, text in texts.items()})


def proc(mounts: Callable[[], str], made: int = 0) -> Made:
    """Return what the kernel tells of processes and of mounts, where nothing can be made (proc(5))."""
    return Made(lambda: made_at(_proc(mounts()), made), errno.ENOENT)


def _proc(mounts: str) -> Dir:
    read_only = Meta(0o444)
    seen = File(Content.of(encode(mounts)), read_only)
    return Dir(
        {
            "mounts": Symlink("self/mounts"),
            "self": Dir({"fd": Dir(meta=Meta(0o500)), "mounts": seen}, Meta(0o555)),
            "version": File(Content.of(b"Linux version 6.1.0\n"), read_only),
        },
        Meta(0o555),
    )


DISK = "/dev/sda1"
"""The machine's disk, an ext4."""


def overlay_line(engine: Engine, container: Container, point: str, *, read_only: bool = False) -> str:
    """Return the line of /proc/mounts for a container's tree, where that is an overlay."""
    options = mount_options(engine.driver_home, container_layers(container))
    return f"overlay {point} overlay {'ro' if read_only else 'rw'},relatime,{options} 0 0\n"


def _mount_lines(engine: Engine, container: Container) -> str:
    """Return /proc/mounts of a container: what runc mounts, in its order (moby, daemon/oci_linux.go)."""
    read_only = container.options.read_only
    points = [("/", read_only), *((each.destination, each.read_only) for each in container.volumes)]
    memory = memory_mounts(container.options)
    points += [(path, False) for path in memory]
    points += [(f"/etc/{name}", read_only) for name in ("resolv.conf", "hostname", "hosts")]
    points.sort(key=lambda point: len(split_path(point[0])))
    first, *own = (
        f"tmpfs {point} tmpfs {memory[point]} 0 0\n"
        if point in memory
        else f"{DISK} {point} ext4 {'ro' if ro else 'rw'},relatime 0 0\n"
        for point, ro in points
    )
    if engine.overlay:
        first = overlay_line(engine, container, "/", read_only=read_only)
    return f"{first}{TEXTS['mounts before']}{''.join(own)}{TEXTS['mounts after']}"
