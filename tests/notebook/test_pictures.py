"""Pictures: their shapes, found again in the SVG, and their twins in text."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as etree

import pytest

from labkit.engine.scene import Scene, scene_of
from labkit.engine.state import Container
from labkit.lab import Lab
from labkit.notebook.pictures.history_map import history_map
from labkit.notebook.pictures.layer_stack import on_one_image, shared, stack, steps
from labkit.notebook.pictures.picture import Picture
from labkit.notebook.pictures.still import Arrow, lines, still
from labkit.notebook.pictures.text import cells, cut, table, visible
from labkit.notebook.pictures.views import history_lines, layer_changes
from labkit.oci.changeset import Change, change_lines
from labkit.oci.config import ZERO_TIME, History, dockerfile_line, make_config
from labkit.oci.content import Content
from labkit.oci.image import Image
from labkit.oci.layer import Layer
from labkit.oci.tree import Dir, File, Whiteout
from labkit.storage.driver import Active
from labkit.storage.overlay2 import Overlay2

SVG = "{http://www.w3.org/2000/svg}"
EVIL = '<script>"1"</script>&\' \x1b\u202ex\u2066\x00]]>\udcff'


def made(*layers: Dir, created_by: str = "RUN x") -> Image:
    """Give an image of layers."""
    found = tuple(map(Layer.of, layers))
    history = [History(created_by=created_by) for _ in layers]
    diff_ids = [each.diff_id for each in found]
    return Image(make_config(created=ZERO_TIME, diff_ids=diff_ids, history=history), found)


def file(size: int, name: str = "x") -> Dir:
    """Give a directory with a file."""
    return Dir({name: File(Content.of(b"x" * size))})


def container(image: Image, name: str = "box", upper: Dir | None = None) -> Container:
    """Give a container that nothing runs."""
    active = Active(Overlay2(), None, upper or Dir())
    return Container(f"{name:0>64}", name, image, "app:1", ("sh",), 0, active=active)


def labs_pictures() -> dict[str, Picture]:
    """Give pictures of one lab."""
    lab = Lab()
    for name in ("nginx", "mysql", "busybox"):
        lab.pull(name)
    for number in (1, 2):
        lab.run("ubuntu:15.04", name=f"box{number}").write("/etc/motd", "hello")
    lab.container("box1").commit("app:1")
    lab.run("app:1", name="web")
    lab.container("box2").stop()
    return {
        "stack": stack("nginx", lab=lab),
        "container": stack("box1", lab=lab),
        "steps": steps("nginx", lab=lab),
        "shared": shared("nginx", "mysql", lab=lab),
        "three": shared("nginx", "busybox", "mysql", lab=lab),
        "one image": on_one_image(lab, "ubuntu:15.04"),
        "history": history_map("nginx", lab=lab),
    }


EVILS = made(Dir({EVIL: File()}), created_by=EVIL)
DEEP = made(*(file(n, f"{n}") for n in range(125)))
PICTURES = labs_pictures() | {
    "evil": steps(EVILS, name=EVIL),
    "evil container": stack(EVILS, container(EVILS, EVIL, Dir({EVIL: File()})), name=EVIL),
    "nothing": stack(made()),
    "no history": history_map(made()),
    "no images": shared([]),
    "125 layers": stack(DEEP, name="deep"),
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
    picture = PICTURES[name]
    root = parsed(picture)
    labels = root.get("aria-labelledby", "").split()
    by_id = {each.get("id"): each for each in root.iter() if each.get("id")}
    assert root.get("role") == "img"
    assert [by_id[label].tag for label in labels] == [f"{SVG}title", f"{SVG}desc"]
    assert [by_id[label].text for label in labels] == [picture.title, picture.description]
    assert all(each.strip() for each in (picture.title, picture.description, picture.text))


@pytest.mark.parametrize("name", PICTURES)
def test_fits_its_card_and_reads_from_afar(name: str) -> None:
    root = parsed(PICTURES[name])
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
    again = _again()
    assert PICTURES[name] == again.get(name, PICTURES[name])


@cache
def _again() -> dict[str, Picture]:
    return labs_pictures()


def test_draws_the_same_bytes_in_another_process() -> None:
    """Identifiers and the order of attributes do not hang on Python's seed for hashes."""
    program = (
        "import sys; sys.path.insert(0, '.'); from tests.notebook.test_pictures import PICTURES;"
        "import hashlib;"
        "print(hashlib.sha256(''.join(PICTURES[n].svg for n in PICTURES).encode()).hexdigest())"
    )
    root = Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=root, env={"PYTHONHASHSEED": "7"}, capture_output=True, text=True
    )
    here = hashlib.sha256("".join(PICTURES[name].svg for name in PICTURES).encode()).hexdigest()
    assert (run.stdout.strip(), run.stderr) == (here, "")


