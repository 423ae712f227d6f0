"""What `docker run` is told of mounts and of files of variables, as docker/cli's opts read it."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

from labkit.base.errors import FileSystemError, LabkitError
from labkit.base.text import decode
from labkit.cli import places
from labkit.cli.table import FALSE, TRUE, UsageError
from labkit.cli.terminal import Terminal
from labkit.engine.state import MountFlag
from labkit.oci.tree import Dir

_FIELDS = {"source": "source", "src": "source", "target": "target", "dst": "target", "destination": "target",
           "tmpfs-size": "size", "tmpfs-mode": "mode", "readonly": "read_only", "ro": "read_only",
           "volume-nocopy": "no_copy"}  # fmt: skip
_LACKS = "consistency bind-propagation bind-nonrecursive volume-label volume-driver volume-opt".split()
_SIZE = re.compile(r"(\d+(?:\.\d*)?) ?(?:([kmgtp])i?)?b?", re.ASCII | re.IGNORECASE)
_DIRECTORY = (
    "a directory of the host is not simulated; it would mount that directory. A volume works: -v data:/data"
)


def lacks(flag: str, what: str = _DIRECTORY) -> UsageError:
    """Return the error for a mount that labkit does not simulate.

    >>> str(lacks("--mount", "volume-opt is not simulated"))
    'labkit: --mount with volume-opt is not simulated'
    """
    return UsageError(f"labkit: {flag} with {what}\n", code="not-simulated")


def parse_mount(text: str) -> MountFlag:
    """Read a value of `--mount`; raises ValueError in the client's words, UsageError in labkit's own.

    >>> parse_mount("source=data,target=/data,readonly").read_only
    True
    """
    kind, values, groups = "volume", dict[str, Any](), set[str]()
    if not text:
        raise ValueError("EOF")
    for part in _fields(text):
        key, equals, value = part.partition("=")
        key = key.lower()
        if not equals and key not in ("readonly", "ro", "volume-nocopy", "bind-nonrecursive"):
            raise ValueError(f"invalid field '{part}' must be a key=value pair")
        if key == "type":
            kind = value.lower()
        elif name := _FIELDS.get(key):
            values[name] = _value(name, key, value if equals else "true")
        elif key not in _LACKS:
            raise ValueError(f"unexpected key '{key}' in '{part}'")
        elif not key.startswith("bind"):
            raise lacks("--mount", f"{key} is not simulated")
        groups.add(key.partition("-")[0])
    if not kind or not values.get("target"):
        raise ValueError(f"{'target' if kind else 'type'} is required")
    for group in ("volume", "bind", "tmpfs"):
        if group in groups and kind != group:
            raise ValueError(f"cannot mix '{group}-*' options with mount type '{kind}'")
    if kind == "bind":
        raise lacks("--mount")
    return MountFlag(kind, **values)


def _fields(text: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(text)), [])
    except csv.Error:  # a lone CR, which Go's reader leaves in the field
        return [text]


def _value(name: str, key: str, text: str) -> object:
    if name in ("source", "target"):
        return text
    if name in ("read_only", "no_copy") and text in TRUE | FALSE:
        return text in TRUE
    if name == "mode" and re.fullmatch("[0-7]{1,11}", text):
        return int(text, 8)
    if name == "size" and (size := _SIZE.fullmatch(text)):
        return int(float(size[1]) * 1024 ** " kmgtp".index((size[2] or " ").lower()))
    raise ValueError(f"invalid value for {key}: {text}")


def file_variables(terminal: Terminal, path: str) -> list[str]:
    """Return the variables of a file of `--env-file`, as `-e` has them; raises LabkitError."""
    place = places.source(terminal, path)
    try:
        if isinstance(place.files.stat(place.path).node, Dir):
            raise LabkitError(f"read {path}: is a directory")
        text = decode(place.files.content(place.path).read())
    except FileSystemError as error:
        raise LabkitError(f"open {path}: {str(error.strerror).lower()}") from None
    lines = (line.removesuffix("\r").lstrip() for line in text.removeprefix("\ufeff").split("\n"))
    found = [line for line in lines if line and not line.startswith("#")]
    for line in found:
        name = line.partition("=")[0]
        if not name or re.search("[ \t]", name):
            words = (
                f"variable '{name}' contains whitespaces" if name else f"no variable name on line '{line}'"
            )
            raise LabkitError(f"poorly formatted environment: {words}")
    return found
