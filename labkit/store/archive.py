"""Archives of images: opened whatever wrote them, and written as Docker and the OCI do.

What can be opened: what `docker save` of any engine since 1.10 writes, OCI layouts as a tar or as a
directory, and skopeo's `docker-archive:` and `oci-archive:`; each tar also compressed as a whole. An
archive is read where it lies: nothing is unpacked, layers stay slices of the file, which must not
change while its images are in use. What is written appears whole or not at all.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from labkit.errors import DaemonError, FileSystemError, InvalidArchive, LabkitError, RecordedImage
from labkit.oci.content import CHUNK
from labkit.oci.digest import short
from labkit.oci.tar_writer import write_tar
from labkit.oci.tree import Dir, File
from labkit.store.archive_files import DirectoryFiles, Files, TarFiles, open_file, tree_of
from labkit.store.archived import ArchivedImage, unpacked
from labkit.store.blobs import write_file
from labkit.store.docker_archive import MANIFEST, REPOSITORIES, docker_nodes, read_docker_archive
from labkit.store.gzip import spool
from labkit.store.oci_layout import INDEX, layout_nodes, read_oci_layout

__all__ = ["ERAS", "Archive", "ArchivedImage", "read_archive", "write_docker_archive", "write_oci_layout"]

ERAS = ("20.10", "25", "containerd")
"""What `docker save` has written: up to Engine 24, since then, and with containerd's image store."""


@dataclass(frozen=True, slots=True)
class Archive:
    """The images of an archive, in the archive's order."""

    images: tuple[ArchivedImage, ...]


def read_archive(file: str | os.PathLike[str] | IO[bytes]) -> Archive:
    """Open an archive and verify every byte that its images are made of.

    Takes the path of a file or of an OCI layout's directory, or an open binary file, which is read to
    its end (what `docker load` does with standard input). Raises a LabkitError, in the engine's words
    where it has some; then nothing of the archive is given.

    >>> read_archive("missing.tar")
    Traceback (most recent call last):
    labkit.errors.InvalidArchive: open missing.tar: no such file or directory
    """
    files = _files(file)
    if files.has(MANIFEST):
        return Archive(read_docker_archive(files))
    if files.has(INDEX):
        return Archive(read_oci_layout(files))
    if files.has(REPOSITORIES):
        raise InvalidArchive(
            "open manifest.json: no such file or directory: archives of Docker before 1.10 are not supported"
        )
    raise InvalidArchive(
        "open repositories: no such file or directory: neither manifest.json nor index.json is there"
    )


def _files(file: str | os.PathLike[str] | IO[bytes]) -> Files:
    if not isinstance(file, (str, os.PathLike)):
        return TarFiles(unpacked(spool(iter(lambda: file.read(CHUNK), b""))))
    if os.path.isdir(file):
        return DirectoryFiles(file)
    return TarFiles(unpacked(open_file(file, os.fspath(file))))


def write_docker_archive(
    target: str | os.PathLike[str] | IO[bytes],
    images: Sequence[ArchivedImage],
    *,
    era: str = "20.10",
    clock: int = 0,
) -> None:
    """Write images as `docker save` does: for era 20.10 the very bytes, for the others the form.

    Takes a path, or a binary file open for writing. `clock`, in nanoseconds, is when it is written,
    which the engine notes of a layer that it finds a second time. Raises RecordedImage for a record,
    DaemonError for an image without layers, LabkitError for a path where no file can be.
    """
    if era not in ERAS:
        raise ValueError(f"no era {era!r}; there are {', '.join(ERAS)}")
    _check(images)
    if era == "20.10":
        nodes = docker_nodes(images, clock)
    else:
        nodes = layout_nodes(images, compress=era == "containerd", docker=True)
    chunks = write_tar(tree_of(nodes)).chunks()
    if isinstance(target, (str, os.PathLike)):
        write_file(_output(target), chunks, 0o600)
    else:
        target.writelines(chunks)


def write_oci_layout(
    target: str | os.PathLike[str],
    images: Sequence[ArchivedImage],
    *,
    directory: bool = False,
    compress: bool = False,
) -> None:
    """Write images as an OCI layout: a tar, or a directory that is not there yet.

    Layers are plain, or with `compress` gzip files of stored blocks. Raises as write_docker_archive.
    """
    _check(images)
    tree = tree_of(layout_nodes(images, compress=compress, docker=False))
    path = _output(target)
    if not directory:
        write_file(path, write_tar(tree).chunks())
        return
    try:
        with tempfile.TemporaryDirectory(prefix=".labkit-", dir=path.parent) as temporary:
            _write_directory(Path(temporary, "layout"), tree)
            os.rename(Path(temporary, "layout"), path)
    except LabkitError:
        raise
    except OSError as error:
        raise FileSystemError(error.errno or 0, os.fspath(target)) from None


def _write_directory(path: Path, tree: Dir) -> None:
    path.mkdir()
    for name, node in tree.children.items():
        if isinstance(node, Dir):
            _write_directory(path / name, node)
        elif isinstance(node, File):
            write_file(path / name, node.content.chunks())


def _check(images: Sequence[ArchivedImage]) -> None:
    for archived in images:
        if archived.image.recorded:
            name = archived.tags[0].familiar if archived.tags else short(archived.image.id)
            raise RecordedImage(
                f"{name} is a record of the published image: its identifiers are real, "
                "its files are stand-ins, so labkit does not export it"
            )
        if not archived.image.layers:
            raise DaemonError("empty export - not implemented")


def _output(target: str | os.PathLike[str]) -> Path:
    """Return the path when a file can be put there; the client refuses the others in these words."""
    path = Path(target)
    if not path.parent.is_dir():
        reason = f'directory "{path.parent}" does not exist'
    elif path.exists() and not stat.S_ISREG(path.stat().st_mode) and not path.is_dir():
        reason = f'"{path}" must be a directory or a regular file'
    else:
        return path
    raise LabkitError(f"failed to save image: invalid output path: {reason}")
