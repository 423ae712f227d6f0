"""Lesson 4: copy-on-write."""

from __future__ import annotations

from labkit.course.exercise import Exercise, Way, Wrong
from labkit.course.lesson import Lesson
from labkit.course.questions import Choice, Question, answered, choice, container, path, reasons, wrong
from labkit.course.statements import (
    Hint,
    container_file_size,
    container_gone,
    container_runs,
    container_there,
    image_at_most,
    image_keeps,
    image_kept,
    image_lacks,
    lost,
    took_at_most,
    upper_at_most,
)
from labkit.engine import container as containers
from labkit.engine.state import Container
from labkit.lab import Lab
from labkit.oci import tree
from labkit.oci.tree import File

BIG = 67_108_864


def _with_data(lab: Lab, command: str) -> str:
    """Return the bytes in the read-write layer after a command in a container with a large file."""
    lab.build("data", ["FROM busybox", "COPY big /data/"], {"big": BIG})
    box = lab.run("data", name="box")
    box.exec(command)
    marks = lab.docker("diff box").text.count("D ")
    return f"{box.size} bytes, {marks} marks"


def _data() -> Lab:
    lab = Lab()
    lab.build("data", ["FROM busybox", "COPY big /data/"], {"big": BIG})
    lab.run("data", name="box")
    return lab


def _written() -> Lab:
    lab = _data()
    lab.container("box").append("/data/big", "ab")
    return lab


