"""Building images from Dockerfiles, as Docker's classic builder does.

`docker build` sends a context and a BuildRequest to `builder.build`; `Lab.build` does so with steps and files
from Python. `parse` reads a Dockerfile, `instructions` says what is wrong with it and what a step sets,
`copy` does what COPY and ADD do, `cache` finds what was done before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from labkit.dockerfile.builder import BuildRequest, See, build
from labkit.dockerfile.context import Context, Files, of_files
from labkit.engine.engine import Engine
from labkit.oci.image import Image
from labkit.oci.reference import parse_reference


def build_steps(
    engine: Engine,
    tag: str,
    steps: Sequence[str] | str,
    files: Files,
    *,
    pull: Callable[[str], object],
    see: See,
) -> Image:
    """Build an image from a Dockerfile's text or lines and give it a name; return it.

    `files` is the build context: a path's text or bytes, or a number for that many bytes of filler.
    Raises DaemonError in the builder's words; then the cache is as it was.
    """
    text = steps if isinstance(steps, str) else "\n".join(steps)
    before = engine.state
    context = Context(of_files(files, engine.now), text=text)
    try:
        request = BuildRequest(tags=(parse_reference(tag).with_default_tag(),))
        return build(engine, context, request, pull=pull, say=lambda stream, text: None, see=see)
    except Exception:
        engine.state = before
        raise
