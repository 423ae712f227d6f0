"""Statements: what an exercise's goal takes for reached, and what it does not."""

from __future__ import annotations

import pytest

from labkit.course.statements import (
    Attempt,
    Seen,
    Statement,
    comes_with_layer,
    common,
    container_gone,
    container_runs,
    image_holds,
    image_keeps,
    image_kept,
    image_lacks,
    image_there,
    layers_above,
    no_image,
    nothing_started,
    shares_layers,
    text_kept,
    took_at_most,
    top_layer_at_most,
    would_start,
)
from labkit.lab import Lab


def seen(lab: Lab) -> Attempt:
    """Give an attempt that began with an empty cache."""
    return Attempt(lab, Lab())


def test_one_shared_layer_is_not_enough_to_stand_on_an_image() -> None:
    lab = Lab()
    nginx, mysql = lab.pull("nginx:1.15.12"), lab.pull("mysql:8.0.16")
    assert (common(mysql, nginx), len(nginx.layers)) == (1, 3)
    found = layers_above("mysql:8.0.16", "nginx:1.15.12")(seen(lab))
    assert not found.met
    assert found.text == "`mysql:8.0.16` has 1 of the 3 layers of `nginx:1.15.12`, and 11 layers of its own."


def test_an_image_built_on_another_stands_on_it() -> None:
    lab = Lab()
    lab.build("app", ["FROM nginx:1.15.12", "RUN echo hello > /motd"])
    assert layers_above("app", "nginx:1.15.12")(seen(lab)).met
    assert not layers_above("nginx:1.15.12", "app")(seen(lab)).met


def test_what_is_shared_and_what_is_an_images_own_is_counted_from_the_base() -> None:
    lab = Lab()
    lab.pull("mysql:8.0.16")
    lab.build("app", ["FROM nginx:1.15.12", "RUN echo hello > /motd"])
    attempt = seen(lab)
    found = shares_layers("app", "nginx:1.15.12")(attempt)
    assert found == Seen(True, "`app` and `nginx:1.15.12` share 3 layers.")
    assert layers_above("app", "nginx:1.15.12", 1)(attempt).met
    assert not layers_above("app", "mysql:8.0.16", 1)(attempt).met


ABSENT = [
    image_there("app"),
    layers_above("app", "busybox"),
    shares_layers("app", "busybox"),
    layers_above("app", "busybox", 1),
    comes_with_layer("app", "/x", 1),
    top_layer_at_most("app", 0),
    image_holds("app", "/x", 1),
    image_keeps("app", "/x", "app"),
    image_lacks("app", "/x"),
    image_kept("app"),
    would_start("app", "sh"),
    container_runs("box"),
]


@pytest.mark.parametrize("statement", ABSENT, ids=lambda each: each.says)
def test_of_what_is_not_there_neither_a_statement_nor_its_negation_is_met(statement: Statement) -> None:
    found = statement(seen(Lab()))
    assert (found.met, found.defined, found.lost) == (False, False, False)
    assert not (~statement)(seen(Lab())).met
    assert no_image("app")(seen(Lab())).met


def begun(*lines: str) -> tuple[Lab, Attempt]:
    """Give a lab after some lines, and an attempt that begins there."""
    origin = Lab()
    for line in lines:
        assert origin.shell(line).exit_code == 0
    lab = Lab()
    lab.begin_here(origin)
    return lab, Attempt(lab, origin)


def test_a_container_is_the_one_of_the_start_whatever_it_is_called() -> None:
    lab, attempt = begun("docker run -dit --name web busybox")
    lab.docker("rename web site")
    assert container_runs("web")(attempt).met
    assert not container_gone("web")(attempt).met
    lab.docker("rm -f site")
    lab.docker("run -dit --name web busybox")
    assert container_gone("web")(attempt).met
    assert container_runs("web")(attempt).lost


def test_an_image_is_the_one_of_the_start_whatever_has_its_name() -> None:
    lab, attempt = begun("docker pull busybox")
    lab.docker("pull alpine")
    lab.docker("tag alpine busybox")
    assert not image_kept("busybox")(attempt).met
    lab.docker("pull busybox")
    assert image_kept("busybox")(attempt).met


def test_an_image_that_was_built_is_lost_unless_something_has_it() -> None:
    lab, attempt = begun("printf 'FROM busybox\\nRUN echo x > /x\\n' > Dockerfile", "docker build -t app .")
    lab.shell("docker save app > app.tar")
    lab.docker("rmi app")
    assert not image_kept("app")(attempt).lost
    lab.shell("rm app.tar")
    assert image_kept("app")(attempt).lost
    lab.undo()
    lab.shell("docker load < app.tar")
    assert image_kept("app")(attempt).met


LETTER = "docker run --name writer busybox sh -c 'mkdir /data; echo dear > /data/letter'"
MOVES = [
    "docker commit writer kept",
    "docker run --name other busybox sh -c 'mkdir /data; echo dear > /data/letter'",
    "docker run --name other -v vol:/data busybox sh -c 'echo dear > /data/letter'",
    "docker run --name other -v vol:/a busybox sh -c 'echo dear > /a/b; ln -s /a /data; ln -s b /a/letter'",
    "docker run --name other -v /data busybox sh -c 'echo -n dear > /data/letter'",
]


@pytest.mark.parametrize("line", MOVES)
def test_a_text_is_kept_where_a_container_would_see_it(line: str) -> None:
    lab, attempt = begun(LETTER)
    kept = text_kept("/data/letter", "writer")
    assert not kept(attempt).met
    assert lab.shell(line).exit_code == 0
    assert kept(attempt).met
    lab.docker("rm writer")
    assert kept(attempt).met


def test_a_renamed_writer_keeps_nothing_and_another_text_is_not_the_text() -> None:
    lab, attempt = begun(LETTER)
    lab.docker("rename writer keeper")
    lab.docker("run --name writer busybox sh -c 'mkdir /data; echo dear sir > /data/letter'")
    assert not text_kept("/data/letter", "writer")(attempt).met


def test_what_went_into_a_layer_counts_when_it_has_left_again() -> None:
    lab, attempt = begun("docker run -dit --name box busybox")
    for _ in range(2):
        lab.docker("exec box sh -c 'head -c 600000 /dev/zero > /x; rm /x'")
    assert not took_at_most("box", 1_000_000)(attempt).met
    lab.undo()
    assert took_at_most("box", 1_000_000)(attempt).met


@pytest.mark.parametrize(
    "line", ["docker run busybox true", "docker run --rm busybox true", "docker create --name b2 busybox"]
)
def test_starting_is_seen_and_creating_is_no_start(line: str) -> None:
    lab, attempt = begun("docker pull busybox")
    lab.shell(line)
    assert nothing_started()(attempt).met is line.startswith("docker create")
    lab.undo()
    assert nothing_started()(attempt).met
