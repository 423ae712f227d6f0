"""The init layer: mount points that Docker makes between an image and a container.

It keeps the files that the engine mounts into each container out of the container's own upper
directory, so that neither `docker diff` nor `docker commit` shows them (moby, daemon/initlayer).
"""

from __future__ import annotations

from dataclasses import replace

from labkit.oci.tree import Dir, File, Meta, Node, Symlink


def init_changes(root: Dir, created: int) -> Dir:
    """Return the init layer: the mount points that an image's tree lacks, made at a time.

    What the image has in such a place stays if it is a directory, and is replaced if it is not.

    >>> sorted(init_changes(Dir({"proc": Dir()}), 0).children)
    ['.dockerenv', 'dev', 'etc', 'sys']
    """
    meta = Meta(0o755, mtime=created)
    empty, directory = File(meta=meta), Dir(meta=meta)
    dev: dict[str, Node] = {"console": empty, "pts": directory, "shm": directory}
    etc: dict[str, Node] = {
        "hostname": empty,
        "hosts": empty,
        "mtab": Symlink("/proc/mounts", Meta(0o777, mtime=created)),
        "resolv.conf": empty,
    }
    points: dict[str, Node] = {
        ".dockerenv": empty,
        "dev": Dir(dev, meta),
        "etc": Dir(etc, meta),
        "proc": directory,
        "sys": directory,
    }
    return _lacking(root, Dir(points, meta))


def _lacking(above: Dir, points: Dir) -> Dir:
    """Return what a directory lacks of some points; it has their time if it lacks any itself."""
    found: dict[str, Node] = {}
    meta = above.meta
    for name, point in points.children.items():
        known = above.children.get(name)
        if not isinstance(known, Dir):
            found[name] = point
            meta = replace(above.meta, mtime=points.meta.mtime)
        elif isinstance(point, Dir) and (inner := _lacking(known, point)).children:
            found[name] = inner
    return Dir(found, meta)
