"""Exercises for lesson 3, the container's own layer."""

from __future__ import annotations

from labkit.course.asks import choice, reasons
from labkit.course.containers_seen import container_gone, container_reads, container_runs, text_kept
from labkit.course.exercise import Exercise, Wrong
from labkit.course.images_seen import disk_at_most, image_kept
from labkit.course.questions import Choice, Question
from labkit.course.statements import Hint

_LETTER = "Dear customer, your parcel is on its way."

RESCUE = Exercise(
    id="03-rescue",
    title="Rescue the data, then remove the container",
    slide="container-rw-layer-2",
    prompt="""
The container `writer` has written a letter, `/data/letter.txt`. The container must go: remove it.
The letter must not go with it. Keep it in an image or in another container, at the same path.
""",
    goal=(text_kept("/data/letter.txt", _LETTER, "writer"), container_gone("writer")),
    start=f"""
%docker run -dit --name writer busybox
%docker exec writer mkdir /data
%docker exec writer sh -c 'echo {_LETTER} > /data/letter.txt'
%docker stop writer
""",
    hints=(
        Hint(
            "lost",
            "The container is gone, and its read-write layer with it. `ex.undo()` brings both back.",
            container_gone("writer") & ~text_kept("/data/letter.txt", _LETTER, "writer"),
        ),
        Hint(
            "still-there",
            "The letter is safe now. The container is still listed by `docker ps -a`.",
            text_kept("/data/letter.txt", _LETTER, "writer"),
        ),
        Hint(
            "where", "Where is the letter? `docker diff writer` shows what the container's own layer holds."
        ),
        Hint("command", "Lesson 3 ends with a command that makes an image of a container's layer."),
    ),
    solution="""
%docker commit writer letters
%docker rm writer
""",
    wrong=(
        Wrong("%docker rm writer", "lost"),
        Wrong("%docker rm writer\n%docker run -dit --name writer busybox", "where"),
        Wrong("%docker commit writer letters", "still-there"),
        Wrong("%docker start writer", "where"),
    ),
    why="A commit keeps the read-write layer as a read-only one; the rest of the image was there before.",
)

FREE_SPACE = Exercise(
    id="03-free-space",
    title="Free the disk without losing the web server",
    slide="container-rw-layer-2",
    prompt="""
The disk is nearly full. `web` is a running container with a page of its own, and it must go on running.
Everything else may go. Bring images and containers together down to 110 MB.
`docker system df` shows where you are.
""",
    goal=(
        disk_at_most(110_000_000),
        container_runs("web"),
        container_reads("web", "/usr/share/nginx/html/index.html", "Open from 9 to 5"),
    ),
    start="""
%docker run -d --name web nginx
%docker exec web sh -c 'echo Open from 9 to 5 > /usr/share/nginx/html/index.html'
%docker pull -q mysql:8.0.15
%docker pull -q python
%docker run --name import python sh -c 'dd if=/dev/zero of=/tmp/import bs=1000000 count=60'
%docker run --name hello busybox echo hello
""",
    hints=(
        Hint(
            "lost-web",
            "The container `web` is gone or another one, and the page it had written with it: `ex.undo()`.",
            ~container_runs("web"),
        ),
        Hint(
            "containers-first",
            "Stopped containers keep their layers and the images that they stand on: `docker ps -a -s`.",
            ~container_gone("import"),
        ),
        Hint(
            "images-next",
            "What stopped is cleared away. Which of the images that `docker images` lists does nobody need?",
            ~disk_at_most(110_000_000),
        ),
    ),
    solution="""
%docker container prune -f
%docker image prune -a -f
""",
    wrong=(
        Wrong("%docker rm -f web import hello\n%docker image prune -a -f", "lost-web"),
        Wrong("%docker image prune -a -f", "containers-first"),
        Wrong("%docker image prune -f", "containers-first"),
        Wrong("%docker container prune -f", "images-next"),
        Wrong("%docker stop web\n%docker container prune -f\n%docker image prune -a -f", "lost-web"),
    ),
    why="109 MB of nginx stay, because a container stands on them.",
)

_WRONG = Question(
    "wrong",
    "Which of these statements is wrong?",
    (
        Choice(
            "A running container adds one layer to those of its image.",
            "This is so: a read-write layer on top.",
        ),
        Choice("When a container writes, its image changes.", "", right=True),
        Choice(
            "Two containers of one image do not see each other's files.",
            "This is so: each has its own layer.",
        ),
        Choice(
            "A stopped container still has all that it wrote.",
            "This is so: only removing it throws that away.",
        ),
    ),
)

WRONG_STATEMENT = Exercise(
    id="03-wrong-statement",
    title="Spot the wrong statement",
    slide="image-layers-recap",
    prompt="Three of the four statements are true. A container `box` of busybox is there to try them on.",
    goal=(image_kept("busybox"),),
    start="%docker run -dit --name box busybox",
    hints=(
        Hint(
            "removed",
            "The image `busybox` is no longer the one of the start: `ex.reset()`.",
            ~image_kept("busybox"),
        ),
        *reasons(_WRONG),
        Hint("try", "Write a file in `box`, then look for it in a second container of the same image."),
    ),
    solution='ex.answer("b")',
    wrong=(
        *(Wrong(f'ex.answer("{each}")', each) for each in "acd"),
        Wrong("%docker rm -f box\n%docker rmi busybox", "removed"),
        Wrong('ex.answer("none")', "try"),
    ),
    asks=(choice(_WRONG),),
    why="The image is read-only. That is why many containers can share it.",
)

EXERCISES = (RESCUE, FREE_SPACE, WRONG_STATEMENT)
