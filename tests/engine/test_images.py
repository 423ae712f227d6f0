"""Images in the cache: found, named, listed, deleted.

The deletions are those of a transcript of a real engine 20.10.24: the same commands, the same lines.
"""

from __future__ import annotations

import pytest

from labkit.base.errors import Conflict, DaemonError, NotFound
from labkit.engine import container as containers
from labkit.engine import images, process
from labkit.engine.engine import Engine
from labkit.engine.images import Removed
from labkit.go.moment import SECOND
from labkit.oci.digest import short
from labkit.oci.image import Image
from labkit.oci.reference import parse_reference
from tests.engine.engines import add, busybox_engine, image, layer, names_of, sh, sleeper

BASE = layer(a="base")
TOP = layer(b="top")
DIGEST = "sha256:" + 64 * "d"


@pytest.fixture
def engine() -> Engine:
    return Engine()


def rmi(engine: Engine, name: str, *, force: bool = False, prune: bool = True) -> list[str]:
    removed = images.remove_image(engine, name, force=force, prune=prune)
    return [f"{each.kind}: {each.name}" for each in removed]


def deleted(made: Image, *, layers: int | None = None) -> list[str]:
    """Give the lines of a deleted image and of its top layers, all of them unless told how many."""
    chains = list(reversed(made.chain_ids))
    return [f"Deleted: {each}" for each in [made.id, *chains[:layers]]]


def create(engine: Engine, name: str, image_name: str) -> None:
    containers.create(engine, image_name, ["true"], name=name)


class TestFinding:
    @pytest.fixture
    def engine(self) -> Engine:
        engine = Engine()
        self.one = add(engine, image(BASE, comment="1"), "one", "registry.test:5000/one:2", "sha256x")
        self.two = add(engine, image(BASE, comment="2"))
        images.set_digest(engine, self.two.id, parse_reference(f"two@{DIGEST}"))
        return engine

    def test_by_name(self, engine: Engine) -> None:
        for name in (
            "one",
            "one:latest",
            "library/one",
            "docker.io/one:latest",
            "index.docker.io/library/one",
            "registry.test:5000/one:2",
        ):
            assert images.find_image(engine, name) == self.one
        assert images.find_image(engine, f"two@{DIGEST}") == self.two
        assert images.find_image(engine, f"two:any@{DIGEST}") == self.two

    def test_by_id(self, engine: Engine) -> None:
        digits = self.one.id[7:]
        for name in (self.one.id, digits, digits[:12], digits[:4], self.one.id[:12]):
            assert images.find_image(engine, name) == self.one

    @pytest.mark.parametrize(
        ("name", "told"),
        [
            ("nope", "nope:latest"),
            ("one:2", "one:2"),
            ("registry.test:5000/one", "registry.test:5000/one:latest"),
            (f"one@{DIGEST}", f"one@{DIGEST}"),
            (64 * "0", "sha256:" + 64 * "0"),
            ("sha256:" + 64 * "0", "sha256:" + 64 * "0"),
            ("sha256:zz", "sha256:zz"),
            ("deadbeefdead", "deadbeefdead:latest"),
        ],
    )
    def test_nothing_of_that_name(self, engine: Engine, name: str, told: str) -> None:
        assert images.lookup_image(engine, name) is None
        with pytest.raises(NotFound) as caught:
            images.find_image(engine, name)
        assert str(caught.value) == f"No such image: {told}"

    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("Nope", "invalid reference format: repository name must be lowercase"),
            ("a:b:c", "invalid reference format"),
            ("", "invalid reference format"),
            ("one:", "invalid reference format"),
        ],
    )
    def test_no_name_at_all(self, engine: Engine, name: str, words: str) -> None:
        with pytest.raises(DaemonError) as caught:
            images.find_image(engine, name)
        assert str(caught.value) == words

    def test_a_beginning_that_two_images_have(self, engine: Engine) -> None:
        made = [image(BASE, comment=str(number)) for number in range(40)]
        for each in made:
            images.add_image(engine, each)
        for digit in "0123456789abcdef":
            found = [each for each in engine.state.images.values() if each.id[7:].startswith(digit)]
            if len(found) > 1:
                assert images.lookup_image(engine, digit) is None
                assert images.lookup_image(engine, found[0].id[7:27]) == found[0]
                return
        pytest.fail("no two of the images begin with the same digit")

    def test_a_name_goes_before_the_beginning_of_an_id(self, engine: Engine) -> None:
        name = self.one.id[7:11]
        images.tag(engine, self.two.id, name)
        assert images.find_image(engine, name) == self.two


