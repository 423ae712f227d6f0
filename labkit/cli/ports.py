"""The value of `docker run -p`: which port of the host leads to which of the container (nat.go)."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

from labkit.cli.parse import UsageError

_NUMBER = re.compile(r"\d+", re.ASCII)


class Port(NamedTuple):
    """A published port: the host's address and port, each perhaps "", and the container's, as `80/tcp`."""

    ip: str
    host: str
    inner: str


def parse_port(text: str) -> Port:
    """Read `[[IP:]HOST:]CONTAINER[/PROTOCOL]`; raises UsageError in the client's words.

    >>> parse_port("127.0.0.1:8080:80")
    Port(ip='127.0.0.1', host='8080', inner='80/tcp')
    >>> parse_port("8080:http")
    Traceback (most recent call last):
    labkit.cli.parse.UsageError: docker: Invalid containerPort: http.
    See 'docker run --help'.
    """
    outer, _, inner = text.rpartition(":")
    ip, _, host = outer.rpartition(":")
    inner, _, protocol = inner.partition("/")
    if not inner:
        raise _refused(f"No port specified: {text}<empty>")
    if ip and not _is_address(ip):
        raise _refused(f"Invalid ip address: {ip}")
    if "-" in inner.strip("-"):
        raise UsageError("labkit: a range of ports is not simulated; it would publish each port of it\n", 125)
    if not _is_port(inner):
        raise _refused(f"Invalid containerPort: {inner}")
    if host and not _is_port(host):
        raise _refused(f"Invalid hostPort: {host}")
    if protocol.lower() not in ("", "tcp", "udp", "sctp"):
        raise _refused(f"Invalid proto: {protocol}")
    return Port(ip.strip("[]"), host, f"{inner}/{protocol.lower() or 'tcp'}")


def _refused(message: str) -> UsageError:
    return UsageError(f"docker: {message}.\nSee 'docker run --help'.\n", 125)


def _is_port(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None and len(text) < 10 and int(text) < 65536


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True
