"""Lesson 6: what docker image inspect shows."""

from __future__ import annotations

from collections.abc import Sequence

from labkit.course.exercise import Exercise, Way, Wrong
from labkit.course.lesson import Lesson
from labkit.course.questions import (
    Choice,
    Question,
    answered,
    command_line,
    number,
    open_,
    port,
    variable,
    wrong,
)
from labkit.course.statements import (
    Attempt,
    Hint,
    Seen,
    Statement,
    image_kept,
    image_there,
    layers_above,
    no_image,
    nothing_started,
    would_run,
    would_start,
)
from labkit.lab import Lab
from labkit.lessons.labs import pulled, running
from labkit.lessons.parts import mounted, variable_set


def _same_number(lab: Lab) -> str:
    pulled = lab.docker("pull nginx").text
    listed = lab.docker("inspect --format '{{json .RootFS.Layers}}' nginx").text
    named = [line.partition(":")[0] for line in pulled.splitlines() if "Pull complete" in line]
    return f"{sum(name in listed for name in named)} of {listed.count('sha256:')}"


def _exposed(lab: Lab) -> str:
    lab.pull("nginx")
    lab.docker("run -d --name web nginx")
    listed = lab.docker("inspect --format '{{json .NetworkSettings.Ports}}' web").text.strip()
    return "listed only" if listed == '{"80/tcp":null}' else listed


def _latest(lab: Lab) -> str:
    lab.build("app", "FROM busybox\nCMD echo first")
    lab.build("app:2", "FROM busybox\nCMD echo second")
    return lab.docker("run --rm app").text.strip()


def _tagged(lab: Lab) -> str:
    lab.pull("nginx")
    before = lab.disk_usage()
    lab.docker("tag nginx nginx:1.15")
    ids = lab.docker("images --quiet --no-trunc").text.split()
    return f"{len(set(ids))} image, {lab.disk_usage() - before} bytes"


def _inspected(lab: Lab) -> str:
    image = lab.pull("nginx")
    text = lab.docker("image inspect nginx").text
    marks = {
        "file": "root:x:0:0",
        "port": '"80/tcp"',
        "command": '"daemon off;"',
        "layers": image.layers[0].diff_id,
    }
    return " ".join(name for name, mark in marks.items() if mark in text)


def _steps_with_layer(lab: Lab) -> str:
    """Return the instructions of nginx's history that made a layer, the oldest first."""
    made = [step.entry.created_by for step in lab.pull("nginx").history if step.layer]
    words = [each.removeprefix("/bin/sh -c ").removeprefix("#(nop)").split()[0] for each in made]
    return " ".join(word if word.isupper() else "RUN" for word in words)


def _two_apps() -> Lab:
    lab = Lab()
    lab.build("app", ["FROM busybox", "CMD echo first"])
    lab.build("app:2", ["FROM busybox", "CMD echo second"])
    return lab


