"""A `docker` command line, parsed by the table of commands.

It finds the command, parses its flags and counts its arguments in the order in which the 20.10 client
(cobra, and cli/required.go of its own) does, and fails in its words and with its exit codes. What the
client accepts and labkit does not simulate is refused in one line that says what the real one would do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from labkit.cli.flags import FlagError, Parsed, parse_flags
from labkit.cli.help import help_text, usage_line, usage_text
from labkit.cli.table import COMMANDS, WORDS, Command, Invocation, UsageError, children, find, not_simulated
from labkit.oci.image import SERVER_VERSION


def command_hint(group: Command, words: Sequence[str]) -> str:
    """One line for `words`, the first of which is no command of `group`; "" where nothing is near.

    >>> command_hint(COMMANDS[""], ["imagee", "ls"])
    "labkit: did you mean 'docker image ls'?"
    """
    word, *rest = words
    if not group.path and (would := WORDS["plugins"].get(word)):
        return f"labkit: 'docker {word}' is a plugin that labkit does not simulate; it would {would}"
    if not group.path and word in WORDS["own"]:
        return f"labkit: lab.{word}() {WORDS['own'][word]}; in labkit shell: {word}"
    word = word.lower()
    if not group.path and word == "docker" and rest:
        return _did_you_mean(f"docker {' '.join(rest)}")
    synonym = WORDS["synonyms"].get(word, word)
    if same := find(group, synonym):
        return _did_you_mean(same.full)
    if in_other_groups := _in_other_groups(synonym):
        return _did_you_mean(*in_other_groups)
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


def _in_other_groups(word: str) -> list[str]:
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


VERSION = f"Docker version {SERVER_VERSION}, build 297e128\n"

_DEPRECATED = "Flag shorthand -h has been deprecated, please use --help\n"

# cobra adds it after it has parsed the flags before the command, and prints its help on standard output.
_COMPLETION = "completion"


@dataclass(frozen=True, slots=True)
class Printed:
    """A command line that the client answers by itself, with exit code 0: help or its version."""

    stdout: str = ""
    stderr: str = ""


def parse(argv: Sequence[str]) -> Invocation | Printed:
    """Parse the words after `docker`.

    Gives the command to run, or what the client prints by itself; raises UsageError.

    >>> found = parse(["image", "ls", "-q", "nginx"])
    >>> found.command.path, found.options["quiet"], found.args
    ('image ls', True, ('nginx',))
    """
    root = COMMANDS[""]
    try:
        before = parse_flags(root.flags, argv, interspersed=False)
    except FlagError as error:
        raise _flag_error(root, error, leave_out=_COMPLETION) from error
    levels = [(root, before)]
    command, words = _find_command(root, before.args, levels)
    if not command.simulated:
        raise not_simulated(command)
    try:
        parsed = parse_flags(command.flags, words, command.interspersed)
    except FlagError as error:
        refusal = _flag_error(command, error)
        if command is root and words:
            refusal.hint = command_hint(root, words)
        raise refusal from error
    levels.append((command, parsed))

    if _last(levels, "help"):
        notes = _DEPRECATED * sum(level.short_helps for _, level in levels[1:])
        return Printed(notes + help_text(command), _DEPRECATED * before.short_helps)
    if command is root and _last(levels, "version"):
        return Printed(VERSION)
    if children(command):
        return _group(command, parsed.args)
    if command.path == "help":
        return Printed(help_text(_topic(parsed.args)))
    _check_count(command, len(parsed.args))
    _check_simulated(levels)
    options = {flag.name: parsed.options[flag.name] for flag in command.flags}
    return Invocation(command, options, frozenset(parsed.changed), tuple(parsed.args))


def _find_command(
    group: Command, words: list[str], levels: list[tuple[Command, Parsed]]
) -> tuple[Command, list[str]]:
    """Follow the words down to a command, parsing each group's own flags on the way (cobra's Traverse)."""
    switches = {"--help", "-h"} | {
        name for flag in group.flags if not flag.kind for name in (f"--{flag.name}", f"-{flag.short}")
    }
    before: list[str] = []
    value_next = False
    for index, word in enumerate(words):
        if word.startswith("--") and "=" not in word:
            value_next = word not in switches
        elif word.startswith("-") and len(word) == 2 and word != "-=" and word not in switches:
            value_next = True
        elif value_next:
            value_next = False
        elif not word.startswith("-") or len(word) == 1:
            command = find(group, word)
            if command is None:
                break
            try:
                levels.append((group, parse_flags(group.flags, before)))
            except FlagError as error:
                raise UsageError(f"{error}\n", hint=flag_hint(group, error.unknown)) from None
            return _find_command(command, words[index + 1 :], levels)
        before.append(word)
    return group, words


def _last(levels: list[tuple[Command, Parsed]], name: str) -> bool:
    """The value of a switch that all levels share: the last one given counts."""
    given = [level.options[name] for _, level in levels if name in level.changed]
    return bool(given and given[-1])


def _group(command: Command, args: list[str]) -> Printed:
    text = help_text(command)
    if command.path == _COMPLETION:
        return Printed(text)
    if not args:
        return Printed(stderr=text)
    hint = command_hint(command, args)
    if command.path:
        raise UsageError(text, hint=hint)
    raise UsageError(f"docker: '{args[0]}' is not a docker command.\nSee 'docker --help'\n", hint=hint)


def _topic(words: Sequence[str]) -> Command:
    """The command that `docker help WORDS` is about."""
    command = COMMANDS[""]
    for index, word in enumerate(words):
        below = find(command, word)
        if below is None:
            rest = words[index:]
            hint = command_hint(command, rest) if children(command) else ""
            raise UsageError(f"unknown help topic: {' '.join(rest)}\n", hint=hint)
        command = below
    if not command.simulated:
        raise not_simulated(command)
    return command


def _flag_error(command: Command, error: FlagError, leave_out: str = "") -> UsageError:
    text = f"{error}\nSee '{command.full} --help'.\n"
    if children(command):
        text += f"\n{usage_text(command, leave_out)}\n"
    return UsageError(text, 125, flag_hint(command, error.unknown) if error.unknown else "")


def _check_count(command: Command, count: int) -> None:
    """Raise the error of cli/required.go for a wrong number of arguments."""
    low, high = command.min_args, command.max_args
    if count >= low and (high is None or count <= high):
        return
    if high == 0:
        wanted = "accepts no arguments"
    elif low == high:
        wanted = f"requires exactly {_arguments(low)}"
    elif high is None:
        wanted = f"requires at least {_arguments(low)}"
    elif low == 0:
        wanted = f"requires at most {_arguments(high)}"
    else:
        wanted = f"requires at least {low} and at most {_arguments(high)}"
    raise UsageError(
        f"\"{command.full}\" {wanted}.\nSee '{command.full} --help'.\n\n"
        f"Usage:  {usage_line(command)}\n\n{command.short}\n"
    )


def _arguments(count: int) -> str:
    return f"{count} argument" if count == 1 else f"{count} arguments"


def _check_simulated(levels: list[tuple[Command, Parsed]]) -> None:
    for command, parsed in levels:
        flags = {flag.name: flag for flag in command.flags}
        for name in parsed.changed:
            if name in flags and not flags[name].simulated:
                raise not_simulated(command, flags[name])
