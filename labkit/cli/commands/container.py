"""`docker container …` and the older commands that do the same: run, ps, exec …

Flags, defaults and words are those of `docker CMD --help`, client 20.10; the long list that `run` and
`create` share is in `run_flags`.
"""

from __future__ import annotations

from dataclasses import replace

from labkit.cli.commands.files import CP, EXPORT
from labkit.cli.commands.run_flags import CREATE_FLAGS, DETACH_KEYS, ENV_FILE, RUN_FLAGS, USER, WORKDIR
from labkit.cli.table import Command, Flag

ONE_OR_MORE = "[OPTIONS] CONTAINER [CONTAINER...]"

RUN = Command(
    "container run",
    "Run a command in a new container",
    "[OPTIONS] IMAGE [COMMAND] [ARG...]",
    RUN_FLAGS,
    min_args=1,
    max_args=None,
    interspersed=False,
)

CREATE = Command(
    "container create",
    "Create a new container",
    "[OPTIONS] IMAGE [COMMAND] [ARG...]",
    CREATE_FLAGS,
    min_args=1,
    max_args=None,
    interspersed=False,
)

EXEC = Command(
    "container exec",
    "Run a command in a running container",
    "[OPTIONS] CONTAINER COMMAND [ARG...]",
    (
        Flag("detach", "d", "", "Detached mode: run command in the background"),
        DETACH_KEYS,
        Flag("env", "e", "list", "Set environment variables"),
        ENV_FILE,
        Flag("interactive", "i", "", "Keep STDIN open even if not attached"),
        Flag(
            "privileged",
            "",
            "",
            "Give extended privileges to the command",
            would="give the command every capability of the host's root",
        ),
        Flag("tty", "t", "", "Allocate a pseudo-TTY"),
        USER,
        WORKDIR,
    ),
    min_args=2,
    max_args=None,
    interspersed=False,
)

START = Command(
    "container start",
    "Start one or more stopped containers",
    ONE_OR_MORE,
    (
        Flag("attach", "a", "", "Attach STDOUT/STDERR and forward signals"),
        DETACH_KEYS,
        Flag("interactive", "i", "", "Attach container's STDIN"),
    ),
    min_args=1,
    max_args=None,
)

STOP = Command(
    "container stop",
    "Stop one or more running containers",
    ONE_OR_MORE,
    (Flag("time", "t", "int", "Seconds to wait for stop before killing it", "10"),),
    min_args=1,
    max_args=None,
)

RM = Command(
    "container rm",
    "Remove one or more containers",
    ONE_OR_MORE,
    (
        Flag("force", "f", "", "Force the removal of a running container (uses SIGKILL)"),
        Flag("link", "l", "", "Remove the specified link", would="remove a link between two containers"),
        Flag("volumes", "v", "", "Remove anonymous volumes associated with the container"),
    ),
    min_args=1,
    max_args=None,
)

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

DIFF = Command(
    "container diff",
    "Inspect changes to files or directories on a container's filesystem",
    "CONTAINER",
    min_args=1,
    max_args=1,
)

_WHEN = "timestamp (e.g. 2013-01-02T13:23:37Z) or relative (e.g. 42m for 42 minutes)"
LOGS = Command(
    "container logs",
    "Fetch the logs of a container",
    "[OPTIONS] CONTAINER",
    (
        Flag("details", "", "", "Show extra details provided to logs", would="add what --log-opt asked for"),
        Flag("follow", "f", "", "Follow log output"),
        Flag("since", "", "string", f"Show logs since {_WHEN}"),
        Flag("tail", "n", "string", "Number of lines to show from the end of the logs", "all"),
        Flag("timestamps", "t", "", "Show timestamps"),
        Flag("until", "", "string", f"Show logs before a {_WHEN}"),
    ),
    min_args=1,
    max_args=1,
)

KILL = Command(
    "container kill",
    "Kill one or more running containers",
    ONE_OR_MORE,
    (Flag("signal", "s", "string", "Signal to send to the container", "KILL"),),
    min_args=1,
    max_args=None,
)

RESTART = Command(
    "container restart",
    "Restart one or more containers",
    ONE_OR_MORE,
    (Flag("time", "t", "int", "Seconds to wait for stop before killing the container", "10"),),
    min_args=1,
    max_args=None,
)

WAIT = Command(
    "container wait",
    "Block until one or more containers stop, then print their exit codes",
    "CONTAINER [CONTAINER...]",
    min_args=1,
    max_args=None,
)

RENAME = Command("container rename", "Rename a container", "CONTAINER NEW_NAME", min_args=2, max_args=2)

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

PORT = Command(
    "container port",
    "List port mappings or a specific mapping for the container",
    "CONTAINER [PRIVATE_PORT[/PROTO]]",
    min_args=1,
    max_args=2,
)

NOT_SIMULATED = (
    Command(
        "container attach",
        "Attach local standard input, output, and error streams to a running container",
        would="connect this terminal to the container's main process",
    ),
    Command(
        "container pause",
        "Pause all processes within one or more containers",
        would="freeze the container's processes where they are",
    ),
    Command(
        "container stats",
        "Display a live stream of container(s) resource usage statistics",
        would="show processor, memory, network and disk use of running containers, every second",
    ),
    Command(
        "container top",
        "Display the running processes of a container",
        would="list the processes that run in the container, as ps does",
    ),
    Command(
        "container unpause",
        "Unpause all processes within one or more containers",
        would="let a paused container's processes go on",
    ),
    Command(
        "container update",
        "Update configuration of one or more containers",
        would="change the limits and the restart policy of an existing container",
    ),
)


def _twin(path: str, command: Command) -> Command:
    return replace(command, path=path, aliases=(), same_as=command.path)


_SIMULATED = (
    RUN,
    CREATE,
    EXEC,
    START,
    STOP,
    RESTART,
    KILL,
    WAIT,
    RENAME,
    RM,
    DIFF,
    LOGS,
    COMMIT,
    CP,
    EXPORT,
    PORT,
)

COMMANDS = (
    Command("container", "Manage containers"),
    *_SIMULATED,
    LS,
    INSPECT,
    PRUNE,
    *NOT_SIMULATED,
    _twin("ps", LS),
    *(_twin(command.name, command) for command in (*_SIMULATED, *NOT_SIMULATED)),
)
