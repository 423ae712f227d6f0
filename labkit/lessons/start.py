"""What comes before lesson 1: how a command is given. It has no exercises."""

from __future__ import annotations

from labkit.course.lesson import Lesson
from labkit.course.questions import Choice, Question

QUESTIONS = (
    Question(
        "fresh-engine",
        "This engine is fresh: nothing was pulled, nothing built. What will docker images print?",
        (
            Choice(
                "nothing at all",
                "It prints the header of its table, also where no line follows.",
                almost=True,
                shows="",
            ),
            Choice(
                "the header of its table, and no line below",
                "The local cache is empty. An image comes into it by a pull, a build or an archive.",
                right=True,
                shows="REPOSITORY   TAG       IMAGE ID   CREATED   SIZE",
            ),
            Choice(
                "the images that come with Docker",
                "Docker comes without any. The registry has images, and they come when you ask for one.",
                shows="hello-world",
            ),
        ),
        commands=("docker images",),
        decides=r"^(?!\$).+$",
    ),
    Question(
        "ended-container",
        "docker run busybox echo hello from a container starts a container, which prints a line and "
        "ends. Will docker ps -a list it afterwards?",
        (
            Choice(
                "no: it has ended, so it is gone",
                "docker ps without -a leaves it out. It is gone when docker rm removes it.",
                almost=True,
                shows="",
            ),
            Choice(
                "yes, as Exited",
                "A container that has ended is kept, with its files and its log, until docker rm removes it.",
                right=True,
                shows="Exited (0)",
            ),
            Choice(
                "yes, as Up: it waits for the next command",
                "A container runs as long as its program does. echo has ended.",
                shows="Up",
            ),
        ),
        commands=(
            "docker run busybox echo hello from a container",
            "docker ps -a",
        ),
        decides=r"(Exited \(\d\)|Up) ",
    ),
)

LESSON = Lesson(
    number=0,
    title="Start here",
    notebook="00-start-here",
    answers="How do I give a command, and take it back?",
    questions=QUESTIONS,
)
