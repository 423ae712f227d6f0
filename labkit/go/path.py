"""Paths as Go's path/filepath and moby's pkg/archive take them apart.

Docker reads a trailing slash or `/.` as "this directory", so these keep what Python's posixpath drops.
"""

from __future__ import annotations

import posixpath
from functools import lru_cache

from labkit.go.regexp import Regexp, glob


def clean(path: str) -> str:
    """Return the shortest path that says the same (filepath.Clean).

    >>> clean("/etc/../srv//"), clean("")
    ('/srv', '.')
    """
    cleaned = posixpath.normpath(path)
    return cleaned[1:] if cleaned.startswith("//") else cleaned


def base(path: str) -> str:
    """Return the last name (filepath.Base).

    >>> base("/srv/"), base("/"), base("")
    ('srv', '/', '.')
    """
    return path.rstrip("/").rpartition("/")[2] or ("/" if path else ".")


def join(*parts: str) -> str:
    """Return parts as one clean path; a later absolute one is not special (filepath.Join).

    >>> join("/srv", "/site", "..", "x")
    '/srv/x'
    """
    text = "/".join(part for part in parts if part)
    return clean(text) if text else ""


@lru_cache(maxsize=64)
def pattern(text: str) -> Regexp:
    """Return a pattern in which `*`, `?` and `[^…]` stand for what has no slash (path.Match).

    >>> pattern("site/*.html").fullmatch("site/a.html"), pattern("*").fullmatch("a/b")
    (True, False)
    """
    return Regexp(glob(text, negators="^", char="[^/]"))


def is_directory(path: str) -> bool:
    """Tell whether a path says by its end that it is a directory.

    >>> is_directory("site/"), is_directory("site/."), is_directory("site")
    (True, True, False)
    """
    return path.endswith("/") or base(path) == "."


def keep_end(cleaned: str, original: str) -> str:
    """Return a cleaned path with the slash or `/.` that the original ended in.

    >>> keep_end("/srv/site", "site/."), keep_end("/srv/site", "site/")
    ('/srv/site/.', '/srv/site/')
    """
    if base(cleaned) != "." and base(original) == ".":
        cleaned += "." if cleaned.endswith("/") else "/."
    if not cleaned.endswith("/") and original.endswith("/"):
        cleaned += "/"
    return cleaned


def split_entry(path: str) -> tuple[str, str]:
    """Return the directory and the name in it that a copy is about.

    >>> split_entry("/srv/site/"), split_entry("/srv/site/.")
    (('/srv', 'site'), ('/srv/site', '.'))
    """
    cleaned = clean(path)
    if base(path) == ".":
        return cleaned, "."
    return posixpath.dirname(cleaned) or ".", base(cleaned)
