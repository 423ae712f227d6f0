"""The project's own rules: its files agree with each other, and its code keeps to its house."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest

import labkit
import labkit.notebook
from tests import api_page
from tests.notebooks import LESSONS, ROOT

PACKAGE = sorted((ROOT / "labkit").rglob("*.py"))
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
README = (ROOT / "README.md").read_text("utf-8")
START = "pip install uv && uv run labkit start"
TEST = "pip install uv && uv run pytest"


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command of this environment in the project's root."""
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def tracked() -> list[Path]:
    """Give the files that git has."""
    listed = run("git", "ls-files", "-z")
    if listed.returncode:
        pytest.skip("this is no git repository")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def requirement(text: str) -> tuple[str, str]:
    """Split a requirement into its name and its versions.

    >>> requirement("matplotlib>=3.9,<4")
    ('matplotlib', '>=3.9,<4')
    """
    name = re.match(r"[\w.-]+", text)
    assert name, text
    return name[0].lower(), text[name.end() :].replace(" ", "")


# The project's files


def test_the_readme_has_the_two_commands_each_alone_on_its_line() -> None:
    lines = README.splitlines()
    assert [line for line in lines if line.startswith("pip install uv")] == [START, TEST]


def test_the_readme_links_to_every_lesson_and_to_files_that_exist() -> None:
    links = [link for link in re.findall(r"(?:\]\(|src=\")([^)#\"]+)", README) if "://" not in link]
    assert [link for link in links if not (ROOT / link).exists()] == []
    lessons = [link for link in links if re.fullmatch(r"notebooks/\d\d-.*\.ipynb", link)]
    assert lessons == [f"notebooks/{path.name}" for path in LESSONS]


def test_the_readme_s_python_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    example = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert example
    exec(compile(example[1], "README.md", "exec"), {})
    printed = "".join(f"# {line}\n" for line in capsys.readouterr().out.splitlines())
    comments = "".join(
        f"{line}\n" for line in re.findall(r"^(?:print.*?  )?(# .*)$", example[1], re.MULTILINE)
    )
    assert printed == comments


def test_pictures_for_the_readme_stay_small() -> None:
    assert (ROOT / "docs/lesson.png").stat().st_size < 200_000
    assert (ROOT / "docs/film.png").stat().st_size < 1_000_000