QUESTIONS = (
    Question(
        "inspect-what",
        "docker image inspect shows all that Docker knows of the image nginx. Which of these will you find "
        "there: the content of /etc/passwd, the port of the web server, the command that starts it, "
        "the names of its layers?",
        (
            Choice(
                "all four",
                "A file's content is in a layer, not in the metadata.",
                shows="file port command layers",
            ),
            Choice(
                "all but the content of /etc/passwd",
                "The port, the command and the names of the layers, but no file.",
                right=True,
                shows="port command layers",
            ),
            Choice(
                "only the port and the command",
                "The names of the layers are there as well, under RootFS.",
                almost=True,
                shows="port command",
            ),
        ),
        _inspected,
        commands=("docker image inspect nginx",),
        decides=r'"(80/tcp|Cmd|Layers)"|(root:x:)',
        setup=pulled("nginx"),
    ),
    Question(
        "steps-and-layers",
        "nginx has ten lines in its history and three layers. Which of the ten lines will have a layer "
        "beside them?",
        (
            Choice(
                "the three oldest: ADD, CMD and LABEL",
                "CMD and LABEL noted something in the config. They changed no file.",
                shows="ADD CMD LABEL",
            ),
            Choice(
                "the ADD and the two RUNs",
                "A step that changed files made a layer.",
                right=True,
                shows="ADD RUN RUN",
            ),
            Choice(
                "all ten: three layers are only what was downloaded",
                "All that there is was downloaded. Seven steps changed no file and made no layer.",
                shows="ADD CMD LABEL ENV ENV RUN RUN EXPOSE STOPSIGNAL CMD",
            ),
        ),
        _steps_with_layer,
        commands=("docker image history nginx",),
        decides=r"(\d[\d.]*MB|\d\dB) *$",
        setup=pulled("nginx"),
    ),
    Question(
        "inspect-digest",
        "docker pull prints 27833a3ba0a5 and two more numbers, one for each layer of nginx. "
        "Will docker image inspect list the same three numbers under RootFS?",
        (
            Choice(
                "yes, they are the layers' names",
                "They are names of the compressed files that travel. inspect names the layers when unpacked.",
                shows="3 of 3",
            ),
            Choice(
                "no, ten numbers: one for each history line",
                "RootFS lists layers, and only three of the ten steps made one.",
                almost=True,
                shows="0 of 10",
            ),
            Choice(
                "no, three other numbers",
                "One layer, two hashes: the digest of the compressed file, and the DiffID of what is in it.",
                right=True,
                shows="0 of 3",
            ),
        ),
        _same_number,
        commands=(
            "docker pull nginx",
            'docker image inspect --format "{{range .RootFS.Layers}}{{println .}}{{end}}" nginx',
        ),
        decides=r"^(\w{12}): Pull complete|^sha256:\w{12}",
    ),
    Question(
        "inspect-ports",
        "docker image inspect nginx shows ExposedPorts with 80/tcp. You start it with docker run -d nginx, "
        "without -p. What leads from a port of your computer to the web server?",
        (
            Choice(
                "port 80: the image opens it",
                "EXPOSE is a note in the metadata. It opens nothing; docker run -p 80:80 does.",
                shows='{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"80"}]}',
            ),
            Choice(
                "a free port that Docker chooses",
                "That is docker run -P, with a capital P. Without it nothing is published.",
                almost=True,
                shows='{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"49153"}]}',
            ),
            Choice(
                "nothing",
                "ExposedPorts is metadata: it says where the program listens, and opens no port.",
                right=True,
                shows="listed only",
            ),
        ),
        _exposed,
        commands=(
            "docker run -d --name web nginx",
            "docker ps",
            "docker port web",
        ),
        decides=r"^\$ docker port web$|^80/tcp -> .*$",
        setup=pulled("nginx"),
    ),
    Question(
        "tag-copy",
        "docker tag nginx nginx:1.15 gives an image a second name. What does it cost on the disk?",
        (
            Choice(
                "109 MB: a second image",
                "docker images shows two lines, but both have the same IMAGE ID. It is one image.",
                shows="2 image, 109362650 bytes",
            ),
            Choice(
                "a new layer for the name",
                "A name is not a part of the image. The image does not change, and its ID stays.",
                shows="2 image, 0 bytes",
            ),
            Choice(
                "nothing: one image, two names",
                "A tag only leads to an image ID. Removing one of the two names removes no layer.",
                right=True,
                shows="1 image, 0 bytes",
            ),
        ),
        _tagged,
        commands=(
            "docker tag nginx:latest nginx:1.15",
            "docker images",
            "docker system df",
        ),
        decides=r"^Images +(\d+ +\d+ +\S+)",
        setup=pulled("nginx"),
    ),
    Question(
        "latest-newest",
        "You build an image and call it app. A minute later you build a newer one and call it app:2. "
        "Which of them does docker run app start?",
        (
            Choice(
                "the newer one, app:2",
                "latest is an ordinary tag. Docker never looks for the newest image.",
                shows="second",
            ),
            Choice(
                "the older one",
                "app means app:latest, and that tag was given to the older one. Nobody has moved it since.",
                right=True,
                shows="first",
            ),
            Choice(
                "neither: without a tag the name is not clear",
                "A name without a tag is completed with :latest.",
                shows="",
            ),
        ),
        _latest,
        commands=("docker run --rm app",),
        decides=r"^(?:first|second)$",
        setup=_two_apps,
    ),
    Question(
        "entry-and-cmd",
        "mysql has the Entrypoint docker-entrypoint.sh and the Cmd mysqld. What will its container run?",
        (
            Choice("mysqld: the command", "The command is what the entrypoint is given.", shows="mysqld"),
            Choice(
                "docker-entrypoint.sh: the entrypoint comes first",
                "It does, and the command follows it, as its argument.",
                almost=True,
                shows="docker-entrypoint.sh",
            ),
            Choice(
                "docker-entrypoint.sh mysqld",
                "Both are one command line: the entrypoint is the program, the command is what it is given.",
                right=True,
                shows="docker-entrypoint.sh mysqld",
            ),
        ),
        commands=(
            "docker create --name db mysql",
            'docker ps -a --no-trunc --format "{{.Command}}"',
        ),
        decides=r'^"(.*)"$',
        setup=pulled("mysql"),
    ),
    Question(
        "container-dirs",
        "The image nginx has three layers, and overlay2 keeps each in a directory. A container stands "
        "on it. How many directories will its LowerDir name, all those below its own layer?",
        (
            Choice(
                "two, and the image's top layer is UpperDir",
                "So it is for the image itself. In a container all three are below, read-only.",
                almost=True,
                shows="diff diff",
            ),
            Choice(
                "three, those of the image",
                "Docker puts one more between: its name ends with -init.",
                almost=True,
                shows="diff diff diff",
            ),
            Choice(
                "four",
                "The image's three, and one with -init for files of this container alone, such as "
                "/etc/hosts.",
                right=True,
                shows="diff diff diff diff",
            ),
        ),
        commands=(
            "docker inspect --format "
            "'{{range split .GraphDriver.Data.LowerDir \":\"}}{{println .}}{{end}}' web",
        ),
        decides=r"/(diff)$",
        setup=running("nginx", "web"),
    ),
    Question(
        "last-cmd",
        'The history of nginx has two CMD lines: the Debian image had CMD ["bash"], nginx has another one. '
        "What does the config have?",
        (
            Choice(
                "the first: it belongs to the base",
                "The base's config is where nginx began. Its own CMD took the place of that one.",
                shows='["bash"]',
            ),
            Choice(
                "the last one alone",
                "The step of nginx replaced the base's. History remembers both, the config knows the result.",
                right=True,
                shows='["nginx","-g","daemon off;"]',
            ),
            Choice(
                "both, in their order",
                "Layers are stacked. A field of the config has one value, the one that was set last.",
                shows='["bash"] ["nginx","-g","daemon off;"]',
            ),
        ),
        commands=('docker image inspect --format "{{json .Config.Cmd}}" nginx',),
        decides=r"^\[.*\]$",
        setup=pulled("nginx"),
    ),
)


