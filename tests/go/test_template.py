"""Go templates: answers observed in Docker 20.10.24 (`docker inspect -f`, `docker images --format`).

The rest are answers of Go 1.19's text/template, with which that docker is built; what labkit does not have of
it is refused.
"""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.cli.documents import typed_struct
from labkit.cli.formats import render_list
from labkit.go.template import TemplateError, inspect_element, parse_template
from labkit.go.values import Row, to_raw

NGINX = typed_struct(
    "*types.ImageInspect",
    {
        "Id": "sha256:fea004c5cc94",
        "RepoTags": ["nginx:1.22", "nginx:latest"],
        "RepoDigests": [],
        "Config": {
            "ExposedPorts": {"80/tcp": {}},
            "Env": ["PATH=/usr/bin:/bin", "NGINX_VERSION=1.22.1-9"],
            "Cmd": ["nginx", "-g", "daemon off;"],
            "Volumes": None,
            "Entrypoint": None,
            "Labels": {"maintainer": "NGINX <docker-maint@nginx.com>", "a": "1"},
            "StopSignal": "SIGTERM",
        },
        "Created": "2026-11-23T17:54:05.557392796Z",
        "Architecture": "amd64",
        "Os": "linux",
        "Size": 299341950,
        "GraphDriver": {"Data": {"UpperDir": "/u", "LowerDir": "/l"}, "Name": "overlay2"},
        "RootFS": {"Type": "layers", "Layers": ["sha256:48f5", "sha256:e74f", "sha256:b66e"]},
        "Metadata": {"LastTagTime": "2026-11-23T17:54:05.568542541Z"},
    },
)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("{{.Id}} {{.Os}}/{{.Architecture}}", "sha256:fea004c5cc94 linux/amd64"),
        ("{{.ID}}", "sha256:fea004c5cc94"),
        ("{{.Config.Cmd}}", "[nginx -g daemon off;]"),
        ("{{.Config.Labels}}", "map[a:1 maintainer:NGINX <docker-maint@nginx.com>]"),
        ("{{.Config.ExposedPorts}}", "map[80/tcp:{}]"),
        ("{{.Config.Volumes}}{{.Config.Healthcheck}}{{.Config.Entrypoint}}", "map[]<nil>[]"),
        # .Id is no field of Go's struct, so the whole template runs on the JSON, where null is no value.
        ("{{.Id}} {{.Config.Volumes}}", "sha256:fea004c5cc94 <no value>"),
        ("{{.Config.Labels.nope}}|{{index .Config.Labels `nope`}}|", "<no value>||"),
        ("{{.Metadata}}", "{2026-11-23 17:54:05.568542541 +0000 UTC}"),
        ("{{json .Metadata}}", '{"LastTagTime":"2026-11-23T17:54:05.568542541Z"}'),
        ("{{.RootFS}}|{{.RootFS.BaseLayer}}|", "{layers [sha256:48f5 sha256:e74f sha256:b66e] }||"),
        ("{{json .RootFS.Layers}}", '["sha256:48f5","sha256:e74f","sha256:b66e"]'),
        ("{{json .Config.Labels}}", '{"a":"1","maintainer":"NGINX <docker-maint@nginx.com>"}'),
        ("{{len .RootFS.Layers}} {{index .RootFS.Layers 0}}", "3 sha256:48f5"),
        ("{{range .RootFS.Layers}}{{println .}}{{end}}", "sha256:48f5\nsha256:e74f\nsha256:b66e\n"),
        (
            "{{range $i, $e := .Config.Env}}{{$i}}:{{$e}} {{end}}",
            "0:PATH=/usr/bin:/bin 1:NGINX_VERSION=1.22.1-9 ",
        ),
        ("{{range $k, $v := .GraphDriver.Data}}{{$k}}={{$v}};{{end}}", "LowerDir=/l;UpperDir=/u;"),
        ('{{join .Config.Env ","}}', "PATH=/usr/bin:/bin,NGINX_VERSION=1.22.1-9"),
        ('{{split .Os "i"}}', "[l nux]"),
        ('{{printf "%s" .Size}}', "%!s(int64=299341950)"),
        ('{{eq .Size "a"}}', "false"),
        ("{{len .Size}}", "9"),
        ("{{slice .Id 7 19}} {{truncate .Id 6}}", "fea004c5cc94 sha256"),
        ("{{with .Config.Healthcheck}}{{.Test}}{{else}}none{{end}}", "none"),
        ("{{if .Config.ExposedPorts}}yes{{else}}no{{end}}", "yes"),
        ("x{{.Id | len}}\\t", "x19\\t"),
        ("json", "json"),
    ],
)
def test_inspect(text: str, printed: str) -> None:
    assert inspect_element(parse_template(text), NGINX) == printed + "\n"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{{.Nope}}", ':1:2: executing "" at <.Nope>: map has no entry for key "Nope"'),
        ("{{.Config.Nope.X}}", ':1:9: executing "" at <.Config.Nope.X>: map has no entry for key "Nope"'),
        ("{{.Repotags}}", ':1:2: executing "" at <.Repotags>: map has no entry for key "Repotags"'),
        ("{{.Size.X}}", ':1:7: executing "" at <.Size.X>: can\'t evaluate field X in type interface {}'),
        (
            "{{range .RootFS.Layers}}{{.X}}{{end}}",
            ':1:26: executing "" at <.X>: can\'t evaluate field X in type interface {}',
        ),
        (
            "{{$s := .Id}}{{$s.X}}",
            ':1:17: executing "" at <$s.X>: can\'t evaluate field X in type string',
        ),
        (
            "{{index .RootFS.Layers 99}}",
            ':1:2: executing "" at <index .RootFS.Layers 99>: error calling index: index out of range: 99',
        ),
        (
            '{{index .RootFS.Layers "a"}}',
            ':1:2: executing "" at <index .RootFS.Layers "a">: error calling index: '
            "cannot index slice/array with type string",
        ),
        (
            "{{lt .Os 1}}",
            ':1:2: executing "" at <lt .Os 1>: error calling lt: incompatible types for comparison',
        ),
        (
            '{{join .Nope ","}}',
            ':1:7: executing "" at <.Nope>: map has no entry for key "Nope"',
        ),
        (
            '{{.Id}}{{join .RepoTags ","}}',
            ':1:14: executing "" at <.RepoTags>: wrong type for value; expected []string; got []interface {}',
        ),
    ],
)
def test_inspect_errors(text: str, error: str) -> None:
    with pytest.raises(TemplateError) as caught:
        inspect_element(parse_template(text), NGINX)
    assert str(caught.value) == f"template parsing error: template: {error}"


