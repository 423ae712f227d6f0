"""The course as static files: what is refused in one line, and what goes into the wheels."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Mapping
from importlib import util
from pathlib import Path

import pytest

from labkit.base.errors import LabkitError
from labkit.notebook import site, site_pyodide

LOCK = {"info": {"python": "3.14.2"}, "packages": {}}
CORE = ("pyodide.asm.mjs", "pyodide.asm.wasm", "pyodide.mjs", "python_stdlib.zip")


@pytest.fixture
def built_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let JupyterLite seem to be installed."""
    monkeypatch.setattr(util, "find_spec", lambda name: name)


def archive(path: Path, packages: Mapping[str, object], *files: str) -> Path:
    """Write a Pyodide with a list of packages and files that hold their own names."""
    lock = json.dumps({**LOCK, "packages": packages}).encode()
    with tarfile.open(path, "w:gz") as tar:
        for name, data in [("pyodide-lock.json", lock), *((name, name.encode()) for name in files)]:
            member = tarfile.TarInfo(f"pyodide/{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


def refusal(folder: Path, pyodide: Path | None = None) -> str:
    """Return the one line with which a site is refused; nothing may be left."""
    before = sorted(folder.parent.iterdir())
    with pytest.raises(LabkitError) as caught:
        site.write(folder, pyodide=pyodide, say=lambda line: None)
    assert "\n" not in str(caught.value)
    assert sorted(folder.parent.iterdir()) == before
    return str(caught.value)


def test_without_jupyterlite_it_says_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(util, "find_spec", lambda name: None)
    assert refusal(tmp_path / "www") == (
        "jupyterlite-core==0.8.6 is not installed: uv run --with jupyterlite-core==0.8.6 "
        "--with jupyterlite-pyodide-kernel==0.8.6 python -m labkit site DIR"
    )


@pytest.mark.usefixtures("built_here")
def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "index.html").write_text("<title>My page</title>")
    assert refusal(mine) == f"{mine}: here is something else than a site that labkit wrote"
    assert (
        refusal(mine / "index.html")
        == f"{mine / 'index.html'}: here is something else than a site that labkit wrote"
    )
    with pytest.raises(LabkitError, match=r"index\.html: \w+"):
        site.write(mine / "index.html/www")


@pytest.mark.usefixtures("built_here")
def test_what_is_no_pyodide_is_refused(tmp_path: Path) -> None:
    folder, missing, other, part = (tmp_path / name for name in ("www", "none.tgz", "other.tgz", "part.tgz"))
    assert refusal(folder, missing) == f"{missing}: No such file or directory"
    other.write_text("<html>")
    assert refusal(folder, other) == f"{other}: this is no tar archive, or a part of one"
    part.write_bytes(archive(other, {}, *CORE).read_bytes()[:-40])
    assert refusal(folder, part) == f"{part}: this is no tar archive, or a part of one"
    archive(part, {}, *CORE[1:])
    assert refusal(folder, part) == f"{part}: this is no Pyodide: it has no pyodide.asm.mjs"
    archive(part, {}, *CORE, "pyodide-lock.json")
    assert refusal(folder, part) == f"{part}: its pyodide-lock.json is damaged"
    part.write_bytes(b"")
    assert refusal(folder, part) == f"{part}: this is no tar archive, or a part of one"


@pytest.mark.usefixtures("built_here")
@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("", "Pyodide 314.0.6 is needed and there is no npm here: fetch it by `npm pack pyodide@314.0.6`"),
        ("exit 3", "npm did not bring pyodide@314.0.6 (exit code 3): fetch it by `npm pack pyodide@314.0.6`"),
        (
            "echo > pyodide-314.0.6.tgz",
            "npm brought another pyodide@314.0.6 than the known one, whose SHA-256",
        ),
    ],
)
def test_npm_that_brings_nothing_is_one_line(
    program: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    if program:
        (tools / "npm").write_text(f"#!/bin/sh\n{program}\n")
        (tools / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", str(tools))
    assert refusal(tmp_path / "www").startswith(words)


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be one small package in place of all, and no kernel, which is not installed here."""
    monkeypatch.setattr(site_pyodide, "wheels", lambda python: [site_pyodide.Wheel("numpy", python, b"ours")])


@pytest.mark.usefixtures("kernel")
def test_the_packages_are_those_that_the_lessons_need_and_no_others(tmp_path: Path) -> None:
    other = {"scipy": {"name": "scipy", "file_name": "scipy.whl", "depends": []}}
    files, loaded = site_pyodide.read(archive(tmp_path / "a", other, *CORE, "scipy.whl"))
    lock = json.loads(files["pyodide-lock.json"])["packages"]
    assert ([*lock], loaded) == (["numpy"], ["numpy"])
    assert lock["numpy"]["sha256"] == hashlib.sha256(b"ours").hexdigest()
    assert files.keys() == {*CORE, "pyodide-lock.json", lock["numpy"]["file_name"]}


def test_a_wheel_has_what_a_browser_needs_and_always_the_same_bytes() -> None:
    own = site_pyodide._own()
    assert own == site_pyodide._own()
    assert own.file.startswith(f"labkit-{own.version}-0")
    with zipfile.ZipFile(io.BytesIO(own.data)) as wheel:
        names = wheel.namelist()
        about = wheel.read(f"labkit-{own.version}.dist-info/METADATA").decode()
    assert {"labkit/__init__.pyi", "labkit/lessons/slides.toml"} < set(names)
    assert [name for name in names if name.endswith((".pyc", ".ipynb"))] == []
    assert "Requires-Dist: anywidget\n" in about
    assert "jupyterlab" not in about


def test_what_servers_need_stays_away() -> None:
    names = {*site_pyodide.closure(["ipython", "ipywidgets", "anywidget"], site_pyodide.requires("3.14.2"))}
    assert {"ipywidgets", "traitlets", "prompt-toolkit"} <= names
    assert (
        names & {"jedi", "psutil", "pexpect", "widgetsnbextension", "jupyterlab-widgets", "tornado"} == set()
    )