class TestTags:
    def test_a_tag_that_moves_leaves_the_old_image_without_it(self, engine: Engine) -> None:
        old = add(engine, image(BASE, comment="old"), "app", "app:1")
        new = add(engine, image(BASE, comment="new"), "app")
        assert (names_of(engine, old.id), names_of(engine, new.id)) == (["app:1"], ["app:latest"])

    def test_names_are_listed_in_order_tags_before_digests(self, engine: Engine) -> None:
        made = add(engine, image(BASE), "b:2", "a:1", "b:1", "reg.test/a:1")
        images.set_digest(engine, made.id, parse_reference(f"b@{DIGEST}"))
        assert names_of(engine, made.id) == ["a:1", "b:1", "b:2", f"b@{DIGEST}", "reg.test/a:1"]

    def test_only_some_tags_have_a_date(self, engine: Engine) -> None:
        made = add(engine, image(BASE))
        images.set_tag(engine, made.id, parse_reference("app:1"), dated=False)
        assert made.id not in engine.state.tagged
        images.tag(engine, "app:1", "app:2")
        assert engine.state.tagged[made.id] == engine.now

    @pytest.mark.parametrize("target", [f"app@{DIGEST}", "sha256:1"])
    def test_a_target_that_is_no_tag(self, engine: Engine, target: str) -> None:
        add(engine, image(BASE), "app")
        before = engine.state
        with pytest.raises(DaemonError, match="refusing to create"):
            images.tag(engine, "app", target)
        assert engine.state is before


class TestListing:
    def test_newest_first_by_time_not_by_text(self, engine: Engine) -> None:
        times = ["2019-04-26T12:00:00Z", "2019-04-26T12:00:00.5Z", "2019-04-26T13:00:00+02:00"]
        made = [add(engine, image(BASE, created=time), f"at:{place}") for place, time in enumerate(times)]
        assert images.listed_images(engine) == [made[1], made[0], made[2]]

    def test_an_image_without_a_name_is_hidden_once_there_is_another_on_it(self, engine: Engine) -> None:
        parent = add(engine, image(BASE))
        assert images.listed_images(engine) == [parent]
        child = add(engine, parent.append(TOP, created=NOON_AND_A_BIT), "kid", parent=parent.id)
        assert images.listed_images(engine) == [child]
        assert images.listed_images(engine, everything=True) == [child, parent]
        images.tag(engine, parent.id, "named")
        assert images.listed_images(engine) == [child, parent]


NOON_AND_A_BIT = "2019-04-26T12:00:01Z"


