"""The headers of a tar archive: V7, ustar, GNU and PAX (POSIX.1-2017, pax, "ustar Interchange Format").

Docker reads tar archives with Go's archive/tar, and so does this: the same archives are accepted, and the
others are refused in the same words. Sparse files alone are refused here though Go reads them. Global PAX
headers are skipped, as Docker skips them. What an entry does to a tree is `tar_reader`'s to say, the next
module; here `tree` gives the attributes alone.

A header is one block of 512 bytes. What does not fit stands in entries before it: GNU tar puts a long name
or link into an entry of its own (`L`, `K`), PAX puts any field into lines of text (`x`). Go reads both, and
where an archive has both, GNU's name counts (archive/tar, Reader.next).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from labkit.base.errors import InvalidLayer
from labkit.base.text import decode
from labkit.go.moment import SECOND
from labkit.oci.content import Content, Cutter
from labkit.oci.tree import Meta

BLOCK = 512
FILE, LINK, SYMLINK, CHARACTER, BLOCK_DEVICE, DIRECTORY, FIFO = b"0123456"
_OLD_FILE = 0
_PAX, _GLOBAL_PAX, _LONG_NAME, _LONG_LINK, _SPARSE = b"xgLKS"
DEVICES = frozenset((CHARACTER, BLOCK_DEVICE))
_WITHOUT_DATA = frozenset((LINK, SYMLINK, CHARACTER, BLOCK_DEVICE, DIRECTORY, FIFO))
_SPECIAL_SIZE = 1 << 20  # the most that Go reads of such an entry (maxSpecialFileSize)
_ZEROS = bytes(BLOCK)
_XATTR = b"SCHILY.xattr."
_TEXTS = frozenset((b"path", b"linkpath", b"uname", b"gname"))
_INTEGER = re.compile(rb"[+-]?[0-9]+")
_TIME = re.compile(rb"([+-]?[0-9]+)(?:\.([0-9]*))?")


class Entry(NamedTuple):
    """An entry of an archive: what its headers say, and where its data is."""

    kind: int
    """The header's type flag; FILE also for the flag of old archives."""
    name: bytes
    link: bytes
    meta: Meta
    offset: int
    size: int
    device: tuple[int, int]


def failure(reason: str) -> InvalidLayer:
    """Return the error that Docker answers when it cannot unpack a layer.

    >>> str(failure("unexpected EOF"))
    'Error processing tar file(exit status 1): unexpected EOF'
    """
    line = "".join(each if each.isprintable() else repr(each)[1:-1] for each in reason)
    return InvalidLayer(f"Error processing tar file(exit status 1): {line}")


def _invalid() -> InvalidLayer:
    return failure("archive/tar: invalid tar header")


def entries(content: Content) -> Iterator[Entry]:
    """Yield the entries of an archive; raises InvalidLayer.

    It ends with two blocks of zeros or with its bytes; what comes after the zeros is not looked at.

    >>> list(entries(Content.of(bytes(1024))))
    []
    """
    total, cut = content.size, Cutter(content).cut

    def read(offset: int, size: int) -> bytes:
        return cut(offset, min(size, total - offset)).read() if offset < total else b""

    metas: dict[bytes, Meta] = {}
    offset = 0
    pax: dict[bytes, bytes] = {}
    long_name = long_link = b""
    while block := read(offset, BLOCK):
        if len(block) < BLOCK:
            raise failure("unexpected EOF")
        if block == _ZEROS:
            _check_end(read(offset + BLOCK, BLOCK))
            return
        entry = _parse(block, offset + BLOCK, metas)
        kind = entry.kind
        if kind in (_PAX, _GLOBAL_PAX, _LONG_NAME, _LONG_LINK):
            data = _special(entry, read(entry.offset, min(entry.size, _SPECIAL_SIZE)))
            if kind == _PAX:
                pax = _records(data)
            elif kind == _LONG_NAME:
                long_name = data.partition(b"\0")[0]
            elif kind == _LONG_LINK:
                long_link = data.partition(b"\0")[0]
            else:
                _records(data)
                pax, long_name, long_link = {}, b"", b""
        else:
            if pax or long_name or long_link:
                entry = _extended(entry, pax, long_name, long_link)
                pax, long_name, long_link = {}, b"", b""
            if kind == _OLD_FILE:
                entry = entry._replace(kind=DIRECTORY if entry.name.endswith(b"/") else FILE)
            elif kind == _SPARSE:
                raise failure(f"{entry.name.decode(errors='replace')}: sparse files are not supported")
            if entry.kind in _WITHOUT_DATA:
                entry = entry._replace(size=0) if entry.size else entry
            elif entry.offset + entry.size > total:
                raise failure("unexpected EOF")
            yield entry
        offset = entry.offset + (entry.size + BLOCK - 1) // BLOCK * BLOCK


def _check_end(block: bytes) -> None:
    # Go takes one block of zeros for the end only with another after it, or where the bytes end.
    if block and block != _ZEROS:
        raise _invalid() if len(block) == BLOCK else failure("unexpected EOF")


