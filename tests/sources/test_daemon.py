"""No engine runs where these tests do: a server on a unix socket answers the two requests that are sent.

It does so in the way of Docker: chunked, without a length. Its archives are made by skopeo or by the test.
"""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from threading import Thread

import pytest
from image_archives import Made, components, hex_of, layer, needs_skopeo, skopeo_copy, tar, write_folder

from ospo.errors import TargetError, UsageError
from ospo.limits import Limits
from ospo.registry_settings import RegistrySettings
from ospo.sources.daemon import Engine, find_engine, open_docker, open_image, open_podman
from ospo.sources.interface import Image, SourceOptions

APP = Made()
APP_ID = f"sha256:{hex_of(APP.config)}"


@dataclass
class FakeEngine:
    """What the server answers, and what it was asked."""

    images: dict[str, str] = field(default_factory=lambda: {"docker.io/library/app:1.0": APP_ID})
    """Id by name."""
    archives: dict[str, bytes] = field(default_factory=lambda: {APP_ID: tar(APP.saved())})
    """Archive by id."""
    status: int = 0
    cut: int = -1
    """Bytes of an archive after which the connection is closed."""
    asked: list[str] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    engine: FakeEngine

    def do_GET(self) -> None:
        self.engine.asked.append(self.path)
        name, _, what = self.path.removeprefix("/images/").rpartition("/")
        if self.engine.status:
            self._answer(self.engine.status, b'{"message": "secret of the daemon"}')
        elif what == "json" and name in self.engine.images:
            self._answer(200, json.dumps({"Id": self.engine.images[name]}).encode())
        elif what == "get" and name in self.engine.archives:
            self._send(self.engine.archives[name])
        else:
            self._answer(404, b'{"message": "No such image"}')

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _send(self, archive: bytes) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        whole = archive if self.engine.cut < 0 else archive[: self.engine.cut]
        for start in range(0, len(whole), 4096):
            piece = whole[start : start + 4096]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        if self.engine.cut < 0:
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = True


class _Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True


@contextmanager
def serve(engine: FakeEngine, path: Path) -> Iterator[None]:
    """Serve on a socket until the end of the block."""
    with _Server(str(path), type("Handler", (_Handler,), {"engine": engine})) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "engine.sock"


@pytest.fixture
def engine(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEngine]:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    monkeypatch.setenv("CONTAINER_HOST", f"unix://{path}")
    fake = FakeEngine()
    with serve(fake, path):
        yield fake


def opened(rest: str, options: SourceOptions | None = None) -> Image:
    (image,) = open_docker(rest, options or SourceOptions())
    return image


def test_a_tag_is_resolved_once_and_exported_by_id(engine: FakeEngine) -> None:
    image = opened("app:1.0")
    assert engine.asked == ["/images/docker.io/library/app:1.0/json", f"/images/{APP_ID}/get"]
    assert image.artifact.digest == APP_ID
    assert image.target.name == "docker:docker.io/library/app:1.0"
    assert image.target.identity == "docker:docker.io/library/app"
    assert image.target.reference == "docker:app:1.0"
    assert image.open_layer(image.artifact.layers[0]).read() == layer()


@needs_skopeo
def test_an_image_is_scanned_as_skopeo_would_export_it(engine: FakeEngine, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "layout", Made([layer(1), layer(2)]).layout())
    skopeo_copy(f"oci:{folder}", f"docker-archive:{tmp_path}/app.tar:app:1.0")
    engine.archives[APP_ID] = (tmp_path / "app.tar").read_bytes()
    assert components("docker:app:1.0") == components(f"oci-dir:{folder}")


def test_podman_is_asked_in_the_same_way(engine: FakeEngine) -> None:
    """Older ones give the id without its algorithm."""
    bare = APP_ID.removeprefix("sha256:")
    engine.images = {"localhost/app:latest": bare}
    engine.archives = {bare: tar(APP.saved())}
    (image,) = open_podman("localhost/app", SourceOptions())
    assert image.target.name == "podman:localhost/app:latest"


def test_an_image_is_found_by_digest_and_by_id(engine: FakeEngine) -> None:
    digest = f"sha256:{'7' * 64}"
    engine.images = {f"registry.example/app@{digest}": APP_ID, APP_ID: APP_ID}
    assert opened(f"registry.example/app:1.0@{digest}").artifact.digest == APP_ID
    assert opened(APP_ID).target.name == f"docker:{APP_ID}"


def test_an_image_that_is_not_there_is_said_with_the_way_out(engine: FakeEngine, path: Path) -> None:
    with pytest.raises(TargetError) as caught:
        opened("app:2.0")
    assert caught.value.message == f"docker at unix://{path}: does not have docker.io/library/app:2.0"
    assert "docker pull docker.io/library/app:2.0" in caught.value.hint
    with pytest.raises(TargetError) as caught:
        opened(f"sha256:{'0' * 64}")
    assert caught.value.hint == "see what `docker images --no-trunc` lists"
    with pytest.raises(TargetError) as caught:
        open_podman("app:2.0", SourceOptions())
    assert "localhost/" in caught.value.hint


