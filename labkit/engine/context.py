"""A build's context: the files that COPY may take, and the digests that history shows of them.

The classic builder names what COPY took by a digest over a file's tar header without its time, and its
content (moby, builder/remotecontext and pkg/tarsum, version 1).
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from labkit.errors import DaemonError
from labkit.oci.content import Content

Files = Mapping[str, str | bytes | int]
"""A path's text or bytes, or a number for that many bytes of filler."""


def find(files: Files, source: str, name: str) -> dict[str, Content]:
    """Return the files that a source of COPY names, by the path below it; "" is the source itself.

    Raises DaemonError where there is none.

    >>> sorted(find({"src/a": "1", "src/b/c": "2"}, "src", "COPY"))
    ['a', 'b/c']
    """
    wanted = posixpath.normpath(source.lstrip("/") or ".")
    if wanted.startswith(".."):
        raise DaemonError(f"{name} failed: forbidden path outside the build context: {source} ()")
    found = {}
    for path, value in files.items():
        known = posixpath.normpath(path.lstrip("/"))
        if known == wanted:
            found[""] = _content(value, path)
        elif wanted == "." or known.startswith(wanted + "/"):
            found[known if wanted == "." else known[len(wanted) + 1 :]] = _content(value, path)
    if not found:
        raise DaemonError(
            f"{name} failed: file not found in build context or excluded by .dockerignore: stat {source}: "
            "file does not exist"
        )
    return found


def matching(files: Files, source: str, name: str) -> list[str]:
    """Return the sources that a pattern stands for, sorted; a name without `*`, `?` or `[` is itself.

    >>> matching({"a.py": "", "b.py": "", "c": ""}, "*.py", "COPY")
    ['a.py', 'b.py']
    """
    if not set("*?[") & set(source):
        return [source]
    wanted = posixpath.normpath(source)
    depth = wanted.count("/") + 1
    names = {"/".join(posixpath.normpath(path).split("/")[:depth]) for path in files}
    found = sorted(each for each in names if each.count("/") == depth - 1 and fnmatchcase(each, wanted))
    if not found:
        raise DaemonError(f"{name} failed: no source files were specified")
    return found


def digest_of(files: Files, sources: Sequence[str], name: str) -> str:
    """Return how history names what was copied: `file:…`, `dir:…`, or `multi:…` for several sources.

    >>> digest_of({"one": "one\\n"}, ["one"], "COPY")[:17]
    'file:24218d3fc44b'
    """
    digests = [_digest(find(files, source, name), posixpath.normpath(source)) for source in sources]
    return digests[0] if len(digests) == 1 else _joined("multi", digests)


def _digest(found: Mapping[str, Content], source: str) -> str:
    if "" in found:
        return "file:" + _entry(source, found[""])
    above = "" if source == "." else source + "/"
    parents = {path.rsplit("/", depth)[0] for path in found for depth in range(1, path.count("/") + 1)}
    entries = [_entry(above + path, content) for path, content in found.items()]
    entries += [_entry(f"{each}/", None) for each in {*(above + each for each in parents), source} - {"."}]
    return _joined("dir", sorted(entries))


def _entry(name: str, content: Content | None) -> str:
    """Return the digest of a file, or without content of a directory, as an entry of root's."""
    mode, kind = (0o40755, "5") if content is None else (0o100644, "0")
    size = content.size if content else 0
    header = f"name{name}mode{mode}uid0gid0size{size}typeflag{kind}linknameunamegnamedevmajor0devminor0"
    hasher = hashlib.sha256(header.encode("utf-8", "surrogateescape"))
    for chunk in content.chunks() if content else ():
        hasher.update(chunk)
    return hasher.hexdigest()


def _joined(kind: str, digests: Sequence[str]) -> str:
    return f"{kind}:{hashlib.sha256(','.join(digests).encode()).hexdigest()}"


def _content(value: str | bytes | int, path: str) -> Content:
    if isinstance(value, int):
        return Content.filler(value, path)
    return Content.of(value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value)
