"""What stands around the code: the workflow, the templates, the versions for a classroom, the documents."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from tests.notebooks import ROOT
from tests.test_project import PYPROJECT, run

GITHUB = ROOT / ".github"
WORKFLOW: dict[Any, Any] = yaml.safe_load((GITHUB / "workflows/tests.yml").read_text("utf-8"))
VERSIONS = (ROOT / "constraints.txt").read_text("utf-8").splitlines()[1:]


def steps() -> list[dict[str, Any]]:
    """Give the steps of all the workflow's jobs."""
    return [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]


def test_the_workflow_runs_what_ci_runs_and_quick_tests_on_other_systems() -> None:
    jobs = WORKFLOW["jobs"]
    assert set(WORKFLOW[True]) == {"push", "pull_request"}  # YAML 1.1 reads the key `on` as true
    assert [step["run"] for step in jobs["everything"]["steps"] if "run" in step][-1] == ".ci/run"
    assert {"windows-latest", "macos-latest"} == set(jobs["elsewhere"]["strategy"]["matrix"]["os"])
    assert all("timeout-minutes" in job for job in jobs.values())
    assert WORKFLOW["permissions"] == {"contents": "read"}


@pytest.mark.parametrize(
    "step", [step for step in steps() if "run" in step], ids=lambda step: step["run"][:40]
)
def test_each_step_is_a_shell_s_and_names_what_is_there(step: dict[str, Any]) -> None:
    subprocess.run(["bash", "-n", "-c", step["run"]], check=True)
    paths = re.findall(r"(?<![\w/$])(?:\.?[\w-]+/)+[\w./-]*", step["run"])
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_ci_is_a_shell_s() -> None:
    subprocess.run(["bash", "-n", ROOT / ".ci/run"], check=True)


@pytest.mark.parametrize("path", sorted((GITHUB / "ISSUE_TEMPLATE").glob("*.md")), ids=lambda path: path.name)
def test_an_issue_s_template_has_a_name_and_says_what_for(path: Path) -> None:
    _, head, body = path.read_text("utf-8").split("---\n", 2)
    assert {"name", "about"} <= set(yaml.safe_load(head))
    assert body.strip()


def test_the_citation_can_be_read() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    project = PYPROJECT["project"]
    assert (citation["cff-version"], citation["title"]) == ("1.2.0", project["name"])
    assert (citation["version"], citation["license"]) == (project["version"], project["license"])
    assert citation["abstract"] == project["description"]
    assert [author["name"] for author in citation["authors"]] == [each["name"] for each in project["authors"]]


# A room where all have the same versions


def needed(wanted: str, seen: set[str]) -> set[str]:
    """Give the names of all packages that a requirement brings into this environment."""
    found = Requirement(wanted)
    for text in metadata.requires(found.name) or []:
        each = Requirement(text)
        extras = found.extras or {""}
        if each.name not in seen and (
            not each.marker or any(each.marker.evaluate({"extra": extra}) for extra in extras)
        ):
            seen.add(each.name)
            needed(f"{each.name}[{','.join(each.extras)}]" if each.extras else each.name, seen)
    return seen


def plain(name: str) -> str:
    """Return a package's name as an index writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_versions_for_a_classroom_are_exact_and_say_nothing_of_where_from() -> None:
    for line in VERSIONS:
        assert re.fullmatch(r"[a-z0-9-]+==[\w.]+( ; [\w .!<>='()]+)?", line), line
    assert not re.search(r"://|--|hash|@", "\n".join(VERSIONS))


def test_they_are_all_that_the_course_needs_and_within_its_bounds() -> None:
    here = [Requirement(line) for line in VERSIONS]
    pinned = {each.name: each.specifier for each in here if not each.marker or each.marker.evaluate()}
    assert {plain(name) for name in needed("labkit[course]", set())} <= set(pinned)
    project = PYPROJECT["project"]
    for text in [*project["dependencies"], *project["optional-dependencies"]["course"]]:
        (version,) = (each.version for each in pinned[Requirement(text).name])
        assert version in Requirement(text).specifier, text


@pytest.mark.parametrize("page", ["classroom", "privacy"])
def test_what_a_page_names_is_there(page: str) -> None:
    text = (ROOT / f"docs/{page}.md").read_text("utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
    assert f"docs/{page}.md" in (ROOT / "README.md").read_text("utf-8")
    help_text = run(sys.executable, "-m", "labkit").stdout
    quoted = "\n".join(re.findall(r"`[^`]*`|```.*?```", text, re.DOTALL))
    typed = set(re.findall(r"labkit ([a-z]+)(?=[ `\n])", quoted))
    assert typed
    assert typed <= set(re.findall(r"^    ([a-z]+)", help_text, re.MULTILINE))


def test_the_place_of_every_file_that_labkit_keeps_is_told() -> None:
    told = (ROOT / "docs/privacy.md").read_text("utf-8")
    for path in (ROOT / "labkit").rglob("*.py"):
        for name in re.findall(r"(?:data_folder\(\)|folder\(\)) / \"([\w.]+)\"", path.read_text("utf-8")):
            assert f"`{name}`" in told, path
