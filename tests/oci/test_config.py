"""Image configs: the bytes that a real engine wrote are written again, and refused where it refuses them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from labkit.base.errors import InvalidDocument
from labkit.go.json import dumps
from labkit.oci.config import History, ImageConfig, make_config, pair_history, parse_config
from labkit.oci.digest import sha256
from labkit.oci.image import Image
from labkit.oci.layer import Layer
from labkit.oci.tree import Dir, File
from tests.oci.strategies_documents import config_facts


def _recorded() -> dict[str, tuple[str, bytes]]:
    """Read the configs that Docker 20.10.24 made by build, commit and import, with their image IDs."""
    lines = (Path(__file__).parent / "recordings" / "configs.lines").read_bytes().splitlines()
    fields = [line.split(b" ", 2) for line in lines]
    return {name.decode(): (image_id.decode(), raw) for name, image_id, raw in fields}


RECORDED = _recorded()
BUILT = RECORDED["built"][1]
FACTS = ("created", "architecture", "os", "variant", "os_version", "os_features", "author", "comment")
FACTS += ("docker_version", "container", "config", "container_config", "diff_ids", "history")
VERSION = "20.10.24+dfsg1"


def facts(config: ImageConfig) -> dict[str, Any]:
    return {name: getattr(config, name) for name in FACTS}


@pytest.mark.parametrize("name", RECORDED)
def test_an_engines_config_is_rebuilt_from_its_facts(name: str) -> None:
    image_id, raw = RECORDED[name]
    config = parse_config(raw)
    assert config.id == image_id
    assert make_config(**facts(config)).raw == raw


@given(config_facts())
def test_written_again_a_config_is_the_same(given_facts: dict[str, Any]) -> None:
    config = make_config(**given_facts)
    assert config.id == sha256(config.raw)
    assert make_config(**facts(config)) == config
    assert list(config.history) == given_facts["history"]
    assert list(config.diff_ids) == given_facts["diff_ids"]


@pytest.mark.parametrize(
    ("parent", "child"),
    [
        ("built", "committed"),
        ("built", "committed-options"),
        ("built-with-everything", "committed-from-everything"),
    ],
)
def test_a_commit_computes_the_engines_image_id(parent: str, child: str) -> None:
    before, after = parse_config(RECORDED[parent][1]), parse_config(RECORDED[child][1])
    added = after.diff_ids[len(before.diff_ids) :]
    made = Image(before).append(
        Layer.record(added[0], Dir({"a": File()})) if added else None,
        created=after.created,
        docker_version=VERSION,
        config=after.config,
        container_config=after.container_config,
        container=after.container,
        author=after.author,
        comment=after.history[-1].comment,
    )
    assert made.id == RECORDED[child][0]


# From a config with loose times and unknown keys the engine committed this history.
def test_a_child_has_what_go_keeps_of_its_parent() -> None:
    document = json.loads(BUILT) | {
        "created": "2020-01-01T3:00:00,500+02:00",
        "comment": "C",
        "author": "A",
        "variant": "v8",
        "OS.Version": "10.0",
        "os.features": ["a"],
        "unknown": 1,
        "history": [
            {"created": "2020-01-01T00:00:00.1234567891234-00:00", "unknown": 1},
            {"created": "2020-12-01T03:00:00+25:61", "empty_layer": True},
        ],
    }
    parent = parse_config(dumps(document))
    assert parent.created == "2020-01-01T03:00:00.5+02:00"
    child = json.loads(Image(parent).append(None, created="2020-01-02T00:00:00Z").config.raw)
    assert child["history"] == [
        {"created": "2020-01-01T00:00:00.123456789Z"},
        {"created": "2020-12-01T03:00:00+26:01", "empty_layer": True},
        {"created": "2020-01-02T00:00:00Z", "empty_layer": True},
    ]
    assert (child["variant"], child["os.version"], child["os.features"]) == ("v8", "10.0", ["a"])
    assert not {"author", "comment", "unknown"} & set(child)
    assert child["config"] == document["config"]


# As `docker image inspect` prints Config of a loaded image.
def test_config_holds_what_the_engine_prints() -> None:
    loose = (
        b'{"env":["x"],"ENV":["a=b"],"CMD":"ls -l","Labels":null,"Foo":1,"Volumes":{"/a":{"x":1}},'
        b'"StopTimeout":0,"Healthcheck":{},"Shell":[],"OnBuild":[],"Entrypoint":["a",null]}'
    )
    config = parse_config(BUILT[:-1] + b',"config":' + loose + b"}").config
    assert dumps(config) == (
        b'{"Hostname":"","Domainname":"","User":"","AttachStdin":false,"AttachStdout":false,"AttachStderr":false,'
        b'"Tty":false,"OpenStdin":false,"StdinOnce":false,"Env":["a=b"],"Cmd":["ls -l"],"Healthcheck":{},'
        b'"Image":"","Volumes":{"/a":{}},"WorkingDir":"","Entrypoint":["a",""],"OnBuild":[],"Labels":null,'
        b'"StopTimeout":0}'
    )


def test_a_config_cannot_be_changed() -> None:
    config = parse_config(BUILT)
    with pytest.raises(TypeError):
        config.config["Cmd"] = ["x"]  # type: ignore[index]
    assert isinstance(config.config["Env"], tuple)
    assert hash(config) == hash(parse_config(BUILT))


def test_what_the_engine_takes_without_complaint() -> None:
    document = json.loads(BUILT)
    for key in ("architecture", "os", "created", "config", "container_config", "history"):
        del document[key]
    config = parse_config(dumps(document))
    assert (config.architecture, config.os, config.created) == ("", "linux", "0001-01-01T00:00:00Z")
    assert dict(config.config) == {}
    assert config.container_config["Env"] is None
    assert parse_config(dumps(document | {"rootfs": {}})).diff_ids == ()
    assert parse_config(dumps(document | {"history": [None]})).history == (History(),)


def changed(path: str, value: object) -> bytes:
    """Return the built image's config with the value at a dotted path replaced."""
    document = json.loads(BUILT)
    *parents, last = path.split("/")
    place = document
    for key in parents:
        place = place[key]
    place[last] = value
    return dumps(document)


