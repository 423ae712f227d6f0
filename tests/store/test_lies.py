"""A registry that lies: whatever it answers is one line, the cache is as it was, and the next pull goes on.

Lies are drawn for each part of an answer: its status, its headers, its body. There are 2,000 in a run, and
LABKIT_LONG where that is set.
"""

from __future__ import annotations

import json
import os
import random
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from pyrsistent import PMap, pmap

from labkit import Lab
from labkit.oci.content import Content
from labkit.store.api import Request
from labkit.store.registry import Registry
from labkit.store.remote import Remote
from tests.engine.engines import add, image, layer

LIES = int(os.environ.get("LABKIT_LONG") or 2_000)
HOST = "127.0.0.1:5000"
NAME = f"{HOST}/team/app:1"

URLS = [
    *(
        "",
        "/",
        "//",
        "?",
        "1",
        "::",
        "%zz",
        "/%00",
        "/" + 3_000 * "a",
        "\u202e",
        "http://\x07/",
        "/v2/\x7f",
        "/v2/\n",
    ),
    *(
        "http://[::1",
        "http://]",
        "http://a:b/",
        "http://127.0.0.1:99999/",
        "http://",
        "https:",
        "http://a b/",
    ),
    *("file:///etc/passwd", "gopher://x", "data:,x", "mailto:a@b", f"http://{80 * 'a'}.test/", "http://ü/"),
    *("http://xn--a/", "http://user:pass@127.0.0.1:5000/v2/", "http://other.test/v2/"),
    "http://127.0.0.1:5000/v2/team/app/manifests/1",
]
TEXTS = [
    *(
        "",
        "x",
        "ä",
        "\ud800",
        '"',
        "{}",
        "a\nb",
        "a\r\nb",
        "\x00",
        "\x1b[31mred\x1b[0m",
        "\u202eevil",
        5_000 * "long ",
    ),
    *(
        "-1",
        "0",
        "1e9",
        str(2**70),
        "1_0",
        "٣",
        "NaN",
        "null",
        "bytes 0-1/2",
        "bytes 9-",
        "Basic x",
        "Bearer",
    ),
    *('Bearer realm=""', 'bearer realm="http://127.0.0.1:5000/token",scope="\x07"', "application/json"),
]
VALUES: list[object] = [
    *(None, True, 0, -1, 2**70, 1.5, "", "x", "\x1b[31m", "a\nb", "sha256:0"),
    *([], [[]], [1], [None], [{}], {}, {"a": 1}),
]
KEYS = (
    "errors ERRORS code message detail details tags Tags name token access_token expires_in issued_at "
    "schemaVersion mediaType config layers digest size manifests platform os rootfs diff_ids history created "
    "architecture urls annotations"
).split()
HEADERS = (
    "location link www-authenticate content-type content-range docker-content-digest retry-after range "
    "set-cookie docker-upload-uuid"
).split()
STATUSES = [
    *(200, 200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308),
    *(400, 401, 401, 403, 404, 405, 416, 429, 500, 502, 503, 599),
]
IMAGE = image(layer(a="a" * 500), layer(b="b"))
EMPTY: PMap[str, Any] = pmap()
Answer = tuple[int, dict[str, str], bytes]


class Liar:
    """A registry in memory behind httpx's own transport for tests, whose answers may be lies."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.lie: Callable[[str, Answer], Answer] = lambda line, answer: answer
        self.asked = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        assert self.asked < 3_000, "the registry is asked without an end"
        assert request.url.host == "127.0.0.1" or "authorization" not in request.headers
        path = request.url.raw_path.decode()
        sent = Request(request.method, path, dict(request.headers), Content.of(request.read()))
        given = self.registry.handle(sent)
        headers = {name: value for name, value in given.headers.items() if name != "content-length"}
        status, headers, body = self.lie(
            f"{request.method} {path}", (given.status, headers, given.body.read())
        )
        length = (
            {} if request.method != "HEAD" else {"content-length": given.headers.get("content-length", "0")}
        )
        try:
            return httpx.Response(status, headers={**length, **headers}, stream=httpx.ByteStream(body))
        except UnicodeError:  # no server can send it
            return httpx.Response(status, stream=httpx.ByteStream(body))

    def remote(self) -> Remote:
        """Give a remote that asks this registry and never waits."""
        made = Remote(f"http://{HOST}", pauses=(0,), sleep=lambda _: None)
        made._http = httpx.MockTransport(self)
        return made


def mutated(dice: random.Random, value: object, depth: int = 0) -> object:
    """Give a document with one thing in it changed, or another document."""
    if isinstance(value, dict) and value and depth < 4 and dice.random() < 0.8:
        key = dice.choice([*value])
        if dice.random() < 0.2:
            return {each: item for each, item in value.items() if each != key}
        return {**value, key: mutated(dice, value[key], depth + 1)}
    if isinstance(value, list) and value and depth < 4 and dice.random() < 0.8:
        place = dice.randrange(len(value))
        return [*value[:place], mutated(dice, value[place], depth + 1), *value[place + dice.randrange(2) :]]
    if dice.random() < 0.3:
        return {
            dice.choice(KEYS): dice.choice(VALUES),
            dice.choice(KEYS): [{dice.choice(KEYS): dice.choice(VALUES)}],
        }
    return dice.choice([*VALUES, *TEXTS])


def body(dice: random.Random, honest: bytes) -> bytes:
    """Give another body: cut, changed, another document, or a text."""
    match dice.randrange(5):
        case 0:
            return honest[: dice.randrange(len(honest) + 1)]
        case 1:
            return dice.randbytes(dice.randrange(300))
        case 2:
            return dice.choice(TEXTS).encode("utf-8", "surrogatepass")
    try:
        return json.dumps(mutated(dice, json.loads(honest))).encode()
    except ValueError:
        return json.dumps(mutated(dice, {})).encode()


def header(dice: random.Random, name: str) -> str:
    """Give a header's value: odd, or of the form that it should have around something odd."""
    url, text = dice.choice(URLS), dice.choice(TEXTS)
    form = {
        "link": f'<{url}>; rel="next"',
        "www-authenticate": f'Bearer realm="{url}",service="{text}",error="{text}"',
    }
    return dice.choice([form.get(name, url), text, url])


