"""sed: a stream editor (POSIX.1-2017, sed), with GNU's -i and -E."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from labkit.engine.shell.applets.options import parse
from labkit.engine.shell.applets.sedscript import Command, Parser
from labkit.engine.shell.task import CommandError, Task, UsageError
from labkit.engine.shell.words import decode, strerror
from labkit.errors import FileSystemError
from labkit.oci.content import Content


class _Quit(Exception):
    pass


class _Next(Exception):
    pass


class _Editor:
    def __init__(self, commands: list[Command], quiet: bool, extended: bool) -> None:
        self.commands = commands
        self.quiet = quiet
        self.out: list[str] = []
        self.hold = self.space = ""
        self.number = 0
        self.status = 0
        self.appended: list[str] = []
        self.lines: Iterator[tuple[str, bool]] = iter(())
        self.final = False

    def run(self, lines: Iterator[tuple[str, bool]]) -> Iterator[str]:
        self.lines = lines
        for line, final in lines:
            self.space, self.final = line, final
            self.number += 1
            quitting = False
            printing = not self.quiet
            try:
                self.execute(self.commands)
            except _Next:
                printing = False
            except _Quit as leave:
                quitting = True
                printing = printing and not leave.args
            if printing:
                self.out.append(self.space + "\n")
            self.out += self.appended
            self.appended = []
            yield "".join(self.out)
            self.out = []
            if quitting:
                return

    def selected(self, command: Command) -> bool:
        return self.within(command) != command.negated

    def within(self, command: Command) -> bool:
        if command.first is None:
            return True
        if command.last is None:
            return self.at(command.first)
        if command.inside:
            if isinstance(command.last, int) and self.number >= command.last:
                command.inside = False
                return self.number == command.last
            if not isinstance(command.last, int) and self.at(command.last):
                command.inside = False
            return True
        if not self.at(command.first):
            return False
        command.inside = not (isinstance(command.last, int) and command.last <= self.number)
        return True

    def at(self, address: str | int | re.Pattern[str]) -> bool:
        if isinstance(address, int):
            return self.number == address
        if isinstance(address, str):
            return self.final
        return address.search(self.space) is not None

    def execute(self, commands: list[Command]) -> None:
        for command in commands:
            if self.selected(command):
                self.apply(command)

    def apply(self, command: Command) -> None:
        match command.name:
            case "{":
                self.execute(command.block)
            case "s":
                self.substitute(command)
            case "y":
                self.space = self.space.translate(str.maketrans(command.flags, command.text))
            case "d" | "D" | "z":
                raise _Next
            case "p":
                self.out.append(self.space + "\n")
            case "P":
                self.out.append(self.space.partition("\n")[0] + "\n")
            case "=":
                self.out.append(f"{self.number}\n")
            case "q" | "Q":
                self.status = int(command.text or 0)
                raise _Quit(*(["silent"] if command.name == "Q" else []))
            case "a":
                self.appended.append(command.text)
            case "i":
                self.out.append(command.text)
            case "c":
                if not command.inside:
                    self.out.append(command.text)
                raise _Next
            case "n" | "N":
                self.following(command.name)
            case "g":
                self.space = self.hold
            case "G":
                self.space += "\n" + self.hold
            case "h":
                self.hold = self.space
            case "H":
                self.hold += "\n" + self.space
            case "x":
                self.space, self.hold = self.hold, self.space
            case _:
                raise CommandError(f"unsupported command {command.name}")

    def following(self, name: str) -> None:
        found = next(self.lines, None)
        if found is None:
            raise _Quit
        if name == "n":
            if not self.quiet:
                self.out.append(self.space + "\n")
            self.space = ""
        self.space = found[0] if name == "n" else f"{self.space}\n{found[0]}"
        self.final = found[1]
        self.number += 1

    def substitute(self, command: Command) -> None:
        assert command.pattern is not None
        digits = re.sub(r"\D", "", command.flags)
        wanted, seen = int(digits or 1), 0

        def replace(match: re.Match[str]) -> str:
            nonlocal seen
            seen += 1
            if seen < wanted or (seen > wanted and "g" not in command.flags):
                return match.group()
            return _filled(command.text, match)

        before = self.space
        self.space = command.pattern.sub(replace, before)
        if seen >= wanted and "p" in command.flags:
            self.out.append(self.space + "\n")


def _filled(template: str, match: re.Match[str]) -> str:
    def part(found: re.Match[str]) -> str:
        text = found[0]
        if text == "&":
            return match.group()
        if text[1].isdigit():
            return match.group(int(text[1])) or "" if int(text[1]) <= match.re.groups else ""
        return {"n": "\n", "t": "\t"}.get(text[1], text[1])

    return re.sub(r"\\(?:.|\n)|&", part, template)


def sed(task: Task, args: Sequence[str]) -> int:
    """Edit a stream of lines, or with -i files in place."""
    options = parse(
        args, "i::nrEe:f:sz", {"in-place": "i", "quiet": "n", "regexp-extended": "E", "expression": "e"}
    )
    operands = list(options.operands)
    scripts = options.values("e")
    for path in options.values("f"):
        scripts.append(decode(task.open_read(path).rest().read()))
    if not options.values("e") and not options.values("f"):
        if not operands:
            raise UsageError
        scripts = [operands.pop(0)]
    extended = bool(options.last("rE"))
    commands = Parser("\n".join(scripts), extended).commands()
    failed: list[str] = []
    if "i" not in options:
        editor = _Editor(commands, "n" in options, extended)
        ends: list[bool] = []
        lines = _marked(_lines(task, operands or ["-"], failed), ends)
        for text in _joined(editor.run(lines), ends):
            task.out(text)
        return editor.status or (1 if failed else 0)
    status = 0
    for path in operands:
        editor = _Editor(commands, "n" in options, extended)
        before = len(failed)
        ends = []
        text = "".join(_joined(editor.run(_marked(_lines(task, [path], failed), ends)), ends))
        if len(failed) > before:
            continue
        suffix = options.value("i")
        mode = task.fs.stat(task.path(path), True).mode & 0o7777
        if suffix:
            task.fs.rename(task.path(path), task.path(path + suffix))
        temporary = task.path(path).rpartition("/")[0] + "/sedAAAAAA"
        task.fs.write(temporary, Content.of(text.encode("utf-8", "surrogateescape")), mode)
        task.fs.rename(temporary, task.path(path))
        status = editor.status or status
    return status or (1 if failed else 0)


def _joined(texts: Iterator[str], unterminated: list[bool]) -> Iterator[str]:
    """Pass on what each line became; what a last line without its newline became has none either."""
    for text in texts:
        yield text[:-1] if unterminated and text.endswith("\n") else text


def _lines(task: Task, paths: Sequence[str], failed: list[str]) -> Iterator[str]:
    for path in paths:
        try:
            for line in task.open_read(path).lines():
                yield decode(line)
        except FileSystemError as error:
            if path != "-" and task.is_dir(path):
                continue
            failed.append(path)
            task.fail(f"{path}: {strerror(error)}")


def _marked(lines: Iterator[str], unterminated: list[bool]) -> Iterator[tuple[str, bool]]:
    """Yield each line with whether it is the last; note whether that lacks its newline."""
    previous = next(lines, None)
    while previous is not None:
        following = next(lines, None)
        if following is None and not previous.endswith("\n"):
            unterminated.append(True)
        yield previous.removesuffix("\n"), following is None
        previous = following
