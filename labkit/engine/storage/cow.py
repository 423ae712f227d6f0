"""Copy-on-write within a file: which bytes of it changed, and what its old units still hold.

btrfs and zfs never write over data that a snapshot may need: what changes goes to new units, and the
file's list of runs is put together anew.
"""

from __future__ import annotations

from collections.abc import Iterable

from labkit.engine.storage.accounts import Run, Stored
from labkit.oci.content import Content, Piece


def changed_range(old: Content, new: Content) -> tuple[int, int]:
    """Return where the bytes begin and end that were written to make one content of another.

    Contents are compared by the sources of their pieces: bytes that were written count even if they are
    the same as before.

    >>> text = Content.of(b"hello")
    >>> changed_range(text, text.overwritten(1, Content.of(b"E")))
    (1, 2)
    """
    start = min(_common(old.pieces, new.pieces), new.size)
    if old.size != new.size:
        return start, new.size
    same = _common(_mirrored(old.pieces), _mirrored(new.pieces))
    return start, max(start, new.size - same)


def _common(one: Iterable[Piece], other: Iterable[Piece]) -> int:
    """Return how many bytes two lists of pieces have in common at their beginning."""
    common = 0
    for left, right in zip(one, other, strict=False):
        if left.source is not right.source or left.offset != right.offset:
            break
        common += min(left.size, right.size)
        if left.size != right.size:
            break
    return common


def _mirrored(pieces: tuple[Piece, ...]) -> list[Piece]:
    """Return the pieces from the last on, each at the place of its end."""
    return [Piece(piece.source, piece.offset + piece.size, piece.size) for piece in reversed(pieces)]


def runs_of(content: Content) -> tuple[Run, ...]:
    """Return where a content is kept, nothing for one that is not."""
    return content.runs if isinstance(content, Stored) else ()


def cut(runs: Iterable[Run], start: int, end: int) -> tuple[Run, ...]:
    """Return the part of a file's runs between two offsets.

    >>> from labkit.engine.storage.accounts import Unit
    >>> [(run.offset, run.size) for run in cut([Run(Unit(9, 1), 0, 9)], 2, 5)]
    [(2, 3)]
    """
    found = []
    position = 0
    for run in runs:
        first, last = max(start - position, 0), min(end - position, run.size)
        if first < last:
            found.append(Run(run.unit, run.offset + first, last - first))
        position += run.size
    return tuple(found)


def kept_as(content: Content, runs: tuple[Run, ...]) -> Stored:
    """Return a content with the place where it is kept."""
    return Stored(content.pieces, content.size, runs)
