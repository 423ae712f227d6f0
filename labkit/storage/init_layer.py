"""The init layer: mount points that Docker makes between an image and a container.

It keeps the files that the engine mounts into each container out of the container's own upper
directory, so that neither `docker diff` nor `docker commit` shows them (moby, daemon/initlayer).
"""

from __future__ import annotations

from dataclasses import replace

from labkit.oci.tree import Dir, File, Meta, Node, Symlink
from labkit.storage.posix import made_at

_EMPTY = File(meta=Meta(0o755))
_POINTS = Dir(
    {
        ".dockerenv": _EMPTY,
        "dev": Dir({"console": _EMPTY, "pts": Dir(), "shm": Dir()}),
        "etc": Dir(
            {"hostname": _EMPTY, "hosts": _EMPTY, "mtab": Symlink("/proc/mounts"), "resolv.conf": _EMPTY}
        ),
        "proc": Dir(),
        "sys": Dir(),
    }
)


def init_changes(root: Dir, created: int) -> Dir:
    """Return the init layer: the mount points that an image's tree lacks, made at a time.

    What the image has in such a place stays if it is a directory, and is replaced if it is not.

    >>> sorted(init_changes(Dir({"proc": Dir()}), 0).children)
    ['.dockerenv', 'dev', 'etc', 'sys']
    """
    return _lacking(root, made_at(_POINTS, created))


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
