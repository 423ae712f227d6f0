"""One step of a change under overlay: the stack, how far the search is, what is copied up, what upper has."""

from __future__ import annotations

from collections.abc import Iterator

from labkit.base.text import counted
from labkit.course.copy_on_write import Story, StoryStep, path_of
from labkit.engine.scene import Scene, Tile
from labkit.go.units import human_size
from labkit.notebook.pictures.picture import Picture
from labkit.notebook.pictures.still import Arrow, lines, still
from labkit.oci import tree
from labkit.oci.tree import Dir, File, Node, Symlink, Whiteout, get
from labkit.storage.trace import Look

MOST = 8
"""The most lines of a tree, and the most layers below the container's own; more are drawn as one."""
LEGEND = "A new · C copied up or changed · W whiteout · O opaque"


def copy_up(story: Story, step: int = -1) -> Picture:
    """Draw a step of a story; below zero, steps are counted from the last one.

    At the left is the stack with what the search gave so far, at the right what is in the container's own
    layer before the step and now.

    >>> from labkit import Lab
    >>> from labkit.course.copy_on_write import story
    >>> lab = Lab()
    >>> image = lab.pull("busybox")
    >>> print("\\n".join(copy_up(story(lab, "busybox", "/etc/passwd", "delete")).text.splitlines()[-3:]))
                     R/W layer now
      C              etc/
      W                passwd            whiteout
    """
    last = len(story.steps) - 1
    place = min(step, last) if step >= 0 else max(last + 1 + step, 0)
    now, told = story.steps[place], [lines(f"{each.title}.", each.why) for each in story.steps]
    # As high as the picture of any other step, so that the buttons above it stand still.
    caption = [*told[place], *[""] * (max(map(len, told)) - len(told[place])), LEGEND]
    stack = list(_stack(story, place))
    trees = [_trees(story, each) for each in story.steps]
    rows = max(len(stack), *map(len, trees))
    tiles = [
        Tile(each.key, each.name, each.size, column, 1, rows - 1 - row, each.mark, each.note)
        for column, found in enumerate((stack, trees[place]))
        for row, each in reversed([*enumerate(found)])
    ]
    chosen = [each.key for each in stack if each.key in map(_key, now.layers)]
    title = f"{story.command} · step {place} of {last}"
    return still(Scene(tuple(tiles), 2, rows), title, caption, chosen=chosen, arrows=_copies(story, place))


def _key(layer: int) -> str:
    return f"{'layer' if layer else 'container'}:{layer}"


def _stack(story: Story, place: int) -> Iterator[Tile]:
    """Give the layers from the top down; one that was looked into says what was found there."""
    visited = {layer for each in story.steps[: place + 1] for layer in each.layers}
    shown, left = _shown(story), 0
    for layer, (mark, words) in enumerate(story.rows):
        if layer not in shown:
            left += 1
            if layer + 1 in shown or layer + 1 == len(story.rows):
                yield Tile(f"fold:{layer}", f"… {counted(left, 'layer')}")
                left = 0
            continue
        found = _found(story.looks[layer]) if layer in visited and story.looks else ""
        found = found if layer else _own(story, place) or found
        yield Tile(_key(layer), found or words, mark=mark)


def _shown(story: Story) -> set[int]:
    """Return the layers that are drawn: the upper ones, and those that have something of the name."""
    every = range(len(story.rows))
    telling = [
        layer for layer in every if story.looks and story.looks[layer].kind not in ("absent", "unsearched")
    ]
    return {*every[: MOST + 1], *telling[:4]}


def _found(look: Look) -> str:
    """Return what looking into a layer gave."""
    name = look.names[-1] if look.names else "/"
    if look.kind == "whiteout":
        return f"W whiteout {name}: end"
    if look.kind in ("found", "merged"):
        end = " opaque: end" if look.opaque is not None else ""
        return f"{name}{'/' if type(look.node) is Dir else ''} {_size(look.node)}{end}".strip()
    if look.kind == "covered":
        return f"{name} is no directory: end"
    if look.opaque is not None:
        return f"{look.opaque[-1] if look.opaque else ''}/ is opaque: end"
    return f"no {path_of(look.names)}"


def _own(story: Story, place: int) -> str:
    """Return what the container's own layer has by now of the path that the last change was about."""
    names = next((each.names for each in reversed(story.steps[: place + 1]) if each.names), ())
    node = get(story.steps[place].upper, "/".join(names)) if names else None
    if node is None:
        return ""
    if type(node) is Whiteout:
        return f"W whiteout {names[-1]}"
    opaque = type(node) is Dir and node.opaque
    return f"{'O opaque ' * opaque}{names[-1]}{'/' * (type(node) is Dir)} {_size(node)}".strip()


def _copies(story: Story, place: int) -> list[Arrow]:
    """Return the copy's way up, with its bytes, from the step on in which it is made."""
    source = next((layer for layer, look in enumerate(story.looks) if look.kind == "found"), None)
    copies = [number for number, step in enumerate(story.steps) if step.kind == "copy-up"]
    if not copies or source is None or place < copies[0]:
        return []
    size = human_size(story.steps[copies[0]].copied)
    return [Arrow(_key(source), _key(0), size, strong=place == copies[0])]


def _trees(story: Story, now: StoryStep) -> list[Tile]:
    """Return the container's own layer before the first step and at a step, a heading above each."""
    found = []
    for when, upper in (("before", story.before), ("now", now.upper)):
        found.append(Tile(f"head:{when}", f"R/W layer {when}"))
        files = [_file(path, node, story.lower, when) for path, node in _near(upper, now)]
        left = sum(1 for _ in tree.walk(upper)) - len(files)
        files += [Tile(f"file:{when}:", f"… {left:,} more")] * bool(left)
        found += files or [Tile(f"file:{when}:", "empty")]
    return found


def _near(upper: Dir, now: StoryStep) -> list[tuple[str, Node]]:
    """Return what an upper directory holds; of too much, what is near the step's path."""
    every, focus = list(tree.walk(upper)), "/".join(now.names)
    if len(every) <= MOST:
        return every
    near = [pair for pair in every if f"{focus}/".startswith(f"{pair[0]}/") or pair[0].startswith(focus)]
    return near[: MOST - 1]


def _file(path: str, node: Node, lower: Dir, when: str) -> Tile:
    name = "  " * path.count("/") + path.rpartition("/")[2]
    letter, words = "C" if get(lower, path) is not None else "A", _size(node)
    if type(node) is Whiteout:
        letter, words = "W", "whiteout"
    elif type(node) is Dir:
        letter, words, name = ("O", "opaque", f"{name}/") if node.opaque else (letter, "", f"{name}/")
    return Tile(f"file:{when}:{path}", name, mark=letter, note=words)


def _size(node: Node | None) -> str:
    """Return a file's size, or where a symbolic link leads."""
    if type(node) is File:
        return human_size(node.content.size)
    return f"→ {node.target}" if type(node) is Symlink else ""
