"""What a client of the distribution API and a registry say to each other: requests, responses, errors.

A request and a response are values, so that the registry in memory and one across a network are asked in
the same words (OCI distribution-spec 1.1.1, "Endpoints" and "Error Codes"; the messages are those of the
registry distribution 2.8).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from labkit.base.text import packaged
from labkit.go.json import dumps
from labkit.oci.content import EMPTY, Content
from labkit.oci.layer import Layer

JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"

_ERRORS: dict[str, tuple[int, str]] = json.loads(packaged("labkit.store", "errors.json"))
"""By an error's code: the status, and the message that the registry distribution has for it."""


def is_standard(code: str, message: str) -> bool:
    """Tell whether a message is the one that an error's code has in the registry distribution.

    >>> is_standard("MANIFEST_UNKNOWN", "manifest unknown")
    True
    """
    return not message or (code in _ERRORS and _ERRORS[code][1] == message)


@dataclass(frozen=True, slots=True)
class Request:
    """A request: method, path with its query, headers with names in lower case, and a body."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Content = EMPTY


@dataclass(frozen=True, slots=True)
class Response:
    """A response; `recorded` says that its digest is a published one over stand-in bytes."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Content = EMPTY
    recorded: bool = False
    layer: Layer | None = None
    """The layer that a recorded blob stands for."""


class Refused(Exception):
    """A registry's answer other than success, raised where it is known."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def refusal(code: str, *details: object, headers: Mapping[str, str] | None = None) -> Refused:
    """Return a refusal in the specification's JSON: one error for each detail, or one without any.

    >>> refusal("NAME_UNKNOWN", {"name": "app"}).response.status
    404
    """
    status, message = _ERRORS[code]
    error: dict[str, object] = {"code": code, "message": message}
    errors = [{**error, "detail": detail} for detail in details] or [error]
    return Refused(as_json({"errors": errors}, status, headers))


def as_json(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a response whose body is JSON on a line."""
    return _whole(dumps(value) + b"\n", JSON, status, headers)


def as_text(text: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Return a response whose body is a line of text."""
    return _whole(f"{text}\n".encode(), TEXT, status, headers)


def _whole(body: bytes, kind: str, status: int, headers: Mapping[str, str] | None) -> Response:
    known = {"content-type": kind, "content-length": str(len(body)), **(headers or {})}
    return Response(status, known, Content.of(body))


def created(name: str, kind: str, digest: str) -> Response:
    """Return the response of an upload that is complete: where the blob or manifest is."""
    location = f"/v2/{name}/{kind}/{digest}"
    return Response(201, {"location": location, "docker-content-digest": digest, "content-length": "0"})


def accepted(name: str, upload: str, size: int) -> Response:
    """Return the response of an upload that goes on: where to, and the range that has come."""
    location, came = f"/v2/{name}/blobs/uploads/{upload}", f"0-{max(size - 1, 0)}"
    headers = {"location": location, "range": came, "docker-upload-uuid": upload, "content-length": "0"}
    return Response(202, headers)


def unauthorized(name: str, actions: str) -> Refused:
    """Return what Docker Hub answers where it wants another login, be it that there is nothing to see."""
    challenge = (
        'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",'
        f'scope="repository:{name}:{actions}",error="insufficient_scope"'
    )
    details = [
        {"Type": "repository", "Class": "", "Name": name, "Action": action} for action in actions.split(",")
    ]
    return refusal("UNAUTHORIZED", details, headers={"www-authenticate": challenge})
