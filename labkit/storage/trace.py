"""What overlay does, step by step: where a name is searched, and what becomes of the upper directory.

`search` looks a name up layer by layer, as the kernel does at first sight (Linux, fs/overlayfs/namei.c,
ovl_lookup). `Watched` is a mount that keeps each step: what was put where, and the value that its upper
directory had then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from labkit.oci.changeset import reached
from labkit.oci.tree import Dir, File, Node, Whiteout
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
    """A draft that notes each step."""

    __slots__ = ("moments",)

    def __init__(self, root: Dir, size_of: Callable[[Node], int]) -> None:
        super().__init__(root, size_of)
        self.moments: list[Moment] = []

    def put(self, path: str, node: Node | None, mtime: int | None = None) -> None:
        old, names, copied = self.get(path), tuple(path.split("/")) if path else (), 0
        super().put(path, node, mtime)
        kind: MomentKind = "remove" if node is None else "whiteout" if type(node) is Whiteout else "make"
        # To add or to take away a name sets its directory's time; a copy-up and a change in place do not.
        if mtime is None:
            kind = "copy-up" if old is None else "change"
            copied = node.content.size if old is None and type(node) is File else 0
        if node != old:
            self.moments.append(Moment(kind, names, node, self.value, copied))


class Watched(Mount):
    """A mount that keeps what became of its upper directory.

    >>> mount = Watched(Dir({"etc": Dir({"motd": File()})}))
    >>> cost = mount.unlink("/etc/motd")
    >>> [(moment.kind, moment.names) for moment in mount.moments]
    [('copy-up', ('etc',)), ('whiteout', ('etc', 'motd'))]
    """

    __slots__ = ()

    def drafted(self, upper: Dir) -> Draft:
        return _Recorded(upper, lambda node: 0)

    @property
    def moments(self) -> list[Moment]:
        """The steps of all that was done since it was mounted."""
        assert isinstance(self._draft, _Recorded)
        return self._draft.moments
