"""Statements about the state that a learner has reached: what a goal is made of.

A statement looks at a lab's images, layers and containers, never at the words that were typed, so that every
way to the goal counts. It says what it sees, and never how to get further. `&` and `~` put statements
together. Below: what all of them are made of, then those about images, pulls and containers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from labkit.base.errors import LabkitError
from labkit.engine import container as containers
from labkit.engine import images, usage
from labkit.engine import pull as transfer
from labkit.engine.state import Container, State
from labkit.go.units import human_size
from labkit.lab import Lab
from labkit.oci import tree
from labkit.oci.image import Image
from labkit.oci.manifest import Manifest
from labkit.oci.reference import parse_reference
from labkit.oci.tree import Dir, File


@dataclass(frozen=True, slots=True)
class Seen:
    """Whether a statement is met, and what was seen. `defined` is False where its object is not there."""

    met: bool
    text: str
    defined: bool = True


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a statement looks at: the lab, another lab as it was at the start, and the answers given."""

    lab: Lab
    origin: Lab
    answers: Mapping[str, object] = field(default_factory=dict)

    @property
    def untouched(self) -> bool:
        """Tell whether nothing was done: looking, and letting time pass, change nothing."""
        return not self.answers and _still(self.lab.engine.state) == _still(self.origin.engine.state)


def _still(state: State) -> State:
    return replace(state, now=0, created=0)


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence that is true or not of an attempt, and the function that looks.

    >>> empty = Statement("The cache is empty.", lambda seen: Seen(not seen.lab.images, "I looked."))
    >>> attempt = Attempt(Lab(), Lab())
    >>> empty(attempt).met, (~empty)(attempt).met, (empty & ~empty)(attempt).met
    (True, False, False)
    """

    says: str
    look: Callable[[Attempt], Seen]

    def __call__(self, attempt: Attempt) -> Seen:
        return self.look(attempt)

    def __invert__(self) -> Statement:
        def look(attempt: Attempt) -> Seen:
            seen = self(attempt)
            return replace(seen, met=not seen.met)

        return Statement(f"Not so: {self.says}", look)

    def __and__(self, other: Statement) -> Statement:
        def look(attempt: Attempt) -> Seen:
            seen = self(attempt)
            return other(attempt) if seen.met else seen

        return Statement(f"{self.says} {other.says}", look)


ALWAYS = Statement("Always.", lambda attempt: Seen(True, ""))


@dataclass(frozen=True, slots=True)
class Hint:
    """A hint, and what must be true of the attempt for it to help. `key` is the name that tests use."""

    key: str
    text: str
    when: Statement = ALWAYS


# Images


def about_image(name: str, says: str, look: Callable[[Attempt, Image], Seen]) -> Statement:
    """Make a statement about one image; where it is not there, that is what is seen."""

    def find(attempt: Attempt) -> Seen:
        image = _image(attempt.lab, name)
        return look(attempt, image) if image else _no_image(name)

    return Statement(says, find)


def _image(lab: Lab, name: str) -> Image | None:
    return images.lookup_image(lab.engine, name)


def _no_image(name: str) -> Seen:
    return Seen(False, f"There is no image `{name}`.", defined=False)


def image_there(name: str) -> Statement:
    """The image is in the cache.

    >>> image_there("nginx")(Attempt(Lab(), Lab())).text
    'There is no image `nginx`.'
    """
    return about_image(
        name, f"There is an image `{name}`.", lambda _, image: Seen(True, f"`{name}` is there.")
    )


def image_kept(name: str) -> Statement:
    """The name still means the image that it meant at the start."""

    def look(attempt: Attempt, image: Image) -> Seen:
        same = image == _image(attempt.origin, name)
        return Seen(same, f"`{name}` is {'the image that it was' if same else 'another image than before'}.")

    return about_image(name, f"`{name}` is the image that it was at the start.", look)


def stands_on(name: str, base: str) -> Statement:
    """The image's lowest layers are all those of another one, as that was when the exercise began."""

    def look(attempt: Attempt, image: Image) -> Seen:
        below = _image(attempt.lab, base) or _image(attempt.origin, base)
        count = common(image, below) if below else 0
        met = below is not None and count == len(below.layers)
        whole = "all" if met else f"{count}"
        return Seen(met, f"`{name}` has {whole} of the layers of `{base}` below its own.")

    return about_image(name, f"`{name}` stands on all layers of `{base}`.", look)


def common(one: Image, other: Image) -> int:
    """Return how many layers two images share: equal ones from the base up.

    >>> lab = Lab()
    >>> common(lab.pull("nginx"), lab.pull("busybox"))
    0
    """
    pairs = zip(one.chain_ids, other.chain_ids, strict=False)
    return sum(a == b for a, b in pairs)