class TestDeletingByName:
    def test_the_last_name_deletes_the_image_and_its_layers_top_first(self, engine: Engine) -> None:
        made = add(engine, image(BASE, TOP), "app", "app:1")
        assert rmi(engine, "app") == ["Untagged: app:latest"]
        assert rmi(engine, "app:1") == ["Untagged: app:1", *deleted(made)]
        assert [f"Deleted: {each}" for each in (made.chain_ids[1], made.chain_ids[0])] == deleted(made)[1:]
        state = engine.state
        for left in (state.images, state.layers, state.tags, state.digests, state.tagged, state.parents):
            assert len(left) == 0

    def test_shared_layers_stay(self, engine: Engine) -> None:
        one = add(engine, image(BASE, TOP, comment="1"), "one")
        two = add(engine, image(BASE, layer(c="other"), comment="2"), "two")
        assert rmi(engine, "one") == ["Untagged: one:latest", *deleted(one, layers=1)]
        assert rmi(engine, "two") == ["Untagged: two:latest", *deleted(two)]
        again = add(engine, image(BASE, comment="3"), "a")
        add(engine, image(BASE, comment="4"), "b")
        assert rmi(engine, "a") == ["Untagged: a:latest", f"Deleted: {again.id}"]

    def test_the_last_tag_of_a_repository_takes_its_digests_along(self, engine: Engine) -> None:
        made = add(engine, image(BASE), "app:1", "app:2", "other:1")
        images.set_digest(engine, made.id, parse_reference(f"app@{DIGEST}"))
        images.set_digest(engine, made.id, parse_reference(f"other@{DIGEST}"))
        assert rmi(engine, "app:1") == ["Untagged: app:1"]
        assert rmi(engine, "app:2") == ["Untagged: app:2", f"Untagged: app@{DIGEST}"]
        assert names_of(engine, made.id) == ["other:1", f"other@{DIGEST}"]
        assert rmi(engine, "other:1") == ["Untagged: other:1", f"Untagged: other@{DIGEST}", *deleted(made)]

    def test_a_digest_alone(self, engine: Engine) -> None:
        made = add(engine, image(BASE), "app:1")
        images.set_digest(engine, made.id, parse_reference(f"app@{DIGEST}"))
        assert rmi(engine, f"app@{DIGEST}") == [f"Untagged: app@{DIGEST}"]
        assert names_of(engine, made.id) == ["app:1"]
        images.set_digest(engine, made.id, parse_reference(f"app@{DIGEST}"))
        rmi(engine, "app:1")
        assert made.id not in engine.state.images

    def test_a_name_with_tag_and_digest_is_the_digest(self, engine: Engine) -> None:
        made = add(engine, image(BASE), "app:1")
        images.set_digest(engine, made.id, parse_reference(f"app@{DIGEST}"))
        assert rmi(engine, f"app:1@{DIGEST}") == [f"Untagged: app:1@{DIGEST}"]
        assert names_of(engine, made.id) == ["app:1"]

    def test_a_container_holds_the_last_name_only(self, engine: Engine) -> None:
        made = add(engine, image(BASE), "aa:1", "aa:2", "bb:1")
        create(engine, "c1", "aa:1")
        user = containers.find_container(engine, "c1")
        assert rmi(engine, "aa:2") == ["Untagged: aa:2"]
        assert rmi(engine, "aa:1") == ["Untagged: aa:1"]
        with pytest.raises(Conflict) as caught:
            rmi(engine, "bb:1")
        assert str(caught.value) == (
            'conflict: unable to remove repository reference "bb:1" (must force) - container '
            f"{short(user.id)} is using its referenced image {short(made.id)}"
        )
        assert names_of(engine, made.id) == ["bb:1"]

    def test_the_oldest_container_is_named(self, engine: Engine) -> None:
        add(engine, image(BASE), "app")
        for number in range(20):
            create(engine, f"box{number}", "app")
        first = containers.find_container(engine, "box0")
        with pytest.raises(Conflict, match=f"container {short(first.id)} is using"):
            rmi(engine, "app")

    def test_forced_under_a_stopped_container_the_layers_stay_until_it_goes(self, engine: Engine) -> None:
        made = add(engine, image(BASE, TOP), "app")
        create(engine, "c1", "app")
        assert rmi(engine, "app", force=True) == ["Untagged: app:latest", f"Deleted: {made.id}"]
        assert {*made.chain_ids} == {*engine.state.layers}
        containers.remove(engine, "c1")
        assert len(engine.state.layers) == 0

    def test_two_containers_on_a_deleted_image(self, engine: Engine) -> None:
        made = add(engine, image(BASE), "app")
        create(engine, "c1", "app")
        create(engine, "c2", "app")
        rmi(engine, "app", force=True)
        containers.remove(engine, "c1")
        assert {*made.chain_ids} == {*engine.state.layers}
        containers.remove(engine, "c2")
        assert len(engine.state.layers) == 0

    def test_layers_of_a_deleted_image_that_another_image_needs(self, engine: Engine) -> None:
        made = add(engine, image(BASE, TOP), "app")
        other = add(engine, image(BASE, comment="other"), "other")
        create(engine, "c1", "app")
        rmi(engine, "app", force=True)
        containers.remove(engine, "c1")
        assert {*engine.state.layers} == {*other.chain_ids}
        assert made.chain_ids[0] == other.chain_ids[0]

    def test_an_image_with_a_child_only_loses_its_name(self, engine: Engine) -> None:
        parent = add(engine, image(BASE), "app")
        add(engine, parent.append(TOP, created=NOON_AND_A_BIT), "kid", parent=parent.id)
        assert rmi(engine, "app") == ["Untagged: app:latest"]
        assert parent.id in engine.state.images


