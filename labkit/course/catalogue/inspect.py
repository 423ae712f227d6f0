"""Exercises for lesson 6, docker image inspect."""

from __future__ import annotations

from collections.abc import Sequence

from labkit.course.asks import answered, number, words
from labkit.course.exercise import Exercise, Wrong
from labkit.course.images_seen import config_says, image_kept, image_there, layers_above
from labkit.course.statements import Hint
from labkit.lab import Lab


def _command(lab: Lab) -> Sequence[str]:
    config = lab.image("shop").config.config
    line = " ".join([*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ())])
    return [line]


def _port(lab: Lab) -> int:
    (port,) = lab.image("shop").config.config["ExposedPorts"]
    return int(str(port).partition("/")[0])


def _variable(lab: Lab) -> str:
    return next(
        str(each).partition("=")[2]
        for each in lab.image("shop").config.config["Env"]
        if str(each).startswith("SHOP_CURRENCY=")
    )


WHAT_RUNS = Exercise(
    id="06-what-would-run",
    title="What would run?",
    slide="image-inspect-1",
    prompt="""
Somebody gave you the image `shop`. Before you start it you want to know what it would do.
Read `docker image inspect shop`, and start nothing.
Which command line would a container run (all its words)? Which port does the image expose?
And what is in the variable `SHOP_CURRENCY`?
""",
    goal=(image_kept("shop"),),
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
    asks=(
        words("command", "Which command line would a container run?", _command),
        number("port", "Which port does the image expose?", _port),
        words("currency", "What is in `SHOP_CURRENCY`?", _variable),
    ),
    hints=(
        Hint(
            "cmd-only",
            "`Cmd` alone is not the whole line, where there is an `Entrypoint` too.",
            answered("command", "--port 8000"),
        ),
        Hint(
            "entrypoint-only",
            "That is the `Entrypoint`. What does Docker put behind it?",
            answered("command", "python3 /srv/shop.py"),
        ),
        Hint(
            "base",
            "That is what the base image would run. This image has set something else.",
            answered("command", "python3"),
        ),
        Hint(
            "config",
            "Look under `Config`, not under `ContainerConfig`: `Entrypoint`, `Cmd`, `ExposedPorts`, `Env`.",
        ),
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
        Wrong('ex.answer(command="python3 /srv/shop.py --port 8000", port=80, currency="EUR")', "config"),
    ),
    why="Words behind the image's name in `docker run` replace `Cmd`, and `Entrypoint` stays.",
)

METADATA = Exercise(
    id="06-metadata-only",
    title="Another image, and not one byte more",
    slide="image-inspect-1",
    prompt="""
Make an image `shop:debug` from `shop`. Its containers must have the variable `DEBUG` with the value `1`
and run `sh` (its Cmd, alone).
Its layers must be those of `shop`, and not one more. `shop` itself must stay as it is.
""",
    goal=(
        config_says(
            "shop:debug", "Env", "`shop:debug` sets DEBUG to 1.", lambda env: "DEBUG=1" in (env or ())
        ),
        config_says("shop:debug", "Cmd", "`shop:debug` runs `sh`.", lambda cmd: list(cmd or ()) == ["sh"]),
        layers_above("shop:debug", "shop", 0),
        image_kept("shop"),
    ),
    start="""
lab.build("shop", ["FROM python", "COPY shop.py /srv/", 'CMD ["python3", "/srv/shop.py"]'], {"shop.py": ""})
""",
    hints=(
        Hint("name", "The check looks for an image `shop:debug`.", ~image_there("shop:debug")),
        Hint("changed", "`shop` itself is another image now: `ex.undo()`.", ~image_kept("shop")),
        Hint(
            "layer",
            "There is a layer more: some step changed a file. Which instructions change only the config?",
            ~layers_above("shop:debug", "shop", 0),
        ),
        Hint(
            "config",
            "`docker image inspect shop:debug` shows what is set so far under `Config`.",
            image_there("shop:debug"),
        ),
    ),
    solution="""lab.build("shop:debug", ["FROM shop", "ENV DEBUG=1", 'CMD ["sh"]'])""",
    wrong=(
        Wrong(
            """lab.build("shop:debug", ["FROM shop", "RUN echo DEBUG=1 > /etc/env", 'CMD ["sh"]'])""", "layer"
        ),
        Wrong("%docker tag shop shop:debug", "config"),
        Wrong("""lab.build("shop:debug", ["FROM shop", "ENV DEBUG=1"])""", "config"),
        Wrong("""lab.build("shop", ["FROM shop", "ENV DEBUG=1", 'CMD ["sh"]'])""", "name"),
        Wrong(
            """lab.build("shop:debug", ["FROM shop", "ENV DEBUG=1", 'CMD ["sh"]'])
%docker tag shop:debug shop""",
            "changed",
        ),
    ),
    why="Metadata makes a new config, so a new image ID, and no layer.",
)

STEPS_AND_LAYERS = Exercise(
    id="06-steps-and-layers",
    title="Steps are not layers",
    slide="image-inspect-3",
    prompt="""
The last slide says it of nginx: 10 build steps, 3 layers. Say it of `mysql:8.0.16`.
How many steps does `docker image history` list, and how many layers does `docker image inspect` list?
""",
    goal=(image_there("mysql:8.0.16"),),
    asks=(
        number("steps", "How many build steps?", lambda lab: len(lab.pull("mysql:8.0.16").history)),
        number("layers", "How many layers?", lambda lab: len(lab.pull("mysql:8.0.16").layers)),
    ),
    hints=(
        Hint(
            "pull", "The image is not in the cache: pull `mysql:8.0.16` first.", ~image_there("mysql:8.0.16")
        ),
        Hint("slide", "These are the numbers of nginx.", answered("steps", 10) & answered("layers", 3)),
        Hint("header", "Is the table's header a step?", answered("steps", 21)),
        Hint(
            "same",
            "Each step a layer? Compare with `RootFS` in `docker image inspect`.",
            answered("layers", 20),
        ),
        Hint("count", "`docker image history -q mysql:8.0.16 | wc -l` counts for you, below `%%docker`."),
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
    ),
    why="`history` lists what was done, `inspect` what there is.",
)

EXERCISES = (WHAT_RUNS, METADATA, STEPS_AND_LAYERS)
