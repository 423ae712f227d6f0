"""Text from outside, made fit to be shown: what could steer a screen is shown as a visible sign."""

from __future__ import annotations

import pkgutil
import re
import unicodedata

_KEPT = "\n\t"


def shown(text: str) -> str:
    r"""Return text in which control characters and direction marks are escapes that can be read.

    The red of a build's standard error is left out: it steers nothing.

    >>> print(shown("name\x1b[31m and \u202e"), shown("\x1b[91mnot found\x1b[0m\r\r\n"), end="")
    name\x1b[31m and \u202e not found
    """
    if text.isascii() and text.isprintable():
        return text
    text = re.sub(r"\r+\n", "\n", re.sub(r"\x1b\[(?:91|0)m", "", text))
    return "".join(each if each in _KEPT or not _steers(each) else escaped(each) for each in text)


def _steers(character: str) -> bool:
    no_character = ord(character) & 0xFFFE == 0xFFFE  # XML may not have these two
    return no_character or unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def escaped(character: str) -> str:
    """Return a character as Python writes it by its number."""
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def one_line(text: str) -> str:
    r"""Return a text as `shown`, on one line.

    >>> print(one_line("a\nb"))
    a\nb
    """
    return shown(text).replace("\n", "\\n").replace("\t", "\\t")


def told(text: str, most: int = 2000) -> str:
    r"""Return what a stranger says, as `one_line` and of a length that can be read.

    >>> told("a\nlie, and a long one", 5)
    'a\\nlie…'
    """
    return one_line(text[:most]) + ("…" if len(text) > most else "")


def encode(text: str) -> bytes:
    """Return the bytes of a text; bytes that are no UTF-8 come back as they were (PEP 383).

    >>> encode(decode(b"caf\\xe9"))
    b'caf\\xe9'
    """
    return text.encode("utf-8", "surrogateescape")


def decode(data: bytes) -> str:
    """Return the text of bytes, whatever they are.

    >>> decode(b"caf\\xc3\\xa9")
    'café'
    """
    return data.decode("utf-8", "surrogateescape")


def packaged(package: str, name: str) -> str:
    """Return the text of a file that stands among a package's modules.

    >>> packaged("labkit.cli", "own_docker.toml")[0]
    '#'
    """
    data = pkgutil.get_data(package, name)  # importlib.resources would take longer to import
    assert data is not None
    return data.decode("utf-8").replace("\r\n", "\n")


def counted(number: int, noun: str) -> str:
    """Return a number with what it counts.

    >>> counted(1, "layer"), counted(1200, "layer")
    ('1 layer', '1,200 layers')
    """
    return f"{number:,} {noun}{'s' * (number != 1)}"
