"""The pretend machine: its disk, the engine's directory on it, and the overlays that are mounted by hand.

/var/lib/docker is put together from the state when somebody looks. The names and modes are those of a real
engine. What labkit has no value for is not there: databases, the engine's own form of a container's settings,
and what it takes to write a layer's tar again (tar-split).
"""

from __future__ import annotations

import errno
import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from labkit.engine.engine import Engine, container_layers, layer_names
from labkit.engine.mounts import DEV, engine_files, overlay_line, proc
from labkit.engine.state import TEXTS, Container, identifier
from labkit.go.json import dumps
from labkit.go.moment import rfc3339_nano
from labkit.oci import tree
from labkit.oci.content import Content
from labkit.oci.image import Image
from labkit.oci.reference import parse_reference
from labkit.oci.tree import Dir, File, Meta, Node, Symlink, Whiteout, split_path
from labkit.storage.calls import Found, walk
from labkit.storage.driver import Active, Kept, ancestry
from labkit.storage.mounts import MountTable
from labkit.storage.overlay2 import short_name
from labkit.storage.plain import Made, Plain, Stacked
from labkit.storage.posix import Names, Place, fail, meta_of

MAX_STACKED = 2
"""How deep overlays may lie on overlays (Linux, fs.h, FILESYSTEM_MAX_STACK_DEPTH)."""
_NO_CHANGE = re.compile(
    r"rw|((index|metacopy|nfs_export|redirect_dir|userxattr)=off|xino=(off|auto)|volatile|default_permissions)?"
)
"""Options that leave the overlay as it is here."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """An overlay that somebody mounts, or is about to.

    Of the lower directories those on the machine's own disk are named, others are the trees that they were:
    nothing changes them. `line` is its line in /proc/mounts, `whiteout` what its whiteouts are links to.
    """

    values: dict[str, str] = field(default_factory=dict)
    """The options, as they were given."""
    lowers: tuple[tuple[Names, Names | Dir], ...] = ()
    """The lower directories, top first: where they are, and the place or the tree that is mounted."""
    upper: Names | None = None
    work: Names | None = None
    depth: int = 1
    point: Names = ()
    line: str = ""
    whiteout: Whiteout | None = None

    @property
    def read_only(self) -> bool:
        """Tell whether nothing can be written."""
        return self.upper is None or "ro" in self.values

    def check(self) -> None:
        """Raise EINVAL where directories are missing or not apart (Linux, overlayfs/super.c)."""
        upper, work = self.upper, self.work
        one = len(self.lowers) == 1 and upper is None
        apart = upper is None or (work is not None and not _within(upper, work) and not _within(work, upper))
        if not self.lowers or one or not apart or self.depth > MAX_STACKED:
            fail(errno.EINVAL, "")

    def check_layers(self) -> None:
        """Raise ELOOP where a lower directory is in another one, or in those that are written to."""
        places = [names for names, _ in self.lowers]
        places += [each for each in (self.upper, self.work) if each is not None and self.upper]
        for at, (names, _) in enumerate(self.lowers):
            if any(_within(names, each) for each in (*places[:at], *places[at + 1 :])):
                fail(errno.ELOOP, "")

    def mounted(self, source: str, point: Names) -> Overlay:
        """Return it as it is mounted."""
        wanted = ["lowerdir", *(["upperdir", "workdir"] if self.upper else [])]
        shown = ",".join(f"{name}={_escaped(self.values[name], ',')}" for name in wanted)
        place, access = _escaped("/" + "/".join(point)), "ro" if self.read_only else "rw"
        line = f"{_escaped(source)} {place} overlay {access},relatime,{shown} 0 0\n"
        return replace(self, point=point, line=line)


class Machine(MountTable):
    """The files of the pretend machine; `disk` is what was written there so far.

    >>> machine = Machine(Engine(), MACHINE)
    >>> machine.listdir("/var/lib/docker")[:2], machine.read("/proc/mounts").split()[:3]
    (['buildkit', 'containers'], [b'/dev/sda1', b'/', b'ext4'])
    """

    __slots__ = ("_dev", "_disk", "_engine", "_seen", "_stacked")

    def __init__(self, engine: Engine, disk: Dir, overlays: Iterable[Overlay] = ()) -> None:
        self._engine, self._disk = engine, Plain(disk, lambda: engine.now)
        super().__init__(self._disk, {})
        self._dev = Plain(DEV, self._disk.clock)
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

    @property
    def seen(self) -> dict[str, Found] | None:
        """What walks have found of the disk; what the engine keeps may be another since somebody looked."""
        if self._engine.state is not self._seen:
            self._arrange()
        return super().seen

    def mount(self, source: str, target: str, kind: str, options: str, cwd: str = "/") -> None:
        """Mount an overlay, as mount(2) does: raises FileSystemError, ENODEV for any other file system."""
        found = self._find(target)
        if kind != "overlay":
            fail(errno.ENODEV, target)
        overlay = Overlay()
        for option in re.split(r"(?<!\\),", options):
            overlay = self._with(overlay, option, cwd)
        overlay.check()
        if overlay.work and overlay.upper:
            made = Dir(meta=Meta(0, mtime=self._engine.now))
            self._disk.part("/".join(overlay.work)).put("work", made)
        overlay.check_layers()
        if type(found.there.node) is not Dir:
            fail(errno.ENOTDIR, target)
        overlay = overlay.mounted(source, tuple(split_path(found.path)))
        self._stacked.append((overlay, self._mount_of(overlay)))
        if walked := self.seen:
            walked.clear()
        self._arrange()

    def umount(self, path: str, cwd: str = "/") -> None:
        """Take away what was mounted last at a path, as umount(2) does."""
        names = tuple(split_path(self._find(path).path))
        if not self.is_mount_point(names):
            fail(errno.EINVAL, path)
        here = [each for each in self._stacked if each[0].point == names]
        inside = any(_within(each, names) and each != names for each in self._mounts)
        if not here or inside or _within(tuple(split_path(walk(self, cwd).path)), names):
            fail(errno.EBUSY, path)
        self._stacked.remove(here[-1])
        self._arrange()

    def _with(self, overlay: Overlay, option: str, cwd: str) -> Overlay:
        """Return an overlay with one option more, its directories looked up (Linux, overlayfs/params.c)."""
        name, _, value = option.partition("=")
        overlay = replace(overlay, values={**overlay.values, name: value})
        if name == "lowerdir":
            layers, *data = re.split(r"(?<!\\)::", value)  # behind `::` is data alone, which is not seen
            seen = re.split(r"(?<!\\):", layers)
            found = [self._directory(each, cwd) for each in (*seen, *data)]
            lowers = tuple((names, self._layer_at(names)) for names, _ in found[: len(seen)])
            return replace(overlay, lowers=lowers, depth=1 + max(self._depth(place) for _, place in found))
        if name in ("upperdir", "workdir"):
            names, place = self._directory(value, cwd)
            if place.tree is not self._disk:
                fail(errno.EROFS if isinstance(place.tree, Plain) else errno.EINVAL, value)
            return replace(overlay, upper=names) if name == "upperdir" else replace(overlay, work=names)
        if option != "ro" and not _NO_CHANGE.fullmatch(option):
            fail(errno.EINVAL, option)
        return overlay

    def _directory(self, path: str, cwd: str) -> tuple[Names, Place]:
        found = walk(self, posixpath.join(cwd, re.sub(r"\\(.)", r"\1", path))) if path else None
        if found is None or (found.place is not None and type(found.place.node) is not Dir):
            fail(errno.EINVAL, path)
        return tuple(split_path(found.path)), found.place or fail(errno.ENOENT, path)

    def _depth(self, place: Place) -> int:
        if isinstance(place.tree, Plain):
            return 0
        return next((each.depth for each, mount in self._stacked if mount is place.tree), 1)

    def _layer_at(self, names: Names) -> Names | Dir:
        """Return a directory as a lower layer: its place, if it is on the disk, or its tree."""
        mount, inside = self.tree_at(names)
        if mount is self._disk:
            return names
        found = tree.get(mount.upper if isinstance(mount, Plain) else mount.root, "/".join(inside))
        assert isinstance(found, Dir)
        return found

    def _arrange(self) -> None:
        """Mount what is always there and what was asked for; the engine's own when somebody looks."""
        self._seen, kept = self._engine.state, self._engine.data_root
        mounts = {"/dev": self._dev, "/proc": proc(self._lines), kept: Made(self._engines_own)}
        self._mounts = {tuple(split_path(path)): (mount, ()) for path, mount in mounts.items()}
        self._mounts |= {each.point: (mount, ()) for each, mount in self._stacked}
        self._deepest = max(map(len, self._mounts))

    def _engines_own(self) -> Dir:
        """Mount the trees of running containers; return the engine's directory."""
        engine = self._engine
        for each in self._running():
            mount = engine.driver.mount(each.active, self._disk.clock, read_only=True)
            self._mounts.setdefault(tuple(split_path(engine.mount_point(each.id))), (mount, ()))
        self._deepest = max(map(len, self._mounts))
        return data_root(engine)

    def _running(self) -> list[Container]:
        engine = self._engine
        return [each for each in engine.state.containers.values() if each.running and engine.overlay]

    def _lines(self) -> str:
        engine = self._engine
        lines = [overlay_line(engine, each, engine.mount_point(each.id)) for each in self._running()]
        return "".join([TEXTS["machine's mounts"], *lines, *(each.line for each, _ in self._stacked)])

    def _mount_of(self, overlay: Overlay) -> Stacked:
        lowers = [layer for _, layer in overlay.lowers]
        mount = Stacked(self._disk, lowers, overlay.upper, overlay.work or (), overlay.whiteout)
        mount.read_only = overlay.read_only
        return mount