class TestDeletingById:
    def test_all_names_of_one_repository_go(self, engine: Engine) -> None:
        made = add(engine, image(BASE), "app")
        images.set_digest(engine, made.id, parse_reference(f"app@{DIGEST}"))
        lines = ["Untagged: app:latest", f"Untagged: app@{DIGEST}", *deleted(made)]
        assert rmi(engine, made.id[7:13]) == lines

    def test_without_a_name(self, engine: Engine) -> None:
        made = add(engine, image(BASE))
        assert rmi(engine, short(made.id)) == deleted(made)

    @pytest.mark.parametrize("names", [("aa:1", "aa:2"), ("aa:1", "bb:1")])
    def test_with_many_names_it_must_be_forced(self, engine: Engine, names: tuple[str, str]) -> None:
        made = add(engine, image(BASE), *names)
        before = engine.state
        with pytest.raises(Conflict) as caught:
            rmi(engine, made.id)
        assert str(caught.value) == (
            f"conflict: unable to delete {short(made.id)} (must be forced) - image is referenced in multiple "
            "repositories"
        )
        assert engine.state is before
        forced = [*(f"Untagged: {each}" for each in names), *deleted(made)]
        assert rmi(engine, made.id, force=True) == forced

    def test_with_a_child_it_cannot_be_forced(self, engine: Engine) -> None:
        parent = add(engine, image(BASE), "app")
        add(engine, parent.append(TOP, created=NOON_AND_A_BIT), "kid", parent=parent.id)
        before = engine.state
        for force in (False, True):
            with pytest.raises(Conflict) as caught:
                rmi(engine, parent.id, force=force)
            assert str(caught.value) == (
                f"conflict: unable to delete {short(parent.id)} (cannot be forced) - image has dependent "
                "child images"
            )
        assert engine.state is before

    def test_with_a_stopped_container_it_must_be_forced(self, engine: Engine) -> None:
        made = add(engine, image(BASE), "app")
        create(engine, "c1", "app")
        user = containers.find_container(engine, "c1")
        with pytest.raises(Conflict) as caught:
            rmi(engine, made.id)
        assert str(caught.value) == (
            f"conflict: unable to delete {short(made.id)} (must be forced) - image is being used by stopped "
            f"container {short(user.id)}"
        )
        assert rmi(engine, made.id, force=True) == ["Untagged: app:latest", f"Deleted: {made.id}"]

    def test_with_a_running_container_it_cannot_be_forced(self) -> None:
        engine = busybox_engine()
        user = sleeper(engine)
        made = user.image
        for force in (False, True):
            with pytest.raises(Conflict) as caught:
                rmi(engine, made.id, force=force)
            assert str(caught.value) == (
                f"conflict: unable to delete {short(made.id)} (cannot be forced) - image is being used by "
                f"running container {short(user.id)}"
            )
        assert rmi(engine, "busybox", force=True) == ["Untagged: busybox:latest"]
        assert made.id in engine.state.images

    def test_it_is_back_after_a_pull_and_the_layers_belong_to_it_again(self, engine: Engine) -> None:
        made = add(engine, image(BASE), "app")
        create(engine, "c1", "app")
        rmi(engine, "app", force=True)
        add(engine, made, "app")
        containers.remove(engine, "c1")
        assert {*engine.state.layers} == {*made.chain_ids}


