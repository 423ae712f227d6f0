"""A Mount does what the kernel's overlay file system does: the same calls, the same answers and trees.

`LABKIT_LONG=10000` runs that many sequences in place of a few hundred.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from labkit.engine.storage.overlay2 import Mount
from labkit.engine.storage.posix import Stat, meta_of, mode_of, size_of
from labkit.oci import changeset
from labkit.oci.tree import Device, Dir, File, Meta, Node, Symlink, Whiteout, get, link_groups, walk
from tests.conftest import need
from tests.engine.strategies import Call, outcome, sequences, stacks
from tests.real import host
from tests.real.kernel import NOW, Kernel

EXAMPLES = int(os.environ.get("LABKIT_LONG", "300"))

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    with tempfile.TemporaryDirectory() as directory:
        need(host.why_no_overlay(Path("/dev/shm")))
        with Kernel(Path(directory)) as running:
            yield running


def _time(nanoseconds: int) -> int | str:
    return "now" if nanoseconds > NOW else nanoseconds


def _shown(value: Any) -> Any:
    """Show a call's result as the kernel's side does."""
    if isinstance(value, Stat):
        size = 0 if type(value.node) is Dir else value.size
        return value.mode, value.uid, value.gid, size, _time(value.mtime)
    return value


def _describe(node: Node, opaque: bool, nlink: int, group: str) -> tuple[Any, ...]:
    meta = meta_of(node)
    holds: Any = None
    if type(node) is Symlink:
        holds = node.target
    elif type(node) is File:
        holds = node.content.read()
    elif type(node) is Device:
        holds = (node.major, node.minor)
    size = 0 if type(node) is Dir else size_of(node)
    attributes = (mode_of(node), meta.uid, meta.gid, size, _time(meta.mtime))
    return (*attributes, holds, list(meta.xattrs), opaque, nlink, group)


def _upper(upper: Dir) -> dict[str, Any]:
    found: dict[str, Any] = {"": _describe(upper, upper.opaque, 0, "")}
    groups = {path: paths[0] for paths in _link_groups(upper).values() for path in paths}
    for path, node in walk(upper):
        if type(node) is Whiteout:
            found[path] = "whiteout"
        else:
            nlink = sum(one == groups.get(path) for one in groups.values()) or 1
            group = groups.get(path, path) if type(node) is File else ""
            found[path] = _describe(node, type(node) is Dir and node.opaque, nlink, group)
    return found


def _link_groups(root: Dir) -> dict[int, list[str]]:
    return {
        mark: sorted(paths, key=lambda path: (path.count("/"), path))
        for mark, paths in link_groups(root).items()
    }


def _merged(mount: Mount) -> dict[str, Any]:
    root = mount.root
    groups: dict[int, str] = {}
    found = {"": _describe(root, False, mount.stat("/").nlink, "")}
    for path, node in sorted(walk(root), key=lambda pair: (pair[0].count("/"), pair[0])):
        status = mount.stat("/" + path, follow=False)
        group = groups.setdefault(status.inode, path) if type(node) is File else ""
        found[path] = _describe(node, False, status.nlink, group)
    return found


def _unknown_nlink(stack: Sequence[Dir], mount: Mount, path: str) -> bool:
    """Tell whether one merged lower tree cannot know a count of links.

    So it is for a lower directory that several layers have, and for a lower file of which another
    layer hides a name; and trees mark hard links between regular files only.
    """
    node = get(mount.root, path)
    if type(node) is Dir:
        return (
            get(mount.upper, path) is None
            and len([1 for each in stack if isinstance(get(each, path), Dir)]) > 1
        )
    if type(node) is File and node.inode:
        counts = [
            sum(isinstance(n, File) and n.inode == node.inode for _, n in walk(tree))
            for tree in (*stack, mount.lower)
        ]
        return any(count not in (0, counts[-1]) for count in counts[:-1])
    return type(node) is not File


def _without_nlink(found: dict[str, Any], paths: set[str]) -> dict[str, Any]:
    return {
        path: (*value[:8], *value[9:]) if path in paths and value != "whiteout" else value
        for path, value in found.items()
    }


def compare(kernel: Kernel, stack: Sequence[Dir], sequence: Sequence[Call]) -> None:
    """Make the calls on both and compare every answer, the tree that is seen, and upper."""
    lower = changeset.apply_all(stack)
    mount = Mount(lower, Dir(meta=Meta(mode=0o777)), lambda: NOW + 1)
    answers: list[Any] = []
    for name, *arguments in sequence:
        if name == "remount":
            mount = Mount(lower, mount.upper, lambda: NOW + 1)
            answers.append(None)
            continue
        answer = _shown(outcome(getattr(mount, name), *arguments))
        answers.append(answer if name in READING or isinstance(answer, tuple) else None)
    real_answers, real_merged, real_upper = kernel.run(stack, sequence)
    for call, answer, real in zip(sequence, answers, real_answers, strict=True):
        assert (call, answer) == (call, real)
    merged, upper = _merged(mount), _upper(mount.upper)
    dirs = {path for path, node in [("", mount.upper), *walk(mount.upper)] if type(node) is not File}
    unknown = {path for path in merged if _unknown_nlink(stack, mount, path)}
    assert _without_nlink(upper, dirs) == _without_nlink(real_upper, dirs)
    assert _without_nlink(merged, unknown) == _without_nlink(real_merged, unknown)


READING = ("listxattr", "getxattr", "listdir", "readlink", "read", "stat")


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(stack=stacks, sequence=sequences)
def test_same_answers_and_trees(kernel: Kernel, stack: list[Dir], sequence: list[Call]) -> None:
    compare(kernel, stack, sequence)
