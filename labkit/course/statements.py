"""Statements about the state that a learner has reached: what a goal is made of.

A statement looks at a lab's images, layers and containers, never at the words that were typed, so that every
way to the goal counts. It compares identities: Image IDs, ChainIDs, container IDs and content, not names or
sizes, and sees files as a container would, through symbolic links and mounts. It says what it sees, and never
how to get further. `&`, `|` and `~` put statements together. Below: what all of them are made of, then those
about images, pulls and containers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from labkit.base.errors import LabkitError
from labkit.base.text import counted
from labkit.engine import container as containers
from labkit.engine import images, usage
from labkit.engine import pull as transfer
from labkit.engine.mounts import container_mounts
from labkit.engine.state import Container, still
from labkit.go.units import human_size
from labkit.lab import Lab
from labkit.oci import tree
from labkit.oci.content import Content
from labkit.oci.image import Image
from labkit.oci.manifest import Manifest
from labkit.oci.reference import parse_reference
from labkit.oci.tree import Dir, File
from labkit.storage.calls import SystemCalls
from labkit.storage.overlay import Mount

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Seen:
    """Whether a statement is met, and what was seen.

    `defined` is False where its object is not there yet, or an answer cannot be read. `lost` is True where it
    cannot be met any more, unless what was done is taken back.
    """

    met: bool
    text: str
    defined: bool = True
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a statement looks at: the lab, another lab as it was at the start, and the answers given."""

    lab: Lab
    origin: Lab
    answers: Mapping[str, object] = field(default_factory=dict)

    @property
    def untouched(self) -> bool:
        """Tell whether nothing was done: looking, and letting time pass, change nothing."""
        lab, origin = self.lab, self.origin
        home = lab.session.place.files == origin.session.place.files
        return not self.answers and home and still(lab.engine.state) == still(origin.engine.state)

    def at_start(self, work: Callable[[Lab], T]) -> T:
        """Return what is found in the lab of the start; whatever that changes there is taken back."""
        with self.origin.looking():
            return work(self.origin)


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence that is true or not of an attempt, and the function that looks.

    Of something that is not there neither a statement nor its negation is true.

    >>> empty = Statement("The cache is empty.", lambda seen: Seen(not seen.lab.images, "I looked."))
    >>> attempt = Attempt(Lab(), Lab())
    >>> [each(attempt).met for each in (empty, ~empty, empty & ~empty, empty | ~empty)]
    [True, False, False, True]
    """

    says: str
    look: Callable[[Attempt], Seen]

    def __call__(self, attempt: Attempt) -> Seen:
        return self.look(attempt)

    def __invert__(self) -> Statement:
        def look(attempt: Attempt) -> Seen:
            seen = self(attempt)
            return replace(seen, met=seen.defined and not seen.met)

        return Statement(f"Not so: {self.says}", look)

    def __and__(self, other: Statement) -> Statement:
        def look(attempt: Attempt) -> Seen:
            seen = self(attempt)
            return other(attempt) if seen.met else seen

        return Statement(f"{self.says} {other.says}", look)

    def __or__(self, other: Statement) -> Statement:
        def look(attempt: Attempt) -> Seen:
            seen = self(attempt)
            return seen if seen.met else other(attempt)

        return Statement(f"{self.says} Or: {other.says}", look)


ALWAYS = Statement("Always.", lambda attempt: Seen(True, ""))


def lost(statement: Statement) -> Statement:
    """The statement cannot be met any more."""
    return Statement(
        f"Lost: {statement.says}", lambda attempt: replace(seen := statement(attempt), met=seen.lost)
    )


@dataclass(frozen=True, slots=True)
class Hint:
    """A hint, and what must be true of the attempt for it to help. `key` is the name that tests use."""

    key: str
    text: str
    when: Statement = ALWAYS


# Files, as a container would see them


def file_at(files: SystemCalls, path: str) -> Content | None:
    """Return what a file holds, through symbolic links and mounts, or None where there is no file.

    >>> lab = Lab()
    >>> image = lab.build("app", ["FROM busybox", "COPY motd /", "RUN ln -s /motd /link"], {"motd": "hello"})
    >>> file_at(_files_of(lab, image), "/link").read()
    b'hello'
    """
    try:
        return files.content(path)
    except OSError:
        return None


def _files_of(lab: Lab, image: Image | None) -> SystemCalls:
    return Mount(lab.engine.root(image) if image else Dir())


def files_in(lab: Lab, container: Container) -> SystemCalls:
    """Return the files that a container finds, through its mounts."""
    return container_mounts(lab.engine, container, lambda: lab.engine.now)


def _compared(where: str, path: str, found: Content | None, before: Content | None, of: str) -> Seen:
    """Return whether a file is, byte for byte, the one of an image or container at the start."""
    if found is None:
        return Seen(False, f"In `{where}` there is no file `{path}`.")
    if found == before:
        return Seen(True, f"In `{where}` the file `{path}` is that of `{of}` at the start.")
    text = (
        f"In `{where}` the file `{path}`, of {human_size(found.size, 4)}, is not that of `{of}` at the start."
    )
    return Seen(False, text)


def _sized(where: str, path: str, found: Content | None, size: int) -> Seen:
    """Return whether a file of an image or container has a size."""
    if found is None:
        return Seen(False, f"In `{where}` there is no file `{path}`.")
    return Seen(found.size == size, f"In `{where}` the file `{path}` has {human_size(found.size, 4)}.")


_SMALL = 65536


def _anywhere(lab: Lab, wanted: Content) -> bool:
    """Tell whether anything still has a file's bytes: a layer, a container, a volume, the pretend home."""
    state, needle = lab.engine.state, wanted.read().strip()
    home = lab.session.place.files
    roots: list[Dir] = [each.changes for each in state.layers.values()]
    roots += [each.active.tree for each in state.containers.values()]
    roots += [each.files for each in state.volumes.values()]
    if any(each == wanted or (each.size < _SMALL and needle in each.read()) for each in _contents(*roots)):
        return True
    # What lies at home may be an archive that has it somewhere.
    return any(each.size >= len(needle) and needle in each.read() for each in _contents(home))


