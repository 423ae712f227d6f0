"""The questions of lessons 2 and 6: what docker image history and docker image inspect show."""

from __future__ import annotations

from labkit.course.questions import Choice, Question
from labkit.lab import Lab


def _missing(lab: Lab) -> str:
    lab.pull("busybox")
    lab.build("hello", "FROM busybox\nENV GREETING=hello\nRUN echo $GREETING > /hello")
    return str(lab.docker("history -q hello").text.count("<missing>"))


def _mysql_layers(lab: Lab) -> str:
    lab.pull("mysql")
    return lab.docker("inspect --format '{{len .RootFS.Layers}}' mysql").text.strip()


def _disk(lab: Lab) -> str:
    lab.build("web", ["FROM ubuntu:15.04", "COPY site /srv"], {"site/pages": 20_000_000})
    lab.build("data", ["FROM ubuntu:15.04", "COPY table /srv"], {"table/rows": 60_000_000})
    return lab.docker("system df --format '{{.Size}}'").text.split()[0]


HISTORY = (
    Question(
        "history-missing",
        "busybox was pulled; its history has 2 lines. You build an image on it in two steps. "
        "How many of the 4 history lines will say <missing>?",
        (
            Choice(
                "none: everything is on this computer",
                "All files are here. <missing> says that a step has no image of its own on this computer.",
                shows="0",
            ),
            Choice(
                "1",
                "Your two steps and busybox itself are images here. The step below busybox's last was made "
                "elsewhere, and a pull brings only the last image.",
                right=True,
                shows="1",
            ),
            Choice(
                "2: both lines of busybox",
                "The upper of the two has an ID: it is the image busybox, which you pulled.",
                almost=True,
                shows="2",
            ),
            Choice(
                "3: all but the newest",
                "So it is for an image that was pulled. What you build yourself keeps an image of each step.",
                almost=True,
                shows="3",
            ),
        ),
        _missing,
    ),
    Question(
        "history-zero",
        "mysql has 20 history lines. 9 of them say 0B, and one of these is RUN mkdir. "
        "How many layers does the image have?",
        (
            Choice(
                "20: each line is a layer",
                "A line is a step of the build. Steps such as ENV or CMD change no file and make no layer.",
                shows="20",
            ),
            Choice(
                "11: 0B means no layer",
                "Usually. But SIZE counts bytes in files: a new directory alone is 0B, and yet a layer.",
                almost=True,
                shows="11",
            ),
            Choice(
                "12",
                "The 11 lines with a size, and mkdir: a new directory is a change, but has no bytes.",
                right=True,
                shows="12",
            ),
        ),
        _mysql_layers,
    ),
    Question(
        "disk-sum",
        "docker images lists three sizes: ubuntu 188 MB, and two images built on it, 208 MB and 248 MB. "
        "How much do they take on the disk together?",
        (
            Choice(
                "645 MB, the sum",
                "The column SIZE counts the shared base three times. The disk holds it once.",
                shows="644.7MB",
            ),
            Choice(
                "457 MB: the two that were built",
                "The base counts in both of them as well, so this still has it twice.",
                almost=True,
                shows="456.4MB",
            ),
            Choice(
                "268 MB",
                "188 MB once, and what each adds: 20 MB and 60 MB. docker system df says so.",
                right=True,
                shows="268.4MB",
            ),
        ),
        _disk,
    ),
)


def _same_number(lab: Lab) -> str:
    pulled = lab.docker("pull nginx").text
    listed = lab.docker("inspect --format '{{json .RootFS.Layers}}' nginx").text
    named = [line.partition(":")[0] for line in pulled.splitlines() if "Pull complete" in line]
    return f"{sum(name in listed for name in named)} of {listed.count('sha256:')}"


def _exposed(lab: Lab) -> str:
    lab.pull("nginx")
    lab.docker("run -d --name web nginx")
    listed = lab.docker("inspect --format '{{json .NetworkSettings.Ports}}' web").text.strip()
    return "listed only" if listed == '{"80/tcp":null}' else listed


def _latest(lab: Lab) -> str:
    lab.build("app", "FROM busybox\nCMD echo first")
    lab.build("app:2", "FROM busybox\nCMD echo second")
    return lab.docker("run --rm app").text.strip()


def _tagged(lab: Lab) -> str:
    lab.pull("nginx")
    before = lab.disk_usage()
    lab.docker("tag nginx web:1")
    ids = lab.docker("images --quiet --no-trunc").text.split()
    return f"{len(set(ids))} image, {lab.disk_usage() - before} bytes"


INSPECT = (
    Question(
        "inspect-digest",
        "docker pull prints 27833a3ba0a5 and two more numbers, one for each layer of nginx. "
        "Will docker image inspect list the same three numbers under RootFS?",
        (
            Choice(
                "yes, they are the layers' names",
                "They are names of the compressed files that travel. inspect names the layers when unpacked.",
                shows="3 of 3",
            ),
            Choice(
                "no, ten numbers: one for each history line",
                "RootFS lists layers, and only three of the ten steps made one.",
                almost=True,
                shows="0 of 10",
            ),
            Choice(
                "no, three other numbers",
                "One layer, two hashes: the digest of the compressed file, and the DiffID of what is in it.",
                right=True,
                shows="0 of 3",
            ),
        ),
        _same_number,
    ),
    Question(
        "inspect-ports",
        "docker image inspect nginx shows ExposedPorts with 80/tcp. You start it with docker run -d nginx, "
        "without -p. What leads from a port of your computer to the web server?",
        (
            Choice(
                "port 80: the image opens it",
                "EXPOSE is a note in the metadata. It opens nothing; docker run -p 80:80 does.",
                shows='{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"80"}]}',
            ),
            Choice(
                "a free port that Docker chooses",
                "That is docker run -P, with a capital P. Without it nothing is published.",
                almost=True,
                shows='{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"49153"}]}',
            ),
            Choice(
                "nothing",
                "ExposedPorts is metadata: it says where the program listens, and opens no port.",
                right=True,
                shows="listed only",
            ),
        ),
        _exposed,
    ),
    Question(
        "tag-copy",
        "docker tag nginx web:1 gives an image a second name. What does it cost on the disk?",
        (
            Choice(
                "109 MB: a second image",
                "docker images shows two lines, but both have the same IMAGE ID. It is one image.",
                shows="2 image, 109362650 bytes",
            ),
            Choice(
                "a new layer for the name",
                "A name is not a part of the image. The image does not change, and its ID stays.",
                shows="2 image, 0 bytes",
            ),
            Choice(
                "nothing: one image, two names",
                "A tag only leads to an image ID. Removing one of the two names removes no layer.",
                right=True,
                shows="1 image, 0 bytes",
            ),
        ),
        _tagged,
    ),
    Question(
        "latest-newest",
        "You build an image and call it app. A minute later you build a newer one and call it app:2. "
        "Which of them does docker run app start?",
        (
            Choice(
                "the newer one, app:2",
                "latest is an ordinary tag. Docker never looks for the newest image.",
                shows="second",
            ),
            Choice(
                "the older one",
                "app means app:latest, and that tag was given to the older one. Nobody has moved it since.",
                right=True,
                shows="first",
            ),
            Choice(
                "neither: without a tag the name is not clear",
                "A name without a tag is completed with :latest.",
                shows="",
            ),
        ),
        _latest,
    ),
)
