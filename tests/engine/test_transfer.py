"""Pulling and pushing: which layers move, what is kept, and what is said of damage.

The errors are those that a real dockerd 20.10.24 printed when a registry of ours gave it the same damage.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from labkit.base.errors import DaemonError, LabkitError, RecordedImage
from labkit.engine import images
from labkit.engine.engine import Engine
from labkit.engine.pull import Pulled, pull
from labkit.engine.push import Pushed, push
from labkit.engine.schedule import Network, PullEvent
from labkit.oci.config import make_config
from labkit.oci.content import Content
from labkit.oci.descriptor import DOCKER_CONFIG, DOCKER_LAYER, DOCKER_MANIFEST, Descriptor, Platform
from labkit.oci.digest import sha256, short
from labkit.oci.gzip import store_gzip
from labkit.oci.image import Image, validate
from labkit.oci.manifest import Manifest, make_index, make_manifest
from labkit.oci.reference import parse_reference
from labkit.store.api import Request, Response, as_text, refusal
from labkit.store.client import Client
from labkit.store.hub import docker_hub
from labkit.store.registry import Registry, StoredContent
from tests.engine.engines import AMD64, add, drain, image, layer, names_of

FAST = Network(bandwidth=1e9, latency=0, extraction=1e9)
NGINX = "27833a3ba0a5 ea005e36e544 d172c7f0578d".split()
MYSQL = (
    "27833a3ba0a5 864c283b3c4b cea281b2278b 8f856c14f5af 9c4f38c23b6f 1b810e1751b3 "
    "5479aaef3d30 9667974ee097 4ebb5e7ad6ac 021bd5074e22 cce70737c123 544ff12e028f"
).split()
A, B, C = layer(a="a" * 40), layer(b="b" * 50), layer(c="c" * 60)


def get(
    engine: Engine, name: str, source: Registry | Client | None = None, platform: Platform = AMD64
) -> tuple[list[PullEvent], Pulled]:
    client = source if isinstance(source, Client) else Client((source or docker_hub()).handle)
    reference = parse_reference(name).with_default_tag()
    return drain(pull(engine, client, reference, FAST, platform))


def give(engine: Engine, name: str, registry: Registry) -> tuple[list[PullEvent], Pushed]:
    reference = parse_reference(name).with_default_tag()
    return drain(push(engine, Client(registry.handle), reference, FAST))


def told(events: Sequence[PullEvent], state: str) -> list[str]:
    return [event.layer for event in events if event.state == state]


def rmi(engine: Engine, name: str) -> None:
    images.remove_image(engine, name)


@pytest.fixture
def engine() -> Engine:
    return Engine()


class TestWhatTheSlidesShow:
    def test_nginx(self, engine: Engine) -> None:
        events, pulled = get(engine, "nginx")
        assert told(events, "Pulling fs layer") == told(events, "Pull complete") == NGINX
        assert [event.state for event in events[:3]] == 3 * ["Pulling fs layer"]
        assert sorted(told(events, "Download complete")) == sorted(NGINX)
        assert told(events, "Waiting") == told(events, "Already exists") == []
        assert pulled.digest == "sha256:e71b1bf4281f25533cf15e6e5f9be4dac74d2328152edf7ecde23abc54e16c1c"
        assert (short(pulled.image.id), pulled.up_to_date, pulled.image.recorded) == (
            "27a188018e18",
            False,
            True,
        )
        assert names_of(engine, pulled.image.id) == ["nginx:latest", f"nginx@{pulled.digest}"]

    def test_mysql_after_nginx(self, engine: Engine) -> None:
        get(engine, "nginx")
        events, _ = get(engine, "mysql")
        assert told(events, "Already exists") == MYSQL[:1]
        assert told(events, "Pulling fs layer") == told(events, "Pull complete") == MYSQL[1:]
        assert told(events, "Waiting") == MYSQL[4:]

    def test_mysql_alone(self, engine: Engine) -> None:
        events, _ = get(engine, "mysql")
        assert told(events, "Already exists") == []
        assert told(events, "Pulling fs layer") == told(events, "Pull complete") == MYSQL

    def test_mysql_after_the_one_before(self, engine: Engine) -> None:
        get(engine, "mysql:8.0.15")
        events, _ = get(engine, "mysql:8.0.16")
        assert told(events, "Already exists") == MYSQL[:7]
        assert told(events, "Pull complete") == MYSQL[7:]
        assert [event.state for event in events[:12]] == 7 * ["Already exists"] + 5 * ["Pulling fs layer"]

    @pytest.mark.parametrize("name", ["nginx", "mysql", "mysql:8.0.15", "ubuntu:15.04", "busybox", "python"])
    def test_what_is_pulled_holds_together(self, engine: Engine, name: str) -> None:
        _, pulled = get(engine, name)
        validate(pulled.image)
        assert {*engine.state.layers} == {*pulled.image.chain_ids}
        assert engine.state.images[pulled.image.id] is pulled.image


class TestNamesAndDigests:
    def test_up_to_date(self, engine: Engine) -> None:
        _, first = get(engine, "nginx")
        events, second = get(engine, "nginx")
        assert (events, second) == ([], replace(first, up_to_date=True))

    def test_another_tag_of_the_same_image(self, engine: Engine) -> None:
        get(engine, "nginx")
        events, pulled = get(engine, "nginx:1.15")
        assert (events, pulled.up_to_date) == ([], False)
        assert [each for each in names_of(engine, pulled.image.id) if "@" not in each] == [
            "nginx:1.15",
            "nginx:latest",
        ]

    def test_a_tag_that_moved_here_is_no_longer_up_to_date(self, engine: Engine) -> None:
        get(engine, "nginx")
        busybox = get(engine, "busybox")[1].image
        images.tag(engine, busybox.id, "nginx")
        events, pulled = get(engine, "nginx")
        assert (events, pulled.up_to_date, short(pulled.image.id)) == ([], False, "27a188018e18")

    def test_a_tag_known_from_elsewhere_is_up_to_date_and_gets_its_digest(self, engine: Engine) -> None:
        image_ = get(engine, "busybox")[1].image
        rmi(engine, "busybox")
        add(engine, image_, "busybox")
        events, pulled = get(engine, "busybox")
        assert (events, pulled.up_to_date) == ([], True)
        assert names_of(engine, image_.id) == ["busybox:latest", f"busybox@{pulled.digest}"]

    def test_by_digest_there_is_no_tag(self, engine: Engine) -> None:
        digest = "sha256:e71b1bf4281f25533cf15e6e5f9be4dac74d2328152edf7ecde23abc54e16c1c"
        for name in (f"nginx@{digest}", f"nginx:1.15@{digest}"):
            _, pulled = get(engine, name)
            assert (pulled.digest, names_of(engine, pulled.image.id)) == (digest, [f"nginx@{digest}"])
        assert pulled.up_to_date

    def test_by_the_digest_of_the_platforms_manifest(self, engine: Engine) -> None:
        digest = "sha256:c10f4146f30fda9f40946bc114afeb1f4e867877c49283207a08ddbcf1778790"
        _, pulled = get(engine, f"nginx@{digest}")
        assert (short(pulled.image.id), pulled.digest) == ("27a188018e18", digest)

    def test_a_pull_does_not_date_the_tag(self, engine: Engine) -> None:
        _, pulled = get(engine, "nginx")
        assert pulled.image.id not in engine.state.tagged


class TestWhatExists:
    @pytest.fixture
    def registry(self) -> Registry:
        """A registry with images of the layers A, B and C in several orders."""
        registry, builder = Registry(), Engine()
        for name, layers in {"ab": (A, B), "abc": (A, B, C), "cb": (C, B), "aab": (A, A, B)}.items():
            add(builder, image(*layers, comment=name), f"reg.test/{name}")
            give(builder, f"reg.test/{name}", registry)
        return registry

    def digests(self, *layers: Any) -> list[str]:
        return [short(sha256(store_gzip(each.tar).chunks())) for each in layers]

    def test_the_layers_below_are_there(self, engine: Engine, registry: Registry) -> None:
        get(engine, "reg.test/ab", registry)
        events, _ = get(engine, "reg.test/abc", registry)
        assert told(events, "Already exists") == self.digests(A, B)
        assert told(events, "Pulling fs layer") == self.digests(C)

    def test_the_same_blob_on_another_base_is_downloaded_again(
        self, engine: Engine, registry: Registry
    ) -> None:
        get(engine, "reg.test/ab", registry)
        events, _ = get(engine, "reg.test/cb", registry)
        assert told(events, "Already exists") == []
        assert sorted(told(events, "Download complete")) == sorted(self.digests(C, B))

    def test_one_blob_twice_in_an_image_comes_once(self, engine: Engine, registry: Registry) -> None:
        events, pulled = get(engine, "reg.test/aab", registry)
        assert told(events, "Pulling fs layer") == told(events, "Pull complete") == self.digests(A, B)
        assert [each.diff_id for each in pulled.image.layers] == [A.diff_id, A.diff_id, B.diff_id]
        assert pulled.image.id == image(A, A, B, comment="aab").id

    def test_one_blob_twice_of_which_the_first_is_there(self, engine: Engine, registry: Registry) -> None:
        get(engine, "reg.test/ab", registry)
        events, _ = get(engine, "reg.test/aab", registry)
        assert told(events, "Already exists") == self.digests(A)
        assert told(events, "Pull complete") == self.digests(A, B)

    def test_after_rmi_the_blobs_are_known_but_the_layers_are_gone(
        self, engine: Engine, registry: Registry
    ) -> None:
        get(engine, "reg.test/ab", registry)
        rmi(engine, "reg.test/ab")
        assert (len(engine.state.layers), len(engine.state.diff_ids)) == (0, 2)
        events, _ = get(engine, "reg.test/ab", registry)
        assert told(events, "Already exists") == []
        assert told(events, "Pull complete") == self.digests(A, B)

    def test_what_was_built_here_and_never_moved_is_not_known_by_its_blob(
        self, engine: Engine, registry: Registry
    ) -> None:
        add(engine, image(A, comment="mine"), "mine")
        events, _ = get(engine, "reg.test/ab", registry)
        assert told(events, "Already exists") == []

    def test_what_was_pushed_is_known(self, engine: Engine, registry: Registry) -> None:
        add(engine, image(A, comment="mine"), "reg.test/mine")
        give(engine, "reg.test/mine", registry)
        events, _ = get(engine, "reg.test/ab", registry)
        assert told(events, "Already exists") == self.digests(A)


class TestWhereALayerWas:
    """What a push makes of what was pulled; the engine's own answers are in tests/cli/typed/push.txt."""

    @pytest.fixture
    def registry(self) -> Registry:
        """A registry with two repositories, whose blobs were compressed as labkit does not."""
        registry, builder = Registry(), Engine()
        made = add(builder, image(A, B), "reg.test/team/app")
        blobs = {
            sha256(raw): raw
            for raw in (gzip.compress(each.tar.read(), mtime=0) for each in (A, B) if each.tar)
        }
        layers = [Descriptor(DOCKER_LAYER, digest, len(raw)) for digest, raw in blobs.items()]
        manifest = make_manifest(Descriptor(DOCKER_CONFIG, made.id, len(made.config.raw)), layers)
        blobs[made.id] = made.config.raw
        stored = {digest: StoredContent(Content.of(raw)) for digest, raw in blobs.items()}
        kind = StoredContent(Content.of(manifest.raw), manifest.media_type)
        for name in ("team/app", "far/app"):
            registry.add(name, ["latest"], {manifest.digest: kind}, stored)
        return registry

    def states(self, events: Sequence[PullEvent]) -> set[str]:
        return {event.state for event in events} - {"Preparing", "Pushing"}

    def test_pushed_where_it_came_from_it_is_the_same_manifest(
        self, engine: Engine, registry: Registry
    ) -> None:
        _, pulled = get(engine, "reg.test/team/app", registry)
        events, pushed = give(engine, "reg.test/team/app", registry)
        assert self.states(events) == {"Layer already exists"}
        assert pushed.digest == pulled.digest

    def test_elsewhere_in_the_registry_too(self, engine: Engine, registry: Registry) -> None:
        _, pulled = get(engine, "reg.test/far/app", registry)
        get(engine, "reg.test/team/app", registry)
        images.tag(engine, pulled.image.id, "reg.test/team/new")
        rmi(engine, "reg.test/far/app")
        events, pushed = give(engine, "reg.test/team/new", registry)
        assert self.states(events) == {"Mounted from far/app"}  # an image that was here is not pulled again
        assert pushed.digest == pulled.digest

    def test_after_rmi_and_load_too(self, engine: Engine, registry: Registry) -> None:
        _, pulled = get(engine, "reg.test/team/app", registry)
        rmi(engine, "reg.test/team/app")
        add(engine, image(A, B), "reg.test/other/app")
        events, pushed = give(engine, "reg.test/other/app", registry)
        assert (self.states(events), pushed.digest) == ({"Mounted from team/app"}, pulled.digest)

    def test_in_another_registry_it_is_compressed_anew(self, engine: Engine, registry: Registry) -> None:
        _, pulled = get(engine, "reg.test/team/app", registry)
        images.tag(engine, pulled.image.id, "elsewhere.test/app")
        events, pushed = give(engine, "elsewhere.test/app", Registry())
        assert self.states(events) == {"Pushed"}
        assert pushed.digest != pulled.digest

    def test_what_is_gone_there_is_forgotten(self, engine: Engine, registry: Registry) -> None:
        get(engine, "reg.test/team/app", registry)
        events, _ = give(engine, "reg.test/team/app", Registry())
        assert self.states(events) == {"Pushed"}
        assert {each.pushed for each in engine.state.sources[A.diff_id]} == {True}

    def test_a_layer_twice_is_uploaded_once(self, engine: Engine) -> None:
        add(engine, image(A, A), "reg.test/twice")
        events, _ = give(engine, "reg.test/twice", Registry())
        assert [event.state for event in events][2:] == ["Pushing", "Pushed", "Layer already exists"]

    def test_a_push_that_fails_teaches_nothing(self, engine: Engine, registry: Registry) -> None:
        get(engine, "reg.test/team/app", registry)
        before = engine.state

        def closed(request: Request) -> Response:
            return as_text("no", 403) if request.method == "PUT" else registry.handle(request)

        with pytest.raises(LabkitError):
            drain(push(engine, Client(closed), parse_reference("reg.test/team/app:latest"), FAST))
        assert engine.state is before


