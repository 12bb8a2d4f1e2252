"""A registry on loopback that speaks the pull half of the protocol, and fails in every way a test asks for.

The images are made up, from bytes of our own; the tests with Debian's `docker-registry` use a real registry.
"""

import base64
import hashlib
import json
import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest

from ospo.sources.manifests import OCI_INDEX, OCI_MANIFEST

CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"


def digest(data: bytes) -> str:
    """SHA-256 of the bytes, as `sha256:…`."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def describe(data: bytes, media_type: str, **more: object) -> dict[str, object]:
    """Build a descriptor."""
    return {"mediaType": media_type, "digest": digest(data), "size": len(data), **more}


def config(architecture: str = "amd64", layers: int = 1, **more: object) -> bytes:
    """Build an image configuration."""
    return json.dumps(
        {
            "os": "linux",
            "architecture": architecture,
            "rootfs": {"type": "layers", "diff_ids": ["sha256:" + "0" * 64] * layers},
            **more,
        }
    ).encode()


def manifest(config_bytes: bytes, *layers: bytes, **more: object) -> bytes:
    """Build an OCI manifest."""
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": describe(config_bytes, CONFIG_TYPE),
            "layers": [describe(layer, LAYER_TYPE) for layer in layers],
            **more,
        }
    ).encode()


def index(*descriptors: dict[str, object]) -> bytes:
    """Build an OCI index."""
    return json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": descriptors}).encode()


@dataclass
class Fault:
    """What goes wrong with requests whose path contains `path`, for so many `times`."""

    path: str
    times: int = 1
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: int = -1
    """Bytes of the body after which the connection is closed."""


@dataclass
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    form: dict[str, list[str]]


@dataclass
class FakeRegistry:
    """Content and behaviour; change it at any time."""

    host: str = ""
    documents: dict[str, bytes] = field(default_factory=dict)
    """Manifests and indexes by `repository:reference`."""
    blobs: dict[str, bytes] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    basic: str = ""
    """`user:password` to demand by basic authentication."""
    token: str = ""
    """Bearer token to demand."""
    realm: str = ""
    """Address of the token service; this server's own `/token` where empty."""
    grants: Callable[[Seen], bool] = lambda seen: True
    """Whether the token service gives the token."""
    ranges: bool = True
    redirect: str = ""
    """Base address to which blobs are redirected."""

    def push(self, name: str, document: bytes, *blobs: bytes) -> str:
        """Store a document under `repository:tag` and by digest, and its blobs; return its digest."""
        repository = name.rpartition(":")[0]
        self.documents[name] = document
        self.documents[f"{repository}:{digest(document)}"] = document
        self.blobs.update({digest(blob): blob for blob in blobs})
        return digest(document)

    def paths(self) -> list[str]:
        """The paths that were asked for, in order."""
        return [seen.path for seen in self.seen]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body are two writes: without this each answer waits 40 ms for an acknowledgement.
    disable_nagle_algorithm = True
    registry: FakeRegistry

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _serve(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        seen = Seen(
            self.command,
            parts.path,
            parse_qs(parts.query),
            {name.lower(): value for name, value in self.headers.items()},
            parse_qs(body.decode()),
        )
        self.registry.seen.append(seen)
        for fault in self.registry.faults:
            if fault.times and fault.path in parts.path and (fault.status or fault.body):
                fault.times -= 1
                return self._answer(fault.status or 200, fault.body, fault.headers)
        if parts.path == "/token":
            return self._token(seen)
        if not self._authorized(seen):
            return self._demand()
        self._content(parts.path)

    def _token(self, seen: Seen) -> None:
        if not self.registry.grants(seen):
            return self._answer(401, b'{"details": "no"}')
        self._answer(200, json.dumps({"token": self.registry.token}).encode())

    def _authorized(self, seen: Seen) -> bool:
        given = seen.headers.get("authorization", "")
        if self.registry.basic:
            return given == "Basic " + base64.b64encode(self.registry.basic.encode()).decode()
        return not self.registry.token or given == f"Bearer {self.registry.token}"

    def _demand(self) -> None:
        realm = self.registry.realm or f"http://{self.registry.host}/token"
        bearer = f'Bearer realm="{realm}",service="tests",scope="repository:app:pull"'
        challenge = 'Basic realm="tests"' if self.registry.basic else bearer
        self._answer(401, b'{"errors":[{"code":"UNAUTHORIZED"}]}', {"WWW-Authenticate": challenge})

    def _content(self, path: str) -> None:
        if path == "/v2/":
            return self._answer(200, b"{}")
        repository, kind, reference = path.removeprefix("/v2/").rsplit("/", 2)
        if kind == "blobs":
            return self._blob(path, reference)
        document = self.registry.documents.get(f"{repository}:{reference}")
        if document is None:
            return self._answer(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}')
        headers = {"Docker-Content-Digest": digest(document), "Content-Type": "application/json"}
        self._answer(200, document, headers)

    def _blob(self, path: str, reference: str) -> None:
        if self.registry.redirect:
            return self._answer(307, b"", {"Location": self.registry.redirect + path + "?signature=canary"})
        blob = self.registry.blobs.get(reference)
        if blob is None:
            return self._answer(404, b'{"errors":[{"code":"BLOB_UNKNOWN"}]}')
        offset = self.headers.get("Range", "").removeprefix("bytes=").removesuffix("-")
        if offset and self.registry.ranges:
            span = f"bytes {offset}-{len(blob) - 1}/{len(blob)}"
            return self._answer(206, blob[int(offset) :], {"Content-Range": span})
        self._answer(200, blob)

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        sent = {"Content-Length": str(len(body)), **(headers or {})}
        self.send_response(status)
        for name, value in sent.items():
            self.send_header(name, value)
        self.end_headers()
        for fault in self.registry.faults:
            if fault.times and fault.path in self.path and fault.cut >= 0:
                fault.times -= 1
                self.close_connection = True
                body = body[: fault.cut]
                break
        self.wfile.write(body)


def self_signed(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Make a certificate for 127.0.0.1 that signs itself; return a server context and the file to trust."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    key, certificate = folder / "key.pem", folder / "ca.pem"
    request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=tests"
    extension = ("-addext", "subjectAltName=IP:127.0.0.1")
    command = [openssl, *request.split(), *extension, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context, certificate


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that hang up or fail to shake hands are what is tested."""


@contextmanager
def serve(
    registry: FakeRegistry, tls: ssl.SSLContext | None = None, address: str = "127.0.0.1"
) -> Iterator[FakeRegistry]:
    """Serve on a free port of loopback until the end of the block."""
    handler = type("Handler", (_Handler,), {"registry": registry})
    server = _Server((address, 0), handler)
    if tls is not None:
        # The handshake is left to the thread of the connection, where it may fail.
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    registry.host = f"{address}:{server.server_port}"
    try:
        yield registry
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
