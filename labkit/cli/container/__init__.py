"""`docker container …` and the older commands that do the same: run, ps, exec …

Flags, defaults and words are those of `docker CMD --help`, client 20.10; the long list that `run` and
`create` share is in `run_flags`.
"""

from __future__ import annotations

from dataclasses import replace

from labkit.cli.table import Command, Flag

# Flags of `docker run` and `docker create` that labkit parses but does not simulate: the limits.
#
# They bound what a container's processes use, say how their health is watched and where their output goes;
# none of them changes an image or a layer.

_FLAGS = (
    Flag(
        "blkio-weight", "", "uint16", "Block IO (relative weight), between 10 and 1000, or 0 to disable", "0"
    ),
    Flag("blkio-weight-device", "", "list", "Block IO weight (relative device weight)", "[]"),
    Flag("cpu-period", "", "int", "Limit CPU CFS (Completely Fair Scheduler) period"),
    Flag("cpu-quota", "", "int", "Limit CPU CFS (Completely Fair Scheduler) quota"),
    Flag("cpu-rt-period", "", "int", "Limit CPU real-time period in microseconds"),
    Flag("cpu-rt-runtime", "", "int", "Limit CPU real-time runtime in microseconds"),
    Flag("cpu-shares", "c", "int", "CPU shares (relative weight)"),
    Flag("cpus", "", "decimal", "Number of CPUs"),
    Flag("cpuset-cpus", "", "string", "CPUs in which to allow execution (0-3, 0,1)"),
    Flag("cpuset-mems", "", "string", "MEMs in which to allow execution (0-3, 0,1)"),
    Flag("device", "", "list", "Add a host device to the container"),
    Flag("device-cgroup-rule", "", "list", "Add a rule to the cgroup allowed devices list"),
    Flag("device-read-bps", "", "list", "Limit read rate (bytes per second) from a device", "[]"),
    Flag("device-read-iops", "", "list", "Limit read rate (IO per second) from a device", "[]"),
    Flag("device-write-bps", "", "list", "Limit write rate (bytes per second) to a device", "[]"),
    Flag("device-write-iops", "", "list", "Limit write rate (IO per second) to a device", "[]"),
    Flag("gpus", "", "gpu-request", "GPU devices to add to the container ('all' to pass all GPUs)"),
    Flag("health-cmd", "", "string", "Command to run to check health"),
    Flag("health-interval", "", "duration", "Time between running the check (ms|s|m|h)", "0s"),
    Flag("health-retries", "", "int", "Consecutive failures needed to report unhealthy"),
    Flag(
        "health-start-period",
        "",
        "duration",
        "Start period for the container to initialize before starting health-retries countdown (ms|s|m|h)",
        "0s",
    ),
    Flag("health-timeout", "", "duration", "Maximum time to allow one check to run (ms|s|m|h)", "0s"),
    Flag("kernel-memory", "", "bytes", "Kernel memory limit"),
    Flag("log-driver", "", "string", "Logging driver for the container"),
    Flag("log-opt", "", "list", "Log driver options"),
    Flag("memory", "m", "bytes", "Memory limit"),
    Flag("memory-reservation", "", "bytes", "Memory soft limit"),
    Flag("memory-swap", "", "bytes", "Swap limit equal to memory plus swap: '-1' to enable unlimited swap"),
    Flag("memory-swappiness", "", "int", "Tune container memory swappiness (0 to 100)", "-1"),
    Flag("no-healthcheck", "", "", "Disable any container-specified HEALTHCHECK"),
    Flag("oom-kill-disable", "", "", "Disable OOM Killer"),
    Flag("oom-score-adj", "", "int", "Tune host's OOM preferences (-1000 to 1000)"),
    Flag("pids-limit", "", "int", "Tune container pids limit (set -1 for unlimited)"),
    Flag("shm-size", "", "bytes", "Size of /dev/shm"),
    Flag("stop-signal", "", "string", "Signal to stop a container", "SIGTERM"),
    Flag("stop-timeout", "", "int", "Timeout (in seconds) to stop a container"),
    Flag("storage-opt", "", "list", "Storage driver options for the container"),
    Flag("sysctl", "", "map", "Sysctl options", "map[]"),
    Flag("ulimit", "", "ulimit", "Ulimit options", "[]"),
)

