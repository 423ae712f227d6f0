"""A shell at work: runs syntax trees (POSIX.1-2017, Shell Command Language, 2.8 to 2.12), as busybox's ash.

Time is virtual: `sleep` moves the clock, the stages of a pipeline start together, and a command that
does not end by itself is stopped at a limit of steps or of time and said to be unfinished.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from labkit.engine.shell import builtins, syntax
from labkit.engine.shell.expand import ExpansionError, fields, string
from labkit.engine.shell.launch import execute
from labkit.engine.shell.lookup import ExecNotFound
from labkit.engine.shell.parser import Parser
from labkit.engine.shell.pipeline import run_background, run_pipeline
from labkit.engine.shell.redirect import RedirectError, redirected
from labkit.engine.shell.state import BreakLoop, ExitShell, State
from labkit.engine.shell.streams import Pipe, bounded
from labkit.engine.shell.syntax import Node, ShellSyntaxError
from labkit.engine.shell.task import OpenFiles, Task
from labkit.engine.shell.words import decode

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True)
class Shell(State):
    """A shell that runs commands; it is its own process or part of one."""

    def run_text(self, text: str, first_line: int = 0) -> int:
        """Run a script's text, one complete command after the other, and return the last status."""
        parser = Parser(text, first_line)
        while True:
            try:
                node = parser.complete_command()
            except ShellSyntaxError as error:
                self.line = error.line
                self.message(str(error))
                raise ExitShell(2) from None
            if node is None:
                return self.status
            self.execute(node)

    def execute(self, node: Node) -> int:
        """Run a syntax tree and return its status."""
        match node:
            case syntax.Simple():
                self._ended(self._simple(node))
            case syntax.Sequence(items):
                for item in items:
                    self.execute(item)
            case syntax.Pipeline(stages):
                self._ended(run_pipeline(self, stages))
            case syntax.Not(body):
                self._tested(body)
                self.status = int(self.status == 0)
            case syntax.AndOr(left, operator, right):
                self._tested(left)
                if (self.status == 0) == (operator == "&&"):
                    self.execute(right)
            case syntax.Redirected():
                self._redirected(node)
            case syntax.Subshell(body):
                self._ended(self.in_subshell(body, self.task))
            case syntax.Background(body):
                run_background(self, body)
            case syntax.If(branches, otherwise):
                self._if(branches, otherwise)
            case syntax.Loop():
                self._loop(node)
            case syntax.For():
                self._for(node)
        return self.status

    def _ended(self, status: int) -> None:
        self.status = status
        if status and "e" in self.options and not self.tested:
            raise ExitShell(status)

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

    def _loop(self, node: syntax.Loop) -> None:
        status = 0

        def once() -> bool:
            nonlocal status
            self.task.run.step()
            if (self._tested(node.condition) == 0) == node.until:
                return False
            status = 0
            status = self.execute(node.body)
            return True

        while self._round(once):
            pass
        self.status = status

    def _for(self, node: syntax.For) -> None:
        def once() -> bool:
            self.execute(node.body)
            return True

        words = self.arguments if node.words is None else self._expanded(fields, self, node.words)
        self.status = 0
        for value in words:
            self.assign(node.name, value)
            if not self._round(once):
                break

    def _round(self, once: Callable[[], bool]) -> bool:
        """Go through a loop once and tell whether it goes on."""
        self.loops += 1
        try:
            return once()
        except BreakLoop as leave:
            self.status = 0
            if leave.levels > 1 and self.loops > 1:
                raise BreakLoop(leave.levels - 1, leave.again) from None
            return leave.again
        finally:
            self.loops -= 1

    def _redirected(self, node: syntax.Redirected) -> None:
        try:
            files = self._expanded(redirected, self, self.task, node.redirects)
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

    def _simple(self, node: syntax.Simple) -> int:
        task = self.task
        task.run.step()
        self.line = node.line
        words = self._expanded(fields, self, node.words)
        try:
            files = self._expanded(redirected, self, task, node.redirects) if node.redirects else task.fds
        except RedirectError as error:
            self.message(str(error))
            if words and words[0] in builtins.SPECIAL:
                raise ExitShell(2) from None
            return 1
        if not words and not _substitutes(node):
            self.status = 0
        assigned = [(name, self._expanded(string, self, value)) for name, value in node.assignments]
        if "x" in self.options:
            shown = [f"{name}={quoted(value)}" for name, value in assigned] + [quoted(word) for word in words]
            task.err(f"{self.variables.get('PS4', '')}{' '.join(shown)}\n")
        if not words:
            for name, value in assigned:
                self.assign(name, value)
            return self.status
        if words[0] in builtins.BUILTINS:
            return self._inside(words, files, assigned)
        env = {**self.environment(), **dict(assigned)}
        return self.external(words, task.child(env=env, fds=files))

    def _expanded(self, expand: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return expand(*args, **kwargs)
        except ExpansionError as error:
            self.message(str(error))
            raise ExitShell(2) from None

    def _inside(self, words: list[str], files: OpenFiles, assigned: list[tuple[str, str]]) -> int:
        """Run a builtin; what is assigned before one that is not special holds for it alone."""
        before, exported = dict(self.variables), set(self.exported)
        for name, value in assigned:
            self.assign(name, value)
        kept, self.task.fds = self.task.fds, files
        outer, self.builtin = self.builtin, words[0]
        try:
            if assigned and words[0] not in builtins.SPECIAL:
                self.exported.update(dict(assigned))
            return builtins.BUILTINS[words[0]](self, words)
        finally:
            self.builtin = outer
            if words[0] != "exec":
                self.task.fds = kept
            if words[0] not in builtins.SPECIAL:
                self.exported = exported
                for name, _ in assigned:
                    self.variables.pop(name, None)
                    if name in before:
                        self.variables[name] = before[name]

    def external(self, words: list[str], task: Task) -> int:
        """Run a program and return its status, 126 or 127 where it cannot be started."""
        try:
            return execute(task, words)
        except ExecNotFound as error:
            here = self.task.child(fds=task.fds)
            kept, self.task = self.task, here
            self.message(f"{words[0]}: {'not found' if error.status == 127 else error.words}")
            self.task = kept
            return error.status

    # Subshells

    def in_subshell(self, body: Node, task: Task) -> int:
        """Run commands in a copy of this shell and return their status."""
        shell: Shell = self.copy()
        shell.task = task.child()
        return shell.until_exit(lambda: shell.execute(body))

    def until_exit(self, body: Callable[[], int]) -> int:
        """Run commands until they end or exit; return the exit code."""
        try:
            return body()
        except ExitShell as leave:
            return leave.status
        except BreakLoop:
            return self.status

    def output_of(self, body: Node) -> str:
        """Run commands in a subshell and return their output without its last newlines."""
        pipe = Pipe(self.task.run.process.clock)
        self.status = self.in_subshell(body, self.task.child(fds={**self.task.fds, 1: pipe}))
        data = b"".join(chunk for _, content in pipe.segments for chunk in bounded(content))
        return decode(data).replace("\0", "").rstrip("\n")


def _substitutes(node: syntax.Simple) -> bool:
    return any(isinstance(part, syntax.Substitution) for _, word in node.assignments for part in word)


def quoted(word: str) -> str:
    """Return a word as `set -x` shows it.

    >>> quoted("a b"), quoted("ls")
    ("'a b'", 'ls')
    """
    if word and re.fullmatch(r"[\w@%+=:,./-]+", word, re.ASCII):
        return word
    return "'" + word.replace("'", "'\"'\"'") + "'"
