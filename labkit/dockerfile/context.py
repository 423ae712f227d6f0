"""A build's context: the files that COPY and ADD may take, and the digests that tell whether they changed.

The classic builder names what was copied by a digest over a file's tar header without its time, and its
content (moby, builder/remotecontext and pkg/tarsum, version 1).
"""

from __future__ import annotations

import hashlib
import posixpath
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from labkit.base.errors import DaemonError, LabkitError
from labkit.base.text import decode, encode
from labkit.dockerfile import ignore
from labkit.go import path as go_path
from labkit.oci import tree
from labkit.oci.content import Content
from labkit.oci.gzip import decompressed
from labkit.oci.tar import BLOCK, entries
from labkit.oci.tar_reader import read_changes
from labkit.oci.tree import EMPTY_ROOT, Device, Dir, File, Meta, Node, Symlink
from labkit.storage.posix import meta_of, mode_of

Files = Mapping[str, str | bytes | int]
"""A path's text or bytes, or a number for that many bytes of filler."""

IGNORE = ".dockerignore"
_LINKS = 255


@dataclass(frozen=True, slots=True)
class Context:
    """The files that were sent, and the name of the Dockerfile among them.

    `digests` are those, by their paths, of what has no tar header that the client wrote.
    """

    root: Dir
    dockerfile: str = "Dockerfile"
    digests: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None
    """The Dockerfile's text where it is not among the files."""
    of_image: bool = False
    """Whether these are an image's files, for `COPY --from`, and no context at all."""

    def read_dockerfile(self) -> tuple[str, str]:
        """Return the Dockerfile's name and text; raises DaemonError where there is none.

        >>> Context(of_files({"dockerfile": "FROM busybox"}, 0)).read_dockerfile()
        ('dockerfile', 'FROM busybox')
        """
        name, text = self.dockerfile, self.text
        if text is None:
            if name == "Dockerfile" and not isinstance(tree.get(self.root, name), File | Symlink):
                name = "dockerfile" if tree.get(self.root, "dockerfile") else name
            _, node = follow(self.root, name)
            if not isinstance(node, File):
                raise DaemonError(f"Cannot locate specified Dockerfile: {self.dockerfile}")
            text = decode(node.content.read())
        if not text:
            raise DaemonError(f"the Dockerfile ({name}) cannot be empty")
        return name, text

    def without_ignored(self, dockerfile: str) -> Context:
        """Return the context without the two files that were sent for the builder alone."""
        node = tree.get(self.root, IGNORE)
        if not isinstance(node, File):
            return self
        patterns = ignore.compiled(ignore.read_patterns(node.content.read().decode("utf-8", "replace")))
        root = self.root
        for name in (IGNORE, dockerfile):
            if ignore.ignored(name, patterns) and tree.get(root, name) is not None:
                root = tree.remove(root, name)
        return replace(self, root=root)


def of_files(files: Files, now: int) -> Dir:
    """Return the directory that holds files by their paths, all made at one time.

    >>> [path for path, _ in tree.walk(of_files({"src/a": "1"}, 0))]
    ['src', 'src/a']
    """
    root = EMPTY_ROOT
    for path, value in files.items():
        names = tree.split_path(posixpath.normpath(path))
        for depth in range(1, len(names)):
            above = "/".join(names[:depth])
            if tree.get(root, above) is None:
                root = tree.put(root, above, Dir(meta=Meta(0o755, mtime=now)))
        root = tree.put(root, "/".join(names), File(_content(value, path), Meta(mtime=now)))
    return root


def _content(value: str | bytes | int, path: str) -> Content:
    if isinstance(value, int):
        return Content.filler(value, path)
    return Content.of(encode(value) if isinstance(value, str) else value)


def follow(root: Dir, path: str) -> tuple[str, Node | None]:
    """Return where a path leads, symbolic links followed inside of a directory only, and what is there.

    >>> follow(Dir({"a": Symlink("/b")}), "a/../a/c")
    ('b/c', None)
    """
    start: tuple[str, Node | None] = "", root
    walk = tree.PathWalk(start, tree.split_path(path))
    for name in walk:
        above, directory = walk.trail[-1]
        node = directory.children.get(name) if isinstance(directory, Dir) else None
        if isinstance(node, Symlink) and walk.links < _LINKS:
            walk.follow(node.target)
        else:
            walk.trail.append((f"{above}/{name}".lstrip("/"), node))
    return walk.trail[-1]


def of_tar(content: Content) -> Context | None:
    """Return the context that a tar holds, compressed or not; None where it is no tar.

    Its headers are as their tar has them, and so are the digests.

    >>> of_tar(Content.of(b"FROM busybox")) is None
    True
    """
    try:
        content = decompressed(content)
        found = list(entries(content))
    except LabkitError:
        return None
    if not found:
        return None
    digests = {}
    for entry in found:
        block = content.read(entry.offset - BLOCK, BLOCK)
        mode, uid, gid = (int(block[at : at + 8].strip(b" \0") or b"0", 8) for at in (100, 108, 116))
        uname, gname = (block[at : at + 32].partition(b"\0")[0].decode() for at in (265, 297))
        name, link = decode(entry.name), decode(entry.link)
        about = (name, mode, uid, gid, entry.size, chr(entry.kind), link, uname, gname, *entry.device)
        digest = _tarsum(about, content.slice(entry.offset, entry.size))
        digests[posixpath.normpath(name).lstrip("/")] = digest
    return Context(read_changes(content), digests=digests)


