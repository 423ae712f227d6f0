"""The room can be read from top to bottom: no module needs one that comes later."""

from __future__ import annotations

import re
from pathlib import Path

from labkit import oci


def test_a_module_imports_only_those_above_it() -> None:
    room = Path(oci.__path__[0])
    order = re.findall(r"^- `(\w+)`:", oci.__doc__ or "", re.MULTILINE)
    assert sorted(order) == sorted(each.stem for each in room.glob("*.py") if each.stem != "__init__")
    for place, name in enumerate(order):
        text = (room / f"{name}.py").read_text()
        lines = re.findall(r"^from labkit\.oci(?:\.(\w+))? import (.+)$", text, re.MULTILINE)
        needed = {each for module, names in lines for each in ([module] if module else names.split(", "))}
        assert needed <= set(order[:place]), name
