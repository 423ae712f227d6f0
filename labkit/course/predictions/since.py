"""The questions of lesson 7: what a new Docker does in another way, and what it does not."""

from __future__ import annotations

from labkit.course.questions import Choice, Question
from labkit.lab import Lab
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


QUESTIONS = (
    Question(
        "other-base",
        "Two images add the same file, one to busybox, one to alpine: the two layers have the same digest. "
        "The first image is in the cache of this engine (20.10). Which line comes for the file's layer when "
        "the second one is pulled?",
        (
            Choice(
                "Already exists: the digest is the same",
                "So it is with the containerd store of Engine 29. Here a layer is kept on its base.",
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
    ),
)