def _command(lab: Lab) -> Sequence[str]:
    return would_run(lab.image("shop"))


def _port(lab: Lab) -> str:
    (exposed,) = lab.image("shop").config.config["ExposedPorts"]
    return str(exposed)


def _variable(lab: Lab) -> str:
    return next(
        str(each).partition("=")[2]
        for each in lab.image("shop").config.config["Env"]
        if str(each).startswith("SHOP_CURRENCY=")
    )


_other_case = Statement("An answer is right but for its case.", lambda attempt: _folded(attempt))


def _folded(attempt: Attempt) -> Seen:
    """Tell whether an answer that is wrong would be right if case did not count."""
    for ask, right in ((_LINE, _command), (_CURRENCY, _variable)):
        if wrong(ask)(attempt).met:
            given = ask.read(attempt.origin, attempt.answers[ask.name])
            one, other = (
                " ".join([each] if isinstance(each, str) else each).lower()
                for each in (given, right(attempt.origin))
            )
            if one == other:
                return Seen(True, "")
    return Seen(False, "")


_LINE = command_line("command", "Which command line would a container run?", _command)
_PORT = port("port", "Which port does the image expose?", _port)
_CURRENCY = variable("currency", "What is in `SHOP_CURRENCY`?", "SHOP_CURRENCY", _variable)

