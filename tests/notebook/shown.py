"""What a widget shows, without a browser: its outputs, and its controls."""

from __future__ import annotations

import re
from typing import Any

from labkit.notebook.widgets.page import Explorer


class Handle:
    """An output that can be updated."""

    def __init__(self, data: Any) -> None:
        self.data = data

    def update(self, data: Any, **options: Any) -> None:
        """Put other data in its place."""
        self.data = data


def within(widget: Any, kind: type) -> list[Any]:
    """Give the widgets of a kind in a tree of them."""
    if isinstance(widget, kind):
        return [widget]
    return [found for child in getattr(widget, "children", ()) for found in within(child, kind)]


def offered(explorer: Explorer, name: str, chosen: str = "") -> list[str]:
    """Give the values that the controls of a page set a trait to; with `true` only those that are chosen."""
    pressed = f' aria-pressed="{chosen}"' if chosen else ""
    return re.findall(rf'data-set="{name}" value="([^"]*)"{pressed}', explorer.page())


def shown_text(explorer: Explorer, output: int = 0) -> str:
    """Give the words of an output of the still form."""
    text: str = list(explorer.outputs())[output]["text/plain"]
    return text


def asleep(explorer: Explorer) -> str:
    """Give the HTML that is kept where there is no kernel: no control is in it."""
    kept = explorer.bundle()["text/html"]
    assert not re.search("<(button|input|select)|data-set", kept)
    assert "Run this cell (Shift+Enter): buttons appear." in kept
    return kept
