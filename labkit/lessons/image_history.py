"""Lesson 2: what docker image history shows."""

from __future__ import annotations

from collections.abc import Sequence

from labkit.course.exercise import Exercise, Way, Wrong
from labkit.course.lesson import Lesson
from labkit.course.questions import Choice, Question, answered, number, numbers, open_, variable, wrong
from labkit.course.statements import (
    Attempt,
    Hint,
    Seen,
    Statement,
    common,
    image_keeps,
    image_kept,
    image_there,
    no_image,
    shares_layers,
)
from labkit.engine import images
from labkit.lab import Lab
from labkit.lessons.labs import pulled


def _missing(lab: Lab) -> str:
    lab.pull("busybox")
    lab.build("hello", "FROM busybox\nENV GREETING=hello\nRUN echo $GREETING > /hello")
    return str(lab.docker("history -q hello").text.count("<missing>"))


def _mysql_layers(lab: Lab) -> str:
    lab.pull("mysql")
    return lab.docker("inspect --format '{{len .RootFS.Layers}}' mysql").text.strip()


def _disk(lab: Lab) -> str:
    lab.build("web", ["FROM ubuntu:15.04", "COPY site /srv"], {"site/pages": 20_200_000})
    lab.build("data", ["FROM ubuntu:15.04", "COPY table /srv"], {"table/rows": 59_800_000})
    return lab.docker("system df --format '{{.Size}}'").text.split()[0]


def _history_lines(lab: Lab) -> str:
    lab.pull("nginx")
    lines = len(lab.docker("history -q nginx").text.splitlines())
    return str(lines) if lines <= 4 else "more"


def _hello() -> Lab:
    lab = Lab()
    lab.build("hello", ["FROM busybox", "ENV GREETING=hello", "RUN echo $GREETING > /hello"])
    return lab


def _teams() -> Lab:
    lab = Lab()
    lab.build("web-team", ["FROM ubuntu:15.04", "COPY site /srv/site"], {"site/pages.tar": 20_200_000})
    lab.build("data-team", ["FROM ubuntu:15.04", "COPY data /srv/data"], {"data/table.csv": 59_800_000})
    return lab


def _built(steps: str = r"COPY motto /motto\nRUN echo built > /made\n") -> Lab:
    lab = Lab()
    lab.pull("busybox")
    lab.shell("echo 'one layer, many images' > motto")
    lab.shell(f"printf 'FROM busybox\\n{steps}' > Dockerfile")
    lab.docker("build -t card .")
    return lab


def _built_in_order() -> Lab:
    return _built(r"RUN echo built > /made\nCOPY motto /motto\n")


