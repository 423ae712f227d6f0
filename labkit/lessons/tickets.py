"""Tickets: what somebody saw, and no command named. They mix all lessons.

A ticket says how things are and how they should be. Its hints begin with a question; the last one is a step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from labkit.course.exercise import Exercise, Way, Wrong
from labkit.course.lesson import Lesson
from labkit.course.questions import (
    answered,
    command_line,
    container,
    digest,
    drivers,
    numbers,
    open_,
    path,
    variable,
    wrong,
)
from labkit.course.statements import (
    Attempt,
    Hint,
    Seen,
    Statement,
    about_image,
    container_gone,
    container_keeps,
    container_runs,
    container_there,
    disk_at_most,
    file_at,
    files_in,
    image_at_most,
    image_keeps,
    image_lacks,
    image_there,
    layers_above,
    lost,
    no_image,
    nothing_started,
    text_kept,
    would_run,
    would_start,
)
from labkit.engine.state import still
from labkit.lab import Lab
from labkit.lessons.parts import about, outside, runs_of
from labkit.lessons.parts import found as named
from labkit.lessons.shop import lab_with_shop
from labkit.oci import tree
from labkit.oci.image import Image
from labkit.oci.tree import File
from labkit.storage.overlay import Mount

# 1: a disk that is full

_ORDERS = "/srv/orders.csv"
_LOG = "/var/log/shop.log"

FULL_DISK = Exercise(
    id="08-full-disk",
    title="The disk is full",
    level="middle",
    minutes=10,
    proof=r"""
docker exec shop cat /srv/orders.csv; docker ps -s --format '{{.Size}}' | grep -c '[0-9][0-9]MB ('
docker images --format '{{.Size}}' | grep -c '[0-9][0-9]MB'
""",
    slide="container-rw-layer-2",
    prompt=f"""
**Ticket.** "The disk of the shop's server is full. Nobody has built or pulled anything for weeks."

The container `shop` must go on running, the same one, with its orders in `{_ORDERS}`. Bring images and
containers together down to 10 MB.
""",
    goal=(disk_at_most(10_000_000), container_runs("shop"), container_keeps("shop", _ORDERS)),
    start=f"""
%docker run -dit --name shop busybox
%docker exec shop mkdir -p /srv /var/log
from labkit.lessons.parts import records
lab.container("shop").write("{_ORDERS}", records("orders"))
lab.container("shop").write("{_LOG}", "".join(f"2019-04-26 GET /tea?cup={{n}} 200\\n" for n in range(1808)))
%docker exec shop sh -c 'cd /var/log; for n in $(seq 12); do cat shop.log shop.log > x; mv x shop.log; done'
%docker pull -q alpine
""",
    hints=(
        Hint("lost", "The orders are gone with the container: `ex.undo()`.", container_gone("shop")),
        Hint("orders", "The orders are not what they were: `ex.undo()`.", ~container_keeps("shop", _ORDERS)),
        Hint(
            "stopped",
            "The shop does not run any more. `docker start` takes the same container up again.",
            ~container_runs("shop"),
        ),
        Hint(
            "who",
            "What takes the room: an image, or something that a container wrote? "
            "One command lists the size of each container's own layer.",
            ~disk_at_most(10_000_000),
        ),
        Hint(
            "ps",
            "`docker ps -s` says which container has 240 MB of its own, and `docker diff` with its name "
            "which files it wrote.",
            ~disk_at_most(10_000_000) & container_runs("shop"),
        ),
        Hint(
            "log",
            f"The log, `{_LOG}`, is what grows. A file in a container's own layer can be emptied "
            "while it runs: `docker exec shop sh -c '> FILE'`.",
            ~disk_at_most(10_000_000),
        ),
    ),
    solution=f"%docker exec shop sh -c '> {_LOG}'",
    wrong=(
        Wrong("%docker image prune -a -f", "who"),
        Wrong("%docker system prune -a -f", "who"),
        Wrong("%docker rm -f shop", "lost"),
        Wrong("%docker stop shop", "stopped"),
        Wrong("%docker restart shop", "who"),
        Wrong(f"%docker exec shop mv {_LOG} /tmp/old.log", "who"),
        Wrong(f"%docker exec shop gzip {_LOG}\n%docker stop shop", "stopped"),
        Wrong(f"%docker exec shop sh -c '> {_LOG}; > {_ORDERS}'", "orders"),
        Wrong("%docker rm -f shop\n%docker run -dit --name shop busybox", "lost"),
        Wrong("%docker commit shop shop2", "who"),
    ),
    ways=(
        f"%docker exec shop rm {_LOG}",
        f"%docker exec shop truncate -s 0 {_LOG}\n%docker rmi alpine",
        f"%docker exec shop cp /dev/null {_LOG}",
        "%docker rename shop old\n%docker exec old rm -r /var/log",
    ),
    why="Prune looks for what nobody needs. A log in the own layer of a container that runs is needed, by "
    "all that Docker knows: so logs belong into a volume, or to `docker logs` with a limit.",
)

# 2: an image of 900 MB

_PROGRAM = "/srv/report"
_TOO_BIG = [
    "FROM alpine",
    "RUN dd if=/dev/zero of=/toolchain bs=1000000 count=880",
    "COPY report.c /src/report.c",
    "RUN mkdir -p /srv && cat /src/report.c /src/report.c > /srv/report && chmod 755 /srv/report",
    'CMD ["/srv/report", "--daily"]',
]

TOO_BIG = Exercise(
    id="08-too-big",
    title="900 MB for one program",
    level="open",
    minutes=15,
    proof=r"""
docker create --name proof report:small > none; docker cp proof:/srv/report got > none; sha256sum got
docker image inspect -f '{{json .Config.Entrypoint}} {{json .Config.Cmd}}' report:small
docker images --format '{{.Size}}' report:small | grep -c '^[0-9.]*MB'
""",
    slide="image-layers-2",
    prompt=f"""
**Ticket.** "Our image `report` has 900 MB, and it takes minutes until it is everywhere. The program in it,
`{_PROGRAM}`, is tiny: the rest is what it was built with."

Make `report:small` with less than 100 MB: the same program at the same place, started in the same way.
""",
    goal=(
        image_at_most("report:small", 100_000_000),
        image_keeps("report:small", _PROGRAM, "report"),
        would_start("report:small", f"{_PROGRAM} --daily"),
    ),
    start=f"""
