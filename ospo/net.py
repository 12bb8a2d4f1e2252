"""The only HTTP client of ospo, over the transports of `requests`.

What `requests` does on its own is not used: its sessions read `~/.netrc`, keep cookies, follow redirects with
custom headers to any host and load the bodies of redirects into memory. Proxies (`HTTPS_PROXY` …) and
certificates (`REQUESTS_CA_BUNDLE`, `CURL_CA_BUNDLE`) come from the environment as its users know them.
"""

import contextlib
import logging
import os
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import urljoin

import requests
import urllib3
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.utils import get_environ_proxies

from ospo import __version__
from ospo.addresses import check_redirect, host_of, is_loopback, same_origin, shown
from ospo.errors import NetworkError, UnreachableError

# It would log whole addresses, and those of redirects are signed.
logging.getLogger("urllib3").setLevel(logging.INFO)
# Leaving out verification is what the user configured for that host.
urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_MAX_REDIRECTS = 5
_RETRIED = frozenset((429, 502, 503, 504))
_CHUNK = 1 << 16
_SLOWEST = 8 << 10
"""Bytes a second; what is slower than that for a minute holds a scan up on purpose or will not end."""
_EVERYWHERE = frozenset(("accept", "accept-encoding", "range", "user-agent"))
"""Request headers that may follow a redirect to another host."""


@dataclass(frozen=True, slots=True)
class Tls:
    """How one host's certificate is checked."""

    verify: bool = True
    ca_file: str = ""
    """Certificates in PEM to trust instead of the usual ones."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer that was read completely."""

    url: str
    """Where it came from in the end, without query."""
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    """Whole for a success, the beginning for anything else."""

    def close(self) -> None:
        """Do nothing: an answer that was read holds no connection."""


