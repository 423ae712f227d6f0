"""A shell at work: runs syntax trees (POSIX.1-2017, Shell Command Language, 2.8 to 2.12), as busybox's ash.

Time is virtual: `sleep` moves the clock, the stages of a pipeline start together, and a command that
does not end by itself is stopped at a limit of steps or of time and said to be unfinished.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from shlex import quote

from labkit.base.errors import FileSystemError
from labkit.oci.content import EMPTY, Content
from labkit.shell import builtins, parser
from labkit.shell.conversions import decimal, encode, strerror
from labkit.shell.expand import ExpansionError, fields, pattern_of, string
from labkit.shell.launch import MAX_NESTING, ExecNotFound, execute
from labkit.shell.parser import Literal, Node, Redirect, Rest, Word
from labkit.shell.patterns import glob
from labkit.shell.state import BreakLoop, ExitShell, ReturnFunction, ShellState, Suspended
from labkit.shell.streams import Pipe, Reader, Sink, WouldRunForever
from labkit.shell.task import CommandError, Descriptors, Task

# Redirections (POSIX.1-2017, Shell Command Language, 2.7).


class RedirectError(Exception):
    """A redirection that failed, in ash's words."""


def redirected(shell: Shell, redirects: Iterable[Redirect]) -> Descriptors:
    """Return a shell's open files after redirections, done from left to right; raises RedirectError."""
    task = shell.task
    files = dict(task.fds)
    for redirect in redirects:
        target = string(shell, redirect.word)
        seen = task.child(fds=files)
        if redirect.operator == "<<":
            files[redirect.fd] = Reader.of(Content.of(encode(target)), task.run.process.clock)
        elif redirect.operator in ("<&", ">&") and target == "-":
            files.pop(redirect.fd, None)
        elif redirect.operator in ("<&", ">&") and decimal(target) is not None:
            if int(target) not in files:
                raise RedirectError(f"{target}: {strerror(errno.EBADF)}")
            files[redirect.fd] = files[int(target)]
        elif redirect.operator == "<>":  # made, or copied up, by being opened to write
            sink = _opened(seen, target, append=True)
            files[redirect.fd] = sink if redirect.fd else _opened(seen, target, reads=True)
        else:
            reads = redirect.operator == "<"
            files[redirect.fd] = _opened(seen, target, reads=reads, append=redirect.operator == ">>")
            if redirect.operator in ("&>", ">&"):
                files[2] = files[1]
    return files


def _opened(task: Task, path: str, *, reads: bool = False, append: bool = False) -> Reader | Sink:
    """Open a file to read or to write; for the commonest error ash has words of its own."""
    try:
        return task.open_read(path) if reads else task.open_write(path, append=append)
    except FileSystemError as error:
        verb, missing = ("open", "no such file") if reads else ("create", "nonexistent directory")
        reason = missing if error.errno in (errno.ENOENT, errno.ENOTDIR) else strerror(error)
        raise RedirectError(f"can't {verb} {path}: {reason}") from None


# Commands that run beside each other in virtual time: pipelines and those in the background.
#
# Nothing runs in turns here. Each command runs to its end alone, from the moment at which all of them start
# (POSIX, 2.9.2 and 2.9.3): a pipe keeps what is written with its time, and whoever reads it later moves the
# clock to that time. That gives the output and the times of real processes without a scheduler, but for two
# things of pipe(7): a pipe holds any amount, so no writer waits for a slow reader, and a writer whose reader
# has left is ended only where it would write for ever.


def run_background(shell: Shell, body: Node) -> None:
    """Run a command beside the shell: it starts now, and the shell's time does not pass."""
    clock, run = shell.task.run.process.clock, shell.task.run
    begun, steps = clock.now, run.steps
    task = shell.task.child(fds={**shell.task.fds, 0: Reader.of(EMPTY, clock)})
    ended: int | None
    try:
        shell.in_subshell(body, task)
        ended = clock.now
    except WouldRunForever:
        ended = None
    run.next_pid += 1
    shell.jobs.append(ended)
    clock.now, run.steps = begun, steps
    shell.status = 0