lab.build("report", {_TOO_BIG!r}, {{"report.c": "int main() {{ return 0; }}\\n" * 1000}})
""",
    hints=(
        Hint(
            "none",
            "There is no `report:small` yet. What of the 900 MB does the program need when it runs?",
            no_image("report:small"),
        ),
        Hint(
            "rm-later",
            "An `rm` in a later step hides a file and frees nothing. Which image could the "
            "program stand on from the beginning?",
            ~image_at_most("report:small", 100_000_000),
        ),
        Hint(
            "program",
            "The image is small, and the program in it is another one, or at another place: take "
            "it out of `report`.",
            ~image_keeps("report:small", _PROGRAM, "report"),
        ),
        Hint(
            "shell-form",
            "`CMD` and a line is the shell form: a container starts `/bin/sh`, and that the program. The old "
            "Dockerfile has the exec form, a list.",
            about_image(
                "report:small", "", lambda _, image: Seen(would_run(image)[:2] == ["/bin/sh", "-c"], "")
            ),
        ),
        Hint(
            "command",
            "The program is there. A container would not start it as before: an image's command "
            "does not come with its files.",
            ~would_start("report:small", f"{_PROGRAM} --daily"),
        ),
        Hint(
            "stages",
            "A Dockerfile may begin with `FROM` more than once, and `COPY --from=IMAGE` takes files "
            "from another image.",
        ),
        Hint("step", f"`FROM busybox`, then `COPY --from=report {_PROGRAM} {_PROGRAM}`, then the old `CMD`."),
    ),
    solution=f"""
lab.build("report:small", ["FROM report AS build", "FROM busybox",
                           "COPY --from=build {_PROGRAM} {_PROGRAM}", 'CMD ["{_PROGRAM}", "--daily"]'])
""",
    costs="Two stages, the second of which is shipped: 1 MB in place of 900.",
    wrong=(
        Wrong('lab.build("report:small", ["FROM report", "RUN rm /toolchain"])', "rm-later"),
        Wrong("%docker tag report report:small", "rm-later"),
        Wrong(
            f'lab.build("report:small", ["FROM busybox", "COPY --from=report {_PROGRAM} {_PROGRAM}"])',
            "command",
        ),
        Wrong(
            f"""lab.build("report:small", ["FROM busybox", "RUN mkdir /srv && touch {_PROGRAM}",
                                         'CMD ["{_PROGRAM}", "--daily"]'])""",
            "program",
        ),
        Wrong(
            f"""lab.build("report:small", ["FROM busybox", "COPY --from=report {_PROGRAM} /bin/report",
                                         'CMD ["/bin/report", "--daily"]'])""",
            "program",
        ),
        Wrong(
            f"""lab.build("report:small", ["FROM busybox", "COPY --from=report {_PROGRAM} {_PROGRAM}",
                                         'CMD {_PROGRAM} --daily'])""",
            "shell-form",
        ),
        Wrong(
            """
%docker run --name box report true
%docker commit box report:small
""",
            "rm-later",
        ),
        Wrong("%docker pull busybox\n%docker tag busybox report:small", "program"),
    ),
    ways=(
        f"""lab.build("report:small", ["FROM scratch", "COPY --from=report {_PROGRAM} {_PROGRAM}",
                                 'ENTRYPOINT ["{_PROGRAM}"]', 'CMD ["--daily"]'])""",
        f"""
%docker create --name box report
%docker cp box:{_PROGRAM} report
lab.shell("echo FROM alpine > Dockerfile; echo COPY report {_PROGRAM} >> Dockerfile")
%docker build -t half .
lab.build("report:small", ["FROM half", 'CMD ["{_PROGRAM}", "--daily"]'])
""",
        f"""
%docker run --name box report rm /toolchain
lab.shell('docker export box | docker import --change \\'CMD ["{_PROGRAM}", "--daily"]\\' - report:small')
""",
    ),
    why="A multi-stage build keeps the tools in a stage that nobody ships. What COPY --from takes along is "
    "one layer; the 880 MB stay in the cache of the machine that builds.",
)

# 3: a secret that was "deleted"

_SECRET = "kroko-4711"
_API = "/srv/api.sh"


def image_without(name: str, text: str) -> Statement:
    """No layer of the image and no line of its history or config has a text."""

    def look(attempt: Attempt, image: Image) -> Seen:
        if text in image.config.raw.decode("utf-8", "replace"):
            return Seen(False, f"The history or the config of `{name}` has the password.")
        for layer in image.layers:
            for _, node in tree.walk(layer.changes):
                if (
                    isinstance(node, File)
                    and node.content.size < 65536
                    and text.encode() in node.content.read()
                ):
                    return Seen(False, f"A layer of `{name}` has the password.")
        return Seen(True, f"Nothing in `{name}` has the password.")

    return about_image(
        name, f"No layer, no line of the history and no field of `{name}` has the password.", look
    )


_LEAKED = variable("password", "Which password leaked?", "password", lambda lab: _SECRET)
_CLEAN = image_without("api:clean", _SECRET)

SECRET = Exercise(
    id="08-secret",
    title="The password that was deleted",
    level="open",
    minutes=15,
    proof=r"""
docker run --rm api:clean; docker save api:clean | grep -c kroko
docker history --no-trunc api:clean | grep -c kroko
""",
    slide="image-layers-recap",
    prompt=f"""
**Ticket.** "Somebody copied a password into our image `api`. We saw it and removed it in the next step of the
Dockerfile, before anything was pushed. The security team says that everybody who pulls `api` has it."

Are they right? Say which password it is, and make `api:clean`: the same program `{_API}`, started in the same
way, and the password nowhere in it.
""",
    goal=(
        image_keeps("api:clean", _API, "api"),
        would_start("api:clean", f"sh {_API}"),
        _CLEAN,
    ),
    start=f"""
lab.build("api", ["FROM busybox", "COPY api.sh {_API}", "COPY credentials /root/.credentials",
                  "RUN sh -c 'test -s /root/.credentials'", "RUN rm /root/.credentials",
                  'CMD ["sh", "{_API}"]'],
          {{"api.sh": "echo the api answers\\n", "credentials": "user=api\\npassword={_SECRET}\\n"}})
