"""Archives of every kind, read whole, refused when damaged, and written as Docker writes them."""

from __future__ import annotations

import bz2
import copy
import gzip
import io
import json
import lzma
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.base.errors import DaemonError, LabkitError, RecordedImage
from labkit.oci.blob import write_file
from labkit.oci.config import make_config
from labkit.oci.content import Content
from labkit.oci.digest import sha256
from labkit.oci.image import Image, validate
from labkit.oci.layer import Layer
from labkit.oci.reference import parse_reference
from labkit.oci.tree import Dir, File
from labkit.store.archive import (
    ArchivedImage,
    docker_archive,
    oci_archive,
    read_archive,
)
from tests.fixtures import small_tar
from tests.store.eras import ERAS, saved

FIXTURES = Path(__file__).parents[1] / "fixtures"
DOCKER_20 = FIXTURES / "bare.docker-20.tar"
SHAPES = ("docker-20", "docker-25", "containerd", "skopeo", "oci")


def shape(name: str) -> Path:
    return FIXTURES / f"bare.{name}.tar"


def summary(archive: Sequence[ArchivedImage]) -> list[tuple[str, list[str], str]]:
    return [(each.image.id, [tag.familiar for tag in each.tags], each.parent) for each in archive]


def unpacked(path: Path) -> dict[str, bytes]:
    """Give an archive's files by their names; links are followed."""
    with tarfile.open(path) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar if not member.isdir()}  # type: ignore[union-attr]


def read_files(files: dict[str, bytes]) -> tuple[ArchivedImage, ...]:
    return read_archive(io.BytesIO(small_tar.archive(files)))


def image(*names: str, **facts: Any) -> Image:
    """Give an image of one layer for each name, which is the name of its only file."""
    layers = [Layer.of(Dir({name: File(Content.of(name.encode()))})) for name in names]
    facts = {"created": "2019-04-26T12:00:00Z"} | facts
    return Image(make_config(diff_ids=[layer.diff_id for layer in layers], **facts), tuple(layers))


def archived(name: str, *layers: str, **facts: Any) -> ArchivedImage:
    return ArchivedImage(image(*layers, **facts), (parse_reference(name),))


@pytest.mark.parametrize("name", SHAPES)
def test_an_archive_of_every_shape_holds_what_the_engine_found_in_it(name: str) -> None:
    found = summary(read_archive(shape(name)))
    recorded = json.loads((FIXTURES / "bare.json").read_text())[f"bare.{name}.tar"]["session"]
    if recorded[0]["exit"] == 0:
        tags = [line.removeprefix("Loaded image: ") for line in recorded[0]["stdout"].splitlines()]
        assert [tag for _, tags_, _ in found for tag in tags_] == tags
        assert all(identifier in recorded[1]["stdout"] for identifier, _, _ in found)
    else:  # the engine opens no OCI layout; what is in it, skopeo copied from the others
        assert [tags for _, tags, _ in found] == [["labkit/bare:1.0"], ["labkit/base:1.0"]]


@pytest.mark.parametrize("name", SHAPES)
def test_its_images_are_whole(name: str) -> None:
    for each in read_archive(shape(name)):
        validate(each.image, contents=True)
        assert not each.image.recorded


def test_the_tiny_image_is_the_recorded_one() -> None:
    recorded = json.loads((FIXTURES / "tiny.json").read_text())["session"]
    answers = " ".join(answer["stdout"] for answer in recorded)
    for identifier, tags, _ in summary(read_archive(FIXTURES / "tiny.tar.gz")):
        assert identifier in answers
        assert all(tag in answers for tag in tags)


