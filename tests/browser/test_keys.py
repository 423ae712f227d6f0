"""Keys typed at a widget are the widget's: none of them reaches the notebook as a command."""

from __future__ import annotations

from tests.browser.conftest import Opener

SETUP = """from labkit import *
lab = Lab()
image = lab.pull("nginx")
box = lab.run("nginx", name="box")"""
WIDGETS = (
    'cow_stepper(lab, "box")',
    'driver_explorer("vfs", steps=["create"])',
    'layer_or_not(image, name="nginx")',
    'sheets(lab, "nginx")',
    'dockerfile_board(lab, ["FROM busybox", "RUN echo 1 > /one"])',
    'playground(lab, "nginx")',
    "walkthrough()",
)
KEYS = "b a m x d d 0 0 ArrowDown ArrowUp".split()
CONTROLS = ("button", "select", "input", "input[type=checkbox]", "pre", "section")
CELLS = """() => {
    const { activeCellIndex, model } = jupyterapp.shell.currentWidget.content;
    return [activeCellIndex, ...[...model.cells].map(cell => cell.type + cell.sharedModel.source)];
}"""


def test_no_key_typed_at_a_widget_reaches_the_notebook(notebook: Opener) -> None:
    with notebook(SETUP, *WIDGETS) as page:
        page.run()
        for place, widget in enumerate(WIDGETS, 1):
            area = page.output(place)
            area.locator("labkit-live section").first.wait_for()
            page.page.evaluate("n => { jupyterapp.shell.currentWidget.content.activeCellIndex = n; }", place)
            before = page.page.evaluate(CELLS)
            found = [area.locator(f"{kind}:visible:not([disabled])").first for kind in CONTROLS]
            there = [control for control in found if control.count()]
            assert there, widget
            there[0].focus()
            page.press("Control+Enter", "Shift+Enter")
            after = min(place + 1, len(WIDGETS))
            assert page.page.evaluate(CELLS) == [after, *before[1:]], f"{widget}: on to the next cell"
            page.page.evaluate("n => { jupyterapp.shell.currentWidget.content.activeCellIndex = n; }", place)
            for control in there:
                for key in KEYS:
                    control.focus()
                    page.press(key)
                    assert page.page.evaluate(CELLS) == before, f"{widget}: {key}"
        area = page.output(WIDGETS.index('sheets(lab, "nginx")') + 1)
        # On words, where nothing takes the focus by itself.
        area.locator("labkit-live section").get_by_text("The same in Python").click()
        before = page.page.evaluate(CELLS)
        page.press("b", "d", "d", "m", "a")
        assert page.page.evaluate(CELLS) == before
        page.press("Escape", "b")
        assert len(page.page.evaluate(CELLS)) == len(before) + 1, "Escape gives the keys back"
