"""Commands on bytes: dd, truncate, sha256sum."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from labkit.engine.shell.applets.options import number, parse
from labkit.engine.shell.applets.text import CANNOT_OPEN, each_file
from labkit.engine.shell.streams import OpenFile, Reader, WouldRunForever, bounded, endless
from labkit.engine.shell.task import UMASK, CommandError, Task, UsageError
from labkit.engine.shell.words import strerror
from labkit.errors import FileSystemError

_DD = frozenset(("if", "of", "bs", "count", "skip", "seek", "conv", "status"))


def dd(task: Task, args: Sequence[str]) -> int:
    """Copy blocks; the speed that dd may report is left out, as `status=noxfer` does."""
    given = dict(word.partition("=")[::2] for word in args)
    if not given.keys() <= _DD or not all("=" in word for word in args):
        raise UsageError
    size = number(given.get("bs") or "512")
    if size < 1:
        raise CommandError(f"number {size} is not in 1..2147483647 range")
    source, target = given.get("if"), given.get("of")
    try:
        reader = task.open_read(source) if source else task.stdin()
    except FileSystemError as error:
        raise CommandError(f"can't open '{source}': {strerror(error)}") from None
    sink = _open_target(task, target, number(given.get("seek", "0")) * size, given) if target else task
    try:
        reader.take(number(given.get("skip", "0")) * size)
        content = reader.take(number(given["count"]) * size) if "count" in given else reader.rest()
    except FileSystemError as error:
        raise CommandError(f"{source or 'standard input'}: {strerror(error)}") from None
    if endless(content):
        raise WouldRunForever
    written, status = content.size, 0
    try:
        sink.write(content)
    except FileSystemError as error:
        written, status = 0, task.fail(f"error writing '{target}': {strerror(error)}")
    if given.get("status") != "none":
        task.err(f"{_records(content.size, size)} records in\n{_records(written, size)} records out\n")
    return status


def _open_target(task: Task, path: str, seek: int, given: dict[str, str]) -> Any:
    whole = "notrunc" in given.get("conv", "").split(",")
    try:
        sink = task.open_write(path, append=whole or seek > 0)
    except FileSystemError as error:
        raise CommandError(f"can't open '{path}': {strerror(error)}") from None
    if isinstance(sink, OpenFile):
        sink.append, sink.offset = False, seek
        if seek and not whole:
            task.fs.truncate(sink.path, seek)
    return sink


def _records(size: int, block: int) -> str:
    return f"{size // block}+{int(size % block > 0)}"


def truncate(task: Task, args: Sequence[str]) -> int:
    """Set the sizes of files."""
    options = parse(args, "cs:", {"size": "s", "no-create": "c"}, least=1)
    wanted = options.value("s")
    if wanted is None:
        raise UsageError
    size = number(wanted)

    def cut(path: str) -> None:
        if task.stat(path) is None:
            if "c" in options:
                return
            task.fs.append(task.path(path), b"", 0o666 & ~UMASK)
        task.fs.truncate(task.path(path), size)

    return task.each(options.operands, cut, "{}: open: {}")


def sha256sum(task: Task, args: Sequence[str]) -> int:
    """Print checksums."""

    def show(path: str, reader: Reader) -> None:
        digest = hashlib.sha256()
        for segment in reader.segments():
            for chunk in bounded(segment):
                digest.update(chunk)
        task.out(f"{digest.hexdigest()}  {path}\n")

    return each_file(task, parse(args, "", lacks="csw").operands, show, CANNOT_OPEN, "can't read '{}': {}")
