"""The playground's actions: each is a command and a line of Python that do the same."""

from __future__ import annotations

import shlex

import pytest

from labkit.course.playground import ACTIONS, Fields, LogEntry, act, free_name, log_lines, look
from labkit.lab import Lab
from labkit.oci import tree
from labkit.oci.tree import Dir

FIELDS = Fields(
    image="busybox",
    name="box2",
    container="box1",
    path="/etc/motd",
    text='it\'s "me" $HOME',
    mode="600",
    target="app:1",
)


def lab_with_box() -> Lab:
    """Give a lab with a container that runs and has a file."""
    lab = Lab()
    lab.run("busybox", name="box1").write("/etc/motd", "hello\n")
    return lab


def described(lab: Lab) -> object:
    """Give what there is in a lab, but for times and identifiers."""
    boxes = [(each.name, each.status, files(each.upper)) for each in lab.containers]
    images = [[layer.size for layer in image.layers] for image in lab.images]
    return boxes, images, sorted(map(str, lab.engine.state.tags))


def files(upper: Dir) -> list[tuple[str, object]]:
    """Give the paths of an upper directory and what the files hold."""
    return [(path, getattr(node, "content", None)) for path, node in tree.walk(upper)]


@pytest.mark.parametrize("name", ACTIONS)
def test_the_python_line_does_what_the_command_does(name: str) -> None:
    ours, typed = lab_with_box(), lab_with_box()
    if name in ("start", "remove"):
        for lab in (ours, typed):
            lab.container("box1").stop()
    entry = act(ours, name, FIELDS)
    assert not entry.failed, entry.text
    eval(entry.python, {"lab": typed})
    assert described(ours) == described(typed)


@pytest.mark.parametrize("text", ["hello", 'it\'s "me"', "$HOME `id`", "a\tb \u202e <b>", "; rm -rf /", ""])
def test_a_text_is_written_as_it_is(text: str) -> None:
    lab = lab_with_box()
    act(lab, "write", Fields(container="box1", path="/a b'c", text=text))
    assert lab.container("box1").read("/a b'c") == f"{text}\n"


def test_the_line_is_one_that_a_terminal_takes() -> None:
    lab = lab_with_box()
    line = act(lab, "append", FIELDS).line
    assert shlex.split(line)[:3] == ["docker", "exec", "box1"]
    lab.shell(line)
    assert lab.container("box1").read("/etc/motd") == "hello\n" + 2 * f"{FIELDS.text}\n"


@pytest.mark.parametrize(
    ("name", "fields", "words"),
    [
        (
            "run",
            Fields(image="busybox", name="box1"),
            'container name "/box1" is already in use by',
        ),
        ("run", Fields(image="no/such", name="x1"), "pull access denied for no/such"),
        ("append", Fields(container="box1", path="/no/file", text="x"), "sh: "),
        ("delete", Fields(container="box1", path="/nope"), "No such file or directory"),
        ("remove", Fields(container="box1"), "You cannot remove a running container"),
        ("commit", Fields(container="box1", target="App"), "repository name must be lowercase"),
        ("stop", Fields(container="gone"), "No such container: gone"),
        ("chmod", Fields(container="box1", path="/etc", mode="rwx"), "rwx"),
    ],
)
def test_what_goes_wrong_is_said_in_docker_s_words_and_changes_no_container(
    name: str, fields: Fields, words: str
) -> None:
    lab = lab_with_box()
    before = described(lab)
    entry = act(lab, name, fields)
    assert entry.failed
    assert words in entry.text
    assert described(lab) == before


def test_on_a_terminal_the_log_has_no_moving_bars() -> None:
    lab = Lab(tty=True)
    text = act(lab, "run", Fields(image="busybox", name="box1")).text
    assert "Status: Downloaded newer image for busybox:latest" in text
    assert "\x1b" not in text
    assert lab.session.tty


def test_without_a_container_there_is_a_sentence() -> None:
    assert act(Lab(), "write", Fields(path="/x")) == LogEntry(
        "", "", "There is no container yet: run one first.", failed=True
    )


def test_undo_takes_back_one_click_and_at_the_start_says_so() -> None:
    lab = Lab()
    act(lab, "run", Fields(image="busybox", name="box1"))
    assert not act(lab, "undo", Fields()).failed
    assert lab.containers == []
    assert act(lab, "undo", Fields()).text == "nothing to undo: this is where the lab started"


def test_reset_goes_to_the_start() -> None:
    lab = lab_with_box()
    act(lab, "reset", Fields())
    assert (lab.images, lab.containers) == ([], [])


def test_a_look_is_no_command_to_undo() -> None:
    lab = lab_with_box()
    state = lab.engine.state
    assert "hello" in look(lab, "exec box1 cat /etc/motd")
    assert lab.engine.state is state
    lab.undo()
    assert lab.container("box1").size == 0


def test_a_free_name_is_offered() -> None:
    assert free_name(lab_with_box()) == "box2"


def test_the_log_shows_what_steers_a_screen_as_signs() -> None:
    entry = LogEntry("docker exec b sh -c 'echo \x1b[2J\u202e\n'", 'lab.container("b")', "out\x07\n")
    assert log_lines(entry) == [
        "$ docker exec b sh -c 'echo \\x1b[2J\\u202e\\n'",
        '  in Python: lab.container("b")',
        "out\\x07",
    ]
