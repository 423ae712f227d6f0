"""A real registry, asked over HTTP (OCI distribution-spec 1.1.1; distribution, "Token Authentication").

`send` is one function from a Request to a Response, as the registry in memory has one; `fetch` brings a
blob as a generator of its progress, goes on where a download broke off, and keeps for the next pull what a
failed one has downloaded. A registry on a loopback address is plain HTTP, any other is HTTPS. Proxies and
credentials of the user's are left alone: what is asked is what anybody may see.

All errors are RegistryErrors in one line, in the words of Docker's daemon. Whatever an answer names is looked
at before it is used: a URL by `going`, a token by `_token`, a document's size by `_read`.
"""

from __future__ import annotations

import errno
import functools
import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from labkit.base.errors import DigestMismatch, InvalidDocument, RegistryError
from labkit.go.quote import go_quote
from labkit.go.struct import INT, STRING, TIME, Field, struct
from labkit.oci.content import EMPTY, Content
from labkit.oci.descriptor import DOCKER_CONFIG, OCI_CONFIG, Descriptor
from labkit.oci.digest import verify
from labkit.oci.gzip import Spool
from labkit.store.api import Request, Response
from labkit.store.client import LARGEST, BlobProgress, Client, error_of, json_of, words

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


def _no_answer(error: Exception, url: httpx.URL) -> RegistryError:
    code = "no-such-host" if isinstance(_cause(error), socket.gaierror) else ""
    return RegistryError(0, code, reason(error, url))


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
    except (OSError, ValueError):
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
    """Return Go's words for an answer that is no HTTP, or that ends too early.

    h11, which reads the answer, tells these cases apart by its text alone.
    """
    if "without sending a response" in said:
        return "EOF"
    if "without sending complete message body" in said or "incomplete chunked read" in said:
        return "unexpected EOF"
    return "net/http: HTTP/1.x transport connection broken: malformed HTTP response"


def going(text: str, base: str = "") -> httpx.URL:
    """Return the URL that a registry names, seen from `base`; raises RegistryError where nobody can go there.

    The words are those of Go's net/url and net/http.

    >>> str(going("/token?a=b", "http://reg.test/v2/"))
    'http://reg.test/token?a=b'
    """
    host = text.partition("//")[2].partition("/")[0]
    port = re.search(r":([^:\]]*)$", host)
    try:
        if re.search(r"[\x00-\x1f\x7f]", text):
            problem = "net/url: invalid control character in URL"
        elif ("[" in host) != ("]" in host):
            problem = "missing ']' in host"
        elif port and not re.fullmatch(r"\d*", port[1], re.ASCII):
            problem = f"invalid port {go_quote(port[0])} after host"
        else:
            url = httpx.URL(base).join(text)
            if url.scheme not in ("http", "https"):
                raise RegistryError(0, "", f"unsupported protocol scheme {go_quote(url.scheme)}")
            if not url.host or ("://" in text and not host):
                raise RegistryError(0, "", "http: no Host in request URL")
            if (url.port or 0) > 0xFFFF:
                raise RegistryError(0, "", f"dial tcp: address {url.port}: invalid port")
            return url
    except (httpx.InvalidURL, ValueError):  # the latter where a name is too long for IDNA
        problem = "invalid character in host name"
    raise RegistryError(0, "", f"parse {go_quote(text)}: {problem}")


class Lines:
    """The connections of one command, at most one in a thread; `cut` ends them, and those that are to come.

    What waits for the network cannot be interrupted in a thread, but it ends when its connection is shut down
    (shutdown(2)). A copy of the descriptor is kept for that, since TLS takes over the first one.
    """

    def __init__(self) -> None:
        self.over = threading.Event()
        self._lock = threading.Lock()
        self._open: dict[int, socket.socket] = {}

    def apart(self, work: Callable[[], httpx.Response]) -> httpx.Response:
        """Return what work that begins a request gives; it is left behind in a thread when all is over.

        A connection can be cut; the look-up of a host before it can neither be interrupted nor cut.
        """
        done: Future[httpx.Response] = Future()

        def run() -> None:
            try:
                done.set_result(work())
            except Exception as error:
                done.set_exception(error)

        thread = threading.Thread(target=run, name="labkit-request", daemon=True)
        thread.start()
        try:
            while not wait([done], 0.05).done:
                if self.over.is_set():
                    raise RegistryError(0, "", "context canceled")
            return done.result()
        except KeyboardInterrupt:
            self.cut()
            raise
        finally:
            thread.join(0.3)

    def trace(self, owner: int, event: str, info: Mapping[str, Any]) -> None:
        """Note a thread's new connection, when httpcore tells of it (its request extension "trace")."""
        if event == "connection.connect_tcp.complete":
            self.leave(owner)
            line = info["return_value"].get_extra_info("socket").dup()
            with self._lock:
                self._open[owner] = line
            if self.over.is_set():
                self.cut()

    def leave(self, owner: int) -> None:
        """Let go of a thread's connection, so that the registry sees when it is closed."""
        with self._lock:
            line = self._open.pop(owner, None)
        if line is not None:
            line.close()

    def cut(self) -> None:
        """End what any thread waits for."""
        self.over.set()
        with self._lock:
            for line in self._open.values():
                with suppress(OSError):  # it may be closed already
                    line.shutdown(socket.SHUT_RDWR)