WHAT_RUNS = Exercise(
    id="06-what-would-run",
    title="What would run?",
    level="easy",
    minutes=8,
    slide="image-inspect-1",
    prompt="""
Somebody gave you the image `shop`. Before you start it you want to know what it would do.
Read `docker image inspect shop`, and start nothing.
Which command line would a container run (all its words)? Which port does the image expose?
And what is in the variable `SHOP_CURRENCY`?
""",
    goal=(image_kept("shop"), nothing_started()),
    start="""
lab.build(
    "shop",
    [
        "FROM python",
        "ENV SHOP_CURRENCY=EUR SHOP_DEBUG=0",
        "COPY shop.py /srv/",
        "EXPOSE 8000",
        'ENTRYPOINT ["python3", "/srv/shop.py"]',
        'CMD ["--port", "8000"]',
    ],
    {"shop.py": "print('the shop')"},
)
""",
    asks=(_LINE, _PORT, _CURRENCY),
    hints=(
        Hint(
            "started",
            "A container was started, and you did not know yet what it does. `ex.undo()` takes commands "
            "back.",
            ~nothing_started(),
        ),
        Hint(
            "changed",
            "There is no image `shop` as at the start: `ex.undo()` takes commands back.",
            ~image_kept("shop") | no_image("shop"),
        ),
        Hint(
            "cmd-only",
            "`Cmd` alone is not the whole line, where there is an `Entrypoint` too.",
            answered(_LINE, ("--port", "8000")),
        ),
        Hint(
            "entrypoint-only",
            "That is the `Entrypoint`. What does Docker put behind it?",
            answered(_LINE, ("python3", "/srv/shop.py")),
        ),
        Hint(
            "base",
            "That is what the base image would run. This image has set something else.",
            answered(_LINE, ("python3",)),
        ),
        Hint("case", "Capitals and small letters are different names to Linux.", _other_case),
        Hint(
            "line",
            "The command line is `Entrypoint` and `Cmd` under `Config`, one after the other.",
            open_(_LINE),
        ),
        Hint("port", "The port is the key under `ExposedPorts`, in `Config`.", open_(_PORT)),
        Hint("currency", "`Env`, under `Config`, has a line for each variable.", open_(_CURRENCY)),
    ),
    solution="""
config = lab.image("shop").config.config
port = int(next(iter(config["ExposedPorts"])).split("/")[0])
env = dict(each.split("=", 1) for each in config["Env"])
command = " ".join([*config["Entrypoint"], *config["Cmd"]])
ex.answer(command=command, port=port, currency=env["SHOP_CURRENCY"])
""",
    wrong=(
        Wrong('ex.answer(command="--port 8000", port=8000, currency="EUR")', "cmd-only"),
        Wrong('ex.answer(command="python3 /srv/shop.py", port=8000, currency="EUR")', "entrypoint-only"),
        Wrong('ex.answer(command="python3", port=8000, currency="EUR")', "base"),
        Wrong('ex.answer(command="python3 /srv/shop.py --port 8000", port=80, currency="EUR")', "port"),
        Wrong('ex.answer(command="PYTHON3 /srv/shop.py --PORT 8000", port=8000, currency="EUR")', "case"),
        Wrong('ex.answer(command="python3 /srv/shop.py --port 8000", port=8000, currency="eur")', "case"),
        Wrong(
            'ex.answer(command="python3 /srv/shop.py --port 8000", port="8000/udp", currency="EUR")', "port"
        ),
        Wrong(
            'ex.answer(command="python3 /srv/shop.py --port 8000", port="the shop", currency="EUR")', "form"
        ),
        Wrong('ex.answer(command=None, port=8000, currency="EUR")', "form"),
        Wrong(
            'ex.answer(command="python3 /srv/shop.py --port 8000", port=8000, currency="SHOP_DEBUG=0")',
            "currency",
        ),
        *(
            Wrong(
                f"{start}\nex.answer(command='python3 /srv/shop.py --port 8000', port=8000, currency='EUR')",
                "started",
            )
            for start in (
                "%docker run shop",
                "%docker run --rm shop",
                "%docker run -d --name it shop\n%docker rm -f it",
                'lab.run("shop")',
                "%docker create --name it shop\n%docker start it",
            )
        ),
    ),
    ways=(
        'ex.answer(command=["python3", "/srv/shop.py", "--port", "8000"], port="8000/tcp", currency="EUR")',
        """
line = '["python3","/srv/shop.py","--port","8000"]'
ex.answer(command=line, port='{"8000/tcp":{}}', currency="SHOP_CURRENCY=EUR")
""",
        """
show = "image inspect -f '{{json .Config.Entrypoint}} {{json .Config.Cmd}}' shop"
ports = lab.docker("image inspect -f '{{json .Config.ExposedPorts}}' shop").text
env = lab.docker("image inspect -f '{{json .Config.Env}}' shop").text
ex.answer(command=lab.docker(show).text, port=ports, currency=env)
""",
        """
show = "image inspect -f '{{.Config.Entrypoint}} {{.Config.Cmd}}' shop"
ports = lab.docker("image inspect -f '{{.Config.ExposedPorts}}' shop").text
ex.answer(command=lab.docker(show).text, port=ports, currency='"EUR"')
""",
        """
config = lab.image("shop").config.config
line = (*config["Entrypoint"], *config["Cmd"])
ex.answer(command=line, port=config["ExposedPorts"], currency=config["Env"])
""",
        "%docker create --name it shop\nex.answer(command='python3 /srv/shop.py --port 8000', port=8000, "
        "currency='EUR')",
        """
%docker run --rm shop
ex.undo()
ex.answer(command="python3 /srv/shop.py --port 8000", port=8000, currency="EUR")
""",
    ),
    why="Words behind the image's name in `docker run` replace `Cmd`, and `Entrypoint` stays.",
)

