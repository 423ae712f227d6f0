"""Archives that `docker load` should refuse, or that look as if it should: each with its name.

All are made from one good archive of an image of two layers, `app:1`, in the form that Engine 20.10 reads.
They are bytes made by pure Python, so that labkit is given exactly what the engine was given.
"""

from __future__ import annotations

import gzip
import json
import tarfile
from collections.abc import Callable, Iterator
from typing import Any

from tests.fixtures import small_tar
from tests.fixtures.shapes import compact, sha256
from tests.fixtures.small_tar import Entry, directory, entry

CREATED = "2019-04-26T12:00:00Z"
ESCAPE = "labkit-escaped"

BASE = [directory("etc"), entry("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n"), directory("srv")]
TOP = [directory("etc"), entry("etc/motd", b"hello\n")]


def config(layers: list[bytes]) -> dict[str, Any]:
    """Give a config whose history has one entry a layer."""
    return {
        "architecture": "amd64",
        "config": {"Cmd": ["sh"], "Env": ["PATH=/bin"]},
        "created": CREATED,
        "history": [{"created": CREATED, "created_by": f"layer {number}"} for number in range(len(layers))],
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{sha256(layer)}" for layer in layers]},
    }


def files(layers: list[bytes], change: Callable[[dict[str, Any]], None] = lambda _: None) -> dict[str, bytes]:
    """Give the files of an archive of `app:1` with these layers, after a change to its config."""
    document = config(layers)
    change(document)
    raw = compact(document)
    names = [f"{number}/layer.tar" for number in range(len(layers))]
    listing = [{"Config": f"{sha256(raw)}.json", "RepoTags": ["app:1"], "Layers": names}]
    content = {f"{sha256(raw)}.json": raw, **dict(zip(names, layers, strict=True))}
    return {**content, "manifest.json": compact(listing)}


def with_layer(entries: list[Entry]) -> bytes:
    """Give an archive whose second layer has these entries."""
    return small_tar.archive(files([small_tar.pack(BASE), small_tar.pack(entries)]))


GOOD_FILES = files([small_tar.pack(BASE), small_tar.pack(TOP)])
GOOD = small_tar.archive(GOOD_FILES)
CONFIG_NAME = next(name for name in GOOD_FILES if name.endswith(".json"))


def flipped(data: bytes, needle: bytes) -> bytes:
    """Give the bytes with one bit changed where `needle` first is."""
    where = data.index(needle)
    return data[:where] + bytes([data[where] ^ 1]) + data[where + 1 :]


