"""A client of the distribution API: what `docker pull` and `docker push` ask of a registry.

It speaks through any function from a Request to a Response, so the registry in memory and one across
a network are asked in the same words. Every byte is verified against its digest; only what a registry
marks as a record, published identifiers over stand-in files, is taken as it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from labkit.errors import DigestMismatch, LabkitError, RegistryError
from labkit.oci.content import EMPTY, Content
from labkit.oci.digest import sha256, verify
from labkit.oci.layer import Layer
from labkit.oci.manifest import (
    DOCKER_MANIFEST,
    DOCKER_MANIFEST_LIST,
    OCI_INDEX,
    OCI_MANIFEST,
    Descriptor,
    Index,
    Manifest,
    Platform,
    parse_manifest,
)
from labkit.store.registry import Request, Response

_ACCEPT = ", ".join((DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, OCI_MANIFEST, OCI_INDEX))


@dataclass(frozen=True, slots=True)
class Blob:
    """A blob's bytes; for a record, the layer that they stand for."""

    content: Content
    recorded: bool = False
    layer: Layer | None = None


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a name leads to: the digest that `docker pull` prints, and the platform's manifest."""

    digest: str
    manifest: Manifest
    recorded: bool = False


@dataclass(frozen=True, slots=True)
class Client:
    """A repository's manifests and blobs, read and written through `send`."""

    send: Callable[[Request], Response]

    def resolve(self, name: str, reference: str, platform: Platform) -> Resolved:
        """Return the manifest for a platform that a tag or digest leads to.

        `name` is the repository without its host. Raises RegistryError, InvalidDocument or DigestMismatch.
        """
        raw, media_type, digest, recorded = self._manifest(name, reference)
        document = parse_manifest(raw, media_type)
        if isinstance(document, Manifest):
            return Resolved(digest, document, recorded)
        chosen = document.for_platform(platform)
        if chosen is None:
            raise LabkitError(f"no matching manifest for {platform} in the manifest list entries")
        raw, media_type, _, recorded = self._manifest(name, chosen.digest)
        manifest = parse_manifest(raw, media_type)
        if isinstance(manifest, Index):
            raise RegistryError(404, "MANIFEST_UNKNOWN", "the index's entry is an index")
        return Resolved(digest, manifest, recorded)

    def _manifest(self, name: str, reference: str) -> tuple[bytes, str, str, bool]:
        response = self._ask("GET", f"/v2/{name}/manifests/{reference}", {"accept": _ACCEPT})
        raw = response.body.read()
        claimed = reference if ":" in reference else response.headers.get("docker-content-digest", "")
        digest = claimed if response.recorded else sha256(raw)
        if claimed and claimed != digest:
            raise DigestMismatch(f"manifest verification failed for digest {claimed}")
        return raw, response.headers.get("content-type", ""), digest, response.recorded

    def blob(self, name: str, descriptor: Descriptor) -> Blob:
        """Return a blob, verified against its descriptor's digest and size."""
        response = self._ask("GET", f"/v2/{name}/blobs/{descriptor.digest}")
        if not response.recorded:
            if response.body.size != descriptor.size:
                raise DigestMismatch(f"filesystem layer verification failed for digest {descriptor.digest}")
            verify(response.body.chunks(), descriptor.digest)
        return Blob(response.body, response.recorded, response.layer)

    def has_blob(self, name: str, digest: str) -> bool:
        """Tell whether the repository has a blob."""
        return self.send(Request("HEAD", f"/v2/{name}/blobs/{digest}")).status == 200

    def mount_blob(self, name: str, digest: str, source: str) -> bool:
        """Ask the registry to take a blob over from another of its repositories."""
        query = f"mount={digest}&from={source}"
        return self._ask("POST", f"/v2/{name}/blobs/uploads/?{query}").status == 201

    def push_blob(self, name: str, digest: str, content: Content) -> None:
        """Upload a blob: POST, PATCH, PUT."""
        location = self._ask("POST", f"/v2/{name}/blobs/uploads/").headers["location"]
        headers = {"content-type": "application/octet-stream", "content-length": str(content.size)}
        location = self._ask("PATCH", location, headers, content).headers["location"]
        separator = "&" if "?" in location else "?"
        self._ask("PUT", f"{location}{separator}digest={digest}")

    def push_manifest(self, name: str, reference: str, raw: bytes, media_type: str) -> str:
        """Upload a manifest under a tag or its digest; return its digest."""
        headers = {"content-type": media_type}
        self._ask("PUT", f"/v2/{name}/manifests/{reference}", headers, Content.of(raw))
        return sha256(raw)

    def tags(self, name: str) -> list[str]:
        """Return all tags of a repository, page after page."""
        tags: list[str] = []
        path = f"/v2/{name}/tags/list"
        while path:
            response = self._ask("GET", path)
            tags += json.loads(response.body.read())["tags"] or []
            path = response.headers.get("link", "").partition("<")[2].partition(">")[0]
        return tags

    def _ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: Content = EMPTY
    ) -> Response:
        response = self.send(Request(method, path, headers or {}, body))
        if response.status >= 400:
            raise _error_of(response)
        return response


def _error_of(response: Response) -> RegistryError:
    try:
        first = json.loads(response.body.read())["errors"][0]
        return RegistryError(response.status, first["code"], first["message"], first.get("detail"))
    except (ValueError, LookupError, TypeError):
        return RegistryError(response.status, "UNKNOWN", f"unexpected status {response.status}")
