"""The stage and the terminal in JupyterLab: typed at, clicked, walked by keyboard, without a kernel."""

from __future__ import annotations

from typing import Any

import pytest

from labkit import Lab
from labkit.engine.scene import scene
from tests.browser import jupyter
from tests.browser.conftest import Opener

SETUP = "%load_ext labkit\nfrom labkit import Lab, stage, terminal\nlab = Lab()\n"
KEYS = """() => [...document.querySelector("labkit-live").shadowRoot.querySelectorAll("[data-key]")]
    .map(tile => tile.dataset.key).sort()"""
STILL = """line => { const root = document.querySelector("labkit-live")?.shadowRoot;
    return root && (!line || [...root.querySelectorAll(".typed")].at(-1)?.textContent.includes(line))
        && !root.querySelector("[aria-busy=true]") }"""
FILM = (
    "docker pull nginx",
    "docker pull mysql:8.0.15",
    "docker run -it --name box ubuntu:15.04 bash",
    "rm /etc/group",
    "echo hi >> /etc/passwd",
    "exit",
    "docker commit box mine",
)


def prompt(page: jupyter.Notebook) -> Any:
    return page.page.locator("labkit-live input[aria-label=Command]")


def enter(page: jupyter.Notebook, line: str) -> None:
    """Type a line where the focus is and wait until it is answered, and what it moves stands still."""
    page.page.keyboard.type(line)
    page.press("Enter")
    page.page.wait_for_function(STILL, arg=line)


def opened(page: jupyter.Notebook) -> None:
    """Run the notebook, and wait until the terminal asks."""
    page.run()
    prompt(page).wait_for()
    prompt(page).click()


def keys(page: jupyter.Notebook) -> list[str]:
    """Give the keys of the tiles on the page."""
    found: list[str] = page.page.evaluate(KEYS)
    return found


def said(page: jupyter.Notebook) -> str:
    """Give what the terminal shows."""
    return str(page.page.locator("labkit-live .screen").inner_text())


def test_after_each_line_the_tiles_are_those_of_the_scene(notebook: Opener) -> None:
    twin = Lab()  # the same lines give the same identifiers
    with notebook(SETUP + "terminal(lab)") as page:
        opened(page)
        for line in FILM:
            enter(page, line)
            twin.type(line)
            assert keys(page) == sorted(tile.key for tile in scene(twin.engine.state).tiles), line
        assert "root@" in said(page)
        assert "Pull complete" in said(page)
        page.readable("stage")
        for theme in jupyter.THEMES:
            page.look(theme, 480)
            page.shoot(f"stage-{theme.split()[-1].lower()}-480")
        page.page.locator("labkit-live").get_by_role("button", name="Back one command").click()
        twin.undo()
        page.page.wait_for_function(f"n => ({KEYS})().length === n", arg=len(scene(twin.engine.state).tiles))
        prompt(page).click()
        enter(page, "docker images mine -q | wc -l")
        assert said(page).rstrip().endswith("0")


def test_keys_stay_in_the_terminal_and_escape_leaves_it(notebook: Opener) -> None:
    with notebook(SETUP + "terminal(lab)", "1") as page:
        opened(page)
        cells = page.page.locator(".jp-Cell").count()
        page.page.keyboard.type("b b a d d z 0 0 m")
        page.press("Control+u")
        page.page.keyboard.type("docker pul")
        page.press("Tab")
        page.page.wait_for_timeout(500)
        page.page.keyboard.type("busybox")
        page.press("Enter")
        page.page.wait_for_function(STILL, arg="docker pull busybox")
        enter(page, "docker run -it busybox")
        enter(page, "touch /x")
        page.press("Control+d")
        page.page.wait_for_function(STILL, arg="")
        page.press("ArrowUp", "ArrowUp")
        assert prompt(page).input_value() == "docker run -it busybox"
        page.press("Control+c")
        assert "^C" in said(page)
        assert page.page.locator(".jp-Cell").count() == cells
        page.press("Escape", "b")
        assert page.page.locator(".jp-Cell").count() == cells + 1


