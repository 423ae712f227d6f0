"""A registry over HTTP on loopback that can be told to do wrong: cut, changed, late, refused, redirected."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from labkit.oci.content import Content
from labkit.store.api import Request, Response, as_text
from labkit.store.registry import Registry


@dataclass
class Fault:
    """What happens to answers whose request matches, `times` times; nothing set is no fault."""

    pattern: str
    response: Response | None = None
    cut: int | None = None
    """Bytes of the body after which the connection is closed; -1 is before the answer's first byte."""
    change: int | None = None
    """The place of a byte of the body that is changed."""
    extra: bytes = b""
    """What is added to the body, and counted."""
    drop: int = 0
    """Bytes that are missing at the end, and not counted."""
    raw: bytes = b""
    """What is sent in place of an answer."""
    hang: float = 0
    drip: float = 0
    """Seconds between two bytes, of the head too, once `fast` bytes have been sent."""
    fast: int = 0
    without_range: bool = False
    times: int = 1 << 30

    def body(self, body: bytes) -> bytes:
        """Give the body that is announced."""
        if self.change is not None and body:
            place = self.change % len(body)
            body = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        return body[: len(body) - self.drop] + self.extra


class Dripping:
    """A stream whose bytes come one by one, after the first ones."""

    def __init__(self, stream: Any, fault: Fault) -> None:
        self.stream, self.fast, self.pause = stream, fault.fast, fault.drip

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, data: bytes) -> int:
        """Write what may come at once, and then byte by byte."""
        self.stream.write(data[: self.fast])
        for number in range(self.fast, len(data)):
            time.sleep(self.pause)
            self.stream.write(data[number : number + 1])
        self.fast = max(self.fast - len(data), 0)
        return len(data)


@dataclass
class FaultyRegistry:
    """A registry in memory, over HTTP, with faults; `log` has each request and its headers."""

    registry: Registry = field(default_factory=Registry)
    faults: list[Fault] = field(default_factory=list)
    log: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def __enter__(self) -> FaultyRegistry:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: object) -> None:
                pass

            def do_GET(self) -> None:
                owner._serve(self)

            do_HEAD = do_POST = do_PUT = do_PATCH = do_GET

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                pass  # a client that goes away is what the tests are about

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        self.url = f"http://{self.address}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def kill(self) -> None:
        """Stop listening."""
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()

    @contextmanager
    def fault(self, pattern: str, **fields: object) -> Iterator[Fault]:
        """Do wrong for a while."""
        made = Fault(pattern, **fields)  # type: ignore[arg-type]
        self.faults.append(made)
        try:
            yield made
        finally:
            self.faults.remove(made)

    def asked(self, pattern: str) -> list[tuple[str, dict[str, str]]]:
        """Give the requests that match."""
        return [each for each in self.log if re.search(pattern, each[0])]

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        line = f"{handler.command} {handler.path}"
        self.log.append((line, headers))
        found = next(
            (each for each in self.faults if each.times and re.search(each.pattern, line)), Fault("")
        )
        found.times -= 1
        request = Request(handler.command, handler.path, headers, Content.of(body))
        if found.without_range:
            request = replace(request, headers={**headers, "range": ""})
        response = found.response or in_part(request, self.registry.handle(request))
        try:
            self._answer(handler, response, found)
        except OSError:  # the client has gone
            handler.close_connection = True

    def _answer(self, handler: BaseHTTPRequestHandler, response: Response, found: Fault) -> None:
        time.sleep(found.hang)
        if found.drip:
            handler.wfile = Dripping(handler.wfile, found)  # type: ignore[assignment]
        if found.cut == -1 or found.raw:
            handler.wfile.write(found.raw)
            handler.close_connection = True
            return
        data = found.body(response.body.read())
        handler.send_response(response.status)
        for name, value in response.headers.items():
            if name != "content-length" or handler.command == "HEAD":
                handler.send_header(name, value)
        if handler.command != "HEAD":
            handler.send_header("content-length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data if found.cut is None else data[: found.cut])
        if found.cut is not None:
            handler.close_connection = True


def in_part(request: Request, whole: Response) -> Response:
    """Return the part of a response that the request's `Range` asks for, one range at most (RFC 9110)."""
    text, size = request.headers.get("range", ""), whole.body.size
    if not text or "," in text or whole.status != 200 or request.method != "GET":
        return whole
    wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", text, re.ASCII)
    if wanted is None or not (wanted[1] or wanted[2]):
        return as_text("invalid range", 416)
    if not wanted[1]:
        start, last = max(size - int(wanted[2]), 0), size - 1
    else:
        start, last = int(wanted[1]), min(int(wanted[2] or size - 1), size - 1)
    if start >= size:
        return as_text("invalid range: failed to overlap", 416, {"content-range": f"bytes */{size}"})
    if start > last:
        return as_text("invalid range", 416)
    part = whole.body.slice(start, last - start + 1)
    headers = {"content-length": str(part.size), "content-range": f"bytes {start}-{last}/{size}"}
    return replace(whole, status=206, headers={**whole.headers, **headers}, body=part)
