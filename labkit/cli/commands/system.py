"""`docker` itself with its flags, `docker system …`, and the commands about no one kind of object.

Flags, defaults and words are those of `docker CMD --help`, client 20.10.
"""

from __future__ import annotations

from dataclasses import replace

from labkit.cli.table import Command, Flag

FORMAT = Flag("format", "f", "string", "Format the output using the given Go template")

_CONTEXT = (
    "Name of the context to use to connect to the daemon (overrides DOCKER_HOST env var and default context "
    'set with "docker context use")'
)
_TLS = "encrypt the connection to a daemon elsewhere"

ROOT = Command(
    "",
    "A self-sufficient runtime for containers",
    flags=(
        Flag(
            "config",
            "",
            "string",
            "Location of client config files",
            "/root/.docker",
            would="read the client's own settings from that directory",
        ),
        Flag("context", "c", "string", _CONTEXT, would="talk to the daemon that the context names"),
        Flag("debug", "D", "", "Enable debug mode", would="log more of what the client does"),
        Flag("host", "H", "list", "Daemon socket(s) to connect to", would="talk to the daemon at that host"),
        Flag(
            "log-level",
            "l",
            "string",
            'Set the logging level ("debug"|"info"|"warn"|"error"|"fatal")',
            "info",
            would="log only messages of that level and above",
        ),
        Flag("tls", "", "", "Use TLS; implied by --tlsverify", would=_TLS),
        Flag(
            "tlscacert",
            "",
            "string",
            "Trust certs signed only by this CA",
            "/root/.docker/ca.pem",
            would=_TLS,
        ),
        Flag("tlscert", "", "string", "Path to TLS certificate file", "/root/.docker/cert.pem", would=_TLS),
        Flag("tlskey", "", "string", "Path to TLS key file", "/root/.docker/key.pem", would=_TLS),
        Flag("tlsverify", "", "", "Use TLS and verify the remote", would=_TLS),
        Flag("version", "v", "", "Print version information and quit"),
    ),
    max_args=None,
)

INFO = Command("system info", "Display system-wide information", "[OPTIONS]", (FORMAT,))
EVENTS = Command(
    "system events",
    "Get real time events from the server",
    would="print what happens in the engine, as it happens",
)

COMMANDS = (
    ROOT,
    Command("help", "Help about the command", "[command]", max_args=None, hidden=True),
    Command(
        "inspect",
        "Return low-level information on Docker objects",
        "[OPTIONS] NAME|ID [NAME|ID...]",
        (
            FORMAT,
            Flag("size", "s", "", "Display total file sizes if the type is container"),
            Flag("type", "", "string", "Return JSON for specified type"),
        ),
        min_args=1,
        max_args=None,
    ),
    Command(
        "version",
        "Show the Docker version information",
        "[OPTIONS]",
        (
            FORMAT,
            Flag(
                "kubeconfig",
                "",
                "string",
                "Kubernetes config file",
                would="ask the Kubernetes cluster in that file for its version as well",
            ),
        ),
    ),
    Command("system", "Manage Docker"),
    Command(
        "system df",
        "Show docker disk usage",
        "[OPTIONS]",
        (
            Flag("format", "", "string", "Pretty-print images using a Go template"),
            Flag("verbose", "v", "", "Show detailed information on space usage"),
        ),
    ),
    EVENTS,
    INFO,
    Command(
        "system prune",
        "Remove unused data",
        "[OPTIONS]",
        (
            Flag("all", "a", "", "Remove all unused images not just dangling ones"),
            Flag("filter", "", "filter", "Provide filter values (e.g. 'label=<key>=<value>')"),
            Flag("force", "f", "", "Do not prompt for confirmation"),
            Flag("volumes", "", "", "Prune volumes"),
        ),
    ),
    replace(EVENTS, path="events", same_as="system events"),
    replace(INFO, path="info", same_as="system info"),
)
