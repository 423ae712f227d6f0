"""What the tests of the notebook room share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """Give an IPython shell without a browser, with labkit's magics."""
    InteractiveShell.clear_instance()
    instance = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    instance.run_line_magic("load_ext", "labkit")
    yield instance
    InteractiveShell.clear_instance()
