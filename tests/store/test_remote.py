"""A registry over HTTP: every way in which a pull can be cut short or damaged, and what is said of it.

The words are those that a real dockerd 20.10.24 printed for the same faults. After each failure the cache is
as it was, and the next pull goes on with what had come.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.__main__ import main
from labkit.base.errors import DaemonError, LabkitError
from labkit.engine.engine import Engine
from labkit.engine.pull import Pulled, pull
from labkit.engine.push import Pushed, push
from labkit.engine.schedule import Network, PullEvent
from labkit.lab import Lab
from labkit.oci.config import parse_config
from labkit.oci.content import Content
from labkit.oci.descriptor import Platform
from labkit.oci.manifest import make_index
from labkit.oci.reference import parse_reference
from labkit.store.api import JSON, Request, Response, as_json, as_text, refusal
from labkit.store.client import Client
from labkit.store.remote import Remote, base_url
from tests.engine.engines import AMD64, add, drain, image, layer
from tests.store.faulty import FaultyRegistry

A, B = layer(a="a" * 700), layer(b="b" * 90, c="c")
IMAGE = image(A, B, comment="over HTTP")
NAME = "reg.test/team/app"
NOTHING = Network()
BLOB, MANIFEST = r"GET .*/blobs/", r"GET .*/manifests/"


@pytest.fixture(scope="module")
def running() -> Iterator[FaultyRegistry]:
    with FaultyRegistry() as registry:
        engine = Engine()
        add(engine, IMAGE, f"{NAME}:1")
        drain(push(engine, Client(registry.registry.handle), parse_reference(f"{NAME}:1"), NOTHING))
        yield registry


@pytest.fixture
def server(running: FaultyRegistry) -> Iterator[FaultyRegistry]:
    """Give the registry without faults, its log empty."""
    running.log.clear()
    yield running
    assert not running.faults


def remote(server: FaultyRegistry, **fields: Any) -> Remote:
    """Give a remote that makes one attempt, unless told otherwise, and never waits."""
    return Remote(server.url, **{"pauses": (), "sleep": lambda _: None, "timeout": 5, **fields})


def get(
    engine: Engine, source: Remote, name: str = f"{NAME}:1", platform: Platform = AMD64
) -> tuple[list[PullEvent], Pulled]:
    return drain(pull(engine, source.client(), parse_reference(name), NOTHING, platform))


def give(engine: Engine, source: Remote, name: str) -> tuple[list[PullEvent], Pushed]:
    return drain(push(engine, source.client(), parse_reference(name), NOTHING))


def fails(source: Remote, name: str = f"{NAME}:1") -> LabkitError:
    """Pull in vain: the cache is as it was, and the error is one line. Give the error."""
    engine = Engine()
    before = engine.state
    with pytest.raises(LabkitError) as caught:
        get(engine, source, name)
    assert engine.state is before
    assert "\n" not in str(caught.value)
    return caught.value


def blobs(server: FaultyRegistry) -> list[tuple[str, int]]:
    """Give the digests and sizes of the image's layers' blobs, bottom first."""
    answer = server.registry.handle(Request("GET", "/v2/team/app/manifests/1"))
    return [(each["digest"], each["size"]) for each in json.loads(answer.body.read())["layers"]]


class TestWhatGoesWell:
    def test_a_pull_gives_the_same_image_and_real_bytes(self, server: FaultyRegistry) -> None:
        engine = Engine()
        events, pulled = get(engine, remote(server))
        assert pulled.image.id == IMAGE.id
        assert [each.diff_id for each in pulled.image.layers] == [A.diff_id, B.diff_id]
        digest, size = blobs(server)[0]
        mine = [event for event in events if event.layer == digest[7:19]]
        assert [event.state for event in mine] == [
            "Pulling fs layer",
            "Downloading",
            "Verifying Checksum",
            "Download complete",
            "Extracting",
            "Pull complete",
        ]
        assert (mine[1].current, mine[1].total) == (0, size)
        times = [event.at for event in events]
        assert times == sorted(times)

    def test_nothing_is_kept_of_a_pull_that_went_well(self, server: FaultyRegistry) -> None:
        source = remote(server)
        get(Engine(), source)
        assert source.partials == {}

    def test_a_second_pull_asks_for_no_blob(self, server: FaultyRegistry) -> None:
        engine, source = Engine(), remote(server)
        get(engine, source)
        server.log.clear()
        _, pulled = get(engine, source)
        assert pulled.up_to_date
        assert [line for line, _ in server.log] == ["GET /v2/", "GET /v2/team/app/manifests/1"]

    def test_what_is_pushed_can_be_pulled(self, server: FaultyRegistry) -> None:
        engine = Engine()
        made = add(engine, image(B, A, comment="mine"), "reg.test/mine:2")
        events, pushed = give(engine, remote(server), "reg.test/mine:2")
        assert [event.state for event in events].count("Pushed") == 2
        assert get(Engine(), remote(server), f"reg.test/mine@{pushed.digest}")[1].image.id == made.id

    def test_a_layer_is_taken_over_from_another_repository(self, server: FaultyRegistry) -> None:
        engine, source = Engine(), remote(server)
        add(engine, get(engine, source)[1].image, "reg.test/team/twin:1")
        events, pushed = give(engine, source, "reg.test/team/twin:1")
        assert [event.state for event in events][2:] == 2 * ["Mounted from team/app"]
        assert get(Engine(), source, "reg.test/team/twin:1")[1].digest == pushed.digest

    def test_a_manifest_list_by_platform(self, server: FaultyRegistry) -> None:
        engine = Engine()
        manifests = []
        for architecture in ("arm64", "amd64"):
            add(engine, image(A, comment=architecture), "reg.test/multi:x")
            pushed = give(engine, remote(server), "reg.test/multi:x")[1]
            kind = "application/vnd.docker.distribution.manifest.v2+json"
            entry = {"mediaType": kind, "digest": pushed.digest, "size": pushed.size}
            manifests.append(entry | {"platform": {"os": "linux", "architecture": architecture}})
        raw = {**json.loads(make_index([]).raw), "manifests": manifests}
        headers = {"content-type": raw["mediaType"]}
        path = "/v2/multi/manifests/list"
        body = Content.of(json.dumps(raw).encode())
        assert remote(server).send(Request("PUT", path, headers, body)).status == 201
        for architecture in ("arm64", "amd64"):
            pulled = get(Engine(), remote(server), "reg.test/multi:list", Platform(architecture, "linux"))[1]
            assert pulled.image.id == image(A, comment=architecture).id
        with pytest.raises(LabkitError, match="no matching manifest for linux/ppc64le in the manifest list"):
            get(Engine(), remote(server), "reg.test/multi:list", Platform("ppc64le", "linux"))

    def test_a_blob_is_fetched_from_where_the_registry_sends_us(self, server: FaultyRegistry) -> None:
        digest, _ = blobs(server)[0]
        there = f"{server.url}/v2/team/app/blobs/{digest}?from=store"
        with server.fault(f"{digest}$", response=Response(307, {"location": there})):
            assert get(Engine(), remote(server))[1].image.id == IMAGE.id
        assert len(server.asked("from=store")) == 1


class TestCut:
    @given(data=st.data())
    @settings(max_examples=30)
    def test_a_download_cut_anywhere_goes_on_there(
        self, running: FaultyRegistry, data: st.DataObject
    ) -> None:
        digest, size = data.draw(st.sampled_from(blobs(running)))
        cut = data.draw(st.integers(0, size - 1))
        source, engine = remote(running), Engine()
        with running.fault(digest, cut=cut):
            assert str(fails(source)) == "unexpected EOF"
        running.log.clear()
        assert get(engine, source)[1].image.id == IMAGE.id
        ((_, headers),) = running.asked(f"GET .*{digest}")
        assert headers.get("range", "") == (f"bytes={cut}-" if cut else "")

    @given(data=st.data())
    @settings(max_examples=30)
    def test_a_changed_byte_anywhere_is_found_and_comes_anew(
        self, running: FaultyRegistry, data: st.DataObject
    ) -> None:
        digest, size = data.draw(st.sampled_from(blobs(running)))
        source = remote(running)
        with running.fault(digest, change=data.draw(st.integers(0, size - 1))):
            assert str(fails(source)) == f"filesystem layer verification failed for digest {digest}"
        running.log.clear()
        assert get(Engine(), source)[1].image.id == IMAGE.id
        assert [headers.get("range") for _, headers in running.asked(f"GET .*{digest}")] == [None]

    @given(
        cut=st.integers(-1, 400), change=st.integers(0, 400), where=st.sampled_from(["manifests", "config"])
    )
    @settings(max_examples=30)
    def test_a_manifest_or_config_cut_or_changed(
        self, running: FaultyRegistry, cut: int, change: int, where: str
    ) -> None:
        pattern = MANIFEST if where == "manifests" else f"GET .*{IMAGE.id}"
        source = remote(running)
        with running.fault(pattern, cut=cut):
            assert str(fails(source)).endswith("EOF")
        if where == "config":
            with running.fault(pattern, change=change):
                assert "image config verification failed for digest" in str(fails(source))
        assert get(Engine(), source)[1].image.id == IMAGE.id

    def test_a_byte_changed_before_the_cut_is_found_at_the_end(self, server: FaultyRegistry) -> None:
        (digest, _), source = blobs(server)[0], remote(server)
        with server.fault(digest, change=3, cut=100):
            fails(source)
        assert str(fails(source)).startswith("filesystem layer verification failed")
        assert get(Engine(), source)[1].image.id == IMAGE.id

    def test_layers_that_came_are_not_asked_for_again(self, server: FaultyRegistry) -> None:
        (first, _), (second, _) = blobs(server)
        source = remote(server)
        with server.fault(second, cut=10, hang=0.3):  # so that the first has come
            fails(source)
        server.log.clear()
        get(Engine(), source)
        assert server.asked(first) == []

    def test_a_server_that_ignores_ranges(self, server: FaultyRegistry) -> None:
        (digest, _), source = blobs(server)[0], remote(server)
        with server.fault(digest, cut=100):
            fails(source)
        with server.fault(digest, without_range=True):
            assert get(Engine(), source)[1].image.id == IMAGE.id

    def test_a_server_that_refuses_the_range(self, server: FaultyRegistry) -> None:
        (digest, _), source = blobs(server)[0], remote(server)
        with server.fault(digest, cut=100):
            fails(source)
        with server.fault(digest, response=as_text("invalid range", 416)):
            assert str(fails(source)) == "invalid range"
        assert get(Engine(), source)[1].image.id == IMAGE.id

    @pytest.mark.parametrize("fault", [{"extra": b"x"}, {"drop": 1}, {"extra": b"x" * 100_000}])
    def test_a_wrong_length(self, server: FaultyRegistry, fault: dict[str, Any]) -> None:
        (digest, _), source = blobs(server)[0], remote(server)
        with server.fault(digest, **fault):
            assert str(fails(source)) == f"filesystem layer verification failed for digest {digest}"
        assert get(Engine(), source)[1].image.id == IMAGE.id

    def test_the_registry_killed(self) -> None:
        with FaultyRegistry() as server:
            engine = Engine()
            add(engine, IMAGE, f"{NAME}:1")
            give(engine, remote(server), f"{NAME}:1")
            source = remote(server)
            server.faults.append(server.fault("", cut=5).__enter__())
            fails(source)
        error = fails(source)
        assert isinstance(error, DaemonError)
        assert str(error) == f'Get "{server.url}/v2/": dial tcp {server.address}: connect: connection refused'


def outcome(engine: Engine, source: Remote) -> str:
    """Pull, and give the error's words, or nothing where it went well."""
    try:
        get(engine, source)
    except LabkitError as error:
        return str(error)
    return ""