def test_a_layer_that_two_images_share_is_read_once() -> None:
    for name in ("docker-20", "docker-25", "containerd", "oci"):
        bare, base = (each.image for each in read_archive(shape(name)))
        assert bare.layers[0] is base.layers[0]


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress, small_tar.stored_gzip])
def test_the_whole_archive_may_be_compressed(compress: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path = tmp_path / "archive"
    path.write_bytes(compress(DOCKER_20.read_bytes()))
    assert summary(read_archive(path)) == summary(read_archive(DOCKER_20))


def test_and_with_zstd() -> None:
    zstandard = pytest.importorskip("zstandard")
    blob = zstandard.ZstdCompressor().compress(DOCKER_20.read_bytes())
    assert summary(read_archive(io.BytesIO(blob))) == summary(read_archive(DOCKER_20))


def test_an_archive_may_come_through_a_pipe() -> None:
    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.left = DOCKER_20.read_bytes()

        def read(self, size: int = -1) -> bytes:
            data, self.left = self.left[:1000], self.left[1000:]
            return data

    assert summary(read_archive(Pipe())) == summary(read_archive(DOCKER_20))  # type: ignore[arg-type]


def test_an_archive_stays_readable_when_its_file_is_deleted(tmp_path: Path) -> None:
    path = tmp_path / "archive.tar"
    path.write_bytes(DOCKER_20.read_bytes())
    archive = read_archive(path)
    path.unlink()
    for each in archive:
        validate(each.image, contents=True)


def test_a_layout_may_be_a_directory(tmp_path: Path) -> None:
    with tarfile.open(shape("oci")) as tar:
        tar.extractall(tmp_path, filter="data")
    assert summary(read_archive(tmp_path)) == summary(read_archive(shape("oci")))


def test_a_file_of_a_layout_that_leads_out_of_it_is_refused(tmp_path: Path) -> None:
    with tarfile.open(shape("oci")) as tar:
        tar.extractall(tmp_path / "layout", filter="data")
    index = (tmp_path / "layout" / "index.json").rename(tmp_path / "index.json")
    (tmp_path / "layout" / "index.json").symlink_to(index)
    with pytest.raises(LabkitError, match=r"index\.json is not in the archive$"):
        read_archive(tmp_path / "layout")


# What Docker Engine 20.10.24 printed for the same damage; the temporary directory's name is left out.
Damage = Callable[[dict[str, bytes]], object]
BARE = json.loads(unpacked(DOCKER_20)["manifest.json"])[0]
CONFIG = BARE["Config"]
LAYER = BARE["Layers"][1]
DIFF_ID = json.loads(unpacked(DOCKER_20)[CONFIG])["rootfs"]["diff_ids"][1]


def edit(name: str, change: Callable[[bytes], bytes]) -> Damage:
    return lambda files: files.__setitem__(name, change(files[name]))


def drop(*names: str) -> Damage:
    return lambda files: [files.pop(name) for name in names]


def manifest(change: Callable[[dict[str, Any]], object]) -> Damage:
    def damage(files: dict[str, bytes]) -> None:
        document = copy.deepcopy(json.loads(files["manifest.json"]))
        change(document[0])
        files["manifest.json"] = json.dumps(document).encode()

    return damage


def compressed(change: Callable[[bytes], bytes]) -> Damage:
    return edit(LAYER, lambda tar: change(gzip.compress(tar, mtime=0)))


def _content(layer: bytes) -> bytes:
    """Give what the first file of a layer holds."""
    with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
        member = next(member for member in tar if member.size > 10)
        return layer[member.offset_data : member.offset_data + member.size]


PROCESSING = "Error processing tar file(exit status 1): "
DAMAGES: dict[str, tuple[Damage, str]] = {
    "a byte of a file": (
        edit(LAYER, lambda tar: tar.replace(_content(tar), _content(tar)[::-1])),
        f'invalid diffID for layer 1: expected "{DIFF_ID}", got "',
    ),
    "bytes after the layer": (
        edit(LAYER, lambda tar: tar + b"more"),
        f'invalid diffID for layer 1: expected "{DIFF_ID}", got "',
    ),
    "no byte of the layer": (
        edit(LAYER, lambda tar: b""),
        f'invalid diffID for layer 1: expected "{DIFF_ID}", got "{sha256(b"")}"',
    ),
    "a header of the layer": (
        edit(LAYER, lambda tar: b"?" + tar[1:]),
        PROCESSING + "archive/tar: invalid tar header",
    ),
    "half a layer": (edit(LAYER, lambda tar: tar[:1300]), PROCESSING + "unexpected EOF"),
    "a layer that is text": (
        edit(LAYER, lambda tar: b"not a tar at all" * 50),
        PROCESSING + "archive/tar: invalid tar header",
    ),
    "half a compressed layer": (
        compressed(lambda blob: blob[: len(blob) // 2]),
        PROCESSING + "unexpected EOF",
    ),
    "a compressed layer's checksum": (
        compressed(lambda blob: blob[:-8] + b"abcd" + blob[-4:]),
        "Error processing tar file(gzip: invalid checksum): ",
    ),
    "bytes after a compressed layer": (
        compressed(lambda blob: blob + b"garbage"),
        "Error processing tar file(gzip: invalid header): ",
    ),
    "no layer": (drop(LAYER), f"open {LAYER}: no such file or directory"),
    "no config": (drop(CONFIG), f"open {CONFIG}: no such file or directory"),
    "a config that is no JSON": (
        edit(CONFIG, lambda raw: b"{nope"),
        "invalid character 'n' looking for beginning of object key string",
    ),
    "a config that is empty": (edit(CONFIG, lambda raw: b""), "unexpected end of JSON input"),
    "a config that is a list": (
        edit(CONFIG, lambda raw: b"[]"),
        "json: cannot unmarshal array into Go value of type image.Image",
    ),
    "a config without layers": (edit(CONFIG, lambda raw: b"{}"), "invalid image JSON, no RootFS key"),
    "a config for Windows": (
        edit(CONFIG, lambda raw: raw.replace(b'"os":"linux"', b'"os":"windows"')),
        "cannot load windows image on linux",
    ),
    "too much history": (
        edit(CONFIG, lambda raw: raw.replace(b'"history":[', b'"history":[{},{},{},{},{},{},{},{},{},')),
        "too many non-empty layers in History section",
    ),
    "nothing but a letter of the config": (  # Docker takes it for another image
        edit(CONFIG, lambda raw: raw.replace(b"amd64", b"amd65")),
        f"image config verification failed for digest sha256:{CONFIG[:64]}",
    ),
    "an unknown type of rootfs": (  # Docker does not look at it, image-spec does
        edit(CONFIG, lambda raw: raw.replace(b'"type":"layers"', b'"type":"bricks"')),
        'invalid image JSON, unknown rootfs type "bricks", expected "layers"',
    ),
    "no manifest": (
        drop("manifest.json", "repositories"),
        "open repositories: no such file or directory: neither manifest.json nor index.json is there",
    ),
    "a manifest that is no JSON": (
        edit("manifest.json", lambda raw: b"nope"),
        "invalid character 'o' in literal null (expecting 'u')",
    ),
    "an empty manifest": (edit("manifest.json", lambda raw: b""), "EOF"),
    "half a manifest": (edit("manifest.json", lambda raw: raw[:50]), "unexpected EOF"),
    "a manifest that is an object": (
        edit("manifest.json", lambda raw: b"{}"),
        "json: cannot unmarshal object into Go value of type []tarexport.manifestItem",
    ),
    "a number for the config's name": (
        manifest(lambda item: item.update(Config=1)),
        "json: cannot unmarshal number into Go struct field manifestItem.Config of type string",
    ),
    "no names in the manifest": (manifest(lambda item: item.clear()), "read .: is a directory"),
    "fewer layers": (
        manifest(lambda item: item.update(Layers=item["Layers"][:2])),
        "invalid manifest, layers length mismatch: expected 2, got ",
    ),
    "a tag in capitals": (
        manifest(lambda item: item.update(RepoTags=["UPPER:1"])),
        "invalid reference format: repository name must be lowercase",
    ),
    "a name without a tag": (manifest(lambda item: item.update(RepoTags=["tiny"])), 'invalid tag "tiny"'),
    "a file outside of the archive": (
        manifest(lambda item: item.update(Layers=["../../../etc/passwd"] * len(item["Layers"]))),
        "evalSymlinksInScope: ../../../etc/passwd is not in the archive",
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_told_in_one_line(name: str) -> None:
    damage, words = DAMAGES[name]
    files = unpacked(DOCKER_20)
    damage(files)
    with pytest.raises(LabkitError) as error:
        read_files(files)
    assert str(error.value).startswith(words)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data[:30_000], PROCESSING + "unexpected EOF"),
        (lambda data: data[:1000], PROCESSING + "unexpected EOF"),
        (lambda data: b"hello", PROCESSING + "unexpected EOF"),
        (lambda data: b"hello, this is no tar" * 100, PROCESSING + "archive/tar: invalid tar header"),
        (lambda data: data[:10] + b"?" + data[11:], PROCESSING + "archive/tar: invalid tar header"),
        (lambda data: b"", "open repositories: no such file or directory"),
        (lambda data: bytes(1024), "open repositories: no such file or directory"),
        (lambda data: gzip.compress(data)[:900], PROCESSING + "unexpected EOF"),
        (lambda data: bz2.compress(data)[:900], PROCESSING + "unexpected EOF"),
        (lambda data: lzma.compress(data)[:900], PROCESSING + "unexpected EOF"),
    ],
)
def test_a_file_that_is_no_whole_tar(change: Callable[[bytes], bytes], words: str) -> None:
    with pytest.raises(LabkitError) as error:
        read_archive(io.BytesIO(change(DOCKER_20.read_bytes())))
    assert str(error.value).startswith(words)


def test_a_tar_may_lack_its_end() -> None:
    data = DOCKER_20.read_bytes().rstrip(b"\0")
    assert summary(read_archive(io.BytesIO(data))) == summary(read_archive(DOCKER_20))


def test_an_archive_from_before_manifests_is_refused() -> None:
    files = unpacked(DOCKER_20)
    del files["manifest.json"]
    with pytest.raises(LabkitError, match=r"archives of Docker before 1\.10 are not supported$"):
        read_files(files)


@pytest.mark.parametrize(
    ("kind", "target", "words"),
    [
        (tarfile.SYMTYPE, "../../../../etc/passwd", "open etc/passwd: no such file or directory"),
        (tarfile.SYMTYPE, "/etc/passwd", "open etc/passwd: no such file or directory"),
        (tarfile.SYMTYPE, "nope", f"open {LAYER.partition('/')[0]}/nope: no such file or directory"),
        (tarfile.SYMTYPE, "layer.tar", f"evalSymlinksInScope: too many links in {LAYER}"),
        (tarfile.LNKTYPE, "/etc/passwd", f"{PROCESSING}link /etc/passwd /{LAYER}: no such file or directory"),
        (tarfile.LNKTYPE, "../../nope", f"{PROCESSING}link /nope /{LAYER}: no such file or directory"),
        (tarfile.DIRTYPE, "", f"read {LAYER}: is a directory"),
        (tarfile.FIFOTYPE, "", f"read {LAYER}: not a regular file"),
    ],
)
def test_a_link_leads_nowhere_but_into_the_archive(kind: bytes, target: str, words: str) -> None:
    files = unpacked(DOCKER_20)
    del files[LAYER]
    entries = [small_tar.entry(name, data) for name, data in files.items()]
    entries.append(small_tar.entry(LAYER, kind=kind, link=target))
    with pytest.raises(LabkitError) as error:
        read_archive(io.BytesIO(small_tar.pack(entries)))
    assert str(error.value) == words


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_links_inside_of_the_archive_are_followed(kind: bytes) -> None:
    files = unpacked(DOCKER_20)
    entries = [
        small_tar.entry("else where", files.pop(LAYER)),
        small_tar.entry(LAYER, kind=kind, link="/else where"),
    ]
    entries += [small_tar.entry(f"./{name}", data) for name, data in files.items()]
    assert summary(read_archive(io.BytesIO(small_tar.pack(entries)))) == summary(read_archive(DOCKER_20))


def test_the_last_file_of_a_name_counts() -> None:
    entries = [small_tar.entry("manifest.json", b"[]")]
    entries += [small_tar.entry(name, data) for name, data in unpacked(DOCKER_20).items()]
    assert len(read_archive(io.BytesIO(small_tar.pack(entries)))) == 2


def test_an_empty_manifest_lists_no_image() -> None:
    assert read_files({"manifest.json": b"[]"}) == ()
    assert read_files({"manifest.json": b"null"}) == ()


def test_an_image_may_have_no_tag() -> None:
    files = unpacked(DOCKER_20)
    manifest(lambda item: item.update(RepoTags=None))(files)
    assert [tags for _, tags, _ in summary(read_files(files))] == [[], ["labkit/base:1.0"]]


def test_every_byte_of_a_blob_counts() -> None:
    files = unpacked(shape("containerd"))
    for name in [name for name in files if name.startswith("blobs/") and files[name][:2] == b"\x1f\x8b"]:
        damaged = files | {name: files[name][:4] + b"\1" + files[name][5:]}  # the time, which no layer holds
        with pytest.raises(LabkitError, match=f"verification failed for digest sha256:{name[-64:]}$"):
            read_files(damaged)


@settings(max_examples=60)
@given(
    st.integers(0, 72_703),
    st.integers(1, 255),
    st.sampled_from(["docker-20", "docker-25", "containerd", "oci"]),
)
def test_a_changed_byte_is_found_or_belongs_to_no_image(place: int, change: int, name: str) -> None:
    data = bytearray(shape(name).read_bytes())
    data[place % len(data)] ^= change
    whole = [identifier for identifier, _, _ in summary(read_archive(shape(name)))]
    try:
        found = summary(read_archive(io.BytesIO(bytes(data))))
    except LabkitError:
        return
    assert [identifier for identifier, _, _ in found] == whole


# OCI layouts


def layout(**changes: Any) -> dict[str, bytes]:
    """Give a layout's files; `changes` go into the one descriptor of its index."""
    data = saved([archived("app:1", "one", "two")], "containerd").read()
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        files = {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}  # type: ignore[union-attr]
    del files["manifest.json"], files["repositories"]
    index = json.loads(files["index.json"])
    index["manifests"][0].update(changes)
    files["index.json"] = json.dumps(index).encode()
    return files


@pytest.mark.parametrize(
    ("annotations", "tags"),
    [
        (
            {"io.containerd.image.name": "docker.io/library/app:1", "org.opencontainers.image.ref.name": "1"},
            ["app:1"],
        ),
        ({"org.opencontainers.image.ref.name": "docker.io/me/app:2"}, ["me/app:2"]),
        ({"org.opencontainers.image.ref.name": "app:3"}, ["app:3"]),
        ({"org.opencontainers.image.ref.name": "localhost/app"}, ["localhost/app:latest"]),
        ({"org.opencontainers.image.ref.name": "1.0"}, []),
        ({}, []),
    ],
)
def test_what_a_layout_calls_its_images(annotations: dict[str, str], tags: list[str]) -> None:
    assert [found for _, found, _ in summary(read_files(layout(annotations=annotations)))] == [tags]


def test_two_names_of_one_image_are_its_tags() -> None:
    files = layout()
    index = json.loads(files["index.json"])
    again = copy.deepcopy(index["manifests"][0])
    again["annotations"] = {"org.opencontainers.image.ref.name": "app:latest"}
    index["manifests"].append(again)
    files["index.json"] = json.dumps(index).encode()
    assert [tags for _, tags, _ in summary(read_files(files))] == [["app:1", "app:latest"]]


def nested(files: dict[str, bytes], *platforms: tuple[str, str]) -> dict[str, bytes]:
    """Give the layout with an index in its index: one more manifest for each platform, none of them there."""
    index = json.loads(files["index.json"])
    others = [
        {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": sha256(repr(platform).encode()),
            "size": 7,
            "platform": {"os": platform[0], "architecture": platform[1]},
        }
        for platform in platforms
    ]
    inner = json.dumps(index | {"manifests": [*others, *index["manifests"]]}).encode()
    outer = {
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "digest": sha256(inner),
        "size": len(inner),
        "annotations": {"org.opencontainers.image.ref.name": "app:1"},
    }
    files["blobs/sha256/" + sha256(inner)[7:]] = inner
    files["index.json"] = json.dumps(index | {"manifests": [outer]}).encode()
    return files


def test_of_many_platforms_ours_is_taken() -> None:
    once = nested(layout(), ("linux", "arm64"), ("unknown", "unknown"))
    twice = nested(dict(once), ("windows", "amd64"))
    expected = summary(read_files(layout()))
    assert summary(read_files(once)) == expected
    with pytest.raises(
        LabkitError, match="no matching manifest for linux/amd64 in the manifest list entries"
    ):
        read_files(twice)  # the inner index names no platform


def test_an_image_for_another_platform_alone_is_taken() -> None:
    files = layout(platform={"os": "linux", "architecture": "arm64"})
    assert len(read_files(files)) == 1


def test_attestations_are_no_images() -> None:
    files = layout()
    index = json.loads(files["index.json"])
    attestation = copy.deepcopy(index["manifests"][0]) | {
        "digest": sha256(b"attestation"),
        "platform": {"os": "unknown", "architecture": "unknown"},
        "annotations": {"vnd.docker.reference.type": "attestation-manifest"},
    }
    index["manifests"].insert(0, attestation)
    files["index.json"] = json.dumps(index).encode()
    assert summary(read_files(files)) == summary(read_files(layout()))


def of_kind(files: dict[str, bytes], word: bytes) -> str:
    return next(name for name, data in files.items() if name.startswith("blobs/") and word in data[:80])


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (drop("oci-layout"), "open oci-layout: no such file or directory"),
        (edit("oci-layout", lambda raw: b'{"imageLayoutVersion":"2.0.0"}'), "unsupported OCI version 2.0.0"),
        (edit("index.json", lambda raw: raw[:40]), "unexpected end of JSON input"),
        (lambda files: edit(of_kind(files, b"schemaVersion"), lambda raw: raw + b" ")(files), "blob sha256:"),
        (
            lambda files: edit(of_kind(files, b"schemaVersion"), lambda raw: raw[:-1] + b" ")(files),
            "manifest verification failed for digest sha256:",
        ),
        (
            lambda files: edit(of_kind(files, b"architecture"), lambda raw: raw.replace(b"amd", b"AMD"))(
                files
            ),
            "image config verification failed for digest sha256:",
        ),
        (lambda files: drop(of_kind(files, b"\x1f\x8b"))(files), "open blobs/sha256/"),
    ],
)
def test_damage_to_a_layout(damage: Damage, words: str) -> None:
    files = layout()
    damage(files)
    with pytest.raises(LabkitError) as error:
        read_files(files)
    assert str(error.value).startswith(words)