def layers_that_lead_out() -> Iterator[tuple[str, bytes]]:
    """Give archives with a layer that reaches outside of its root, or tries to."""
    symlink, hard, device = tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE
    evil = b"evil\n"
    yield "parent path", with_layer([entry(f"../{ESCAPE}", evil)])
    yield "parent path far", with_layer([entry(f"../../../../../../tmp/{ESCAPE}", evil)])
    yield "parent path inside", with_layer([directory("etc"), entry("etc/../srv/inside", evil)])
    yield "parent path of a whiteout", with_layer([entry("../.wh.etc")])
    yield "whiteout of the parent", with_layer([entry(".wh...")])
    yield "whiteout of nothing", with_layer([entry("srv/.wh.")])
    yield "whiteout of itself", with_layer([entry("srv/.wh..")])
    yield "absolute path", with_layer([entry("/etc/absolute", evil)])
    yield "absolute symlink", with_layer([entry("etc/link", kind=symlink, link="/etc/passwd")])
    yield "symlink out", with_layer([entry("etc/link", kind=symlink, link="../../../../etc/passwd")])
    out = f"../../../../../../tmp/{ESCAPE}"
    yield (
        "file through a symlink out",
        with_layer([entry("out", kind=symlink, link="/tmp"), entry(f"out/{ESCAPE}", evil)]),
    )
    yield "file over a symlink out", with_layer([entry("out", kind=symlink, link=out), entry("out", evil)])
    yield (
        "directory through a symlink out",
        with_layer([entry("out", kind=symlink, link="../.."), directory("out/new")]),
    )
    yield (
        "symlink out of the top",
        with_layer([entry("out", kind=symlink, link="/"), entry("out/etc/through", evil)]),
    )
    yield "hard link out", with_layer([entry("link", kind=hard, link="../../etc/passwd")])
    yield "absolute hard link", with_layer([entry("etc/link", kind=hard, link="/etc/passwd")])
    yield "hard link to a lower file", with_layer([entry("etc/link", kind=hard, link="etc/passwd")])
    yield "hard link to a later file", with_layer([entry("a", kind=hard, link="b"), entry("b", evil)])
    yield "hard link to nothing", with_layer([entry("a", kind=hard, link="nothing")])
    yield "hard link to a directory", with_layer([directory("d"), entry("a", kind=hard, link="d")])
    yield (
        "hard link through a symlink",
        with_layer([entry("out", kind=symlink, link="/etc"), entry("a", kind=hard, link="out/hostname")]),
    )
    yield "hard link to itself", with_layer([entry("a", kind=hard, link="a")])
    yield "device", with_layer([directory("dev"), entry("dev/null", kind=device, mode=0o666, device=(1, 3))])
    yield "device 0/0", with_layer([entry("etc/passwd", kind=device, mode=0o600, device=(0, 0))])
    yield "file under a file", with_layer([entry("etc/passwd/file", evil)])
    yield "root as a file", with_layer([entry("./", evil)])
    yield "root as a directory", with_layer([directory("./", 0o700), entry("./etc/dotted", evil)])
    yield "empty name", with_layer([entry("", evil)])
    yield "unknown type", with_layer([entry("etc/strange", evil, kind=b"Z")])
    yield (
        "aufs metadata",
        with_layer([directory(".wh..wh.plnk"), entry(".wh..wh.plnk/1.2", evil)]),
    )


