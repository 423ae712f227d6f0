"""Whether a step was done before: the build cache of the classic builder (moby, image/cache).

The cache is the images themselves. A step is found again as a child of the image that it starts from, if
that child was made with the same config: the command above all, in which COPY writes its files' digest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labkit.engine import images
from labkit.engine.engine import Engine
from labkit.go.moment import parse_time
from labkit.oci.image import Image

_VALUES = ("User", "AttachStdout", "AttachStderr", "Tty")
_LISTS = ("Cmd", "Env", "Entrypoint")
_SETS = ("ExposedPorts", "Volumes")


class Cache:
    """Finds the image of a step that was done before; after the first step that is not found nothing is."""

    def __init__(self, engine: Engine, *, used: bool = True) -> None:
        self.engine = engine
        self.open = used

    def find(self, parent: Image | None, config: Mapping[str, Any]) -> Image | None:
        """Return the image that a step made of a parent, or None; None stands for `FROM scratch`, too."""
        if not self.open:
            return None
        state = self.engine.state
        if parent is None:
            siblings = [each for each in state.images if each not in state.parents]
        else:
            siblings = images.children(self.engine, parent.id)
        made = [state.images[each] for each in siblings]
        same = [image for image in made if same_config(image.config.container_config, config)]
        # The newest: `--no-cache` makes a second child by the same step, and that is the one that is meant.
        found = max(same, key=lambda image: parse_time(image.config.created), default=None)
        # After a miss nothing is found: this step's image is new and has no children (imageprobe.go).
        self.open = found is not None
        return found


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