class TestUnknownNames:
    @pytest.mark.parametrize(
        ("name", "words"),
        [
            (
                "nope",
                "pull access denied for nope, repository does not exist or may require 'docker login': "
                "denied: requested access to the resource is denied",
            ),
            ("nginx:0", "manifest for nginx:0 not found: manifest unknown: manifest unknown"),
            (
                f"nginx@sha256:{64 * '0'}",
                f"manifest for nginx@sha256:{64 * '0'} not found: manifest unknown: manifest unknown",
            ),
        ],
    )
    def test_on_the_hub(self, engine: Engine, name: str, words: str) -> None:
        before = engine.state
        with pytest.raises(DaemonError) as caught:
            get(engine, name)
        assert str(caught.value) == words
        assert engine.state is before

    def test_in_a_registry_that_is_open(self, engine: Engine) -> None:
        with pytest.raises(DaemonError) as caught:
            get(engine, "reg.test/nope", Registry())
        assert (
            str(caught.value)
            == "manifest for reg.test/nope:latest not found: manifest unknown: manifest unknown"
        )

    @pytest.mark.parametrize(
        ("response", "words"),
        [
            (
                refusal("NAME_UNKNOWN", {"name": "x"}).response,
                "repository reg.test/x not found: name unknown: repository name not known to registry",
            ),
            (refusal("UNAUTHORIZED").response, "unauthorized"),
            (refusal("UNAUTHORIZED", []).response, "unauthorized: authentication required"),
            (
                as_text("404 page not found", 404),
                "error parsing HTTP 404 response body: invalid character 'p' after top-level value: "
                '"404 page not found\\n"',
            ),
            (Response(500), "received unexpected HTTP status: 500 Internal Server Error"),
            (
                Response(200, {"content-type": DOCKER_MANIFEST}, Content.of(b"nope")),
                "invalid character 'o' in literal null (expecting 'u')",
            ),
        ],
    )
    def test_what_a_registry_may_answer(self, engine: Engine, response: Response, words: str) -> None:
        before = engine.state
        with pytest.raises(DaemonError) as caught:
            get(engine, "reg.test/x", Client(lambda _: response))
        assert str(caught.value) == words
        assert engine.state is before


