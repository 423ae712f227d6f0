"""The document of `docker image inspect` line by line: each line's field, and how to ask for it alone.

The text is what the command line prints (`labkit.cli`); no command is run, so looking changes nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property

from labkit.cli.documents import image_document, image_inspect
from labkit.engine import images
from labkit.engine.engine import Engine
from labkit.go.template import inspect_element, parse_template
from labkit.go.values import Struct, go_json

# What each field of `docker image inspect` is, where it comes from and who uses it: data for pictures and
# exercises. Of the fields inside `Config`, see `inspect_config_fields`.
#
# Sources: moby 20.10, api/types (ImageInspect, GraphDriverData, RootFS) and daemon/images/image_inspect.go;
# OCI image-spec, config.md; for overlay2's directories, Docker's documentation of the overlay2 driver.

CONFIG = "the image's config: it travels with the image"
ENGINE = "this engine: it is not in the image"
REGISTRY = "a registry: it was noted here at the pull or push"


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its path, what it is, where its value comes from, who uses it, and the slides that show it.

    `mistake` is what is often believed of it, and `truth` what is so; both are "" where nothing is.
    """

    path: str
    what: str
    source: str
    use: str
    slides: tuple[str, ...] = ()
    mistake: str = ""
    truth: str = ""


INSPECT_1, INSPECT_2, INSPECT_3 = "image-inspect-1", "image-inspect-2", "image-inspect-3"

