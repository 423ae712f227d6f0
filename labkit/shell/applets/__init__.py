"""The commands that a container has, each with its options and busybox's usage: one table of all."""

from __future__ import annotations

import json
from importlib.resources import files

from labkit.shell.task import Applet

APPLETS: dict[str, Applet] = {
    name: Applet(**row)
    for name, row in json.loads(files(__name__).joinpath("applets.json").read_bytes()).items()
}
