"""The questions of lesson 2: what docker image history shows."""

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


def _history_lines(lab: Lab) -> str:
    lab.pull("nginx")
    lines = len(lab.docker("history -q nginx").text.splitlines())
    return str(lines) if lines <= 4 else "more"


QUESTIONS = (
    Question(
        "history-lines",
        "In lesson 1 nginx had three layers. How many lines do you expect in its history?",
        (
            Choice(
                "three, one for each layer",
                "A history line is a step of the build, not a layer.",
                shows="3",
            ),
            Choice(
                "four, the base and three more",
                "The base is one of the three layers, and it took two steps. Not every step made a layer.",
                shows="4",
            ),
            Choice(
                "more than four",
                "Ten lines: every step of the build is one.",
                right=True,
                shows="more",
            ),
        ),
        _history_lines,
    ),
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
