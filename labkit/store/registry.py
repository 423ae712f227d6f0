"""A registry in memory that answers as the distribution API does (OCI distribution-spec 1.1.1).

It is one function from a request to a response, as an HTTP server is; `store.client` speaks to it and
to a real one in the same words. It stores what is pushed to it and verifies every byte. The built-in
hub also puts records into it: published identifiers over stand-in files. An answer made of a record
says so. A manifest is served as it was pushed, whatever the request accepts. What no client here asks for is
refused: to delete, to list tags by pages, to go on with an upload at a place or ask where it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl

from labkit.base.errors import DigestMismatch, InvalidDigest, InvalidDocument
from labkit.oci.content import EMPTY, Content
from labkit.oci.digest import parse_digest, sha256, verify
from labkit.oci.layer import Layer
from labkit.oci.manifest import Index, parse_manifest
from labkit.oci.reference import DIGEST, PATH, TAG
from labkit.store import api
from labkit.store.api import Refused, Request, Response, refusal

_NAME = rf"(?P<name>{PATH})"
_Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StoredContent:
    """A manifest or a blob as the registry keeps it."""

    body: Content
    media_type: str = "application/octet-stream"
    recorded: bool = False
    layer: Layer | None = None


@dataclass(slots=True)
class _Repository:
    manifests: dict[str, StoredContent] = field(default_factory=dict)
    blobs: dict[str, StoredContent] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


class Registry:
    """Repositories with their manifests, blobs and tags, behind `handle`.

    `closed` makes it answer as Docker Hub does: of a repository that does not exist that authentication
    is required, not that it is unknown, and nobody can push. `loaders` fill repositories, by name, when
    they are first asked for.

    >>> Registry().handle(Request("GET", "/v2/")).status
    200
    """

    def __init__(
        self, *, closed: bool = False, loaders: Mapping[str, Callable[[Registry], None]] | None = None
    ) -> None:
        self.closed = closed
        self._loaders = dict(loaders or {})
        self._repositories: dict[str, _Repository] = {}
        self._uploads: dict[tuple[str, str], Content] = {}
        self._started = 0

    def handle(self, request: Request) -> Response:
        """Answer a request; errors are answers too, in the specification's JSON."""
        response = self._answer(request)
        return replace(response, body=EMPTY) if request.method == "HEAD" else response

    def _answer(self, request: Request) -> Response:
        path, _, query = request.path.partition("?")
        asked = dict(parse_qsl(query))
        for pattern, methods in _ROUTES:
            match = re.fullmatch(pattern, path, re.ASCII)
            if match is None:
                continue
            if request.method not in methods:
                return api.as_text("Method not allowed", 405, {"allow": ", ".join(sorted(methods))})
            try:
                return methods[request.method](self, request, match.groupdict(), asked)
            except Refused as refused:
                return refused.response
        return api.as_text("404 page not found", 404)

    @property
    def names(self) -> list[str]:
        """The repositories that have images, sorted."""
        tagged = [name for name, repository in self._repositories.items() if repository.tags]
        return sorted({*tagged, *self._loaders})

    def add(
        self,
        name: str,
        tags: Sequence[str],
        manifests: Mapping[str, StoredContent],
        blobs: Mapping[str, StoredContent],
    ) -> None:
        """Put an image in: the last of its manifests is what its tags lead to."""
        repository = self._repositories.setdefault(name, _Repository())
        repository.manifests.update(manifests)
        repository.blobs.update(blobs)
        repository.tags.update(dict.fromkeys(tags, list(manifests)[-1]))

    def _found(self, name: str) -> _Repository:
        """Return a repository to read from, an empty one where there is none; a closed registry refuses."""
        if name in self._loaders:
            self._loaders.pop(name)(self)
        repository = self._repositories.get(name)
        if repository is None and self.closed:
            raise api.unauthorized(name, "pull")
        return repository or _Repository()

    def _writable(self, name: str) -> _Repository:
        if self.closed:
            raise api.unauthorized(name, "pull,push")
        return self._repositories.setdefault(name, _Repository())

    # The endpoints: a request, the parts of its path and what is asked in its query

    def _base(self, request: Request, parts: _Words, asked: _Words) -> Response:
        return api.as_json({})

    def _get_manifest(self, request: Request, parts: _Words, asked: _Words) -> Response:
        name, reference = parts["name"], parts["reference"]
        repository = self._found(name)
        digest = reference if ":" in reference else repository.tags.get(reference, "")
        stored = repository.manifests.get(digest)
        if stored is None:
            sought = {"Name": name, "Revision": reference} if ":" in reference else {"Tag": reference}
            raise refusal("MANIFEST_UNKNOWN", sought)
        return _stored(stored, digest)

    def _put_manifest(self, request: Request, parts: _Words, asked: _Words) -> Response:
        repository, name, reference = self._writable(parts["name"]), parts["name"], parts["reference"]
        raw = request.body.read()
        try:
            manifest = parse_manifest(raw, request.headers.get("content-type") or "none")
        except InvalidDocument:
            raise refusal("MANIFEST_INVALID", {}) from None
        digest = sha256(raw)
        if ":" in reference and reference != digest:
            raise refusal("DIGEST_INVALID")
        if isinstance(manifest, Index):
            missing = [each.digest for each in manifest.manifests if each.digest not in repository.manifests]
        else:
            needed = [manifest.config, *manifest.layers]
            missing = [each.digest for each in needed if each.digest not in repository.blobs]
        if missing:
            raise refusal("MANIFEST_BLOB_UNKNOWN", *missing)
        repository.manifests[digest] = StoredContent(request.body, manifest.media_type)
        if ":" not in reference:
            repository.tags[reference] = digest
        return api.created(name, "manifests", digest)

    def _refuse(self, request: Request, parts: _Words, asked: _Words) -> Response:
        """Refuse what no client here asks for, as a registry does whose storage is not told to delete."""
        self._writable(parts["name"])
        raise refusal("UNSUPPORTED")

    def _get_blob(self, request: Request, parts: _Words, asked: _Words) -> Response:
        repository, digest = self._found(parts["name"]), parts["digest"]
        try:
            parse_digest(digest)
        except InvalidDigest:
            raise refusal("DIGEST_INVALID", {}) from None
        stored = repository.blobs.get(digest)
        if stored is None:
            raise refusal("BLOB_UNKNOWN", digest)
        return _stored(stored, digest)

    def _list_tags(self, request: Request, parts: _Words, asked: _Words) -> Response:
        name = parts["name"]
        repository = self._found(name)
        if not repository.tags:
            raise refusal("NAME_UNKNOWN", {"name": name})
        if asked:  # one page has them all
            raise refusal("UNSUPPORTED")
        return api.as_json({"name": name, "tags": sorted(repository.tags)})

    def _start_upload(self, request: Request, parts: _Words, asked: _Words) -> Response:
        name, digest = parts["name"], asked.get("mount", "")
        repository, source = self._writable(name), self._repositories.get(asked.get("from", ""))
        if source is not None and digest in source.blobs:
            repository.blobs[digest] = source.blobs[digest]
            return api.created(name, "blobs", digest)
        self._started += 1
        upload = f"{self._started:032x}"
        self._uploads[name, upload] = EMPTY
        return api.accepted(name, upload, 0)

    def _continue_upload(self, request: Request, parts: _Words, asked: _Words) -> Response:
        if "content-range" in request.headers:  # pieces come in their order
            raise refusal("UNSUPPORTED")
        key = self._upload(parts)
        self._uploads[key] += request.body
        return api.accepted(*key, self._uploads[key].size)

    def _finish_upload(self, request: Request, parts: _Words, asked: _Words) -> Response:
        key = self._upload(parts)
        if not asked.get("digest"):
            raise refusal("DIGEST_INVALID", "digest missing")
        body = self._uploads[key] + request.body
        try:
            digest = parse_digest(asked["digest"])
            verify(body.chunks(), digest)
        except InvalidDigest:
            raise refusal("DIGEST_INVALID", "digest parsing failed") from None
        except DigestMismatch:
            raise refusal("DIGEST_INVALID", {"Digest": digest, "Reason": {}}) from None
        del self._uploads[key]
        self._writable(parts["name"]).blobs[digest] = StoredContent(body)
        return api.created(parts["name"], "blobs", digest)

    def _upload(self, parts: Mapping[str, str]) -> tuple[str, str]:
        if (key := (parts["name"], parts["upload"])) not in self._uploads:
            raise refusal("BLOB_UPLOAD_UNKNOWN", {})
        return key