def run_pipeline(shell: Shell, stages: tuple[Node, ...]) -> int:
    """Run the stages of a pipeline, which start together, and return its status.

    A stage that would run for ever ends when it writes and nobody reads any more.
    """
    run, clock = shell.task.run, shell.task.run.process.clock
    begun, ended, status = clock.now, clock.now, 0
    reader = shell.task.fds.get(0)
    hung: list[Reader] = []
    for index, stage in enumerate(stages):
        clock.now, steps = begun, run.steps
        task = shell.task.child()
        if reader is not None:
            task.fds[0] = reader
        pipe = Pipe(clock)
        last = index == len(stages) - 1
        if not last:
            task.fds[1] = pipe
        hangs = False
        try:
            code = shell.in_subshell(stage, task)
            status = code or status if "pipefail" in shell.options else code
        except WouldRunForever:
            if last:
                raise
            hangs, run.steps = True, steps  # what nobody waited for is not counted against the rest
        ended = max(ended, begun if hangs else clock.now)
        if not last:
            reader = Reader(pipe.segments, clock, hangs=hangs, ended_at=0 if hangs else clock.now)
            if hangs:
                hung.append(reader)
    # A stage without an end gets SIGPIPE with its first write that nobody has read; one that is silent, or
    # whose reader took all, keeps the pipeline waiting (pipe(7)).
    for waiting in hung:
        written = waiting.next_write()
        if written is None:
            raise WouldRunForever
        ended = max(ended, written)
    clock.now = ended
    return status


_OWN = ("=", "==", "!=", "<", ">")


