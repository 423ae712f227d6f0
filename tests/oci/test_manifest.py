"""Manifests and indexes: the bytes that Docker pushed are written again; what it refuses is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.base.errors import InvalidDocument
from labkit.oci.content import Content
from labkit.oci.descriptor import (
    DOCKER_CONFIG,
    DOCKER_LAYER,
    DOCKER_MANIFEST,
    DOCKER_MANIFEST_LIST,
    OCI_CONFIG,
    OCI_INDEX,
    OCI_LAYER,
    OCI_MANIFEST,
    Descriptor,
    Platform,
)
from labkit.oci.digest import sha256
from labkit.oci.manifest import Index, Manifest, make_index, make_manifest, parse_manifest
from tests.oci.strategies_documents import descriptors

# What Docker 20.10.24 put into a registry by `docker push`; the push printed this digest.
PUSHED = b"""{
   "schemaVersion": 2,
   "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
   "config": {
      "mediaType": "application/vnd.docker.container.image.v1+json",
      "size": 4460,
      "digest": "sha256:e9dcad13882522f2855dd70ce071c7fbcf37d7dbad164cb543b15ab242881dc4"
   },
   "layers": [
      {
         "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip",
         "size": 1064340,
         "digest": "sha256:8cdd50259798702b478171b1e6dbfc7ebcac46eed11d814a905b944d07eba436"
      },
      {
         "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip",
         "size": 98,
         "digest": "sha256:8dddce5844cc616f57fd5e0788609d014634dc54ae06555a347359f1f6629eb8"
      },
      {
         "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip",
         "size": 150,
         "digest": "sha256:702ef382fcef2b4fcf4e12472817268a5a682ae40d4d742e076254b9d992b103"
      }
   ]
}"""
PUSHED_DIGEST = "sha256:78a7ad9ff9e9a3ca40a8f717965653b9620e6256387dd66e2ef756892ae949d4"
# What `docker manifest push` put there.
PUSHED_LIST = b"""{
   "schemaVersion": 2,
   "mediaType": "application/vnd.docker.distribution.manifest.list.v2+json",
   "manifests": [
      {
         "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
         "size": 941,
         "digest": "sha256:78a7ad9ff9e9a3ca40a8f717965653b9620e6256387dd66e2ef756892ae949d4",
         "platform": {
            "architecture": "arm",
            "os": "linux",
            "os.version": "10.1",
            "os.features": [
               "win"
            ],
            "variant": "v7"
         }
      }
   ]
}"""
PUSHED_LIST_DIGEST = "sha256:687c36c729f1efeaf0f2bfca6cd0a92e0ca87fece5d73561180ffeaac2f4f905"
# What skopeo wrote into an OCI layout for the pushed image; its digest is the blob's name there.
SKOPEO = (
    b'{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":'
    b'"application/vnd.oci.image.config.v1+json","digest":"sha256:7077241ec1f227d63b7ca35c4f530a4ecf087d11766c'
    b'bb963e44a30b6258e818","size":3196},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip",'
    b'"digest":"sha256:8cdd50259798702b478171b1e6dbfc7ebcac46eed11d814a905b944d07eba436","size":1064340},{"media'
    b'Type":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:8dddce5844cc616f57fd5e0788609d014634d'
    b'c54ae06555a347359f1f6629eb8","size":98},{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest"'
    b':"sha256:702ef382fcef2b4fcf4e12472817268a5a682ae40d4d742e076254b9d992b103","size":150}]}'
)
SKOPEO_DIGEST = "sha256:d725ebcb710735563d2832fdd176d4de773af5371bea7142257b30f11ddfe00c"

A, B = "sha256:" + 64 * "a", "sha256:" + 64 * "b"
CONFIG = {"mediaType": DOCKER_CONFIG, "size": 7, "digest": A}
LAYER = {"mediaType": DOCKER_LAYER, "size": 9, "digest": B}
ENTRY = {
    "mediaType": DOCKER_MANIFEST,
    "size": 9,
    "digest": A,
    "platform": {"architecture": "amd64", "os": "linux"},
}


def written(document: dict[str, Any], changes: dict[str, Any]) -> bytes:
    """Return the document with some values replaced, and those that are `...` left out."""
    return json.dumps({key: item for key, item in (document | changes).items() if item is not ...}).encode()


def manifest(media_type: str = DOCKER_MANIFEST, **changes: Any) -> bytes:
    document = {"schemaVersion": 2, "mediaType": media_type, "config": CONFIG, "layers": [LAYER]}
    return written(document, changes)


def index(media_type: str = DOCKER_MANIFEST_LIST, **changes: Any) -> bytes:
    return written({"schemaVersion": 2, "mediaType": media_type, "manifests": [ENTRY]}, changes)


@pytest.mark.parametrize(
    ("raw", "digest", "docker"), [(PUSHED, PUSHED_DIGEST, True), (SKOPEO, SKOPEO_DIGEST, False)]
)
def test_a_manifest_is_written_as_docker_and_skopeo_do(raw: bytes, digest: str, docker: bool) -> None:
    parsed = parse_manifest(raw)
    assert isinstance(parsed, Manifest)
    assert parsed.digest == digest == sha256(raw)
    assert [layer.size for layer in parsed.layers] == [1064340, 98, 150]
    assert make_manifest(parsed.config, parsed.layers, docker=docker) == parsed
    assert make_manifest(parsed.config, parsed.layers, docker=docker).raw == raw


def test_a_manifest_list_is_written_as_docker_does() -> None:
    parsed = parse_manifest(PUSHED_LIST, DOCKER_MANIFEST_LIST)
    assert isinstance(parsed, Index)
    assert parsed.digest == PUSHED_LIST_DIGEST
    assert parsed.manifests[0].platform == Platform("arm", "linux", "v7")
    known = json.loads(PUSHED_LIST)
    for entry in known["manifests"]:  # what only Windows has is read and not kept
        for key in ("os.version", "os.features"):
            entry["platform"].pop(key, None)
    assert make_index(parsed.manifests).raw == json.dumps(known, indent=3).encode()


@given(descriptors, st.lists(descriptors, max_size=3), st.booleans())
def test_what_is_made_parses_to_the_same(config: Descriptor, many: list[Descriptor], docker: bool) -> None:
    made = make_manifest(config, many, docker=docker)
    assert (made.config, made.layers) == (config, tuple(many))
    assert parse_manifest(made.raw, made.media_type) == made
    listed = make_index(many, docker=docker)
    assert listed.manifests == tuple(many)
    assert parse_manifest(listed.raw, listed.media_type) == listed


def test_the_descriptor_of_bytes_and_of_content() -> None:
    assert Descriptor.of(b"abc", OCI_CONFIG) == Descriptor.of(Content.of(b"abc"), OCI_CONFIG)
    assert parse_manifest(PUSHED).digest == PUSHED_DIGEST


def test_other_fields_of_a_descriptor_are_read() -> None:
    more = {"annotations": {"k": "v"}, "urls": ["https://x"], "data": "e30="}
    parsed = parse_manifest(manifest(OCI_MANIFEST, config=CONFIG | more, other=1))
    assert isinstance(parsed, Manifest)
    assert parsed.config == Descriptor(DOCKER_CONFIG, A, 7, None, {"k": "v"})
    assert b'"other": 1' in parsed.raw


@pytest.mark.parametrize(
    ("raw", "served", "kind"),
    [
        (manifest(), "", DOCKER_MANIFEST),
        (manifest(), f"{DOCKER_MANIFEST}; charset=utf-8", DOCKER_MANIFEST),
        (manifest(mediaType=...), OCI_MANIFEST, OCI_MANIFEST),
        (manifest(mediaType=...), "", OCI_MANIFEST),
        (index(mediaType=...), OCI_INDEX, OCI_INDEX),
        (index(mediaType=...), "", OCI_INDEX),
        (index(manifests=[]), "", DOCKER_MANIFEST_LIST),
        (manifest(layers=[]), "", DOCKER_MANIFEST),
    ],
)
def test_how_a_document_is_read(raw: bytes, served: str, kind: str) -> None:
    assert parse_manifest(raw, served).media_type == kind


UNMARSHAL = "json: cannot unmarshal "
LIST_KIND = f"mediaType in manifest list should be '{DOCKER_MANIFEST_LIST}' not "
# `docker pull` from a registry that serves these bytes as this media type.
ENGINE_REFUSES = [
    (b"", DOCKER_MANIFEST, "unexpected end of JSON input"),
    (b"<html>", DOCKER_MANIFEST, "invalid character '<' looking for beginning of value"),
    (b"[]", DOCKER_MANIFEST, UNMARSHAL + "array into Go value of type schema2.Manifest"),
    (b"{}", DOCKER_MANIFEST, f"mediaType in manifest should be '{DOCKER_MANIFEST}' not ''"),
    (b"null", DOCKER_MANIFEST, f"mediaType in manifest should be '{DOCKER_MANIFEST}' not ''"),
    (
        manifest(OCI_MANIFEST),
        DOCKER_MANIFEST,
        f"mediaType in manifest should be '{DOCKER_MANIFEST}' not '{OCI_MANIFEST}'",
    ),
    (
        manifest(),
        OCI_MANIFEST,
        f"if present, mediaType in manifest should be '{OCI_MANIFEST}' not '{DOCKER_MANIFEST}'",
    ),
    (
        index(),
        DOCKER_MANIFEST,
        f"mediaType in manifest should be '{DOCKER_MANIFEST}' not '{DOCKER_MANIFEST_LIST}'",
    ),
    (manifest(), DOCKER_MANIFEST_LIST, f"{LIST_KIND}'{DOCKER_MANIFEST}'"),
    (index(mediaType=...), DOCKER_MANIFEST_LIST, f"{LIST_KIND}''"),
    (
        index(),
        OCI_INDEX,
        f"if present, mediaType in image index should be '{OCI_INDEX}' not '{DOCKER_MANIFEST_LIST}'",
    ),
    (index(OCI_INDEX), OCI_MANIFEST, "ocimanifest: expected manifest but found index"),
    (manifest(OCI_MANIFEST), OCI_INDEX, "index: expected index but found manifest"),
    (manifest(OCI_MANIFEST, manifests=[]), OCI_MANIFEST, "ocimanifest: expected manifest but found index"),
    (index(OCI_INDEX, layers=[]), OCI_INDEX, "index: expected index but found manifest"),
    (index(OCI_INDEX, config=CONFIG), OCI_INDEX, "index: expected index but found manifest"),
    (
        manifest(schemaVersion="2"),
        DOCKER_MANIFEST,
        UNMARSHAL + "string into Go struct field Manifest.schemaVersion of type int",
    ),
    (
        manifest(layers="x"),
        DOCKER_MANIFEST,
        UNMARSHAL + "string into Go struct field Manifest.layers of type []distribution.Descriptor",
    ),
    (
        manifest(layers=[5]),
        DOCKER_MANIFEST,
        UNMARSHAL + "number into Go struct field Manifest.layers of type distribution.Descriptor",
    ),
    (
        manifest(config=CONFIG | {"size": "1"}),
        DOCKER_MANIFEST,
        UNMARSHAL + "string into Go struct field Descriptor.config.size of type int64",
    ),
    (
        manifest(config=CONFIG | {"size": 1.5}),
        DOCKER_MANIFEST,
        UNMARSHAL + "number 1.5 into Go struct field Descriptor.config.size of type int64",
    ),
    (
        manifest(layers=[LAYER | {"digest": "x"}]),
        DOCKER_MANIFEST,
        'could not validate layer digest "x": invalid checksum digest format',
    ),
    (
        manifest(layers=[{}]),
        DOCKER_MANIFEST,
        'could not validate layer digest "": invalid checksum digest format',
    ),
    (
        index(manifests=[ENTRY | {"platform": "x"}]),
        DOCKER_MANIFEST_LIST,
        UNMARSHAL
        + "string into Go struct field ManifestDescriptor.manifests.platform"
        + " of type manifestlist.PlatformSpec",
    ),
]

# What the specifications forbid and the engine lets pass, or answers by cutting its answer short.
SPECIFICATION_REFUSES = [
    (manifest(schemaVersion=1), "", "manifest schema version 1 is not supported"),
    (manifest(schemaVersion=...), "", "manifest schema version 0 is not supported"),
    (b'{"schemaVersion":1,"fsLayers":[]}', "", "manifest schema version 1 is not supported"),
    (
        b'{"schemaVersion":1}',
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
        "manifest schema version 1 is not supported",
    ),
    (manifest(config=...), "", "invalid manifest, no config key"),
    (manifest(layers=...), "", "invalid manifest, no layers key"),
    (manifest(layers=None), "", "invalid manifest, no layers key"),
    (index(manifests=...), "", "invalid manifest list, no manifests key"),
    (manifest(manifests=[]), "", "ocimanifest: expected manifest but found index"),
    (manifest(Manifests=[]), "", "ocimanifest: expected manifest but found index"),
    (index(layers=[]), "", "index: expected index but found manifest"),
    (manifest(config=CONFIG | {"size": -1}), "", f"invalid size -1 of config {A}"),
    (manifest(layers=[LAYER | {"size": -1}]), "", f"invalid size -1 of layer {B}"),
    (manifest(layers=[LAYER | {"mediaType": ""}]), "", f"invalid layer {B}, no mediaType key"),
    (
        manifest(config=CONFIG | {"digest": 'x\n"'}),
        "",
        r'could not validate config digest "x\n"": invalid checksum digest format',
    ),
    (manifest("application/x\n"), "", r"unsupported media type application/x\n"),
    (manifest(), "text/html", "unsupported media type text/html"),
]


@pytest.mark.parametrize(("raw", "served", "message"), ENGINE_REFUSES + SPECIFICATION_REFUSES)
def test_what_is_refused(raw: bytes, served: str, message: str) -> None:
    with pytest.raises(InvalidDocument) as caught:
        parse_manifest(raw, served)
    assert str(caught.value) == message


# `docker pull --platform WANTED` of a manifest list with these entries: the one that Docker 20.10.24 fetched.
@pytest.mark.parametrize(
    ("wanted", "entries", "chosen"),
    [
        ("linux/amd64", ["linux/amd64", "linux/amd64"], 0),
        ("linux/amd64", ["linux/386", "linux/amd64"], 1),
        ("linux/amd64", ["linux/386"], None),
        ("linux/amd64", ["windows/amd64", "linux/x86_64"], 1),
        ("linux/amd64", ["linux/amd64/v2", "linux/amd64/v1"], 1),
        ("linux/amd64", ["linux/amd64/v2", "linux/amd64/v3"], None),
        ("linux/amd64", ["Linux/AMD64"], 0),
        ("linux/amd64", ["/amd64"], 0),
        ("linux/amd64", ["linux/arm64"], None),
        ("linux/arm64", ["linux/arm/v7", "linux/arm64/v8"], 1),
        ("linux/arm64", ["linux/arm/v6", "linux/arm/v7"], None),
        ("linux/arm64", ["linux/arm64/v9", "linux/arm/v8"], None),
        ("linux/arm64/v8", ["linux/arm64"], 0),
        ("linux/arm64/v9", ["linux/arm64/v8"], None),
        ("linux/arm64", ["linux/aarch64"], 0),
        ("linux/arm", ["linux/arm/v6", "linux/arm/v7"], 1),
        ("linux/arm", ["linux/arm"], 0),
        ("linux/arm/7", ["linux/arm/v8", "linux/arm"], 1),
        ("linux/arm/v8", ["linux/arm/8"], 0),
        ("linux/arm/v7", ["linux/armhf"], 0),
        ("linux/arm/v6", ["linux/armel"], 0),
        ("linux/arm/v6", ["linux/arm64", "linux/arm/v6"], 1),
        ("linux/arm/v6", ["linux/arm/v7"], 0),
        ("linux/arm/v5", ["linux/arm/v7", "linux/arm/v6"], 0),
        ("linux/arm/v7", ["linux/arm/v5", "linux/arm/v6"], 0),
        ("linux/arm/v8", ["linux/arm/v6", "linux/arm/v5", "linux/arm/v7"], 0),
        ("linux/386", ["linux/amd64", "linux/i386"], 1),
        ("linux/amd64/v2", ["linux/amd64", "linux/amd64/v2"], 1),
        ("linux/amd64/v3", ["linux/386", "linux/amd64", "linux/amd64/v2"], None),
        ("linux/ppc64le", ["linux/ppc64le/x", "linux/ppc64le"], 1),
        ("windows/amd64", ["windows/amd64"], 0),
    ],
)
def test_the_entry_that_docker_pulls(wanted: str, entries: list[str], chosen: int | None) -> None:
    def platform(text: str) -> Platform:
        os, architecture, *variant = text.split("/")
        return Platform(architecture, os, *variant)

    listed = make_index(
        [Descriptor(DOCKER_MANIFEST, f"sha256:{n:064x}", 9, platform(text)) for n, text in enumerate(entries)]
    )
    found = listed.for_platform(platform(wanted))
    assert found == (None if chosen is None else listed.manifests[chosen])


@pytest.mark.parametrize(("os", "architecture"), [("linux", "arm"), ("linux", "amd64"), ("windows", "arm")])
def test_an_entry_of_another_system_or_machine_never_serves(os: str, architecture: str) -> None:
    others = [("windows", "arm"), ("linux", "arm"), ("linux", "amd64"), ("linux", "s390x")]
    entries = [
        Descriptor(DOCKER_MANIFEST, f"sha256:{n:064x}", 9, Platform(machine, system))
        for n, (system, machine) in enumerate(others)
        if (system, machine) != (os, architecture)
    ]
    assert make_index(entries).for_platform(Platform(architecture, os)) is None


def test_entries_without_a_platform_are_passed_over() -> None:
    entry = {key: item for key, item in ENTRY.items() if key != "platform"}
    listed = parse_manifest(index(manifests=[entry, ENTRY | {"digest": B}]))
    assert isinstance(listed, Index)
    assert listed.for_platform(Platform("amd64", "linux")) == listed.manifests[1]


def test_media_types_of_skopeos_layers() -> None:
    parsed = parse_manifest(SKOPEO)
    assert isinstance(parsed, Manifest)
    assert {layer.media_type for layer in parsed.layers} == {f"{OCI_LAYER}+gzip"}
    assert parsed.config.media_type == OCI_CONFIG
