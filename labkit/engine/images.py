"""Images in the local cache: finding, naming, listing and deleting them.

Deleting follows moby's daemon/images/image_delete.go step by step: names first, then the image, then
each layer that nothing else needs, from the top down.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from labkit.base.errors import Conflict, DaemonError, InvalidReference, NotFound, retold
from labkit.engine.engine import Engine
from labkit.engine.state import Container, State, keys_of
from labkit.go.moment import parse_time
from labkit.oci.digest import short
from labkit.oci.image import Image
from labkit.oci.reference import Reference, parse_reference

_ID = re.compile(r"(?:sha256:)?[0-9a-f]{1,64}", re.ASCII)
_FULL_ID = re.compile(r"(?:sha256:)?[0-9a-f]{64}", re.ASCII)


def find_image(engine: Engine, name: str) -> Image:
    """Return the image of a name, an ID or the beginning of an ID.

    Raises NotFound with the daemon's "No such image", or DaemonError for a name that is no reference.
    """
    found = lookup_image(engine, name)
    if found is None:
        is_id = _FULL_ID.fullmatch(name)
        full = name if is_id else parse_reference(name).with_default_tag().familiar
        raise NotFound.of("image", f"sha256:{name.removeprefix('sha256:')}" if is_id else full)
    return found


def lookup_image(engine: Engine, name: str) -> Image | None:
    """Return the image of a name, an ID or the beginning of an ID, or None."""
    image_id = _id_of_name(engine, name) or _id_of_prefix(engine, name)
    return engine.state.images[image_id] if image_id else None


def _id_of_name(engine: Engine, name: str) -> str | None:
    if _FULL_ID.fullmatch(name):
        digest = f"sha256:{name.removeprefix('sha256:')}"
        return digest if digest in engine.state.images else None
    with retold(DaemonError, InvalidReference):
        reference = parse_reference(name).with_default_tag()
    names = engine.state.digests if reference.digest else engine.state.tags
    return names.get(str(replace(reference, tag="") if reference.digest else reference))


def _id_of_prefix(engine: Engine, name: str) -> str | None:
    if not _ID.fullmatch(name):
        return None
    prefix = name.removeprefix("sha256:")
    found = [image_id for image_id in engine.state.images if image_id[7:].startswith(prefix)]
    return found[0] if len(found) == 1 else None


def is_id_of(image_id: str, name: str) -> bool:
    """Tell whether a name is an image's ID or the beginning of it.

    >>> is_id_of("sha256:27a188018e18", "27a1")
    True
    """
    return bool(name) and (image_id.startswith(name) or image_id[7:].startswith(name))


def references(engine: Engine, image_id: str) -> list[Reference]:
    """Return all names of an image, tags and digests, sorted as the engine lists them."""
    names = keys_of(engine.state.tags, image_id) + keys_of(engine.state.digests, image_id)
    return [parse_reference(name) for name in sorted(names)]


def tags_of(engine: Engine, reference: Reference) -> list[Reference]:
    """Return the names with a tag that a repository has in the cache, sorted."""
    found = [parse_reference(name) for name in sorted(engine.state.tags)]
    return [each for each in found if each.name == reference.name]


def children(engine: Engine, image_id: str) -> list[str]:
    """Return the images that were built or committed here from an image."""
    return keys_of(engine.state.parents, image_id)


def containers_of(engine: Engine, image_id: str) -> list[Container]:
    """Return the containers, running or not, that were created from an image, oldest first."""
    found = [each for each in engine.state.containers.values() if each.image_id == image_id]
    return sorted(found, key=lambda each: each.number)


def add_image(engine: Engine, image: Image, *, parent: str = "") -> None:
    """Put an image and its layers into the cache; what is there already is kept."""
    state = engine.state
    layers, came = state.layers, state.came
    for layer, chain in zip(image.layers, image.chain_ids, strict=True):
        if chain not in layers:
            layers, came = layers.set(chain, layer), came.set(chain, state.now)
    if image.id not in state.images:
        engine.change(images=state.images.set(image.id, image), layers=layers, came=came)
    if parent:
        engine.change(parents=engine.state.parents.set(image.id, parent))


def set_tag(engine: Engine, image_id: str, reference: Reference, *, dated: bool = True) -> None:
    """Let a name with a tag lead to an image; an image that had it loses it.

    `dated` notes when, as tags, commits and builds do; a pull or a load does not.
    """
    state = engine.state
    engine.change(tags=state.tags.set(str(reference), image_id))
    if dated:
        engine.change(tagged=state.tagged.set(image_id, state.now))


def set_digest(engine: Engine, image_id: str, reference: Reference) -> None:
    """Let a name with a manifest's digest lead to an image."""
    engine.change(digests=engine.state.digests.set(str(reference), image_id))


