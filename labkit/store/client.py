"""A client of the distribution API: what `docker pull` and `docker push` ask of a registry.

It speaks through any function from a Request to a Response, so the registry in memory and one across
a network are asked in the same words. Every byte is verified against its digest and size; only what a
registry marks as a record, published identifiers over stand-in files, is taken as it is.

A registry may answer anything. Its documents are read by `json_of` alone, which looks at their size and their
form; its headers are text, taken where they have the form that is meant, and a URL among them is `send`'s to
judge. What an error says of them is made fit to be shown where it is made, in RegistryError.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from labkit.base.errors import DigestMismatch, InvalidDocument, LabkitError, RegistryError
from labkit.base.text import told
from labkit.go.json import dumps, loads
from labkit.go.struct import STRING, STRINGS, Field, Type, conform, list_of, lookup, struct
from labkit.oci.content import EMPTY, Content
from labkit.oci.descriptor import Descriptor, Platform
from labkit.oci.digest import sha256, verify
from labkit.oci.manifest import INDEX_TYPES, MANIFEST_TYPES, Index, Manifest, parse_manifest
from labkit.oci.reference import TAG
from labkit.store.api import Request, Response, is_standard

if TYPE_CHECKING:  # it needs an extra
    from labkit.store.remote import Remote

_ACCEPT = ", ".join((*MANIFEST_TYPES, *INDEX_TYPES))
LARGEST = 4 << 20
"""Bytes of a document at most, which a registry's own limit for a manifest is (distribution,
registry/handlers/manifests.go, maxManifestBodySize)."""
Step = TypeVar("Step")
Value = TypeVar("Value")
_MOST_PAGES, _MOST_TAGS = 1_000, 100_000


@dataclass(frozen=True, slots=True)
class FoundManifest:
    """What a name leads to: a manifest or an index, under the digest that `docker pull` prints."""

    digest: str
    document: Manifest | Index
    recorded: bool = False


@dataclass(frozen=True, slots=True)
class BlobProgress:
    """How far a blob's download is: what the terminal prints of it, and bytes where it is under way."""

    state: str
    current: int = 0
    total: int = 0


def followed(steps: Generator[Step, None, Value], see: Callable[[Step], object]) -> Value:
    """Return what a generator returns; `see` is given each step that it yields.

    It is closed however it ends: an interrupt may come between two steps, and what they come from is to end
    at once.
    """
    with closing(steps):
        while True:
            try:
                step = next(steps)
            except StopIteration as stop:
                value: Value = stop.value
                return value
            see(step)


@dataclass(frozen=True, slots=True)
class Client:
    """A registry's manifests and blobs, read and written through `send`; `name` is without the host.

    `live` is there for a registry across a network. Every call raises RegistryError for an answer other
    than success.
    """

    send: Callable[[Request], Response]
    live: Remote | None = None

    def find(self, name: str, reference: str) -> FoundManifest:
        """Return what a tag or a digest leads to; raises InvalidDocument or DigestMismatch."""
        response = self._ask("GET", f"/v2/{name}/manifests/{reference}", {"accept": _ACCEPT})
        raw = _bounded(response)
        digest = response.headers["docker-content-digest"] if response.recorded else sha256(raw)
        if ":" in reference and reference != digest:
            raise DigestMismatch(f"manifest verification failed for digest {reference}")
        try:
            document = parse_manifest(raw, response.headers.get("content-type", ""))
        except InvalidDocument as error:
            raise InvalidDocument(told(str(error)), code=error.code) from None
        return FoundManifest(digest, document, response.recorded)

    def manifest(self, name: str, found: FoundManifest, platform: Platform) -> Manifest:
        """Return the manifest that was found, or the one for a platform that an index lists.

        Raises LabkitError where there is none.
        """
        document = found.document
        if isinstance(document, Manifest):
            return document
        chosen = document.for_platform(platform)
        if chosen is None:
            raise LabkitError(f"no matching manifest for {platform} in the manifest list entries")
        listed = self.find(name, chosen.digest).document
        if isinstance(listed, Index):
            raise InvalidDocument("unsupported manifest list: an entry is a list")
        return listed

    def blob(self, name: str, descriptor: Descriptor) -> Response:
        """Return the answer that holds a blob; raises DigestMismatch where it is another than described.

        Docker does not look at the size; a manifest that is wrong about it is refused here.
        """
        response = self._ask("GET", f"/v2/{name}/blobs/{descriptor.digest}")
        if not response.recorded:
            if response.body.size != descriptor.size:
                raise DigestMismatch(f"filesystem layer verification failed for digest {descriptor.digest}")
            verify(response.body.chunks(), descriptor.digest)
        return response

    def config(self, name: str, descriptor: Descriptor) -> Content:
        """Return an image's config; raises DigestMismatch as `blob` does, InvalidDocument for a huge one."""
        if descriptor.size > LARGEST:
            raise InvalidDocument(f"an image's config has at most {LARGEST} bytes, not {descriptor.size}")
        if self.live is None:
            return self.blob(name, descriptor).body
        return followed(self.live.fetch(name, descriptor), lambda step: None)

    def blob_size(self, name: str, digest: str) -> int | None:
        """Return the bytes of a blob that the repository has, or None where it does not say so."""
        response = self.send(Request("HEAD", f"/v2/{name}/blobs/{digest}"))
        length = re.fullmatch(r"\d{1,18}", response.headers.get("content-length", ""), re.ASCII)
        return int(length[0]) if length and response.status == 200 else None

    def mount_blob(self, name: str, digest: str, source: str) -> bool:
        """Take a blob over from another repository of the registry; tell whether it was there."""
        path = f"/v2/{name}/blobs/uploads/?from={quote(source, safe='')}&mount={quote(digest, safe='')}"
        return self._ask("POST", path).status == 201

    def push_blob(self, name: str, digest: str, content: Content) -> None:
        """Upload a blob: POST, PATCH, PUT."""
        location = f"/v2/{name}/blobs/uploads/"
        # Without a Location the next step goes to the same URL.
        location = self._ask("POST", location).headers.get("location") or location
        headers = {"content-type": "application/octet-stream", "content-length": str(content.size)}
        location = self._ask("PATCH", location, headers, content).headers.get("location") or location
        separator = "&" if "?" in location else "?"
        self._ask("PUT", f"{location}{separator}digest={digest}")

    def push_manifest(self, name: str, reference: str, manifest: Manifest) -> None:
        """Upload a manifest under a tag or its digest."""
        headers = {"content-type": manifest.media_type}
        self._ask("PUT", f"/v2/{name}/manifests/{reference}", headers, Content.of(manifest.raw))

    def tags(self, name: str) -> list[str]:
        """Return all tags of a repository, page after page; raises RegistryError where there is no end."""
        tags: list[str] = []
        path, seen = f"/v2/{name}/tags/list", set[str]()
        while path:
            if path in seen or len(seen) == _MOST_PAGES or len(tags) > _MOST_TAGS:
                raise RegistryError(0, "", f"the registry's list of tags for {name} does not end")
            seen.add(path)
            response = self._ask("GET", path)
            try:
                document = json_of(response, struct('struct { Tags []string "json:\\"tags\\"" }'))
                tags += conform(STRINGS, lookup(document, "tags"), "", "tags") or []
            except InvalidDocument as error:
                raise RegistryError(0, "", str(error)) from None
            path = response.headers.get("link", "").partition("<")[2].partition(">")[0]
        if not all(re.fullmatch(TAG, tag, re.ASCII) for tag in tags):
            raise RegistryError(0, "", "invalid tag format")  # reference.WithTag
        return tags

    def _ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: Content = EMPTY
    ) -> Response:
        response = self.send(Request(method, path, headers or {}, body))
        if response.status >= 400:
            raise error_of(response)
        return response


