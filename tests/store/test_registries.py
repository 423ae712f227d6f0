"""One suite for every registry: what the distribution API answers, in memory and by docker-registry 2.8.

A registry here is a function from a Request to a Response. What both are asked is compared with what is
expected, so that the one in memory answers as the real one does; a location is followed as it is given.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from labkit.oci.content import Content
from labkit.oci.descriptor import (
    DOCKER_CONFIG,
    DOCKER_LAYER,
    DOCKER_MANIFEST,
    DOCKER_MANIFEST_LIST,
    OCI_INDEX,
    OCI_MANIFEST,
    Descriptor,
    Platform,
)
from labkit.oci.manifest import make_index, make_manifest
from labkit.store.api import Request, Response
from labkit.store.client import Client
from labkit.store.registry import Registry

Send = Callable[[Request], Response]
ACCEPT = {"accept": ", ".join((DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, OCI_MANIFEST, OCI_INDEX))}
OCTETS = {"content-type": "application/octet-stream"}
CONFIG = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'
LAYER = b"a layer"
NOTHING = "sha256:" + 64 * "0"


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def over_http(address: str) -> Send:
    """Give a function that asks the registry at an address; locations come back as paths."""

    def send(request: Request) -> Response:
        connection = http.client.HTTPConnection(address, timeout=10)
        connection.request(request.method, request.path, request.body.read() or None, dict(request.headers))
        answer = connection.getresponse()
        try:
            body = answer.read()
        except http.client.IncompleteRead as error:  # docker-registry's 416 promises more than it sends
            body = error.partial
        connection.close()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        if "location" in headers:
            parts = urlsplit(headers["location"])
            headers["location"] = parts.path + (f"?{parts.query}" if parts.query else "")
        return Response(answer.status, headers, Content.of(body))

    return send


@pytest.fixture(params=["memory", pytest.param("docker-registry", marks=pytest.mark.real)])
def send(request: pytest.FixtureRequest) -> Iterator[Send]:
    if request.param == "memory":
        yield Registry().handle
    else:
        yield over_http(request.getfixturevalue("real_registry").address)


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """Give each test a repository of its own: the real registry is shared."""
    return "contract/" + re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")


def ask(
    send: Send, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b""
) -> Response:
    return send(Request(method, path, headers or {}, Content.of(body)))


def errors(response: Response) -> list[dict[str, Any]]:
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    found = json.loads(response.body.read())
    assert list(found) == ["errors"]
    return list(found["errors"])


def error(code: str, message: str, detail: object = None) -> dict[str, object]:
    return {"code": code, "message": message} | ({} if detail is None else {"detail": detail})


UNSUPPORTED = error("UNSUPPORTED", "The operation is unsupported.")


def started(send: Send, name: str) -> str:
    response = ask(send, "POST", f"/v2/{name}/blobs/uploads/")
    assert response.status == 202
    return response.headers["location"]


def with_digest(location: str, value: str) -> str:
    return f"{location}{'&' if '?' in location else '?'}digest={value}"


def push_blob(send: Send, name: str, data: bytes) -> str:
    done = ask(send, "PUT", with_digest(started(send, name), digest(data)), OCTETS, data)
    assert done.status == 201
    return digest(data)


def manifest_of(*layers: bytes, config: bytes = CONFIG, docker: bool = True) -> bytes:
    return make_manifest(
        Descriptor(DOCKER_CONFIG, digest(config), len(config)),
        [Descriptor(DOCKER_LAYER, digest(layer), len(layer)) for layer in layers],
        docker=docker,
    ).raw


def push_image(send: Send, name: str, *tags: str) -> bytes:
    push_blob(send, name, CONFIG)
    push_blob(send, name, LAYER)
    raw = manifest_of(LAYER)
    for tag in tags:
        path = f"/v2/{name}/manifests/{tag}"
        assert ask(send, "PUT", path, {"content-type": DOCKER_MANIFEST}, raw).status == 201
    return raw


class TestRoutes:
    def test_base_says_that_the_api_is_there(self, send: Send) -> None:
        response = ask(send, "GET", "/v2/")
        assert (response.status, json.loads(response.body.read())) == (200, {})

    @pytest.mark.parametrize(
        "path",
        [
            "/v3/",
            "/v2/App/tags/list",
            "/v2/a..b/tags/list",
            "/v2/a___b/tags/list",
            "/v2/a/-b/tags/list",
            "/v2/app/manifests/",
            "/v2/app/manifests/.hidden",
            "/v2/app/manifests/a@b",
            "/v2/app/blobs/latest",
        ],
    )
    def test_a_path_that_the_specification_does_not_have(self, send: Send, path: str) -> None:
        response = ask(send, "GET", path)
        assert (response.status, response.body.read()) == (404, b"404 page not found\n")
        assert response.headers["content-type"] == "text/plain; charset=utf-8"

    def test_a_tag_of_more_than_128_characters(self, send: Send, name: str) -> None:
        assert ask(send, "GET", f"/v2/{name}/manifests/{129 * 'a'}").status == 404
        found = ask(send, "GET", f"/v2/{name}/manifests/{128 * 'a'}", ACCEPT)
        assert errors(found)[0]["code"] == "MANIFEST_UNKNOWN"

    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("POST", "/v2/app/manifests/latest", "DELETE, GET, HEAD, PUT"),
            ("POST", f"/v2/app/blobs/{NOTHING}", "DELETE, GET, HEAD"),
            ("DELETE", "/v2/app/tags/list", "GET"),
            ("HEAD", "/v2/app/tags/list", "GET"),
        ],
    )
    def test_a_method_that_a_path_does_not_have(
        self, send: Send, method: str, path: str, allowed: str
    ) -> None:
        response = ask(send, method, path)
        assert (response.status, response.headers["allow"]) == (405, allowed)
        assert response.body.read() == (b"" if method == "HEAD" else b"Method not allowed\n")

    @pytest.mark.parametrize("path", ["a--b/a__b/a_b/a.b/c1", "manifests", "a/tags/b"])
    def test_names_of_every_shape(self, send: Send, path: str) -> None:
        response = ask(send, "GET", f"/v2/{path}/tags/list")
        known = error("NAME_UNKNOWN", "repository name not known to registry", {"name": path})
        assert (response.status, errors(response)) == (404, [known])


class TestBlobs:
    def test_upload_at_once(self, send: Send, name: str) -> None:
        done = ask(send, "PUT", with_digest(started(send, name), digest(LAYER)), OCTETS, LAYER)
        assert done.status == 201
        assert done.headers["location"] == f"/v2/{name}/blobs/{digest(LAYER)}"
        assert done.headers["docker-content-digest"] == digest(LAYER)
        found = ask(send, "GET", f"/v2/{name}/blobs/{digest(LAYER)}")
        assert (found.status, found.body.read()) == (200, LAYER)
        assert found.headers["content-type"] == "application/octet-stream"
        assert found.headers["content-length"] == str(len(LAYER))
        assert found.headers["docker-content-digest"] == digest(LAYER)
        assert found.headers["etag"] == f'"{digest(LAYER)}"'

    def test_head_has_the_headers_and_no_body(self, send: Send, name: str) -> None:
        push_blob(send, name, LAYER)
        found = ask(send, "HEAD", f"/v2/{name}/blobs/{digest(LAYER)}")
        assert (found.status, found.body.size) == (200, 0)
        assert found.headers["content-length"] == str(len(LAYER))
        missing = ask(send, "HEAD", f"/v2/{name}/blobs/{NOTHING}")
        assert (missing.status, missing.body.size) == (404, 0)

    def test_upload_in_pieces(self, send: Send, name: str) -> None:
        location = started(send, name)
        first = ask(send, "PATCH", location, OCTETS, b"one ")
        assert (first.status, first.headers["range"]) == (202, "0-3")
        second = ask(send, "PATCH", first.headers["location"], OCTETS, b"two ")
        assert (second.status, second.headers["range"]) == (202, "0-7")
        done = ask(
            send, "PUT", with_digest(second.headers["location"], digest(b"one two end")), OCTETS, b"end"
        )
        assert done.status == 201
        assert ask(send, "GET", f"/v2/{name}/blobs/{digest(b'one two end')}").body.read() == b"one two end"

    def test_an_upload_begins_at_range_0(self, send: Send, name: str) -> None:
        response = ask(send, "POST", f"/v2/{name}/blobs/uploads/")
        assert (response.status, response.headers["range"], response.body.size) == (202, "0-0", 0)
        assert response.headers["docker-upload-uuid"] in response.headers["location"]

    def test_the_empty_blob(self, send: Send, name: str) -> None:
        assert push_blob(send, name, b"") == digest(b"")
        assert ask(send, "GET", f"/v2/{name}/blobs/{digest(b'')}").headers["content-length"] == "0"

    def test_a_post_with_a_digest_only_starts_an_upload(self, send: Send, name: str) -> None:
        response = ask(send, "POST", f"/v2/{name}/blobs/uploads/?digest={digest(LAYER)}", OCTETS, LAYER)
        assert response.status == 202
        assert ask(send, "HEAD", f"/v2/{name}/blobs/{digest(LAYER)}").status == 404

    @pytest.mark.parametrize(
        ("value", "detail"),
        [
            ("", "digest missing"),
            ("digest=bad", "digest parsing failed"),
            ("digest=sha256:12", "digest parsing failed"),
            (f"digest={digest(b'other')}", {"Digest": digest(b"other"), "Reason": {}}),
        ],
    )
    def test_a_wrong_digest_ends_no_upload(self, send: Send, name: str, value: str, detail: object) -> None:
        location = ask(send, "PATCH", started(send, name), OCTETS, LAYER).headers["location"]
        separator = "&" if "?" in location else "?"
        refused = ask(send, "PUT", f"{location}{separator}{value}")
        known = error("DIGEST_INVALID", "provided digest did not match uploaded content", detail)
        assert (refused.status, errors(refused)) == (400, [known])
        assert ask(send, "HEAD", f"/v2/{name}/blobs/{digest(b'other')}").status == 404
        assert ask(send, "PUT", with_digest(location, digest(LAYER))).status == 201

    def test_a_digest_may_be_percent_encoded(self, send: Send, name: str) -> None:
        location = with_digest(started(send, name), digest(LAYER).replace(":", "%3A"))
        assert ask(send, "PUT", location, OCTETS, LAYER).status == 201

    def test_a_finished_upload_is_unknown(self, send: Send, name: str) -> None:
        finished = started(send, name)
        assert ask(send, "PUT", with_digest(finished, digest(LAYER)), OCTETS, LAYER).status == 201
        known = error("BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry", {})
        response = ask(send, "PATCH", finished, OCTETS, b"x")
        assert (response.status, errors(response)) == (404, [known])
        response = ask(send, "PUT", with_digest(finished, digest(LAYER)), OCTETS, LAYER)
        assert (response.status, errors(response)) == (404, [known])

    def test_an_upload_belongs_to_its_repository(self, send: Send, name: str) -> None:
        location = started(send, name).replace(name, f"{name}-2")
        assert ask(send, "PATCH", location, OCTETS, b"x").status == 404

    def test_a_blob_is_known_in_its_repository_alone(self, send: Send, name: str) -> None:
        push_blob(send, name, LAYER)
        response = ask(send, "GET", f"/v2/{name}-2/blobs/{digest(LAYER)}")
        known = error("BLOB_UNKNOWN", "blob unknown to registry", digest(LAYER))
        assert (response.status, errors(response)) == (404, [known])

    @pytest.mark.parametrize("value", ["sha256:abc", f"sha999:{64 * '0'}"])
    def test_a_blob_of_no_digest(self, send: Send, name: str, value: str) -> None:
        response = ask(send, "GET", f"/v2/{name}/blobs/{value}")
        known = error("DIGEST_INVALID", "provided digest did not match uploaded content", {})
        assert (response.status, errors(response)) == (400, [known])

    def test_mount_from_another_repository(self, send: Send, name: str) -> None:
        push_blob(send, name, LAYER)
        path = f"/v2/{name}-2/blobs/uploads/"
        mounted = ask(send, "POST", f"{path}?mount={digest(LAYER)}&from={name}")
        assert (mounted.status, mounted.headers["docker-content-digest"]) == (201, digest(LAYER))
        assert mounted.headers["location"] == f"/v2/{name}-2/blobs/{digest(LAYER)}"
        assert ask(send, "GET", f"/v2/{name}-2/blobs/{digest(LAYER)}").body.read() == LAYER
        for query in (
            f"mount={NOTHING}&from={name}",
            f"mount={digest(LAYER)}&from=nobody",
            f"mount=bad&from={name}",
            f"mount={digest(LAYER)}",
        ):
            response = ask(send, "POST", f"/v2/{name}-3/blobs/uploads/?{query}")
            assert (response.status, response.headers["range"]) == (202, "0-0")

    def test_nothing_is_deleted(self, send: Send, name: str) -> None:
        path = f"/v2/{name}/blobs/{push_blob(send, name, LAYER)}"
        refused = ask(send, "DELETE", path)
        assert (refused.status, errors(refused)) == (
            405,
            [error("UNSUPPORTED", "The operation is unsupported.")],
        )
        assert ask(send, "GET", path).status == 200


class TestManifests:
    def test_by_tag_and_by_digest(self, send: Send, name: str) -> None:
        raw = push_image(send, name, "latest")
        for reference in ("latest", digest(raw)):
            found = ask(send, "GET", f"/v2/{name}/manifests/{reference}", ACCEPT)
            assert (found.status, found.body.read()) == (200, raw)
            assert found.headers["content-type"] == DOCKER_MANIFEST
            assert found.headers["docker-content-digest"] == digest(raw)
            head = ask(send, "HEAD", f"/v2/{name}/manifests/{reference}", ACCEPT)
            assert (head.status, head.body.size) == (200, 0)
            assert head.headers["content-length"] == str(len(raw))

    def test_put_tells_where_it_is(self, send: Send, name: str) -> None:
        raw = push_image(send, name)
        for reference in ("latest", digest(raw)):
            path = f"/v2/{name}/manifests/{reference}"
            done = ask(send, "PUT", path, {"content-type": DOCKER_MANIFEST}, raw)
            assert (done.status, done.headers["docker-content-digest"]) == (201, digest(raw))
            assert done.headers["location"] == f"/v2/{name}/manifests/{digest(raw)}"

    def test_a_tag_moves(self, send: Send, name: str) -> None:
        first = push_image(send, name, "latest")
        second = manifest_of()
        ask(send, "PUT", f"/v2/{name}/manifests/latest", {"content-type": DOCKER_MANIFEST}, second)
        assert ask(send, "GET", f"/v2/{name}/manifests/latest", ACCEPT).body.read() == second
        assert ask(send, "GET", f"/v2/{name}/manifests/{digest(first)}", ACCEPT).body.read() == first

    def test_oci_manifest_and_index(self, send: Send, name: str) -> None:
        push_image(send, name)
        raw = manifest_of(LAYER, docker=False)
        path = f"/v2/{name}/manifests"
        assert ask(send, "PUT", f"{path}/oci", {"content-type": OCI_MANIFEST}, raw).status == 201
        listed = Descriptor(OCI_MANIFEST, digest(raw), len(raw), Platform("amd64", "linux"))
        index = make_index([listed], docker=False).raw
        assert ask(send, "PUT", f"{path}/index", {"content-type": OCI_INDEX}, index).status == 201
        assert ask(send, "GET", f"{path}/oci", ACCEPT).headers["content-type"] == OCI_MANIFEST
        found = ask(send, "GET", f"{path}/index", ACCEPT)
        assert (found.headers["content-type"], found.body.read()) == (OCI_INDEX, index)

    def test_manifest_list_names_what_is_there(self, send: Send, name: str) -> None:
        raw = push_image(send, name, "latest")
        platform = Platform("amd64", "linux")
        headers = {"content-type": DOCKER_MANIFEST_LIST}
        good = make_index([Descriptor(DOCKER_MANIFEST, digest(raw), len(raw), platform)]).raw
        bad = make_index([Descriptor(DOCKER_MANIFEST, NOTHING, len(raw), platform)]).raw
        assert ask(send, "PUT", f"/v2/{name}/manifests/list", headers, good).status == 201
        refused = ask(send, "PUT", f"/v2/{name}/manifests/bad", headers, bad)
        known = error("MANIFEST_BLOB_UNKNOWN", "blob unknown to registry", NOTHING)
        assert (refused.status, errors(refused)) == (400, [known])

    def test_unknown(self, send: Send, name: str) -> None:
        push_image(send, name, "latest")
        by_tag = ask(send, "GET", f"/v2/{name}/manifests/other", ACCEPT)
        assert (by_tag.status, errors(by_tag)) == (
            404,
            [error("MANIFEST_UNKNOWN", "manifest unknown", {"Tag": "other"})],
        )
        by_digest = ask(send, "GET", f"/v2/{name}/manifests/{NOTHING}", ACCEPT)
        assert (by_digest.status, errors(by_digest)) == (
            404,
            [error("MANIFEST_UNKNOWN", "manifest unknown", {"Name": name, "Revision": NOTHING})],
        )
        nowhere = ask(send, "GET", f"/v2/{name}-2/manifests/latest", ACCEPT)
        assert errors(nowhere)[0]["detail"] == {"Tag": "latest"}

    def test_every_missing_blob_is_named(self, send: Send, name: str) -> None:
        push_blob(send, name, LAYER)
        raw = manifest_of(b"one", LAYER, b"two")
        refused = ask(send, "PUT", f"/v2/{name}/manifests/bad", {"content-type": DOCKER_MANIFEST}, raw)
        assert refused.status == 400
        assert errors(refused) == [
            error("MANIFEST_BLOB_UNKNOWN", "blob unknown to registry", digest(data))
            for data in (CONFIG, b"one", b"two")
        ]
        assert ask(send, "GET", f"/v2/{name}/manifests/bad", ACCEPT).status == 404

    @pytest.mark.parametrize("raw", [b"", b"nope", b"{}", b"[]", b'{"schemaVersion":1}'])
    def test_no_manifest(self, send: Send, name: str, raw: bytes) -> None:
        refused = ask(send, "PUT", f"/v2/{name}/manifests/bad", {"content-type": DOCKER_MANIFEST}, raw)
        (found,) = errors(refused)
        assert (refused.status, found["code"]) == (400, "MANIFEST_INVALID")
        assert found["message"] == "manifest invalid"

    @pytest.mark.parametrize("served", ["text/plain", "", OCI_MANIFEST])
    def test_a_manifest_of_another_type(self, send: Send, name: str, served: str) -> None:
        raw = push_image(send, name)
        headers = {"content-type": served} if served else {}
        refused = ask(send, "PUT", f"/v2/{name}/manifests/bad", headers, raw)
        assert (refused.status, errors(refused)) == (400, [error("MANIFEST_INVALID", "manifest invalid", {})])

    def test_a_manifest_under_another_digest(self, send: Send, name: str) -> None:
        raw = push_image(send, name)
        path = f"/v2/{name}/manifests/{NOTHING}"
        refused = ask(send, "PUT", path, {"content-type": DOCKER_MANIFEST}, raw)
        known = error("DIGEST_INVALID", "provided digest did not match uploaded content")
        assert (refused.status, errors(refused)) == (400, [known])

    def test_nothing_is_deleted(self, send: Send, name: str) -> None:
        path = f"/v2/{name}/manifests/{digest(push_image(send, name, 'one'))}"
        refused = ask(send, "DELETE", path)
        assert (refused.status, errors(refused)) == (
            405,
            [error("UNSUPPORTED", "The operation is unsupported.")],
        )
        assert ask(send, "GET", path, ACCEPT).status == 200


class TestTags:
    def test_list(self, send: Send, name: str) -> None:
        push_image(send, name, "b", "a", "c")
        response = ask(send, "GET", f"/v2/{name}/tags/list")
        assert response.headers["content-type"] == "application/json; charset=utf-8"
        found = json.loads(response.body.read())
        assert (found["name"], sorted(found["tags"])) == (name, ["a", "b", "c"])

    def test_a_repository_is_known_by_its_tags(self, send: Send, name: str) -> None:
        raw = push_image(send, name)
        ask(send, "PUT", f"/v2/{name}/manifests/{digest(raw)}", {"content-type": DOCKER_MANIFEST}, raw)
        response = ask(send, "GET", f"/v2/{name}/tags/list")
        assert (response.status, errors(response)[0]["code"]) == (404, "NAME_UNKNOWN")


def test_the_client_pushes_and_finds_the_same(send: Send, name: str) -> None:
    client = Client(send)
    layer = Descriptor(DOCKER_LAYER, digest(LAYER), len(LAYER))
    config = Descriptor(DOCKER_CONFIG, digest(CONFIG), len(CONFIG))
    for descriptor, data in ((layer, LAYER), (config, CONFIG)):
        assert client.blob_size(name, descriptor.digest) is None
        client.push_blob(name, descriptor.digest, Content.of(data))
        assert client.blob_size(name, descriptor.digest) == len(data)
    manifest = make_manifest(config, [layer])
    client.push_manifest(name, "1", manifest)
    found = client.find(name, "1")
    assert (found.digest, found.document) == (manifest.digest, manifest)
    assert client.manifest(name, found, Platform("amd64", "linux")) == manifest
    assert client.blob(name, layer).body.read() == LAYER
    assert client.tags(name) == ["1"]