DAMAGE = st.one_of(
    st.builds(lambda n: {"cut": n}, st.integers(-1, 800)),
    st.builds(lambda n: {"change": n}, st.integers(0, 800)),
    st.builds(lambda n: {"drop": n}, st.integers(1, 30)),
    st.builds(lambda data: {"extra": data}, st.binary(min_size=1, max_size=50)),
    st.sampled_from([{"response": as_text("oops", status)} for status in (401, 403, 404, 429, 500, 503)]),
    st.just({"raw": b"hello\r\n\r\n"}),
)


class TestSeveralAtOnce:
    @pytest.fixture
    def deep(self, server: FaultyRegistry) -> tuple[str, list[str]]:
        """Give the name of an image of seven layers, and the digests of their blobs, bottom first."""
        engine, name = Engine(), "reg.test/team/deep:7"
        add(engine, image(*(layer(**{f"f{n}": str(n) * 300}) for n in range(7))), name)
        give(engine, remote(server), name)
        answer = server.registry.handle(Request("GET", "/v2/team/deep/manifests/7"))
        server.log.clear()
        return name, [each["digest"] for each in json.loads(answer.body.read())["layers"]]

    def test_layers_are_extracted_from_the_bottom_up(
        self, server: FaultyRegistry, deep: tuple[str, list[str]]
    ) -> None:
        name, digests = deep
        with server.fault(digests[0], hang=0.3):
            events, _ = get(Engine(), remote(server), name)
        done = [event.layer for event in events if event.state == "Pull complete"]
        assert done == [digest[7:19] for digest in digests]
        came = [event.layer for event in events if event.state == "Download complete"]
        assert came.index(digests[1][7:19]) < came.index(digests[0][7:19])
        times = [event.at for event in events]
        assert times == sorted(times)

    def test_one_failure_ends_all_and_what_came_is_kept(
        self, server: FaultyRegistry, deep: tuple[str, list[str]]
    ) -> None:
        name, digests = deep
        source = remote(server)
        with server.fault(digests[3], cut=50, hang=0.3):
            assert str(fails(source, name)) == "unexpected EOF"
        assert not [each for each in threading.enumerate() if each.name.startswith("labkit-download")]
        server.log.clear()
        get(Engine(), source, name)
        for digest in digests[:3]:
            assert server.asked(digest) == []
        assert server.asked(digests[3])[0][1]["range"] == "bytes=50-"

    def test_a_pull_that_is_given_up_changes_nothing(
        self, server: FaultyRegistry, deep: tuple[str, list[str]]
    ) -> None:
        name, _ = deep
        engine, source = Engine(), remote(server)
        before = engine.state
        steps = pull(engine, source.client(), parse_reference(name), NOTHING, AMD64)
        while next(steps).state != "Download complete":
            pass
        steps.close()
        assert engine.state is before
        assert not [each for each in threading.enumerate() if each.name.startswith("labkit-download")]
        assert len(get(engine, source, name)[1].image.layers) == 7

    @given(data=st.data())
    @settings(max_examples=60)
    def test_whatever_happens_to_any_answer_the_cache_is_as_it_was_and_the_next_pull_is_well(
        self, running: FaultyRegistry, data: st.DataObject
    ) -> None:
        """One answer, or two at once, are damaged in any way, at any byte."""
        patterns = [MANIFEST, f"GET .*{IMAGE.id}", *(f"GET .*{digest}" for digest, _ in blobs(running))]
        chosen = data.draw(st.lists(st.sampled_from(patterns), min_size=1, max_size=2, unique=True))
        engine, source = Engine(), remote(running)
        before = engine.state
        with ExitStack() as stack:
            for pattern in chosen:
                stack.enter_context(running.fault(pattern, **data.draw(DAMAGE)))
            said = outcome(engine, source)
        if said:
            assert engine.state is before
            assert "\n" not in said
        else:  # a cut behind the last byte
            assert engine.state.images[IMAGE.id].layers == IMAGE.layers
        assert get(engine, source)[1].image.id == IMAGE.id


