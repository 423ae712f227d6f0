"""What the engine keeps on its disk: /var/lib/docker, put together from the state when somebody looks.

The names and modes are those of a real engine. What labkit has no value for is not there: databases, the
engine's own form of a container's settings, and what it takes to write a layer's tar again (tar-split).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from labkit.engine.engine import Engine, container_layers, layer_names
from labkit.engine.mounts import engine_files
from labkit.engine.state import Container, identifier
from labkit.go.json import dumps
from labkit.go.moment import rfc3339_nano
from labkit.oci.content import Content
from labkit.oci.image import Image
from labkit.oci.reference import parse_reference
from labkit.oci.tree import Dir, File, Meta, Node, Symlink
from labkit.storage.driver import Active, Kept, ancestry
from labkit.storage.overlay2 import short_name
from labkit.storage.posix import meta_of


def data_root(engine: Engine) -> Dir:
    """Return the engine's directory, whiteouts as a layer has them.

    >>> sorted(data_root(Engine()).children)[:4]
    ['buildkit', 'containers', 'image', 'network']
    """
    state, name = engine.state, engine.driver.name
    containers = {each.id: _container(each) for each in state.containers.values()}
    volumes = {each.name: _folder({"_data": replace(each.files, opaque=False)}, 0o701)
               for each in state.volumes.values()}  # fmt: skip
    inside: dict[str, Node] = {
        **{each: _folder({}) for each in ("plugins", "runtimes", "swarm", "tmp", "trust")},
        "buildkit": _folder({}, 0o711),
        "containers": _folder(containers, 0o710),
        "image": _folder({name: _images(engine)}),
        "network": _folder({}, 0o750),
        name: _folder(_overlay2(engine) if engine.overlay else {}, 0o710),
        "volumes": _folder(volumes, 0o701),
    }
    return _folder(inside, 0o710)


def _overlay2(engine: Engine) -> dict[str, Node]:
    """Return a directory for each layer, and `l` with names that keep mount options short."""
    found: dict[str, Node] = {}
    links: dict[str, Node] = {}
    for owner in (*engine.state.images.values(), *engine.state.containers.values()):
        own = owner if isinstance(owner, Container) else None
        image = own.image if own else owner
        assert isinstance(image, Image)
        names, top = (
            (container_layers(own), own.active) if own else (layer_names(image), engine.snapshot(image))
        )
        times = [engine.state.came[chain] for chain in reversed(image.chain_ids)]
        times = [own.created, own.created, *times] if own else times
        for depth, (kept, made) in enumerate(zip(ancestry(top), times, strict=True)):
            link, lower = short_name(names[depth]), ":".join(f"l/{short_name(e)}" for e in names[depth + 1 :])
            links[link] = Symlink(f"../{names[depth]}/diff", Meta(0o777, mtime=made))
            found[names[depth]] = _layer(kept, link, lower, made, own if depth < 2 else None)
    return {**found, "l": _folder(links)}


def _layer(kept: Kept, link: str, lower: str, made: int, owner: Container | None) -> Dir:
    """Return a layer's files and, beside them, what it takes to mount it; `owner` writes to it."""
    own: dict[str, Node] = {"link": _text(link, made), "diff": kept.changes}
    active = owner if isinstance(kept, Active) else None
    if lower:
        # Mounting a layer to write to it makes another `work` in this one: whiteouts are links to one there.
        whiteouts = {"#1": active.whiteout} if active and active.whiteout else {}
        work = {"work": Dir(whiteouts, Meta(0, mtime=made))} if owner else {}
        own |= {"lower": _text(lower, made), "work": _folder(work, made=made)}
    if not active:
        own["committed"] = _text("", made, 0o600)
    elif active.running:
        own["merged"] = Dir()
    return _folder(own, 0o710, made)


