"""What there is to see of a state: boxes, where each stands, and what a command did to them.

A scene is a function of the state alone. The local cache is drawn as what it is, a forest: a layer stands on
the layer below it, as ChainIDs say, so that one which several images share is one wide box below all of
them. On its top layer stands an image's card, on the card its containers, each a column of its own, and on a
container the files that it changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

from labkit.engine import volumes
from labkit.engine.images import listed
from labkit.engine.schedule import PullEvent, StepEvent
from labkit.engine.state import Container, State, keys_of
from labkit.oci import tree
from labkit.oci.changeset import Change, changes
from labkit.oci.config import dockerfile_line
from labkit.oci.digest import short
from labkit.oci.image import Image, topmost
from labkit.oci.reference import parse_reference
from labkit.oci.tree import Dir
from labkit.storage.driver import Active

MOST_FILES = 5
"""The files that a container shows one by one; the others are counted."""
MOST_LAYERS = 14
"""The layers of one stack that are shown one by one; of a longer one the middle is folded."""
_BESIDE = 4
"""The layers that stay below a fold, and above it."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One box of a scene.

    `key` stays the same as long as the thing does: `blob:`, `layer:`, `fold:`, `image:`, `container:`,
    `file:` or `volume:` and what identifies it. `column`, `span` and `row` say where it stands, counted from
    the left and from below. `size` is in bytes, None where there is none to tell. `mark` is a word or letter:
    A, C or D of a file, a container's status, a layer's number, 1 for the base. `origin` is the key of what
    it came from: the layer that a file was copied up from or hides, the container that was committed.
    """

    key: str
    name: str
    size: int | None = None
    column: int = 0
    span: int = 1
    row: int = 0
    mark: str = ""
    note: str = ""
    origin: str = ""

    @property
    def kind(self) -> str:
        """What it is: the first word of its key."""
        return self.key.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Scene:
    """All boxes of a state: the registry's, the local cache's, each after what it stands on, the volumes.

    `columns` and `rows` are the extent of the local cache. Blobs and volumes stand in lines of their own.

    >>> from labkit import Lab
    >>> lab = Lab()
    >>> image = lab.pull("nginx")
    >>> [(each.kind, each.name, each.row) for each in scene(lab.engine.state).tiles][2:5]
    [('blob', 'd172c7f0578d', 0), ('layer', '27833a3ba0a5', 0), ('layer', 'ea005e36e544', 1)]
    """

    tiles: tuple[Tile, ...] = ()
    columns: int = 0
    rows: int = 0

    def of(self, kind: str) -> list[Tile]:
        """Return the boxes of a kind, in order."""
        return [each for each in self.tiles if each.kind == kind]


def scene(state: State, unfolded: Iterable[str] = (), beside: int = _BESIDE) -> Scene:
    """Return what there is to see of a state; `unfolded` are keys of folds whose layers are shown.

    Of a long stack `beside` layers stay below a fold, and above it.

    >>> scene(State())
    Scene(tiles=(), columns=0, rows=0)
    """
    named = []
    for image in listed(state):
        names = sorted(parse_reference(name).familiar for name in keys_of(state.tags, image.id))
        named.append((", ".join(names) or "<none>", image))
    found = _built(_forest(named, state.containers.values(), state), unfolded, beside)
    return replace(found, tiles=(*_blobs(state), *found.tiles, *_volumes(state)))


def scene_of(
    images: Iterable[tuple[str, Image]], containers: Iterable[Container] = (), state: State | None = None
) -> Scene:
    """Return what there is to see of images alone, each with a name to show, and of containers.

    Layers are called by their DiffIDs, or as the state in which they were pulled knows them; images of the
    same stack stand in the order in which they come.

    >>> from labkit import Lab
    >>> found = scene_of([("web", Lab().pull("nginx"))])
    >>> [(each.kind, each.name) for each in found.tiles][2:]
    [('layer', 'fc4c9f8e7dac'), ('image', 'web')]
    """
    return _built(_forest(images, containers, state or State()), ())


def _built(ground: _Spot, unfolded: Iterable[str], beside: int = _BESIDE) -> Scene:
    """Return the scene of what stands on the ground, without blobs and volumes."""
    for spot in _all(ground):
        spot.above.sort(key=lambda each: each.order)
        if spot is ground or len(spot.above) > 1:
            for each in spot.above:
                _fold(each, frozenset(unfolded), beside)
    placed: list[Tile] = []
    columns = tree.unnested(_place(ground, 0, -1, placed)) if ground.above else 0
    rows = max((each.row + 1 for each in placed), default=0)
    return Scene(tuple(placed), columns, rows)


@dataclass(slots=True)
class _Spot:
    """A box, what stands on it, and what decides its place among those beside it."""

    tile: Tile
    order: tuple[int, int] = (0, 0)
    """Cards are first, then containers, which stand on a layer where their image has no card, then layers."""
    above: list[_Spot] = field(default_factory=list)


def _all(ground: _Spot) -> Iterator[_Spot]:
    """Give the spots from below; what a spot has above it may be changed before the next is asked for."""
    todo = [ground]
    while todo:
        spot = todo.pop()
        yield spot
        todo += spot.above


def _forest(images: Iterable[tuple[str, Image]], containers: Iterable[Container], state: State) -> _Spot:
    """Return the ground, on which all stacks stand; what a layer is called is asked of the state."""
    ground = _Spot(Tile("", ""))
    layers: dict[str, _Spot] = {}
    cards: dict[str, _Spot] = {}
    boxes = sorted(containers, key=lambda each: each.number)
    here = {each.id for each in boxes}

    def top(image: Image, order: int) -> _Spot:
        """Return the spot of an image's top layer, with those below it that are not there yet."""
        below = ground
        made = {step.layer.diff_id: dockerfile_line(step.entry.created_by)
                for step in image.history if step.layer}  # fmt: skip
        came = f"container:{image.config.container}" if image.config.container in here else ""
        for number, (layer, chain) in enumerate(zip(image.layers, image.chain_ids, strict=True), 1):
            if chain not in layers:
                origin = came if chain == image.chain_id else ""
                name, note = _called(state, layer.diff_id), made.get(layer.diff_id, "")
                tile = Tile(f"layer:{chain}", name, layer.size, mark=str(number), note=note, origin=origin)
                layers[chain] = _Spot(tile, (2, order))
                below.above.append(layers[chain])
            below = layers[chain]
        return below

    for order, (name, image) in enumerate(images):
        card = Tile(f"image:{image.id}", name, image.size, note=short(image.id))
        cards[image.id] = _Spot(card, (0, order))
        top(image, order).above.append(cards[image.id])
    for container in boxes:
        below = cards.get(container.image_id) or top(container.image, len(cards) + container.number)
        below.above.append(_standing(container))
    return ground


