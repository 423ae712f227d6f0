"""`docker cp` and `docker export`: flags and words of `docker CMD --help`, client 20.10."""

from __future__ import annotations

from labkit.cli.table import Command, Flag

_CP = "Copy files/folders between a container and the local filesystem"
CP = Command(
    "container cp",
    _CP,
    "[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n\tdocker cp [OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH",
    (
        Flag("archive", "a", "", "Archive mode (copy all uid/gid information)"),
        Flag("follow-link", "L", "", "Always follow symbol link in SRC_PATH"),
    ),
    min_args=2,
    max_args=2,
    long=f"""{_CP}

Use '-' as the source to read a tar archive from stdin
and extract it to a directory destination in a container.
Use '-' as the destination to stream a tar archive of a
container source to stdout.""",
)

EXPORT = Command(
    "container export",
    "Export a container's filesystem as a tar archive",
    "[OPTIONS] CONTAINER",
    (Flag("output", "o", "string", "Write to a file, instead of STDOUT"),),
    min_args=1,
    max_args=1,
)
