"""What goes wrong, in the engine's own words: one tree of errors.

    LabkitError
      InvalidReference, InvalidDigest, InvalidDocument, InvalidLayer, InvalidImage, InvalidArchive
      DigestMismatch
      TruncatedFile       (an OSError, too)
      FileSystemError     (an OSError, too)
      MissingExtra        (an ImportError, too)
      Unexpected
      RecordedImage
      NotSimulated
      RegistryError
      DaemonError
        NotFound
        Conflict

Every error that a learner can meet is a LabkitError whose text is one line. The command line prints it, and
a notebook shows it without a traceback. Nothing in labkit reads the text to decide what to do: that is what
the class is for, and `code` where a class has several causes. An error that tells another one in other words
is raised `from` it and has its code. What one room alone raises stands there: UsageError of the command line,
TemplateError, StartError.
"""

from __future__ import annotations

import errno
import functools
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType
from typing import Any, TypeVar

from labkit.base.text import shown, told

T = TypeVar("T")
_LOG = 1 << 20  # bytes after which the log begins anew
_LONGEST = 1000
DRIVE = Path("/drive")
"""Where JupyterLite keeps files in the browser."""


def _showable(text: str) -> str:
    """Return a text that can be shown: a file or a server may have put anything into it."""
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST // 2]}…{text[-_LONGEST // 2 :]}"
    return shown(text)


class LabkitError(Exception):
    """An error whose text is meant for the reader.

    `code` is a short name of what went wrong, which stays the same: "no-such-image", or the specification's
    for a registry's error ("MANIFEST_UNKNOWN"), or the kernel's for a system call's ("ENOENT"). It is ""
    where nothing depends on it. `subject` is the name or the identifier that the error is about, `exit_code`
    what a command that ends with it returns.

    >>> error = LabkitError("invalid reference format", code="invalid-reference")
    >>> str(error), error.code
    ('invalid reference format', 'invalid-reference')
    """

    exit_code = 1
    _code = _subject = ""

    def __init__(self, text: str = "", *, code: str = "", subject: str = "") -> None:
        super().__init__(_showable(text))
        if code:
            self._code, self._subject = code, subject

    @property
    def code(self) -> str:
        """What went wrong, as a short name."""
        return self._first._code

    @property
    def subject(self) -> str:
        """The name or the identifier that it is about."""
        return self._first._subject

    @property
    def _first(self) -> LabkitError:
        """The error that has the code: this one, or the one that it tells in other words."""
        cause = self.__cause__
        return cause._first if isinstance(cause, LabkitError) and not self._code else self

    def _render_traceback_(self) -> list[str]:
        """Give IPython the one line to show in place of a traceback, and labkit's own below it."""
        return [f"{type(self).__name__}: {self}", *filter(None, getattr(self, "__notes__", ()))]


@contextmanager
def retold(new: Callable[[str], LabkitError], *known: type[LabkitError], start: str = "") -> Iterator[None]:
    """Raise what `new` makes of an error of the known classes, or of any; `start` is put before its words.

    >>> with retold(DaemonError, start="cannot rename: "):
    ...     raise InvalidReference("invalid reference format")
    Traceback (most recent call last):
    labkit.base.errors.DaemonError: cannot rename: invalid reference format
    """
    wanted = known or (LabkitError,)
    try:
        yield
    except wanted as error:
        raise new(f"{start}{error}") from error


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


class InvalidArchive(LabkitError):
    """An archive that is damaged, or that holds no image."""


class DigestMismatch(LabkitError):
    """Bytes that are not those that their digest names."""


class TruncatedFile(LabkitError, OSError):
    """A file that became shorter while it was in use."""


class FileSystemError(LabkitError, OSError):
    """A system call that failed: an OSError with its number, shown in one line.

    >>> error = FileSystemError(errno.ENOENT, "/etc/nothing")
    >>> error.errno == errno.ENOENT, error.code, error.subject
    (True, 'ENOENT', '/etc/nothing')
    >>> str(error)
    '/etc/nothing: no such file or directory'
    """

    def __init__(self, number: int, path: str = "") -> None:
        OSError.__init__(self, number, os.strerror(number), path)
        self._code, self._subject = errno.errorcode.get(number, ""), path

    def __str__(self) -> str:
        return go_words(self)


def go_words(error: OSError) -> str:
    """Return an error of the system as Go writes it: the path, and the words in small letters.

    >>> go_words(OSError(errno.EISDIR, "Is a directory", "/etc")), go_words(OSError("unexpected EOF"))
    ('/etc: is a directory', 'unexpected EOF')
    """
    if not error.strerror:
        return " ".join(map(str, error.args))
    named = isinstance(error.filename, str | bytes) and error.filename
    return (f"{os.fsdecode(error.filename)}: " if named else "") + error.strerror.lower()


