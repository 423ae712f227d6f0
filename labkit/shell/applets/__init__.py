"""The commands that a container has, each with its options and busybox's usage: one table of all."""

from __future__ import annotations

import json

from labkit.base.text import packaged
from labkit.shell.task import Applet

APPLETS: dict[str, Applet] = {
    name: Applet(**row) for name, row in json.loads(packaged(__name__, "applets.json")).items()
}
