"""The questions of lesson 1: what an image is made of."""

from __future__ import annotations

from labkit.course.questions import Choice, Question
from labkit.lab import Lab


def _pulled_layers(lab: Lab) -> str:
    return str(lab.docker("pull nginx").text.count("Pull complete"))


def _already_there(lab: Lab) -> str:
    lab.pull("nginx")
    return str(lab.docker("pull mysql").text.count("Already exists"))


def _patch(lab: Lab) -> str:
    image = lab.build("patched", "FROM ubuntu:15.04\nRUN sed -i s/SSLv3/TLSv1.2/ /etc/ssl/openssl.cnf")
    size = image.layers[-1].size
    whole_file = int(lab.shell("docker run --rm patched wc -c /etc/ssl/openssl.cnf").text.split()[0])
    return {whole_file: "file", image.size: "image"}.get(size, "word")


def _deleted_later(lab: Lab) -> str:
    big = "FROM busybox\nRUN head -c 12000000 /dev/zero > /big"
    before, after = lab.build("big", big), lab.build("cleaned", f"{big}\nRUN rm /big")
    return "same" if before.size == after.size else "smaller" if after.size < before.size else "larger"


QUESTIONS = (
    Question(
        "pull-layers",
        "docker pull nginx brings an image of 109 MB: a small Debian system and a web server. "
        "How many files with its content will be downloaded?",
        (
            Choice(
                "1 file",
                "That is how an ISO image or a virtual machine's disk comes. An image is not one big file.",
                shows="1",
            ),
            Choice(
                "3 files",
                "One for each layer. A layer is the set of changes that one step of the build made.",
                right=True,
                shows="3",
            ),
            Choice(
                "10 files, one for each line of docker history",
                "The history lists steps of the build. Seven of the ten changed no file and made no layer.",
                shows="10",
            ),
            Choice(
                "thousands, one for each file in the image",
                "The files travel together: all that one step changed is in one compressed tar file.",
                shows="thousands",
            ),
        ),
        _pulled_layers,
    ),
    Question(
        "pull-shared",
        "nginx is in the local cache. Now docker pull mysql: an image of 12 layers. "
        "How many lines will say Already exists?",
        (
            Choice(
                "0: nginx and mysql are different programs",
                "The programs differ, but both images were built on the same Debian base.",
                shows="0",
            ),
            Choice(
                "1",
                "The Debian base. Above it the two images differ from the first layer on.",
                right=True,
                shows="1",
            ),
            Choice(
                "3, as on the slide",
                "On the slide's computer more had been pulled before. What counts is your own cache.",
                almost=True,
                shows="3",
            ),
            Choice(
                "12: mysql was on Docker Hub before",
                "Already exists speaks of the cache on your computer, not of the registry.",
                shows="12",
            ),
        ),
        _already_there,
    ),
    Question(
        "patch-size",
        "A step of a build changes one word in one small file of the Ubuntu base. What is in its layer?",
        (
            Choice(
                "the word that changed",
                "Text tools such as diff and git's patches work so. A layer stores files, not words.",
                almost=True,
                shows="word",
            ),
            Choice(
                "all of Ubuntu, with the change in it",
                "The base is not copied. The layer holds only what differs from the layers below it.",
                shows="image",
            ),
            Choice(
                "the whole file, in its new version",
                "A layer stores each changed file as a whole. The old version stays in the base, hidden.",
                right=True,
                shows="file",
            ),
        ),
        _patch,
    ),
    Question(
        "delete-later",
        "An image has a layer with a file of 12 MB. A further step of the build deletes the file with rm. "
        "What will the size of the new image be?",
        (
            Choice(
                "the same",
                "The new layer holds a mark that hides the file, and the layer below keeps its 12 MB.",
                right=True,
                shows="same",
            ),
            Choice(
                "12 MB smaller",
                "The file is only hidden. Its layer cannot change any more, so its 12 MB stay.",
                shows="smaller",
            ),
            Choice(
                "12 MB larger: a layer more",
                "There is a layer more, but a mark for a deleted file has no content: 0B.",
                almost=True,
                shows="larger",
            ),
        ),
        _deleted_later,
    ),
)
