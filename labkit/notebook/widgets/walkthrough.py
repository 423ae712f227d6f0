"""The walkthrough: an instructor steps through the twelve slides, in front of a class.

`Walkthrough` is the state, a traits object that needs no browser: which slide, how many of its steps have
been shown, whether the answer is revealed. The page (`slide_view`) shows it and sends back what was pressed.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import anywidget
import traitlets
from IPython import display

from labkit.base.errors import LabkitError
from labkit.course.slides import Slide, SlideRun
from labkit.lessons import SLIDES
from labkit.notebook import slide_html
from labkit.notebook.html import element, html
from labkit.notebook.magics import live
from labkit.notebook.widgets.page import ASLEEP, Explorer, Output
from labkit.notebook.widgets.stage import text_of


class SlideView(anywidget.AnyWidget):
    """Shows `slide_html`, HTML that labkit wrote, and sends {"do": NAME} for each key and button.

    ipywidgets cannot catch keys nor fill the screen; this script and style are sent with it, and nothing is
    asked of any host (docs/decisions/0015-the-walkthroughs-page-is-an-anywidget.md).
    """

    _esm = text_of("live.js", "slide_view.js")
    css = traitlets.Unicode(text_of("slide_view.css")).tag(sync=True)
    mark = traitlets.Unicode().tag(sync=True)
    titles: Any = traitlets.List().tag(sync=True)
    slide_html = traitlets.Unicode().tag(sync=True)
    facts: Any = traitlets.Dict().tag(sync=True)


ACTIONS = ("forward", "backward", "next", "back", "run", "answer", "talk", "reset", "start_over")
"""What the page's buttons and keys may ask for by name; `jump` has a number beside it."""


def walkthrough(start: str = "") -> Walkthrough:
    """Open the twelve slides for a class, at a slide by its ID.

    Raises LabkitError for a slide that there is not.

    >>> walkthrough(start="storage-drivers").title
    'Storage drivers'
    """
    ids = [slide.id for slide in SLIDES]
    if start and start not in ids:
        raise LabkitError(f"{start}: no such slide; there are {', '.join(ids)}")
    return Walkthrough(slide=ids.index(start) if start else 0)


