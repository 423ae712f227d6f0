"""A screenshot that shows nothing is noticed."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

from tests.browser.jupyter import rows_of_ink


def png(picture: Image.Image) -> bytes:
    """Give a picture's file."""
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def test_rows_in_which_something_is_drawn_are_counted() -> None:
    picture = Image.new("RGB", (400, 300), "white")
    assert rows_of_ink(png(picture)) == 0
    ImageDraw.Draw(picture).rectangle((200, 50, 220, 79), fill="black")
    assert rows_of_ink(png(picture)) == 30
    assert rows_of_ink(png(picture), {"x": 0, "y": 60, "width": 400, "height": 240}) == 20
