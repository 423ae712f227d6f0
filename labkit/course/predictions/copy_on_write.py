"""The questions of lesson 4: copy-on-write."""

from __future__ import annotations

from labkit.course.questions import Choice, Question
from labkit.lab import Lab

BIG = 67_108_864


def _with_data(lab: Lab, command: str) -> str:
    """Return the bytes in the read-write layer after a command in a container with a large file."""
    lab.build("data", ["FROM busybox", "COPY big /data/"], {"big": BIG})
    box = lab.run("data", name="box")
    box.exec(command)
    marks = lab.docker("diff box").text.count("D ")
    return f"{box.size} bytes, {marks} marks"


QUESTIONS = (
    Question(
        "read-copy",
        "A container reads the whole of /data/big, 67 MB, which is in its image. "
        "How much is in its read-write layer afterwards?",
        (
            Choice(
                "nothing",
                "Reading copies nothing: the file is read where it lies, in the image's layer.",
                right=True,
                shows="0 bytes, 0 marks",
            ),
            Choice(
                "67 MB",
                "Copy-on-write copies at the first change, not at the first look.",
                shows=f"{BIG} bytes, 0 marks",
            ),
        ),
        lambda lab: _with_data(lab, "sha256sum /data/big"),
    ),
    Question(
        "chmod-free",
        "chmod 600 /data/big in a container: 67 MB of content, and not one byte of it changes. "
        "How much is in the read-write layer afterwards?",
        (
            Choice(
                "nothing: the content is the same",
                "The permissions are stored with the file, and the image's file may not be touched.",
                shows="0 bytes, 0 marks",
            ),
            Choice(
                "a few bytes: the new permissions",
                "overlay2 has no place for permissions alone. It works with whole files.",
                shows="4 bytes, 0 marks",
            ),
            Choice(
                "67 MB",
                "The whole file is copied up, then its permissions are changed. chmod is not free.",
                right=True,
                shows=f"{BIG} bytes, 0 marks",
            ),
        ),
        lambda lab: _with_data(lab, "chmod 600 /data/big"),
    ),
    Question(
        "rm-image-file",
        "A container deletes /data/big, 67 MB, which is in its image. What is in its layer afterwards?",
        (
            Choice(
                "nothing: the file is gone from the image",
                "The image's layers are read-only. The file is still there, for every other container.",
                shows="0 bytes, 0 marks",
            ),
            Choice(
                "a copy of the file, 67 MB, that is marked as deleted",
                "What is to be deleted is not copied first. The mark alone is enough.",
                almost=True,
                shows=f"{BIG} bytes, 1 marks",
            ),
            Choice(
                "a mark that hides the file, of no bytes",
                "A whiteout: whoever looks from the top meets it first and hears that there is no such file.",
                right=True,
                shows="0 bytes, 1 marks",
            ),
        ),
        lambda lab: _with_data(lab, "rm /data/big"),
    ),
)
