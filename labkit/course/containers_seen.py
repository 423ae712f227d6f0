"""Statements about_container containers: which run, what they read, and how much they wrote."""

from __future__ import annotations

from collections.abc import Callable

from labkit.cli.formats import human_size
from labkit.course.images_seen import reads, text_of
from labkit.course.statements import Attempt, Seen, Statement
from labkit.engine import container as containers
from labkit.engine.state import Container
from labkit.errors import LabkitError
from labkit.lab import Lab
from labkit.oci import tree
from labkit.oci.tree import Dir, File


def _find(lab: Lab, name: str) -> Container | None:
    try:
        return containers.find_container(lab.engine, name)
    except LabkitError:
        return None


def tree_of(container: Container) -> Dir:
    """Return the tree that a container sees, without what the engine mounts into it.

    >>> lab = Lab()
    >>> result = lab.docker("run --name web busybox sh -c 'echo hello > /motd'")
    >>> text_of(tree_of(containers.find_container(lab.engine, "web")), "/motd")
    'hello\\n'
    """
    return container.active.driver.mount(container.active, lambda: 0).root


def about_container(name: str, says: str, look: Callable[[Attempt, Container], Seen]) -> Statement:
    """Make a statement about_container one container; where it is not there, that is what is seen."""

    def find(attempt: Attempt) -> Seen:
        found = _find(attempt.lab, name)
        if found is None:
            return Seen(False, f"There is no container `{name}`.", defined=False)
        return look(attempt, found)

    return Statement(says, find)


def container_runs(name: str) -> Statement:
    """The container of the start runs: the same one, not another of its name."""

    def look(attempt: Attempt, found: Container) -> Seen:
        before = _find(attempt.origin, name)
        if before is not None and before.id != found.id:
            return Seen(False, f"`{name}` is another container than at the start.")
        return Seen(found.running, f"`{name}` {'runs' if found.running else 'does not run'}.")

    return about_container(name, f"The container `{name}` runs, the same one as at the start.", look)


def container_gone(name: str) -> Statement:
    """No container has that name."""

    def look(attempt: Attempt) -> Seen:
        found = _find(attempt.lab, name)
        if found is None:
            return Seen(True, f"The container `{name}` is removed.")
        return Seen(False, f"The container `{name}` is still there: {found.status}.")

    return Statement(f"The container `{name}` is removed.", look)


def container_reads(name: str, path: str, text: str) -> Statement:
    """The container finds a text in a file."""

    def look(attempt: Attempt, found: Container) -> Seen:
        return reads(name, tree_of(found), path, text)

    return about_container(name, f"In `{name}` the file `{path}` says `{text}`.", look)


def container_file_size(name: str, path: str, size: int) -> Statement:
    """The container finds a file of that size."""

    def look(attempt: Attempt, found: Container) -> Seen:
        node = tree.get(tree_of(found), path)
        if not isinstance(node, File):
            return Seen(False, f"In `{name}` there is no file `{path}`.")
        has = node.content.size
        return Seen(has == size, f"In `{name}` the file `{path}` has {human_size(has, 4)}.")

    return about_container(name, f"In `{name}` the file `{path}` has {human_size(size)}.", look)


def upper_at_most(name: str, size: int) -> Statement:
    """The container's read-write layer is small."""

    def look(attempt: Attempt, found: Container) -> Seen:
        has = containers.size_rw(found)
        return Seen(has <= size, f"The read-write layer of `{name}` has {human_size(has, 4)}.")

    return about_container(name, f"The read-write layer of `{name}` has at most {human_size(size, 4)}.", look)


def text_kept(path: str, text: str, besides: str) -> Statement:
    """Some image or container, other than the one named, shows a file with the text."""

    def look(attempt: Attempt) -> Seen:
        engine = attempt.lab.engine
        for image in engine.state.images.values():
            if text in (text_of(engine.root(image), path) or ""):
                return Seen(True, f"An image, {image.id[7:19]}, has `{path}` with its text.")
        for each in engine.state.containers.values():
            if each.name != besides and text in (text_of(tree_of(each), path) or ""):
                return Seen(True, f"The container `{each.name}` has `{path}` with its text.")
        return Seen(False, f"No image, and no container but `{besides}`, has `{path}` with its text.")

    return Statement(f"An image, or a container other than `{besides}`, has `{path}` with its text.", look)
