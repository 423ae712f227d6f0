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
        done = len(parent.config.history) if parent else 0
        command = " ".join(config.get("Cmd") or ())
        for source in self.sources:
            history = source.config.history
            if not _begins_with(source, parent) or history[done].created_by != command:
                continue
            if len(history) - 1 == done:
                images.add_image(self.engine, source, parent=parent.id if parent else "")
                return source
            self.sources = [source]  # the next steps come from the same image, not from any that begins alike
            return self._restored(parent, source, config)
        return None

    def _restored(self, parent: Image | None, source: Image, config: Mapping[str, Any]) -> Image:
        done = len(parent.config.history) if parent else 0
        layers = source.layers[: sum(not each.empty_layer for each in source.config.history[: done + 1])]
        step = source.config.history[done]
        written = make_config(
            architecture=source.config.architecture,
            os=source.config.os,
            os_version=source.config.os_version,
            os_features=source.config.os_features,
            created=step.created,
            author=source.config.author,
            docker_version=SERVER_VERSION,
            config=config,
            diff_ids=[layer.diff_id for layer in layers],
            history=source.config.history[: done + 1],
        )
        image = Image(written, layers)
        images.add_image(self.engine, image, parent=parent.id if parent else "")
        return image


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
    history = image.config.history
    before, layers = (parent.config.history, parent.config.diff_ids) if parent else ((), ())
    return (
        len(before) < len(history)
        and before == history[: len(before)]
        and layers == image.config.diff_ids[: len(layers)]
    )
