"""The layer explorer: its tables, its state, and its controls without a browser."""

from __future__ import annotations

import pytest
import traitlets

from labkit.base.errors import LabkitError
from labkit.lab import Lab
from labkit.notebook import layer_explorer
from labkit.notebook.widgets.layer_explorer import LIMIT, LayerExplorer
from labkit.oci.config import make_config
from labkit.oci.content import Content
from labkit.oci.image import Image
from labkit.oci.layer import Layer
from labkit.oci.tree import Dir, File, Symlink, Whiteout
from tests.notebook.shown import asleep, offered, shown_text

HOSTILE = "<script>alert(1)</script>\"'&\x1b[31m\u202etxt\udcff"
TIME = "2019-04-26T12:00:00Z"
BIG = File(Content.filler(67_000_000, "model"))


def image(*layers: Dir) -> Image:
    """Give an image of these layers."""
    made = Image(make_config(created=TIME))
    for layer in layers:
        made = made.append(Layer.of(layer), created=TIME, created_by=f"/bin/sh -c {HOSTILE}")
    return made


APP = image(
    Dir({"model": BIG, "log": Dir({"a": BIG, "b": File()})}), Dir({"model": Whiteout(), "log": Whiteout()})
)


def cells(explorer: LayerExplorer) -> list[tuple[str, ...]]:
    """Give the rows of what is told, the letter first."""
    return list(explorer.table.rows)


# What is told


def test_hidden_files_stand_under_their_whiteouts() -> None:
    assert cells(layer_explorer(APP)) == [
        ("D", "/log/", "", "hidden", "layer 1: directory; whiteout"),
        ("D", "/log/a", "", "hidden", "layer 1: 67MB; hidden with /log"),
        ("D", "/log/b", "", "hidden", "layer 1: 0B; hidden with /log"),
        ("D", "/model", "", "hidden", "layer 1: 67MB; whiteout"),
    ]


def test_the_merged_tree_says_where_each_path_comes_from_and_what_it_hides() -> None:
    made = image(Dir({"a": BIG, "b": File()}), Dir({"a": File(), "c": Dir()}))
    assert cells(layer_explorer(made, view="merged")) == [
        ("C", "/a", "0B", "layer 2", "layer 1: 67MB; replaced: layer 2 has a newer copy"),
        ("", "/b", "0B", "layer 1", ""),
        ("A", "/c/", "", "layer 2", ""),
    ]


def test_what_the_chosen_layer_deleted_stays_in_the_merged_tree_as_deleted() -> None:
    assert [row[:2] for row in cells(layer_explorer(APP, view="merged", filter="model"))] == [("D", "/model")]
    assert [row[:2] for row in cells(layer_explorer(APP, layer=1, view="merged", filter="model"))] == [
        ("A", "/model")
    ]


def test_waste_counts_only_up_to_the_chosen_layer() -> None:
    assert layer_explorer(APP, layer=1, view="waste").table.rows == ()
    explorer = layer_explorer(APP, view="waste")
    assert cells(explorer) == [
        ("", "67,000,000", "/log/a", "deleted with /log by layer 2, yet still in layer 1", "none"),
        ("", "67,000,000", "/model", "deleted by layer 2, yet still in layer 1", "none"),
    ]
    assert explorer.table.notes == (
        "Layers 1 to 2: 134,000,000 bytes = 0 shown + 134,000,000 wasted; efficiency 0.0 %.",
        "134MB are deleted later. Delete a file in the step that makes it: then no layer has it.",
    )


def test_the_copy_that_is_needed_is_named_and_no_waste() -> None:
    explorer = layer_explorer(image(Dir({"a": BIG}), Dir({"a": BIG})), view="waste")
    assert cells(explorer) == [
        ("", "67,000,000", "/a", "same content written again by layer 2", "layer 2: 67MB")
    ]
    assert "67,000,000 shown + 67,000,000 wasted; efficiency 50.0 %" in explorer.table.notes[0]


def test_an_opaque_directory_says_what_it_hides() -> None:
    made = image(Dir({"etc": Dir({"a": File()})}), Dir({"etc": Dir(opaque=True)}))
    assert cells(layer_explorer(made)) == [
        ("C", "/etc/", "", "layer 2", "layer 1: directory; opaque: nothing in it is seen"),
        ("D", "/etc/a", "", "hidden", "layer 1: 0B; hidden with /etc"),
    ]