def test_inspect_of_plain_json_is_strict() -> None:
    with pytest.raises(TemplateError, match='map has no entry for key "Nope"'):
        inspect_element(parse_template("{{.Nope}}"), {"Id": "x"})


DEBIAN = Row(
    "*formatter.imageContext",
    {
        "Containers": "N/A",
        "CreatedSince": "9 minutes ago",
        "Digest": "<none>",
        "ID": "a07cb4aadadc",
        "Repository": "debian",
        "Size": "199MB",
        "Tag": "bookworm",
    },
)
HEADERS = {
    "ID": "IMAGE ID",
    "Repository": "REPOSITORY",
    "Tag": "TAG",
    "Digest": "DIGEST",
    "CreatedSince": "CREATED",
    "Size": "SIZE",
}
DEFAULT = r"table {{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}"
PIPES = (
    r"table {{.Repository}}\t{{upper .Tag}}\t{{pad .ID 2 3}}|{{len .ID}}|{{json .Digest}}|{{truncate .ID 3}}"
)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("{{.ID}}", "a07cb4aadadc\n"),
        ("hello", "hello\n"),
        ("json", "json\n"),
        ("  {{.ID}}  ", "a07cb4aadadc\n"),
        (r"{{.ID}}\nx\ty", "a07cb4aadadc\nx\ty\n"),
        ("a}}b{{.ID}}}", "a}}ba07cb4aadadc}\n"),
        ("table{{.ID}}", "IMAGE ID\na07cb4aadadc\n"),
        ("tablex", "x\nx\n"),
        (r"table {{.ID}}\t{{.Size}}", "IMAGE ID       SIZE\na07cb4aadadc   199MB\n"),
        (
            DEFAULT,
            "REPOSITORY   TAG        IMAGE ID       CREATED         SIZE\n"
            "debian       bookworm   a07cb4aadadc   9 minutes ago   199MB\n",
        ),
        (
            PIPES,
            "REPOSITORY   TAG          IMAGE ID   |8|DIGEST|IMAGE ID\n"
            'debian       BOOKWORM     a07cb4aadadc   |12|"<none>"|a07\n',
        ),
        ('table {{printf "%.3s" .ID}}', "IMA\na07\n"),
        (
            "{{json .}}",
            '{"Containers":"N/A","CreatedSince":"9 minutes ago","Digest":"\\u003cnone\\u003e",'
            '"ID":"a07cb4aadadc","Repository":"debian","Size":"199MB","Tag":"bookworm"}\n',
        ),
        ("{{index (split .ID `c`) 1}} {{.ID | len}}", "b4aadad 12\n"),
    ],
)
def test_lists(text: str, printed: str) -> None:
    assert render_list(text, [DEBIAN], HEADERS) == printed


