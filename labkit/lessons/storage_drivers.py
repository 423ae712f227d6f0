"""Lesson 5: storage drivers."""

from __future__ import annotations

from functools import cache

from labkit.course.exercise import Exercise, Way, Wrong
from labkit.course.lesson import Lesson
from labkit.course.questions import Choice, Question, answered, drivers, number, open_, wrong
from labkit.course.statements import Attempt, Hint, Seen, Statement, container_there
from labkit.engine.state import COURSE_TIME
from labkit.go.units import human_size
from labkit.lab import Lab
from labkit.lessons.parts import about, finds, outside, runs_of
from labkit.oci.content import Content
from labkit.oci.tree import Dir, File
from labkit.storage.drivers import BIG_SIZE, create, driver_named, workload
from labkit.storage.posix import NO_COST


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
    costs = {name: workload(driver_named(name), containers=0) for name in drivers}
    return " ".join(
        name for name, cost in costs.items() if cost["create"].allocated >= cost["image"].allocated
    )


_USED = "df /var/lib/docker"
_MIDDLE = "docker exec box sh -c 'printf ab | dd of=/data/big bs=1 seek=33554432 conv=notrunc 2>&-'"


def _written_over(lab: Lab) -> str:
    """Return the bytes of disk that a write in the middle of a large file takes, as `df` counts them."""
    lab = _btrfs()
    before, _, after = (
        lab.shell(line).text for line in ("df /var/lib/docker", _MIDDLE, "df /var/lib/docker")
    )
    used = [int(text.splitlines()[-1].split()[2]) for text in (before, after)]
    return str((used[1] - used[0]) * 1024)


def _data(driver: str) -> Lab:
    lab = Lab(storage_driver=driver)
    lab.build("data", ["FROM busybox", "COPY big /data/"], {"big": BIG_SIZE})
    lab.run("data", name="box")
    return lab


def _btrfs() -> Lab:
    return _data("btrfs")


def _devicemapper() -> Lab:
    lab = Lab(storage_driver="devicemapper")
    lab.run("busybox", name="box")
    return lab


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
        commands=(
            "docker exec box sh -c 'printf ab >> /data/big'",
            "docker diff box",
            "docker ps -s --format '{{.Names}}  {{.Size}}'",
        ),
        decides=r"^C /data/big$|(\S+) \(virtual",
        setup=_btrfs,
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
        commands=("labkit drivers create",),
        decides=r"^vfs +(\S+)",
    ),
    Question(
        "driver-write",
        "With btrfs, a container writes 2 bytes over the middle of a file of 67 MB of its image. "
        "How much disk does that take?",
        (
            Choice(
                "2 bytes",
                "A disk is divided into blocks. Less than one cannot be written.",
                almost=True,
                shows="2",
            ),
            Choice(
                "4 kB, one block",
                "The block in which they lie goes to a new place, all others stay shared. (The picture shows "
                "sizes as docker ps -s does: the whole file.)",
                right=True,
                shows="4096",
            ),
            Choice(
                "67 MB, the whole file",
                "So it is with overlay2, which works with whole files. btrfs works with blocks.",
                shows=str(BIG_SIZE),
            ),
        ),
        _written_over,
        commands=(_USED, _MIDDLE, _USED),
        decides=r"^/dev/\S+ +\S+ +(\S+)",
        setup=_btrfs,
    ),
    Question(
        "driver-data",
        "docker inspect says of a container on overlay2 where its directories are: LowerDir, UpperDir, "
        "MergedDir, WorkDir. This engine uses devicemapper. Which of the four will it name?",
        (
            Choice(
                "all four: every driver has layers",
                "Every driver has layers, and each keeps them in its own way. Only overlay2 has these "
                "directories.",
                shows="LowerDir MergedDir UpperDir WorkDir",
            ),
            Choice(
                "UpperDir alone: the container's layer",
                "The container's own layer is not a directory here.",
                almost=True,
                shows="UpperDir",
            ),
            Choice(
                "none of them",
                "devicemapper keeps a layer as a small disk, a device: it names the device.",
                right=True,
                shows="DeviceId DeviceName DeviceSize",
            ),
        ),
        commands=(
            "docker inspect --format '{{range $k, $v := .GraphDriver.Data}}{{println $k}}{{end}}' box",
        ),
        decides=r"^\w+$",
        setup=_devicemapper,
    ),
    Question(
        "driver-small-writes",
        "A container has added 2 bytes to a file of 67 MB. Now it writes 2 bytes in each of ten places "
        "all over the file. Under which of these drivers is that free?",
        (
            Choice(
                "overlay2",
                "The file was copied up at the first write. Now it is an ordinary file in the "
                "container's layer.",
                right=True,
                shows="+0",
            ),
            Choice(
                "btrfs",
                "It pays for each new place: the block that changes is written to a new place. 41 kB "
                "for ten.",
                almost=True,
                shows="+40,960",
            ),
            Choice(
                "none: each write changes a block",
                "Where the file is the container's own, a block of it is simply written over.",
                shows="+20",
            ),
        ),
        commands=("labkit drivers 'small writes'",),
        decides=r"^overlay2 +(\S+)",
    ),
    Question(
        "driver-hundred",
        "A hundred containers of an image of 69 MB are created with vfs, the driver that copies "
        "everything. How much disk does that take?",
        (
            Choice(
                "8 MB, as with overlay2",
                "overlay2 makes a few empty directories for each container. vfs makes copies.",
                shows="+8,192,000",
            ),
            Choice(
                "7 GB: the image for each",
                "Nearly: vfs copies the image twice for each, once for the init layer that Docker puts "
                "in between.",
                almost=True,
                shows="+6,930,841,600",
            ),
            Choice(
                "14 GB: the image twice for each",
                "One copy is for the init layer, one for the container, and not a byte was written yet.",
                right=True,
                shows="+13,861,683,200",
            ),
        ),
        commands=("labkit drivers hundred",),
        decides=r"^vfs +(\S+)",
    ),
)


