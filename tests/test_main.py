"""`python -m labkit shell`: a file, a pipe, and a terminal to type in."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from labkit.__main__ import main
from labkit.base.text import shown

ROOT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-m", "labkit", "shell"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80", "TERM": "xterm"}


def run(*arguments: str, stdin: bytes = b"") -> tuple[str, str, int]:
    done = subprocess.run(
        [*COMMAND, *arguments], input=stdin, capture_output=True, env=ENVIRONMENT, check=False
    )
    return done.stdout.decode(), done.stderr.decode(), done.returncode


def answer(capsys: pytest.CaptureFixture[str], path: Path, text: str | bytes) -> str:
    """Give what a file of commands prints."""
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    assert main(["shell", str(path)]) == 0
    return capsys.readouterr().out


def test_lines_their_output_and_their_exit_codes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    lines = "docker images\n\n# nothing here\n$ echo one; false\ndocker rmi nope"
    assert answer(capsys, tmp_path / "lines", lines) == (
        "$ docker images\n"
        "REPOSITORY   TAG       IMAGE ID   CREATED   SIZE\n"
        "$ # nothing here\n"
        "$ echo one; false\n"
        "one\n"
        "[exit 1]\n"
        "$ docker rmi nope\n"
        "Error: No such image: nope\n"
        "labkit: docker images lists what is here, docker pull nope fetches an image\n"
        "[exit 1]\n"
    )


def test_the_slides_first_commands_from_a_pipe() -> None:
    stdout, stderr, status = run("-", stdin=b"docker pull nginx\ndocker image history nginx\n")
    assert (stderr, status) == ("", 0)
    lines = stdout.splitlines()
    assert lines[0] == "$ docker pull nginx"
    assert lines[-12] == "$ docker image history nginx"
    assert lines[-11].split() == ["IMAGE", "CREATED", "CREATED", "BY", "SIZE", "COMMENT"]
    assert lines[-10].startswith("27a188018e18   9 days ago    /bin/sh -c #(nop)  CMD [")
    assert [line.split()[0] for line in lines[-9:]] == ["<missing>"] * 9


def test_windows_line_ends_joined_lines_and_no_newline_at_the_end(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert answer(capsys, tmp_path / "lines", b"echo a \\\r\n  b\r\nprintf c\r\necho \xc3\xbc") == (
        "$ echo a \\\n>   b\na b\n$ printf c\nc\n$ echo ü\nü\n"
    )
    assert answer(capsys, tmp_path / "lines", "") == ""


def test_lines_share_one_lab(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    lines = "docker pull -q busybox\nx=busybox\ncd /tmp\ndocker run --rm $x pwd\npwd\n"
    assert answer(capsys, tmp_path / "lines", lines).endswith("$ docker run --rm $x pwd\n/\n$ pwd\n/tmp\n")


def test_a_file_that_cannot_be_read(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\n")
    cases = {
        str(tmp_path / "missing"): "no such file or directory",
        str(tmp_path): "is a directory",
        str(tmp_path / "binary"): "not UTF-8 text",
    }
    for path, reason in cases.items():
        assert main(["shell", path]) == 2
        assert capsys.readouterr() == ("", f"labkit shell: {path}: {reason}\n")


def test_input_that_is_no_text_and_a_console_that_shows_ascii_alone() -> None:
    stdout, stderr, status = run("-", stdin=b"\xff\xfe")
    assert (stdout, status) == ("", 2)
    assert stderr == "labkit shell: -: not UTF-8 text\n"
    environment = {**ENVIRONMENT, "PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "0"}
    ascii_only = [sys.executable, "-c", "import sys; sys.stdout.reconfigure(encoding='ascii'); "
                  "from labkit.__main__ import main; sys.exit(main(['shell']))"]  # fmt: skip
    done = subprocess.run(
        ascii_only, input="echo 世界\n".encode(), capture_output=True, env=environment, check=False
    )
    assert (done.stdout, done.stderr) == (b"$ echo \\u4e16\\u754c\n\\u4e16\\u754c\n", b"")


def test_what_could_steer_a_terminal_is_shown_as_text(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    text = answer(capsys, tmp_path / "lines", "printf '\\033[31mred\\a\\342\\200\\256'")
    assert "\x1b" not in text
    assert text.endswith("\\x1b[31mred\\x07\\u202e\n")
    assert shown("one\r\ntwo\tthree") == "one\ntwo\tthree"


def test_a_reader_that_goes_away_leaves_no_traceback() -> None:
    lines = b"docker help\n" * 500
    with subprocess.Popen(
        [*COMMAND, "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(lines)
        process.stdin.close()
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_help_names_every_command_on_one_screen(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    shown_at_once = capsys.readouterr().out
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    assert capsys.readouterr().out == shown_at_once
    lines = shown_at_once.splitlines()
    assert len(lines) < 24
    assert max(map(len, lines)) <= 80
    named = re.findall(r"^ {4}(\w+)", shown_at_once, re.MULTILINE)
    wanted = "start present lessons progress shell exercises handout site drivers doctor"
    assert [name for name in named if name != "COMMAND"] == wanted.split()
    for name in wanted.split():
        with pytest.raises(SystemExit, match="0"):
            main([name, "--help"])
        assert capsys.readouterr().out.startswith(f"usage: labkit {name} [-h]")


def test_the_version_is_the_projects_and_the_changelogs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert capsys.readouterr().out == f"labkit {version}\n"
    newest = re.search(r"^## \[(\S+)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert newest
    assert newest[1] == version
    assert f"version: {version}\n" in (ROOT / "CITATION.cff").read_text("utf-8")


def test_the_progress_is_a_map_that_leads_on(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from labkit.course.lesson import all_exercises
    from labkit.course.progress import record
    from labkit.lessons import LESSONS

    monkeypatch.setenv("LABKIT_DATA", str(tmp_path))
    record("01-one-layer", {"checks": 1, "done": True})
    record("01-three-layers", {"hints": 1})
    record("guess:pull-layers", {"checks": True, "done": True})
    assert main(["progress"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"Progress: 1 of {len(all_exercises(LESSONS))} exercises solved"
    assert lines[2] == "1 · Image layers: 1 guess made, 1 right"
    assert lines[4] == "[x] 01-one-layer: Download one layer only: solved (1 check, 0 hints)"
    assert lines[5].endswith("begun (0 checks, 1 hint)")
    assert lines[-2:] == [
        "Next: 01-what-is-shared, What do two images share?, in exercises/01-image-layers.ipynb",
        "Kept in $LABKIT_DATA/progress.json, never in a notebook.",
    ]
    (tmp_path / "progress.json").write_text("no progress")
    assert main(["progress"]) == 0
    assert "was set aside as" in capsys.readouterr().out


def test_what_only_jupyterlab_knows_goes_to_it_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from jupyterlab.labapp import LabApp

    given: list[str] = []
    monkeypatch.setattr(LabApp, "launch_instance", given.extend)
    folder = tmp_path / "my course"
    assert main(["start", str(folder), "--port", "8889", "--no-browser", "--fresh", "02"]) == 0
    assert f"--ServerApp.root_dir={folder}" in given
    assert "--LabApp.default_url=/doc/tree/00-start-here.ipynb" in given
    assert given[-2:] == ["--no-browser", "--port=8889"]
    given.clear()
    assert main(["start", str(folder), "--fresh", "02"]) == 0
    assert "--LabApp.default_url=/doc/tree/02-image-history-2.ipynb" in given
    with pytest.raises(SystemExit, match="2"):
        main(["drivers", "--no-browser"])
    assert capsys.readouterr().err.splitlines()[-1] == "labkit: error: unrecognized arguments: --no-browser"


def test_a_deck_with_mistakes_is_told_before_anything_opens(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_text('[[slide]]\nid = "one"\nnotes = [""]\n')
    assert main(["present", "nothing.toml"]) == 2
    assert main(["present", "mine.toml"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines()[:3] == [
        "nothing.toml: no such file or directory",
        "mine.toml: one: nothing in title",
        "mine.toml: one: nothing in sentences",
    ]


def test_a_wrong_argument_gives_a_usage_line() -> None:
    assert run("--nonsense")[2] == 2
    assert run("--network", "none")[1].splitlines()[-1].startswith("labkit shell: error: argument")


PLAIN = (
    "import sys; sys.modules['prompt_toolkit'] = None; "
    "from labkit.__main__ import main; sys.exit(main(sys.argv[1:]))"
)


at_a_terminal = pytest.mark.skipif(not hasattr(pty, "fork"), reason="no pseudo-terminals here")


class Typist:
    """Somebody who types at a terminal in which the shell runs: with prompt_toolkit, or as without it."""

    def __init__(self, *, folder: Path | None = None) -> None:
        start = COMMAND if folder else [sys.executable, "-c", PLAIN, "shell"]
        data = {"LABKIT_DATA": str(folder), "PROMPT_TOOLKIT_NO_CPR": "1"} if folder else {}
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            # A run in the background ignores Ctrl-C; at a terminal nobody does.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.execve(sys.executable, [*start, "--network", "fast"], {**ENVIRONMENT, **data})
        self.seen = ""

    def read_until(self, text: str, seconds: float = 20) -> str:
        """Read until a text has come; give all since the last call."""
        deadline = time.monotonic() + seconds
        while text not in self.seen:
            left = deadline - time.monotonic()
            assert left > 0, f"no {text!r} in {self.seen!r}"
            if select.select([self.terminal], [], [], left)[0]:
                try:
                    self.seen += os.read(self.terminal, 65536).decode()
                except OSError:  # the shell has gone
                    break
        before, found, self.seen = self.seen.partition(text)
        return before + found

    def type(self, text: str) -> None:
        os.write(self.terminal, text.encode())

    def end(self) -> int:
        """Wait for the shell to end; give its exit code."""
        status = os.waitpid(self.pid, 0)[1]
        os.close(self.terminal)
        return os.waitstatus_to_exitcode(status)


def screen(text: str) -> list[str]:
    """Give the lines that a terminal shows after some output: up and clear to the end are obeyed."""
    lines = [""]
    for part in re.split(r"(\x1b\[\d+A\x1b\[J|\r\n)", text):
        if part == "\r\n":
            lines.append("")
        elif part.startswith("\x1b"):
            lines = [*lines[: len(lines) - 1 - int(part[2:].partition("A")[0])], ""]
        else:
            lines[-1] += part
    return lines


@at_a_terminal
def test_a_terminal() -> None:
    typist = Typist()
    assert "docker pull nginx" in typist.read_until("\r\n$ ")
    typist.type("docker pull nginx\r")
    pulled = typist.read_until("docker.io/library/nginx:latest\r\n$ ")
    assert "Downloading" in pulled
    assert "Extracting" in pulled
    assert screen(pulled) == [
        "docker pull nginx",
        "Using default tag: latest",
        "latest: Pulling from library/nginx",
        "27833a3ba0a5: Pull complete ",
        "ea005e36e544: Pull complete ",
        "d172c7f0578d: Pull complete ",
        "Digest: sha256:e71b1bf4281f25533cf15e6e5f9be4dac74d2328152edf7ecde23abc54e16c1c",
        "Status: Downloaded newer image for nginx:latest",
        "docker.io/library/nginx:latest",
        "$ ",
    ]
    typist.type("docker ps -a")
    typist.read_until("docker ps -a")
    time.sleep(0.2)  # a learner's pause: readline loses a signal that comes while it takes in a letter
    typist.type("\x03")  # Ctrl-C drops the line
    typist.read_until("$ ")
    typist.type("docker images -q\r")
    assert "27a188018e18" in typist.read_until("\r\n$ ")
    typist.type("nonsense\r")
    assert "labkit: this is a pretend home" in typist.read_until("\r\n$ ")
    typist.type("\x04")  # Ctrl-D
    typist.read_until("\r\n")
    assert typist.end() == 0


@at_a_terminal
def test_a_pull_that_is_interrupted_leaves_nothing() -> None:
    typist = Typist()
    typist.read_until("\r\n$ ")
    typist.type("docker pull mysql\r")
    typist.read_until("Downloading")
    os.kill(typist.pid, signal.SIGINT)
    typist.read_until("^C\r\n$ ")
    typist.type("docker images -q | wc -l\r")
    assert "\r\n0\r\n" in typist.read_until("\r\n$ ")
    typist.type("exit\r")
    assert typist.end() == 0


@at_a_terminal
def test_a_container_typed_into_without_prompt_toolkit() -> None:
    typist = Typist()
    typist.read_until("\r\n$ ")
    typist.type("docker run -it -h box ubuntu:15.04 bash\r")
    typist.read_until("root@box:/# ")
    typist.type("cat > /x <<E\r")
    typist.read_until("> ")
    typist.type("hello\rE\rcat /x\r")
    assert "hello" in typist.read_until("hello\r\nroot@box:/# ")
    typist.type("exit 3\r")
    assert typist.read_until("$ ").endswith("exit 3\r\nexit\r\n$ ")
    typist.type("\x04")
    typist.read_until("\r\n")
    assert typist.end() == 0


def rows(output: str) -> list[str]:
    """Give the rows that a terminal shows after some output: as much of its signs as prompt_toolkit uses."""
    shown: list[list[str]] = [[]]
    row = column = 0
    for sign in re.finditer(r"\x1b\[\??(\d*)(?:;\d+)*([A-Za-z])|\x1b.|[\s\S]", output):
        count, kind = int(sign[1] or 1), f"CSI {sign[2]}" if sign[2] else sign[0]
        if kind in ("CSI A", "CSI B", "\n"):
            row = max(row - count, 0) if kind == "CSI A" else row + count
            shown += [[] for _ in range(row + 1 - len(shown))]
        elif kind in ("CSI C", "CSI D", "\b"):
            column = column + count if kind == "CSI C" else max(column - count, 0)
        elif kind == "\r":
            column = 0
        elif kind in ("CSI K", "CSI J"):
            del shown[row][column:]
            if kind == "CSI J":
                del shown[row + 1 :]
        elif len(kind) == 1 and kind >= " ":
            shown[row] += " " * (column + 1 - len(shown[row]))
            shown[row][column] = kind
            column += 1
    shown[row] += " " * (column - len(shown[row]))
    return ["".join(each) for each in shown]


class Screen(Typist):
    """A typist who looks at the terminal's last row."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder=folder)
        self.output = ""

    def type_until(self, keys: str, last: str, seconds: float = 20) -> list[str]:
        """Type keys and wait until the last row is a text and nothing more comes; give the rows."""
        before = len(self.output)
        self.type(keys)
        deadline = time.monotonic() + seconds
        while True:
            if select.select([self.terminal], [], [], 0.3)[0]:
                self.output += os.read(self.terminal, 65536).decode()
            elif (shown := rows(self.output))[-1] == last and len(self.output) > before:
                return shown
            assert time.monotonic() < deadline, f"{rows(self.output)} do not end in {last!r}"


