"""The questions of lesson 6: what docker image inspect shows."""

from __future__ import annotations

from labkit.course.questions import Choice, Question
from labkit.lab import Lab


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


def _inspected(lab: Lab) -> str:
    image = lab.pull("nginx")
    text = lab.docker("image inspect nginx").text
    marks = {
        "file": "root:x:0:0",
        "port": '"80/tcp"',
        "command": '"daemon off;"',
        "layers": image.layers[0].diff_id,
    }
    return " ".join(name for name, mark in marks.items() if mark in text)


def _steps_with_layer(lab: Lab) -> str:
    """Return the instructions of nginx's history that made a layer, the oldest first."""
    made = [step.entry.created_by for step in lab.pull("nginx").history if step.layer]
    words = [each.removeprefix("/bin/sh -c ").removeprefix("#(nop)").split()[0] for each in made]
    return " ".join(word if word.isupper() else "RUN" for word in words)


QUESTIONS = (
    Question(
        "inspect-what",
        "docker image inspect shows all that Docker knows of the image nginx. Which of these will you find "
        "there: the content of /etc/passwd, the port of the web server, the command that starts it, "
        "the names of its layers?",
        (
            Choice(
                "all four",
                "A file's content is in a layer, not in the metadata.",
                shows="file port command layers",
            ),
            Choice(
                "all but the content of /etc/passwd",
                "The port, the command and the names of the layers, but no file.",
                right=True,
                shows="port command layers",
            ),
            Choice(
                "only the port and the command",
                "The names of the layers are there as well, under RootFS.",
                almost=True,
                shows="port command",
            ),
        ),
        _inspected,
    ),
    Question(
        "steps-and-layers",
        "nginx has ten lines in its history and three layers. Which of the ten lines will have a layer "
        "beside them?",
        (
            Choice(
                "the three oldest: ADD, CMD and LABEL",
                "CMD and LABEL noted something in the config. They changed no file.",
                shows="ADD CMD LABEL",
            ),
            Choice(
                "the ADD and the two RUNs",
                "A step that changed files made a layer.",
                right=True,
                shows="ADD RUN RUN",
            ),
            Choice(
                "all ten: three layers are only what was downloaded",
                "All that there is was downloaded. Seven steps changed no file and made no layer.",
                shows="ADD CMD LABEL ENV ENV RUN RUN EXPOSE STOPSIGNAL CMD",
            ),
        ),
        _steps_with_layer,
    ),
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