class TestRetries:
    def test_a_download_that_breaks_off_goes_on_after_5_10_seconds(self, server: FaultyRegistry) -> None:
        (digest, _), slept = blobs(server)[0], []
        source = remote(server, pauses=(5, 10, 15), sleep=slept.append)
        with server.fault(digest, cut=100, times=2):
            events, pulled = get(Engine(), source)
        assert pulled.image.id == IMAGE.id
        assert slept == 15 * [1]
        states = [event.state for event in events if event.state.startswith("Retrying")]
        assert states[:6] == [f"Retrying in {n} seconds" for n in (5, 4, 3, 2)] + [
            "Retrying in 1 second",
            "Retrying in 10 seconds",
        ]
        ranges = [headers.get("range") for _, headers in server.asked(f"GET .*{digest}")]
        assert ranges == [None, "bytes=100-", "bytes=200-"]

    @pytest.mark.parametrize("response", [as_text("oops", 500), as_text("oops", 503)])
    def test_a_registry_in_trouble_is_asked_again(self, server: FaultyRegistry, response: Response) -> None:
        digest, _ = blobs(server)[0]
        with server.fault(digest, response=response, times=1):
            assert get(Engine(), remote(server, pauses=(1,)))[1].image.id == IMAGE.id
        with server.fault(digest, response=response):
            assert str(fails(remote(server, pauses=(1, 1)))).startswith("received unexpected HTTP status: 50")
        assert len(server.asked(f"GET .*{digest}")) == 2 + 3

    @pytest.mark.parametrize("status", [401, 403, 404, 429])
    def test_a_refusal_is_final(self, server: FaultyRegistry, status: int) -> None:
        digest, _ = blobs(server)[0]
        with server.fault(digest, response=as_text("oops", status)):
            fails(remote(server, pauses=(1, 1)))
        assert len(server.asked(f"GET .*{digest}")) == 1

    def test_an_upload_too(self, server: FaultyRegistry) -> None:
        engine, source = Engine(), remote(server, pauses=(2, 2))
        made = add(engine, image(layer(n="new")), "reg.test/new:1")
        with server.fault("POST .*/blobs/", response=as_text("oops", 500), times=1):
            events, _ = give(engine, source, "reg.test/new:1")
        assert [event.state for event in events][2:] == [
            "Retrying in 2 seconds",
            "Retrying in 1 second",
            "Pushed",
        ]
        assert get(Engine(), source, "reg.test/new:1")[1].image.id == made.id
        add(engine, image(layer(n="newer")), "reg.test/newer:1")
        for answer, words in ((as_text("oops", 500), TROUBLE), (BUSY, "toomanyrequests: slow down")):
            before = engine.state
            with server.fault("POST .*/blobs/", response=answer), pytest.raises(LabkitError) as caught:
                give(engine, source, "reg.test/newer:1")
            assert str(caught.value) == words
            assert engine.state is before

    def test_trouble_that_becomes_a_refusal(self, server: FaultyRegistry) -> None:
        digest, _ = blobs(server)[0]
        refused = server.fault(digest, response=as_text("oops", 404))
        with server.fault(digest, response=as_text("oops", 500), times=1), refused:
            assert str(fails(remote(server, pauses=(1,)))) == "unknown blob"

    @pytest.mark.parametrize(("status", "asked"), [(429, 1), (503, 3)])
    def test_a_registry_does_not_say_how_long_to_wait(
        self, server: FaultyRegistry, status: int, asked: int
    ) -> None:
        """As Docker does: it waits for what it would have waited for, whatever Retry-After says."""
        digest = blobs(server)[0][0]
        slept: list[float] = []
        later = as_text("oops", status, {"retry-after": str(10**9)})
        with server.fault(digest, response=later):
            fails(remote(server, pauses=(2, 3), sleep=slept.append))
        assert len(server.asked(f"GET .*{digest}")) == asked
        assert sum(slept) == (5 if asked > 1 else 0)

    def test_the_config_too(self, server: FaultyRegistry) -> None:
        with server.fault(f"GET .*{IMAGE.id}", response=as_text("oops", 500)):
            assert str(fails(remote(server, pauses=(1, 1)))) == (
                "error pulling image configuration: download failed after attempts=3: "
                "received unexpected HTTP status: 500 Internal Server Error"
            )


