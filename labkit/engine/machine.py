"""The pretend machine: its disk, the engine's directory on it, and the overlays that are mounted by hand."""

from __future__ import annotations

import errno
import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from labkit.engine.data_root import data_root
from labkit.engine.engine import Engine
from labkit.engine.mounts import DEV, DISK, Proc, overlay_line, proc
from labkit.engine.state import Container
from labkit.oci import tree
from labkit.oci.changeset import apply
from labkit.oci.content import Content
from labkit.oci.tree import Dir, File, Meta, Whiteout, split_path
from labkit.storage.calls import walk
from labkit.storage.mounts import MountTable
from labkit.storage.overlay import Mount
from labkit.storage.plain import Made, Plain, Stacked, taken_up
from labkit.storage.posix import Names, Place, fail

MAX_STACKED = 2
"""How deep overlays may lie on overlays (Linux, fs.h, FILESYSTEM_MAX_STACK_DEPTH)."""
_SHOWN = {" ": "\\040", "\t": "\\011", "\n": "\\012", "\\": "\\134", "#": "\\043"}
_NO_CHANGE = re.compile(
    r"(index|metacopy|nfs_export|redirect_dir|userxattr)=off|xino=(off|auto)|volatile|default_permissions"
)
"""Options that leave the overlay as it is here."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """An overlay that somebody mounted.

    Of the lower directories those on the machine's own disk are named, others are the trees that they were:
    nothing changes them. `line` is its line in /proc/mounts, `whiteout` what its whiteouts are links to.
    """

    point: Names
    lowers: tuple[Names | Dir, ...]
    upper: Names | None
    line: str
    depth: int
    read_only: bool
    whiteout: Whiteout | None = None


class Machine(MountTable):
    """The files of the pretend machine; `disk` is what was written there so far.

    >>> machine = Machine(Engine(), MACHINE)
    >>> machine.listdir("/var/lib/docker")[:2], machine.read("/proc/mounts").split()[:3]
    (['buildkit', 'containers'], [b'/dev/sda1', b'/', b'ext4'])
    """

    __slots__ = ("_containers", "_disk", "_engine", "_fixed", "_stacked")

    def __init__(self, engine: Engine, disk: Dir, overlays: Iterable[Overlay] = ()) -> None:
        self._engine, self._disk = engine, Plain(disk, lambda: engine.now)
        clock = self._disk.clock
        fixed: dict[str, Mount | tuple[Mount, str]] = {
            "/dev": Plain(DEV, clock),
            "/proc": Proc(lambda: proc(self._lines()), object, clock),
            engine.data_root: Made(lambda: data_root(engine), lambda: engine.state, clock),
        }
        super().__init__(self._disk, fixed)
        self._fixed = self._mounts
        self._stacked = [(each, self._mount_of(each)) for each in overlays]
        self._arrange()

    @property
    def disk(self) -> Dir:
        """The machine's disk as it is now."""
        return self._disk.upper

    @property
    def overlays(self) -> tuple[Overlay, ...]:
        """What is mounted by hand, the last one last."""
        return tuple(replace(each, whiteout=mount.whiteout) for each, mount in self._stacked)

    def top(self) -> Place:
        """Return the place of the root; containers may have come and gone since somebody looked."""
        if self._engine.state.containers is not self._containers:
            self._arrange()
        return super().top()

    def mount(self, source: str, target: str, kind: str, options: str, cwd: str = "/") -> None:
        """Mount an overlay, as mount(2) does: raises FileSystemError, ENODEV for any other file system."""
        found, place = self._find(target)
        if kind != "overlay":
            fail(errno.ENODEV, target)
        asked = _Asked()
        for option in re.split(r"(?<!\\),", options):
            asked.take(self, option, cwd)
        asked.check(source)
        if asked.work is not None and asked.upper is not None:
            path, now = "/".join(asked.work), self._engine.now
            self._disk.upper = tree.put(self._disk.upper, f"{path}/work", Dir(meta=Meta(0, mtime=now)))
        overlay = asked.overlay(source, found.names)
        if type(place.node) is not Dir:
            fail(errno.ENOTDIR, target)
        self._stacked.append((overlay, self._mount_of(overlay)))
        self._arrange()

    def umount(self, path: str, cwd: str = "/") -> None:
        """Take away what was mounted last at a path, as umount(2) does."""
        names = self._find(path)[0].names
        if not self.is_mount_point(names):
            fail(errno.EINVAL, path)
        here = [each for each in self._stacked if each[0].point == names]
        inside = any(_within(each, names) and each != names for each in self._mounts)
        if not here or inside or _within(walk(self, cwd).names, names):
            fail(errno.EBUSY, path)
        self._stacked.remove(here[-1])
        self._arrange()

    def depth(self, place: Place) -> int:
        """Return how many overlays lie on each other in a file system."""
        if isinstance(place.tree, Plain):
            return 0
        return next((each.depth for each, mount in self._stacked if mount is place.tree), 1)

    def layer_at(self, names: Names, place: Place) -> Names | Dir:
        """Return a directory as a lower layer: its place, if it is on the disk, or its tree."""
        if place.tree is self._disk:
            return names
        if place.upper is None or place.lower is None or isinstance(place.tree, Plain):
            found = taken_up(place.node)
        else:
            found = apply(place.lower, place.upper) if isinstance(place.upper, Dir) else place.upper
        assert isinstance(found, Dir)
        return found

    def _arrange(self) -> None:
        """Mount what the engine mounts for running containers, and on top what was mounted by hand."""
        self._containers = self._engine.state.containers
        self._mounts = {**self._fixed}
        for each in self._running():
            clock, driver = self._disk.clock, self._engine.driver
            mount = driver.mount(each.active, clock, read_only=True)
            if isinstance(mount, Mount):
                self._mounts[tuple(split_path(self._engine.mount_point(each.id)))] = mount, ()
        self._mounts |= {each.point: (mount, ()) for each, mount in self._stacked}
        self._deepest = max(map(len, self._mounts))

    def _running(self) -> list[Container]:
        engine = self._engine
        if not engine.driver.mount_options(engine.driver_home, ["", ""]):
            return []
        return [each for each in engine.state.containers.values() if each.running]

    def _mount_of(self, overlay: Overlay) -> Stacked:
        lowers, upper, read_only = overlay.lowers, overlay.upper, overlay.read_only
        return Stacked(self._disk, lowers, upper, read_only=read_only, whiteout=overlay.whiteout)

    def _lines(self) -> str:
        """Return /proc/mounts."""
        first = (
            f"{DISK} / ext4 rw,relatime 0 0\n"
            "proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\n"
            "tmpfs /dev tmpfs rw,nosuid,size=65536k,mode=755 0 0\n"
        )
        engine = self._engine
        lines = [overlay_line(engine, each, engine.mount_point(each.id)) for each in self._running()]
        return first + "".join(lines) + "".join(each.line for each, _ in self._stacked)


