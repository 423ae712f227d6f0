"""Lesson 1: what an image is made of."""

from __future__ import annotations

import re

from labkit.course.exercise import Exercise, Way, Wrong
from labkit.course.lesson import Lesson
from labkit.course.questions import Choice, Question, answered, number
from labkit.course.statements import (
    Hint,
    comes_with_layer,
    common,
    image_holds,
    image_there,
    layers_above,
    no_image,
    pull_downloads,
    top_layer_at_most,
)
from labkit.lab import Lab
from labkit.lessons.labs import pulled
from labkit.lessons.parts import image_edits
from labkit.lessons.shop import lab_with_shop


def _pulled_layers(lab: Lab) -> str:
    return str(lab.docker("pull nginx").text.count("Pull complete"))


def _already_there(lab: Lab) -> str:
    lab.pull("nginx")
    lines = re.findall(r"^[0-9a-f]{12}: (.*\S)", lab.docker("pull mysql").text, re.M)
    return " ".join(str(number) for number, words in enumerate(lines, 1) if words == "Already exists")


def _patch(lab: Lab) -> str:
    image = lab.build("patched", "FROM ubuntu:15.04\nRUN sed -i s/SSLv3/TLSv1.2/ /etc/ssl/openssl.cnf")
    size = image.layers[-1].size
    whole_file = int(lab.shell("docker run --rm patched wc -c /etc/ssl/openssl.cnf").text.split()[0])
    return {whole_file: "file", image.size: "image"}.get(size, "word")


def _deleted_later(lab: Lab) -> str:
    big = "FROM busybox\nRUN head -c 12000000 /dev/zero > /big"
    before, after = lab.build("big", big), lab.build("cleaned", f"{big}\nRUN rm /big")
    return "same" if before.size == after.size else "smaller" if after.size < before.size else "larger"


_PACKAGES = {"packages/numpy.so": 8_000_000, "packages/flask.so": 4_000_000}
_STEPS = ("FROM ubuntu:15.04", "COPY packages /usr/lib/python2.7")


def _with_patch() -> Lab:
    lab = Lab()
    lab.build("my-python", [*_STEPS, "RUN sed -i s/SSLv3/TLSv1.2/ /etc/ssl/openssl.cnf"], _PACKAGES)
    return lab


def _with_deletion() -> Lab:
    lab = Lab()
    lab.build("with-packages", _STEPS, _PACKAGES)
    delete = "RUN rm /usr/lib/python2.7/numpy.so /usr/lib/python2.7/flask.so"
    lab.build("deleted-later", [*_STEPS, delete], _PACKAGES)
    return lab