def _contents(*roots: Dir) -> Iterator[Content]:
    return (node.content for root in roots for _, node in tree.walk(root) if isinstance(node, File))


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


def _meant(attempt: Attempt, name: str) -> Image | None:
    """Return the image that a name meant at the start or means in the registry, whatever was tagged since."""
    found = _image(attempt.origin, name)
    if found is None:
        try:
            return attempt.at_start(lambda lab: lab.pull(name))
        except LabkitError:
            return _image(attempt.lab, name)
    return found


def image_there(name: str) -> Statement:
    """The image is in the cache.

    >>> image_there("nginx")(Attempt(Lab(), Lab())).text
    'There is no image `nginx`.'
    """
    return about_image(
        name, f"There is an image `{name}`.", lambda _, image: Seen(True, f"`{name}` is there.")
    )


def no_image(name: str) -> Statement:
    """No image has that name."""
    there = image_there(name)
    return Statement(
        f"There is no image `{name}`.", lambda attempt: Seen(not (seen := there(attempt)).met, seen.text)
    )


def image_kept(name: str) -> Statement:
    """The name means the image that it meant at the start, or the registry's where it meant none."""

    def look(attempt: Attempt) -> Seen:
        image, before = _image(attempt.lab, name), _meant(attempt, name)
        gone = before is not None and _gone(attempt, before)
        if image is None:
            return replace(_no_image(name), lost=gone)
        same = image == before
        text = f"`{name}` is {'the image that it should be' if same else 'another image than it should be'}."
        return Seen(same, text, lost=gone)

    return Statement(f"`{name}` is the image that it was at the start, or that the registry has.", look)


def _gone(attempt: Attempt, image: Image) -> bool:
    """Tell whether nothing has an image any more: no registry, not the cache, no archive at home."""
    pulled = image.id in attempt.origin.engine.state.digests.values()
    here = image.id in attempt.lab.engine.state.images
    if pulled or here or _image(attempt.origin, image.id) is None:
        return False
    return not any(
        image.id[7:].encode() in each.read() for each in _contents(attempt.lab.session.place.files)
    )


def common(one: Image, other: Image) -> int:
    """Return how many layers two images share: equal ones from the base up.

    >>> lab = Lab()
    >>> common(lab.pull("nginx"), lab.pull("busybox"))
    0
    """
    pairs = zip(one.chain_ids, other.chain_ids, strict=False)
    return sum(a == b for a, b in pairs)


def shares_layers(one: str, other: str) -> Statement:
    """An image shares a layer, or more from the base up, with another one as that was at the start."""

    def look(attempt: Attempt, image: Image) -> Seen:
        second = _meant(attempt, other)
        if second is None:
            return _no_image(other)
        count = common(image, second)
        return Seen(count > 0, f"`{one}` and `{other}` share {counted(count, 'layer')}.")

    return about_image(one, f"`{one}` and `{other}` share at least 1 layer.", look)


def layers_above(name: str, base: str, count: int | None = None) -> Statement:
    """The image has all layers of another one, as that was at the start or in the registry, and `count` more.

    With 0 both have the very same layers; without it any number of them will do.
    """

    def look(attempt: Attempt, image: Image) -> Seen:
        below = _meant(attempt, base)
        both, all_ = (common(image, below), len(below.layers)) if below else (0, 0)
        own = len(image.layers) - both
        there = f"`{name}` has {both} of the {counted(all_, 'layer')} of `{base}`"
        text = f"{there}, and {counted(own, 'layer')} of its own."
        return Seen(below is not None and both == all_ and count in (own, None), text)

    more = f"exactly {counted(count, 'layer')} more" if count else "not one more"
    rest = "" if count is None else f", and {more}"
    return about_image(name, f"`{name}` has all layers of `{base}`{rest}.", look)