def shares_layers(one: str, other: str, at_least: int = 1) -> Statement:
    """Two images share layers from the base up."""

    def look(attempt: Attempt, image: Image) -> Seen:
        second = _image(attempt.lab, other)
        if second is None:
            return _no_image(other)
        count = common(image, second)
        return Seen(count >= at_least, f"`{one}` and `{other}` share {_layers(count)}.")

    return about_image(one, f"`{one}` and `{other}` share at least {_layers(at_least)}.", look)


def _layers(count: int) -> str:
    return f"{count} layer" if count == 1 else f"{count} layers"


def layers_above(name: str, base: str, count: int) -> Statement:
    """The image has so many layers more than another one."""

    def look(attempt: Attempt, image: Image) -> Seen:
        below = _image(attempt.lab, base) or _image(attempt.origin, base)
        own = len(image.layers) - (common(image, below) if below else 0)
        return Seen(own == count, f"`{name}` has {_layers(own)} that `{base}` does not have.")

    return about_image(name, f"`{name}` has exactly {_layers(count)} more than `{base}`.", look)


def top_layer_at_most(name: str, size: int) -> Statement:
    """The image's uppermost layer is small."""

    def look(attempt: Attempt, image: Image) -> Seen:
        top = image.layers[-1].size if image.layers else 0
        return Seen(top <= size, f"The top layer of `{name}` has {human_size(top)}.")

    return about_image(name, f"The top layer of `{name}` has at most {human_size(size)}.", look)


def image_at_most(name: str, size: int) -> Statement:
    """The image is small."""

    def look(attempt: Attempt, image: Image) -> Seen:
        return Seen(image.size <= size, f"`{name}` has {human_size(image.size, 4)}.")

    return about_image(name, f"`{name}` has at most {human_size(size, 4)}.", look)


def image_reads(name: str, path: str, text: str) -> Statement:
    """A container of the image would find a text in a file."""

    def look(attempt: Attempt, image: Image) -> Seen:
        return reads(name, attempt.lab.engine.root(image), path, text)

    return about_image(name, f"In `{name}` the file `{path}` says `{text}`.", look)


def image_holds(name: str, path: str, size: int) -> Statement:
    """A container of the image would find a file of that size."""

    def look(attempt: Attempt, image: Image) -> Seen:
        found = _file_size(attempt.lab.engine.root(image), path)
        text = f"has {human_size(found, 4)}" if found is not None else "is not there"
        return Seen(found == size, f"In `{name}` the file `{path}` {text}.")

    return about_image(name, f"In `{name}` there is a file `{path}` of {human_size(size, 4)}.", look)


def image_lacks(name: str, path: str) -> Statement:
    """A container of the image would not find a file."""

    def look(attempt: Attempt, image: Image) -> Seen:
        there = tree.get(attempt.lab.engine.root(image), path) is not None
        return Seen(not there, f"A container of `{name}` {'finds' if there else 'does not find'} `{path}`.")

    return about_image(name, f"A container of `{name}` does not find `{path}`.", look)


def _file_size(root: Dir, path: str) -> int | None:
    node = tree.get(root, path)
    return node.content.size if isinstance(node, File) else None


def text_of(root: Dir, path: str) -> str | None:
    """Return a file's text, its beginning where it is long, or None where there is no file.

    >>> lab = Lab()
    >>> image = lab.build("app", ["FROM scratch", "COPY motd /"], {"motd": "hello"})
    >>> text_of(lab.engine.root(image), "/motd")
    'hello'
    """
    node = tree.get(root, path)
    if not isinstance(node, File):
        return None
    return node.content.read(0, min(node.content.size, 65536)).decode("utf-8", "replace")


def reads(name: str, root: Dir, path: str, text: str) -> Seen:
    """Return whether a file of the image or container of a name says a text, and what is seen of it.

    >>> reads("web", Dir(), "/etc/motd", "hello").text
    'In `web` there is no file `/etc/motd`.'
    """
    found = text_of(root, path)
    if found is None:
        return Seen(False, f"In `{name}` there is no file `{path}`.")
    met = text in found
    return Seen(met, f"In `{name}` the file `{path}` {'says' if met else 'does not say'} `{text}`.")


def config_says(name: str, key: str, says: str, test: Callable[[Any], bool]) -> Statement:
    """A key of the image's config has a value that a test accepts."""

    def look(attempt: Attempt, image: Image) -> Seen:
        value = image.config.config.get(key)
        return Seen(test(value), f"`{name}`: {key} is {_value(value)}.")

    return about_image(name, says, look)


def _value(value: object) -> str:
    if not value:
        return "not set"
    if isinstance(value, Mapping):
        return ", ".join(map(str, value))
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def disk_at_most(size: int) -> Statement:
    """All images and containers together take little disk."""

    def look(attempt: Attempt) -> Seen:
        engine = attempt.lab.engine
        layers, written = usage.layers_size(engine), usage.container_usage(engine).size
        text = f"Images take {human_size(layers, 4)}, containers {human_size(written, 4)}."
        return Seen(layers + written <= size, text)

    return Statement(f"Images and containers together take at most {human_size(size, 4)}.", look)


# Pulls


