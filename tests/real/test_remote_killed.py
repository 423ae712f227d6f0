"""A real registry that is killed in the middle of a pull: nothing changes, and the next pull goes on."""

from __future__ import annotations

import re

import pytest

from labkit import Lab
from labkit.base.errors import LabkitError
from labkit.engine.pull import pull
from labkit.oci.reference import parse_reference
from tests.conftest import need
from tests.engine.engines import drain
from tests.real import registry
from tests.real.registry import RealRegistry

pytestmark = pytest.mark.real
SIZE = 128 << 20


def test_the_next_pull_goes_on_where_the_registry_was_killed() -> None:
    need(registry.why_not())
    with RealRegistry() as running:
        name = f"{running.address}/big:1"
        made = Lab()
        made.build("big", ["FROM busybox", "COPY small /small", "COPY big /big"], {"small": 10, "big": SIZE})
        made.docker(f"tag big {name}")
        assert made.docker(f"push -q {name}").exit_code == 0
        lab = Lab()
        client = lab.session.registries.client(running.address)
        assert client.live is not None
        client.live.pauses = ()  # type: ignore[attr-defined]
        before = lab.engine.state
        steps = pull(lab.engine, client, parse_reference(name), lab.network, lab.session.platform)
        while not (event := next(steps)).current or event.total < SIZE:
            pass
        running.kill()
        with pytest.raises(LabkitError) as caught:
            drain(steps)
        assert re.search(r"\A[^\n]*(EOF|connection (reset by peer|refused))\Z", str(caught.value))
        assert lab.engine.state is before
        refused = lab.docker(f"pull {name}")
        assert "connect: connection refused" in refused.stderr
        assert lab.engine.state.images == before.images
        running.start()
        events: list[int] = []
        lab.docker(
            f"pull {name}", watch=lambda event: events.append(event.current) if event.total > SIZE else None
        )
        assert lab.image(name).id == made.image("big").id
        assert 0 < events[0] < SIZE