IMAGE_FIELDS = (
    Field(
        "Id",
        "The image ID: the SHA-256 digest of the image's config, the JSON document that lists its layers.",
        "the engine computes it over the config's bytes: the same on every machine",
        "docker run, tag and rmi take it, or its first digits; docker images shows 12 of them.",
        (INSPECT_1, INSPECT_2),
        "It is the digest that docker pull prints.",
        "docker pull prints the digest of the manifest; that one is in RepoDigests.",
    ),
    Field(
        "RepoTags",
        "The names that this engine has for the image, each a repository and a tag.",
        ENGINE,
        "Every command that takes an image looks a name up here.",
        (INSPECT_1, INSPECT_2),
        "latest is the newest version.",
        "It is only the tag that is taken where none is given; and one image may have many names, or none.",
    ),
    Field(
        "RepoDigests",
        "The names with the digest of the manifest that the image was pulled or pushed with.",
        REGISTRY,
        "docker pull nginx@sha256:… fetches exactly this image, whatever the tag points to by then.",
        ("image-layers-1",),
        "An image that I built has a digest to pull it by.",
        "The list is empty until the image was pushed or pulled: a manifest is made for a registry.",
    ),
    Field(
        "Parent",
        "The image that a local build step or docker commit started from.",
        ENGINE,
        "docker build finds its cached steps by it; an image with such children cannot be removed.",
        ("image-history-1",),
        "It names the base image.",
        "It is empty for a pulled image: what came before was left behind at the push. The history then says "
        "<missing>.",
    ),
    Field(
        "Comment",
        "A message: that of docker commit -m, or of the newest history entry.",
        CONFIG,
        "People; docker history shows it in the column COMMENT.",
        ("image-history-1",),
    ),
    Field(
        "Created",
        "When the last build step was done.",
        CONFIG,
        "docker images counts the age from it.",
        (INSPECT_1, "image-history-1"),
        "It is when I pulled the image.",
        "It is when the image was built, elsewhere.",
    ),
    Field(
        "Container",
        "The container in which the last step of the build ran, or that was committed.",
        CONFIG,
        "Nobody: the container is gone after a build.",
    ),
    Field(
        "ContainerConfig",
        "The settings of that container while the last step ran, the step's own command included.",
        CONFIG,
        "Nobody runs it; newer engines leave it out.",
        (INSPECT_1,),
        "Its Cmd is what a container will run.",
        "That is Config.Cmd. Here Cmd is the last build step, often a #(nop).",
    ),
    Field(
        "DockerVersion",
        "The version of the Docker Engine that built the image.",
        CONFIG,
        "People who look for the cause of a difference.",
        (INSPECT_1,),
    ),
    Field(
        "Author",
        "Who made it: the instruction MAINTAINER, or docker commit -a.",
        CONFIG,
        "People; today a label is used instead.",
        (INSPECT_1,),
    ),
    Field(
        "Config",
        "What a container of this image starts with, unless docker run says otherwise.",
        CONFIG,
        "docker run and docker create take each setting from it.",
        (INSPECT_1,),
        "Each instruction of the Dockerfile adds a layer.",
        "ENV, CMD, EXPOSE, LABEL and their like change only this: metadata, no layer.",
    ),
    Field(
        "Architecture",
        "The processor that the programs are made for, in Go's words: amd64, arm64 …",
        CONFIG,
        "docker pull chooses by it among the images of one tag.",
        (INSPECT_1,),
    ),
    Field(
        "Variant", "The variant of the processor, for example v7 of arm.", CONFIG, "docker pull, as above."
    ),
    Field(
        "Os",
        "The operating system whose kernel the programs need.",
        CONFIG,
        "docker pull, and docker run: a Linux image needs a Linux kernel.",
        (INSPECT_1,),
        "An image has an operating system of its own.",
        "It has files and programs; the kernel is the host's.",
    ),
    Field("OsVersion", "The version of Windows.", CONFIG, "docker pull on Windows."),
    Field(
        "Size",
        "The bytes of all layers' files together, unpacked.",
        "the engine adds it up over the layers",
        "docker images and docker history show it.",
        (INSPECT_1, "image-history-1"),
        "The disk used is the sum of the images' sizes.",
        "Images share layers, and docker system df counts each layer once. A pull brings fewer bytes, as "
        "blobs are compressed.",
    ),
    Field(
        "VirtualSize",
        "The same number as Size.",
        "the engine adds it up over the layers",
        "Nobody: it stands for old clients; newer engines leave it out.",
        (INSPECT_1,),
        "One of the two is without the shared layers.",
        "It was so before Docker 1.10, when each layer was an image; since then both are the whole image.",
    ),
    Field(
        "GraphDriver",
        "The storage driver, which keeps the layers, and where it has those of this image.",
        ENGINE,
        "People who look into /var/lib/docker.",
        (INSPECT_1, INSPECT_2, INSPECT_3, "storage-drivers"),
        "It has to do with graphics.",
        "Images were once called a graph: it is the storage driver. A fresh Engine 29 has no such field.",
    ),
    Field(
        "GraphDriver.Name", "The storage driver's name.", ENGINE, "docker info shows it too.", (INSPECT_3,)
    ),
    Field(
        "GraphDriver.Data",
        "What the driver tells of the image's top layer; each driver has members of its own, some have none.",
        ENGINE,
        "People who look into /var/lib/docker.",
        (INSPECT_2, INSPECT_3),
        "These names are the layers' digests.",
        "They are names of the engine's own, other ones on each machine; RootFS.Layers has the digests.",
    ),
    Field(
        "GraphDriver.Data.LowerDir",
        "The directories of the layers below the top one, the highest first, with colons between.",
        ENGINE,
        "The kernel's overlay file system: it searches them from left to right.",
        (INSPECT_2, "image-layers-2"),
        "An image without it has no layers.",
        "With one layer there is nothing below: that one is in UpperDir.",
    ),
    Field(
        "GraphDriver.Data.MergedDir",
        "Where the layers would be shown as one tree.",
        ENGINE,
        "A running container has such a directory as its root.",
        (INSPECT_2, "container-rw-layer-1"),
        "The image's files can be seen there.",
        "For an image the directory does not exist: it appears when a container runs, for that container.",
    ),
    Field(
        "GraphDriver.Data.UpperDir",
        "The directory of the image's top layer.",
        ENGINE,
        "For a container of the image it is one more lower directory.",
        (INSPECT_2, "container-rw-layer-2"),
        "Containers write here.",
        "An image is never written to: a container's inspect shows an upper directory of its own.",
    ),
    Field(
        "GraphDriver.Data.WorkDir",
        "A directory that the overlay file system would use while it writes.",
        ENGINE,
        "The kernel, for a container; an image has no use for it.",
        (INSPECT_2,),
    ),
    Field(
        "GraphDriver.Data.DeviceId",
        "devicemapper: the number of the top layer's device.",
        ENGINE,
        "The driver.",
    ),
    Field("GraphDriver.Data.DeviceName", "devicemapper: the name of that device.", ENGINE, "dmsetup."),
    Field(
        "GraphDriver.Data.DeviceSize",
        "devicemapper: the size of that device in bytes.",
        ENGINE,
        "The driver.",
        (),
        "The image takes so many bytes.",
        "It is the most that a container can fill; blocks are taken from the pool as they are written.",
    ),
    Field("GraphDriver.Data.Dataset", "zfs: the data set of the top layer.", ENGINE, "The command zfs list."),
    Field("GraphDriver.Data.Mountpoint", "zfs: where that data set is mounted.", ENGINE, "The driver."),
    Field(
        "RootFS",
        "The image's root file system: the layers that make it.",
        CONFIG,
        "The engine stacks them for a container.",
        (INSPECT_2, INSPECT_3),
    ),
    Field("RootFS.Type", "Always layers.", CONFIG, "Nobody: there is no other type.", (INSPECT_2,)),
    Field(
        "RootFS.Layers",
        "The DiffID of each layer, the bottom one first: the digest of its tar, not compressed.",
        CONFIG,
        "The engine verifies each unpacked layer by it, and finds by it what it already has.",
        (INSPECT_2, INSPECT_3, "image-history-2"),
        "They are the digests that docker pull shows, one for each line of the history.",
        "docker pull shows the digests of the compressed blobs. And a history line that only sets metadata "
        "has no layer: nginx has ten lines and three layers.",
    ),
    Field(
        "Metadata",
        "What the engine remembers of the image by itself.",
        ENGINE,
        "Nobody but the members below.",
    ),
    Field(
        "Metadata.LastTagTime",
        "When the image was last given a name on this engine, by docker tag, build or commit.",
        ENGINE,
        "People. 0001-01-01T00:00:00Z is Go's way to say never: a pull does not count.",
    ),
)


