"""The help and usage texts of the `docker` client, laid out from the table of commands.

The layout is that of the client's own cobra template (cli/cobra.go, 20.10) and of pflag's
FlagUsagesWrapped, at the 80 columns that the client assumes where there is no terminal.
"""

from __future__ import annotations

from labkit.cli.table import Command, Flag, children

COLUMNS = 79
"""Where flags' usages wrap: pflag is told one less than the terminal's width."""

HELP = Flag("help", "", "", "Print usage")

ROOT_NOTE = "To get more help with docker, check out our guides at https://docs.docker.com/go/guides/"


def help_text(command: Command) -> str:
    """What `docker COMMAND --help` prints: an empty line, then the usage.

    >>> from labkit.cli.table import COMMANDS
    >>> print(help_text(COMMANDS["diff"]).splitlines()[1])
    Usage:  docker diff CONTAINER
    """
    return "\n" + usage_text(command)


def usage_text(command: Command, leave_out: str = "") -> str:
    """The usage: line, description, aliases, flags, commands; without the subcommand `leave_out`."""
    commands = [child for child in children(command) if not child.hidden and child.name != leave_out]
    parts = [f"Usage:  {usage_line(command)}", command.long or command.short]
    if command.aliases:
        parts.append("Aliases:\n  " + ", ".join((command.name, *command.aliases)))
    if command.example:
        parts.append("Examples:\n" + command.example)
    flags = shown_flags(command)
    if flags:
        parts.append("Options:\n" + flag_usages(flags))
    groups = [child for child in commands if children(child)]
    if groups:
        parts.append("Management Commands:\n" + _lines(groups))
    if commands:
        parts.append("Commands:\n" + _lines([child for child in commands if not children(child)]))
        parts.append(f"Run '{command.full} COMMAND --help' for more information on a command.")
    if not command.path:
        parts.append(ROOT_NOTE)
    return "\n\n".join(parts) + "\n"


def usage_line(command: Command) -> str:
    """The command as its usage shows it, without the word "Usage".

    >>> from labkit.cli.table import COMMANDS
    >>> usage_line(COMMANDS["image"]), usage_line(COMMANDS["rmi"])
    ('docker image COMMAND', 'docker rmi [OPTIONS] IMAGE [IMAGE...]')
    """
    if children(command):
        return f"{command.full} [OPTIONS] COMMAND" if command.flags else f"{command.full} COMMAND"
    return f"{command.full} {command.usage}".rstrip()


def shown_flags(command: Command) -> list[Flag]:
    """The flags that help lists, by name.

    `--help` is among them only where the command has a `-h` of its own: the client hides the general one.
    """
    flags = [flag for flag in command.flags if not flag.hidden]
    if any(flag.short == "h" for flag in flags):
        flags.append(HELP)
    return sorted(flags, key=lambda flag: flag.name)


def flag_usages(flags: list[Flag]) -> str:
    """The lines of "Options:", as pflag's FlagUsagesWrapped lays them out."""
    short = (f"  -{flag.short}, --" if flag.short else "      --" for flag in flags)
    heads = [f"{start}{flag.name} {flag.kind}".rstrip() for start, flag in zip(short, flags, strict=True)]
    # pflag counts a marker byte between name and usage, hence the third space between the columns.
    indent = max(map(len, heads)) + 3
    lines = [
        head.ljust(indent) + _wrap(_words(flag), indent) for head, flag in zip(heads, flags, strict=True)
    ]
    return "\n".join(lines).rstrip()


def _lines(commands: list[Command]) -> str:
    return "\n".join(f"  {command.name:<11} {command.short}" for command in commands)


def _words(flag: Flag) -> str:
    if not flag.default:
        return flag.usage
    default = f'"{flag.default}"' if flag.kind == "string" else flag.default
    return f"{flag.usage} (default {default})"


def _wrap(text: str, indent: int) -> str:
    """Wrap at COLUMNS as pflag does: 5 columns early, unless all that is left fits."""
    slop = 5
    width = COLUMNS - indent - slop
    lines = []
    while text:
        line, text = _cut(text, width, slop)
        lines.append(line.replace("\n", "\n" + " " * indent))
    return ("\n" + " " * indent).join(lines)


def _cut(text: str, width: int, slop: int) -> tuple[str, str]:
    """The text's first line and the rest (pflag's wrapN)."""
    if width + slop > len(text):
        return text, ""
    space = max(text.rfind(blank, 0, width) for blank in " \t\n")
    if space <= 0:
        return text, ""
    newline = text.rfind("\n", 0, width)
    end = newline if 0 < newline < space else space
    return text[:end], text[end + 1 :]
