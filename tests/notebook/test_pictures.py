"""Pictures: their shapes, found again in the SVG, and their twins in text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as etree

import pytest

from labkit.engine.state import Container
from labkit.lab import Lab
from labkit.notebook.pictures.history_map import history_map
from labkit.notebook.pictures.layer_stack import stack, steps
from labkit.notebook.pictures.picture import Picture
from labkit.notebook.pictures.sharing import shared
from labkit.notebook.pictures.text import cells, cut, table, visible
from labkit.notebook.pictures.views import (
    ContainerView,
    ImageView,
    LayerView,
    StepView,
    container_view,
    image_view,
)
from labkit.oci.changeset import Change, change_lines
from labkit.oci.config import ZERO_TIME, History, dockerfile_line, make_config
from labkit.oci.content import Content
from labkit.oci.image import Image
from labkit.oci.layer import Layer
from labkit.oci.tree import Dir, File, Whiteout
from labkit.storage.driver import Active
from labkit.storage.overlay2 import Overlay2

SVG = "{http://www.w3.org/2000/svg}"
RECORD = json.loads((Path(__file__).parents[2] / "labkit/store/hub/nginx-1.15.12.json").read_text())
NGINX = ImageView(
    "nginx:1.15.12",
    tuple(
        LayerView(layer["diff_id"][7:19], size, dockerfile_line(made))
        for layer, size, made in zip(
            RECORD["layers"],
            (55_300_000, 54_100_000, 22),
            [entry["created_by"] for entry in RECORD["history"] if "layer" in entry],
            strict=True,
        )
    ),
    tuple(StepView(entry["created_by"], entry.get("layer")) for entry in RECORD["history"]),
)
BASE = LayerView("27833a3ba0a5", 55_300_000, "ADD file:4fc310c0cb87 in /")
WEB = ImageView("nginx", (BASE, LayerView("ea005e36e544", 54_100_000), LayerView("d172c7f0578d", 22)))
DB = ImageView("mysql", (BASE, LayerView("864c283b3c4b", 1_000_000)))
OTHER = ImageView("other", (LayerView("000000000000", 5), LayerView("ea005e36e544", 54_100_000)))
EVIL = '<script>"1"</script>&\' \x1b\u202ex\u2066\x00]]>\udcff'

PICTURES = {
    "stack": lambda: stack(NGINX),
    "container": lambda: stack(NGINX, ContainerView("box", 12, ("C /etc", "A /etc/x", "D /y"))),
    "steps": lambda: steps(ImageView("app", (LayerView("fc4c9f8e7dac", 1, "RUN x", ("A /x", "… 2 more")),))),
    "history": lambda: history_map(NGINX),
    "shared": lambda: shared([WEB, DB, OTHER]),
    "evil": lambda: stack(ImageView(EVIL, (LayerView(EVIL, 1, EVIL, (f"A /{EVIL}",)),)), ContainerView(EVIL)),
    "nothing": lambda: stack(ImageView("scratch", ())),
    "no history": lambda: history_map(ImageView("scratch", ())),
    "no images": lambda: shared([]),
    "125 layers": lambda: stack(ImageView("deep", tuple(LayerView(f"{n:012x}", n) for n in range(125)))),
}


def parsed(picture: Picture) -> etree.Element:
    return etree.fromstring(picture.svg)


def groups(picture: Picture, kind: str) -> list[etree.Element]:
    return [each for each in parsed(picture).iter(f"{SVG}g") if each.get("class") == kind]


def words(element: etree.Element) -> list[str]:
    return ["".join(each.itertext()) for each in element.iter(f"{SVG}text")]


def frame(element: etree.Element) -> tuple[float, float, float, float]:
    rect = next(element.iter(f"{SVG}rect"))
    return tuple(float(rect.get(name, "")) for name in ("x", "y", "width", "height"))  # type: ignore[return-value]


@pytest.mark.parametrize("name", PICTURES)
def test_has_a_name_and_a_description_for_those_who_do_not_see_it(name: str) -> None:
    picture = PICTURES[name]()
    root = parsed(picture)
    labels = root.get("aria-labelledby", "").split()
    by_id = {each.get("id"): each for each in root.iter() if each.get("id")}
    assert root.get("role") == "img"
    assert [by_id[label].tag for label in labels] == [f"{SVG}title", f"{SVG}desc"]
    assert [by_id[label].text for label in labels] == [picture.title, picture.description]
    assert all(each.strip() for each in (picture.title, picture.description, picture.text))


@pytest.mark.parametrize("name", PICTURES)
def test_fits_its_card_and_reads_from_afar(name: str) -> None:
    root = parsed(PICTURES[name]())
    width, height = float(root.get("width", "")), float(root.get("height", ""))
    assert root.get("viewBox") == f"0 0 {width:g} {height:g}"
    assert "max-width: 100%" in root.get("style", "")
    for text in root.iter(f"{SVG}text"):
        size = int(text.get("font-size", ""))
        wide = cells("".join(text.itertext())) * size * 0.61
        x, y = float(text.get("x", "")), float(text.get("y", ""))
        left = {"end": x - wide, "middle": x - wide / 2}.get(text.get("text-anchor", ""), x)
        assert size >= 14
        assert text.get("font-family") in ("monospace", "sans-serif")
        assert size < y < height
        if text.get("font-family") == "monospace":
            assert left > 20
            assert left + wide < width - 20, words(text)
    for rect in root.findall(f".//{SVG}g/{SVG}rect"):
        assert 0 <= float(rect.get("x", "")) <= width - float(rect.get("width", ""))
        assert 0 <= float(rect.get("y", "")) <= height - float(rect.get("height", ""))


@pytest.mark.parametrize("name", PICTURES)
def test_draws_the_same_bytes_again(name: str) -> None:
    assert PICTURES[name]() == PICTURES[name]()


def test_draws_the_same_bytes_in_another_process() -> None:
    """Identifiers and the order of attributes do not hang on Python's seed for hashes."""
    program = (
        "import sys; sys.path.insert(0, '.'); from tests.notebook.test_pictures import PICTURES;"
        "import hashlib;"
        "print(hashlib.sha256(''.join(PICTURES[n]().svg for n in PICTURES).encode()).hexdigest())"
    )
    root = Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=root, env={"PYTHONHASHSEED": "7"}, capture_output=True, text=True
    )
    here = hashlib.sha256("".join(PICTURES[name]().svg for name in PICTURES).encode()).hexdigest()
    assert (run.stdout.strip(), run.stderr) == (here, "")