QUESTIONS = (
    Question(
        "read-copy",
        "A container reads the whole of /data/big, 67 MB, which is in its image. "
        "How much is in its read-write layer afterwards?",
        (
            Choice(
                "nothing",
                "Reading copies nothing: the file is read where it lies, in the image's layer.",
                right=True,
                shows="0 bytes, 0 marks",
            ),
            Choice(
                "67 MB",
                "Copy-on-write copies at the first change, not at the first look.",
                shows=f"{BIG} bytes, 0 marks",
            ),
        ),
        lambda lab: _with_data(lab, "sha256sum /data/big"),
        commands=(
            "docker exec box sha256sum /data/big",
            "docker ps -s --format '{{.Names}}  {{.Size}}'",
        ),
        decides=r"(\S+) \(virtual",
        setup=_data,
    ),
    Question(
        "chmod-free",
        "chmod 600 /data/big in a container: 67 MB of content, and not one byte of it changes. "
        "How much is in the read-write layer afterwards?",
        (
            Choice(
                "nothing: the content is the same",
                "The permissions are stored with the file, and the image's file may not be touched.",
                shows="0 bytes, 0 marks",
            ),
            Choice(
                "a few bytes: the new permissions",
                "overlay2 has no place for permissions alone. It works with whole files.",
                shows="4 bytes, 0 marks",
            ),
            Choice(
                "67 MB: the whole file",
                "The whole file is copied up, then its permissions are changed. chmod is not free.",
                right=True,
                shows=f"{BIG} bytes, 0 marks",
            ),
        ),
        lambda lab: _with_data(lab, "chmod 600 /data/big"),
        commands=(
            "docker exec box chmod 600 /data/big",
            "docker ps -s --format '{{.Names}}  {{.Size}}'",
        ),
        decides=r"(\S+) \(virtual",
        setup=_data,
    ),
    Question(
        "rm-image-file",
        "A container deletes /data/big, 67 MB, which is in its image. What is in its layer afterwards?",
        (
            Choice(
                "nothing: the file is gone from the image",
                "The image's layers are read-only. The file is still there, for every other container.",
                shows="0 bytes, 0 marks",
            ),
            Choice(
                "a copy of the file, 67 MB, that is marked as deleted",
                "What is to be deleted is not copied first. The mark alone is enough.",
                almost=True,
                shows=f"{BIG} bytes, 1 marks",
            ),
            Choice(
                "a mark that hides the file, of no bytes",
                "A whiteout: whoever looks from the top meets it first and hears that there is no such file.",
                right=True,
                shows="0 bytes, 1 marks",
            ),
        ),
        lambda lab: _with_data(lab, "rm /data/big"),
        commands=(
            "docker exec box rm /data/big",
            "docker diff box",
            "docker ps -s --format '{{.Names}}  {{.Size}}'",
        ),
        decides=r"^D /data/big$|(\S+) \(virtual",
        setup=_data,
    ),
    Question(
        "first-write",
        "A container adds 2 bytes to the end of /data/big, a file of 67,108,864 bytes in its image. How "
        "much is in its read-write layer afterwards?",
        (
            Choice(
                "2 bytes", "A layer stores whole files. There is no place for two bytes alone.", shows="2B"
            ),
            Choice(
                "67 MB: the whole file",
                "overlay2 copies the file up into the container's layer, and then writes the 2 bytes to "
                "the copy.",
                right=True,
                shows="67.1MB",
            ),
            Choice(
                "4 kB: one block of the file",
                "Some storage drivers work so, btrfs is one. overlay2 works with whole files.",
                almost=True,
                shows="4.1kB",
            ),
        ),
        commands=(
            "docker exec box sh -c 'printf ab >> /data/big'",
            "docker ps -s --format '{{.Names}}  {{.Size}}'",
        ),
        decides=r"(\S+) \(virtual",
        setup=_data,
    ),
    Question(
        "second-write",
        "The container has written to /data/big once, and has 67 MB in its layer. Now it adds 2 more "
        "bytes. How much is in the layer then?",
        (
            Choice(
                "134 MB: a copy for each write",
                "The file is in the container's own layer now. There is nothing to copy any more.",
                shows="134MB",
            ),
            Choice(
                "67 MB, as before",
                "Only the first write is expensive. From then on it is an ordinary file of the "
                "container's own.",
                right=True,
                shows="67.1MB",
            ),
            Choice(
                "4 bytes: the copy is not needed",
                "The copy is the file that the container sees. It stays.",
                shows="4B",
            ),
        ),
        commands=(
            "docker exec box sh -c 'printf ab >> /data/big'",
            "docker ps -s --format '{{.Names}}  {{.Size}}'",
        ),
        decides=r"(\S+) \(virtual",
        setup=_written,
    ),
    Question(
        "rm-own-file",
        "A container makes a file /data/new and deletes it again. What does its layer say of the file?",
        (
            Choice(
                "nothing at all",
                "Below there is nothing that would have to be hidden.",
                right=True,
                shows="$ docker diff box",
            ),
            Choice(
                "a whiteout hides it",
                "A whiteout hides what an image has. This file was in the container's own layer alone.",
                almost=True,
                shows="$ docker diff box C /data D /data/new",
            ),
            Choice(
                "an empty file is left",
                "Deleting takes the name away, and the layer keeps no trace of the file.",
                shows="$ docker diff box C /data A /data/new",
            ),
        ),
        commands=(
            "docker exec box sh -c 'echo x > /data/new; rm /data/new'",
            "docker diff box",
        ),
        decides=r"^\$ docker diff box$|^[ACD] .*$",
        setup=_data,
    ),
    Question(
        "opaque",
        "A container deletes the directory /data, with big in it, makes it again and puts one file into "
        "it. What will ls /data show?",
        (
            Choice(
                "big and file: layers are merged",
                "So it would be, if the layer only said that there is a directory. It also says: look "
                "no further.",
                almost=True,
                shows="big file",
            ),
            Choice(
                "file alone",
                "The new directory is marked opaque: nothing below it is looked at.",
                right=True,
                shows="file",
            ),
            Choice(
                "big alone: the image cannot be changed",
                "The image is as it was. The container sees its own layer first.",
                shows="big",
            ),
        ),
        commands=(
            "docker exec box sh -c 'rm -r /data; mkdir /data; echo fresh > /data/file'",
            "docker exec box ls /data",
        ),
        decides=r"^(?:big|file)$",
        setup=_data,
    ),
)


def _largest(lab: Lab) -> Container:
    return max(lab.engine.state.containers.values(), key=containers.size_rw)


def _largest_path(lab: Lab) -> str:
    upper = _largest(lab).upper
    files = [(node.content.size, path) for path, node in tree.walk(upper) if isinstance(node, File)]
    return "/" + max(files)[1].lstrip("/")


_WHO = container("container", "Which container takes 67 MB for itself?", lambda lab: _largest(lab).name)
_FILE = path("path", "Which file was copied up?", _largest_path)
_DONE = Question(
    "done",
    "What was done to the file?",
    (
        Choice("It was read.", "Reading copies nothing."),
        Choice("Its permissions were changed.", "", right=True),
        Choice("It was deleted.", "Deleting leaves a whiteout, which has no bytes."),
        Choice("A line was added to it.", "Compare the file's size with that in another container."),
    ),
)

