"""Lesson 3: the container's own layer."""

from __future__ import annotations

from labkit.course.exercise import Exercise, Way, Wrong
from labkit.course.lesson import Lesson
from labkit.course.questions import Choice, Question, answered, number
from labkit.course.statements import (
    Hint,
    container_gone,
    container_keeps,
    container_runs,
    container_there,
    disk_at_most,
    image_there,
    layers_above,
    lost,
    no_image,
    text_kept,
    would_start,
)
from labkit.lab import Lab
from labkit.lessons.labs import pulled, running


def _stopped(lab: Lab) -> str:
    box = lab.run("busybox", name="box")
    box.write("/greeting", "hello\n")
    for command in ("stop box", "start box"):
        lab.docker(command)
    return lab.docker("exec box cat /greeting").text.strip()


def _neighbour(lab: Lab) -> str:
    before = lab.run("ubuntu:15.04", name="first").read("/etc/motd")
    lab.container("first").write("/etc/motd", "mine\n")
    return {before: "old", "mine\n": "new"}[lab.run("ubuntu:15.04", name="second").read("/etc/motd")]


def _committed(lab: Lab) -> str:
    box = lab.run("ubuntu:15.04", name="box")
    box.write("/etc/motd", "mine\n")
    image = box.commit("my-ubuntu")
    return f"{len(image.layers)} layers, {image.layers[-1].size} bytes on top"


def _stack_of_container(lab: Lab) -> str:
    """Return how many layers a container of ubuntu:15.04 has, without the mount points of the init layer."""
    image = lab.pull("ubuntu:15.04")
    lab.run("ubuntu:15.04", name="box")
    below = lab.docker("inspect --format '{{.GraphDriver.Data.LowerDir}}' box").text.strip().split(":")
    shared = [each for each in below if not each.endswith("-init/diff")]
    return f"{len(shared) + 1}, {len(image.layers) - len(shared)} of them copied"


def _writes(lab: Lab) -> str:
    image = lab.pull("ubuntu:15.04")
    before = image.layers
    box = lab.run("ubuntu:15.04", name="box")
    box.exec("echo hello > /etc/motd; echo milk > /root/notes")
    own = {"/etc/motd", "/root/notes"} & {line[2:] for line in lab.docker("diff box").text.splitlines()}
    return (
        f"{len(own)} on top, image {'unchanged' if lab.image('ubuntu:15.04').layers == before else 'changed'}"
    )


def _three(lab: Lab) -> str:
    boxes = [lab.run("ubuntu:15.04", name=f"box{number}") for number in (1, 2, 3)]
    for box in boxes:
        box.write("/etc/motd", f"{box.name}\n")
    own = all(box.read("/etc/motd") == f"{box.name}\n" for box in boxes)
    sizes = lab.docker("system df --format '{{.Size}}'").text.split()[:2]
    return f"{'own' if own else 'last'} version, {' and '.join(sizes)}"


def _mine() -> Lab:
    lab = running("ubuntu:15.04", "box")()
    lab.container("box").write("/etc/motd", "mine\n")
    return lab


def _boxes() -> Lab:
    lab = pulled("ubuntu:15.04")()
    for each in (1, 2, 3):
        lab.run("ubuntu:15.04", name=f"box{each}").write("/etc/motd", f"I am number {each}\n")
    return lab


def _greeting() -> Lab:
    lab = running("busybox", "box")()
    lab.container("box").write("/greeting", "hello\n")
    return lab


def _job() -> Lab:
    lab = Lab()
    lab.docker("run --name job busybox sh -c 'echo 42 > /result'")
    return lab


