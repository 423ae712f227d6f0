"""labkit as a library: its names, their types, how they show themselves, and what it needs to be imported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import labkit
from labkit import Lab, LabkitError, MissingExtra
from labkit.base.lazy import extra, fetcher
from tests.notebooks import ROOT

STRANGER = """
from labkit import Box, Image, Lab, LabkitError, Layer, Network, NotFound, Registry, RegistryError, Result
from labkit import exercise, layer_or_not, on_one_image, predict, pull_timeline, shared, stack
from labkit import walkthrough

lab = Lab(network=Network(latency=0.01), registries={"registry.example.com": Registry()})
image: Image = lab.pull("nginx")
box: Box = lab.run("ubuntu:15.04", name="box")
layers: tuple[Layer, ...] = image.layers
result: Result = box.exec("ls")
try:
    lab.image("none")
except (NotFound, RegistryError) as error:
    told: LabkitError = error
reveal_type(lab.docker("images"))
reveal_type(lab.shell("ls").stdout)
reveal_type(result.exit_code)
reveal_type(lab.images)
reveal_type(box.diff()[0].kind)
reveal_type(stack("nginx", box, lab=lab))
reveal_type(shared("nginx", image))
reveal_type(pull_timeline("mysql", after="nginx"))
reveal_type(on_one_image("nginx"))
reveal_type(on_one_image(lab, "nginx"))
reveal_type(layer_or_not("nginx").verdict)
reveal_type(exercise("01-one-layer"))
reveal_type(walkthrough())
reveal_type(predict)
"""
REVEALED = [
    "labkit.cli.session.Result",
    "str",
    "int",
    "list[labkit.oci.image.Image]",
    "str",
    "labkit.notebook.pictures.picture.Picture",
    "labkit.notebook.pictures.picture.Picture",
    "labkit.notebook.charts.Chart",
    "labkit.notebook.pictures.picture.Picture",
    "labkit.notebook.pictures.picture.Picture",
    "str",
    "labkit.course.practice.Practice",
    "labkit.notebook.widgets.walkthrough.Walkthrough",
]


def test_a_stranger_s_file_is_typed(tmp_path: Path) -> None:
    """mypy is started elsewhere, so that it finds labkit as it is installed."""
    (tmp_path / "stranger.py").write_text(STRANGER)
    options = ["--strict", "--config-file=", f"--cache-dir={ROOT / '.mypy_cache/stranger'}"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "stranger.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert lines.pop() == "Success: no issues found in 1 source file", done.stdout + done.stderr
    found = [line.split('"')[1].replace("builtins.", "") for line in lines]
    assert found[:-1] == REVEALED
    assert "Any" not in " ".join(found)
    assert found[-1].startswith("def (") or "__call__" in found[-1] or "Prediction" in found[-1]


# What is missing

HIDDEN = """
import builtins, importlib, os, pkgutil, signal, sys

gone = {"fcntl", "pwd", "grp", "resource", "termios", "pty", "tty", "readline", "syslog", "crypt", "spwd"}
for name in gone:
    sys.modules[name] = None
for module, names in (
    (os, "pread mkfifo mknod getuid geteuid getgid getegid fork chown lchown getxattr setxattr listxattr"
         " removexattr statvfs uname killpg setsid major minor makedev O_DIRECTORY O_NOFOLLOW O_CLOEXEC"),
    (signal, "SIGKILL SIGHUP SIGALRM SIGWINCH SIGPIPE SIGUSR1 SIGCHLD setitimer alarm"),
):
    for name in names.split():
        vars(module).pop(name, None)

import labkit

lab = labkit.Lab()
print(lab.pull("nginx"))
lab.pull("busybox")
print(lab.docker("run --rm busybox echo hello").text, end="")
box = lab.run("ubuntu:15.04", name="box")
box.write("/etc/motd", "hello")
print([change.path for change in box.diff()])
lab.save("busybox", sys.argv[1])
print(labkit.Lab().load(sys.argv[1]))
left = []
for module in pkgutil.walk_packages(labkit.__path__, "labkit."):
    if module.name != "labkit.__main__":
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError as error:
            left.append(error.name.partition(".")[0])