WHERE = Exercise(
    id="04-where-67-mb",
    title="Find where 67 MB went",
    level="easy",
    minutes=8,
    slide="container-rw-layer-2",
    prompt="""
Three containers run on one image. One of them takes 67 MB of disk for itself, and nobody wrote 67 MB.
Which container is it, which file is it, and what was done to the file?
""",
    goal=(),
    start="""
size = 67_108_864
lab.build("archive", ["FROM busybox", "COPY data /data"], {"data/2018.bak": size, "data/2019.bak": size})
%docker run -dit --name reader archive
%docker run -dit --name keeper archive
%docker run -dit --name cleaner archive
%docker exec reader sh -c 'wc -c /data/2018.bak /data/2019.bak > /tmp/sizes'
%docker exec keeper chmod 600 /data/2018.bak
%docker exec keeper sh -c 'echo locked > /tmp/log'
%docker exec cleaner rm /data/2019.bak
""",
    asks=(_WHO, _FILE, choice(_DONE)),
    hints=(
        Hint(
            "cleaner",
            "`cleaner` deleted a file. What stands in its layer now, and how many bytes has it?",
            answered(_WHO, "cleaner") & container_there("cleaner"),
        ),
        Hint(
            "reader",
            "`reader` read both files. Does reading copy?",
            answered(_WHO, "reader") & container_there("reader"),
        ),
        *reasons(_DONE),
        Hint("file", "Only one file of the image was copied up, and it has 67 MB.", wrong(_FILE)),
        Hint("sizes", "`docker ps -s` shows how much each container has for itself."),
        Hint(
            "diff", "`docker diff` says of a container what it changed; `ls -l` in two containers tells how."
        ),
    ),
    solution="""
%docker ps -s
%docker diff keeper
%docker exec reader ls -l /data
%docker exec keeper ls -l /data
ex.answer(container="keeper", path="/data/2018.bak", done="b")
""",
    wrong=(
        Wrong('ex.answer(container="cleaner", path="/data/2019.bak", done="c")', "cleaner"),
        Wrong('ex.answer(container="reader", path="/data/2018.bak", done="a")', "reader"),
        Wrong('ex.answer(container="keeper", path="/data/2018.bak", done="d")', "d"),
        Wrong('ex.answer(container="keeper", path="/tmp/log", done="b")', "file"),
        Wrong('ex.answer(container="keeper", path="/DATA/2018.BAK", done="b")', "file"),
        Wrong('ex.answer(container="Keeper", path="/data/2018.bak", done="b")', "form"),
        Wrong('ex.answer(container="keeper", path="2018.bak", done="b")', "form"),
        Wrong('ex.answer(container="keeper", path="/data/2018.bak", done="permissions")', "form"),
    ),
    ways=(
        'ex.answer(container=lab.container("keeper").id, path="C /data/2018.bak", done="b)")',
        'ex.answer(container=lab.container("keeper").id[:12], path="keeper:/data/2018.bak", done="(B)")',
        'ex.answer(container="/keeper", path="data/2018.bak", done="Its permissions were changed")',
    ),
    why="The first change of a file of the image copies the whole file up, even a `chmod`.",
)

_LITTLE = 1_000_000
"""A file's directories are copied up too, a block each; a file of 67 MB is far above it."""

