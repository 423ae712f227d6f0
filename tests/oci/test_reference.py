"""References: the grammar, Docker's normalisation, and what a real engine answered."""

from __future__ import annotations

import time

import pytest
from hypothesis import assume, given

from labkit.base.errors import InvalidReference
from labkit.oci.reference import Reference, parse_reference
from tests.oci.strategies_documents import references

A64 = 64 * "a"
DIGEST = f"sha256:{A64}"

# `docker tag IMAGE NAME` with Docker 20.10.24: the tag that `docker image inspect` then shows.
ACCEPTED = {
    "nginx": "nginx:latest",
    "nginx:1.22": "nginx:1.22",
    "library/nginx": "nginx:latest",
    "docker.io/nginx": "nginx:latest",
    "docker.io/library/x:y": "x:y",
    "index.docker.io/x": "x:latest",
    "index.docker.io/library/x": "x:latest",
    "index.docker.io/a/b": "a/b:latest",
    "docker.io": "docker.io:latest",
    "docker.io/library": "library:latest",
    "docker.io/library/a/b": "library/a/b:latest",
    "library/library/a": "library/library/a:latest",
    "docker.io:443/a": "docker.io:443/a:latest",
    "Docker.io/x": "Docker.io/x:latest",
    "localhost": "localhost:latest",
    "localhost:5000": "localhost:5000",
    "localhost/x": "localhost/x:latest",
    "localhost:5000/x": "localhost:5000/x:latest",
    "localhost:5000/x:t": "localhost:5000/x:t",
    "127.0.0.1:1/a:b": "127.0.0.1:1/a:b",
    "EXAMPLE.com/x": "EXAMPLE.com/x:latest",
    "A:5/c": "A:5/c:latest",
    "a:5/c:5": "a:5/c:5",
    "a.b/c.d/e": "a.b/c.d/e:latest",
    "foo_bar.com/a": "foo_bar.com/a:latest",
    "foo.com:080/a": "foo.com:080/a:latest",
    "xn--n3h.com/a": "xn--n3h.com/a:latest",
    "nginx:TAG.1-x_": "nginx:TAG.1-x_",
    "nginx:_x": "nginx:_x",
    f"nginx:{128 * 'a'}": f"nginx:{128 * 'a'}",
    "a.b": "a.b:latest",
    "a_b": "a_b:latest",
    "a__b": "a__b:latest",
    "a--b": "a--b:latest",
    "a---b": "a---b:latest",
    "a/b/c/d": "a/b/c/d:latest",
    A64[1:]: f"{A64[1:]}:latest",
    f"x/{A64}": f"x/{A64}:latest",
    f"sha256:{A64}": f"sha256:{A64}",
    237 * "a": f"{237 * 'a'}:latest",
    f"foo/{241 * 'a'}": f"foo/{241 * 'a'}:latest",
    f"x.y/{251 * 'a'}": f"x.y/{251 * 'a'}:latest",
}

FORMAT = "invalid reference format"
LOWERCASE = "invalid reference format: repository name must be lowercase"
LENGTH = "repository name must not be more than 255 characters"
# What the same engine's client says, after "Error parsing reference: "NAME" is not a valid repository/tag: ".
REFUSED = {
    **dict.fromkeys(
        ["", "/", "a/", "/a", "a//b", ":", ":t", "@", "a@", "a b", " a", "a ", "a\n", "t:t\n"], FORMAT
    ),
    **dict.fromkeys(["[::1]:5000/x", "[::1]/x", "http://a/b", "foo.com:/a", "foo.com:port/a"], FORMAT),
    **dict.fromkeys(
        [".com/a", "foo..com/a", "-foo.com/a", "foo-.com/a", "fo_o:5000/a", "docker.io/"], FORMAT
    ),
    **dict.fromkeys(
        ["nginx:", "nginx:-x", "nginx:.x", f"nginx:{129 * 'a'}", "a:b:c", "a:b/c", "a:T/b"], FORMAT
    ),
    **dict.fromkeys(["a..b", "a___b", "a._b", "a.-b", "-a", "a-", "_a", "a_", "a.", "./a", "../a"], FORMAT),
    **dict.fromkeys(["a+b", "a,b", "a%20b", "a\\b", "é", "nginx:É", "a\u0660", "ß"], FORMAT),
    **dict.fromkeys(["a@b", "a:t@b", "a@sha256:abc", f"a@{DIGEST}:t"], FORMAT),
    **dict.fromkeys(["Nginx", "Example/x", "LOCALHOST/a", "a/B", "a.b/B", "a..B", "É", "a@É"], LOWERCASE),
    f"a@SHA256:{A64}": LOWERCASE,
    "foo_Bar.com/a": "repository name must be lowercase",
    **dict.fromkeys([238 * "a", f"foo/{242 * 'a'}", f"x.y/{252 * 'a'}"], LENGTH),
    f"a@sha256:{A64[1:]}": "invalid checksum digest length",
    f"a@sha256:{A64}a": "invalid checksum digest length",
    f"a@sha256:{A64.upper()}": "invalid checksum digest format",
    f"a@md5:{32 * 'a'}": "unsupported digest algorithm",
    f"a@sha256+b64:{A64}": "unsupported digest algorithm",
    A64: f"invalid repository name ({A64}), cannot specify 64-byte hexadecimal strings",
}