def _within(names: Names, above: Names) -> bool:
    return names[: len(above)] == above


def _escaped(text: str, more: str = "") -> str:
    return "".join(f"\\{ord(char):03o}" if char in f" \t\n\\#{more}" else char for char in text)


# What is in /var/lib/docker


def data_root(engine: Engine) -> Dir:
    """Return the engine's directory, whiteouts as a layer has them.

    >>> sorted(data_root(Engine()).children)[:4]
    ['buildkit', 'containers', 'image', 'network']
    """
    state, name = engine.state, engine.driver.name
    containers = {each.id: _container(each, engine.now) for each in state.containers.values()}
    volumes = {each.name: _folder({"_data": replace(each.files, opaque=False)}, 0o701)
               for each in state.volumes.values()}  # fmt: skip
    inside: dict[str, Node] = {
        **{each: _folder({}) for each in ("plugins", "runtimes", "swarm", "tmp", "trust")},
        "buildkit": _folder({}, 0o711),
        "containers": _folder(containers, 0o710),
        "image": _folder({name: _images(engine)}),
        "network": _folder({}, 0o750),
        name: _folder(_overlay2(engine) if engine.overlay else {}, 0o710),
        "volumes": _folder(volumes, 0o701),
    }
    return _folder(inside, 0o710)


