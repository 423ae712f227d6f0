"""What the engine keeps on its disk: /var/lib/docker, put together from the state when somebody looks.

The names and modes are those of a real engine. What labkit has no value for is not there: databases, the
engine's own form of a container's settings, and what it takes to write a layer's tar again (tar-split).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from labkit.engine.engine import Engine, container_layers, layer_names
from labkit.engine.mounts import engine_files
from labkit.engine.state import Container, identifier
from labkit.go.json import dumps
from labkit.go.moment import rfc3339_nano
from labkit.oci.content import Content
from labkit.oci.reference import parse_reference
from labkit.oci.tree import Dir, File, Meta, Node
from labkit.storage.driver import Named, ancestry
from labkit.storage.posix import meta_of


def data_root(engine: Engine) -> Dir:
    """Return the engine's directory, whiteouts as a layer has them.

    >>> sorted(data_root(Engine()).children)[:4]
    ['buildkit', 'containers', 'image', 'network']
    """
    state, driver = engine.state, engine.driver
    mounted = {identifier("cache", each.id) for each in state.containers.values() if each.running}
    volumes = {name: _folder({"_data": replace(each.files, opaque=False)}, 0o701, each.created)
               for name, each in state.volumes.items()}  # fmt: skip
    private: dict[str, Node] = {
        name: _folder({}) for name in ("plugins", "runtimes", "swarm", "tmp", "trust")
    }
    containers = {each.id: _container(each) for each in state.containers.values()}
    return _folder(
        {
            **private,
            "buildkit": _folder({}, 0o711),
            "containers": _folder(containers, 0o710),
            "image": _folder({driver.name: _images(engine)}),
            "network": _folder({}, 0o750),
            driver.name: _folder(driver.directories(_stacks(engine), mounted), 0o710),
            "volumes": _folder(volumes, 0o701),
        },
        0o710,
    )


def _stacks(engine: Engine) -> Iterator[Sequence[Named]]:
    """Give the layers of each image and each container, top first."""
    came = engine.state.came
    for image in {each.chain_id: each for each in engine.state.images.values() if each.layers}.values():
        kept = ancestry(engine.snapshot(image))
        times = [came[chain] for chain in reversed(image.chain_ids)]
        yield [Named(*each) for each in zip(layer_names(image), kept, times, strict=True)]
    for each in engine.state.containers.values():
        times = [each.created] * 2 + [came[chain] for chain in reversed(each.image.chain_ids)]
        own = zip(container_layers(each), ancestry(each.active), times, strict=True)
        yield [Named(*layer) for layer in own]


def _images(engine: Engine) -> Dir:
    """Return the stores of images and of layers (moby, image/fs.go, layer/filestore.go)."""
    state = engine.state
    names: dict[str, dict[str, str]] = {}
    for name, image_id in sorted([*state.tags.items(), *state.digests.items()]):
        reference = parse_reference(name)
        names.setdefault(reference.familiar_name, {})[reference.familiar] = image_id
    content = {each.id[7:]: _text(each.config.raw, 0o600) for each in state.images.values()}
    metadata: dict[str, dict[str, Node]] = {}
    for image_id, parent in state.parents.items():
        metadata.setdefault(image_id[7:], {})["parent"] = _text(parent)
    for image_id, moment in state.tagged.items():
        metadata.setdefault(image_id[7:], {})["lastUpdated"] = _text(rfc3339_nano(moment), made=moment)
    mounts = {each.id: _layer_of(each) for each in state.containers.values()}
    metadata_folders = {name: _folder(each, 0o755) for name, each in metadata.items()}
    blobs = {digest[7:]: _text(diff_id) for digest, diff_id in state.diff_ids.items()}
    sources = {
        diff_id[7:]: _text(dumps([
            {"Digest": each.digest, "SourceRepository": each.repository, "HMAC": ""} for each in found
        ]))
        for diff_id, found in state.sources.items()
    }  # fmt: skip
    by_digest = {"diffid-by-digest": _sha256(blobs), "v2metadata-by-diffid": _sha256(sources)}
    return _folder(
        {
            "distribution": _folder(by_digest if blobs or sources else {}),
            "imagedb": _folder(
                {"content": _sha256(content, 0o700), "metadata": _sha256(metadata_folders, 0o700)}
            ),
            "layerdb": _folder(
                {
                    "mounts": _folder(mounts, 0o755),
                    "sha256": _folder(_layers(engine), 0o755),
                    "tmp": _folder({}, 0o755),
                }
            ),
            "repositories.json": _text(dumps({"Repositories": names}), 0o600),
        }
    )


def _sha256(entries: Mapping[str, Node], mode: int = 0o755) -> Dir:
    return _folder({"sha256": _folder(entries, mode)}, mode)


def _layers(engine: Engine) -> dict[str, Node]:
    state = engine.state
    images = [*state.images.values(), *(each.image for each in state.containers.values())]
    parents = {chain: parent for image in images
               for chain, parent in zip(image.chain_ids[1:], image.chain_ids, strict=False)}  # fmt: skip
    found: dict[str, Node] = {}
    for chain, layer in state.layers.items():
        texts = {"cache-id": identifier("cache", chain), "diff": layer.diff_id, "size": str(layer.size)}
        if chain in parents:
            texts["parent"] = parents[chain]
        made = state.came[chain]
        found[chain[7:]] = _folder({name: _text(text, made=made) for name, text in texts.items()})
    return found


def _layer_of(container: Container) -> Dir:
    own, init, *_ = container_layers(container)
    texts = {"init-id": init, "mount-id": own, "parent": container.image.chain_id}
    return _folder({name: _text(text, made=container.created) for name, text in texts.items() if text}, 0o755)


def _container(container: Container) -> Dir:
    """Return a container's directory: the files that the engine mounts into it, and its log."""
    lines = (
        dumps({"log": line.decode("utf-8", "replace"), "stream": {1: "stdout", 2: "stderr"}[each.stream],
               "time": rfc3339_nano(each.at)}) + b"\n"
        for each in container.log for line in each.data.splitlines(keepends=True)
    )  # fmt: skip
    own: dict[str, Node] = {"checkpoints": _folder({}, made=container.created)}
    if container.started:
        own |= engine_files(container, container.started).children
        own["mounts"] = _folder({}, 0o710, container.started)
        own[f"{container.id}-json.log"] = _text(b"".join(lines), 0o640, container.started)
    return _folder(own, 0o710, container.created)


def _text(text: str | bytes, mode: int = 0o644, made: int = 0) -> File:
    return File(Content.of(text.encode() if isinstance(text, str) else text), Meta(mode, mtime=made))


def _folder(entries: Mapping[str, Node], mode: int = 0o700, made: int = 0) -> Dir:
    """Return a directory that is as old as what came into it last."""
    newest = max((meta_of(each).mtime for each in entries.values()), default=made)
    return Dir(entries, Meta(mode, mtime=max(newest, made)))
