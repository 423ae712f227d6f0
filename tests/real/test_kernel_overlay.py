"""A Mount does what the kernel's overlay file system does: the same calls, the same answers and trees.

`LABKIT_LONG=10000` runs that many sequences in place of a few hundred.
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labkit.oci import changeset
from labkit.oci.tree import (
    Device,
    Dir,
    File,
    Meta,
    Node,
    Symlink,
    Whiteout,
    link_groups,
    stat_size,
    walk,
)
from labkit.storage.overlay import Mount
from labkit.storage.posix import Stat, meta_of, mode_of
from tests.conftest import need
from tests.real import host
from tests.real.kernel import NOW, Kernel
from tests.storage.strategies import READING, Call, perform, random_calls, random_stack

SEQUENCES = int(os.environ.get("LABKIT_LONG", "800"))

pytestmark = pytest.mark.real


def _why_not() -> str:
    release = tuple(int(part) for part in os.uname().release.split(".")[:2])
    if release < (6, 7):
        return "the kernel is older than 6.7, where a user's trusted.overlay. attributes are refused"
    memory = Path("/dev/shm")
    return host.why_no_overlay(memory if memory.is_dir() else Path(tempfile.gettempdir()))


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    need(_why_not())
    with tempfile.TemporaryDirectory() as directory, Kernel(Path(directory)) as running:
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
    size = 0 if type(node) is Dir else stat_size(node)
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
            group = "" if type(node) is Dir else groups.get(path, path)
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
        group = groups.setdefault(status.inode, path) if type(node) is not Dir else ""
        found[path] = _describe(node, False, status.nlink, group)
    return found


def _without_nlink(found: dict[str, Any], paths: set[str]) -> dict[str, Any]:
    return {
        path: (*value[:8], *value[9:]) if path in paths and value != "whiteout" else value
        for path, value in found.items()
    }


def differences(kernel: Kernel, stack: Sequence[Dir], sequence: Sequence[Call]) -> str:
    """Make the calls on both; return the first difference of answers, of the tree seen or of upper."""
    lower, layers = changeset.apply_all(stack), list(reversed(stack))
    mount = Mount(lower, Dir(meta=Meta(mode=0o777)), lambda: NOW + 1, layers=layers)
    answers: list[Any] = []
    for call in sequence:
        mount, answer = perform(mount, call)
        answers.append(_shown(answer) if call[0] in READING or isinstance(answer, tuple) else None)
    real_answers, real_merged, real_upper = kernel.run(stack, sequence)
    for call, answer, real in zip(sequence, answers, real_answers, strict=True):
        if answer != real:
            return f"{call}: {answer} here, {real} in the kernel"
    merged, upper = _merged(mount), _upper(mount.upper)
    no_count = {path for path, value in upper.items() if value != "whiteout" and stat.S_ISDIR(value[0])}
    renames = [answer for call, answer in zip(sequence, answers, strict=True) if call[0] == "rename"]
    if ("errno", errno.ENOTEMPTY) in renames:
        # A rename that fails so may leave its source opaque in the kernel; where it does, it hides nothing.
        for found in (upper, real_upper):
            found.update({p: (*v[:7], None, *v[8:]) for p, v in found.items() if v != "whiteout"})
    return _first("upper", upper, real_upper, no_count) or _first("merged", merged, real_merged, set())


def _first(side: str, ours: dict[str, Any], real: dict[str, Any], no_count: set[str]) -> str:
    ours, real = _without_nlink(ours, no_count), _without_nlink(real, no_count)
    for path in sorted(ours.keys() | real.keys()):
        if ours.get(path) != real.get(path):
            return f"{side} /{path}: {ours.get(path)} here, {real.get(path)} in the kernel"
    return ""


def _shortest(kernel: Kernel, stack: Sequence[Dir], sequence: Sequence[Call]) -> list[Call]:
    """Return the calls without those that the difference does not need."""
    calls = list(sequence)
    for number in range(len(calls) - 1, -1, -1):
        fewer = calls[:number] + calls[number + 1 :]
        if differences(kernel, stack, fewer):
            calls = fewer
    return calls


def _show(stack: Sequence[Dir]) -> str:
    return "\n".join(
        f"layer {n}: {path} {node}" for n, layer in enumerate(stack) for path, node in walk(layer)
    )


@pytest.mark.parametrize("batch", range(4))
def test_same_answers_and_trees(
    kernel: Kernel, batch: int, record_property: Callable[[str, object], None]
) -> None:
    operations = 0
    for seed in range(batch, SEQUENCES, 4):
        rng = Random(seed)
        stack = random_stack(rng)
        calls = random_calls(rng, stack, 16)
        operations += len(calls)
        if differences(kernel, stack, calls):
            calls = _shortest(kernel, stack, calls)
            said = differences(kernel, stack, calls)
            pytest.fail(f"seed {seed}: {said}\n{calls}\n{_show(stack)}", pytrace=False)
    record_property("kernel overlay compared", (len(range(batch, SEQUENCES, 4)), operations))


@settings(max_examples=200, suppress_health_check=list(HealthCheck))
@given(rng=st.randoms(use_true_random=False))
def test_same_answers_and_trees_where_hypothesis_leads(kernel: Kernel, rng: Random) -> None:
    stack = random_stack(rng)
    calls = random_calls(rng, stack, 10)
    assert not differences(kernel, stack, calls), f"{calls}\n{_show(stack)}"