def tag(engine: Engine, source: str, target: str) -> None:
    """Give an image another name, as `docker tag SOURCE TARGET`."""
    image = find_image(engine, source)
    reference = parse_reference(target)
    if reference.digest:
        raise DaemonError("refusing to create a tag with a digest reference")
    if reference.familiar_name == "sha256":
        raise DaemonError("refusing to create an ambiguous tag using digest algorithm as name")
    with retold(DaemonError, InvalidReference):
        # The client sends the short name, and docker.io/ before 64 digits is gone then.
        parse_reference(reference.familiar_name)
    set_tag(engine, image.id, reference.with_default_tag())


@dataclass(frozen=True, slots=True)
class Removed:
    """A line of `docker rmi`: "Untagged" with a name, or "Deleted" with an image ID or a ChainID."""

    kind: str
    name: str


def remove_image(engine: Engine, name: str, *, force: bool = False, prune: bool = True) -> list[Removed]:
    """Remove a name, and the image with the layers that nothing else needs when it was the last one.

    An ID removes all names, if they are of one repository. With `force` an image goes that has more names
    or a stopped container; its layers stay until that is removed. With `prune` the images that it was
    built on go with it, if they have no name. Raises NotFound, or Conflict where a container or another
    image needs it.
    """
    image = find_image(engine, name)
    names = references(engine, image.id)
    if is_id_of(image.id, name):
        removed = []
        if _is_single(names):
            _check(engine, image.id, soft=not force, ignore_names=True)
            removed = [_untag(engine, each) for each in names]
        return removed + _delete(engine, image.id, force=force, prune=prune, quiet=False)
    reference = parse_reference(name).with_default_tag()
    # Without its last name the image would dangle, and the container's image could be named by its ID alone:
    # the daemon wants that to be forced.
    if not force and _is_single(names) and (users := containers_of(engine, image.id)):
        raise Conflict(
            f'conflict: unable to remove repository reference "{name}" (must force) - container '
            f"{short(users[0].id)} is using its referenced image {short(image.id)}",
            code="name-in-use",
            subject=short(users[0].id),
        )
    removed = [_untag(engine, reference)]
    # `docker pull` gave the image a name by digest, too. That goes with the repository's last tag: nobody
    # typed it, and it would keep the image for ever.
    names = references(engine, image.id)
    if not reference.digest and not any(each.tag and each.name == reference.name for each in names):
        digests = [each for each in names if each.name == reference.name]
        removed += [_untag(engine, each) for each in digests]
        names = [each for each in names if each not in digests]
    if names:
        return removed
    # The name is gone now, which is what was asked for, so what keeps the image itself is no error.
    return removed + _delete(engine, image.id, force=force, prune=prune, quiet=True)


def _untag(engine: Engine, reference: Reference) -> Removed:
    state = engine.state
    if reference.digest:
        engine.change(digests=state.digests.discard(str(replace(reference, tag=""))))
    else:
        engine.change(tags=state.tags.discard(str(reference)))
    return Removed("Untagged", reference.familiar)


def _is_single(names: list[Reference]) -> bool:
    """Tell whether an image has at most one tag, in one repository."""
    tags = [each for each in names if not each.digest]
    repositories = {each.name for each in names if each.digest}
    return len(names) <= 1 or (len(tags) <= 1 and repositories == {(tags or names)[0].name})