TROUBLE = "received unexpected HTTP status: 500 Internal Server Error"
BUSY = as_json({"errors": [{"code": "TOOMANYREQUESTS", "message": "slow down"}]}, 429)
OOPS = "invalid character 'o' looking for beginning of value: \"oops\\n\""


class TestWhatTheDaemonSays:
    @pytest.mark.parametrize(
        ("fault", "words"),
        [
            ({"response": as_text("oops", 500)}, TROUBLE),
            ({"response": as_text("oops", 429)}, f"error parsing HTTP 429 response body: {OOPS}"),
            ({"response": as_text("oops", 403)}, f"error parsing HTTP 403 response body: {OOPS}"),
            ({"response": as_text("oops", 404)}, f"error parsing HTTP 404 response body: {OOPS}"),
            ({"response": BUSY}, "toomanyrequests: slow down"),
            ({"response": refusal("UNAUTHORIZED").response}, "unauthorized"),
            ({"cut": 20}, "unexpected EOF"),
            ({"cut": -1}, 'Head "URL/v2/team/app/manifests/1": EOF'),
            ({"response": Response(307, {"location": "/v2/team/app/manifests/1"})},
             'Head "URL/v2/team/app/manifests/1": stopped after 10 redirects'),
            (
                {"raw": b"hello\r\n\r\n"},
                'Head "URL/v2/team/app/manifests/1": net/http: HTTP/1.x transport connection broken: '
                "malformed HTTP response",
            ),
        ],
    )  # fmt: skip
    def test_of_a_manifest(self, server: FaultyRegistry, fault: dict[str, Any], words: str) -> None:
        with server.fault(MANIFEST, **fault):
            error = fails(remote(server))
        assert isinstance(error, DaemonError)
        assert str(error) == words.replace("URL", server.url)

    @pytest.mark.parametrize(
        ("response", "words"),
        [
            (as_text("oops", 429), f"error parsing HTTP 429 response body: {OOPS}"),
            (BUSY, "toomanyrequests: slow down"),
            (as_text("oops", 404), "unknown blob"),
        ],
    )
    def test_of_a_blob(self, server: FaultyRegistry, response: Response, words: str) -> None:
        with server.fault(blobs(server)[0][0], response=response):
            error = fails(remote(server))
        assert not isinstance(error, DaemonError)
        assert str(error) == words

    def test_of_a_registry_that_hangs(self, server: FaultyRegistry) -> None:
        with server.fault("/v2/$", hang=0.3):
            error = fails(remote(server, timeout=0.1))
        assert str(error) == (
            f'Get "{server.url}/v2/": context deadline exceeded '
            "(Client.Timeout exceeded while awaiting headers)"
        )

    def test_of_plain_http_where_https_was_asked(self, server: FaultyRegistry) -> None:
        url = server.url.replace("http", "https")
        error = fails(Remote(url, pauses=(), timeout=5))
        assert str(error) == f'Get "{url}/v2/": http: server gave HTTP response to HTTPS client'

    def test_of_a_host_that_is_not(self) -> None:
        error = fails(Remote("https://nosuch.invalid", pauses=(), timeout=5))
        assert str(error) == 'Get "https://nosuch.invalid/v2/": dial tcp: lookup nosuch.invalid: no such host'
        assert error.code == "no-such-host"


