"""The explanations of `docker image inspect`: each field has one, and none is without its field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from labkit.cli.documents import image_document
from labkit.course.inspect_document import Document, inspected, read_fields
from labkit.engine import images
from labkit.engine.engine import Engine
from labkit.lab import Lab
from labkit.lessons import FIELDS
from labkit.oci.config import make_config
from labkit.oci.image import Image
from labkit.oci.layer import Layer
from labkit.oci.reference import parse_reference
from labkit.oci.tree import Dir, File
from labkit.storage.drivers import DRIVERS
from labkit.store.hub import docker_hub

SLIDES = (
    "image-layers-1 image-layers-2 image-layers-example image-history-1 image-history-2 image-layers-recap"
    " container-rw-layer-1 container-rw-layer-2 storage-drivers"
    " image-inspect-1 image-inspect-2 image-inspect-3"
).split()
SETTINGS: dict[str, Any] = {
    "ExposedPorts": {"80/tcp": {}},
    "Healthcheck": {
        "Test": ["CMD", "true"],
        "Interval": 1000000,
        "Timeout": 1000000,
        "StartPeriod": 1000000,
        "Retries": 1,
    },
    "ArgsEscaped": True,
    "Volumes": {"/data": {}},
    "NetworkDisabled": True,
    "MacAddress": "02:42:ac:11:00:02",
    "Labels": {"a.b": "1", "Cmd": '"x": {', "<b>\u202e": "\x1b"},
    "StopSignal": "SIGQUIT",
    "StopTimeout": 3,
    "Shell": ["/bin/sh", "-c"],
}


def everything(engine: Engine) -> Image:
    """Put an image with every setting that an image can have into an engine."""
    config = make_config(
        created="2019-04-26T12:00:00Z",
        variant="v7",
        os_version="10.0",
        config=SETTINGS,
        container_config=SETTINGS,
    )
    image = Image(config)
    for name in ("a", "b"):
        layer = Layer.of(Dir({name: File()}))
        image = image.append(
            layer, created="2019-04-26T12:00:00Z", created_by=name, container_config=SETTINGS
        )
    images.add_image(engine, image, parent="")
    images.set_tag(engine, image.id, parse_reference("everything").with_default_tag())
    return image


@pytest.fixture(scope="module")
def lab() -> Lab:
    """Give a lab with all images of the hub, a built one, a committed one, and one with every setting."""
    lab = Lab()
    for name in docker_hub().names:
        for tag in ("latest", "15.04"):
            lab.docker(f"pull {name.removeprefix('library/')}:{tag}")
    lab.pull("mysql:8.0.15")
    lab.build("built", ["FROM busybox", "ENV A=1", "EXPOSE 80", "HEALTHCHECK CMD true", "RUN echo hi > /x"])
    box = lab.run("busybox")
    box.write("/x", "y")
    box.commit("committed")
    everything(lab.engine)
    return lab


def paths(value: Any, path: str = "") -> Iterator[str]:
    """Give the path of every key in a document, those of labels, ports and volumes left out."""
    if isinstance(value, dict) and path.rpartition(".")[2] not in ("Labels", "ExposedPorts", "Volumes"):
        for key, child in value.items():
            below = f"{path}.{key}" if path else key
            yield below
            yield from paths(child, below)


def test_every_field_of_every_image_is_explained(lab: Lab) -> None:
    assert len(lab.images) >= 9
    unexplained = {
        path
        for image in lab.images
        for path in paths(image_document(lab.engine, image))
        if inspected(lab.engine, image.id, FIELDS).explained(path) is None
    }
    assert unexplained == set()


def test_no_explanation_is_for_a_field_that_there_is_not(lab: Lab) -> None:
    found = {path for image in lab.images for path in paths(image_document(lab.engine, image))}
    for driver in DRIVERS:
        other = Lab(storage_driver=driver)
        found |= set(paths(image_document(other.engine, everything(other.engine))))
    assert set(FIELDS) - found == set()


def test_every_driver_s_document_is_explained() -> None:
    for driver in DRIVERS:
        lab = Lab(storage_driver=driver)
        image = everything(lab.engine)
        document = inspected(lab.engine, image.id, FIELDS)
        for path in paths(image_document(lab.engine, image)):
            assert document.explained(path), (driver, path)


def test_slides_are_those_of_the_course_and_the_three_of_inspect_are_met() -> None:
    named = {slide for field in FIELDS.values() for slide in field.slides}
    assert named <= set(SLIDES)
    assert {"image-inspect-1", "image-inspect-2", "image-inspect-3"} <= named


def test_a_mistake_has_its_truth() -> None:
    assert [path for path, field in FIELDS.items() if bool(field.mistake) != bool(field.truth)] == []
    assert sum(bool(field.mistake) for field in FIELDS.values()) > 15


@pytest.mark.parametrize("part", ["use = 3", 'colour = "red"'])
def test_a_field_that_is_not_whole_is_refused_by_its_path(part: str) -> None:
    with pytest.raises(ValueError, match=r"^Config\.Cmd: "):
        read_fields(f'[fields."Config.Cmd"]\nwhat = "x"\n{part}\n')


# The document


def documents(lab: Lab) -> list[Document]:
    return [inspected(lab.engine, image.id, FIELDS) for image in lab.images]


def test_the_document_is_what_the_command_line_prints(lab: Lab) -> None:
    for document in documents(lab):
        printed = lab.docker(f"image inspect {document.name}").text
        assert "".join(f"{line.text}\n" for line in document.lines) == printed


def test_the_command_of_a_field_prints_its_answer(lab: Lab) -> None:
    for document in documents(lab):
        value = json.loads(document.text)[0]
        for field in document.fields:
            assert lab.shell(document.command(field)).text == f"{document.answer(field)}\n"
            inside = value
            for name in field.split("."):
                inside = inside[name]
            assert json.loads(document.answer(field)) == inside, field


def test_lines_belong_to_the_field_that_they_show(lab: Lab) -> None:
    for document in documents(lab):
        expected = set(paths(json.loads(document.text)[0]))
        assert set(document.fields) == expected
    lines = inspected(lab.engine, "everything", FIELDS).lines
    assert [line.field for line in lines if '"a.b"' in line.text] == [
        "ContainerConfig.Labels",
        "Config.Labels",
    ]
    assert {line.field for line in lines if line.text.strip() == '"Cmd": "\\"x\\": {",'} == {
        "ContainerConfig.Labels",
        "Config.Labels",
    }


def test_a_closing_bracket_belongs_to_what_it_closes(lab: Lab) -> None:
    lines = inspected(lab.engine, "nginx", FIELDS).lines
    place = next(place for place, line in enumerate(lines) if line.text == '        "RootFS": {')
    closing = next(line for line in lines[place:] if line.text == "        },")
    assert closing.field == "RootFS"


def test_sections_without_the_field_are_folded(lab: Lab) -> None:
    document = inspected(lab.engine, "nginx", FIELDS)
    texts = [line.text.strip() for line in document.folded("RootFS.Type")]
    assert '"Config": { … },' in texts
    assert '"RepoTags": [ … ],' in texts
    assert '"Type": "layers",' in texts
    assert len(texts) < 30
