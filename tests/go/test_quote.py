"""Go's quoting (strconv.Quote, `%q`), and the errors of docker in which it stands."""

from __future__ import annotations

from ast import literal_eval

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit import Lab
from labkit.base.errors import InvalidLayer
from labkit.go.quote import go_quote, go_unquote
from labkit.oci.content import Content
from labkit.oci.tar_reader import read_changes
from tests.fixtures import small_tar


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ('a"b\\', r'"a\"b\\"'),
        ("é√'", '"é√\'"'),
        ("\a\n\x01\x7f", r'"\a\n\x01\x7f"'),
        ("\x85\u200b\U000e0001", r'"\u0085\u200b\U000e0001"'),
        (b"\xff\xc3(".decode(errors="surrogateescape"), r'"\xff\xc3("'),
    ],
)
def test_text_is_quoted_as_go_does(text: str, quoted: str) -> None:
    assert go_quote(text) == quoted


@given(st.binary())
def test_what_is_quoted_is_one_line(data: bytes) -> None:
    assert go_quote(data.decode(errors="surrogateescape")).isprintable()


@given(st.text())
def test_what_is_quoted_reads_back(text: str) -> None:
    assert literal_eval(go_quote(text)) == text


@given(st.text('ab\a\b\f\n\r\t\v\\"'))
def test_named_escapes_are_read(text: str) -> None:
    assert go_unquote(go_quote(text)) == text


@pytest.mark.parametrize("escape", [r"\x41", r"\101", r"\u00e9", r"\q", r"\'"])
def test_another_escape_is_refused(escape: str) -> None:
    with pytest.raises(ValueError, match=f"labkit does not read \\{escape[:2]} in text"):
        go_unquote(f'"{escape}"')


# The forms that Go's %q gives these bytes in pflag, in containerd's platforms and in the daemon.
@pytest.mark.parametrize(
    ("line", "said"),
    [
        (r"docker stop --time $(printf '\377') x", r'invalid argument "\xff" for "-t, --time" flag'),
        (r"docker pull --platform $(printf 'a\007b') nginx", r'"a\ab" is an invalid component of "a\ab"'),
        (r"docker ps --filter exited=$(printf '\377')", r'strconv.Atoi: parsing "\xff": invalid syntax'),
    ],
)
def test_bytes_that_cannot_be_printed_are_escaped_in_errors(line: str, said: str) -> None:
    assert said in Lab().shell(line).stderr


@pytest.mark.parametrize(
    ("name", "said"),
    [("../a\\b\nc", r'"../a\\b\nc" is outside of "/"'), ("../\udcff\a", r'"../\xff\a" is outside of "/"')],
)
def test_an_archives_error_stays_one_line(name: str, said: str) -> None:
    with pytest.raises(InvalidLayer) as caught:
        read_changes(Content.of(small_tar.pack([small_tar.entry(name)])))
    assert str(caught.value).endswith(said)
    assert "\n" not in str(caught.value)
