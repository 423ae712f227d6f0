"""Commands for archives: tar, gzip, gunzip, zcat, with busybox's words.

An archive is content: what is packed or unpacked shares its bytes with the files. tar finds out by itself
what an archive that it reads is compressed with.
"""

from __future__ import annotations

import errno
import stat
from collections.abc import Iterator, Sequence
from dataclasses import replace

from labkit.base.errors import FileSystemError, InvalidArchive, InvalidLayer, LabkitError
from labkit.oci.content import Content, Cutter
from labkit.oci.gzip import Spool, compression, decompress, store_gzip
from labkit.oci.tar import BLOCK, FILE, Entry, entries
from labkit.oci.tar_reader import link_of, node_of
from labkit.oci.tar_writer import write_entries
from labkit.oci.tree import Device, Dir, Fifo, File, Node, Whiteout
from labkit.shell.applets.listing import strftime
from labkit.shell.applets.options import Options, parse
from labkit.shell.conversions import decode, encode, strerror
from labkit.shell.files import Stat
from labkit.shell.streams import MAX_READ, MEBIBYTE, TooMuch, WouldRunForever, endless
from labkit.shell.task import CommandError, Task, UsageError, saying
from labkit.shell.users import group_name, user_name

_TYPES = dict(zip(b"0123456", (0o10, 0o10, 0o12, 0o02, 0o06, 0o04, 0o01), strict=True))
"""The bits of an entry's type in stat(2)'s mode, twelve bits to the right."""


def tar(task: Task, args: Sequence[str]) -> int:
    """Make, list or unpack an archive."""
    words = [f"-{args[0]}", *args[1:]] if args and not args[0].startswith("-") else args
    options = parse(words, "ctxf:C:vzJjOp", lacks="Zamohk")
    modes = [flag for flag in "ctx" if flag in options]
    if len(modes) != 1:
        raise UsageError
    if modes == ["c"] and not options.operands:
        raise CommandError("empty archive")
    name, there = options.value("f") or "-", options.value("C")
    inside = task.child()
    if modes == ["c"]:
        write = task.write if name == "-" else task.open_write(name).write
        archive = None if name == "-" else task.stat(name)
        inside.cwd = _directory(task, there)
        packed, failed = _packed(inside, options, archive)
        content = write_entries(packed)
        write(store_gzip(content) if "z" in options else content)
        if failed:
            raise CommandError("error exit delayed from previous errors")
        return 0
    with saying(f"can't open '{name}'"):
        content = task.open_read(name).rest()
    inside.cwd = _directory(task, there)
    return _read(inside, options, _plain(task, content, forced="z" in options))


def _directory(task: Task, path: str | None) -> str:
    if path is None or task.is_dir(path):
        return task.cwd if path is None else task.path(path)
    number = errno.ENOTDIR if task.stat(path) else errno.ENOENT
    raise CommandError(f"can't change directory to '{path}': {strerror(number)}")


def _packed(task: Task, options: Options, archive: Stat | None) -> tuple[list[tuple[str, Node, str]], int]:
    """Return the entries of files and what is below them, without the archive itself; and the exit code."""
    packed, names, cut = list[tuple[str, Node, str]](), dict[int, str](), ""

    def add(path: str, found: Stat) -> None:
        nonlocal cut
        node = found.node
        if archive and archive.inode == found.inode:
            task.fail(f"{path}: file is the archive; skipping")
            return
        if isinstance(node, File):
            node = replace(node, content=task.fs.content(task.path(path)))
        name, cut = _safe(task, path, cut)
        if not name:
            return
        first = names.setdefault(found.inode, name) if found.nlink > 1 and not isinstance(node, Dir) else name
        if "v" in options:
            shown = f"{name}{'/' * isinstance(node, Dir)}\n"
            task.write(Content.of(encode(shown)), 1 if archive else 2)
        packed.append((name, node, "" if first == name else first))

    status = task.each_below([each.rstrip("/") or "/" for each in options.operands], add, deep=True)
    return packed, status


def _safe(task: Task, name: str, cut: str) -> tuple[str, str]:
    """Return a name without the start that would lead out, and the start that was told last."""
    rest = name.lstrip("/")
    while (at := f"/{rest}/".find("/../")) >= 0:
        rest = rest[at + 3 :].lstrip("/")
    start = name[: len(name) - len(rest)]
    if start and start != cut:
        task.err(f"{task.name}: removing leading '{start}' from member names\n")
    return rest, start or cut


def _plain(task: Task, content: Content, *, forced: bool) -> Content:
    """Return what an archive's file holds, decompressed where it is compressed."""
    if endless(content):
        raise WouldRunForever
    kind = compression(content.read(0, 6))
    if forced and not kind:
        task.fail("invalid magic")
        raise CommandError("short read")
    try:
        return _decompressed(content, kind) if kind else content
    except CommandError as error:
        task.fail(str(error))
        raise CommandError("short read") from None


def _decompressed(content: Content, kind: str) -> Content:
    def chunks() -> Iterator[bytes]:
        size = 0
        for chunk in decompress(content.chunks(), kind):
            size += len(chunk)
            if size > MAX_READ:
                raise TooMuch(f"a command reads at most {MAX_READ // MEBIBYTE} MB of a file")
            yield chunk

    try:
        return Spool().keep(chunks())
    except InvalidArchive as error:
        cut = error.code == "damaged-data" and "EOF" in str(error)
        raise CommandError("unexpected end of file" if cut else "corrupted data") from None
    except LabkitError as error:  # no room for it
        raise CommandError(str(error)) from None