CONFIG = image(A, B).config.raw
BLOBS = [store_gzip(each.tar).read() for each in (A, B) if each.tar]


def descriptor(data: bytes, kind: str = DOCKER_LAYER) -> Descriptor:
    return Descriptor(kind, sha256(data), len(data))


def registry_with(
    blobs: Sequence[bytes] = BLOBS, config: bytes = CONFIG
) -> tuple[Manifest, dict[str, Response]]:
    """Give a manifest and what a registry answers for each of its digests and for the tag `1`."""
    manifest = make_manifest(descriptor(config, DOCKER_CONFIG), [descriptor(each) for each in blobs])
    answers = {sha256(each): Response(200, {}, Content.of(each)) for each in (config, *blobs)}
    answers |= dict.fromkeys(
        (manifest.digest, "1"), Response(200, {"content-type": DOCKER_MANIFEST}, Content.of(manifest.raw))
    )
    return manifest, answers


def client_of(answers: dict[str, Response]) -> Client:
    def send(request: Request) -> Response:
        return answers.get(request.path.rpartition("/")[2]) or refusal("BLOB_UNKNOWN", "").response

    return Client(send)


Damage = Callable[[Manifest, dict[str, Response]], None]


def body(change: Callable[[bytes], bytes], place: int | None) -> Damage:
    """Change the bytes that are served for a layer, or for the config."""

    def damage(manifest: Manifest, answers: dict[str, Response]) -> None:
        digest = manifest.config.digest if place is None else manifest.layers[place].digest
        answers[digest] = Response(200, {}, Content.of(change(answers[digest].body.read())))

    return damage


