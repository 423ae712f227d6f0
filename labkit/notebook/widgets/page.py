"""What the explorers have in common: a state, and a page of HTML that follows it and leads it.

The state is a traits object. What Jupyter keeps is its still form, pictures and text; where there is a kernel
a page with controls takes its place, written here and shown by `page.js` (docs/decisions/0025). An element
with `data-set` sets the trait of that name, to its `value`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeAlias
from uuid import uuid4
from xml.etree import ElementTree as etree

import anywidget
import traitlets
from IPython import display

from labkit.base.errors import LabkitError
from labkit.notebook.html import element, html
from labkit.notebook.magics import live
from labkit.notebook.output import bundle
from labkit.notebook.pictures.text import visible
from labkit.notebook.widgets.stage import text_of

Output: TypeAlias = dict[str, str]
"""What Jupyter shows of something: its forms by MIME type."""
ASLEEP = "Run this cell (Shift+Enter): buttons appear."


class PageView(anywidget.AnyWidget):
    """Shows HTML that labkit wrote, and sends {"set": NAME, "to": VALUE} for what is pressed or filled in."""

    _esm = text_of("live.js", "page.js")
    css = traitlets.Unicode(text_of("live.css", "page.css")).tag(sync=True)
    mark = traitlets.Unicode().tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)
    page = traitlets.Unicode().tag(sync=True)


class Explorer(traitlets.HasTraits):
    """The state of a widget. A subclass gives its traits, and what is shown of them.

    Raises LabkitError where it begins with a value that a trait refuses.
    """

    def __init__(self, **state: Any) -> None:
        try:
            super().__init__(**state)
        except traitlets.TraitError as error:
            raise LabkitError(str(error)) from None

    @property
    def pictured(self) -> bool:
        """Whether the page shows the still form below its controls; else these tell it themselves."""
        return True

    @property
    def code(self) -> str:
        """The line of Python that shows the same."""
        raise NotImplementedError

    def outputs(self) -> Iterable[Output]:
        """Give the still form: what is kept where there is no kernel."""
        raise NotImplementedError

    def controls(self) -> Sequence[etree.Element]:
        """Return the controls of the page."""
        return []

    def page(self) -> str:
        """Return the HTML of the page."""
        return html(*self.controls()) + _joined(self.outputs() if self.pictured else ())

    def choose(self, name: str, value: str) -> None:
        """Do what a control asks for: set a trait; a tuple gets the value, or loses it."""
        if not self.has_trait(name):
            return
        now = getattr(self, name)
        with suppress(traitlets.TraitError, ValueError):  # what a page sends is not trusted
            if not isinstance(now, tuple):
                setattr(self, name, type(now)(value))
            elif value in now:
                setattr(self, name, tuple(each for each in now if each != value))
            else:
                setattr(self, name, (*now, value))

    def bundle(self, mark: str = "0") -> dict[str, str]:
        """Return what Jupyter keeps: the still form, the mark by which the page finds it, and the words."""
        found = list(self.outputs())
        page = f'<labkit-live data-mark="{mark}">{_joined(found)}<p>{ASLEEP}</p></labkit-live>'
        return {"text/html": page, "text/plain": "\n\n".join(data["text/plain"] for data in found)}

    def _ipython_display_(self) -> None:
        show: Any = display.display
        if not live():
            show(self.bundle(), raw=True)
            return
        mark = uuid4().hex[:12]
        view = PageView(mark=mark, label=type(self).__name__, page=self.page())
        handle = show(self.bundle(mark), raw=True, display_id=True)

        def update(change: Any) -> None:
            view.page = self.page()
            handle.update(self.bundle(mark), raw=True)

        self.observe(update)
        view.on_msg(lambda _, said, buffers: self.choose(str(said.get("set")), str(said.get("to"))))


def _joined(shown: Iterable[Output]) -> str:
    return "".join(data.get("text/html") or bundle(data["text/plain"])["text/html"] for data in shown)


def button(
    words: str, name: str, value: object, *, chosen: bool | None = None, able: bool = True
) -> etree.Element:
    """Return a button that sets a trait; one of several says whether it is chosen, others if they do nothing.

    >>> html(button("Next", "step", 2))
    '<button type="button" data-set="step" value="2">Next</button>'
    """
    made = element("button", visible(words), type="button", data_set=name, value=str(value))
    if chosen is not None:
        made.set("aria-pressed", str(chosen).lower())
    if not able:
        made.set("aria-disabled", "true")  # it keeps the focus, which a disabled one would lose
    return made


def line_button(name: str, value: object, *, chosen: bool, **parts: str) -> etree.Element:
    """Return a button that is a line of a list; its parts are named by what they are."""
    made = button("", name, value, chosen=chosen)
    made.extend(element("span", visible(text), class_=kind) for kind, text in parts.items())
    return made


def group(label: str, *controls: etree.Element | str) -> etree.Element:
    """Return controls beside each other, which wrap on a narrow page, after their label."""
    name = element("span", label, class_="label", aria_hidden="true")
    return element("div", name, *controls, class_="group", role="group", aria_label=label)


def buttons(
    label: str, name: str, options: Mapping[Any, str], chosen: Collection[object], *told: str
) -> etree.Element:
    """Return a group of buttons, one for each value of a trait by what it is called, and words after them."""
    made = (button(words, name, value, chosen=value in chosen) for value, words in options.items())
    return group(label, *made, *told)


def choice(label: str, name: str, value: str, options: Iterable[tuple[str, str]]) -> etree.Element:
    """Return a list to choose a trait's value from: values and what they are called."""
    offered = []
    for each, words in options:
        offered.append(element("option", visible(words), value=each))
        if each == value:
            offered[-1].set("selected", "")
    return element("label", f"{label} ", element("select", *offered, data_set=name, aria_label=label))


def path_choice(path: str, offered: Sequence[str]) -> list[etree.Element]:
    """Return a list to choose the trait `path` from, and a field in which any other can be typed."""
    known = [(each, each) for each in [path] * (path not in offered) + [*offered]]
    typed = element("input", data_set="path", value=path)
    return [choice("choose", "path", path, known), element("label", "or type ", typed)]


def rows(label: str, buttons: Iterable[etree.Element], kind: str = "") -> etree.Element:
    """Return buttons below each other, in a box that scrolls; arrows go from one to the next.

    They press it as well, unless the rows are of the kind "switches". Of the kind "ladder" they can be moved.
    """
    given = {"role": "group", "aria_label": label, "tabindex": "-1"}
    return element("div", *buttons, class_=f"rows {kind}".strip(), **given)
