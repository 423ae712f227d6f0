"""What overlay does, step by step: where a name is searched, and what becomes of the upper directory.

`search` looks a name up layer by layer, as the kernel does at first sight (Linux, fs/overlayfs/namei.c,
ovl_lookup). `Watched` is a mount that keeps each value that its upper directory had: as a tree is a value,
the difference of one and the next is a step, and nothing has to be noted while it happens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

from labkit.oci import tree
from labkit.oci.changeset import reached
from labkit.oci.tree import Dir, File, Nested, Node, Whiteout, differing, unnested
from labkit.storage.draft import Draft
from labkit.storage.overlay import Mount
from labkit.storage.posix import Names

LookKind: TypeAlias = Literal["found", "merged", "absent", "whiteout", "covered", "unsearched"]
MomentKind: TypeAlias = Literal["copy-up", "change", "make", "whiteout", "remove"]


@dataclass(frozen=True, slots=True)
class Look:
    """What looking into one layer gave.

    `kind` is "found", "merged" (a directory that a layer above has too), "absent", "whiteout", "covered"
    (no directory, below one), or "unsearched": a layer above has ended the search.
    """

    kind: LookKind
    names: Names
    """What was looked for last in this layer: the path, or a directory on the way to it."""
    node: Node | None = None
    opaque: Names | None = None
    """The opaque directory of this layer, on the way or at its end, below which no layer is looked into."""


def search(layers: Sequence[Dir], names: Names) -> list[Look]:
    """Return what looking for a path gives in each layer, the top one first; symbolic links are not followed.

    It is told layer by layer. The kernel goes name by name: it keeps for each directory which layers have it,
    and asks those alone for the next name. What is found, and in which layer, is the same.

    >>> top, base = Dir({"etc": Dir({"motd": Whiteout()})}), Dir({"etc": Dir({"motd": File()})})
    >>> [look.kind for look in search([top, Dir(), base], ("etc", "motd"))]
    ['whiteout', 'unsearched', 'unsearched']
    """
    looks: dict[int, Look] = {}
    opaque: dict[int, Names] = {place: () for place, layer in enumerate(layers) if layer.opaque}
    dirs = dict(enumerate(layers[: min(opaque, default=len(layers)) + 1]))
    for depth in range(1, len(names) + 1):
        here, found = names[:depth], dict[int, Dir]()
        for place, node in zip(dirs, reached(dirs.values(), names[depth - 1]), strict=False):
            if type(node) is Dir:
                found[place] = node
                if node.opaque:
                    opaque[place] = here
            elif node is None:
                looks[place] = Look("absent", here, opaque=opaque.get(place))
            else:
                covered = bool(found) or depth < len(names)
                kind: LookKind = "whiteout" if type(node) is Whiteout else "covered" if covered else "found"
                looks[place] = Look(kind, here, node)
        dirs = found
    for place, node in dirs.items():
        looks[place] = Look("merged" if place != min(dirs) else "found", names, node, opaque.get(place))
    ends = min((place for place, look in looks.items() if _ends(look)), default=len(layers))
    return [looks[place] if place <= ends else Look("unsearched", ()) for place in range(len(layers))]


def _ends(look: Look) -> bool:
    """Tell whether the layers below are not looked into."""
    return look.opaque is not None or (look.node is not None and type(look.node) is not Dir)


@dataclass(frozen=True, slots=True)
class Moment:
    """One step of a change: what became of one path of the upper directory.

    `kind` is "copy-up" (of a file, or of a directory without what is in it), "change" (of what upper has),
    "make" (a name is added), "whiteout", or "remove" (a name is taken away and nothing is left).
    """

    kind: MomentKind
    names: Names
    node: Node | None
    """What upper has there now."""
    upper: Dir
    """The upper directory after it."""
    copied: int = 0
    """Bytes that were copied up."""

    @property
    def opaque(self) -> bool:
        """Whether it is an opaque directory."""
        return type(self.node) is Dir and self.node.opaque


class _Recorded(Draft):
    __slots__ = ("values",)

    def __init__(self, root: Dir, size_of: Callable[[Node], int]) -> None:
        super().__init__(root, size_of)
        self.values = [root]

    def put(self, path: str, node: Node | None, mtime: int | None = None) -> None:
        super().put(path, node, mtime)
        self.values.append(self.value)


class Watched(Mount):
    """A mount that keeps what became of its upper directory.

    >>> mount = Watched(Dir({"etc": Dir({"motd": File()})}))
    >>> cost = mount.unlink("/etc/motd")
    >>> [(moment.kind, moment.names) for moment in mount.moments()]
    [('copy-up', ('etc',)), ('whiteout', ('etc', 'motd'))]
    """

    __slots__ = ()

    def drafted(self, upper: Dir) -> Draft:
        return _Recorded(upper, lambda node: 0)

    @property
    def uppers(self) -> list[Dir]:
        """The upper directory at first and after each step."""
        assert isinstance(self._draft, _Recorded)
        return self._draft.values

    def moments(self) -> list[Moment]:
        """Return the steps of all that was done since it was mounted."""
        found = []
        for before, after in pairwise(self.uppers):
            if (changed := unnested(_changed(before, after))) is not None:
                found.append(_moment(before, after, changed))
        return found


def _changed(before: Dir, after: Dir) -> Nested[Names | None]:
    """Return the one path that differs, but for the times of the directories it is in."""
    for name in differing(before.children, after.children):
        old, new = before.children.get(name), after.children.get(name)
        # A directory renamed onto an empty one is another directory: it is opaque, which that one was not.
        if type(old) is Dir and type(new) is Dir and old.opaque == new.opaque:
            below = yield _changed(old, new)
            if below is not None:
                return (name, *below)
        elif old != new:
            return (name,)
    return None if before.meta == after.meta else ()


def _moment(before: Dir, after: Dir, names: Names) -> Moment:
    path, above = "/".join(names), "/".join(names[:-1])
    old, new = tree.get(before, path), tree.get(after, path)
    above_before, above_after = tree.get(before, above), tree.get(after, above)
    assert type(above_before) is Dir
    assert type(above_after) is Dir
    # To add or to take away a name sets its directory's time; a copy-up and a change in place do not.
    if not names or above_before.meta is above_after.meta:
        copied = new.content.size if old is None and type(new) is File else 0
        return Moment("copy-up" if old is None else "change", names, new, after, copied)
    kind: MomentKind = "remove" if new is None else "whiteout" if type(new) is Whiteout else "make"
    return Moment(kind, names, new, after)