def test_table_of_json_has_an_empty_header() -> None:
    lines = render_list("table {{json .}}", [DEBIAN], HEADERS).splitlines()
    assert lines[0] == ""
    assert lines[1].startswith('{"Containers"')


def test_a_table_without_rows_is_its_header() -> None:
    assert render_list(DEFAULT, [], HEADERS) == "REPOSITORY   TAG       IMAGE ID   CREATED   SIZE\n"
    assert render_list("{{.Nope}}", [], HEADERS) == ""


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{{", ":1: unclosed action"),
        ("{{.ID", ":1: unclosed action"),
        ("{{.ID}", ":1: bad character U+007D '}'"),
        ("{{nope .ID}}", ':1: function "nope" not defined'),
        ("{{padlen .ID 3}}", ':1: function "padlen" not defined'),
        ("{{end}}", ":1: unexpected {{end}}"),
        ("{{else}}", ":1: unexpected {{else}}"),
        ("{{if .ID}}x", ":1: unexpected EOF"),
        ('{{"abc}}', ":1: unterminated quoted string"),
        ("{{$x}}", ':1: undefined variable "$x"'),
        ("{{}}", ":1: missing value for command"),
        (
            "{{.Nope}}",
            ':1:2: executing "" at <.Nope>: can\'t evaluate field Nope in type *formatter.imageContext',
        ),
        ("{{.ID.Foo}}", ':1:5: executing "" at <.ID.Foo>: can\'t evaluate field Foo in type string'),
        ('{{.ID "x"}}', ':1:2: executing "" at <.ID>: labkit does not give arguments to ID'),
        ("{{.ID | pad 1}}", ':1:8: executing "" at <pad>: wrong number of args for pad: want 3 got 2'),
        ("{{len 3}}", ':1:2: executing "" at <len 3>: error calling len: len of type int'),
        ("{{upper 3}}", ':1:8: executing "" at <3>: labkit does not take 3 for a string'),
        ("{{1 2}}", ':1:2: executing "" at <1>: can\'t give argument to non-function 1'),
        ("{{range .ID}}{{end}}", ':1:8: executing "" at <.ID>: range can\'t iterate over a07cb4aadadc'),
    ],
)
def test_list_errors(text: str, error: str) -> None:
    for prefix in ("", "table "):
        with pytest.raises(TemplateError) as caught:
            render_list(prefix + text, [DEBIAN], HEADERS)
        assert str(caught.value) == f"template parsing error: template: {error}"


