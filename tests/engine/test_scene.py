"""A scene says what the state says: after every command of the recorded sessions, and of random ones."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit import Lab
from labkit.engine import container as containers
from labkit.engine.scene import LEFT, MOST_LAYERS, Scene, Tile, change, scene
from labkit.engine.state import State
from tests.cli import sessions

ROUNDS = 12


def of(lab: Lab) -> Scene:
    return scene(lab.engine.state)


def all_chains(state: State) -> set[str]:
    """Give the layers that are kept: those of images, and those that containers stand on."""
    boxes = (chain for each in state.containers.values() for chain in each.image.chain_ids)
    return {*state.layers, *boxes}


def check_keys(found: Scene, state: State) -> None:
    """Assert that there is a tile for each thing of a state, and but one."""
    keys = [each.key for each in found.tiles]
    assert len(keys) == len(set(keys))
    shown = {each.key.removeprefix("layer:") for each in found.of("layer")}
    if not found.of("fold"):
        assert shown == all_chains(state)
    assert shown <= all_chains(state)
    assert {each.key for each in found.of("container")} == {f"container:{each}" for each in state.containers}
    assert {each.key for each in found.of("volume")} == {f"volume:{each}" for each in state.volumes}
    blobs = {source.digest for sources in state.sources.values() for source in sources}
    assert {each.key for each in found.of("blob")} == {f"blob:{each}" for each in blobs}


def check_places(found: Scene) -> None:
    """Assert that each tile stands on one that is as wide or wider, and that no two share a place."""
    taken: dict[tuple[int, int], Tile] = {}
    for each in found.tiles:
        if each.kind in ("blob", "volume"):
            continue
        for column in range(each.column, each.column + each.span):
            assert taken.setdefault((column, each.row), each) is each
        assert each.column + each.span <= found.columns
        assert each.row < found.rows
    for (column, row), each in taken.items():
        below = taken.get((column, row - 1))
        assert row == 0 or (below and below.column <= each.column and below.span >= each.span)


def check_sizes(lab: Lab, found: Scene) -> None:
    """Assert that the numbers on tiles are those that Docker prints."""
    printed = lab.docker("ps -as --no-trunc --format '{{.ID}} {{.Size}}'").stdout.splitlines()
    from labkit.go.units import human_size

    for each in found.of("container"):
        line = next(line for line in printed if line.startswith(each.key.partition(":")[2]))
        assert line.split()[1] == human_size(each.size or 0)
    listed = lab.docker("images -q --no-trunc").stdout.split()
    assert {each.key for each in found.of("image")} == {f"image:{each}" for each in listed}


def check_files(lab: Lab, found: Scene) -> None:
    """Assert that the files on a container are lines of `docker diff`, and all of them if they are few."""
    for box in lab.engine.state.containers.values():
        told = {(each.kind, each.path) for each in containers.diff(lab.engine, box)}
        mine = [each for each in found.of("file") if each.key.startswith(f"file:{box.id}:/")]
        assert {(each.mark, each.name) for each in mine} <= told
        for each in mine:
            if each.mark == "D":
                assert each.origin in {f"layer:{chain}" for chain in box.image.chain_ids}


def check_change(before: Scene, after: Scene) -> None:
    """Assert that what arrived and left leads from one scene to the next."""
    events = change(before, after)
    keys = {each.key for each in before.tiles} - {each.tile.key for each in events if each.what == LEFT}
    new = {each.key for each in after.tiles} - {each.key for each in before.tiles}
    assert new <= {each.tile.key for each in events if each.what != LEFT}
    assert keys | new == {each.key for each in after.tiles}


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Give a lab with the sessions' archive, in the directory where it is."""
    directory = tmp_path_factory.mktemp("sessions")
    lab = sessions.loaded_lab(directory)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(directory)
        yield lab


