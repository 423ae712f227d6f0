"""The flags of `docker run`, `docker create` and, in part, `docker exec`, as client 20.10 lists them.

The first group is simulated, though not all of it can be seen in images and layers; the others say what
the real engine would do with them. Help sorts all of them by name.
"""

from __future__ import annotations

from dataclasses import replace

from labkit.cli.commands.run_limits import LIMITS
from labkit.cli.table import Flag

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
