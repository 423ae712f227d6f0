"""What `--platform` is given: `OS`, `ARCHITECTURE`, `OS/ARCHITECTURE[/VARIANT]` (containerd, platforms)."""

from __future__ import annotations

import re

from labkit.errors import LabkitError
from labkit.oci.descriptor import Platform
from labkit.oci.gojson import dumps

_COMPONENT = "^[A-Za-z0-9_-]+$"
_SYSTEMS = frozenset(
    "aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris "
    "windows zos".split()
)
_ARCHITECTURES = frozenset(
    "386 amd64 amd64p32 arm armbe arm64 arm64be ppc64 ppc64le mips mipsle mips64 mips64le mips64p32 "
    "mips64p32le ppc riscv riscv64 s390 s390x sparc sparc64 wasm".split()
)


def parse_platform(text: str, default: Platform) -> Platform:
    """Return the platform that a text names; what it leaves out is the default's. Raises LabkitError.

    >>> str(parse_platform("linux/aarch64", Platform("amd64", "linux")))
    'linux/arm64'
    >>> parse_platform("nope", Platform("amd64", "linux"))
    Traceback (most recent call last):
    labkit.errors.LabkitError: "nope": unknown operating system or architecture: invalid argument
    """
    if "*" in text:
        raise _error(f"{_quoted(text)}: wildcards not yet supported")
    parts = text.split("/")
    for part in parts:
        if not re.fullmatch(_COMPONENT, part, re.ASCII):
            raise _error(
                f"{_quoted(part)} is an invalid component of {_quoted(text)}: platform specifier component "
                f"must match {_quoted(_COMPONENT)}"
            )
    if len(parts) > 3:
        raise _error(f"{_quoted(text)}: cannot parse platform specifier")
    if len(parts) > 1:
        return Platform(parts[1], parts[0], "".join(parts[2:])).normalized()
    named = Platform(parts[0], parts[0]).normalized()
    if named.os in _SYSTEMS:
        return Platform(default.architecture, named.os)
    if named.architecture in _ARCHITECTURES:
        return Platform(named.architecture, default.os, named.variant)
    raise _error(f"{_quoted(text)}: unknown operating system or architecture")


def _quoted(text: str) -> str:
    return dumps(text, escape_html=False).decode().rstrip("\n")


def _error(words: str) -> LabkitError:
    return LabkitError(f"{words}: invalid argument")