@pytest.mark.parametrize("subject", [each for each in sessions.subjects() if each != "push"])
def test_after_every_command_of_the_sessions(subject: str, start: Lab) -> None:
    lab = Lab()
    for recorded in sessions.recorded():
        if recorded["name"] in sessions.sessions(subject):
            lab.begin_here(start)
            before = of(lab)
            for answer in recorded["answers"]:
                if "HUB" not in answer["line"]:
                    sessions.typed(lab, answer)
                found = of(lab)
                check_keys(found, lab.engine.state)
                check_places(found)
                check_change(before, found)
                before = found
            check_sizes(lab, before)
            check_files(lab, before)


LINES = (
    "pull nginx|pull mysql:8.0.15|pull busybox|run -d --name a busybox sleep 9999|run -d nginx|"
    "run --rm busybox touch /x|exec a sh -c 'echo hi >> /etc/passwd'|exec a rm -rf /etc/group /home|"
    "exec a sh -c 'for i in 1 2 3 4 5 6 7 8 9; do : > /f$i; done'|commit a kept|tag kept again|rm -f a|"
    "rmi kept|rmi -f again|stop a|start a|volume create v|run -d -v v:/v --name b busybox sleep 9|rm -fv b|"
    "image prune -f|container prune -f|exec a sh -c 'rm -r /root; mkdir /root'"
).split("|")


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_after_random_commands(seed: int) -> None:
    lab, choose = Lab(), random.Random(seed)
    before = of(lab)
    for line in choose.choices(LINES, k=25):
        lab.docker(line)
        found = of(lab)
        check_keys(found, lab.engine.state)
        check_places(found)
        check_sizes(lab, found)
        check_files(lab, found)
        check_change(before, found)
        before = found
    for at in range(lab.at, 0, -3):
        lab.go(at)
        check_keys(of(lab), lab.engine.state)


def test_a_layer_that_two_images_share_is_one_tile_below_both() -> None:
    lab = Lab()
    lab.pull("nginx")
    lab.pull("mysql")
    found = of(lab)
    base = found.of("layer")[0]
    assert (base.name, base.span, base.row) == ("27833a3ba0a5", 2, 0)
    assert [each.column for each in found.of("image")] == [0, 1]


def test_a_copied_file_comes_from_the_layer_that_has_it_and_a_committed_layer_from_its_container() -> None:
    lab = Lab()
    box = lab.run("ubuntu:15.04", name="box")
    box.append("/etc/passwd", "me")
    (file,) = of(lab).of("file")
    base = of(lab).of("layer")[0]
    assert (file.mark, file.name, file.origin) == ("C", "/etc/passwd", base.key)
    box.commit("mine")
    assert of(lab).of("layer")[-1].origin == f"container:{box.id}"
    assert [each.what for each in change(of(lab), of(lab))] == []


def test_many_files_are_counted_and_long_stacks_folded() -> None:
    lab = Lab()
    box = lab.run("busybox", name="box")
    box.exec("for i in 1 2 3 4 5 6 7 8 9; do : > /f$i; done")
    assert [each.name for each in of(lab).of("file")] == ["/f1", "/f2", "/f3", "/f4", "/f5", "4 more"]
    steps = [f"RUN echo {number} > /{number}" for number in range(MOST_LAYERS + 3)]
    lab.build("long", ["FROM busybox", *steps])
    (fold,) = of(lab).of("fold")
    assert fold.name == f"{len(steps) - 8} layers"
    unfolded = scene(lab.engine.state, [fold.key])
    assert unfolded.of("fold") == []
    check_keys(unfolded, lab.engine.state)


def test_five_hundred_tiles_are_quick_to_find(tmp_path: Path) -> None:
    lab = Lab()
    for number in range(60):
        lab.build(f"image{number}", ["FROM busybox", *(f"RUN echo {number}{n} > /{n}" for n in range(6))])
    found = of(lab)
    assert len(found.tiles) > 400
    check_places(found)
