"""What the cache takes on disk: shared layers count once, and what only a container needs is not counted."""

from __future__ import annotations

import pytest

from labkit.engine import container as containers
from labkit.engine import images
from labkit.engine.container import commit, find_container
from labkit.engine.engine import Engine
from labkit.engine.pull import pull
from labkit.engine.schedule import Network
from labkit.engine.usage import Usage, container_usage, image_usage, layers_size, shared_size
from labkit.oci.reference import parse_reference
from labkit.store.client import Client
from labkit.store.hub import docker_hub
from tests.engine.engines import (
    AMD64,
    BUSYBOX,
    NOON,
    add,
    busybox_engine,
    drain,
    image,
    layer,
    run,
    sh,
    sleeper,
)

BASE, ONE, TWO = layer(base="b" * 1000), layer(one="1" * 10), layer(two="2" * 100)


@pytest.fixture
def engine() -> Engine:
    return Engine()


def test_nothing() -> None:
    assert image_usage(Engine()) == container_usage(Engine()) == Usage(0, 0, 0, 0)


def test_two_images_on_one_base(engine: Engine) -> None:
    one, two = add(engine, image(BASE, ONE), "one"), add(engine, image(BASE, TWO), "two")
    assert (one.size, two.size, layers_size(engine)) == (1010, 1100, 1110)
    assert shared_size(engine, one) == shared_size(engine, two) == 1000
    assert image_usage(engine) == Usage(2, 0, 1110, 1110)


def test_the_same_layer_on_another_base_is_another(engine: Engine) -> None:
    one, two = add(engine, image(BASE, ONE), "one"), add(engine, image(TWO, ONE), "two")
    assert shared_size(engine, one) == shared_size(engine, two) == 0
    assert layers_size(engine) == 1000 + 100 + 2 * 10


def test_what_is_reclaimable_is_what_no_image_in_use_has_for_itself(engine: Engine) -> None:
    add(engine, image(BASE, ONE), "one")
    add(engine, image(BASE, TWO), "two")
    containers.create(engine, "one", ["true"])
    assert image_usage(engine) == Usage(2, 1, 1110, 1100)
    containers.create(engine, "two", ["true"])
    assert image_usage(engine) == Usage(2, 2, 1110, 1000)


def test_an_image_without_a_name_below_another_is_neither_listed_nor_shared_with(engine: Engine) -> None:
    parent = add(engine, image(BASE))
    child = add(engine, parent.append(ONE, created=NOON), "child", parent=parent.id)
    assert shared_size(engine, child) == 0
    assert image_usage(engine) == Usage(1, 0, 1010, 1010)


def test_a_deleted_image_under_a_container_is_not_counted(engine: Engine) -> None:
    add(engine, image(BASE, ONE), "one")
    containers.create(engine, "one", ["true"])
    images.remove_image(engine, "one", force=True)
    assert len(engine.state.layers) == 2
    assert image_usage(engine) == Usage(0, 0, 0, 0)


def test_containers() -> None:
    engine = busybox_engine()
    sleeper(engine, "up")
    sh(engine, "up", "echo 1234567 > /x")
    run(engine, "down", "sh", "-c", "echo 123 > /x")
    assert container_usage(engine) == Usage(2, 1, 8 + 4, 4)
    containers.stop(engine, find_container(engine, "up"), timeout=0)
    assert container_usage(engine) == Usage(2, 0, 12, 12)


def test_a_committed_layer_counts_for_the_image_and_for_the_container() -> None:
    engine = busybox_engine()
    sleeper(engine)
    sh(engine, "box", "echo 1234567 > /x")
    commit(engine, find_container(engine, "box"), "app")
    assert layers_size(engine) == BUSYBOX.size + 8
    assert container_usage(engine).size == 8


def test_nginx_and_mysql_share_their_base(engine: Engine) -> None:
    line = Network(bandwidth=1e9, latency=0)
    found = [
        drain(pull(engine, Client(docker_hub().handle), parse_reference(f"{name}:latest"), line, AMD64))[
            1
        ].image
        for name in ("nginx", "mysql")
    ]
    base = found[0].layers[0].size
    assert [shared_size(engine, each) for each in found] == [base, base]
    assert layers_size(engine) == sum(each.size for each in found) - base