# What each field inside `Config` and `ContainerConfig` of `docker image inspect` is.
#
# Sources: moby 20.10, api/types/container (Config, HealthConfig); OCI image-spec, config.md; for the
# instructions Docker's Dockerfile reference.

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


_INDENT = 4


@dataclass(frozen=True, slots=True)
class Line:
    """A printed line, and the path of the field that it belongs to; "" for the outermost brackets."""

    text: str
    field: str


@dataclass(frozen=True)
class Document:
    """What `docker image inspect NAME` prints.

    >>> from labkit import Lab
    >>> lab = Lab()
    >>> image = lab.pull("nginx")
    >>> document = inspected(lab.engine, "nginx")
    >>> document.command("Config.Cmd")
    "docker image inspect -f '{{json .Config.Cmd}}' nginx"
    >>> document.answer("Config.Cmd")
    '["nginx","-g","daemon off;"]'
    """

    name: str
    element: Struct

    @cached_property
    def text(self) -> str:
        """The whole of it."""
        return go_json([self.element], _INDENT, sort_maps=True)

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """Its lines, each with its field."""
        return tuple(_lines(self.text))

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The fields that it has, in order."""
        return tuple(dict.fromkeys(line.field for line in self.lines if line.field))

    def command(self, field: str) -> str:
        """Return the command that prints one field alone."""
        return f"docker image inspect -f '{_template(field)}' {self.name}"

    def answer(self, field: str) -> str:
        """Return what that command prints."""
        return inspect_element(parse_template(_template(field)), self.element).rstrip("\n")

    def folded(self, field: str) -> list[Line]:
        """Return the lines with all but one field's section on one line each."""
        section = field.partition(".")[0]
        found: list[Line] = []
        for line in self.lines:
            inside = line.field and line.field.partition(".")[0] != section
            if inside and line.text.startswith(" " * 3 * _INDENT):
                continue
            if inside and line.text.strip() in ("}", "},", "]", "],"):
                opened = found.pop()
                found.append(Line(f"{opened.text} … {line.text.strip()}", opened.field))
                continue
            found.append(line)
        return found


def inspected(engine: Engine, name: str) -> Document:
    """Return the document of an image; raises NotFound."""
    return Document(name, image_inspect(image_document(engine, images.find_image(engine, name))))


def _template(field: str) -> str:
    return f"{{{{json .{field}}}}}"


def _lines(text: str) -> list[Line]:
    """Find the field of each line by its indentation; keys of labels, ports and volumes belong to theirs."""
    decoder, path, found = json.JSONDecoder(), [""], []
    for line in text.split("\n"):
        depth = (len(line) - len(line.lstrip(" "))) // _INDENT
        content = line.strip()
        if content.startswith('"'):
            key, end = decoder.raw_decode(content)
            if content[end : end + 1] == ":":
                path[depth - 1 :] = [key]
        elif content[:1] in ("}", "]"):
            del path[depth:]
        field = ".".join(path[1:]) if depth > 1 else ""
        found.append(Line(line, _known(field)))
    return found


def _known(field: str) -> str:
    """Return the longest beginning of a path that is explained."""
    while field and explained(field) is None:
        field = field.rpartition(".")[0]
    return field