@pytest.mark.parametrize(("name", "tag"), ACCEPTED.items(), ids=lambda text: text[:20])
def test_names_that_the_engine_accepts(name: str, tag: str) -> None:
    reference = parse_reference(name).with_default_tag()
    assert reference.familiar == tag
    assert parse_reference(str(reference)) == reference


@pytest.mark.parametrize(("name", "message"), REFUSED.items(), ids=lambda text: repr(text)[:24])
def test_names_that_the_engine_refuses(name: str, message: str) -> None:
    with pytest.raises(InvalidReference) as caught:
        parse_reference(name)
    assert str(caught.value) == message


@given(references)
def test_a_reference_is_printed_as_it_was_parsed(reference: Reference) -> None:
    assert parse_reference(str(reference)) == reference
    assert str(parse_reference(str(reference))) == str(reference)


@given(references)
def test_the_familiar_form_names_the_same(reference: Reference) -> None:
    first = reference.path.partition("/")[0]
    # On Docker Hub a first component that looks like a host is one, once the domain is left out.
    assume(reference.domain != "docker.io" or not ("." in first or first == "localhost"))
    assert parse_reference(reference.familiar) == reference


@pytest.mark.parametrize(
    ("name", "domain", "path"),
    [
        ("app", "docker.io", "library/app"),
        ("me/app", "docker.io", "me/app"),
        ("localhost/app", "localhost", "app"),
        ("localhost:5000/app", "localhost:5000", "app"),
        ("registry.lab/app", "registry.lab", "app"),
        ("lab:5000/me/app", "lab:5000", "me/app"),
        ("index.docker.io/app", "docker.io", "library/app"),
        ("a_b.com/app", "", "a_b.com/app"),
    ],
)
def test_a_host_has_a_dot_or_a_port_or_is_localhost(name: str, domain: str, path: str) -> None:
    found = parse_reference(name)
    assert (found.domain, found.path) == (domain, path)


def test_latest_is_added_only_to_a_bare_name() -> None:
    assert parse_reference("nginx:1").with_default_tag().tag == "1"
    assert parse_reference(f"nginx@{DIGEST}").with_default_tag().familiar == f"nginx@{DIGEST}"


def test_both_tag_and_digest_are_kept() -> None:
    reference = parse_reference(f"nginx:1@{DIGEST}")
    assert str(reference) == f"docker.io/library/nginx:1@{DIGEST}"
    assert parse_reference(str(reference)) == reference


@pytest.mark.parametrize("tag", ["", "-a", "a b", "a\n", 129 * "a", "é"])
def test_a_tag_is_checked(tag: str) -> None:
    with pytest.raises(InvalidReference, match=r"^invalid reference format$"):
        parse_reference(f"nginx:{tag}")


@pytest.mark.parametrize(
    "name", [50_000 * "a" + "!", 20_000 * "a-" + "!", 20_000 * "a." + "/!", "a" + 50_000 * "-"]
)
def test_a_hostile_name_is_refused_at_once(name: str) -> None:
    begun = time.perf_counter()
    with pytest.raises(InvalidReference):
        parse_reference(name)
    assert time.perf_counter() - begun < 1