QUESTIONS = (
    Question(
        "history-lines",
        "nginx has three layers. How many lines do you expect in its history?",
        (
            Choice(
                "three, one for each layer",
                "A history line is a step of the build, not a layer.",
                shows="3",
            ),
            Choice(
                "four, the base and three more",
                "The base is one of the three layers, and it took two steps. Not every step made a layer.",
                shows="4",
            ),
            Choice(
                "more than four",
                "Ten lines: every step of the build is one.",
                right=True,
                shows="more",
            ),
        ),
        _history_lines,
        commands=("docker image history nginx",),
        decides=r"^(?:<missing>|[0-9a-f]{12}) ",
        setup=pulled("nginx"),
    ),
    Question(
        "history-old",
        "The history of nginx has a column CREATED. Three of its ten lines are some weeks older than the "
        "others. Which?",
        (
            Choice(
                "the three that made a layer",
                "Two of these are nginx's own, and as new as the steps around them.",
                shows="RUN RUN ADD",
            ),
            Choice(
                "the three at the bottom",
                "They were built first: two came with the Debian image, and the third was done once, on it.",
                right=True,
                shows="LABEL CMD ADD",
            ),
            Choice(
                "the three at the top",
                "The newest step is the first line, so what is oldest stands at the bottom.",
                shows="CMD STOPSIGNAL EXPOSE",
            ),
        ),
        commands=("docker image history nginx",),
        decides=r"weeks ago +/bin/sh -c #\(nop\) +(\w+)",
        setup=pulled("nginx"),
    ),
    Question(
        "history-missing",
        "busybox was pulled; its history has 2 lines. You build an image on it in two steps. "
        "How many of the 4 history lines will say <missing>?",
        (
            Choice(
                "none: everything is on this computer",
                "All files are here. <missing> says that a step has no image of its own on this computer.",
                shows="0",
            ),
            Choice(
                "1",
                "Your two steps and busybox itself are images here. The step below busybox's last was made "
                "elsewhere, and a pull brings only the last image.",
                right=True,
                shows="1",
            ),
            Choice(
                "2: both lines of busybox",
                "The upper of the two has an ID: it is the image busybox, which you pulled.",
                almost=True,
                shows="2",
            ),
            Choice(
                "3: all but the newest",
                "So it is for what was pulled. What is built here keeps an image of each step.",
                almost=True,
                shows="3",
            ),
        ),
        _missing,
        commands=("docker image history hello",),
        decides=r"<missing>",
        setup=_hello,
    ),
    Question(
        "history-zero",
        "mysql has 20 history lines: 11 have a size, and 9 say 0B. How many layers does the image have?",
        (
            Choice(
                "20: each line is a layer",
                "A line is a step of the build. Steps such as ENV or CMD change no file and make no layer.",
                shows="20",
            ),
            Choice(
                "11: 0B means no layer",
                "Usually. But SIZE counts bytes in files: a new directory alone is 0B, and yet a layer.",
                almost=True,
                shows="11",
            ),
            Choice(
                "12",
                "The 11 lines with a size, and RUN mkdir: a new directory is a change, but has no bytes.",
                right=True,
                shows="12",
            ),
        ),
        _mysql_layers,
        commands=("docker image inspect --format '{{len .RootFS.Layers}} layers' mysql",),
        decides=r"^(\d+) layers",
        setup=pulled("mysql"),
    ),
    Question(
        "disk-sum",
        "docker images lists three sizes: ubuntu 188 MB, and two images built on it, 209 MB and 248 MB. "
        "How much do they take on the disk together?",
        (
            Choice(
                "645 MB, the sum",
                "The column SIZE counts the shared base three times. The disk holds it once.",
                shows="644.7MB",
            ),
            Choice(
                "457 MB: the two that were built",
                "The base counts in both of them as well, so this still has it twice.",
                almost=True,
                shows="456.4MB",
            ),
            Choice(
                "268 MB",
                "188 MB once, and what each adds: 20.2 MB and 59.8 MB. docker system df says so.",
                right=True,
                shows="268.4MB",
            ),
        ),
        _disk,
        commands=(
            "docker images",
            "docker system df",
        ),
        decides=r"^Images +\d+ +\d+ +(\S+)",
        setup=_teams,
    ),
    Question(
        "empty-layer",
        "ubuntu:15.04 has four lines in its history and four layers, although its newest line is a CMD. "
        "How large is the layer of that CMD?",
        (
            Choice(
                "0B: the layer is empty",
                "Before Docker 1.10, in 2016, every step made a layer, also one that changed no file. "
                "Today a CMD makes none.",
                right=True,
                shows="0B",
            ),
            Choice(
                "9B: the words /bin/bash", "They are in the image's config. A layer has files.", shows="9B"
            ),
            Choice(
                "1.1 MB: the program /bin/bash",
                "The program came with the base. A CMD only says which program starts.",
                shows="1.1MB",
            ),
        ),
        commands=("docker history ubuntu:15.04",),
        decides=r'CMD \["/bin/bash"\]\s+(\S+)',
        setup=pulled("ubuntu:15.04"),
    ),
    Question(
        "rmi-shared",
        "web-team has five layers: four are those of ubuntu:15.04, which data-team stands on as well. "
        "What will docker rmi web-team delete?",
        (
            Choice(
                "the image and its five layers",
                "Two other images need the four layers of the base.",
                shows="Deleted Deleted Deleted Deleted Deleted Deleted",
            ),
            Choice(
                "the image and one layer",
                "One Deleted line is the image, the other the only layer that nobody needs any more.",
                right=True,
                shows="Deleted Deleted",
            ),
            Choice(
                "the image alone: layers stay in the cache",
                "A layer that no image needs any more goes with the last one that did.",
                almost=True,
                shows="Deleted",
            ),
        ),
        commands=(
            "docker rmi web-team",
            "docker system df",
        ),
        decides=r"^(Deleted): ",
        setup=_teams,
    ),
    Question(
        "build-again",
        "A Dockerfile has three lines: FROM busybox, COPY motto /motto, RUN echo built > /made. You "
        "build it twice, and nothing has changed. What does the second build do?",
        (
            Choice(
                "all steps again, with the same result",
                "It would be the same result. So it is not done: the builder finds each step in its cache.",
                almost=True,
                shows="Running in",
            ),
            Choice(
                "it takes COPY and RUN from its cache",
                "Both were done before, on the same layers below. The IDs are the same.",
                right=True,
                shows="Using cache Using cache",
            ),
            Choice(
                "nothing: it says that the image exists",
                "A build does not ask for the tag. It goes through all its steps, and looks for each one.",
                shows="",
            ),
        ),
        commands=("docker build -t card .",),
        decides=r" ---> (Using cache|Running in)",
        setup=_built,
    ),
    Question(
        "build-changed",
        "FROM busybox, COPY motto /motto, RUN echo built > /made: it was built before, and now the file "
        "motto changes. Which steps are done again?",
        (
            Choice(
                "only COPY: nothing else reads the file",
                "RUN does not read it. But its layer is a set of changes to what lies below, and that "
                "is another layer now.",
                almost=True,
                shows="Using cache",
            ),
            Choice(
                "COPY, and RUN after it",
                "After the first step that changed all others are done again, on what lies below them now.",
                right=True,
                shows="Running in",
            ),
            Choice(
                "none: the Dockerfile is the same",
                "The builder compares the copied files as well, by their content.",
                shows="Using cache Using cache",
            ),
        ),
        commands=(
            'echo "write once, share often" > motto',
            "docker build -t card .",
        ),
        decides=r" ---> (Using cache|Running in)",
        setup=_built,
    ),
    Question(
        "build-order",
        "Now RUN stands above COPY: FROM busybox, RUN echo built > /made, COPY motto /motto. It was "
        "built, and the file motto changes once more. Which steps come from the cache?",
        (
            Choice(
                "none: a file has changed",
                "A change counts from the step that uses it. What lies below has not changed.",
                shows="Running in",
            ),
            Choice(
                "RUN",
                "Nothing below it has changed. So put first what seldom changes, and last what you edit "
                "every day.",
                right=True,
                shows="Using cache",
            ),
            Choice(
                "RUN and COPY",
                "COPY takes the new file: another content, another layer.",
                shows="Using cache Using cache",
            ),
        ),
        commands=(
            'echo "read below, write on top" > motto',
            "docker build -t card .",
        ),
        decides=r" ---> (Using cache|Running in)",
        setup=_built_in_order,
    ),
)