# Writing


def write(target: Path, content: Content) -> None:
    write_file(target, content.chunks())


def link_time(path: Path) -> int:
    """Give when the archive was written, which the engine notes of a layer's second place alone."""
    with tarfile.open(path) as tar:
        return max((int(member.mtime) for member in tar if member.issym()), default=0) * 10**9


def test_what_docker_saved_is_written_again_byte_for_byte(tmp_path: Path) -> None:
    target = tmp_path / "saved.tar"
    write(target, docker_archive(read_archive(DOCKER_20), clock=link_time(DOCKER_20)))
    assert target.read_bytes() == DOCKER_20.read_bytes()


def test_and_from_a_file_that_is_compressed() -> None:
    written = docker_archive(read_archive(FIXTURES / "tiny.tar.gz"))
    with gzip.open(FIXTURES / "tiny.tar.gz") as file:
        assert written.read() == file.read()


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("era", ERAS)
def test_every_shape_is_written_in_every_form_and_read_back(era: str, name: str) -> None:
    images = read_archive(shape(name))
    again = read_archive(saved(images, era))
    assert summary(again) == summary(images)
    for each, before in zip(again, images, strict=True):
        validate(each.image, contents=True)
        assert each.image.config.raw == before.image.config.raw


@pytest.mark.parametrize("directory", [False, True])
def test_a_layout_is_written_and_read_back(directory: bool, tmp_path: Path) -> None:
    images = read_archive(DOCKER_20)
    target = tmp_path / "layout"
    write(target, oci_archive(images))
    if directory:
        with tarfile.open(target) as tar:
            tar.extractall(tmp_path / "directory", filter="data")
        target = tmp_path / "directory"
    assert summary(read_archive(target)) == summary(images)


