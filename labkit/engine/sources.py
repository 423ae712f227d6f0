"""Which blobs of which repositories hold a layer: what a push learns from the pulls and pushes before it.

The engine compresses a layer where it has to upload it, and another compressor gives other bytes, another
digest, another manifest. So it remembers by DiffID where the layer was seen, even when the layer is deleted,
and asks there first (moby, distribution/metadata/v2_metadata_service.go and distribution/push_v2.go).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

from pyrsistent import PMap

_MOST = 50
"""Sources that are kept of a layer (moby, maxMetadata)."""


@dataclass(frozen=True, slots=True)
class Source:
    """A blob that holds a layer, and a repository, with its host, that has it; `pushed` where by our push."""

    digest: str
    repository: str
    pushed: bool = False


Sources = PMap[str, tuple[Source, ...]]
"""By DiffID, the youngest last."""


def added(sources: Sources, diff_id: str, source: Source) -> Sources:
    """Return the sources with one more, which is the youngest now.

    >>> one, two = Source("sha256:1", "reg.test/a"), Source("sha256:2", "reg.test/b")
    >>> from pyrsistent import pmap
    >>> known = added(added(pmap(), "sha256:d", one), "sha256:d", two)
    >>> added(known, "sha256:d", one)["sha256:d"] == (two, one)
    True
    """
    return sources.set(diff_id, (*_without(sources, diff_id, source), source)[-_MOST:])


def removed(sources: Sources, diff_id: str, source: Source) -> Sources:
    """Return the sources without one, where the layer was looked for in vain."""
    return sources.set(diff_id, _without(sources, diff_id, source))


def _without(sources: Sources, diff_id: str, source: Source) -> tuple[Source, ...]:
    return tuple(each for each in sources.get(diff_id, ()) if each != source)


def likeliest(sources: Sources, diff_id: str, repository: str) -> list[Source]:
    """Return a layer's sources, the likeliest for a repository first.

    Those that we pushed come first, then those whose names begin most like the repository's, then the
    youngest (moby, sortV2MetadataByLikenessAndAge).

    >>> pulled, far = Source("sha256:1", "reg.test/team/a"), Source("sha256:2", "reg.test/x", pushed=True)
    >>> from pyrsistent import pmap
    >>> known = added(added(pmap(), "sha256:d", far), "sha256:d", pulled)
    >>> [each.repository for each in likeliest(known, "sha256:d", "reg.test/team/b")]
    ['reg.test/x', 'reg.test/team/a']
    """

    def alike(name: str) -> int:
        pairs = zip(name.split("/"), repository.split("/"), strict=False)
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))

    youngest_first = reversed(sources.get(diff_id, ()))
    return sorted(youngest_first, key=lambda each: (not each.pushed, -alike(each.repository)))
