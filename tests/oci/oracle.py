"""What layers show and how trees differ, said a second time in another way, to hold the product against it.

`lookup` asks the layers from the top down, as the kernel does; labkit lays them from the bottom up. `diff`
knows what `stat` cannot tell, hard links too; a storage driver knows what was written, or what `stat` tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from labkit.oci.tree import Dir, Node, Whiteout, get, link_groups, split_path

_NOTHING = Dir()


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