class TestTokens:
    @pytest.fixture
    def closed(self, server: FaultyRegistry) -> Iterator[Callable[..., Remote]]:
        """Give a remote of the registry, behind a server of tokens that answers as told."""

        def behind(answer: Response, scheme: str = "Bearer") -> Remote:
            challenge = f'{scheme} realm="{server.url}/token",service="s",scope="repository:team/app:pull"'
            entered.append(server.fault(r" /token", response=answer))
            entered.append(
                server.fault(
                    "/v2/team",
                    response=refusal("UNAUTHORIZED", headers={"www-authenticate": challenge}).response,
                )
            )
            for each in entered:
                each.__enter__()
            return remote(server)

        entered: list[Any] = []
        yield behind
        for each in entered:
            each.__exit__(None, None, None)

    def test_a_token_is_asked_for_and_shown(
        self, server: FaultyRegistry, closed: Callable[..., Remote]
    ) -> None:
        error = fails(closed(as_json({"token": "t"})))
        assert str(error) == "unauthorized"
        ((asked, headers),) = server.asked("/token")
        assert asked == "GET /token?scope=repository%3Ateam%2Fapp%3Apull&service=s"
        assert "authorization" not in headers
        shown = [headers.get("authorization") for _, headers in server.asked(MANIFEST)]
        assert shown == [None, "Bearer t"]

    def test_with_the_token_it_works(self, server: FaultyRegistry) -> None:
        challenge = f'Bearer realm="{server.url}/token",service="s"'
        closed = refusal("UNAUTHORIZED", headers={"www-authenticate": challenge}).response
        token = as_json({"access_token": "t"})
        with server.fault(" /token", response=token), server.fault("/v2/team", response=closed, times=1):
            source = remote(server)
            assert get(Engine(), source)[1].image.id == IMAGE.id
        assert len(server.asked("/token")) == 1

    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            (as_json({}), "authorization server did not include a token in the response"),
            (Response(200, {"content-type": JSON}, Content.of(b"x")),
             "unable to decode token response: invalid character 'x' looking for beginning of value"),
            (as_json({"details": "no"}, 403), "denied: no"),
            (refusal("UNAUTHORIZED").response, "unauthorized"),
            (as_text("oops", 500), "received unexpected HTTP status: 500 Internal Server Error"),
        ],
    )  # fmt: skip
    def test_a_token_that_is_not_to_be_had(
        self, server: FaultyRegistry, closed: Callable[..., Remote], answer: Response, words: str
    ) -> None:
        error = fails(closed(answer))
        assert isinstance(error, DaemonError)
        assert str(error) == f'Head "{server.url}/v2/team/app/manifests/1": {words}'

    def test_a_registry_that_wants_a_password(
        self, server: FaultyRegistry, closed: Callable[..., Remote]
    ) -> None:
        error = fails(closed(as_json({}), "Basic"))
        assert str(error) == f'Head "{server.url}/v2/team/app/manifests/1": no basic auth credentials'

    def test_a_token_goes_to_its_registry_alone(self, server: FaultyRegistry) -> None:
        digest, _ = blobs(server)[0]
        with FaultyRegistry(server.registry) as store:
            there = f"{store.url}/v2/team/app/blobs/{digest}"
            challenge = f'Bearer realm="{server.url}/token"'
            closed = refusal("UNAUTHORIZED", headers={"www-authenticate": challenge}).response
            with (
                server.fault(" /token", response=as_json({"token": "t"})),
                server.fault("/v2/team", response=closed, times=1),
                server.fault(digest, response=Response(307, {"location": there})),
            ):
                get(Engine(), remote(server))
            assert [headers.get("authorization") for _, headers in store.log] == [None]
        assert server.asked(digest)[0][1]["authorization"] == "Bearer t"


