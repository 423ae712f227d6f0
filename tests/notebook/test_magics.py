"""`%docker` and `%%docker`, in a shell without a browser and in a kernel that moves the bars."""

from __future__ import annotations

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from nbclient import NotebookClient

from labkit.notebook import magics


def run(shell: InteractiveShell, code: str) -> list[dict[str, str]]:
    with capture_output() as captured:
        result = shell.run_cell(code)
    assert result.success, result
    assert captured.stdout == ""
    return [output.data for output in captured.outputs]


def test_a_line_prints_what_the_terminal_prints(shell: InteractiveShell) -> None:
    (shown,) = run(shell, "%docker images")
    assert shown["text/plain"] == "REPOSITORY   TAG       IMAGE ID   CREATED   SIZE"


def test_braces_and_dollar_signs_reach_docker(shell: InteractiveShell) -> None:
    shell.user_ns["lab"].pull("busybox")
    (shown,) = run(shell, '%docker images --format "{{.Repository}}"')
    assert shown["text/plain"] == "busybox"
    (shown,) = run(shell, "%docker run --rm -e A=1 busybox sh -c 'echo $A {A}'")
    assert shown["text/plain"] == "1 {A}"


def test_a_cell_shows_each_line_and_its_exit_code(shell: InteractiveShell) -> None:
    code = "%%docker\ndocker pull -q \\\n  busybox\n\ncat README.txt | wc -l\ndocker rm nobody\n"
    (shown,) = run(shell, code)
    assert shown["text/plain"].splitlines() == [
        "$ docker pull -q \\",
        ">   busybox",
        "docker.io/library/busybox:latest",
        "$ cat README.txt | wc -l",
        "2",
        "$ docker rm nobody",
        "Error: No such container: nobody",
        "labkit: docker ps -a lists all containers, the stopped ones too",
        "[exit 1]",
    ]


def test_a_command_without_output_shows_nothing(shell: InteractiveShell) -> None:
    assert run(shell, "%docker images -q") == []


def test_the_notebook_s_lab_is_used_and_made_where_there_is_none(shell: InteractiveShell) -> None:
    del shell.user_ns["lab"]
    run(shell, "%docker pull -q busybox")
    assert len(shell.user_ns["lab"].images) == 1


def test_markup_and_control_characters_are_text(shell: InteractiveShell) -> None:
    shell.user_ns["lab"].pull("busybox")
    (shown,) = run(shell, "%docker run --rm busybox printf '<script>\\033[31m&\\n'")
    assert "<script>" not in shown["text/html"]
    assert "&lt;script&gt;" in shown["text/html"]
    assert shown["text/plain"] == r"<script>\x1b[31m&"


def test_a_cell_that_ends_with_a_result_shows_its_text(shell: InteractiveShell) -> None:
    result = shell.user_ns["lab"].docker("images")
    shown, _ = shell.display_formatter.format(result)
    assert shown["text/plain"] == "REPOSITORY   TAG       IMAGE ID   CREATED   SIZE"


def test_an_error_of_the_lab_is_one_line(shell: InteractiveShell) -> None:
    with capture_output() as captured:
        result = shell.run_cell("lab.image('nothing')")
    assert not result.success
    assert captured.stdout.strip() == "NotFound: No such image: nothing:latest"


def test_a_first_cell_that_is_run_again_says_nothing(shell: InteractiveShell) -> None:
    shell.run_cell("lab")  # the first cell is one; this shell was loaded without
    for _ in range(2):
        with capture_output() as captured:
            assert shell.run_cell("%load_ext labkit\nx = 1").success
        assert captured.stdout == ""
    assert shell.input_transformers_cleanup.count(magics.refuse_bare_lines) == 1


def test_live_bars_give_way_to_the_final_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_PROGRESS", "on")
    cells = [
        "%load_ext labkit\nfrom labkit import Lab\nlab = Lab(network='fast')",
        "%docker pull nginx",
        "%%docker\ndocker images -q\ndocker pull busybox\ndocker images -q",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=60).execute()
    (pulled,) = notebook.cells[1].outputs
    assert pulled.data["text/plain"].splitlines()[2:5] == [
        "27833a3ba0a5: Pull complete ",
        "ea005e36e544: Pull complete ",
        "d172c7f0578d: Pull complete ",
    ]
    assert "application/vnd.jupyter.widget-view+json" not in pulled.data
    texts = [output.data["text/plain"] for output in notebook.cells[2].outputs]
    assert [text.splitlines()[0] for text in texts] == [
        "$ docker images -q",
        "Using default tag: latest",
        "$ docker images -q",
    ]


def test_a_cell_types_into_a_container_until_it_ends(shell: InteractiveShell) -> None:
    shell.user_ns["lab"].pull("busybox")
    lines = ["docker run -it --name box busybox", "cd /tmp", "", "echo hi > x", "exit 3"]
    code = "\n".join(["%%docker", *lines, "docker diff box", "docker start -ai box"])
    (shown,) = run(shell, code)
    assert shown["text/plain"].splitlines() == [
        "$ docker run -it --name box busybox",
        "/ # cd /tmp",
        "/tmp # ",
        "/tmp # echo hi > x",
        "/tmp # exit 3",
        "[exit 3]",
        "$ docker diff box",
        "C /tmp",
        "A /tmp/x",
        "$ docker start -ai box",
        "/ # ",
    ]
    (shown,) = run(shell, "%docker start -ai box")
    assert shown["text/plain"].startswith("/ # \nlabkit: nothing more was typed")
    assert shell.user_ns["lab"].prompt == "$ "


@pytest.mark.parametrize(
    "code", ["%docker ps\ndocker images", "docker ps", "$ docker ps -a", "x = 1\ndocker ps"]
)
def test_docker_s_lines_in_a_cell_of_python_are_told(shell: InteractiveShell, code: str) -> None:
    with pytest.raises(SyntaxError, match="labkit: a notebook takes this for Python; %docker runs one line"):
        shell.transform_cell(code)


@pytest.mark.parametrize(
    "code", ["x = '''\ndocker ps\n'''", "%docker ps", "%%docker\ndocker ps", "docker = 1\ndocker", "x ="]
)
def test_other_cells_are_left_alone(shell: InteractiveShell, code: str) -> None:
    shell.transform_cell(code)


def test_the_machine_s_own_docker_is_announced(shell: InteractiveShell) -> None:
    assert shell.transform_cell("!docker ps").startswith(
        "print(\"labkit: !docker asks this machine's own Docker"
    )
    for code in ("!echo docker", "x = '''\n!docker ps\n'''"):
        assert "labkit" not in shell.transform_cell(code)


def test_refusals_tell_what_to_do(shell: InteractiveShell) -> None:
    (shown,) = run(shell, "%%docker ps\nls")
    assert shown["text/plain"].endswith("write docker ps below it, or %docker ps alone")
    (shown,) = run(shell, "%docker-compose up")
    assert "labkit: 'docker compose' is a plugin" in shown["text/plain"]