EMPTY_LOG = Exercise(
    id="04-empty-log",
    title="Empty a large log without copying it",
    level="middle",
    minutes=8,
    slide="container-rw-layer-2",
    prompt="""
The image has a log of 67 MB, `/var/log/app.log`, and the container `app` should start with an empty one.
Empty the log in `app`: the file must be there, with 0 bytes, and the container goes on running.
The container's own layer must stay below 1 kB all the same, and the 67 MB must not be copied on the way.
""",
    goal=(
        container_runs("app"),
        container_file_size("app", "/var/log/app.log", 0),
        upper_at_most("app", 1000),
        took_at_most("app", _LITTLE),
    ),
    start="""
lab.build("app", ["FROM busybox", "COPY app.log /var/log/app.log"], {"app.log": 67_108_864})
%docker run -dit --name app app
""",
    hints=(
        Hint(
            "gone",
            "The container of the start does not run any more: `ex.undo()`.",
            ~container_runs("app") | container_gone("app"),
        ),
        Hint(
            "copied",
            "More than 1 MB went into the container's layer: what you did copied a large file, even if the "
            "copy is gone by now. `ex.undo()`, and think of a way that needs nothing of the old content.",
            ~took_at_most("app", _LITTLE),
        ),
        Hint(
            "more",
            "The log is not all: something else is in the container's layer, see `docker diff` and `docker "
            "ps -s`.",
            ~upper_at_most("app", 1000),
        ),
        Hint("shell", "Which redirection of the shell makes a file empty before anything is written?"),
        Hint("exec", "A redirection must happen inside: `docker exec app sh -c '…'`."),
    ),
    solution="%docker exec app sh -c '> /var/log/app.log'",
    costs="Nothing is copied: the file is cut to nothing before its old bytes would be needed.",
    others=(
        Way(
            "%docker exec app truncate -s 0 /var/log/app.log",
            "The same with a program that must be in the image.",
        ),
    ),
    wrong=(
        Wrong("%docker exec app sh -c 'echo -n >> /var/log/app.log'", "copied"),
        Wrong("%docker exec app rm /var/log/app.log", "shell"),
        Wrong(
            "%docker exec app sed -i d /var/log/app.log\n%docker exec app chmod 600 /bin/busybox", "copied"
        ),
        Wrong("%docker rm -f app\n%docker run -dit --name app app", "gone"),
        *(
            Wrong(f"%docker exec app sh -c '{first}; > /var/log/app.log'", "copied")
            for first in (
                "chmod 600 /var/log/app.log",
                "touch /var/log/app.log",
                "echo x >> /var/log/app.log",
                "cp /var/log/app.log /tmp/old; rm /tmp/old",
            )
        ),
        Wrong(
            "%docker exec app sh -c 'mv /var/log/app.log /tmp/old; > /var/log/app.log; rm /tmp/old'", "copied"
        ),
        Wrong("%docker exec app sh -c '> /var/log/app.log; head -c 5000 /dev/zero > /tmp/note'", "more"),
        Wrong("%docker exec app chmod 600 /var/log/app.log", "copied"),
    ),
    ways=(
        "%docker exec app rm /var/log/app.log\n%docker exec app touch /var/log/app.log",
        "%docker exec app cp /dev/null /var/log/app.log",
        "%docker exec app sh -c 'rm /var/log/app.log; : > /var/log/empty; ln -s empty /var/log/app.log'",
        'lab.container("app").write("/var/log/app.log", "")',
        """
%docker exec app chmod 600 /var/log/app.log
ex.undo()
%docker exec app sh -c '> /var/log/app.log'
""",
    ),
    why="Truncating copies nothing up: the kernel knows that none of the old content is needed.",
)

_WHY = Question(
    "why",
    "Why did `rm` in the last step not make the image smaller?",
    (
        Choice(
            "Because `rm` ran in another container than the build.",
            "Each step runs in a container, and is kept.",
        ),
        Choice("Because the file is still in the layer below; `rm` only hides it.", "", right=True),
        Choice(
            "Because Docker empties its bin later.",
            "There is no bin: layers do not change after they are made.",
        ),
        Choice(
            "Because the file is still open.", "Nothing of a build's step runs on when the next one begins."
        ),
    ),
)

_PROGRAM = image_keeps("tool:small", "/bin/tool", "tool", unique=True)

