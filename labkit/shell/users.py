"""Users and groups as /etc/passwd and /etc/group of a file system name them (passwd(5), group(5))."""

from __future__ import annotations

from labkit.base.errors import FileSystemError
from labkit.shell.conversions import decimal, decode
from labkit.shell.files import Files

_NAME, _ID, _GROUP, _HOME = 0, 2, 3, 5


def _rows(fs: Files, path: str) -> list[list[str]]:
    try:
        text = decode(fs.read(path))
    except FileSystemError:
        return []
    return [line.split(":") for line in text.splitlines() if line.count(":") >= _ID]


def _find(fs: Files, path: str, key: int, wanted: str, column: int) -> str | None:
    """Return a column of the first row that has the wanted value in another."""
    return next((row[column] for row in _rows(fs, path) if row[key] == wanted and len(row) > column), None)


def user_id(fs: Files, name: str) -> int | None:
    """Return a user's number."""
    return decimal(_find(fs, "/etc/passwd", _NAME, name, _ID) or "")


def group_id(fs: Files, name: str) -> int | None:
    """Return a group's number."""
    return decimal(_find(fs, "/etc/group", _NAME, name, _ID) or "")


def user_name(fs: Files, uid: int) -> str | None:
    """Return a user's name."""
    return _find(fs, "/etc/passwd", _ID, str(uid), _NAME)


def group_name(fs: Files, gid: int) -> str | None:
    """Return a group's name."""
    return _find(fs, "/etc/group", _ID, str(gid), _NAME)


def primary_group(fs: Files, name: str) -> int | None:
    """Return the number of a user's own group."""
    return decimal(_find(fs, "/etc/passwd", _NAME, name, _GROUP) or "")


def home_of(fs: Files, name: str) -> str | None:
    """Return a user's home directory."""
    return _find(fs, "/etc/passwd", _NAME, name, _HOME)
