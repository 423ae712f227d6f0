"""Small faults put into labkit on purpose, one at a time: the tests that are named for each must notice it.

    python -m tests.mutants [-j N] [WORD ...]

A word selects a room (`oci`) or what has it in its name. The mutants are data, `mutants.toml` beside this
file: the file and its text `before` and `after`, the kind of fault, the narrowest tests that fail for it, and
why a learner would care. They are made in a copy of the package in a temporary folder; the working tree is
never touched. A mutant counts as killed when a named test fails for what it asserts, as invalid when the
tests cannot be imported or fail for a name that is not there.
"""

from __future__ import annotations

import argparse
import ast
import compileall
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from py_compile import PycInvalidationMode
from queue import SimpleQueue
from xml.etree import ElementTree as etree

ROOT = Path(__file__).parents[1]
DATA = Path(__file__).with_name("mutants.toml")
KINDS = (
    "off by one",
    "wrong operator",
    "wrong constant",
    "wrong order",
    "swapped arguments",
    "dropped call",
    "lost branch",
)
# Without the plugins that start workers, run notebooks and open browsers, pytest starts in half the time.
# Hypothesis tries the same examples in each run, so that one run can be compared with another.
_PYTEST = (
    *(
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "_hypothesis_pytestplugin",
        "--hypothesis-seed=0",
    ),
    "--override-ini=addopts=--import-mode=importlib --doctest-modules",
)
_LONGEST = 300
"""Seconds for one mutant's tests: a loop without an end is no assertion."""
_NO_FAULT_OF_THEIRS = re.compile(
    r"^(?:UNEXPECTED EXCEPTION: )?(?:\w+\.)*(?:Import|ModuleNotFound|Name|UnboundLocal|Syntax)Error\b", re.M
)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault: in `file`, `after` stands in place of `before`."""

    name: str
    file: str
    kind: str
    before: str
    after: str
    tests: tuple[str, ...]
    why: str

    @property
    def room(self) -> str:
        """The room of the house that it is in, or a module that stands by itself: `oci`, `lab`."""
        return Path(self.file).parts[1].removesuffix(".py")

    def applied(self, text: str) -> str:
        """Return a file's text with the fault in it."""
        return text.replace(self.before, self.after)


def read(data: Path = DATA) -> list[Mutant]:
    """Return all mutants, in the order of the file."""
    return [
        Mutant(name, tests=tuple(row.pop("tests")), **row)
        for name, row in tomllib.loads(data.read_text("utf-8")).items()
    ]


def faults(mutants: Sequence[Mutant]) -> Iterator[str]:
    """Yield what is wrong with the data, a line each; nothing is run."""
    places = Counter((each.file, each.kind, _function(each)) for each in mutants)
    for each in mutants:
        if problem := _snippet_fault(each):
            yield f"{each.name}: {problem}"
            continue
        if each.kind not in KINDS:
            yield f"{each.name}: {each.kind!r} is no kind: {', '.join(KINDS)}"
        if not each.tests or not each.why:
            yield f"{each.name}: it has no test, or no reason"
        if places[each.file, each.kind, _function(each)] > 1:
            yield f"{each.name}: another one is of the same kind in {_function(each)} of {each.file}"
        yield from (f"{each.name}: there is no test {test}" for test in each.tests if not _is_there(test))


def _snippet_fault(mutant: Mutant) -> str:
    text = _text(mutant.file)
    found = text.count(mutant.before)
    if found != 1:
        now = [name for name in _files("labkit") if mutant.before in _text(name)]
        where = f"; it is in {', '.join(now)}" if now else ""
        return f"its text is {found} times in {mutant.file}, not once{where}"
    try:
        if ast.dump(ast.parse(mutant.applied(text))) == ast.dump(ast.parse(text)):
            return "it changes nothing"
    except SyntaxError as error:
        return f"it does not compile: {error}"
    return ""


@cache
def _files(folder: str) -> list[str]:
    return sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*.py"))


@cache
def _text(file: str) -> str:
    path = ROOT / file
    return path.read_text("utf-8") if path.is_file() else ""


