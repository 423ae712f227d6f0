"""Builds of several stages: what a stage has of its own, and what it takes from another."""

from __future__ import annotations

import pytest

from labkit import Lab
from labkit.base.errors import DaemonError
from labkit.oci.tree import Dir, File


@pytest.fixture
def lab() -> Lab:
    lab = Lab()
    lab.pull("busybox")
    return lab


def entry(lab: Lab, name: str, path: str) -> Dir | File:
    """Give a file of an image's last layer."""
    node = lab.image(name).layers[-1].changes.children[path]
    assert isinstance(node, Dir | File)
    return node


def test_only_the_last_stage_is_named_and_the_others_stay(lab: Lab) -> None:
    lab.build(
        "small",
        ["FROM busybox AS big", "RUN truncate -s 9M /big", "FROM busybox", "COPY --from=big /etc/passwd /"],
    )
    assert lab.image("small").size < lab.image("busybox").size + 1000
    sizes = lab.docker("images -f dangling=true --format '{{.Size}}'").text.split()
    assert len(sizes) == 1


@pytest.mark.parametrize(("flag", "owner"), [("", (7, 8)), ("--chown=9:10 ", (9, 10))])
def test_what_comes_from_an_image_stays_whose_it_is(lab: Lab, flag: str, owner: tuple[int, int]) -> None:
    made = [
        "FROM busybox AS a",
        "RUN echo x > /x; chown 7:8 /x",
        "FROM busybox",
        f"COPY {flag}--from=a /x /x",
    ]
    lab.build("copied", made)
    meta = entry(lab, "copied", "x").meta
    assert (meta.uid, meta.gid) == owner


def test_a_stage_has_the_arguments_before_the_first_alone(lab: Lab) -> None:
    steps = [
        "ARG A=all",
        "FROM busybox AS a",
        "ARG B=own",
        "FROM busybox",
        "ARG A",
        "ARG B",
        "RUN echo [$A] [$B] > /said",
    ]
    lab.build("said", steps)
    node = entry(lab, "said", "said")
    assert isinstance(node, File)
    assert node.content.read() == b"[all] []\n"


def test_a_stage_begins_with_no_author_and_no_command_of_the_one_before(lab: Lab) -> None:
    steps = ["FROM busybox", "MAINTAINER me", 'CMD ["a"]', "FROM busybox", 'ENTRYPOINT ["e"]']
    image = lab.build("second", steps)
    assert image.config.author == ""
    assert image.config.config["Cmd"] is None


def test_what_a_stage_copies_decides_whether_the_next_is_cached(lab: Lab) -> None:
    steps = ["FROM busybox AS a", "RUN echo {} > /x", "FROM busybox", "COPY --from=a /x /x"]
    first = lab.build("first", [step.format("same  ") for step in steps])
    again = lab.build("again", [step.format("same") for step in steps])
    other = lab.build("other", [step.format("other") for step in steps])
    assert first.id == again.id != other.id


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("1", "invalid from flag value 1: refers to current build stage"),
        ("2", "invalid from flag value 2: index out of bounds"),
        ("later", "invalid from flag value later: pull access denied for later"),
        ("9" * 5000, "invalid from flag value 9"),
        ("scratch", "invalid from flag value scratch: 'scratch' is a reserved name"),
    ],
    ids=lambda each: each[:9],
)
def test_a_source_must_be_there_before(lab: Lab, source: str, words: str) -> None:
    steps = ["FROM busybox", "FROM busybox", f"COPY --from={source} /a /b", "FROM busybox AS later"]
    with pytest.raises(DaemonError) as caught:
        lab.build("no", steps)
    assert str(caught.value).startswith(words)
