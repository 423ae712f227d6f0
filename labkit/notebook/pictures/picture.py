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
        """The image alone, with its text alternative, never wider than the page.

        On a narrow page it scrolls before letters of 14 pixels are less than 11.
        """
        source = f"data:image/svg+xml;base64,{base64.b64encode(self.svg.encode()).decode()}"
        style = f"min-width: {self.width * 4 // 5}px; max-width: 100%; height: auto"
        alternative = f"{self.title}. {self.description}"
        shown = {"src": source, "alt": alternative, "width": str(self.width), "style": style}
        return etree.tostring(etree.Element("img", shown), encoding="unicode")

    @property
    def html(self) -> str:
        """The image, and below it the twin, folded until it is asked for."""
        details = etree.Element("details")
        etree.SubElement(details, "summary").text = "In words"
        etree.SubElement(details, "pre").text = self.text
        return self.image + etree.tostring(details, encoding="unicode")
