"""The course as static files, built and served for the tests; and how long a learner waits for it.

    python -m tests.browser.site [FOLDER]

builds the site and prints the times of a first and of a second visit, which benchmarks/README.md keeps.
"""

from __future__ import annotations

import contextlib
import functools
import http.server
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from labkit.notebook import site
from tests.browser import jupyter, scripts
from tests.notebooks import ROOT
from tests.real import host

WITH = [word for package in site.PACKAGES for word in ("--with", package)]


def why_not() -> str:
    """Give the reason why the site cannot be built or looked at here, or nothing."""
    return host.missing("uv", "npm") or ("" if jupyter.CHROMIUM else "Chromium is not installed")


def build(folder: Path) -> str:
    """Build the site into a folder, as its command says; return what it printed."""
    command = ["uv", "run", "--quiet", *WITH, "python", "-m", "labkit", "site", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder's parent by Python's own web server; give the address of the folder."""
    handler = functools.partial(_Quiet, directory=str(folder.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{folder.name}"
        server.shutdown()


def watched(context: Any, address: str) -> list[str]:
    """Let a browser's context give its application to the page; return the list of requests that leave."""

    def give(route: Any) -> None:
        answer = route.fetch()
        document = answer.json()
        document["jupyter-config-data"]["exposeAppInBrowser"] = True
        route.fulfill(response=answer, json=document)

    left: list[str] = []
    context.set_default_timeout(2000 * jupyter.SECONDS)
    context.route(f"{address}/jupyter-lite.json", give)
    context.on("request", lambda each: left.append(each.url) if jupyter.leaves(each.url) else None)
    return left


def load(page: Any, address: str, name: str) -> tuple[float, float]:
    """Open a notebook; return the seconds until it was seen, and until its kernel was ready."""
    began = time.monotonic()
    page.goto(f"{address}/notebooks/index.html?path={name}")
    page.locator(".jp-Notebook .jp-Cell").first.wait_for()
    seen = time.monotonic() - began
    page.evaluate(scripts.READY)
    return seen, time.monotonic() - began


def main() -> None:
    """Build the site where it is not given, and print the times of two visits by the same browser."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(prefix="labkit-site-") as name, sync_playwright() as driver:
        folder = Path(sys.argv[1] if len(sys.argv) > 1 else f"{name}/site").resolve()
        if not folder.exists():
            began = time.monotonic()
            print(build(folder), f"built in {time.monotonic() - began:.1f} s", sep="")
        with served(folder) as address:
            for visit in ("first", "second"):
                with driver.chromium.launch_persistent_context(
                    f"{name}/profile", executable_path=jupyter.CHROMIUM, args=jupyter.OPTIONS
                ) as browser:
                    left = watched(browser, address)
                    page = browser.new_page()
                    began = time.monotonic()
                    seen, ready = load(page, address, "01-image-layers.ipynb")
                    failed = page.evaluate(scripts.RUN, 120)
                    ran = time.monotonic() - began
                    print(f"{visit} visit: seen {seen:.1f} s, kernel {ready:.1f} s, lesson 1 run {ran:.1f} s")
                    assert failed == left == []


if __name__ == "__main__":
    main()
