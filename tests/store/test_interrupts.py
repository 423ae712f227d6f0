"""Ctrl-C while a registry takes its time: one is enough, in the terminal and in a notebook's kernel.

Each line runs in a process of its own, which takes the signal even where the tests' own process was told to
ignore it. Afterwards no thread is left, the cache is as it was, and the line can be given again.
"""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_client.manager import KernelManager

from labkit.engine.engine import Engine
from labkit.engine.push import push
from labkit.engine.schedule import Network
from labkit.oci.reference import parse_reference
from labkit.store.api import Response, as_json, as_text, refusal
from labkit.store.client import Client
from tests.engine.engines import add, drain, image, layer
from tests.store.faulty import FaultyRegistry

SECONDS = 1.0
IMAGE = image(*(layer(**{f"f{number}": 900 * f"{number}"}) for number in range(4)))

PROGRAM = """
import json, signal, sys, threading
from dataclasses import replace
signal.signal(signal.SIGINT, signal.default_int_handler)
from labkit import Lab

def kept(): return replace(lab.engine.state, now=0, created=0)

for line in sys.stdin:
    new, first, last = json.loads(line)
    if new: lab = Lab()
    for each in first: assert not lab.shell(each).exit_code, each
    before = kept()
    try: said = lab.shell(last).text
    except KeyboardInterrupt: said = ""
    threads = [each.name for each in threading.enumerate() if "labkit" in each.name]
    print(json.dumps([said, threads, kept() == before]), flush=True)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[FaultyRegistry]:
    with FaultyRegistry() as registry:
        engine = Engine()
        add(engine, IMAGE, "reg.test/team/app:1")
        name = parse_reference("reg.test/team/app:1")
        drain(push(engine, Client(registry.registry.handle), name, Network()))
        yield registry


@pytest.fixture(scope="module")
def terminal() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def ask(terminal: subprocess.Popen[str], new: bool, first: list[str], last: str) -> None:
    assert terminal.stdin is not None
    terminal.stdin.write(json.dumps([new, first, last]) + "\n")
    terminal.stdin.flush()


def told(terminal: subprocess.Popen[str]) -> Any:
    assert terminal.stdout is not None
    return json.loads(terminal.stdout.readline())


def wait_for(server: FaultyRegistry, pattern: str) -> None:
    """Wait until the registry was asked, and a little, so that who asked waits for the answer."""
    deadline = time.monotonic() + 20
    while not server.asked(pattern):
        assert time.monotonic() < deadline, server.log
        time.sleep(0.02)
    time.sleep(0.3)


BLOB, MANIFEST, CONFIG = "GET .*/blobs/", "GET .*/manifests/1", f"GET .*{IMAGE.id}"
LAYER = rf"GET .*/blobs/(?!{IMAGE.id})"
SLOW: list[tuple[str, dict[str, Any]]] = [
    ("GET /v2/$", {"hang": 20}),
    (MANIFEST, {"hang": 20}),
    (MANIFEST, {"drip": 0.3}),
    (MANIFEST, {"drip": 0.3, "fast": 300}),
    (CONFIG, {"drip": 0.3}),
    (CONFIG, {"response": as_text("busy", 503)}),
    (LAYER, {"hang": 20}),
    (LAYER, {"drip": 0.3}),
    (LAYER, {"drip": 0.3, "fast": 300}),
    (LAYER, {"response": as_text("busy", 503)}),
]


@pytest.mark.parametrize(("pattern", "fault"), SLOW)
def test_one_interrupt_ends_a_pull(
    pattern: str, fault: dict[str, Any], server: FaultyRegistry, terminal: subprocess.Popen[str]
) -> None:
    line = f"docker pull -q {server.address}/team/app:1"
    server.log.clear()
    with server.fault(pattern, **fault):
        interrupted(server, terminal, pattern, [], line)
    ask(terminal, False, [], line)
    assert told(terminal)[0] == f"{server.address}/team/app:1\n"


def interrupted(
    server: FaultyRegistry, terminal: subprocess.Popen[str], pattern: str, first: list[str], line: str
) -> None:
    ask(terminal, True, first, line)
    wait_for(server, pattern)
    began = time.monotonic()
    terminal.send_signal(signal.SIGINT)
    assert told(terminal) == ["", [], True]
    assert time.monotonic() - began < SECONDS


def test_while_a_host_is_looked_up() -> None:
    """That is C's own work, which no signal reaches; the mask makes a sleep like it."""
    program = PROGRAM.replace(
        "for line in",
        """
import socket, time
def look_up(*_, **__):
    print("asked", flush=True)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    time.sleep(10)
socket.getaddrinfo = look_up
for line in""",
    )
    command = [sys.executable, "-c", program.replace('if "labkit" in', 'if "download" in')]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        ask(process, True, [], "docker pull -q registry.example.com/team/app:1")
        assert process.stdout is not None
        assert process.stdout.readline() == "asked\n"
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert told(process) == ["", [], True]
        assert time.monotonic() - began < SECONDS
        process.kill()