@at_a_terminal
def test_a_terminal_with_prompt_toolkit(tmp_path: Path) -> None:
    screen = Screen(tmp_path / "data")
    screen.type_until("", "$ ")
    screen.type_until("docker pul\t", "$ docker pull ")
    screen.type_until("-q ubuntu:15.04\r", "$ ")
    screen.type_until("docker run -it --na\t", "$ docker run -it --name ")
    screen.type_until("box -h host ubun\t", "$ docker run -it --name box -h host ubuntu:15.04 ")
    screen.type_until("bash\r", "root@host:/# ")
    screen.type_until("cd /us\t", "root@host:/# cd /usr/")
    screen.type_until("\r", "root@host:/usr# ")
    screen.type_until("echo hi > /greeting\r", "root@host:/usr# ")
    screen.type_until("nonsense", "root@host:/usr# nonsense")
    screen.type_until("\x03", "root@host:/usr# ")
    assert screen.type_until("echo $?\r", "root@host:/usr# ")[-2] == "130"
    assert screen.type_until("undo\r", "root@host:/usr# ")[-2] == "labkit: took back: echo $?"
    assert screen.type_until("undo\r", "root@host:/usr# ")[-2] == "labkit: took back: echo hi > /greeting"
    assert "No such file" in screen.type_until("ls /greeting\r", "root@host:/usr# ")[-2]
    screen.type_until("\x10\x11", "$ ")
    screen.type_until("docker attach b\t", "$ docker attach box ")
    screen.type_until("\r", "root@host:/usr# ")
    assert screen.type_until("exit 5\r", "$ ")[-2] == "exit"
    assert screen.type_until("docker ps -a --format '{{.Status}}'\r", "$ ")[-2].startswith("Exited (5)")
    screen.type_until("for i in 1 2\r", "> ")
    assert screen.type_until("do echo n$i; done\r", "$ ")[-3:-1] == ["n1", "n2"]
    screen.type_until("\x1b[200~echo first\necho second\x1b[201~", "echo second")
    assert screen.type_until("\r", "$ ")[-4:-1] == ["first", "$ echo second", "second"]
    assert "undo" in " ".join(screen.type_until("help\r", "$ ")[-7:])
    assert screen.type_until("reset\r", "$ ")[-2].startswith("labkit: took all back")
    screen.type("\x04")
    assert screen.end() == 0
    again = Screen(tmp_path / "data")
    again.type_until("", "$ ")
    again.type_until("\x1b[A", "$ reset")  # the key that goes up
    again.type_until("\x03", "$ ")
    again.type("exit\r")
    assert again.end() == 0


