"""Patterns of a `.dockerignore`, beside what moby's own tests of them say (pkg/fileutils)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.base.errors import LabkitError
from labkit.dockerfile.ignore import compiled, filtered, ignored, kept_for_the_build, read_patterns
from labkit.oci import tree
from labkit.oci.tree import Dir, File

NAMES = st.sampled_from(["a", "b", "c.md", "d.md"])


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("**", "file", True),
        ("**/", "dir/file", True),
        ("**/**", "dir/file", True),
        ("dir/**", "dir/file", True),
        ("dir/**", "dir/dir2/file", True),
        ("dir/**", "dir", False),
        ("**/dir", "dir/dir", True),
        ("**/dir2/*", "dir/dir2/dir2/file", True),
        ("**/file", "dir/dir/file", True),
        ("**file", "file", True),
        ("**/file*", "dir/dir/file.txt", True),
        ("a**/*.txt", "abc/def/file.txt", True),
        ("a[b-d]e", "ace", True),
        ("a[b-d]e", "aze", False),
        ("[a-z]*.md", "x.md", True),
        ("a\\*b", "a*b", True),
        ("a\\*b", "axb", False),
        (".*", ".foo", True),
        (".*", "foo", False),
        ("abc.def", "abcZdef", False),
        ("*.md", "docs/a.md", False),
        ("docs", "docs/deep/a.md", True),
        ("a?c", "a/c", False),
        ("*c", "abc", True),
    ],
)
def test_a_pattern_matches(pattern: str, path: str, expected: bool) -> None:
    assert ignored(path, compiled([pattern])) is expected


def test_the_last_pattern_that_matches_decides() -> None:
    patterns = compiled(["*.md", "!README*.md", "README-secret.md"])
    names = ["notes.md", "README.md", "README-secret.md", "main.py"]
    assert [ignored(name, patterns) for name in names] == [True, False, True, False]


@pytest.mark.parametrize("pattern", ["[", "[a-", "a[]b", "[-]", "\\"])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(LabkitError, match="syntax error in pattern"):
        compiled([pattern])


def test_an_exclamation_mark_alone_is_refused() -> None:
    with pytest.raises(LabkitError, match='illegal exclusion pattern: "!"'):
        compiled(["!"])


def test_a_comment_is_one_at_the_beginning_of_a_line_alone() -> None:
    assert read_patterns("\ufeff# one\n #two\n\n  three/  \n/four\n! five\n") == [
        "#two",
        "three",
        "four",
        "!five",
    ]


def test_the_dockerfile_is_sent_though_it_is_ignored() -> None:
    assert kept_for_the_build(["Docker*", ".git"], "Dockerfile") == ["Docker*", ".git", "!Dockerfile"]


@given(
    st.dictionaries(st.tuples(NAMES, NAMES).map("/".join), st.just(File()), max_size=6),
    st.lists(st.sampled_from(["a", "*.md", "!a/b", "**/c.md", "!**/d.md", "*", "b/*"]), max_size=4),
)
def test_a_filtered_directory_has_what_is_not_ignored(files: dict[str, File], lines: list[str]) -> None:
    root = Dir()
    for path, node in files.items():
        name = path.split("/")[0]
        if tree.get(root, name) is None:
            root = tree.put(root, name, Dir())
        root = tree.put(root, path, node)
    patterns = compiled(lines)
    left, bare = filtered(root, patterns)
    kept = {path for path, node in tree.walk(left) if isinstance(node, File)}
    wanted = {path for path in files if not ignored(path, patterns)}
    assert kept <= wanted
    assert all(ignored(path, patterns) for path in bare)
    if not any(pattern.kept for pattern in patterns):
        assert kept == {path for path in wanted if not ignored(path.split("/")[0], patterns)}
