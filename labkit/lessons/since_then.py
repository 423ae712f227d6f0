"""Lesson 7: what is new in Engine 29, BuildKit and the containerd store, and what is not."""

from __future__ import annotations

from labkit.course.exercise import Exercise, Wrong
from labkit.course.lesson import Lesson
from labkit.course.questions import Choice, Question, answered, choice, digest, number, reasons
from labkit.course.statements import Hint, downloads, image_kept, manifest_of, no_image
from labkit.lab import Lab
from labkit.lessons.shop import lab_with_shop
from labkit.store.registry import Registry

_REGISTRY = "registry.example.com"


def _other_base(lab: Lab) -> str:
    """Push the same file on two bases, pull both elsewhere; return how often it already exists."""
    registry = Registry()
    for base in ("busybox", "alpine"):
        maker = Lab(registries={_REGISTRY: registry}, online=False)
        maker.build(f"{_REGISTRY}/on-{base}", [f"FROM {base}", "COPY data /data"], {"data": 5_000_000})
        maker.docker(f"push {_REGISTRY}/on-{base}")
    learner = Lab(registries={_REGISTRY: registry}, online=False)
    learner.docker(f"pull {_REGISTRY}/on-busybox")
    text = learner.docker(f"pull {_REGISTRY}/on-alpine").text
    return "up to date" if "up to date" in text else str(text.count("Already exists"))


def _work_directory(lab: Lab) -> str:
    base = len(lab.pull("busybox").layers)
    image = lab.build("app", "FROM busybox\nWORKDIR /srv\nENV GREETING=hello\nEXPOSE 80")
    return str(len(image.layers) - base)


def _on_busybox() -> Lab:
    registry = Registry()
    for base in ("busybox", "alpine"):
        maker = Lab(registries={_REGISTRY: registry})
        maker.build(f"{_REGISTRY}/on-{base}", [f"FROM {base}", "COPY data /data"], {"data": 5_000_000})
        maker.docker(f"push {_REGISTRY}/on-{base}")
    lab = Lab(registries={_REGISTRY: registry})
    lab.docker(f"pull {_REGISTRY}/on-busybox")
    return lab


def _app() -> Lab:
    lab = Lab()
    lab.build("app", "FROM busybox\nWORKDIR /srv\nENV GREETING=hello\nEXPOSE 80")
    return lab


def _three_steps() -> Lab:
    lab = Lab()
    steps = ["FROM busybox", "COPY motto /motto", "RUN cat /motto > /made", "ENV GREETING=hello"]
    lab.build("app", steps, {"motto": "one layer, many images\n"})
    return lab


def _two_steps() -> Lab:
    lab = Lab()
    lab.build("app", ["FROM busybox", "ENV GREETING=hello", "RUN echo $GREETING > /hello"])
    return lab


QUESTIONS = (
    Question(
        "other-base",
        "Two images add the same file, one to busybox, one to alpine: the two layers have the same digest. "
        "The first image is in the cache of this engine (20.10). Which line comes for the file's layer when "
        "the second one is pulled?",
        (
            Choice(
                "Already exists: the digest is the same",
                "The containerd store asks only for the digest. Here a layer is kept on its base.",
                almost=True,
                shows="1",
            ),
            Choice(
                "Pull complete",
                "This engine keeps a layer unpacked on its base, and on this base it was not there.",
                right=True,
                shows="0",
            ),
            Choice(
                "none, but Image is up to date",
                "That line is for an image that is here as a whole. The two images have different bases.",
                shows="up to date",
            ),
        ),
        _other_base,
        commands=("docker pull registry.example.com/on-alpine",),
        decides=r"^\w{12}: (Already exists|Pull complete)|up to date",
        setup=_on_busybox,
    ),
    Question(
        "workdir-layer",
        "A Dockerfile: FROM busybox, WORKDIR /srv, ENV GREETING=hello, EXPOSE 80. busybox has no /srv. "
        "How many layers come on top of busybox?",
        (
            Choice(
                "0: all three are metadata",
                "ENV and EXPOSE are. WORKDIR makes the directory if it is missing, and that changes files.",
                almost=True,
                shows="0",
            ),
            Choice(
                "1",
                "WORKDIR made /srv: a layer of 0B. So it is with both builders.",
                right=True,
                shows="1",
            ),
            Choice(
                "3: one for each instruction",
                "Before Docker 1.10 it was so. Today a step that changes no file makes no layer.",
                shows="3",
            ),
        ),
        _work_directory,
        commands=('docker image inspect --format "{{len .RootFS.Layers}} layers" busybox app',),
        decides=r"^(\d+) layers$",
        setup=_app,
    ),
    Question(
        "history-nop",
        "A Dockerfile: FROM busybox, COPY motto /motto, RUN cat /motto > /made, ENV GREETING=hello. The "
        "classic builder writes some of its steps with #(nop), no operation. Which of these three?",
        (
            Choice(
                "ENV: it made no layer",
                "COPY has #(nop) as well, and made a layer: no command ran in it.",
                almost=True,
                shows="ENV",
            ),
            Choice(
                "COPY and ENV: they ran no command",
                "#(nop) says that no command ran, and not that no layer was made.",
                right=True,
                shows="ENV COPY",
            ),
            Choice(
                "all three: the shell ran none of them",
                "A RUN is a command for the shell, and is shown as one: /bin/sh -c cat …",
                shows="ENV RUN COPY",
            ),
        ),
        commands=('docker history --format "{{.CreatedBy}}" app',),
        decides=r"#\(nop\) +(ENV|COPY|RUN)",
        setup=_three_steps,
    ),
    Question(
        "step-images",
        "The classic builder built app in two steps on busybox: ENV GREETING=hello, RUN echo $GREETING "
        "> /hello. How many images are in the cache then?",
        (
            Choice(
                "two: busybox and app",
                "docker images shows two. With -a it shows the one between as well, which has no name.",
                almost=True,
                shows="2",
            ),
            Choice(
                "three: one for the ENV step as well",
                "The classic builder keeps an image of each step: its cache is made of them. BuildKit "
                "keeps none.",
                right=True,
                shows="3",
            ),
            Choice(
                "four: each line of the Dockerfile makes one",
                "FROM makes none. It begins with an image that is there.",
                shows="4",
            ),
        ),
        commands=("docker images -aq | wc -l",),
        decides=r"^(\d+)$",
        setup=_two_steps,
    ),
    Question(
        "manifest-id",
        "The containerd store of a new engine names an image by the digest of its manifest, the list "
        "that the registry keeps. Where does the engine of these notebooks, 20.10, show that number?",
        (
            Choice(
                "in the column IMAGE ID",
                "Here that is the hash of the config, the document with the image's settings.",
                shows="27a188018e18",
            ),
            Choice(
                "in the column DIGEST, and in the last lines of the pull",
                "Both are the hash of the registry's list. A new engine shows it as the image's ID.",
                right=True,
                shows="sha256:e71b1bf4281f sha256:e71b1bf4281f",
            ),
            Choice(
                "in the first lines of the pull",
                "Those are the digests of the layers, as they travel.",
                shows="27833a3ba0a5",
            ),
        ),
        commands=(
            "docker pull nginx",
            "docker images --digests",
        ),
        decides=r"(sha256:e71b1bf4281f)",
    ),
)