_BIG = 67_000_000
"""No whole number of blocks: what is written at its end changes a block that is there."""
_CONTAINERS = 50
_ROOM = 100_000_000
_IMAGE = Dir({"data": Dir({"base.db": File(Content.filler(_BIG, "base"))})})


@cache
def _costs(driver_name: str) -> tuple[int, int]:
    """Return the disk that the containers take when they are created, and that their first writes take."""
    driver = driver_named(driver_name)
    image = driver.commit(None, _IMAGE)
    made, written = NO_COST, NO_COST
    for _ in range(_CONTAINERS):
        active, cost = create(driver, image)
        made += cost
        written += driver.mount(active, lambda: COURSE_TIME).append("/data/base.db", b"x\n")
    return made.allocated, written.allocated


def _fits(lab: Lab, name: str) -> bool:
    return sum(_costs(name)) <= _ROOM


def _told(lab: Lab, name: str) -> str:
    made, written = _costs(name)
    return (
        f"`driver`: with {name}, {_CONTAINERS} new containers take {human_size(made, 4)}, "
        f"and their first writes {human_size(written, 4)}."
    )


_FITTING = drivers("driver", "Which driver fits?", _fits, _told, several=True)


def _takes(what: int, says: str) -> Statement:
    """One of the drivers answered costs too much: 0 when its containers are made, 1 when they write."""

    def look(attempt: Attempt) -> Seen:
        if "driver" not in attempt.answers or _FITTING.unread(attempt):
            return Seen(False, "", defined=False)
        names = _FITTING.read(attempt.origin, attempt.answers["driver"])
        return Seen(any(_costs(name)[what] > _ROOM for name in names), "")

    return Statement(says, look)


