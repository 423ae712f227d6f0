"""Build arguments: what ARG allows, and what `--build-arg` gives (moby, builder/dockerfile/buildargs.go)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

PROXIES = (
    "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY", "ftp_proxy",
    "NO_PROXY", "no_proxy",
)  # fmt: skip
"""Allowed without ARG, and then left out of the history."""


@dataclass(slots=True)
class Arguments:
    """The arguments of a build; `given` are those of the command line, None for one that has no value.

    >>> arguments = Arguments({"A": "2", "B": "3"})
    >>> arguments.add("A", "1")
    >>> arguments.allowed(), arguments.unused()
    ({'A': '2'}, ['B'])
    """

    given: Mapping[str, str | None]
    declared: dict[str, str | None] = field(default_factory=dict)
    before_from: dict[str, str | None] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def add(self, name: str, value: str | None) -> None:
        """Allow an argument, as ARG does; `value` is its default."""
        self.declared[name] = value
        self.used.add(name)

    def begin_stage(self) -> None:
        """Keep what was declared so far for FROM, and for an ARG that says its name again."""
        self.before_from, self.declared = self.declared, {}

    def allowed(self) -> dict[str, str]:
        """Return the arguments that have a value here."""
        return self._values(self.declared)

    def for_from(self) -> dict[str, str]:
        """Return the arguments that FROM may use."""
        return self._values(self.before_from)

    def _values(self, declared: Mapping[str, str | None]) -> dict[str, str]:
        found = {name: self._value(name, declared) for name in (*declared, *PROXIES)}
        return {name: value for name, value in found.items() if value is not None}

    def _value(self, name: str, declared: Mapping[str, str | None]) -> str | None:
        for source in (self.given, declared, self.before_from):
            if source.get(name) is not None:
                return source[name]
        return None

    def shown(self, name: str) -> bool:
        """Tell whether an argument is noted in the command that history shows."""
        return name in self.declared or name not in PROXIES

    def unused(self) -> list[str]:
        """Return the names given on the command line that no ARG asked for."""
        return [name for name in self.given if name not in self.used and name not in PROXIES]
