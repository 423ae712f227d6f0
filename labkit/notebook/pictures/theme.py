"""The colours and measures that all pictures and charts share.

The hues are those of Okabe and Ito, told apart with any kind of colour vision; none carries a meaning
alone, a letter, a number, a dash or hatching stands beside it. Every picture lies on a card of its own, white
in a light theme; in a dark one all of it is turned to its opposite, but for the hues.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hue:
    """A colour for lines and badges, a light tint of it for areas, and the ink that reads on it."""

    line: str
    tint: str
    ink: str


INK = "#1b1f24"
QUIET = "#57606a"
"""For what stands back: 6.4 to 1 on the card."""
RULE = "#c4cad1"
CARD = "#ffffff"
PALE = "#f3f4f6"

BLUE = Hue("#0072b2", "#d9eaf5", "#ffffff")
SKY = Hue("#56b4e9", "#e2f2fc", INK)
ORANGE = Hue("#e69f00", "#fdf0d5", INK)
GREEN = Hue("#009e73", "#d8f0e8", INK)
RED = Hue("#d55e00", "#fbe3d3", INK)
PURPLE = Hue("#cc79a7", "#f7e6ef", INK)

CHANGES = {"A": GREEN, "C": ORANGE, "D": RED, "O": ORANGE, "W": RED}
"""Added, changed, deleted, as `docker diff` letters them; an opaque directory and a whiteout."""

DARK = "@media screen and (prefers-color-scheme: dark) { svg { filter: invert(0.93) hue-rotate(180deg); } }"
"""The style of a drawing that is shown as an image: there "prefers" asks what holds around the image, which
JupyterLab sets with its theme (CSS Color Adjustment, `color-scheme`)."""

SIZE = 14
"""The smallest font, in pixels."""
TITLE = 16
PADDING = 16