METADATA = Exercise(
    id="06-metadata-only",
    title="Another image, and not one byte more",
    level="middle",
    minutes=8,
    slide="image-inspect-1",
    prompt="""
Make an image `shop:debug` from `shop`. Its containers must have the variable `DEBUG` with the value `1`,
and start `sh`, alone, where no other command is given.
Its layers must be those of `shop`, all of them and not one more. `shop` itself must stay as it is.
""",
    goal=(
        variable_set("shop:debug", "DEBUG", "1"),
        would_start("shop:debug", "sh", "/bin/sh"),
        layers_above("shop:debug", "shop", 0),
        image_kept("shop"),
    ),
    start="""
lab.build("shop", ["FROM python", "COPY shop.py /srv/", 'CMD ["python3", "/srv/shop.py"]'], {"shop.py": ""})
""",
    hints=(
        Hint("name", "The check looks for an image `shop:debug`, and there is none.", no_image("shop:debug")),
        Hint(
            "changed",
            "There is no image `shop` as at the start: `ex.undo()` takes commands back.",
            ~image_kept("shop") | no_image("shop"),
        ),
        Hint(
            "base",
            "`shop:debug` does not have all the layers of `shop`. Which image should it be made from?",
            ~layers_above("shop:debug", "shop") & image_kept("shop"),
        ),
        Hint(
            "layer",
            "There is a layer more: some step changed a file. Which instructions change only the config?",
            layers_above("shop:debug", "shop") & ~layers_above("shop:debug", "shop", 0),
        ),
        Hint(
            "shell-form",
            "`CMD sh` is the shell form: it starts a shell that starts `sh`. The exec form is a list: `CMD "
            "[...]`.",
            would_start("shop:debug", "/bin/sh -c sh"),
        ),
        Hint(
            "starts",
            "What a container starts is `Entrypoint` and then `Cmd`, see `docker image inspect shop:debug`.",
            ~would_start("shop:debug", "sh", "/bin/sh"),
        ),
        Hint(
            "env",
            "`docker image inspect shop:debug` shows under `Env`, in `Config`, which variables it sets.",
            ~variable_set("shop:debug", "DEBUG", "1"),
        ),
        Hint("instructions", "`ENV` and `CMD` in a Dockerfile change the config alone."),
    ),
    solution="""lab.build("shop:debug", ["FROM shop", "ENV DEBUG=1", 'CMD ["sh"]'])""",
    costs="A Dockerfile says what was done, and can be built again.",
    others=(
        Way(
            """
%docker create --name box shop
%docker commit --change 'ENV DEBUG=1' --change 'CMD ["sh"]' box shop:debug
""",
            "Quick, by hand: in the history stands what was changed, and nobody can build it again.",
        ),
    ),
    wrong=(
        Wrong(
            """lab.build("shop:debug", ["FROM shop", "RUN echo DEBUG=1 > /etc/env", 'CMD ["sh"]'])""", "layer"
        ),
        Wrong("%docker tag shop shop:debug", "starts"),
        Wrong("""lab.build("shop:debug", ["FROM shop", "ENV DEBUG=1"])""", "starts"),
        Wrong("""lab.build("shop:debug", ["FROM shop", "ENV DEBUG=0", 'CMD ["sh"]'])""", "env"),
        Wrong("""lab.build("shop:debug", ["FROM shop", "ENV debug=1", 'CMD ["sh"]'])""", "env"),
        Wrong("""lab.build("shop:debug", ["FROM shop", "ENV DEBUG=1", "CMD sh"])""", "shell-form"),
        Wrong("""lab.build("shop:debug", ["FROM scratch", "ENV DEBUG=1", 'CMD ["sh"]'])""", "base"),
        Wrong("""lab.build("shop:debug", ["FROM python", "ENV DEBUG=1", 'CMD ["sh"]'])""", "base"),
        Wrong(
            """
steps = ["FROM shop", "ENV DEBUG=1", 'ENTRYPOINT ["python3"]', 'CMD ["sh"]']
lab.build("shop:debug", steps)
""",
            "starts",
        ),
        Wrong(
            """
%docker create --name box shop
lab.shell("docker export box > shop.tar")
%docker import -c 'ENV DEBUG=1' -c 'CMD ["sh"]' shop.tar shop:debug
""",
            "base",
        ),
        Wrong("""lab.build("shop", ["FROM shop", "ENV DEBUG=1", 'CMD ["sh"]'])""", "name"),
        Wrong(
            """lab.build("shop:debug", ["FROM shop", "ENV DEBUG=1", 'CMD ["sh"]'])
%docker tag shop:debug shop""",
            "changed",
        ),
    ),
    ways=(
        """lab.build("shop:debug", ["FROM shop", "ENV DEBUG=1", 'ENTRYPOINT ["sh"]', "CMD []"])""",
        """lab.build("shop:debug", ["FROM shop", 'CMD ["/bin/sh"]', "ENV DEBUG 1", "LABEL for=debug"])""",
    ),
    why="Metadata makes a new config, so a new image ID, and no layer.",
)

