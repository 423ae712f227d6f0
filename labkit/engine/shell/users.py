"""Users and groups as /etc/passwd and /etc/group of a file system name them (passwd(5), group(5))."""

from __future__ import annotations

from typing import Any

from labkit.engine.shell.words import decode
from labkit.errors import FileSystemError


def _rows(fs: Any, path: str) -> list[list[str]]:
    try:
        text = decode(fs.read(path))
    except FileSystemError:
        return []
    return [line.split(":") for line in text.splitlines() if line.count(":") >= 2]


def user_id(fs: Any, name: str) -> int | None:
    """Return a user's number."""
    return next(
        (int(row[2]) for row in _rows(fs, "/etc/passwd") if row[0] == name and row[2].isdigit()), None
    )


def group_id(fs: Any, name: str) -> int | None:
    """Return a group's number."""
    return next((int(row[2]) for row in _rows(fs, "/etc/group") if row[0] == name and row[2].isdigit()), None)


def user_name(fs: Any, uid: int) -> str | None:
    """Return a user's name."""
    return next((row[0] for row in _rows(fs, "/etc/passwd") if row[2] == str(uid)), None)


def group_name(fs: Any, gid: int) -> str | None:
    """Return a group's name."""
    return next((row[0] for row in _rows(fs, "/etc/group") if row[2] == str(gid)), None)


def primary_group(fs: Any, name: str) -> int | None:
    """Return the number of a user's own group."""
    found = (row[3] for row in _rows(fs, "/etc/passwd") if row[0] == name and len(row) > 3)
    return next((int(gid) for gid in found if gid.isdigit()), None)


def groups_of(fs: Any, name: str) -> list[int]:
    """Return the numbers of the groups that list a user as a member."""
    return [
        int(row[2])
        for row in _rows(fs, "/etc/group")
        if len(row) > 3 and row[2].isdigit() and name in row[3].split(",")
    ]


def home_of(fs: Any, name: str) -> str | None:
    """Return a user's home directory."""
    return next((row[5] for row in _rows(fs, "/etc/passwd") if row[0] == name and len(row) > 5), None)
