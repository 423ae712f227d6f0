"""What the notebook's tests share: a shell without a browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from labkit import Lab


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """Give a notebook's shell with labkit's magics and a new lab."""
    InteractiveShell.clear_instance()
    instance = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    instance.run_line_magic("load_ext", "labkit")
    instance.user_ns["lab"] = Lab()
    yield instance
    InteractiveShell.clear_instance()
