"""Command lines: what the real client answered to wrong ones, and what right ones hold."""

from __future__ import annotations

import importlib
import json
import shlex
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.cli.parse import Printed, parse
from labkit.cli.table import COMMANDS, Invocation, UsageError

RECORDED = json.loads((Path(__file__).parent / "recordings" / "errors.json").read_text())


def run(line: str) -> Invocation:
    found = parse(shlex.split(line))
    assert isinstance(found, Invocation)
    return found


def refused(line: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        parse(shlex.split(line))
    return caught.value


@pytest.mark.parametrize("row", RECORDED, ids=[row["line"] for row in RECORDED])
def test_the_client_answers_by_itself(row: dict[str, object]) -> None:
    try:
        found = parse(shlex.split(str(row["line"])))
    except UsageError as error:
        answer = ("", error.text, error.exit_code)
    else:
        assert isinstance(found, Printed)
        answer = (found.stdout, found.stderr, 0)
    assert answer == (row["stdout"], row["stderr"], row["exit"])


@pytest.mark.parametrize(
    ("line", "path", "changed", "args"),
    [
        ("images", "images", {}, ()),
        ("images -aq nginx", "images", {"all": True, "quiet": True}, ("nginx",)),
        ("images nginx -q", "images", {"quiet": True}, ("nginx",)),
        ("images -aq=false", "images", {"all": True, "quiet": False}, ()),
        ("images --no-trunc=F -q=T", "images", {"no-trunc": False, "quiet": True}, ()),
        ("images -- -q", "images", {}, ("-q",)),
        ("images -", "images", {}, ("-",)),
        ("images -fdangling=true", "images", {"filter": ("dangling=true",)}, ()),
        (
            "images -f=dangling=true --filter ' Label = a=b '",
            "images",
            {"filter": ("dangling=true", "label=a=b")},
            (),
        ),
        ("images -f ''", "images", {"filter": ()}, ()),
        ("image list", "image ls", {}, ()),
        ("image --help=false ls", "image ls", {}, ()),
        ("-v images", "images", {}, ()),
        ("-- images", "images", {}, ()),
        ("history -H=false nginx", "history", {"human": False}, ("nginx",)),
        ("ps -n -1", "ps", {"last": -1}, ()),
        ("ps -n0x10 -as", "ps", {"last": 16, "all": True, "size": True}, ()),
        ("ps -n 010", "ps", {"last": 8}, ()),
        ("ps --last=1_0", "ps", {"last": 10}, ()),
        ("ps -n +0b11", "ps", {"last": 3}, ()),
        ("container ps", "container ls", {}, ()),
        ("image rmi a b", "image rm", {}, ("a", "b")),
        ("rm -fv a b", "rm", {"force": True, "volumes": True}, ("a", "b")),
        ("stop a -t 1 b", "stop", {"time": 1}, ("a", "b")),
        ("logs --tail 5 web", "logs", {"tail": "5"}, ("web",)),
        (
            "run -it --rm alpine ls -l --help",
            "run",
            {"interactive": True, "tty": True, "rm": True},
            ("alpine", "ls", "-l", "--help"),
        ),
        ("run -- -x", "run", {}, ("-x",)),
        ("run --name= alpine", "run", {"name": ""}, ("alpine",)),
        (
            "run -dp80:80 -e A=1 -eB --env=C= nginx",
            "run",
            {"detach": True, "publish": ("80:80",), "env": ("A=1", "B", "C=")},
            ("nginx",),
        ),
        (
            "run -h box -l a=b -u root alpine",
            "run",
            {"hostname": "box", "label": ("a=b",), "user": "root"},
            None,
        ),
        ("create --entrypoint '' alpine", "create", {"entrypoint": ""}, ("alpine",)),
        ("exec -w /tmp web sh -c ls", "exec", {"workdir": "/tmp"}, ("web", "sh", "-c", "ls")),
        ("commit -m x -p=0 -c 'CMD a' -c 'ENV b=c' web app:1", "commit", None, ("web", "app:1")),
    ],
)
def test_a_right_line(
    line: str, path: str, changed: dict[str, object] | None, args: tuple[str, ...] | None
) -> None:
    found = run(line)
    assert found.command is COMMANDS[path]
    if changed is not None:
        assert {name: found.options[name] for name in found.changed} == changed
    if args is not None:
        assert found.args == args


def test_each_command_has_a_function_that_runs_it_or_says_what_it_would() -> None:
    groups = {each.parent for each in COMMANDS.values()}
    for path, command in COMMANDS.items():
        alone = path in ("", *groups, "help", "completion", "config")
        assert bool(command.run) != (not command.simulated or alone), path
        if command.run:
            module, _, function = command.run.rpartition(".")
            assert callable(getattr(importlib.import_module(f"labkit.cli.{module}"), function)), path


def test_flags_that_are_not_given_have_their_defaults() -> None:
    assert run("stop web").options == {"time": 10}
    assert run("history nginx").options == {"format": "", "human": True, "no-trunc": False, "quiet": False}
    options = run("run nginx").options
    assert (options["restart"], options["pull"], options["env"]) == ("no", "missing", ())


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (
            "network ls",
            "'docker network ls' is not simulated; it would list the networks that containers can join",
        ),
        ("network ls --nonsense", None),
        ("builder prune --filter until=24h", "--filter of 'docker builder prune' is not simulated; it would"),
        ("logs --since 1h web", "--since of 'docker logs' is not simulated; it would leave out what was"),
        ("logs -t web", "--timestamps of 'docker logs' is not simulated; it would write the moment"),
        ("build -m much .", "--memory of 'docker build' is not simulated; it would limit"),
        ("cp -L link web:/", "--follow-link of 'docker cp' is not simulated; it would copy what a"),
        ("network list", None),
        ("network remove net", None),
        ("stack up -c f app", None),
        ("checkpoint ls web", None),
        ("run --cpus 2 nginx", "--cpus of 'docker run' is not simulated; it would limit the container to"),
        (
            "run --privileged --cpus 2 nginx",
            "--privileged of 'docker run' is not simulated; it would",
        ),
        (
            "run --mount type=bind,src=/srv,dst=/srv nginx",
            "--mount with a directory of the host is not simulated; it would mount",
        ),
        ("run --mount dst=/a,volume-driver=nfs nginx", "--mount with volume-driver is not simulated"),
        ("run --net host nginx", "--net of 'docker run' is not simulated; it would do the same as --network"),
        ("-D images", "--debug of 'docker' is not simulated; it would"),
        ("-H tcp://10.0.0.1 ps", "--host of 'docker' is not simulated; it would"),
        (
            "logs --details web",
            "--details of 'docker logs' is not simulated; it would add what",
        ),
    ],
)
def test_what_is_not_simulated_is_refused_in_one_line(line: str, text: str | None) -> None:
    error = refused(line)
    assert error.code == "not-simulated"
    assert error.text.startswith("labkit: " + (text or ""))
    assert error.text.count("\n") == 1
    assert (error.exit_code, error.hint) == (1, "")


