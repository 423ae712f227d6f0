"""Containers whose shell is typed into: line by line, undone, left and come back to."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit import Lab
from labkit.__main__ import main
from labkit.cli.session import CTRL_C, CTRL_D, DETACH, keystrokes
from labkit.oci import tree
from labkit.oci.tree import Dir, File


@pytest.fixture
def lab() -> Lab:
    made = Lab(network="fast")
    for name in ("busybox", "ubuntu:15.04"):
        made.pull(name)
    made.begin_here()
    return made


def seen(lab: Lab, *lines: str) -> str:
    """Give what a terminal shows of lines that are typed, with every exit code."""
    text = ""
    for line in lines:
        text += lab.prompt + {CTRL_C: "^C\n", CTRL_D: "", DETACH: ""}.get(line, f"{line}\n")
        result = lab.type(line)
        text += result.text.replace("\r\n", "\n")
    return text + lab.prompt


def test_bash_as_on_the_engine(lab: Lab) -> None:
    identity = lab.run("ubuntu:15.04", name="box").id[:12]
    assert seen(lab, "docker attach box", "cd /etc", "false", CTRL_C, "echo $?", "exit 3") == (
        "$ docker attach box\n"
        f"root@{identity}:/# cd /etc\n"
        f"root@{identity}:/etc# false\n"
        f"root@{identity}:/etc# ^C\n"
        f"root@{identity}:/etc# echo $?\n130\n"
        f"root@{identity}:/etc# exit 3\nexit\n"
        "$ "
    )
    assert lab.container("box").container.exit_code == 3


@pytest.mark.parametrize(
    ("command", "prompt"),
    [
        ("busybox", "/ # "),
        ("-w /tmp busybox sh", "/tmp # "),
        ("-w /root busybox", "~ # "),
        ("-u nobody busybox", "/ $ "),
        ("-h box ubuntu:15.04", "root@box:/# "),
        ("-h box -u nobody -w /usr ubuntu:15.04", "nobody@box:/usr$ "),
        ("-h box -u 1234 ubuntu:15.04 bash", "I have no name!@box:/$ "),
        ("ubuntu:15.04 sh", "# "),
        ("-u 1234 ubuntu:15.04 /bin/sh", "$ "),
        ("-e 'PS1=> ' busybox", "> "),
        ("busybox sh -c 'exec sh'", "/ # "),
    ],
)
def test_prompts(lab: Lab, command: str, prompt: str) -> None:
    lab.type(f"docker run -it {command}")
    assert lab.prompt == prompt
    assert lab.session.attached


def test_what_lasts_from_line_to_line_and_the_layer_that_fills(lab: Lab) -> None:
    text = seen(
        lab,
        "docker run -it --name box busybox",
        "x=5; export Y=6",
        "cd /tmp",
        "touch a",
        "echo $x $(sh -c 'echo $x$Y') $OLDPWD",
    )
    assert text.endswith("5 6 /\n/tmp # ")
    assert [str(change.path) for change in lab.container("box").diff()] == ["/tmp", "/tmp/a"]
    assert lab.docker("ps --format {{.Names}}").text == "box\n"  # another terminal
    assert lab.prompt == "/tmp # "
    assert lab.docker("logs box").stdout.splitlines()[-2:] == [
        "/tmp # echo $x $(sh -c 'echo $x$Y') $OLDPWD",
        "5 6 /",
    ]


def test_each_step_is_undone_with_the_prompt(lab: Lab) -> None:
    lines = [
        "docker run -it --name box busybox",
        "cd /tmp",
        "touch a",
        "exit 4",
        "docker start -ai box",
        CTRL_D,
    ]
    before = []
    for line in lines:
        before.append((lab.engine.state, lab.session.place, lab.prompt))
        lab.type(line)
    assert lab.prompt == "$ "
    for line in reversed(lines):
        assert lab.undo() == ("Ctrl-D" if line == CTRL_D else line)
        assert (lab.engine.state, lab.session.place, lab.prompt) == before.pop()


def test_detached_and_attached_again(lab: Lab) -> None:
    assert seen(lab, "docker run -it --name box busybox", "cd /tmp", DETACH) == (
        "$ docker run -it --name box busybox\n/ # cd /tmp\n/tmp # $ "
    )
    assert lab.container("box").status == "running"
    assert seen(lab, "docker attach box", DETACH) == "$ docker attach box\n/tmp # read escape sequence\n$ "
    assert lab.shell("echo $?").text == "1\n"
    lab.type("docker attach box")
    assert lab.type("exit 5").exit_code == 5
    assert (
        lab.shell("docker attach box").stderr == "You cannot attach to a stopped container, start it first\n"
    )


def test_exec_has_a_shell_of_its_own_and_leaves_the_container_running(lab: Lab) -> None:
    lab.run("busybox", name="box")
    assert seen(lab, "docker exec -it -w /etc -u nobody box sh", "id -u", "exit 7").endswith(
        "65534\n/etc $ exit 7\n$ "
    )
    assert lab.shell("echo $?").text == "7\n"
    assert lab.container("box").status == "running"
    assert seen(lab, "docker exec -it box sh", DETACH).endswith("read escape sequence\n$ ")


def test_a_container_that_is_stopped_meanwhile_gives_the_prompt_back(lab: Lab) -> None:
    lab.type("docker run -it --rm --name box busybox")
    lab.docker("stop -t 0 box")
    assert lab.prompt == "$ "
    assert lab.type("docker ps -aq").text == ""


def test_what_stands_behind_it_runs_when_it_has_ended(lab: Lab) -> None:
    lab.type("echo first; docker run -it --rm busybox && echo yes || echo no $?; echo last")
    assert lab.type("exit 2").stdout == "no 2\nlast\n"
    lab.type("docker run -it --rm busybox && docker run -it --rm ubuntu:15.04 sh; echo $?")
    lab.type(CTRL_D)
    assert lab.prompt == "# "
    assert lab.type("exit 6").stdout == "6\n"


def test_a_shell_in_a_shell(lab: Lab) -> None:
    lab.type("docker run -it --name box ubuntu:15.04 bash")
    lab.type("x=1; sh; echo back $? $x")
    assert lab.prompt == "# "
    assert lab.type("exit 9").stdout == "back 9 1\r\n"
    lab.type("exec sh")
    assert lab.prompt == "# "
    assert lab.type("exit 8").exit_code == 8
    assert lab.container("box").container.exit_code == 8


def test_mistakes_end_a_script_but_no_terminal(lab: Lab) -> None:
    lab.type("docker run -it busybox")
    for line in ("echo )", "echo ${x?gone}", "shift x", "export 1=2", "cd /nope"):
        assert lab.type(line).exit_code
        assert lab.prompt == "/ # "
    assert lab.type("cd /nope").stdout == "sh: cd: can't cd to /nope: No such file or directory\r\n"
    lab.type("set -e")
    assert lab.type("false").exit_code == 1
    assert lab.prompt == "$ "


def test_without_a_terminal_a_mistake_ends_the_shell(lab: Lab) -> None:
    lab.type("docker run -i busybox")
    assert lab.prompt == ""
    assert lab.type("echo hi").stdout == "hi\n"
    assert lab.type("echo )").exit_code == 2
    assert lab.prompt == "$ "


def test_programs_that_read_what_is_typed(lab: Lab) -> None:
    assert seen(lab, "cat > list", "one", "two", CTRL_D, "wc -l list").endswith("2 list\n$ ")
    assert seen(lab, "docker run -it --name box busybox", "read a b", "x y z", "echo $b").endswith(
        "y z\n/ # "
    )
    assert seen(lab, "cat > /f", "in", CTRL_D, "cat /f", "exit").endswith("in\n/ # exit\n$ ")
    assert seen(lab, "docker run -it --rm busybox cat", "a", "b", CTRL_D).endswith("a\na\nb\nb\n$ ")
    assert seen(lab, "docker container prune", "y").endswith(
        "[y/N] y\nDeleted Containers:\n" + text_of_pruned(lab)
    )
    lab.undo()
    assert [box.name for box in lab.containers] == ["box"]
    assert seen(lab, "cat", CTRL_C).endswith("cat\n^C\n$ ")


def text_of_pruned(lab: Lab) -> str:
    lab.undo()
    identity = lab.container("box").id
    lab.type("docker container prune")
    lab.type("y")
    return f"{identity}\n\nTotal reclaimed space: 3B\n$ "


def test_commands_that_are_not_complete(lab: Lab) -> None:
    lines = (
        "for i in 1 2",
        "do",
        "echo $i; done",
        "cat <<E |",
        "one",
        "E",
        "wc -l",
        "echo 'a",
        "b'",
        "echo \\",
        "c",
    )
    assert seen(lab, *lines) == (
        "$ for i in 1 2\n> do\n> echo $i; done\n1\n2\n"
        "$ cat <<E |\n> one\n> E\n> wc -l\n1\n$ echo 'a\n> b'\na\nb\n$ echo \\\n> c\nc\n$ "
    )
    lab.type("echo (")
    assert lab.prompt == "$ "
    lab.type("if true")
    assert lab.prompt == "> "
    lab.type(CTRL_C)
    assert lab.prompt == "$ "


def test_lines_of_a_slide(lab: Lab) -> None:
    for line in ("# docker images -q | wc -l", "$ docker images -q | wc -l", "#docker images -q | wc -l"):
        assert lab.type(line).text == "2\n"
    for line in ("# docker is a program", "# ls", "#"):
        assert lab.type(line).text == ""


def test_one_line_alone_ends_what_it_opens(lab: Lab) -> None:
    identity = lab.run("ubuntu:15.04", name="box").id[:12]
    result = lab.docker("exec -it box bash")
    assert result.stdout == f"root@{identity}:/# exit\r\n"
    assert result.hint.startswith("labkit: nothing more was typed")
    assert lab.prompt == "$ "
    assert lab.docker("run --rm -it busybox echo hi").output == ((1, b"hi\r\n"),)
    refused = lab.docker("exec -it box sh", stdin=b"ls\n")
    assert refused.stderr == "the input device is not a TTY\n"
    assert lab.docker("exec -i box sh", stdin=b"echo $0\n").stdout == "sh\n"


def test_a_server_goes_on_and_says_so(lab: Lab) -> None:
    lab.pull("nginx")
    result = lab.type("docker run -it --name web nginx")
    assert result.hint.startswith("labkit: nginx goes on running in web. A real terminal would wait here")
    assert lab.prompt == "$ "


def test_docker_in_a_container(lab: Lab) -> None:
    lab.type("docker run -it busybox")
    assert lab.type("docker ps").hint == (
        "labkit: this line went to the container, where no docker is: leave it with exit first"
    )


FILE = """\
docker run -it --name box ubuntu:15.04 sh
cd /tmp

