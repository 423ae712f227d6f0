"""`labkit present`: the slides in a window of their own, there as soon as the browser is.

The page has all screens, and asks Python only for what is typed on a slide and for a fresh lab. A server on
this computer gives it both. What is typed may write files, so the address has a secret.
"""

from __future__ import annotations

import json
import os
import subprocess
import webbrowser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from secrets import token_urlsafe
from threading import Lock
from typing import Any

from labkit.base.text import packaged
from labkit.notebook.doctor import chromium
from labkit.notebook.start import as_root
from labkit.notebook.widgets.walkthrough import walkthrough

PORT = 8890
"""The same each time where it is free: by it the browser finds place, votes and clock again."""
_STATE = ("css", "mark", "key", "deck", "at", "chosen")


class Projector(ThreadingHTTPServer):
    """The server of one talk, on this computer alone. `address` is where its page is."""

    daemon_threads = True
    allow_reuse_address = os.name != "nt"  # there it would take a port that another program has

    def __init__(self, file: str = "", port: int = PORT) -> None:
        """Make the slides of a deck, as `walkthrough` does. Raises LabkitError for one with mistakes."""
        self.talk = walkthrough(file)
        self.view = self.talk.view()
        self.view.send = lambda content, buffers=None: self.tell("msg:custom", content)
        self.view.observe(lambda change: self.tell(change["name"], change["new"]), ["deck", "at"])
        self.pages: set[Queue[str]] = set()
        self.hearing = Lock()
        try:
            super().__init__(("127.0.0.1", port), _Answers)
        except OSError:  # taken
            super().__init__(("127.0.0.1", 0), _Answers)
        self.secret = f"/{token_urlsafe(16)}/"
        self.address = f"http://127.0.0.1:{self.server_port}{self.secret}"

    def tell(self, name: str, value: Any) -> None:
        """Tell every page that is open."""
        for page in tuple(self.pages):
            page.put(json.dumps([name, value]))

    def hear(self, content: Any) -> None:
        """Do what a page asks for."""
        with self.hearing:
            self.talk.hear(self.view, content)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a page that was closed while it was answered."""


class _Answers(BaseHTTPRequestHandler):
    server: Projector

    def _name(self) -> str:
        """Return what is asked for, by who knows the secret."""
        known = self.path.startswith(self.server.secret)
        return self.path.removeprefix(self.server.secret) if known else "nothing"

    def do_GET(self) -> None:
        name, view = self._name(), self.server.view
        if name == "told":
            self._stream()
        elif name == "state":
            self._give("application/json", json.dumps({each: getattr(view, each) for each in _STATE}))
        elif name == "slides.js":
            self._give("text/javascript", view._esm)
        elif name == "":
            self._give("text/html", packaged("labkit.notebook", "templates/present.html"))
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        if self._name() == "said":
            self.server.hear(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._give("application/json", "{}")
        else:
            self.send_error(404)

    def _give(self, kind: str, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(text.encode())

    def _stream(self) -> None:
        page: Queue[str] = Queue()
        self._give("text/event-stream", ":\n\n")
        self.server.pages.add(page)
        try:
            while True:
                self.wfile.write(f"data: {page.get()}\n\n".encode())
        except OSError:  # the page was closed
            self.server.pages.discard(page)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing: the terminal is the teacher's."""


def present(file: str = "", port: int = PORT, *, browser: bool = True) -> None:
    """Show a deck, as `walkthrough` names it, in a browser's window until Ctrl-C.

    Raises LabkitError for a file with mistakes.
    """
    with Projector(file, port) as server:
        print(f"The slides are at {server.address}\nCtrl-C here ends them.", flush=True)
        if browser and (found := chromium()):
            options = [f"--app={server.address}", *["--no-sandbox"] * as_root()]
            subprocess.Popen([found, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        elif browser:
            webbrowser.open_new(server.address)
        server.serve_forever()