NO_SMALLER = Exercise(
    id="04-no-smaller",
    title="The image that did not shrink",
    level="open",
    minutes=12,
    slide="container-rw-layer-1",
    prompt="""
`tool` was built in three steps: copy a source of 60 MB, make a program of 3 MB from it, delete the source.
It has 64 MB. Say why, and make an image `tool:small` that has at most 5 MB.
The program `/bin/tool` must be in it, the same one byte for byte, and `/src` must not be seen.
""",
    goal=(
        image_at_most("tool:small", 5_000_000),
        _PROGRAM,
        image_lacks("tool:small", "/src"),
    ),
    start="""
lab.build(
    "tool",
    [
        "FROM busybox",
        "COPY source /src/source",
        "RUN head -c 3000000 /src/source > /bin/tool",
        "RUN rm -r /src",
    ],
    {"source": 60_000_000},
)
""",
    asks=(choice(_WHY),),
    hints=(
        Hint(
            "lost",
            "Nothing in the lab has the program any more. `ex.undo()` takes commands back, one by one.",
            lost(_PROGRAM),
        ),
        Hint(
            "another-layer",
            "Another layer on top can only hide. What is below stays: `docker history tool:small`.",
            ~image_at_most("tool:small", 5_000_000),
        ),
        *reasons(_WHY),
        Hint(
            "no-program",
            "It is small, but its `/bin/tool` is not the program of `tool`: that must be taken from there.",
            image_at_most("tool:small", 5_000_000) & image_kept("tool") & ~_PROGRAM,
        ),
        Hint(
            "source",
            "It has the program, and `/src` is still seen.",
            _PROGRAM & ~image_lacks("tool:small", "/src"),
        ),
        Hint("layers", "A layer holds what differs between the beginning and the end of its step."),
        Hint("take", "`docker cp` takes a file out of a container, and puts it into one of another image."),
        Hint("export", "`docker export` writes what a container shows, without what its layers hide."),
    ),
    solution="""
%docker create --name old tool
%docker create --name small busybox
%docker cp old:/bin/tool .
%docker cp tool small:/bin/tool
%docker commit small tool:small
ex.answer("b")
""",
    costs="The new image shares nothing with the old one's large layer, and its history begins anew.",
    wrong=(
        Wrong(
            'lab.build("tool:small", ["FROM tool", "RUN rm -rf /src", "RUN touch /small"])\nex.answer("b")',
            "another-layer",
        ),
        Wrong("%docker tag tool tool:small", "another-layer"),
        Wrong("%docker tag busybox tool:small\nex.answer('b')", "no-program"),
        Wrong('ex.answer("a")', "a"),
        Wrong('ex.answer("c")', "c"),
        Wrong(
            """
%docker run -dit --name making busybox
%docker exec making sh -c 'head -c 3000000 /dev/zero > /bin/tool'
%docker commit making tool:small
ex.answer("b")
""",
            "no-program",
        ),
        Wrong(
            """
lab.build("tool:small", ["FROM scratch", "COPY junk /bin/tool"], {"junk": 3_000_000})
ex.answer("b")
""",
            "no-program",
        ),
        Wrong(
            """
step = "head -c 3000000 /src/source > /bin/tool; rm -r /src"
make = "RUN mkdir /src; head -c 60000000 /dev/zero > /src/source; " + step
lab.build("tool:small", ["FROM busybox", make])
ex.answer("b")
""",
            "no-program",
        ),
        Wrong("%docker rmi tool\n%docker system prune -a -f", "lost"),
        Wrong(
            """
%docker create --name old tool
%docker cp old:/bin/tool .
%docker run -dit --name small busybox
%docker exec small mkdir /src
%docker cp tool small:/bin/tool
%docker commit small tool:small
ex.answer("b")
""",
            "source",
        ),
    ),
    ways=(
        """
%docker create --name old tool
lab.shell("docker export old | docker import - tool:small")
ex.answer("b)")
""",
        """
box = lab.run("tool", name="old")
%docker cp old:/bin/tool .
lab.shell("printf 'FROM busybox\\\\nCOPY tool /bin/\\\\n' > Dockerfile")
%docker build -t tool:small .
ex.answer("(b)")
""",
        """
%docker run -dit --name old -v out:/out tool
%docker exec old cp /bin/tool /out
%docker run -dit --name small -v out:/out busybox
%docker exec small sh -c 'cp /out/tool /opt.tool; ln -s /opt.tool /bin/tool'
%docker commit small tool:small
ex.answer("Because the file is still in the layer below; `rm` only hides it.")
""",
    ),
    why="An image is as large as its layers. What a layer hides is still in the one below it.",
)

EXERCISES = (WHERE, EMPTY_LOG, NO_SMALLER)

LESSON = Lesson(
    number=4,
    title="Copy-on-write under the microscope",
    notebook="04-copy-on-write",
    answers="Which small command copies 67 MB?",
    questions=QUESTIONS,
    exercises=EXERCISES,
)
