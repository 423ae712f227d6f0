"""`docker build`: the client's part, which is the context, and what the builder prints.

The context is a directory without what its `.dockerignore` names, and the Dockerfile, which may stand
outside of it or come from standard input; or all of it comes from standard input, as a tar. A directory of
the pretend home comes before a real one of its name; the real one is taken where it has the Dockerfile that
the other lacks (docker/cli, cli/command/image/build/context.go).

`docker builder prune` finds nothing: the classic builder's cache is the images themselves.
"""

from __future__ import annotations

import os
import posixpath
import re
from dataclasses import dataclass, replace
from pathlib import Path

from labkit.base.errors import DaemonError, InvalidReference, LabkitError, NotSimulated
from labkit.cli import places
from labkit.cli.formats import progress_bar
from labkit.cli.realfiles import native
from labkit.cli.table import Invocation
from labkit.cli.terminal import Terminal
from labkit.cli.transfer import pull_image
from labkit.dockerfile import ignore
from labkit.dockerfile.builder import BuildRequest
from labkit.dockerfile.builder import build as run_build
from labkit.dockerfile.context import IGNORE, Context, follow, of_tar
from labkit.go.moment import SECOND
from labkit.oci import tree
from labkit.oci.content import Content
from labkit.oci.gzip import Spool
from labkit.oci.reference import parse_reference
from labkit.oci.tar_writer import write_tar
from labkit.oci.tree import EMPTY_ROOT, Dir, Fifo, File, Meta, Node, Symlink, Whiteout, new_inode

_GIT = re.compile(r"git://|github\.com/|git@|https?://.*\.git(?:#.*)?$")
_PREPARE = "unable to prepare context: "
_HEADER, _END = 512, 1024


@dataclass(frozen=True, slots=True)
class Sent:
    """A context, and the bytes of the tar that it is sent as."""

    context: Context
    size: int


def prepare(terminal: Terminal, source: str, file: str) -> Sent:
    """Return the context that a path stands for; raises LabkitError in the client's words."""
    if source == "-":
        if file == "-":
            raise LabkitError("invalid argument: can't use stdin for both build context and dockerfile")
        return _from_stdin(terminal, file)
    place = _choose(terminal, source, file)
    if place is None:
        if _GIT.match(source) or re.match("https?://", source):
            raise NotSimulated(f"labkit: a context from {source} is not simulated; it would be downloaded")
        raise LabkitError(f'{_PREPARE}path "{source}" not found')
    directory, real = place
    if real and not source.startswith("/"):
        terminal.news = "read", places.READ.format(f"the context {source}")
    if not (os.path.isdir(directory) if real else isinstance(_at_home(terminal, source)[1], Dir)):
        raise LabkitError(f"{_PREPARE}context must be a directory: {directory}")
    name, text = _dockerfile(terminal, directory, file, real)
    if real:
        root: Node = _read(Path(directory))
    else:
        root = tree.unnested(_roots(_at_home(terminal, source)[1] or EMPTY_ROOT))
    assert isinstance(root, Dir)
    return _sent(terminal, root, name, text, from_stdin=file == "-")


def _choose(terminal: Terminal, source: str, file: str) -> tuple[str, bool] | None:
    """Return the absolute path of the context and whether it is a real one, or None where it is nowhere."""
    home, node = _at_home(terminal, source)
    real = native(places.on_disk(terminal, source)) if source else ""
    real = os.path.realpath(real) if os.path.exists(real) else ""
    if node is None:
        return (real, True) if real else None
    if file == "-" or not real or _first_missing(terminal, _named(terminal, home, file, False), False) == "":
        return home, False
    if os.path.isdir(real) and not _first_missing(terminal, _named(terminal, real, file, True), True):
        return real, True
    return home, False


def _at_home(terminal: Terminal, path: str) -> tuple[str, Node | None]:
    """Return where a path leads in the pretend home, links followed, and what is there."""
    place, node = follow(terminal.mounts.root_mount.root, posixpath.join(terminal.cwd, path))
    return f"/{place}", node if path else None


def _named(terminal: Terminal, directory: str, file: str, real: bool) -> str:
    """Return the absolute path of the Dockerfile: the default may be written in small letters, too."""
    if file:
        return native(places.on_disk(terminal, file)) if real else terminal.absolute(file)
    default = posixpath.join(directory, "Dockerfile")
    small = posixpath.join(directory, "dockerfile")
    found = _first_missing(terminal, default, real) == "" or _first_missing(terminal, small, real) != ""
    return default if found else small


