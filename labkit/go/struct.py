"""Go's structs, as encoding/json fills them from a document and writes them again.

The engine decodes a document into a struct and, for the next image, encodes the struct: keys that the
struct does not know are lost, absent ones appear with their zero value unless the field says
`omitempty`, names match without regard to case. `conform` does both steps at once, for a type given
as a value (pkg.go.dev/encoding/json, "Unmarshal" and "Marshal").
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from labkit.base.errors import InvalidDocument
from labkit.go.json import dumps
from labkit.go.moment import rewritten

# A time.Time that was never set: Go's years begin with 1, and a struct is never empty for `omitempty`.
ZERO_TIME = "0001-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Type:
    """A Go type: its name in Go's errors, its kind, what it holds."""

    name: str
    kind: str
    element: Type | None = None
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """A struct's field: its key in the document, and whether the key is left out when empty."""

    key: str
    type: Type
    omitempty: bool = False
    pointer: bool = False


def list_of(element: Type) -> Type:
    """Return the type of a slice."""
    return Type(f"[]{element.name}", "list", element)


def struct(name: str, *fields: Field) -> Type:
    """Return the type of a struct, its fields in Go's order."""
    return Type(name, "struct", fields=fields)


STRING = Type("string", "string")
BOOL = Type("bool", "bool")
INT = Type("int", "integer")
INT64 = Type("int64", "integer")
TIME = Type("time.Time", "time")
STRINGS = list_of(STRING)
COMMAND = Type("string", "command")  # strslice.StrSlice: a list of texts, or one text alone
_NAMED = {each.name: each for each in (STRING, BOOL, INT, INT64, TIME)} | {
    "strslice.StrSlice": COMMAND,
    "struct{}": struct("struct {}"),
    "time.Duration": Type("time.Duration", "integer"),
    "image.ID": Type("image.ID", "string"),
    "layer.DiffID": Type("layer.DiffID", "string"),
}
_STRUCT = re.compile(r"^type (\S+) struct \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r'^\t(\S+) +(\*?)(\S+)(?: +`json:"([^,"]*)(,omitempty)?"`)?$', re.MULTILINE)


def declared(source: str) -> dict[str, Type]:
    """Return the structs that Go's source declares, by their names; each stands behind those that it holds.

    >>> declared('type T struct {\\n\\tKind string `json:"kind"`\\n}')["T"].fields[0].key
    'kind'
    """
    types = dict(_NAMED)
    for name, body in _STRUCT.findall(source):
        types[name] = struct(
            name,
            *(
                Field(key or field, _type_named(type_, types), bool(omitempty), bool(pointer))
                for field, pointer, type_, key, omitempty in _FIELD.findall(body)
            ),
        )
    return types


def _type_named(name: str, types: Mapping[str, Type]) -> Type:
    for start, kind in (("[]", "list"), ("map[string]", "map")):
        if name.startswith(start):
            element = _type_named(name.removeprefix(start), types)
            return Type(start + element.name, kind, element)
    return types[name]


_KINDS = {"string": str, "bool": bool, "integer": int, "list": list, "map": dict, "struct": dict}


def conform(type_: Type, value: object, owner: str = "", path: str = "") -> Any:
    """Return `value` as Go writes it again after reading it into `type_`.

    `owner` and `path` name the field in errors. Raises InvalidDocument, in Go's words, where the value
    is of another type.

    >>> size = struct("v1.Size", Field("name", STRING), Field("bytes", INT64, omitempty=True))
    >>> conform(size, {"Name": "a", "other": 1})
    {'name': 'a'}
    >>> conform(size, {"bytes": "1"})
    Traceback (most recent call last):
    labkit.base.errors.InvalidDocument: json: cannot unmarshal string into Go struct field
    Size.bytes of type int64
    """
    if type_.kind == "time":
        return ZERO_TIME if value is None else go_time(value)
    if value is None:
        return _zero(type_)
    if type_.kind == "command":
        return _command(type_, value, owner, path)
    if not isinstance(value, _KINDS[type_.kind]) or (type_.kind == "integer" and not _is_int64(value)):
        raise _mismatch(type_, value, owner, path)
    if isinstance(value, list) and type_.element:
        if type_.element is STRING and _only_texts(value):
            return value[:]
        return [conform(type_.element, item, owner, path) for item in value]
    if isinstance(value, dict) and type_.element:
        return {key: conform(type_.element, value[key], owner, path) for key in sorted(value)}
    if isinstance(value, dict):
        return _struct(type_, value, path)
    return value


def _only_texts(values: Sequence[Any]) -> bool:
    """Tell whether all values are texts: a long environment is looked at with each line of a Dockerfile."""
    return set(map(type, values)) <= {str}


def lookup(document: Mapping[str, Any], key: str) -> Any:
    """Return the value that Go would find under `key`: the last one whose name matches, whatever its case.

    >>> lookup({"Layers": [1]}, "layers")
    [1]
    """
    found, wanted = None, key.lower()
    for name, value in document.items():
        if name == key or (len(name) == len(key) and name.lower() == wanted):
            found = value
    return found


def freeze(value: Any) -> Any:
    """Return a JSON value that cannot be changed: mappings are read-only, lists are tuples.

    >>> freeze({"a": [1]})
    mappingproxy({'a': (1,)})
    """
    if isinstance(value, Mapping):
        return MappingProxyType({key: freeze(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return tuple(value if _only_texts(value) else map(freeze, value))
    return value


def thaw(value: Any) -> Any:
    """Return a frozen JSON value as plain dicts and lists.

    >>> thaw(freeze({"a": [1]}))
    {'a': [1]}
    """
    if isinstance(value, Mapping):
        return {key: thaw(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return list(value if _only_texts(value) else map(thaw, value))
    return value


def _struct(type_: Type, value: dict[str, Any], path: str) -> dict[str, Any]:
    owner = type_.name.rpartition(".")[2]
    result: dict[str, Any] = {}
    for field in type_.fields:
        given = lookup(value, field.key)
        if given is None and field.pointer:
            item = None
        else:
            item = conform(field.type, given, owner, f"{path}.{field.key}".lstrip("."))
        if field.omitempty and (item is None or not (field.pointer or item or field.type.kind == "struct")):
            continue
        result[field.key] = item
    return result


def _zero(type_: Type) -> Any:
    if type_.kind == "struct":
        return _struct(type_, {}, "")
    return {"string": "", "bool": False, "integer": 0}.get(type_.kind)


def _command(type_: Type, value: object, owner: str, path: str) -> list[str]:
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list) or not all(item is None or isinstance(item, str) for item in value):
        raise _mismatch(type_, value, owner, path)
    return [item or "" for item in value]


def _is_int64(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


def _mismatch(type_: Type, value: object, owner: str, path: str) -> InvalidDocument:
    names: dict[type, str] = {str: "string", bool: "bool", list: "array", dict: "object"}
    word = names.get(type(value), "number")
    if word == "number" and type_.kind == "integer":
        word = f"number {value if isinstance(value, int) else dumps(value).decode()}"
    place = f"struct field {owner}.{path}" if path else "value"
    return InvalidDocument(f"json: cannot unmarshal {word} into Go {place} of type {type_.name}")


def go_time(value: object) -> str:
    """Return a time of the document as Go writes it again; raise InvalidDocument when it is none.

    >>> go_time("2019-04-16T23:59:59.10Z"), go_time("2020-01-01T3:00:00,5+00:00")
    ('2019-04-16T23:59:59.1Z', '2020-01-01T03:00:00.5Z')
    """
    written = rewritten(value) if isinstance(value, str) else None
    if written is None:
        raise InvalidDocument(f"labkit does not read {dumps(value).decode()} as a time")
    return written
