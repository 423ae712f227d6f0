"""A layer's changes: what they do to a tree, and how they are found (OCI image-spec, layer.md).

A changeset is a tree of what was added or modified, with a Whiteout for each name that was deleted
and `opaque` on each directory that hides what is below it. A container's upper directory has the
same form (Linux, overlayfs.rst), so that committing a container keeps it as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from labkit.oci.tree import Dir, Node, Whiteout, get, link_groups, split_path


def apply(lower: Dir, changes: Dir) -> Dir:
    """Return the tree that shows `changes` laid over `lower`.

    A directory over a directory replaces its attributes and keeps its children, unless it is opaque;
    anything else replaces what was there.

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

    The parents of a change are changed themselves. A directory that was deleted and made again lists
    what was in it as deleted (moby, pkg/archive, overlayChanges).

    >>> below = Dir({"etc": Dir({"motd": File()})})
    >>> [f"{c.kind} {c.path}" for c in changes(below, Dir({"etc": Dir({"motd": Whiteout()})}))]
    ['C /etc', 'D /etc/motd']
    """
    yield from _changes(lower, upper, "")


def _changes(lower: Dir, upper: Dir, path: str) -> Iterator[Change]:
    names = set(upper.children)
    if upper.opaque:
        names |= set(lower.children)
    for name in sorted(names):
        here = f"{path}/{name}"
        node, below = upper.children.get(name), lower.children.get(name)
        if node is None or type(node) is Whiteout:
            yield Change("D", here)
            continue
        yield Change("A" if below is None else "C", here)
        if type(node) is Dir:
            yield from _changes(below if type(below) is Dir else _NOTHING, node, here)
