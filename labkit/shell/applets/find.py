"""find: a walk through directories that tries an expression on each file (POSIX.1-2017, find)."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from labkit.base.errors import FileSystemError
from labkit.oci.tree import Nested, unnested
from labkit.shell.applets.files import parse_mode
from labkit.shell.conversions import basename, decimal, strerror
from labkit.shell.files import Stat
from labkit.shell.launch import ExecNotFound
from labkit.shell.patterns import glob
from labkit.shell.task import CommandError, Task, UsageError, saying

_TYPES = {"f": stat.S_IFREG, "d": stat.S_IFDIR, "l": stat.S_IFLNK, "c": stat.S_IFCHR, "b": stat.S_IFBLK,
          "p": stat.S_IFIFO, "s": stat.S_IFSOCK}  # fmt: skip
_ELSEWHERE = frozenset(
    "ctime cmin atime amin mmin depth executable fstype follow group inum ipath links mtime prune"
    " ok print0 quit regex samefile user".split()
)
Test = Callable[[str, Stat], bool]
"""A test or an action on a file: its path and what stat says of it."""


@dataclass(slots=True)
class _Search:
    """A search: its words become a test; what concerns the whole walk is noted on the way."""

    task: Task
    words: list[str]
    least: int = 0
    most: int = 1 << 30
    depth_first: bool = False
    acts: bool = False
    status: int = 0
    batches: list[tuple[list[str], list[str]]] = field(default_factory=list)

    def expression(self) -> Test:
        test = self.either()
        if self.words:
            raise CommandError("unpaired ')'")
        if self.acts:
            return test
        printed = self.test_print("-print")
        return lambda path, found: test(path, found) and printed(path, found)

    def either(self) -> Test:
        tests = [self.all()]
        while self.words and self.words[0] in ("-o", "-or"):
            self.words.pop(0)
            tests.append(self.all())
        return lambda path, found: any(test(path, found) for test in tests)

    def all(self) -> Test:
        tests: list[Test] = []
        while self.words and self.words[0] not in ("-o", "-or", ")"):
            if self.words[0] in ("-a", "-and"):
                self.words.pop(0)
                continue
            tests.append(self.one())
        return lambda path, found: all(test(path, found) for test in tests)

    def one(self) -> Test:
        word = self.words.pop(0)
        if word in ("!", "-not"):
            if not self.words:
                raise UsageError
            test = self.one()
            return lambda path, found: not test(path, found)
        if word == "(":
            test = self.either()
            if not self.words or self.words.pop(0) != ")":
                raise CommandError("unpaired '('")
            return test
        if word[1:] in _ELSEWHERE:
            raise CommandError(f"{word} is not simulated")
        named = getattr(self, "test_" + word[1:], None) if word.startswith("-") else None
        if named is None:
            raise UsageError(f"unrecognized: {word}")
        made: Test = named(word)
        return made

    def value(self, word: str) -> str:
        if not self.words:
            raise CommandError(f"{word} requires an argument")
        return self.words.pop(0)

    def test_name(self, word: str) -> Test:
        wanted = glob([(self.value(word), False)], ignore_case=word == "-iname")
        return lambda path, found: wanted.fullmatch(path if word == "-path" else basename(path))

    test_iname = test_path = test_name

    def test_newer(self, word: str) -> Test:
        name = self.value(word)
        with saying(f"can't stat '{name}'"):
            moment = self.task.fs.stat(self.task.path(name), True).mtime
        return lambda path, found: found.mtime > moment

    def test_perm(self, word: str) -> Test:
        text = self.value(word)
        sign = text[:1] if text[:1] in "-/" else ""
        wanted = parse_mode(text.removeprefix(sign), 0, False)
        if sign == "/":
            return lambda path, found: bool(found.mode & wanted) or not wanted
        return lambda path, found: found.mode & (wanted if sign else 0o7777) == wanted

    def test_empty(self, word: str) -> Test:
        def test(path: str, found: Stat) -> bool:
            if stat.S_ISDIR(found.mode):
                return not self.task.listdir(path)
            return stat.S_ISREG(found.mode) and not found.size

        return test

    def test_type(self, word: str) -> Test:
        letter = self.value(word)
        if letter not in _TYPES:
            raise CommandError(f"invalid argument '{letter}' to '-type'")
        return lambda path, found: stat.S_IFMT(found.mode) == _TYPES[letter]

    def test_maxdepth(self, word: str) -> Test:
        text = self.value(word)
        depth = decimal(text)
        if depth is None:
            raise CommandError(f"invalid number '{text}'")
        if word == "-maxdepth":
            self.most = depth
        else:
            self.least = depth
        return lambda path, found: True

    test_mindepth = test_maxdepth

    def test_xdev(self, word: str) -> Test:
        return lambda path, found: True

    test_mount = test_xdev

    def test_size(self, word: str) -> Test:
        text = self.value(word)
        match = re.fullmatch(rf"([+-]?)(.*?)([bck{'M' * (self.task.dialect == 'gnu')}]?)", text, re.DOTALL)
        count = decimal(match[2]) if match else None
        if match is None or count is None:
            raise CommandError(f"invalid number '{text.lstrip('+-')}'")
        sign, unit = match[1], {"": 512, "b": 512, "c": 1, "k": 1024, "M": 1 << 20}[match[3]]
        if self.task.dialect == "gnu":  # which counts the units that are begun
            return lambda path, found: _compares(sign, -(-found.size // unit), count)
        return lambda path, found: _compares(sign, found.size, count * unit)

    def test_print(self, word: str) -> Test:
        self.acts = True

        def test(path: str, found: Stat) -> bool:
            self.task.out(path + "\n")
            return True

        return test

    def test_delete(self, word: str) -> Test:
        self.acts = self.depth_first = True

        def test(path: str, found: Stat) -> bool:
            remove = self.task.fs.rmdir if stat.S_ISDIR(found.mode) else self.task.fs.unlink
            try:
                if path not in (".", ".."):
                    remove(self.task.path(path))
            except FileSystemError as error:
                self.status = self.task.fail(f"{path}: {strerror(error)}")
            return True

        return test

    def test_exec(self, word: str) -> Test:
        self.acts = True
        argv: list[str] = []
        while self.words and self.words[0] != ";" and not (self.words[0] == "+" and argv[-1:] == ["{}"]):
            argv.append(self.words.pop(0))
        if not self.words or not argv:
            raise CommandError("-exec requires an argument")
        if self.words.pop(0) == ";":
            return lambda path, found: self.run([part.replace("{}", path) for part in argv]) == 0
        batch: list[str] = []
        self.batches.append((argv[:-1], batch))

        def collect(path: str, found: Stat) -> bool:
            batch.append(path)
            return True

        return collect

    def run(self, argv: list[str]) -> int:
        try:
            return self.task.run.execute(self.task, argv)
        except ExecNotFound as error:
            return self.task.fail(f"{argv[0]}: {error.words}")

    def visit(self, path: str, test: Test, depth: int) -> Nested[None]:
        self.task.run.step()
        try:
            found = self.task.fs.stat(self.task.path(path), False)
            if not self.depth_first and depth >= self.least:
                test(path, found)
            if stat.S_ISDIR(found.mode) and depth < self.most:
                for name in self.task.listdir(path):
                    yield self.visit(f"{path.rstrip('/')}/{name}", test, depth + 1)
        except FileSystemError as error:
            self.status = self.task.fail(f"{path}: {strerror(error)}")
            return
        if self.depth_first and depth >= self.least:
            test(path, found)


def _compares(sign: str, value: int, wanted: int) -> bool:
    return value > wanted if sign == "+" else value < wanted if sign == "-" else value == wanted


def find(task: Task, args: Sequence[str]) -> int:
    """Search directories."""
    words = list(args)
    paths = []
    while words and not words[0].startswith("-") and words[0] not in ("!", "("):
        paths.append(words.pop(0))
    search = _Search(task, words)
    test = search.expression()
    for path in paths or ["."]:
        unnested(search.visit(path, test, 0))
    for argv, batch in search.batches:
        if batch and search.run([*argv, *batch]) != 0:
            search.status = 1
    return search.status