def _parse(block: bytes, offset: int, metas: dict[bytes, Meta]) -> Entry:
    """Return what one header says; `metas` keeps the attributes that many headers share."""
    _check_sum(block)
    key = block[100:124] + block[136:148]
    meta = metas.get(key)
    if meta is None:
        numbers = (_number(block[100:108]), _number(block[108:116]), _number(block[116:124]))
        meta = metas[key] = _meta(*numbers, _number(block[136:148]) * SECOND)
    kind = block[156]
    size = _number(block[124:136])
    if size < 0 and kind not in _WITHOUT_DATA:
        raise _invalid()
    name = block[:100].partition(b"\0")[0]
    magic = block[257:265]
    if magic.startswith(b"ustar\0") and block[345]:
        # Star keeps two times behind a prefix of 131 bytes, and says so in its last four bytes.
        prefix = block[345 : 476 if block[508:] == b"tar\0" else 500]
        name = prefix.partition(b"\0")[0] + b"/" + name
    device = (0, 0)
    if kind in DEVICES and magic.startswith((b"ustar\0", b"ustar  \0")):
        device = (_number(block[329:337]), _number(block[337:345]))
    link = block[157:257].partition(b"\0")[0] if block[157] else b""
    return Entry(kind, name, link, meta, offset, size, device)


def _meta(mode: int, uid: int, gid: int, mtime: int) -> Meta:
    # The kernel takes 32 bits of an owner (chown(2)), whatever a header says.
    return Meta(mode & 0o7777, uid & 0xFFFFFFFF, gid & 0xFFFFFFFF, mtime)


def _check_sum(block: bytes) -> None:
    """Compare with the sum of all bytes, the sum's own being taken as spaces; Sun added signed bytes."""
    field = block[148:156]
    told = _octal(field)
    # Most of a header is zeros: adding up what is left without them is three times faster.
    rest = block.translate(None, b"\0")
    unsigned = sum(rest) - sum(field) + 8 * 0x20
    if told != unsigned:
        high = sum(byte >= 0x80 for byte in rest) - sum(byte >= 0x80 for byte in field)
        if told != unsigned - 256 * high:
            raise _invalid()


def _octal(field: bytes) -> int:
    digits = field.strip(b" \0").partition(b"\0")[0]
    if not digits:
        return 0
    if not digits.isdigit():
        raise _invalid()
    try:
        return int(digits, 8)
    except ValueError:
        raise _invalid() from None


def _number(field: bytes) -> int:
    """Return a number in octal digits or, where the first bit is set, in base 256 (GNU)."""
    if field[0] < 0x80:
        return _octal(field)
    bits = 8 * len(field) - 1
    value = int.from_bytes(field) - (1 << bits)
    if field[0] & 0x40:
        value -= 1 << bits
    return _fits(value)


def _fits(value: int) -> int:
    if not -(1 << 63) <= value < 1 << 63:
        raise _invalid()
    return value


def _special(entry: Entry, data: bytes) -> bytes:
    if entry.size > _SPECIAL_SIZE:
        raise failure("archive/tar: header field too long")
    if len(data) < entry.size:
        raise failure("unexpected EOF")
    return data


def _records(data: bytes) -> dict[bytes, bytes]:
    """Return the records of a PAX header: lines `length keyword=value`, the length in bytes."""
    records = {}
    while data:
        digits, space, _ = data.partition(b" ")
        if not space or not _INTEGER.fullmatch(digits) or len(digits) > 8:
            raise _invalid()
        length = int(digits)
        keyword, equals, value = data[len(digits) + 1 : max(length - 1, 0)].partition(b"=")
        if length < 5 or length > len(data) or data[length - 1 : length] != b"\n" or not equals:
            raise _invalid()
        if not keyword or b"\0" in (value if keyword in _TEXTS else keyword):
            raise _invalid()
        records[keyword] = value
        data = data[length:]
    return records


def _extended(entry: Entry, pax: dict[bytes, bytes], long_name: bytes, long_link: bytes) -> Entry:
    """Return the entry with what the headers before it say; an empty value says nothing."""
    name = long_name or pax.get(b"path") or entry.name
    if any(keyword.startswith(b"GNU.sparse.") for keyword in pax):
        raise failure(f"{name.decode(errors='replace')}: sparse files are not supported")
    uid, gid, mtime = entry.meta.uid, entry.meta.gid, entry.meta.mtime
    if text := pax.get(b"uid"):
        uid = _integer(text)
    if text := pax.get(b"gid"):
        gid = _integer(text)
    if text := pax.get(b"mtime"):
        mtime = _nanoseconds(text)
    size = _integer(pax[b"size"]) if pax.get(b"size") else entry.size
    if size < 0 and entry.kind not in _WITHOUT_DATA:
        raise _invalid()
    xattrs = sorted(
        (decode(keyword[len(_XATTR) :]), value)
        for keyword, value in pax.items()
        if keyword.startswith(_XATTR) and value
    )
    meta = replace(_meta(entry.meta.mode, uid, gid, mtime), xattrs=tuple(xattrs))
    link = long_link or pax.get(b"linkpath") or entry.link
    return entry._replace(name=name, link=link, meta=meta, size=size)


def _integer(text: bytes) -> int:
    if not _INTEGER.fullmatch(text) or len(text) > 20:
        raise _invalid()
    return _fits(int(text))


def _nanoseconds(text: bytes) -> int:
    match = _TIME.fullmatch(text)
    if not match:
        raise _invalid()
    seconds, fraction = _integer(match[1]) * SECOND, int((match[2] or b"")[:9].ljust(9, b"0"))
    return seconds - fraction if text.startswith(b"-") else seconds + fraction
