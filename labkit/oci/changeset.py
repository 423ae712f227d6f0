"""A layer's changes: what they do to a tree, and what `docker diff` says of them (OCI image-spec, layer.md).

A changeset is a tree of what was added or modified, with a Whiteout for each name that was deleted and
`opaque` on each directory that hides what is below it. A container's upper directory has the same form
(Linux, overlayfs.rst), so that committing a container keeps it as it is.

What hides what is said here: `beneath` for one place in two layers, `gone` for a name in a directory,
`reached` for a name in many layers. Merging, mounting and searching ask them; `account` asks `gone`, and
merges directories itself, to name each path that is hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from labkit.go.moment import SECOND
from labkit.oci.tree import CAPABILITY, EMPTY_ROOT, Device, Dir, Nested, Node, Whiteout, stat_size, unnested


def beneath(upper: Node | None, lower: Node | None) -> Node | None:
    """Return what is still seen of a lower node where a layer above has `upper`: all of it, or None.

    A directory on a directory is merged with it, unless it is opaque. Anything else hides what it lies on.

    >>> etc = Dir({"motd": Dir()})
    >>> beneath(None, etc) is etc, beneath(Dir(), etc) is etc
    (True, True)
    >>> beneath(Dir(opaque=True), etc), beneath(Whiteout(), etc), beneath(Dir(), Whiteout())
    (None, None, None)
    """
    if upper is None:
        return lower
    return lower if type(upper) is Dir and type(lower) is Dir and not upper.opaque else None


def gone(directory: Dir, name: str) -> bool:
    """Tell whether a layer's directory takes a name away that the layers below may have in it.

    >>> gone(Dir({"motd": Whiteout()}), "motd"), gone(Dir(), "motd"), gone(Dir(opaque=True), "motd")
    (True, False, True)
    """
    node = directory.children.get(name)
    return directory.opaque if node is None else type(node) is Whiteout


def reached(directories: Iterable[Dir], name: str) -> Iterator[Node | None]:
    """Yield what directories that are merged have of a name, the top one first, until one hides the rest.

    >>> top, middle, base = Dir(), Dir({"motd": Whiteout()}), Dir({"motd": Dir()})
    >>> list(reached([top, middle, base], "motd"))
    [None, Whiteout(mtime=0, inode=0)]
    """
    for directory in directories:
        node = directory.children.get(name)
        yield node
        if directory.opaque or beneath(node, EMPTY_ROOT) is None:
            return


def over(before: Node | None, node: Node) -> Node:
    """Return a node made where a layer has `before`: a directory over a whiteout has to be opaque.

    The layer can keep one thing under a name, and without the whiteout a plain directory would be merged with
    what was deleted (Linux, overlayfs.rst, "whiteouts and opaque directories").

    >>> over(Whiteout(), Dir()).opaque
    True
    """
    return replace(node, opaque=True) if type(before) is Whiteout and type(node) is Dir else node


def apply(lower: Node | None, changes: Dir, keep: Callable[[Node], Node] | None = None) -> Dir:
    """Return the tree that shows `changes` laid over `lower`; `keep` may replace what is no directory.

    >>> from labkit.oci.tree import File
    >>> below = Dir({"a": File(), "b": File()})
    >>> sorted(apply(below, Dir({"b": Whiteout(), "c": File()})).children)
    ['a', 'c']
    """
    return unnested(_applied(lower, changes, keep))


def _applied(lower: Node | None, changes: Dir, keep: Callable[[Node], Node] | None) -> Nested[Dir]:
    below = beneath(changes, lower)
    children = dict(below.children) if type(below) is Dir else {}
    for name, change in changes.children.items():
        if type(change) is Dir:
            children[name] = yield _applied(children.get(name), change, keep)
        elif type(change) is Whiteout:
            children.pop(name, None)
        else:
            children[name] = keep(change) if keep else change
    return Dir(children, changes.meta)


def apply_all(layers: Sequence[Dir]) -> Dir:
    """Return the tree that a stack of changesets shows, bottom layer first.

    >>> apply_all([]) == Dir()
    True
    """
    root = EMPTY_ROOT
    for layer in layers:
        root = apply(root, layer)
    return root


@dataclass(frozen=True, slots=True)
class Change:
    """A line of `docker diff`: "A" added, "C" changed or "D" deleted, and an absolute path."""

    kind: str
    path: str


def changes(lower: Dir, upper: Dir) -> Iterator[Change]:
    """Yield what an upper directory changes of a tree, as `docker diff` lists it.

    Docker compares what `stat` says on both sides: type, mode, owner and capabilities; of devices the
    number, too; of files, links and pipes size and modification time. A copy-up that changed none of them
    is not listed, the parent of a change is, and a deleted directory is one line. Of the order Docker
    promises only that a directory comes before what is in it; here it is sorted, the deleted last (moby,
    pkg/archive, FileInfo.addChanges).

    >>> from labkit.oci.tree import File
    >>> below = Dir({"etc": Dir({"motd": File()})})
    >>> [f"{c.kind} {c.path}" for c in changes(below, Dir({"etc": Dir({"motd": Whiteout()})}))]
    ['C /etc', 'D /etc/motd']
    """
    found: list[Change | None] = []
    unnested(_changes(lower, upper, "", found))
    return (change for change in found if change)


def _changes(lower: Node | None, upper: Dir, path: str, found: list[Change | None]) -> Nested[bool]:
    """Append what has changed in a directory and tell whether anything has."""
    before, some = lower.children if type(lower) is Dir else {}, False
    for name in sorted(upper.children):
        node = upper.children[name]
        if type(node) is Whiteout:
            continue
        below, here = before.get(name), f"{path}/{name}"
        # A directory comes before what is in it, and what is in it tells whether it has changed.
        place = len(found)
        found.append(None)
        inside = (yield _changes(below, node, here, found)) if type(node) is Dir else False
        if below is None:
            found[place] = Change("A", here)
        elif inside or stat_differs(below, node):
            found[place] = Change("C", here)
        some = some or found[place] is not None
    deleted = [Change("D", f"{path}/{name}") for name in sorted(before) if gone(upper, name)]
    found += deleted
    return some or bool(deleted)


def stat_differs(below: Node, node: Node) -> bool:
    """Tell whether Docker takes a file for changed: it compares what `stat` says of both.

    >>> from labkit.oci.tree import File, Meta
    >>> stat_differs(File(), File(meta=Meta(0o600)))
    True
    """
    if isinstance(below, Whiteout) or isinstance(node, Whiteout) or type(below) is not type(node):
        return True
    one, other = below.meta, node.meta
    if (one.mode, one.uid, one.gid) != (other.mode, other.uid, other.gid):
        return True
    if dict(one.xattrs).get(CAPABILITY) != dict(other.xattrs).get(CAPABILITY):
        return True
    if isinstance(below, Device) and isinstance(node, Device):
        return (below.kind, below.major, below.minor) != (node.kind, node.major, node.minor)
    return not isinstance(node, Dir) and (
        stat_size(below) != stat_size(node) or not _same_time(one.mtime, other.mtime)
    )


def _same_time(one: int, other: int) -> bool:
    """Compare as Docker does: where one time has no fraction of a second, the seconds decide."""
    # A tar has whole seconds and a file system has fractions: where a side came by way of a tar, a fraction
    # tells nothing, and all that came out of an image would look changed (moby, pkg/archive, sameFsTime).
    if one % SECOND and other % SECOND:
        return one == other
    return one // SECOND == other // SECOND


def change_lines(changes: Iterable[Change], limit: int) -> tuple[str, ...]:
    """Tell changes in at most `limit` lines.

    What is inside an added directory is counted, and a directory that changed only because of what is in
    it is left out.

    >>> change_lines([Change("C", "/etc"), Change("A", "/etc/app"), Change("A", "/etc/app/conf")], 4)
    ('A /etc/app/ (1 inside)',)
    """
    told = _told(list(changes))
    lines = [
        f"{kind} {path}/ ({inside:,} inside)" if inside else f"{kind} {path}" for kind, path, inside in told
    ]
    if len(lines) > limit:
        left = told[limit - 1 :]
        more = sum(1 + inside for _, _, inside in left)
        lines[limit - 1 :] = [f"… {more:,} more"]
    return tuple(lines)


def _told(changes: Sequence[Change]) -> list[tuple[str, str, int]]:
    """Return the kind and path of each change to tell, and how many lie inside it."""
    told: list[tuple[str, str, int]] = []
    for change, following in zip_longest(changes, changes[1:]):
        kind, path, inside = told[-1] if told else ("", "", 0)
        if kind == change.kind == "A" and change.path.startswith(f"{path}/"):
            told[-1] = kind, path, inside + 1
        elif change.kind != "C" or following is None or not following.path.startswith(f"{change.path}/"):
            told.append((change.kind, change.path, 0))
    return told
