"""A JupyterHub of our own and its learners, asked through its API, as their pages do.

    python -m tests.hub.hub JUPYTERHUB DIR [LINES]

starts the Hub of an installation (JUPYTERHUB is its program) in a folder, with docs/jupyterhub_config.py and
the lines after it, lets three learners run lesson 1 at once, ends their servers, starts them anew, and prints
what it cost each and what was kept.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import websocket

from tests.notebooks import ROOT
from tests.real import host

LEARNERS = ("ada", "grace", "linus")
LESSON = "labkit-course/01-image-layers.ipynb"
EXERCISES = "labkit-course/exercises/01-image-layers.ipynb"
SECONDS = 120
CONFIG = """
load_subconfig({example!r})
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_port = {hub}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy}"
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.services = [dict(name="class", api_token={token!r})]
c.JupyterHub.load_roles = [
    dict(name="class", services=["class"], scopes=["admin:users", "admin:servers", "access:servers"])
]
"""
COST = """
import json, os, re
def cost(pid):
    lines = open(f"/proc/{pid}/smaps_rollup").read()
    return {name: int(re.search(rf"^{name}: *(\\d+)", lines, re.M)[1]) // 1000 for name in ("Rss", "Pss")}
print(json.dumps({"kernel": cost(os.getpid()), "server": cost(os.getppid())}))
"""
"""Prints the memory in MB of the kernel that runs it, and of the server that started the kernel."""


@dataclass
class Kernel:
    """A kernel of a learner's server, to run cells in."""

    socket: Any

    def run(self, source: str) -> str:
        """Run a cell; return what it printed and showed as text, an error's lines last."""
        asked = uuid.uuid4().hex
        header = {
            "msg_id": asked,
            "msg_type": "execute_request",
            "username": "",
            "session": "",
            "version": "5.3",
        }
        content = {"code": source, "silent": False, "allow_stdin": False, "stop_on_error": True}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        self.socket.send(json.dumps({**message, "channel": "shell"}))
        text: list[str] = []
        while True:
            got = json.loads(self.socket.recv())
            if got["parent_header"].get("msg_id") != asked:
                continue
            said = got["content"]
            if got["msg_type"] == "stream":
                text.append(said["text"])
            elif got["msg_type"] == "error":
                text.extend(["\n", f"{said['ename']}: {said['evalue']}"])
            elif "data" in said:
                text.append(said["data"].get("text/plain", ""))
            elif got["msg_type"] == "status" and said["execution_state"] == "idle":
                return "".join(text)


@dataclass
class Hub:
    """A running JupyterHub."""

    address: str
    token: str

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Ask the Hub, or a learner's server behind it; return the JSON of the answer."""
        request = urllib.request.Request(
            self.address + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {self.token}"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=SECONDS) as answer:
            return json.loads(answer.read() or b"null")

    def spawn(self, name: str) -> None:
        """Start a learner's server and wait until it is there."""
        self.ask("POST", f"/hub/api/users/{name}/server")
        self._wait(name, there=True)

    def stop(self, name: str) -> None:
        """End a learner's server and wait until it is gone."""
        self.ask("DELETE", f"/hub/api/users/{name}/server")
        self._wait(name, there=False)

    def _wait(self, name: str, *, there: bool) -> None:
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            servers = self.ask("GET", f"/hub/api/users/{name}")["servers"]
            if there == any(each["ready"] for each in servers.values()) and (there or not servers):
                return
            time.sleep(0.3)
        raise TimeoutError(f"the server of {name} is {'not there' if there else 'still there'}")

    @contextlib.contextmanager
    def kernel(self, name: str, notebook: str = LESSON) -> Iterator[Kernel]:
        """Open a notebook's session on a learner's server, as JupyterLab does, and end it."""
        asked = {"path": notebook, "name": notebook, "type": "notebook", "kernel": {"name": "python3"}}
        session = self.ask("POST", f"/user/{name}/api/sessions", asked)
        path = f"/user/{name}/api/kernels/{session['kernel']['id']}/channels"
        socket = websocket.create_connection(
            self.address.replace("http", "ws", 1) + path,
            header={"Authorization": f"token {self.token}"},
            timeout=SECONDS,
            http_no_proxy=["127.0.0.1"],
        )
        try:
            yield Kernel(socket)
        finally:
            socket.close()
            self.ask("DELETE", f"/user/{name}/api/sessions/{session['id']}")

    def cells(self, name: str, notebook: str = LESSON) -> list[str]:
        """Return the sources of a notebook's code cells, as a learner's server gives them."""
        cells = self.ask("GET", f"/user/{name}/api/contents/{notebook}")["content"]["cells"]
        return [cell["source"] for cell in cells if cell["cell_type"] == "code"]


@contextlib.contextmanager
def running(jupyterhub: Sequence[str | Path], folder: Path, lines: str = "") -> Iterator[Hub]:
    """Run the Hub of an installation, with the example's configuration and more lines after it."""
    token, port, hub, proxy = uuid.uuid4().hex, *(host.free_port() for _ in range(3))
    example = str(ROOT / "docs/jupyterhub_config.py")
    config = folder / "jupyterhub_config.py"
    config.write_text(CONFIG.format(example=example, port=port, hub=hub, proxy=proxy, token=token) + lines)
    log = folder / "hub.log"
    command = [*map(str, jupyterhub), "-f", str(config)]
    environment = {
        key: text for key, text in os.environ.items() if not key.startswith(("JUPYTER", "LABKIT_"))
    }
    process = host.start(command, log, cwd=folder, env=environment)
    try:
        made = Hub(f"http://127.0.0.1:{port}", token)
        host.wait_until(lambda: _answers(made), process, log, SECONDS)
        yield made
    finally:
        with contextlib.suppress(OSError, TimeoutError):
            for each in made.ask("GET", "/hub/api/users"):
                if each["servers"]:
                    made.stop(each["name"])
        host.stop(process)


def _answers(hub: Hub) -> bool:
    try:
        return bool(hub.ask("GET", "/hub/api/users") is not None)
    except OSError:
        return False


def solve(hub: Hub, name: str) -> None:
    """Let a learner solve an exercise."""
    find = "import labkit\nex = labkit.exercise('01-one-layer')\nlab = ex.lab"
    with hub.kernel(name, EXERCISES) as kernel:
        for source in ("%load_ext labkit", find, "%docker pull registry.lab/shop:2", "ex.check()"):
            kernel.run(source)


def progress(hub: Hub, name: str) -> str:
    """Return the lines about that exercise in what a learner's server knows of the progress."""
    with hub.kernel(name, EXERCISES) as kernel:
        said = kernel.run("import labkit\nprint(labkit.progress())")
    return "".join(line.strip() for line in said.splitlines() if "01-one-layer" in line)


def first_day(hub: Hub, name: str) -> tuple[list[str], dict[str, Any]]:
    """Let a learner come in and run lesson 1; return what its cells said, and what that cost."""
    began = time.monotonic()
    hub.spawn(name)
    spawned = time.monotonic()
    with hub.kernel(name) as kernel:
        said = [kernel.run(source) for source in hub.cells(name)]
        ended = time.monotonic()
        cost = json.loads(kernel.run(COST))
    return said, {"spawned": round(spawned - began, 1), "lesson": round(ended - spawned, 1)} | cost


def main() -> None:
    """Print what lesson 1 costs three learners who begin at once."""
    program, folder, *lines = sys.argv[1:]
    with running([program], Path(folder), "\n".join(lines)) as hub, ThreadPoolExecutor() as pool:
        days = list(pool.map(lambda name: first_day(hub, name), LEARNERS))
        for name, (_, cost) in zip(LEARNERS, days, strict=True):
            solve(hub, name)
            hub.stop(name)
            hub.spawn(name)
            print(name, json.dumps(cost), progress(hub, name))


if __name__ == "__main__":
    main()
