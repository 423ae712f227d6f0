"""From a layer's changes to the bytes of its tar, as Docker 20.10 writes them on Linux with overlay2.

A DiffID is the digest of these bytes, so every field counts. They are those of Go 1.19's archive/tar
in the PAX format, which is plain ustar wherever that can hold the header, around what moby's
pkg/archive says of each file: type bits in the mode, whole seconds, a directory before its children
in the order of their names. A whiteout stands where the deleted name would, an opaque directory's
marker follows the directory. User and group names come from the host's own files; here the host is a
Debian with no users but those that Debian's base-passwd gives it.

Go writes a PAX header only where ustar cannot hold a field, and never GNU's (archive/tar, allowedFormats,
with the format that moby asks for: FileInfoHeader sets FormatPAX). It also cuts times to seconds; fractions
would need a PAX header before every file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

from labkit.base.text import encode, packaged
from labkit.go.moment import SECOND
from labkit.oci.content import ZEROS, Content, Piece
from labkit.oci.tar import BLOCK
from labkit.oci.tar_reader import OPAQUE, WHITEOUT
from labkit.oci.tree import Device, Dir, Fifo, File, Meta, Node, Symlink, Whiteout, mapped

_TRAILER = bytes(2 * BLOCK)
_NAME = 100
_PREFIX = 155
_WHITEOUT_META = Meta(mode=0o600)
_NOT_LONG = 1 << 21  # what 7 octal digits hold
_NOT_LARGE = 1 << 33  # what 11 octal digits hold
_HOST: dict[str, dict[int, bytes]] = {
    kind: {int(number): name.encode() for number, name in names.items()}
    for kind, names in json.loads(packaged("labkit.oci", "host.json")).items()
}
"""The host's users and groups by number: those that Debian's base-passwd gives it."""


def write_tar(changes: Dir) -> Content:
    """Return the tar of a layer's changes; the contents of files are not copied.

    >>> write_tar(Dir()).read() == bytes(1024)
    True
    """
    return _packed(_members(changes))


def write_entries(entries: Iterable[tuple[str, Node, str]]) -> Content:
    """Return the tar of some entries: a name, a node without what is in it, the name it is a hard link to.

    >>> write_entries([("etc", Dir(), "")]).read(0, 5)
    b'etc/\\x00'
    """
    return _packed(_entry(b"", encode(name), node, encode(link)) for name, node, link in entries)


def _packed(members: Iterable[tuple[bytes, Content]]) -> Content:
    pieces: list[Piece] = []
    waiting: list[bytes] = []
    for header, content in members:
        waiting.append(header)
        if content.size:
            pieces += [*Content.of(b"".join(waiting)).pieces, *content.pieces]
            waiting = [bytes(-content.size % BLOCK)]
    pieces += Content.of(b"".join([*waiting, _TRAILER])).pieces
    return Content(tuple(pieces), sum(piece.size for piece in pieces))


def as_written(changes: Dir) -> Dir:
    """Return the changes as their tar tells them: in whole seconds, and nothing of the root itself.

    >>> as_written(Dir({"a": File(meta=Meta(mtime=1_500_000_000))})).children["a"].meta.mtime
    1000000000
    """
    written = mapped(changes, _in_seconds)
    return Dir(written.children, opaque=written.opaque)


def _in_seconds(node: Node) -> Node:
    if isinstance(node, Whiteout):
        return replace(node, mtime=node.mtime // SECOND * SECOND)
    if isinstance(node, File) and any(piece.source is ZEROS for piece in node.content.pieces):
        node = replace(node, content=node.content.without_holes())
    rest = node.meta.mtime % SECOND
    return replace(node, meta=replace(node.meta, mtime=node.meta.mtime - rest)) if rest else node


def _members(root: Dir) -> Iterator[tuple[bytes, Content]]:
    """Yield the headers and the contents of what is in a tree, a directory before what is in it."""
    seen: dict[int, bytes] = {}
    """The first name of each file that has several."""
    todo: list[tuple[bytes, bytes, Node]] = [(b"", b"", root)]
    while todo:
        path, name, node = todo.pop()
        full = path + name
        if not isinstance(node, Dir):
            first = seen.setdefault(node.inode, full) if node.inode else full
            yield _entry(path, name, node, b"" if first is full else first)
            continue
        if full:
            full += b"/"
            yield _entry(path, name, node, b"")
        if node.opaque:
            # Its directory's mode and owner, and no time (moby, archive_linux.go, ConvertWrite).
            meta = Meta(node.meta.mode & 0o777, node.meta.uid, node.meta.gid)
            yield _header(full + OPAQUE.encode(), meta, 0, b"0"), Content()
        names = {encode(name): child for name, child in node.children.items()}
        todo += [(full, name, names[name]) for name in sorted(names, reverse=True)]


def _entry(path: bytes, name: bytes, node: Node, first: bytes) -> tuple[bytes, Content]:
    """Return the header and the content of a node; `first` is the name it is a link to."""
    full, content = path + name, Content()
    if isinstance(node, Dir):
        return _header(full.rstrip(b"/") + b"/", node.meta, 0o040000, b"5"), content
    if isinstance(node, Whiteout):
        # Docker finds that whiteouts share a device and notes the first, but leaves them files.
        meta = replace(_WHITEOUT_META, mtime=node.mtime)
        return _header(path + WHITEOUT.encode() + name, meta, 0, b"0", first), content
    device, link = (0, 0), first
    if isinstance(node, File):
        bits, flag = 0o100000, b"0"
        content = Content() if first else node.content
    elif isinstance(node, Symlink):
        bits, flag, link = 0o120000, b"2", first or encode(node.target)
    elif isinstance(node, Fifo):
        bits, flag = 0o010000, b"6"
    else:
        assert isinstance(node, Device)
        bits, flag = (0o020000, b"3") if node.kind == "c" else (0o060000, b"4")
        device = (node.major, node.minor)
    flag = b"1" if first else flag
    return _header(full, node.meta, bits, flag, link, content.size, device), content


def _header(
    name: bytes,
    meta: Meta,
    bits: int,
    flag: bytes,
    link: bytes = b"",
    size: int = 0,
    device: tuple[int, int] = (0, 0),
) -> bytes:
    """Return a header block, with a PAX header before it where ustar cannot hold it all."""
    seconds = meta.mtime // SECOND
    prefix, base = _split(name)
    records: dict[bytes, bytes] = {}
    if len(name) > _NAME or not name.isascii():
        records[b"path"] = name
    if len(link) > _NAME or not link.isascii():
        records[b"linkpath"] = link
    for keyword, number, limit in (
        (b"uid", meta.uid, _NOT_LONG),
        (b"gid", meta.gid, _NOT_LONG),
        (b"size", size, _NOT_LARGE),
        (b"mtime", seconds, _NOT_LARGE),
    ):
        if not 0 <= number < limit:
            records[keyword] = b"%d" % number
    for key, value in meta.xattrs:
        records[b"SCHILY.xattr." + encode(key)] = value
    before = b""
    # A long name alone needs no PAX header where ustar can split it.
    if records and not (prefix and records.keys() == {b"path"}):
        before = _pax(name, records)
        prefix, base, link = b"", _ascii(name), _ascii(link)
    mode = meta.mode & 0o7777 | bits
    names = (_HOST["users"].get(meta.uid, b""), _HOST["groups"].get(meta.gid, b""))
    return before + _block(prefix, base, (mode, meta.uid, meta.gid), size, seconds, flag, link, names, device)


def _block(
    prefix: bytes,
    name: bytes,
    numbers: tuple[int, int, int],
    size: int,
    seconds: int,
    flag: bytes,
    link: bytes = b"",
    names: tuple[bytes, bytes] = (b"", b""),
    device: tuple[int, int] | None = (0, 0),
) -> bytes:
    start = b"%s%s%s%s" % (
        _text(name, _NAME),
        b"".join(_octal(number, 8) for number in numbers),
        _octal(size, 12),
        _octal(seconds, 12),
    )
    end = b"%s%sustar\x0000%s%s%s%s" % (
        flag,
        _text(link, _NAME),
        _text(names[0], 32),
        _text(names[1], 32),
        b"".join(_octal(number, 8) for number in device) if device else bytes(16),
        prefix.ljust(_PREFIX + 12, b"\0"),
    )
    total = sum(start) + sum(end) + 8 * 0x20
    return b"%s%06o\0 %s" % (start, total, end)


def _octal(number: int, size: int) -> bytes:
    fits = 0 <= number < 1 << 3 * (size - 1)
    return b"%0*o\0" % (size - 1, number if fits else 0)


def _text(text: bytes, size: int) -> bytes:
    if len(text) <= size:
        return text.ljust(size, b"\0")
    # Go puts a zero for the slash that a cut would leave at the end.
    cut = text[:size]
    return cut.rstrip(b"/") + b"\0" + cut[len(cut.rstrip(b"/")) + 1 :] if cut.endswith(b"/") else cut


def _split(name: bytes) -> tuple[bytes, bytes]:
    """Return what of a long name ustar keeps as its prefix, if it can; and the rest (splitUSTARPath)."""
    if len(name) <= _NAME or not name.isascii():
        return b"", name
    length = min(len(name) - name.endswith(b"/"), _PREFIX + 1)
    prefix, slash, rest = name[:length].rpartition(b"/")
    rest += name[length:]
    return (prefix, rest) if slash and prefix and 0 < len(rest) <= _NAME else (b"", name)


def _pax(name: bytes, records: dict[bytes, bytes]) -> bytes:
    lines = b"".join(_record(keyword, records[keyword]) for keyword in sorted(records))
    # Go names the entry after the file, and sorts the records, as its maps have no order of their own.
    directory, _, base = name.rpartition(b"/")
    path = b"/".join(part for part in (directory, b"PaxHeaders.0", base) if part)
    short = _ascii(path)[:_NAME].rstrip(b"/")
    header = _block(b"", short, (0, 0, 0), len(lines), 0, b"x", device=None)
    return header + lines + bytes(-len(lines) % BLOCK)


def _record(keyword: bytes, value: bytes) -> bytes:
    """Return a PAX record; its length counts its own digits."""
    rest = len(keyword) + len(value) + 3
    length = rest + len(str(rest))
    length = rest + len(str(length))
    return b"%d %s=%s\n" % (length, keyword, value)


def _ascii(text: bytes) -> bytes:
    return text.decode("ascii", "ignore").encode()
