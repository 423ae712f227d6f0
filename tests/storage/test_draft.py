"""A draft and a tree of values that is changed in the same way are the same at each moment."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from labkit.base.errors import FileSystemError
from labkit.oci import tree
from labkit.oci.content import Content
from labkit.oci.tree import Dir, File, Node, new_inode
from labkit.storage.draft import Draft
from labkit.storage.driver import ext4, total, units
from labkit.storage.overlay import Mount

PATHS = [*"ab", *(f"{one}/{two}" for one in "ab" for two in "ab"), "a/a/a", "a/a/b", "a/b/a"]
MARK = new_inode()
NODES: list[Node | None] = [None, Dir(), Dir({"a": File(), "b": Dir({"a": File()})}), File(Content.of(b"x"))]
NODES += [File(Content.of(b"linked"), inode=MARK)]


def takes(node: Node) -> int:
    return sum(size for _, size in ext4(node))


@given(st.lists(st.tuples(st.sampled_from(PATHS), st.sampled_from(NODES), st.booleans()), max_size=30))
def test_a_draft_is_the_tree_that_values_would_give(changes: list[tuple[str, Node | None, bool]]) -> None:
    root = Dir({"a": Dir({"a": Dir()}), "b": File()})
    draft, values, first = Draft(root, takes), [(root, root)], total([units(root, ext4)])
    for path, node, asked in changes:
        if not isinstance(tree.get(root, path.rpartition("/")[0]), Dir) or (
            node is None and tree.get(root, path) is None
        ):
            continue
        root = tree.remove(root, path) if node is None else tree.put(root, path, node)
        draft.put(path, node)
        assert draft.get(path) == node
        if asked:
            values.append((draft.value, root))
    values.append((draft.value, root))
    assert all(tree.same(one, other) for one, other in values)
    used: dict[object, int] = dict(units(root, ext4))
    assert draft.taken == sum(used.values()) - first
    marked = tree.link_groups(root).get(MARK, [])
    assert draft.names_of(File(inode=MARK)) == sorted(marked)


LOWER = Dir({"a": Dir({"a": Dir({"a": File()})}), "b": Dir({"a": Dir()})})
CALLS = ["stat", "mkdir", "rmdir", "write", "unlink", "rename", "chmod", "value"]


@given(
    st.lists(st.tuples(st.sampled_from(CALLS), st.sampled_from(PATHS), st.sampled_from(PATHS)), max_size=40)
)
def test_a_walk_from_where_a_walk_has_been_finds_what_one_from_the_root_finds(
    calls: list[tuple[str, str, str]],
) -> None:
    mount = Mount(LOWER)
    for call, path, other in calls:
        try:
            match call:
                case "value":
                    _ = mount.upper
                case "write":
                    mount.write(f"/{path}", b"x")
                case "chmod":
                    mount.chmod(f"/{path}", 0o700)
                case "rename":
                    mount.rename(f"/{path}", f"/{other}")
                case _:
                    getattr(mount, call)(f"/{path}")
        except FileSystemError:
            pass
        for each in PATHS:  # asking for `upper` here would hide what is changed in place
            fresh = Mount(LOWER, mount._draft.root)
            assert mount.exists(f"/{each}") == fresh.exists(f"/{each}"), (call, each)
            if mount.exists(f"/{each}"):
                assert mount.stat(f"/{each}") == fresh.stat(f"/{each}")


def test_an_empty_directory_that_is_gone_is_not_walked_through() -> None:
    mount = Mount(LOWER)
    assert mount.exists("/b/a")
    mount.rmdir("/b/a")
    assert not mount.exists("/b/a/x")