def _with_waste() -> Lab:
    lab = Lab()
    steps = ["FROM busybox", "COPY big /data/", "RUN chmod 600 /data/big", "RUN rm /data/big"]
    lab.build("wasteful", steps, {"big": 67_108_864})
    return lab


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
        commands=("docker pull nginx",),
        decides=r"Pull complete",
    ),
    Question(
        "pull-shared",
        "nginx is in the local cache. Now docker pull mysql: an image of 12 layers, a line for each, the "
        "base first. Which lines will say Already exists?",
        (
            Choice(
                "none: nginx and mysql are different programs",
                "The programs differ, but both images were built on the same Debian base.",
                shows="",
            ),
            Choice(
                "the first",
                "It is the Debian base, on which both images stand. What mysql has above it, nginx has not.",
                right=True,
                shows="1",
            ),
            Choice(
                "the first three",
                "So it is where more has been pulled before. What counts is your own cache.",
                almost=True,
                shows="1 2 3",
            ),
            Choice(
                "the last",
                "The last line is the top of mysql, its very own. What images share lies at the bottom.",
                shows="12",
            ),
        ),
        _already_there,
        commands=("docker pull mysql",),
        decides=r"Already exists",
        setup=pulled("nginx"),
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
        commands=(
            "docker history --format '{{.Size}}  {{.CreatedBy}}' my-python",
            "docker run --rm my-python wc -c /etc/ssl/openssl.cnf",
        ),
        decides=r"^(67)B? ",
        setup=_with_patch,
    ),
    Question(
        "delete-later",
        "An image has a layer with a file of 12 MB. A further step of the build deletes the file with rm. "
        "What will the size of the new image be?",
        (
            Choice(
                "the same as before",
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
        commands=("docker images",),
        decides=r"^(?:with-packages|deleted-later) .* (\S+)$",
        setup=_with_deletion,
    ),
    Question(
        "pull-update",
        "mysql:8.0.15 is in the local cache, and docker pull mysql brings the next version. Both have 12 "
        "layers. The version is written into the eighth, and the program comes with the ninth. The three "
        "above them hold the same files as before. Which lines will say Already exists?",
        (
            Choice(
                "none: it is another image",
                "An image is a stack of layers. Another image may have most of the same ones.",
                shows="",
            ),
            Choice(
                "the first seven",
                "Up to the seventh nothing changed. What lies above a changed layer was built anew, too.",
                right=True,
                shows=" ".join(["Already exists"] * 7),
            ),
            Choice(
                "all but the eighth and the ninth",
                "The three above hold the same files, but on another stack: they were built anew.",
                almost=True,
                shows=" ".join(["Already exists"] * 10),
            ),
        ),
        commands=("docker pull mysql",),
        decides=r"Already exists",
        setup=pulled("mysql:8.0.15"),
    ),
    Question(
        "union-passwd",
        "The base layer of nginx has a file /etc/passwd, with root in it. The second layer has one too, "
        "with one more user, nginx. What will a container see in /etc/passwd?",
        (
            Choice(
                "root alone: the base was first",
                "The upper layer hides what lies below it, not the other way round.",
                shows="root",
            ),
            Choice(
                "the second layer's file alone: root and nginx, once each",
                "The upper file hides the whole file below it. Nothing of the lower one is seen.",
                right=True,
                shows="root nginx",
            ),
            Choice(
                "both files joined: root twice, then nginx",
                "Directories of several layers are shown joined. Files are not: the topmost one counts.",
                almost=True,
                shows="root root nginx",
            ),
        ),
        commands=(
            "docker run --rm nginx grep -E '^(root|nginx):' /etc/passwd",
            "docker run --rm nginx cat /etc/debian_version",
        ),
        decides=r"^(root|nginx):",
        setup=pulled("nginx"),
    ),
    Question(
        "waste",
        "On busybox, 1.2 MB, a build copies a file of 67 MB. The next step changes its permissions, the "
        "last one deletes it. How large is the image?",
        (
            Choice(
                "1.2 MB: the file is deleted",
                "A deleted file is only hidden. The layers that have it stay as they are.",
                shows="1.2MB",
            ),
            Choice(
                "68 MB: the file is in one layer",
                "It is in two. A layer stores whole files, also where only the permissions changed.",
                almost=True,
                shows="68.3MB",
            ),
            Choice(
                "135 MB: the file is in two layers",
                "One layer has the file as it was copied, the next one the same file with other permissions.",
                right=True,
                shows="135MB",
            ),
        ),
        commands=("docker images wasteful",),
        decides=r"^wasteful .* (\S+)$",
        setup=_with_waste,
    ),
)


_SHOP = "registry.lab"
_ONE = "registry.lab/shop:3"

ONE_LAYER = Exercise(
    id="01-one-layer",
    title="Download one layer only",
    level="easy",
    minutes=5,
    proof="docker pull registry.lab/shop:3 | grep -c 'Pull complete'",
    slide="image-layers-2",
    prompt="""
Tomorrow you give a talk over a very slow line, and you will run `docker pull registry.lab/shop:3` in it.
The image has seven layers. Today the line is fast.
Prepare the cache today so that tomorrow's pull downloads exactly one layer, and the other six already exist.
The registry has `registry.lab/shop:1`, `registry.lab/shop:2`, `registry.lab/shop:3` and `registry.lab/tools`.
""",
    goal=(pull_downloads(_ONE, 1),),
    hints=(
        Hint(
            "too-much",
            "Now the pull has nothing left to download. The cache should lack one layer: the newest one.",
            pull_downloads(_ONE, 0),
        ),
        Hint(
            "other-base",
            "`tools` holds the same library, but on another base. What does Docker compare a layer with: "
            "its files alone, or its files and all that lies below?",
            image_there("registry.lab/tools"),
        ),
        Hint(
            "only-base",
            "The base is there. Two more layers of the shop are still missing; one of them is the same in "
            "every version of the shop.",
            pull_downloads(_ONE, 2),
        ),
        Hint("versions", "What do two versions of one program have in common, and what not?"),
        Hint("pull", "Pull something now, and watch which lines would be `Already exists` tomorrow."),
        Hint(
            "older",
            "An older version of the shop has all layers of the newest one but its last.",
            ~pull_downloads(_ONE, 1),
        ),
    ),
    solution="%docker pull registry.lab/shop:2",
    costs="Six layers are downloaded today, 24 MB of library among them.",
    others=(
        Way(
            "%docker pull registry.lab/shop:1",
            "The older version has the same six layers; it may be the one that runs elsewhere.",
        ),
    ),
    wrong=(
        Wrong("%docker pull registry.lab/tools", "other-base"),
        Wrong("%docker pull python", "only-base"),
        Wrong("%docker pull registry.lab/shop:3", "too-much"),
        Wrong("%docker images", "versions"),
        Wrong("%docker pull busybox\n%docker tag busybox registry.lab/shop:2", "versions"),
        Wrong("%docker pull python\n%docker tag python registry.lab/shop:2", "only-base"),
    ),
    ways=(
        """
%docker pull registry.lab/shop:1
%docker pull registry.lab/shop:3
%docker rmi registry.lab/shop:3
""",
        """
%docker pull registry.lab/shop:2
%docker tag registry.lab/shop:2 kept
%docker rmi registry.lab/shop:2
""",
    ),
    make=lab_with_shop,
    why="An update of an image usually costs its upper layers only.",
)

THREE_LAYERS = Exercise(
    id="01-three-layers",
    title="Build the image of the slide",
    level="middle",
    minutes=10,
    slide="image-layers-example",
    prompt="""
The slide's example: Ubuntu first, the Python packages second, a security patch third.
Make an image `my-python` on `ubuntu:15.04` with exactly two more layers:
first a file `/usr/lib/python2.7/flask.so` of 4 MB (4,000,000 bytes, any content),
then, in a layer of its own, the patch: the file `/etc/ssl/openssl.cnf` must say `TLSv1.2` where it said
`SSLv3`, and keep its other lines.
`lab.build(name, steps, files)` builds, as in lesson 1; a container and `docker commit` work as well.
""",
    goal=(
        layers_above("my-python", "ubuntu:15.04", 2),
        image_holds("my-python", "/usr/lib/python2.7/flask.so", 4_000_000),
        image_edits("my-python", "/etc/ssl/openssl.cnf", "ubuntu:15.04", "SSLv3", "TLSv1.2"),
        comes_with_layer("my-python", "/usr/lib/python2.7/flask.so", 2),
        comes_with_layer("my-python", "/etc/ssl/openssl.cnf", 1),
        top_layer_at_most("my-python", 1000),
    ),
    hints=(
        Hint("begin", "An image needs a base to stand on: the first step names it.", no_image("my-python")),
        Hint(
            "base",
            "`docker history my-python` shows what lies at the bottom: not the base that was asked for, "
            "whatever it is called.",
            ~layers_above("my-python", "ubuntu:15.04"),
        ),
        Hint(
            "steps",
            "Each step that changes files makes one layer. How many such steps has your image?",
            ~layers_above("my-python", "ubuntu:15.04", 2),
        ),
        Hint(
            "order",
            "Look at the sizes in `docker history my-python`. Which change should lie on top?",
            ~top_layer_at_most("my-python", 1000),
        ),
        Hint(
            "patch",
            "Look at `/etc/ssl/openssl.cnf` in a container of your image. A patch replaces a word and keeps "
            "the rest. Lesson 1 patches this very file with one `RUN sed -i`.",
            ~image_edits("my-python", "/etc/ssl/openssl.cnf", "ubuntu:15.04", "SSLv3", "TLSv1.2"),
        ),
        Hint(
            "flask",
            "The file `/usr/lib/python2.7/flask.so` is not there with 4,000,000 bytes.",
            ~image_holds("my-python", "/usr/lib/python2.7/flask.so", 4_000_000),
        ),
        Hint(
            "apart",
            "The two changes belong to two layers: the file of 4 MB to the lower one, the patch to the "
            "upper.",
            ~comes_with_layer("my-python", "/usr/lib/python2.7/flask.so", 2)
            | ~comes_with_layer("my-python", "/etc/ssl/openssl.cnf", 1),
        ),
        Hint("sed", "Lesson 1 patches this very file with one `RUN sed -i`."),
    ),
    solution="""
lab.build(
    "my-python",
    [
        "FROM ubuntu:15.04",
        "COPY flask.so /usr/lib/python2.7/",
        "RUN sed -i s/SSLv3/TLSv1.2/ /etc/ssl/openssl.cnf",
    ],
    {"flask.so": 4_000_000},
)
""",
    costs="Three instructions, of which the last two make a layer each.",
    wrong=(
        Wrong(
            'lab.build("my-python", ["FROM ubuntu:15.04", "COPY flask.so /usr/lib/python2.7/"], '
            '{"flask.so": 4_000_000})',
            "steps",
        ),
        Wrong(
            'lab.build("my-python", ["FROM ubuntu:15.04", "RUN sed -i s/SSLv3/TLSv1.2/ /etc/ssl/openssl.cnf",'
            ' "COPY flask.so /usr/lib/python2.7/"], {"flask.so": 4_000_000})',
            "order",
        ),
        Wrong(
            'lab.build("my-python", ["FROM busybox", "COPY flask.so /usr/lib/python2.7/"], '
            '{"flask.so": 4_000_000})',
            "base",
        ),
        Wrong("%docker pull ubuntu:15.04", "begin"),
        Wrong(
            """
patch = "RUN echo '# TLSv1.2' >> /etc/ssl/openssl.cnf"
steps = ["FROM ubuntu:15.04", "COPY flask.so /usr/lib/python2.7/", patch]
lab.build("my-python", steps, {"flask.so": 4_000_000})
""",
            "patch",
        ),
        Wrong(
            """
steps = ["FROM ubuntu:15.04", "COPY flask.so /usr/lib/python2.7/", "COPY openssl.cnf /etc/ssl/"]
lab.build("my-python", steps, {"flask.so": 4_000_000, "openssl.cnf": "MinProtocol = TLSv1.2"})
""",
            "patch",
        ),
        Wrong(
            """
both = "head -c 4000000 /dev/zero > flask.so; sed -i s/SSLv3/TLSv1.2/ /etc/ssl/openssl.cnf"
lab.build("both", ["FROM ubuntu:15.04", "RUN mkdir -p /usr/lib/python2.7; cd /usr/lib/python2.7; " + both])
lab.build("my-python", ["FROM both", "RUN touch /nothing"])
""",
            "apart",
        ),
        Wrong(
            """
both = "head -c 4000000 /dev/zero > flask.so; sed -i s/SSLv3/TLSv1.2/ /etc/ssl/openssl.cnf"
lab.build("my-python", ["FROM ubuntu:15.04", "WORKDIR /usr/lib/python2.7", "RUN touch /nothing; " + both])
""",
            "order",
        ),
        Wrong(
            """
%docker pull busybox
%docker tag busybox ubuntu:15.04
steps = ["FROM ubuntu:15.04", "COPY flask.so /usr/lib/python2.7/", "COPY openssl.cnf /etc/ssl/"]
text = "[system_default_sect]\\nMinProtocol = TLSv1.2\\nCipherString = DEFAULT\\n"
lab.build("my-python", steps, {"flask.so": 4_000_000, "openssl.cnf": text})
""",
            "base",
        ),
        Wrong(
            """
steps = ["FROM scratch", "COPY flask.so /usr/lib/python2.7/", "COPY openssl.cnf /etc/ssl/"]
lab.build("my-python", steps, {"flask.so": 4_000_000, "openssl.cnf": "MinProtocol = TLSv1.2"})
""",
            "base",
        ),
        Wrong(
            """
patch = "RUN sed -i s/SSLv3/TLSv1.2/ /etc/ssl/openssl.cnf"
steps = ["FROM ubuntu:15.04", "COPY flask.so /usr/lib/python2.7/", patch]
lab.build("my-python", steps, {"flask.so": 400_000})
""",
            "flask",
        ),
    ),
    ways=(
        """
box = lab.run("ubuntu:15.04", name="one")
box.exec("mkdir -p /usr/lib/python2.7; head -c 4000000 /dev/zero > /usr/lib/python2.7/flask.so")
%docker commit one first
%docker run -dit --name two first
%docker exec two sed -i s/SSLv3/TLSv1.2/ /etc/ssl/openssl.cnf
%docker commit two my-python
""",
        """
steps = ["FROM ubuntu:15.04", "COPY flask.so /usr/lib/python2.7/", "COPY openssl.cnf /etc/ssl/"]
text = "[system_default_sect]\\nMinProtocol = TLSv1.2\\nCipherString = DEFAULT\\n"
lab.build("my-python", steps, {"flask.so": 4_000_000, "openssl.cnf": text})
""",
        """
%docker pull ubuntu:15.04
first = "RUN cd /usr/lib; mkdir -p python2.7; head -c 4000000 /dev/zero > /f; ln -s /f python2.7/flask.so"
lab.build("my-python", ["FROM ubuntu:15.04", first, "RUN sed -i s/SSLv3/TLSv1.2/ /etc/ssl/openssl.cnf"])
%docker rmi ubuntu:15.04
""",
    ),
    why="The patch is a whole new copy of one small file; Ubuntu's layers are untouched.",
)

_SHARED = number(
    "versions", "How many layers do `shop:1` and `shop:2` share?", lambda lab: _common(lab, "shop:2")
)
_STRANGE = number("tools", "How many do `shop:1` and `tools` share?", lambda lab: _common(lab, "tools"))


def _common(lab: Lab, other: str) -> int:
    return common(lab.pull(f"{_SHOP}/shop:1"), lab.pull(f"{_SHOP}/{other}"))


SHARED = Exercise(
    id="01-what-is-shared",
    title="What do two images share?",
    level="easy",
    minutes=5,
    slide="image-layers-2",
    prompt="""
`registry.lab/shop:1`, `registry.lab/shop:2` and `registry.lab/tools` are in the cache. The shop and the tools
have the same library, `/opt/library.so`, in a layer of its own.
How many layers do two of these images have in common on this disk?
""",
    goal=(),
    make=lab_with_shop,
    start="""
%docker pull -q registry.lab/shop:1
%docker pull -q registry.lab/shop:2
%docker pull -q registry.lab/tools
""",
    asks=(_SHARED, _STRANGE),
    hints=(
        Hint(
            "same-files",
            "The library's layer holds the same files in both images. Does it lie on the same layers? The "
            "number that both lists have is that of its files alone.",
            answered(_STRANGE, 1),
        ),
        Hint(
            "all",
            "That is all layers of one image. The two versions have another program.",
            answered(_SHARED, 7),
        ),
        Hint("below", "What has to be the same for a layer to be shared: its files, or more?"),
        Hint(
            "pull", "Pull them once more on a fresh lab: `Already exists` is said of a layer that is shared."
        ),
        Hint(
            "inspect",
            "`docker image inspect -f '{{json .RootFS.Layers}}' NAME` lists the layers from the base up. "
            "Count those that are equal, and stop at the first that is not.",
        ),
    ),
    solution="""
def layers(name):
    return lab.image(f"registry.lab/{name}").chain_ids

first = layers("shop:1")
ex.answer(versions=len({*first} & {*layers("shop:2")}), tools=len({*first} & {*layers("tools")}))
""",
    costs="A ChainID stands for a layer and all that lies below it: equal ones are one layer on the disk.",
    others=(
        Way(
            """
%docker history registry.lab/shop:1
%docker history registry.lab/shop:2
%docker history registry.lab/tools
ex.answer(versions=6, tools=0)
""",
            "By eye: `docker history` of both, from the bottom up. Quick for two images, and not for twenty.",
        ),
    ),
    wrong=(
        Wrong("ex.answer(versions=6, tools=1)", "same-files"),
        Wrong("ex.answer(versions=7, tools=0)", "all"),
        Wrong("ex.answer(versions=5, tools=0)", "below"),
        Wrong("ex.answer(versions=6)", "below"),
        Wrong('ex.answer(versions="six", tools=0)', "form"),
    ),
    ways=(
        'ex.answer(versions="6 layers", tools="0")',
        "ex.answer(tools=0, versions=[6])",
        """
ids = [each.chain_ids for each in (lab.image("registry.lab/shop:1"), lab.image("registry.lab/shop:2"))]
ex.answer(versions=sum(one == other for one, other in zip(*ids)), tools=0)
""",
    ),
    why="The library is on the disk twice: the same files on another base are another layer in Docker 20.10. "
    "The same digest stands in both lists, as it is that of the files alone; what lies below is not in it.",
)

EXERCISES = (SHARED, ONE_LAYER, THREE_LAYERS)

LESSON = Lesson(
    number=1,
    title="Image layers",
    notebook="01-image-layers",
    answers="What does `docker pull` download, and what does `Already exists` save?",
    questions=QUESTIONS,
    exercises=EXERCISES,
)
