"""Stacks of layers, and system calls on what they show, drawn from a seed.

A call is data, `(name, *arguments)`, so that it can be made on a Mount, sent to the kernel, and printed.
Three names and three levels are few enough that calls meet each other, the layers and their whiteouts;
most calls take a path that is there, as a draw without looking would nearly always miss.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import strategies as st

from labkit.base.errors import FileSystemError
from labkit.oci.changeset import apply, apply_all
from labkit.oci.content import Content
from labkit.oci.tree import (
    CAPABILITY,
    Device,
    Dir,
    Fifo,
    File,
    Meta,
    Node,
    Symlink,
    Whiteout,
    new_inode,
    put,
    walk,
)
from labkit.storage.overlay import Mount

Call = tuple[Any, ...]

NAMES = ("a", "b", "c", "d")
MODES = (0o644, 0o755, 0o600, 0o4755, 0o2755, 0o2644, 0o1755)
PING = struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0)
"""A valid security.capability: cap_net_raw, as ping has it."""
XATTRS = ("user.a", "user.b", "trusted.a", "trusted.overlay.opaque", "security.a", CAPABILITY)
BAD_XATTRS = ("user.", "plain", "odd.name", "", "user." + "n" * 251)
TARGETS = ("a", "b", "../a", "/b", "/a/b", "c/", ".", "/", "b/c", "..", "missing/x", "/d/../c")
DATA = (b"", b"x", b"hello", b"0123456789" * 30)
TAILS = ("/", "/", "/.", "/..", "//", "/../a", "/./b", "/" + "n" * 256)
READING = ("listdir", "readlink", "read", "stat")


def _meta(rng: Random, node: type[Node]) -> Meta:
    xattrs: dict[str, bytes] = {}
    if node in (File, Dir) and rng.random() < 0.2:
        xattrs["user.a"] = b"1"
    if node is File and rng.random() < 0.1:
        xattrs[CAPABILITY] = PING
    mode = 0o777 if node is Symlink else rng.choice(MODES)
    mtime = rng.randrange(1, 999) * 10**9
    return Meta(mode, rng.choice((0, 0, 7)), rng.choice((0, 0, 8)), mtime, tuple(sorted(xattrs.items())))


def _node(rng: Random, depth: int, whiteout: bool) -> Node:
    kinds = ["file"] * 4 + ["symlink", "symlink", "device", "fifo"] + ["dir"] * (7 - 2 * depth)
    kind = rng.choice(kinds + ["whiteout"] * 4 * whiteout)
    if kind == "whiteout":
        return Whiteout()
    if kind == "file":
        return File(Content.of(rng.choice(DATA)), _meta(rng, File))
    if kind == "symlink":
        return Symlink(rng.choice(TARGETS), _meta(rng, Symlink))
    if kind == "device":
        return Device(rng.choice("bc"), 60, 7, _meta(rng, Device))
    if kind == "fifo":
        return Fifo(_meta(rng, Fifo))
    return Dir({}, _meta(rng, Dir), rng.random() < 0.2)


def _fill(rng: Random, layer: Dir, lower: Dir, depth: int) -> Dir:
    """Return the directory with names in it; whiteouts only of what lower has, as a driver writes them."""
    children: dict[str, Node] = {}
    for name in rng.sample(NAMES, rng.choice((0, 1, 2, 2, 3, 4))):
        below = lower.children.get(name)
        node = _node(rng, depth, below is not None)
        if type(node) is Dir and depth < 3:
            merged = type(below) is Dir and not node.opaque
            node = _fill(rng, node, below if merged and type(below) is Dir else Dir(), depth + 1)
        children[name] = node
    return replace(layer, children=children)


def random_stack(rng: Random) -> list[Dir]:
    """Return one to three layers' changes, with whiteouts, opaque directories and hard links."""
    stack: list[Dir] = []
    lower = Dir()
    for _ in range(rng.choice((1, 2, 2, 3))):
        layer = _fill(rng, Dir(meta=_meta(rng, Dir)), lower, 1)
        files = [(path, node) for path, node in walk(layer) if not isinstance(node, Dir | Whiteout)]
        if len(files) > 1 and rng.random() < 0.6:
            linked = replace(rng.choice(files)[1], inode=new_inode())
            for path, _ in rng.sample(files, rng.choice((2, min(3, len(files))))):
                layer = put(layer, path, linked)
        stack.append(layer)
        lower = apply(lower, layer)
    return stack


