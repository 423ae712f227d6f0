"""Hypothesis strategies for references, JSON values, descriptors and image configs."""

from __future__ import annotations

import string
from typing import Any

from hypothesis import strategies as st

from labkit.oci.config import History
from labkit.oci.descriptor import (
    DOCKER_CONFIG,
    DOCKER_LAYER,
    OCI_CONFIG,
    OCI_LAYER,
    Descriptor,
    Platform,
)
from labkit.oci.reference import Reference

HEX = "0123456789abcdef"
LOWER = string.ascii_lowercase + string.digits
ALPHANUMERIC = string.ascii_letters + string.digits


def _joined(part: st.SearchStrategy[str], separator: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    more = st.lists(st.tuples(separator, part), max_size=2)
    return st.builds(lambda first, rest: first + "".join(a + b for a, b in rest), part, more)


digests = st.sampled_from([("sha256", 64), ("sha384", 96), ("sha512", 128)]).flatmap(
    lambda kind: st.text(HEX, min_size=kind[1], max_size=kind[1]).map(lambda text: f"{kind[0]}:{text}")
)
sha256_digests = st.text(HEX, min_size=64, max_size=64).map("sha256:".__add__)
tags = st.builds(
    str.__add__,
    st.sampled_from(ALPHANUMERIC + "_"),
    st.one_of(st.text(ALPHANUMERIC + "_.-", max_size=10), st.just("x" * 127)),
)
_components = _joined(
    st.text(LOWER, min_size=1, max_size=6), st.sampled_from([".", "_", "__", "-", "--", "----"])
)
paths = _joined(_components, st.just("/"))
_labels = _joined(st.text(ALPHANUMERIC, min_size=1, max_size=5), st.sampled_from(["-", "--"]))
_ports = st.integers(0, 99999).map(":{}".format)
domains = st.one_of(
    st.just("docker.io"),
    st.sampled_from(["localhost", "localhost:5000", "127.0.0.1", "EXAMPLE.com"]),
    st.builds(lambda a, b: f"{a}.{b}", _labels, _labels),
    st.builds(lambda a, port: a + port, _labels, _ports),
).filter(lambda domain: domain != "index.docker.io")
references = st.builds(Reference, domains, paths, st.just("") | tags, st.just("") | digests).filter(
    lambda reference: (
        len(reference.name) <= 255 and not (reference.domain == "docker.io" and "/" not in reference.path)
    )
)
"""References as `parse_reference` gives them."""

# Go writes a large whole float in digits, which Python reads as another whole number.
_floats = st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: abs(x) < 2**53 or abs(x) >= 1e21)
json_scalars = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | _floats
json_values = st.recursive(
    json_scalars | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)

platforms = st.builds(
    Platform,
    st.sampled_from(["amd64", "arm", "arm64", "386", "x86_64", "armhf"]),
    st.sampled_from(["linux", "windows", "Linux"]),
    st.sampled_from(["", "v1", "v5", "v6", "v7", "v8"]),
)
descriptors = st.builds(
    Descriptor,
    st.sampled_from([DOCKER_CONFIG, DOCKER_LAYER, OCI_CONFIG, OCI_LAYER]),
    digests,
    st.integers(0, 2**63 - 1),
    platform=st.none() | platforms,
    annotations=st.dictionaries(st.text("ab<", max_size=2), st.text("xé&", max_size=2), max_size=2),
)

_texts = st.text('ab <&>é\u2028\n\x08"\\', max_size=6)
times = st.sampled_from(
    ["2019-04-16T00:00:00Z", "2020-02-29T23:59:59.123456789+02:00", "0001-01-01T00:00:00Z"]
)
histories = st.builds(History, times, _texts, _texts, _texts, st.booleans())
container_configs = st.fixed_dictionaries(
    {},
    optional={
        "Hostname": _texts,
        "Env": st.none() | st.lists(_texts, max_size=2),
        "Cmd": st.none() | st.lists(_texts, max_size=2),
        "ExposedPorts": st.dictionaries(_texts, st.just({}), max_size=2),
        "Volumes": st.none() | st.dictionaries(_texts, st.just({}), max_size=2),
        "Labels": st.none() | st.dictionaries(_texts, _texts, max_size=2),
        "Healthcheck": st.none() | st.fixed_dictionaries({}, optional={"Retries": st.integers(0, 3)}),
        "StopTimeout": st.none() | st.integers(0, 9),
        "Tty": st.booleans(),
        "Shell": st.lists(_texts, max_size=1),
    },
)


@st.composite
def config_facts(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the arguments of `make_config`."""
    return {
        "created": draw(times),
        "architecture": draw(st.sampled_from(["amd64", "arm64"])),
        "variant": draw(st.sampled_from(["", "v8"])),
        "os_version": draw(st.sampled_from(["", "10.0"])),
        "author": draw(_texts),
        "comment": draw(_texts),
        "docker_version": draw(st.sampled_from(["", "20.10.24"])),
        "container": draw(st.text(HEX, max_size=8)),
        "config": draw(container_configs),
        "container_config": draw(container_configs),
        "diff_ids": draw(st.lists(sha256_digests, max_size=3)),
        "history": draw(st.lists(histories, max_size=3)),
    }