def damaged() -> Iterator[tuple[str, bytes]]:
    """Give archives whose bytes were cut or changed."""
    layer, listing = GOOD.index(b"0/layer.tar\0"), GOOD.index(b"manifest.json\0")
    for name, length in (
        ("empty", 0), ("one byte", 1), ("half a header", 256), ("one header", 512), ("in the config", 700),
        ("after the config", 1536), ("in a layer", layer + 1000), ("before the manifest", listing),
        ("in the manifest", listing + 600), ("without the trailer", len(GOOD) - 1024),
        ("in the trailer", len(GOOD) - 512),
    ):  # fmt: skip
        yield f"cut: {name}", GOOD[:length]
    yield "changed: a file's content in a layer", flipped(GOOD, b"hello\n")
    yield "changed: a header's name in a layer", flipped(GOOD, b"etc/motd\0")
    yield "changed: a config's content", flipped(GOOD, b"layer 0")
    yield "changed: the config's syntax", GOOD.replace(b'{"architecture"', b'["architecture"')
    yield "changed: a header of the archive", flipped(GOOD, b"1/layer.tar\0")
    yield "text", b"This is no archive.\n" * 40
    yield "zeros", bytes(10_240)
    packed = gzip.compress(GOOD, mtime=0)
    yield "gzip: good", packed
    yield "gzip: cut", packed[: len(packed) // 2]
    yield "gzip: without its checksum", packed[:-8]
    yield "gzip: changed checksum", packed[:-8] + bytes(4) + packed[-4:]
    yield "gzip: text", gzip.compress(b"This is no archive.\n" * 40, mtime=0)


def _without(name: str) -> dict[str, bytes]:
    return {key: value for key, value in GOOD_FILES.items() if key != name}


def _listing(**changes: object) -> bytes:
    listing = json.loads(GOOD_FILES["manifest.json"])
    listing[0] |= changes
    return small_tar.archive({**GOOD_FILES, "manifest.json": compact(listing)})


def _configured(change: Callable[[dict[str, Any]], None]) -> bytes:
    return small_tar.archive(files([small_tar.pack(BASE), small_tar.pack(TOP)], change))


def misfits() -> Iterator[tuple[str, bytes]]:
    """Give archives whose parts are missing or do not fit together."""
    good = small_tar.archive
    yield "good", GOOD
    yield "no manifest.json", good(_without("manifest.json"))
    yield "no config", good(_without(CONFIG_NAME))
    yield "no layer", good(_without("1/layer.tar"))
    for name, text in (
        ("empty", b""), ("not JSON", b"hello"), ("cut", GOOD_FILES["manifest.json"][:40]),
        ("an object", b"{}"), ("an empty list", b"[]"), ("null", b"null"), ("a list of null", b"[null]"),
        ("a list of strings", b'["a"]'), ("a list of an empty object", b"[{}]"),
    ):  # fmt: skip
        yield f"manifest.json: {name}", good({**GOOD_FILES, "manifest.json": text})
    yield (
        "manifest.json: extra after",
        good({**GOOD_FILES, "manifest.json": GOOD_FILES["manifest.json"] + b"x"}),
    )
    yield "manifest.json: no tags", _listing(RepoTags=None)
    yield "manifest.json: a bad tag", _listing(RepoTags=["Upper:1"])
    yield "manifest.json: a tag without a tag", _listing(RepoTags=["app"])
    yield "manifest.json: a digest as a tag", _listing(RepoTags=["app@sha256:" + "0" * 64])
    yield "manifest.json: fewer layers", _listing(Layers=["0/layer.tar"])
    yield "manifest.json: more layers", _listing(Layers=["0/layer.tar", "1/layer.tar", "1/layer.tar"])
    yield "manifest.json: layers swapped", _listing(Layers=["1/layer.tar", "0/layer.tar"])
    yield (
        "manifest.json: layer outside",
        _listing(Layers=["0/layer.tar", "../../../../../../../etc/hostname"]),
    )
    yield "manifest.json: config outside", _listing(Config="../../../../../../../etc/hostname")
    yield "manifest.json: config absolute", _listing(Config="/etc/hostname")
    yield "manifest.json: layer is a directory", _listing(Layers=["0/layer.tar", "1"])

    def rootfs(**changes: object) -> bytes:
        return _configured(lambda document: document["rootfs"].update(changes))

    def history(count: int, **extra: object) -> bytes:
        item = {"created": CREATED, "created_by": "step", **extra}
        return _configured(lambda document: document.update(history=[item] * count))

    ids = config([small_tar.pack(BASE), small_tar.pack(TOP)])["rootfs"]["diff_ids"]
    yield "config: unknown rootfs type", rootfs(type="squares")
    yield "config: no rootfs type", rootfs(type="")
    yield "config: no rootfs", _configured(lambda document: document.pop("rootfs"))
    yield "config: rootfs null", _configured(lambda document: document.update(rootfs=None))
    yield "config: fewer diff_ids", rootfs(diff_ids=ids[:1])
    yield "config: more diff_ids", rootfs(diff_ids=[*ids, ids[0]])
    yield "config: wrong diff_id", rootfs(diff_ids=[ids[0], "sha256:" + "0" * 64])
    yield "config: malformed diff_id", rootfs(diff_ids=[ids[0], "sha256:zz"])
    yield "config: diff_id of another algorithm", rootfs(diff_ids=[ids[0], "md5:" + "0" * 32])
    yield "config: no history", _configured(lambda document: document.pop("history"))
    yield "config: fewer history entries", history(1)
    yield "config: more history entries", history(3)
    yield "config: history of empty layers", history(2, empty_layer=True)
    yield "config: another os", _configured(lambda document: document.update(os="plan9"))
    yield "config: windows", _configured(lambda document: document.update(os="windows"))
    yield "config: no os", _configured(lambda document: document.pop("os"))
    yield "config: another architecture", _configured(lambda document: document.update(architecture="pdp11"))
    yield "config: no architecture", _configured(lambda document: document.pop("architecture"))
    yield "config: no created", _configured(lambda document: document.pop("created"))
    yield "config: malformed created", _configured(lambda document: document.update(created="yesterday"))
    yield "config: no config", _configured(lambda document: document.pop("config"))
    yield "config: wrong type of a field", _configured(lambda document: document.update(architecture=7))
    yield "config: unknown field", _configured(lambda document: document.update(hello="world"))
    layers = [small_tar.pack(BASE), small_tar.pack(TOP)]
    packed = {
        **GOOD_FILES,
        "0/layer.tar": small_tar.stored_gzip(layers[0]),
        "1/layer.tar": gzip.compress(layers[1], mtime=0),
    }
    yield "layers: gzip", good(packed)
    yield "layers: gzip cut", good({**packed, "0/layer.tar": packed["0/layer.tar"][:-20]})
    yield "layers: empty file", good(files([small_tar.pack(BASE), b""]))
    yield "layers: 1,024 zeros", good(files([small_tar.pack(BASE), bytes(1024)]))
    yield "layers: text", good(files([small_tar.pack(BASE), b"This is no archive.\n" * 40]))
    yield "layers: cut", good(files([small_tar.pack(BASE), small_tar.pack(TOP)[:1200]]))
    yield "layers: without trailer", good(files([small_tar.pack(BASE), small_tar.pack(TOP)[:-1024]]))
    yield "layers: padded to 10,240", good(files([small_tar.pack(BASE), small_tar.pack(TOP) + bytes(10_240)]))
    yield "layers: none", good(files([]))
    yield "layers: 125", good(files([small_tar.pack([entry(f"{number}")]) for number in range(125)]))
    yield "layers: 126", good(files([small_tar.pack([entry(f"{number}")]) for number in range(126)]))


def odd_members() -> Iterator[tuple[str, bytes]]:
    """Give archives with members of the outer tar that lead out, or of kinds that do not belong there.

    A fifo as a layer is not among them: `docker load` waits for somebody to write into it, for ever.
    """
    inner = [entry(name, data) for name, data in GOOD_FILES.items()]
    symlink = tarfile.SYMTYPE

    def archive(*extra: Entry, but: str = "") -> bytes:
        return small_tar.pack([*(item for item in inner if item[0].name != but), *extra])

    yield "archive: without its directories", archive()
    yield "archive: parent path", archive(entry(f"../{ESCAPE}", b"evil\n"))
    yield "archive: absolute path", archive(entry(f"/{ESCAPE}", b"evil\n"))
    yield (
        "archive: config is a symlink out",
        archive(entry(CONFIG_NAME, kind=symlink, link="/etc/hostname"), but=CONFIG_NAME),
    )
    yield (
        "archive: layer is a symlink out",
        archive(
            entry("1/layer.tar", kind=symlink, link="../../../../../../../etc/hostname"), but="1/layer.tar"
        ),
    )
    yield (
        "archive: layer is a symlink to nothing",
        archive(entry("1/layer.tar", kind=symlink, link="../2/layer.tar"), but="1/layer.tar"),
    )
    yield (
        "archive: layer is a hard link",
        archive(
            entry("copy.tar", GOOD_FILES["1/layer.tar"]),
            entry("1/layer.tar", kind=tarfile.LNKTYPE, link="copy.tar"),
            but="1/layer.tar",
        ),
    )
    yield (
        "archive: layer is a device",
        archive(entry("1/layer.tar", kind=tarfile.CHRTYPE, device=(1, 3)), but="1/layer.tar"),
    )
    yield "archive: manifest.json twice", archive(entry("manifest.json", b"[]"))
    yield "archive: extra file", archive(entry("README", b"hello\n"))


def cases() -> dict[str, bytes]:
    """Give every archive by its name."""
    made = (misfits, damaged, layers_that_lead_out, odd_members)
    return {name: data for maker in made for name, data in maker()}
