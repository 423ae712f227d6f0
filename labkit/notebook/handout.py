"""A handout to print and the slides as one web page, both made by nbconvert from the walkthrough's slides.

nbconvert's own templates load scripts and fonts from other hosts (MathJax, require.js, reveal.js). The
templates beside this module have a style sheet and no script at all: nothing is asked of any host.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as etree

import nbformat

from labkit.course.slides import Slide, SlideRun
from labkit.lessons import SLIDES
from labkit.notebook import slide_html
from labkit.notebook.html import element, html
from labkit.oci.blob import write_file

_V4: Any = nbformat.v4  # has no types
FORMS = ("handout", "deck")
TITLE = "Docker images: layers, history, containers, inspect"
_TEMPLATES = Path(__file__).parent / "templates"


def handout(directory: Path) -> list[Path]:
    """Write handout.html and deck.html into a directory, which is made where it is missing; return them."""
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for form in FORMS:
        path = directory / f"{form}.html"
        write_file(path, [page(form).encode()])
        written.append(path)
    return written


def page(form: str) -> str:
    """Return the handout or the deck as HTML that needs nothing else.

    >>> "<script" in page("handout"), "<section" in page("deck")
    (False, True)
    """
    from nbconvert import HTMLExporter

    make: Any = HTMLExporter
    exporter = make(template_name=form, extra_template_basedirs=[str(_TEMPLATES)], preprocessors=[])
    exporter.embed_images = True
    body, _ = exporter.from_notebook_node(notebook(form), resources={"metadata": {"name": TITLE}})
    return str(body)


def notebook(form: str) -> Any:
    """Return the notebook that is converted: a code cell for each page, whose output is its HTML."""
    pages = _handout() if form == "handout" else _deck()
    cells = []
    for number, (mark, parts) in enumerate(pages, 1):
        output = _V4.new_output("display_data", {"text/html": html(*parts)})
        metadata = {"labkit": {"page": mark}}
        cells.append(_V4.new_code_cell("", id=f"page-{number}", outputs=[output], metadata=metadata))
    return _V4.new_notebook(cells=cells)


Page = tuple[str, list[etree.Element]]
"""The mark that other pages link to, and what is on it."""


def _handout() -> Iterable[Page]:
    """Give a page for each slide, its answer left open, and one with the answers."""
    for slide in SLIDES:
        yield slide.id, list(slide_html.to_read(slide, answer=False))
    answers = [element("h2", "Answers")]
    for slide in SLIDES:
        answers.append(element("h3", _title(slide)))
        answers.append(slide_html.asked_before(slide.question, revealed=True))
        answers.append(slide_html.sentences(slide.conclusion, "say"))
    yield "answers", answers


def _deck() -> Iterable[Page]:
    """Give a page for each slide's question, for each of its steps, and for its answer."""
    for slide in SLIDES:
        run = SlideRun(slide, slide_html.names())
        head = element("h2", _title(slide))
        said = slide_html.sentences(slide.sentences, "say")
        yield slide.id, [head, said, slide_html.question(slide.question, revealed=False)]
        for place in range(len(slide.steps)):
            asked = slide_html.asked_before(slide.question, revealed=False)
            yield f"{slide.id}-{place + 1}", [head, asked, *slide_html.step(run.shown(place))]
        concluded = slide_html.sentences(slide.conclusion, "say")
        yield f"{slide.id}-answer", [head, concluded, slide_html.question(slide.question, revealed=True)]


def _title(slide: Slide) -> str:
    return f"{slide_html.number(slide)}. {slide.title}"