def test_while_a_token_is_asked_for(server: FaultyRegistry, terminal: subprocess.Popen[str]) -> None:
    challenge = {"www-authenticate": f'Bearer realm="{server.url}/token"'}
    closed = refusal("UNAUTHORIZED", headers=challenge).response
    server.log.clear()
    with server.fault("/v2/team", response=closed), server.fault("/token", response=as_json({}), hang=20):
        interrupted(server, terminal, "/token", [], f"docker pull -q {server.address}/team/app:1")


def test_while_a_layers_store_shakes_hands_over_tls(
    server: FaultyRegistry, terminal: subprocess.Popen[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        there = f"https://127.0.0.1:{silent.getsockname()[1]}/blob"
        server.log.clear()
        with server.fault(LAYER, response=Response(307, {"location": there})):
            interrupted(server, terminal, LAYER, [], f"docker pull -q {server.address}/team/app:1")


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        ("HEAD .*/blobs/", {"hang": 20}),
        ("POST .*/uploads/", {"hang": 20}),
        ("POST .*/uploads/", {"response": as_text("busy", 503)}),
        ("PATCH .*/uploads/", {"drip": 0.3}),
        ("PUT .*/manifests/", {"hang": 20}),
    ],
)
def test_one_interrupt_ends_a_push(
    pattern: str, fault: dict[str, Any], server: FaultyRegistry, terminal: subprocess.Popen[str]
) -> None:
    name = f"{server.address}/mine:{abs(hash((pattern, *fault)))}"
    first = ["docker pull -q busybox", "docker run --name box busybox touch /f", f"docker commit box {name}"]
    server.log.clear()
    with server.fault(pattern, **fault):
        interrupted(server, terminal, pattern, first, f"docker push -q {name}")
    ask(terminal, False, [], f"docker push -q {name}")
    assert told(terminal)[0] == f"{name}\n"


def test_one_interrupt_in_a_notebooks_kernel(server: FaultyRegistry) -> None:
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        run(client, "import threading, labkit; lab = labkit.Lab()")
        server.log.clear()
        with server.fault(LAYER, drip=0.3, fast=300):
            line = f"lab.docker('pull {server.address}/team/app:1')"
            # Caught in the cell: to write a traceback takes IPython seconds, the first time.
            asked = client.execute(f"try: {line}\nexcept KeyboardInterrupt: ended = True")
            wait_for(server, LAYER)
            began = time.monotonic()
            manager.interrupt_kernel()
            assert reply(client, asked)["status"] == "ok"
            assert time.monotonic() - began < SECONDS
        run(client, "assert ended and not [each for each in threading.enumerate() if 'labkit' in each.name]")
        run(client, f"assert lab.pull('{server.address}/team/app:1').layers")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def run(client: Any, code: str) -> None:
    assert reply(client, client.execute(code))["status"] == "ok"


def reply(client: Any, asked: str) -> Any:
    while (answer := client.get_shell_msg(timeout=30))["parent_header"].get("msg_id") != asked:
        pass
    return answer["content"]