def comes_with_layer(name: str, path: str, place: int) -> Statement:
    """A file is made, as it is seen in the image, by one layer; the topmost is 1."""

    def look(attempt: Attempt, image: Image) -> Seen:
        below = attempt.lab.engine.snapshot(image)
        seen = []
        for _ in range(place + 1):
            seen.append(file_at(Mount(below.root if below else Dir()), path))
            below = below.parent if below else None
        *above, before = seen
        met = seen[0] is not None and all(each == seen[0] for each in above) and before != seen[0]
        return Seen(
            met, f"In `{name}` layer {place} from the top {'makes' if met else 'does not make'} `{path}`."
        )

    return about_image(name, f"In `{name}` layer {place} from the top makes `{path}`.", look)


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


def image_holds(name: str, path: str, size: int) -> Statement:
    """A container of the image would find a file of that size."""

    def look(attempt: Attempt, image: Image) -> Seen:
        return _sized(name, path, file_at(_files_of(attempt.lab, image), path), size)

    return about_image(name, f"In `{name}` there is a file `{path}` of {human_size(size, 4)}.", look)


def image_keeps(name: str, path: str, of: str, *, unique: bool = False) -> Statement:
    """A container of the image would find a file, byte for byte as in an image at the start.

    `unique` means that the learner cannot write it anew: once nothing has it any more, it is lost.
    """

    def look(attempt: Attempt) -> Seen:
        before = file_at(_files_of(attempt.origin, _meant(attempt, of)), path)
        image = _image(attempt.lab, name)
        found = file_at(_files_of(attempt.lab, image), path)
        seen = _compared(name, path, found, before, of) if image else _no_image(name)
        gone = unique and not seen.met and before is not None and not _anywhere(attempt.lab, before)
        return (
            replace(seen, text=f"Nothing in the lab has the file `{path}` of `{of}` any more.", lost=True)
            if gone
            else seen
        )

    return Statement(f"In `{name}` the file `{path}` is that of `{of}` at the start, byte for byte.", look)


def image_lacks(name: str, path: str) -> Statement:
    """A container of the image would not find a name."""

    def look(attempt: Attempt, image: Image) -> Seen:
        there = _files_of(attempt.lab, image).exists(path, follow=False)
        return Seen(not there, f"A container of `{name}` {'finds' if there else 'does not find'} `{path}`.")

    return about_image(name, f"A container of `{name}` does not find `{path}`.", look)


def would_start(name: str, *lines: str) -> Statement:
    """A container of the image starts one of these command lines: its Entrypoint and its Cmd."""

    def look(attempt: Attempt, image: Image) -> Seen:
        found = would_run(image)
        text = f"`{' '.join(found)}`" if found else "nothing"
        return Seen(found in [line.split() for line in lines], f"A container of `{name}` would start {text}.")

    return about_image(name, f"A container of `{name}` would start `{lines[0]}`.", look)


def would_run(image: Image) -> list[str]:
    """Return the words that a container of an image starts where none are given.

    >>> would_run(Lab().pull("busybox"))
    ['sh']
    """
    config = image.config.config
    return [*map(str, config.get("Entrypoint") or ()), *map(str, config.get("Cmd") or ())]


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
        return Seen(found == count, f"A pull of `{name}` would download {counted(found, 'layer')} now.")

    return Statement(f"A pull of `{name}` would download exactly {counted(count, 'layer')}.", look)


# Containers


def _container(lab: Lab, name: str) -> Container | None:
    try:
        return containers.find_container(lab.engine, name)
    except LabkitError:
        return None


def about_container(name: str, says: str, look: Callable[[Attempt, Container], Seen]) -> Statement:
    """Make a statement about the container that had a name at the start, whatever it is called now."""

    def find(attempt: Attempt) -> Seen:
        found = _same(attempt, name)
        if found is not None:
            return look(attempt, found)
        if _container(attempt.origin, name) is None:
            return Seen(False, f"There is no container `{name}`.", defined=False)
        other = _container(attempt.lab, name) is not None
        text = f"`{name}` is another container than at the start." if other else f"`{name}` is removed."
        return Seen(False, text, defined=False, lost=True)

    return Statement(says, find)


def _same(attempt: Attempt, name: str) -> Container | None:
    """Return the container that had the name at the start, or has it now where none had."""
    before = _container(attempt.origin, name)
    if before is None:
        return _container(attempt.lab, name)
    return attempt.lab.engine.state.containers.get(before.id)