class CopySource(NamedTuple):
    """What one source of COPY or ADD stands for: the path that was named, what it leads to, its digest."""

    path: str
    node: Node
    digest: str


def sources(context: Context, names: Sequence[str]) -> list[CopySource]:
    """Return what the sources of COPY name, patterns included.

    Raises DaemonError, in the builder's words after "COPY failed: ", where there is none.

    >>> files = Context(of_files({"a.py": "", "b.py": "", "c": ""}, 0))
    >>> [source.path for source in sources(files, ["*.py", "c"])]
    ['a.py', 'b.py', 'c']
    """
    found: list[CopySource] = []
    for name in names:
        if re.match("https?://", name):
            raise DaemonError("source can't be a URL for COPY")
        path = name.removeprefix("/").removeprefix("./")
        if re.search(r"[*?\[]", re.sub(r"\\.", "", path)):
            found += _matching(context, path)
        else:
            found.append(_source(context, path))
    if not found:
        raise DaemonError("no source files were specified")
    return found


def _matching(context: Context, pattern: str) -> Iterator[CopySource]:
    try:
        ignore.check_pattern(pattern)
    except LabkitError:
        return
    wanted = go_path.pattern(pattern)
    for path, _ in tree.walk(context.root):
        if path.count("/") == pattern.count("/") and wanted.fullmatch(path):
            yield _source(context, path)


def _source(context: Context, path: str) -> CopySource:
    cleaned = posixpath.normpath(path or ".")
    if cleaned == ".." or cleaned.startswith("../"):
        raise DaemonError(f"forbidden path outside the build context: {path} ()")
    place, node = follow(context.root, cleaned)
    if node is None:
        missing = f"stat {path}: file does not exist"
        if context.of_image:
            raise DaemonError(missing)
        excluded = "file not found in build context or excluded by .dockerignore"
        raise DaemonError(f"{excluded}: {missing}", code="not-in-context")
    if not isinstance(node, Dir):
        return CopySource(path, node, "file:" + _digest(context, place, node))
    digests = [] if place == "" else [_digest(context, place, node)]
    for below, each in tree.walk(node, place):
        target, found = follow(context.root, below) if isinstance(each, Symlink) else (below, each)
        missing = target if context.of_image else below  # a link that leads nowhere counts as a name
        digests.append(missing if found is None else _digest(context, target, found))
    return CopySource(path, node, joined("dir", sorted(digests)))


def joined(kind: str, digests: Sequence[str]) -> str:
    """Return the one digest of several.

    >>> joined("multi", [])[:18]
    'multi:e3b0c44298fc'
    """
    return f"{kind}:{hashlib.sha256(encode(','.join(digests))).hexdigest()}"


_FLAGS = {stat.S_IFREG: 0, stat.S_IFLNK: 2, stat.S_IFCHR: 3, stat.S_IFBLK: 4, stat.S_IFDIR: 5,
          stat.S_IFIFO: 6}  # fmt: skip
"""The typeflag of a tar's header, by the bits of a mode."""


def _digest(context: Context, path: str, node: Node) -> str:
    """Return the digest of a file's tar header and content.

    What the client sends names no owner; the engine's own headers do, and its machine knows root.
    """
    if path in context.digests:
        return context.digests[path]
    device = (node.major, node.minor) if isinstance(node, Device) else (0, 0)
    content = node.content if isinstance(node, File) else Content()
    meta, mode = meta_of(node), mode_of(node)
    link = node.target if isinstance(node, Symlink) else ""
    name = path + "/" if isinstance(node, Dir) else path
    user, group = ("root" if context.of_image and number == 0 else "" for number in (meta.uid, meta.gid))
    flag = _FLAGS[stat.S_IFMT(mode)]
    about = (name, mode, meta.uid, meta.gid, content.size, flag, link, user, group, *device)
    return _tarsum(about, content, meta.xattrs)


_HEADER = "name mode uid gid size typeflag linkname uname gname devmajor devminor".split()


def _tarsum(about: Sequence[object], content: Content, xattrs: Sequence[tuple[str, bytes]] = ()) -> str:
    header = "".join(f"{name}{value}" for name, value in zip(_HEADER, about, strict=True))
    hasher = hashlib.sha256(encode(header))
    for key, value in xattrs:
        if key == tree.CAPABILITY:
            hasher.update(key.encode() + value)
    for chunk in content.chunks():
        hasher.update(chunk)
    return hasher.hexdigest()