def layer_lines(lab: Lab, name: str) -> Sequence[int]:
    """Return the lines of an image's history that made a layer; the newest is line 1."""
    steps = reversed(lab.image(name).history)
    return [place for place, step in enumerate(steps, 1) if step.layer]


_LINES = numbers("lines", "Which lines made a layer?", lambda lab: layer_lines(lab, "report"))
_LARGEST = number(
    "largest",
    "Which line made the largest layer?",
    lambda lab: max(layer_lines(lab, "report"), key=lambda at: lab.image("report").history[-at].size),
)


def _only_sizes(attempt: Attempt) -> Seen:
    steps = list(reversed(attempt.origin.image("report").history))
    sized = frozenset(place for place, step in enumerate(steps, 1) if step.size)
    return answered(_LINES, sized)(attempt)


WHICH_LINES = Exercise(
    id="02-which-lines",
    title="Which line made which layer?",
    level="easy",
    minutes=5,
    slide="image-history-2",
    prompt="""
The image `report` is in your cache. Look at `docker image history report`: the newest step is line 1.
Which lines made a layer, and which line made the largest one?
""",
    goal=(),
    start="""
lab.build(
    "report",
    [
        "FROM alpine",
        "ENV LANG=C.UTF-8",
        "RUN mkdir -p /reports/2019",
        "COPY fonts /usr/share/fonts",
        "EXPOSE 8080",
        "RUN echo ready > /reports/2019/state",
        'CMD ["sh"]',
    ],
    {"fonts/sans.ttf": 12_000_000},
)
""",
    asks=(_LINES, _LARGEST),
    hints=(
        Hint(
            "zero",
            "Your lines are those with a size. Is a layer without a byte in its files possible? Look at what "
            "each of the lines with `0B` did.",
            Statement("Only lines with a size are given.", _only_sizes),
        ),
        Hint(
            "all",
            "Not every line made a layer. Which of them changed only how a container is started?",
            answered(_LINES, frozenset(range(1, 9)), frozenset(range(1, 8))),
        ),
        Hint("sizes", "The column `SIZE` tells which layer is the largest.", wrong(_LARGEST)),
        Hint("inspect", "`docker image inspect` lists the layers: so you know how many there are."),
        Hint("files", "A step makes a layer if it changed the file system, even by an empty directory."),
    ),
    solution="""
steps = list(reversed(lab.image("report").history))
made = [line for line, step in enumerate(steps, 1) if step.layer]
ex.answer(lines=made, largest=max(made, key=lambda line: steps[line - 1].size))
""",
    wrong=(
        Wrong("ex.answer(lines=[2, 4, 8], largest=4)", "zero"),
        Wrong("ex.answer(lines=[1, 2, 3, 4, 5, 6, 7, 8], largest=4)", "all"),
        Wrong("ex.answer(lines=[1, 3, 6, 7], largest=1)", "sizes"),
        Wrong("ex.answer(lines=[1, 3, 6, 7], largest=4)", "inspect"),
        Wrong("ex.answer(largest=4)", "inspect"),
        Wrong('ex.answer(lines="2,4,8", largest="line 4")', "zero"),
        Wrong('ex.answer(lines="those with a size", largest=4)', "form"),
        Wrong('ex.answer(lines=[2, 4, 5, 8], largest="the fonts")', "form"),
    ),
    ways=(
        "ex.answer(lines={2, 4, 5, 8}, largest=4)",
        "ex.answer(lines=(8, '5', 4, 2), largest='4')",
        'ex.answer(lines="2,4,5,8", largest="4")',
        'ex.answer(lines="2 4 5 8", largest=[4])',
        'ex.answer(lines="lines 2, 4, 5 and 8", largest="line 4")',
        'ex.answer(lines="[2, 4, 5, 8]", largest=4.0)',
        'ex.answer(lines=["2,4", "5,8"], largest=" 4. ")',
    ),
    why="A directory has no bytes, but it is a change of the file system, so it is a layer.",
)