def _bounded(response: Response) -> bytes:
    if response.body.size > LARGEST:
        raise RegistryError(0, "", f"the registry's answer is larger than {LARGEST} bytes")
    return response.body.read()


def json_of(response: Response, form: Type) -> dict[str, Any]:
    """Return an answer's JSON object, its fields as Go reads them into a struct, and those not in `form`.

    Raises InvalidDocument, in Go's words, for anything else, RegistryError for one that is too large.

    >>> json_of(Response(200, body=Content.of(b'{"Token": "t"}')), struct("", Field("token", STRING)))
    {'Token': 't', 'token': 't'}
    """
    document = loads(_bounded(response))
    known = conform(form, document)
    return {**(document or {}), **known}


_CODES = {401: "UNAUTHORIZED", 403: "DENIED", 429: "TOOMANYREQUESTS"}
_DETAILS = struct("struct { Details string }")
_ERROR = struct("errcode.Error", Field("code", Type("errcode.ErrorCode", "string")), Field("message", STRING))


def error_of(response: Response) -> RegistryError:
    """Return the error that a response holds, as distribution's client reads it; code "" where none.

    (distribution, registry/client/errors.go and registry/api/errcode/errors.go.)
    """
    status = response.status
    if status >= 500:
        phrases = {each.value: each.phrase for each in HTTPStatus}
        text = f"{status} {phrases.get(status, '')}".strip()
        return RegistryError(status, "", f"received unexpected HTTP status: {text}")
    if 'error="insufficient_scope"' in response.headers.get("www-authenticate", ""):
        return RegistryError(status, "DENIED", "requested access to the resource is denied", ())
    reason = "no error details found in HTTP response body"
    try:
        document = json_of(response, _DETAILS)
        details = lookup(document, "details")
        if isinstance(details, str) and details:
            return RegistryError(status, _CODES.get(status, "UNKNOWN"), details)
        errors = lookup(document, "errors")
        if known := conform(list_of(_ERROR), errors, "", "Errors"):
            code, message = known[0].values()
            # What is no code of the specification's is "unknown", whatever else it holds.
            code = code if re.fullmatch(r"[A-Z_]{1,40}", code) else "UNKNOWN"
            return RegistryError(status, code, message, lookup(errors[0] or {}, "detail"))
    except InvalidDocument as error:
        reason = str(error)
    except RegistryError as error:
        return error
    shown = dumps(response.body.read().decode("utf-8", "replace"), escape_html=False).decode()
    return RegistryError(status, "", f"error parsing HTTP {status} response body: {reason}: {shown}")


def words(error: RegistryError) -> str:
    """Return a registry's error as Docker's client of the API prints it (distribution, errcode).

    A code with its own message and without detail is the code alone.

    >>> words(RegistryError(401, "UNAUTHORIZED", "authentication required"))
    'unauthorized'
    """
    if not error.status:  # nobody answered, so the code is labkit's own
        return error.message
    code = error.code.lower().replace("_", " ")
    if code and error.detail is None and is_standard(error.code, error.message):
        return code
    return f"{code}: {error.message}" if code else error.message
