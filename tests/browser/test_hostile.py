"""Hostile names and commands in JupyterLab: they are shown as text everywhere, and do nothing.

Each test shows them through one part of labkit. A name that Docker refuses is typed all the same: then its
words are what is shown.
"""

from __future__ import annotations

from tests.browser import jupyter
from tests.browser.conftest import Opener

EVIL = "<script>window.hacked=1</script>\"><img src=x onerror=window.hacked=1>'\\\x1b[31m\u202e\nend"
SEEN = "<script>window"
SETUP = f"""%load_ext labkit
import json, shlex
from labkit import Lab, exercise, progress
from labkit import *
EVIL = {EVIL!a}
LINE = EVIL.replace("\\n", " ")
FILE = "/" + EVIL.replace("/", "\\u2215")
lab = Lab()
box = lab.run("busybox", name="box")
for path in (FILE, "/" + "long" * 50, "/\\udcff<script>"):
    box.write(path, EVIL)
box.append("/etc/passwd", EVIL)
box.commit("evil:1")
said = json.dumps(LINE)
lab.build("evil:2", ["FROM evil:1", f'LABEL "<script>hack()</script>"={{said}}', f"ENV EVIL={{said}}",
    f"MAINTAINER {{LINE}}", "COPY . /data/", f"RUN echo {{said}} > /out", f"CMD {{json.dumps([LINE])}}"],
    {{FILE[1:]: EVIL}})
lab.create("evil:2", [EVIL], name="evil")
"""
COMMANDS = """lines = '''history evil:2
history --no-trunc evil:2
image inspect evil:2
inspect evil
ps -a --no-trunc
diff box
images
images EVIL
pull EVIL
run --name EVIL busybox
run --rm --label EVIL busybox echo EVIL
run --rm busybox EVIL
tag evil:2 EVIL
rmi EVIL
exec box cat FILE
exec box ls /
EVIL'''
for line in lines.splitlines():
    line = line.replace("EVIL", shlex.quote(LINE)).replace("FILE", shlex.quote(FILE.replace("\\n", " ")))
    get_ipython().run_line_magic("docker", line)"""
BUILD = """%%writefile Dockerfile
FROM busybox
LABEL evil="<script>window.hacked=1</script><img src=x onerror=window.hacked=1>"
RUN echo "<script>window.hacked=1</script>\u202e"
RUN echo "<img src=x onerror=window.hacked=1>" >&2"""
SHOWN = {
    "layers": "stack(lab.image('evil:2'), name=EVIL)",
    "steps": "steps(lab.image('evil:2'))",
    "shared layers": "shared({EVIL: lab.image('evil:1'), 'two' + EVIL: lab.image('evil:2')})",
    "history": "history_map(lab.image('evil:2'))",
    "sheets": "sheets(lab, 'evil:2', path=FILE)",
    "dockerfile board": "dockerfile_board(lab, ['FROM busybox', 'RUN echo ' + LINE], {EVIL: LINE})",
    "layer or not": "layer_or_not(lab.image('evil:2'), name=EVIL)",
    "cow stepper": "cow_stepper(lab, 'box', path=FILE, step=-1)",
    "playground": "playground(lab, EVIL)",
    "predict": "predict(ASKED, answer='A')",
    "own docker": "compare('images')",
    "answers": "ex.answer(EVIL)",
    "check": "ex.answer(EVIL); ex.check()",
}
BEFORE = {
    "predict": """from labkit.course.questions import Choice, Question
ASKED = Question(EVIL, EVIL, (Choice(EVIL, EVIL), Choice("b" + EVIL, EVIL, right=True)))
""",
    "own docker": """import os, pathlib, tempfile
folder = pathlib.Path(tempfile.mkdtemp())
(folder / "answer").write_text(LINE.replace("end", "29.0.1"))
(folder / "docker").write_text(f"#!/bin/sh\\ncat {folder}/answer\\n")
(folder / "docker").chmod(0o755)
os.environ["PATH"] = f"{folder}:{os.environ['PATH']}"
""",
    "answers": "ex = exercise('07-wrong-statement', keep=False)\n",
    "check": "ex = exercise('07-wrong-statement', keep=False)\n",
}
_INJECTED = """() => [...document.querySelectorAll('.jp-OutputArea script, img[src="x"], [onerror]')]
    .filter(e => !/json|widget/.test(e.type || '')).map(e => e.outerHTML.slice(0, 100))"""
_TEXTS = "() => [...document.querySelectorAll('.jp-Cell-outputArea')].map(e => e.textContent)"


def harmless(page: jupyter.Notebook, place: int) -> None:
    """Check that nothing ran, that no element came of a text, and that the text is there to read."""
    page.output(place).filter(has_text=SEEN).wait_for()
    assert page.page.evaluate("window.hacked") is None
    assert page.page.evaluate(_INJECTED) == []
    texts = page.page.evaluate(_TEXTS)
    assert not [text for text in texts if set("\u202e\x1b") & set(text)]


def test_what_docker_answers_to_hostile_words_is_text(notebook: Opener) -> None:
    with notebook(SETUP, COMMANDS, BUILD, "%docker build -t EVIL .", "%docker build .") as page:
        page.run()
        for place in (1, 4):
            harmless(page, place)
        page.readable("hostile-commands")


def test_every_picture_and_widget_shows_hostile_words_as_text(notebook: Opener) -> None:
    cells = [BEFORE.get(name, "") + source for name, source in SHOWN.items()]
    with notebook(SETUP, *cells) as page:
        page.run()
        for place, _ in enumerate(SHOWN, 1):
            harmless(page, place)
        page.readable("hostile")
        page.reopen()
        for place, _ in enumerate(SHOWN, 1):
            harmless(page, place)


def test_hostile_words_typed_into_the_explorers_are_text(notebook: Opener) -> None:
    opened = (
        "sheets(lab, 'evil:2')",
        "cow_stepper(lab, 'box')",
    )
    typed = "or type", "or type"
    with notebook(SETUP, *opened) as page:
        page.run()
        for place, label in enumerate(typed, 1):
            page.type(label, EVIL.replace("\n", ""))
            harmless(page, place)
