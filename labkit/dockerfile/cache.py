"""Whether a step was done before: the build cache of the classic builder (moby, image/cache).

The cache is the images themselves. A step is found again as a child of the image that it starts from, if
that child was made with the same config: the command above all, in which COPY writes its files' digest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labkit.engine import images
from labkit.engine.engine import Engine
from labkit.go.moment import parse_time
from labkit.oci.config import make_config
from labkit.oci.image import SERVER_VERSION, Image

_VALUES = ("User", "AttachStdout", "AttachStderr", "Tty")
_LISTS = ("Cmd", "Env", "Entrypoint")
_SETS = ("ExposedPorts", "Volumes")


class Cache:
    """Finds the image of a step that was done before.

    `sources` are the images of `--cache-from`: where some are named, what is found is theirs. After the
    first step that is not found nothing is.
    """

    def __init__(self, engine: Engine, *, used: bool = True, sources: Sequence[str] = ()) -> None:
        self.engine = engine
        self.open = used
        self.restricted = bool(sources)
        found = [images.lookup_image(engine, name) for name in sources]
        self.sources = [image for image in found if image is not None]

    def find(self, parent: Image | None, config: Mapping[str, Any]) -> Image | None:
        """Return the image that a step made of a parent, or None; None stands for `FROM scratch`, too."""
        if not self.open:
            return None
        # Children are compared by their whole config and sources by a command of their history, so children
        # come first (moby, image/cache/cache.go, GetCache). After a miss nothing is found any more, since
        # this step now makes an image without children (builder/dockerfile/imageprobe.go, cacheBusted).
        found = self._child(parent, config)
        if self.restricted and not (found and any(self._descends(each, found) for each in self.sources)):
            found = self._of_source(parent, config)
        self.open = found is not None
        return found

    def _child(self, parent: Image | None, config: Mapping[str, Any]) -> Image | None:
        state = self.engine.state
        if parent is None:
            siblings = [each for each in state.images if each not in state.parents]
        else:
            siblings = images.children(self.engine, parent.id)
        made = [state.images[each] for each in siblings]
        same = [image for image in made if same_config(image.config.container_config, config)]
        # The newest: `--no-cache` makes a second child by the same step, and that is the one that is meant.
        return max(same, key=lambda image: parse_time(image.config.created), default=None)

    def _descends(self, image: Image, ancestor: Image) -> bool:
        parents = self.engine.state.parents
        above = parents.get(image.id)
        while above is not None and above != ancestor.id:
            above = parents.get(above)
        return above is not None

    def _of_source(self, parent: Image | None, config: Mapping[str, Any]) -> Image | None:
        """Return a source that the step ends, or the image of the step on the way to one, made anew."""
        done, above = (len(parent.config.history), parent.id) if parent else (0, "")
        command = " ".join(config.get("Cmd") or ())
        for source in self.sources:
            if _begins_with(source, parent) and source.config.history[done].created_by == command:
                found = source if len(source.config.history) == done + 1 else _up_to(source, done + 1, config)
                # The next steps come from the same image, not from any that begins alike.
                self.sources = self.sources if found is source else [source]
                images.add_image(self.engine, found, parent=above)
                return found
        return None


def _up_to(image: Image, steps: int, config: Mapping[str, Any]) -> Image:
    """Return what the first steps of an image made, with the config that the last of them had."""
    own, history = image.config, image.config.history[:steps]
    layers = image.layers[: sum(not each.empty_layer for each in history)]
    written = make_config(
        architecture=own.architecture,
        os=own.os,
        os_version=own.os_version,
        os_features=own.os_features,
        created=history[-1].created,
        author=own.author,
        docker_version=SERVER_VERSION,
        config=config,
        diff_ids=[layer.diff_id for layer in layers],
        history=history,
    )
    return Image(written, layers)


def same_config(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether two configs of a step are taken for the same.

    >>> same_config({"Cmd": ["a"], "Hostname": "x"}, {"Cmd": ["a"]}), same_config({"Cmd": ["a"]}, {})
    (True, False)
    """
    return (
        not one.get("OpenStdin")
        and not other.get("OpenStdin")
        and all((one.get(key) or "") == (other.get(key) or "") for key in _VALUES)
        and all(list(one.get(key) or ()) == list(other.get(key) or ()) for key in _LISTS)
        and all(set(one.get(key) or ()) == set(other.get(key) or ()) for key in _SETS)
        and dict(one.get("Labels") or {}) == dict(other.get("Labels") or {})
    )


def _begins_with(image: Image, parent: Image | None) -> bool:
    """Tell whether an image has a parent's history and layers, and more history."""
    steps, layers = (parent.config.history, parent.config.diff_ids) if parent else ((), ())
    own = image.config
    return steps == own.history[: len(steps)] != own.history and layers == own.diff_ids[: len(layers)]