_STEPS = number("steps", "How many build steps?", lambda lab: len(lab.pull("mysql:8.0.16").history))
_LAYERS = number("layers", "How many layers?", lambda lab: len(lab.pull("mysql:8.0.16").layers))

STEPS_AND_LAYERS = Exercise(
    id="06-steps-and-layers",
    title="Steps are not layers",
    level="middle",
    minutes=5,
    slide="image-inspect-3",
    prompt="""
The last slide says it of nginx: 10 build steps, 3 layers. Say it of `mysql:8.0.16`.
How many steps does `docker image history` list, and how many layers does `docker image inspect` list?
""",
    goal=(image_kept("mysql:8.0.16"),),
    asks=(_STEPS, _LAYERS),
    hints=(
        Hint("pull", "The image is not in the cache: pull `mysql:8.0.16` first.", no_image("mysql:8.0.16")),
        Hint(
            "other",
            "Another image has the name `mysql:8.0.16` now: pull that of the registry.",
            ~image_kept("mysql:8.0.16"),
        ),
        Hint("slide", "These are the numbers of nginx.", answered(_STEPS, 10) & answered(_LAYERS, 3)),
        Hint("header", "Is the table's header a step?", answered(_STEPS, 21)),
        Hint(
            "same",
            "Each step a layer? Compare with `RootFS` in `docker image inspect`.",
            answered(_LAYERS, 20),
        ),
        Hint(
            "empty",
            "Not only a step with a size makes a layer. `RootFS` in `docker image inspect` lists the layers.",
            wrong(_LAYERS),
        ),
        Hint(
            "count",
            "`docker image history -q mysql:8.0.16 | wc -l` counts the steps for you, below `%%docker`.",
            open_(_STEPS) & image_there("mysql:8.0.16"),
        ),
        Hint("layers", "`RootFS` in `docker image inspect` lists the layers.", open_(_LAYERS)),
    ),
    solution="""
image = lab.pull("mysql:8.0.16")
ex.answer(steps=len(image.history), layers=len(image.layers))
""",
    wrong=(
        Wrong("ex.answer(steps=20, layers=12)", "pull"),
        Wrong("%docker pull mysql:8.0.16\nex.answer(steps=10, layers=3)", "slide"),
        Wrong("%docker pull mysql:8.0.16\nex.answer(steps=21, layers=12)", "header"),
        Wrong("%docker pull mysql:8.0.16\nex.answer(steps=20, layers=20)", "same"),
        Wrong("%docker pull mysql:8.0.16\nex.answer(steps=20, layers=11)", "empty"),
        Wrong(
            "%docker pull busybox\n%docker tag busybox mysql:8.0.16\nex.answer(steps=20, layers=12)", "other"
        ),
        Wrong("%docker pull mysql:8.0.16\nex.answer(steps='many', layers=12)", "form"),
    ),
    ways=(
        "%docker pull mysql:8.0.16\nex.answer(steps='20 steps', layers='12')",
        "%docker pull mysql:8.0.16\nex.answer(steps=20, layers='12 layers')",
    ),
    why="`history` lists what was done, `inspect` what there is.",
)