def _first_missing(terminal: Terminal, path: str, real: bool) -> str:
    """Return the beginning of a path that leads nowhere, or "" where all of it is there."""
    names = tree.split_path(path)
    for depth in range(1, len(names) + 1):
        above = "/" + "/".join(names[:depth])
        if not (os.path.exists(above) if real else _at_home(terminal, above)[1] is not None):
            return above
    return ""


def _dockerfile(terminal: Terminal, directory: str, file: str, real: bool) -> tuple[str, str | None]:
    """Return the Dockerfile's name in the context, or else its text."""
    if file == "-":
        return "", terminal.stdin.decode("utf-8", "surrogateescape")
    path = _named(terminal, directory, file, real)
    if missing := _first_missing(terminal, path, real):
        raise LabkitError(
            f"{_PREPARE}unable to evaluate symlinks in Dockerfile path: lstat {missing}: "
            "no such file or directory",
            code="no-dockerfile",
            subject=missing,
        )
    place = os.path.realpath(path) if real else _at_home(terminal, path)[0]
    name = posixpath.relpath(place, directory)
    if not name.startswith("../"):
        return name, None
    node = _read(Path(place)) if real else _at_home(terminal, path)[1]
    if not isinstance(node, File):
        raise LabkitError(f"read {file}: is a directory")
    return "", node.content.read().decode("utf-8", "surrogateescape")


def _sent(terminal: Terminal, root: Dir, name: str, text: str | None, *, from_stdin: bool) -> Sent:
    """Return a context without what is ignored, and with a Dockerfile from elsewhere in it."""
    node = tree.get(root, IGNORE)
    lines = node.content.read().decode("utf-8", "replace") if isinstance(node, File) else ""
    try:
        patterns = ignore.read_patterns(lines)
        ignore.compiled(patterns)
        patterns = ignore.kept_for_the_build(patterns, "" if from_stdin else name)
        root, bare = ignore.filtered(root, ignore.compiled(patterns))
    except LabkitError as error:
        raise LabkitError(f"error checking context: {error}") from None
    root = tree.unnested(_pinned(root, Spool()))
    size = write_tar(root).size - _HEADER * len(bare)
    if text is not None:
        known = tree.get(root, IGNORE)
        name = f".dockerfile.{terminal.engine.new_id()[:20]}"
        meta = Meta(0o600, mtime=terminal.engine.now)
        added = {
            name: Content.of(text.encode("utf-8", "surrogateescape")),
            IGNORE: Content.of(f"{lines if known else IGNORE}\n{name}\n".encode()),
        }
        for path, content in added.items():
            root = tree.put(root, path, File(content, meta))
        # The client ends such a tar with its last file, without padding or an end.
        last = added[name if known else IGNORE].size
        size = write_tar(root).size - _HEADER * len(bare) - _END - -last % _HEADER
    return Sent(Context(root, name, {path: path for path in bare}), size)


def _from_stdin(terminal: Terminal, file: str) -> Sent:
    try:
        data = terminal.stdin
    except LabkitError as error:
        peek = "unable to prepare context: failed to peek context header from STDIN"
        raise LabkitError(f"{peek}: {error}") from error
    context = of_tar(Content.of(data))
    if context is not None:
        return Sent(replace(context, dockerfile=file or "Dockerfile"), len(data))
    node = File(Content.of(data), Meta(0o644, mtime=terminal.engine.now))
    root = Dir({"Dockerfile": node})
    return Sent(Context(root), write_tar(root).size)


