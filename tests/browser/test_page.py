"""The stage's script alone in a page: what it plays, says and remembers, and how long it takes.

`LABKIT_LONG=1` walks through all recorded sessions in place of three subjects.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from labkit import Lab
from labkit.engine.scene import scene
from labkit.notebook.widgets import stage as stages
from labkit.notebook.widgets.stage import Stage
from labkit.notebook.widgets.terminal import Terminal
from labkit.store.registry import Registry
from tests.browser.bare import Bare
from tests.cli import sessions

EVIL = "<img src=x onerror=window.hacked=1>\x1b[31m\u202e"
SAMPLE = ["cleanup", "layers", "push"]
BUILD = "printf 'FROM busybox\\nENV a=b\\nRUN echo hi > /hi\\nRUN echo ho > /ho\\n' > Dockerfile"
PLAYED = """() => { const root = document.querySelector("labkit-live").shadowRoot;
    window.played = [];
    const note = () => {
        const kept = (kind) => [...root.querySelectorAll(`.${kind}[data-key]`)].map(tile => tile.dataset.key);
        const told = root.querySelector(".screen")?.innerText ?? "";
        const now = { unseen: kept("unseen"), flash: kept("exists"), told };
        if (JSON.stringify(now) !== JSON.stringify(played.at(-1))) played.push(now);
        requestAnimationFrame(note);
    };
    note(); }"""

Open = Callable[..., Bare]


@pytest.fixture
def bare(browser: Any) -> Iterator[Open]:
    """Give a function that opens a widget in a page of its own."""
    pages: list[Bare] = []

    def open_one(widget: Stage, **options: Any) -> Bare:
        pages.append(Bare(browser, widget, **options))
        return pages[-1]

    yield open_one
    for page in pages:
        page.close()


def played(page: Bare, line: str) -> list[dict[str, Any]]:
    """Type a line; give the different moments of what is seen until it is over."""
    page.page.evaluate(PLAYED)
    page.enter(line)
    page.still()
    page.page.wait_for_timeout(100)
    found: list[dict[str, Any]] = page.page.evaluate("played")
    return found


def typing(**options: Any) -> Terminal:
    """Give a terminal of a lab that has a registry of its own."""
    return Terminal(Lab(registries={"reg.test": Registry()}, **options))


def test_a_build_is_seen_step_by_step_and_flashes_what_it_uses_again(bare: Open) -> None:
    page = bare(typing())
    page.prompt()
    page.enter(BUILD)
    seen = played(page, "docker build -t mine .")
    hidden = [set(each["unseen"]) for each in seen]
    top = {tile.key for tile in page.widget._scene.of("layer")[1:]}
    left = [len(top & each) for each in hidden]
    assert sorted(set(left)) == [0, 1, 2], "the two layers come one after the other"
    assert left.index(2) < left.index(1)
    halfway = next(each for each in seen if len(top & set(each["unseen"])) == 1)
    assert "Step 3/4" in halfway["told"]
    assert "Step 4/4" not in halfway["told"]
    assert seen[-1]["unseen"] == []
    again = played(page, "docker build -t mine .")
    assert {key for each in again for key in each["flash"]} == top
    assert "Using cache" in again[-1]["told"]


def test_a_push_moves_blobs_out_of_layers_and_flashes_what_is_there(bare: Open) -> None:
    page = bare(typing())
    page.prompt()
    for line in (BUILD, "docker build -t reg.test/mine ."):
        page.enter(line)
    page.still()
    seen = played(page, "docker push reg.test/mine")
    fresh = [set(each["unseen"]) for each in seen if each["unseen"]]
    assert {key.partition(":")[0] for key in fresh[0]} == {"blob"}
    assert [len(each) for each in fresh] == sorted((len(each) for each in fresh), reverse=True)
    assert "Pushed" in page.screen()
    page.enter("docker tag reg.test/mine reg.test/other")
    for words in ("Mounted from mine", "Layer already exists"):
        flashed = {key for each in played(page, "docker push reg.test/other") for key in each["flash"]}
        assert {f"layer:{chain}" for chain in page.widget.lab.image("reg.test/mine").chain_ids} <= flashed
        assert words in page.screen()


def test_a_save_and_a_load_go_through_the_layers(bare: Open) -> None:
    page = bare(typing())
    page.prompt()
    page.enter("docker pull busybox")
    page.still()
    layer = page.widget._scene.of("layer")[0].key
    assert layer in {key for each in played(page, "docker save -o x.tar busybox") for key in each["flash"]}
    page.enter("docker rmi busybox")
    page.page.evaluate(PLAYED)
    page.enter("docker load -i x.tar")
    assert page.place.locator(".ghost").count() == 2, "the layer and its card"
    page.still()
    assert "Loading layer" in page.screen()


@pytest.mark.parametrize("subject", sessions.subjects() if os.environ.get("LABKIT_LONG") else SAMPLE)
def test_after_every_command_of_the_sessions_the_tiles_are_the_scenes(
    subject: str, bare: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = sessions.loaded_lab(tmp_path)
    monkeypatch.chdir(tmp_path)
    lab = Lab()
    page = bare(Stage(lab))
    wanted = sessions.sessions(subject)
    for recorded in [each for each in sessions.recorded() if each["name"] in wanted]:
        lab.begin_here(start)
        for answer in recorded["answers"]:
            if "HUB" not in answer["line"]:
                sessions.typed(lab, answer)
            page.answer()
            assert page.tiles() == sorted(tile.key for tile in scene(lab.engine.state).tiles), answer["line"]


def test_hostile_names_are_text(bare: Open) -> None:
    page = bare(Terminal(Lab()))
    name = EVIL.replace("/", "")
    page.widget.lab.run("busybox", name="box").write(f"/{name}", "x")
    page.widget.lab.build("mine", ["FROM busybox", f"RUN echo '{EVIL}' > /x"])
    page.answer()
    page.prompt()
    page.enter(f"echo '{name}'")
    page.enter(f"docker run --name '{name}' busybox")
    for key in page.tiles():
        page.place.locator(f'[data-key="{key.replace(chr(92), chr(92) * 2)}"]').first.dispatch_event("click")
        page.answer()
        page.place.locator(".opened h4").wait_for()
    texts = page.place.locator(".stage").inner_text()
    assert "<img src=x" in texts
    assert not set("\x1b\u202e") & set(texts)
    assert page.place.locator("[onerror], .stage img").count() == 0
    assert page.page.evaluate("window.hacked") is None


def test_escape_closes_a_box_first_and_stays_on_its_tile(bare: Open) -> None:
    page = bare(Terminal(Lab()))
    page.prompt()
    page.enter("docker pull nginx")
    page.still()
    tile = page.place.locator('[data-key^="image:"]')
    key = tile.get_attribute("data-key")
    tile.focus()
    page.press("Enter")
    panel = page.place.locator(".opened")
    assert panel.is_visible()
    page.press("Escape")
    assert not panel.is_visible()
    assert page.focused() == key
    page.press("Enter")
    page.place.get_by_role("button", name="Close").click()
    assert (panel.is_visible(), page.focused()) == (False, key)


def test_the_last_lines_come_back_and_a_half_typed_one_stays(bare: Open) -> None:
    page = bare(Terminal(Lab()))
    field = page.prompt()
    for line in ("echo 1", "echo 2"):
        page.enter(line)
    page.page.keyboard.type("docker im")
    found = []
    for key in ("ArrowUp", "ArrowUp", "ArrowUp", "ArrowDown", "ArrowDown", "ArrowDown"):
        page.press(key)
        found.append(field.input_value())
    assert found == ["echo 2", "echo 1", "echo 1", "echo 2", "docker im", "docker im"]


def test_a_page_that_is_loaded_again_says_what_is_known(bare: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(Lab())
    page = bare(terminal)
    page.prompt()
    page.enter("echo before")
    page.press("Control+l")
    page.enter("echo after")
    again = bare(terminal)
    assert again.screen().rstrip() == "$ echo after\nafter"
    waits, known = Event(), terminal.lab.type
    monkeypatch.setattr(terminal.lab, "type", lambda line, watch: waits.wait() and known(line))
    monkeypatch.setattr(terminal, "_worker", None)
    terminal._asked(terminal, {"line": "docker pull nginx"}, [])
    running, terminal._worker = terminal._worker, None
    third = bare(terminal)
    assert third.screen().rstrip().endswith("$ docker pull nginx")
    assert third.place.locator(".terminal").get_attribute("aria-busy") == "true"
    waits.set()
    assert running
    running.join()
    third.answer()
    third.still()
    assert "Pull complete" in third.screen()
    assert third.place.locator(".terminal").get_attribute("aria-busy") == "false"


def test_a_fold_that_is_opened_says_so(bare: Open) -> None:
    lab = Lab()
    lab.build("long", ["FROM busybox", *(f"RUN echo {number} > /{number}" for number in range(18))])
    page = bare(Stage(lab))
    fold = page.place.locator(".fold")
    assert fold.get_attribute("aria-label").startswith("folded: 10 layers")
    fold.focus()
    page.press("Enter")
    page.place.get_by_text("10 layers are shown one by one").wait_for(state="attached")
    assert page.focused().startswith("layer:")


def test_a_view_that_is_closed_gives_the_stage_back(bare: Open) -> None:
    lab = Lab()
    lab.pull("nginx")
    page = bare(Stage(lab))
    where = """() => [...document.querySelectorAll("labkit-live")].map(place =>
        place.shadowRoot?.querySelector(".stage, slot").tagName ?? "")"""
    page.page.evaluate("document.body.append(document.querySelector('labkit-live').cloneNode(true))")
    assert page.page.evaluate(where) == ["SLOT", "SECTION"]
    page.page.evaluate("document.querySelectorAll('labkit-live')[1].remove()")
    assert page.page.evaluate(where) == ["SECTION"]


def test_a_page_as_vs_codes_shows_the_stage_where_the_view_is(
    bare: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget = Stage(Lab())
    assert set(widget.bundle()) == {"text/html", "text/plain"}
    monkeypatch.setattr(stages, "vscode", lambda: True)
    assert widget.bundle()["application/vnd.jupyter.widget-view+json"]["model_id"] == widget.model_id
    page = bare(widget)
    page.page.evaluate("document.body.innerHTML = '<main></main>'")
    page.page.evaluate("window.leave = script.render({ model: fake, el: document.querySelector('main') }); 0")
    page.page.locator("main").get_by_text("Nothing is here yet").wait_for()
    widget.lab.pull("nginx")
    page.answer()
    assert page.tiles() == sorted(tile.key for tile in scene(widget.lab.engine.state).tiles)
    page.page.evaluate("leave()")
    assert page.page.locator("labkit-live").count() == 0


@pytest.mark.parametrize("width", [480, 800, 1280])
def test_nothing_is_cut_off_or_too_small_to_read(width: int, bare: Open) -> None:
    page = bare(Terminal(Lab()), width=width)
    page.prompt()
    for line in ("docker pull nginx", "docker pull mysql", "docker run --name box nginx rm /etc/group"):
        page.enter(line)
        page.still()
    wide = """root => [...root.querySelectorAll("*")].filter(each => {
        const { overflowX, display, textOverflow } = getComputedStyle(each);
        const free = each.closest("svg, .said, .screen, input") || ["auto", "scroll"].includes(overflowX)
            || display === "inline" || textOverflow === "ellipsis";
        return !free && each.scrollWidth > each.clientWidth + 2; }).map(each => each.outerHTML)"""
    assert page.place.locator(".stage").evaluate(wide) == []
    small = """root => [...root.querySelectorAll("text, span, p, output, button")]
        .filter(each => each.textContent && parseFloat(getComputedStyle(each).fontSize) < 11).length"""
    assert page.place.locator(".stage").evaluate(small) == 0
    beside = page.place.locator(".side").bounding_box()["y"] < 20
    assert beside == (width > 900)
    page.enter("help")
    page.still()
    wide = page.place.locator(".screen").evaluate("e => e.scrollWidth - e.clientWidth")
    assert wide == 0, "long lines are wrapped, as in a terminal"
    assert page.place.locator(".picture").evaluate("e => [e.scrollTop = 9, e.scrollTop][1]") == 0


@pytest.mark.parametrize("width", [800, 1280])
def test_many_images_go_below_the_terminal_and_its_end_stays_in_view(width: int, bare: Open) -> None:
    page = bare(Terminal(Lab()), width=width, motion=False)
    page.prompt()
    for name in ("nginx", "mysql:8.0.15", "mysql", "redis", "postgres", "python:slim", "debian:stretch-slim"):
        page.enter(f"docker pull {name}")
    page.enter("help")
    asks, side = (page.place.locator(each).bounding_box() for each in (".line", ".side"))
    assert asks["y"] + asks["height"] < side["y"] < 300
    cache = page.place.locator(".head", has_text="Local cache").bounding_box()
    assert cache["y"] - side["y"] < 200, "the registry does not push it away"
    assert page.screen_end() < 8
    names = page.place.locator(".image .name").all_text_contents()
    assert "mysql:8.0.15" in names
    assert "postgres:latest" in names
    page.press("Tab", "ArrowDown", "Enter")
    opened = page.place.locator(".opened").bounding_box()
    assert opened["y"] + opened["height"] <= 900, "what is opened is seen"


def test_what_flies_covers_what_is_below_it(bare: Open) -> None:
    page = bare(Terminal(Lab()))
    page.prompt()
    page.enter("docker pull nginx")
    flying = page.place.locator(".layer.ghost").last
    assert flying.evaluate("e => e.getAnimations().every(a => a.effect.getKeyframes()[0].opacity === '1')")
    filled = flying.locator(".body").evaluate("e => getComputedStyle(e).fill")
    assert filled not in ("none", "rgba(0, 0, 0, 0)")


def test_a_button_tells_of_a_pull_once_it_was_seen(bare: Open) -> None:
    widget = Terminal(Lab(), {"Pull nginx": "docker pull nginx"})
    page = bare(widget)
    told = page.place.locator(".told")
    page.prompt()
    page.enter("docker pull nginx")
    assert (widget.told, told.inner_text()) == ("3 layers came, none was here before.", "")
    page.still()
    assert told.inner_text() == widget.told


def test_names_of_the_hub_are_completed(bare: Open) -> None:
    page = bare(Terminal(Lab()))
    field = page.prompt()
    page.page.keyboard.type("docker pull mys")
    page.press("Tab")
    assert field.input_value() == "docker pull mysql "


def test_by_mouse_a_tile_is_opened_and_time_is_walked(bare: Open) -> None:
    page = bare(Terminal(Lab()))
    page.prompt()
    for line in ("docker pull busybox", "docker run --name box busybox touch /x"):
        page.enter(line)
        page.still()
    page.place.locator('[data-key^="container:"]').click()
    page.answer()
    assert page.place.get_by_role("heading", name="a container: box").is_visible()
    wanted = [page.tiles()]
    for name in ("Back one command", "Back one command", "Forward one command", "Forward one command"):
        page.place.get_by_role("button", name=name).click()
        page.answer()
        assert page.tiles() == sorted(tile.key for tile in scene(page.widget.lab.engine.state).tiles)
        wanted.append(page.tiles())
    assert wanted[2] == []
    assert wanted[4] == wanted[0]
    assert not page.place.locator(".opened").is_visible(), "its container was away meanwhile"


def test_less_motion_shows_the_end_at_once(bare: Open) -> None:
    page = bare(Terminal(Lab()), motion=False)
    page.prompt()
    page.enter("docker pull nginx")
    assert page.place.locator(".ghost, .unseen").count() == 0
    assert page.page.evaluate("document.querySelector('labkit-live').shadowRoot.getAnimations().length") == 0
    assert "Pull complete" in page.screen()


def test_the_next_prompt_comes_when_the_pull_is_over(bare: Open) -> None:
    page = bare(Terminal(Lab()))
    page.prompt()
    page.enter("docker run -it ubuntu:15.04 bash")
    asks = page.place.locator(".prompt")
    assert (asks.inner_text(), "Pulling from library/ubuntu" in page.screen()) == ("", True)
    page.still()
    assert asks.inner_text().startswith("root@")
    assert page.screen().count("Pulling from library/ubuntu") == 1
