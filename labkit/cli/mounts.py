"""What `docker run` is told of mounts and of files of variables, as docker/cli's opts read it."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

from labkit.base.errors import FileSystemError, LabkitError
from labkit.cli import places
from labkit.cli.table import BOOLS, UsageError
from labkit.cli.terminal import Terminal
from labkit.engine.state import MountFlag
from labkit.oci.tree import Dir

_KEYS = {
    "source": "source",
    "src": "source",
    "target": "target",
    "dst": "target",
    "destination": "target",
    "tmpfs-size": "size",
    "tmpfs-mode": "mode",
}
_SWITCHES = {"readonly": "read_only", "ro": "read_only", "volume-nocopy": "no_copy"}
_REAL = (
    "consistency",
    "bind-propagation",
    "bind-nonrecursive",
    "volume-label",
    "volume-driver",
    "volume-opt",
)
_SIZE = re.compile(r"(\d+(?:\.\d*)?) ?(?:([kmgtp])i?)?b?", re.ASCII | re.IGNORECASE)
_BLANKS = " \t"
NO_DIRECTORY = (
    "labkit: {} with a directory of the host is not simulated; it would mount that directory. "
    "A volume works: -v data:/data\n"
)


def parse_mount(text: str) -> MountFlag:
    """Read a value of `--mount`; raises ValueError in the client's words, UsageError in labkit's own.

    >>> parse_mount("source=data,target=/data,readonly").read_only
    True
    """
    kind, values, groups = "volume", dict[str, Any](), list[str]()
    for part in next(csv.reader(io.StringIO(text)), []):
        name, equals, value = part.partition("=")
        key = name.lower()
        if not equals and key not in (*_SWITCHES, "bind-nonrecursive"):
            raise ValueError(f"invalid field '{part}' must be a key=value pair")
        if key == "type":
            kind = value.lower()
        elif key in _SWITCHES or key in _KEYS:
            values[_KEYS.get(key) or _SWITCHES[key]] = _value(key, value if equals else "true")
        elif key not in _REAL:
            raise ValueError(f"unexpected key '{key}' in '{part}'")
        elif not key.startswith("bind"):
            raise UsageError(f"labkit: {key} of --mount is not simulated; leave it out\n")
        groups.append(key.partition("-")[0])
    if not kind or not values.get("target"):
        raise ValueError(f"{'target' if kind else 'type'} is required")
    for group in ("volume", "bind", "tmpfs"):
        if group in groups and kind != group:
            raise ValueError(f"cannot mix '{group}-*' options with mount type '{kind}'")
    if kind == "bind":
        raise UsageError(NO_DIRECTORY.format("--mount"))
    return MountFlag(kind, **values)


def _value(key: str, text: str) -> object:
    """Return what a field's value stands for."""
    if key in _SWITCHES and text in BOOLS:
        return BOOLS[text]
    if key == "tmpfs-size" and (size := _SIZE.fullmatch(text)):
        return int(float(size[1]) * 1024 ** " kmgtp".index((size[2] or " ").lower()))
    if key == "tmpfs-mode" and re.fullmatch("[0-7]{1,11}", text):
        return int(text, 8)
    if key in _SWITCHES or key.startswith("tmpfs"):
        raise ValueError(f"invalid value for {key}: {text}")
    return text


def file_variables(terminal: Terminal, path: str) -> list[str]:
    """Return the variables of a file of `--env-file`, as `-e` has them; raises LabkitError."""
    place = places.source(terminal, path)
    try:
        if isinstance(place.files.stat(place.path).node, Dir):
            raise LabkitError(f"read {path}: is a directory")
        data = place.files.content(place.path).read()
    except FileSystemError as error:
        raise LabkitError(f"open {path}: {str(error.strerror).lower()}") from None
    found = []
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").splitlines(), 1):
        try:
            text = line.decode().lstrip()
        except UnicodeDecodeError:
            shown = " ".join(map(str, line))
            raise LabkitError(
                f"env file {path} contains invalid utf8 bytes at line {number}: [{shown}]"
            ) from None
        name = text.partition("=")[0]
        if any(blank in name for blank in _BLANKS) and not text.startswith("#"):
            raise LabkitError(f"poorly formatted environment: variable '{name}' contains whitespaces")
        if text.startswith("="):
            raise LabkitError(f"poorly formatted environment: no variable name on line '{text}'")
        found += [text] if text and not text.startswith("#") else []
    return found
