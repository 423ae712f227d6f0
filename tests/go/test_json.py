"""JSON as Go writes it, and what Go says of text that is none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.base.errors import InvalidDocument
from labkit.go.json import dumps, loads, syntax_error
from labkit.go.struct import STRING, STRINGS, TIME, Field, conform, struct
from tests.oci.strategies_documents import json_values


@given(json_values, st.sampled_from([None, 0, 3]), st.booleans(), st.booleans())
def test_what_is_written_reads_back(
    value: Any, indent: int | None, escape_html: bool, sort_keys: bool
) -> None:
    raw = dumps(value, indent=indent, escape_html=escape_html, sort_keys=sort_keys)
    assert json.loads(raw) == value
    assert loads(raw) == value
    assert syntax_error(raw) == ""


# As `docker commit` writes labels of these texts into the new image's config (Docker 20.10.24, Go 1.19).
@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("\b\f\t\0/", r'"\u0008\u000c\t\u0000/"'),
        ("\u2028\x08\x0c\x7f", '"\\u2028\\u0008\\u000c\x7f"'),
        ("é & <x>", r'"é \u0026 \u003cx\u003e"'),
        ('"\\\r\n', r'"\"\\\r\n"'),
        ("\ufffd", '"\ufffd"'),
        ("\ud800", r'"\ufffd"'),
    ],
)
def test_text_is_escaped_as_in_go(text: str, written: str) -> None:
    assert dumps(text) == written.encode()


def test_html_stays_where_it_may() -> None:
    assert dumps("<&>\u2028", escape_html=False) == b'"<&>\\u2028"'


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (5.0, "5"),
        (-0.0, "-0"),
        (0.1, "0.1"),
        (1.5e-7, "1.5e-7"),
        (1e-6, "0.000001"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (1e-10, "1e-10"),
        (123456789.125, "123456789.125"),
        (2**70, "1180591620717411303424"),
    ],
)
def test_numbers_are_written_as_in_go(number: float, written: str) -> None:
    assert dumps(number) == written.encode()


def test_the_layout_of_an_indented_document() -> None:
    document = {"b": [1, {}], "a": [], "é": {"z": None, "a": True}}
    assert dumps(document, indent=2).decode().split("\n") == [
        "{",
        '  "b": [',
        "    1,",
        "    {}",
        "  ],",
        '  "a": [],',
        '  "é": {',
        '    "z": null,',
        '    "a": true',
        "  }",
        "}",
    ]
    assert dumps(document, sort_keys=True) == '{"a":[],"b":[1,{}],"é":{"a":true,"z":null}}'.encode()


# `docker load` of an image whose config is this text.
COMPLAINTS = {
    b"": "unexpected end of JSON input",
    b"  ": "unexpected end of JSON input",
    b'{"a":1': "unexpected end of JSON input",
    b'{"a': "unexpected end of JSON input",
    b'"abc': "unexpected end of JSON input",
    b'"\\': "invalid character ' ' in string escape code",
    b'"\\u1': r"invalid character ' ' in \u hexadecimal character escape",
    b"-": "invalid character ' ' in numeric literal",
    b"1.": "invalid character ' ' after decimal point in numeric literal",
    b"1e": "invalid character ' ' in exponent of numeric literal",
    b"tru": "invalid character ' ' in literal true (expecting 'e')",
    b"{}x": "invalid character 'x' after top-level value",
    b"{}{}": "invalid character '{' after top-level value",
    b"\xef\xbb\xbf{}": "invalid character 'ï' looking for beginning of value",
    b"\xff": "invalid character 'ÿ' looking for beginning of value",
    b"'a'": r"invalid character '\'' looking for beginning of value",
    b'{"x":NaN}': "invalid character 'N' looking for beginning of value",
    b"[-Infinity]": "invalid character 'I' in numeric literal",
    b'{"x":1,}': "invalid character '}' looking for beginning of object key string",
    b"{x:1}": "invalid character 'x' looking for beginning of object key string",
    "{é:1}".encode(): "invalid character 'Ã' looking for beginning of object key string",
    b'{"x" 1}': "invalid character '1' after object key",
    b'{"x":1 "y":2}': "invalid character '\"' after object key:value pair",
    b'{"x":01}': "invalid character '1' after object key:value pair",
    b'{"x":[1 2]}': "invalid character '2' after array element",
    b'{"x":[1,]}': "invalid character ']' looking for beginning of value",
    b'{"x":-}': "invalid character '}' in numeric literal",
    b'{"x":1.}': "invalid character '}' after decimal point in numeric literal",
    b'{"x":1e}': "invalid character '}' in exponent of numeric literal",
    b'{"x":nul}': "invalid character '}' in literal null (expecting 'l')",
    b'{"x":trux}': "invalid character 'x' in literal true (expecting 'e')",
    b'{"x":falsy}': "invalid character 'y' in literal false (expecting 'e')",
    b'"\n"': r"invalid character '\n' in string literal",
    b'"\x01"': r"invalid character '\x01' in string literal",
    b'"\\x"': "invalid character 'x' in string escape code",
    b'"\\u12g4"': r"invalid character 'g' in \u hexadecimal character escape",
}


@pytest.mark.parametrize(("raw", "message"), COMPLAINTS.items(), ids=repr)
def test_what_is_no_json_is_refused_in_gos_words(raw: bytes, message: str) -> None:
    with pytest.raises(InvalidDocument) as caught:
        loads(raw)
    assert str(caught.value) == message


@given(st.text('{}[]:,"\\u0123eE+-.tfnrulase \n', max_size=12).map(str.encode))
def test_complaints_are_made_of_what_is_no_json_alone(raw: bytes) -> None:
    try:
        json.loads(raw.decode())
    except ValueError:
        assert syntax_error(raw)
    else:
        assert not syntax_error(raw)


def test_what_go_lets_pass_is_read() -> None:
    assert loads(b'{"a":"\xff","b":"\\ud800x","c":"\\ud83d\\ude00"}') == {
        "a": "\ufffd",
        "b": "\ufffdx",
        "c": "😀",
    }
    assert loads(b'{"a":' + 6000 * b"9" + b"}")["a"] == float("inf")
    assert loads(b'{"a":1,"a":2}\n') == {"a": 2}


def test_absurd_nesting_is_one_clear_line() -> None:
    with pytest.raises(InvalidDocument, match="labkit reads documents of at most 100 levels"):
        loads(200_000 * b"[")
    assert loads(100 * b"[" + 100 * b"]")


PERSON = struct(
    "people.Person", Field("name", STRING), Field("tags", STRINGS, omitempty=True), Field("born", TIME)
)


def test_a_struct_matches_keys_without_regard_to_case_and_drops_the_rest() -> None:
    read = conform(PERSON, {"NAME": "a", "other": 1, "Tags": []})
    assert list(read.items()) == [("name", "a"), ("born", "0001-01-01T00:00:00Z")]


@pytest.mark.parametrize(
    "text",
    [
        "yesterday", "", "2020-02-20T23:00Z", "2020-02-20 23:00:00Z", "2020-02-20T23:00:00",
        "2020-02-20t23:00:00z",
        "2020-02-20T03:00:00Zx", "2020-02-30T00:00:00Z", "2020-12-00T03:00:00Z", "2020-13-20T03:00:00Z",
        "2020-02-20T24:00:00Z", "2020-02-20T03:00:60Z", "2020-02-20T03:00:00+100:00",
    ],
)  # fmt: skip
def test_times_that_go_refuses(text: str) -> None:
    with pytest.raises(InvalidDocument) as caught:
        conform(TIME, text)
    assert str(caught.value) == f'labkit does not read "{text}" as a time'


def test_a_number_is_no_time() -> None:
    with pytest.raises(InvalidDocument, match="labkit does not read 5 as a time"):
        conform(TIME, 5)


# The time in a loaded config and in the history of an image committed from it.
@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2020-01-01T00:00:00.1234567891234-00:00", "2020-01-01T00:00:00.123456789Z"),
        ("2020-12-01T03:00:00+25:61", "2020-12-01T03:00:00+26:01"),
        ("2020-01-01T3:00:00,500+02:00", "2020-01-01T03:00:00.5+02:00"),
        (None, "0001-01-01T00:00:00Z"),
    ],
)
def test_times_are_written_as_in_go(text: str | None, written: str) -> None:
    assert conform(TIME, text) == written
