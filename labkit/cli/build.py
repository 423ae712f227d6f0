"""`docker build`: the client's part, which is the context, and what the builder prints.

The context is a directory without what its `.dockerignore` names, and the Dockerfile, which may stand
outside of it or come from standard input; or all of it comes from there, as a tar or as a Dockerfile alone.
A directory of the pretend home comes before a real one of its name; the real one is taken where it has the
Dockerfile that the other lacks (docker/cli, cli/command/image/build/context.go).
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace

from labkit.base.errors import DaemonError, FileSystemError, LabkitError, NotSimulated, retold
from labkit.base.text import encode
from labkit.cli import places
from labkit.cli.formats import progress_bar
from labkit.cli.places import Place
from labkit.cli.realfiles import RealFiles
from labkit.cli.table import Invocation
from labkit.cli.terminal import Terminal, told_by_client
from labkit.cli.transfer import pull_image
from labkit.dockerfile import ignore
from labkit.dockerfile.builder import BuildRequest
from labkit.dockerfile.builder import build as run_build
from labkit.dockerfile.context import IGNORE, Context, of_tar
from labkit.engine.container_files import local_path, resolved
from labkit.engine.schedule import StepEvent
from labkit.go import path as gopath
from labkit.go.moment import SECOND
from labkit.oci import tree
from labkit.oci.content import Content
from labkit.oci.reference import parse_reference
from labkit.oci.tar_writer import write_tar
from labkit.oci.tree import Device, Dir, Fifo, File, Meta, Node, Whiteout, new_inode
from labkit.shell.files import FileTree

_GIT = re.compile(r"git://|github\.com/|git@|https?://.*\.git(?:#.*)?$")
_PREPARE = "unable to prepare context: "
_HEADER, _END = 512, 1024


def prepare(terminal: Terminal, source: str, file: str) -> tuple[Context, int]:
    """Return the context that a path stands for, and the bytes of the tar that it is sent as.

    Raises LabkitError in the client's words.
    """
    if source == "-":
        if file == "-":
            raise LabkitError("invalid argument: can't use stdin for both build context and dockerfile")
        return _from_stdin(terminal, file)
    place = _choose(terminal, source, file)
    if place is None:
        if _GIT.match(source) or re.match("https?://", source):
            raise NotSimulated(f"labkit: a context from {source} is not simulated; it would be downloaded")
        raise LabkitError(f'{_PREPARE}path "{source}" not found')
    if not isinstance(place.files.stat(place.path).node, Dir):
        raise LabkitError(f"{_PREPARE}context must be a directory: {place.path}")
    if place.real and not source.startswith("/"):
        terminal.news = "read", places.READ.format(f"the context {source}")
    return _sent(terminal, place, *_dockerfile(terminal, place, file))


def _choose(terminal: Terminal, source: str, file: str) -> Place | None:
    """Return where the context is, or None where it is nowhere.

    The real disk is taken where the home lacks it, or lacks the Dockerfile that the disk has.
    """
    home = Place(terminal.mounts, local_path(source, terminal.cwd), False)
    real = Place(RealFiles(), places.on_disk(terminal, source), True)
    found = [each._replace(path=_leads_to(each.files, each.path)) for each in (home, real) if source]
    found = [each for each in found if each.path]
    if len(found) == 2 and file != "-":
        has = [bool(_leads_to(each.files, _named(terminal, each, file))) for each in found]
        if has == [False, True]:
            return real._replace(path=found[1].path)
    return found[0] if found else None


def _leads_to(files: FileTree, path: str) -> str:
    """Return where a path leads, links followed, or "" where that is nowhere."""
    try:
        return resolved(files, path)
    except LabkitError:
        return ""


def _named(terminal: Terminal, context: Place, file: str) -> str:
    """Return the absolute path of the Dockerfile: the default may be written in small letters, too."""
    if file:
        path = places.on_disk(terminal, file) if context.real else local_path(file, terminal.cwd)
        return gopath.clean(path)
    default, small = (gopath.join(context.path, name) for name in ("Dockerfile", "dockerfile"))
    return small if _leads_to(context.files, small) and not _leads_to(context.files, default) else default


def _dockerfile(terminal: Terminal, context: Place, file: str) -> tuple[str, Content | None]:
    """Return the Dockerfile's name in the context; of one from elsewhere what is in it."""
    if file == "-":
        return "", Content.of(terminal.stdin())
    try:
        path = resolved(context.files, _named(terminal, context, file))
    except LabkitError as error:
        text = f"{_PREPARE}unable to evaluate symlinks in Dockerfile path: {error}"
        raise LabkitError(text, code="no-dockerfile", subject=error.subject) from None
    name = posixpath.relpath(path, context.path)
    if not name.startswith("../"):
        return name, None
    if isinstance(context.files.stat(path).node, Dir):
        raise LabkitError(f"read {file}: is a directory")
    return "", context.files.content(path)


