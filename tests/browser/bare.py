"""A stage's script in an empty page, with a model that answers for the kernel: no Jupyter, no network.

Messages of the page are kept until `answer` gives them to the widget in this process; what it says goes back.
"""

from __future__ import annotations

from typing import Any

from labkit.notebook.widgets.stage import Stage
from labkit.notebook.widgets.terminal import Terminal

_START = """async ([text, state]) => {
    const file = new Blob([text], { type: "text/javascript" });
    window.script = (await import(URL.createObjectURL(file))).default;
    const heard = {};
    const tell = (name, ...rest) => (heard[name] ?? []).forEach(each => each(...rest));
    window.fake = {
        sent: [], get: name => state[name], send: message => fake.sent.push(message),
        on: (name, each) => { (heard[name] ??= []).push(each); },
        set: (name, value) => { state[name] = value; tell(`change:${name}`); },
        hear: message => tell("msg:custom", message),
    };
    window.stop = script.initialize({ model: fake });
}"""
NAMES = ("css", "mark", "label", "frame", "typing", "offers", "told")
_TILES = """root => [...root.querySelectorAll("[data-key]")].map(tile => tile.dataset.key).sort()"""


class Bare:
    """A widget in a page of its own. `page` is Playwright's, `place` the element in which it comes alive."""

    def __init__(self, browser: Any, widget: Stage, *, width: int = 1280, motion: bool = True) -> None:
        self.widget = widget
        self.page = browser.new_page(
            viewport={"width": width, "height": 900},
            reduced_motion="no-preference" if motion else "reduce",
        )
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.set_content(f'<labkit-live data-mark="{widget.mark}"><img alt="a picture"></labkit-live>')
        names = [each for each in NAMES if widget.has_trait(each)]
        widget.send = self._send  # type: ignore[method-assign]
        self._said: list[object] = []
        self._shown = widget.frame
        self._told = ""
        self.page.evaluate(_START, [widget._esm, {name: getattr(widget, name) for name in names}])
        self.place = self.page.locator("labkit-live").first
        self.answer()

    def _send(self, content: object, buffers: object = None) -> None:
        self._said.append(content)

    def answer(self) -> None:
        """Give the page's messages to the widget, and to the page what it says and shows."""
        for message in self.page.evaluate("fake.sent.splice(0)"):
            self.widget._asked(self.widget, message, [])
        if isinstance(self.widget, Terminal) and self.widget._worker:
            self.widget._worker.join()
        if self.widget.frame != self._shown:
            self._shown = self.widget.frame
            self.page.evaluate("frame => fake.set('frame', frame)", self._shown)
        if getattr(self.widget, "told", "") != self._told:
            self._told = self.widget.told  # type: ignore[attr-defined]
            self.page.evaluate("told => fake.set('told', told)", self._told)
        while self._said:
            self.page.evaluate("message => fake.hear(message)", self._said.pop(0))

    def enter(self, line: str) -> None:
        """Type a line and let it be answered."""
        self.page.keyboard.type(line)
        self.press("Enter")

    def press(self, *keys: str) -> None:
        """Press keys, and let what they ask for be answered."""
        for key in keys:
            self.page.keyboard.press(key)
            self.answer()

    def prompt(self) -> Any:
        """Give the field to type in, with the focus."""
        field = self.place.get_by_label("Command", exact=True)
        field.click()
        return field

    def tiles(self) -> list[str]:
        """Give the keys of the tiles in the page, sorted."""
        found: list[str] = self.place.locator(".picture").evaluate(_TILES)
        return found

    def focused(self) -> str:
        """Give the key of the tile that has the focus, or else the label of what has it."""
        element = "document.activeElement.shadowRoot?.activeElement"
        return str(self.page.evaluate(f"{element}?.dataset.key ?? {element}?.ariaLabel ?? ''"))

    def screen(self) -> str:
        """Give what the terminal shows."""
        return str(self.place.locator(".screen").inner_text())

    def screen_end(self) -> float:
        """Give by how many pixels the terminal is scrolled away from its end."""
        left = "e => e.scrollHeight - e.scrollTop - e.clientHeight"
        return float(self.place.locator(".screen").evaluate(left))

    def still(self) -> None:
        """Wait until nothing is played any more."""
        self.place.locator("[aria-busy=true]").first.wait_for(state="detached")

    def close(self) -> None:
        """Close the page; no error may have come in it."""
        self.page.close()
        assert self.faults == []