def test_a_tile_is_opened_by_keyboard_and_says_its_three_names(notebook: Opener) -> None:
    with notebook(SETUP + "lab.pull('nginx')\nstage(lab)") as page:
        page.run()
        tile = page.page.locator('labkit-live [data-key^="layer:"]').first
        tile.focus()
        page.press("ArrowUp", "ArrowDown", "Enter")
        opened = page.page.locator("labkit-live .opened")
        opened.get_by_text("ChainID").wait_for()
        assert "docker rmi prints it after Deleted:" in opened.inner_text()
        page.press("Escape")
        assert not opened.is_visible()


def paste(page: jupyter.Notebook, text: str) -> None:
    """Paste a text where the focus is."""
    page.page.evaluate(
        """text => { const data = new DataTransfer(); data.setData("text/plain", text);
        document.querySelector("labkit-live").shadowRoot.activeElement.dispatchEvent(
            new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })); }""",
        text,
    )


def test_thirty_lines_pasted_at_once_are_run_in_order(notebook: Opener) -> None:
    twin = Lab()
    lines = ["docker pull busybox", *(f"docker create --name box{n} busybox" for n in range(29))]
    with notebook(SETUP + "terminal(lab)") as page:
        opened(page)
        paste(page, "\n".join([*lines, ""]))
        for line in lines:
            twin.type(line)
        page.page.wait_for_function(STILL, arg=lines[-1])
        assert keys(page) == sorted(tile.key for tile in scene(twin.engine.state).tiles)
        typed = page.page.locator("labkit-live .typed").all_inner_texts()
        assert [each.strip() for each in typed] == [f"$ {line}" for line in lines]


def test_two_terminals_and_a_cell_move_one_lab(notebook: Opener) -> None:
    twin = Lab()
    with notebook(SETUP + "terminal(lab)", "terminal(lab)", "%docker pull nginx") as page:
        page.run()
        twin.pull("nginx")
        both = page.page.locator("labkit-live")
        for line in ("docker run -it --name box nginx bash", "rm /etc/group"):
            both.nth(1).get_by_label("Command", exact=True).click()
            page.page.keyboard.type(line)
            page.press("Enter")
            twin.type(line)
        wanted = sorted(tile.key for tile in scene(twin.engine.state).tiles)
        for place in range(2):
            page.page.wait_for_function(
                f"([place, wanted]) => ({KEYS.replace('querySelector(', 'querySelectorAll(', 1)})()"
                ".join() === wanted".replace('"labkit-live").', '"labkit-live")[place].'),
                arg=[place, ",".join(wanted)],
            )
            assert both.nth(place).locator(".prompt").inner_text().startswith("root@")


def test_several_lines_are_pasted_and_a_here_document_is_read_on(notebook: Opener) -> None:
    with notebook(SETUP + "terminal(lab)") as page:
        opened(page)
        lines = (
            "cat > Dockerfile <<E",
            "FROM busybox",
            "RUN echo hi > /hi",
            "E",
            "docker build -q -t mine .",
        )
        paste(page, "\n".join([*lines, "echo done", ""]))
        page.page.wait_for_function(STILL, arg="echo done")
        assert "sha256:" in said(page)
        assert "> RUN echo hi" in said(page)
        assert said(page).rstrip().endswith("done")


@pytest.mark.parametrize("call", ["stage(lab)", "terminal(lab)"])
def test_a_saved_notebook_shows_how_it_stood(call: str, notebook: Opener) -> None:
    with notebook(SETUP + call, "%docker pull nginx") as page:
        page.run()
        page.page.locator('labkit-live [data-key^="image:"]').wait_for(state="attached")
        page.page.wait_for_timeout(1500)  # the still picture follows a moment later
        saved = page.reopen()
        assert "nginx:latest" in saved.cells[0].outputs[0]["data"]["text/plain"]
        picture = page.page.locator(".jp-OutputArea-output img").first
        picture.wait_for()
        assert "1 image" in picture.get_attribute("alt")
        page.sees("Run the cell")


def test_less_motion_is_obeyed_and_the_kernel_may_be_restarted(notebook: Opener) -> None:
    with notebook(SETUP + "terminal(lab)") as page:
        page.page.emulate_media(reduced_motion="reduce")
        try:
            opened(page)
            enter(page, "docker pull nginx")
            moving = "() => document.querySelector('labkit-live').shadowRoot.getAnimations().length"
            assert page.page.evaluate(moving) == 0
            page.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
            page.page.locator("labkit-live .lost").wait_for()
        finally:
            page.page.emulate_media(reduced_motion="no-preference")
