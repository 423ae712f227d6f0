"""Statements about images: what an exercise's goal takes for reached, and what it does not."""

from __future__ import annotations

from labkit.course.statements import Attempt, common, layers_above, shares_layers, stands_on
from labkit.lab import Lab


def seen(lab: Lab) -> Attempt:
    """Give an attempt that began with an empty cache."""
    return Attempt(lab, Lab())


def test_one_shared_layer_is_not_enough_to_stand_on_an_image() -> None:
    lab = Lab()
    nginx, mysql = lab.pull("nginx:1.15.12"), lab.pull("mysql:8.0.16")
    assert (common(mysql, nginx), len(nginx.layers)) == (1, 3)
    found = stands_on("mysql:8.0.16", "nginx:1.15.12")(seen(lab))
    assert not found.met
    assert found.text == "`mysql:8.0.16` has 1 of the layers of `nginx:1.15.12` below its own."


def test_an_image_built_on_another_stands_on_it() -> None:
    lab = Lab()
    lab.build("app", ["FROM nginx:1.15.12", "RUN echo hello > /motd"])
    assert stands_on("app", "nginx:1.15.12")(seen(lab)).met
    assert not stands_on("nginx:1.15.12", "app")(seen(lab)).met


def test_what_is_shared_and_what_is_an_images_own_is_counted_from_the_base() -> None:
    lab = Lab()
    lab.pull("mysql:8.0.16")
    lab.build("app", ["FROM nginx:1.15.12", "RUN echo hello > /motd"])
    attempt = seen(lab)
    assert shares_layers("app", "nginx:1.15.12", 3)(attempt).met
    assert not shares_layers("app", "nginx:1.15.12", 4)(attempt).met
    assert layers_above("app", "nginx:1.15.12", 1)(attempt).met
    assert not layers_above("app", "mysql:8.0.16", 1)(attempt).met