_TOOLS = "registry.lab/tools"
_SHOP = "registry.lab/shop:3"


def _here(lab: Lab) -> int:
    return downloads(lab, _TOOLS)


def _there(lab: Lab) -> int:
    """Return how many blobs of `tools` the cached shop does not have."""
    have = {each.digest for each in manifest_of(lab, _SHOP).layers}
    return len({each.digest for each in manifest_of(lab, _TOOLS).layers} - have)


_HERE = number("here", "How many layers are downloaded in this lab?", _here)
_THERE = number("there", "How many would Engine 29 download?", _there)

PER_BLOB = Exercise(
    id="07-blob-by-blob",
    title="Already exists, then and now",
    level="middle",
    minutes=10,
    slide="image-layers-2",
    prompt="""
`registry.lab/shop:3` is in the cache. `registry.lab/tools` has the same library as its top layer, on busybox.
How many layers does a pull of `registry.lab/tools` download in this lab?
A fresh Engine 29 has the containerd image store, which looks each blob up by its digest alone.
How many layers would it download?
""",
    goal=(image_kept(_SHOP),),
    make=lab_with_shop,
    start="%docker pull -q registry.lab/shop:3",
    asks=(_HERE, _THERE),
    hints=(
        Hint(
            "no-shop",
            "There is no `registry.lab/shop:3` in the cache as at the start: pull it again.",
            ~image_kept(_SHOP) | no_image(_SHOP),
        ),
        Hint(
            "by-chain",
            "This lab is an engine of 2019: it looks a layer up together with all that lies below it.",
            answered(_HERE, 0, 1),
        ),
        Hint(
            "by-digest",
            "By its digest alone: a blob that is in the cache under the same digest is not downloaded again.",
            answered(_THERE, 2),
        ),
        Hint("nothing", "Does the shop have the base of `registry.lab/tools`, busybox?", answered(_THERE, 0)),
        Hint(
            "digests",
            "Pull `registry.lab/tools`, and compare the digests in front of the lines with those of a pull "
            "of the shop.",
        ),
    ),
    solution="""
pulled = lab.docker("pull registry.lab/tools").text
here = pulled.count("Pull complete")
lab.docker("image prune -a -f")
shop = lab.docker("pull registry.lab/shop:3").text
blobs = [line.split(":")[0] for line in pulled.splitlines() if "Pull complete" in line]
ex.answer(here=here, there=sum(blob not in shop for blob in blobs))
""",
    wrong=(
        Wrong("ex.answer(here=1, there=1)", "by-chain"),
        Wrong("ex.answer(here=2, there=2)", "by-digest"),
        Wrong("ex.answer(here=2, there=0)", "nothing"),
        Wrong("ex.answer(here=7, there=1)", "digests"),
        Wrong('ex.answer(here="both", there=1)', "form"),
        Wrong("%docker rmi registry.lab/shop:3\nex.answer(here=2, there=1)", "no-shop"),
        Wrong(
            """
%docker pull busybox
%docker tag busybox registry.lab/shop:3
ex.answer(here=2, there=1)
""",
            "no-shop",
        ),
    ),
    ways=('ex.answer(here="2 layers", there="1")', "ex.answer(here=[2], there=1.0)"),
    why="The layers are the same; what differs is what the store calls them by.",
)


