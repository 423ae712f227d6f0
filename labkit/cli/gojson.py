"""JSON of the values that templates and inspect have (`govalues`), as Go's encoding/json writes it.

`docker inspect` indents by four spaces and does not escape HTML; a row of one of docker's tables is
encoded with `<`, `>` and `&` escaped. How Go writes strings and numbers is `labkit.oci.gojson`'s.
"""

from __future__ import annotations

from labkit.cli.govalues import JsonNumber, NilList, NilMap, Row, Struct
from labkit.oci.gojson import dumps


def go_json(
    value: object, indent: int | None = None, *, escape_html: bool = False, sort_maps: bool = False
) -> str:
    r"""Encode a value as Go does.

    Takes dicts, lists, strings, numbers, booleans, None and the values of `govalues`. With `indent`,
    as json.MarshalIndent with that many spaces: `indent=4` is what `docker inspect` prints. `sort_maps`
    sorts the keys of dicts, as Go does with its maps.

    >>> go_json({"Cmd": ["a && b"], "Volumes": None})
    '{"Cmd":["a && b"],"Volumes":null}'
    >>> go_json("<none>", escape_html=True)
    '"\\u003cnone\\u003e"'
    >>> print(go_json({"Layers": ["x"], "Labels": {}}, indent=4))
    {
        "Layers": [
            "x"
        ],
        "Labels": {}
    }
    """
    escape_html = escape_html or isinstance(value, Row)
    return dumps(_plain(value, sort_maps), indent=indent, escape_html=escape_html).decode()


def _plain(value: object, sort_maps: bool) -> object:
    if isinstance(value, NilList | NilMap):
        return None
    if isinstance(value, JsonNumber):
        return int(value) if value.removeprefix("-").isdecimal() else float(value)
    if isinstance(value, Struct):
        return {key: _plain(item, sort_maps) for key, item in value.json_items()}
    if isinstance(value, dict):
        items = sorted(value.items()) if sort_maps else value.items()
        return {key: _plain(item, sort_maps) for key, item in items}
    if isinstance(value, list | tuple):
        return [_plain(item, sort_maps) for item in value]
    return value
