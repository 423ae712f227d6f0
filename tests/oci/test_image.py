"""Images: configs and layers that fit together."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from labkit.base.errors import InvalidImage
from labkit.oci.config import History, make_config, parse_config
from labkit.oci.content import Content
from labkit.oci.digest import chain_ids, sha256
from labkit.oci.image import MAX_LAYERS, Image, validate
from labkit.oci.layer import Layer
from labkit.oci.tree import Dir, File, Whiteout
from tests.real.engine import RealEngine

FIXTURES = Path(__file__).parents[1] / "fixtures"
TIME = "2019-04-26T12:00:00Z"
SCRATCH = Image(make_config(created=TIME))


def layer(**files: bytes) -> Layer:
    return Layer.of(Dir({name: File(Content.of(data)) for name, data in files.items()}))


def tiny() -> Image:
    """Give an image that the real engine saved."""
    with tarfile.open(FIXTURES / "tiny.tar.gz") as archive:

        def read(name: str) -> bytes:
            stream = archive.extractfile(name)
            assert stream is not None
            return stream.read()

        (item,) = json.loads(read("manifest.json"))
        layers = [Layer.from_tar(Content.of(read(name))) for name in item["Layers"]]
        return Image(parse_config(read(item["Config"])), tuple(layers))


def recorded(line: str) -> str:
    """Give what the real engine answered about it."""
    session = json.loads((FIXTURES / "tiny.json").read_text())["session"]
    answer: str = next(each["stdout"] for each in session if each["line"] == line)
    return answer


def test_a_saved_image_is_the_one_that_the_engine_knows() -> None:
    image = tiny()
    validate(image, contents=True)
    deleted = [line.split()[1] for line in recorded("docker rmi labkit/tiny:1.0").splitlines()[1:]]
    assert [image.id, *reversed(image.chain_ids)] == deleted


def test_history_pairs_entries_with_layers() -> None:
    image = tiny()
    assert [step.layer for step in image.history if step.layer] == list(image.layers)
    assert all(step.entry.empty_layer == (step.layer is None) for step in image.history)
    assert sum(step.size for step in image.history) == image.size
    assert [step.size for step in image.history if not step.layer] == [0] * (
        len(image.history) - len(image.layers)
    )


def test_appending_makes_another_image_and_leaves_the_first() -> None:
    base = SCRATCH.append(layer(a=b"1"), created=TIME, created_by="ADD a")
    image = base.append(layer(b=b"22"), created=TIME, created_by="ADD b", comment="more")
    for each in (SCRATCH, base, image):
        validate(each, contents=True)
    assert image.layers[:1] == base.layers
    assert (len(SCRATCH.layers), len(base.layers), len(image.layers)) == (0, 1, 2)
    assert [(step.entry.created_by, step.size) for step in image.history] == [("ADD a", 1), ("ADD b", 2)]
    assert len({SCRATCH.id, base.id, image.id}) == 3
    assert image.size == 3
    assert image == Image(parse_config(image.config.raw), image.layers)


def test_chain_ids_are_those_of_the_diff_ids() -> None:
    one, two = layer(a=b"1"), layer(b=b"2")
    image = SCRATCH.append(one, created=TIME).append(two, created=TIME)
    assert image.chain_ids == (one.diff_id, sha256(f"{one.diff_id} {two.diff_id}".encode()))
    assert image.chain_id == image.chain_ids[-1]
    assert SCRATCH.chain_id == ""


def test_changing_the_config_adds_an_entry_without_a_layer() -> None:
    base = SCRATCH.append(layer(a=b"1"), created=TIME, created_by="ADD a")
    image = base.append(None, created=TIME, created_by='CMD ["a"]', config={"Cmd": ["a"]})
    validate(image)
    assert image.layers == base.layers
    assert image.config.config["Cmd"] == ("a",)
    assert [(step.entry.empty_layer, step.size) for step in image.history] == [(False, 1), (True, 0)]
    kept = image.append(layer(b=b"2"), created=TIME, created_by="ADD b")
    assert kept.config.config["Cmd"] == ("a",)


def test_an_empty_layer_is_not_added() -> None:
    image = SCRATCH.append(Layer.of(Dir()), created=TIME, created_by="true")
    assert (image.layers, image.config.diff_ids) == ((), ())
    assert image.history[0].entry.empty_layer


def test_an_image_stacks_at_most_125_layers() -> None:
    layers = tuple(layer(**{f"f{number}": b""}) for number in range(MAX_LAYERS + 1))
    ids = [each.diff_id for each in layers]
    full = Image(make_config(created=TIME, diff_ids=ids[:-1]), layers[:-1])
    validate(full)
    with pytest.raises(InvalidImage, match=r"^max depth exceeded$"):
        full.append(layers[-1], created=TIME)
    with pytest.raises(InvalidImage, match=r"^max depth exceeded$"):
        validate(Image(make_config(created=TIME, diff_ids=ids), layers))


def test_a_record_carries_its_published_id() -> None:
    published = "sha256:" + 64 * "1"
    stand_in = Layer.record("sha256:" + 64 * "2", Dir({"a": File()}))
    config = make_config(created=TIME, diff_ids=[stand_in.diff_id], history=[History(TIME)])
    image = Image(config, (stand_in,), published)
    validate(image, contents=True)
    assert (image.id, image.recorded) == (published, True)
    child = image.append(layer(b=b"2"), created=TIME)
    validate(child, contents=True)
    assert (child.id, child.recorded) == (child.config.id, True)
    assert not SCRATCH.recorded


ONE, TWO = layer(a=b"1"), layer(b=b"2")
BOTH = make_config(created=TIME, diff_ids=[ONE.diff_id, TWO.diff_id])
HISTORY = make_config(created=TIME, diff_ids=[ONE.diff_id], history=[History(TIME), History(TIME)])
ONLY = make_config(created=TIME, diff_ids=[ONE.diff_id])
NAMED = Layer.of(Dir({".wh.a": File()}))
BROKEN = {
    "a layer is missing": (
        Image(BOTH, (ONE,)),
        "invalid manifest, layers length mismatch: expected 1, got 2",
    ),
    "layers in another order": (
        Image(BOTH, (TWO, ONE)),
        f'invalid diffID for layer 0: expected "{ONE.diff_id}", got "{TWO.diff_id}"',
    ),
    "too much history": (Image(HISTORY, (ONE,)), "too many non-empty layers in History section"),
    "an id that is no digest": (Image(ONLY, (ONE,), "nginx"), "invalid checksum digest format"),
    "another config": (
        Image(replace(ONLY, raw=b"{}"), (ONE,)),
        f"the config of image {ONLY.id} has another digest",
    ),
    "another tar": (
        Image(ONLY, (replace(ONE, tar=TWO.tar),)),
        f'invalid diffID for layer 0: expected "{ONE.diff_id}", got "{TWO.diff_id}"',
    ),
    "other changes": (
        Image(ONLY, (replace(ONE, changes=TWO.changes),)),
        "layer 0: its tar holds other changes",
    ),
    "a file named as a whiteout": (
        Image(make_config(created=TIME, diff_ids=[NAMED.diff_id]), (NAMED,)),
        "layer 0: '.wh.a' is no name that a layer can hold",
    ),
    "a tar that is none": (
        Image(
            make_config(created=TIME, diff_ids=[sha256(b"tar")]),
            (Layer(sha256(b"tar"), Dir(), Content.of(b"tar")),),
        ),
        "layer 0: Error processing tar file(exit status 1): unexpected EOF",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_parts_that_do_not_fit_together_are_refused(what: str) -> None:
    image, words = BROKEN[what]
    with pytest.raises(InvalidImage) as caught:
        validate(image, contents=True)
    assert str(caught.value) == words


def test_whiteouts_in_the_bottom_layer_are_legal() -> None:
    validate(SCRATCH.append(Layer.of(Dir({"a": Whiteout()})), created=TIME), contents=True)


def test_chain_ids_are_made_as_the_specification_says() -> None:
    a, b, c = (f"sha256:{64 * digit}" for digit in "abc")
    second = sha256(f"{a} {b}".encode())
    assert chain_ids([a, b, c]) == [a, second, sha256(f"{second} {c}".encode())]


@pytest.mark.real
def test_the_engine_keeps_layers_under_the_same_chain_ids(real_engine: RealEngine) -> None:
    image = SCRATCH.append(ONE, created=TIME).append(TWO, created=TIME)
    files = {"config.json": image.config.raw, "0.tar": b"", "1.tar": b""}
    for place, each in enumerate(image.layers):
        assert each.tar is not None
        files[f"{place}.tar"] = each.tar.read()
    item = {"Config": "config.json", "RepoTags": ["chains:1"], "Layers": ["0.tar", "1.tar"]}
    files["manifest.json"] = json.dumps([item]).encode()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    assert real_engine.run("docker load", stdin=out.getvalue()).stdout == "Loaded image: chains:1\n"
    shown = real_engine.run("docker inspect -f {{.Id}} chains:1").stdout.strip()
    deleted = real_engine.run("docker rmi chains:1").stdout.splitlines()[1:]
    assert shown == image.id
    assert [line.split()[1] for line in deleted] == [image.id, *reversed(image.chain_ids)]