def _called(state: State, diff_id: str) -> str:
    """Return the name that `docker pull` printed of a layer, or else the start of its DiffID."""
    known = state.sources.get(diff_id)
    return short(known[0].digest if known else diff_id)


def _standing(container: Container) -> _Spot:
    """Return a container with the files that it changed on top of it, one above the other."""
    key, size = f"container:{container.id}", tree.size(container.upper)
    tile = Tile(key, container.name, size, mark=container.status, note=container.image_name)
    found = spot = _Spot(tile, (1, container.number))
    for each in _changed(container.active, container.image):
        file = _Spot(replace(each, key=f"file:{container.id}:{each.key}"))
        spot.above.append(file)
        spot = file
    return found


@lru_cache(64)
def _changed(active: Active, image: Image) -> tuple[Tile, ...]:
    """Return a box for each file that a container changed, keyed by its path, and one for the rest."""
    below, upper = active.parent.root if active.parent else tree.EMPTY_ROOT, active.changes
    found = [each for each in changes(below, upper) if not _on_the_way(each, upper)]
    shown = found if len(found) <= MOST_FILES + 1 else found[:MOST_FILES]
    boxes = [_file(each, below, upper, image) for each in shown]
    if len(found) > len(shown):
        boxes.append(Tile("", f"{len(found) - len(shown):,} more", mark="…"))
    return tuple(boxes)


def _on_the_way(change: Change, upper: Dir) -> bool:
    """Tell whether a change is a directory that is listed for what is in it."""
    node = tree.get(upper, change.path.strip("/"))
    return isinstance(node, Dir) and bool(node.children) and not node.opaque


def _file(change: Change, below: Dir, upper: Dir, image: Image) -> Tile:
    path = change.path.strip("/")
    node = tree.get(below if change.kind == "D" else upper, path)
    note = "opaque" if isinstance(node, Dir) and node.opaque else ""
    below_it = None if change.kind == "A" else topmost(image, path)
    origin = f"layer:{image.chain_ids[below_it[0]]}" if below_it else ""
    size = None if node is None or isinstance(node, Dir) else tree.stat_size(node)
    return Tile(change.path, change.path, size, mark=change.kind, note=note, origin=origin)