QUESTIONS = (
    Question(
        "run-layers",
        "ubuntu:15.04 has four layers. We start a container from it. How many layers will it look through?",
        (
            Choice(
                "four, those of the image",
                "The container must write, and none of the four can change.",
                almost=True,
                shows="4, 0 of them copied",
            ),
            Choice(
                "five",
                "Docker puts one more layer on top, to write on. It is empty at first.",
                right=True,
                shows="5, 0 of them copied",
            ),
            Choice(
                "five, four of them copies",
                "The image's layers are not copied. The container stands on them.",
                almost=True,
                shows="5, 4 of them copied",
            ),
        ),
        _stack_of_container,
        commands=(
            "docker run -dit --name box ubuntu:15.04",
            "docker ps -s --format '{{.Names}}  {{.Size}}'",
        ),
        decides=r"(\S+) \(virtual",
        setup=pulled("ubuntu:15.04"),
    ),
    Question(
        "where-writes-go",
        "In a container we change a file of Ubuntu's base, /etc/motd, and make a new one, /root/notes. "
        "In which layers will the two be?",
        (
            Choice(
                "both in the base",
                "The base is read-only. No container changes it.",
                shows="0 on top, image changed",
            ),
            Choice(
                "/etc/motd in the base, where it was; /root/notes in the read-write layer",
                "A change never goes to a lower layer. The new version is on top, and hides the old one.",
                almost=True,
                shows="1 on top, image changed",
            ),
            Choice(
                "both in the read-write layer",
                "All that a container writes goes there.",
                right=True,
                shows="2 on top, image unchanged",
            ),
        ),
        _writes,
        commands=(
            "docker exec box sh -c 'echo Welcome to my box > /etc/motd; echo buy milk > /root/notes'",
            "docker diff box",
        ),
        decides=r"^[CA] /(etc/motd|root/notes)$",
        setup=running("ubuntu:15.04", "box"),
    ),
    Question(
        "three-containers",
        "Three containers are started from one Ubuntu image of 188 MB, and each writes its own version of a "
        "small file. What will each of them read? And how much is on the disk?",
        (
            Choice(
                "the last version; 188 MB",
                "What one container writes, no other can see.",
                shows="last version, 188.4MB and 0B",
            ),
            Choice(
                "its own version; 188 MB and a few bytes",
                "One image, three thin layers.",
                right=True,
                shows="own version, 188.4MB and 15B",
            ),
            Choice(
                "its own version; three times 188 MB",
                "The image is not copied for a container. What it sees is not what it takes.",
                almost=True,
                shows="own version, 188.4MB and 565.1MB",
            ),
        ),
        _three,
        commands=(
            "docker exec box1 cat /etc/motd",
            "docker exec box2 cat /etc/motd",
            "docker exec box3 cat /etc/motd",
            "docker system df",
        ),
        decides=r"^(I am number \d)|^(?:Images|Containers) +\d+ +\d+ +(\S+)",
        setup=_boxes,
    ),
    Question(
        "stop-data",
        "A container has written a file. You stop the container and start it again. Is the file still there?",
        (
            Choice(
                "yes",
                "Stopping ends the program. The read-write layer stays, until docker rm deletes it.",
                right=True,
                shows="hello",
            ),
            Choice(
                "no: a container starts fresh from its image",
                "A new container does. A stopped one keeps its read-write layer until it is removed.",
                shows="cat: can't open '/greeting': No such file or directory",
            ),
            Choice(
                "yes, but empty",
                "The layer keeps names and contents alike. Nothing is written to it when a container stops.",
                shows="",
            ),
        ),
        _stopped,
        commands=(
            'docker exec box sh -c "echo hello > /greeting"',
            "docker stop box",
            "docker start box",
            "docker exec box cat /greeting",
        ),
        decides=r"^hello$|No such file",
        setup=running("busybox", "box"),
    ),
    Question(
        "second-container",
        "A container of ubuntu:15.04 writes a new /etc/motd. "
        "Then a second container is started from ubuntu:15.04. Which text will it read there?",
        (
            Choice(
                "the old one",
                "The second container stands on the same read-only layers and has an empty layer of its own.",
                right=True,
                shows="old",
            ),
            Choice(
                "the new one: the file was changed",
                "It was changed in the first container's own layer. The image's layers are read-only.",
                shows="new",
            ),
        ),
        _neighbour,
        commands=("docker run --rm ubuntu:15.04 cat /etc/motd",),
        decides=r"^(?!\$).+$",
        setup=_mine,
    ),
    Question(
        "commit-size",
        "A container of ubuntu:15.04 (4 layers, 188 MB) has changed one file, now 5 bytes. "
        "What does docker commit make of it?",
        (
            Choice(
                "an image of 1 layer, with the whole file system",
                "That is docker export with docker import. A commit keeps the layers that there are.",
                shows="1 layers, 188359267 bytes on top",
            ),
            Choice(
                "an image of 4 layers: the top one is changed",
                "A layer never changes. Other images stand on it too.",
                shows="4 layers, 5 bytes on top",
            ),
            Choice(
                "an image of 5 layers, with 5 bytes in the new one",
                "A commit turns the read-write layer into a read-only one, on top of the image's own four.",
                right=True,
                shows="5 layers, 5 bytes on top",
            ),
        ),
        _committed,
        commands=(
            "docker commit box my-ubuntu",
            "docker history my-ubuntu",
        ),
        decides=r"^[0-9a-f]{12} .* ago +/bin/bash +(\S+)",
        setup=_mine,
    ),
    Question(
        "virtual-size",
        "docker ps -s shows two sizes of a container: what is in its own layer, and a virtual one. A "
        "container of ubuntu:15.04, 188 MB, writes a file of 12 MB. What will the two be?",
        (
            Choice(
                "12 MB, virtual 188 MB",
                "The virtual size is what the container sees in all: the image, and its own layer.",
                almost=True,
                shows="12MB (virtual 188MB)",
            ),
            Choice(
                "12 MB, virtual 200 MB",
                "Its own layer has 12 MB. Virtual is what the container sees in all, and the image is "
                "not copied for it.",
                right=True,
                shows="12MB (virtual 200MB)",
            ),
            Choice(
                "200 MB, virtual 200 MB",
                "The image is not copied for a container. Its own layer has only what it wrote.",
                shows="200MB (virtual 200MB)",
            ),
        ),
        commands=(
            "docker exec box sh -c 'head -c 12000000 /dev/zero > /data'",
            "docker ps -s --format '{{.Names}}  {{.Size}}'",
        ),
        decides=r"^box +(.+)$",
        setup=running("ubuntu:15.04", "box"),
    ),
    Question(
        "log-layer",
        "A program in a container prints a line, and Docker keeps it in the container's log. Will "
        "docker diff list the log?",
        (
            Choice(
                "yes: the log is a file of the container",
                "A program may write a log file, and that is in its layer. What it prints goes to Docker.",
                shows="$ docker diff talker A /log",
            ),
            Choice(
                "no: it is in no layer",
                "Docker keeps the log, the name and the settings beside the layers. docker rm throws "
                "them away too.",
                right=True,
                shows="$ docker diff talker",
            ),
            Choice(
                "no: the log goes when the program ends",
                "docker logs shows it of a container that has ended as well.",
                almost=True,
                shows="gone",
            ),
        ),
        commands=(
            "docker run --name talker ubuntu:15.04 echo hello",
            "docker logs talker",
            "docker diff talker",
        ),
        decides=r"^\$ docker diff talker$|^[ACD] .*$",
        setup=pulled("ubuntu:15.04"),
    ),
    Question(
        "same-name",
        "A container box has written /greeting. It is removed, and another one is started from the same "
        "image, with the same name. Is the file there?",
        (
            Choice(
                "yes: it is the same box",
                "A name is only a name. The new container has a layer of its own, which is empty.",
                shows="hello",
            ),
            Choice(
                "yes: the image has it now",
                "An image does not change, whatever its containers do.",
                shows="hello from the image",
            ),
            Choice(
                "no: its layer was removed",
                "docker rm throws the read-write layer away, and the file was nowhere else.",
                right=True,
                shows="No such file",
            ),
        ),
        commands=(
            "docker rm -f box",
            "docker run -dit --name box busybox",
            "docker exec box cat /greeting",
        ),
        decides=r"No such file|^hello",
        setup=_greeting,
    ),
    Question(
        "job-file",
        "A container has written /result and has ended. Can docker cp copy the file out of it? And "
        "after docker rm?",
        (
            Choice(
                "no, and no: nothing runs in it",
                "docker cp reads from the layers. It needs no running program.",
                shows="No such container No such container",
            ),
            Choice(
                "yes, and no",
                "The layers of a container that has ended are still there. docker rm deletes its own one.",
                right=True,
                shows="42 No such container",
            ),
            Choice(
                "yes, and yes: the file is in the image",
                "What a container writes is in its own layer, never in the image.",
                shows="42 42",
            ),
        ),
        commands=(
            "docker cp job:/result .",
            "cat result",
            "docker rm job",
            "docker cp job:/result again",
        ),
        decides=r"^42$|No such container",
        setup=_job,
    ),
)


