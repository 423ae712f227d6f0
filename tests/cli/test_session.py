"""The session: whatever is typed gives text and an exit code, and nothing typed in vain changes the lab."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from labkit import Lab
from labkit.cli.session import HINTS
from labkit.cli.table import COMMANDS
from labkit.engine.schedule import Network
from labkit.engine.state import still
from labkit.lessons.shop import lab_with_shop
from tests.cli import sessions
from tests.fixtures import small_tar
from tests.real import archives, facts

NAMES = (
    "app",
    "app:1",
    "base:1",
    "tool:1",
    "box",
    "nginx",
    "nope",
    "UPPER",
    "a:b:c",
    "sha256:00",
    "106f",
    "''",
)
WORDS = sorted({word for path in COMMANDS for word in path.split()})
FLAGS = sorted({f"--{flag.name}" for row in COMMANDS.values() for flag in row.flags})
SHORT = sorted({f"-{flag.short}" for row in COMMANDS.values() for flag in row.flags if flag.short})
VALUES = ("-1", "0", "9" * 30, "name=x", "'{{.ID}}'", "'{{.Nope'", "table", "'CMD [\"x\"]'", "80:80", "''")
SHELL = "| > && ; 2>&1 $(docker ps -q) ' \" ` \\ # * ~ $HOME < ( {".split()
ANY = st.text(st.characters(exclude_categories=()), max_size=8)

words = st.one_of(
    *map(st.sampled_from, (WORDS, NAMES, FLAGS, SHORT, VALUES, SHELL)),
    ANY,
    st.sampled_from(("docker", "sh", "ls")),
)
lines = st.one_of(
    st.lists(words, max_size=7).map(lambda parts: " ".join(["docker", *parts])),
    st.lists(words, max_size=5).map(" ".join),
    ANY,
)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    lab = sessions.loaded_lab(tmp_path_factory.mktemp("session"))
    lab.docker("run -d --name box base:1 sleep 1000")
    return lab


@pytest.fixture
def lab(loaded: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    monkeypatch.chdir(tmp_path)
    with loaded.looking():
        yield loaded


@settings(max_examples=300)
@given(line=lines, stdin=st.binary(max_size=20))
@example(line="²<", stdin=b"")  # a digit to str.isdigit, not to int
@example(line="\ud800", stdin=b"")
def test_no_line_raises_and_undo_takes_it_back(loaded: Lab, line: str, stdin: bytes) -> None:
    if any(word in line for word in ("save", "-o", "--output")):  # writes a real file
        return
    state, place, at = loaded.engine.state, loaded.session.place, loaded.at
    result = loaded.shell(line, stdin=stdin)
    assert isinstance(result.exit_code, int)
    assert isinstance(result.text, str)
    assert "Traceback" not in result.text
    assert "cannot do this" not in result.text
    if loaded.at > at:
        loaded.undo()
        assert loaded.engine.state is state
        assert loaded.session.place is place
    assert still(loaded.engine.state) == still(state)
    assert loaded.session.place.lasting == place.lasting


REFUSALS = {
    "docker imagse": "labkit: did you mean 'docker images'?",
    "docker image lss": "labkit: did you mean 'docker image ls'?",
    "docker run --nmae x base:1": "labkit: did you mean '--name'?",
    "dokcer ps -a": "labkit: did you mean 'docker ps -a'?",
    "cmp a b": "labkit: this is a pretend home: docker and the everyday commands (ls",  # never "cp a b"
    "vi Dockerfile": "labkit: cat > FILE <<END writes a file, up to a line that is END",
    "tree .": "labkit: find DIRECTORY lists all that is below it",
    "cat <(echo a)": "labkit: <(…) is not simulated: write its output into a file, and name that",
    "sudo -i": "sudo: a prompt of root's own is not simulated: sudo sh -c 'COMMAND; COMMAND'",
    "frobnicate": "labkit: this is a pretend home: docker and the everyday commands (ls",
    "docker network ls": "labkit: 'docker network ls' is not simulated; it would list the networks",
    "docker run -v /a:/b base:1": "labkit: -v with a directory of the host is not simulated; it would mount",
    "echo ls | docker run -it base:1": "labkit: standard input is a pipe or a file here: leave -t out",
    "docker docker ps -a": "labkit: did you mean 'docker ps -a'?",
    "docker-compose up": "labkit: 'docker compose' is a plugin that labkit does not simulate; it would",
    "docker undo": "labkit: lab.undo() takes the last command back; in labkit shell: undo",
    "undo": "labkit: lab.undo() takes the last command back; in labkit shell: undo",
    "docker reset": "labkit: lab.reset() takes all back; in labkit shell: reset",
    "docker inspect --type network x": "labkit: --type network is not simulated; it would show",
    "docker run -p 80-81:80-81 base:1": "labkit: -p with a range is not simulated; it would publish each",
    "docker ps --filter publish=80": "labkit: the filter publish is not simulated; it would list what it",
    "docker image prune -f --filter until=2019-13-01": 'labkit: "2019-13-01" is no time: write 24h',
    "docker images --format raw": "labkit: --format raw is not simulated; it would show a field a line",
    "docker history ngins": "labkit: docker images lists what is here, docker pull ngins:latest",
    "docker start ngins": "labkit: docker ps -a lists all containers, the stopped ones too",
    "docker inspect ngins": "labkit: docker images and docker ps -a list what there is to inspect",
    "docker rm box": "labkit: docker stop ",
    "docker create --name box base:1": "labkit: docker rm box frees the name, or choose another one",
    "docker rmi base:1": "labkit: docker rm ",
    "docker pull NGINX": "labkit: write the name in small letters",
    "docker pull a:b:c": "labkit: a name looks like nginx, nginx:1.15.12 or team/app:v2",
    "docker pull ngins": "labkit: did you mean nginx? the built-in hub has: ",
    "docker run ngins": "labkit: did you mean nginx? the built-in hub has: ",
    "docker pull wordpress": "labkit: the built-in hub has: ",
    "docker pull nginx:9": "labkit: nginx has the tags: ",
    "docker pull registry.example.com/x": "labkit: names without a host, like nginx, need no network",
    "docker run base:1 nosuch": "labkit: the image has no program named nosuch",
    "docker exec box nosuch": "labkit: the image has no program named nosuch",
    "docker run base:1 /nosuch": "labkit: the image has no file /nosuch",
    "docker load -i nosuch.tar": "labkit: a path that is not in the pretend home starts where labkit was",
}
"""A line that is refused, and how the line with the next step begins."""


@pytest.mark.parametrize("line", REFUSALS)
def test_a_refusal_has_a_next_step(lab: Lab, line: str) -> None:
    result = lab.shell(line)
    assert result.exit_code
    last = result.text.splitlines()[-1]
    assert last.startswith(REFUSALS[line])
    assert last.isascii() or "…" in last
    assert len(last) < 200


STEPS = [
    ("docker run --name one base:1 touch /a", None),
    ("docker exec one ls", "container-not-running"),
    ("docker kill one", "container-not-running"),
    ("docker commit one child", None),
    ("docker rmi -f 106f", None),
    ("docker tag base:1 base:2", None),
    ("docker rmi $(docker images -q base:1)", "image-has-children"),
    ("docker rmi child", None),
    ("docker rmi -f $(docker images -q base:1)", "image-of-running-container"),
    ("docker stop box", None),
    ("docker rmi base:2", None),
    ("docker rmi $(docker images -q base:1)", "image-of-stopped-container"),
    ("docker tag tool:1 tool:2", None),
    ("docker rmi $(docker images -q tool:1)", "image-has-several-names"),
    ("docker build .", "no-dockerfile"),
    ("mkdir d; printf 'FROM tool:1\\nCOPY nope /\\n' > d/Dockerfile; docker build d", "not-in-context"),
    ("docker build -t UPPER d", "uppercase-name"),
    ("docker logs nope nope; docker logs nope", "no-such-container"),
    ("docker import nofile.tar", "ENOENT"),
]


def test_every_code_that_has_a_hint_is_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lab = sessions.loaded_lab(tmp_path)
    lab.docker("run -d --name box base:1 sleep 1000")
    given = set()
    for line, code in [*STEPS, *((line, "") for line in REFUSALS)]:
        found = lab.shell(line).hint
        matching = {key for key, text in HINTS.items() if found.startswith(f"labkit: {text.split('{')[0]}")}
        if code:
            assert code in matching, line
        elif code is None:
            assert not found, line
        given |= matching
    assert given == set(HINTS)


def test_an_error_about_the_engines_own_files_says_nothing_of_the_learners_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lab = sessions.loaded_lab(tmp_path)
    lab.shell("docker run --name one base:1 true; docker rmi -f base:1 app:1 app:latest tool:1")
    refused = lab.docker("commit one two")
    assert "imagedb" in refused.stderr
    assert refused.hint == ""
    Path("odd.tar").write_bytes(small_tar.archive({"manifest.json": b'[{"Config": "x.json", "Layers": []}]'}))
    refused = lab.docker("load -i odd.tar")
    assert refused.stderr == "open x.json: no such file or directory\n"
    assert refused.hint == ""


def test_what_a_container_prints_gets_no_hint(lab: Lab) -> None:
    result = lab.docker("run --rm base:1 sh -c 'echo open /x: no such file or directory >&2; exit 1'")
    assert result.hint == ""


def test_text_is_output_in_order_with_the_hint_and_prints_as_itself(lab: Lab) -> None:
    result = lab.shell("docker exec box sh -c 'echo out; echo err >&2; echo more'; docker start nope")
    assert result.stdout == "out\nmore\n"
    assert result.stderr.startswith("err\nError response from daemon: No such container: nope\n")
    assert str(result) == result.text == "out\nerr\nmore\n" + result.stderr[4:] + result.hint + "\n"


def test_docker_is_a_command_of_the_shell(lab: Lab) -> None:
    assert lab.shell("docker images -q | sort -u | wc -l").stdout == "3\n"
    assert lab.shell("for n in one two; do docker create --name $n base:1; done | wc -l").stdout == "2\n"
    assert lab.shell("docker rm $(docker ps -aq --filter status=created) | wc -l").stdout == "2\n"
    assert lab.shell("docker image inspect nope > out.json 2> err.txt; cat out.json err.txt").stdout == (
        "[]\nError: No such image: nope\n"
    )
    assert lab.shell("false || docker images -q nope && echo yes").stdout == "yes\n"
    assert lab.shell("x=base; docker images -q $x:1 | sed 's/\\(....\\).*/\\1/'").stdout == "dac7\n"


def test_a_command_leaves_standard_input_to_the_next_one(lab: Lab) -> None:
    line = "printf 'base\\ntool\\n' | while read name; do docker images -q $name; done | wc -l"
    assert lab.shell(line).stdout == "2\n"
    assert lab.shell("docker run -i --rm base:1 head -c 4 < /dev/zero | wc -c").stdout == "4\n"
    assert lab.docker("run -i --rm base:1 cat", stdin=b"typed\n").stdout == "typed\n"


def test_a_file_of_the_pretend_home_is_loaded_and_stays_there(lab: Lab) -> None:
    lab.shell("docker save app:1 > app.tar; cd /tmp; docker save tool:1 | cat > tool.tar")
    assert lab.shell("docker load -i tool.tar").stdout == "Loaded image: tool:1\n"
    assert lab.shell("cd; docker load -i app.tar; ls").stdout == "Loaded image: app:1\nREADME.txt\napp.tar\n"
    assert not Path("app.tar").exists()
    assert lab.shell("rm app.tar; docker save -o app.tar app:1; ls; stat -c '%a %U' app.tar").text == (
        "README.txt\napp.tar\n600 learner\n"
    )
    assert not Path("app.tar").exists()


FACTS = json.loads(facts.FACTS.read_text())["archives"]
CASES = archives.cases()


@pytest.mark.parametrize("name", [name for name in CASES if FACTS[name]["exit"]])
def test_an_archive_that_the_engine_refuses_is_refused_in_one_line(lab: Lab, name: str) -> None:
    Path("app.tar").write_bytes(CASES[name])
    before = lab.engine.state
    by_file = lab.docker("load -i app.tar")
    by_pipe = lab.docker("load", stdin=CASES[name])
    assert by_file.exit_code == by_pipe.exit_code == 1
    assert by_file.stdout == by_pipe.stdout == ""
    assert by_file.stderr.count("\n") == 1
    assert still(lab.engine.state) == still(before)


@pytest.mark.parametrize("name", [name for name in CASES if not FACTS[name]["exit"]])
def test_an_archive_that_the_engine_loads_gives_its_images_or_a_reason(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("app.tar").write_bytes(CASES[name])
    result = Lab().docker("load -i app.tar")
    if result.exit_code:
        assert result.stderr.count("\n") == 1
    else:
        assert sorted(result.stdout.splitlines()) == sorted(FACTS[name]["stdout"].splitlines())


def test_save_to_a_terminal_is_refused(lab: Lab) -> None:
    lab.session.tty = True
    try:
        refused = lab.docker("save app:1")
        assert refused.stderr == "cowardly refusing to save to a terminal. Use the -o flag or redirect\n"
        assert lab.shell("docker save app:1 | wc -c").exit_code == 0
    finally:
        lab.session.tty = False


def test_an_archive_is_not_cut_and_what_a_container_of_such_a_name_prints_is(lab: Lab) -> None:
    for line in ("docker save app:1", "docker image save app:1"):
        assert len(lab.shell(line).output[0][1]) > 2_000_000
    lab.shell("docker run -d --name save base:1 cat /bin/busybox /bin/busybox")
    assert lab.shell("docker logs save").text.endswith("a command prints at most 1 MB here, and ends there\n")


def test_time_passes_with_each_line_and_ends_what_ends(lab: Lab) -> None:
    lab.docker("run -d --name brief base:1 sleep 3")
    assert lab.docker("ps -q --filter name=brief").stdout
    lab.shell("sleep 3")
    assert not lab.docker("ps -q --filter name=brief").stdout
    assert lab.docker("wait brief").stdout == "0\n"


def test_bytes_that_are_no_text_are_kept(lab: Lab) -> None:
    result = lab.docker("run --rm base:1 printf '\\377\\000'")
    assert b"".join(data for _, data in result.output) == b"\xff\0"
    assert result.stdout == "\ufffd\0"


def test_a_run_whose_pull_breaks_off_says_so_as_the_client_does() -> None:
    lab = Lab(network=Network(failures=(("27833a3ba0a5", 9),)))
    result = lab.docker("run nginx")
    assert result.exit_code == 125
    assert result.stderr.endswith("docker: unexpected EOF.\nSee 'docker run --help'.\n")
    assert lab.images == []


def test_what_another_registry_of_the_lab_has_is_offered_by_its_whole_name() -> None:
    assert lab_with_shop().docker("pull shop:2").hint.startswith("labkit: did you mean registry.lab/shop? ")


def test_a_prompt_takes_one_line_of_a_pipe_that_has_no_end(lab: Lab) -> None:
    lab.docker("create --name one base:1")
    result = lab.shell("yes | docker container prune")
    assert "Deleted Containers:" in result.text
    assert not result.hint
    assert "one" not in lab.docker("ps -a --format '{{.Names}}'").text.split()


def test_a_containers_log_file_has_what_was_printed_so_far(lab: Lab) -> None:
    lab.docker("run -d --name talk base:1 sh -c 'while true; do echo tick; sleep 1; done'")
    path = lab.docker("inspect -f '{{.LogPath}}' talk").text.strip()
    lines = lab.shell("docker logs talk | wc -l; sudo cat " + path + " | wc -l").text.split()
    assert lines[0] == lines[1]
    assert int(lines[0]) < 10


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("printf '#!/bin/sh\\necho $# $1' > s; chmod +x s; ./s a b", "2 a"),
        ("printf '#!/usr/bin/env bash\\necho $1' > s; chmod +x s; ./s a", "a"),
        ("printf '#!/bin/perl\\n' > s; chmod +x s; ./s", "bash: ./s: No such file or directory"),
        ("bash -c 'echo $0 $1' x y", "x y"),
        ("which docker; command -v ls", "/usr/bin/docker\n/usr/bin/ls"),
        ("sudo bash -c 'id -u'", "0"),
    ],
)
def test_the_homes_programs_are_found_as_files_are(lab: Lab, line: str, text: str) -> None:
    assert lab.shell(line).stdout.strip() == text or lab.shell(line).stderr.strip() == text


def test_what_looks_like_a_process_in_a_word_is_no_reason_for_advice(lab: Lab) -> None:
    assert "<(…)" not in lab.shell("ls '<(' nofile").text
    assert "<(…)" not in lab.shell("cat < (echo a)").text


def test_a_build_says_that_it_is_the_classic_one(lab: Lab) -> None:
    lab.shell("mkdir d; echo FROM base:1 > d/Dockerfile")
    assert "classic builder" in lab.shell("DOCKER_BUILDKIT=1 docker build d").hint
    assert not lab.shell("DOCKER_BUILDKIT=0 docker build d").hint
