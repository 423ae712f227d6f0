"""`docker save` and `docker load` on an engine: which names are saved, and what loading says of each."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from labkit.base.errors import DaemonError, LabkitError, RecordedImage
from labkit.engine import archives, images
from labkit.engine.archives import load, save
from labkit.engine.engine import Engine
from labkit.engine.pull import pull
from labkit.engine.schedule import Network
from labkit.oci.image import Image
from labkit.oci.reference import parse_reference
from labkit.store.client import Client
from labkit.store.hub import docker_hub
from tests.engine.engines import AMD64, add, drain, image, layer, names_of

A, B = layer(a="a"), layer(b="b")
DIGEST = "sha256:" + 64 * "d"


@pytest.fixture
def engine() -> Engine:
    return Engine()


def saved(engine: Engine, *names: str) -> bytes:
    return archives.saved(engine, names).read()


def manifest(archive: bytes) -> list[tuple[str, list[str] | None]]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        stream = tar.extractfile("manifest.json")
        assert stream is not None
        return [(each["Config"].removesuffix(".json"), each["RepoTags"]) for each in json.load(stream)]


def own(made: Image) -> str:
    return made.id[7:]


class TestSaving:
    def test_a_name_with_a_tag(self, engine: Engine) -> None:
        made = add(engine, image(A), "app:1", "app:2")
        assert manifest(saved(engine, "app:1")) == [(own(made), ["app:1"])]

    def test_a_name_without_one_stands_for_all_its_tags(self, engine: Engine) -> None:
        one, two = add(engine, image(A), "app:1", "app:3", "other"), add(engine, image(A, B), "app:2")
        found = manifest(saved(engine, "app"))
        assert sorted(found) == sorted([(own(one), ["app:1", "app:3"]), (own(two), ["app:2"])])

    def test_an_id_has_no_name(self, engine: Engine) -> None:
        made = add(engine, image(A), "app:1")
        assert manifest(saved(engine, made.id)) == [(own(made), None)]
        assert manifest(saved(engine, own(made)[:12])) == [(own(made), None)]

    def test_several_at_once_and_one_twice(self, engine: Engine) -> None:
        one, two = add(engine, image(A), "one:1", "one:2"), add(engine, image(A, B), "two")
        found = manifest(saved(engine, "one:2", "two", "one:1", "two:latest"))
        assert sorted(found) == sorted([(own(one), ["one:2", "one:1"]), (own(two), ["two:latest"])])

    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("nope", "No such image: nope"),
            ("nope:1", "reference does not exist"),
            ("Nope", "invalid reference format: repository name must be lowercase"),
        ],
    )
    def test_nothing_of_that_name(self, engine: Engine, tmp_path: Path, name: str, words: str) -> None:
        add(engine, image(A), "app")
        target = tmp_path / "x.tar"
        with pytest.raises(DaemonError) as caught:
            save(engine, ["app", name], target)
        assert str(caught.value) == words
        assert not target.exists()

    def test_a_form_that_there_is_not(self, engine: Engine, tmp_path: Path) -> None:
        with pytest.raises(LabkitError, match=r"no such format: oci-dir \(one of docker, oci\)"):
            save(engine, [], tmp_path / "layout", form="oci-dir")

    def test_a_record_is_refused_and_no_file_is_left(self, engine: Engine, tmp_path: Path) -> None:
        line = Network(latency=0)
        drain(pull(engine, Client(docker_hub().handle), parse_reference("nginx:latest"), line, AMD64))
        target = tmp_path / "nginx.tar"
        with pytest.raises(RecordedImage):
            save(engine, ["nginx"], target)
        assert list(tmp_path.iterdir()) == []

    def test_the_same_engine_writes_the_same_bytes(self, engine: Engine) -> None:
        add(engine, image(A, B), "app:1", "app:2")
        assert saved(engine, "app") == saved(engine, "app")


class TestLoading:
    def test_there_and_back(self, engine: Engine) -> None:
        made = add(engine, image(A, B), "app:1", "app:2")
        archive, other = saved(engine, "app"), Engine()
        loaded = load(other, io.BytesIO(archive))
        assert loaded.images == (made,)
        assert [each.diff_id for each in loaded.layers] == [A.diff_id, B.diff_id]
        assert loaded.lines == ("Loaded image: app:1", "Loaded image: app:2")
        assert names_of(other, made.id) == ["app:1", "app:2"]
        assert {*other.state.layers} == {*made.chain_ids}
        assert made.id not in other.state.tagged

    def test_again_there_is_nothing_new(self, engine: Engine) -> None:
        add(engine, image(A, B), "app:1")
        again = load(engine, io.BytesIO(saved(engine, "app:1")))
        assert (again.layers, again.lines) == ((), ("Loaded image: app:1",))

    def test_without_a_name_the_id_is_told(self, engine: Engine) -> None:
        made = add(engine, image(A))
        loaded = load(Engine(), io.BytesIO(saved(engine, made.id)))
        assert loaded.lines == (f"Loaded image ID: {made.id}",)

    def test_a_name_that_another_image_has(self, engine: Engine) -> None:
        made = add(engine, image(A), "app")
        archive, other = saved(engine, "app"), Engine()
        old = add(other, image(B), "app")
        assert load(other, io.BytesIO(archive)).lines == (
            f"The image app:latest already exists, renaming the old one with ID {old.id} to empty string",
            "Loaded image: app:latest",
        )
        assert (names_of(other, old.id), names_of(other, made.id)) == ([], ["app:latest"])

    def test_shared_layers_are_told_once(self, engine: Engine) -> None:
        add(engine, image(A), "one")
        add(engine, image(A, B), "two")
        loaded = load(Engine(), io.BytesIO(saved(engine, "one", "two")))
        assert [each.diff_id for each in loaded.layers] == [A.diff_id, B.diff_id]

    def test_what_was_loaded_is_not_known_by_a_blob(self, engine: Engine) -> None:
        add(engine, image(A), "one")
        other = Engine()
        load(other, io.BytesIO(saved(engine, "one")))
        assert len(other.state.diff_ids) == 0

    def test_a_parent_in_the_archive_stays_the_parent(self, engine: Engine) -> None:
        parent = add(engine, image(A), "parent")
        child = add(engine, parent.append(B, created="2019-04-26T12:00:01Z"), "child", parent=parent.id)
        other = Engine()
        load(other, io.BytesIO(saved(engine, "parent", "child")))
        assert other.state.parents.get(child.id) == parent.id
        images.remove_image(other, "parent")
        assert parent.id in other.state.images

    @pytest.mark.parametrize("cut", [0, 100, 700, 2000, 5000])
    def test_a_damaged_archive_changes_nothing(self, engine: Engine, cut: int) -> None:
        add(engine, image(A, B), "app")
        archive = saved(engine, "app")
        other = Engine()
        before = other.state
        with pytest.raises(LabkitError) as caught:
            load(other, io.BytesIO(archive[:cut]))
        assert "\n" not in str(caught.value)
        assert other.state is before
