"""A handout to print and the slides as one web page, both made by nbconvert from the walkthrough's slides.

nbconvert's own templates load scripts and fonts from other hosts (MathJax, require.js, reveal.js). The
templates beside this module have a style sheet, and the deck a few lines for its keys: nothing is asked of
any host.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as etree

import nbformat

from labkit.base.errors import LabkitError
from labkit.course.slides import Slide, SlideRun
from labkit.lessons import deck
from labkit.notebook import slide_html
from labkit.notebook.html import element, html
from labkit.oci.blob import write_file

_V4: Any = nbformat.v4  # has no types
FORMS = ("handout", "deck")
TITLE = "Docker images: layers, history, containers, inspect"
_TEMPLATES = Path(__file__).parent / "templates"


def handout(directory: Path, file: str = "", *, teacher: bool = False, pdf: bool = False) -> list[Path]:
    """Write handout.html and deck.html into a directory, which is made where it is missing; return them.

    `file` names a deck as `walkthrough` does. For a teacher the handout has the notes and the minutes. With
    `pdf` each is printed, too, by the Chromium that is installed; raises LabkitError where there is none.
    """
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for form in FORMS:
        path = directory / f"{form}.html"
        write_file(path, [page(form, file, teacher=teacher).encode()])
        written += [path, *([_printed(path)] if pdf else [])]
    return written


def _printed(path: Path) -> Path:
    names = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
    browser = next(filter(None, map(shutil.which, names)), None)
    if browser is None:
        raise LabkitError(f"no Chromium is installed to print with; open {path} in a browser and print it")
    made = path.with_suffix(".pdf")
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-pdf-header-footer",
        f"--print-to-pdf={made}",
    ]
    subprocess.run(
        [browser, *options, path.resolve().as_uri()], capture_output=True, timeout=120, check=False
    )
    if not made.exists():
        raise LabkitError(f"{browser} printed nothing; open {path} in a browser and print it")
    return made


def page(form: str, file: str = "", *, teacher: bool = False) -> str:
    """Return the handout or the deck as HTML that needs nothing else.

    >>> "<script" in page("handout"), "<section" in page("deck")
    (False, True)
    """
    from nbconvert import HTMLExporter

    make: Any = HTMLExporter
    exporter = make(template_name=form, extra_template_basedirs=[str(_TEMPLATES)], preprocessors=[])
    exporter.embed_images = True
    title = TITLE if not file else Path(file).stem
    body, _ = exporter.from_notebook_node(
        notebook(form, file, teacher=teacher), resources={"metadata": {"name": title}}
    )
    return str(body)


def notebook(form: str, file: str = "", *, teacher: bool = False) -> Any:
    """Return the notebook that is converted: a code cell for each page, whose output is its HTML."""
    slides = list(enumerate(deck(file), 1))
    pages = _handout(slides, teacher=teacher) if form == "handout" else _deck(slides)
    cells = []
    for number, (mark, parts) in enumerate(pages, 1):
        output = _V4.new_output("display_data", {"text/html": html(*parts)})
        metadata = {"labkit": {"page": mark}}
        cells.append(_V4.new_code_cell("", id=f"page-{number}", outputs=[output], metadata=metadata))
    return _V4.new_notebook(cells=cells)


Page = tuple[str, list[etree.Element]]
"""The mark that other pages link to, and what is on it."""
Numbered = list[tuple[int, Slide]]


def _handout(slides: Numbered, *, teacher: bool) -> Iterable[Page]:
    """Give what is said and asked of each slide, with room to write; then what is shown, and the answers."""
    for number, slide in slides:
        parts = [_title(number, slide), slide_html.sentences(slide.sentences, "say")]
        parts += [slide_html.question(slide.question, revealed=False), element("div", class_="labkit-room")]
        if teacher:
            minutes = f"{slide.minutes} minutes. Lesson: {slide.lesson or 'none'}"
            parts.append(slide_html.sentences((*slide.notes, minutes), "notes"))
        yield f"{number}", parts
    for number, slide in slides:
        run, parts = (
            SlideRun(slide, slide_html.names()),
            [_title(number, slide, "What is shown, and the answer")],
        )
        for place in range(len(slide.steps)):
            parts += slide_html.step(run.shown(place), most=_SHEET)
        parts += [slide_html.question(slide.question, revealed=True)]
        yield f"{number}-answer", [*parts, slide_html.sentences(slide.conclusion, "say")]


def _deck(slides: Numbered) -> Iterable[Page]:
    """Give a page for each slide's question, for each of its steps, and for its answer."""
    for number, slide in slides:
        run, head = SlideRun(slide, slide_html.names()), _title(number, slide)
        said = slide_html.sentences(slide.sentences, "say")
        yield f"/{number}/0", [head, said, slide_html.question(slide.question, revealed=False)]
        for place in range(len(slide.steps)):
            asked = slide_html.sentences((slide.question.prompt,), "asked")
            yield f"/{number}/{place + 1}", [head, asked, *slide_html.step(run.shown(place), most=_SCREEN)]
        concluded = slide_html.sentences(slide.conclusion, "say")
        shown = slide_html.question(slide.question, revealed=True)
        yield f"/{number}/answer", [head, concluded, shown]


_SHEET, _SCREEN = 45, 22
"""Lines of an output that a sheet and a screen of the deck show."""


def _title(number: int, slide: Slide, words: str = "") -> etree.Element:
    return element("h2", f"{number}. {slide.title}", *([element("small", f" {words}")] if words else []))
