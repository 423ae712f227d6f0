"""A layer's changes: what they do to a tree, and how they are found (OCI image-spec, layer.md).

A changeset is a tree of what was added or modified, with a Whiteout for each name that was deleted
and `opaque` on each directory that hides what is below it. A container's upper directory has the
same form (Linux, overlayfs.rst), so that committing a container keeps it as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from labkit.oci.tree import Device, Dir, Node, Whiteout, get, link_groups, split_path, stat_size


def apply(lower: Dir, changes: Dir) -> Dir:
    """Return the tree that shows `changes` laid over `lower`.

    A directory over a directory replaces its attributes and keeps its children, unless it is opaque;
    anything else replaces what was there.

    >>> from labkit.oci.tree import File
    >>> below = Dir({"a": File(), "b": File()})
    >>> sorted(apply(below, Dir({"b": Whiteout(), "c": File()})).children)
    ['a', 'c']
    """
    children = {} if changes.opaque else dict(lower.children)
    for name, change in changes.children.items():
        if type(change) is Dir:
            below = children.get(name)
            children[name] = apply(below if type(below) is Dir else _NOTHING, change)
        elif type(change) is Whiteout:
            children.pop(name, None)
        else:
            children[name] = change
    return Dir(children, changes.meta)


_NOTHING = Dir()
_SECOND = 10**9
_CAPABILITY = "security.capability"


def apply_all(layers: Sequence[Dir]) -> Dir:
    """Return the tree that a stack of changesets shows, bottom layer first.

    >>> apply_all([]) == Dir()
    True
    """
    root = _NOTHING
    for layer in layers:
        root = apply(root, layer)
    return root


def lookup(layers: Sequence[Dir], path: str) -> tuple[int, Node] | None:
    """Return the layer that shows a path, by its place in the stack, and the node; or None.

    The search goes from the top down, as overlayfs does: a whiteout, an opaque directory or anything
    that is no directory in the way ends it. A directory found in several layers is given as the top
    one has it.

    >>> from labkit.oci.tree import File
    >>> lookup([Dir({"motd": File()}), Dir()], "/motd")[0]
    0
    >>> lookup([Dir({"motd": File()}), Dir({"motd": Whiteout()})], "/motd") is None
    True
    """
    names = split_path(path)
    for index in range(len(layers) - 1, -1, -1):
        node, covered = _descend(layers[index], names)
        if node is not None:
            return None if type(node) is Whiteout else (index, node)
        if covered:
            return None
    return None


def _descend(layer: Dir, names: Sequence[str]) -> tuple[Node | None, bool]:
    """Return the layer's node for the names, and whether it hides what lower layers have there."""
    node: Node = layer
    for name in names:
        if type(node) is not Dir:
            return None, True
        child = node.children.get(name)
        if child is None:
            return None, _opaque_on_the_way(layer, names)
        node = child
    return node, False


def _opaque_on_the_way(layer: Dir, names: Sequence[str]) -> bool:
    node: Node | None = layer
    for name in names:
        if type(node) is not Dir:
            return False
        if node.opaque:
            return True
        node = node.children.get(name)
    return False


def diff(lower: Dir, upper: Dir) -> Dir:
    """Return the changes that lead from one tree to another.

    >>> from labkit.oci.tree import File
    >>> diff(Dir({"a": File()}), Dir({"b": File()})) == Dir({"a": Whiteout(), "b": File()})
    True
    """
    regrouped = _regrouped(lower, upper)
    return _diff(lower, upper, "", regrouped)


def _regrouped(lower: Dir, upper: Dir) -> set[str]:
    """Return the paths whose hard links are not the same in both trees: they are written again."""
    before = {tuple(paths) for paths in link_groups(lower).values()}
    groups = [tuple(paths) for paths in link_groups(upper).values()]
    touched = {path for group in before.symmetric_difference(groups) for path in group}
    for group in groups:
        if any(get(lower, path) != get(upper, path) for path in group):
            touched.update(group)
    return touched


def _diff(lower: Dir, upper: Dir, path: str, regrouped: set[str]) -> Dir:
    changes: dict[str, Node] = {name: Whiteout() for name in lower.children if name not in upper.children}
    for name, node in upper.children.items():
        here = f"{path}/{name}" if path else name
        below = lower.children.get(name)
        if type(node) is Dir:
            if type(below) is Dir:
                inner = _diff(below, node, here, regrouped)
                if inner.children or inner.meta != below.meta:
                    changes[name] = inner
            else:
                inner = _diff(_NOTHING, node, here, regrouped)
                changes[name] = replace(inner, opaque=below is not None)
        elif below is None or below != node or here in regrouped:
            changes[name] = node
    return Dir(changes, upper.meta)


@dataclass(frozen=True, slots=True)
class Change:
    """A line of `docker diff`: "A" added, "C" changed or "D" deleted, and an absolute path."""

    kind: str
    path: str


def changes(lower: Dir, upper: Dir) -> Iterator[Change]:
    """Yield what an upper directory changes of a tree, as `docker diff` lists it.

    Docker compares what `stat` says on both sides: type, mode, owner, device number and, except for
    directories, size and modification time. A copy-up that changed none of them is not listed, the
    parent of a change is, and a deleted directory is one line. Of the order Docker promises only that
    a directory comes before what is in it; here it is sorted, the deleted last (moby, pkg/archive,
    FileInfo.addChanges).

    >>> from labkit.oci.tree import File
    >>> below = Dir({"etc": Dir({"motd": File()})})
    >>> [f"{c.kind} {c.path}" for c in changes(below, Dir({"etc": Dir({"motd": Whiteout()})}))]
    ['C /etc', 'D /etc/motd']
    """
    yield from _changes(lower, upper, "")


def _changes(lower: Dir, upper: Dir, path: str) -> Iterator[Change]:
    deleted = {name for name in lower.children if upper.opaque and name not in upper.children}
    for name in sorted(upper.children):
        node, below = upper.children[name], lower.children.get(name)
        here = f"{path}/{name}"
        if type(node) is Whiteout:
            deleted.add(name)
            continue
        inside = (
            list(_changes(below if type(below) is Dir else _NOTHING, node, here)) if type(node) is Dir else []
        )
        if below is None:
            yield Change("A", here)
        elif inside or stat_differs(below, node):
            yield Change("C", here)
        yield from inside
    for name in sorted(deleted & set(lower.children)):
        yield Change("D", f"{path}/{name}")


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
    if dict(one.xattrs).get(_CAPABILITY) != dict(other.xattrs).get(_CAPABILITY):
        return True
    if isinstance(below, Device) and isinstance(node, Device):
        return (below.kind, below.major, below.minor) != (node.kind, node.major, node.minor)
    return not isinstance(node, Dir) and (
        stat_size(below) != stat_size(node) or not _same_time(one.mtime, other.mtime)
    )


def _same_time(one: int, other: int) -> bool:
    """Compare as Docker does: where one time has no fraction of a second, the seconds decide."""
    if one % _SECOND and other % _SECOND:
        return one == other
    return one // _SECOND == other // _SECOND