CHOOSE = Exercise(
    id="05-choose-a-driver",
    title="Choose a driver for a workload",
    level="middle",
    minutes=10,
    slide="storage-drivers",
    prompt=f"""
A test farm starts {_CONTAINERS} containers of one image, which has one database file of 67 MB.
Each container writes 2 bytes at the end of that file, and is thrown away after the test.
On the disk there are 100 MB left for all {_CONTAINERS} containers together.
Which storage driver fits? More than one may; the check runs the workload under each one that you name.
""",
    goal=(),
    asks=(_FITTING,),
    hints=(
        Hint(
            "copies-at-create",
            "A driver that you named copies the whole image for each container, before anything is written.",
            _takes(0, "Creating takes too much."),
        ),
        Hint(
            "whole-file",
            "Under a driver that you named the first write costs the whole file, each time. Which drivers "
            "copy something smaller than a file?",
            _takes(1, "The first writes take too much."),
        ),
        Hint(
            "table",
            "`labkit drivers` in a terminal, or `driver_explorer()` in lesson 5, shows what each step costs.",
        ),
        Hint("blocks", "Which drivers of lesson 5 know blocks instead of files?"),
    ),
    solution='ex.answer("btrfs")',
    wrong=(
        Wrong('ex.answer("overlay2")', "whole-file"),
        Wrong('ex.answer("aufs")', "whole-file"),
        Wrong('ex.answer("vfs")', "copies-at-create"),
        Wrong('ex.answer("ext4")', "form"),
        Wrong('ex.answer(["btrfs", "overlay2"])', "whole-file"),
        Wrong('ex.answer("zfs or vfs")', "copies-at-create"),
    ),
    ways=(
        'ex.answer("ZFS")',
        'ex.answer(driver=" devicemapper ")',
        'ex.answer(["btrfs", "zfs"])',
        'ex.answer("btrfs, zfs and devicemapper")',
        'ex.answer({"zfs", "btrfs"})',
    ),
    why="The recommended driver is not the cheapest for every workload; a volume would help all of them.",
)


def _copied(lab: Lab) -> int:
    box = lab.container("box")
    copied = box.append("/data/base.db", "ab")
    lab.undo()
    return copied


_DRIVER = drivers("driver", "Which storage driver is it?", lambda lab, name: name == lab.engine.driver.name)
_FIRST = number("copied", "How many bytes are copied up at the first write?", _copied)

WHICH = Exercise(
    id="05-which-driver",
    title="Which driver is this?",
    level="easy",
    minutes=8,
    slide="storage-drivers",
    prompt="""
This engine does not use overlay2. Find out which storage driver it uses.
The container `box` is about to add two bytes to `/data/base.db`, a file of 67,000,000 bytes of its image:
its last block is not full.
How many bytes does the driver copy first? `lab.container("box").append(path, text)` returns that number.
""",
    goal=(),
    make=lambda: Lab(storage_driver="devicemapper"),
    start="""
lab.build("base", ["FROM busybox", "COPY base.db /data/"], {"base.db": 67_000_000})
%docker run -dit --name box base
""",
    asks=(_DRIVER, _FIRST),
    hints=(
        Hint(
            "usual",
            "That would be the usual one. `docker info` has a line `Storage Driver:`.",
            answered(_DRIVER, ("overlay2",)),
        ),
        Hint(
            "second-write",
            "A write that copies nothing was not the first one. `ex.reset()`, then append once more.",
            answered(_FIRST, 0),
        ),
        Hint(
            "whole-file",
            "That would be the whole file. Does this driver know files, or blocks?",
            answered(_FIRST, _BIG),
        ),
        Hint(
            "one-block",
            "That is the block with the end of the file. A write changes the file's size and date, too: the "
            "file system keeps them in another block.",
            answered(_FIRST, 65_536),
        ),
        Hint("info", '`docker info --format "{{.Driver}}"` names the driver.', open_(_DRIVER)),
        Hint(
            "append",
            '`lab.container("box").append("/data/base.db", "ab")` does the first write, and returns how many '
            "bytes were copied before it. `ex.reset()` makes it the first one again.",
            open_(_FIRST) & container_there("box"),
        ),
        Hint("pool", "`docker info` has more about the driver's storage below its name.", wrong(_FIRST)),
    ),
    solution="""
driver = lab.docker('info --format "{{.Driver}}"').text.strip()
copied = lab.container("box").append("/data/base.db", "ab")
ex.answer(driver=driver, copied=copied)
""",
    wrong=(
        Wrong('ex.answer(driver="overlay2", copied=67000000)', "usual"),
        Wrong('ex.answer(driver="devicemapper", copied=67000000)', "whole-file"),
        Wrong('ex.answer(driver="devicemapper", copied=0)', "second-write"),
        Wrong('ex.answer(driver="btrfs", copied=4096)', "info"),
        Wrong('ex.answer(driver="devicemapper", copied=65536)', "one-block"),
        Wrong('ex.answer(driver="devicemapper", copied="67MB")', "whole-file"),
        Wrong('ex.answer(driver="devicemapper", copied="one block")', "form"),
        Wrong('ex.answer(driver=["devicemapper", "btrfs"], copied=131072)', "form"),
    ),
    ways=(
        'ex.answer(driver="devicemapper", copied="131,072")',
        'ex.answer(driver="Storage Driver: devicemapper", copied="131072 bytes")',
        """ex.answer(driver='"devicemapper"', copied="128 KiB")""",
        'ex.answer(driver=["devicemapper"], copied="131.1kB")',
        'ex.answer(driver="devicemapper", copied="131 072")',
        'ex.answer(driver="devicemapper", copied="128 kB")',
        """
copied = lab.container("box").append("/data/base.db", "ab")
lab.docker("ps -s")
ex.answer(driver="devicemapper", copied=copied)
""",
    ),
    why="Two blocks of 65,536 bytes are copied, however large the file is: the one with its end, and the one "
    "in which the file system keeps its size and date. btrfs, which knows files, copies less.",
)

