"""Every lesson in JupyterLab in Chromium: run from top to bottom, looked at in two themes and two widths."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.browser import jupyter
from tests.browser.conftest import Opener
from tests.notebooks import LESSONS


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_runs_and_nothing_is_cut_off(path: Path, server: jupyter.Server, notebook: Opener) -> None:
    shutil.copy(path, server.work)
    shutil.copytree(path.parent / "data", server.work / "data", dirs_exist_ok=True)
    with notebook(name=path.name) as page:
        page.run()
        assert page.page.locator(".jp-OutputArea-output[data-mime-type*=stderr]").count() == 0
        for theme in jupyter.THEMES:
            for width in jupyter.WIDTHS:
                page.look(theme, width)
                assert page.cut_off() == []
                page.shoot(f"{path.stem}-{theme.split()[-1].lower()}-{width}")
            assert page.faults() == []
