"""What goes wrong, in the engine's own words.

Every error that a learner can meet is a LabkitError whose text is one line. The command line prints
that line; a notebook shows it without a traceback.
"""

from __future__ import annotations

import os


class LabkitError(Exception):
    """An error whose text is meant for the reader.

    >>> str(LabkitError("invalid reference format"))
    'invalid reference format'
    """

    exit_code = 1

    def _render_traceback_(self) -> list[str]:
        """Give IPython the one line to show in place of a traceback."""
        return [f"{type(self).__name__}: {self}"]


class InvalidReference(LabkitError):
    """A name that distribution/reference's grammar refuses."""


class InvalidDigest(LabkitError):
    """Text that is no digest."""


class InvalidDocument(LabkitError):
    """A manifest, index or config that breaks its specification."""


class InvalidLayer(LabkitError):
    """A layer's tar that cannot be read or would write outside of the root."""


class InvalidImage(LabkitError):
    """Parts of an image that do not fit together."""


class DigestMismatch(LabkitError):
    """Bytes that are not those that their digest names."""


class InvalidArchive(LabkitError):
    """An archive that is damaged, or that holds no image."""


class TruncatedFile(LabkitError, OSError):
    """A file that became shorter while it was in use."""


class RecordedImage(LabkitError):
    """An operation that would pass off a record's stand-in files as the published image."""


class RegistryError(LabkitError):
    """A registry's answer other than success (distribution-spec, "Error Codes").

    >>> RegistryError(404, "MANIFEST_UNKNOWN", "manifest unknown").status
    404
    """

    def __init__(self, status: int, code: str, message: str, detail: object = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail


class DaemonError(LabkitError):
    """An error that the daemon answers; the client prints it after "Error response from daemon: "."""


class NotFound(DaemonError):
    """There is no such image, container or layer."""


class Conflict(DaemonError):
    """The object is in use, or the name is taken."""


class MissingExtra(LabkitError, ImportError):
    """A library that is not installed; labkit has an extra that brings it."""


class FileSystemError(LabkitError, OSError):
    """A file operation that failed: an OSError with its number, shown in one line.

    >>> import errno
    >>> error = FileSystemError(errno.ENOENT, "/etc/nothing")
    >>> error.errno == errno.ENOENT, error.filename
    (True, '/etc/nothing')
    >>> str(error)
    "[Errno 2] No such file or directory: '/etc/nothing'"
    """

    def __init__(self, number: int, path: str = "") -> None:
        OSError.__init__(self, number, os.strerror(number), path)

    def __str__(self) -> str:
        return OSError.__str__(self)