def test_the_clients_own_errors_come_before_what_is_not_simulated() -> None:
    assert refused("run --cpus 2").text.startswith('"docker run" requires at least 1 argument.')
    assert refused("-D images -z").text.startswith("unknown shorthand flag: 'z' in -z")


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("imagee", "did you mean 'docker image'?"),
        ("imagee ls", "did you mean 'docker image ls'?"),
        ("imgaes", "did you mean 'docker images'?"),
        ("histroy nginx", "did you mean 'docker history'?"),
        ("rnu nginx", "did you mean 'docker run'?"),
        ("PS", "did you mean 'docker ps'?"),
        ("delete web", "did you mean 'docker rm'?"),
        ("list", "did you mean 'docker image ls' or 'docker container ls'?"),
        ("df", "did you mean 'docker system df'?"),
        ("layers nginx", "did you mean 'docker history'?"),
        ("image lss", "did you mean 'docker image ls'?"),
        ("image images", "did you mean 'docker images'?"),
        ("image run nginx", "did you mean 'docker run'?"),
        ("container remove web", "did you mean 'docker container rm'?"),
        ("help imagee", "did you mean 'docker image'?"),
        ("images --notrunc", "did you mean '--no-trunc'?"),
        ("images -no-trunc", "did you mean '--no-trunc'?"),
        ("images --quite", "did you mean '--quiet'?"),
        ("images -Q", "did you mean '-q'?"),
        ("ps -D", "-D is a flag of docker itself, which stands before the command"),
    ],
)
def test_a_typo_gets_the_nearest_name(line: str, hint: str) -> None:
    error = refused(line)
    assert error.code != "not-simulated"
    assert error.hint == f"labkit: {hint}"
    assert "labkit" not in error.text


@pytest.mark.parametrize("line", ["xyzzy", "''", "images -z", "images -f x", "pull", "image ''", "ps x"])
def test_nothing_is_suggested_where_nothing_is_near(line: str) -> None:
    assert refused(line).hint == ""


def test_a_plugin_is_named_as_one() -> None:
    error = refused("compose up")
    assert error.text == "docker: 'compose' is not a docker command.\nSee 'docker --help'\n"
    assert error.hint.startswith(
        "labkit: 'docker compose' is a plugin that labkit does not simulate; it would"
    )


VALUES = st.text(alphabet="ab=-: é", max_size=6)


@given(name=VALUES, env=st.lists(st.from_regex(r"[A-Z]{1,3}(=[a-z-]{0,3})?", fullmatch=True), max_size=3))
@settings(max_examples=50, deadline=None)
def test_every_way_to_write_a_flag_means_the_same(name: str, env: list[str]) -> None:
    spaced = ["--name", name, *(word for text in env for word in ("-e", text)), "img", "-e", "x"]
    joined = [*(f"-e={text}" for text in env), f"--name={name}", "img", "-e", "x"]
    glued = [*(f"-e{text}" for text in env), f"--name={name}", "--", "img", "-e", "x"]
    assert parse(["run", *spaced]) == parse(["run", *joined]) == parse(["run", *glued])


NAMES = sorted({word for path in COMMANDS for word in path.split()})
FLAGS = [
    "--help",
    "-h",
    "--",
    "-",
    "-f",
    "-q=",
    "--filter",
    "--no-trunc=x",
    "-itd",
    "x",
    "a=b",
    "--bogus",
    "-1",
]
WORDS = st.sampled_from([*NAMES, *FLAGS])


@given(st.lists(WORDS | st.text(max_size=5), max_size=6))
@settings(max_examples=200, deadline=None)
def test_any_words_are_parsed_or_refused(words: list[str]) -> None:
    try:
        found = parse(words)
    except UsageError as caught:
        refusal = caught
    else:
        assert isinstance(found, Printed) or found.command.simulated
        return
    assert refusal.text.endswith("\n")
    assert refusal.exit_code in (1, 125)
    assert refusal.hint == "" or refusal.hint.startswith("labkit: ")