""",
    hints=(
        Hint(
            "other",
            "That is not the password. It is in a file that a layer of the image still holds.",
            wrong(_LEAKED),
        ),
        Hint(
            "still",
            "`api:clean` still has the password: a layer below the one that hides it goes along.",
            ~_CLEAN,
        ),
        Hint(
            "program",
            "`api:clean` has another program, or none: it is to be that of `api`.",
            ~image_keeps("api:clean", _API, "api"),
        ),
        Hint(
            "command",
            "A container of `api:clean` would not start the program as one of `api` does.",
            ~would_start("api:clean", f"sh {_API}"),
        ),
        Hint(
            "where",
            "A step that removes a file adds a layer. What does that leave of the layer below?",
            ~_LEAKED.statement,
        ),
        Hint(
            "steps",
            "`docker history api` has an image for each step that was built here. A container of the "
            "one before the `rm` sees the file.",
            open_(_LEAKED) & image_there("api"),
        ),
        Hint(
            "base",
            "Which image has never seen the password? Begin with it, and take only the program from "
            "`api`: `COPY --from=api`.",
            image_there("api"),
        ),
    ),
    solution=f"""
found = lab.shell("docker run --rm $(docker history -q api | sed -n 3p) cat /root/.credentials").text
ex.answer(found.split("password=")[1].strip())
lab.build("api:clean", ["FROM busybox", "COPY --from=api {_API} {_API}", 'CMD ["sh", "{_API}"]'])
""",
    costs="The history begins anew: nothing of the old image is in it. The password has leaked all the same.",
    wrong=(
        Wrong("%docker tag api api:clean", "still"),
        Wrong('lab.build("api:clean", ["FROM api", "RUN rm -rf /root"])', "still"),
        Wrong("%docker run --name box api\n%docker commit box api:clean", "still"),
        Wrong('ex.answer("credentials")', "other"),
        Wrong(f'lab.build("api:clean", ["FROM busybox", "COPY --from=api {_API} {_API}"])', "command"),
        Wrong(
            f"""lab.build("api:clean", ["FROM busybox", "ENV OLD={_SECRET}",
                          "COPY --from=api {_API} {_API}", 'CMD ["sh", "{_API}"]'])""",
            "still",
        ),
        Wrong(
            f"""lab.build("api:clean", ["FROM busybox", "RUN mkdir -p /srv && echo echo hello > {_API}",
                          'CMD ["sh", "{_API}"]'])""",
            "program",
        ),
        Wrong(f'ex.answer("{_SECRET}")', "base"),
    ),
    ways=(
        f"""
%docker create --name box api
lab.shell('docker export box | docker import --change \\'CMD ["sh", "{_API}"]\\' - api:clean')
ex.answer("{_SECRET}")
""",
        f"""
ex.answer(password="password={_SECRET}")
%docker create --name box api
%docker cp box:{_API} api.sh
%docker run --name clean busybox mkdir /srv
%docker cp api.sh clean:{_API}
%docker commit --change 'CMD ["sh", "{_API}"]' clean api:clean
""",
        f"""
ex.answer(' "{_SECRET}" ')
lab.build("api:clean", ["FROM api AS old", "FROM alpine", "COPY --from=old {_API} /srv/",
                        'ENTRYPOINT ["sh"]', 'CMD ["{_API}"]'])
""",
    ),
    asks=(_LEAKED,),
    why="A whiteout hides, it does not delete. A password that was in a layer must be changed; a build that "
    "needs one takes it in a stage that is not shipped, or with BuildKit's --secret.",
)

# 4: a build that is slow since yesterday

_DOCKERFILE = """\
FROM alpine
COPY . /app
RUN sh -c 'cat /app/requirements.txt; head -c 20000000 /dev/zero > /packages'
CMD ["sh", "/app/main.sh"]
"""


def _made(lab: Lab) -> Image | None:
    """Return what `docker build app` makes now, or None where it fails."""
    lab.wait(60)
    return None if lab.shell("docker build -q -t try app").exit_code else lab.image("try")


def _packages(lab: Lab, image: Image) -> object:
    """Return the layers that have the packages; a step that runs again makes another."""
    layers = lab.engine.state.layers.items()
    return {name for name, layer in layers if Mount(layer.changes).exists("/packages")}


def rebuilds(
    change: str, says: str, what: str, part: Callable[[Lab, Image], object], anew: bool
) -> Statement:
    """After a change at home a build makes a part of the image anew, or keeps what it was."""

    def look(attempt: Attempt) -> Seen:
        lab = attempt.lab
        with lab.looking():
            before = _made(lab)
            was = part(lab, before) if before else None
            lab.shell(change)
            after = _made(lab)
            now = part(lab, after) if after else None
        if before is None or after is None:
            return Seen(False, "`docker build app` fails.", defined=False)
        if not Mount(lab.engine.root(before)).exists("/packages"):
            return Seen(False, f"{says}: there are no packages in what is built.", defined=False)
        return Seen((was != now) is anew, f"{says} a build {'makes' if was != now else 'keeps'} {what}.")

    return Statement(f"{says} a build {'makes' if anew else 'keeps'} {what}.", look)


def built(path: str) -> Statement:
    """A container of what `docker build app` makes finds a file as it lies at home."""

    def look(attempt: Attempt) -> Seen:
        with attempt.lab.looking():
            said = attempt.lab.shell(f"docker build -q -t try app && docker run --rm try cat /app/{path}")
            same = said.stdout.partition("\n")[2] == attempt.lab.shell(f"cat app/{path}").stdout != ""
        return Seen(
            same and not said.exit_code, f"`/app/{path}` is {'' if same else 'not '}in what is built."
        )

    return Statement(f"What is built has `/app/{path}`.", look)


def runs_as_before() -> Statement:
    """A container of what `docker build app` makes runs the program, and has the packages."""

    def look(attempt: Attempt) -> Seen:
        with attempt.lab.looking():
            attempt.lab.shell("docker build -q -t try app")
            said = attempt.lab.shell("docker run --rm try").stdout
            size = attempt.lab.shell("docker run --rm try stat -c %s /packages").stdout.strip()
        wanted = attempt.at_start(lambda lab: lab.shell("sh app/main.sh").stdout)
        if size != "20000000":
            return Seen(False, "What is built has not the 20 MB of packages in `/packages`.")
        met = wanted in said
        return Seen(met, f"What is built {'runs' if met else 'does not run'} the program.")

    return Statement("What is built has the packages, 20 MB, and runs the program.", look)


_RUNS = runs_as_before()
_CODE = rebuilds(
    "echo '# more' >> app/main.sh", "After a change of `main.sh`", "the packages", _packages, anew=False
)
_NOTES = rebuilds(
    "echo more >> app/notes.log",
    "After a new line in `notes.log`",
    "the whole image",
    lambda lab, image: image.id,
    anew=False,
)
_LIST = rebuilds(
    "echo newer >> app/requirements.txt",
    "After a change of `requirements.txt`",
    "the packages",
    _packages,
    anew=True,
)
_FAILS = Statement("The build fails.", lambda attempt: Seen("fails" in _CODE(attempt).text, ""))

SLOW_BUILD = Exercise(
    id="08-slow-build",
    title="The build is slow since yesterday",
    level="open",
    minutes=20,
    proof=r"""