class Stream:
    """An answer whose body is read as it arrives."""

    def __init__(self, raw: requests.Response, url: str, clock: Callable[[], float]) -> None:
        self.url = url
        self.status = raw.status_code
        self.headers = {name.lower(): value for name, value in raw.headers.items()}
        self._raw = raw
        self._clock = clock
        self._started = clock()
        self._received = 0

    @property
    def length(self) -> int | None:
        """The number of bytes that the server announces, or None."""
        text = self.headers.get("content-length", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None

    def read(self, size: int = _CHUNK) -> bytes:
        """Return what is there, at most `size` bytes; nothing at the end.

        Raises:
            NetworkError: the connection broke off, or gives next to nothing.
        """
        try:
            data: bytes = self._raw.raw.read1(size, decode_content=False) or b""
        except (urllib3.exceptions.HTTPError, OSError) as e:
            raise _explain(e, self.url) from e
        self._received += len(data)
        elapsed = self._clock() - self._started
        if elapsed > 60 and self._received < elapsed * _SLOWEST:
            raise UnreachableError(
                f"{self.url}: gives less than {_SLOWEST} bytes a second",
                hint="try again later, or configure a mirror",
                transient=True,
            )
        return data

    def read_all(self, max_bytes: int) -> bytes:
        """Return the whole body.

        Raises:
            NetworkError: it is larger than that, compressed although nobody asked, or broke off.
        """
        if (self.length or 0) > max_bytes:
            raise NetworkError(f"{self.url}: {self.length} bytes are more than the {max_bytes} allowed here")
        encoding = self.headers.get("content-encoding", "identity")
        if encoding != "identity":
            raise NetworkError(
                f"{self.url}: answers in the encoding {encoding[:40]!r}, which was not asked for"
            )
        parts, total = [], 0
        while data := self.read():
            total += len(data)
            if total > max_bytes:
                raise NetworkError(f"{self.url}: gives more than the {max_bytes} bytes allowed here")
            parts.append(data)
        return b"".join(parts)

    def beginning(self) -> bytes:
        """Return at most 64 KiB of an error's body; failing to read that is no further news."""
        data = b""
        with contextlib.suppress(NetworkError):
            while len(data) < _CHUNK and (more := self.read(_CHUNK - len(data))):
                data += more
        return data

    def close(self) -> None:
        """Give the connection back if the body was read, else close it."""
        self._raw.close()


_Answer = TypeVar("_Answer", Response, Stream)


class Client:
    """Sends requests with timeouts, bounded retries, bounded reads and redirects that carry no credentials.

    An answer of any status is returned, after retries for 429, 502, 503 and 504. All requests raise
    `NetworkError` when there is no answer, or one that is refused.
    """

    def __init__(
        self,
        *,
        offline: bool = False,
        tls: Mapping[str, Tls] | None = None,
        connect_timeout: float = 10,
        read_timeout: float = 60,
        attempts: int = 4,
        patience: float = 60,
        transport: BaseAdapter | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`tls` goes by host, with port where it is not the usual one; times are seconds.

        `patience` bounds the time for all attempts of one request, waiting included.
        """
        self.offline = offline
        self._tls = dict(tls or {})
        self._timeout = (connect_timeout, read_timeout)
        self._attempts = attempts
        self._patience = patience
        self._transport = transport or HTTPAdapter(pool_maxsize=16)
        self._sleep = sleep
        self._clock = clock

    def get(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        max_bytes: int,
        attempts: int | None = None,
    ) -> Response:
        """Fetch a small document; `attempts` replaces the client's own number."""
        return self._persist(lambda: self._read(self._follow(url, headers or {}), max_bytes), attempts)

    def post(
        self, url: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None, *, max_bytes: int
    ) -> Response:
        """Send a form and fetch a small answer; a redirect is returned, never followed."""
        return self._persist(lambda: self._read(self._send("POST", url, headers or {}, form), max_bytes))

    def open(self, url: str, headers: Mapping[str, str] | None = None) -> Stream:
        """Fetch something large; the caller closes the stream."""
        return self._persist(lambda: self._follow(url, headers or {}))

    def close(self) -> None:
        """Close the connections that are kept for reuse."""
        self._transport.close()

    def _persist(self, exchange: Callable[[], _Answer], attempts: int | None = None) -> _Answer:
        deadline = self._clock() + self._patience
        for attempt in range((attempts or self._attempts) - 1):
            delay = 0.5 * 2**attempt
            try:
                answer = exchange()
            except NetworkError as e:
                if not e.transient or self._clock() + delay > deadline:
                    raise
            else:
                delay = max(delay, self._retry_after(answer.headers))
                if answer.status not in _RETRIED or self._clock() + delay > deadline:
                    return answer
                answer.close()
            self._sleep(delay)
        return exchange()

    def _retry_after(self, headers: Mapping[str, str]) -> float:
        """Seconds, from either form of https://www.rfc-editor.org/rfc/rfc9110#field.retry-after."""
        text = headers.get("retry-after", "")
        if text.isascii() and text.isdigit():
            return float(text[:9])
        try:
            return parsedate_to_datetime(text).timestamp() - self._clock()
        except (ValueError, OverflowError):
            return 0

    def _read(self, stream: Stream, max_bytes: int) -> Response:
        try:
            success = 200 <= stream.status < 300
            body = stream.read_all(max_bytes) if success else stream.beginning()
            return Response(stream.url, stream.status, stream.headers, body)
        finally:
            stream.close()

    def _follow(self, url: str, headers: Mapping[str, str]) -> Stream:
        headers = {name.lower(): value for name, value in headers.items()}
        for _ in range(_MAX_REDIRECTS + 1):
            stream = self._send("GET", url, headers)
            if stream.status not in _REDIRECTS or "location" not in stream.headers:
                return stream
            stream.close()
            try:
                target = urljoin(url, stream.headers["location"])
            except ValueError as e:
                raise NetworkError(f"{stream.url}: redirects to what is no address") from e
            check_redirect(url, target)
            if not same_origin(url, target):
                headers = {name: value for name, value in headers.items() if name in _EVERYWHERE}
            url = target
        raise NetworkError(f"{shown(url)}: more than {_MAX_REDIRECTS} redirects")

    def _send(
        self, method: str, url: str, headers: Mapping[str, str], form: Mapping[str, str] | None = None
    ) -> Stream:
        address = shown(url)
        if self.offline:
            raise UnreachableError(
                f"offline: {address} is not fetched", hint="leave --offline out to allow it"
            )
        sent = {"user-agent": f"ospo/{__version__}", "accept-encoding": "identity", **headers}
        try:
            request = requests.Request(method, url, headers=sent, data=form).prepare()
            answer = self._transport.send(
                request,
                stream=True,
                timeout=self._timeout,
                verify=self._verify(url),
                # As Go's programs do: proxies see nothing of what stays on the machine.
                proxies={} if is_loopback(host_of(url)) else get_environ_proxies(url),
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as e:
            raise _explain(e, address) from e
        return Stream(answer, address, self._clock)

    def _verify(self, url: str) -> bool | str:
        tls = self._tls.get(host_of(url), Tls())
        if not tls.verify:
            return False
        if tls.ca_file and not Path(tls.ca_file).exists():
            raise NetworkError(f"{host_of(url)}: the CA file {tls.ca_file} does not exist")
        environment = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
        return tls.ca_file or environment or True


def _explain(error: BaseException, address: str) -> NetworkError:
    """Say in our own words what went wrong: the libraries' messages quote whole addresses."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return UnreachableError(
                f"{address}: the certificate is not trusted: {cause.verify_message}",
                hint="name the registry's CA file in the configuration, or REQUESTS_CA_BUNDLE",
            )
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError):
            return UnreachableError(
                f"{address}: no TLS connection ({cause.reason or 'failed'})",
                hint="check that this port speaks https; the setting `insecure` allows http for a registry",
            )
        if isinstance(cause, socket.gaierror):
            return UnreachableError(
                f"{address}: the host name is not known",
                hint="check how the name is spelt, and that this machine can look names up",
                transient=cause.errno == socket.EAI_AGAIN,
            )
        if isinstance(cause, OSError) and cause.errno and not isinstance(cause, ssl.SSLError):
            return UnreachableError(
                f"{address}: {os.strerror(cause.errno).lower()}",
                hint="check host and port, and that the server runs",
                transient=True,
            )
    # After the causes above: urllib3 calls every connection that cannot be made a timeout.
    timeouts = TimeoutError | requests.Timeout | urllib3.exceptions.TimeoutError
    if any(isinstance(cause, timeouts) for cause in _causes(error)):
        return UnreachableError(
            f"{address}: no answer in time",
            hint="try again later; where only a proxy leads out, name it in HTTPS_PROXY",
            transient=True,
        )
    if isinstance(error, requests.ConnectionError | urllib3.exceptions.HTTPError):
        return UnreachableError(
            f"{address}: the connection broke off",
            hint="try again later, and check that the server speaks http there",
            transient=True,
        )
    return NetworkError(f"{address}: the request failed ({type(error).__name__})")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what is behind it, nearest first; urllib3 hides some in `reason` or in the arguments."""
    pending, seen = [error], 0
    while pending and seen < 20:
        cause = pending.pop(0)
        seen += 1
        yield cause
        behind = (getattr(cause, "reason", None), cause.__cause__, cause.__context__, *cause.args)
        pending += [item for item in behind if isinstance(item, BaseException)]
