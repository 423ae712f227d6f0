"""`docker build` under its three paths, and `docker builder prune`.

Flags, defaults and words are those of `docker build --help`, client 20.10, with the classic builder. The
limits of a step's processes change nothing in an image: they are taken and have no effect.
"""

from __future__ import annotations

from dataclasses import replace

from labkit.cli.table import Command, Flag

_FLAGS = (
    Flag("add-host", "", "list", "Add a custom host-to-IP mapping (host:ip)"),
    Flag("build-arg", "", "list", "Set build-time variables"),
    Flag("cache-from", "", "strings", "Images to consider as cache sources"),
    Flag("cgroup-parent", "", "string", "Optional parent cgroup for the container"),
    Flag("compress", "", "", "Compress the build context using gzip", would="send the context compressed"),
    Flag("cpu-period", "", "int", "Limit the CPU CFS (Completely Fair Scheduler) period"),
    Flag("cpu-quota", "", "int", "Limit the CPU CFS (Completely Fair Scheduler) quota"),
    Flag("cpu-shares", "c", "int", "CPU shares (relative weight)"),
    Flag("cpuset-cpus", "", "string", "CPUs in which to allow execution (0-3, 0,1)"),
    Flag("cpuset-mems", "", "string", "MEMs in which to allow execution (0-3, 0,1)"),
    Flag("disable-content-trust", "", "", "Skip image verification", "true"),
    Flag("file", "f", "string", "Name of the Dockerfile (Default is 'PATH/Dockerfile')"),
    Flag("force-rm", "", "", "Always remove intermediate containers"),
    Flag(
        "iidfile", "", "string", "Write the image ID to the file", would="write the image's ID to that file"
    ),
    Flag("isolation", "", "string", "Container isolation technology"),
    Flag("label", "", "list", "Set metadata for an image"),
    Flag("memory", "m", "bytes", "Memory limit"),
    Flag("memory-swap", "", "bytes", "Swap limit equal to memory plus swap: '-1' to enable unlimited swap"),
    Flag("network", "", "string", "Set the networking mode for the RUN instructions during build", "default"),
    Flag("no-cache", "", "", "Do not use cache when building the image"),
    Flag("pull", "", "", "Always attempt to pull a newer version of the image"),
    Flag("quiet", "q", "", "Suppress the build output and print image ID on success"),
    Flag("rm", "", "", "Remove intermediate containers after a successful build", "true"),
    Flag("security-opt", "", "strings", "Security options"),
    Flag("shm-size", "", "bytes", "Size of /dev/shm"),
    Flag("squash", "", "", "Squash newly built layers into a single new layer", hidden=True),
    Flag("tag", "t", "list", "Name and optionally a tag in the 'name:tag' format"),
    Flag("target", "", "string", "Set the target build stage to build."),
    Flag("ulimit", "", "ulimit", "Ulimit options", "[]"),
    Flag("output", "o", "list", "", hidden=True),
    Flag(
        "platform",
        "",
        "string",
        "Set platform if server is multi-platform capable",
        would="build for that platform",
        hidden=True,
    ),
    Flag("progress", "", "string", "", "auto", hidden=True),
    Flag("secret", "", "list", "", hidden=True),
    Flag("ssh", "", "list", "", hidden=True),
)

BUILD = Command(
    "image build",
    "Build an image from a Dockerfile",
    "[OPTIONS] PATH | URL | -",
    _FLAGS,
    min_args=1,
    max_args=1,
)

PRUNE = Command(
    "builder prune",
    "Remove build cache",
    "",
    (
        Flag("all", "a", "", "Remove all unused build cache, not just dangling ones"),
        Flag("filter", "", "filter", "Provide filter values (e.g. 'until=24h')"),
        Flag("force", "f", "", "Do not prompt for confirmation"),
        Flag("keep-storage", "", "bytes", "Amount of disk space to keep for cache"),
    ),
)

COMMANDS = (
    BUILD,
    replace(BUILD, path="build", same_as=BUILD.path),
    replace(BUILD, path="builder build", same_as=BUILD.path),
    PRUNE,
)