MISSING = "parse \"http://[::1\": missing ']' in host"
NO_URLS = [
    ("http://[::1", MISSING),
    ("http://a:b/", 'parse "http://a:b/": invalid port ":b" after host'),
    ("http://a:99999/", "dial tcp: address 99999: invalid port"),
    ("file:///etc/passwd", 'unsupported protocol scheme "file"'),
    ("http:///x", "http: no Host in request URL"),
]


class TestUrlsThatLeadNowhere:
    @pytest.mark.parametrize(("url", "words"), NO_URLS)
    def test_of_a_token(self, server: FaultyRegistry, url: str, words: str) -> None:
        challenge = {"www-authenticate": f'Bearer realm="{url}"'}
        with server.fault("/v2/team", response=refusal("UNAUTHORIZED", headers=challenge).response):
            error = fails(remote(server))
        asked = f'Head "{server.url}/v2/team/app/manifests/1": '
        assert str(error) == f"{asked}invalid token auth challenge realm: {words}"

    def test_a_challenge_without_a_realm(self, server: FaultyRegistry) -> None:
        closed = refusal("UNAUTHORIZED", headers={"www-authenticate": "Bearer"}).response
        with server.fault("/v2/team", response=closed):
            assert str(fails(remote(server))).endswith(": no realm specified for token auth challenge")

    @pytest.mark.parametrize(("url", "words"), NO_URLS)
    def test_of_a_redirect(self, server: FaultyRegistry, url: str, words: str) -> None:
        with server.fault(blobs(server)[0][0], response=Response(307, {"location": url})):
            assert str(fails(remote(server))) == f'failed to parse Location header "{url}": {words}'

    @pytest.mark.parametrize(("url", "words"), NO_URLS)
    def test_of_an_upload(self, server: FaultyRegistry, url: str, words: str) -> None:
        engine = Engine()
        add(engine, image(layer(u=url)), "reg.test/upload:1")
        answer = Response(202, {"location": url})
        with server.fault("POST .*/blobs/", response=answer), pytest.raises(LabkitError) as caught:
            give(engine, remote(server), "reg.test/upload:1")
        assert str(caught.value) == words

    def test_of_the_next_tags(self, server: FaultyRegistry) -> None:
        page = as_json({"tags": ["1"]}, headers={"link": '<http://[::1>; rel="next"'})
        with server.fault("/tags/list", response=page):
            result = Lab().docker(f"pull -a {server.address}/team/app")
        assert (result.text, result.exit_code) == (f"Error response from daemon: {MISSING}\n", 1)

    @pytest.mark.parametrize("token", ["a b", "a\nb", "ä", "\x1b"])
    def test_a_token_that_no_header_can_hold(self, server: FaultyRegistry, token: str) -> None:
        challenge = {"www-authenticate": f'Bearer realm="{server.url}/token"'}
        closed = refusal("UNAUTHORIZED", headers=challenge).response
        with (
            server.fault("/v2/team", response=closed),
            server.fault("/token", response=as_json({"token": token})),
        ):
            assert str(fails(remote(server))).endswith(
                ': net/http: invalid header field value for "Authorization"'
            )