def test_a_record_says_that_its_files_are_stand_ins() -> None:
    explorer = layer_explorer(Lab().pull("nginx"))
    assert explorer.table.notes[-1].startswith("This image is a record")


def test_a_container_has_its_own_layer_on_top() -> None:
    box = Lab().run("busybox", name="box")
    box.append("/etc/passwd", "me:x:1000:\n")
    explorer = layer_explorer(box)
    assert explorer.layer == 3
    assert [row[:2] for row in cells(explorer)] == [("C", "/etc/"), ("C", "/etc/passwd")]
    assert (
        "the container's layer added 11 bytes at its end, and has the whole file again"
        in cells(explorer)[1][4]
    )
    assert explorer.code == 'layer_explorer(lab.container("box"))'


def test_an_image_without_layers_says_so() -> None:
    explorer = layer_explorer(image())
    assert explorer.table.caption == "There are no layers."
    assert "0 layers" in shown_text(explorer, 1)


def test_more_rows_than_fit_are_counted() -> None:
    made = image(Dir({f"{number:04}": File() for number in range(2351)}))
    explorer = layer_explorer(made)
    assert len(explorer.table.rows) == LIMIT
    assert "… 2,311 more: filter by a path" in shown_text(explorer)


def test_letters_choose_the_paths() -> None:
    made = image(Dir({"etc": Dir({"Log": File(), "b": File()}), "etc2": Dir({"log": File()})}))
    found = layer_explorer(made, layer=1, filter="etc/LOG").table
    assert [row[1] for row in found.rows] == ["/etc/Log"]
    assert "1 of 5 paths" in found.caption


# Its state


def test_the_line_of_python_shows_the_same() -> None:
    lab = Lab()
    lab.pull("nginx")
    lab.run("busybox", name="box")
    for of, name in ((lab.image("nginx"), ""), (lab.image("nginx"), "nginx"), (lab.container("box"), "")):
        for state in (
            {},
            {"layer": 1, "view": "waste"},
            {"filter": '/e"t\\cé', "view": "merged"},
        ):
            explorer = layer_explorer(of, name=name, **state)
            again = eval(explorer.code, {"lab": lab, "layer_explorer": layer_explorer})
            assert again.outputs() == explorer.outputs()


def test_what_there_is_not_is_refused() -> None:
    with pytest.raises(LabkitError, match="layer 9: there are layers 1 to 2"):
        layer_explorer(APP, layer=9)
    with pytest.raises(LabkitError, match="upside: no such view; there are changes, merged, waste"):
        layer_explorer(APP, view="upside")
    with pytest.raises(traitlets.TraitError, match="layer 0"):
        layer_explorer(APP).layer = 0


def test_hostile_names_are_shown_as_text() -> None:
    made = image(Dir({HOSTILE.replace("/", ""): Symlink(HOSTILE)}))
    for view in ("changes", "merged"):
        for data, _ in layer_explorer(made, view=view, name=HOSTILE, filter="script").outputs():
            assert "<script" not in data["text/html"]
            assert not {"\x1b", "\u202e", "\udcff"} & set(data["text/html"] + data["text/plain"])
    assert "\\x1b[31m\\u202etxt\\xff" in shown_text(layer_explorer(made))


# Its controls


def test_a_layer_says_on_its_button_what_is_wasted_of_it_up_to_the_chosen_one() -> None:
    assert "134MB wasted · RUN" in layer_explorer(APP).page()
    assert "wasted · RUN" not in layer_explorer(APP, layer=1).page()


def test_the_buttons_stand_as_the_layers_do_and_choose_them() -> None:
    explorer = layer_explorer(APP)
    assert (offered(explorer, "layer"), offered(explorer, "layer", "true")) == (["2", "1"], ["2"])
    for name, value in (("layer", "1"), ("layer", "9"), ("layer", "x"), ("view", "waste"), ("code", "1")):
        explorer.choose(name, value)
    assert (explorer.layer, explorer.view) == (1, "waste")
    assert offered(explorer, "view", "true") == ["waste"]
    explorer.choose("filter", "<a>")
    assert 'data-set="filter" value="<a&gt;"' in explorer.page()


def test_the_page_has_the_table_and_the_still_form_the_picture() -> None:
    explorer = layer_explorer(APP, view="merged")
    assert explorer.page().count("<tr>") == 5
    assert "<s>/model</s>" in explorer.page()
    assert asleep(explorer).count("<img") == 1