_KEPT = text_kept("/data/letter.txt", "writer")

RESCUE = Exercise(
    id="03-rescue",
    title="Rescue the data, then remove the container",
    level="open",
    minutes=10,
    proof=r"""
for i in $(docker images -q); do docker run --rm $i cat /data/letter.txt; done > all 2> none
for c in $(docker ps -aq); do docker cp $c:/data/letter.txt got && cat got >> all; done > none 2>&1
grep Dear all | sort -u | sha256sum; docker ps -a --format '{{.Names}}' | grep -c '^writer$'
""",
    slide="container-rw-layer-2",
    prompt="""
The container `writer` has written a letter, `/data/letter.txt`. The container must go: remove it.
The letter must not go with it. Keep it in an image or in another container, a volume of it included, at the
same path.
""",
    goal=(_KEPT, container_gone("writer")),
    start="""
%docker run -dit --name writer busybox
%docker exec writer mkdir /data
%docker exec writer sh -c 'for n in $(seq 200); do echo Dear $n, yours is $((n * 7919 % 1009)).; done > list'
%docker exec writer mv list /data/letter.txt
%docker stop writer
""",
    hints=(
        Hint(
            "lost",
            "Nothing in the lab has the letter any more. `ex.undo()` takes back one command after the other, "
            "`ex.reset()` all of them.",
            lost(_KEPT),
        ),
        Hint(
            "still-there",
            "The letter is safe now. The container is still listed by `docker ps -a`.",
            _KEPT & ~container_gone("writer"),
        ),
        Hint(
            "elsewhere",
            "The container is removed, and the letter is somewhere else: in a volume, at home, or under "
            "another path. An image or a container must show it as `/data/letter.txt`.",
            container_gone("writer") & ~_KEPT & ~lost(_KEPT),
        ),
        Hint(
            "where",
            "Where is the letter? `docker diff writer` shows what the container's own layer holds.",
            container_there("writer"),
        ),
        Hint("command", "Lesson 3 ends with a command that makes an image of a container's layer."),
        Hint(
            "commit",
            "`docker commit CONTAINER IMAGE` makes that image, of a stopped container too.",
            ~_KEPT & ~container_gone("writer"),
        ),
    ),
    solution="""
%docker commit writer letters
%docker rm writer
""",
    costs="An image keeps all that the container wrote, 42 bytes here, and can start again anywhere.",
    others=(
        Way(
            """
%docker run -dit --name safe -v letters:/data busybox
%docker cp writer:/data/letter.txt .
%docker cp letter.txt safe:/data/letter.txt
%docker rm writer
""",
            "A volume outlives every container, and one more container has to be there to show it.",
        ),
        Way(
            """
lab.shell("docker export writer > writer.tar")
%docker rm writer
%docker import writer.tar letters
""",
            "One new layer with all files: nothing is shared with busybox any more, and the command is lost.",
        ),
    ),
    wrong=(
        Wrong("%docker rm writer", "lost"),
        Wrong("%docker rm writer\n%docker run -dit --name writer busybox", "lost"),
        Wrong(
            "%docker rm writer\n%docker run -dit --name safe busybox\n"
            "%docker exec safe sh -c 'mkdir /data; echo Dear 1, yours is 856. > /data/letter.txt'",
            "lost",
        ),
        Wrong("%docker commit writer letters", "still-there"),
        Wrong("%docker start writer", "where"),
        Wrong("%docker rename writer keeper", "command"),
        Wrong("%docker commit writer letters\n%docker rename writer keeper", "still-there"),
        Wrong("%docker cp writer:/data/letter.txt .\n%docker rm writer", "elsewhere"),
        Wrong(
            """
%docker cp writer:/data/letter.txt .
%docker run -dit --name safe -v letters:/data busybox
%docker cp letter.txt safe:/data
%docker rm -f safe writer
""",
            "elsewhere",
        ),
        Wrong("%docker start writer\n%docker exec writer rm /data/letter.txt\n%docker rm -f writer", "lost"),
        Wrong("%docker run --name safe busybox sh -c 'mkdir /data; echo Dear > /data/letter.txt'", "where"),
    ),
    ways=(
        """
%docker start writer
%docker run -dit --name safe busybox
%docker exec safe mkdir /data
lab.shell("docker exec writer cat /data/letter.txt | docker exec -i safe sh -c 'cat > /data/letter.txt'")
%docker rm -f writer
""",
        """
%docker cp writer:/data/letter.txt .
%docker rm writer
%docker create --name safe busybox
%docker cp letter.txt safe:/letter.txt
%docker start safe
%docker run -dit --name link busybox
%docker exec link sh -c 'mkdir /data /real; ln -s /real/letter.txt /data/letter.txt'
%docker cp letter.txt link:/real/letter.txt
""",
        "%docker commit writer letters\n%docker run -dit --name writer2 letters\n%docker rm writer",
    ),
    why="A commit keeps the read-write layer as a read-only one; the rest of the image was there before.",
)

