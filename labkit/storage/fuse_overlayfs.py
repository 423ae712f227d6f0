"""The fuse-overlayfs storage driver: overlay in user space, for an engine that does not run as root.

It keeps what overlay2 keeps, in directories of the same names, and copies whole files up (moby,
daemon/graphdriver/fuse-overlayfs). A program answers each system call in place of the kernel: that costs
time, not space. Not modelled, as the real engine shows: names of one lower file stay one file while it is
mounted, and a commit overlooks an opaque directory, which brings back what was deleted in it.
"""

from __future__ import annotations

from typing import ClassVar

from labkit.storage.overlay2 import Overlay2


class FuseOverlayfs(Overlay2):
    """The driver.

    >>> FuseOverlayfs().prepare(None, 0).changes.children
    {}
    """

    name = "fuse-overlayfs"
    tells: ClassVar = {}  # a real engine lists nothing