_LIMITS_WOULD = {
    "blkio-weight": "set the container's share of the disk's time",
    "blkio-weight-device": "set the container's share of that disk's time",
    "cpu-period": "set the period of the processor limit",
    "cpu-quota": "set the processor time in each period",
    "cpu-rt-period": "set the period of the real-time processor limit",
    "cpu-rt-runtime": "set the real-time processor time in each period",
    "cpu-shares": "set the container's share of a busy processor",
    "cpus": "limit the container to that many processors' time",
    "cpuset-cpus": "run the container on those processors only",
    "cpuset-mems": "use those memory nodes only",
    "device": "let the container use that device of the host",
    "device-cgroup-rule": "allow the devices that the rule names",
    "device-read-bps": "limit how fast the container reads from that device",
    "device-read-iops": "limit how often the container reads from that device",
    "device-write-bps": "limit how fast the container writes to that device",
    "device-write-iops": "limit how often the container writes to that device",
    "gpus": "let the container use the host's graphics processors",
    "health-cmd": "run that command now and then to see if the container is healthy",
    "health-interval": "set the time between two health checks",
    "health-retries": "set how many failed checks make the container unhealthy",
    "health-start-period": "ignore failed health checks for that long after the start",
    "health-timeout": "count a health check as failed after that long",
    "kernel-memory": "limit the memory that the kernel uses for the container",
    "log-driver": "send the container's output to that logging driver",
    "log-opt": "pass that option to the logging driver",
    "memory": "limit the container's memory and kill its process beyond that",
    "memory-reservation": "ask for that limit when the host runs short of memory",
    "memory-swap": "limit memory and swap together",
    "memory-swappiness": "set how readily the kernel swaps the container's memory",
    "no-healthcheck": "switch off the health check that the image defines",
    "oom-kill-disable": "spare the container's process when memory runs out",
    "oom-score-adj": "set how likely the kernel kills the process when memory runs out",
    "pids-limit": "limit the number of processes in the container",
    "shm-size": "set the size of the container's /dev/shm",
    "stop-signal": "use that signal when the container is stopped",
    "stop-timeout": "wait that long for the process to stop before killing it",
    "storage-opt": "pass an option to the storage driver, such as a size limit of the writable layer",
    "sysctl": "set that kernel parameter in the container",
    "ulimit": "set that limit of the process",
}

LIMITS = tuple(replace(flag, would=_LIMITS_WOULD[flag.name]) for flag in _FLAGS)


# The flags of `docker run`, `docker create` and, in part, `docker exec`, as client 20.10 lists them.
#
# The first group is simulated, though not all of it can be seen in images and layers; the others say what
# the real engine would do with them. Help sorts all of them by name.

DETACH_KEYS = Flag(
    "detach-keys",
    "",
    "string",
    "Override the key sequence for detaching a container",
    would="let those keys leave the container while it runs on",
)
ENV_FILE = Flag(
    "env-file",
    "",
    "list",
    "Read in a file of environment variables",
    would="set the variables that the file lists",
)
USER = Flag("user", "u", "string", "Username or UID (format: <name|uid>[:<group|gid>])")
WORKDIR = Flag("workdir", "w", "string", "Working directory inside the container")

_SIMULATED_FLAGS = (
    USER,
    WORKDIR,
    Flag("disable-content-trust", "", "", "Skip image verification", "true"),
    Flag("entrypoint", "", "string", "Overwrite the default ENTRYPOINT of the image"),
    Flag("env", "e", "list", "Set environment variables"),
    Flag("hostname", "h", "string", "Container host name"),
    Flag("interactive", "i", "", "Keep STDIN open even if not attached"),
    Flag("label", "l", "list", "Set meta data on a container"),
    Flag("name", "", "string", "Assign a name to the container"),
    Flag("network", "", "network", "Connect a container to a network"),
    Flag("platform", "", "string", "Set platform if server is multi-platform capable"),
    Flag("publish", "p", "list", "Publish a container's port(s) to the host"),
    Flag("publish-all", "P", "", "Publish all exposed ports to random ports"),
    Flag("read-only", "", "", "Mount the container's root filesystem as read only"),
    Flag("restart", "", "string", "Restart policy to apply when a container exits", "no"),
    Flag("rm", "", "", "Automatically remove the container when it exits"),
    Flag("tty", "t", "", "Allocate a pseudo-TTY"),
    Flag("volume", "v", "list", "Bind mount a volume"),
)

_CGROUPNS = """Cgroup namespace to use (host|private)
'host':    Run the container in the Docker host's cgroup namespace
'private': Run the container in its own private cgroup namespace
'':        Use the cgroup namespace as configured by the
           default-cgroupns-mode option on the daemon (default)"""

