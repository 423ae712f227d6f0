"""A picture: a drawing in SVG and its twin in text.

In a notebook it is shown as an HTML image with a text alternative and, folded below it, the twin. Why an
image and not the drawing itself: docs/decisions/0007-pictures-are-images-with-a-twin.md.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as etree

from labkit.notebook.html import element, html


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing. `text` says all that it shows, `description` what it is about, in a sentence or two."""

    title: str
    description: str
    svg: str = field(repr=False)
    text: str = field(repr=False)
    width: int = field(repr=False)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Mapping[str, Any]:
        return {"text/html": self.html, "text/plain": self.text}

    @property
    def image(self) -> str:
        """The image alone, with its text alternative, never wider than the page."""
        alternative = f"{self.title}. {self.description}"
        return image(source("image/svg+xml", self.svg.encode()), alternative, self.width)

    @property
    def html(self) -> str:
        """The image, and below it the twin, folded until it is asked for."""
        return self.image + twin(self.text)


def source(kind: str, data: bytes) -> str:
    """Return the address of data of a MIME type that has the data in itself.

    >>> source("image/png", b"png")
    'data:image/png;base64,cG5n'
    """
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def image(address: str, alternative: str, width: int) -> str:
    """Return the HTML of an image with its text alternative, as wide as the page or `width`.

    On a narrow page it scrolls before letters of 14 pixels are less than 11.

    >>> image(source("image/png", b""), "a chart", 80)[:44]
    '<img src="data:image/png;base64," alt="a cha'
    """
    style = f"min-width: {width * 4 // 5}px; max-width: 100%; height: auto"
    shown = element("img", src=address, alt=alternative, width=str(width), style=style)
    return etree.tostring(shown, encoding="unicode")


def twin(text: str) -> str:
    """Return the HTML of a twin, folded until it is asked for.

    >>> twin("a < b")
    '<details><summary>In words</summary><pre>a &lt; b</pre></details>'
    """
    return html(element("details", element("summary", "In words"), element("pre", text)))
