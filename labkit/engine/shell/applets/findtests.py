"""find's expressions: tests and actions on one file (POSIX.1-2017, find, OPERANDS)."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from labkit.engine.shell.applets.modes import parse_mode
from labkit.engine.shell.lookup import ExecNotFound
from labkit.engine.shell.patterns import BadPattern, glob, regex
from labkit.engine.shell.task import SECOND, CommandError, Task, UsageError
from labkit.engine.shell.users import group_id, user_id
from labkit.engine.shell.words import basename, strerror
from labkit.errors import FileSystemError

_TYPES = {"f": stat.S_IFREG, "d": stat.S_IFDIR, "l": stat.S_IFLNK, "c": stat.S_IFCHR, "b": stat.S_IFBLK,
          "p": stat.S_IFIFO, "s": stat.S_IFSOCK}  # fmt: skip


@dataclass(slots=True)
class Visit:
    """A file that the walk has come to."""

    path: str
    found: Any
    depth: int
    prune: bool = False


Test = Callable[[Visit], bool]


class Stop(Exception):
    """`-quit`: the search ends."""


@dataclass(slots=True)
class Expression:
    """Parses a search's words into a test; what concerns the whole walk is noted on the way."""

    task: Task
    words: list[str]
    least: int = 0
    most: int = 1 << 30
    depth_first: bool = False
    acts: bool = False
    follow: bool = False
    status: int = 0
    batches: list[tuple[list[str], list[str]]] = field(default_factory=list)

    def expression(self) -> Test:
        test = self.either()
        if self.words:
            raise (
                CommandError("unpaired ')'")
                if self.words[0] == ")"
                else UsageError(f"unrecognized: {self.words[0]}")
            )
        return test

    def either(self) -> Test:
        tests = [self.all()]
        while self.words and self.words[0] in ("-o", "-or"):
            self.words.pop(0)
            tests.append(self.all())
        return tests[0] if len(tests) == 1 else lambda visit: any(test(visit) for test in tests)

    def all(self) -> Test:
        tests: list[Test] = []
        while self.words and self.words[0] not in ("-o", "-or", ")"):
            if self.words[0] in ("-a", "-and"):
                self.words.pop(0)
                continue
            tests.append(self.one())
        return lambda visit: all(test(visit) for test in tests)

    def one(self) -> Test:
        word = self.words.pop(0)
        if word in ("!", "-not"):
            if not self.words:
                raise UsageError
            test = self.one()
            return lambda visit: not test(visit)
        if word == "(":
            test = self.either()
            if not self.words or self.words.pop(0) != ")":
                raise CommandError("unpaired '('")
            return test
        simple = getattr(self, "test_" + word[1:].replace("-", "_"), None) if word.startswith("-") else None
        if simple is None:
            raise UsageError(f"unrecognized: {word}")
        made: Test = simple(word)
        return made

    def value(self, word: str) -> str:
        if not self.words:
            raise CommandError(f"{word} requires an argument")
        return self.words.pop(0)

    def number(self, word: str) -> Callable[[int], bool]:
        text = self.value(word)
        if not text.lstrip("+-").isdigit():
            raise CommandError(f"invalid number '{text}'")
        wanted = int(text.lstrip("+-"))
        if text[0] == "+":
            return lambda value: value > wanted
        return (lambda value: value < wanted) if text[0] == "-" else (lambda value: value == wanted)

    def test_name(self, word: str) -> Test:
        wanted = re.compile(
            glob([(self.value(word), False)]), re.IGNORECASE if word == "-iname" else re.NOFLAG
        )
        return lambda visit: wanted.fullmatch(basename(visit.path)) is not None

    test_iname = test_name

    def test_path(self, word: str) -> Test:
        wanted = re.compile(
            glob([(self.value(word), False)]), re.IGNORECASE if word == "-ipath" else re.NOFLAG
        )
        return lambda visit: wanted.fullmatch(visit.path) is not None

    test_ipath = test_path

    def test_regex(self, word: str) -> Test:
        text = self.value(word)
        try:
            wanted = regex(text)
        except BadPattern:
            raise CommandError(f"bad regex '{text}'") from None
        return lambda visit: wanted.fullmatch(visit.path) is not None

    def test_type(self, word: str) -> Test:
        letter = self.value(word)
        if letter not in _TYPES:
            raise CommandError(f"invalid argument '{letter}' to '-type'")
        return lambda visit: stat.S_IFMT(visit.found.mode) == _TYPES[letter]

    def test_maxdepth(self, word: str) -> Test:
        text = self.value(word)
        if not text.isdigit():
            raise CommandError(f"invalid number '{text}'")
        if word == "-maxdepth":
            self.most = int(text)
        else:
            self.least = int(text)
        return lambda visit: True

    test_mindepth = test_maxdepth

    def test_depth(self, word: str) -> Test:
        self.depth_first = True
        return lambda visit: True

    def test_xdev(self, word: str) -> Test:
        return lambda visit: True

    test_mount = test_xdev

    def test_follow(self, word: str) -> Test:
        self.follow = True
        return lambda visit: True

    def test_size(self, word: str) -> Test:
        text = self.value(word)
        match = re.fullmatch(r"([+-]?)(\d+)([bck]?)", text)
        if match is None:
            raise CommandError(f"invalid number '{text}'")
        unit = {"": 512, "b": 512, "c": 1, "k": 1024}[match[3]]
        wanted = int(match[2]) * unit

        def test(visit: Visit) -> bool:
            size = visit.found.size
            if match[1] == "+":
                return bool(size > wanted)
            return bool(size < wanted if match[1] == "-" else size == wanted)

        return test

    def test_perm(self, word: str) -> Test:
        text = self.value(word)
        kind = text[0] if text[:1] in ("-", "+", "/") else ""
        wanted = parse_mode(text[len(kind) :], 0, False, 0)

        def test(visit: Visit) -> bool:
            mode = visit.found.mode & 0o7777
            if kind == "-":
                return bool(mode & wanted == wanted)
            return bool(mode & wanted or not wanted) if kind else bool(mode == wanted)

        return test

    def test_newer(self, word: str) -> Test:
        path = self.value(word)
        try:
            when = self.task.fs.stat(self.task.path(path), True).mtime
        except FileSystemError as error:
            raise CommandError(f"{path}: {strerror(error)}") from None
        return lambda visit: visit.found.mtime > when

    def test_mtime(self, word: str) -> Test:
        matches, unit = self.number(word), (60 if word == "-mmin" else 86400) * SECOND
        return lambda visit: matches((self.task.now - visit.found.mtime) // unit)

    test_mmin = test_mtime

    def test_user(self, word: str) -> Test:
        name = self.value(word)
        found = user_id(self.task.fs, name) if word == "-user" else group_id(self.task.fs, name)
        if found is None and not name.isdigit():
            raise CommandError(f"unknown {word[1:]} {name}")
        wanted = int(name) if found is None else found
        return lambda visit: wanted == (visit.found.uid if word == "-user" else visit.found.gid)

    test_group = test_user

    def test_links(self, word: str) -> Test:
        matches = self.number(word)
        return lambda visit: matches(visit.found.nlink)

    def test_inum(self, word: str) -> Test:
        matches = self.number(word)
        return lambda visit: matches(visit.found.inode)

    def test_samefile(self, word: str) -> Test:
        found = self.task.fs.stat(self.task.path(self.value(word)), True)
        return lambda visit: visit.found.inode == found.inode

    def test_empty(self, word: str) -> Test:
        def test(visit: Visit) -> bool:
            if stat.S_ISDIR(visit.found.mode):
                return not self.task.listdir(visit.path)
            return stat.S_ISREG(visit.found.mode) and visit.found.size == 0

        return test

    def test_executable(self, word: str) -> Test:
        return lambda visit: bool(visit.found.mode & 0o111)

    def test_prune(self, word: str) -> Test:
        def test(visit: Visit) -> bool:
            visit.prune = True
            return True

        return test

    def test_print(self, word: str) -> Test:
        self.acts = True
        end = "\0" if word == "-print0" else "\n"

        def test(visit: Visit) -> bool:
            self.task.out(visit.path + end)
            return True

        return test

    test_print0 = test_print

    def test_quit(self, word: str) -> Test:
        self.acts = True

        def test(visit: Visit) -> bool:
            raise Stop

        return test

    def test_delete(self, word: str) -> Test:
        self.acts = self.depth_first = True

        def test(visit: Visit) -> bool:
            if visit.path in (".", ".."):
                return True
            try:
                remover = self.task.fs.rmdir if stat.S_ISDIR(visit.found.mode) else self.task.fs.unlink
                remover(self.task.path(visit.path))
            except FileSystemError as error:
                self.status = self.task.fail(f"{visit.path}: {strerror(error)}")
            return True

        return test

    def test_exec(self, word: str) -> Test:
        self.acts = True
        argv: list[str] = []
        while self.words and self.words[0] != ";" and not (self.words[0] == "+" and argv[-1:] == ["{}"]):
            argv.append(self.words.pop(0))
        if not self.words or not argv:
            raise CommandError("-exec requires an argument")
        if self.words.pop(0) == "+":
            batch: list[str] = []
            self.batches.append((argv[:-1], batch))

            def collect(visit: Visit) -> bool:
                batch.append(visit.path)
                return True

            return collect
        return lambda visit: self.run([part.replace("{}", visit.path) for part in argv]) == 0

    def run(self, argv: list[str]) -> int:
        try:
            return self.task.run.execute(self.task, argv)
        except ExecNotFound as error:
            self.task.fail(f"{argv[0]}: {error.words}")
            return 1
