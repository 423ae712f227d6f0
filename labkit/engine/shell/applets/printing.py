"""echo, printf, seq, and date: commands that print what they are given (POSIX.1-2017, echo and printf)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from labkit.engine.shell.applets.dates import parse_date, strftime
from labkit.engine.shell.applets.options import number, parse
from labkit.engine.shell.task import CommandError, Task, UsageError
from labkit.engine.shell.words import encode, strerror
from labkit.errors import FileSystemError
from labkit.oci.content import Content

_ESCAPE = re.compile(rb"\\(?:([abefnrtv\\\"'])|0?([0-7]{1,3})|x([0-9a-fA-F]{1,2})|(c))")
_LETTERS = {b"a": b"\a", b"b": b"\b", b"e": b"\x1b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t",
            b"v": b"\v", b"\\": b"\\", b'"': b'"', b"'": b"'"}  # fmt: skip
_MAX_LINES = 2_000_000


def unescape(text: str) -> tuple[bytes, bool]:
    """Return the bytes of a text with backslash escapes, and whether `\\c` ended it.

    >>> unescape(r"a\\tb\\cd")
    (b'a\\tb', True)
    """
    data, out, position = encode(text), b"", 0
    for match in _ESCAPE.finditer(data):
        out += data[position : match.start()]
        position = match.end()
        if match[4]:
            return out, True
        if match[1]:
            out += _LETTERS[match[1]]
        else:
            out += bytes([(int(match[2], 8) if match[2] else int(match[3], 16)) & 255])
    return out + data[position:], False


def echo(task: Task, args: Sequence[str]) -> int:
    """Print words."""
    words = list(args)
    newline, escapes = True, False
    while words and re.fullmatch(r"-[neE]+", words[0]):
        for flag in words.pop(0)[1:]:
            if flag == "n":
                newline = False
            else:
                escapes = flag == "e"
    text = " ".join(words)
    if escapes:
        data, stopped = unescape(text)
        newline = newline and not stopped
    else:
        data = encode(text)
    task.write(Content.of(data + (b"\n" if newline else b"")))
    return 0


class _Stopped(Exception):
    pass


def printf(task: Task, args: Sequence[str]) -> int:
    """Print words in a form, again and again until no word is left."""
    if not args:
        if task.in_shell:
            task.fail("usage: printf FORMAT [ARGUMENT...]")
            return 2
        raise UsageError
    form, rest = args[0], list(args[1:])
    status = [0]
    try:
        while True:
            before = len(rest)
            for piece in _formatted(task, form, rest, status):
                task.write(Content.of(piece))
            if not rest or len(rest) == before:
                break
    except _Stopped:
        pass
    return status[0]


def _formatted(task: Task, form: str, rest: list[str], status: list[int]) -> Iterator[bytes]:
    position = 0
    for match in re.finditer(r"%([-+ #0]*)(\*|\d*)(?:\.(\*|\d*))?([hlLqjzt]*)(.?)", form, re.DOTALL):
        yield from _plain(form[position : match.start()])
        position = match.end()
        flags, width, precision, _, letter = match.groups()
        if match[0] == "%%":
            yield b"%"
            continue
        if width == "*":
            width = str(_integer(task, rest.pop(0) if rest else "0", status))
        if precision == "*":
            precision = str(_integer(task, rest.pop(0) if rest else "0", status))
        spec = f"%{flags}{width}" + (f".{precision}" if precision is not None else "")
        word = rest.pop(0) if rest else None
        if letter == "b":
            data, stopped = unescape(word or "")
            yield data
            if stopped:
                raise _Stopped
        elif letter == "s":
            yield encode(spec + "s").replace(b"%", b"%", 1) % encode(word or "")
        elif letter == "c":
            yield encode((word or "")[:1])
        elif letter and letter in "diouxX":
            value = _integer(task, word, status)
            yield encode(
                (spec + {"i": "d", "u": "d"}.get(letter, letter))
                % (value % (1 << 64) if value < 0 and letter in "ouxX" else value)
            )
        elif letter and letter in "feEgG":
            yield encode((spec + letter) % _real(task, word, status))
        else:
            task.fail(f"{form}: invalid format")
            status[0] = 1
            raise _Stopped
    yield from _plain(form[position:])


def _plain(text: str) -> Iterator[bytes]:
    if text:
        data, stopped = unescape(text)
        yield data
        if stopped:
            raise _Stopped


def _integer(task: Task, word: str | None, status: list[int]) -> int:
    if word is None:
        return 0
    if word[:1] in ("'", '"') and len(word) > 1:
        return ord(word[1])
    try:
        octal = re.fullmatch(r"[+-]?0[0-7]+", word)
        return int(word, 8 if octal else 0)
    except ValueError:
        task.fail(f"invalid number '{word}'")
        status[0] = 1
        return 0


def _real(task: Task, word: str | None, status: list[int]) -> float:
    try:
        return float(word or 0) if word != "" else float("")
    except ValueError:
        task.fail(f"invalid number '{word}'")
        status[0] = 1
        return 0.0


def seq(task: Task, args: Sequence[str]) -> int:
    """Print numbers."""
    words = list(args)
    separator, width = "\n", False
    while words and re.match(r"-[sw]", words[0]):
        flag = words.pop(0)
        width = width or flag == "-w"
        if flag.startswith("-s"):
            separator = flag[2:] or (words.pop(0) if words else "\n")
    if not 1 <= len(words) <= 3:
        raise UsageError
    if not all(re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", word, re.ASCII) for word in words):
        raise UsageError
    digits = max(len(word.partition(".")[2]) for word in words)
    scale = 10**digits
    first, step, last = (round(float(word) * scale) for word in _three(words))
    if step and (last - first) // step > _MAX_LINES:
        raise CommandError("too many numbers")
    if step == 0:
        raise CommandError("increment is 0")
    values = range(first, last + (1 if step > 0 else -1), step)
    shown = [f"{value / scale:.{digits}f}" if digits else str(value) for value in values]
    if width and shown:
        longest = max(len(text) for text in shown)
        shown = [text.zfill(longest) for text in shown]
    if shown:
        task.out(separator.join(shown) + "\n")
    return 0


def _three(words: list[str]) -> tuple[str, str, str]:
    if len(words) == 1:
        return "1", "1", words[0]
    return (words[0], "1", words[1]) if len(words) == 2 else (words[0], words[1], words[2])


def date(task: Task, args: Sequence[str]) -> int:
    """Print the date."""
    options = parse(args, "us:d:D:r:RI::", {"date": "d", "utc": "u", "reference": "r"}, most=1)
    when = task.now
    given, reference = options.value("d"), options.value("r")
    if given is not None:
        when = parse_date(given, task.now)
    elif reference is not None:
        try:
            when = task.fs.stat(task.path(reference), True).mtime
        except FileSystemError as error:
            raise CommandError(f"can't stat '{reference}': {strerror(error)}") from None
    form = "%a %b %e %H:%M:%S %Z %Y"
    if "R" in options:
        form = "%a, %d %b %Y %H:%M:%S %z"
    elif "I" in options:
        form = {"s": "%Y-%m-%dT%H:%M:%S+00:00", "m": "%Y-%m-%dT%H:%M+00:00", "h": "%Y-%m-%dT%H+00:00"}.get(
            (options.value("I") or "")[:1], "%Y-%m-%d"
        )
    if options.operands:
        if not options.operands[0].startswith("+"):
            raise CommandError(f"invalid date '{options.operands[0]}'")
        form = options.operands[0][1:]
    task.out(strftime(form, when) + "\n")
    return 0


def sleep(task: Task, args: Sequence[str]) -> int:
    """Wait."""
    options = parse(args, "", least=1)
    total = 0
    for word in options.operands:
        match = re.fullmatch(r"(\d+\.?\d*|\.\d+|inf(?:inity)?)([smhd]?)", word, re.ASCII)
        if match is None:
            raise CommandError(f"invalid number '{word}'")
        unit = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]]
        amount = 10**9 if match[1].startswith("inf") else float(match[1])
        total += int(amount * unit * 1_000_000_000)
    task.run.sleep(total)
    return 0


def usleep(task: Task, args: Sequence[str]) -> int:
    """Wait for microseconds."""
    task.run.sleep(number(parse(args, "", least=1, most=1).operands[0]) * 1000)
    return 0
