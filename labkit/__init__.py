"""A Docker image engine small enough to read and exact enough to believe.

All that is public can be imported from here; docs/API.md shows it on one page.

>>> from labkit import Lab
>>> Lab().docker("version --format '{{.Server.Version}}'").text
'20.10.24+dfsg1\\n'
"""

from __future__ import annotations

from labkit.base.lazy import fetcher, places

_PLACES = places(__name__)
__all__ = list(_PLACES)
__getattr__ = fetcher(__name__, _PLACES)


def __dir__() -> list[str]:
    return __all__
