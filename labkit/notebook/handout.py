"""A handout to print and the slides as one web page, both made by nbconvert from the walkthrough's slides.

nbconvert's own templates load scripts and fonts from other hosts (MathJax, require.js, reveal.js). The
templates beside this module have a style sheet, and the deck a few lines for its keys: nothing is asked of
any host.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as etree

import nbformat

from labkit.base.errors import LabkitError
from labkit.course.slides import Slide
from labkit.lessons import deck
from labkit.notebook import slide_html
from labkit.notebook.doctor import chromium
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
    advice, made = f"open {path} in a browser and print it", path.with_suffix(".pdf")
    if (browser := chromium()) is None:
        raise LabkitError(f"no Chromium is installed to print with; {advice}")
    options = "--headless --no-sandbox --disable-gpu --no-pdf-header-footer".split()
    command = [browser, *options, f"--print-to-pdf={made}", path.resolve().as_uri()]
    subprocess.run(command, capture_output=True, timeout=120, check=False)
    if not made.exists():
        raise LabkitError(f"{browser} printed nothing; {advice}")
    return made


def page(form: str, file: str = "", *, teacher: bool = False) -> str:
    """Return the handout or the deck as HTML that needs nothing else.

    >>> "<script" in page("handout"), "<section" in page("deck")
    (False, True)
    """
    from nbconvert import HTMLExporter

    make: Any = HTMLExporter
    exporter = make(template_name=form, extra_template_basedirs=[str(_TEMPLATES)], preprocessors=[])
    named = {"metadata": {"name": Path(file).stem if file else TITLE}}
    return str(exporter.from_notebook_node(notebook(form, file, teacher=teacher), named)[0])


def notebook(form: str, file: str = "", *, teacher: bool = False) -> Any:
    """Return the notebook that is converted: a code cell for each page, whose output is its HTML."""
    pages = _handout(deck(file), teacher=teacher) if form == "handout" else _deck(deck(file))
    cells = []
    for number, (mark, parts) in enumerate(pages, 1):
        output = _V4.new_output("display_data", {"text/html": html(*parts)})
        metadata = {"labkit": {"page": mark}}
        cells.append(_V4.new_code_cell("", id=f"page-{number}", outputs=[output], metadata=metadata))
    return _V4.new_notebook(cells=cells)


Page = tuple[str, list[etree.Element]]
"""The mark that other pages link to, and what is on it."""


def _handout(slides: Iterable[Slide], *, teacher: bool) -> Iterable[Page]:
    """Give what is said and asked of each slide, with room to write; then what is shown, and the answers."""
    answers = []
    for number, slide in enumerate(slides, 1):
        whole = slide_html.parts(slide, _SHEET)
        minutes = f"{slide.minutes} minutes. Lesson: {slide.lesson or 'none'}"
        notes = [slide_html.sentences((*slide.notes, minutes), "notes")] if teacher else []
        yield f"{number}", [_title(number, slide), *whole.asked, element("div", class_="labkit-room"), *notes]
        head = _title(number, slide, "What is shown, and the answer")
        answers.append((f"{number}-answer", [head, *whole.steps, *whole.answer]))
    yield from answers


def _deck(slides: Iterable[Slide]) -> Iterable[Page]:
    """Give a page for each slide's question, for each of its steps, and for its answer."""
    for number, slide in enumerate(slides, 1):
        whole, head = slide_html.parts(slide, _SCREEN), _title(number, slide)
        asked = slide_html.sentences((slide.question.prompt,), "asked")
        yield f"/{number}/0", [head, *whole.asked]
        for place, shown in enumerate(whole.steps, 1):
            yield f"/{number}/{place}", [head, asked, shown]
        yield f"/{number}/answer", [head, *reversed(whole.answer)]


_SHEET, _SCREEN = 45, 22
"""Lines of an output that a sheet and a screen of the deck show."""


def _title(number: int, slide: Slide, words: str = "") -> etree.Element:
    return element("h2", f"{number}. {slide.title}", *([element("small", f" {words}")] if words else []))
