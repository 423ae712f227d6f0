"""How much room a file takes on a disk with blocks of 4,096 bytes, and sizes for people."""

from __future__ import annotations

import stat
from typing import Any

from labkit.oci.content import ZEROS
from labkit.oci.tree import File

_FAST_LINK = 60


def blocks(found: Any) -> int:
    """Return the blocks of 512 bytes that a file takes on ext4; holes take none."""
    if stat.S_ISDIR(found.mode):
        return 8
    if isinstance(found.node, File):
        pieces = found.node.content.pieces
        return -(-sum(piece.size for piece in pieces if piece.source is not ZEROS) // 4096) * 8
    if stat.S_ISLNK(found.mode) and found.size >= _FAST_LINK:
        return 8
    return 0


def human(size: int) -> str:
    """Return a size as `-h` shows it.

    >>> human(123456), human(512), human(67108864)
    ('120.6K', '512', '64.0M')
    """
    if size < 1024:
        return str(size)
    value, fraction, unit = size, 0, ""
    for unit in "KMGTPE":  # noqa: B007
        value, rest = divmod(value, 1024)
        fraction = (rest * 10 + 512) // 1024
        if fraction >= 10:
            value, fraction = value + 1, 0
        if value < 1024:
            break
    return f"{value}.{fraction}{unit}"