def _fold(bottom: _Spot, unfolded: frozenset[str], beside: int) -> None:
    """Put one tile in the place of the middle of a stack, layers on each of which only the next stands."""
    stack = [bottom]
    while stack[-1].tile.kind == "layer" and len(stack[-1].above) == 1:
        stack.append(stack[-1].above[0])
    layers = [each for each in stack if each.tile.kind == "layer"]
    middle = layers[beside:-beside]
    if len(layers) <= MOST_LAYERS - 2 * (_BESIDE - beside) or f"fold:{middle[0].tile.key}" in unfolded:
        return
    size = sum(each.tile.size or 0 for each in middle)
    fold = Tile(f"fold:{middle[0].tile.key}", f"{len(middle)} layers", size)
    layers[beside - 1].above = [_Spot(fold, above=middle[-1].above)]


def _place(spot: _Spot, column: int, row: int, placed: list[Tile]) -> tree.Nested[int]:
    """Place all that stands on a spot, and the spot; return how many columns it takes."""
    own = len(placed)
    if spot.tile.key:
        placed.append(spot.tile)
    span = 0
    for each in spot.above:
        span += yield _place(each, column + span, row + 1, placed)
    span = max(span, 1)
    if spot.tile.key:
        placed[own] = replace(spot.tile, column=column, span=span, row=row)
    return span


def tiles_of(state: State, event: PullEvent) -> list[str]:
    """Return the keys of the boxes that an event is about.

    A pull names a layer by its blob; a push and a load by its DiffID, and a push is about its blob, too.
    """
    if isinstance(event, StepEvent):
        return [f"layer:{event.layer}"]
    found: list[str] = []
    for image in (*state.images.values(), *(each.image for each in state.containers.values())):
        for layer, chain in zip(image.layers, image.chain_ids, strict=True):
            sources = state.sources.get(layer.diff_id, ())
            if short(layer.diff_id) == event.layer:
                found.append(f"layer:{chain}")
                found += (f"blob:{each.digest}" for each in sources if each.pushed)
            elif any(short(each.digest) == event.layer for each in sources):
                found.append(f"layer:{chain}")
    return list(dict.fromkeys(found))


def _blobs(state: State) -> Iterator[Tile]:
    """Give the blobs that were pulled or pushed: those of images that are here first, as they are stacked."""
    here = [layer.diff_id for image in listed(state) for layer in image.layers]
    order = dict.fromkeys([*here, *sorted(state.sources)])
    found = {source.digest: source for each in order for source in state.sources.get(each, ())}
    for column, (digest, source) in enumerate(found.items()):
        yield Tile(f"blob:{digest}", short(digest), column=column, note=source.repository)


def _volumes(state: State) -> Iterator[Tile]:
    for column, name in enumerate(sorted(state.volumes)):
        users = [each.name for each in volumes.users(state, name)]
        size = tree.size(state.volumes[name].files)
        yield Tile(f"volume:{name}", name, size, column=column, note=", ".join(sorted(users)))


ARRIVED, LEFT, COPIED, HIDDEN, CHANGED = "arrived", "left", "copied up", "hidden", "changed"


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to a box between two scenes: it ARRIVED, LEFT, was COPIED up, is HIDDEN, or CHANGED.

    A file is copied up from its `origin`; what is hidden is there. What only stands elsewhere has no event.
    """

    what: str
    tile: Tile


def change(before: Scene, after: Scene) -> list[Event]:
    """Return what happened between two scenes: what left, from the top down, then the rest from below.

    >>> from labkit import Lab
    >>> lab = Lab()
    >>> box = lab.run("busybox", name="box")
    >>> first = scene(lab.engine.state)
    >>> copied = box.append("/etc/passwd", "me")
    >>> [(each.what, each.tile.name) for each in change(first, scene(lab.engine.state))]
    [('changed', 'box'), ('copied up', '/etc/passwd')]
    """
    old = {each.key: each for each in before.tiles}
    new = {each.key for each in after.tiles}
    gone = [Event(LEFT, each) for each in reversed(before.tiles) if each.key not in new]
    events = [Event(_what(old.get(each.key), each), each) for each in after.tiles]
    return gone + [each for each in events if each.what]


def _what(before: Tile | None, now: Tile) -> str:
    if before is None or (before.mark != now.mark and now.kind == "file"):
        return {"C": COPIED, "D": HIDDEN}.get(now.mark, ARRIVED) if now.kind == "file" else ARRIVED
    same = (before.name, before.size, before.mark, before.note) == (now.name, now.size, now.mark, now.note)
    return "" if same else CHANGED