@pytest.mark.parametrize("status", [400, 403, 500, 503])
def test_a_refusal_says_the_status_and_nothing_of_the_body(engine: FakeEngine, status: int) -> None:
    engine.status = status
    with pytest.raises(TargetError, match=rf"refuses to give .*app:1\.0 \(status {status}\)") as caught:
        opened("app:1.0")
    assert "secret" not in str(caught.value)
    assert len(engine.asked) == 1


@pytest.mark.parametrize("cut", [0, 100, 5000])
def test_an_export_that_breaks_off_is_refused(engine: FakeEngine, cut: int) -> None:
    engine.cut = cut
    with pytest.raises(TargetError, match="docker at unix://"):
        opened("app:1.0")


def test_an_export_without_image_is_refused(engine: FakeEngine) -> None:
    engine.archives[APP_ID] = tar([])
    with pytest.raises(TargetError, match=r"app:1\.0 from docker at unix://.*: has no manifest\.json"):
        opened("app:1.0")


def test_an_id_that_is_none_is_refused(engine: FakeEngine) -> None:
    engine.images["docker.io/library/app:1.0"] = "../../../volumes"
    with pytest.raises(TargetError, match=r"the Id is no digest: '\.\./"):
        opened("app:1.0")


def test_an_export_is_bounded_and_leaves_no_file(
    engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    image = opened("app:1.0")
    assert list(temporary.iterdir()) == []
    assert image.artifact.layers
    with pytest.raises(TargetError, match=r"limits\.layer_size"):
        opened("app:1.0", SourceOptions(limits=Limits(layer_size=1000)))


def test_a_full_disk_is_said_with_the_way_out(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """/dev/full answers as a full disk does."""
    monkeypatch.setattr("tempfile.TemporaryFile", partial(open, "/dev/full", "w+b", buffering=0))
    with pytest.raises(TargetError, match="No space left on device") as caught:
        opened("app:1.0")
    assert "TMPDIR" in caught.value.hint


@pytest.mark.parametrize("reference", ["App", "app:1.0/../../containers", "a b", "", "app?all=1", "../info"])
def test_what_is_no_reference_is_never_sent(engine: FakeEngine, reference: str) -> None:
    with pytest.raises(UsageError, match="not an image reference"):
        opened(reference)
    assert engine.asked == []


def test_an_engine_that_is_not_there_is_said_with_the_way_out(path: Path) -> None:
    with pytest.raises(TargetError) as caught:
        open_image(Engine("docker", f"unix://{path}"), "app", SourceOptions())
    assert caught.value.message == f"docker at unix://{path}: no such file or directory"
    assert caught.value.hint == "start docker, or name its socket in DOCKER_HOST"


def test_a_socket_nobody_listens_on_is_said(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as abandoned:
        abandoned.bind(str(path))
    with pytest.raises(TargetError, match="connection refused") as caught:
        open_image(Engine("podman", f"unix://{path}"), "app", SourceOptions())
    assert caught.value.hint == "see that `podman info` works"


def test_a_file_is_no_socket(path: Path) -> None:
    path.touch()
    with pytest.raises(TargetError, match="not a socket"):
        open_image(Engine("docker", f"unix://{path}"), "app", SourceOptions())


def test_a_socket_without_permission_is_said(
    engine: FakeEngine, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests may run as root, to whom nothing is forbidden: the system's answer is put in."""
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(TargetError, match="permission denied") as caught:
        opened("app:1.0")
    assert "group" in caught.value.hint


def test_an_engine_on_loopback_is_asked_over_tcp_also_offline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"tcp://127.0.0.1:{listener.getsockname()[1]}"

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                request = connection.recv(4096)
                assert request.startswith(b"GET /images/docker.io/library/app:latest/json ")
                connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

        thread = Thread(target=answer)
        thread.start()
        offline = SourceOptions(registry=RegistrySettings(offline=True))
        with pytest.raises(TargetError, match="does not have"):
            open_image(find_engine("docker", {"DOCKER_HOST": address}), "app", offline)
        thread.join()


@pytest.mark.parametrize(
    "address",
    [
        "tcp://192.0.2.1:2375",
        "ssh://user@host",
        "tcp://user:secret@127.0.0.1:1",
        "unix://",
        "x",
        "tcp://[::1",
    ],
)
def test_an_engine_elsewhere_is_refused_without_repeating_its_address(address: str) -> None:
    with pytest.raises(UsageError, match="DOCKER_HOST names no engine of this machine") as caught:
        find_engine("docker", {"DOCKER_HOST": address})
    assert "secret" not in caught.value.message + caught.value.hint


def test_a_rootless_engine_comes_before_the_systems(tmp_path: Path) -> None:
    environment = {"XDG_RUNTIME_DIR": str(tmp_path)}
    assert find_engine("podman", environment).address == "unix:///run/podman/podman.sock"
    (tmp_path / "podman").mkdir()
    (tmp_path / "podman" / "podman.sock").touch()
    assert find_engine("podman", environment).address == f"unix://{tmp_path}/podman/podman.sock"
    assert find_engine("docker", {}).address == "unix:///var/run/docker.sock"
