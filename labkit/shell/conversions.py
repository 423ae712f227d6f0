"""What all commands share: bytes and text, numbers, the words of error numbers, paths."""

from __future__ import annotations

import errno
import json
import re

from labkit.base.errors import FileSystemError
from labkit.base.text import decode as decode
from labkit.base.text import encode as encode
from labkit.base.text import packaged

_HALVES = re.compile("[\ud800-\udc7f\udd00-\udfff]")
LARGEST = (1 << 64) - 1
_ESCAPE = re.compile(rb"\\(?:([abefnrtv\\\"'])|0?([0-7]{1,3})|x([0-9a-fA-F]{1,2})|(c))")
_LETTERS = {b"a": b"\a", b"b": b"\b", b"e": b"\x1b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t",
            b"v": b"\v", b"\\": b"\\", b'"': b'"', b"'": b"'"}  # fmt: skip
# glibc's words. os.strerror would give those of the learner's own system, and already musl's are others.
_WORDS: dict[int, str] = {
    getattr(errno, name): words for name, words in json.loads(packaged("labkit.shell", "errors.json")).items()
}


def strerror(error: FileSystemError | int) -> str:
    """Return Linux's words for an error, whatever the machine that runs this.

    >>> strerror(errno.ENOTEMPTY)
    'Directory not empty'
    """
    number = error if isinstance(error, int) else error.errno or 0
    return _WORDS.get(number, f"Unknown error {number}")


def replaced(text: str) -> str:
    """Return a text that has bytes: halves of surrogate pairs, which stand for none, become U+FFFD.

    >>> encode(replaced("caf\\ud83d")), encode(replaced("caf\\udce9"))
    (b'caf\\xef\\xbf\\xbd', b'caf\\xe9')
    """
    return _HALVES.sub("\ufffd", text)


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


def decimal(text: str) -> int | None:
    """Return the number that ASCII digits write, as strtoull(3) reads it.

    None for any other text and for a number that 64 bits cannot hold.

    >>> decimal("042"), decimal("4²"), decimal("9" * 20)
    (42, None, None)
    """
    if not (text.isascii() and text.isdecimal()):
        return None
    digits = text.lstrip("0") or "0"
    # Looked at by length first, as int() raises ValueError for more than 4,300 digits.
    value = int(digits) if len(digits) <= len(str(LARGEST)) else LARGEST + 1
    return value if value <= LARGEST else None


def basename(path: str) -> str:
    """Return the last name of a path.

    >>> basename("/etc/nginx/"), basename("/")
    ('nginx', '/')
    """
    return path.rstrip("/").rpartition("/")[2] or path[:1]