def _stored(stored: StoredContent, digest: str) -> Response:
    headers = {
        "content-type": stored.media_type,
        "content-length": str(stored.body.size),
        "docker-content-digest": digest,
        "etag": f'"{digest}"',
    }
    return Response(200, headers, stored.body, stored.recorded, stored.layer)


_Answer = Callable[[Registry, Request, _Words, _Words], Response]


def _route(pattern: str, **methods: _Answer) -> tuple[str, dict[str, _Answer]]:
    if "GET" in methods and "tags" not in pattern:
        methods.setdefault("HEAD", methods["GET"])
    return pattern, methods


_ROUTES = (
    _route(r"/v2/", GET=Registry._base, POST=Registry._base),
    _route(rf"/v2/{_NAME}/tags/list", GET=Registry._list_tags),
    _route(
        rf"/v2/{_NAME}/manifests/(?P<reference>{TAG}|{DIGEST})",
        GET=Registry._get_manifest,
        PUT=Registry._put_manifest,
        DELETE=Registry._refuse,
    ),
    _route(
        rf"/v2/{_NAME}/blobs/(?P<digest>[A-Za-z0-9._+-]+:[0-9a-fA-F]+)",
        GET=Registry._get_blob,
        DELETE=Registry._refuse,
    ),
    _route(rf"/v2/{_NAME}/blobs/uploads/", POST=Registry._start_upload),
    _route(
        rf"/v2/{_NAME}/blobs/uploads/(?P<upload>[a-zA-Z0-9._=-]+)",
        GET=Registry._refuse,
        PATCH=Registry._continue_upload,
        PUT=Registry._finish_upload,
    ),
)