def test_environment_yml_agrees_with_pyproject() -> None:
    lines = (ROOT / "environment.yml").read_text("utf-8").splitlines()
    assert "name: labkit" in lines
    assert "  - conda-forge" in lines
    assert "      - -e ." in lines
    conda = {requirement(line.strip(" -")) for line in lines if re.match(r" +- \w.*[<>=]", line)}
    project = PYPROJECT["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["course"], *extras["dev"]]
    assert "labkit[course]" in wanted
    wanted.remove("labkit[course]")
    assert conda == {requirement(each) for each in wanted} | {("python", project["requires-python"])}


def test_the_picture_of_the_architecture_is_what_its_script_draws() -> None:
    drawn = run(sys.executable, "docs/architecture.py", "-")
    assert drawn.stderr == ""
    assert drawn.stdout == (ROOT / "docs/architecture.svg").read_text("utf-8")


def led_to() -> list[Path]:
    """Give the paths that ARCHITECTURE.md's tables name; a name without a folder is in the one before it."""
    text = (ROOT / "docs/ARCHITECTURE.md").read_text("utf-8")
    paths = []
    for row in re.findall(r"^\| .+ \|$", text, re.MULTILINE):
        folder = ROOT / "labkit"
        for name in re.findall(r"`([\w/]+(?:\.(?:py|toml|json)|/))`", row):
            path = (ROOT / "labkit" if "/" in name else folder) / name
            folder = path if name.endswith("/") else path.parent
            paths.append(path)
    return paths


def test_every_path_in_the_architecture_s_tables_exists() -> None:
    assert [str(path) for path in led_to() if not path.exists()] == []


def test_the_architecture_leads_to_every_module() -> None:
    """By its name, or by the folder that it is in, where all files of the folder are of one kind."""
    one_kind = {ROOT / "labkit" / each for each in ("notebook/pictures", "notebook/widgets", "shell/applets")}
    one_kind |= {ROOT / "labkit" / each for each in ("lessons", "store/hub", "cli/container", "go/template")}
    named = set(led_to()) | {ROOT / "labkit" / each for each in ("__main__.py", "lab.py", "box.py")}
    lost = [
        str(path.relative_to(ROOT))
        for path in PACKAGE
        if path.name != "__init__.py" and path not in named and not ({path.parent} & one_kind & named)
    ]
    assert lost == []


def test_decisions_are_numbered_and_listed() -> None:
    decisions = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert [path.name[:4] for path in decisions] == [f"{n:04}" for n in range(1, len(decisions) + 1)]
    listed = re.findall(r"\]\(decisions/([^)]+)\)", (ROOT / "docs/ARCHITECTURE.md").read_text("utf-8"))
    assert listed == [path.name for path in decisions]


def test_no_file_names_the_machine_it_was_written_on() -> None:
    places = {
        f"{ROOT}/labkit",
        f"{ROOT}/tests",
        f"{ROOT}/notebooks",
        f"{sys.prefix}/lib",
        f"{sys.base_prefix}/lib/py",
    }
    address = re.compile(rb"https?://(?!127\.|0\.0\.0\.0)\d+\.\d+\.\d+\.\d+")
    for path in tracked():
        content = path.read_bytes()
        assert not [place for place in places if place.encode() in content], path
        assert not address.search(content), path


def test_what_machines_make_is_not_in_git() -> None:
    names = {path.name for path in tracked()}
    assert not names & {"uv.lock", ".DS_Store"}
    assert [path for path in tracked() if path.suffix == ".pyc" or ".ipynb_checkpoints" in path.parts] == []


# The code's house


def test_rooms_import_downwards_only() -> None:
    done = run(
        sys.executable,
        "-c",
        "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())",
    )
    assert done.returncode == 0, done.stdout + done.stderr


def imported(path: Path) -> Iterator[str]:
    """Give the modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield str(node.module)


def module(path: Path) -> str:
    """Return the name by which a file is imported.

    >>> module(ROOT / "labkit/oci/__init__.py")
    'labkit.oci'
    """
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def neighbours(path: Path, modules: set[str]) -> Iterator[str]:
    """Give the modules of the package that a file imports as it runs, in its functions too."""
    todo: list[ast.AST] = [ast.parse(path.read_text("utf-8"))]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            yield from inside & modules or {str(node.module)} & modules
        elif isinstance(node, ast.Constant) and "." in str(node.value) and node.value in modules:
            yield node.value
        todo += node.orelse if for_types(node) else ast.iter_child_nodes(node)  # type: ignore[attr-defined]


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Neither at the top of a file nor hidden in a function, inside a room or between rooms.

    A module's whole name in a string counts as an import, as in the tables of `base/lazy.py`. What is
    imported for type checkers alone does not: no program runs it. Nor does a table that has a part of the
    name (`shell/applets`).
    """
    modules = {module(path) for path in PACKAGE}
    graph = {module(path): set(neighbours(path, modules)) for path in PACKAGE}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


@pytest.mark.parametrize("room", ["base", "go", "oci", "shell"])
def test_rooms_of_values_import_the_standard_library_alone(room: str) -> None:
    modules = {name for path in (ROOT / "labkit" / room).rglob("*.py") for name in imported(path)}
    others = {name for name in modules if name.partition(".")[0] not in {*sys.stdlib_module_names, "labkit"}}
    assert others <= ({"zstandard"} if room == "oci" else set())  # an extra, imported when such a layer comes


def test_only_the_notebook_room_imports_jupyter_and_the_drawing_libraries() -> None:
    libraries = {"IPython", "ipywidgets", "matplotlib", "drawsvg", "anywidget"}
    for path in PACKAGE:
        if path.relative_to(ROOT).parts[1] != "notebook":
            assert not libraries & {name.partition(".")[0] for name in imported(path)}, path


def test_labkit_and_a_lab_need_no_jupyter() -> None:
    heavy = ("IPython", "ipywidgets", "matplotlib", "numpy", "drawsvg", "httpx")
    code = f"import sys, labkit; labkit.Lab().pull('nginx'); print([m for m in {heavy} if m in sys.modules])"
    assert run(sys.executable, "-W", "error", "-c", code).stdout == "[]\n"


def test_what_labkit_offers_is_there_and_can_be_completed() -> None:
    assert [each for each in labkit.__all__ if not callable(getattr(labkit, each))] == []
    assert set(labkit.__all__) <= set(dir(labkit))
    assert set(dir(labkit.notebook)) <= set(labkit.__all__)
    assert [
        each for each in dir(labkit.notebook) if getattr(labkit.notebook, each) != getattr(labkit, each)
    ] == []


def test_every_error_of_labkit_is_public() -> None:
    module = import_module("labkit.base.errors")
    errors = {
        name
        for name, each in vars(module).items()
        if isinstance(each, type) and each.__module__ == module.__name__
    }
    assert errors <= set(labkit.__all__)


def test_the_page_of_public_names_is_made_of_the_docstrings() -> None:
    assert (ROOT / "docs/API.md").read_text("utf-8") == api_page.page(), "run python -m tests.api_page"


def test_the_domain_does_not_ask_the_day_or_chance() -> None:
    """Output must not depend on when and where it is made; the terminal and a real registry wait for real."""
    for path in PACKAGE:
        if path.relative_to(ROOT).parts[1] not in ("notebook", "__main__.py") and path.name != "remote.py":
            used = {name.partition(".")[0] for name in imported(path)}
            assert not used & {"time", "random", "secrets", "uuid"}, path


# What learners and readers call by name; elsewhere a method may be as plain as its name.
OPEN = ("labkit/lab.py", "labkit/box.py", "labkit/oci/", "labkit/storage/")


SAID = {
    method.name
    for path in PACKAGE
    for node in ast.walk(ast.parse(path.read_text("utf-8")))
    if isinstance(node, ast.ClassDef)
    for method in node.body
    if isinstance(method, ast.FunctionDef) and ast.get_docstring(method)
}
"""Methods that some class says what they do: `help` of one that overrides it shows that."""


def undocumented(body: list[ast.stmt], prefix: str, methods: bool) -> Iterator[str]:
    """Give the names of public functions and classes that have no docstring, nor one in a class above."""
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            decorators = [ast.unparse(each) for each in node.decorator_list]
            if not ast.get_docstring(node) and not any(
                re.search(r"overload|\.setter", each) for each in decorators
            ):
                yield f"{prefix}{node.name}"
            if isinstance(node, ast.ClassDef) and methods:
                found = undocumented(node.body, f"{prefix}{node.name}.", methods)
                yield from (each for each in found if not node.bases or each.rpartition(".")[2] not in SAID)


def test_modules_and_public_functions_say_what_they_do() -> None:
    missing = []
    for path in PACKAGE:
        name, tree = path.relative_to(ROOT).as_posix(), ast.parse(path.read_text("utf-8"))
        if tree.body and not ast.get_docstring(tree):
            missing.append(name)
        missing += undocumented(tree.body, f"{name}: ", methods=name.startswith(OPEN))
    assert missing == []


@pytest.mark.parametrize("command", ["ruff check", "ruff format --check", "mypy"])
def test_the_checkers_are_content(command: str) -> None:
    done = run(sys.executable, "-m", *command.split())
    assert done.returncode == 0, done.stdout + done.stderr