class TestPruningParents:
    def family(self, engine: Engine) -> tuple[Image, Image, Image]:
        one = add(engine, image(BASE), "one")
        two = add(engine, one.append(TOP, created=NOON_AND_A_BIT), parent=one.id)
        three = add(engine, two.append(layer(c="3"), created=NOON_AND_A_BIT), "three", parent=two.id)
        return one, two, three

    def test_parents_without_a_name_go_along(self, engine: Engine) -> None:
        one, two, three = self.family(engine)
        lines = ["Untagged: three:latest", *deleted(three, layers=1), *deleted(two, layers=1)]
        assert rmi(engine, "three") == lines
        assert [*engine.state.images] == [one.id]

    def test_up_to_the_first(self, engine: Engine) -> None:
        one, two, three = self.family(engine)
        assert rmi(engine, "one") == ["Untagged: one:latest"]
        lines = [line for each in (three, two, one) for line in deleted(each, layers=1)]
        assert rmi(engine, "three") == ["Untagged: three:latest", *lines]
        assert len(engine.state.layers) == 0

    def test_not_with_no_prune(self, engine: Engine) -> None:
        _, two, three = self.family(engine)
        assert rmi(engine, "three", prune=False) == ["Untagged: three:latest", *deleted(three, layers=1)]
        assert two.id in engine.state.images

    def test_a_parent_that_a_container_uses_stays(self, engine: Engine) -> None:
        one, two, three = self.family(engine)
        create(engine, "c1", two.id)
        rmi(engine, "three")
        assert {*engine.state.images} == {one.id, two.id}
        assert three.id not in engine.state.images


class TestPruning:
    @pytest.fixture
    def engine(self) -> Engine:
        engine = Engine()
        self.used = add(engine, image(BASE, comment="seven"), "aa:1", "aa:2")
        create(engine, "c1", "aa:1")
        self.tagged = add(engine, image(BASE, TOP, comment="eight"), "cc:1")
        self.dangling = add(engine, image(BASE, layer(c="9"), comment="nine"))
        self.by_digest = add(engine, image(BASE, comment="ten"))
        images.set_digest(engine, self.by_digest.id, parse_reference(f"dd@{DIGEST}"))
        return engine

    def test_dangling_images(self, engine: Engine) -> None:
        removed, freed = images.prune_images(engine)
        assert {each.name for each in removed if each.kind == "Deleted"} == {
            self.dangling.id,
            self.dangling.chain_id,
            self.by_digest.id,
        }
        assert Removed("Untagged", f"dd@{DIGEST}") in removed
        assert freed == 1
        assert images.prune_images(engine) == ([], 0)

    def test_all_that_no_container_uses(self, engine: Engine) -> None:
        removed, freed = images.prune_images(engine, everything=True)
        assert [*engine.state.images] == [self.used.id]
        assert Removed("Untagged", "aa:1") in removed
        assert names_of(engine, self.used.id) == ["aa:2"]
        assert freed == 1 + len("top")

    def test_a_parent_stays_while_its_child_has_a_name(self, engine: Engine) -> None:
        parent = add(engine, image(BASE, comment="parent"))
        add(engine, parent.append(TOP, created=NOON_AND_A_BIT), "kid", parent=parent.id)
        images.prune_images(engine)
        assert parent.id in engine.state.images


def test_a_container_on_a_deleted_image_still_works_but_cannot_be_committed() -> None:
    engine = busybox_engine()
    box = sleeper(engine)
    containers.stop(engine, box, timeout=0)
    rmi(engine, "busybox", force=True)
    process.start(engine, containers.find_container(engine, "box"), detached=True)
    assert sh(engine, "box", "echo hi > /x; cat /x") == "hi\n"
    before = engine.state
    with pytest.raises(DaemonError) as caught:
        containers.commit(engine, containers.find_container(engine, "box"), "back")
    assert str(caught.value) == (
        f"failed to get digest {box.image_id}: open /var/lib/docker/image/overlay2/imagedb/content/sha256/"
        f"{box.image_id[7:]}: no such file or directory"
    )
    assert engine.state is before


def test_many_images_are_found_fast(engine: Engine) -> None:
    made = add(engine, image(BASE), "app")
    for number in range(300):
        add(engine, image(BASE, comment=str(number)), f"app:{number}")
    engine.advance(SECOND)
    assert images.find_image(engine, "app") == made