def _read(task: Task, options: Options, content: Content) -> int:
    """List or unpack the members that are wanted, or all."""
    detailed = "t" in options and "v" in options
    wanted = [each.rstrip("/") for each in options.operands]
    missing, cut, bytes_at = dict.fromkeys(wanted), "", Cutter(content).cut
    if content.size < BLOCK:
        raise CommandError("short read")
    try:
        for entry in entries(content):
            name, cut = _safe(task, decode(entry.name), cut)
            matching = [each for each in wanted if f"{name.rstrip('/')}/".startswith(f"{each}/")]
            if wanted and not matching:
                continue
            for each in matching:
                missing.pop(each, None)
            if options.last("tv"):
                owners = bytes_at(entry.offset - BLOCK + 265, 64).read() if detailed else b""
                line = _line(task, owners, entry, name) if detailed else name
                task.write(Content.of(encode(f"{line}\n")))
            if "O" in options and entry.kind == FILE:
                task.write(bytes_at(entry.offset, entry.size))
            elif "x" in options and "O" not in options:
                _unpack(task, name, node_of(entry, bytes_at), link_of(entry))
    except InvalidLayer as error:
        raise CommandError("short read" if "EOF" in str(error) else "invalid tar magic") from None
    for each in missing:
        task.fail(f"{each}: not found in archive")
    return 1 if missing else 0


def _line(task: Task, owners: bytes, entry: Entry, name: str) -> str:
    """Return what `tar tv` says of an entry; `owners` has its fields of the owner's name and the group's."""
    owner, group = (decode(owners[at : at + 32].partition(b"\0")[0]) for at in (0, 32))
    owner = owner or user_name(task.fs, entry.meta.uid) or str(entry.meta.uid)
    group = group or group_name(task.fs, entry.meta.gid) or str(entry.meta.gid)
    mode = stat.filemode(entry.meta.mode | _TYPES.get(entry.kind, 0) << 12)
    date = strftime("%Y-%m-%d %H:%M:%S", entry.meta.mtime)
    link = f" -> {decode(entry.link)}" if entry.link else ""
    return f"{mode} {owner}/{group} {entry.size:9} {date} {name}{link}"


def _unpack(task: Task, name: str, node: Node, link: str) -> None:
    """Write an entry: as root with its owner, as a user for himself."""
    path, shown = task.path(name.rstrip("/") or "."), name.rstrip("/")
    assert not isinstance(node, Whiteout)
    _make_parents(task, shown)
    before = task.stat(shown or ".", False)
    if isinstance(node, Dir):
        if before is None or not stat.S_ISDIR(before.mode):
            try:
                task.fs.mkdir(path, node.meta.mode)
            except FileSystemError as error:
                task.fail(f"can't create directory '{shown}': {strerror(error)}")
                return
    elif before is not None:
        with saying(f"can't remove old file {shown}"):
            task.fs.unlink(path)
    root = task.run.process.uid == 0
    meta = node.meta if root else replace(node.meta, mode=node.meta.mode & 0o1777)  # as chown(2) leaves it
    verb = "create hardlink" if link else "create node" if isinstance(node, Device | Fifo) else "open"
    with saying(f"can't {verb} '{shown}'"):
        if link:
            task.fs.link(task.path(link.lstrip("/")), path)
        elif isinstance(node, Dir):
            if root:
                task.fs.chown(path, meta.uid, meta.gid)
            task.fs.chmod(path, meta.mode)
            task.fs.utime(path, meta.mtime)
        else:
            task.fs.place(path, replace(node, meta=meta))


def _make_parents(task: Task, name: str) -> None:
    names = name.split("/")[:-1]
    for depth in range(1, len(names) + 1):
        above = "/".join(names[:depth])
        if task.stat(above, False) is None:
            task.fs.mkdir(task.path(above))


def gzip(task: Task, options: Options) -> int:
    """Be gzip, gunzip or zcat; what is compressed is stored, not made smaller (decision 0004)."""
    flags = {flag for flag, _ in options.given} | {"gunzip": {"d"}, "zcat": {"d", "c"}}.get(task.name, set())
    status = 0
    for path in options.operands or ["-"]:
        try:
            _convert(task, flags, path)
        except FileSystemError as error:
            status = task.fail(f"{path}: {strerror(error)}")
        except CommandError as error:
            status = task.fail(str(error))
    return status


def _convert(task: Task, flags: set[str], path: str) -> None:
    shown, unpack = path == "-" or bool(flags & {"c", "t"}), bool(flags & {"d", "t"})
    content = task.open_read(path).rest()
    target = f"{path}.gz"
    if unpack and not shown:
        base, dot, ending = path.rpartition(".")
        if not dot or ending not in ("gz", "tgz"):
            raise CommandError(f"{path}: unknown suffix - ignored")
        target = base + (".tar" if ending == "tgz" else "")
    if not shown and "f" not in flags and task.stat(target, False) is not None:
        raise CommandError(f"can't open '{target}': {strerror(errno.EEXIST)}")
    if endless(content):
        raise WouldRunForever
    if unpack:
        kind = compression(content.read(0, 6))
        if kind != "gzip":
            words = "no gzip/bzip2/xz magic" if content.size else "short read"
            raise CommandError(words if task.name == "zcat" else "invalid magic")
        content = _decompressed(content, kind)
    else:
        content = store_gzip(content)
    if shown:
        if "t" not in flags:
            task.write(content)
        return
    mode = task.fs.stat(task.path(path)).mode & 0o7777
    task.open_write(target).write(content)
    task.fs.chmod(task.path(target), mode)
    if "k" not in flags:
        task.fs.unlink(task.path(path))
