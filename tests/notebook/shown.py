"""What a widget shows, without a browser: its outputs, and its controls."""

from __future__ import annotations

from typing import Any


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
