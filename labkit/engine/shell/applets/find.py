"""find: a walk through directories that tries an expression on each file (POSIX.1-2017, find)."""

from __future__ import annotations

import stat
from collections.abc import Sequence

from labkit.engine.shell.applets.findtests import Expression, Stop, Test, Visit
from labkit.engine.shell.task import Task
from labkit.engine.shell.words import strerror
from labkit.errors import FileSystemError


class _Search(Expression):
    def visit(self, path: str, test: Test, depth: int) -> None:
        self.task.run.step()
        try:
            found = self.task.fs.stat(self.task.path(path), self.follow)
        except FileSystemError as error:
            dangling = self.task.stat(path, False)
            if dangling is None:
                self.status = self.task.fail(f"{path}: {strerror(error)}")
                return
            found = dangling
        visit = Visit(path, found, depth)
        if not self.depth_first and depth >= self.least:
            test(visit)
        if stat.S_ISDIR(found.mode) and depth < self.most and not visit.prune:
            try:
                names = self.task.listdir(path)
            except FileSystemError as error:
                self.status = self.task.fail(f"{path}: {strerror(error)}")
                names = []
            for name in names:
                self.visit(f"{path.rstrip('/') if path != '/' else ''}/{name}", test, depth + 1)
        if self.depth_first and depth >= self.least:
            test(visit)


def find(task: Task, args: Sequence[str]) -> int:
    """Search directories."""
    words = list(args)
    search = _Search(task, words)
    while words and words[0] in ("-L", "-H", "-P"):
        search.follow = words.pop(0) == "-L"
    paths = []
    while words and not words[0].startswith("-") and words[0] not in ("!", "("):
        paths.append(words.pop(0))
    test = search.expression()
    if not search.acts:
        shown, printed = test, search.test_print("-print")
        test = lambda visit: shown(visit) and printed(visit)  # noqa: E731
    try:
        for path in paths or ["."]:
            search.visit(path, test, 0)
    except Stop:
        pass
    for argv, batch in search.batches:
        if batch and search.run([*argv, *batch]) != 0:
            search.status = 1
    return search.status