def downloads(lab: Lab, name: str) -> int:
    """Return how many layers a pull of an image would download now; nothing is pulled.

    >>> downloads(Lab(), "nginx")
    3
    """
    manifest = manifest_of(lab, name)
    if manifest.config.digest in lab.engine.state.images:
        return 0
    there = len(transfer.present(lab.engine, manifest.layers))
    return len({each.digest for each in manifest.layers[there:]})


def manifest_of(lab: Lab, name: str) -> Manifest:
    """Return the manifest that a pull of an image would follow; raises LabkitError."""
    reference = parse_reference(name).with_default_tag()
    client = lab.session.registries.client(reference.domain)
    found = client.find(reference.path, reference.tag)
    return client.manifest(reference.path, found, lab.session.platform)


def pull_downloads(name: str, count: int) -> Statement:
    """A pull of the image, given now, would download so many layers."""

    def look(attempt: Attempt) -> Seen:
        try:
            found = downloads(attempt.lab, name)
        except LabkitError as error:
            return Seen(False, f"`{name}` cannot be pulled: {error}")
        return Seen(found == count, f"A pull of `{name}` would download {_layers(found)} now.")

    return Statement(f"A pull of `{name}` would download exactly {_layers(count)}.", look)


# Containers


def _container(lab: Lab, name: str) -> Container | None:
    try:
        return containers.find_container(lab.engine, name)
    except LabkitError:
        return None


def tree_of(container: Container) -> Dir:
    """Return the tree that a container sees, without what the engine mounts into it.

    >>> lab = Lab()
    >>> result = lab.docker("run --name web busybox sh -c 'echo hello > /motd'")
    >>> text_of(tree_of(containers.find_container(lab.engine, "web")), "/motd")
    'hello\\n'
    """
    return container.active.driver.mount(container.active, lambda: 0).root


def about_container(name: str, says: str, look: Callable[[Attempt, Container], Seen]) -> Statement:
    """Make a statement about one container; where it is not there, that is what is seen."""

    def find(attempt: Attempt) -> Seen:
        found = _container(attempt.lab, name)
        if found is None:
            return Seen(False, f"There is no container `{name}`.", defined=False)
        return look(attempt, found)

    return Statement(says, find)


def container_runs(name: str) -> Statement:
    """The container of the start runs: the same one, not another of its name."""

    def look(attempt: Attempt, found: Container) -> Seen:
        before = _container(attempt.origin, name)
        if before is not None and before.id != found.id:
            return Seen(False, f"`{name}` is another container than at the start.")
        return Seen(found.running, f"`{name}` {'runs' if found.running else 'does not run'}.")

    return about_container(name, f"The container `{name}` runs, the same one as at the start.", look)


def container_gone(name: str) -> Statement:
    """No container has that name."""

    def look(attempt: Attempt) -> Seen:
        found = _container(attempt.lab, name)
        if found is None:
            return Seen(True, f"The container `{name}` is removed.")
        return Seen(False, f"The container `{name}` is still there: {found.status}.")

    return Statement(f"The container `{name}` is removed.", look)


def container_reads(name: str, path: str, text: str) -> Statement:
    """The container finds a text in a file."""

    def look(attempt: Attempt, found: Container) -> Seen:
        return reads(name, tree_of(found), path, text)

    return about_container(name, f"In `{name}` the file `{path}` says `{text}`.", look)


def container_file_size(name: str, path: str, size: int) -> Statement:
    """The container finds a file of that size."""

    def look(attempt: Attempt, found: Container) -> Seen:
        has = _file_size(tree_of(found), path)
        if has is None:
            return Seen(False, f"In `{name}` there is no file `{path}`.")
        return Seen(has == size, f"In `{name}` the file `{path}` has {human_size(has, 4)}.")

    return about_container(name, f"In `{name}` the file `{path}` has {human_size(size)}.", look)


def upper_at_most(name: str, size: int) -> Statement:
    """The container's read-write layer is small."""

    def look(attempt: Attempt, found: Container) -> Seen:
        has = containers.size_rw(found)
        return Seen(has <= size, f"The read-write layer of `{name}` has {human_size(has, 4)}.")

    return about_container(name, f"The read-write layer of `{name}` has at most {human_size(size, 4)}.", look)


def text_kept(path: str, text: str, besides: str) -> Statement:
    """Some image or container, other than the one named, shows a file with the text."""

    def look(attempt: Attempt) -> Seen:
        engine = attempt.lab.engine
        for image in engine.state.images.values():
            if text in (text_of(engine.root(image), path) or ""):
                return Seen(True, f"An image, {image.id[7:19]}, has `{path}` with its text.")
        for each in engine.state.containers.values():
            if each.name != besides and text in (text_of(tree_of(each), path) or ""):
                return Seen(True, f"The container `{each.name}` has `{path}` with its text.")
        return Seen(False, f"No image, and no container but `{besides}`, has `{path}` with its text.")

    return Statement(f"An image, or a container other than `{besides}`, has `{path}` with its text.", look)