class Partial(Spool):
    """The beginning of a blob, kept aside: only what came in order.

    >>> part = Partial()
    >>> part.append(b"lay")
    >>> part.append(b"er")
    >>> part.content.read()
    b'layer'
    """

    content = EMPTY

    def append(self, data: bytes) -> None:
        """Add the bytes that follow."""
        self.content += self.keep([data])


PAUSES = (5, 10, 15, 20, 25)
"""Seconds before each new attempt to download a blob (moby, distribution/xfer)."""
_REDIRECTS = 10
_TOKEN = struct(
    "auth.getTokenResponse",
    Field("token", STRING),
    Field("access_token", STRING),
    Field("expires_in", INT),
    Field("issued_at", TIME),
)
_certificates = functools.cache(functools.partial(httpx.create_ssl_context, trust_env=False))
_STEP = 1 << 18
"""Bytes between two reports on a download."""


def base_url(host: str) -> str:
    """Return where a registry is: over plain HTTP on loopback, as Docker allows, else over HTTPS.

    >>> base_url("127.0.0.1:5000"), base_url("registry.example.com")
    ('http://127.0.0.1:5000', 'https://registry.example.com')
    """
    name = host.partition(":")[0]
    loopback = name == "localhost" or re.fullmatch(r"127(\.\d{1,3}){3}", name, re.ASCII)
    return f"{'http' if loopback else 'https'}://{host}"


