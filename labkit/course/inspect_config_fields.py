"""What each field inside `Config` and `ContainerConfig` of `docker image inspect` is.

Sources: moby 20.10, api/types/container (Config, HealthConfig); OCI image-spec, config.md; for the
instructions Docker's Dockerfile reference.
"""

from __future__ import annotations

from labkit.course.inspect_fields import CONFIG, IMAGE_FIELDS, INSPECT_1, Field

_RUN = "docker run"
_CONTAINER = "Every container has its own, from docker run; in an image it is left over from the build."

CONFIG_FIELDS = (
    Field("Config.Hostname", "The host name of a container.", CONFIG, _CONTAINER),
    Field("Config.Domainname", "The domain name of a container.", CONFIG, _CONTAINER),
    Field(
        "Config.User",
        "The user, and perhaps the group, that the program runs as: USER.",
        CONFIG,
        f"{_RUN}; -u replaces it.",
        (INSPECT_1,),
        "Empty means an ordinary user.",
        "Empty means root.",
    ),
    Field("Config.AttachStdin", "Whether the client sends its input to the container.", CONFIG, _CONTAINER),
    Field("Config.AttachStdout", "Whether the client receives the container's output.", CONFIG, _CONTAINER),
    Field("Config.AttachStderr", "Whether the client receives its error output.", CONFIG, _CONTAINER),
    Field(
        "Config.ExposedPorts",
        "The ports that the program listens on, as the Dockerfile says: EXPOSE.",
        CONFIG,
        f"{_RUN} -P publishes them; people read them.",
        (INSPECT_1, "image-history-1", "image-history-2"),
        "EXPOSE opens the port, and is a layer.",
        "It opens nothing: -p or -P does. It is metadata, 0B in the history, and no layer.",
    ),
    Field("Config.Tty", "Whether a terminal is made for the program: -t.", CONFIG, _CONTAINER),
    Field("Config.OpenStdin", "Whether the program's input stays open: -i.", CONFIG, _CONTAINER),
    Field("Config.StdinOnce", "Whether the input closes with the first client.", CONFIG, _CONTAINER),
    Field(
        "Config.Env",
        "The environment variables of the program: ENV.",
        CONFIG,
        f"{_RUN}; -e adds to them. RUN steps have them too.",
        (INSPECT_1, "image-history-1"),
        "A password in ENV is hidden in the image.",
        "Everybody who has the image can read it here.",
    ),
    Field(
        "Config.Cmd",
        "The command, or the arguments of Entrypoint where there is one: CMD.",
        CONFIG,
        f"{_RUN}, unless words are given after the image's name.",
        (INSPECT_1, "image-history-1"),
        "CMD runs while the image is built.",
        "RUN does. CMD is only noted here, and runs when a container starts.",
    ),
    Field(
        "Config.Healthcheck", "How to see whether the program is well: HEALTHCHECK.", CONFIG, "The engine."
    ),
    Field(
        "Config.Healthcheck.Test",
        "The command that is tried, after the word CMD or CMD-SHELL; NONE turns it off.",
        CONFIG,
        "The engine runs it in the container.",
    ),
    Field("Config.Healthcheck.Interval", "Nanoseconds between two tries.", CONFIG, "The engine."),
    Field("Config.Healthcheck.Timeout", "Nanoseconds until a try has failed.", CONFIG, "The engine."),
    Field(
        "Config.Healthcheck.StartPeriod",
        "Nanoseconds in which failing does not count.",
        CONFIG,
        "The engine.",
    ),
    Field("Config.Healthcheck.Retries", "Failures in a row that make it unhealthy.", CONFIG, "The engine."),
    Field(
        "Config.ArgsEscaped",
        "Windows: whether the command is escaped already.",
        CONFIG,
        f"{_RUN} on Windows.",
    ),
    Field(
        "Config.Image",
        "The image that the last build step, or the committed container, started from.",
        CONFIG,
        "People; the name or the ID as it was then.",
    ),
    Field(
        "Config.Volumes",
        "Directories for which each container gets a volume of its own: VOLUME.",
        CONFIG,
        f"{_RUN} makes a volume for each, unless -v names one.",
        ("container-rw-layer-2",),
        "What is written there is in the container's layer.",
        "It is in the volume: docker diff does not show it and docker commit does not keep it.",
    ),
    Field(
        "Config.WorkingDir",
        "The directory that the program starts in: WORKDIR.",
        CONFIG,
        f"{_RUN}; -w replaces it.",
    ),
    Field(
        "Config.Entrypoint",
        "The program that always runs, with Cmd as its arguments: ENTRYPOINT.",
        CONFIG,
        f"{_RUN}; only --entrypoint replaces it.",
        (INSPECT_1,),
        "Words after the image's name replace it.",
        "They replace Cmd; mysql's entrypoint still runs, with them as its arguments.",
    ),
    Field("Config.NetworkDisabled", "Whether a container has no network.", CONFIG, _CONTAINER),
    Field("Config.MacAddress", "The address of a container's network card.", CONFIG, _CONTAINER),
    Field(
        "Config.OnBuild",
        "Instructions for images that are built on this one: ONBUILD.",
        CONFIG,
        "docker build.",
    ),
    Field(
        "Config.Labels",
        "Names and values for people and programs: LABEL.",
        CONFIG,
        "docker images --filter label=…; nothing that Docker itself does depends on them.",
        (INSPECT_1, "image-history-1"),
    ),
    Field(
        "Config.StopSignal",
        "The signal that asks the program to end: STOPSIGNAL.",
        CONFIG,
        "docker stop sends it, and kills after ten seconds. Without it: SIGTERM.",
        ("image-history-1",),
    ),
    Field(
        "Config.StopTimeout", "The seconds that docker stop waits before it kills.", CONFIG, "docker stop."
    ),
    Field("Config.Shell", "The shell for commands that are given as a line: SHELL.", CONFIG, "docker build."),
)

FIELDS = {field.path: field for field in (*IMAGE_FIELDS, *CONFIG_FIELDS)}
"""All fields by their paths; what is inside ContainerConfig is explained as that of Config."""


def explained(path: str) -> Field | None:
    """Return the field that explains a path, None where there is none.

    >>> explained("ContainerConfig.Cmd").path
    'Config.Cmd'
    """
    return FIELDS.get(path.removeprefix("Container") if path.startswith("ContainerConfig.") else path)