def test_an_upload_is_sent_again_where_it_is_redirected(server: FaultyRegistry) -> None:
    engine, source = Engine(), remote(server)
    made = add(engine, image(layer(r="redirected")), "reg.test/redirected:1")

    def elsewhere(request: Request) -> Response:
        """Send each request once to the same place with a mark."""
        if request.method in ("PATCH", "PUT") and "again" not in request.path:
            mark = "&again=1" if "?" in request.path else "?again=1"
            return Response(307, {"location": request.path + mark})
        return honest(request)

    honest = server.registry.handle
    server.registry.handle = elsewhere  # type: ignore[method-assign]
    try:
        give(engine, source, "reg.test/redirected:1")
    finally:
        server.registry.handle = honest  # type: ignore[method-assign]
    assert get(Engine(), source, "reg.test/redirected:1")[1].image.id == made.id


def test_another_os_is_named_in_quotes(server: FaultyRegistry) -> None:
    made = Engine()
    other = image(A)
    raw = json.loads(other.config.raw) | {"os": "li\nnux\x1b"}
    add(made, replace(other, config=parse_config(json.dumps(raw).encode())), "reg.test/odd:1")
    give(made, remote(server), "reg.test/odd:1")
    said = str(fails(remote(server), "reg.test/odd:1"))
    assert said == 'image operating system "li\\nnux\\x1b" cannot be used on this platform'


