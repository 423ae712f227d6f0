"""A tree while it is written to: what a mount changes, until it is asked for as a value again."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable
from dataclasses import replace

from labkit.oci import tree
from labkit.oci.tree import Dir, Node, differing
from labkit.storage.calls import Found
from labkit.storage.posix import mark_of


class Draft:
    """A tree whose changes take the same time at any depth and in a directory of any size.

    A directory is copied when it is changed for the first time, and from then on changed in place, until
    `value` is asked for. `size_of` measures a file; what the tree takes more than at first is `taken`.

    >>> base = Dir({"etc": Dir()})
    >>> draft = Draft(base, lambda node: 1)
    >>> draft.put("etc/motd", tree.File())
    >>> tree.get(draft.value, "etc/motd") == tree.File(), draft.taken, base == Dir({"etc": Dir()})
    (True, 1, True)
    """

    __slots__ = ("_links", "_own", "_size_of", "_sizes", "root", "seen", "taken")

    def __init__(self, root: Dir, size_of: Callable[[Node], int]) -> None:
        self.root = root
        """The tree as it is now; it changes."""
        self.taken = 0
        self.seen: dict[str, Found] = {}
        """What walks have found of directories, by path, each until another node takes its place."""
        self._own: dict[str, Dir] = {}
        self._size_of = size_of
        self._links: dict[int, list[str]] | None = None
        self._sizes: dict[int, int] = {}

    @property
    def value(self) -> Dir:
        """The tree as a value, which changes no more."""
        self._own.clear()
        return self.root

    def get(self, path: str) -> Node | None:
        """Return what is at a path, or None."""
        names, directory = [], None if path else self.root
        while directory is None:
            path, _, name = path.rpartition("/")
            names.append(name)
            directory = self._own.get(path) or (None if path else self.root)
        return tree.get(directory, "/".join(reversed(names)))

    def put(self, path: str, node: Node | None, mtime: int | None = None) -> None:
        """Put a node at a path, or take away what is there; `mtime` is its directory's new time."""
        before = self.get(path)
        self._forget(path, before, node)
        self._count(path, before, node)
        if not path:
            assert type(node) is Dir
            self.root = node
            return
        above, _, name = path.rpartition("/")
        directory = self._changeable(above)
        if directory.opaque:
            self.seen.pop(above, None)  # where the mark is shown, a walk has found a copy that has it
        _set(directory, "children", tree.with_name(directory.children, name, node))
        if mtime is not None:
            _set(directory, "meta", replace(directory.meta, mtime=mtime))

    def change(self, path: str, before: Node, node: Node) -> None:
        """Put a node in place of the one that is at a path, under all its names."""
        for each in self.names_of(before)[:] or [path]:
            self.put(each, node)

    def names_of(self, node: Node) -> list[str]:
        """Return the sorted names of a file that has more than one."""
        names = self._marked().get(mark_of(node), []) if mark_of(node) else []
        return names if len(names) > 1 else []

    def _forget(self, path: str, before: Node | None, node: Node | None) -> None:
        self._own.pop(path, None)
        self.seen.pop(path, None)
        same = type(node) is Dir and type(before) is Dir and node.children is before.children
        if type(before) is Dir and not same and tree.subdirectories(before):
            self._own.clear()
            self.seen.clear()

    def _changeable(self, path: str) -> Dir:
        """Return the directory at a path, copied if it may be part of a value."""
        missing = []
        while path not in self._own and path:
            missing.append(path)
            path = path.rpartition("/")[0]
        if not path and "" not in self._own:
            self.root = self._own[""] = _copied(self.root)
        directory = self._own[path]
        for below in reversed(missing):
            name = below.rpartition("/")[2]
            child = directory.children[name]
            assert type(child) is Dir
            made = self._own[below] = _copied(child)
            self.seen.pop(below, None)
            _set(directory, "children", tree.with_name(directory.children, name, made))
            directory = made
        return directory

    def _count(self, path: str, before: Node | None, node: Node | None) -> None:
        todo = [(path, before, node)]
        while todo:
            place, old, new = todo.pop()
            if old is not None:
                self._leave(place, old)
            if new is not None:
                self._enter(place, new)
            below, above = (each.children if type(each) is Dir else {} for each in (old, new))
            start = place and f"{place}/"
            todo += [(start + name, below.get(name), above.get(name)) for name in differing(below, above)]

    def _leave(self, path: str, node: Node) -> None:
        mark = mark_of(node)
        names = self._marked()[mark] if mark else []
        if mark:
            del names[bisect_left(names, path)]
        if not names:
            self.taken -= self._sizes.pop(mark, 0) if mark else self._size_of(node)

    def _enter(self, path: str, node: Node) -> None:
        mark, size = mark_of(node), self._size_of(node)
        if mark:
            insort(self._marked().setdefault(mark, []), path)
        self.taken += size - (self._sizes.get(mark, 0) if mark else 0)
        if mark:
            self._sizes[mark] = size

    def _marked(self) -> dict[int, list[str]]:
        """Return the names of each file with a mark, looked for once."""
        if self._links is None:
            self._links = {}
            for path, node in tree.walk(self.root):
                if mark := mark_of(node):
                    self._links.setdefault(mark, []).append(path)
                    self._sizes[mark] = self._size_of(node)
            for names in self._links.values():
                names.sort()
        return self._links


def _copied(directory: Dir) -> Dir:
    return Dir(directory.children, directory.meta, directory.opaque)


# Only here, on directories that nobody else has: a tree that was handed out is a value.
_set = object.__setattr__