class _Asked:
    """What the options of an overlay ask for, taken one by one, then checked (Linux, overlayfs/params.c)."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.lowers: list[tuple[Names, Names | Dir]] = []
        self.upper: Names | None = None
        self.work: Names | None = None
        self.read_only = False
        self.depth = 0

    def take(self, machine: Machine, option: str, cwd: str) -> None:
        name, _, value = option.partition("=")
        if name == "lowerdir":
            layers, *data = re.split(r"(?<!\\)::", value)
            seen = re.split(r"(?<!\\):", layers)
            found = [self._directory(machine, each, cwd) for each in (*seen, *data)]
            self.depth = max(machine.depth(place) for _, place in found)
            self.lowers = [(names, machine.layer_at(names, place)) for names, place in found[: len(seen)]]
        elif name in ("upperdir", "workdir"):
            names, place = self._directory(machine, value, cwd)
            if place.tree is not machine.root_mount:
                fail(errno.EROFS if isinstance(place.tree, Made) else errno.EINVAL, value)
            if name == "upperdir":
                self.upper = names
            else:
                self.work = names
        elif option in ("ro", "rw"):
            self.read_only = option == "ro"
        elif option and not _NO_CHANGE.fullmatch(option):
            fail(errno.EINVAL, option)
        self.values[name] = value

    def _directory(self, machine: Machine, path: str, cwd: str) -> tuple[Names, Place]:
        found = walk(machine, posixpath.join(cwd, re.sub(r"\\(.)", r"\1", path))) if path else None
        if found is None or (found.place is not None and type(found.place.node) is not Dir):
            fail(errno.EINVAL, path)
        return found.names, found.place or fail(errno.ENOENT, path)

    def check(self, source: str) -> None:
        """Raise EINVAL where directories are missing, or are not apart."""
        upper, work = self.upper, self.work
        one = len(self.lowers) == 1 and upper is None
        apart = upper is None or (work is not None and not _within(upper, work) and not _within(work, upper))
        if not self.lowers or one or not apart or self.depth >= MAX_STACKED:
            fail(errno.EINVAL, source)

    def overlay(self, source: str, point: Names) -> Overlay:
        """Return the overlay; raises ELOOP where one of the directories is in another."""
        upper = self.upper
        own = [each for each in (upper, self.work) if each is not None and upper is not None]
        layers = [names for names, _ in self.lowers]
        for at, names in enumerate(layers):
            if any(_within(names, each) for each in (*own, *layers[:at], *layers[at + 1 :])):
                fail(errno.ELOOP, source)
        read_only = self.read_only or upper is None
        wanted = ["lowerdir"] if upper is None else ["lowerdir", "upperdir", "workdir"]
        shown = ",".join([f"{name}={_escaped(self.values[name], ',')}" for name in wanted])
        place, access = _escaped("/" + "/".join(point)), "ro" if read_only else "rw"
        line = f"{_escaped(source)} {place} overlay {access},relatime,{shown} 0 0\n"
        return Overlay(point, tuple(tree for _, tree in self.lowers), upper, line, self.depth + 1, read_only)


def _within(names: Names, above: Names) -> bool:
    return names[: len(above)] == above


def _escaped(text: str, more: str = "") -> str:
    return "".join(_SHOWN.get(char, f"\\{ord(char):03o}" if char in more else char) for char in text)


_WELCOME = b"""This is your pretend home. What you write here stays in the lab.
Try: docker pull nginx, docker images, docker image history nginx
"""
MACHINE = Dir(
    {
        "dev": Dir(),
        "proc": Dir(),
        "root": Dir(meta=Meta(0o700)),
        "var": Dir({"lib": Dir({"docker": Dir()})}),
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
        "tmp": Dir(meta=Meta(0o1777)),
    }
)
