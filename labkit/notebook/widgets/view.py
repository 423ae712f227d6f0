"""Controls of ipywidgets with outputs beside them that stay, for the widgets that are no `page` yet."""

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
