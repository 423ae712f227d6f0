"""Commands on bytes: dd, the checksums, cmp."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from labkit.engine.shell.applets.options import number, parse
from labkit.engine.shell.applets.text import WARNING, opened
from labkit.engine.shell.streams import OpenFile, WouldRunForever, bounded, endless
from labkit.engine.shell.task import CommandError, Program, Task, UsageError
from labkit.engine.shell.words import decode, strerror
from labkit.errors import FileSystemError

_DD = frozenset(("if", "of", "bs", "ibs", "obs", "count", "skip", "seek", "conv", "status", "iflag", "oflag"))


def dd(task: Task, args: Sequence[str]) -> int:
    """Copy blocks; the speed that dd may report is left out, as `status=noxfer` does."""
    given: dict[str, str] = {}
    for word in args:
        name, equals, value = word.partition("=")
        if not equals or name not in _DD:
            raise UsageError
        given[name] = value
    size = number(given.get("bs") or given.get("ibs") or "512")
    out_size = number(given.get("bs") or given.get("obs") or "512")
    if size < 1 or out_size < 1:
        raise CommandError(f"number {min(size, out_size)} is not in 1..2147483647 range")
    source, target = given.get("if"), given.get("of")
    try:
        reader = task.open_read(source) if source else task.stdin()
    except FileSystemError as error:
        raise CommandError(f"can't open '{source}': {strerror(error)}") from None
    conversions = given.get("conv", "").split(",")
    sink: Any = task
    seek = number(given.get("seek", "0")) * out_size
    if target:
        keep = "notrunc" in conversions or "append" in given.get("oflag", "") or seek > 0
        try:
            sink = task.open_write(target, append=keep)
        except FileSystemError as error:
            raise CommandError(f"can't open '{target}': {strerror(error)}") from None
        if isinstance(sink, OpenFile) and "append" not in given.get("oflag", ""):
            sink.append, sink.offset = False, seek
            if "notrunc" not in conversions and seek:
                task.fs.truncate(sink.path, seek)
    try:
        reader.take(number(given.get("skip", "0")) * size)
        count = given.get("count")
        content = reader.rest() if count is None else reader.take(number(count) * size)
    except FileSystemError as error:
        raise CommandError(f"{source or 'standard input'}: {strerror(error)}") from None
    if endless(content):
        raise WouldRunForever
    if "sync" in conversions:
        content = content.resized(-(-content.size // size) * size)
    status = 0
    try:
        sink.write(content)
    except FileSystemError as error:
        status = task.fail(f"error writing '{target}': {strerror(error)}")
    if given.get("status") != "none":
        written = 0 if status else content.size
        task.err(f"{_records(content.size, size)} records in\n{_records(written, out_size)} records out\n")
    return status


def _records(size: int, block: int) -> str:
    return f"{size // block}+{int(size % block > 0)}"


def checksum(algorithm: str) -> Program:
    """Return the command that prints or checks one kind of checksum."""

    def command(task: Task, args: Sequence[str]) -> int:
        options = parse(args, "csw")
        if "c" in options:
            return _check(task, options.operands, algorithm, "s" in options)
        failed: list[str] = []
        for path, reader in opened(task, options.operands, WARNING, failed):
            try:
                task.out(f"{_digest(reader.segments(), algorithm)}  {path}\n")
            except FileSystemError as error:
                failed.append(path)
                task.fail(f"can't read '{path}': {strerror(error)}")
        return int(bool(failed))

    return command


def _digest(segments: Any, algorithm: str) -> str:
    digest = hashlib.new(algorithm, usedforsecurity=False)
    for segment in segments:
        for chunk in bounded(segment):
            digest.update(chunk)
    return digest.hexdigest()


def _check(task: Task, lists: Sequence[str], algorithm: str, silent: bool) -> int:
    total = bad = 0
    for _, reader in opened(task, lists):
        for raw in reader.lines():
            digest, _, path = decode(raw).rstrip("\n").partition("  ")
            total += 1
            try:
                good = _digest(task.open_read(path).segments(), algorithm) == digest
            except FileSystemError as error:
                task.fail(WARNING.format(path, strerror(error)))
                good = False
            bad += not good
            if not silent:
                task.out(f"{path}: {'OK' if good else 'FAILED'}\n")
    if bad and not silent:
        task.fail(f"WARNING: {bad} of {total} computed checksums did NOT match")
    return int(bad > 0)


def cmp(task: Task, args: Sequence[str]) -> int:
    """Compare two files."""
    options = parse(args, "sl", least=1, most=2)
    first, second = [*options.operands, "-"][:2]
    contents = []
    for path in (first, second):
        try:
            contents.append(task.open_read(path).rest())
        except FileSystemError as error:
            return task.fail(f"{path}: {strerror(error)}", 2)
    one, other = contents
    if one == other:
        return 0
    if "s" not in options:
        position, line = _difference(one.chunks(1 << 16), other.chunks(1 << 16))
        if position >= min(one.size, other.size):
            task.fail(f"EOF on {first if one.size < other.size else second}")
        else:
            task.out(f"{first} {second} differ: char {position + 1}, line {line}\n")
    return 1


def _difference(one: Any, other: Any) -> tuple[int, int]:
    position, line = 0, 1
    for left, right in zip(one, other, strict=False):
        for index, (a, b) in enumerate(zip(left, right, strict=False)):
            if a != b:
                return position + index, line + left.count(b"\n", 0, index)
        line += left.count(b"\n")
        position += min(len(left), len(right))
    return position, line