def test_parents_are_kept_where_they_are_in_the_archive() -> None:
    base = archived("base:1", "one")
    child = archived("child:1", "one", comment="child")
    images = [base, ArchivedImage(child.image, child.tags, base.image.id)]
    for era in ERAS:
        for chosen, parent in ((images, base.image.id), (images[1:], "")):
            assert read_archive(saved(chosen, era))[-1].parent == parent


def test_one_image_saved_under_no_name_has_no_repositories() -> None:
    data = docker_archive([ArchivedImage(image("one"))]).read()
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        assert "repositories" not in tar.getnames()
        found = tar.extractfile("manifest.json")
        assert found is not None
        assert json.load(found)[0]["RepoTags"] is None


def test_two_writes_give_the_same_bytes() -> None:
    for era in ERAS:
        first, second = (saved([archived("app:1", "one", "two")], era) for _ in range(2))
        assert first.read() == second.read()


def record() -> ArchivedImage:
    layer = Layer.record(sha256(b"published"), Dir())
    config = make_config(created="2019-04-16T00:00:00Z", diff_ids=[layer.diff_id])
    return ArchivedImage(Image(config, (layer,), sha256(b"nginx")), (parse_reference("nginx:1.15.12"),))


def test_a_record_is_not_exported() -> None:
    for made in (docker_archive, oci_archive):
        with pytest.raises(RecordedImage) as error:
            made([archived("app:1", "one"), record()])
        assert str(error.value) == (
            "nginx:1.15.12 is a record of the published image: its identifiers are real, "
            "its files are stand-ins, so labkit does not export it "
            "(busybox:latest, alpine:latest and python:latest are whole)"
        )