print(sorted(set(left)))
"""


def test_without_what_only_posix_has_it_works(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", HIDDEN, tmp_path / "busybox.tar"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    *lines, missing = done.stdout.splitlines()
    assert lines == [
        "<Image nginx:latest sha256:27a188018e18: 3 layers, 109MB>",
        "hello",
        "['/etc', '/etc/motd']",
        "[<Image busybox:latest sha256:49bcf7e7e41c: 1 layer, 1.2MB>]",
    ]
    # What JupyterLab's own libraries make of such a system is theirs.
    assert "labkit" not in missing
    assert not {"fcntl", "pwd", "grp", "resource", "termios", "pty", "tty"} & set(eval(missing))


def test_a_name_whose_library_is_missing_says_what_to_install_when_it_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "drawsvg", None)
    for name in [each for each in sys.modules if each.startswith("labkit.notebook.pictures")]:
        monkeypatch.delitem(sys.modules, name)
    stack = fetcher("labkit", {"stack": "labkit.notebook.pictures.layer_stack"})("stack")
    with pytest.raises(MissingExtra) as caught:
        stack("nginx")
    assert str(caught.value) == "labkit: drawsvg is not installed: pip install 'labkit[course]'"
    assert isinstance(caught.value, LabkitError)


def test_a_module_of_labkit_s_own_that_is_missing_is_no_extra() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"labkit\.nothing"), extra("course"):
        import labkit.nothing  # type: ignore[import-not-found]  # noqa: F401


def test_a_real_registry_without_httpx_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    monkeypatch.delitem(sys.modules, "labkit.store.remote", raising=False)
    monkeypatch.delattr("labkit.store.remote", raising=False)
    words = "labkit: httpx is not installed: pip install 'labkit[registry]'"
    assert Lab().docker("pull registry.example.com/app").text.splitlines()[-1] == words
    with pytest.raises(MissingExtra) as caught:
        Lab().pull("registry.example.com/app")
    assert str(caught.value) == words


# How values show themselves


def test_values_print_in_one_line() -> None:
    lab = Lab()
    box = lab.run("ubuntu:15.04", name="box")
    box.append("/etc/passwd", "x")
    identity = lab.images[0].id[:19]
    assert repr(lab.images) == f"[<Image ubuntu:15.04 {identity}: 4 layers, 188MB>]"
    assert repr(lab.image(identity[7:])) == repr(lab.images[0])
    assert repr([box]) == "[<Box box: ubuntu:15.04, running, 267B of its own>]"
    assert repr(lab) == "<Lab: 1 images, 1 containers>"
    assert repr(box.exec("echo hi")) == "<Result: 'hi\\n', exit code 0>"
    image = box.commit()
    assert repr(image).startswith(f"<Image {image.id[:19]}: 5 layers, ")
    box.remove()
    assert repr(box) == f"<Box {box.id[:12]}: removed>"


def test_a_name_is_no_part_of_an_image() -> None:
    lab = Lab()
    first = lab.pull("nginx")
    second = lab.pull("nginx:1.15.12")
    assert (first.name, second.name) == ("nginx:latest", "nginx:1.15.12")
    assert first == second
    assert len({first, second, first.named("another")}) == 1


def test_a_box_and_a_lab_give_the_same_kind_of_result() -> None:
    lab = Lab()
    box = lab.run("busybox", name="box")
    line = "sh -c 'echo out; echo err >&2; exit 3'"
    typed, called = lab.docker(f"exec box {line}"), box.exec("echo out; echo err >&2; exit 3")
    assert type(typed) is type(called) is labkit.Result
    for result in (typed, called):
        assert (result.stdout, result.stderr, result.exit_code) == ("out\n", "err\n", 3)
        assert str(result) == result.text


def test_names_are_found_without_loading_what_draws() -> None:
    code = (
        "import labkit, sys; labkit.Result, labkit.NotFound, labkit.Network; print('drawsvg' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=os.environ, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