def missing(place: int | None) -> Damage:
    def damage(manifest: Manifest, answers: dict[str, Response]) -> None:
        del answers[manifest.config.digest if place is None else manifest.layers[place].digest]

    return damage


def flipped(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


CONFIG_WORDS = (
    f"error pulling image configuration: image config verification failed for digest {sha256(CONFIG)}"
)
LAYER_WORDS = f"filesystem layer verification failed for digest {sha256(BLOBS[1])}"
MISMATCH = "layers from manifest don't match image configuration"


class TestDamage:
    def refused(self, engine: Engine, client: Client, platform: Platform = AMD64) -> str:
        """Give the error of a pull that must leave everything as it was."""
        get(engine, "busybox")
        before = engine.state
        with pytest.raises(LabkitError) as caught:
            get(engine, "reg.test/x:1", client, platform)
        assert engine.state is before
        assert not isinstance(caught.value, DaemonError)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    @pytest.mark.parametrize(
        ("damage", "words"),
        [
            (body(flipped, 1), LAYER_WORDS),
            (body(lambda data: data[:-3], 1), LAYER_WORDS),
            (body(lambda data: data + b"x", 1), LAYER_WORDS),
            (body(lambda data: b"", 1), LAYER_WORDS),
            (body(flipped, None), CONFIG_WORDS),
            (body(lambda data: data[:-3], None), CONFIG_WORDS),
            (missing(1), "unknown blob"),
            (
                missing(None),
                "error pulling image configuration: download failed after attempts=1: unknown blob",
            ),
        ],
    )
    def test_bytes(self, engine: Engine, damage: Damage, words: str) -> None:
        manifest, answers = registry_with()
        damage(manifest, answers)
        assert self.refused(engine, client_of(answers)) == words

    @pytest.mark.parametrize(
        ("config", "words"),
        [
            (image(B, A).config.raw, MISMATCH),
            (image(A).config.raw, MISMATCH),
            (image(A, B, C).config.raw, MISMATCH),
            (b'{"architecture":"amd64","os":"linux"}', "invalid rootfs in image configuration"),
            (b"nope", "invalid character 'o' in literal null (expecting 'u')"),
            (
                CONFIG.replace(b'"os":"linux"', b'"os":"windows"'),
                'image operating system "windows" cannot be used on this platform',
            ),
            (
                CONFIG.replace(b'"type":"layers"', b'"type":"other"'),
                'invalid image JSON, unknown rootfs type "other", expected "layers"',
            ),
        ],
    )
    def test_configs(self, engine: Engine, config: bytes, words: str) -> None:
        _, answers = registry_with(config=config)
        assert self.refused(engine, client_of(answers)) == words

    @pytest.mark.parametrize(
        ("blob", "words"),
        [
            (b"this is no tar at all", "exit status 1): unexpected EOF"),
            (BLOBS[1][:-9], "exit status 1): unexpected EOF"),
            (b"x" * 2000, "exit status 1): archive/tar: invalid tar header"),
        ],
    )
    def test_layers_that_are_none(self, engine: Engine, blob: bytes, words: str) -> None:
        _, answers = registry_with([BLOBS[0], blob])
        known = "failed to register layer: Error processing tar file("
        assert self.refused(engine, client_of(answers)) == known + words

    def test_a_listed_manifest_of_other_bytes(self, engine: Engine) -> None:
        manifest, answers = registry_with()
        listed = make_index([replace(Descriptor.of(manifest.raw, manifest.media_type), platform=AMD64)])
        answers["1"] = Response(200, {"content-type": listed.media_type}, Content.of(listed.raw))
        answers[manifest.digest] = Response(
            200, {"content-type": DOCKER_MANIFEST}, Content.of(manifest.raw + b" ")
        )
        words = self.refused(engine, client_of(answers))
        assert words == f"manifest verification failed for digest {manifest.digest}"

    def test_no_image_for_the_platform(self, engine: Engine) -> None:
        manifest, answers = registry_with()
        listed = make_index([replace(Descriptor.of(manifest.raw, manifest.media_type), platform=AMD64)])
        answers["1"] = Response(200, {"content-type": listed.media_type}, Content.of(listed.raw))
        words = self.refused(engine, client_of(answers), Platform("arm64", "linux", "v8"))
        assert words == "no matching manifest for linux/arm64/v8 in the manifest list entries"

    def test_too_many_layers(self, engine: Engine) -> None:
        layers = [layer(**{f"f{number}": ""}) for number in range(126)]
        blobs = [store_gzip(each.tar).read() for each in layers if each.tar]
        config = image(*layers[:125]).config
        raw = make_config(
            created=config.created,
            diff_ids=[each.diff_id for each in layers],
            history=[*config.history, config.history[-1]],
        ).raw
        _, answers = registry_with(blobs, raw)
        assert self.refused(engine, client_of(answers)) == "failed to register layer: max depth exceeded"

    def test_the_undamaged_is_taken(self, engine: Engine) -> None:
        _, answers = registry_with()
        _, pulled = get(engine, "reg.test/x:1", client_of(answers))
        assert pulled.image.id == sha256(CONFIG)

    def test_a_pull_that_is_given_up_half_way_changes_nothing(self, engine: Engine) -> None:
        before = engine.state
        steps = pull(engine, Client(docker_hub().handle), parse_reference("nginx:1"), FAST, AMD64)
        for _ in range(6):
            next(steps)
        steps.close()
        assert engine.state is before

    def test_a_download_that_fails_to_the_end_changes_nothing(self, engine: Engine) -> None:
        before = engine.state
        line = replace(FAST, failures=(("ea005e36e544", 6),))
        reference = parse_reference("nginx:1")
        with pytest.raises(LabkitError, match="unexpected EOF"):
            drain(pull(engine, Client(docker_hub().handle), reference, line, AMD64))
        assert engine.state is before


class TestPushing:
    def test_there_and_back(self, engine: Engine) -> None:
        registry = Registry()
        made = add(engine, image(A, B, comment="mine"), "reg.test/app:1")
        events, pushed = give(engine, "reg.test/app:1", registry)
        names = [short(each.diff_id) for each in made.layers]
        assert told(events, "Preparing") == names[::-1]
        assert told(events, "Pushed") == names
        assert names_of(engine, made.id) == ["reg.test/app:1", f"reg.test/app@{pushed.digest}"]

        other = Engine()
        _, pulled = get(other, "reg.test/app:1", registry)
        assert (pulled.image.id, pulled.digest) == (made.id, pushed.digest)
        assert pulled.image.chain_ids == made.chain_ids
        validate(pulled.image, contents=True)
        events, again = give(other, "reg.test/app:1", registry)
        assert told(events, "Layer already exists") == names
        assert again == pushed

    def test_pushed_back_under_another_tag_it_keeps_its_digest(self, engine: Engine) -> None:
        """The blobs are known from the pull, one of them not compressed; none is compressed anew."""
        assert A.tar
        manifest, answers = registry_with([A.tar.read(), BLOBS[1]])
        registry = Registry()
        blobs = {digest: StoredContent(answer.body) for digest, answer in answers.items() if ":" in digest}
        manifests = {manifest.digest: StoredContent(Content.of(manifest.raw), DOCKER_MANIFEST)}
        registry.add("x", ["1"], manifests, blobs)
        _, pulled = get(engine, "reg.test/x:1", registry)
        images.tag(engine, "reg.test/x:1", "reg.test/x:2")
        events, pushed = give(engine, "reg.test/x:2", registry)
        assert len(told(events, "Layer already exists")) == 2
        assert pushed.digest == pulled.digest == manifest.digest

    def test_a_hub_image_is_pushed_elsewhere(self, engine: Engine) -> None:
        registry = Registry()
        made: Image = get(engine, "python")[1].image
        images.tag(engine, "python", "reg.test/python")
        _, pushed = give(engine, "reg.test/python", registry)
        _, pulled = get(Engine(), "reg.test/python", registry)
        assert (pulled.image.id, pulled.digest) == (made.id, pushed.digest)
        assert registry.names == ["python"]

    def test_a_record_is_not(self, engine: Engine) -> None:
        registry = Registry()
        get(engine, "nginx")
        images.tag(engine, "nginx", "reg.test/nginx")
        before = engine.state
        with pytest.raises(RecordedImage, match=r"reg\.test/nginx:latest is a record of the published image"):
            give(engine, "reg.test/nginx", registry)
        assert engine.state is before
        assert registry.names == []

    def test_what_stands_on_a_record_is_not(self, engine: Engine) -> None:
        nginx = get(engine, "nginx")[1].image
        mine = nginx.append(C, created="2019-04-26T12:00:00Z", created_by="mine")
        add(engine, mine, "reg.test/mine")
        with pytest.raises(RecordedImage):
            give(engine, "reg.test/mine", Registry())

    def test_an_unknown_name(self, engine: Engine) -> None:
        with pytest.raises(LabkitError) as caught:
            give(engine, "reg.test/nope", Registry())
        assert str(caught.value) == "An image does not exist locally with the tag: reg.test/nope"

    def test_to_the_hub_nobody_may(self, engine: Engine) -> None:
        add(engine, image(A), "mine")
        before = engine.state
        with pytest.raises(LabkitError) as caught:
            give(engine, "mine", docker_hub())
        assert str(caught.value) == "denied: requested access to the resource is denied"
        assert not isinstance(caught.value, DaemonError)
        assert engine.state is before
