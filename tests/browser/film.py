"""Take docs/film.png, the README's film: first seconds with the terminal and its stage, in a browser.

    python -m tests.browser.film

An animated PNG, each picture shown as long as it was seen. Needs the development tools and Chromium.
"""

from __future__ import annotations

import io
import tempfile
import time
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.browser import jupyter
from tests.notebooks import ROOT

OUT = ROOT / "docs/film.png"
WIDTH, HEIGHT = 1180, 676
CELL = "%load_ext labkit\nfrom labkit import Lab, terminal\nterminal(Lab())"
LINES = (  # and the seconds that each is looked at
    ("docker pull nginx", 3.2),
    ("docker pull mysql:8.0.15", 3.6),
    ("docker run -it --name box nginx bash", 0.9),
    ("echo hello >> /etc/passwd", 1.2),
    ("rm /etc/group", 1.2),
    ("exit", 0.8),
    ("docker commit box mine", 2.0),
)
PALETTE = 64

Frames = list[tuple[bytes, float]]


def watch(page: Any, clip: dict[str, float], frames: Frames, seconds: float) -> None:
    """Take pictures of a part of a page for so many seconds."""
    end = time.monotonic() + seconds
    while (began := time.monotonic()) < end:
        picture = page.screenshot(clip=clip)
        page.wait_for_timeout(60)
        frames.append((picture, time.monotonic() - began))


def take() -> Frames:
    """Type the lines and return what was seen."""
    frames: Frames = []
    with (
        tempfile.TemporaryDirectory(prefix="labkit-film-", ignore_cleanup_errors=True) as name,
        jupyter.server(Path(name) / "jupyter") as server,
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(executable_path=jupyter.CHROMIUM, args=jupyter.OPTIONS)
        with jupyter.opened(browser, server, server.write("film.ipynb", [CELL])) as page:
            page.look(jupyter.THEMES[0], WIDTH, HEIGHT + 400)
            page.run()
            page.page.get_by_label("Command", exact=True).click()
            place = page.page.locator("labkit-live").bounding_box()
            clip = {**place, "height": HEIGHT}
            for line, seconds in LINES:
                page.page.keyboard.type(line)
                watch(page.page, clip, frames, 0.3)
                page.press("Enter")
                watch(page.page, clip, frames, seconds)
    return frames


def main() -> None:
    """Take the film and store it with few colours, what does not move only once."""
    pictures = [(Image.open(io.BytesIO(data)).convert("RGB"), seconds) for data, seconds in take()]
    # The last one has a tile of each kind, and so all colours.
    palette = pictures[-1][0].convert("P", palette=Image.Palette.ADAPTIVE, colors=PALETTE)
    shown: list[Image.Image] = []
    times: list[int] = []
    for picture, seconds in pictures:
        few = picture.quantize(palette=palette, dither=Image.Dither.NONE)
        if shown and few.tobytes() == shown[-1].tobytes():
            times[-1] += int(1000 * seconds)
        else:
            shown.append(few)
            times.append(int(1000 * seconds))
    times[-1] += 2000
    shown[0].save(OUT, save_all=True, append_images=shown[1:], duration=times, loop=0, optimize=True)
    print(f"{OUT.name}: {len(shown)} pictures, {sum(times) / 1000:.0f} s, {OUT.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
