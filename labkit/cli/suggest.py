"""What was probably meant by a word that names no command or flag: the nearest name in the table."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from labkit.cli.commands import COMMANDS, PLUGINS, children, find
from labkit.cli.table import Command

# What other command lines call it.
SYNONYMS = {
    "delete": "rm",
    "dir": "ls",
    "download": "pull",
    "layers": "history",
    "list": "ls",
    "remove": "rm",
    "show": "inspect",
}


def command_hint(group: Command, words: Sequence[str]) -> str:
    """One line for `words`, the first of which is no command of `group`; "" where nothing is near.

    >>> command_hint(COMMANDS[""], ["imagee", "ls"])
    "labkit: did you mean 'docker image ls'?"
    """
    word, *rest = words
    if not group.path and word in PLUGINS:
        return f"labkit: 'docker {word}' is a plugin that labkit does not simulate; it would {PLUGINS[word]}"
    word = word.lower()
    synonym = SYNONYMS.get(word, word)
    same = find(group, synonym)
    if same:
        return _did_you_mean(same.full)
    elsewhere = _elsewhere(synonym)
    if elsewhere:
        return _did_you_mean(*elsewhere)
    near = _near(group, word)
    if not near:
        return ""
    for command in near:
        below = find(command, rest[0]) if rest else None
        if below:
            return _did_you_mean(below.full)
    return _did_you_mean(near[0].full)


def flag_hint(command: Command, word: str) -> str:
    """One line for `word`, which is no flag of `command`; "" where nothing is near.

    >>> flag_hint(COMMANDS["history"], "--notrunc")
    "labkit: did you mean '--no-trunc'?"
    """
    flags = [flag for flag in command.flags if not flag.hidden]
    names = [flag.name for flag in flags]
    name = word.lstrip("-")
    if word.startswith("--") or len(name) > 2:
        near = get_close_matches(name.lower(), names, n=1, cutoff=0.7)
        if near:
            return _did_you_mean(f"--{near[0]}")
    elif name.swapcase() in [flag.short for flag in flags]:
        return _did_you_mean(f"-{name.swapcase()}")
    if command.path and any(name in (flag.name, flag.short) for flag in COMMANDS[""].flags):
        return f"labkit: {word} is a flag of docker itself, which stands before the command"
    return ""


def _did_you_mean(*lines: str) -> str:
    return "labkit: did you mean " + " or ".join(f"'{line}'" for line in lines) + "?"


def _elsewhere(word: str) -> list[str]:
    """The commands of that name in other groups, two at most: those simulated, or any."""
    found: dict[str, Command] = {}
    for command in COMMANDS.values():
        if command.path and word in (command.name, *command.aliases) and not command.hidden:
            shortest = min(found.get(command.action, command), command, key=lambda each: len(each.path))
            found[command.action] = shortest
    simulated = [command.full for command in found.values() if command.simulated]
    return (simulated or [command.full for command in found.values()])[:2]


def _near(group: Command, word: str) -> list[Command]:
    names = {name: child for child in children(group) for name in (child.name, *child.aliases)}
    # Two letters swapped make a short word look unlike itself: "rnu".
    swapped = [name for name in names if sorted(name) == sorted(word)]
    return [names[name] for name in swapped or get_close_matches(word, names, n=3, cutoff=0.7)]