docker build -q -t proof app > none; docker run --rm proof; docker run --rm proof stat -c %s /packages
""",
    slide="image-layers-example",
    prompt="""
**Ticket.** "Since yesterday every build takes ten minutes. It installs all packages again, although we only
changed a line of the program, or not even that: the log in the folder has grown."

`docker build app` builds it; the folder `app` lies in your home. Mend what is in the folder: a changed
`main.sh` must not install again, a longer `notes.log` must not change anything, and a changed
`requirements.txt` must still install. What is built runs the program as before, and has the packages.
""",
    goal=(_CODE, _NOTES, _LIST, built("main.sh"), _RUNS),
    start=f"""
lab.shell("mkdir app; echo 'alpha beta' > app/requirements.txt; echo 'echo the program' > app/main.sh")
lab.shell("echo 'yesterday' > app/notes.log")
lab.shell({f"cat > app/Dockerfile <<'END'{chr(10)}{_DOCKERFILE}END"!r})
%docker build -q app
""",
    hints=(
        Hint(
            "fails",
            "`docker build app` fails now: read what it says, or `ex.undo()`.",
            _FAILS,
        ),
        Hint(
            "packages",
            "What is built has no `/packages` any more: the step that makes them is missing.",
            Statement("", lambda attempt: Seen("no packages" in _CODE(attempt).text, "")),
        ),
        Hint(
            "list",
            "A new `requirements.txt` must install again: it is to be copied before the step that installs.",
            ~_LIST,
        ),
        Hint("program", "The program must be in the image, too.", ~built("main.sh")),
        Hint(
            "log",
            "Who reads `notes.log`? A file that the build never gets cannot change it: "
            "`.dockerignore` names such files, one a line.",
            _CODE & ~_NOTES,
        ),
        Hint(
            "as-before",
            "What is built must run the program when no command is given, and have the 20 MB of `/packages`.",
            _CODE & ~_RUNS,
        ),
        Hint(
            "first",
            "Build it twice and read on: from which step on is `Using cache` missing, after a "
            "change of `main.sh`? What does that step copy?",
            ~_CODE,
        ),
        Hint(
            "order",
            "A step is taken from the cache as long as all before it are. What changes seldom stands "
            "first: copy `requirements.txt` alone, install, and copy the rest after it.",
            ~_CODE,
        ),
    ),
    solution="""
