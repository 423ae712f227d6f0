"""What all widgets have in common: one state, controls that follow it, and outputs that stay.

A widget is a traits object, its state; each module of this folder has one. What it shows are ordinary outputs
below the controls (pictures, tables, text), replaced when the state changes: they stay in the file when the
notebook is opened without a kernel. See docs/decisions/0011-a-widgets-picture-is-an-output-beside-it.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

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

    def outputs(self) -> Sequence[Output]:
        """Return what is shown of the state: always as many outputs as before."""
        raise NotImplementedError

    def controls(self) -> Any:
        """Return new controls, linked to the state."""
        raise NotImplementedError

    def shown_traits(self) -> Sequence[str]:
        """The traits that the outputs depend on."""
        return [name for name in self.trait_names() if not name.startswith("_")]

    def _ipython_display_(self) -> None:
        """Show the controls, where a page can be alive, and the outputs."""
        show: Callable[..., Any] = display.display
        if live():
            show(self.controls())
        handles = [show(data, metadata=meta, raw=True, display_id=True) for data, meta in self.outputs()]

        def update(change: Any) -> None:
            for handle, (data, meta) in zip(handles, self.outputs(), strict=True):
                handle.update(data, metadata=meta, raw=True)

        self.observe(update, list(self.shown_traits()))


def button(words: str, press: Callable[..., object], *arguments: object) -> Any:
    """Return a button that calls a function with arguments when it is pressed."""
    made = widgets.Button(description=words, layout=widgets.Layout(width="auto"))
    made.on_click(lambda _: press(*arguments))
    return made


def row(title: str, children: Sequence[Any]) -> Any:
    """Return controls beside each other, which wrap on a narrow page, under a title in bold."""
    label = widgets.HTML(f"<b>{title}</b>")
    return widgets.VBox([label, widgets.Box(children, layout=widgets.Layout(flex_flow="row wrap"))])