UNMARSHAL = "json: cannot unmarshal "
# `docker load` of an image whose config has this value at this place.
REFUSED = [
    ("rootfs", None, "invalid image JSON, no RootFS key"),
    ("rootfs", "x", UNMARSHAL + "string into Go struct field Image.rootfs of type image.RootFS"),
    ("rootfs", [], UNMARSHAL + "array into Go struct field Image.rootfs of type image.RootFS"),
    (
        "rootfs/diff_ids",
        "x",
        UNMARSHAL + "string into Go struct field RootFS.rootfs.diff_ids of type []layer.DiffID",
    ),
    (
        "rootfs/diff_ids",
        [5],
        UNMARSHAL + "number into Go struct field RootFS.rootfs.diff_ids of type layer.DiffID",
    ),
    ("history", "x", UNMARSHAL + "string into Go struct field Image.history of type []image.History"),
    ("history", [5], UNMARSHAL + "number into Go struct field Image.history of type image.History"),
    (
        "history",
        [{"empty_layer": "yes"}],
        UNMARSHAL + "string into Go struct field History.history.empty_layer of type bool",
    ),
    ("architecture", 5, UNMARSHAL + "number into Go struct field Image.architecture of type string"),
    ("os", True, UNMARSHAL + "bool into Go struct field Image.os of type string"),
    ("container", {}, UNMARSHAL + "object into Go struct field Image.container of type string"),
    ("Size", "x", UNMARSHAL + "string into Go struct field Image.Size of type int64"),
    ("config", "x", UNMARSHAL + "string into Go struct field Image.config of type container.Config"),
    ("config/Env", "x", UNMARSHAL + "string into Go struct field Config.config.Env of type []string"),
    ("config/Env", [5], UNMARSHAL + "number into Go struct field Config.config.Env of type string"),
    ("config/Cmd", 5, UNMARSHAL + "number into Go struct field Config.config.Cmd of type string"),
    ("config/Cmd", [5], UNMARSHAL + "array into Go struct field Config.config.Cmd of type string"),
    (
        "config/Labels",
        [],
        UNMARSHAL + "array into Go struct field Config.config.Labels of type map[string]string",
    ),
    (
        "config/Labels",
        {"a": 5},
        UNMARSHAL + "number into Go struct field Config.config.Labels of type string",
    ),
    (
        "config/Volumes",
        "x",
        UNMARSHAL + "string into Go struct field Config.config.Volumes of type map[string]struct {}",
    ),
    (
        "config/Volumes",
        {"a": 5},
        UNMARSHAL + "number into Go struct field Config.config.Volumes of type struct {}",
    ),
    ("config/Tty", "x", UNMARSHAL + "string into Go struct field Config.config.Tty of type bool"),
    (
        "config/StopTimeout",
        1.5,
        UNMARSHAL + "number 1.5 into Go struct field Config.config.StopTimeout of type int",
    ),
    (
        "config/Healthcheck",
        {"Interval": "5s"},
        UNMARSHAL
        + "string into Go struct field HealthConfig.config.Healthcheck.Interval of type time.Duration",
    ),
    (
        "config/Healthcheck",
        {"Test": "x"},
        UNMARSHAL + "string into Go struct field HealthConfig.config.Healthcheck.Test of type []string",
    ),
]


@pytest.mark.parametrize(("path", "value", "message"), REFUSED)
def test_what_the_engine_refuses(path: str, value: object, message: str) -> None:
    with pytest.raises(InvalidDocument) as caught:
        parse_config(changed(path, value))
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"null", "invalid image JSON, no RootFS key"),
        (b"{}", "invalid image JSON, no RootFS key"),
        (b"[]", UNMARSHAL + "array into Go value of type image.Image"),
        (b"5", UNMARSHAL + "number into Go value of type image.Image"),
        (BUILT[:-1], "unexpected end of JSON input"),
    ],
)
def test_what_is_no_config(raw: bytes, message: str) -> None:
    with pytest.raises(InvalidDocument) as caught:
        parse_config(raw)
    assert str(caught.value) == message


@pytest.mark.parametrize("kind", ["layers+base", 'a"\nb'])
def test_an_unknown_rootfs_type_is_refused_in_one_line(kind: str) -> None:
    # image-spec: "Implementations MUST generate an error"; the engine on Linux lets it pass.
    with pytest.raises(
        InvalidDocument, match=r"^invalid image JSON, unknown rootfs type .*, expected .layers.$"
    ):
        parse_config(changed("rootfs/type", kind))


def test_history_pairs_with_layers_in_order() -> None:
    config = parse_config(RECORDED["built-with-everything"][1])
    layers = [layer for _, layer in pair_history(config)]
    assert layers == [0, None, None, None, None, 1, 2, *8 * [None]]


def test_history_may_lack_entries_but_have_none_too_many() -> None:
    none = make_config(created="2020-01-01T00:00:00Z", diff_ids=["sha256:" + 64 * "a"])
    assert pair_history(none) == []
    with pytest.raises(InvalidDocument, match=r"^too many non-empty layers in History section$"):
        pair_history(parse_config(changed("history", [{}, {}])))
