"""len, index and slice of templates (text/template, funcs.go). Strings count in bytes, as in Go."""

from __future__ import annotations

from labkit.cli.govalues import MISSING, GoInt, GoTime, Struct, type_name, zero_element
from labkit.cli.templates.compare import CallError
from labkit.cli.templates.quoting import go_bytes, go_text


def length(item: object) -> int:
    """Count a string's bytes, a list's items or a map's keys.

    >>> length("né"), length([1, 2])
    (3, 2)
    """
    if item is None:
        raise CallError("len of nil pointer")
    if item is MISSING:
        raise CallError("reflect: call of reflect.Value.Type on zero Value")
    if isinstance(item, str) and not isinstance(item, GoTime):
        return GoInt(len(go_bytes(item)))
    if isinstance(item, list | dict):
        return GoInt(len(item))
    raise CallError(f"len of type {type_name(item).removeprefix('*')}")


def index(item: object, *keys: object) -> object:
    """Look into nested maps, lists and strings, one key after the other.

    >>> index({"a": ["x", "y"]}, "a", 1)
    'y'
    """
    if item is None or item is MISSING:
        raise CallError("index of untyped nil")
    for key in keys:
        item = _index(item, key)
    return item


def _index(item: object, key: object) -> object:
    if item is None:
        raise CallError("index of nil pointer")
    if isinstance(item, dict):
        if key is None or key is MISSING:
            raise CallError("value is nil; should be of type string")
        if not isinstance(key, str) or type_name(key) != "string":
            raise CallError(f"value has type {type_name(key)}; should be string")
        return item[key] if key in item else zero_element(item)
    if isinstance(item, Struct) or not isinstance(item, list | str) or isinstance(item, GoTime):
        raise CallError(f"can't index item of type {type_name(item).removeprefix('*')}")
    items = go_bytes(item) if isinstance(item, str) else item
    at = _position(key, len(items))
    if at == len(items):
        raise CallError(f"reflect: {'string' if isinstance(item, str) else 'slice'} index out of range")
    return GoInt(items[at]) if isinstance(items, bytes) else items[at]


def _position(key: object, size: int) -> int:
    if key is None or key is MISSING:
        raise CallError("cannot index slice/array with nil")
    if not isinstance(key, int) or isinstance(key, bool):
        raise CallError(f"cannot index slice/array with type {type_name(key)}")
    if not 0 <= key <= size:
        raise CallError(f"index out of range: {key}")
    return key


def slice_(item: object, *bounds: object) -> object:
    """Cut a part out of a string or a list, from the first bound up to the second.

    >>> slice_("sha256:27a188018e18", 7, 10)
    '27a'
    """
    if item is None or item is MISSING:
        raise CallError("slice of untyped nil")
    if len(bounds) > 3:
        raise CallError(f"too many slice indexes: {len(bounds)}")
    if isinstance(item, GoTime) or not isinstance(item, list | str):
        raise CallError(f"can't slice item of type {type_name(item)}")
    if isinstance(item, str) and len(bounds) == 3:
        raise CallError("cannot 3-index slice a string")
    size = len(go_bytes(item)) if isinstance(item, str) else len(item)
    at = [_position(bound, size) for bound in bounds]
    start, stop, limit = at + [0, size, size][len(at) :]
    for low, high in ((start, stop), (stop, limit)):
        if low > high:
            raise CallError(f"invalid slice index: {low} > {high}")
    if isinstance(item, str):
        return type(item)(go_text(go_bytes(item)[start:stop]))
    return type(item)(item[start:stop])