def random_path(rng: Random, root: Dir, want: str) -> str:
    """Return a path: mostly what is wanted, "old", "new" or "dir", sometimes any, seldom an odd one."""
    there = [path for path, _ in walk(root)]
    dirs = [path for path, node in walk(root) if type(node) is Dir]
    chance = rng.random()
    if chance < 0.1 or not there:
        path = "/" + "/".join(rng.choice(NAMES) for _ in range(rng.randrange(1, 4)))
    elif chance < 0.2:
        path = f"/{rng.choice(there)}/{rng.choice(NAMES)}"
    elif want == "new" and chance < 0.8:
        path = f"/{rng.choice([*dirs, ''])}/{rng.choice(NAMES)}".replace("//", "/")
    elif want == "dir" and dirs and chance < 0.8:
        path = "/" + rng.choice(dirs)
    else:
        path = "/" + rng.choice(there)
    if rng.random() < 0.06:
        path += rng.choice(TAILS)
    return rng.choice(("/", "", "/..", "a")) if rng.random() < 0.02 else path


def random_call(rng: Random, root: Dir) -> Call:
    """Return a call that mostly makes sense on a tree."""

    def path(want: str = "old") -> str:
        return random_path(rng, root, want)

    name = rng.choice(_CALLS)
    mode, follow, data = rng.choice(MODES), rng.random() < 0.5, rng.choice(DATA)
    xattr = rng.choice(BAD_XATTRS if rng.random() < 0.1 else XATTRS)
    value = PING if xattr == CAPABILITY else rng.choice((b"", b"1", b"2", b"v" * 65537))
    owner = rng.choice((0, 5, -1)), rng.choice((0, 5, -1))
    arguments: dict[str, Callable[[], Call]] = {
        "write": lambda: (path(), data, mode),
        "append": lambda: (path(), data, mode),
        "pwrite": lambda: (path(), rng.choice((0, 3, 40)), data),
        # Not to 0: tmpfs, where the kernel's side runs, leaves an empty file's time as it is; ext4 does not.
        "truncate": lambda: (path(), rng.choice((1, 2, 500, -1))),
        "mkdir": lambda: (path("new"), mode),
        "rmdir": lambda: (path("dir"),),
        "listdir": lambda: (path("dir"),),
        "rename": lambda: (path(rng.choice(("old", "dir"))), path(rng.choice(("new", "dir")))),
        "link": lambda: (path(), path("new")),
        "symlink": lambda: (rng.choice((*TARGETS, *TARGETS, "", "t" * 4096)), path("new")),
        "chmod": lambda: (path(), mode, follow),
        "chown": lambda: (path(), *owner, follow),
        "utime": lambda: (path(), rng.randrange(1, 99) * 10**9 + 5, follow),
        "setxattr": lambda: (path(), xattr, value, follow),
        "stat": lambda: (path(), follow),
        "remount": lambda: (),
    }
    return (name, *arguments.get(name, lambda: (path(),))())


_CALLS = (
    *("rename",) * 6,
    *("mkdir", "rmdir", "unlink") * 4,
    *(
        "write",
        "append",
        "pwrite",
        "truncate",
        "link",
        "link",
        "symlink",
    ),
    *("chmod", "chown", "utime", "setxattr", "setxattr", "remount"),
    *READING,
)


def outcome(make: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a call gives, or the number of the error that it raises."""
    try:
        return make(*arguments)
    except FileSystemError as error:
        return ("errno", error.errno)


def perform(mount: Mount, call: Call) -> tuple[Mount, Any]:
    """Make a call and return what it gives; "remount" gives another mount of the same trees."""
    name, *arguments = call
    if name == "remount":
        return Mount(mount.lower, mount.upper, mount.clock, layers=mount.layers), None
    return mount, outcome(getattr(mount, name), *arguments)


def random_calls(rng: Random, stack: Sequence[Dir], length: int) -> list[Call]:
    """Return calls that mostly take paths which are there when their turn comes."""
    mount = Mount(apply_all(stack))
    calls: list[Call] = []
    for _ in range(length):
        calls.append(random_call(rng, mount.root))
        mount, _ = perform(mount, calls[-1])
    return calls


def _case(seed: int) -> tuple[list[Dir], list[Call]]:
    rng = Random(seed)
    stack = random_stack(rng)
    return stack, random_calls(rng, stack, 12)


cases = st.integers(0, 2**32).map(_case)
"""A stack of layers and calls on it."""
stacks = st.integers(0, 2**32).map(lambda seed: random_stack(Random(seed)))