@dataclass(slots=True)
class Shell(ShellState):
    """A shell that runs commands; it is its own process or part of one."""

    def run_text(self, text: str, first_line: int = 0) -> int:
        """Run a script's text, one complete command after the other, and return the last status."""
        reader = parser.Parser(text, first_line, flavour=self.flavour)
        while True:
            try:
                node = reader.complete_command()
            except parser.ShellSyntaxError as error:
                self.line = error.line
                self.message(str(error))
                self.task.err(f"labkit: {error.left_out}\n" * bool(error.left_out and self.flavour == "bash"))
                raise ExitShell(2) from None
            if node is None:
                return self.status
            self.execute(node)

    def execute(self, node: Node) -> int:
        """Run a syntax tree and return its status."""
        try:
            self._run(node)
        except ExpansionError as error:
            self.message(str(error))
            raise ExitShell(1 if self.flavour == "bash" else 2) from None
        return self.status

    def _run(self, node: Node) -> None:
        match node:
            case parser.Simple():
                self._ended(self._simple(node))
            case parser.CommandList(items):
                self.go_on(items)
            case parser.Pipeline(stages):
                self._ended(run_pipeline(self, stages))
            case parser.Signed("!", body):
                self._tested(body)
                self.status = int(self.status == 0)
            case parser.Redirected():
                self._redirected(node)
            case parser.Signed("&", body):
                run_background(self, body)
            case parser.Signed(_, body):
                self._ended(self.in_subshell(body, self.task))
            case parser.If(branches, otherwise):
                self._if(branches, otherwise)
            case parser.Loop() | parser.For():
                self._loop(node)
            case parser.Case():
                self._case(node)
            case parser.Function(name, body):
                self.functions[name], self.status = body, 0
            case parser.Condition(words):
                self._ended(self._condition(words))

    def go_on(self, rest: Rest) -> int:
        """Run commands one after the other, as far as the status before each lets it; return the last."""
        for index, (operator, node) in enumerate(rest, 1):
            decides = rest[index:] and rest[index][0] != ";"
            try:
                if operator == ";" or (self.status == 0) == (operator == "&&"):
                    (self._tested if decides else self.execute)(node)
            except Suspended as suspended:
                suspended.rest += rest[index:]
                raise
        return self.status

    def _ended(self, status: int) -> None:
        self.status = status
        if status and "e" in self.options and not self.tested:
            raise ExitShell(status, meant=True)

    def _tested(self, node: Node) -> int:
        self.tested += 1
        try:
            return self.execute(node)
        finally:
            self.tested -= 1

    def _if(self, branches: Sequence[tuple[Node, Node]], otherwise: Node | None) -> None:
        for condition, body in branches:
            if self._tested(condition) == 0:
                self.execute(body)
                return
        self.status = 0
        if otherwise is not None:
            self.execute(otherwise)

    def _loop(self, node: parser.Loop | parser.For) -> None:
        """Run a body for each word, or as long as a condition wants it."""
        rounds, status, again = self._rounds(node), 0, True
        self.loops += 1
        try:
            while again:
                self.task.run.step()
                try:
                    if not rounds():
                        break
                    status = 0
                    status = self.execute(node.body)
                except BreakLoop as leave:
                    self.status = status = 0
                    if leave.levels > 1 and self.loops > 1:
                        raise BreakLoop(leave.levels - 1, leave.again) from None
                    again = leave.again
        finally:
            self.loops -= 1
        self.status = status

    def _rounds(self, node: parser.Loop | parser.For) -> Callable[[], bool]:
        """Return what begins a loop's next round and tells whether there is one."""
        if isinstance(node, parser.Loop):
            return lambda: (self._tested(node.condition) == 0) != node.until
        words = iter(list(self.arguments) if node.words is None else fields(self, node.words))

        def following() -> bool:
            for value in words:
                self.assign(node.name, value)
                return True
            return False

        return following

    def _case(self, node: parser.Case) -> None:
        text, self.status = string(self, node.word), 0
        for patterns, body in node.branches:
            if any(glob(pattern_of(self, each)).fullmatch(text) for each in patterns):
                self.execute(body)
                return

    def _condition(self, words: tuple[Word, ...]) -> int:
        """Run `[[ … ]]`: its own operators are worked out here, the rest is the command `test`'s."""
        if self.flavour == "ash":  # where it is but another name of `test`
            return builtins.BUILTINS["test"](self, ["test", *map(_joint, fields(self, words))])
        texts = [string(self, word) for word in words]
        found: list[str] = []
        index = 0
        while index < len(words):
            operator = _plain(words[index + 1]) if index + 2 < len(words) else ""
            if operator in _OWN:
                found.append(self._matches(texts[index], operator, words[index + 2]) * "x")
                index += 3
            else:
                found.append(_joint(texts[index]) if _plain(words[index]) else texts[index])
                index += 1
        return builtins.BUILTINS["test"](self, ["test", *found])

    def _matches(self, left: str, operator: str, word: Word) -> bool:
        if operator in ("<", ">"):
            right = string(self, word)
            return left < right if operator == "<" else left > right
        return glob(pattern_of(self, word)).fullmatch(left) == (operator != "!=")

    def _call(self, words: list[str], files: Descriptors, assigned: list[tuple[str, str]]) -> int:
        """Call a function; what is assigned before it holds while it runs."""
        if len(self.frames) > MAX_NESTING:
            raise CommandError("too many nested commands", 139)
        kept = self.task.fds, self.arguments, self.loops
        self.task.fds, self.arguments, self.loops = files, words[1:], 0
        self.frames.append({name: self.variables.get(name) for name, _ in assigned})
        for name, value in assigned:
            self.assign(name, value)
        try:
            return self.execute(self.functions[words[0]])
        except ReturnFunction as leave:
            return leave.status
        finally:
            self.task.fds, self.arguments, self.loops = kept
            self._restore(self.frames.pop())

    def _redirected(self, node: parser.Redirected) -> None:
        try:
            files = redirected(self, node.redirects)
        except RedirectError as error:
            self.message(str(error))
            self._ended(1)
            return
        kept, self.task.fds = self.task.fds, files
        try:
            self.execute(node.body)
        finally:
            self.task.fds = kept

    # Simple commands

    def _simple(self, node: parser.Simple) -> int:
        task = self.task
        task.run.step()
        self.line = node.line
        words = fields(self, node.words)
        try:
            files = redirected(self, node.redirects) if node.redirects else task.fds
        except RedirectError as error:
            self.message(str(error))
            if words and words[0] in builtins.SPECIAL:
                raise ExitShell(2) from None
            return 2 if self.flavour == "dash" else 1
        values = [part for _, word in node.assignments for part in word]
        if not words and not any(isinstance(part, parser.Substitution) for part in values):
            self.status = 0
        assigned = [(name, string(self, value)) for name, value in node.assignments]
        if "x" in self.options:
            shown = [f"{name}={quote(value)}" for name, value in assigned] + [quote(word) for word in words]
            task.err(f"{self.variables.get('PS4', '')}{' '.join(shown)}\n")
        if not words:
            for name, value in assigned:
                self.assign(name, value)
            return self.status
        if words[0] in self.functions:
            return self._call(words, files, assigned)
        if words[0] in builtins.BUILTINS:
            return self._inside(words, files, assigned)
        env = {**self.environment(), **dict(assigned)}
        return self.external(words, task.child(env=env, fds=files))

    def _inside(self, words: list[str], files: Descriptors, assigned: list[tuple[str, str]]) -> int:
        """Run a builtin; what is assigned before one that is not special holds for it alone."""
        lasts = words[0] in builtins.SPECIAL
        before = {name: self.variables.get(name) for name, _ in assigned if not lasts}
        added = before.keys() - self.exported
        for name, value in assigned:
            self.assign(name, value)
        self.exported |= added
        kept, self.task.fds = self.task.fds, files
        outer, self.builtin = self.builtin, words[0]
        try:
            return builtins.BUILTINS[words[0]](self, words)
        finally:
            self.builtin = outer
            if words[0] != "exec":
                self.task.fds = kept
            self.exported -= added
            self._restore(before)

    def _restore(self, before: Mapping[str, str | None]) -> None:
        self.variables |= {name: value for name, value in before.items() if value is not None}
        for name in [name for name, value in before.items() if value is None]:
            self.variables.pop(name, None)

    def external(self, words: list[str], task: Task) -> int:
        """Run a program and return its status, 126 or 127 where it cannot be started."""
        try:
            return execute(task, words)
        except ExecNotFound as error:
            bash, told = self.flavour == "bash", error.words
            if bash and error.kind == "is a directory":
                told = "Is a directory"
            elif error.status == 127 and not (bash and "/" in words[0]):
                told = "not found"
            self.message(f"{words[0]}: {told}", task)
            return error.status

    # Subshells

    def in_subshell(self, body: Node, task: Task) -> int:
        """Run commands in a copy of this shell and return their status."""
        shell = self.copy()
        shell.task = task.child()
        return shell.until_exit(lambda: shell.execute(body))

    def until_exit(self, body: Callable[[], int]) -> int:
        """Run commands until they end or exit; return the exit code."""
        try:
            self.status = body()
        except ExitShell as leave:
            self.status = leave.status
        except BreakLoop:
            pass
        except Suspended as suspended:
            suspended.add(self)
            raise
        return self.status

    def output_of(self, body: Node) -> str:
        """Run commands in a subshell and return their output without its last newlines."""
        pipe = Pipe(self.task.run.process.clock)
        self.status = self.in_subshell(body, self.task.child(fds={**self.task.fds, 1: pipe}))
        text = self.task.text(Reader(pipe.segments, pipe.clock))
        return text.replace("\0", "").rstrip("\n")


def _plain(word: Word) -> str:
    """Return a word that is nothing but letters without quotes."""
    return word[0].text if len(word) == 1 and isinstance(word[0], Literal) and not word[0].quoted else ""


def _joint(text: str) -> str:
    """Return what `test` calls an operator of `[[ … ]]`."""
    return {"&&": "-a", "||": "-o"}.get(text, text)
