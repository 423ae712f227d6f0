"""What Lab.build makes of a Dockerfile, beside what the real classic builder made of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from labkit import Lab
from labkit.base.errors import LabkitError
from labkit.go.struct import thaw
from tests.cli import builds, sessions

RECORDED = json.loads(builds.RECORDING.read_text())


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return sessions.loaded_lab(tmp_path_factory.mktemp("builds"))


def without_ids(config: dict[str, Any]) -> dict[str, Any]:
    """Give a config without the ID of the step before and with the container's name as `box`."""
    return {**config, "Image": "", "Hostname": "box" if config["Hostname"] else ""}


def test_every_dockerfile_is_recorded() -> None:
    assert [each["dockerfile"] for each in RECORDED] == builds.dockerfiles()


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda each: each["dockerfile"].replace("\n", "; "))
def test_a_build_is_the_classic_builders(lab: Lab, recorded: dict[str, Any]) -> None:
    lab.engine.change(now=builds.EPOCH * 10**9)
    before = lab.engine.state
    try:
        if "error" in recorded:
            with pytest.raises(LabkitError) as caught:
                lab.build("made:1", recorded["dockerfile"], builds.FILES)
            assert builds.plain(str(caught.value)) == recorded["error"]
            assert lab.engine.state == before
            return
        image = lab.build("made:1", recorded["dockerfile"], builds.FILES)
        listed = lab.docker("history --no-trunc --format '{{.CreatedBy}}|{{.Size}}|{{.Comment}}' made:1")
        assert listed.stdout.splitlines() == recorded["history"]
        assert without_ids(dict(thaw(image.config.config))) == without_ids(recorded["config"])
        noted = dict(thaw(image.config.container_config))
        assert without_ids(noted) == without_ids(recorded["container_config"])
        assert (image.config.author, bool(image.config.container)) == (
            recorded["author"],
            recorded["container"],
        )
        diff_ids = [layer.diff_id for layer in image.layers]
        assert len(diff_ids) == len(recorded["layers"])
        if recorded["dockerfile"] in builds.SAME_LAYERS:
            assert diff_ids == recorded["layers"]
    finally:
        lab.engine.state = before
