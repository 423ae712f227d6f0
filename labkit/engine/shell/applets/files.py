"""Commands that make, remove and rename files: rm, mv, mkdir, rmdir, touch, ln, truncate, mktemp."""

from __future__ import annotations

import errno
import stat
from collections.abc import Sequence
from typing import Any

from labkit.engine.shell.applets.copying import Manner, copy
from labkit.engine.shell.applets.dates import parse_date
from labkit.engine.shell.applets.modes import parse_mode
from labkit.engine.shell.applets.options import Options, number, parse
from labkit.engine.shell.task import CommandError, Task, UsageError
from labkit.engine.shell.words import basename, normal, strerror
from labkit.errors import FileSystemError


def rm(task: Task, args: Sequence[str]) -> int:
    """Remove files and, with -r, directories."""
    options = parse(args, "fiRrv", {"recursive": "r", "force": "f"})
    if not options.operands and "f" not in options:
        raise UsageError
    recursive, force = bool(options.last("rR")), options.last("fi") == "f"
    status = 0
    for operand in options.operands:
        if basename(operand) in (".", ".."):
            status = task.fail("can't remove '.' or '..'")
        else:
            path = operand.rstrip("/") or operand
            status |= remove(task, path, recursive, force, "v" in options)
    return status


def remove(task: Task, path: str, recursive: bool, force: bool, verbose: bool = False) -> int:
    """Remove one file or directory tree and give the exit code."""
    try:
        found = task.fs.stat(task.path(path), False)
    except FileSystemError as error:
        if error.errno == errno.ENOENT and force:
            return 0
        return task.failure(f"can't remove '{path}'", error)
    if not stat.S_ISDIR(found.mode):
        return _attempt(task, task.fs.unlink, path, f"removed '{path}'\n" * verbose)
    if not recursive:
        return task.fail(f"'{path}' is a directory")
    try:
        names = task.listdir(path)
    except FileSystemError as error:
        return task.failure(f"can't remove '{path}'", error)
    status = 0
    for name in names:
        status |= remove(task, f"{path.rstrip('/')}/{name}", True, force, verbose)
    return status | _attempt(task, task.fs.rmdir, path, f"removed directory: '{path}'\n" * verbose)


def _attempt(task: Task, call: Any, path: str, words: str) -> int:
    try:
        call(task.path(path))
        task.out(words)
    except FileSystemError as error:
        return task.failure(f"can't remove '{path}'", error)
    return 0


def destinations(task: Task, options: Options) -> list[tuple[str, str]]:
    """Return pairs of source and target of mv and cp, whose last operand may be a directory."""
    operands = options.operands
    directory = options.value("t")
    if directory is None:
        if len(operands) < 2:
            raise UsageError
        *operands, directory = operands
        if "T" in options and task.is_dir(directory):
            raise CommandError(f"'{directory}' is a directory")
        if len(operands) == 1 and not task.is_dir(directory):
            return [(operands[0], directory)]
    return [(source, f"{directory.rstrip('/')}/{basename(source)}") for source in operands]


def reachable(task: Task, target: str) -> bool:
    """Tell whether a target could be made; complain of a file where a directory should be."""
    try:
        task.fs.stat(task.path(target), False)
    except FileSystemError as error:
        if error.errno == errno.ENOTDIR:
            task.fail(f"can't stat '{target}': Path has non-directory component")
            return False
    return True


def mv(task: Task, args: Sequence[str]) -> int:
    """Rename files; across file systems copy and delete."""
    options = parse(args, "finTt:v")
    status = 0
    for source, target in destinations(task, options):
        if not reachable(task, target):
            status = 1
            continue
        if "n" in options and task.stat(target, False) is not None:
            continue
        try:
            task.fs.rename(task.path(source), task.path(target))
        except FileSystemError as error:
            if _move(task, source, target, error):
                status = 1
                continue
        if "v" in options:
            task.out(f"'{source}' -> '{target}'\n")
    return status


def _move(task: Task, source: str, target: str, error: FileSystemError) -> int:
    found = task.stat(source, False)
    if error.errno != errno.EXDEV or found is None:
        return task.failure(f"can't rename '{source}'", error)
    over = task.stat(target, False)
    if over is not None:
        if stat.S_ISDIR(over.mode) and not stat.S_ISDIR(found.mode):
            return task.fail("cannot overwrite directory with non-directory")
        try:
            remover = task.fs.rmdir if stat.S_ISDIR(over.mode) else task.fs.unlink
            remover(task.path(target))
        except FileSystemError as failure:
            return task.failure(f"can't remove '{target}'", failure)
    if copy(task, source, target, Manner(recursive=True, preserve=True, follow=False)):
        return 1
    return remove(task, source, True, True)


def mkdir(task: Task, args: Sequence[str]) -> int:
    """Make directories."""
    options = parse(args, "m:pv", {"mode": "m", "parents": "p", "verbose": "v"}, least=1)
    wanted = options.value("m")
    mode = None if wanted is None else parse_mode(wanted, 0o777, True, task.umask)
    status = 0
    for operand in options.operands:
        status |= _make_directory(task, operand, mode, "p" in options, "v" in options)
    return status


