"""What tests of widgets share: finding controls without a browser."""

from __future__ import annotations

from typing import Any


def within(widget: Any, kind: type) -> list[Any]:
    """Give the widgets of a kind in a tree of them."""
    if isinstance(widget, kind):
        return [widget]
    return [found for child in getattr(widget, "children", ()) for found in within(child, kind)]