class TestOnTheCommandLine:
    def test_pull_and_push(self, server: FaultyRegistry) -> None:
        lab = Lab()
        name = f"{server.address}/team/app"
        lines = lab.docker(f"pull {name}:1").text.splitlines()
        assert lines[0] == "1: Pulling from team/app"
        assert lines[-2:] == [f"Status: Downloaded newer image for {name}:1", f"{name}:1"]
        assert lab.image(f"{name}:1").id == IMAGE.id
        assert lab.docker(f"push -q {name}:1").text == f"{name}:1\n"
        pushed = lab.docker(f"push {name}:1").text.splitlines()
        assert pushed[0] == f"The push refers to repository [{name}]"
        assert re.fullmatch(r"1: digest: sha256:[0-9a-f]{64} size: \d+", pushed[-1])
        by_digest = f"{name}@{pushed[-1].split()[2]}"
        lines = lab.docker(f"pull {by_digest}").text.splitlines()
        assert lines[0] == f"{by_digest}: Pulling from team/app"
        assert lab.docker(f"pull -a {name}").text.splitlines()[-2:] == [
            f"Status: Image is up to date for {name}",
            name,
        ]

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ("pull HOST/team/app:0", "Error response from daemon: manifest for HOST/team/app:0 not found: "
             "manifest unknown: manifest unknown"),
            ("pull -a HOST/none", "Error response from daemon: repository HOST/none not found: name unknown: "
             "repository name not known to registry"),
            ("pull -a HOST/team/app:1", "tag can't be used with --all-tags/-a"),
            ("push -a HOST/team/app:1", "tag can't be used with --all-tags/-a"),
            (f"push HOST/a@sha256:{64 * '0'}", "cannot push a digest reference"),
            ("push HOST/none:1", "An image does not exist locally with the tag: HOST/none"),
        ],
    )  # fmt: skip
    def test_errors(self, server: FaultyRegistry, line: str, words: str) -> None:
        result = Lab().docker(line.replace("HOST", server.address))
        assert (result.stderr, result.exit_code) == (words.replace("HOST", server.address) + "\n", 1)

    def test_a_hub_of_ones_own(self, server: FaultyRegistry) -> None:
        engine = Engine()
        add(engine, IMAGE, "reg.test/library/mine:latest")
        give(engine, remote(server), "reg.test/library/mine:latest")
        lab = Lab(hub=server.address)
        assert lab.docker("pull mine").text.splitlines()[-1] == "docker.io/library/mine:latest"
        assert lab.image("mine").id == IMAGE.id
        assert "not found: manifest unknown" in lab.docker("pull nginx").stderr

    def test_a_hub_of_ones_own_in_the_terminal(
        self, server: FaultyRegistry, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        (tmp_path / "lines").write_text("docker pull -q team/app:1\ndocker images -q --no-trunc\n")
        assert main(["shell", "--hub", server.address, str(tmp_path / "lines")]) == 0
        assert capsys.readouterr().out.splitlines()[1::2] == ["docker.io/team/app:1", IMAGE.id]

    def test_without_a_network(self, server: FaultyRegistry) -> None:
        result = Lab(online=False).docker(f"pull {server.address}/team/app:1")
        assert "no such host" in result.stderr
        assert server.log == []

    def test_the_built_in_hub_needs_no_http(self) -> None:

        code = "import sys, labkit; labkit.Lab().pull('nginx'); print('httpx' in sys.modules)"
        assert (
            subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
        )


def test_loopback_alone_is_plain() -> None:
    plain = ("localhost", "localhost:5000", "127.0.0.1:1")
    other = ("reg.test", "10.0.0.1:5000", "127.0.0.1.test")
    assert [base_url(host) for host in plain] == [f"http://{host}" for host in plain]
    assert [base_url(host) for host in other] == [f"https://{host}" for host in other]