lab.shell("echo notes.log > app/.dockerignore")
lab.shell(\"\"\"cat > app/Dockerfile <<'END'
FROM alpine
COPY requirements.txt /app/
RUN sh -c 'cat /app/requirements.txt; head -c 20000000 /dev/zero > /packages'
COPY . /app
CMD ["sh", "/app/main.sh"]
END\"\"\")
""",
    costs="One COPY more, and a file that names what no build needs.",
    wrong=(
        Wrong('lab.shell("echo notes.log > app/.dockerignore")', "first"),
        Wrong('lab.shell("rm app/notes.log")', "first"),
        Wrong('lab.shell("echo main.sh > app/.dockerignore")', "program"),
        Wrong('lab.shell("sed -i s/COPY.*// app/Dockerfile")', "list"),
        Wrong('lab.shell("rm app/Dockerfile")', "fails"),
        Wrong(
            """
lab.shell(\"\"\"cat > app/Dockerfile <<'END'
FROM alpine
COPY requirements.txt /app/
RUN sh -c 'cat /app/requirements.txt; head -c 20000000 /dev/zero > /packages'
COPY . /app
END\"\"\")
""",
            "log",
        ),
        Wrong(
            """
lab.shell(\"\"\"cat > app/Dockerfile <<'END'
FROM alpine
RUN sh -c 'head -c 20000000 /dev/zero > /packages'
COPY . /app
END
echo notes.log > app/.dockerignore\"\"\")
""",
            "list",
        ),
        Wrong("%docker build --no-cache app", "first"),
        Wrong("lab.shell(\"sed -i '/RUN/d' app/Dockerfile\")", "packages"),
        Wrong(
            """
lab.shell(\"\"\"cat > app/Dockerfile <<'END'
FROM alpine
RUN head -c 20000000 /dev/zero > /packages
COPY requirements.txt /app/
RUN head /app/requirements.txt
COPY main.sh /app/
CMD ["sh", "/app/main.sh"]
END\"\"\")
""",
            "list",
        ),
        Wrong(
            """
lab.shell(\"\"\"cat > app/Dockerfile <<'END'
FROM alpine
COPY requirements.txt /app/
RUN sh -c 'head -c 20000000 /dev/zero > /packages'
END
echo notes.log > app/.dockerignore\"\"\")
""",
            "program",
        ),
    ),
    ways=(
        """
lab.shell("echo notes.log > app/.dockerignore")
lab.shell(\"\"\"cat > app/Dockerfile <<'END'
FROM alpine
COPY requirements.txt /app/
RUN dd if=/dev/zero of=/packages bs=1000000 count=20
COPY . /app
CMD ["sh", "/app/main.sh"]
END\"\"\")
""",
        """
lab.shell("printf '*.log\\\\n' > app/.dockerignore")
lab.shell(\"\"\"cat > app/Dockerfile <<'END'
FROM alpine
WORKDIR /app
COPY requirements.txt .
RUN cat requirements.txt && head -c 20000000 /dev/zero > /packages
COPY main.sh .
CMD ["sh", "/app/main.sh"]
END\"\"\")
""",
        """
lab.shell(\"\"\"cat > app/Dockerfile <<'END'
FROM alpine
COPY requirements.txt /app/requirements.txt
RUN sh -c 'cat /app/requirements.txt; head -c 20000000 /dev/zero > /packages'
COPY main.sh /app/main.sh
CMD ["sh", "/app/main.sh"]
END\"\"\")
""",
        """
lab.shell("echo '*' > app/.dockerignore; echo '!requirements.txt' >> app/.dockerignore")
lab.shell("echo '!main.sh' >> app/.dockerignore")
lab.shell(\"\"\"cat > app/Dockerfile <<'END'
FROM alpine AS packages
COPY requirements.txt /
RUN cat /requirements.txt && head -c 20000000 /dev/zero > /packages
FROM alpine
COPY --from=packages /packages /packages
COPY . /app/
CMD ["sh", "/app/main.sh"]
END\"\"\")
""",
    ),
    why="The key of a COPY is the hash of all that it copies. A log in the folder is a part of it, and every "
    "step after a COPY that changed runs again.",
)

# 5: data that is lost with a container

_TABLE = "/data/orders.csv"


def keeps(name: str, path: str) -> Statement:
    """A container of that name, be it another one, finds a file as the one of the start had it."""

    def look(attempt: Attempt) -> Seen:
        before, found = attempt.at_start(lambda lab: named(lab, name)), named(attempt.lab, name)
        wanted = file_at(files_in(attempt.origin, before), path) if before else None
        has = file_at(files_in(attempt.lab, found), path) if found else None
        if wanted is not None and has == wanted:
            return Seen(True, f"`{name}` finds `{path}` as it was.")
        if text_kept(path, name)(attempt).lost:
            return Seen(False, f"Nothing in the lab has `{path}` of `{name}` any more.", lost=True)
        if found is None:
            return Seen(False, f"There is no container `{name}`.", defined=False)
        return Seen(False, f"`{name}` does not find `{path}` as it was.")

    return Statement(f"`{name}` finds `{path}` as it was, byte for byte.", look)


_KEPT, _LASTS = keeps("db", _TABLE), outside("db", _TABLE, named=True)
_RUNS_DB = about(
    "db",
    "A container `db` runs.",
    lambda attempt, box: Seen(box.running, f"`db` {'runs' if box.running else 'does not run'}."),
)

LOST_DATA = Exercise(
    id="08-lost-data",
    title="Every night the orders are gone",
    level="middle",
    minutes=15,
    proof=r"""
docker exec db cat /data/orders.csv; docker inspect -f '{{range .Mounts}}{{.Type}} {{.Destination}}{{end}}' db
""",
    slide="container-rw-layer-2",
    prompt=f"""
**Ticket.** "Each night a job replaces our container: `docker rm -f db`, then `docker run` with the newest
image. Each morning all orders of the day before are gone. Today's are still there: the job runs at midnight."

Save the orders of today, `{_TABLE}`, and see to it that they outlive the container: at the end a container
`db` runs, the orders are where they were, and they are in a named volume.
""",
    goal=(_KEPT, _LASTS, _RUNS_DB),
    start=f"""
%docker run -dit --name db busybox
%docker exec db mkdir /data
from labkit.lessons.parts import records
lab.container("db").write("{_TABLE}", records("orders"))
""",
    hints=(
        Hint(
            "lost",
            "Nothing has the orders any more: `ex.undo()` takes back what removed them.",
            lost(_KEPT),
        ),
        Hint(
            "gone",
            "The container of the start is removed, and something still has its orders. Where must `db` find "
            "them?",
            container_gone("db") & Statement("", lambda attempt: Seen(not _KEPT(attempt).met, "")),
        ),
        Hint(
            "anonymous",
            "A volume without a name belongs to one container: `docker rm -v` deletes it, and the next "
            "`docker run` gets another one.",
            Statement("", lambda attempt: Seen("nobody gave" in _LASTS(attempt).text, "")),
        ),
        Hint("run", "All is in its place. `docker start` lets `db` run.", _KEPT & _LASTS & ~_RUNS_DB),
        Hint(
            "layer",
            "The orders are there, and still in the container's own layer: they go with it tonight.",
            _KEPT & ~_LASTS & container_runs("db"),
        ),
        Hint("where", "What of a container is kept when it is removed, and what goes with it?"),
        Hint(
            "out",
            "The orders must be out of the container before it is removed: `docker cp` copies a file out of "
            "one, or into one.",
            container_there("db"),
        ),
        Hint(
            "volume",
            "`docker run -v NAME:/data` gives a container a volume. It stays when the container goes.",
        ),
        Hint(
            "step",
            f"`docker cp db:{_TABLE} .`, remove `db`, run a new one with `-v orders:/data`, and copy the "
            "file back into it.",
            container_there("db"),
        ),
    ),
    solution=f"""
%docker cp db:{_TABLE} orders.csv
%docker rm -f db
%docker run -dit --name db -v orders:/data busybox
%docker cp orders.csv db:{_TABLE}
""",
    costs="The data goes by way of the home folder, and as long as that takes the database is down.",
    others=(
        Way(
            """
%docker rename db old
%docker run -dit --name db --mount source=orders,target=/data busybox
lab.shell("docker exec old cat /data/orders.csv | docker exec -i db sh -c 'cat > /data/orders.csv'")
%docker rm -f old
""",
            "The old container stays until the new one has the data: the way back is open to the end.",
        ),
    ),
    wrong=(
        Wrong("%docker rm -f db", "lost"),
        Wrong("%docker rm -f db\n%docker run -dit --name db -v orders:/data busybox", "lost"),
        Wrong(
            f"""
%docker rm -f db
%docker run -dit --name db -v orders:/data busybox
%docker exec db sh -c 'echo 1,orders > {_TABLE}'
""",
            "lost",
        ),
        Wrong(
            f"""
%docker cp db:{_TABLE} orders.csv
%docker rm -f db
%docker run -dit --name db -v /data busybox
%docker cp orders.csv db:{_TABLE}
""",
            "anonymous",
        ),
        Wrong(
            f"""
%docker cp db:{_TABLE} orders.csv
%docker rm -f db
%docker create --name db -v orders:/data busybox
%docker cp orders.csv db:{_TABLE}
""",
            "run",
        ),
        Wrong("%docker commit db saved\n%docker rm -f db\n%docker run -dit --name db saved", "where"),
        Wrong("%docker restart db", "layer"),
        Wrong("%docker volume create orders", "layer"),
        Wrong(f"%docker cp db:{_TABLE} orders.csv", "layer"),
        Wrong(
            f"""
%docker cp db:{_TABLE} orders.csv
%docker rm -f db
%docker run -dit --name db -v orders:/data busybox
""",
            "gone",
        ),
        Wrong(
            f"""
%docker run -dit --name db2 -v orders:/data busybox
%docker cp db:{_TABLE} orders.csv
%docker cp orders.csv db2:{_TABLE}
""",
            "layer",
        ),
        Wrong(
            f"""
%docker cp db:{_TABLE} orders.csv
%docker rm -f db
%docker run -dit --name db -v orders:/srv busybox
%docker exec db mkdir /data
%docker cp orders.csv db:{_TABLE}
""",
            "where",
        ),
    ),
    ways=(
        """
%docker commit db saved
%docker rm -f db
%docker run -dit --name db -v orders:/data saved
""",
        f"""
%docker run --rm -v orders:/to -i busybox true
%docker cp db:{_TABLE} orders.csv
%docker create --name helper -v orders:/data busybox
%docker cp orders.csv helper:/data
%docker rm helper
%docker rm -f db
%docker run -dit --name db -v orders:/data busybox
""",
    ),
    why="An empty volume is filled from the image, never from the container that was there before: so the "
    "data has to be taken out, or committed, first.",
)

# 6: it works on my machine

_SHOP = "registry.lab/shop"


def _annas(lab: Lab) -> Image:
    return lab.pull(_SHOP)


def _beginnings(digits: str) -> list[str]:
    return [digits[:length] for length in range(12, 65)]


def _digest(lab: Lab) -> str:
    wanted = _annas(lab).id
    found = (name for name, image in lab.engine.state.digests.items() if image == wanted)
    return next(found).partition("@sha256:")[2]


def _pinned() -> Statement:
    def look(attempt: Attempt) -> Seen:
        wanted = attempt.at_start(_annas).id
        found = named(attempt.lab, "shop")
        if found is None:
            return Seen(False, "There is no container `shop`.", defined=False)
        if found.image_id != wanted:
            return Seen(False, "The container `shop` is not of the image that Anna has.")
        name, digest, _ = found.image_name.partition("@sha256:")
        by = "its digest" if digest else "its ID, which no registry knows"
        if not digest and not wanted[7:].startswith(name.removeprefix("sha256:")):
            by = "a tag, which may move"
        return Seen(bool(digest), f"The container `shop` was made of `{name}`, named by {by}.")

    return Statement(
        "A container `shop` is of Anna's image, and its command named the image by its digest.", look
    )


_PINNED = _pinned()
_ASKED = digest("digest", "Which digest has Anna's image, in the registry?", _digest)
_ID = Statement(
    "The ID of Anna's image is given.",
    lambda attempt: Seen(answered(_ASKED, *_beginnings(attempt.at_start(_annas).id[7:]))(attempt).met, ""),
)

OTHER_DIGEST = Exercise(
    id="08-other-digest",
    title="It works on my machine",
    level="middle",
    minutes=15,
    proof=r"""
docker inspect -f '{{.Config.Image}} {{.Image}}' shop | sed s/:latest@/@/ | sed s/:3@/@/
""",
    slide="image-inspect-2",
    prompt=f"""
**Ticket.** "`docker run --rm {_SHOP} sh /srv/shop.sh` says *version 2* here, on the server. On Anna's
laptop, where Docker was installed this morning, it says *version 3*. It is the same name and the same tag!"

Find the digest of the image that Anna has. Then make a container `shop` of it (it need not run), in such a
way that the same command makes the same container on every machine, also next year.
""",
    goal=(_PINNED,),
    make=lab_with_shop,
    start=f"""
%docker pull -q {_SHOP}:2
%docker tag {_SHOP}:2 {_SHOP}
%docker rmi {_SHOP}:2
""",
    hints=(
        Hint(
            "id",
            "That is the image's ID, the digest of its config. A registry knows an image by the digest "
            "of its manifest.",
            _ID,
        ),
        Hint(
            "by-id",
            "This is Anna's image. An ID names it on this machine, and no machine can pull by it.",
            Statement("", lambda attempt: Seen("its ID" in _PINNED(attempt).text, "")),
        ),
        Hint(
            "other",
            "That is another digest. Anna pulled this morning: what does the registry have now?",
            wrong(_ASKED),
        ),
        Hint(
            "tag",
            "This is Anna's image. Its command names it by a tag, though: next year the tag may stand for "
            "another image.",
            Statement(
                "", lambda attempt: Seen((seen := _PINNED(attempt)).defined and "a tag" in seen.text, "")
            ),
        ),
        Hint(
            "old",
            "This container is of the old image. What does a run take: what the registry has, or what is "
            "in the cache?",
            Statement("", lambda attempt: Seen((seen := _PINNED(attempt)).defined and not seen.met, "")),
        ),
        Hint(
            "who",
            "Which image does the tag name here, and which in the registry? `docker run` asks the "
            "registry only where the cache has nothing of that name.",
        ),
        Hint(
            "digests",
            "`docker pull` says which digest the tag has now, and `docker images --digests` lists them.",
        ),
        Hint(
            "step",
            f"`docker create --name shop {_SHOP}@sha256:…`, with all 64 digits that the pull printed.",
            ~_PINNED | Statement("", lambda attempt: Seen(not _PINNED(attempt).defined, "")),
        ),
    ),
    solution=f"""
pulled = lab.docker("pull {_SHOP}").text
found = pulled.split("Digest: ")[1].split()[0]
ex.answer(found)
lab.docker(f"create --name shop {_SHOP}@{{found}}")
""",
    costs="Nobody can move a digest. Nobody gets a newer image by it either, not even a mended one.",
    wrong=(
        Wrong("%docker create --name shop registry.lab/shop", "old"),
        Wrong("%docker pull registry.lab/shop\n%docker create --name shop registry.lab/shop", "tag"),
        Wrong("%docker create --name shop registry.lab/shop:3", "tag"),
        Wrong("%docker pull registry.lab/shop", "who"),
        Wrong(
            """
found = lab.docker("images --digests --format '{{.Digest}}'").text.split()[0]
ex.answer(found)
""",
            "other",
        ),
        Wrong(
            """
found = lab.docker("image inspect --format '{{.Id}}' registry.lab/shop").text.strip()
ex.answer(found)
""",
            "other",
        ),
        Wrong(
            f"""
%docker pull {_SHOP}
found = lab.docker("image inspect --format '{{{{.Id}}}}' {_SHOP}").text.strip()
ex.answer(found)
""",
            "id",
        ),
        Wrong(
            f"""
%docker pull {_SHOP}
lab.docker("create --name shop " + lab.image("{_SHOP}").id)
""",
            "by-id",
        ),
        Wrong("%docker tag registry.lab/shop shop:3\n%docker create --name shop shop:3", "old"),
        Wrong(
            """
%docker pull registry.lab/shop:1
%docker create --name shop registry.lab/shop:1
""",
            "old",
        ),
    ),
    ways=(
        f"""
%docker pull {_SHOP}:3
found = lab.docker("images --digests --format '{{{{.Tag}}}} {{{{.Digest}}}}'").text
found = next(line.split()[1] for line in found.splitlines() if line.startswith("3 "))
ex.answer(digest=found[7:19])
lab.docker(f"run -dit --name shop {_SHOP}@{{found}} sleep 1000")
""",
        f"""
found = lab.docker("pull {_SHOP}").text.split("Digest: ")[1].split()[0]
lab.docker(f"create --name old {_SHOP}@{{found}}")
%docker rename old shop
ex.answer(f"digest: {{found}}")
""",
        f"""
%docker rmi {_SHOP}
found = lab.docker("pull {_SHOP}").text.split("Digest: ")[1].split()[0]
lab.docker(f"create --name shop {_SHOP}:latest@{{found}}")
ex.answer([found])
""",
    ),
    asks=(_ASKED,),
    why="A tag is a name that its owner may give to another image. A digest is the image: whoever has the "
    "digest gets the same bytes, or an error.",
)

# 7: a base with a hole


def _at_most_one_layer(name: str, base: str) -> Statement:
    one = layers_above(name, base, 1) | layers_above(name, base, 0)
    return Statement(f"`{name}` has one layer more than `{base}` at most.", one.look)


_CUSTOMERS = keeps("web", "/srv/customers")
_NONE_INSIDE = image_lacks("app:2", "/srv/customers")
_APP = "/srv/app.sh"

NEW_BASE = Exercise(
    id="08-new-base",
    title="The base has a hole",
    level="open",
    minutes=20,
    slide="container-rw-layer-2",
    prompt=f"""
**Ticket.** "The image `app` stands on `alpine`, and that has a hole. Our own `base`, patched, is here.
Bring `web` over to it, tonight. The customers' file `/srv/customers` in `web` must be there tomorrow."

Make `app:2` on all layers of `base`: the program `{_APP}` of `app`, started in the same way, in one
more layer at most, and no customers in it. At the end a container `web` of `app:2` runs and finds
`/srv/customers` as it was.
""",
    goal=(
        layers_above("app:2", "base"),
        image_keeps("app:2", _APP, "app"),
        would_start("app:2", f"sh {_APP}"),
        _at_most_one_layer("app:2", "base"),
        _NONE_INSIDE,
        runs_of("web", "app:2"),
        _CUSTOMERS,
    ),
    start=f"""
lab.build("base", ["FROM alpine", "RUN echo patched > /etc/hole"])
lab.build("app", ["FROM alpine", "COPY app.sh {_APP}", 'CMD ["sh", "{_APP}"]'],
          {{"app.sh": "sleep 100000\\n"}})
%docker run -d --name web app
from labkit.lessons.parts import records
lab.container("web").write("/srv/customers", records("customers"))
""",
    proof=f"""
docker exec web cat /srv/customers {_APP} /etc/hole
docker ps --format '{{{{.Names}}}} {{{{.Image}}}}' | grep -c '^web app:2'
""",
    hints=(
        Hint("lost", "Nothing has the customers any more: `ex.undo()`.", lost(_CUSTOMERS)),
        Hint(
            "image",
            "On what does an image stand, and can that be changed once it is built?",
            no_image("app:2"),
        ),
        Hint("layers", "`app:2` does not stand on all layers of `base`.", ~layers_above("app:2", "base")),
        Hint(
            "program",
            "The program in `app:2` is not that of `app`, or a container starts something else.",
            ~image_keeps("app:2", _APP, "app") | ~would_start("app:2", f"sh {_APP}"),
        ),
        Hint("inside", "`app:2` has the customers in it: whoever pulls it has them, too.", ~_NONE_INSIDE),
        Hint("one", "`app:2` has more than one layer above the base.", ~_at_most_one_layer("app:2", "base")),
        Hint(
            "build",
            "A Dockerfile for `app:2`: `FROM base`, and `COPY --from=app` takes the program.",
            no_image("app:2"),
        ),
        Hint(
            "data",
            "The customers are in the layer of the old `web`: take them out before it is removed, "
            "`docker cp`.",
            runs_of("web", "app"),
        ),
        Hint(
            "back",
            "`docker create --name web app:2` makes the new `web`; bring the customers into it, and "
            "start it.",
            image_there("app:2"),
        ),
    ),
    solution=f"""
lab.build("app:2", ["FROM base", "COPY --from=app {_APP} {_APP}", 'CMD ["sh", "{_APP}"]'])
%docker cp web:/srv/customers customers
%docker rm -f web
%docker create --name web app:2
%docker cp customers web:/srv/customers
%docker start web
""",
    costs="The customers are in the new container's own layer: the next new image asks for the same.",
    others=(
        Way(
            f"""
lab.build("app:2", ["FROM base", "COPY --from=app {_APP} {_APP}", 'CMD ["sh", "{_APP}"]'])
%docker rename web old
%docker create --name web -v customers:/srv app:2
lab.shell("docker cp old:/srv/customers - | docker cp - web:/srv")
%docker start web
%docker rm -f old
""",
            "A volume keeps them from now on. It also hides the program's directory of every later image.",
        ),
    ),
    wrong=(
        Wrong("%docker tag app app:2", "layers"),
        Wrong("%docker rm -f web", "lost"),
        Wrong("%docker tag base app:2", "program"),
        Wrong("%docker commit web app:2", "layers"),
        Wrong(
            f"""
%docker create --name box base
lab.shell("docker cp web:/srv - | docker cp - box:/")
%docker commit --change 'CMD ["sh", "{_APP}"]' box app:2
""",
            "inside",
        ),
        Wrong(
            """
%docker rm -f web
%docker run -d --name web app
%docker exec web sh -c 'echo 1,Ada > /srv/customers'
""",
            "lost",
        ),
        Wrong(
            f"""lab.build("app:2", ["FROM base", "COPY --from=app {_APP} {_APP}", 'CMD ["sh", "{_APP}"]'])""",
            "data",
        ),
        Wrong(
            f"""
lab.build("app:2", ["FROM base", "COPY --from=app {_APP} {_APP}", "RUN echo > /x", 'CMD ["sh", "{_APP}"]'])
""",
            "one",
        ),
    ),
    ways=(
        f"""
%docker cp web:{_APP} app.sh
%docker cp web:/srv/customers customers
%docker create --name box base
%docker cp app.sh box:{_APP}
%docker commit --change 'CMD ["sh", "{_APP}"]' box app:2
%docker stop web
%docker rename web old
%docker run -d --name web app:2
%docker cp customers web:/srv
""",
    ),
    why="An image cannot change its base: its layers are built on it. What is in a container's own layer "
    "has to be carried over by hand, each time.",
)

# 8: an inventory

_NAMED = drivers("driver", "Which storage driver?", lambda lab, name: name == lab.engine.driver.name)
_LARGEST = container("largest", "Which container has written most?", lambda lab: "cache")
_HIDDEN = path(
    "hidden",
    "Which file did a step of the image `site` remove, so that it is still in a layer?",
    lambda lab: "/srv/dump.sql",
)
_START = command_line(
    "starts", "What does a container of `site` start?", lambda lab: would_run(lab.image("site"))
)
_STEPS = numbers(
    "empty",
    "Number the steps of `site` above its base, busybox, from 1, the oldest first: which made no layer?",
    lambda lab: _empty(lab, from_=0),
)
# Who counts the lines of the base, too, has understood it as well.
_STEPS = replace(
    _STEPS, right=lambda lab, value: any(value == frozenset(_empty(lab, from_=start)) for start in (0, 2))
)


def _empty(lab: Lab, from_: int) -> list[int]:
    steps = lab.image("site").history
    base = len(lab.image("busybox").history)
    return [at + from_ for at, each in enumerate(steps[base:], 1) if each.layer is None]


def _as_they_were() -> Statement:
    def look(attempt: Attempt) -> Seen:
        now, before = (still(each.engine.state).containers for each in (attempt.lab, attempt.origin))
        same = now == before
        text = f"The containers are {'' if same else 'not '}as they were."
        return Seen(same, text, lost=not before.keys() <= now.keys())

    return Statement("The containers are as they were.", look)


_UNCHANGED = _as_they_were()

INVENTORY = Exercise(
    id="08-inventory",
    title="Nobody knows this server",
    level="middle",
    minutes=15,
    slide="image-layers-recap",
    prompt="""
**Ticket.** "The colleague who ran this server has left. Before anything is changed we need to know what
is there."

Look around and answer; start nothing and leave the containers and their files as they are.
""",
    goal=(nothing_started(), _UNCHANGED),
    make=lambda: Lab(storage_driver="btrfs"),
    start="""
lab.build("site", ["FROM busybox", "ENV LANG=C", "COPY dump.sql /srv/", "COPY site.sh /srv/",
                   "RUN rm /srv/dump.sql",
                   "EXPOSE 80", 'ENTRYPOINT ["sh"]', 'CMD ["/srv/site.sh", "--port", "80"]'],
          {"dump.sql": 3_000_000, "site.sh": "sleep 100000\\n"})
%docker run -d --name web site
%docker run -dit --name cache busybox
%docker exec cache dd if=/dev/zero of=/cache bs=1000000 count=20
%docker exec web dd if=/dev/zero of=/log bs=1000000 count=2
""",
    asks=(_NAMED, _LARGEST, _HIDDEN, _START, _STEPS),
    hints=(
        Hint("started", "A container was started: `ex.undo()`.", ~nothing_started()),
        Hint(
            "changed",
            "A container is not as it was: `ex.undo()`.",
            ~_UNCHANGED,
        ),
        Hint("usual", "That would be the usual driver.", answered(_NAMED, ("overlay2",))),
        Hint(
            "virtual",
            "The virtual size counts the image, too. Who has written most?",
            answered(_LARGEST, "web"),
        ),
        Hint("half", "`Cmd` alone is not what starts: something stands before it.", wrong(_START)),
        Hint("driver", "`docker info` names the driver.", open_(_NAMED)),
        Hint("size", "Which command lists each container's own size?", open_(_LARGEST)),
        Hint(
            "history",
            "`docker history --no-trunc site` has a line for each step, and its size.",
            open_(_HIDDEN) | open_(_STEPS),
        ),
        Hint(
            "removed",
            "Above the line of a `COPY` with a size stands one with `rm`: what it removes is still in the "
            "layer below.",
            open_(_HIDDEN),
        ),
        Hint(
            "lines",
            "The two lowest lines are busybox's: the step numbered 1 is the one above them. `ENV`, `EXPOSE`, "
            "`ENTRYPOINT` and `CMD` write the config and make no layer; a step that removes makes one.",
            open_(_STEPS),
        ),
        Hint("inspect", "`docker image inspect site`: `Entrypoint`, then `Cmd`.", open_(_START)),
        Hint("ps", "`docker ps -s` lists them: the first number is the container's own.", open_(_LARGEST)),
    ),
    solution="""
image = lab.image("site")
steps = image.history[len(lab.image("busybox").history):]
starts = lab.docker("image inspect -f '{{json .Config.Entrypoint}} {{json .Config.Cmd}}' site").text
driver = lab.docker("info -f '{{.Driver}}'").text
empty = [at for at, each in enumerate(steps, 1) if not each.layer]
ex.answer(driver=driver, largest="cache", hidden="/srv/dump.sql", starts=starts, empty=empty)
""",
    costs="Nothing is changed: inspect, history, ps and info only look.",
    wrong=(
        Wrong('ex.answer(driver="overlay2")', "usual"),
        Wrong('ex.answer(largest="web")', "virtual"),
        Wrong('ex.answer(starts="/srv/site.sh --port 80")', "half"),
        Wrong('ex.answer(driver="btrfs")', "size"),
        Wrong("%docker run site", "started"),
        Wrong("%docker stop cache", "changed"),
        Wrong("%docker rm -f web", "changed"),
        Wrong("%docker exec web touch /x", "changed"),
        Wrong("%docker exec cache rm -rf /cache", "changed"),
        Wrong("%docker stop web", "changed"),
        Wrong("%docker rename web old", "changed"),
        Wrong("ex.answer(empty=[1, 2, 3, 4])", "driver"),
        Wrong('ex.answer(empty="none")', "form"),
    ),
    ways=(
        """
ex.answer(driver="btrfs", largest="cache", hidden="/srv/dump.sql")
ex.answer(starts="sh /srv/site.sh --port 80", empty="1, 5, 6, 7")
""",
        """
ex.answer(driver="Storage Driver: btrfs", largest=lab.docker("ps -q --filter name=cache").text.strip())
ex.answer(hidden="srv/dump.sql".replace("srv", "/srv"), starts=["sh", "/srv/site.sh", "--port", "80"])
ex.answer(empty=[9, 8, 7, 3])
""",
    ),
    why="All of it is in what Docker keeps: the config says what would run, the history what was done, and a "
    "container's own layer what was written.",
)

EXERCISES = (FULL_DISK, TOO_BIG, SECRET, SLOW_BUILD, LOST_DATA, OTHER_DIGEST, NEW_BASE, INVENTORY)

LESSON = Lesson(
    number=8,
    title="Tickets",
    notebook="08-tickets",
    answers="Something is wrong: where do you look?",
    exercises=EXERCISES,
)