@cache
def _definitions(file: str) -> list[tuple[str, int, int, str]]:
    """Return a file's functions and classes: full name, first and last line, docstring."""

    def below(node: ast.AST, above: str) -> Iterator[tuple[str, int, int, str]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                name = f"{above}{child.name}"
                yield name, child.lineno, child.end_lineno or 0, ast.get_docstring(child) or ""
                yield from below(child, f"{name}.")

    return list(below(ast.parse(_text(file)), ""))


def _function(mutant: Mutant) -> str:
    """Return the innermost function or class that a mutant is in, "" for the module itself."""
    text = _text(mutant.file)
    line = text[: max(text.find(mutant.before), 0)].count("\n") + 1
    around = [name for name, first, last, _ in _definitions(mutant.file) if first <= line <= last]
    return around[-1] if around else ""


def _is_there(test: str) -> bool:
    """Tell whether a test's file has the function, or the docstring with an example, that its name says."""
    file, *names = test.partition("[")[0].split("::")
    if not file.startswith("labkit/"):
        return bool(names) and any(name == ".".join(names) for name, *_ in _definitions(file))
    module = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    if names == [module]:
        return ">>>" in (ast.get_docstring(ast.parse(_text(file))) or "")
    return any(names == [f"{module}.{name}"] and ">>>" in doc for name, _, _, doc in _definitions(file))


def copied(folder: Path) -> Path:
    """Copy the package and its tests into a folder, compiled in a form that knows each source by its hash."""
    for name in ("labkit", "tests", "notebooks"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    # A mutant may be as long as its original and of the same second, which are all that Python looks at else.
    compileall.compile_dir(folder / "labkit", quiet=2, invalidation_mode=PycInvalidationMode.CHECKED_HASH)
    return folder


def run(folder: Path, tests: Sequence[str], *options: str) -> tuple[str, list[str]]:
    """Run tests in a copy; return "passed", "failed" or "invalid", and a line for each that did not pass."""
    report = folder / "report.xml"
    report.unlink(missing_ok=True)
    command = [sys.executable, *_PYTEST, *options, f"--junitxml={report}", *tests]
    env = {**os.environ, "PYTHONPATH": str(folder), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    try:
        done = subprocess.run(
            command, cwd=folder, env=env, capture_output=True, timeout=_LONGEST, check=False
        )
    except subprocess.TimeoutExpired:
        return "invalid", [f"no end within {_LONGEST} s"]
    cases = list(etree.parse(report).iter("testcase")) if report.exists() else []
    told = [(case, each) for case in cases for each in (*case.iterfind("failure"), *case.iterfind("error"))]
    lines = [
        f"{case.get('name')}: {(each.get('message') or '').partition(chr(10))[0]}" for case, each in told
    ]
    if done.returncode == 0:
        return "passed", []
    asserted = [
        each
        for _, each in told
        if each.tag == "failure"
        and not _NO_FAULT_OF_THEIRS.search(f"{each.get('message')}\n{each.text or ''}")
    ]
    return ("failed" if done.returncode == 1 and asserted else "invalid"), lines or [
        done.stdout.decode(errors="replace")[-300:]
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the mutants that are asked for; return 0 when each is killed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__.partition("\n")[0])
    parser.add_argument("-j", type=int, default=os.cpu_count() or 1, help="how many at once")
    parser.add_argument("words", nargs="*", metavar="WORD", help="a room, or a part of a mutant's name")
    asked = parser.parse_args(argv)
    every = read()
    chosen = [m for m in every if not asked.words or any(w == m.room or w in m.name for w in asked.words)]
    if wrong := list(faults(every)) or ([] if chosen else ["there is no such mutant"]):
        print(*wrong, sep="\n")
        return 1
    with tempfile.TemporaryDirectory(prefix="labkit-mutants-") as home:
        first = copied(Path(home, "0"))
        folders = [first, *(shutil.copytree(first, Path(home, str(n))) for n in range(1, asked.j))]
        return _run_all(chosen, folders)


def _run_all(chosen: Sequence[Mutant], folders: Sequence[Path]) -> int:
    free: SimpleQueue[Path] = SimpleQueue()
    for folder in folders:
        free.put(folder)
    tests = sorted({test for each in chosen for test in each.tests})
    shares = [share for place in range(len(folders)) if (share := tests[place :: len(folders)])]
    with ThreadPoolExecutor(len(folders)) as pool:
        before = list(pool.map(lambda share, folder: run(folder, share), shares, folders))
        if failing := [line for outcome, lines in before if outcome != "passed" for line in lines]:
            print("These fail without a mutant:", *failing, sep="\n")
            return 1
        print(f"{len(tests)} tests pass without a mutant")
        outcomes = Counter[str]()
        for each, (outcome, seconds, lines) in zip(
            chosen, pool.map(lambda each: _tried(each, free), chosen), strict=True
        ):
            outcomes[outcome] += 1
            print(f"{outcome:8} {each.room:10} {seconds:5.1f} s  {each.name} ({each.kind})", flush=True)
            if outcome != "killed":
                print(f"         {each.file}: {each.why}", *(f"         {line}" for line in lines), sep="\n")
    others = [f", {outcomes[name]} {name}" for name in ("survived", "invalid") if outcomes[name]]
    print(f"{len(chosen)} mutants: {outcomes['killed']} killed{''.join(others)}")
    return int(outcomes["killed"] != len(chosen))


def _tried(mutant: Mutant, free: SimpleQueue[Path]) -> tuple[str, float, list[str]]:
    """Put a mutant into a copy that is free, run its tests, and take it out again."""
    folder, begun = free.get(), time.monotonic()
    path = folder / mutant.file
    text = path.read_text("utf-8")
    try:
        path.write_text(mutant.applied(text), "utf-8")
        outcome, lines = run(folder, mutant.tests, "-x")
    finally:
        path.write_text(text, "utf-8")
        free.put(folder)
    word = {"passed": "survived", "failed": "killed"}.get(outcome, outcome)
    return word, time.monotonic() - begun, lines


if __name__ == "__main__":
    raise SystemExit(main())
