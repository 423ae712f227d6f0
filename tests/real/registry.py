"""A real registry of our own: Debian's docker-registry on a free loopback port, its data thrown away."""

from __future__ import annotations

import tempfile
import urllib.request
from pathlib import Path
from types import TracebackType

from tests.real import host

PROGRAM = "docker-registry"

CONFIGURATION = """\
version: 0.1
log: {{level: warn}}
storage: {{filesystem: {{rootdirectory: {directory}/registry}}}}
http: {{addr: "{address}"}}
"""


def why_not() -> str:
    """Give the reason why no real registry can run here, or nothing where one can."""
    return host.missing(PROGRAM)


class RealRegistry:
    """A registry that runs while the `with` block does, at `address` (`127.0.0.1:PORT`) over plain HTTP."""

    def __enter__(self) -> RealRegistry:
        self.directory = Path(tempfile.mkdtemp(prefix="labkit-registry-"))
        self.address = f"127.0.0.1:{host.free_port()}"
        self.url = f"http://{self.address}"
        configuration = self.directory / "registry.yml"
        configuration.write_text(CONFIGURATION.format(directory=self.directory, address=self.address))
        self.start()
        return self

    def start(self) -> None:
        """Start the registry, with what it holds."""
        log = self.directory / "registry.log"
        self._process = host.start([PROGRAM, "serve", str(self.directory / "registry.yml")], log)
        try:
            host.wait_until(self._answers, self._process, log, 30)
        except BaseException:
            self.close()
            raise

    def kill(self) -> None:
        """End the registry at once, in the middle of what it does; `start` brings it back."""
        self._process.kill()
        self._process.wait()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _answers(self) -> bool:
        # Loopback is asked directly, whatever proxy the environment names.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"{self.url}/v2/", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def close(self) -> None:
        """Stop the registry and remove its directory."""
        host.stop(self._process)
        host.remove_tree(self.directory)
