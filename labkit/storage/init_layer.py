"""The init layer: mount points that Docker makes between an image and a container.

It keeps the files that the engine mounts into each container out of the container's own upper
directory, so that neither `docker diff` nor `docker commit` shows them (moby, daemon/initlayer).
"""

from __future__ import annotations

from labkit.oci.tree import Dir, File, Meta, Nested, Node, Symlink, differing, unnested


def with_init_layer(root: Dir, created: int) -> Dir:
    """Return an image's tree with the mount points of a container that was created at a time.

    What the image has in such a place stays if it is a directory, and is replaced if it is not.

    >>> sorted(with_init_layer(Dir(), 0).children)
    ['.dockerenv', 'dev', 'etc', 'proc', 'sys']
    """
    empty = File(meta=Meta(0o755, mtime=created))
    directory = Dir(meta=Meta(0o755, mtime=created))
    mtab = Symlink("/proc/mounts", Meta(0o777, mtime=created))
    device_points: dict[str, Node] = {"console": empty, "pts": directory, "shm": directory}
    file_points: dict[str, Node] = {"hostname": empty, "hosts": empty, "mtab": mtab, "resolv.conf": empty}
    dev = _with(_directory(root, "dev", created), device_points, created)
    etc = _with(_directory(root, "etc", created), file_points, created)
    points: dict[str, Node] = {
        ".dockerenv": empty,
        "dev": dev,
        "etc": etc,
        "proc": directory,
        "sys": directory,
    }
    return _with(Dir({**root.children, "dev": dev, "etc": etc}, root.meta), points, created)


def init_changes(root: Dir, created: int) -> Dir:
    """Return the init layer itself: what a container's mount points change of an image's tree.

    >>> sorted(init_changes(Dir({"proc": Dir()}), 0).children)
    ['.dockerenv', 'dev', 'etc', 'sys']
    """
    return unnested(_changes(root, with_init_layer(root, created)))


def _changes(below: Dir, seen: Dir) -> Nested[Dir]:
    changed: dict[str, Node] = {}
    for name in differing(below.children, seen.children):
        node, old = seen.children[name], below.children.get(name)
        if isinstance(old, Dir) and isinstance(node, Dir):
            node = yield _changes(old, node)
        changed[name] = node
    return Dir(changed, seen.meta)


def _directory(above: Dir, name: str, created: int) -> Dir:
    known = above.children.get(name)
    return known if isinstance(known, Dir) else Dir(meta=Meta(0o755, mtime=created))


def _with(above: Dir, points: dict[str, Node], created: int) -> Dir:
    """Return a directory with what it lacks of some names, changed at a time if it lacks any."""
    missing = {name: node for name, node in points.items() if not isinstance(above.children.get(name), Dir)}
    if not missing:
        return above
    meta = above.meta
    return Dir({**above.children, **missing}, Meta(meta.mode, meta.uid, meta.gid, created, meta.xattrs))
