"""Errors: one tree, and a code that is not lost when an error is told again in other words."""

from __future__ import annotations

import inspect

import pytest

from labkit.base import errors
from labkit.base.errors import (
    DaemonError,
    FileSystemError,
    InvalidReference,
    LabkitError,
    NotFound,
    RegistryError,
    TruncatedFile,
)
from labkit.engine.engine import Engine
from labkit.engine.images import find_image


def test_the_docstring_names_every_class_below_its_own() -> None:
    assert errors.__doc__ is not None
    lines = errors.__doc__.split("\n\n")[1].splitlines()
    depth = {
        name: len(line) - len(line.lstrip()) for line in lines for name in line.split(" (")[0].split(", ")
    }
    named = {name.strip(): place for name, place in depth.items()}
    classes = {
        name: each
        for name, each in vars(errors).items()
        if inspect.isclass(each) and issubclass(each, LabkitError)
    }
    assert set(named) == set(classes)
    for name, each in classes.items():
        assert (
            len([*filter(lambda base: issubclass(base, LabkitError), each.__mro__)]) == named[name] // 2 - 1
        )


def test_an_error_told_in_other_words_has_the_code_and_the_subject_of_the_first() -> None:
    with pytest.raises(DaemonError) as caught:
        find_image(Engine(), "UPPER")
    assert isinstance(caught.value.__cause__, InvalidReference)
    assert caught.value.code == "uppercase-name"
    told = DaemonError("Cannot kill container: web: No such container: web")
    told.__cause__ = NotFound.of("container", "web")
    assert (told.code, told.subject) == ("no-such-container", "web")


def test_a_code_of_its_own_comes_first() -> None:
    error = LabkitError("out of reach", code="no-such-host")
    error.__cause__ = NotFound.of("image", "web")
    assert (error.code, error.subject) == ("no-such-host", "")


def test_an_error_that_came_of_another_kind_has_no_code() -> None:
    error = LabkitError("wrong")
    error.__cause__ = ValueError("wrong")
    assert error.code == ""
    error.__cause__, error.__context__ = None, NotFound.of("image", "web")
    assert error.code == ""


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FileSystemError(13, "/etc"), "EACCES"),
        (TruncatedFile("app.tar became shorter"), ""),
        (RegistryError(404, "NAME_UNKNOWN", "repository name not known to registry"), "NAME_UNKNOWN"),
        (errors.NotSimulated("labkit: a second FROM is not simulated"), "not-simulated"),
    ],
)
def test_codes_are_those_of_the_kernel_of_the_specification_or_of_labkit(
    error: LabkitError, code: str
) -> None:
    assert error.code == code
    assert isinstance(error, LabkitError)