class Walkthrough(Explorer):
    """Where the talk is. A slide that is left keeps its place, and each has a lab of its own.

    >>> talk = Walkthrough(slide=3)
    >>> talk.run()
    >>> talk.title, talk.place, len(talk.now.steps)
    ('docker image history (1)', 1, 2)
    """

    slide = traitlets.Int(0, min=0, max=len(SLIDES) - 1)
    place = traitlets.Int(0, help="how many of the slide's steps are shown")
    revealed = traitlets.Bool(False)
    notes = traitlets.Bool(False)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._runs: dict[int, SlideRun] = {}
        self._left: dict[int, tuple[int, bool]] = {}

    @property
    def now(self) -> Slide:
        """The slide that is shown."""
        return SLIDES[self.slide]

    @property
    def title(self) -> str:
        """The title of the slide that is shown."""
        return self.now.title

    @property
    def code(self) -> str:
        """The line of Python that opens the walkthrough at this slide."""
        return f'walkthrough(start="{self.now.id}")' if self.slide else "walkthrough()"

    def forward(self) -> None:
        """Run the slide's next step; after the last reveal the answer, then go to the next slide."""
        if self.place < len(self.now.steps):
            self.run()
        elif not self.revealed:
            self.revealed = True
        else:
            self.next()

    def backward(self) -> None:
        """Take back what `forward` did last; nothing is lost, the lab stays as it is."""
        if self.revealed:
            self.revealed = False
        elif self.place:
            self.place -= 1
        else:
            self.back()

    def run(self) -> None:
        """Run the slide's next step, where there is one."""
        self.place = min(self.place + 1, len(self.now.steps))

    def answer(self) -> None:
        """Reveal the answer, or hide it again."""
        self.revealed = not self.revealed

    def talk(self) -> None:
        """Show the speaker's notes, or hide them."""
        self.notes = not self.notes

    def next(self) -> None:
        """Go to the next slide, where there is one."""
        self.jump(self.slide + 1)

    def back(self) -> None:
        """Go to the slide before, where there is one."""
        self.jump(self.slide - 1)

    def jump(self, slide: int) -> None:
        """Go to a slide by its number from 0 on, as it was left."""
        if slide == self.slide or not 0 <= slide < len(SLIDES):
            return
        self._left[self.slide] = self.place, self.revealed
        with self.hold_trait_notifications():
            self.slide = slide
            self.place, self.revealed = self._left.get(slide, (0, False))

    def reset(self) -> None:
        """Begin this slide again, in a fresh lab."""
        self._runs.pop(self.slide, None)
        self._left.pop(self.slide, None)
        with self.hold_trait_notifications():
            self.place, self.revealed = 0, False

    def start_over(self) -> None:
        """Begin at the first slide again, every lab fresh."""
        self._runs.clear()
        with self.hold_trait_notifications():
            self.slide, self.place, self.revealed = 0, 0, False
        self._left.clear()

    def do(self, action: str, to: int = 0) -> None:
        """Do what the page asks for; anything that is not known is ignored."""
        if action == "jump":
            self.jump(to)
        elif action in ACTIONS:
            getattr(self, action)()

    @property
    def html(self) -> str:
        """The slide as it is now, without the controls."""
        slide, parts = self.now, []
        parts.append(slide_html.sentences(slide.conclusion if self.revealed else slide.sentences, "say"))
        if self.place:
            if self.slide not in self._runs:
                self._runs[self.slide] = SlideRun(slide, slide_html.names())
            parts.append(slide_html.asked_before(slide.question, revealed=self.revealed))
            shown = slide_html.step(self._runs[self.slide].shown(self.place - 1))
        else:
            shown = [slide_html.question(slide.question, revealed=self.revealed)]
        parts.append(element("div", *shown, class_="labkit-stage"))
        if self.notes:
            where = f"Lesson: {slide.lesson}"
            notes = [element("h4", "Notes"), *(element("p", note) for note in (*slide.notes, where))]
            parts.append(element("aside", *notes, class_="labkit-notes"))
        return html(*parts)

    @property
    def facts(self) -> dict[str, Any]:
        """What the page's controls need to know."""
        return {
            "slide": self.slide,
            "place": self.place,
            "steps": len(self.now.steps),
            "revealed": self.revealed,
            "notes": self.notes,
        }

    def outputs(self) -> list[Output]:
        """Return all slides to be read, folded: what is left when the notebook is opened without a kernel."""
        whole = [part for slide in SLIDES for part in slide_html.to_read(slide)]
        folded = element("details", element("summary", "All twelve slides, to read"), *whole)
        text = "\n\n".join(slide_html.in_words(slide) for slide in SLIDES)
        return [({"text/html": html(folded), "text/plain": text}, {})]

    def _ipython_display_(self) -> None:
        """Show the page first, as the form to read takes a moment; that form stays, and never changes."""
        show: Any = display.display
        if not live():
            show(self.bundle(), raw=True)
            return
        mark = self.view().mark
        page = f'<labkit-live data-mark="{mark}">{ASLEEP}</labkit-live>'
        handle = show({"text/html": page, "text/plain": ASLEEP}, raw=True, display_id=True)
        handle.update(self.bundle(mark), raw=True)

    def view(self) -> SlideView:
        """Return the page of the slide, its buttons and keys."""
        titles = [f"{slide_html.number(slide)}. {slide.title}" for slide in SLIDES]
        view = SlideView(mark=uuid4().hex[:12], titles=titles, slide_html=self.html, facts=self.facts)

        def show(change: Any = None) -> None:
            with view.hold_sync():
                view.slide_html, view.facts = self.html, self.facts

        def pressed(widget: Any, message: Any, buffers: Any) -> None:
            self.do(str(message.get("do")), message.get("to", 0))

        self.observe(show, ["slide", "place", "revealed", "notes"])
        view.on_msg(pressed)
        return view
