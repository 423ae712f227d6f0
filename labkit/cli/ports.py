"""The value of `docker run -p`: which port of the host leads to which of the container (nat.go)."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

from labkit.cli.table import UsageError

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
    if not _is_port(inner):
        raise _refused(f"Invalid containerPort: {inner}")
    if host and _range(host) is None:
        raise _refused(f"Invalid hostPort: {host}")
    if protocol.lower() not in ("", "tcp", "udp", "sctp"):
        raise _refused(f"Invalid proto: {protocol}")
    return Port(ip.strip("[]"), host, f"{inner}/{protocol.lower() or 'tcp'}")


def single_ports(text: str) -> list[str]:
    """Return a value of `-p` as one for each port of its range; raises UsageError in the client's words.

    >>> single_ports("9000-9001:80-81"), single_ports("8000-8010:80")
    (['9000:80/tcp', '9001:81/tcp'], ['8000-8010:80'])
    """
    outer, _, inner = text.rpartition(":")
    ip, colon, host = outer.rpartition(":")
    inner, _, protocol = inner.partition("/")
    wanted = _range(inner)
    if wanted is None or "-" not in inner:
        parse_port(text)
        return [text]
    parse_port(f"{outer}:{wanted[0]}/{protocol}" if outer else f"{wanted[0]}/{protocol}")
    given = _range(host) if host else None
    if given is not None and len(given) != len(wanted):
        raise _refused(f"Invalid ranges specified for container and host Ports: {inner} and {host}")
    hosts = map(str, given) if given is not None else [""] * len(wanted)
    pairs = zip(hosts, wanted, strict=True)
    start = f"{ip}{colon}"
    return [f"{start}{each}{':' if start or each else ''}{n}/{protocol or 'tcp'}" for each, n in pairs]


def _range(text: str) -> range | None:
    """Return the ports of `80` or `80-90`, or None for what is neither."""
    first, _, last = text.partition("-")
    last = last or first
    if not (_is_port(first) and _is_port(last)) or text.endswith("-") or int(first) > int(last):
        return None
    return range(int(first), int(last) + 1)


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