def _digest(lab: Lab) -> str:
    (found,) = (name.partition("@sha256:")[2] for name in lab.engine.state.digests if "/python@" in name)
    return found


_ID = digest("id", "Which ID would Engine 29 show?", _digest)

IMAGE_ID = Exercise(
    id="07-image-id",
    title="Two names of one image",
    level="middle",
    minutes=8,
    slide="image-inspect-2",
    prompt="""
On the slides an image's ID is the digest of its config.
With the containerd image store of Engine 29 it is the digest that `docker pull` prints, the manifest's.
`python` is in your cache. Which ID would `docker images` show for it there? Give its first 12 digits.
""",
    goal=(image_kept("python"),),
    start="%docker pull -q python",
    asks=(_ID,),
    hints=(
        Hint(
            "no-python",
            "There is no image `python` as at the start: pull it again, or `ex.undo()`.",
            ~image_kept("python") | no_image("python"),
        ),
        Hint(
            "config",
            "That is the ID of this lab: the digest of the config. The manifest is another document.",
            answered(_ID, "41e2c6627fd4"),
        ),
        Hint(
            "layer",
            "That is a layer's digest. The manifest is the document that lists the layers and the config.",
            answered(_ID, "8fd228b683f1", "ac9a9995a42f"),
        ),
        Hint("digests", "`docker images` has a flag that adds a column with the manifests' digests."),
        Hint("inspect", "`RepoDigests` in `docker image inspect` is the same digest, behind the name."),
    ),
    solution="""
digest = lab.docker("images --digests --format '{{.Digest}}' python").text.strip()
ex.answer(digest.removeprefix("sha256:")[:12])
""",
    wrong=(
        Wrong('ex.answer("41e2c6627fd4")', "config"),
        Wrong('ex.answer("8fd228b683f1")', "layer"),
        Wrong('ex.answer("latest")', "form"),
        Wrong('ex.answer("0123456789ab")', "digests"),
        Wrong('ex.answer("41E2C6627FD4")', "config"),
        Wrong("%docker pull busybox\n%docker tag busybox python", "no-python"),
    ),
    ways=(
        """
text = lab.docker("image inspect -f '{{index .RepoDigests 0}}' python").text
ex.answer(text.strip().partition("@")[2])
""",
        """ex.answer(lab.docker("image inspect -f '{{index .RepoDigests 0}}' python").text)""",
        """ex.answer(lab.docker("image inspect -f '{{json .RepoDigests}}' python").text)""",
        """ex.answer(lab.docker("images --digests --format '{{.Digest}}' python").text[7:25].upper())""",
    ),
    why="The config's digest is still in there: the manifest names it.",
)

_WRONG = Question(
    "wrong",
    "Engine 20.10 is that of the slides, Engine 29 a fresh one of today. Which of these statements is wrong?",
    (
        Choice(
            "In Engine 29's image store the same layer on another base already exists.",
            "This is so: that store looks each blob up by its own digest. Engine 20.10 looks up a layer with "
            "all that lies below it.",
        ),
        Choice(
            "A stopped container still has all that it wrote, in both engines.",
            "This is so: only removing it throws that away.",
        ),
        Choice("Images no longer consist of layers.", "", right=True),
        Choice(
            "The storage drivers aufs and devicemapper are no longer in Engine 29.",
            "This is so: Engine 24 removed aufs, Engine 25 devicemapper.",
        ),
    ),
)

WRONG_STATEMENT = Exercise(
    id="07-wrong-statement",
    title="Spot the wrong statement",
    level="easy",
    minutes=5,
    slide="image-inspect-3",
    prompt="What is different from the slides of 2019? Three of the four statements are true.",
    goal=(),
    hints=(
        *reasons(_WRONG),
        Hint("same", "The image format is a standard of its own, older than any of these stores."),
    ),
    solution='ex.answer("c")',
    wrong=(*(Wrong(f'ex.answer("{each}")', each) for each in "abd"), Wrong('ex.answer("3")', "form")),
    ways=(
        'ex.answer("C ")',
        'ex.answer("c)")',
        'ex.answer("(c)")',
        'ex.answer("Images no longer consist of layers.")',
        'ex.answer("c) images no longer consist of layers")',
    ),
    asks=(choice(_WRONG),),
    why="Layers, manifests and configs are what they were; engines keep and name them in other ways.",
)

EXERCISES = (PER_BLOB, IMAGE_ID, WRONG_STATEMENT)

LESSON = Lesson(
    number=7,
    title="Since the slides",
    notebook="07-since-then",
    answers="What looks different on a new Docker, and what is still the same?",
    questions=QUESTIONS,
    exercises=EXERCISES,
)