def _one_image(attempt: Attempt) -> Seen:
    web, data = (images.lookup_image(attempt.lab.engine, name) for name in ("web", "data"))
    return Seen(bool(web and data) and web == data, "")


SHARED_BASE = Exercise(
    id="02-shared-base",
    title="Make two images share their base",
    level="middle",
    minutes=10,
    slide="image-history-2",
    prompt="""
Two teams, two images: `web` stands on `alpine`, `data` stands on `busybox`. They share nothing.
Make `data` anew so that it stands on the same base as `web`.
Its file `/srv/table.csv` must say the same as before, byte for byte: its lines are `city,people` and
`berlin,3645`. `web` must stay the image that it is.
`lab.build(name, steps, files)` builds; a container and `docker commit` work as well.
""",
    goal=(
        shares_layers("data", "web"),
        image_keeps("data", "/srv/table.csv", "data"),
        image_kept("web"),
    ),
    start="""
lab.build("web", ["FROM alpine", "COPY index.html /srv/"], {"index.html": "<h1>Hello</h1>"})
lab.build("data", ["FROM busybox", "COPY table.csv /srv/"], {"table.csv": "city,people\\nberlin,3645\\n"})
""",
    hints=(
        Hint(
            "name-only",
            "`docker tag` gives one image a second name. Now `data` and `web` are the same image, and the "
            "table is not in it.",
            Statement("Both names mean one image.", _one_image)
            & ~image_keeps("data", "/srv/table.csv", "data"),
        ),
        Hint(
            "web-changed",
            "There is no image `web` as at the start, and it was the other one that should be made anew. "
            "`ex.undo()` takes one command back, `ex.reset()` all of them.",
            ~image_kept("web") | no_image("web"),
        ),
        Hint("name", "The check looks for an image named `data`, and there is none.", no_image("data")),
        Hint(
            "file",
            "The base is shared, but the table is not what it was. Look into the image: "
            "`docker run --rm data ls -l /srv`. The first image `data` had a file with two lines.",
            shares_layers("data", "web") & ~image_keeps("data", "/srv/table.csv", "data"),
        ),
        Hint(
            "base", "What a layer is worth depends on what lies below it. Which step decides about the base?"
        ),
        Hint(
            "which",
            "`docker history web` ends with the base of `web`. Begin there and add the table.",
            image_kept("web"),
        ),
    ),
    solution=r"""
table = "city,people\nberlin,3645\n"
lab.build("data", ["FROM alpine", "COPY table.csv /srv/"], {"table.csv": table})
""",
    costs="The file is in a layer of its own, and the base is on the disk once.",
    wrong=(
        Wrong("%docker tag web data", "name-only"),
        Wrong('lab.build("data", ["FROM busybox", "COPY t /srv/table.csv"], {"t": "berlin,3645"})', "base"),
        Wrong('lab.build("data", ["FROM alpine", "RUN mkdir /srv/data"])', "file"),
        Wrong('lab.build("web", ["FROM busybox", "COPY i /srv/index.html"], {"i": "Hello"})', "web-changed"),
        Wrong("%docker rmi data", "name"),
        Wrong(
            r"""lab.build("data", ["FROM alpine", "COPY t /srv/table.csv"], {"t": "berlin,3645\n"})""", "file"
        ),
        Wrong(
            r"""
table = "hamburg,1\nnot-berlin,36450000\n"
lab.build("data", ["FROM alpine", "COPY table.csv /srv/"], {"table.csv": table})
""",
            "file",
        ),
        Wrong("%docker tag data web", "web-changed"),
    ),
    ways=(
        """
%docker run -dit --name box alpine
%docker exec box sh -c 'mkdir -p /srv; echo city,people > /srv/table.csv; echo berlin,3645 >> /srv/table.csv'
%docker commit box data
""",
        """
%docker create --name old data
%docker create --name new web
%docker cp old:/srv/table.csv .
%docker cp table.csv new:/srv/table.csv
%docker commit new data
""",
        r"""
steps = ["FROM alpine", "COPY table.csv /opt/", "RUN mkdir -p /srv; ln -s ../opt/table.csv /srv/table.csv"]
lab.build("data", steps, {"table.csv": "city,people\nberlin,3645\n"})
""",
        r"""lab.build("data", ["FROM web", "COPY t /srv/table.csv"], {"t": "city,people\nberlin,3645\n"})""",
    ),
    why="`docker system df` now counts the base once for both.",
)


