"""A real Docker Engine of our own: started for the tests, asked in command lines, stopped by its process id.

Its data, its socket and its process id live in a temporary directory, so it shares nothing with an engine
that the machine may already run. Containers have no bridge: run them with `--network none`.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.real import host

DOCKER = "/usr/bin/docker"
DOCKERD = "/usr/sbin/dockerd"
VERSION = "20.10"


@dataclass(frozen=True)
class Result:
    """What a command line answered."""

    stdout: str
    stderr: str
    exit: int


def given_host() -> str:
    """Give the address of the engine named by LABKIT_ENGINE, or nothing."""
    return os.environ.get("LABKIT_ENGINE", "")


def why_not(driver: str = "overlay2", *, own: bool = False) -> str:
    """Give the reason why no real engine (no engine of our own) can run here, or nothing where one can."""
    if reason := host.missing(DOCKER):
        return reason
    version = subprocess.run([DOCKER, "--version"], capture_output=True, text=True, check=False).stdout
    if f"version {VERSION}." not in version:
        return f"{DOCKER} is not of version {VERSION}: {version.strip()}"
    if given_host() and not own:
        return ""
    if reason := host.missing(DOCKERD, "containerd"):
        return reason
    if os.geteuid() != 0:
        return "a Docker Engine is started by root alone"
    return host.why_no_overlay(Path(tempfile.gettempdir())) if driver == "overlay2" else ""


class RealEngine:
    """A Docker Engine that runs while the `with` block does.

    `driver` is the storage driver; `data` a directory to keep its data in (one that lasts, or a file system
    that the driver needs), else it is thrown away with the rest. With `own` the engine is a new one, that
    holds nothing, even where LABKIT_ENGINE names another. `flags` are more of dockerd's.
    """

    def __init__(
        self,
        driver: str = "overlay2",
        data: Path | None = None,
        *,
        own: bool = False,
        flags: Sequence[str] = (),
    ) -> None:
        self.program = DOCKERD
        self.driver = driver
        self.flags = flags
        self.host = "" if own else given_host()
        self._data = data
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.directory = Path(tempfile.mkdtemp(prefix="labkit-engine-"))
        (self.directory / "config").mkdir()
        try:
            if not self.host:
                self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def store(self) -> list[str]:
        """Give dockerd's flags that say how it keeps images."""
        return ["--storage-driver", self.driver]

    def _start(self) -> None:
        directory = self.directory
        self.host = f"unix://{directory}/docker.sock"
        command = [self.program, "--data-root", str(self._data or directory / "data")]
        command += ["--exec-root", str(directory / "exec"), "--pidfile", str(directory / "dockerd.pid")]
        command += ["-H", self.host, *self.store(), "--iptables=false", "--bridge=none"]
        command += ["--insecure-registry", "127.0.0.0/8", *self.flags]
        log = directory / "dockerd.log"
        ours = os.environ | {"PATH": self.environment()["PATH"]}
        self._process = host.start(command, log, start_new_session=True, env=ours)
        host.wait_until(lambda: self.run("docker version").exit == 0, self._process, log, 60)

    def forget_registries(self) -> None:
        """Let an engine of our own forget which layers it has seen in registries, as one that is new."""
        # moby's distribution/metadata keeps this in files alone, and reads them each time.
        known = (self._data or self.directory / "data") / "image" / self.driver / "distribution"
        for each in known.glob("*"):
            shutil.rmtree(each)

    def close(self) -> None:
        """Stop the engine that we started and remove its directory."""
        if self._process is not None:
            host.stop(self._process)
            self._process = None
        host.remove_tree(self.directory)

    def environment(self) -> dict[str, str]:
        """Give the environment in which `docker` means this engine and speaks plain English."""
        # No HOME or DOCKER_CONFIG of the user's: their context, credentials and formats stay out.
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "DOCKER_HOST": self.host,
            "DOCKER_CONFIG": str(self.directory / "config"),
            "DOCKER_BUILDKIT": "0",
            "LC_ALL": "C",
        }

    def run(
        self,
        line: str,
        *,
        stdin: bytes = b"",
        cwd: Path | None = None,
        to: Path | None = None,
        seconds: float = 600,
    ) -> Result:
        """Run one command line, without a shell; with `to`, its standard output goes to that file."""
        words = shlex.split(line)
        words = [DOCKER, *words[1:]] if words[0] == "docker" else words
        done = subprocess.run(
            words,
            input=stdin,
            capture_output=True,
            check=False,
            cwd=cwd,
            env=self.environment(),
            timeout=seconds,
        )
        if to is not None:
            to.write_bytes(done.stdout)
        text = "" if to is not None else done.stdout.decode(errors="surrogateescape")
        return Result(text, done.stderr.decode(errors="surrogateescape"), done.returncode)

    def ok(self, line: str, *, stdin: bytes = b"", cwd: Path | None = None) -> str:
        """Run one command line that must succeed and give its standard output."""
        result = self.run(line, stdin=stdin, cwd=cwd)
        if result.exit:
            raise RuntimeError(f"{line}: exit {result.exit}\n{result.stdout}{result.stderr}")
        return result.stdout
