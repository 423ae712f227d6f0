"""Whose words programs and shells speak: one program says what it says in busybox's words, and `words.toml`
has for each of them GNU's, bash's and dash's."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from typing import Any

from labkit.base.errors import FileSystemError
from labkit.base.text import packaged
from labkit.shell.files import Files

_OWN = frozenset(("busybox", "ash"))


def dialect_of(fs: Files) -> str:
    """Return whose programs a file system has, "gnu" or "busybox"."""
    try:
        target = fs.readlink("/bin/ls")
    except FileSystemError:
        target = ""
    gnu = ("/bin/bash", "/usr/bin/dpkg", "/usr/bin/rpm")
    return "gnu" if "busybox" not in target and any(fs.exists(path) for path in gnu) else "busybox"


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(packaged("labkit.shell", "words.toml"))


@cache
def _rules(dialect: str, program: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    table = _table()[dialect]
    rows = [*table.get(program, {}).items(), *table.get("all", {}).items()]
    return tuple((re.compile(pattern, re.DOTALL), words) for pattern, words in rows)


def said(dialect: str, program: str, text: str) -> str:
    r"""Return what a program says, in a dialect; what is not in the table stays as it is.

    >>> said("gnu", "rm", "can't remove 'x': Is a directory")
    "cannot remove 'x': Is a directory"
    """
    for pattern, words in () if dialect in _OWN else _rules(dialect, program):
        if match := pattern.fullmatch(text):
            return match.expand(words)
    return text


def status(dialect: str, program: str, status: int) -> int:
    """Return the exit code of a program that failed."""
    if dialect in _OWN or status != 1:
        return status
    return int(_table()[dialect].get("status", {}).get(program, status))


def usage(dialect: str, name: str, message: str, argv: Sequence[str]) -> str | None:
    """Return what a program says of wrong operands, or None where it shows its usage as busybox does."""
    if dialect != "gnu":
        return None
    told = said(dialect, name, message or ("lacks" if len(argv) < 2 else f"lacks '{argv[-1]}'"))
    start = "" if told.startswith("Usage: ") else f"{name}: "
    end = "" if "\nTry " in told else f"\nTry '{name} --help' for more information."
    return f"{start}{told}{end}\n"


def version(program: str) -> str:
    """Return what `--version` prints, or nothing where it is not known."""
    found = _table()["version"].get(program, "")
    return found and f"{found}\n"
