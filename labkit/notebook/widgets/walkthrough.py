"""The walkthrough: an instructor steps through a deck of slides, in front of a class.

All screens are made when it is opened, and the page (`slide_view`) turns them by itself: it goes on where the
kernel is lost. The kernel is told where the talk is, and has the slides' labs, in which one can type.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from hashlib import sha256
from typing import Any
from uuid import uuid4

import anywidget
import traitlets
from IPython import display
from IPython.core.getipython import get_ipython

from labkit.base.errors import LabkitError
from labkit.course.slides import Slide, SlideRun
from labkit.engine.schedule import PullEvent
from labkit.lab import Lab
from labkit.lessons import deck
from labkit.notebook import slide_html
from labkit.notebook.html import element, html
from labkit.notebook.magics import live
from labkit.notebook.widgets.page import ASLEEP, Explorer, Output
from labkit.notebook.widgets.stage import as_json, text_of
from labkit.notebook.widgets.terminal import Terminal

_PAGE = [
    f"{name}.js" for name in "slide_screen slide_place slide_keys slide_typing speaker slide_view".split()
]


class SlideView(anywidget.AnyWidget):
    """Shows `deck`, HTML that labkit wrote, and sends where the talk is and what is typed on a slide.

    ipywidgets cannot catch keys nor fill the screen; this script and style are sent with it, and nothing is
    asked of any host (docs/decisions/0015-the-walkthroughs-page-is-an-anywidget.md).
    """

    _esm = text_of("live.js", "picture.js", "terminal.js", *_PAGE)
    css = traitlets.Unicode(text_of("live.css", "stage.css", "slide_view.css")).tag(sync=True)
    mark = traitlets.Unicode().tag(sync=True)
    key = traitlets.Unicode(help="by which the page remembers where it was").tag(sync=True)
    deck: Any = traitlets.List().tag(sync=True)
    at: Any = traitlets.List([0, 0, False], help="where to go: slide, place, revealed").tag(sync=True)
    chosen = traitlets.Bool(False, help="whether `at` counts for more than where it was left").tag(sync=True)


class Typed(Terminal):
    """The prompt on a slide: the terminal's, whose page is the slide's."""

    def __init__(self, slide: SlideRun, place: int, view: SlideView) -> None:
        self._view, self._slide, self._place, self._began = view, slide, place, slide.lab.at
        super().__init__(slide.lab)
        self.observe(lambda change: view.send({"frame": change["new"]}), "frame")
        self._asked(None, {"hello": True}, ())
        view.send({"frame": self.frame})

    def _look(self, events: Sequence[PullEvent], words: str = "") -> dict[str, Any]:
        return super()._look(events, words) | {"scene": as_json(slide_html.seen(self.lab.engine.state))}

    def send(self, content: Any, buffers: Any = None) -> None:
        """Tell the slide's page."""
        self._view.send({"heard": content})

    def leave(self, *, keep: bool) -> None:
        """End: what was typed is kept for the steps to come, or taken back."""
        self.lab.watchers.discard(self)
        self.close()
        if not keep:
            self.lab.go(self._began)
        self._slide.keep(self._place)


def walkthrough(file: str = "", *, start: str = "") -> Walkthrough:
    """Open the twelve slides for a class, or those of a file of your own, at a slide by its ID.

    `file` is a TOML file's path (docs/teaching.md says what is in it), or "recap", ten minutes of the course.
    Raises LabkitError for a slide that there is not, and for a file with mistakes, one a line.

    >>> walkthrough(start="storage-drivers").now.title
    'Storage drivers'
    """
    slides = deck(file)
    ids = [slide.id for slide in slides]
    if start and start not in ids:
        raise LabkitError(f"{start}: no such slide; there are {', '.join(ids)}")
    return Walkthrough(slides, file, slide=ids.index(start) if start else 0)