echo hello > greeting
docker run -i busybox sh
exit 2
docker diff box
docker run -i --rm busybox sh
nosuch
pwd
"""


def test_a_file_types_into_containers_and_its_end_is_ctrl_d(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "lines").write_text(FILE)
    assert main(["shell", "--network", "fast", str(tmp_path / "lines")]) == 0
    text = capsys.readouterr().out
    assert "newer image for ubuntu:15.04\n" in text
    assert text[text.index("# cd /tmp") :] == (
        "# cd /tmp\n# \n# echo hello > greeting\n# docker run -i busybox sh\n"
        "sh: docker: not found\n"
        "labkit: this line went to the container, where no docker is: leave it with exit first\n"
        "# exit 2\n[exit 2]\n"
        "$ docker diff box\nC /tmp\nA /tmp/greeting\n"
        "$ docker run -i --rm busybox sh\n"
        + text[text.index("Unable to find image 'busybox") : text.index("nosuch\n")]
        + "nosuch\nsh: nosuch: not found\npwd\n/\n"
    )


def test_keystrokes_leave_another_terminal_alone(lab: Lab) -> None:
    lab.type("docker run -it --name box busybox")
    for _, line in keystrokes(lab.session, "docker exec -it box sh\ncd /tmp\n"):
        lab.type(line)
    assert lab.prompt == "/ # "


LINES = st.sampled_from(
    (
        "mkdir -p d/e", "cd d 2> /dev/null", "cd /tmp", "echo $x > f$x", "x=a", "x=${x}b", "export Y=$x",
        "for i in 1 2\ndo\n  echo $i >> n\ndone", "cat <<E > here\n$x\n  two\nE", "rm -rf d", "unset x",
        "if [ -f here ]\nthen cat here\nfi", "ls -A | wc -l", "sh -c 'echo $Y'", "false", "echo $?", "pwd",
        "set -- a b", "echo $# \"$@\"", "true &&\necho yes", "{ echo 1\necho 2\n} > both", "(cd /; pwd)",
        "echo 'a\nb' | cat",
    )
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(LINES, max_size=8))
def test_typed_line_by_line_or_given_at_once(lines: list[str]) -> None:
    lab = STARTED
    lab.reset()
    lab.type("docker run -it --name box busybox")
    typed = "".join(lab.type(line).stdout for each in lines for line in each.split("\n"))
    by_line = files(lab.container("box").container.upper)
    lab.reset()
    script = "\n".join(lines).replace("'", "'\\''")
    at_once = lab.docker(f"run -t --name box busybox sh -c '{script}'").stdout
    assert typed == at_once
    assert by_line == files(lab.container("box").container.upper)


def files(root: Dir) -> list[tuple[str, bytes | None]]:
    """Give the paths of a tree, with what files hold."""
    return [(path, node.content.read() if isinstance(node, File) else None) for path, node in tree.walk(root)]


STARTED = Lab(network="fast")
STARTED.pull("busybox")
STARTED.begin_here()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(LINES, st.text(max_size=8), st.sampled_from([CTRL_C, CTRL_D, DETACH])), max_size=6))
def test_nothing_that_is_typed_raises_and_undo_goes_back(lines: list[str]) -> None:
    lab = STARTED
    lab.reset()
    lab.type("docker run -it --name box busybox")
    for line in lines:
        before, at = (lab.engine.state, lab.session.place), lab.at
        result = lab.type(line)
        assert "cannot do this" not in result.text
        assert "this could not be run" not in result.text
        assert isinstance(lab.prompt, str)
        if lab.at > at and not (before[1].unread or before[1].again):
            lab.undo()
            assert (lab.engine.state, lab.session.place) == before
            lab.go(at + 1)


def test_a_shell_at_the_prompt_ends_in_the_one_around_it() -> None:
    lab = Lab()
    lab.docker("pull -q busybox")
    for line in ("sh", "cd /tmp", "exit 4"):
        lab.type(line)
    assert lab.type("echo $0 $?; pwd").stdout == "bash 4\n/home/learner\n"
    assert [lab.type(line).exit_code for line in ("sh", "sh", CTRL_D, CTRL_D)] == [0, 0, 0, 0]
    assert lab.type("echo $0").stdout == "bash\n"
    lab.type("sh -c 'docker run -it --rm busybox; echo x'; echo y")
    assert lab.type("exit").stdout == "x\ny\n"


def test_a_shell_at_the_prompt_where_nobody_types_ends() -> None:
    lab = Lab()
    assert lab.shell("sh; echo after").stdout == "after\n"
    assert lab.shell("(").stderr == "bash: syntax error: unexpected end of file\n"
    assert lab.shell("echo $0").stdout == "bash\n"