_PAGE = "/usr/share/nginx/html/index.html"

FREE_SPACE = Exercise(
    id="03-free-space",
    title="Free the disk without losing the web server",
    level="middle",
    minutes=10,
    slide="container-rw-layer-2",
    prompt="""
The disk is nearly full. `web` is a running container with a page of its own. It must go on running, and keep
the page as it is.
Everything else may go. Bring images and containers together down to 110 MB.
`docker system df` shows where you are.
""",
    goal=(
        disk_at_most(110_000_000),
        container_runs("web"),
        container_keeps("web", _PAGE),
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
            "The container `web` is removed, and its read-write layer with it. `ex.undo()` takes back one "
            "command after the other.",
            container_gone("web"),
        ),
        Hint(
            "stopped-web",
            "The container that had the page does not run any more. It is still there: `docker start` takes "
            "it up again, or `ex.undo()`.",
            ~container_runs("web"),
        ),
        Hint(
            "page",
            "The page of the web server is not what it was: `ex.undo()`.",
            ~container_keeps("web", _PAGE),
        ),
        Hint(
            "containers-first",
            "Stopped containers keep their layers and the images that they stand on: `docker ps -a -s`.",
            ~container_gone("import") | ~container_gone("hello"),
        ),
        Hint(
            "images-next",
            "The two stopped containers are cleared away. Which of the images that `docker images` lists "
            "does nobody need?",
            container_gone("import") & container_gone("hello") & ~disk_at_most(110_000_000),
        ),
        Hint("df", "`docker system df -v` shows what each image and each container takes."),
    ),
    solution="""
%docker container prune -f
%docker image prune -a -f
""",
    costs="Two commands, and everything goes that no running container needs, whatever it was kept for.",
    others=(
        Way(
            """%docker rm import hello
%docker rmi mysql:8.0.15 python busybox""",
            "By name: longer, and nothing goes that was not looked at.",
        ),
    ),
    wrong=(
        Wrong("%docker rm -f web import hello\n%docker image prune -a -f", "lost-web"),
        Wrong("%docker image prune -a -f", "containers-first"),
        Wrong("%docker image prune -f", "containers-first"),
        Wrong("%docker container prune -f", "images-next"),
        Wrong("%docker stop web\n%docker container prune -f\n%docker image prune -a -f", "lost-web"),
        Wrong("%docker stop web\n%docker rm import hello\n%docker image prune -a -f", "stopped-web"),
        Wrong(
            """
%docker exec web sh -c 'echo Not Open from 9 to 5 > /usr/share/nginx/html/index.html'
%docker container prune -f
%docker image prune -a -f
""",
            "page",
        ),
        Wrong(
            """
%docker rm -f web import hello
%docker run -d --name web nginx
%docker exec web sh -c 'echo Open from 9 to 5 > /usr/share/nginx/html/index.html'
%docker image prune -a -f
""",
            "lost-web",
        ),
    ),
    ways=(
        "%docker rename web site\n%docker system prune -a -f",
        "%docker restart web\n%docker system prune -a -f",
    ),
    why="109 MB of nginx stay, because a container stands on them.",
)