_TABLE = "/data/table.db"
_OUT = outside("db", _TABLE)
_FILLED = finds("db", _TABLE, "base")

VOLUME = Exercise(
    id="05-no-copy",
    title="No copy, whatever the driver",
    level="open",
    minutes=12,
    slide="storage-drivers",
    prompt=f"""
The first write to `{_TABLE}`, a file of 67 MB in the image `base`, copies it up; the container `db` did so.
Make `db` anew, of `base`, running: the file in it as it is in the image, and written to without any copy,
whatever the storage driver.
""",
    goal=(_OUT, _FILLED, runs_of("db", "base")),
    proof=f"""
docker exec db sha256sum {_TABLE}; docker exec db sh -c 'echo x >> {_TABLE}'
docker ps -s --format '{{{{.Names}}}} {{{{.Image}}}} {{{{.Size}}}}' | grep -c '^db base 0B'
""",
    start="""
lab.build("base", ["FROM busybox", "COPY table.db /data/"], {"table.db": 67_000_000})
%docker run -dit --name db base
%docker exec db sh -c 'echo more >> /data/table.db'
""",
    hints=(
        Hint(
            "none",
            "There is no `db` now: make it anew.",
            Statement("", lambda attempt: Seen(not _OUT(attempt).defined, "")),
        ),
        Hint(
            "empty",
            "The volume does not show the file of the image. An empty volume of Docker's own is filled from "
            "the image when a container first mounts it there.",
            about("db", "", lambda _, box: Seen(bool(box.volumes), "")) & ~_FILLED,
        ),
        Hint("stop", "`db` must run, of `base`.", ~runs_of("db", "base")),
        Hint("outside", "A driver works on layers. What of a container is in no layer?", ~_OUT),
        Hint(
            "mount",
            "`docker run -v NAME:/data …` puts a volume there; one that is empty gets what the image has.",
        ),
    ),
    solution="""
%docker rm -f db
%docker run -dit --name db -v table:/data base
""",
    costs="The volume takes 67 MB, once and at once: Docker copies the image's file into it.",
    others=(
        Way(
            """
%docker rename db old
%docker run -dit --name db --mount type=volume,target=/data base
%docker rm -f old
""",
            "A volume without a name does the same, and is hard to find again when `db` is removed.",
        ),
    ),
    wrong=(
        Wrong("%docker rm -f db\n%docker run -dit --name db base", "outside"),
        Wrong("%docker rm -f db", "none"),
        Wrong("%docker rm -f db\n%docker run -dit --name db -v table:/srv base", "outside"),
        Wrong("%docker rm -f db\n%docker run -dit --name db --tmpfs /data base", "outside"),
        Wrong(
            "%docker rm -f db\n"
            "%docker run -dit --name db --mount source=table,target=/data,volume-nocopy base",
            "empty",
        ),
        Wrong("%docker rm -f db\n%docker create --name db -v table:/data base", "stop"),
        Wrong("%docker volume create table", "outside"),
    ),
    ways=(
        """
%docker rm -f db
%docker volume create table
%docker run -d -it --name db --volume table:/data base sh
""",
        """
%docker stop db
%docker rm db
%docker create -it --name db -v /data base
%docker start db
""",
    ),
    why="A volume is a directory of the host: no driver is in between, and no write copies.",
)

EXERCISES = (CHOOSE, WHICH, VOLUME)

LESSON = Lesson(
    number=5,
    title="Storage drivers",
    notebook="05-storage-drivers",
    answers="What do two bytes cost under seven drivers, and why is it overlay2?",
    questions=QUESTIONS,
    exercises=EXERCISES,
)