def test_what_a_name_holds_is_only_text() -> None:
    picture = PICTURES["evil"]()
    assert "<script" not in picture.svg + picture.html
    assert {each.tag for each in parsed(picture).iter()} <= {
        SVG + tag for tag in ("svg", "defs", "title", "desc", "rect", "g", "text", "path")
    }
    for shown in (picture.svg, picture.text, picture.html):
        assert not re.search("[\x00-\x09\x0b-\x1f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown)
    seen = '<script>"1"</script>&\' \\x1b\\u202ex\\u2066\\x00]]>\\xff'
    assert seen in words(parsed(picture))
    assert seen in picture.text


def test_two_pictures_on_a_page_keep_their_identifiers_apart() -> None:
    found = [
        set(re.findall(' id="([^"]+)"', PICTURES[name]().svg)) for name in ("stack", "shared", "history")
    ]
    assert all(len(each) >= 2 for each in found)
    assert len(set.union(*found)) == sum(map(len, found))


def test_shows_itself_as_an_image_with_its_twin_below() -> None:
    picture = stack(NGINX)
    bundle = picture._repr_mimebundle_()
    image = re.match(
        '<img src="data:image/svg\\+xml;base64,([^"]+)" alt="([^"]+)" width="736" ', bundle["text/html"]
    )
    assert image
    assert base64.b64decode(image[1]).decode() == picture.svg
    assert image[2] == f"{picture.title}. {picture.description}"
    assert "<details><summary>In words</summary><pre>nginx:1.15.12 · 3 layers" in bundle["text/html"]
    assert bundle["text/plain"] == picture.text


def test_stack_has_the_base_at_the_bottom() -> None:
    picture = stack(NGINX)
    layers = groups(picture, "layer")
    found = sorted(layers, key=lambda each: frame(each)[1])
    assert [words(each)[:3] for each in found] == [
        ["3", "fc4c9f8e7dac", "22B"],
        ["2", "912ed487215b", "54.1MB"],
        ["1", "5dacd731af1b", "55.3MB"],
    ]
    for upper, lower in pairwise(found):
        _, y, _, height = frame(upper)
        assert y + height < frame(lower)[1]
    assert "R/O" in words(parsed(picture))
    assert "R/W" not in words(parsed(picture))
    assert picture.text == (
        "nginx:1.15.12 · 3 layers · 109MB\n"
        "  3  fc4c9f8e7dac     22B  RUN ln -sf /dev/stdout /var/log/nginx/access.log && ln -sf…\n"
        "  2  912ed487215b  54.1MB  RUN set -x && apt-get update && apt-get install --no-instal…\n"
        "  1  5dacd731af1b  55.3MB  ADD file:4fc310c0cb879c876c5c0f571af665a0d24d36cb9263e0f53b…"
    )


def test_a_container_is_a_dashed_layer_on_top() -> None:
    picture = PICTURES["container"]()
    (container,) = groups(picture, "container")
    assert next(container.iter(f"{SVG}rect")).get("stroke-dasharray")
    assert frame(container)[1] < min(frame(layer)[1] for layer in groups(picture, "layer"))
    assert words(container)[:2] == ["container box", "12B"]
    assert {"R/W", "R/O"} < set(words(parsed(picture)))
    assert picture.text.split("\n")[:6] == [
        "Container box on nginx:1.15.12 · 3 layers · 109MB",
        "  R/W  container box     12B",
        "         C /etc",
        "         A /etc/x",
        "         D /y",
        "    3  fc4c9f8e7dac      22B  RUN ln -sf /dev/stdout /var/log/nginx/access.log && ln -sf…",
    ]


def test_many_layers_get_one_line_each() -> None:
    few, many = groups(stack(NGINX), "layer"), groups(PICTURES["125 layers"](), "layer")
    assert len(many) == 125
    assert frame(many[0])[3] < frame(few[0])[3]


def test_history_joins_the_three_lines_that_made_nginx() -> None:
    picture = history_map(NGINX)
    made, metadata, layers = (groups(picture, kind) for kind in ("step", "metadata", "layer"))
    assert [words(each)[-1] for each in made] == ["3", "2", "1"]
    assert [words(each)[1:] for each in metadata] == [["0B", "metadata"]] * 7
    assert [words(each)[0] for each in sorted(layers, key=lambda each: frame(each)[1])] == ["3", "2", "1"]
    by_number = {words(each)[0]: frame(each) for each in layers}
    joins = [each.get("d", "") for each in parsed(picture).iter(f"{SVG}path") if each.get("class") == "join"]
    assert len(joins) == 3
    for step, join in zip(made, joins, strict=True):
        numbers = [float(number) for number in re.findall("[0-9.]+", join)]
        x, y, width, height = frame(step)
        assert numbers[:2] == [x + width, y + height / 2]
        x, y, _, height = by_number[words(step)[-1]]
        assert numbers[-2:] == [x, y + height / 2]


def test_history_tells_the_slide_in_words() -> None:
    assert history_map(NGINX).text.split("\n") == [
        "nginx:1.15.12 · 10 history lines · 3 layers",
        '  /bin/sh -c #(nop)  CMD ["nginx" "-g" "daemon…      0B  metadata',
        "  /bin/sh -c #(nop)  STOPSIGNAL SIGTERM              0B  metadata",
        "  /bin/sh -c #(nop)  EXPOSE 80                       0B  metadata",
        "  /bin/sh -c ln -sf /dev/stdout /var/log/nginx…     22B  layer 3   fc4c9f8e7dac",
        "  /bin/sh -c set -x  && apt-get update  && apt…  54.1MB  layer 2   912ed487215b",
        "  /bin/sh -c #(nop)  ENV NJS_VERSION=1.15.12.0…      0B  metadata",
        "  /bin/sh -c #(nop)  ENV NGINX_VERSION=1.15.12…      0B  metadata",
        "  /bin/sh -c #(nop)  LABEL maintainer=NGINX Do…      0B  metadata",
        '  /bin/sh -c #(nop)  CMD ["bash"]                    0B  metadata',
        "  /bin/sh -c #(nop) ADD file:4fc310c0cb879c876…  55.3MB  layer 1   5dacd731af1b",
    ]


def test_a_line_that_made_a_layer_of_no_bytes_is_joined() -> None:
    layers = (LayerView("aaaaaaaaaaaa", 9), LayerView("bbbbbbbbbbbb", 0))
    view = ImageView("app", layers, (StepView("ADD", 0), StepView("RUN mkdir /x", 1), StepView("CMD")))
    picture = history_map(view)
    assert [words(each)[:2] for each in groups(picture, "step")] == [["RUN mkdir /x", "0B"], ["ADD", "9B"]]
    assert picture.svg.count('class="join"') == 2
    assert "RUN mkdir /x  0B  layer 2   bbbbbbbbbbbb" in picture.text


def test_what_images_share_is_drawn_once_below_them() -> None:
    picture = shared([WEB, DB])
    (common,) = groups(picture, "shared layer")
    own = groups(picture, "own layer")
    assert words(common) == ["27833a3ba0a5", "55.3MB", "shared by 2"]
    assert next(common.iter(f"{SVG}rect")).get("fill", "").startswith("url(#")
    assert [words(each)[0] for each in own] == ["ea005e36e544", "d172c7f0578d", "864c283b3c4b"]
    x, y, width, _ = frame(common)
    assert all(x <= frame(each)[0] < frame(each)[0] + frame(each)[2] <= x + width for each in own)
    assert all(frame(each)[1] < y for each in own)
    assert picture.text == (
        "nginx and mysql · 4 layers on disk\n"
        "  mysql         2  864c283b3c4b     1MB\n"
        "  nginx         3  d172c7f0578d     22B\n"
        "  nginx         2  ea005e36e544  54.1MB\n"
        "  nginx, mysql  1  27833a3ba0a5  55.3MB  shared by 2\n"
        "  nginx      109MB\n"
        "  mysql     56.3MB\n"
        "  added up   166MB\n"
        "  on disk    110MB  what is shared counts once: 55.3MB less"
    )


def test_the_same_layer_on_another_base_is_another_layer() -> None:
    picture = shared([WEB, OTHER])
    assert not groups(picture, "shared layer")
    assert [words(each)[0] for each in groups(picture, "own layer")].count("ea005e36e544") == 2


def test_images_on_one_base_stand_side_by_side() -> None:
    """The order is changed where that puts images together that share layers."""
    picture = shared([WEB, OTHER, DB])
    names = [words(each)[0] for each in sorted(groups(picture, "image"), key=_name_left)]
    assert names in (["other", "nginx", "mysql"], ["nginx", "mysql", "other"])
    assert len(groups(picture, "shared layer")) == 1


def _name_left(element: etree.Element) -> float:
    return float(next(element.iter(f"{SVG}text")).get("x", ""))


def test_bars_show_what_is_added_up_and_what_is_on_disk() -> None:
    added, on_disk = groups(shared([WEB, DB]), "bar")
    assert words(added)[:2] == ["added up", "166MB"]
    assert words(on_disk)[:2] == ["on disk", "110MB"]

    def end(bar: etree.Element) -> float:
        return max(float(each.get("x", "")) + float(each.get("width", "")) for each in bar.iter(f"{SVG}rect"))

    left = min(float(each.get("x", "")) for each in on_disk.iter(f"{SVG}rect"))
    assert (end(on_disk) - left) / (end(added) - left) == pytest.approx(110.4 / 165.7, abs=0.01)


def made_image() -> Image:
    first = Layer.of(Dir({"etc": Dir({"motd": File(Content.of(b"hi")), "old": File()})}))
    second = Layer.of(Dir({"etc": Dir({"motd": File(Content.of(b"hello")), "old": Whiteout()})}))
    history = [
        History(created_by="/bin/sh -c #(nop) ADD file:1 in / "),
        History(created_by='/bin/sh -c #(nop)  CMD ["sh"]', empty_layer=True),
        History(created_by="|1 A=b /bin/sh -c echo \thello"),
    ]
    diff_ids = [first.diff_id, second.diff_id]
    return Image(make_config(created=ZERO_TIME, diff_ids=diff_ids, history=history), (first, second))


def test_an_image_of_the_engine_is_drawn_as_it_is() -> None:
    image = made_image()
    view = image_view(image, "app:1", changes=4)
    labels = [layer.diff_id[7:19] for layer in image.layers]
    assert view.layers == (
        LayerView(labels[0], 2, "ADD file:1 in /", ("A /etc/ (2 inside)",)),
        LayerView(labels[1], 5, "RUN echo hello", ("C /etc/motd", "D /etc/old")),
    )
    assert [step.layer for step in view.history] == [0, None, 1]
    assert stack(image).title.startswith(image.id[7:19])
    assert steps(image, name="app:1").text.split("\n")[1:4] == [
        f"  2  {labels[1]}  5B  RUN echo hello",
        "       C /etc/motd",
        "       D /etc/old",
    ]
    blobs = {"sha256:" + 64 * "e": image.layers[0].diff_id}
    assert [layer.label for layer in image_view(image, digests=blobs).layers] == [12 * "e", labels[1]]


def test_a_container_of_the_engine_tells_what_it_changed() -> None:
    upper = Dir({"etc": Dir({"motd": Whiteout(), "new": File(Content.of(b"x" * 12))})})
    active = Active(Overlay2(), None, upper)
    box = Container("0" * 64, "box", made_image(), "app:1", ("sh",), 0, active=active)
    assert container_view(box) == ContainerView("box", 12, ("A /etc/new", "D /etc/motd"))
    assert "container box" in stack(box.image, box).text


def test_a_lab_is_drawn_as_it_stands() -> None:
    lab = Lab()
    lab.pull("ubuntu:15.04")
    box = lab.run("ubuntu:15.04", name="box")
    box.write("/etc/motd", "hello")
    picture = stack(lab.image("ubuntu:15.04"), box, name="ubuntu:15.04")
    assert picture.text.split("\n")[:3] == [
        "Container box on ubuntu:15.04 · 4 layers · 188MB",
        "  R/W  container box     5B",
        "         C /etc/motd",
    ]


@pytest.mark.parametrize(
    ("created_by", "expected"),
    [
        ('/bin/sh -c #(nop)  CMD ["bash"]', 'CMD ["bash"]'),
        ("/bin/sh -c set -x \t&& apt-get update", "RUN set -x && apt-get update"),
        ("RUN /bin/sh -c apt-get update # buildkit", "RUN apt-get update"),
        ("COPY . /app # buildkit", "COPY . /app"),
        ("|2 A=1 B=two words /bin/sh -c make", "RUN make"),
        ("sh -c 'echo hi'", "sh -c 'echo hi'"),
        ("", ""),
    ],
)
def test_an_instruction_reads_as_in_the_dockerfile(created_by: str, expected: str) -> None:
    assert dockerfile_line(created_by) == expected


def test_changes_are_told_in_few_lines() -> None:
    changes = [Change("A", "/a"), Change("A", "/a/1"), Change("A", "/a/2"), Change("A", "/a.conf")]
    changes += [Change("C", "/etc"), Change("C", "/etc/x"), Change("D", "/etc/y"), Change("C", "/tmp")]
    everything = ("A /a/ (2 inside)", "A /a.conf", "C /etc/x", "D /etc/y", "C /tmp")
    assert change_lines(changes, 9) == everything
    assert change_lines(changes, 5) == everything
    assert change_lines(changes, 3) == ("A /a/ (2 inside)", "A /a.conf", "… 3 more")
    assert change_lines(changes, 1) == ("… 7 more",)
    assert change_lines([], 4) == ()


def test_text_is_cut_and_aligned_by_what_is_seen() -> None:
    assert visible("\u200b\u2028\ufeff\U000e0041\x7f\n") == "\\u200b\\u2028\\ufeff\\U000e0041\\x7f\\n"
    assert visible("naïve 層 …") == "naïve 層 …"
    assert cut("層層層層", 5) == "層層…"
    assert cut("a\x00b", 4) == "a\\x…"
    assert cut("abc", 0) == ""
    assert table([["層", "x"], ["ab", "y"]]) == "層  x\nab  y"