def call_of(number: int) -> str:
    """Return which system call says so when a file is written.

    >>> call_of(errno.ENOSPC), call_of(errno.EACCES)
    ('write', 'open')
    """
    return "write" if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO) else "open"


class RecordedImage(LabkitError):
    """An operation that would pass off a record's stand-in files as the published image.

    >>> str(RecordedImage("nginx:1.15.12", "push it")).partition(" (")[0]
    'nginx:1.15.12 is a record of the published image: its identifiers are real, its files are stand-ins, so
    labkit does not push it'
    """

    def __init__(self, name: str, doing: str) -> None:
        super().__init__(
            f"{name} is a record of the published image: its identifiers are real, its files are stand-ins, "
            f"so labkit does not {doing} (busybox:latest, alpine:latest and python:latest are whole)"
        )


class NotSimulated(LabkitError):
    """What Docker does and labkit does not: one line says so, and what Docker would do."""

    _code = "not-simulated"


class RegistryError(LabkitError):
    """A registry's answer other than success (distribution-spec, "Error Codes"), or no answer: status 0.

    A registry may say anything: here its words become one line of a length that can be read, which steers
    no screen.

    >>> error = RegistryError(404, "MANIFEST_UNKNOWN", "manifest unknown")
    >>> error.status, error.code
    (404, 'MANIFEST_UNKNOWN')
    """

    def __init__(self, status: int, code: str, message: str, detail: object = None) -> None:
        line = told(message)
        super().__init__(line, code=code)
        self.status = status
        self.message = line
        self.detail = detail


class DaemonError(LabkitError):
    """An error that the daemon answers; the client prints it after "Error response from daemon: "."""


class NotFound(DaemonError):
    """There is no such image, container or volume.

    >>> NotFound.of("image", "nginx").code
    'no-such-image'
    """

    @classmethod
    def of(cls, kind: str, name: str) -> NotFound:
        """Return the error for a name that no object of a kind has; for an empty name it has no code."""
        return cls(f"No such {kind}: {name}", code=f"no-such-{kind}" if name else "", subject=name)


class Conflict(DaemonError):
    """The object is in use, or the name is taken."""


class MissingExtra(LabkitError, ImportError):
    """A library that is not installed; labkit has an extra that brings it."""


class Unexpected(LabkitError):
    """What nobody foresaw: a fault of labkit's, or of the machine; `log` is its traceback."""

    exit_code = 125

    def __init__(self, error: Exception) -> None:
        self.log = "".join(traceback.format_exception(error, limit=-30))
        where = _kept(self.log)
        fault = f"labkit's own fault, {type(error).__name__}"
        kind = "not enough memory" if isinstance(error, MemoryError) else fault
        log = f"the log is in {where}" if where else "lab.session.log has the log"
        super().__init__(f"labkit: this could not be run, and nothing was changed ({kind}); {log}")


def _kept(log: str) -> Path | None:
    """Add a traceback to the log in the learner's data folder; return where, None where that cannot be."""
    try:
        file = data_folder() / "labkit.log"
        file.parent.mkdir(parents=True, exist_ok=True)
        small = file.exists() and file.stat().st_size < _LOG
        with file.open("a" if small else "w", encoding="utf-8", errors="backslashreplace") as out:
            out.write(log + "\n")
    except (OSError, RuntimeError, ValueError):
        return None
    return file


def data_folder() -> Path:
    """Return the folder for a learner's data: LABKIT_DATA, or the one that the system has (platformdirs).

    In a browser it is on JupyterLite's drive, which outlives the page where there is one.
    """
    chosen, home = os.environ.get("LABKIT_DATA"), Path.home()
    if chosen:
        return Path(chosen)
    if sys.platform == "emscripten" and DRIVE.is_dir():
        return DRIVE / ".labkit"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData/Local") / "labkit"
    if sys.platform == "darwin":
        return home / "Library/Application Support/labkit"
    return Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share") / "labkit"


def raises_labkit_errors(made: type[T]) -> type[T]:
    """Let a class's public methods and properties raise nothing but LabkitError."""
    for name, member in list(vars(made).items()):
        if not name.startswith("_") and isinstance(member, FunctionType):
            setattr(made, name, _guarded(member))
        elif isinstance(member, property) and member.fget:
            setattr(made, name, property(_guarded(member.fget)))
    return made


def _guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: object, **kwargs: object) -> object:
        try:
            return function(*args, **kwargs)
        except LabkitError:
            raise
        except OSError as error:
            raise LabkitError(go_words(error)) from error
        except Exception as error:
            raise Unexpected(error) from error

    return call
