"""A shell at work: runs syntax trees (POSIX.1-2017, Shell Command Language, 2.8 to 2.12), as busybox's ash.

Time is virtual: `sleep` moves the clock, the stages of a pipeline start together, and a command that
does not end by itself is stopped at a limit of steps or of time and said to be unfinished.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from labkit.engine.shell import builtins
from labkit.engine.shell.expand import ExpansionError, fields, pattern, string
from labkit.engine.shell.launch import MAX_NESTING, execute
from labkit.engine.shell.lookup import ExecNotFound
from labkit.engine.shell.parser import Parser
from labkit.engine.shell.patterns import glob
from labkit.engine.shell.pipeline import run_background, run_pipeline
from labkit.engine.shell.redirect import Files, RedirectError, redirected
from labkit.engine.shell.state import BreakLoop, ExitShell, ReturnFunction, State
from labkit.engine.shell.syntax import (
    AndOr,
    Background,
    Case,
    For,
    Function,
    If,
    Loop,
    Node,
    Not,
    Pipeline,
    Redirected,
    Sequence,
    ShellSyntaxError,
    Simple,
    Subshell,
    Word,
)
from labkit.engine.shell.task import Task, capture, text_of

T = TypeVar("T")


@dataclass(slots=True)
class Shell(State):
    """A shell that runs commands; it is its own process or part of one."""

    def run_text(self, text: str, first_line: int = 0) -> int:
        """Run a script's text, one complete command after the other, and return the last status."""
        if self.texts > MAX_NESTING:
            self.message("too many nested commands")
            raise ExitShell(139)
        self.texts += 1
        try:
            return self._run_lines(Parser(text, first_line))
        finally:
            self.texts -= 1

    def _run_lines(self, parser: Parser) -> int:
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
            case Simple():
                self.status = self._simple(node)
                self._check_exit()
            case Sequence(items):
                for item in items:
                    self.execute(item)
            case Pipeline(stages):
                self.status = run_pipeline(self, stages)
                self._check_exit()
            case Not(body):
                self._tested(body)
                self.status = int(self.status == 0)
            case AndOr(left, operator, right):
                self._tested(left)
                if (self.status == 0) == (operator == "&&"):
                    self.execute(right)
            case Redirected():
                self._redirected(node)
            case Subshell(body):
                self.status = self.in_subshell(body, self.task)
                self._check_exit()
            case Background(body):
                run_background(self, body)
            case If(branches, otherwise):
                self._if(branches, otherwise)
            case Loop():
                self._loop(node)
            case For():
                self._for(node)
            case Case(word, items):
                self._case(word, items)
            case Function(name, body):
                self.functions[name] = body
                self.status = 0
        return self.status

    def _check_exit(self) -> None:
        if self.status and "e" in self.options and not self.tested:
            raise ExitShell(self.status)

    def _tested(self, node: Node) -> int:
        self.tested += 1
        try:
            return self.execute(node)
        finally:
            self.tested -= 1

    def _if(self, branches: tuple[tuple[Node, Node], ...], otherwise: Node | None) -> None:
        for condition, body in branches:
            if self._tested(condition) == 0:
                self.execute(body)
                return
        self.status = 0
        if otherwise is not None:
            self.execute(otherwise)

    def _loop(self, node: Loop) -> None:
        status = 0
        while True:
            self.task.run.step()
            try:
                self.loops += 1
                if (self._tested(node.condition) == 0) == node.until:
                    break
                status = self.execute(node.body)
            except BreakLoop as leave:
                status = self.status = 0
                if self._leaves(leave):
                    break
            finally:
                self.loops -= 1
        self.status = status

    def _for(self, node: For) -> None:
        words = (
            self.arguments if node.words is None else self._expanded(lambda: fields(self, node.words or ()))
        )
        self.status = 0
        for value in words:
            self.assign(node.name, value)
            try:
                self.loops += 1
                self.execute(node.body)
            except BreakLoop as leave:
                self.status = 0
                if self._leaves(leave):
                    break
            finally:
                self.loops -= 1

    def _leaves(self, leave: BreakLoop) -> bool:
        if leave.levels > 1 and self.loops > 1:
            raise BreakLoop(leave.levels - 1, leave.again)
        return not leave.again

    def _case(self, word: Word, items: tuple[tuple[tuple[Word, ...], Node], ...]) -> None:
        subject = self._expanded(lambda: string(self, word))
        self.status = 0
        for patterns, body in items:
            for wanted in patterns:
                segments = self._expanded(partial(pattern, self, wanted))
                if re.fullmatch(glob(segments), subject):
                    self.execute(body)
                    return

    def _redirected(self, node: Redirected) -> None:
        try:
            files = self._expanded(lambda: redirected(self, self.task, node.redirects))
        except RedirectError as error:
            self.message(str(error))
            self.status = 1
            self._check_exit()
            return
        kept, self.task.fds = self.task.fds, files
        try:
            self.execute(node.body)
        finally:
            self.task.fds = kept

    # Simple commands

    def _simple(self, node: Simple) -> int:
        task = self.task
        task.run.step()
        self.line = node.line
        words = self._expanded(lambda: fields(self, node.words))
        try:
            files = (
                self._expanded(lambda: redirected(self, task, node.redirects)) if node.redirects else task.fds
            )
        except RedirectError as error:
            self.message(str(error))
            if words and words[0] in builtins.SPECIAL:
                raise ExitShell(2) from None
            return 1
        if not words:
            self.status = 0 if not _substitutes(node) else self.status
        assigned = [(name, self._expanded(partial(string, self, value))) for name, value in node.assignments]
        if "x" in self.options:
            self._trace(assigned, words)
        if not words:
            for name, value in assigned:
                self.assign(name, value)
            return self.status
        if words[0] in self.functions or words[0] in builtins.BUILTINS:
            return self._inside(words, files, assigned, words[0] not in self.functions)
        env = {**self.environment(), **dict(assigned)}
        return self.external(words, task.child(env=env, fds=files))

    def _trace(self, assigned: list[tuple[str, str]], words: list[str]) -> None:
        shown = [f"{name}={quoted(value)}" for name, value in assigned] + [quoted(word) for word in words]
        self.task.err(f"{self.variables.get('PS4', '')}{' '.join(shown)}\n")

    def _expanded(self, expansion: Callable[[], T]) -> T:
        try:
            return expansion()
        except ExpansionError as error:
            self.message(str(error))
            raise ExitShell(2) from None

    def _inside(self, words: list[str], files: Files, assigned: list[tuple[str, str]], builtin: bool) -> int:
        permanent = builtin and words[0] in builtins.SPECIAL
        before = {name: self.variables.get(name) for name, _ in assigned}
        exported = set(self.exported)
        for name, value in assigned:
            self.assign(name, value)
            if not permanent:
                self.exported.add(name)
        kept, self.task.fds = self.task.fds, files
        try:
            return self.run_builtin(words) if builtin else self._call(words)
        finally:
            if not (builtin and words[0] == "exec"):
                self.task.fds = kept
            if not permanent:
                self.exported = exported
                for name, old in before.items():
                    if old is None:
                        self.variables.pop(name, None)
                    else:
                        self.variables[name] = old

    def run_builtin(self, words: list[str]) -> int:
        """Run a builtin command in this shell."""
        outer, self.builtin = self.builtin, words[0]
        try:
            return builtins.BUILTINS[words[0]](self, words)
        finally:
            self.builtin = outer

    def _call(self, words: list[str]) -> int:
        if len(self.locals) > MAX_NESTING:
            self.message("too many nested commands")
            raise ExitShell(139)
        arguments, self.arguments = self.arguments, words[1:]
        self.locals.append({})
        loops, self.loops = self.loops, 0
        try:
            return self.execute(self.functions[words[0]])
        except ReturnFunction as leave:
            return leave.status
        finally:
            self.arguments, self.loops = arguments, loops
            for name, value in self.locals.pop().items():
                if value is None:
                    self.variables.pop(name, None)
                else:
                    self.variables[name] = value

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
        """Run commands until they end or exit, then the trap for EXIT; return the exit code."""
        status = self._leave(body)
        if self.exit_trap is None:
            return status
        trap, self.exit_trap, self.status = self.exit_trap, None, status
        return self._leave(lambda: (self.run_text(trap), status)[1])

    def _leave(self, body: Callable[[], int]) -> int:
        try:
            return body()
        except ExitShell as leave:
            return leave.status
        except BreakLoop:
            return self.status

    def output_of(self, body: Node) -> str:
        """Run commands in a subshell and return their output without its last newlines."""
        task, pipe = capture(self.task)
        self.status = self.in_subshell(body, task)
        return text_of(pipe).replace("\0", "").rstrip("\n")


def _substitutes(node: Simple) -> bool:
    return any(type(part).__name__ == "Substitution" for _, word in node.assignments for part in word)


def quoted(word: str) -> str:
    """Return a word as `set -x` shows it.

    >>> quoted("a b"), quoted("ls")
    ("'a b'", 'ls')
    """
    if word and re.fullmatch(r"[\w@%+=:,./-]+", word, re.ASCII):
        return word
    return "'" + word.replace("'", "'\"'\"'") + "'"
