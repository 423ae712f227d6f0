"""What a `.dockerignore` keeps out of a build's context (moby, builder/dockerignore and pkg/fileutils)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from labkit.base.errors import LabkitError
from labkit.go.path import clean
from labkit.go.regexp import BadPattern, Regexp
from labkit.go.regexp import compiled as go_compiled
from labkit.oci.tree import Dir, Meta, Nested, Node, unnested


class Pattern(NamedTuple):
    """A line: a path with `*`, `?`, `[…]` and `**`, and whether it brings back what others left out."""

    text: str
    kept: bool
    expression: Regexp


def read_patterns(text: str) -> list[str]:
    r"""Return the lines of a `.dockerignore` that are patterns, cleaned.

    >>> read_patterns("# logs\n\n*.log\n! /keep/../this.log \n")
    ['*.log', '!this.log']
    """
    found = []
    for line in text.removeprefix("\ufeff").splitlines():
        pattern = line.strip()
        if line.startswith("#") or not pattern:
            continue
        invert, pattern = pattern.startswith("!"), pattern.removeprefix("!").strip()
        if pattern:
            pattern = clean(pattern)
            pattern = pattern[1:] if len(pattern) > 1 and pattern.startswith("/") else pattern
        found.append("!" * invert + pattern)
    return found


def compiled(patterns: Sequence[str]) -> list[Pattern]:
    """Return patterns ready to be matched; raises LabkitError for one that is none.

    >>> [each.text for each in compiled(["**/*.md", "!README.md"])]
    ['**/*.md', 'README.md']
    """
    found = []
    for line in patterns:
        pattern = line.strip()
        if not pattern:
            continue
        pattern = clean(pattern)
        kept = pattern.startswith("!")
        if kept and len(pattern) == 1:
            raise LabkitError('illegal exclusion pattern: "!"')
        text = pattern[1:] if kept else pattern
        check_pattern(text)
        try:
            found.append(Pattern(text, kept, go_compiled(f"(?s){_expression(text)}")))
        except BadPattern:
            raise LabkitError("syntax error in pattern") from None
    return found


def check_pattern(text: str) -> None:
    """Raise LabkitError where Go's filepath.Match would not take a pattern.

    >>> check_pattern("[a-z")
    Traceback (most recent call last):
    labkit.base.errors.LabkitError: syntax error in pattern
    """
    item = r"(?:\\.|[^\\\]-])"
    if not re.fullmatch(rf"(?:(?s:\\.)|\[\^?(?:{item}(?:-{item})?)+\]|[^\\\[])*", text):
        raise LabkitError("syntax error in pattern")


def _expression(text: str) -> str:
    """Return the regular expression of a pattern; `**` stands for any number of directories."""

    def piece(match: re.Match[str]) -> str:
        if match[0].startswith("**"):
            return ".*" if match.end() == len(text) else "(.*/)?"
        return {"*": "[^/]*", "?": "[^/]", ".": r"\.", "$": r"\$"}.get(match[0], match[0])

    return re.sub(r"(?s)\*\*/?|\\.?|[*?.$]", piece, text)


def ignored(path: str, patterns: Sequence[Pattern]) -> bool:
    """Tell whether a path, or a directory above it, is left out; the last pattern that matches decides.

    >>> ignored("docs/a.md", compiled(["docs", "!docs/b.md"]))
    True
    """
    # Every line is looked at, in the file's order, and the last that matches decides: that is how `!` brings
    # back what a line above it left out. A line names a directory with all in it, so each is held against
    # the directories above the path, too (moby, pkg/fileutils, PatternMatcher.Matches).
    above = posixpath.dirname(path).split("/") if "/" in path else []
    out = False
    for pattern in patterns:
        depth = pattern.text.count("/") + 1
        if pattern.expression.fullmatch(path) or (
            depth <= len(above) and pattern.expression.fullmatch("/".join(above[:depth]))
        ):
            out = not pattern.kept
    return out


def filtered(root: Dir, patterns: Sequence[Pattern]) -> tuple[Dir, list[str]]:
    """Return a directory without what is ignored, and the paths of directories sent without a header.

    Those are ignored, and something in them is brought back.

    >>> left, bare = filtered(Dir({"a": Dir({"b": Dir()}), "c": Dir()}), compiled(["*", "!a/b"]))
    >>> list(left.children), bare
    (['a'], ['a'])
    """
    bare: list[str] = []
    return unnested(_filtered(root, "", patterns, bare)), bare


def _filtered(directory: Dir, path: str, patterns: Sequence[Pattern], bare: list[str]) -> Nested[Dir]:
    children: dict[str, Node] = {}
    for name, node in directory.children.items():
        below = f"{path}/{name}" if path else name
        if not ignored(below, patterns):
            children[name] = (yield _filtered(node, below, patterns, bare)) if isinstance(node, Dir) else node
        elif isinstance(node, Dir) and any(
            each.kept and f"{each.text}/".startswith(f"{below}/") for each in patterns
        ):
            inner = yield _filtered(node, below, patterns, bare)
            if inner.children:
                bare.append(below)
                children[name] = replace(inner, meta=Meta(0o755, mtime=node.meta.mtime))
    return replace(directory, children=children)


def kept_for_the_build(patterns: Sequence[str], dockerfile: str) -> list[str]:
    """Return patterns that leave the Dockerfile and `.dockerignore` to be sent: the daemon needs them.

    The daemon removes them again, see `Context`.

    >>> kept_for_the_build(["*"], "Dockerfile")
    ['*', '!.dockerignore', '!Dockerfile']
    """
    found = list(patterns)
    for name in (".dockerignore", dockerfile):
        if name and ignored(name, compiled(found)):
            found.append(f"!{name}")
    return found
