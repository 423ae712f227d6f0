"""Sizes, ages, times, tables and progress bars: pairs observed in Docker 20.10.24 and go-units 0.4.0."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit import Lab
from labkit.base.errors import LabkitError
from labkit.cli.formats import align, ellipsis, progress_bar, tabwriter
from labkit.cli.transfer import event_line
from labkit.engine.schedule import PullEvent
from labkit.go import template
from labkit.go.moment import SECOND, parse_time, rfc3339, rfc3339_nano
from labkit.go.units import age, ago, go_time, human_size
from labkit.go.values import JsonNumber, NilList, NilMap, Row, Struct, go_json

HOUR, DAY = 3600, 86400


@pytest.mark.parametrize(
    ("size", "three", "four"),
    [
        (0, "0B", "0B"),
        (22, "22B", "22B"),
        (999.9, "1e+03B", "999.9B"),
        (1000, "1kB", "1kB"),
        (999_999, "1e+03kB", "1000kB"),
        (4_982_000, "4.98MB", "4.982MB"),
        (299_341_950, "299MB", "299.3MB"),
        (2**31, "2.15GB", "2.147GB"),
        (10**27, "1e+03YB", "1000YB"),
    ],
)
def test_sizes(size: float, three: str, four: str) -> None:
    assert (human_size(size), human_size(size, 4)) == (three, four)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "Less than a second"),
        (0.999, "Less than a second"),
        (1.5, "1 second"),
        (59.99, "59 seconds"),
        (60, "About a minute"),
        (119, "About a minute"),
        (120, "2 minutes"),
        (HOUR - 1, "59 minutes"),
        (HOUR, "About an hour"),
        (1.5 * HOUR, "2 hours"),
        (47.49 * HOUR, "47 hours"),
        (47.5 * HOUR, "2 days"),
        (335.49 * HOUR, "13 days"),
        (335.5 * HOUR, "2 weeks"),
        (60 * DAY - 1801, "8 weeks"),
        (60 * DAY - 1800, "2 months"),
        (730 * DAY - 1801, "24 months"),
        (730 * DAY, "2 years"),
    ],
)
def test_ages(seconds: float, text: str) -> None:
    assert age(seconds) == text


def test_ages_count_from_whole_seconds() -> None:
    now = parse_time("2019-04-26T12:00:01Z")
    assert ago(parse_time("2019-04-26T12:00:00.9Z"), now) == "1 second ago"
    assert ago(parse_time("2019-03-26T23:14:49.1Z"), now) == "4 weeks ago"


def test_times() -> None:
    moment = parse_time("2026-11-23T17:54:05.568542541Z")
    assert rfc3339(moment) == "2026-11-23T17:54:05Z"
    assert go_time(moment) == "2026-11-23 17:54:05.568542541 +0000 UTC"
    assert go_time(moment // SECOND * SECOND) == "2026-11-23 17:54:05 +0000 UTC"
    assert parse_time("2019-04-16T23:20:18+02:00") == parse_time("2019-04-16T21:20:18Z")
    assert rfc3339_nano(parse_time("1969-12-31T23:59:59.50Z")) == "1969-12-31T23:59:59.5Z"
    assert go_time(parse_time("0001-01-01T00:00:00Z")) == "0001-01-01 00:00:00 +0000 UTC"


@given(st.integers(-(10**18), 10**19))
@settings(max_examples=50)
def test_times_print_back(moment: int) -> None:
    assert parse_time(rfc3339_nano(moment)) == moment


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2019-04-16", "2019-13-16T21:20:18Z", "2019-04-16T21:20:18"]
)
def test_text_that_is_no_time(text: str) -> None:
    with pytest.raises(LabkitError, match="parsing time"):
        parse_time(text)


def test_ellipsis_counts_characters() -> None:
    text = '/bin/sh -c #(nop)  CMD ["nginx" "-g" "daemon off;"]'
    assert ellipsis(text, 45) == '/bin/sh -c #(nop)  CMD ["nginx" "-g" "daemon…'
    assert ellipsis("é" * 45, 45) == "é" * 45
    assert ellipsis("é" * 46, 45) == "é" * 44 + "…"
    assert [ellipsis("abc", width) for width in (1, 2, 3)] == ["…", "a…", "abc"]


def test_history_table() -> None:
    # The COMMENT column is empty, so SIZE ends in the spaces that `cat -A` shows there.
    rows = [
        ("IMAGE", "CREATED", "CREATED BY", "SIZE", "COMMENT"),
        ("fea004c5cc94", "9 minutes ago", '/bin/sh -c #(nop)  CMD ["nginx" "-g" "daemon…', "0B", ""),
    ]
    assert tabwriter(rows) == (
        "IMAGE          CREATED         CREATED BY                                      SIZE      COMMENT\n"
        'fea004c5cc94   9 minutes ago   /bin/sh -c #(nop)  CMD ["nginx" "-g" "daemon…   0B        \n'
    )


@pytest.mark.parametrize(
    ("text", "aligned"),
    [
        ("a\tb\n\nlonger than ten\td\n", "a         b\n\nlonger than ten   d\n"),
        ("long cell here\ta\n\t\t\n", "long cell here   a\n                           \n"),
        ("long cell here\ta\n\t\t", "long cell here   a\n                 "),
        ("é€\tx\nlonger cell\ty\n", "é€            x\nlonger cell   y\n"),
        ("", ""),
    ],
)
def test_columns_end_where_a_line_has_no_cell(text: str, aligned: str) -> None:
    assert align(text) == aligned


@pytest.mark.parametrize(
    ("current", "total", "width", "text"),
    [
        (0, 0, 200, ""),
        (50, 0, 200, "     50B"),
        (50, 100, 111, "[=========================>                         ]      50B/100B"),
        (50, 100, 110, "     50B/100B"),
        (100, 100, 200, "[" + "=" * 50 + ">]     100B/100B"),
        (250, 100, 200, "[" + "=" * 50 + ">]     250B"),
        (0, 100, 80, "      0B/100B"),
        (17_140_000, 88_990_000, 80, " 17.14MB/88.99MB"),
    ],
)
def test_progress_bars(current: int, total: int, width: int, text: str) -> None:
    assert progress_bar(current, total, width) == text


def test_progress_line_of_a_pull() -> None:
    line = event_line(PullEvent(0.0, "4ebb5e7ad6ac", "Extracting", 88_990_000, 88_990_000))
    assert line == f"4ebb5e7ad6ac: Extracting [{'=' * 50}>]  88.99MB/88.99MB"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (
            'a && b <c>\u2028\x01\x1f\x7f\b\f"\\/é',
            '"a && b <c>\\u2028\\u0001\\u001f\x7f\\u0008\\u000c\\"\\\\/é"',
        ),
        ([1, 2.5, -0.0, 1e21, 1e-7, 1e-6, 1e20], "[1,2.5,-0,1e+21,1e-7,0.000001,100000000000000000000]"),
        ({"b": [], "a": {}, "c": None, "d": True}, '{"b":[],"a":{},"c":null,"d":true}'),
        ([NilList(), NilMap(), JsonNumber("12")], "[null,null,12]"),
        (Struct("T", {"B": 1, "A": "", "C": ""}, {"B": "b"}, frozenset("A")), '{"b":1,"C":""}'),
        (Row("*T", {"B": "<none>", "A": "&"}), '{"A":"\\u0026","B":"\\u003cnone\\u003e"}'),
    ],
)
def test_json_as_go_writes_it(value: object, text: str) -> None:
    assert go_json(value) == text


def test_json_of_inspect() -> None:
    document = [{"RepoDigests": [], "Cmd": ["a && b"], "Labels": {"m": "<x@y>"}}]
    assert go_json(document, indent=4) == (
        '[\n    {\n        "RepoDigests": [],\n        "Cmd": [\n            "a && b"\n        ],\n'
        '        "Labels": {\n            "m": "<x@y>"\n        }\n    }\n]'
    )


def test_json_refuses_what_go_refuses() -> None:
    with pytest.raises(ValueError, match="unsupported value"):
        go_json(float("nan"))


def test_a_fixed_table_parses_no_template(monkeypatch: pytest.MonkeyPatch) -> None:
    lab = Lab()
    lab.shell("docker pull -q busybox; docker run -d --name box busybox sleep 9; docker volume create data")
    parsed: list[str] = []
    parser = template._Parser

    def noted(text: str, name: str) -> template._Parser:
        parsed.append(text)
        return parser(text, name)

    monkeypatch.setattr(template, "_Parser", noted)
    lists = ("images", "ps -as", "volume ls", "history busybox", "system df", "system df -v")
    for line in (*lists, "images --digests", "images --format table", "images -q", "ps -aq", "volume ls -q"):
        assert lab.docker(line).stdout
        assert parsed == [], line
    lab.docker("images --format '{{.ID}}'")
    assert parsed == ["{{.ID}}"]


def test_a_format_shows_the_cells_of_the_fixed_table() -> None:
    lab = Lab()
    lab.shell("docker pull -q busybox; docker run -d --name box busybox sleep 90000; sleep 7200")
    columns = r"{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}"
    assert lab.shell(f"docker ps --format 'table {columns}'").stdout == lab.docker("ps").stdout
    columns = r"{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}"
    assert lab.shell(f"docker images --format 'table {columns}'").stdout == lab.docker("images").stdout