DATA = {"L": ["a", "b"], "M": {"b": "2", "a": "1"}, "N": 5, "S": "x<é>", "E": [], "T": True}
VERBS = '    5|ab   |007|true|map[a:1 b:2]|["a" "b"]|x<|100%'


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("a {{- .N -}} \n b", "a5b"),
        ("a {{/* note */}}b{{- /* c */ -}} c", "a bc"),
        ("{{if .E}}1{{else if eq .N 5}}2{{else}}3{{end}}", "2"),
        ("{{with $x := .S}}{{$x}}{{$.N}}{{end}}", "x<é>5"),
        ("{{range .E}}x{{else}}none{{end}}", "none"),
        ('{{range .L}}{{if eq . "a"}}first {{else if eq . "b"}}second{{end}}{{end}}', "first second"),
        ("{{range $k, $v := .M}}{{$k}}={{$v}} {{end}}{{range $x := .L}}{{$x}}{{end}}", "a=1 b=2 ab"),
        ("{{$x := 1}}{{range .L}}{{$x := .}}{{$x}}{{end}}{{$x}}", "ab1"),
        ("{{range $i, $x := .E}}{{else}}{{$i}}{{$x}}{{end}}", "[][]"),
        ('{{"a\\tb"}}{{`\\n`}}{{-7}}{{+1}}{{0}}', "a\tb\\n-710"),
        ("{{and 1 0 2}}{{or 0 .S}}{{not .E}}", "0x<é>true"),
        ('{{eq .N 4 5}}{{ne .S "x"}}{{lt 1 2}}{{ge "a" "b"}}', "truetruetruefalse"),
        ('{{.S | printf "%s-%5q|" "k"}}', 'k-"x<é>"|'),
        ('{{printf "%5d|%-5s|%.3d|%v|%v|%q|%.2s|100%%" .N "ab" 7 .T .M .L .S}}', VERBS),
        (
            '{{printf "%d %s" "a" 1}}{{printf "%s"}}{{printf "x" 1 "a"}}',
            "%!d(string=a) %!s(int=1)%!s(MISSING)x%!(EXTRA int=1, string=a)",
        ),
        ("{{len .S}}{{index .M `a`}}{{slice .L 1}}{{index .L 1}}", "51[b]b"),
        ('{{title "hello wORLD a_b c-d"}}{{lower "AB"}}', "Hello WORLD A_b C-Dab"),
        ('{{print 1 2 "a" nil}}|{{println 1 "a"}}', "1 2a<nil>|1 a\n"),
        ("{{.Nope}}{{.Nope.X}}{{json .Nope}}", "<no value><no value>null"),
    ],
)
def test_language(text: str, printed: str) -> None:
    assert parse_template(text).execute(DATA) == printed


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("a\n{{.N}}\n{{.N.X}}", ':3:4: executing "" at <.N.X>: can\'t evaluate field X in type int64'),
        ("é{{.N.X}}", ':1:6: executing "" at <.N.X>: can\'t evaluate field X in type int64'),
        ("{{.N\n@}}", ':2: unexpected "@" in operand'),
        ("{{.N@}}", ":1: bad character U+0040 '@'"),
        ("{{.N}}{{/* x */ .N}}", ":1: comment ends before closing delimiter"),
        ("{{if .N}}{{else}}{{else}}{{end}}", ":1: expected end; found {{else}}"),
        ("{{range .L}}x{{end .N}}", ':1: unexpected ".N" in end'),
        ("{{/* x", ":1: unclosed comment"),
        ("{{.N)}}", ':1: unexpected ")" in command'),
        ("{{(.N}}", ":1: unclosed left paren"),
        ("{{.N | 3}}", ":1: non executable command in pipeline stage 2"),
        ('{{"a".X}}', ':1: unexpected . after term "\\"a\\""'),
        ("{{nil}}", ':1:2: executing "" at <nil>: nil is not a command'),
        ("{{$x := $x}}", ':1:8: executing "" at <$x>: undefined variable: $x'),
        ("{{upper .N}}", ':1:8: executing "" at <.N>: wrong type for value; expected string; got int64'),
        ("{{eq 1}}", ':1:2: executing "" at <eq 1>: error calling eq: missing argument for comparison'),
        (
            "{{slice .S 3 1}}",
            ':1:2: executing "" at <slice .S 3 1>: error calling slice: invalid slice index: 3 > 1',
        ),
        ("{{" + "(" * 5000 + "}}", None),
    ],
)
def test_language_errors(text: str, error: str | None) -> None:
    with pytest.raises(TemplateError) as caught:
        parse_template(text).execute(DATA)
    message = str(caught.value)
    assert message.startswith("template: :1: ") if error is None else message == f"template: {error}"


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("{{define `x`}}{{end}}", "read {{define}}: write the text where it is used"),
        ("{{block `x` .}}{{end}}", "read {{block}}: write the text where it is used"),
        ("{{template `x` .}}", "read {{template}}: write the text where it is used"),
        ("{{range .L}}{{break}}{{end}}", "read {{break}}: ask with {{if}} what to print"),
        ("{{range .L}}{{continue}}{{end}}", "read {{continue}}: ask with {{if}} what to print"),
        ("{{1.5}}", "read 1.5: only whole numbers, and text in double quotes"),
        ("{{0x1F}}", "read 0x1F: only whole numbers, and text in double quotes"),
        ("{{1+2i}}", "read 1+2i: only whole numbers, and text in double quotes"),
        (
            "{{99999999999999999999}}",
            "read 99999999999999999999: only whole numbers, and text in double quotes",
        ),
        ("{{.", "read .: only whole numbers, and text in double quotes"),
        ("{{'a'}}", "read ': text stands in double quotes"),
        ("{{$x := 1}}{{$x = 2}}", "read =: a variable keeps its value"),
        ("{{html .S}}", 'have the function "html"'),
        ("{{.N | call}}", 'have the function "call"'),
        ("{{index .N 1}}", "index a value of type int64 with int"),
        ("{{index .M 1}}", "index a value of type map[string]string with int"),
        ('{{printf "%x" .N}}', "print %x: only %s, %d, %v and %q, with a width"),
        ('{{printf "%05d" .N}}', "print %05d: only %s, %d, %v and %q, with a width"),
        ('{{printf "%q" .N}}', "print %q of a number"),
        ('{{printf "50%"}}', "print %: only %s, %d, %v and %q, with a width"),
        ("{{index .S 0}}", "index text: slice cuts a part out of it"),
        ("{{slice .L 0 1 2}}", "read three bounds of a slice"),
        ("{{eq .L .L}}", "compare a value of type []string with one of type []string"),
        ("{{pad .S -1 0}}", "pad by less than 0 or more than 10000 spaces"),
    ],
)
def test_what_is_not_kept_is_refused_in_one_line(text: str, refusal: str) -> None:
    with pytest.raises(TemplateError) as caught:
        parse_template(text).execute(DATA)
    message = str(caught.value)
    assert message.startswith("template: :1:")
    assert message.endswith(f"labkit does not {refusal}")
    assert "\n" not in message


def test_a_refusal_is_not_taken_for_a_field_that_is_in_the_json_alone() -> None:
    with pytest.raises(TemplateError, match="labkit does not index text"):
        inspect_element(parse_template("{{index .ID 0}}"), NGINX)


def test_a_method_takes_its_argument() -> None:
    row = Row("*formatter.ContainerContext", {"Label": {"a": "1"}.get})
    assert render_list('{{.Label "a"}}', [row], {}) == "1\n"
    with pytest.raises(TemplateError, match="wrong number of args for Label: want 1 got 0"):
        render_list("{{.Label}}", [row], {})


@given(st.text("{}.$()|:=\"'`-/* \n\tNLa1e,@\\" + "é", max_size=25), st.booleans())
@settings(max_examples=300)
def test_any_text_gives_text_or_one_error(text: str, raw: bool) -> None:
    value = to_raw(DATA) if raw else DATA
    with suppress(TemplateError):
        assert isinstance(parse_template("{{" + text + "}}").execute(value, missing_key_is_error=raw), str)
