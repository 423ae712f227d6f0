"""The init layer: mount points that Docker makes between an image and a container.

It keeps the files that the engine mounts into each container out of the container's own upper
directory, so that neither `docker diff` nor `docker commit` shows them (moby, daemon/initlayer).
"""

from __future__ import annotations

from labkit.oci.tree import Dir, File, Meta, Node, Symlink, get, put

_EMPTY = File(meta=Meta(mode=0o755))
_MOUNT_POINTS: tuple[tuple[str, Node], ...] = (
    ("dev", Dir()),
    ("dev/console", _EMPTY),
    ("dev/pts", Dir()),
    ("dev/shm", Dir()),
    (".dockerenv", _EMPTY),
    ("etc", Dir()),
    ("etc/hostname", _EMPTY),
    ("etc/hosts", _EMPTY),
    ("etc/mtab", Symlink("/proc/mounts")),
    ("etc/resolv.conf", _EMPTY),
    ("proc", Dir()),
    ("sys", Dir()),
)


def with_init_layer(root: Dir) -> Dir:
    """Return an image's tree with the mount points that it lacks.

    >>> sorted(with_init_layer(Dir()).children)
    ['.dockerenv', 'dev', 'etc', 'proc', 'sys']
    """
    for path, node in _MOUNT_POINTS:
        parent = path.rpartition("/")[0]
        if get(root, path) is None and isinstance(get(root, parent), Dir):
            root = put(root, path, node)
    return root
