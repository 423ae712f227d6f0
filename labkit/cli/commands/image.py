"""`docker image …` and the older commands that do the same: images, history, rmi …

Flags, defaults and words are those of `docker CMD --help`, client 20.10.
"""

from __future__ import annotations

from dataclasses import replace

from labkit.cli.table import Command, Flag

QUIET_IDS = Flag("quiet", "q", "", "Only show image IDs")
NO_TRUNC = Flag("no-trunc", "", "", "Don't truncate output")
FORMAT = Flag("format", "", "string", "Pretty-print images using a Go template")
TRUST = Flag("disable-content-trust", "", "", "Skip image verification", "true")
INSPECT_FORMAT = Flag("format", "f", "string", "Format the output using the given Go template")

LS = Command(
    "image ls",
    "List images",
    "[OPTIONS] [REPOSITORY[:TAG]]",
    (
        Flag("all", "a", "", "Show all images (default hides intermediate images)"),
        Flag("digests", "", "", "Show digests"),
        Flag("filter", "f", "filter", "Filter output based on conditions provided"),
        FORMAT,
        NO_TRUNC,
        QUIET_IDS,
    ),
    max_args=1,
    aliases=("list",),
)

HISTORY = Command(
    "image history",
    "Show the history of an image",
    "[OPTIONS] IMAGE",
    (
        FORMAT,
        Flag("human", "H", "", "Print sizes and dates in human readable format", "true"),
        NO_TRUNC,
        QUIET_IDS,
    ),
    min_args=1,
    max_args=1,
)

PULL = Command(
    "image pull",
    "Pull an image or a repository from a registry",
    "[OPTIONS] NAME[:TAG|@DIGEST]",
    (
        Flag("all-tags", "a", "", "Download all tagged images in the repository"),
        TRUST,
        Flag("platform", "", "string", "Set platform if server is multi-platform capable"),
        Flag("quiet", "q", "", "Suppress verbose output"),
    ),
    min_args=1,
    max_args=1,
)

RM = Command(
    "image rm",
    "Remove one or more images",
    "[OPTIONS] IMAGE [IMAGE...]",
    (
        Flag("force", "f", "", "Force removal of the image"),
        Flag("no-prune", "", "", "Do not delete untagged parents"),
    ),
    min_args=1,
    max_args=None,
    aliases=("rmi", "remove"),
)

TAG = Command(
    "image tag",
    "Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE",
    "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]",
    min_args=2,
    max_args=2,
    interspersed=False,
)

SAVE = Command(
    "image save",
    "Save one or more images to a tar archive (streamed to STDOUT by default)",
    "[OPTIONS] IMAGE [IMAGE...]",
    (Flag("output", "o", "string", "Write to a file, instead of STDOUT"),),
    min_args=1,
    max_args=None,
)

LOAD = Command(
    "image load",
    "Load an image from a tar archive or STDIN",
    "[OPTIONS]",
    (
        Flag("input", "i", "string", "Read from tar archive file, instead of STDIN"),
        Flag("quiet", "q", "", "Suppress the load output"),
    ),
)

INSPECT = Command(
    "image inspect",
    "Display detailed information on one or more images",
    "[OPTIONS] IMAGE [IMAGE...]",
    (INSPECT_FORMAT,),
    min_args=1,
    max_args=None,
)

PRUNE = Command(
    "image prune",
    "Remove unused images",
    "[OPTIONS]",
    (
        Flag("all", "a", "", "Remove all unused images, not just dangling ones"),
        Flag("filter", "", "filter", "Provide filter values (e.g. 'until=<timestamp>')"),
        Flag("force", "f", "", "Do not prompt for confirmation"),
    ),
)

IMPORT = Command(
    "image import",
    "Import the contents from a tarball to create a filesystem image",
    "[OPTIONS] file|URL|- [REPOSITORY[:TAG]]",
    (
        Flag("change", "c", "list", "Apply Dockerfile instruction to the created image"),
        Flag("message", "m", "string", "Set commit message for imported image"),
        Flag("platform", "", "string", "Set platform if server is multi-platform capable"),
    ),
    min_args=1,
    max_args=None,
)
PUSH = Command(
    "image push",
    "Push an image or a repository to a registry",
    "[OPTIONS] NAME[:TAG]",
    (
        Flag("all-tags", "a", "", "Push all tagged images in the repository"),
        Flag("disable-content-trust", "", "", "Skip image signing", "true"),
        Flag("quiet", "q", "", "Suppress verbose output"),
    ),
    min_args=1,
    max_args=1,
)


def _twin(path: str, command: Command) -> Command:
    return replace(command, path=path, aliases=(), same_as=command.path)


COMMANDS = (
    Command("image", "Manage images"),
    HISTORY,
    IMPORT,
    INSPECT,
    LOAD,
    LS,
    PRUNE,
    PULL,
    PUSH,
    RM,
    SAVE,
    TAG,
    _twin("history", HISTORY),
    _twin("images", LS),
    _twin("import", IMPORT),
    _twin("load", LOAD),
    _twin("pull", PULL),
    _twin("push", PUSH),
    _twin("rmi", RM),
    _twin("save", SAVE),
    _twin("tag", TAG),
)
