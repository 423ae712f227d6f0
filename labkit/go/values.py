"""Values as Go's programs hold them: what a template meets, and their JSON.

Plain Python values stand for most of Go's: dict for a map, list for a slice, str, int (Go's int64), bool, and
None for a nil pointer. The classes here are for what a plain value cannot tell: a struct knows its fields,
their order and its type's name; a nil slice prints `[]` but encodes as `null`. How Go writes strings and
numbers in JSON is `labkit.go.json`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from labkit.go.json import Written, dumps
from labkit.go.moment import parse_time
from labkit.go.units import go_time


@dataclass(frozen=True)
class Struct:
    """A Go struct: a field that it does not have is an error, not an empty value.

    `json_names` gives the JSON key of a field where it differs; fields in `omitempty` are left out of
    JSON when empty. A callable field is a method that takes arguments; JSON leaves it out.

    >>> Struct("types.RootFS", {"Type": "layers"}).fields["Type"]
    'layers'
    """

    go_type: str
    fields: Mapping[str, object]
    json_names: Mapping[str, str] = field(default_factory=dict)
    omitempty: frozenset[str] = frozenset()

    def json_items(self) -> list[tuple[str, object]]:
        """List the keys and values that encoding/json writes, in order.

        >>> Struct("T", {"ID": "x", "Note": ""}, {"ID": "Id"}, frozenset({"Note"})).json_items()
        [('Id', 'x')]
        """
        return [
            (self.json_names.get(name, name), value)
            for name, value in self.fields.items()
            if not callable(value) and not (name in self.omitempty and is_empty(value))
        ]


class Row(Struct):
    """A line of a docker table (`formatter.SubContext`): its fields are methods without arguments.

    As docker's MarshalJSON does, JSON sorts its keys and escapes `<`, `>` and `&`.

    >>> Row("*formatter.imageContext", {"Tag": "b", "ID": "a"}).json_items()
    [('ID', 'a'), ('Tag', 'b')]
    """

    def json_items(self) -> list[tuple[str, object]]:
        return sorted(super().json_items())


class NilList(list[object]):
    """A nil slice.

    >>> NilList()
    []
    """


class NilMap(dict[str, object]):
    """A nil map.

    >>> NilMap()
    {}
    """


class _RawMap(dict[str, object]):
    """A map[string]interface {}: what Go decodes any JSON object to."""


class _RawList(list[object]):
    """A []interface {}: what Go decodes any JSON array to."""


class JsonNumber(Written):
    """A number of a decoded JSON text (`json.Number`): Go keeps its digits as a string.

    >>> len(JsonNumber("299341950"))
    9
    """


class GoInt(int):
    """An int that the template itself made (a literal, a length, an index), where data holds int64.

    >>> GoInt(3) + 1
    4
    """


class GoTime(str):
    """A `time.Time`: its text is what JSON holds.

    >>> GoTime("2019-04-16T21:20:18.5Z").printed()
    '2019-04-16 21:20:18.5 +0000 UTC'
    """

    def printed(self) -> str:
        """Give the time as Go prints it."""
        return go_time(parse_time(self))


class Missing:
    """The type of MISSING: what a lookup of an absent map key gives (Go's zero reflect.Value)."""


MISSING = Missing()


def is_empty(value: object) -> bool:
    """Tell whether a value is its type's empty one; a struct never is.

    >>> is_empty(""), is_empty(0), is_empty(None), is_empty([0]), is_empty(MISSING)
    (True, True, True, False, True)
    """
    return value is MISSING or (not isinstance(value, Struct) and not value)


def type_name(value: object) -> str:
    """Name a value's Go type.

    >>> type_name({"a": "b"}), type_name(["a"]), type_name(3), type_name(GoInt(3))
    ('map[string]string', '[]string', 'int64', 'int')
    """
    if isinstance(value, Struct):
        return value.go_type
    for kind, name in _SCALARS:
        if isinstance(value, kind):
            return name
    if isinstance(value, _RawMap | _RawList):
        return "map[string]interface {}" if isinstance(value, dict) else "[]interface {}"
    if isinstance(value, dict):
        return f"map[string]{_element_type(list(value.values()))}"
    if isinstance(value, list):
        return f"[]{_element_type(value)}"
    return "<nil>"


_SCALARS: tuple[tuple[type, str], ...] = (
    (bool, "bool"),
    (GoInt, "int"),
    (int, "int64"),
    (float, "float64"),
    (JsonNumber, "json.Number"),
    (GoTime, "time.Time"),
    (str, "string"),
)


def _element_type(values: list[object]) -> str:
    names = {type_name(value) for value in values} or {"string"}
    return names.pop() if len(names) == 1 else "interface {}"


def zero_element(items: dict[str, object]) -> object:
    """Give what indexing a map by an absent key gives: its element type's zero value.

    >>> zero_element({"a": "b"}), zero_element({"a": 1})
    ('', 0)
    """
    if isinstance(items, _RawMap):
        return None
    sample = next(iter(items.values()), "")
    if isinstance(sample, Struct):
        return Struct(sample.go_type, {})
    return None if sample is None else type(sample)()


def to_raw(value: object, *, sort_maps: bool = False) -> object:
    """Turn a value into what decoding its JSON into an interface {} gives, numbers kept as text.

    >>> to_raw({"Size": 3, "Env": NilList()})
    {'Size': '3', 'Env': None}
    """
    if isinstance(value, NilList | NilMap):
        return None
    if isinstance(value, Struct | dict):
        items = value.json_items() if isinstance(value, Struct) else value.items()
        ordered = sorted(items) if sort_maps and isinstance(value, dict) else items
        return _RawMap((key, to_raw(item, sort_maps=sort_maps)) for key, item in ordered)
    if isinstance(value, list | tuple):
        return _RawList(to_raw(item, sort_maps=sort_maps) for item in value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return JsonNumber(dumps(value).decode())
    return str(value) if isinstance(value, GoTime) else value


def go_json(
    value: object, indent: int | None = None, *, escape_html: bool = False, sort_maps: bool = False
) -> str:
    r"""Encode a value as Go does.

    With `indent`, as json.MarshalIndent with that many spaces: `indent=4` is what `docker inspect` prints.
    `sort_maps` sorts the keys of dicts: a map of Go's has no order, so encoding/json sorts it, while a
    struct keeps the order of its fields. Go escapes `<`, `>` and `&` for pages of HTML unless it is told not
    to: `docker inspect` tells it, MarshalJSON of a table's row does not.

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
    return dumps(to_raw(value, sort_maps=sort_maps), indent=indent, escape_html=escape_html).decode()
