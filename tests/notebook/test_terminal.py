"""The terminal's side in the kernel: what it answers to the page's messages, without a page."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import pytest

from labkit import Lab
from labkit.base.errors import DaemonError
from labkit.engine.schedule import PullEvent
from labkit.notebook.widgets import stage
from labkit.notebook.widgets.stage import Stage, as_json
from labkit.notebook.widgets.terminal import Terminal


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Give a terminal that keeps what it sends in `sent`."""
    made = Terminal(Lab())
    made.sent = []  # type: ignore[attr-defined]
    monkeypatch.setattr(made, "send", lambda content: made.sent.append(content))  # type: ignore[attr-defined]
    return made


def ask(terminal: Terminal, **content: object) -> dict[str, Any]:
    """Send a message as the page does; return the last answer."""
    terminal._asked(terminal, content, [])
    if terminal._worker:
        terminal._worker.join()
    return terminal.sent[-1]  # type: ignore[attr-defined,no-any-return]


def test_it_is_named_without_what_it_is_made_of() -> None:
    late = "{'anywidget', 'ipywidgets', 'IPython', 'drawsvg', 'matplotlib'}"
    code = f"import sys; from labkit import Lab, stage, terminal; Lab(); print({late} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True)
    assert done.stdout.strip() == b"set()"


def test_a_line_is_run_and_the_scene_goes_with_it(terminal: Terminal) -> None:
    answer = ask(terminal, line="docker pull nginx")
    assert answer["ran"].splitlines()[-1] == "docker.io/library/nginx:latest"
    assert answer["prompt"] == "$ "
    assert {each["name"] for each in terminal.frame["scene"]["tiles"]} > {"nginx:latest", "27833a3ba0a5"}
    assert terminal.frame["events"][-1][2] == "Pull complete"
    assert ask(terminal, line="docker images -q")["ran"] == "27a188018e18\n"
    assert terminal.frame["past"] == ["docker pull nginx"]


def test_a_container_is_typed_into_and_time_goes_back(terminal: Terminal) -> None:
    assert ask(terminal, line="docker run -it --name box busybox")["prompt"] == "/ # "
    ask(terminal, line="touch /x")
    assert [each["name"] for each in terminal.frame["scene"]["tiles"] if each["mark"] == "A"] == ["/x"]
    ask(terminal, time=1)
    assert [each for each in terminal.frame["scene"]["tiles"] if each["mark"] == "A"] == []
    assert terminal.sent[-1] == {"prompt": "/ # "}  # type: ignore[attr-defined]
    terminal.lab.go(0)
    assert terminal.sent[-1] == {"prompt": "$ "}  # type: ignore[attr-defined]
    terminal.lab.go(1)
    assert ask(terminal, line="undo")["ran"] == "labkit: took back: docker run -it --name box busybox\n"
    assert ask(terminal, hello=True)["prompt"] == "$ "


def test_tab_offers_and_says_what_it_was_asked(terminal: Terminal) -> None:
    answer = ask(terminal, complete="docker image pr")
    assert answer == {"completions": ["prune"], "word": "pr", "asked": "docker image pr"}


def test_ctrl_c_takes_back_what_is_only_being_played(terminal: Terminal) -> None:
    ask(terminal, line="docker pull nginx")
    assert ask(terminal, cancel=True)["ran"] == "^C\nlabkit: took back: docker pull nginx\n"
    assert terminal.lab.images == []
    assert ask(terminal, cancel=True)["ran"] == "^C\n"  # and nothing is left to take back


@pytest.mark.parametrize("line", ["docker ps", "for i in 1 2", "docker pull busybox; cat", "undo"])
def test_ctrl_c_takes_nothing_back_but_what_was_typed_last(terminal: Terminal, line: str) -> None:
    ask(terminal, line="docker pull nginx")
    ask(terminal, line="docker run --name box nginx true")
    ask(terminal, line=line)
    assert ask(terminal, cancel=True)["ran"] == "^C\n"
    assert terminal.lab.image("nginx")
    assert ask(terminal, hello=True)["prompt"] == "$ "