def _sent(terminal: Terminal, place: Place, name: str, text: Content | None) -> tuple[Context, int]:
    """Return a context without what is ignored, and with a Dockerfile from elsewhere in it."""
    lines = ""
    if _leads_to(place.files, given := gopath.join(place.path, IGNORE)):
        lines = place.files.content(given).read().decode("utf-8", "replace")
    with retold(LabkitError, start="error checking context: "):
        patterns = ignore.read_patterns(lines)
        ignore.compiled(patterns)
        patterns = ignore.kept_for_the_build(patterns, name)
        root = tree.unnested(_listed(place.files, place.path, {}))
        assert isinstance(root, Dir)
        root, bare = ignore.filtered(root, ignore.compiled(patterns))
        root = tree.unnested(_read(place.files, root, place.path))
    unsent = _HEADER * len(bare)
    if text is not None:
        known, name = tree.get(root, IGNORE), f".dockerfile.{terminal.engine.new_id()[:20]}"
        added = {name: text, IGNORE: Content.of(encode(f"{lines if known else IGNORE}\n{name}\n"))}
        for path, content in added.items():
            root = tree.put(root, path, File(content, Meta(0o600, mtime=terminal.engine.now)))
        # The client ends such a tar with its last file, without padding or an end.
        unsent += _END + -added[name if known else IGNORE].size % _HEADER
    return Context(root, name, {path: path for path in bare}), write_tar(root).size - unsent


def _from_stdin(terminal: Terminal, file: str) -> tuple[Context, int]:
    with retold(LabkitError, start=f"{_PREPARE}failed to peek context header from STDIN: "):
        data = terminal.stdin()
    context = of_tar(Content.of(data))
    if context is not None:
        return replace(context, dockerfile=file or "Dockerfile"), len(data)
    root = Dir({"Dockerfile": File(Content.of(data), Meta(0o644, mtime=terminal.engine.now))})
    return Context(root), write_tar(root).size


def _listed(files: FileTree, path: str, linked: dict[int, int]) -> tree.Nested[Node]:
    """Return what is at a path as the client sends it, all root's, in whole seconds; files are empty yet."""
    try:
        node = files.stat(path, False).node
        assert not isinstance(node, Whiteout)
        meta = Meta(node.meta.mode, mtime=node.meta.mtime // SECOND * SECOND)
        if isinstance(node, Dir):
            children: dict[str, Node] = {}
            for name in files.listdir(path):
                children[name] = yield _listed(files, gopath.join(path, name), linked)
            return Dir(children, meta)
    except FileSystemError as error:
        raise LabkitError(f"can't stat '{path}': {error.strerror}") from None
    if isinstance(node, Device):
        return Fifo(meta)
    inode = linked.setdefault(node.inode, new_inode()) if node.inode else 0
    return replace(node, meta=meta, inode=inode)


def _read(files: FileTree, root: Dir, path: str) -> tree.Nested[Dir]:
    """Return a directory with what is in its files now."""
    children: dict[str, Node] = {}
    for name, node in root.children.items():
        here = gopath.join(path, name)
        if isinstance(node, Dir):
            node = yield _read(files, node, here)
        elif isinstance(node, File):
            try:
                node = replace(node, content=files.content(here))
            except FileSystemError as error:
                raise LabkitError(error.strerror or str(error)) from None
        children[name] = node
    return replace(root, children=children)


_RED, _PLAIN = b"\x1b[91m", b"\x1b[0m"


def build(terminal: Terminal, call: Invocation) -> int:
    """Build an image from a Dockerfile and a context."""
    request = _request(terminal, call)
    if terminal.env.get("DOCKER_BUILDKIT", "0") not in ("", "0"):
        terminal.hint = "labkit: BuildKit is not simulated: this is the classic builder"
    context, size = prepare(terminal, call.args[0], str(call.options["file"]))
    quiet = bool(call.options["quiet"])
    screen = replace(terminal, output=[], errors=[], hint="") if quiet else terminal
    screen.out(f"Sending build context to Docker daemon {progress_bar(size, 0)}\r\r\n")
    begun = len(screen.output)
    unseen = [data for _, data in screen.output]

    def say(stream: int, text: str | bytes) -> None:
        data = encode(text) if isinstance(text, str) else text
        unseen.append(_RED + data + _PLAIN if stream == 2 else data)
        screen.out(unseen[-1])

    def see(event: StepEvent) -> None:
        text = "" if quiet else b"".join(unseen).decode("utf-8", "replace")
        terminal.see(replace(event, text=text))
        unseen.clear()

    def pull(name: str) -> None:
        see(StepEvent(0.0, "", "Pulling"))  # what was said stands above the pull's lines
        with retold(DaemonError):
            reference = parse_reference(name).with_default_tag()
        pull_image(screen, reference, stream=1)

    try:
        image = run_build(terminal.engine, context, request, pull=pull, say=say, see=see)
    except LabkitError as error:
        streamed = len(screen.output) > begun
        if quiet:
            terminal.err(b"".join(data for _, data in screen.output))
        terminal.hint = terminal.hint or screen.hint
        terminal.err(f"{error if streamed else told_by_client(error)}\n", error)
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