def test_an_image_without_layers_is_not_exported() -> None:
    with pytest.raises(DaemonError, match=r"^empty export - not implemented$"):
        docker_archive([archived("empty:1")])


def test_a_save_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    source, target = tmp_path / "source.tar", tmp_path / "target.tar"
    source.write_bytes(DOCKER_20.read_bytes())
    target.write_bytes(b"the archive of yesterday")
    images = read_archive(source)
    source.write_bytes(DOCKER_20.read_bytes()[:20_000])
    with pytest.raises(LabkitError, match="became shorter while it was in use"):
        write(target, docker_archive(images))
    assert target.read_bytes() == b"the archive of yesterday"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source.tar", "target.tar"]


def test_writing_does_not_read_more_than_it_writes() -> None:
    class Watched:
        largest = 0

        def read_at(self, offset: int, size: int) -> bytes:
            self.largest = max(self.largest, size)
            return bytes(size)

    source = Watched()
    layer = Layer.of(Dir({"big": File(Content.at(source, 0, 5 << 20))}))
    config = make_config(created="2019-04-16T00:00:00Z", diff_ids=[layer.diff_id])
    for era in ERAS:
        chunks = saved([ArchivedImage(Image(config, (layer,)))], era).chunks()
        assert max(map(len, chunks)) <= 1 << 20
    assert source.largest <= 1 << 20


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        (b"[" + 5_000_000 * b"{}," + b"{}]", "labkit reads documents of at most 1,000,000 values"),
        (b'["' + (17 << 20) * b"x" + b'"]', "manifest.json: labkit reads documents of at most 16 MiB"),
        (b'[{"Config":"' + 400_000 * b"a/" + b'"}]', "evalSymlinksInScope: too many links in a/a/…a/a/"),
        (b'[{"Config":"' + 400_000 * b"a" + b'"}]', "open aaa…aaa: no such file or directory"),
        (b'[{"Config":"a\\u0000\\u001b[31mb"}]', r"open a\x00\x1b[31mb: no such file or directory"),
    ],
)
def test_a_document_of_any_size_is_refused_in_a_line_that_can_be_shown(manifest: bytes, said: str) -> None:
    with pytest.raises(LabkitError) as refused:
        read_files({"manifest.json": manifest})
    text = str(refused.value)
    start, _, end = said.partition("…")
    assert text.startswith(start)
    assert text.endswith(end)
    assert len(text) <= 1001
