"""What a container sees: its image and its own changes at the root, and what the engine mounts into it.

/dev, /proc and /sys are small file systems of their own, /etc/hostname, /etc/hosts and /etc/resolv.conf
are files of the engine's, and volumes are places of their own. Nothing written there reaches the
container's layer.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import replace

from labkit.engine.engine import Engine
from labkit.engine.state import Container
from labkit.oci.content import Content
from labkit.oci.tree import EMPTY_ROOT, Device, Dir, File, Meta, Symlink, split_path
from labkit.storage.driver import MountedTree
from labkit.storage.mounts import MountTable
from labkit.storage.overlay import Mount
from labkit.storage.posix import Cost, fail, meta_of, with_meta

_RW_ALL = Meta(0o666)
_STICKY = Meta(0o1777)
_DEV = Dir(
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
_HOSTS = (
    "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\n"
    "ff00::0\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n"
)


def container_mounts(engine: Engine, container: Container, now: Callable[[], int]) -> MountTable:
    """Return the file systems of a container as its processes see them; `now` gives their clock.

    The table's `active` is the container's read-write layer.
    """
    begun = container.started or container.created
    own = {
        "/dev": Mount(EMPTY_ROOT, _made_at(_DEV, begun), now),
        "/proc": _Proc(EMPTY_ROOT, _made_at(_proc(), begun), now),
        "/sys": Mount(EMPTY_ROOT, _made_at(_SYS, begun), now, read_only=True),
    }
    return _table(engine, container, now, own, named=begun)


def _made_at(root: Dir, moment: int) -> Dir:
    """Return a file system of the kernel's as it is when a container starts: all of it is made then."""
    children = {
        name: _made_at(node, moment)
        if isinstance(node, Dir)
        else with_meta(node, replace(meta_of(node), mtime=moment))
        for name, node in root.children.items()
    }
    return Dir(children, replace(root.meta, mtime=moment))


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
    for each in container.volumes:
        if not root.exists(each.destination):
            make_directories(root, each.destination)
        kept = engine.state.volumes[each.name].files
        volumes[each.destination] = Mount(EMPTY_ROOT, kept, now, read_only=each.read_only)
    root.read_only = read_only
    table: dict[str, Mount | tuple[Mount, str]] = {**own, **volumes}
    if named:
        hostname = container.options.hostname or container.id[:12]
        in_hosts = "" if container.options.network == "none" else hostname
        files = Mount(_engine_files(hostname, in_hosts, named), clock=now, read_only=read_only)
        table |= {f"/etc/{name}": (files, f"/{name}") for name in ("hostname", "hosts", "resolv.conf")}
    return MountTable(root, table)


def make_directories(files: MountedTree | MountTable, path: str) -> list[str]:
    """Make a directory and those above it where they are missing; return the paths that were made.

    >>> make_directories(home_mounts(EMPTY_ROOT, lambda: 0), "/srv/./data")
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
    return replace(container, active=files.active, whiteout=files.root_mount.whiteout)


class _Proc(Mount):
    """What the kernel tells of processes, where nothing can be made (proc(5))."""

    __slots__ = ()

    def _counted(self, change: Callable[[], int]) -> Cost:
        fail(errno.ENOENT, "")


def _engine_files(hostname: str, named: str, mtime: int) -> Dir:
    """Return the files; a container on a network finds its own name in /etc/hosts."""
    hosts = _HOSTS + (f"172.17.0.2\t{named}\n" if named else "")
    texts = {"hostname": f"{hostname}\n", "hosts": hosts, "resolv.conf": "nameserver 127.0.0.11\n"}
    return Dir({name: File(Content.of(text.encode()), Meta(mtime=mtime)) for name, text in texts.items()})


def _proc() -> Dir:
    mounts = (
        "overlay / overlay rw,relatime 0 0\n"
        "proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\n"
        "tmpfs /dev tmpfs rw,nosuid,size=65536k,mode=755 0 0\n"
        "sysfs /sys sysfs ro,nosuid,nodev,noexec,relatime 0 0\n"
    )
    read_only = Meta(0o444)
    return Dir(
        {
            "mounts": File(Content.of(mounts.encode()), read_only),
            "self": Dir({"fd": Dir(meta=Meta(0o500))}, Meta(0o555)),
            "version": File(Content.of(b"Linux version 6.1.0\n"), read_only),
        },
        Meta(0o555),
    )


def home_mounts(files: Dir, now: Callable[[], int]) -> MountTable:
    """Return the pretend machine on which commands are typed; `files` is what was written there so far."""
    return MountTable(Mount(_MACHINE, files, now), {"/dev": Mount(_DEV, clock=now)})


_WELCOME = b"""This is your pretend home. What you write here stays in the lab.
Try: docker pull nginx, docker images, docker image history nginx
"""
_MACHINE = Dir(
    {
        "dev": Dir(),
        "etc": Dir(
            {
                "group": File(Content.of(b"root:x:0:\nlearner:x:1000:\n")),
                "hostname": File(Content.of(b"lab\n")),
                "passwd": File(
                    Content.of(b"root:x:0:0:root:/root:/bin/sh\nlearner:x:1000:1000::/home/learner:/bin/sh\n")
                ),
            }
        ),
        "home": Dir(
            {
                "learner": Dir(
                    {"README.txt": File(Content.of(_WELCOME), Meta(0o644, 1000, 1000))},
                    Meta(0o755, 1000, 1000),
                )
            }
        ),
        "tmp": Dir(meta=_STICKY),
    }
)
