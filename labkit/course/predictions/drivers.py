"""The questions of lesson 5: storage drivers."""

from __future__ import annotations

from labkit.course.questions import Choice, Question
from labkit.engine.drivers import BIG_SIZE, driver_named, workload
from labkit.lab import Lab


def _trees(lab: Lab) -> str:
    seen = set()
    for driver in ("overlay2", "btrfs"):
        other = Lab(storage_driver=driver, online=False)
        box = other.run("ubuntu:15.04", name="box")
        box.append("/etc/motd", "ab")
        seen.add((other.docker("diff box").text, other.docker("ps -s --format '{{.Size}}'").text))
    return "the same" if len(seen) == 1 else "other"


def _copies_all(lab: Lab) -> str:
    """Return the drivers for which a new container takes at least the size of its image."""
    drivers = ("overlay2", "devicemapper", "vfs")
    costs = {
        name: {step.name: step.cost.allocated for step in workload(driver_named(name))} for name in drivers
    }
    return " ".join(name for name, cost in costs.items() if cost["create"] >= cost["image"])


def _first_write(lab: Lab) -> str:
    (write,) = (step for step in workload(driver_named("btrfs")) if step.name == "write")
    return str(write.cost.allocated)


QUESTIONS = (
    Question(
        "driver-tree",
        "The same commands run on two engines, one with overlay2, one with btrfs: a container adds two bytes "
        "to a file of its image. Will docker diff and docker ps -s say something else?",
        (
            Choice(
                "no, both say the same",
                "Every driver shows the same tree. They differ in what they copy, and in where they keep it.",
                right=True,
                shows="the same",
            ),
            Choice(
                "yes: btrfs copies only a block, so SIZE is smaller",
                "It takes less disk. But SIZE adds up the sizes of the changed files, however they are kept.",
                almost=True,
                shows="other",
            ),
        ),
        _trees,
    ),
    Question(
        "driver-create",
        "With which of these storage drivers does a new container copy the whole image, "
        "before anything is written?",
        (
            Choice(
                "with none: layers are shared",
                "That is so for all but one. vfs is simple and knows no copy-on-write.",
                almost=True,
                shows="",
            ),
            Choice(
                "with overlay2, devicemapper and vfs: a container needs its own files",
                "A container needs only its own changes. overlay2 makes an empty directory for them.",
                shows="overlay2 devicemapper vfs",
            ),
            Choice(
                "with vfs",
                "vfs copies everything, once for the init layer and once for the container. It is for tests.",
                right=True,
                shows="vfs",
            ),
            Choice(
                "with devicemapper: each container has its own device of 10 GB",
                "The device is a snapshot. It takes space only for the blocks that are written.",
                shows="devicemapper",
            ),
        ),
        _copies_all,
    ),
    Question(
        "driver-write",
        "With btrfs, a container adds 2 bytes to a file of 67 MB in its image. How much disk does that take?",
        (
            Choice(
                "2 bytes",
                "A disk is divided into blocks. Less than one cannot be written.",
                almost=True,
                shows="2",
            ),
            Choice(
                "4 kB, one block",
                "btrfs shares all blocks of the file with the image but the one that changes.",
                right=True,
                shows="4096",
            ),
            Choice(
                "67 MB, the whole file",
                "So it is with overlay2, which works with whole files. btrfs works with blocks.",
                shows=str(BIG_SIZE),
            ),
        ),
        _first_write,
    ),
)
