"""A container as Python sees it: its files, and what they cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from labkit.base.errors import LabkitError, NotFound, raises_labkit_errors
from labkit.cli.session import Result, Session
from labkit.engine import container, process
from labkit.engine.engine import Engine
from labkit.engine.mounts import container_mounts, written
from labkit.engine.state import Container
from labkit.go.moment import SECOND
from labkit.go.units import human_size
from labkit.oci.changeset import Change
from labkit.oci.image import Image
from labkit.oci.tree import Dir
from labkit.shell.streams import MAX_TEXT, MEBIBYTE
from labkit.storage.mounts import MountTable


class _Lab(Protocol):
    engine: Engine
    session: Session

    def doing(self, did: str = ...) -> AbstractContextManager[None]: ...

    def _named(self, image: Image, name: str = "") -> Image: ...


@raises_labkit_errors
@dataclass(frozen=True, slots=True)
class Box:
    """A handle on one container of a lab: what it does goes to the container's read-write layer.

    Files can be read and written whether it runs or not, as with `docker cp`. A path that does not
    exist, or is not what it should be, raises FileSystemError.

    >>> from labkit import Lab
    >>> box = Lab().run("busybox", name="box")
    >>> box.write("/greeting", "hello")
    0
    >>> box
    <Box box: busybox, running, 5B of its own>
    """

    lab: _Lab
    id: str

    @property
    def container(self) -> Container:
        """What the engine keeps of it now; raises NotFound once it is removed."""
        return container.find_container(self.lab.engine, self.id)

    @property
    def name(self) -> str:
        """Its name."""
        return self.container.name

    @property
    def status(self) -> str:
        """What it is doing: "created", "running" or "exited"."""
        return self.container.status

    @property
    def upper(self) -> Dir:
        """Its read-write layer: all that it changed."""
        return self.container.upper

    @property
    def size(self) -> int:
        """The bytes in its read-write layer."""
        return container.size_rw(self.container)

    def read(self, path: str) -> str:
        """Return a file's text; reading copies nothing."""
        files = self._files()
        if files.stat(path).size > MAX_TEXT:
            raise LabkitError(f"{path}: a text has at most {MAX_TEXT // MEBIBYTE} MB here")
        return files.read(path).decode("utf-8", "replace")

    def listdir(self, path: str = "/") -> list[str]:
        """Return the names in a directory, sorted."""
        return self._files().listdir(path)

    def write(self, path: str, text: str) -> int:
        """Put a text in place of a file's content; return the bytes that were copied up."""
        return self._change(lambda files: files.write(path, text.encode()).copied)

    def append(self, path: str, text: str) -> int:
        """Add a text to a file's end; return the bytes copied up: the whole file, the first time."""
        return self._change(lambda files: files.append(path, text.encode()).copied)

    def chmod(self, path: str, mode: int) -> int:
        """Change a file's permission bits; return the bytes that were copied up."""
        return self._change(lambda files: files.chmod(path, mode).copied)

    def unlink(self, path: str) -> int:
        """Delete a file; a file of the image leaves a whiteout. Return the bytes that were copied up."""
        return self._change(lambda files: files.unlink(path).copied)

    def mkdir(self, path: str) -> int:
        """Make a directory."""
        return self._change(lambda files: files.mkdir(path).copied)

    def exec(self, command: str | Sequence[str]) -> Result:
        """Run a command in it, as `docker exec`: a list of words, or a line for `sh -c`.

        Raises DaemonError where it does not run, or the command cannot be started.
        """
        argv = ["sh", "-c", command] if isinstance(command, str) else list(command)
        with self.lab.doing(f"docker exec {self.name} {' '.join(argv)}"):
            before = self.lab.engine.state
            try:
                done = process.execute(self.lab.engine, self.container, argv)
            except LabkitError:
                raise
            except Exception as error:
                self.lab.engine.state = before
                return self.lab.session.failed(error)
        return Result(tuple((chunk.stream, chunk.data) for chunk in done.chunks), done.exit_code)

    def diff(self) -> list[Change]:
        """Return what it changed of its image."""
        return container.diff(self.lab.engine, self.container)

    def commit(self, name: str = "") -> Image:
        """Make an image of it: its image's layers and one more."""
        with self.lab.doing(f"docker commit {self.name} {name}".rstrip()):
            return self.lab._named(container.commit(self.lab.engine, self.container, name), name)

    def stop(self) -> None:
        """Stop it; what it wrote stays."""
        with self.lab.doing(f"docker stop {self.name}"):
            container.stop(self.lab.engine, self.container)

    def start(self) -> None:
        """Start it again, with what it wrote before."""
        with self.lab.doing(f"docker start {self.name}"):
            process.start(self.lab.engine, self.container, detached=True)

    def remove(self) -> None:
        """Remove the container with all that it wrote, running or not, as `docker rm -f`."""
        with self.lab.doing(f"docker rm -f {self.name}"):
            container.remove(self.lab.engine, self.id, force=True)

    def _files(self) -> MountTable:
        return container_mounts(self.lab.engine, self.container, lambda: self.lab.engine.now)

    def _change(self, act: Callable[[MountTable], int]) -> int:
        with self.lab.doing(f"a change of a file in {self.name}"):
            self.lab.engine.advance(SECOND)
            files = self._files()
            result = act(files)
            container.keep(self.lab.engine, written(self.lab.engine, self.container, files))
            return result

    def __repr__(self) -> str:
        try:
            found = self.container
        except NotFound:
            return f"<Box {self.id[:12]}: removed>"
        return f"<Box {found.name}: {found.image_name}, {found.status}, {human_size(self.size)} of its own>"