def _common(lab: Lab) -> int:
    return common(lab.image("web-team"), lab.image("data-team"))


_SHARED = number("shared", "How many layers are common?", _common)
_DELETED = number(
    "deleted", "How many layers go?", lambda lab: len(lab.image("data-team").layers) - _common(lab)
)

HOW_MANY_BYTES = Exercise(
    id="02-sum-of-sizes",
    title="The sum that is not on the disk",
    level="middle",
    minutes=8,
    slide="image-history-2",
    prompt="""
`web-team` and `data-team` are built on one `ubuntu:15.04`, as in lesson 2. `docker images` shows three sizes.
How many layers do the two teams' images have in common?
And how many layers would `docker rmi data-team` delete?
""",
    goal=(),
    start="""
lab.build("web-team", ["FROM ubuntu:15.04", "COPY site /srv/site"], {"site/pages.tar": 20_000_000})
lab.build("data-team", ["FROM ubuntu:15.04", "COPY a /srv/", "COPY b /srv/"], {"a": 50_000_000, "b": 9_000})
""",
    asks=(_SHARED, _DELETED),
    hints=(
        Hint(
            "all-go",
            "`rmi` deletes only layers that no other image needs. Who else stands on these?",
            answered(_DELETED, 6),
        ),
        Hint(
            "one-base",
            "The base is one image. Is it one layer? `docker image inspect` lists them.",
            answered(_SHARED, 1),
        ),
        Hint(
            "lines",
            "The first `Deleted:` line is the image's ID, the others are layers.",
            answered(_DELETED, 3),
        ),
        Hint(
            "try",
            "Try it: `docker rmi data-team` prints what it deletes. `ex.undo()` brings the image back.",
            image_there("data-team"),
        ),
        Hint("compare", "`docker image inspect` lists the layers of each image: how many begin both lists?"),
    ),
    solution="""
web, data = lab.image("web-team"), lab.image("data-team")
both = sum(one == other for one, other in zip(web.chain_ids, data.chain_ids))
ex.answer(shared=both, deleted=len(data.layers) - both)
""",
    wrong=(
        Wrong("ex.answer(shared=4, deleted=6)", "all-go"),
        Wrong("ex.answer(shared=1, deleted=2)", "one-base"),
        Wrong("ex.answer(shared=4, deleted=3)", "lines"),
        Wrong("ex.answer(shared=4, deleted=5)", "try"),
        Wrong('ex.answer(shared="four", deleted=2)', "form"),
    ),
    ways=('ex.answer(shared="4 layers", deleted="2")', "ex.answer(shared=4.0, deleted=[2])"),
    why="What is shared is stored once, and stays as long as somebody needs it.",
)


