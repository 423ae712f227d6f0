"""The sheets: what is seen at a path, as sheets are lifted off, and what the saved form keeps to itself."""

from __future__ import annotations

import re

import pytest

from labkit.base.errors import LabkitError
from labkit.lab import Lab
from labkit.notebook import sheets
from labkit.notebook.widgets.sheets import Sheets
from labkit.oci.config import make_config
from labkit.oci.content import Content
from labkit.oci.image import Image
from labkit.oci.layer import Layer
from labkit.oci.tree import Dir, File, Symlink, Whiteout
from tests.notebook.shown import Handle, asleep, offered, shown_text

HOSTILE = "<script>alert(1)</script>\"'&\x1b[31m\u202etxt\udcff"
TIME = "2019-04-26T12:00:00Z"


def text(words: str) -> File:
    """Give a file of a text."""
    return File(Content.of(words.encode()))


def image(*layers: Dir) -> Image:
    """Give an image of these layers, the base first."""
    made = Image(make_config(created=TIME))
    for layer in layers:
        made = made.append(Layer.of(layer), created=TIME, created_by=f"/bin/sh -c {HOSTILE}")
    return made


STACK = image(
    Dir({"a": text("old\n"), "log": Dir({"x": text("x"), "y": text("y")}), "etc": Dir({"base": text("")})}),
    Dir({"a": text("newer\n"), "log": Whiteout(), "way": Symlink("etc"), "etc": Dir({"mine": text("")})}),
    Dir({"a": Whiteout(), "etc": Dir({"only": text("")}, opaque=True)}),
)


@pytest.mark.parametrize(
    ("path", "lifted", "seen"),
    [
        ("/a", (), "nothing"),
        ("/a", (3,), "a file of 6 bytes, from layer 2"),
        ("a", (2, 3), "a file of 4 bytes, from layer 1"),
        ("/a", (2,), "nothing"),
        ("/a", (1, 3), "a file of 6 bytes, from layer 2"),
        ("/log/x", (), "nothing"),
        ("/log/x", (2,), "a file of 1 byte, from layer 1"),
        ("/log/../a", (3,), "a file of 6 bytes, from layer 2"),
        ("/way", (), "a symbolic link, from layer 2"),
        ("/way/only", (), "a file of 0 bytes, from layer 3"),
        ("/way/base", (3,), "a file of 0 bytes, from layer 1"),
        ("/etc/base", (), "nothing"),
        ("/etc", (), "a directory with 1 name, from all sheets that have it"),
        ("//", (3,), "a directory with 3 names, from all sheets that have it"),
        ("/", (1, 2, 3), "a directory with 0 names, from all sheets that have it"),
        ("/etc/base/no", (), "nothing"),
    ],
)
def test_the_topmost_sheet_that_lies_is_seen(path: str, lifted: tuple[int, ...], seen: str) -> None:
    assert sheets(STACK, path=path, lifted=lifted).seen == seen


def test_passwd_of_nginx_is_the_base_s_once_the_layer_above_is_lifted() -> None:
    lab = Lab()
    lab.pull("nginx")
    found = sheets(lab, "nginx")
    assert found.seen == "a file of 320 bytes, from layer 2"
    assert "nginx user" in found.page()
    found.choose("lifted", "3")
    assert found.seen == "a file of 320 bytes, from layer 2"
    found.choose("lifted", "2")
    assert found.seen == "a file of 266 bytes, from layer 1"
    assert "nginx user" not in found.page()
    found.choose("lifted", "2")
    assert found.seen == "a file of 320 bytes, from layer 2"


def test_a_container_has_its_own_layer_on_top() -> None:
    lab = Lab()
    box = lab.run("busybox", name="box")
    box.append("/etc/passwd", "me:x:1000:\n")
    found = sheets(lab, "box")
    assert found.seen.endswith("from the container's layer")
    assert "layer 1: the container's layer added 11 bytes at its end" in found.page()
    found.choose("lifted", offered(found, "lifted")[0])
    assert found.seen.endswith("from layer 1")
    assert eval(found.code, {"lab": lab, "sheets": sheets}).outputs() == found.outputs()


def test_each_sheet_shows_what_it_has_and_the_page_why_it_is_hidden() -> None:
    found = sheets(STACK, path="/log/x")
    assert '<span class="tile ">1B</span>' in found.page()
    assert "Hidden in layer 1: deleted with /log by layer 2, yet still in layer 1." in found.page()
    found.choose("path", "/a")
    assert '<span class="tile white">whiteout</span>' in found.page()
    assert 'class="tile seen"' not in found.page()
    found.choose("lifted", "3")
    assert '<span class="tile seen">6B</span>' in found.page()


def test_paths_that_something_hides_are_offered() -> None:
    page = sheets(STACK, path="/way").page()
    for path in ("/way", "/a", "/log/x", "/log/y", "/etc/base", "/etc/mine"):
        assert f'<option value="{path}"' in page
    assert '<option value="/etc"' not in page


def test_the_saved_form_asks_before_a_sheet_was_lifted_and_tells_after() -> None:
    found = sheets(STACK, path="/a")
    asleep(found)
    for words in ("nothing", "whiteout", "6B", "bytes"):
        assert words not in found.bundle()["text/html"] + shown_text(found)
    found.choose("lifted", "3")
    assert "lifted: 3; seen: a file of 6 bytes, from layer 2" in shown_text(found)
    assert "seen: a file of 6 bytes" in asleep(found)


def test_what_there_is_not_is_refused_and_what_a_page_sends_is_not_trusted() -> None:
    with pytest.raises(LabkitError, match="sheet 4: there are 1 to 3, 1 is the base"):
        sheets(STACK, lifted=[4])
    found = sheets(STACK)
    for number in ("0", "9", "x", "²"):
        found.choose("lifted", number)
    found.choose("pictured", "1")
    assert (found.lifted, found.pictured) == ((), False)


def test_hostile_names_are_shown_as_text() -> None:
    name = HOSTILE.replace("/", "")
    made = image(Dir({name: Symlink(HOSTILE)}), Dir({name: text(HOSTILE.removesuffix("\udcff"))}))
    for lifted in ((), (2,)):
        found = sheets(made, path=f"/{name}", lifted=lifted)
        for words in (re.sub(' value="[^"]*"', "", found.page()), *found.bundle().values()):
            assert not {"\x1b", "\u202e", "\udcff"} & set(words)
            assert "<script" not in words or words == found.bundle()["text/plain"]
    assert sheets(made, path="/").seen.startswith("a directory with 1 name")


def test_an_image_without_layers_has_no_sheets() -> None:
    found = sheets(image(), path="/a")
    assert (found.seen, offered(found, "lifted")) == ("nothing", [])
    asleep(found)


def test_the_output_follows_and_what_it_shows_is_made_once_a_change(
    outputs: list[Handle], monkeypatch: pytest.MonkeyPatch
) -> None:
    found, made = sheets(STACK, path="/a"), list[str]()
    make = Sheets.outputs
    monkeypatch.setattr(Sheets, "outputs", lambda each: made.append(each.code) or make(each))
    found._ipython_display_()
    assert len(made) == 1
    found.choose("lifted", "3")
    assert len(made) == 2
    assert "seen: a file of 6 bytes" in outputs[0].data["text/plain"]
