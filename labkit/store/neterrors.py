"""What goes wrong on the way to a registry, in the words of Go, which the daemon prints (net, net/http)."""

from __future__ import annotations

import errno
import os
import socket
import ssl

import httpx

_CERTIFICATES = {
    10: "x509: certificate has expired or is not yet valid",
    18: "x509: certificate signed by unknown authority",
    19: "x509: certificate signed by unknown authority",
    20: "x509: certificate signed by unknown authority",
}
"""By OpenSSL's number of the error (openssl-verification-options)."""


def reason(error: Exception, url: httpx.URL) -> str:
    """Return what Go says of an error that a request for `url` ended with.

    >>> reason(httpx.RemoteProtocolError("Server disconnected without sending a response."), httpx.URL("/"))
    'EOF'
    """
    if isinstance(error, httpx.TooManyRedirects):
        return "stopped after 10 redirects"
    if isinstance(error, httpx.ConnectTimeout):
        return f"dial tcp {_address(url)}: i/o timeout"
    if isinstance(error, httpx.TimeoutException):
        return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    cause = _cause(error)
    if isinstance(cause, socket.gaierror):
        return f"dial tcp: lookup {url.host}: no such host"
    if isinstance(cause, ssl.SSLError):
        return _tls(cause)
    if isinstance(error, httpx.RemoteProtocolError):
        return _broken(str(error))
    if isinstance(error, httpx.ConnectError):
        return f"dial tcp {_address(url)}: connect: {_number(cause)}"
    if isinstance(cause, OSError):
        return f"read tcp {_address(url)}: read: {_number(cause)}"
    return " ".join(str(error).split()) or type(error).__name__


def _cause(error: BaseException) -> OSError | None:
    """Return the operating system's error that an error comes from, if any."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None


def _number(error: OSError | None) -> str:
    if error is None:
        return "connection refused"
    if error.errno == errno.ETIMEDOUT:
        return "connection timed out"
    return os.strerror(error.errno).lower() if error.errno else " ".join(str(error).split())


def _address(url: httpx.URL) -> str:
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        host = str(socket.getaddrinfo(url.host, port, socket.AF_INET)[0][4][0])
    except OSError:
        host = url.host
    return f"{host}:{port}"


def _tls(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        known = _CERTIFICATES.get(error.verify_code)
        return known or f"x509: {error.verify_message}"
    if error.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"):
        return "http: server gave HTTP response to HTTPS client"
    return f"remote error: tls: {str(error.reason or error).lower().replace('_', ' ')}"


def _broken(said: str) -> str:
    """Return Go's words for an answer that is no HTTP, or that ends too early."""
    if "without sending a response" in said:
        return "EOF"
    if "without sending complete message body" in said or "incomplete chunked read" in said:
        return "unexpected EOF"
    return "net/http: HTTP/1.x transport connection broken: malformed HTTP response"
