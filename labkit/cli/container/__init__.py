"""`docker container …` and the older commands that do the same: run, ps, exec …

Each command's row stands beside what the command does. Flags, defaults and words are those of `docker CMD
--help`, client 20.10.
"""

from __future__ import annotations

from labkit.cli.table import Command, Flag, twin

ONE_OR_MORE = "[OPTIONS] CONTAINER [CONTAINER...]"

LS = Command(
    "container ls",
    "List containers",
    "[OPTIONS]",
    (
        Flag("all", "a", "", "Show all containers (default shows just running)"),
        Flag("filter", "f", "filter", "Filter output based on conditions provided"),
        Flag("format", "", "string", "Pretty-print containers using a Go template"),
        Flag("last", "n", "int", "Show n last created containers (includes all states)", "-1"),
        Flag("latest", "l", "", "Show the latest created container (includes all states)"),
        Flag("no-trunc", "", "", "Don't truncate output"),
        Flag("quiet", "q", "", "Only display container IDs"),
        Flag("size", "s", "", "Display total file sizes"),
    ),
    aliases=("ps", "list"),
)

INSPECT = Command(
    "container inspect",
    "Display detailed information on one or more containers",
    ONE_OR_MORE,
    (
        Flag("format", "f", "string", "Format the output using the given Go template"),
        Flag("size", "s", "", "Display total file sizes"),
    ),
    min_args=1,
    max_args=None,
)

PRUNE = Command(
    "container prune",
    "Remove all stopped containers",
    "[OPTIONS]",
    (
        Flag("filter", "", "filter", "Provide filter values (e.g. 'until=<timestamp>')"),
        Flag("force", "f", "", "Do not prompt for confirmation"),
    ),
)

DIFF = Command(
    "container diff",
    "Inspect changes to files or directories on a container's filesystem",
    "CONTAINER",
    min_args=1,
    max_args=1,
)

COMMIT = Command(
    "container commit",
    "Create a new image from a container's changes",
    "[OPTIONS] CONTAINER [REPOSITORY[:TAG]]",
    (
        Flag("author", "a", "string", 'Author (e.g., "John Hannibal Smith <hannibal@a-team.com>")'),
        Flag("change", "c", "list", "Apply Dockerfile instruction to the created image"),
        Flag("message", "m", "string", "Commit message"),
        Flag("pause", "p", "", "Pause container during commit", "true"),
    ),
    min_args=1,
    max_args=2,
    interspersed=False,
)

COMMANDS = (
    Command("container", "Manage containers"),
    LS,
    DIFF,
    COMMIT,
    INSPECT,
    PRUNE,
    twin(LS, "ps"),
    twin(DIFF),
    twin(COMMIT),
)
