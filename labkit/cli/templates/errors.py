"""The one error of templates, in Go's words."""

from __future__ import annotations

from labkit.errors import LabkitError


class TemplateError(LabkitError):
    """A template that cannot be parsed or executed.

    >>> str(TemplateError("template: :1: unclosed action").prefixed("template parsing error: "))
    'template parsing error: template: :1: unclosed action'
    """

    def prefixed(self, prefix: str) -> TemplateError:
        """Give the same error with the words that a docker command puts before it."""
        return TemplateError(f"{prefix}{self}")
