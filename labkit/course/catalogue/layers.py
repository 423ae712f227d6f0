"""Exercises for lesson 1, image layers."""

from __future__ import annotations

from labkit.course.asks import choice, reasons
from labkit.course.catalogue.shop import lab_with_shop
from labkit.course.exercise import Exercise, Wrong
from labkit.course.images_seen import (
    image_holds,
    image_reads,
    image_there,
    layers_above,
    pull_downloads,
    stands_on,
    top_layer_at_most,
)
from labkit.course.questions import Choice, Question
from labkit.course.statements import Hint

_ONE = "registry.lab/shop:3"

ONE_LAYER = Exercise(
    id="01-one-layer",
    title="Download one layer only",
    slide="image-layers-2",
    prompt="""
Tomorrow you give a talk over a very slow line, and you will run `docker pull registry.lab/shop:3` in it.
The image has seven layers. Today the line is fast.
Prepare the cache today so that tomorrow's pull downloads exactly one layer, and the other six already exist.
The registry has `shop:1`, `shop:2`, `shop:3` and `tools`, all below `registry.lab/`.
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
    ),
    solution="%docker pull registry.lab/shop:2",
    wrong=(
        Wrong("%docker pull registry.lab/tools", "other-base"),
        Wrong("%docker pull python", "only-base"),
        Wrong("%docker pull registry.lab/shop:3", "too-much"),
        Wrong("%docker images", "versions"),
    ),
    make=lab_with_shop,
    why="An update of an image usually costs its upper layers only.",
)

THREE_LAYERS = Exercise(
    id="01-three-layers",
    title="Build the image of the slide",
    slide="image-layers-example",
    prompt="""
The slide's example: Ubuntu first, the Python packages second, a security patch third.
Make an image `my-python` on `ubuntu:15.04` with exactly two more layers:
first a file `/usr/lib/python2.7/flask.so` of 4 MB (4,000,000 bytes, any content),
then the patch: the file `/etc/ssl/openssl.cnf` must say `TLSv1.2` where it said `SSLv3`.
`lab.build(name, steps, files)` builds, as in lesson 1; a container and `docker commit` work as well.
""",
    goal=(
        stands_on("my-python", "ubuntu:15.04"),
        layers_above("my-python", "ubuntu:15.04", 2),
        image_holds("my-python", "/usr/lib/python2.7/flask.so", 4_000_000),
        image_reads("my-python", "/etc/ssl/openssl.cnf", "TLSv1.2"),
        top_layer_at_most("my-python", 1000),
    ),
    hints=(
        Hint(
            "begin", "An image needs a base to stand on: the first step names it.", ~image_there("my-python")
        ),
        Hint(
            "base",
            "`docker history my-python` shows what lies at the bottom: not the base that was asked for.",
            ~stands_on("my-python", "ubuntu:15.04"),
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
        Hint("patch", "Lesson 1 patches this very file with one `RUN sed -i`."),
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
    ),
    why="The patch is a whole new copy of one small file; Ubuntu's layers are untouched.",
)

_WRONG = Question(
    "wrong",
    "Which of these statements about layers is wrong?",
    (
        Choice("A layer is a set of changes to the layers below it.", "This is so: that is what a layer is."),
        Choice(
            "Images that stand on one base share its layers on the disk.",
            "This is so: see `docker system df`.",
        ),
        Choice(
            "The same files on another base already exist, so they are not downloaded.",
            "",
            right=True,
        ),
        Choice(
            "A file in an upper layer hides the file of the same name below.",
            "This is so: a union file system is looked at from the top.",
        ),
    ),
)

WRONG_STATEMENT = Exercise(
    id="01-wrong-statement",
    title="Spot the wrong statement",
    slide="image-layers-2",
    prompt="Three of the four statements are true, and you can try each of them in the lab.",
    goal=(),
    hints=(*reasons(_WRONG), Hint("try", "Which of them did the exercise `01-one-layer` try?")),
    solution='ex.answer("c")',
    wrong=tuple(Wrong(f'ex.answer("{each}")', each) for each in "abd"),
    asks=(choice(_WRONG),),
    make=lab_with_shop,
    why="Docker looks a layer up together with all that lies below it; Engine 29's new image store does not.",
)

EXERCISES = (ONE_LAYER, THREE_LAYERS, WRONG_STATEMENT)
