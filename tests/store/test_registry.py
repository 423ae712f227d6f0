"""The registry in memory where docker-registry does otherwise, and what the hub needs of it.

What both do the same is in test_registries.py. Here: what is refused, as no client here asks for it; a closed
registry; records; loaders.
"""

from __future__ import annotations

import json

import pytest

from labkit.oci.content import Content
from labkit.oci.descriptor import DOCKER_CONFIG, DOCKER_MANIFEST, Descriptor
from labkit.oci.digest import sha256
from labkit.oci.layer import Layer
from labkit.oci.manifest import make_manifest
from labkit.oci.tree import Dir
from labkit.store.api import Request, Response
from labkit.store.registry import Registry, StoredContent

CONFIG = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'
MANIFEST = make_manifest(Descriptor(DOCKER_CONFIG, sha256(CONFIG), len(CONFIG)), [])


def add(registry: Registry, name: str, *tags: str) -> None:
    stored = StoredContent(Content.of(MANIFEST.raw), DOCKER_MANIFEST)
    blobs = {sha256(CONFIG): StoredContent(Content.of(CONFIG))}
    registry.add(name, tags, {MANIFEST.digest: stored}, blobs)


def code(response: Response) -> str:
    return str(json.loads(response.body.read())["errors"][0]["code"])


@pytest.fixture
def registry() -> Registry:
    made = Registry()
    add(made, "app", "e", "a", "d", "b", "c")
    return made


def test_tags_are_listed_in_order(registry: Registry) -> None:
    response = registry.handle(Request("GET", "/v2/app/tags/list"))
    assert json.loads(response.body.read()) == {"name": "app", "tags": ["a", "b", "c", "d", "e"]}


@pytest.mark.parametrize("query", ["?n=2", "?last=b", "?n=x"])
def test_pages_of_tags_are_refused(registry: Registry, query: str) -> None:
    refused = registry.handle(Request("GET", f"/v2/app/tags/list{query}"))
    assert (refused.status, code(refused)) == (405, "UNSUPPORTED")


def test_a_piece_with_its_place_is_refused_and_changes_nothing() -> None:
    registry = Registry()
    location = registry.handle(Request("POST", "/v2/app/blobs/uploads/")).headers["location"]
    for request in (
        Request("PATCH", location, {"content-range": "0-2"}, Content.of(b"abc")),
        Request("GET", location),
    ):
        refused = registry.handle(request)
        assert (refused.status, code(refused)) == (405, "UNSUPPORTED")
    taken = registry.handle(Request("PATCH", location, {}, Content.of(b"abc")))
    assert (taken.status, taken.headers["range"]) == (202, "0-2")


def test_an_upload_in_two_pieces_is_their_bytes_in_order(registry: Registry) -> None:
    where = registry.handle(Request("POST", "/v2/app/blobs/uploads/")).headers["location"]
    registry.handle(Request("PATCH", where, {}, Content.of(b"one ")))
    registry.handle(Request("PATCH", where, {}, Content.of(b"two ")))
    digest = sha256(b"one two three")
    done = registry.handle(Request("PUT", f"{where}?digest={digest}", {}, Content.of(b"three")))
    assert done.status == 201
    assert registry.handle(Request("GET", f"/v2/app/blobs/{digest}")).body.read() == b"one two three"


def test_a_manifest_is_put_under_no_digest_but_its_own(registry: Registry) -> None:
    def put(reference: str) -> Response:
        headers = {"content-type": DOCKER_MANIFEST}
        path = f"/v2/app/manifests/{reference}"
        return registry.handle(Request("PUT", path, headers, Content.of(MANIFEST.raw)))

    assert put(MANIFEST.digest).status == put("latest").status == 201
    refused = put(sha256(b"another"))
    assert (refused.status, code(refused)) == (400, "DIGEST_INVALID")


def test_a_closed_registry_answers_as_docker_hub() -> None:
    registry = Registry(closed=True)
    add(registry, "library/app", "1")
    assert registry.handle(Request("GET", "/v2/library/app/manifests/1")).status == 200
    assert code(registry.handle(Request("GET", "/v2/library/app/manifests/2"))) == "MANIFEST_UNKNOWN"
    missing = registry.handle(Request("GET", "/v2/library/nope/manifests/1"))
    assert (missing.status, code(missing)) == (401, "UNAUTHORIZED")
    challenge = missing.headers["www-authenticate"]
    assert 'scope="repository:library/nope:pull",error="insufficient_scope"' in challenge


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v2/library/app/blobs/uploads/"),
        ("POST", "/v2/mine/blobs/uploads/"),
        ("PUT", "/v2/library/app/manifests/1"),
        ("DELETE", f"/v2/library/app/manifests/{MANIFEST.digest}"),
        ("DELETE", f"/v2/library/app/blobs/{sha256(CONFIG)}"),
    ],
)
def test_nobody_writes_to_a_closed_registry(method: str, path: str) -> None:
    registry = Registry(closed=True)
    add(registry, "library/app", "1")
    refused = registry.handle(Request(method, path, body=Content.of(MANIFEST.raw)))
    assert (refused.status, registry.names) == (401, ["library/app"])
    assert registry.handle(Request("GET", "/v2/library/app/manifests/1")).body.read() == MANIFEST.raw


def test_a_record_says_so_and_is_not_verified() -> None:
    registry = Registry()
    layer = Layer.record(sha256(b"published"), Dir())
    digest = sha256(b"as published")
    stand_in = StoredContent(Content.filler(10, "x"), recorded=True, layer=layer)
    registry.add("app", [], {MANIFEST.digest: StoredContent(Content.of(MANIFEST.raw))}, {digest: stand_in})
    found = registry.handle(Request("GET", f"/v2/app/blobs/{digest}"))
    assert (found.status, found.recorded, found.layer) == (200, True, layer)
    mounted = registry.handle(Request("POST", f"/v2/two/blobs/uploads/?mount={digest}&from=app"))
    assert mounted.status == 201
    assert registry.handle(Request("GET", f"/v2/two/blobs/{digest}")).recorded


def test_repositories_load_when_they_are_asked_for() -> None:
    loaded: list[str] = []

    def load(registry: Registry) -> None:
        loaded.append("app")
        add(registry, "app", "1")

    registry = Registry(loaders={"app": load})
    assert (registry.names, loaded) == (["app"], [])
    for _ in range(2):
        assert registry.handle(Request("GET", "/v2/app/manifests/1")).status == 200
    assert (registry.names, loaded) == (["app"], ["app"])


def test_two_registries_share_nothing() -> None:
    one, other = Registry(), Registry()
    add(one, "app", "1")
    assert (one.names, other.names) == (["app"], [])