def _check(engine: Engine, image_id: str, *, soft: bool, ignore_names: bool = False) -> None:
    """Raise Conflict where the image may not be deleted; `soft` conflicts can be forced."""
    refused = f"conflict: unable to delete {short(image_id)}"
    never, unforced = f"{refused} (cannot be forced) - image", f"{refused} (must be forced) - image"
    users = containers_of(engine, image_id)
    if children(engine, image_id):
        raise Conflict(f"{never} has dependent child images", code="image-has-children")
    if running := [short(each.id) for each in users if each.running]:
        used = f"is being used by running container {running[0]}"
        raise Conflict(f"{never} {used}", code="image-of-running-container", subject=running[0])
    if soft and not ignore_names and references(engine, image_id):
        used = "is referenced in multiple repositories"
        raise Conflict(f"{unforced} {used}", code="image-has-several-names")
    if soft and users:
        first = short(users[0].id)
        used = f"is being used by stopped container {first}"
        raise Conflict(f"{unforced} {used}", code="image-of-stopped-container", subject=first)


def _delete(engine: Engine, image_id: str, *, force: bool, prune: bool, quiet: bool) -> list[Removed]:
    try:
        _check(engine, image_id, soft=not force)
    except Conflict:
        if quiet:
            return []
        raise
    # Names, then the image, then its layers from the top down, then the parent: whatever is taken away, all
    # that is left still has what it stands on.
    removed = [_untag(engine, each) for each in references(engine, image_id)]
    image, parent = engine.state.images[image_id], engine.state.parents.get(image_id, "")
    state = engine.state
    engine.change(
        images=state.images.remove(image_id),
        parents=state.parents.discard(image_id),
        tagged=state.tagged.discard(image_id),
    )
    removed.append(Removed("Deleted", image_id))
    removed += [Removed("Deleted", chain) for chain in release_layers(engine, image)]
    if prune and parent in engine.state.images:
        removed += _delete(engine, parent, force=False, prune=True, quiet=True)
    return removed


def release_layers(engine: Engine, image: Image) -> list[str]:
    """Drop an image's layers that no image and no container needs, top first; return their ChainIDs."""
    state = engine.state
    users = [*state.images.values(), *(each.image for each in state.containers.values())]
    needed = {chain for user in users for chain in user.chain_ids}
    dropped = [chain for chain in reversed(image.chain_ids) if chain not in needed and chain in state.layers]
    layers, came = state.layers, state.came
    for chain in dropped:
        layers, came = layers.remove(chain), came.discard(chain)
    engine.change(layers=layers, came=came)
    return dropped


def listed_images(engine: Engine, *, everything: bool = False) -> list[Image]:
    """Return the images that `docker images` lists, newest first; intermediate ones where asked for."""
    shown = engine.state.images.values() if everything else listed(engine.state)
    return sorted(shown, key=age, reverse=True)


def listed(state: State) -> list[Image]:
    """Return the images that have a name or are nobody's parent, the oldest first.

    >>> listed(State())
    []
    """
    named, parents = {*state.tags.values(), *state.digests.values()}, set(state.parents.values())
    shown = (each for each in state.images.values() if each.id in named or each.id not in parents)
    return sorted(shown, key=age)


def age(image: Image) -> tuple[int, str]:
    """Return what images are sorted by: when they were made (nanoseconds), then their IDs."""
    return parse_time(image.config.created), image.id


def prune_images(
    engine: Engine, *, everything: bool = False, matches: Callable[[Image], bool] = lambda _: True
) -> tuple[list[Removed], int]:
    """Remove dangling images that match, or all that no container uses; return what went and the bytes freed.

    As the daemon does, it tries one name after the other: an image in use loses all names but one.
    """
    before = sum(layer.size for layer in engine.state.layers.values())
    removed: list[Removed] = []
    for image in listed_images(engine):
        names = references(engine, image.id)
        if not matches(image) or (any(each.tag for each in names) and not everything):
            continue
        for wanted in [str(each) for each in names] or [image.id]:
            try:
                removed += remove_image(engine, wanted)
            except (Conflict, NotFound):
                continue
    return removed, before - sum(layer.size for layer in engine.state.layers.values())
