"""The identifiers that images had before Docker 1.10, which `docker save` still writes.

Each layer of a saved image has a document that describes it as an image of its own, and an identifier
made of that document's hash (moby, image/v1, CreateID, and image/image.go, V1Image).
"""

from __future__ import annotations

from collections.abc import Iterator

from labkit.oci.config import ImageConfig
from labkit.oci.digest import chain_ids, sha256
from labkit.oci.gojson import dumps, loads
from labkit.oci.gostruct import conform, struct
from labkit.oci.moby import IMAGE

_NOT_V1 = ("id", "parent", "rootfs", "history", "os.version", "os.features")
_V1_IMAGE = struct("image.V1Image", *(field for field in IMAGE.fields if field.key not in _NOT_V1))
_BELOW = conform(_V1_IMAGE, {"created": "1970-01-01T00:00:00Z"})


def v1_layers(config: ImageConfig) -> Iterator[tuple[str, bytes]]:
    """Yield, bottom first, each layer's old identifier and the document saved under it.

    Only the top layer's document tells of the image; the others are all alike.

    >>> from labkit.oci.config import make_config
    >>> facts = {"created": "2019-04-16T00:00:00Z", "diff_ids": ["sha256:" + 64 * "0"]}
    >>> [identifier[:12] for identifier, document in v1_layers(make_config(**facts))]
    ['2f330a86dce6']
    """
    image = conform(_V1_IMAGE, loads(config.raw))
    parent = ""
    for number, chain_id in enumerate(chain_ids(config.diff_ids), 1):
        document = image if number == len(config.diff_ids) else _BELOW
        hashed = document | {"layer_id": chain_id}
        named = {"parent": parent} if parent else {}
        if parent:
            hashed["parent"] = f"sha256:{parent}"
        identifier = sha256(dumps(dict(sorted(hashed.items())))).removeprefix("sha256:")
        system = {"os": image["os"]} if "os" in image else {}
        yield identifier, dumps({"id": identifier} | named | document | system)
        parent = identifier