_TOKEN = variable("token", "Which token was the image built with?", "TOKEN", lambda lab: "kite-1217")
_GIVEN = number(
    "bytes",
    "How many bytes have the steps that name it in their layers, together?",
    lambda lab: sum(each.size for each in lab.image("app").history if "TOKEN=" in each.entry.created_by),
)
_NOT_YET = open_(_TOKEN) & image_there("app")

TOKEN = Exercise(
    id="02-token",
    title="A token that nobody wrote down",
    level="middle",
    minutes=8,
    slide="image-history-1",
    prompt="""
The image `app` was built with a secret token, given as `--build-arg TOKEN=...`. No file of the image has it.
Which token was it? And how many bytes are in the layers of the steps whose line in the history names it?
""",
    goal=(image_kept("app"),),
    start="""
lab.shell("mkdir app; echo 'FROM busybox' > app/Dockerfile; echo 'ARG TOKEN' >> app/Dockerfile")
lab.shell("echo 'RUN echo installed > /packages' >> app/Dockerfile")
lab.shell("echo 'RUN rm -rf /tmp/x' >> app/Dockerfile")
%docker build -q -t app --build-arg TOKEN=kite-1217 app
lab.shell("rm -r app")
""",
    asks=(_TOKEN, _GIVEN),
    hints=(
        Hint(
            "gone",
            "There is no image `app` as at the start: `ex.undo()`.",
            ~image_kept("app") | no_image("app"),
        ),
        Hint("name", "That is the variable's name. What was its value?", answered(_TOKEN, "TOKEN")),
        Hint("other", "That is not the token. It is at the beginning of a line.", wrong(_TOKEN)),
        Hint("where", "What does an image keep of a build, besides its files?", open_(_TOKEN)),
        Hint("cut", "`docker history app` cuts its lines off. One option shows them whole.", _NOT_YET),
        Hint(
            "sizes",
            "The sizes are in the same table, in the lines that name the token.",
            open_(_GIVEN) & image_there("app"),
        ),
        Hint("step", "`docker history --no-trunc app`: a line begins with `|1 TOKEN=…`.", _NOT_YET),
    ),
    solution="""
lines = lab.docker("history --no-trunc --format '{{.CreatedBy}}' app").text
ex.answer(token=lines.split("TOKEN=")[1].split()[0], bytes=10)
""",
    costs="It costs nothing: whoever has the image has its history.",
    others=(
        Way(
            """
steps = lab.image("app").history
told = [each for each in steps if "TOKEN=" in each.entry.created_by]
token = told[0].entry.created_by.split("TOKEN=")[1].split()[0]
ex.answer(token=token, bytes=sum(each.size for each in told))
""",
            "In Python nothing is cut off, and the sizes add themselves up.",
        ),
    ),
    wrong=(
        Wrong('ex.answer(token="TOKEN", bytes=10)', "name"),
        Wrong('ex.answer(token="kite", bytes=10)', "other"),
        Wrong('ex.answer(token="kite-1217", bytes=0)', "sizes"),
        Wrong("%docker history app", "where"),
        Wrong("%docker rmi app", "gone"),
        Wrong('ex.answer(token="kite-1217", bytes="none")', "form"),
    ),
    ways=(
        """ex.answer(token="TOKEN=kite-1217", bytes="10B")""",
        """ex.answer(token="'kite-1217'", bytes="10 bytes")""",
        """
%docker history --no-trunc app
ex.answer(token="kite-1217")
ex.answer(bytes=10)
""",
    ),
    why="An ARG is no place for a secret: each RUN after it writes the value into the history.",
)

EXERCISES = (WHICH_LINES, SHARED_BASE, HOW_MANY_BYTES, TOKEN)

LESSON = Lesson(
    number=2,
    title="docker image history",
    notebook="02-image-history",
    answers="What does the history of an image list?",
    questions=QUESTIONS,
    exercises=EXERCISES,
)