def _roots(node: Node) -> tree.Nested[Node]:
    """Return a tree of the home as the client sends it: everything root's, in whole seconds."""
    if isinstance(node, Whiteout):
        return node
    meta = Meta(node.meta.mode, mtime=node.meta.mtime // SECOND * SECOND)
    if isinstance(node, Dir):
        children: dict[str, Node] = {}
        for name, child in node.children.items():
            children[name] = yield _roots(child)
        return Dir(children, meta)
    return replace(node, meta=meta)


@dataclass(frozen=True, slots=True)
class _OnDisk:
    """A real file that is opened when it is read: what is ignored never is."""

    path: Path

    def read_at(self, offset: int, size: int) -> bytes:
        with self.path.open("rb") as file:
            file.seek(offset)
            return file.read(size)


def _pinned(root: Dir, spool: Spool) -> tree.Nested[Dir]:
    """Return a directory with copies of its files: real ones may change later."""
    children: dict[str, Node] = {}
    for name, node in root.children.items():
        if isinstance(node, Dir):
            node = yield _pinned(node, spool)
        elif isinstance(node, File) and any(isinstance(each.source, _OnDisk) for each in node.content.pieces):
            try:
                node = replace(node, content=spool.keep(node.content.chunks()))
            except OSError as error:
                raise LabkitError(f"error checking context: {error.strerror or error}") from None
        children[name] = node
    return replace(root, children=children)


def _read(path: Path) -> Node:
    """Return a real file or directory as the client sends it; raises LabkitError where it cannot be read."""
    return tree.unnested(_read_all(path, {}))


def _read_all(path: Path, linked: dict[tuple[int, int], int]) -> tree.Nested[Node]:
    try:
        said = path.lstat()
        meta = Meta(said.st_mode & 0o7777, mtime=said.st_mtime_ns // SECOND * SECOND)
        if path.is_symlink():
            return Symlink(os.readlink(path), meta)
        if path.is_dir():
            children: dict[str, Node] = {}
            for each in sorted(path.iterdir()):
                children[each.name] = yield _read_all(each, linked)
            return Dir(children, meta)
        if not path.is_file():
            return Fifo(meta)
        inode = 0
        if said.st_nlink > 1:
            inode = linked.setdefault((said.st_dev, said.st_ino), new_inode())
        return File(Content.at(_OnDisk(path), 0, said.st_size), meta, inode)
    except OSError as error:
        raise LabkitError(f"error checking context: can't stat '{path}': {error.strerror}") from None


_RED, _PLAIN = b"\x1b[91m", b"\x1b[0m"
_NO_SQUASH = '"--squash" is only supported on a Docker daemon with experimental features enabled\n'
_NO_SECURITY = "The daemon on this platform does not support setting security options on build"


def build(terminal: Terminal, call: Invocation) -> int:
    """Build an image from a Dockerfile and a context."""
    if call.options["squash"]:
        terminal.err(_NO_SQUASH)
        return 1
    if not call.options["disable-content-trust"]:
        raise NotSimulated("labkit: content trust is not simulated; it would ask a notary server")
    request = _request(terminal, call)
    sent = prepare(terminal, call.args[0], str(call.options["file"]))
    quiet = bool(call.options["quiet"])
    screen = replace(terminal, output=[], errors=[], hint="") if quiet else terminal
    screen.out(f"Sending build context to Docker daemon {progress_bar(sent.size, 0)}\r\r\n")
    begun = len(screen.output)

    def say(stream: int, text: str | bytes) -> None:
        data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
        screen.out(_RED + data + _PLAIN if stream == 2 else data)

    def pull(name: str) -> None:
        try:
            reference = parse_reference(name).with_default_tag()
        except InvalidReference as error:
            raise DaemonError(str(error)) from error
        pull_image(screen, reference, stream=1)

    try:
        if call.options["security-opt"]:
            raise DaemonError(_NO_SECURITY)
        image = run_build(terminal.engine, sent.context, request, pull=pull, say=say)
    except LabkitError as error:
        streamed = len(screen.output) > begun
        if quiet:
            terminal.err(b"".join(data for _, data in screen.output))
        terminal.hint = terminal.hint or screen.hint
        if isinstance(error, DaemonError) and not streamed:
            return terminal.daemon_error(error)
        terminal.err(f"{error}\n", error)
        return error.exit_code
    if quiet:
        terminal.out(f"{image.id}\n")
    return 0


def _request(terminal: Terminal, call: Invocation) -> BuildRequest:
    """Return what the flags ask for; an argument without a value takes the prompt's, if there is one."""
    given = call.options
    arguments: dict[str, str | None] = {}
    for text in call.strings("build-arg"):
        name, equals, value = text.partition("=")
        arguments[name] = value if equals else terminal.env.get(name)
    labels = (text.partition("=") for text in call.strings("label"))
    return BuildRequest(
        tags=tuple(dict.fromkeys(parse_reference(each).with_default_tag() for each in call.strings("tag"))),
        arguments=arguments,
        labels={name: value for name, _, value in labels},
        use_cache=not given["no-cache"],
        cache_from=call.strings("cache-from"),
        pull=bool(given["pull"]),
        remove=bool(given["rm"]),
        force_remove=bool(given["force-rm"]),
        target=str(given["target"]),
        network=str(given["network"]),
    )


def prune(terminal: Terminal, call: Invocation) -> int:
    """Remove the build cache: there is none beside the images."""
    if not call.options["force"]:
        what = "all" if call.options["all"] else "all dangling"
        terminal.out(
            f"WARNING! This will remove {what} build cache. Are you sure you want to continue? [y/N] "
        )
    terminal.out("Total reclaimed space: 0B\n")
    return 0


HANDLERS = {"image build": build, "builder prune": prune}
