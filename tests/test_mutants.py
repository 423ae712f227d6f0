"""The mutants' data fits the code as it is; `python -m tests.mutants` runs them."""

from __future__ import annotations

from dataclasses import replace

from tests.mutants import KINDS, faults, read

MUTANTS = read()


def test_each_mutant_can_be_made_and_names_tests_that_are_there() -> None:
    assert list(faults(MUTANTS)) == []


def test_there_are_enough_of_every_kind_and_room() -> None:
    assert len(MUTANTS) >= 60
    assert {each.kind for each in MUTANTS} == set(KINDS)
    rooms = {"base", "go", "oci", "storage", "shell", "store", "engine", "dockerfile", "cli", "lab", "box"}
    assert {each.room for each in MUTANTS} == rooms | {"course", "lessons", "notebook"}


def test_what_is_wrong_with_a_mutant_is_said() -> None:
    good = MUTANTS[0]
    for bad, words in (
        (replace(good, before="not there"), "0 times"),
        (replace(good, after=good.before), "changes nothing"),
        (replace(good, after=")("), "does not compile"),
        (replace(good, kind="odd"), "no kind"),
        (replace(good, tests=("tests/test_lab.py::test_nothing",)), "there is no test"),
        (replace(good, tests=("labkit/base/text.py::labkit.base.text._escape",)), "there is no test"),
    ):
        assert [words in line for line in faults([bad])] == [True]
    assert all("same kind" in line for line in faults([good, replace(good, name="again")]))