class Walkthrough(Explorer):
    """Where the talk is: the slide, how many of its steps are shown, whether the answer is revealed.

    Each slide has a lab of its own. After the last slide comes one more, which has the answers.

    >>> talk = walkthrough(start="image-history-1")
    >>> talk.now.title, len(talk.now.steps), talk.lab
    ('docker image history (1)', 2, <Lab: 1 images, 0 containers>)
    """

    slide = traitlets.Int(0, min=0)
    place = traitlets.Int(0, min=0)
    revealed = traitlets.Bool(False)

    def __init__(self, slides: tuple[Slide, ...], file: str = "", **traits: Any) -> None:
        super().__init__(**traits)
        self.slides, self.file = slides, file
        self._runs: dict[int, SlideRun] = {}
        self._before: dict[int, SlideRun] = {}
        self._typed: Typed | None = None
        self._told = [-1]

    @property
    def now(self) -> Slide:
        """The slide that is shown; the last one where the answers are."""
        return self.slides[min(self.slide, len(self.slides) - 1)]

    @property
    def lab(self) -> Lab:
        """The lab of the slide that is shown, after the steps that are shown; with what was typed in it."""
        return self._stand().lab

    @property
    def code(self) -> str:
        """The line of Python that opens the walkthrough at this slide."""
        start = f"start={json.dumps(self.now.id)}" if self.slide else ""
        return f"walkthrough({', '.join(filter(None, (self.file and json.dumps(self.file), start)))})"

    def _run(self, slide: int) -> SlideRun:
        if slide not in self._runs:
            self._runs[slide] = SlideRun(self.slides[slide])
        return self._runs[slide]

    def _stand(self) -> SlideRun:
        """Let the lab of the slide that is shown stand where the slide does."""
        run = self._run(self.slides.index(self.now))
        with suppress(LabkitError):  # what was typed by %docker leads elsewhere: the lab stays where it is
            run.stand(min(self.place, len(self.now.steps)))
        return run

    def jump(self, slide: int, place: int = 0, revealed: bool = False) -> None:
        """Go to a slide by its number from 0 on, and to one of its steps; elsewhere there is nothing."""
        if not 0 <= slide <= len(self.slides):
            return
        steps = len(self.slides[slide].steps) if slide < len(self.slides) else 0
        with self.hold_trait_notifications():
            self.slide, self.place, self.revealed = slide, max(0, min(place, steps)), revealed

    def screens(self) -> list[dict[str, Any]]:
        """Return the deck as the page turns it: all that is said, asked, shown and noted."""
        made = []
        for number, slide in enumerate(self.slides):
            one, steps = asdict(slide), slide_html.screens(slide, self._run(number))
            question = {part: one["question"][part] for part in ("prompt", "choices")}
            made.append({**one, "question": question, "steps": steps})
        return made

    def outputs(self) -> list[Output]:
        """Return all slides to be read, folded: what is left when the notebook is opened without a kernel."""
        numbered = list(enumerate(self.slides, 1))
        whole = [part for each in numbered for part in slide_html.to_read(*each)]
        title = "All twelve slides, to read" if not self.file else "All slides, to read"
        folded = element("details", element("summary", title), *whole)
        text = "\n\n".join(slide_html.in_words(*each) for each in numbered)
        return [{"text/html": html(folded), "text/plain": text}]

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
        """Return the page of the slides, its buttons and keys."""
        made = self.screens()
        key = sha256(json.dumps([self.file, [slide.id for slide in self.slides]]).encode()).hexdigest()[:12]
        at = [self.slide, self.place, self.revealed]
        view = SlideView(mark=uuid4().hex[:12], key=key, deck=made, at=at, chosen=any(at))

        def show(change: Any = None) -> None:
            if self._told != (at := [self.slide, self.place, self.revealed]):
                view.at = at
            self._give_lab()

        self.observe(show, ["slide", "place", "revealed"])
        show()
        view.on_msg(lambda _, content, buffers: self.hear(view, content))
        return view

    def hear(self, view: SlideView, content: Any) -> None:
        """Do what the page asks for; anything that is not known is ignored."""
        match content:
            case {"at": [int(slide), int(place), bool(revealed)]}:
                self._told = [slide, place, revealed]  # the page may be further by now: no echo
                self.jump(slide, place, revealed)
            case {"type": "begin"}:
                self._leave(keep=True)  # of a page that was loaded again meanwhile
                self._typed = Typed(self._stand(), self.place, view)
            case {"type": dict(asked)} if self._typed:
                self._typed._asked(None, asked, ())
            case {"typed": str(what)}:
                self._leave(keep=what == "keep")
                self._renew(view)
            case {"reset": None | int() as slide}:
                self._before = self._runs
                self._runs = {n: run for n, run in self._runs.items() if slide not in (None, n)}
                self._renew(view)
            case {"unreset": True}:
                self._runs = self._before
                self._renew(view)

    def _leave(self, *, keep: bool) -> None:
        if self._typed:
            self._typed.leave(keep=keep)
        self._typed = None

    def _renew(self, view: SlideView) -> None:
        try:
            view.deck = self.screens()
        except LabkitError as error:  # a set-up of a teacher's own, the second time
            view.send({"told": str(error)})
        self._give_lab()

    def _give_lab(self) -> None:
        """Let %docker act on the slide's lab."""
        lab = self.lab  # which stands where the slide does, in a notebook or not
        if shell := get_ipython():
            shell.user_ns["lab"] = lab
