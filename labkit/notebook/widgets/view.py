"""What all widgets have in common: one state, controls that follow it, and outputs that stay.

A widget is a traits object, its state; each module of this folder has one. What it shows are ordinary outputs
below the controls (pictures, tables, text), replaced when the state changes: they stay in the file when the
notebook is opened without a kernel. See docs/decisions/0011-a-widgets-picture-is-an-output-beside-it.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, TypeAlias

import anywidget
import ipywidgets as widgets  # type: ignore[import-untyped]
import traitlets
from IPython import display

from labkit.notebook.magics import live

Output: TypeAlias = tuple[dict[str, Any], dict[str, Any]]
"""What Jupyter shows of something: data by MIME type, and their metadata."""


class Explorer(traitlets.HasTraits):
    """The state of a widget. A subclass gives its traits, and the four parts below."""

    @property
    def code(self) -> str:
        """The line of Python that shows the same."""
        raise NotImplementedError

    def outputs(self) -> Iterable[Output]:
        """Give what is shown of the state, always as many outputs as before, what is quick first."""
        raise NotImplementedError

    def controls(self) -> Any:
        """Return new controls, linked to the state."""
        raise NotImplementedError

    def shown_traits(self) -> Sequence[str]:
        """The traits that the outputs depend on."""
        return [name for name in self.trait_names() if not name.startswith("_")]

    above = 0
    """How many of the outputs stand above the controls."""

    def _ipython_display_(self) -> None:
        """Show the controls, where a page can be alive, and the outputs."""
        show: Callable[..., Any] = display.display
        shown = list(self.outputs())
        handles = []
        for place, (data, meta) in enumerate(shown):
            if place == self.above and live():
                show(keeping_keys(self.controls()))
            handles.append(show(data, metadata=meta, raw=True, display_id=True))

        def update(change: Any) -> None:
            for place, output in enumerate(self.outputs()):
                if output != shown[place]:
                    shown[place] = output
                    handles[place].update(output[0], metadata=output[1], raw=True)

        self.observe(update, list(self.shown_traits()))


class KeyGuard(anywidget.AnyWidget):
    """Keeps keys that are typed at a widget from Jupyter, where `b` adds a cell and `d d` deletes one.

    Jupyter's shortcuts spare the element that has the focus if it is marked; a mark on one around it does
    not do (Lumino, CommandRegistry.processKeydownEvent). So whatever gets the focus is marked then.
    """

    _esm = """
export default { initialize() {
  if (globalThis.labkitKeys) return;
  globalThis.labkitKeys = true;
  const place = event => event.target.closest?.(".jp-OutputArea:has(.labkit-keys)");
  const on = (name, act) => document.addEventListener(name, event => place(event) && act(event), true);
  on("focusin", event => event.target.setAttribute("data-lm-suppress-shortcuts", "true"));
  // What stands around the controls takes the focus too: a letter after a click on it is the widget's.
  on("pointerdown", event => Object.assign(place(event), { tabIndex: -1 }).style.outline = "none");
  on("keydown", event => event.key === "Escape" && event.target.closest(".jp-Cell")?.focus());
} };
"""


@cache
def _key_guard() -> KeyGuard:
    """Return the kernel's one guard, which the page makes as soon as there is a widget to guard."""
    return KeyGuard()


def keeping_keys(controls: Any) -> Any:
    """Return controls whose keys, and those of the outputs beside them, are theirs alone; Escape leaves."""
    _key_guard()
    controls.add_class("labkit-keys")
    return controls


def button(words: str, press: Callable[..., object], *arguments: object) -> Any:
    """Return a button that calls a function with arguments when it is pressed.

    >>> button("Next", print, "pressed").click()
    pressed
    """
    made = widgets.Button(description=words, layout=widgets.Layout(width="auto"))
    made.on_click(lambda _: press(*arguments))
    return made


def row(title: str, children: Sequence[Any]) -> Any:
    """Return controls beside each other, which wrap on a narrow page, under a title in bold."""
    label = widgets.HTML(f"<b>{title}</b>")
    return widgets.VBox([label, widgets.Box(children, layout=widgets.Layout(flex_flow="row wrap"))])


def text_field(
    state: Explorer, trait: str, words: str, *, example: str = "", width: str | None = None
) -> Any:
    """Return a text field that a trait follows at each key, so that a button finds what was typed.

    >>> class Search(Explorer):
    ...     path = traitlets.Unicode("/etc")
    >>> search = Search()
    >>> text_field(search, "path", "Path").value = "/tmp"
    >>> search.path
    '/tmp'
    """
    made = widgets.Text(
        getattr(state, trait),
        description=words,
        placeholder=f"for example {example}" if example else "",
        layout=widgets.Layout(width=width),
        style={"description_width": "auto"},
    )
    traitlets.link((state, trait), (made, "value"))
    return made


def toggles(state: Explorer, trait: str, options: Sequence[tuple[str, Any]], *, width: str = "auto") -> Any:
    """Return buttons of which one is pressed: words and the trait's value that they stand for.

    >>> class Search(Explorer):
    ...     path = traitlets.Unicode("/etc")
    >>> search = Search()
    >>> toggles(search, "path", [("settings", "/etc"), ("logs", "/var/log")]).value = "/var/log"
    >>> search.path
    '/var/log'
    """
    style = widgets.ToggleButtonsStyle(button_width=width)
    made = widgets.ToggleButtons(options=options, value=getattr(state, trait), style=style)
    traitlets.link((state, trait), (made, "value"))
    return made


def dropdown(
    state: Explorer,
    trait: str,
    words: str,
    options: Callable[[], Sequence[tuple[str, Any]]],
    *,
    anew: Sequence[str] = (),
    width: str = "auto",
) -> Any:
    """Return a list to choose a trait's value from; its options are asked anew when one of `anew` changes.

    >>> class Search(Explorer):
    ...     path = traitlets.Unicode("/etc")
    >>> search = Search()
    >>> made = dropdown(search, "path", "Path", lambda: [("settings", "/etc"), ("logs", "/var/log")])
    >>> search.path = "/var/log"
    >>> made.label
    'logs'
    """
    made = widgets.Dropdown(
        options=options(),
        value=getattr(state, trait),
        description=words,
        layout=widgets.Layout(width=width, max_width="100%"),
        style={"description_width": "auto"},
    )

    def chosen(change: Any) -> None:
        if change["new"] is not None:
            setattr(state, trait, change["new"])

    def follow(change: Any) -> None:
        now, wanted = options(), getattr(state, trait)
        made.unobserve(chosen, "value")  # new options choose the first of them
        if made.options != tuple(now):
            made.options = now
        made.value = wanted if wanted in [value for _, value in now] else None
        made.observe(chosen, "value")

    made.observe(chosen, "value")
    state.observe(follow, [trait, *anew])
    return made
