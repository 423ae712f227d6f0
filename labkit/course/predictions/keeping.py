"""The questions of lesson 7: names, and what images take on the disk."""

from __future__ import annotations

from labkit.course.questions import Choice, Question
from labkit.lab import Lab


def _latest(lab: Lab) -> str:
    lab.build("app", "FROM busybox\nCMD echo first")
    lab.build("app:2", "FROM busybox\nCMD echo second")
    return lab.docker("run --rm app").text.strip()


def _disk(lab: Lab) -> str:
    lab.build("web", ["FROM ubuntu:15.04", "COPY site /srv"], {"site/pages": 20_000_000})
    lab.build("data", ["FROM ubuntu:15.04", "COPY table /srv"], {"table/rows": 60_000_000})
    return lab.docker("system df --format '{{.Size}}'").text.split()[0]


def _tagged(lab: Lab) -> str:
    lab.pull("nginx")
    before = lab.disk_usage()
    lab.docker("tag nginx web:1")
    ids = lab.docker("images --quiet --no-trunc").text.split()
    return f"{len(set(ids))} image, {lab.disk_usage() - before} bytes"


KEEPING = (
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
)
