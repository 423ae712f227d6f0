"""`docker container …` and the older commands that do the same: run, ps, exec …

Each command's row stands beside what the command does. Flags, defaults and words are those of `docker CMD
--help`, client 20.10.
"""

from __future__ import annotations

from labkit.cli.table import Command

ONE_OR_MORE = "[OPTIONS] CONTAINER [CONTAINER...]"

COMMANDS = (Command("container", "Manage containers"),)
