"""A platform as `--platform` has it: `linux/arm64/v8`, `linux` or `arm64` (containerd, platforms.Parse)."""

from __future__ import annotations

import re

from labkit.errors import DaemonError
from labkit.oci.descriptor import Platform

_PART = "^[A-Za-z0-9_-]+$"
_SYSTEMS = frozenset(
    "aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris "
    "windows zos".split()
)
_ARCHITECTURES = frozenset(
    "386 amd64 amd64p32 arm armbe arm64 arm64be ppc64 ppc64le loong64 mips mipsle mips64 mips64le mips64p32 "
    "mips64p32le ppc riscv riscv64 s390 s390x sparc sparc64 wasm".split()
)
_OTHER_NAMES = {"macos": "darwin", "x86_64": "amd64", "x86-64": "amd64", "i386": "386", "aarch64": "arm64"}


def parse_platform(text: str, architecture: str = "amd64") -> Platform:
    """Return a platform; a part that is not given is that of the engine. Raises DaemonError.

    >>> parse_platform("arm64").os, parse_platform("linux/arm64/v8").variant
    ('linux', 'v8')
    """
    parts = text.split("/")
    for part in parts:
        if not re.fullmatch(_PART, part, re.ASCII):
            words = f'platform specifier component must match "{_PART}": invalid argument'
            raise DaemonError(f'"{part}" is an invalid component of "{text}": {words}')
    names = [_OTHER_NAMES.get(part.lower(), part.lower()) for part in parts]
    if len(names) == 1 and names[0] in _SYSTEMS:
        return Platform(architecture, names[0])
    if len(names) == 1 and names[0] in _ARCHITECTURES:
        return Platform(names[0], "linux")
    if len(names) == 1:
        raise DaemonError(f'"{text}": unknown operating system or architecture: invalid argument')
    if len(names) > 3:
        raise DaemonError(f'"{text}": cannot parse platform specifier: invalid argument')
    return Platform(names[1], names[0], "".join(names[2:]))
