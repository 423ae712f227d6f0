"""Every lesson and the walkthrough in JupyterLab in Chromium: run from top to bottom, and looked at."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.browser import jupyter
from tests.browser.conftest import Opener
from tests.notebooks import NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_nothing_is_cut_off(path: Path, server: jupyter.Server, notebook: Opener) -> None:
    shutil.copytree(path.parent, server.work, dirs_exist_ok=True)
    with notebook(name=path.name) as page:
        page.run()
        assert page.page.locator(".jp-OutputArea-output[data-mime-type*=stderr]").count() == 0
        page.readable(path.stem)
