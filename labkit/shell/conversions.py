"""Small conversions that all commands share: bytes and text, error numbers and their words, paths."""

from __future__ import annotations

import errno

from labkit.base.errors import FileSystemError

_WORDS = {
    errno.EPERM: "Operation not permitted", errno.ENOENT: "No such file or directory",
    errno.EIO: "Input/output error", errno.ENXIO: "No such device or address",
    errno.EBADF: "Bad file descriptor", errno.EACCES: "Permission denied",
    errno.EBUSY: "Device or resource busy", errno.EEXIST: "File exists",
    errno.EXDEV: "Invalid cross-device link", errno.ENOTDIR: "Not a directory",
    errno.EISDIR: "Is a directory", errno.EINVAL: "Invalid argument",
    errno.ENOSPC: "No space left on device", errno.EROFS: "Read-only file system",
    errno.EMLINK: "Too many links", errno.ENAMETOOLONG: "File name too long",
    errno.ENOTEMPTY: "Directory not empty", errno.ELOOP: "Too many levels of symbolic links",
    errno.EOPNOTSUPP: "Operation not supported",
}  # fmt: skip


def strerror(error: FileSystemError | int) -> str:
    """Return Linux's words for an error, whatever the machine that runs this.

    >>> strerror(errno.ENOTEMPTY)
    'Directory not empty'
    """
    number = error if isinstance(error, int) else error.errno or 0
    return _WORDS.get(number, f"Unknown error {number}")


def encode(text: str) -> bytes:
    """Return the bytes of a text; bytes that are no UTF-8 come back as they were.

    >>> encode(decode(b"caf\\xe9"))
    b'caf\\xe9'
    """
    return text.encode("utf-8", "surrogateescape")


def decode(data: bytes) -> str:
    """Return the text of bytes, whatever they are."""
    return data.decode("utf-8", "surrogateescape")


def join(directory: str, path: str) -> str:
    """Return a path as seen from a directory.

    >>> join("/etc", "motd"), join("/", "etc"), join("/etc", "/bin")
    ('/etc/motd', '/etc', '/bin')
    """
    return path if path.startswith("/") else f"{directory.rstrip('/')}/{path}"


def basename(path: str) -> str:
    """Return the last name of a path.

    >>> basename("/etc/nginx/"), basename("/")
    ('nginx', '/')
    """
    return path.rstrip("/").rpartition("/")[2] or path[:1]


def normal(path: str) -> str:
    """Return an absolute path without empty names, `.` and `..`.

    >>> normal("/etc/../usr//bin/.")
    '/usr/bin'
    """
    names: list[str] = []
    for name in path.split("/"):
        if name == "..":
            del names[-1:]
        elif name and name != ".":
            names.append(name)
    return "/" + "/".join(names)