_OTHERS = (
    Flag("add-host", "", "list", "Add a custom host-to-IP mapping (host:ip)"),
    Flag("attach", "a", "list", "Attach to STDIN, STDOUT or STDERR"),
    Flag("cap-add", "", "list", "Add Linux capabilities"),
    Flag("cap-drop", "", "list", "Drop Linux capabilities"),
    Flag("cgroup-parent", "", "string", "Optional parent cgroup for the container"),
    Flag("cgroupns", "", "string", _CGROUPNS),
    Flag("cidfile", "", "string", "Write the container ID to the file"),
    Flag("dns", "", "list", "Set custom DNS servers"),
    Flag("dns-option", "", "list", "Set DNS options"),
    Flag("dns-search", "", "list", "Set custom DNS search domains"),
    Flag("domainname", "", "string", "Container NIS domain name"),
    Flag("expose", "", "list", "Expose a port or a range of ports"),
    Flag("group-add", "", "list", "Add additional groups to join"),
    Flag("init", "", "", "Run an init inside the container that forwards signals and reaps processes"),
    Flag("ip", "", "string", "IPv4 address (e.g., 172.30.100.104)"),
    Flag("ip6", "", "string", "IPv6 address (e.g., 2001:db8::33)"),
    Flag("ipc", "", "string", "IPC mode to use"),
    Flag("isolation", "", "string", "Container isolation technology"),
    Flag("label-file", "", "list", "Read in a line delimited file of labels"),
    Flag("link", "", "list", "Add link to another container"),
    Flag("link-local-ip", "", "list", "Container IPv4/IPv6 link-local addresses"),
    Flag("mac-address", "", "string", "Container MAC address (e.g., 92:d0:c6:0a:29:33)"),
    Flag("mount", "", "mount", "Attach a filesystem mount to the container"),
    Flag("network-alias", "", "list", "Add network-scoped alias for the container"),
    Flag("pid", "", "string", "PID namespace to use"),
    Flag("privileged", "", "", "Give extended privileges to this container"),
    Flag("runtime", "", "string", "Runtime to use for this container"),
    Flag("security-opt", "", "list", "Security Options"),
    Flag("tmpfs", "", "list", "Mount a tmpfs directory"),
    Flag("userns", "", "string", "User namespace to use"),
    Flag("uts", "", "string", "UTS namespace to use"),
    Flag("volume-driver", "", "string", "Optional volume driver for the container"),
    Flag("volumes-from", "", "list", "Mount volumes from the specified container(s)"),
)

_WOULD = {
    "add-host": "add that line to the container's /etc/hosts",
    "attach": "connect this terminal to the named streams only",
    "cap-add": "give the process that capability of the kernel",
    "cap-drop": "take that capability of the kernel from the process",
    "cgroup-parent": "put the container's control group below that one",
    "cgroupns": "choose which control groups the container sees",
    "cidfile": "write the container's ID to that file of the host",
    "dns": "write that name server to the container's /etc/resolv.conf",
    "dns-option": "write that option to the container's /etc/resolv.conf",
    "dns-search": "write that domain to the container's /etc/resolv.conf",
    "domainname": "set the domain part of the container's host name",
    "expose": "note the port as one that the container listens on",
    "group-add": "add the process to that group",
    "init": "start a small init process that starts yours and cleans up after it",
    "ip": "give the container that IPv4 address on its network",
    "ip6": "give the container that IPv6 address on its network",
    "ipc": "choose whose shared memory the container sees",
    "isolation": "choose how Windows isolates the container",
    "label-file": "set the labels that the file lists",
    "link": "make the other container reachable by that name",
    "link-local-ip": "give the container that link-local address",
    "mac-address": "give the container's network card that address",
    "mount": "mount a volume or a directory of the host, whose files are kept outside of all layers",
    "network-alias": "make the container reachable by that name on its network",
    "pid": "choose whose processes the container sees",
    "privileged": "give the container every capability and device of the host's root",
    "runtime": "start the container with another runtime than runc",
    "security-opt": "set an option of SELinux, AppArmor or seccomp",
    "tmpfs": "mount an empty file system in memory, outside of all layers",
    "userns": "choose how the container's users map to the host's",
    "uts": "choose whose host name the container sees",
    "volume-driver": "keep the container's volumes with that driver",
    "volumes-from": "mount the volumes of that other container",
}

# The names that these had in older clients: still taken, no longer listed.
_OLD_NAMES = (
    Flag("net", "", "network", "", would="do the same as --network, its newer name", hidden=True),
    Flag("net-alias", "", "list", "", would="do the same as --network-alias, its newer name", hidden=True),
    Flag("dns-opt", "", "list", "", would="do the same as --dns-option, its newer name", hidden=True),
)

_NOT_SIMULATED_FLAGS = tuple(replace(flag, would=_WOULD[flag.name]) for flag in _OTHERS)

_BOTH = (*_SIMULATED_FLAGS, ENV_FILE, *_NOT_SIMULATED_FLAGS, *LIMITS, *_OLD_NAMES)

RUN_FLAGS = (
    *_BOTH,
    Flag("detach", "d", "", "Run container in background and print container ID"),
    DETACH_KEYS,
    Flag("pull", "", "string", 'Pull image before running ("always"|"missing"|"never")', "missing"),
    Flag(
        "sig-proxy",
        "",
        "",
        "Proxy received signals to the process",
        "true",
        would="choose whether Ctrl-C reaches the container's process",
    ),
)

CREATE_FLAGS = (
    *_BOTH,
    Flag("pull", "", "string", 'Pull image before creating ("always"|"missing"|"never")', "missing"),
)


# `docker cp` and `docker export`: flags and words of `docker CMD --help`, client 20.10.

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