_EXIT = number(
    "exit", "Which exit code has the container `job`?", lambda lab: lab.container("job").container.exit_code
)
_FIXED = "sh /srv/job.sh"

STOPS = Exercise(
    id="03-stops-at-once",
    title="It stops at once",
    level="middle",
    minutes=10,
    slide="container-rw-layer-1",
    prompt="""
The container `job`, of the image `job`, stops at once. With which exit code?
The program is in the image, and it is right: it ends with `done`. Make an image `job:fixed` whose containers
run it when no command is given, and that has the layers of `job` and not one more.
""",
    goal=(would_start("job:fixed", _FIXED, "/bin/" + _FIXED), layers_above("job:fixed", "job", 0)),
    start="""
lab.build("job", ["FROM busybox", "COPY job.sh /srv/job.sh", 'CMD ["sh", "/srv/jobs.sh"]'],
          {"job.sh": "echo done\\n"})
%docker run -d --name job job
""",
    asks=(_EXIT,),
    hints=(
        Hint("zero", "Zero would mean that all went well.", answered(_EXIT, 0)),
        Hint(
            "layer",
            "A layer more: no file needs to change.",
            image_there("job:fixed") & ~layers_above("job:fixed", "job", 0),
        ),
        Hint(
            "starts",
            "A container of `job:fixed` does not start the program: compare the path in its command.",
            ~would_start("job:fixed", _FIXED, "/bin/" + _FIXED),
        ),
        Hint(
            "logs",
            "What did the container print, and how did it end? It is stopped, and its log is still there.",
        ),
        Hint("ps", "`docker logs job` shows the one, `docker ps -a` the other: `Exited (…)`."),
        Hint(
            "change",
            "`docker commit --change 'CMD [...]'` makes an image with another command.",
            no_image("job:fixed"),
        ),
    ),
    solution="""
ex.answer(lab.container("job").container.exit_code)
lab.build("job:fixed", ["FROM job", 'CMD ["sh", "/srv/job.sh"]'])
""",
    costs="A build step that changes the config alone: no layer, and the history says what was done.",
    others=(
        Way(
            """
ex.answer(2)
%docker create --name fixed job
%docker commit --change 'CMD ["sh", "/srv/job.sh"]' fixed job:fixed
""",
            "A commit needs a container, and its layer, an empty one here, goes unless nothing was written.",
        ),
    ),
    wrong=(
        Wrong("ex.answer(0)", "zero"),
        Wrong("ex.answer(2)", "logs"),
        Wrong('lab.build("job:fixed", ["FROM job", "RUN mv /srv/job.sh /srv/jobs.sh"])', "layer"),
        Wrong('lab.build("job:fixed", ["FROM job", "CMD sh /srv/job.sh"])', "starts"),
        Wrong("%docker tag job job:fixed", "starts"),
        Wrong("%docker restart job", "logs"),
        Wrong('ex.answer("no")', "form"),
    ),
    ways=(
        """
ex.answer("Exited (2)")
lab.build("job:fixed", ["FROM job", 'ENTRYPOINT ["sh", "/srv/job.sh"]', "CMD []"])
""",
        """
lab.build("job:fixed", ["FROM job", 'ENTRYPOINT ["sh"]', 'CMD ["/srv/job.sh"]'])
ex.answer(exit=2)
""",
        """
lab.build("job:fixed", ["FROM job", 'CMD ["/bin/sh", "/srv/job.sh"]'])
%docker run --rm job:fixed
ex.answer("2")
""",
    ),
    why="A container that has ended keeps its exit code, its log and its layer, until it is removed.",
)

EXERCISES = (STOPS, RESCUE, FREE_SPACE)

LESSON = Lesson(
    number=3,
    title="The container's own layer",
    notebook="03-container-layer",
    answers="Where do a container's changes go, and when are they lost?",
    questions=QUESTIONS,
    exercises=EXERCISES,
)