def test_ctrl_c_ends_what_runs_beside_the_page(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(line: str, *, watch: Any) -> Any:
        for at in range(1000):
            time.sleep(0.01)
            watch(PullEvent(at, "1", "Downloading"))

    monkeypatch.setattr(terminal.lab, "type", slow)
    terminal._asked(terminal, {"line": "docker pull reg.test/big"}, [])
    time.sleep(0.1)
    answer = ask(terminal, cancel=True)
    assert answer["ran"] == "^C\n"
    assert any("bar" in each for each in terminal.sent)  # type: ignore[attr-defined]


def test_ctrl_c_drops_a_line_that_waits_for_another_cell(terminal: Terminal) -> None:
    terminal.lab.run("busybox", name="box")
    with terminal.lab.doing("a cell's work"):
        terminal._asked(terminal, {"line": "docker rm -f box"}, [])
        terminal._asked(terminal, {"cancel": True}, [])
    assert terminal._worker
    terminal._worker.join()
    assert terminal.sent[-1]["ran"] == "^C\n"  # type: ignore[attr-defined]
    assert len(terminal.lab.containers) == 1


def test_a_tile_that_is_opened_says_what_it_is_and_one_that_is_gone_nothing(terminal: Terminal) -> None:
    ask(terminal, line="docker pull nginx")
    for tile in list(terminal.frame["scene"]["tiles"]):
        assert ask(terminal, open=tile["key"])["opened"]["title"]
    before = len(terminal.sent)  # type: ignore[attr-defined]
    ask(terminal, open="layer:sha256:gone")
    assert len(terminal.sent) == before  # type: ignore[attr-defined]


def test_a_stage_follows_every_way_to_change_a_lab() -> None:
    lab = Lab()
    seen = Stage(lab)
    box = lab.run("busybox", name="box")
    box.write("/x", "1")
    assert [each["name"] for each in seen.frame["scene"]["tiles"] if each["mark"] == "A"] == ["/x"]
    lab.undo()
    lab.reset()
    assert seen.frame["scene"] == as_json(type(seen._scene)())


def test_what_has_a_hostile_name_is_text(terminal: Terminal) -> None:
    ask(terminal, line="docker run --name box busybox touch '/<b>\x1b[31m'")
    (file,) = [each for each in terminal.frame["scene"]["tiles"] if each["key"].startswith("file:")]
    assert "\x1b" not in file["name"] + file["label"]
    assert "<b>" not in terminal.bundle()["text/html"].replace("&lt;b&gt;", "")


def test_a_stage_shows_what_a_failure_left_and_nothing_of_a_look_or_of_what_was_stopped() -> None:
    lab = Lab()
    seen = Stage(lab)
    with lab.looking():
        lab.pull("busybox")
    assert seen.frame["scene"]["tiles"] == []

    def stop(event: PullEvent) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lab.type("docker pull nginx", watch=stop)
    lab.type("docker ps")
    assert seen.frame["events"] == []
    with pytest.raises(DaemonError):
        lab.run("busybox", ["nosuch"], name="box")
    assert "box" in [each["name"] for each in seen.frame["scene"]["tiles"]]


class _Shell:
    """The part of IPython's that tells which cell runs."""

    def __init__(self, cell: str, run: str) -> None:
        self.request = {"metadata": {"cellId": cell} if cell else {}, "header": {"msg_id": run}}

    def get_parent(self) -> dict[str, Any]:
        return self.request


def test_a_cell_that_runs_again_closes_what_it_showed_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lab = Lab()

    def shown(cell: str, run: str) -> Stage:
        monkeypatch.setattr(stage, "get_ipython", lambda: _Shell(cell, run))
        made = Stage(lab)
        made._take_place()
        return made

    first, beside, other = shown("a", "1"), shown("a", "1"), shown("b", "2")
    unnamed = [shown("", "3"), shown("", "4")]
    again = shown("a", "5")
    assert [first.comm, beside.comm] == [None, None]
    assert set(lab.watchers) == {other, *unnamed, again}