_MOUNTED = mounted("m", "shop")
_NO_OVERLAY = Statement("", lambda attempt: Seen(not _MOUNTED(attempt).defined, "")) & image_there("shop")
_DATA = "docker image inspect -f '{{.GraphDriver.Data.%s}}' shop"

BY_HAND = Exercise(
    id="06-by-hand",
    title="A container's files, by hand",
    level="open",
    minutes=20,
    slide="image-inspect-2",
    prompt="""
What does Docker do with an image's layers when it makes a container? Do it yourself, without `docker create`
and `docker run`: at the prompt of the lab (`%%docker`, or `lab.shell(line)`) make a directory `m` in your
home, and mount an overlay there that shows what a container of the image `shop` would find.
The layers lie below `/var/lib/docker/overlay2`, where only root may look: `sudo`. An overlay lists its lower
layers from the top down.
""",
    goal=(_MOUNTED, nothing_started()),
    start="""
lab.build("shop", ["FROM busybox", "COPY old.py state /srv/", "COPY shop.py /srv/", "RUN rm /srv/old.py",
                   "RUN echo open > /srv/state"],
          {"old.py": "print(1)\\n", "state": "closed\\n", "shop.py": "print(2)\\n"})
""",
    proof="sudo sh -c 'cd m && find . | sort; cat srv/*'",
    hints=(
        Hint(
            "order",
            "An overlay is there, and it shows something else. Are all layers in it, and the top one first?",
            ~_MOUNTED,
        ),
        Hint("where", "In which directories are the layers of `shop`? An image knows its own.", _NO_OVERLAY),
        Hint(
            "inspect",
            "`docker image inspect shop` has `GraphDriver`: "
            "`UpperDir` is the top layer, `LowerDir` those below.",
            _NO_OVERLAY,
        ),
        Hint(
            "mount",
            "`sudo mount -t overlay NAME -o lowerdir=TOP:…:BOTTOM m` mounts them, to be read only.",
            _NO_OVERLAY,
        ),
    ),
    solution=f"""
lab.shell("mkdir m; U=$({_DATA % "UpperDir"}); L=$({_DATA % "LowerDir"})")
lab.shell("sudo mount -t overlay shop -o lowerdir=$U:$L m")
""",
    costs="Nothing is copied: Docker does the same, with a directory on top for what is written.",
    others=(
        Way(
            f"""
lab.shell("mkdir m up work; U=$({_DATA % "UpperDir"}); L=$({_DATA % "LowerDir"})")
lab.shell("sudo mount -t overlay shop -o lowerdir=$U:$L,upperdir=up,workdir=work m")
""",
            "With an upper directory one can write, too: the upper one is the container's own layer.",
        ),
    ),
    wrong=(
        Wrong("lab.shell('mkdir m')", "where"),
        Wrong(
            f"""lab.shell("mkdir m; sudo mount -t overlay x -o lowerdir=$({_DATA % "LowerDir"}) m")""",
            "order",
        ),
        Wrong(
            f"""
lab.shell("mkdir m; U=$({_DATA % "UpperDir"}); L=$({_DATA % "LowerDir"})")
lab.shell("sudo mount -t overlay shop -o lowerdir=$L:$U m")
""",
            "order",
        ),
        Wrong('lab.shell("mkdir m; docker create --name c shop; docker export c | tar -x -C m")', "where"),
        Wrong('lab.shell("docker save shop > shop.tar; mkdir m; tar -xf shop.tar -C m")', "where"),
    ),
    ways=(
        f"""
lab.shell("mkdir m; U=$({_DATA % "UpperDir"})")
lower = lab.docker("image inspect -f '{{{{.GraphDriver.Data.LowerDir}}}}' shop").text.strip()
lab.shell(f"sudo mount -t overlay overlay -o lowerdir=$U:{{lower}} m")
""",
        """
lab.shell("docker save shop > shop.tar; mkdir all m l1 l2 l3 l4 l5; tar -xf shop.tar -C all")
import json
names = json.loads(lab.shell("cat all/manifest.json").text)[0]["Layers"]
for at, name in enumerate(names, 1):
    lab.shell(f"tar -xf all/{name} -C l{at}")
lab.shell("rm l4/srv/.wh.old.py l2/srv/old.py")
lab.shell("sudo mount -t overlay shop -o lowerdir=l5:l4:l3:l2:l1 m")
""",
    ),
    why="A container's files are this mount, and one more directory on top. A file that was removed is "
    "hidden by a character device 0, 0 in an upper layer: in an archive it is called `.wh.` and its name.",
)

EXERCISES = (WHAT_RUNS, METADATA, STEPS_AND_LAYERS, BY_HAND)

LESSON = Lesson(
    number=6,
    title="docker image inspect",
    notebook="06-image-inspect",
    answers="What would run, on which port, and where are its layers on my disk?",
    questions=QUESTIONS,
    exercises=EXERCISES,
)