def _make_directory(task: Task, path: str, mode: int | None, parents: bool, verbose: bool) -> int:
    steps = [path]
    if parents:
        if task.is_dir(path):
            return 0
        names = path.rstrip("/").split("/")
        steps = ["/".join(names[:count]) + "/" for count in range(1, len(names)) if names[count - 1]] + [path]
    for step in steps:
        if parents and task.is_dir(step):
            continue
        try:
            if parents and task.stat(step.rstrip("/")) is not None:
                raise FileSystemError(errno.EEXIST if step == path else errno.ENOTDIR, step)
            task.fs.mkdir(task.path(step), 0o777 & ~task.umask)
            if mode is not None and step == steps[-1]:
                task.fs.chmod(task.path(step), mode)
        except FileSystemError as error:
            return task.failure(f"can't create directory '{step}'", error)
        if verbose:
            task.out(f"created directory: '{step}'\n")
    return 0


def rmdir(task: Task, args: Sequence[str]) -> int:
    """Remove empty directories."""
    options = parse(args, "p", {"parents": "p", "ignore-fail-on-non-empty": "I"}, least=1)
    status = 0
    for operand in options.operands:
        path = operand
        while True:
            try:
                task.fs.rmdir(task.path(path))
            except FileSystemError as error:
                if "I" not in options or error.errno != errno.ENOTEMPTY:
                    status = task.fail(f"'{path}': {strerror(error)}")
                break
            parent = path.rstrip("/").rpartition("/")[0]
            if "p" not in options or not parent:
                break
            path = parent
    return status


def touch(task: Task, args: Sequence[str]) -> int:
    """Set modification times; make files that are not there."""
    options = parse(args, "cfham" + "t:d:r:", {"no-create": "c", "date": "d", "reference": "r"}, least=1)
    when = task.now
    reference = options.value("r")
    if reference is not None:
        try:
            when = task.fs.stat(task.path(reference), True).mtime
        except FileSystemError as error:
            raise CommandError(f"{reference}: {strerror(error)}") from None
    date = options.value("d") or options.value("t")
    if date is not None:
        when = parse_date(date, task.now)
    status = 0
    for operand in options.operands:
        try:
            path = task.path(operand)
            if task.stat(operand, "h" not in options) is None:
                if "c" in options:
                    continue
                task.fs.append(path, b"", 0o666 & ~task.umask)
            if options.last("am") != "a":
                task.fs.utime(path, when, "h" not in options)
        except FileSystemError as error:
            status = task.fail(f"{operand}: {strerror(error)}")
    return status


def ln(task: Task, args: Sequence[str]) -> int:
    """Make hard and symbolic links."""
    options = parse(args, "sfnbtvS:T", {"symbolic": "s", "force": "f", "no-dereference": "n"}, least=1)
    operands = options.operands
    *sources, last = operands if len(operands) > 1 else [operands[0], basename(operands[0])]
    into = task.is_dir(last, follow="n" not in options) and "T" not in options and len(operands) > 1
    if len(sources) > 1 and not into:
        raise UsageError
    status = 0
    for source in sources:
        target = f"{last.rstrip('/')}/{basename(source)}" if into else last
        failed = _link(task, source, target, "s" in options, "f" in options)
        if "v" in options and not failed:
            task.out(f"'{target}' -> '{source}'\n")
        status |= failed
    return status


def _link(task: Task, source: str, target: str, symbolic: bool, force: bool) -> int:
    path = task.path(target)
    try:
        if not symbolic and task.stat(source, False) is None:
            raise FileSystemError(errno.ENOENT, source)
        if force and task.stat(target, False) is not None:
            task.fs.unlink(path)
    except FileSystemError as error:
        return task.fail(f"{source if not symbolic else target}: {strerror(error)}")
    try:
        if symbolic:
            task.fs.symlink(source, path)
        else:
            task.fs.link(task.path(source), path)
    except FileSystemError as error:
        return task.fail(f"{target}: {strerror(error)}")
    return 0


def truncate(task: Task, args: Sequence[str]) -> int:
    """Set the sizes of files."""
    options = parse(args, "cs:", {"size": "s", "no-create": "c"}, least=1)
    wanted = options.value("s")
    if wanted is None:
        raise UsageError
    size = number(wanted)
    status = 0
    for operand in options.operands:
        try:
            path = task.path(operand)
            if task.stat(operand) is None:
                if "c" in options:
                    continue
                task.fs.append(path, b"", 0o666 & ~task.umask)
            task.fs.truncate(path, size)
        except FileSystemError as error:
            status = task.fail(f"{operand}: open: {strerror(error)}")
    return status


def mktemp(task: Task, args: Sequence[str]) -> int:
    """Make a file or directory with a name that nothing has."""
    options = parse(args, "dqtup:", {"directory": "d", "tmpdir": "p"}, most=1)
    template = options.operands[0] if options.operands else "tmp.XXXXXX"
    if not options.operands or "t" in options or "p" in options:
        template = f"{options.value('p') or task.env.get('TMPDIR', '/tmp')}/{template}"
    if not template.endswith("XXXXXX"):
        raise CommandError(f"{template}: Invalid argument")
    letters = "abcdefghijklmnopqrstuvwxyz"
    for count in range(26**3):
        mark = "".join(letters[count // 26**place % 26] for place in (2, 1, 0))
        path = normal(task.path(template))[:-6] + "AAA" + mark
        if task.stat(path, False) is None:
            break
    if "u" not in options:
        if "d" in options:
            task.fs.mkdir(path, 0o700)
        else:
            task.fs.create(path, 0o600)
    task.out((path if template.startswith("/") else basename(path)) + "\n")
    return 0