def _overlay2(engine: Engine) -> dict[str, Node]:
    """Return a directory for each layer, and `l` with names that keep mount options short."""
    found: dict[str, Node] = {}
    links: dict[str, Node] = {}
    for owner in (*engine.state.images.values(), *engine.state.containers.values()):
        own = owner if isinstance(owner, Container) else None
        image = own.image if own else owner
        assert isinstance(image, Image)
        names, top = (
            (container_layers(own), own.active) if own else (layer_names(image), engine.snapshot(image))
        )
        times = [engine.state.came[chain] for chain in reversed(image.chain_ids)]
        times = [own.created, own.created, *times] if own else times
        for depth, (kept, made) in enumerate(zip(ancestry(top), times, strict=True)):
            link, lower = short_name(names[depth]), ":".join(f"l/{short_name(e)}" for e in names[depth + 1 :])
            links[link] = Symlink(f"../{names[depth]}/diff", Meta(0o777, mtime=made))
            found[names[depth]] = _layer(kept, link, lower, made, own if depth < 2 else None)
    return {**found, "l": _folder(links)}


def _layer(kept: Kept, link: str, lower: str, made: int, owner: Container | None) -> Dir:
    """Return a layer's files and, beside them, what it takes to mount it; `owner` writes to it."""
    own: dict[str, Node] = {"link": _text(link, made), "diff": kept.changes}
    active = owner if isinstance(kept, Active) else None
    if lower:
        # Mounting a layer to write to it makes another `work` in this one: whiteouts are links to one there.
        whiteouts = {"#1": active.whiteout} if active and active.whiteout else {}
        work = {"work": Dir(whiteouts, Meta(0, mtime=made))} if owner else {}
        own |= {"lower": _text(lower, made), "work": _folder(work, made=made)}
    if not active:
        own["committed"] = _text("", made, 0o600)
    elif active.running:
        own["merged"] = Dir()
    return _folder(own, 0o710, made)


