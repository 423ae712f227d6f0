"""The client of the distribution API: every byte verified, and every answer in the words of Docker's client.

The words are those that a real dockerd 20.10.24 printed when a registry of ours gave it these answers.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from labkit.base.errors import DigestMismatch, InvalidDocument, LabkitError, RegistryError
from labkit.oci.content import Content
from labkit.oci.descriptor import (
    DOCKER_CONFIG,
    DOCKER_LAYER,
    DOCKER_MANIFEST,
    DOCKER_MANIFEST_LIST,
    Descriptor,
    Platform,
)
from labkit.oci.digest import sha256
from labkit.oci.layer import Layer
from labkit.oci.manifest import make_index, make_manifest
from labkit.oci.tree import Dir
from labkit.store.api import Request, Response, as_text, refusal
from labkit.store.client import LARGEST, Client, FoundManifest, words

AMD64 = Platform("amd64", "linux")
LAYER = b"a layer"
BLOB = Descriptor(DOCKER_LAYER, sha256(LAYER), len(LAYER))
MANIFEST = make_manifest(Descriptor(DOCKER_CONFIG, sha256(b"{}"), 2), [BLOB])


def always(response: Response) -> Client:
    return Client(lambda _: response)


def by_path(**answers: Response) -> Client:
    def send(request: Request) -> Response:
        return answers[request.path.rpartition("/")[2].replace("sha256:", "d")]

    return Client(send)


def served(raw: bytes, media_type: str = DOCKER_MANIFEST, **headers: str) -> Response:
    return Response(200, {"content-type": media_type, **headers}, Content.of(raw))


@pytest.mark.parametrize("body", [LAYER[:-1], LAYER + b"x", LAYER[:-1] + b"R", b""])
def test_a_blob_of_other_bytes(body: bytes) -> None:
    with pytest.raises(DigestMismatch) as caught:
        always(Response(200, {}, Content.of(body))).blob("app", BLOB)
    assert str(caught.value) == f"filesystem layer verification failed for digest {BLOB.digest}"


def test_a_blob_of_another_size_than_its_manifest_says() -> None:
    wrong = Descriptor(DOCKER_LAYER, BLOB.digest, BLOB.size + 1)
    with pytest.raises(DigestMismatch, match="filesystem layer verification failed for digest"):
        always(Response(200, {}, Content.of(LAYER))).blob("app", wrong)


def test_a_record_is_taken_as_it_is() -> None:
    layer = Layer.record(sha256(b"published"), Dir())
    blob = always(Response(200, {}, Content.of(b"stand-in"), True, layer)).blob("app", BLOB)
    assert (blob.recorded, blob.layer) == (True, layer)


def test_a_tag_leads_to_what_is_served_whatever_the_registry_says_of_it() -> None:
    lie = {"docker-content-digest": sha256(b"lie")}
    found = always(served(MANIFEST.raw, **lie)).find("app", "latest")
    assert found == FoundManifest(MANIFEST.digest, MANIFEST)


def test_a_manifest_of_another_digest() -> None:
    with pytest.raises(DigestMismatch) as caught:
        always(served(MANIFEST.raw + b" ")).find("app", MANIFEST.digest)
    assert str(caught.value) == f"manifest verification failed for digest {MANIFEST.digest}"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"nope", "invalid character 'o' in literal null (expecting 'u')"),
        (b"{}", f"mediaType in manifest should be '{DOCKER_MANIFEST}' not ''"),
    ],
)
def test_no_manifest(raw: bytes, words: str) -> None:
    with pytest.raises(InvalidDocument) as caught:
        always(served(raw)).find("app", "latest")
    assert str(caught.value) == words


def listed(*platforms: Platform) -> Response:
    entries = [Descriptor(DOCKER_MANIFEST, MANIFEST.digest, len(MANIFEST.raw), each) for each in platforms]
    return served(make_index(entries).raw, DOCKER_MANIFEST_LIST)


def test_the_manifest_of_a_platform() -> None:
    client = by_path(
        latest=listed(Platform("arm64", "linux"), AMD64), **{f"d{MANIFEST.digest[7:]}": served(MANIFEST.raw)}
    )
    found = client.find("app", "latest")
    assert client.manifest("app", found, AMD64) == MANIFEST


def test_no_manifest_for_a_platform() -> None:
    client = by_path(latest=listed(Platform("arm64", "linux")))
    with pytest.raises(LabkitError) as caught:
        client.manifest("app", client.find("app", "latest"), AMD64)
    assert str(caught.value) == "no matching manifest for linux/amd64 in the manifest list entries"


def test_a_listed_manifest_of_another_digest() -> None:
    other = served(MANIFEST.raw + b" ")
    client = by_path(latest=listed(AMD64), **{f"d{MANIFEST.digest[7:]}": other})
    with pytest.raises(DigestMismatch, match="manifest verification failed for digest"):
        client.manifest("app", client.find("app", "latest"), AMD64)


def json_answer(status: int, body: bytes) -> Response:
    return Response(status, {"content-type": "application/json"}, Content.of(body))


@pytest.mark.parametrize(
    ("response", "code", "words"),
    [
        (refusal("MANIFEST_UNKNOWN", {"Tag": "1"}).response, "MANIFEST_UNKNOWN", "manifest unknown"),
        (
            json_answer(404, b'{"errors":[{"code":"NAME_UNKNOWN","message":"m1"},{"code":"DENIED"}]}'),
            "NAME_UNKNOWN",
            "m1",
        ),
        (
            refusal(
                "UNAUTHORIZED", headers={"www-authenticate": 'Bearer error="insufficient_scope"'}
            ).response,
            "DENIED",
            "requested access to the resource is denied",
        ),
        (
            as_text("404 page not found", 404),
            "",
            "error parsing HTTP 404 response body: invalid character 'p' after top-level value: "
            '"404 page not found\\n"',
        ),
        (
            json_answer(400, b'{"errors":[]}'),
            "",
            "error parsing HTTP 400 response body: no error details found in HTTP response body: "
            '"{\\"errors\\":[]}"',
        ),
        (
            json_answer(500, b"oops"),
            "",
            "received unexpected HTTP status: 500 Internal Server Error",
        ),
        (json_answer(599, b""), "", "received unexpected HTTP status: 599"),
    ],
)
@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.find("app", "1"),
        lambda client: client.blob("app", BLOB),
        lambda client: client.push_blob("app", BLOB.digest, Content.of(LAYER)),
        lambda client: client.push_manifest("app", "1", MANIFEST),
        lambda client: client.tags("app"),
    ],
)
def test_errors(response: Response, code: str, words: str, call: Callable[[Client], object]) -> None:
    with pytest.raises(RegistryError) as caught:
        call(always(response))
    assert (caught.value.status, caught.value.code, str(caught.value)) == (response.status, code, words)


NO_DETAILS = "no error details found in HTTP response body"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"null", NO_DETAILS),
        (b"7", "json: cannot unmarshal number into Go value of type struct { Details string }"),
        (b"[]", "json: cannot unmarshal array into Go value of type struct { Details string }"),
        (b'{"errors":7}',
         "json: cannot unmarshal number into Go struct field .Errors of type []errcode.Error"),
        (b'{"errors":[7]}',
         "json: cannot unmarshal number into Go struct field .Errors of type errcode.Error"),
        (b'{"errors":[{"code":{"a":1},"message":[1]}]}',
         "json: cannot unmarshal object into Go struct field Error.Errors.code of type errcode.ErrorCode"),
    ],
)  # fmt: skip
def test_errors_of_no_shape_are_one_line(body: bytes, words: str) -> None:
    with pytest.raises(RegistryError) as caught:
        always(json_answer(400, body)).find("app", "1")
    assert str(caught.value).startswith(f"error parsing HTTP 400 response body: {words}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("{}", "unknown"),
        ('{"code":"no code","message":"m"}', "unknown: m"),
        (
            '{"code":"DENIED","message":"a\\nb\\u001b[31m\\u0000\\u202e"}',
            "denied: a\\nb\\x1b[31m\\x00\\u202e",
        ),
    ],
)
def test_what_an_error_says_is_shown_and_steers_nothing(error: str, said: str) -> None:
    with pytest.raises(RegistryError) as caught:
        always(json_answer(400, f'{{"errors":[{error}]}}'.encode())).find("app", "1")
    assert words(caught.value) == said


def test_an_error_of_a_megabyte_is_cut() -> None:
    with pytest.raises(RegistryError) as caught:
        always(json_answer(400, b"x" * 1_000_000)).find("app", "1")
    assert len(str(caught.value)) < 2_100


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.find("app", "1"),
        lambda client: client.tags("app"),
    ],
)
def test_a_document_of_more_than_four_megabytes_is_not_read(call: Callable[[Client], object]) -> None:
    with pytest.raises(RegistryError, match="the registry's answer is larger than 4194304 bytes"):
        call(always(served(b"[" * (LARGEST + 1))))


def test_a_config_of_more_than_four_megabytes_is_not_asked_for() -> None:
    with pytest.raises(InvalidDocument, match="an image's config has at most 4194304 bytes, not 4194305"):
        always(served(b"{}")).config("app", Descriptor(DOCKER_CONFIG, sha256(b"{}"), LARGEST + 1))


@pytest.mark.parametrize(
    "length", [{}, *({"content-length": each} for each in ("", "-1", "1_0", "٣", "9" * 40))]
)
def test_a_blob_of_which_no_size_is_told_has_none(length: dict[str, str]) -> None:
    assert always(Response(200, length)).blob_size("app", BLOB.digest) is None


def test_a_blob_that_is_not_there_has_no_size() -> None:
    assert always(refusal("BLOB_UNKNOWN").response).blob_size("app", BLOB.digest) is None


def test_an_upload_goes_where_the_registry_says() -> None:
    paths: list[str] = []

    def send(request: Request) -> Response:
        paths.append(f"{request.method} {request.path}")
        return Response(202, {"location": f"/upload/{len(paths)}?state={len(paths)}"})

    Client(send).push_blob("app", BLOB.digest, Content.of(LAYER))
    assert paths == [
        "POST /v2/app/blobs/uploads/",
        "PATCH /upload/1?state=1",
        f"PUT /upload/2?state=2&digest={BLOB.digest}",
    ]


def test_all_pages_of_tags_are_read() -> None:
    pages = {
        "/v2/app/tags/list": (b'{"tags":["a","b"]}', '</v2/app/tags/list?last=b&n=2>; rel="next"'),
        "/v2/app/tags/list?last=b&n=2": (b'{"tags":["c"]}', '</v2/app/tags/list?last=c&n=2>; rel="next"'),
        "/v2/app/tags/list?last=c&n=2": (b'{"tags":null}', ""),
    }

    def send(request: Request) -> Response:
        body, link = pages[request.path]
        return Response(200, {"link": link}, Content.of(body))

    assert Client(send).tags("app") == ["a", "b", "c"]


TAGS = "json: cannot unmarshal {} into Go {}"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html>", "invalid character '<' looking for beginning of value"),
        (b"1", TAGS.format("number", 'value of type struct { Tags []string "json:\\"tags\\"" }')),
        (b"[]", TAGS.format("array", 'value of type struct { Tags []string "json:\\"tags\\"" }')),
        (b'{"tags":1}', TAGS.format("number", "struct field .tags of type []string")),
        (b'{"tags":[1]}', TAGS.format("number", "struct field .tags of type string")),
    ],
)
def test_a_list_of_tags_that_is_none(body: bytes, words: str) -> None:
    with pytest.raises(RegistryError) as caught:
        always(json_answer(200, body)).tags("app")
    assert str(caught.value) == words


@pytest.mark.parametrize("body", [b"null", b"{}", b'{"tags":null}', b'{"tags":[]}'])
def test_a_list_of_no_tags(body: bytes) -> None:
    assert always(json_answer(200, body)).tags("app") == []


@pytest.mark.parametrize("number", [0, 1], ids=["to itself", "always to another page"])
def test_a_list_of_tags_without_an_end(number: int) -> None:
    asked: list[Request] = []

    def send(request: Request) -> Response:
        asked.append(request)
        page = f"</v2/app/tags/list?last={number * len(asked)}>; rel=next"
        return Response(200, {"link": page}, Content.of(b'{"tags":["a"]}'))

    with pytest.raises(RegistryError, match="the registry's list of tags for app does not end"):
        Client(send).tags("app")
    assert len(asked) <= 1_000


def test_an_upload_without_a_location_stays_at_its_url() -> None:
    paths: list[str] = []

    def send(request: Request) -> Response:
        paths.append(f"{request.method} {request.path}")
        return Response(202)

    Client(send).push_blob("app", BLOB.digest, Content.of(LAYER))
    start = "/v2/app/blobs/uploads/"
    assert paths == [f"POST {start}", f"PATCH {start}", f"PUT {start}?digest={BLOB.digest}"]
