"""What hatchling asks for when it builds: README.md as a package index can show it.

An index shows one page alone: a relative link leads nowhere there, and neither does a picture. As long as
`[project.urls]` names no home that they could lead to, their words stay, and they go.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class ReadmeHook(MetadataHookInterface):
    """Gives the project's `readme`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Put the text into the metadata."""
        text = (Path(self.root) / "README.md").read_text("utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": alone(text)}


def alone(text: str) -> str:
    """Return a page of Markdown without pictures, comments and links into the project."""
    text = re.sub(r"\n *<img [^>]*>\n(?=\n)", "", text)
    text = re.sub(r"\n *<!--[^>]*-->\n", "\n", text)
    return re.sub(r"\[([^\]]*)\]\((?!\w+://|#)[^)]*\)", r"\1", text)
