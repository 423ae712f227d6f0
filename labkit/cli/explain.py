"""What a box of the stage is, in words: each of its names with the command that prints it, and what is in it.

A layer has three names that are easily mixed up, an image and a container two sizes. Here they stand beside
each other, with where each is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from labkit.base.errors import NotFound
from labkit.base.text import shown
from labkit.engine import container as containers
from labkit.engine import images, usage, volumes
from labkit.engine.engine import Engine
from labkit.go.units import human_size
from labkit.oci import tree
from labkit.oci.account import hidden_in, node_kind
from labkit.oci.changeset import apply_all, change_lines, changes
from labkit.oci.config import dockerfile_line
from labkit.oci.digest import short
from labkit.oci.image import Image, topmost

_LINES = 200
_KINDS = {"A": "new", "C": "changed", "D": "deleted"}
_FATES = {"C": "copied up whole from", "D": "hidden by a whiteout, still in", "A": "in", "": "in"}


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that is so of a box, and the command that shows it or ""."""

    name: str
    value: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a box is: its title, facts, and lines about what is in it."""

    key: str
    title: str
    facts: tuple[Fact, ...]
    lines: tuple[str, ...] = ()

    def __str__(self) -> str:
        wide = max((len(each.name) for each in self.facts), default=0)
        facts = (
            f"  {each.name:{wide}}  {each.value}" + f"\n  {'':{wide}}    {each.command}" * bool(each.command)
            for each in self.facts
        )
        return shown("\n".join([self.title, *facts, *(f"  {line}" for line in self.lines)]))

    __repr__ = __str__


def explain(engine: Engine, name: str) -> Explanation:
    """Return what something of a lab is: by a scene's key, or by any name or identifier that Docker prints.

    A file is `CONTAINER:/PATH`. Raises NotFound where nothing has the name.

    >>> from labkit import Lab
    >>> lab = Lab()
    >>> image = lab.pull("nginx")
    >>> print(explain(lab.engine, "27833a3ba0a5"))  # doctest: +ELLIPSIS
    a layer, read-only: ADD file:4fc310c0cb879c876c5c0f571af665a0d24d36cb9263e0f53b0cda2f7e4b1844 in /
    ...
    """
    kind, _, rest = name.partition(":")
    if rest and kind in _BY_KEY:
        return _BY_KEY[kind](engine, rest)
    if found := next(_candidates(engine, name), None):
        return found
    raise NotFound(f"nothing here is called {name}", code="no-such-object", subject=name)


def _candidates(engine: Engine, name: str) -> Iterator[Explanation]:
    state, wanted = engine.state, name.removeprefix("sha256:")
    box, colon, path = name.partition(":/")
    if colon:
        yield _file(engine, f"{containers.find_container(engine, box).id}:/{path}")
    try:
        image = images.lookup_image(engine, name)
    except NotFound:
        image = None
    if image:
        yield _image(engine, image.id)
    if name in state.volumes:
        yield _volume(engine, name)
    for each in state.containers.values():
        if each.name == name or each.id.startswith(wanted):
            yield _container(engine, each.id)
    for chain, layer in state.layers.items():
        known = [source.digest for source in state.sources.get(layer.diff_id, ())]
        if any(each.removeprefix("sha256:").startswith(wanted) for each in (chain, layer.diff_id, *known)):
            yield _layer(engine, chain)
    for digest in sorted({source.digest for each in state.sources.values() for source in each}):
        if digest.removeprefix("sha256:").startswith(wanted):
            yield _blob(engine, digest)


def _users(engine: Engine, chain: str) -> list[Image]:
    """Return the listed images that stand on a layer, and those that containers kept, the oldest first."""
    every = [
        *reversed(images.listed_images(engine)),
        *(each.image for each in engine.state.containers.values()),
    ]
    return list({each.id: each for each in every if chain in each.chain_ids}.values())


def _called(engine: Engine, image: Image) -> str:
    names = [each.familiar for each in images.references(engine, image.id) if each.tag]
    return ", ".join(names) or short(image.id)


def _layer(engine: Engine, chain: str) -> Explanation:
    users = _users(engine, chain)
    if not users:
        raise NotFound(f"no layer {short(chain)} is here", code="no-such-object", subject=chain)
    image = users[0]
    place = image.chain_ids.index(chain)
    layer, name = image.layers[place], _called(engine, image).partition(",")[0]
    made = next((each.entry.created_by for each in image.history if each.layer is layer), "")
    blobs = sorted({source.digest for source in engine.state.sources.get(layer.diff_id, ())})
    boxes = [each.name for each in engine.state.containers.values() if chain in each.image.chain_ids]
    facts = [
        *(Fact("digest of its blob", each, "docker pull prints the first 12 digits of it") for each in blobs),
        Fact("DiffID", layer.diff_id, f"docker image inspect -f '{{{{json .RootFS.Layers}}}}' {name}"),
        Fact("", short(layer.diff_id), "docker push prints these first 12 digits of the DiffID"),
        Fact("ChainID", chain, "docker rmi prints it after Deleted:"),
        Fact("size", human_size(layer.size), f"docker image history {name}"),
        Fact("its place", f"layer {place + 1} of {len(image.layers)}, counted from below"),
        Fact("used by", ", ".join([*(_called(engine, each) for each in users), *boxes])),
        *_hidden(engine, users, chain),
    ]
    below = apply_all([each.changes for each in image.layers[:place]])
    title = f"a layer, read-only: {dockerfile_line(made)}" if made else "a layer, read-only"
    lines = change_lines(changes(below, layer.changes), _LINES)
    return Explanation(f"layer:{chain}", title, tuple(facts), lines)


def _hidden(engine: Engine, users: Iterable[Image], chain: str) -> Iterator[Fact]:
    """Give what of a layer others hide, and what it hides itself, for the first image that has either."""
    for image in users:
        number, found = image.chain_ids.index(chain) + 1, hidden_in(image)
        wasted = sum(each.wasted for each in found if each.layer == number)
        hides = sum(each.wasted for each in found if each.by == number)
        if wasted:
            yield Fact("wasted", f"layers above hide {human_size(wasted)} of it in {_called(engine, image)}")
        if hides:
            yield Fact("hides", f"{human_size(hides)} of layers below in {_called(engine, image)}")
        if wasted or hides:
            return


def _image(engine: Engine, identity: str) -> Explanation:
    image = engine.state.images.get(identity)
    if image is None:
        raise NotFound.of("image", short(identity))
    name, config = _called(engine, image), image.config.config
    first = name.partition(",")[0]
    words = {
        "starts": " ".join([*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ())]),
        "as user": config.get("User"),
        "in directory": config.get("WorkingDir"),
        "with variables": ", ".join(config.get("Env") or ()),
        "listens on": ", ".join(config.get("ExposedPorts") or ()),
        "volumes": ", ".join(config.get("Volumes") or ()),
    }
    shared = human_size(usage.shared_size(engine, image))
    made = f"{len(image.layers)} layers, in {len(image.history)} steps"
    facts = [
        Fact("image ID", image.id, f"docker image inspect -f '{{{{.Id}}}}' {first}"),
        Fact("names", name, "docker images"),
        Fact("size", f"{human_size(image.size)}, others share {shared} of it", "docker system df -v"),
        Fact("made of", made, f"docker image history {first}"),
        *(Fact(each, value) for each, value in words.items() if value),
    ]
    return Explanation(f"image:{image.id}", f"an image: {name}", tuple(facts))


def _container(engine: Engine, identity: str) -> Explanation:
    box = containers.find_container(engine, identity)
    own, whole = containers.size_rw(box), containers.size_root(box)
    facts = (
        Fact("container ID", box.id, "docker ps -a --no-trunc"),
        Fact("status", box.status, "docker ps -a"),
        Fact("stands on", box.image_name, f"docker inspect -f '{{{{.Config.Image}}}}' {box.name}"),
        Fact("runs", " ".join(box.command)),
        Fact("size", f"{human_size(own)} (virtual {human_size(whole)})", "docker ps -a -s"),
        Fact("", "its own read-write layer, and with the image's layers below it"),
        *(Fact("volume", f"{each.name} at {each.destination}") for each in box.volumes),
    )
    lines = change_lines(containers.diff(engine, box), _LINES)
    return Explanation(f"container:{box.id}", f"a container: {box.name}", facts, lines)


def _file(engine: Engine, key: str) -> Explanation:
    identity, _, path = key.partition(":")
    if not path:  # the box for the files that a scene does not show
        return _container(engine, identity)
    box = containers.find_container(engine, identity)
    change = next((each for each in containers.diff(engine, box) if each.path == path), None)
    now = tree.get(box.upper, path.strip("/"))
    below = topmost(box.image, path.strip("/"))
    if change is None and below is None:
        raise NotFound(f"{box.name} has no file {path}", code="no-such-object", subject=path)
    facts = []
    if change:
        done = f"{_KINDS[change.kind]} ({change.kind})"
        facts.append(Fact("in the container's layer", done, f"docker diff {box.name}"))
    if now is not None and change and change.kind != "D":
        facts.append(Fact("size", f"{human_size(tree.stat_size(now))}, a {node_kind(now)}"))
    if below:
        place, node = below
        done = f"{human_size(tree.stat_size(node))}, {_FATES[change.kind if change else '']}"
        if isinstance(node, tree.Whiteout):
            done = "deleted by a whiteout in"
        elif isinstance(node, tree.Dir) and change and change.kind == "C":
            done = "a directory, copied up without what is in it from"
        facts.append(Fact("below", f"{done} layer {place + 1} of {box.image_name}"))
    else:
        facts.append(Fact("below", "no layer of the image has it"))
    return Explanation(f"file:{key}", f"a file: {path}", tuple(facts))


def _blob(engine: Engine, digest: str) -> Explanation:
    state = engine.state
    every = [(diff_id, source) for diff_id, sources in state.sources.items() for source in sources]
    holds = [each for each in every if each[1].digest == digest]
    if not holds:
        raise NotFound(f"no blob {short(digest)} was pulled or pushed", code="no-such-object", subject=digest)
    diff_id, source = holds[0]
    here = any(layer.diff_id == diff_id for layer in state.layers.values())
    facts = (
        Fact("digest", digest, "docker pull prints the first 12 digits of it"),
        Fact("repository", source.repository),
        Fact("holds the layer", diff_id),
        Fact("in the local cache", "yes" if here else "no: it was there, and was removed"),
    )
    return Explanation(f"blob:{digest}", "a blob of the registry: a layer, compressed", facts)


def _volume(engine: Engine, name: str) -> Explanation:
    volume = volumes.find(engine, name)
    facts = (
        Fact("size", human_size(tree.size(volume.files)), "docker system df -v"),
        Fact("used by", ", ".join(each.name for each in volumes.users(engine.state, name)) or "no container"),
        Fact("lies in", "no layer: what is written there is in no diff, no commit and no image"),
    )
    lines = tuple(path for path, _ in tree.walk(volume.files))[:_LINES]
    return Explanation(f"volume:{name}", f"a volume: {name}", facts, lines)


_BY_KEY: dict[str, Callable[[Engine, str], Explanation]] = {
    "layer": _layer,
    "image": _image,
    "container": _container,
    "file": _file,
    "blob": _blob,
    "volume": _volume,
}