PARTS = {
    "pull -a": ["/v2/ ", "tags", "manifests", "blobs", ""],
    "pull": ["/v2/ ", "manifests", "blobs", IMAGE.id, ""],
    "push": ["/v2/ ", "HEAD", "POST", "PATCH", "PUT", "manifests", "uploads", ""],
}
"""What is asked for by a line, and so may be answered by a lie."""


def liar(dice: random.Random, words: str) -> Callable[[str, Answer], Answer]:
    """Give a lie: which answers, and what of them."""
    parts = [each for each in ("status", "header", "body") if dice.random() < 0.6] or ["body"]
    seed, always = dice.random(), dice.random() < 0.8

    def lie(line: str, honest: Answer) -> Answer:
        status, headers, data = honest
        own = random.Random(f"{seed} {line}")
        if words not in f"{line} " or (not always and own.random() < 0.5):
            return honest
        if "status" in parts:
            status = own.choice(STATUSES)
        if "header" in parts:
            for name in own.sample(HEADERS, own.randrange(1, 4)):
                headers = {**headers, name: header(own, name)}
            headers = {name: value for name, value in headers.items() if own.random() < 0.95}
        return status, headers, body(own, data) if "body" in parts else data

    return lie


@pytest.mark.parametrize("part", range(4))
def test_whatever_a_registry_answers_is_one_line(part: int) -> None:
    registry, lab = Registry(), Lab()
    lab.session.registries._remotes[HOST] = Liar(registry).remote()
    add(lab.engine, IMAGE, NAME)
    assert lab.docker(f"push {NAME}").exit_code == 0
    pushed, refused = lab.engine.state, 0
    removed = replace(pushed, images=EMPTY, tags=EMPTY, digests=EMPTY, layers=EMPTY)
    for number in range(part, LIES, 4):
        dice = random.Random(number)
        line = dice.choice([*PARTS])
        lab.engine.state = replace(pushed, sources=EMPTY) if line == "push" else removed
        refused += told(lab, registry, dice, line, number)
    assert refused > LIES / 4 * 0.5  # else they are no lies


def told(lab: Lab, registry: Registry, dice: random.Random, line: str, number: int) -> bool:
    """Give a line to a registry that lies, and again to one that does not; say whether it failed first."""
    before, world = kept(lab), Liar(registry)
    lab.session.registries._remotes[HOST] = world.remote()
    world.lie = liar(dice, dice.choice(PARTS[line]))
    line = f"{line} {NAME.removesuffix(':1') if line == 'pull -a' else NAME}"
    result = lab.docker(line)
    assert "cannot do this" not in result.text, (number, result.text)
    assert not [
        each for each in result.text if each != "\n" and unicodedata.category(each) in ("Cc", "Cf")
    ], number
    if result.exit_code:
        assert result.stderr.count("\n") == 1, (number, result.stderr)
        assert len(result.stderr) < 5_000, number
        if " -a " not in line:  # of which the tags that came before stay
            assert kept(lab) == before, number
    world.lie = lambda line, answer: answer
    world.asked = 0
    again = lab.docker(line)
    assert again.exit_code == 0, (number, again.text)
    return result.exit_code != 0


def kept(lab: Lab) -> object:
    """Give what the engine keeps, without its clock."""
    state = lab.engine.state
    return state.images, state.tags, state.digests, state.layers, state.diff_ids, state.sources
