"""What the tests of widgets share: a page that is alive, and the outputs below its cell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ipywidgets
import pytest

from tests.notebook.shown import Handle


@pytest.fixture
def outputs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Handle]]:
    """Give what is shown below the cell; the page is alive."""
    monkeypatch.delenv("LABKIT_PROGRESS", raising=False)
    found: list[Handle] = []

    def show(data: Any, **options: Any) -> Handle:
        found.append(Handle(data))
        return found[-1]

    monkeypatch.setattr("IPython.display.display", show)
    yield found
    ipywidgets.Widget.close_all()
