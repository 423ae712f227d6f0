"""What Tab offers at the lab's terminal: commands, subcommands, flags, images, containers, volumes, paths."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable
from posixpath import join

from labkit.base.errors import FileSystemError
from labkit.cli.session import Session
from labkit.cli.table import COMMANDS, Command, children, find
from labkit.cli.terminal import HOME, HUB
from labkit.engine import images
from labkit.engine.machine import Machine
from labkit.engine.mounts import container_mounts
from labkit.oci.reference import parse_reference
from labkit.shell.applets import APPLETS
from labkit.shell.builtins import BUILTINS
from labkit.shell.files import Files
from labkit.shell.state import Waiting


def completions(session: Session, text: str) -> list[str]:
    """Return what the last word of a line could be, sorted; a directory ends with `/`.

    >>> from labkit import Lab
    >>> completions(Lab().session, "docker image pr"), completions(Lab().session, "cat R")
    (['prune'], ['README.txt'])
    >>> completions(Lab().session, "docker pull my")
    ['mysql']
    """
    found = session.inside
    if found is None:
        fs: Files = Machine(session.engine, session.place.files, session.place.overlays)
        shell = session.place.shell
    else:
        fs = container_mounts(session.engine, found[0], lambda: session.engine.now)
        shell = found[1].waiting[-1]
    before, word = split_word(text)
    words = re.split(r"[|;&(]", before)[-1].split()
    if words[:1] == ["sudo"]:
        del words[0]
    if words[:1] == ["docker"] and found is None:
        offered = _of_docker(session, words[1:], word)
    elif words or "/" in word:
        offered = []
    else:
        offered = [*BUILTINS, *(["docker", *APPLETS] if found is None else _programs(fs, shell))]
    names = {each for each in offered if each.startswith(word)}
    return sorted(names or _paths(fs, shell, word))


def split_word(text: str) -> tuple[str, str]:
    """Return a line without its last word, and that word, which completions stand for.

    >>> split_word("docker ps | gr")
    ('docker ps | ', 'gr')
    """
    size = len(re.split(r"[\s|;&(<>=]", text)[-1])
    return text[: len(text) - size], text[len(text) - size :]


def _of_docker(session: Session, words: list[str], word: str) -> Iterable[str]:
    command = COMMANDS[""]
    arguments = value = False
    for each in words:
        below = find(command, each)
        if value:
            value = False
        elif each.startswith("-"):
            value = any(flag.kind and each in (f"-{flag.short}", f"--{flag.name}") for flag in command.flags)
        elif below:
            command = below
        else:
            arguments = True
    if word.startswith("-"):
        return [f"--{flag.name}" for flag in command.flags if not flag.hidden and flag.simulated]
    if group := children(command):
        return [each.name for each in group if not each.hidden and each.simulated]
    return [] if arguments and not command.interspersed else _objects(session, command)


def _objects(session: Session, command: Command) -> Iterable[str]:
    """Yield the names of what a command's usage says that it takes."""
    state, usage = session.engine.state, command.usage
    if command.name in ("pull", "run") and (hub := session.registries.hosts.get(HUB)):
        here = {parse_reference(name).path for name in state.tags} if command.name == "run" else set()
        yield from (name.removeprefix("library/") for name in hub.names if name not in here)
    anything = command.name == "inspect" and not command.parent
    if "IMAGE" in usage or anything:
        for each in images.listed_images(session.engine):
            names = (name.familiar for name in images.references(session.engine, each.id))
            yield from (name for name in names if "@" not in name)
    if "CONTAINER" in usage or anything:
        yield from state.names
    if "VOLUME" in usage or anything:
        yield from state.volumes


def _programs(fs: Files, shell: Waiting) -> Iterable[str]:
    for directory in shell.memory["variables"].get("PATH", "").split(":"):
        try:
            yield from fs.listdir(directory)
        except FileSystemError:
            continue


def _paths(fs: Files, shell: Waiting, word: str) -> Iterable[str]:
    directory, slash, name = word.rpartition("/")
    home = shell.memory.get("variables", {}).get("HOME", HOME)
    place = join(shell.memory["cwd"], re.sub(r"^~(?=/|$)", home, directory + slash) or ".")
    try:
        for each in fs.listdir(place):
            if each.startswith(name) and (name or not each.startswith(".")):
                end = "/" if stat.S_ISDIR(fs.stat(join(place, each)).mode) else ""
                yield f"{directory}{slash}{each}{end}"
    except FileSystemError:
        return
