"""The page of the walkthrough: one slide, its buttons, its keys and a clock.

ipywidgets cannot catch keys nor fill the screen, so this one is an anywidget whose script and style are sent
with it: nothing is asked of any host. See docs/decisions/0015-the-walkthroughs-page-is-an-anywidget.md.
"""

from __future__ import annotations

from importlib import resources
from typing import Any

import anywidget
import traitlets

_FILES = resources.files("labkit.notebook.widgets")


class SlideView(anywidget.AnyWidget):
    """Shows `slide_html`, HTML that labkit wrote, and sends {"do": NAME} for each key and button."""

    _esm = _FILES.joinpath("slide_view.js").read_text("utf-8")
    _css = _FILES.joinpath("slide_view.css").read_text("utf-8")
    titles: Any = traitlets.List().tag(sync=True)
    slide_html = traitlets.Unicode().tag(sync=True)
    facts: Any = traitlets.Dict().tag(sync=True)
