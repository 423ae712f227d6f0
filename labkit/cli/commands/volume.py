"""`docker volume …`: flags, defaults and words of `docker volume CMD --help`, client 20.10."""

from __future__ import annotations

from labkit.cli.table import Command, Flag

_OPTIONS = Flag("opt", "o", "map", "Set driver specific options", "map[]")
_OPTIONS_WOULD = "hand the option to the volume's driver"
_RM = "Remove one or more volumes. You cannot remove a volume that is in use by a container."

COMMANDS = (
    Command("volume", "Manage volumes"),
    Command(
        "volume create",
        "Create a volume",
        "[OPTIONS] [VOLUME]",
        (
            Flag("driver", "d", "string", "Specify volume driver name", "local"),
            Flag("label", "", "list", "Set metadata for a volume"),
            Flag("name", "", "string", "Specify volume name", hidden=True),
            Flag("opt", "o", "map", _OPTIONS.usage, _OPTIONS.default, would=_OPTIONS_WOULD),
        ),
        max_args=1,
    ),
    Command(
        "volume inspect",
        "Display detailed information on one or more volumes",
        "[OPTIONS] VOLUME [VOLUME...]",
        (Flag("format", "f", "string", "Format the output using the given Go template"),),
        min_args=1,
        max_args=None,
    ),
    Command(
        "volume ls",
        "List volumes",
        "[OPTIONS]",
        (
            Flag("filter", "f", "filter", "Provide filter values (e.g. 'dangling=true')"),
            Flag("format", "", "string", "Pretty-print volumes using a Go template"),
            Flag("quiet", "q", "", "Only display volume names"),
        ),
        aliases=("list",),
    ),
    Command(
        "volume prune",
        "Remove all unused local volumes",
        "[OPTIONS]",
        (
            Flag("filter", "", "filter", "Provide filter values (e.g. 'label=<label>')"),
            Flag("force", "f", "", "Do not prompt for confirmation"),
        ),
    ),
    Command(
        "volume rm",
        "Remove one or more volumes",
        "[OPTIONS] VOLUME [VOLUME...]",
        (Flag("force", "f", "", "Force the removal of one or more volumes"),),
        min_args=1,
        max_args=None,
        aliases=("remove",),
        long=_RM,
        example="\n$ docker volume rm hello\nhello\n",
    ),
)