@pytest.mark.parametrize("name", ["evil", "evil container"])
def test_what_a_name_holds_is_only_text(name: str) -> None:
    picture = PICTURES[name]
    assert "<script" not in picture.svg + picture.html
    assert {each.tag for each in parsed(picture).iter()} <= {
        SVG + tag for tag in ("svg", "style", "defs", "title", "desc", "rect", "g", "text", "path")
    }
    for shown in (picture.svg, picture.text, picture.html):
        assert not re.search("[\x00-\x09\x0b-\x1f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown)
    seen = '<script>"1"</script>&\' \\x1b\\u202ex\\u2066\\x00]]>\\udcff'
    assert seen in " ".join(words(parsed(picture)))
    assert seen in picture.text


def test_two_pictures_on_a_page_keep_their_identifiers_apart() -> None:
    found = [set(re.findall(' id="([^"]+)"', PICTURES[name].svg)) for name in ("stack", "shared", "history")]
    assert all(len(each) >= 2 for each in found)
    assert len(set.union(*found)) == sum(map(len, found))


def test_shows_itself_as_an_image_with_its_twin_below() -> None:
    picture = PICTURES["stack"]
    bundle = picture._repr_mimebundle_()
    image = re.match(
        '<img src="data:image/svg\\+xml;base64,([^"]+)" alt="([^"]+)" width="580" style="([^"]+)"',
        bundle["text/html"],
    )
    assert image
    assert base64.b64decode(image[1]).decode() == picture.svg
    assert image[2] == f"{picture.title}. {picture.description}"
    assert "<details><summary>In words</summary><pre>nginx · 3 layers" in bundle["text/html"]
    assert bundle["text/plain"] == picture.text


def test_letters_are_never_smaller_than_eleven_pixels() -> None:
    """A page that is too narrow for that scrolls."""
    for picture in PICTURES.values():
        found = re.search(r"min-width: (\d+)px; max-width: 100%", picture.html)
        assert found
        assert 14 * int(found[1]) / picture.width >= 11


# What a picture says of a scene


def tiles(picture: Picture, kind: str) -> list[list[str]]:
    """Give the words on the tiles of a kind, the highest first, and from the left."""
    found = groups(picture, f"tile {kind}")
    return [words(each) for each in sorted(found, key=lambda each: (frame(each)[1], frame(each)[0]))]


def hatched(element: etree.Element) -> bool:
    return next(element.iter(f"{SVG}rect")).get("fill", "").startswith("url(#")


def test_stack_has_the_base_at_the_bottom() -> None:
    picture = PICTURES["stack"]
    assert [each[:3] for each in tiles(picture, "layer")] == [
        ["3", "22B", "fc4c9f8e7dac"],
        ["2", "54.1MB", "912ed487215b"],
        ["1", "55.3MB", "5dacd731af1b"],
    ]
    found = sorted(groups(picture, "tile layer"), key=lambda each: frame(each)[1])
    for upper, lower in pairwise(found):
        _, y, _, height = frame(upper)
        assert y + height < frame(lower)[1]
    assert not any(map(hatched, found))
    assert picture.text == (
        "nginx · 3 layers · 109MB\n"
        "Each layer is read-only: it never changes once it is made.\n"
        "  image    nginx          109MB  27a188018e18\n"
        "  layer 3  fc4c9f8e7dac     22B  RUN ln -sf /dev/stdout /var/log/nginx/access.log && ln -sf…\n"
        "  layer 2  912ed487215b  54.1MB  RUN set -x && apt-get update && apt-get install --no-instal…\n"
        "  layer 1  5dacd731af1b  55.3MB  ADD file:4fc310c0cb879c876c5c0f571af665a0d24d36cb9263e0f53b…"
    )


def test_a_container_is_a_dashed_layer_on_top_with_its_files() -> None:
    picture = PICTURES["container"]
    (box,), (changed,) = groups(picture, "tile container"), groups(picture, "tile file")
    assert next(box.iter(f"{SVG}rect")).get("stroke-dasharray")
    assert words(box)[:3] == ["●", "5B", "box1"]
    assert words(changed) == ["C", "5B", "/etc/motd"]
    assert frame(changed)[1] < frame(box)[1] < min(frame(each)[1] for each in groups(picture, "tile layer"))
    assert picture.text.split("\n")[:5] == [
        "Container box1 on ubuntu:15.04 · 4 layers · 188MB",
        "The layers are read-only; the container writes to its own, dashed.",
        "  C                  /etc/motd        5B",
        "  container running  box1             5B  ubuntu:15.04",
        "  image              ubuntu:15.04  188MB  b1459687c909",
    ]


def test_the_middle_of_a_long_stack_is_one_tile() -> None:
    picture = PICTURES["125 layers"]
    assert [each[0] for each in tiles(picture, "layer")] == ["125", "124", "123", "122", "4", "3", "2", "1"]
    ((size, words_of_it),) = tiles(picture, "fold")
    assert words_of_it == "117 layers"
    assert re.search(rf"117 layers +{size}\n", picture.text)


def test_files_stand_on_the_layer_that_changes_them() -> None:
    picture = steps(made_image(), name="app:1")
    labels = [layer.diff_id[7:19] for layer in made_image().layers]
    assert [line.split() for line in picture.text.split("\n")[3:]] == [
        ["C", "/etc/motd"],
        ["D", "/etc/old"],
        ["layer", "2", labels[1], "5B", "RUN", "echo", "hello"],
        ["A", "/etc/", "(2", "inside)"],
        ["layer", "1", labels[0], "2B", "ADD", "file:1", "in", "/"],
    ]
    assert tiles(picture, "file") == [["C", "/etc/motd"], ["D", "/etc/old"], ["A", "/etc/ (2 inside)"]]
    assert steps(made_image(), changes=1).text.count("more") == 1


def test_history_joins_the_three_lines_that_made_nginx() -> None:
    picture = PICTURES["history"]
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
    assert PICTURES["history"].text.split("\n") == [
        "nginx · 10 history lines · 3 layers",
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
    image = made(file(9), created_by="ADD").append(
        Layer.of(Dir({"x": Dir()})), created=ZERO_TIME, created_by="RUN mkdir /x"
    )
    picture = history_map(image.append(None, created=ZERO_TIME, created_by="CMD"))
    assert [words(each)[:2] for each in groups(picture, "step")] == [["RUN mkdir /x", "0B"], ["ADD", "9B"]]
    assert picture.svg.count('class="join"') == 2
    assert f"RUN mkdir /x  0B  layer 2   {image.layers[1].diff_id[7:19]}" in picture.text


BASE, NGINX, MYSQL = file(55_300_000, "base"), file(54_100_000, "nginx"), file(1_000_000, "mysql")
WEB, DB, OTHER = made(BASE, NGINX, file(22)), made(BASE, MYSQL), made(file(5), NGINX)


def test_what_images_share_is_drawn_once_below_them() -> None:
    picture = shared({"nginx": WEB, "mysql": DB})
    names = [layer.diff_id[7:19] for layer in (*WEB.layers, DB.layers[1])]
    (common,) = (each for each in groups(picture, "tile layer") if hatched(each))
    own = [each for each in groups(picture, "tile layer") if each is not common and not hatched(each)]
    assert words(common) == ["1", "55.3MB", names[0], "shared by 2"]
    x, y, width, _ = frame(common)
    assert all(x <= frame(each)[0] < frame(each)[0] + frame(each)[2] <= x + width for each in own)
    assert all(frame(each)[1] < y for each in own)
    assert picture.text == (
        "nginx and mysql · 4 layers on disk\n"
        "What is shared, hatched, is on the disk once: 55.3MB less.\n"
        f"    image    nginx          109MB  {WEB.id[7:19]}\n"
        f"    layer 3  {names[2]}     22B  RUN x\n"
        f"    layer 2  {names[1]}  54.1MB  RUN x\n"
        f"    image    mysql         56.3MB  {DB.id[7:19]}\n"
        f"    layer 2  {names[3]}     1MB  RUN x\n"
        f"  layer 1    {names[0]}  55.3MB  shared by 2\n"
        "  added up  166MB\n"
        "  on disk   110MB"
    )


def test_the_same_layer_on_another_base_is_another_layer() -> None:
    picture = shared({"web": WEB, "other": OTHER})
    assert not any(map(hatched, groups(picture, "tile layer")))
    assert [each[2] for each in tiles(picture, "layer")].count(WEB.layers[1].diff_id[7:19]) == 2
    assert "No layer is shared." in picture.text


def test_images_on_one_base_stand_side_by_side() -> None:
    """The order is changed where that puts images together that share layers."""
    picture = shared({"nginx": WEB, "other": OTHER, "mysql": DB})
    cards = sorted(groups(picture, "tile image"), key=lambda each: frame(each)[0])
    assert [words(each)[1] for each in cards] in (["other", "nginx", "mysql"], ["nginx", "mysql", "other"])
    assert sum(map(hatched, groups(picture, "tile layer"))) == 1


def test_one_image_with_two_names_is_one_stack_with_both() -> None:
    picture = shared({"nginx:latest": WEB, "nginx:1.15": WEB})
    assert [each[1] for each in tiles(picture, "image")] == ["nginx:latest, nginx:1.15"]
    assert [line.split()[-1] for line in picture.text.split("\n")[-2:]] == ["219MB", "109MB"]


def test_bars_show_what_is_added_up_and_what_is_on_disk() -> None:
    added, on_disk = groups(shared([WEB, DB]), "bar")
    assert words(added) == ["added up", "166MB"]
    assert words(on_disk) == ["on disk", "110MB"]

    def end(bar: etree.Element) -> float:
        return max(float(each.get("x", "")) + float(each.get("width", "")) for each in bar.iter(f"{SVG}rect"))

    left = min(float(each.get("x", "")) for each in on_disk.iter(f"{SVG}rect"))
    assert (end(on_disk) - left) / (end(added) - left) == pytest.approx(110.4 / 165.7, abs=0.01)


def lab_with_boxes() -> Lab:
    """Give a lab with a container that has a file, and one that has nothing."""
    lab = Lab()
    lab.run("busybox", name="box1").write("/etc/motd", "hello\n")
    lab.run("busybox", name="box2").stop()
    return lab


def test_containers_of_one_image_stand_beside_each_other_on_it() -> None:
    lab = lab_with_boxes()
    picture, size = on_one_image(lab, "busybox"), lab.image("busybox").size
    assert [each[:3] for each in tiles(picture, "container")] == [["●", "6B", "box1"], ["○", "0B", "box2"]]
    assert [hatched(each) for each in groups(picture, "tile layer")] == [True]
    assert picture.title == "2 containers on busybox · 1.2MB shared"
    assert [line.split()[-1] for line in picture.text.split("\n")[-2:]] == ["1.2MB", "3.6MB"]
    assert lab.disk_usage() == size + 6


def test_containers_of_other_images_are_counted_only() -> None:
    lab = lab_with_boxes()
    lab.container("box1").commit("app:1")
    lab.run("app:1")
    assert "On other images: 1 container." in on_one_image(lab, "busybox").text
    lab.pull("alpine")
    assert "There is no container yet." in on_one_image(lab, "alpine").text


def test_a_removed_image_is_still_under_its_container() -> None:
    lab = lab_with_boxes()
    lab.docker("rmi -f busybox")
    assert [each[2] for each in tiles(on_one_image(lab, "busybox"), "container")] == ["box1", "box2"]


def test_a_chosen_tile_has_a_strong_line_and_a_mark_in_words() -> None:
    scene = scene_of([("app", DB)])
    picture = still(scene, "app", chosen=[scene.tiles[0].key])
    (strong,) = (each for each in parsed(picture).iter(f"{SVG}rect") if each.get("stroke-width") == "3")
    assert frame(groups(picture, "tile layer")[0])[1] == float(strong.get("y", ""))
    assert "  > layer 1" in picture.text


def test_an_arrow_leads_from_tile_to_tile_with_its_words() -> None:
    scene = scene_of([("app", DB)])
    keys = [each.key for each in scene.tiles]
    (arrow,) = groups(still(scene, "app", arrows=[Arrow(keys[0], keys[1], "1.1MB")]), "arrow")
    assert words(arrow) == ["1.1MB"]


def test_a_caption_is_wrapped_and_its_lines_are_in_the_twin() -> None:
    caption = lines("a " * 60, "b")
    assert (len(caption), caption[-1]) == (3, "b")
    assert still(Scene(), "app", caption).text.split("\n")[:4] == ["app", *caption]


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
    assert layer_changes(image, 4) == [("A /etc/ (2 inside)",), ("C /etc/motd", "D /etc/old")]
    assert [number for _, number in history_lines(image)] == [2, 0, 1]
    assert stack(image).title.startswith(image.id[7:19])


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
