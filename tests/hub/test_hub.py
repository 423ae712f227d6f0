"""JupyterHub and three learners: each has the course, a server and a progress of his own, which stay.

With LABKIT_LONG=1 a Hub runs the command of the project's Dockerfile, without its container: its environment
takes half a minute. `python -m tests.hub.hub` lets a Hub start the containers too.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import need
from tests.hub import hub
from tests.notebooks import ROOT
from tests.real import host
from tests.test_install import installed

DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
LINES = """
c.JupyterHub.spawner_class = "simple"
c.JupyterHub.hub_ip = "127.0.0.1"
c.SimpleLocalProcessSpawner.home_dir_template = {homes!r} + "/{{username}}"
c.Spawner.cmd = {command!r}
c.Spawner.args = ["--allow-root"]
c.Spawner.environment = {{"LABKIT_DATA": lambda each: each.home_dir + "/labkit-course/.labkit"}}
"""
MOST = 400
"""MB for a learner after lesson 1; the example asks for 300 and allows 1000."""

Days = dict[str, tuple[list[str], dict[str, Any]]]


def command() -> list[str]:
    """Give the words that the image starts with: its entry, and its command."""
    words = re.findall(r"^(?:ENTRYPOINT|CMD) (\[.*\])$", DOCKERFILE, re.MULTILINE)
    return [word for line in words for word in json.loads(line)]


@pytest.fixture(scope="module")
def at_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[hub.Hub]:
    """Give a running Hub, of an environment with the course and JupyterHub."""
    if not os.environ.get("LABKIT_LONG"):
        pytest.skip("JupyterHub is installed and started with LABKIT_LONG")
    need(host.missing("uv", "npm"))
    folder = tmp_path_factory.mktemp("hub")
    python = installed(folder, sys.executable, f"labkit[course] @ {ROOT.as_uri()}", "jupyterhub==6.*")
    proxy = ["npm", "install", "--silent", "--prefix", str(folder), "configurable-http-proxy"]
    if subprocess.run(proxy, capture_output=True, check=False).returncode:
        pytest.skip("npm's registry does not give configurable-http-proxy")
    programs = f"{python.parent}{os.pathsep}{folder / 'node_modules/.bin'}{os.pathsep}"
    lines = LINES.format(homes=str(folder / "home"), command=command())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", programs, prepend=os.pathsep)
        with hub.running([python.parent / "jupyterhub"], folder, lines) as running:
            yield running


@pytest.fixture(scope="module")
def days(at_hub: hub.Hub) -> Days:
    """Let three learners run lesson 1 at once; give what their cells said, and what it cost."""
    with ThreadPoolExecutor() as pool:
        made = pool.map(lambda each: hub.first_day(at_hub, each), hub.LEARNERS)
        return dict(zip(hub.LEARNERS, made, strict=True))


def test_lesson_1_says_the_same_to_each(days: Days) -> None:
    ada, grace, linus = (said for said, _ in days.values())
    assert any("27833a3ba0a5: Pull complete" in said for said in ada)
    assert [said for said in ada if re.search(r"^\w+(Error|Exception|Extra):", said, re.MULTILINE)] == []
    assert [(one, other) for one, other in zip(ada, grace, strict=True) if one != other] == []
    assert grace == linus


def test_a_learner_needs_what_the_documents_say(days: Days, record_property: Any) -> None:
    for name, (_, cost) in days.items():
        record_property(name, cost)
        assert cost["kernel"]["Pss"] + cost["server"]["Pss"] < MOST


def test_work_and_progress_are_the_learners_own_and_stay(at_hub: hub.Hub, days: object) -> None:
    hub.solve(at_hub, "ada")
    path = f"/user/ada/api/contents/{hub.LESSON}"
    lesson = at_hub.ask("GET", path)["content"]
    lesson["cells"][0]["source"] = "My own words."
    at_hub.ask("PUT", path, {"type": "notebook", "content": lesson})
    at_hub.stop("ada")
    at_hub.spawn("ada")
    assert at_hub.ask("GET", path)["content"]["cells"][0]["source"] == "My own words."
    assert (
        hub.progress(at_hub, "ada") == "[x] 01-one-layer: Download one layer only: solved (1 check, 0 hints)"
    )
    assert hub.progress(at_hub, "grace") == "[ ] 01-one-layer: Download one layer only: not begun"


def test_the_image_keeps_all_of_a_learners_own_on_the_volume() -> None:
    (data,) = re.findall(r" LABKIT_DATA=(\S+)", DOCKERFILE)
    (volume,) = re.findall(
        r'"labkit-\{username\}": "([^"]+)"', (ROOT / "docs/jupyterhub_config.py").read_text()
    )
    (home,) = re.findall(r"^WORKDIR (\S+)$", DOCKERFILE, re.MULTILINE)
    assert Path(volume) == Path(home, "labkit-course")
    assert Path(data).parent == Path(volume)
    assert "labkit lessons labkit-course" in command()[2]
