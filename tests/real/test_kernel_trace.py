"""The steps that are told of a change are those that the kernel's overlay leaves in its upper directory."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from labkit.oci.changeset import apply_all
from labkit.oci.tree import Dir, Whiteout, walk
from labkit.storage.trace import Moment, Watched
from tests.conftest import need
from tests.real.kernel import Kernel
from tests.real.test_kernel_overlay import _why_not
from tests.storage.strategies import Call, outcome, random_path, random_stack

CASES = 600

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    need(_why_not())
    directory: Path = tmp_path_factory.mktemp("kernel")
    with Kernel(directory) as running:
        yield running


def one_call(rng: Random, root: Dir) -> tuple[Call, int]:
    """Return a call as the stepper's operations make it, and the bytes that it writes."""
    path = random_path(rng, root, "old")
    calls: list[tuple[Call, int]] = [
        (("read", path), 0),
        (("append", path, b"hello\n", 0o644), 6),
        (("write", path, b"", 0o644), 0),
        (("chmod", path, 0o600, True), 0),
        (("unlink", path), 0),
        (("rename", path, random_path(rng, root, "new")), 0),
        (("link", path, random_path(rng, root, "new")), 0),
    ]
    return rng.choice(calls)


def left(moments: list[Moment]) -> dict[str, str]:
    """Return what the steps leave in upper: a word for each path."""
    found: dict[str, str] = {}
    for moment in moments:
        path = "/".join(moment.names)
        if moment.node is None:
            found.pop(path, None)
        else:
            word = "opaque" if moment.opaque else "dir" if type(moment.node) is Dir else "other"
            found[path] = "whiteout" if type(moment.node) is Whiteout else word
            if type(moment.node) is Dir and moment.kind == "make":
                found |= {below: _word(node) for below, node in walk(moment.node, path)}
    return found


def _word(node: Any) -> str:
    if type(node) is Whiteout:
        return "whiteout"
    return ("opaque" if node.opaque else "dir") if type(node) is Dir else "other"


def _real(value: Any) -> str:
    if value == "whiteout":
        return "whiteout"
    return ("opaque" if value[7] else "dir") if stat.S_ISDIR(value[0]) else "other"


def test_the_steps_and_their_bytes_are_the_kernel_s(kernel: Kernel) -> None:
    copies = 0
    for seed in range(CASES):
        rng = Random(seed)
        stack = random_stack(rng)
        mount = Watched(apply_all(stack))
        call, written = one_call(rng, mount.root)
        answer = outcome(getattr(mount, call[0]), *call[1:])
        results, _, upper = kernel.run(stack, [call])
        failed = isinstance(answer, tuple)
        assert (results[0] == answer) if failed else not isinstance(results[0], tuple), (seed, call)
        moments = mount.moments
        real = {path: _real(value) for path, value in upper.items() if path}
        assert left([each for each in moments if each.names]) == real, (seed, call)
        files = {v[9]: v[3] for p, v in upper.items() if v != "whiteout" and stat.S_ISREG(v[0])}
        copied = sum(moment.copied for moment in moments)
        assert sum(files.values()) == copied + (0 if failed else written), (seed, call)
        copies += any(moment.copied for moment in moments)
    assert copies > 30