def container_there(name: str) -> Statement:
    """The container of the start is there, and has its name."""
    return about_container(
        name,
        f"The container `{name}` is there.",
        lambda _, found: Seen(found.name == name, f"The container is called `{found.name}`."),
    )


def container_runs(name: str) -> Statement:
    """The container of the start runs: the same one, not another of its name."""

    def look(attempt: Attempt, found: Container) -> Seen:
        return Seen(found.running, f"`{found.name}` {'runs' if found.running else 'does not run'}.")

    return about_container(name, f"The container `{name}` runs, the same one as at the start.", look)


def container_gone(name: str) -> Statement:
    """The container of the start is removed; another name does not remove it."""

    def look(attempt: Attempt) -> Seen:
        found = _same(attempt, name)
        if found is None:
            return Seen(True, f"The container `{name}` is removed.")
        called = "" if found.name == name else f", as `{found.name}`"
        return Seen(False, f"The container `{name}` is still there{called}: {found.status}.")

    return Statement(f"The container `{name}` is removed.", look)


def container_keeps(name: str, path: str) -> Statement:
    """The container finds a file as it was at the start, byte for byte."""

    def look(attempt: Attempt, found: Container) -> Seen:
        before = _container(attempt.origin, name)
        was = file_at(files_in(attempt.origin, before), path) if before else None
        return _compared(found.name, path, file_at(files_in(attempt.lab, found), path), was, name)

    return about_container(name, f"In `{name}` the file `{path}` is as it was at the start.", look)


def container_file_size(name: str, path: str, size: int) -> Statement:
    """The container finds a file of that size."""

    def look(attempt: Attempt, found: Container) -> Seen:
        return _sized(found.name, path, file_at(files_in(attempt.lab, found), path), size)

    return about_container(name, f"In `{name}` the file `{path}` has {human_size(size)}.", look)


def upper_at_most(name: str, size: int) -> Statement:
    """The container's read-write layer is small."""

    def look(attempt: Attempt, found: Container) -> Seen:
        has = containers.size_rw(found)
        return Seen(has <= size, f"The read-write layer of `{found.name}` has {human_size(has, 4)}.")

    return about_container(name, f"The read-write layer of `{name}` has at most {human_size(size, 4)}.", look)


def took_at_most(name: str, size: int) -> Statement:
    """All that went into a container's read-write layer since the start was little, what left it included."""

    def look(attempt: Attempt, found: Container) -> Seen:
        before = _container(attempt.origin, name)
        took = found.active.taken - (before.active.taken if before else 0)
        text = f"So far {human_size(took, 4)} of disk went into the read-write layer of `{found.name}`."
        return Seen(took <= size, text)

    return about_container(
        name, f"At no time more than {human_size(size)} went into the read-write layer of `{name}`.", look
    )


def nothing_started() -> Statement:
    """No container was started since the start."""

    def look(attempt: Attempt) -> Seen:
        count = attempt.lab.engine.state.started - attempt.origin.engine.state.started
        return Seen(not count, f"You started {counted(count, 'container') if count else 'no containers'}.")

    return Statement("You start no container.", look)


def text_kept(path: str, writer: str) -> Statement:
    """Some image, or some container but one, shows a file with the text that one had at the start.

    A line's end at the end of the text may be missing. The text is lost where nothing has it any more: no
    image, container or volume, and no file of the pretend home.
    """

    def look(attempt: Attempt) -> Seen:
        engine, first = attempt.lab.engine, attempt.at_start(lambda lab: _container(lab, writer))
        wanted = file_at(files_in(attempt.origin, first), path) if first else None
        if first is None or wanted is None:
            return Seen(False, f"There was no `{path}` in a container `{writer}`.", defined=False)

        def shows(files: SystemCalls) -> bool:
            found = file_at(files, path)
            return bool(found and found.size <= _SMALL and found.read().rstrip() == wanted.read().rstrip())

        for image in engine.state.images.values():
            if shows(_files_of(attempt.lab, image)):
                return Seen(True, f"An image, {image.id[7:19]}, has `{path}` with its text.")
        for each in engine.state.containers.values():
            if each.id != first.id and shows(files_in(attempt.lab, each)):
                return Seen(True, f"The container `{each.name}` has `{path}` with its text.")
        if not _anywhere(attempt.lab, wanted):
            return Seen(False, f"Nothing in the lab has the text of `{path}` any more.", lost=True)
        there = first.id in engine.state.containers
        others = "no container but that one" if there else "no container"
        return Seen(False, f"No image, and {others}, has `{path}` with its text.")

    return Statement(f"An image, or another container than `{writer}`, has `{path}` with its text.", look)
