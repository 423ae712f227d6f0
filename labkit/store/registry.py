"""A registry in memory that answers as the distribution API does (OCI distribution-spec 1.1.1).

It is one function from a request to a response, as an HTTP server is; `store.client` speaks to it and
to a real one in the same words. It stores what is pushed to it and verifies every byte. The built-in
hub also puts records into it: published identifiers over stand-in files. An answer made of a record
says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from labkit.errors import DigestMismatch, InvalidDigest, InvalidDocument, RegistryError
from labkit.oci.content import EMPTY, Content
from labkit.oci.digest import parse_digest, sha256, verify
from labkit.oci.layer import Layer
from labkit.oci.manifest import Index, parse_manifest

_NAME = r"(?P<name>[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)"
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", re.ASCII)


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


@dataclass(frozen=True, slots=True)
class Stored:
    """A manifest or a blob as the registry keeps it."""

    body: Content
    media_type: str = "application/octet-stream"
    recorded: bool = False
    layer: Layer | None = None


@dataclass(slots=True)
class _Repository:
    manifests: dict[str, Stored] = field(default_factory=dict)
    blobs: dict[str, Stored] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


class Registry:
    """Repositories with their manifests, blobs and tags, behind `handle`.

    `closed` makes it answer as Docker Hub does: of a repository that does not exist that authentication
    is required, not that it is unknown, and nobody can push. `loaders` fill repositories, by name, when
    they are first asked for.

    >>> Registry().handle(Request("GET", "/v2/")).status
    200
    >>> Registry().handle(Request("GET", "/v2/app/tags/list")).status
    404
    """

    def __init__(
        self, *, closed: bool = False, loaders: Mapping[str, Callable[[Registry], None]] | None = None
    ) -> None:
        self.closed = closed
        self._loaders = dict(loaders or {})
        self._repositories: dict[str, _Repository] = {}
        self._uploads: dict[str, Content] = {}
        self._started = 0

    def handle(self, request: Request) -> Response:
        """Answer a request; errors are answers too, in the specification's JSON."""
        path, _, query = request.path.partition("?")
        parameters = dict(part.partition("=")[::2] for part in query.split("&") if part)
        for methods, pattern, answer in _ROUTES:
            match = pattern.fullmatch(path)
            if match and request.method in methods:
                try:
                    if self.closed and request.method not in ("GET", "HEAD"):
                        raise RegistryError(401, "DENIED", "requested access to the resource is denied")
                    return answer(self, request, match.groupdict(), parameters)
                except RegistryError as error:
                    return _error(error)
        return _error(RegistryError(404, "NOT_FOUND", "404 page not found"))

    @property
    def names(self) -> list[str]:
        """The repositories, sorted."""
        return sorted({*self._repositories, *self._loaders})

    def add(
        self, name: str, tags: Sequence[str], manifests: Mapping[str, Stored], blobs: Mapping[str, Stored]
    ) -> None:
        """Put an image in: the last of its manifests is what its tags lead to."""
        repository = self._repositories.setdefault(name, _Repository())
        repository.manifests.update(manifests)
        repository.blobs.update(blobs)
        repository.tags.update(dict.fromkeys(tags, list(manifests)[-1]))

    def _repository(self, name: str) -> _Repository:
        if name in self._loaders:
            self._loaders.pop(name)(self)
        repository = self._repositories.get(name)
        if repository is None and self.closed:
            raise RegistryError(
                401, "UNAUTHORIZED", "authentication required", [{"Type": "repository", "Name": name}]
            )
        if repository is None:
            raise RegistryError(404, "NAME_UNKNOWN", "repository name not known to registry", {"name": name})
        return repository

    def _base(self, request: Request, parts: Mapping[str, str], query: Mapping[str, str]) -> Response:
        return Response(200, {"content-type": "application/json"}, Content.of(b"{}"))

    def _get_manifest(self, request: Request, parts: Mapping[str, str], query: Mapping[str, str]) -> Response:
        repository, reference = self._repository(parts["name"]), parts["reference"]
        digest = reference if ":" in reference else repository.tags.get(reference, "")
        stored = repository.manifests.get(digest)
        if stored is None:
            detail = {"Tag": reference} if ":" not in reference else f"unknown manifest {reference}"
            raise RegistryError(404, "MANIFEST_UNKNOWN", "manifest unknown", detail)
        return _found(request, stored, digest)

    def _get_blob(self, request: Request, parts: Mapping[str, str], query: Mapping[str, str]) -> Response:
        digest = _digest(parts["digest"])
        stored = self._repository(parts["name"]).blobs.get(digest)
        if stored is None:
            raise RegistryError(404, "BLOB_UNKNOWN", "blob unknown to registry", digest)
        return _found(request, stored, digest)

    def _list_tags(self, request: Request, parts: Mapping[str, str], query: Mapping[str, str]) -> Response:
        tags = sorted(self._repository(parts["name"]).tags)
        tags = [tag for tag in tags if tag > query.get("last", "")]
        headers = {"content-type": "application/json"}
        if query.get("n", "").isdigit() and len(tags) > int(query["n"]):
            tags = tags[: int(query["n"])]
            if tags:
                headers["link"] = (
                    f'</v2/{parts["name"]}/tags/list?last={tags[-1]}&n={query["n"]}>; rel="next"'
                )
        return Response(200, headers, _json({"name": parts["name"], "tags": tags}))

    def _start_upload(self, request: Request, parts: Mapping[str, str], query: Mapping[str, str]) -> Response:
        name, digest = parts["name"], query.get("mount", query.get("digest", ""))
        repository = self._repositories.setdefault(name, _Repository())
        source = self._repositories.get(query.get("from", ""))
        if "mount" in query and source and digest in source.blobs:
            repository.blobs[digest] = source.blobs[digest]
            return _created(name, "blobs", digest)
        if "digest" in query:
            return self._store_blob(name, digest, request.body)
        self._started += 1
        upload = f"{self._started:032x}"
        self._uploads[upload] = EMPTY
        return _accepted(name, upload, 0)

    def _continue_upload(
        self, request: Request, parts: Mapping[str, str], query: Mapping[str, str]
    ) -> Response:
        upload = self._upload(parts["upload"])
        begin = request.headers.get("content-range", f"{upload.size}-").partition("-")[0]
        if begin != str(upload.size):
            raise RegistryError(416, "RANGE_INVALID", "invalid content range")
        self._uploads[parts["upload"]] = upload + request.body
        return _accepted(parts["name"], parts["upload"], self._uploads[parts["upload"]].size)

    def _finish_upload(
        self, request: Request, parts: Mapping[str, str], query: Mapping[str, str]
    ) -> Response:
        body = self._upload(parts["upload"]) + request.body
        response = self._store_blob(parts["name"], query.get("digest", ""), body)
        del self._uploads[parts["upload"]]
        return response

    def _cancel_upload(
        self, request: Request, parts: Mapping[str, str], query: Mapping[str, str]
    ) -> Response:
        self._upload(parts["upload"])
        del self._uploads[parts["upload"]]
        return Response(204)

    def _upload(self, upload: str) -> Content:
        if upload not in self._uploads:
            raise RegistryError(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
        return self._uploads[upload]

    def _store_blob(self, name: str, digest: str, body: Content) -> Response:
        try:
            verify(body.chunks(), _digest(digest))
        except DigestMismatch:
            raise RegistryError(
                400, "DIGEST_INVALID", "provided digest did not match uploaded content", digest
            ) from None
        self._repositories.setdefault(name, _Repository()).blobs[digest] = Stored(body)
        return _created(name, "blobs", digest)

    def _put_manifest(self, request: Request, parts: Mapping[str, str], query: Mapping[str, str]) -> Response:
        raw, reference = request.body.read(), parts["reference"]
        if ":" not in reference and not _TAG.fullmatch(reference):
            raise RegistryError(400, "TAG_INVALID", "manifest tag did not match URI", reference)
        repository = self._repositories.setdefault(parts["name"], _Repository())
        try:
            manifest = parse_manifest(raw, request.headers.get("content-type", ""))
        except InvalidDocument as error:
            raise RegistryError(400, "MANIFEST_INVALID", "manifest invalid", str(error)) from None
        digest = sha256(raw)
        if ":" in reference and reference != digest:
            raise RegistryError(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        if isinstance(manifest, Index):
            missing = [each.digest for each in manifest.manifests if each.digest not in repository.manifests]
        else:
            needed = [manifest.config, *manifest.layers]
            missing = [each.digest for each in needed if each.digest not in repository.blobs]
        if missing:
            raise RegistryError(400, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry", missing[0])
        repository.manifests[digest] = Stored(request.body, manifest.media_type)
        if ":" not in reference:
            repository.tags[reference] = digest
        return _created(parts["name"], "manifests", digest)

    def _delete_manifest(
        self, request: Request, parts: Mapping[str, str], query: Mapping[str, str]
    ) -> Response:
        repository, reference = self._repository(parts["name"]), parts["reference"]
        if reference not in repository.manifests:
            raise RegistryError(404, "MANIFEST_UNKNOWN", "manifest unknown", reference)
        del repository.manifests[reference]
        repository.tags = {tag: digest for tag, digest in repository.tags.items() if digest != reference}
        return Response(202)


def _digest(text: str) -> str:
    try:
        return parse_digest(text)
    except InvalidDigest:
        raise RegistryError(
            400, "DIGEST_INVALID", "provided digest did not match uploaded content", text
        ) from None


def _found(request: Request, stored: Stored, digest: str) -> Response:
    headers = {
        "content-type": stored.media_type,
        "content-length": str(stored.body.size),
        "docker-content-digest": digest,
        "accept-ranges": "bytes",
    }
    if request.method == "HEAD":
        return Response(200, headers, EMPTY, stored.recorded, stored.layer)
    wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""), re.ASCII)
    if wanted is None:
        return Response(200, headers, stored.body, stored.recorded, stored.layer)
    start, last = int(wanted[1]), int(wanted[2] or stored.body.size - 1)
    if start >= stored.body.size:
        return Response(416, {"content-range": f"bytes */{stored.body.size}"})
    part = stored.body.slice(start, last - start + 1)
    headers["content-range"] = f"bytes {start}-{start + part.size - 1}/{stored.body.size}"
    headers["content-length"] = str(part.size)
    return Response(206, headers, part, stored.recorded, stored.layer)


def _created(name: str, kind: str, digest: str) -> Response:
    return Response(201, {"location": f"/v2/{name}/{kind}/{digest}", "docker-content-digest": digest})


def _accepted(name: str, upload: str, size: int) -> Response:
    location = f"/v2/{name}/blobs/uploads/{upload}"
    return Response(
        202, {"location": location, "range": f"0-{max(size - 1, 0)}", "docker-upload-uuid": upload}
    )


def _error(error: RegistryError) -> Response:
    entry: dict[str, object] = {"code": error.code, "message": error.message}
    if error.detail is not None:
        entry["detail"] = error.detail
    return Response(error.status, {"content-type": "application/json"}, _json({"errors": [entry]}))


def _json(value: object) -> Content:
    return Content.of(json.dumps(value, separators=(",", ":")).encode())


_Answer = Callable[[Registry, Request, Mapping[str, str], Mapping[str, str]], Response]
_ROUTES: tuple[tuple[list[str], re.Pattern[str], _Answer], ...] = tuple(
    (methods.split(), re.compile(pattern, re.ASCII), answer)
    for methods, pattern, answer in (
        ("GET HEAD", r"/v2/", Registry._base),
        ("GET HEAD", rf"/v2/{_NAME}/manifests/(?P<reference>[^/]+)", Registry._get_manifest),
        ("PUT", rf"/v2/{_NAME}/manifests/(?P<reference>[^/]+)", Registry._put_manifest),
        ("DELETE", rf"/v2/{_NAME}/manifests/(?P<reference>[^/]+)", Registry._delete_manifest),
        ("GET HEAD", rf"/v2/{_NAME}/blobs/(?P<digest>[^/]+)", Registry._get_blob),
        ("POST", rf"/v2/{_NAME}/blobs/uploads/", Registry._start_upload),
        ("PATCH", rf"/v2/{_NAME}/blobs/uploads/(?P<upload>[0-9a-f]+)", Registry._continue_upload),
        ("PUT", rf"/v2/{_NAME}/blobs/uploads/(?P<upload>[0-9a-f]+)", Registry._finish_upload),
        ("DELETE", rf"/v2/{_NAME}/blobs/uploads/(?P<upload>[0-9a-f]+)", Registry._cancel_upload),
        ("GET", rf"/v2/{_NAME}/tags/list", Registry._list_tags),
    )
)