def test_exercises_are_listed_by_lesson(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exercises"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "1 · Image layers"
    assert lines[2].split()[:2] == ["01-one-layer", "Download"]
    assert lines[2].endswith("(easy, 5 min)")


def test_verifying_the_exercises_ends_with_a_line_that_begins_with_their_number(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from labkit import lessons

    monkeypatch.setattr(lessons, "LESSONS", lessons.LESSONS[3:4])
    assert main(["exercises", "--verify"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    pattern = r"3 exercises: 3 solutions reach their goal, no start does, (\d+) other ways pass, "
    pattern += r"(\d+) wrong answers refused with their hint, (\d+) mutants refused or equal to a known way"
    count = re.fullmatch(pattern, line)
    assert count
    assert int(count[3]) >= 60


def test_an_exercise_that_does_not_verify_is_named_and_gives_exit_code_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from labkit import lessons

    first = lessons.image_layers.LESSON
    broken = replace(first.exercises[1], solution="%docker images")
    monkeypatch.setattr(lessons, "LESSONS", (replace(first, exercises=(broken,)),))
    assert main(["exercises", "--verify"]) == 1
    problem, last = capsys.readouterr().out.splitlines()
    assert problem.startswith("01-one-layer: solution (%docker images): its check says not attempted")
    assert last.startswith("1 exercises: 0 solutions")


def test_assignments_are_written_or_the_reason_is_said(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["exercises", "--nbgrader", str(tmp_path)]) == 0
    assert len(list((tmp_path / "source").rglob("*.ipynb"))) == 8
    (tmp_path / "file").write_text("")
    assert main(["exercises", "--nbgrader", str(tmp_path / "file")]) == 2
    assert "not a directory" in capsys.readouterr().err