def _images(engine: Engine) -> Dir:
    """Return the stores of images and of layers (moby, image/fs.go, layer/filestore.go)."""
    state = engine.state
    names: dict[str, dict[str, str]] = {}
    for name, image_id in sorted([*state.tags.items(), *state.digests.items()]):
        reference = parse_reference(name)
        names.setdefault(reference.familiar_name, {})[reference.familiar] = image_id
    parents = {each: {"parent": _text(parent)} for each, parent in state.parents.items()}
    updated = {each: {"lastUpdated": _text(rfc3339_nano(at), at)} for each, at in state.tagged.items()}
    about = {each: _folder({**parents.get(each, {}), **updated.get(each, {})}, 0o755)
             for each in {**parents, **updated}}  # fmt: skip
    content = {each.id: _text(each.config.raw, mode=0o600) for each in state.images.values()}
    mounts = {each.id: _mount_of(each) for each in state.containers.values()}
    layers = {"mounts": _folder(mounts, 0o755), "tmp": _folder({}, 0o755), **_sha256(_layers(engine), 0o755)}
    return _folder(
        {
            "distribution": _folder(_distribution(engine)),
            "imagedb": _folder({"content": _folder(_sha256(content)), "metadata": _folder(_sha256(about))}),
            "layerdb": _folder(layers),
            "repositories.json": _text(dumps({"Repositories": names}), mode=0o600),
        }
    )


def _distribution(engine: Engine) -> dict[str, Node]:
    """Return which blobs hold which layer, as it was learned from registries."""
    blobs = {digest: _text(diff_id) for digest, diff_id in engine.state.diff_ids.items()}
    sources = {
        diff_id: [{"Digest": each.digest, "SourceRepository": each.repository, "HMAC": ""} for each in found]
        for diff_id, found in engine.state.sources.items()
    }
    known = {diff_id: _text(dumps(found)) for diff_id, found in sources.items()}
    both = {"diffid-by-digest": blobs, "v2metadata-by-diffid": known}
    return {name: _folder(_sha256(each, 0o755), 0o755) for name, each in both.items() if each}


def _layers(engine: Engine) -> dict[str, Node]:
    state, parents = engine.state, dict[str, str]()
    for image in (*state.images.values(), *(each.image for each in state.containers.values())):
        parents |= zip(image.chain_ids[1:], image.chain_ids, strict=False)
    found: dict[str, Node] = {}
    for chain, layer in state.layers.items():
        texts = {"cache-id": identifier("cache", chain), "diff": layer.diff_id, "size": str(layer.size)}
        texts |= {"parent": parents[chain]} if chain in parents else {}
        found[chain] = _folder({name: _text(text, state.came[chain]) for name, text in texts.items()})
    return found


def _mount_of(container: Container) -> Dir:
    own, init, *_ = container_layers(container)
    texts = {"init-id": init, "mount-id": own, "parent": container.image.chain_id}
    return _folder({name: _text(text, container.created) for name, text in texts.items()}, 0o755)


def _container(container: Container) -> Dir:
    """Return a container's directory: the files that the engine mounts into it, and its log."""
    own: dict[str, Node] = {"checkpoints": _folder({}, made=container.created)}
    if made := container.started:
        lines = [
            {"log": line.decode("utf-8", "replace"), "stream": f"std{['out', 'err'][each.stream - 1]}",
             "time": rfc3339_nano(each.at)}
            for each in container.log
            for line in each.data.splitlines(keepends=True)
        ]  # fmt: skip
        log = _text(b"".join(dumps(line) + b"\n" for line in lines), made, 0o640)
        own |= {"mounts": _folder({}, 0o710, made), f"{container.id}-json.log": log}
        own |= engine_files(container, made).children
    return _folder(own, 0o710)


def _text(text: str | bytes, made: int = 0, mode: int = 0o644) -> File:
    return File(Content.of(text.encode() if isinstance(text, str) else text), Meta(mode, mtime=made))


def _folder(entries: Mapping[str, Node], mode: int = 0o700, made: int = 0) -> Dir:
    """Return a directory that is as old as what came into it last."""
    return Dir(entries, Meta(mode, mtime=max([made, *(meta_of(each).mtime for each in entries.values())])))


def _sha256(entries: Mapping[str, Node], mode: int = 0o700) -> dict[str, Node]:
    return {"sha256": _folder({name.removeprefix("sha256:"): each for name, each in entries.items()}, mode)}