@dataclass(slots=True)
class Remote:
    """A registry at a URL; `partials` are the downloads that broke off, by digest.

    `timeout` is how long each step of a request may take, `pauses` how long to wait before each new attempt
    at a blob, both in seconds; `sleep` and `clock` tell how to wait (else until the time is over, or the
    command is) and what time it is.
    """

    url: str
    timeout: float = 30
    pauses: Sequence[int] = PAUSES
    sleep: Callable[[float], object] | None = None
    clock: Callable[[], float] = time.monotonic
    partials: dict[str, Partial] = field(default_factory=dict)
    _http: httpx.BaseTransport | None = None
    _tokens: dict[str, str] = field(default_factory=dict)
    _reached: bool = False
    _lines: Lines = field(default_factory=Lines)

    def client(self) -> Client:
        """Return a client for one command: like Docker, it first asks whether the registry is there."""
        self._reached, self._lines = False, Lines()
        return Client(self.send, self)

    def interrupt(self) -> None:
        """End what the requests of the last client wait for, in whichever thread; it asks no more."""
        self._lines.cut()

    def _wait(self, seconds: float) -> None:
        (self.sleep or self._lines.over.wait)(seconds)

    def send(self, request: Request) -> Response:
        """Answer a request; raises RegistryError where there is no answer."""
        self._reach()
        with self._open(request) as answer:
            return self._read(answer)

    def fetch(self, name: str, descriptor: Descriptor) -> Generator[BlobProgress, None, Content]:
        """Bring a blob, verified; yield its progress, and the seconds that are left before a new attempt.

        Raises DigestMismatch for other bytes, and RegistryError where the last attempt failed, too.
        """
        silent = descriptor.media_type in (DOCKER_CONFIG, OCI_CONFIG)
        yield from self.retried(lambda: self._download(name, descriptor), silent=silent)
        content = self.partials[descriptor.digest].content
        try:
            # As a whole: a byte that was damaged on the way is never taken for good, whenever it came.
            if content.size != descriptor.size:
                raise DigestMismatch(f"filesystem layer verification failed for digest {descriptor.digest}")
            verify(content.chunks(), descriptor.digest)
        except DigestMismatch:
            self.forget([descriptor.digest])
            raise
        return content

    def retried(
        self, work: Callable[[], Iterator[BlobProgress] | None], *, silent: bool = False
    ) -> Iterator[BlobProgress]:
        """Download or upload something, anew where the registry is in trouble; raises RegistryError.

        Yields what the work yields and, unless `silent`, the seconds that are left before a new attempt.
        """
        for attempt in range(len(self.pauses) + 1):
            try:
                return (yield from work() or ())
            except RegistryError as error:
                if attempt + 1 >= self.attempts(error):  # fewer than before, where trouble became a refusal
                    raise
            if silent:
                self._wait(1)  # the daemon fetches a config outside of xfer: it says nothing and waits little
                continue
            for left in range(self.pauses[attempt], 0, -1):
                yield BlobProgress(f"Retrying in {left} second{'' if left == 1 else 's'}")
                self._wait(1)

    def attempts(self, error: RegistryError) -> int:
        """Return how many attempts an error leaves.

        A registry that answers 4xx will answer it again, so there is one (moby, distribution/errors.go,
        retryOnError); one that is in trouble or out of reach may be back soon.
        """
        return 1 if 0 < error.status < 500 else len(self.pauses) + 1

    def forget(self, digests: Iterable[str]) -> None:
        """Give up downloads that are kept: their image is complete."""
        for digest in digests:
            self.partials.pop(digest, None)

    def _download(self, name: str, descriptor: Descriptor) -> Iterator[BlobProgress]:
        """Download what is missing of a blob into its partial."""
        partial = self.partials.setdefault(descriptor.digest, Partial())
        start = partial.content.size
        if start >= descriptor.size > 0:
            return
        headers = {"range": f"bytes={start}-"} if start else {}
        self._reach()
        with self._open(Request("GET", f"/v2/{name}/blobs/{descriptor.digest}", headers)) as answer:
            if answer.status_code == 416:
                self.forget([descriptor.digest])  # it begins no blob of theirs: the next attempt asks for all
                raise RegistryError(0, "", "invalid range")
            if answer.status_code >= 400:
                raise error_of(self._read(answer))
            begins = re.match(r"bytes (\d+)-", answer.headers.get("content-range", ""), re.ASCII)
            if answer.status_code != 206 or begins is None or int(begins[1]) != start:
                # A server may ignore a range and send the whole (RFC 9110, section 14.2).
                partial = self.partials[descriptor.digest] = Partial()
            yield BlobProgress("Downloading", partial.content.size, descriptor.size)
            reported = partial.content.size
            for chunk in self._chunks(answer):
                partial.append(chunk)
                if partial.content.size > descriptor.size:
                    break  # more than was announced: it cannot be the blob, however much follows
                if partial.content.size - reported >= _STEP:
                    reported = partial.content.size
                    yield BlobProgress("Downloading", reported, descriptor.size)

    def _reach(self) -> None:
        """Ask once whether there is a registry; what it answers does not matter here."""
        if not self._reached:
            with self._open(Request("GET", "/v2/"), token=False):
                self._reached = True

    @contextmanager
    def _open(self, request: Request, *, token: bool = True) -> Iterator[httpx.Response]:
        """Send a request, with a token where one is asked for; the answer's body is still to be read."""
        shown, answer = _shown(request, self.url), None
        scope = _scope(request)
        try:
            answer = self._ask(request, self._tokens.get(scope, ""), shown)
            if answer.status_code == 401 and token:
                challenge = answer.headers.get("www-authenticate", "")
                try:
                    known = self._tokens[scope] = self._token(challenge, scope)
                except RegistryError as error:
                    code = "" if error.status else error.code
                    raise RegistryError(error.status, code, f"{shown}{words(error)}") from None
                if known:
                    answer.close()
                    answer = self._ask(request, known, shown)
            yield answer
        finally:
            if answer is not None:
                answer.close()
            self._lines.leave(threading.get_ident())

    def _ask(self, request: Request, token: str, shown: str) -> httpx.Response:
        """Send a request and follow redirects, where they may lead; the answer's body is still to be read."""
        home = _origin(httpx.URL(self.url))
        method, body = request.method, request.body
        try:
            url = going(request.path, self.url)
            for _ in range(_REDIRECTS):
                # A redirect or an upload's location may be on another host, which must not see the token.
                known = {"authorization": f"Bearer {token}"} if token and _origin(url) == home else {}
                answer = self._send(method, url, {**request.headers, **known}, body)
                location = answer.headers.get("location", "")
                if answer.status_code not in (301, 302, 303, 307, 308) or not location:
                    return answer
                answer.close()
                if answer.status_code < 307 and method != "HEAD":  # as net/http does (client.go)
                    method, body = "GET", EMPTY
                try:
                    url = going(location, str(url))
                except RegistryError as error:
                    problem = f"failed to parse Location header {go_quote(location)}: {error}"
                    raise RegistryError(0, "", problem) from None
        except RegistryError as error:
            raise RegistryError(0, error.code, f"{shown}{error}") from None
        raise RegistryError(0, "", f"{shown}stopped after {_REDIRECTS} redirects")

    def _send(self, method: str, url: httpx.URL, headers: dict[str, str], body: Content) -> httpx.Response:
        if self._lines.over.is_set():
            raise RegistryError(0, "", "context canceled")
        if self._http is None:
            # No httpx.Client, which looks into redirects, keeps cookies and takes passwords from URLs.
            limits = httpx.Limits(max_keepalive_connections=0)
            self._http = httpx.HTTPTransport(verify=_certificates(), trust_env=False, limits=limits)
        headers = {**headers, "accept-encoding": "identity", "user-agent": "labkit"}
        headers.pop("content-length", "")
        if method in ("POST", "PATCH", "PUT"):
            headers["content-length"] = str(body.size)
        content = body.chunks() if body.size else None
        trace = functools.partial(self._lines.trace, threading.get_ident())
        extensions = {"trace": trace, "timeout": httpx.Timeout(self.timeout).as_dict()}
        try:
            sent = httpx.Request(method, url, headers=headers, content=content, extensions=extensions)
            answer = self._lines.apart(functools.partial(self._http.handle_request, sent))
            answer.request = sent
            return answer
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as error:
            raise _no_answer(error, url) from None

    def _read(self, answer: httpx.Response) -> Response:
        data = bytearray()
        for chunk in self._chunks(answer):
            data += chunk
            if len(data) > LARGEST:
                raise RegistryError(0, "", f"the registry's answer is larger than {LARGEST} bytes")
        return Response(answer.status_code, dict(answer.headers), Content.of(bytes(data)))

    def _chunks(self, answer: httpx.Response) -> Iterator[bytes]:
        try:
            yield from answer.iter_raw()
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            raise _no_answer(error, answer.request.url) from None

    def _token(self, challenge: str, scope: str) -> str:
        """Ask the server that a challenge names for a token; "" where the challenge is of no kind known."""
        kind, _, rest = challenge.partition(" ")
        if kind.lower() == "basic":
            raise RegistryError(401, "", "no basic auth credentials")
        if kind.lower() != "bearer":
            return ""
        asked = dict(re.findall(r'([a-z_]+)="([^"]*)"', rest))
        wanted = {"scope": asked.get("scope") or scope, "service": asked.get("service", "")}
        if "realm" not in asked:
            raise RegistryError(0, "", "no realm specified for token auth challenge")
        try:
            realm = going(asked["realm"])
        except RegistryError as error:
            raise RegistryError(0, "", f"invalid token auth challenge realm: {error}") from None
        url = realm.copy_merge_params({name: value for name, value in wanted.items() if value})
        answer = self._ask(Request("GET", str(url)), "", f'Get "{url}": ')
        try:
            response = self._read(answer)
        finally:
            answer.close()
        if response.status >= 400:
            raise error_of(response)
        try:
            document = json_of(response, _TOKEN)
        except InvalidDocument as error:
            raise RegistryError(401, "", f"unable to decode token response: {error}") from None
        token: str = document["access_token"] or document["token"]
        if not token:
            raise RegistryError(401, "", "authorization server did not include a token in the response")
        if not re.fullmatch(r"[\x21-\x7e]+", token):
            raise RegistryError(401, "", 'net/http: invalid header field value for "Authorization"')
        return token


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _shown(request: Request, url: str) -> str:
    """Return a request as the daemon's errors begin with it; those about blobs do not.

    Docker asks for a tag's manifest by HEAD first.
    """
    if "/blobs/" in request.path:
        return ""
    by_tag = "/manifests/" in request.path and ":" not in request.path.rpartition("/")[2]
    method = "Head" if request.method == "GET" and by_tag else request.method.capitalize()
    try:
        asked = str(going(request.path, url))
    except RegistryError:  # which the error says already
        return ""
    return f'{method} "{asked}": '


def _scope(request: Request) -> str:
    """Return what a token has to allow for a request: `repository:NAME:pull`, or with `push`."""
    found = re.match(r"/v2/(.+)/(?:manifests|blobs|tags)/", request.path)
    if found is None:
        return ""
    return f"repository:{found[1]}:{'pull' if request.method in ('GET', 'HEAD') else 'pull,push'}"
