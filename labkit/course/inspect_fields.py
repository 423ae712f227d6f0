"""What each field of `docker image inspect` is, where it comes from and who uses it: data for pictures and
exercises. Of the fields inside `Config`, see `inspect_config_fields`.

Sources: moby 20.10, api/types (ImageInspect, GraphDriverData, RootFS) and daemon/images/image_inspect.go; OCI
image-spec, config.md; for overlay2's directories, Docker's documentation of the overlay2 driver.
"""

from __future__ import annotations

from dataclasses import dataclass

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