def _images(engine: Engine) -> Dir:
    """Return the stores of images and of layers (moby, image/fs.go, layer/filestore.go)."""
    state = engine.state
    names: dict[str, dict[str, str]] = {}
    for name, image_id in sorted([*state.tags.items(), *state.digests.items()]):
        reference = parse_reference(name)
        names.setdefault(reference.familiar_name, {})[reference.familiar] = image_id
    parents = {each: {"parent": _text(parent)} for each, parent in state.parents.items()}
    updated = {each: {"lastUpdated": _text(rfc3339_nano(at), at)} for each, at in state.tagged.items()}
    about = {each: _folder({**parents.get(each, {}), **updated.get(each, {})}, 0o755)
             for each in {**parents, **updated}}  # fmt: skip
    content = {each.id: _text(each.config.raw, mode=0o600) for each in state.images.values()}
    mounts = {each.id: _mount_of(each) for each in state.containers.values()}
    layers = {"mounts": _folder(mounts, 0o755), "tmp": _folder({}, 0o755), **_sha256(_layers(engine), 0o755)}
    return _folder(
        {
            "distribution": _folder(_distribution(engine)),
            "imagedb": _folder({"content": _folder(_sha256(content)), "metadata": _folder(_sha256(about))}),
            "layerdb": _folder(layers),
            "repositories.json": _text(dumps({"Repositories": names}), mode=0o600),
        }
    )


def _distribution(engine: Engine) -> dict[str, Node]:
    """Return which blobs hold which layer, as it was learned from registries."""
    blobs = {digest: _text(diff_id) for digest, diff_id in engine.state.diff_ids.items()}
    sources = {
        diff_id: [{"Digest": each.digest, "SourceRepository": each.repository, "HMAC": ""} for each in found]
        for diff_id, found in engine.state.sources.items()
    }
    known = {diff_id: _text(dumps(found)) for diff_id, found in sources.items()}
    both = {"diffid-by-digest": blobs, "v2metadata-by-diffid": known}
    return {name: _folder(_sha256(each, 0o755), 0o755) for name, each in both.items() if each}


def _layers(engine: Engine) -> dict[str, Node]:
    state, parents = engine.state, dict[str, str]()
    for image in (*state.images.values(), *(each.image for each in state.containers.values())):
        parents |= zip(image.chain_ids[1:], image.chain_ids, strict=False)
    found: dict[str, Node] = {}
    for chain, layer in state.layers.items():
        texts = {"cache-id": identifier("cache", chain), "diff": layer.diff_id, "size": str(layer.size)}
        texts |= {"parent": parents[chain]} if chain in parents else {}
        found[chain] = _folder({name: _text(text, state.came[chain]) for name, text in texts.items()})
    return found


def _mount_of(container: Container) -> Dir:
    own, init, *_ = container_layers(container)
    texts = {"init-id": init, "mount-id": own, "parent": container.image.chain_id}
    return _folder({name: _text(text, container.created) for name, text in texts.items()}, 0o755)


def _container(container: Container, now: int) -> Dir:
    """Return a container's directory: the files that the engine mounts into it, and its log so far."""
    own: dict[str, Node] = {"checkpoints": _folder({}, made=container.created)}
    if made := container.started:
        lines = [
            {"log": line.decode("utf-8", "replace"), "stream": f"std{['out', 'err'][each.stream - 1]}",
             "time": rfc3339_nano(each.at)}
            for each in container.printed(now)
            for line in each.data.splitlines(keepends=True)
        ]  # fmt: skip
        log = _text(b"".join(dumps(line) + b"\n" for line in lines), made, 0o640)
        own |= {"mounts": _folder({}, 0o710, made), f"{container.id}-json.log": log}
        own |= engine_files(container, made).children
    return _folder(own, 0o710)


def _text(text: str | bytes, made: int = 0, mode: int = 0o644) -> File:
    return File(Content.of(text.encode() if isinstance(text, str) else text), Meta(mode, mtime=made))


def _folder(entries: Mapping[str, Node], mode: int = 0o700, made: int = 0) -> Dir:
    """Return a directory that is as old as what came into it last."""
    return Dir(entries, Meta(mode, mtime=max([made, *(meta_of(each).mtime for each in entries.values())])))


def _sha256(entries: Mapping[str, Node], mode: int = 0o700) -> dict[str, Node]:
    return {"sha256": _folder({name.removeprefix("sha256:"): each for name, each in entries.items()}, mode)}


_README = replace(_text(TEXTS["welcome"]), meta=Meta(0o644, 1000, 1000))
_HOME = Dir({"README.txt": _README}, Meta(0o755, 1000, 1000))
_ETC = {"group": _text(TEXTS["group"]), "hostname": _text("lab\n"), "passwd": _text(TEXTS["passwd"])}
MACHINE = Dir(
    {
        "dev": Dir(),
        "proc": Dir(),
        "root": Dir(meta=Meta(0o700)),
        "var": Dir({"lib": Dir({"docker": Dir()})}),
        "etc": Dir(_ETC),
        "home": Dir({"learner": _HOME}),
        "tmp": Dir(meta=Meta(0o1777)),
    }
)
