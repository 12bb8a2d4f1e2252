"""The same against Debian's `docker-registry`, filled by a small pusher and by skopeo."""

import base64
import json
import shutil
import subprocess
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
import requests
from registry_server import config, describe, digest, index, manifest

from ospo.errors import RegistryError
from ospo.model import Platform
from ospo.sources.interface import SourceOptions
from ospo.sources.manifests import OCI_INDEX, OCI_MANIFEST
from ospo.sources.registry import open_registry

REGISTRY = shutil.which("docker-registry")
SKOPEO = shutil.which("skopeo")
pytestmark = [
    pytest.mark.registry,
    pytest.mark.skipif(REGISTRY is None, reason="docker-registry (Debian package) is not installed"),
]

LAYER = bytes(range(256)) * 8_000
CONFIG = config("amd64", history=[{"created_by": "COPY everything"}])
ARM_CONFIG = config("arm64")
MANIFEST, ARM_MANIFEST = manifest(CONFIG, LAYER), manifest(ARM_CONFIG, LAYER)
INDEX = index(
    describe(MANIFEST, OCI_MANIFEST, platform={"os": "linux", "architecture": "amd64"}),
    describe(ARM_MANIFEST, OCI_MANIFEST, platform={"os": "linux", "architecture": "arm64"}),
)
PASSWORD = "correct-horse"
# bcrypt, the only hash that docker-registry takes.
HTPASSWD = "user:$2y$05$ospoTestsOspoTestsOspe.T4zZZiNwG1ZaD8IbfupWzhWWzr3kei\n"


@contextmanager
def running(folder: Path, auth: str = "") -> Iterator[str]:
    """Run the registry on a free port of loopback; it says which when it listens."""
    settings = folder / "registry.yml"
    settings.write_text(
        f"version: 0.1\nlog: {{accesslog: {{disabled: true}}, level: info}}\n"
        f"storage: {{filesystem: {{rootdirectory: '{folder}/data'}}}}\n"
        f"http: {{addr: '127.0.0.1:0', secret: tests}}\n{auth}"
    )
    process = subprocess.Popen(
        [str(REGISTRY), "serve", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    try:
        said = next((line for line in process.stderr if "listening on" in line), "")
        assert said, "docker-registry ended before it listened"
        drain = Thread(target=deque, args=(process.stderr, 0))
        drain.start()
        yield said.partition("listening on ")[2].partition('"')[0].strip()
    finally:
        process.terminate()
        process.wait(10)
        drain.join(10)
        process.stderr.close()


def push(host: str, login: tuple[str, str] | None = None) -> None:
    """Push the blobs, both manifests and the index, as the distribution specification says."""
    base = f"http://{host}/v2/team/app"
    with requests.Session() as session:
        session.auth = login
        for blob in (LAYER, CONFIG, ARM_CONFIG):
            started = session.post(f"{base}/blobs/uploads/")
            location = started.headers["Location"]
            done = session.put(f"{location}&digest={digest(blob)}", data=blob)
            assert done.status_code == 201
        for document, tag, media_type in (
            (MANIFEST, "one", OCI_MANIFEST),
            (ARM_MANIFEST, "arm", OCI_MANIFEST),
            (INDEX, "many", OCI_INDEX),
        ):
            done = session.put(f"{base}/manifests/{tag}", data=document, headers={"Content-Type": media_type})
            assert done.status_code == 201


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(tmp_path_factory.mktemp("registry")) as host:
        push(host)
        yield host


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "htpasswd").write_text(HTPASSWD)
    auth = f"auth: {{htpasswd: {{realm: tests, path: '{folder}/htpasswd'}}}}\n"
    with running(folder, auth) as host:
        push(host, ("user", PASSWORD))
        yield host


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_an_image_is_resolved_and_its_layer_read(host: str) -> None:
    (image,) = open_registry(f"{host}/team/app:one", SourceOptions())
    assert image.artifact.digest == digest(MANIFEST)
    assert image.artifact.layers[0].created_by == "COPY everything"
    with image.open_layer(image.artifact.layers[0]) as blob:
        assert blob.read() == LAYER


def test_a_platform_is_chosen_from_an_index(host: str) -> None:
    options = SourceOptions(platform=Platform("linux", "arm64"))
    (image,) = open_registry(f"{host}/team/app:many", options)
    assert image.artifact.digest == digest(ARM_MANIFEST)
    assert image.target.index_digest == digest(INDEX)


def test_a_digest_is_resolved(host: str) -> None:
    (image,) = open_registry(f"{host}/team/app@{digest(MANIFEST)}", SourceOptions())
    assert image.target.name == f"registry:{host}/team/app@{digest(MANIFEST)}"


def test_an_unknown_tag_is_explained(host: str) -> None:
    with pytest.raises(RegistryError) as caught:
        open_registry(f"{host}/team/app:none", SourceOptions())
    assert caught.value.message == (
        f"{host}/team/app:none: the registry does not have it (404 MANIFEST_UNKNOWN)"
    )


def log_in(home: Path, host: str, password: str) -> None:
    (home / ".docker").mkdir()
    auth = base64.b64encode(f"user:{password}".encode()).decode()
    (home / ".docker" / "config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}))


def test_a_guarded_registry_opens_with_credentials(guarded: str, home: Path) -> None:
    log_in(home, guarded, PASSWORD)
    (image,) = open_registry(f"{guarded}/team/app:one", SourceOptions())
    with image.open_layer(image.artifact.layers[0]) as blob:
        assert blob.read() == LAYER


def test_a_guarded_registry_refuses_without_and_with_wrong_credentials(guarded: str, home: Path) -> None:
    with pytest.raises(RegistryError, match="demands authentication") as caught:
        open_registry(f"{guarded}/team/app:one", SourceOptions())
    assert f"docker login {guarded}" in caught.value.hint
    log_in(home, guarded, "wrong-canary")
    with pytest.raises(RegistryError, match="demands authentication") as caught:
        open_registry(f"{guarded}/team/app:one", SourceOptions())
    assert "are not accepted" in caught.value.hint
    assert "wrong-canary" not in str(caught.value) + caught.value.hint


@pytest.mark.skipif(SKOPEO is None, reason="skopeo is not installed")
def test_what_skopeo_pushes_is_pulled(host: str, tmp_path: Path) -> None:
    blobs = tmp_path / "layout" / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    for blob in (LAYER, CONFIG, ARM_CONFIG, MANIFEST, ARM_MANIFEST, INDEX):
        (blobs / digest(blob).partition(":")[2]).write_bytes(blob)
    tagged = describe(INDEX, OCI_INDEX, annotations={"org.opencontainers.image.ref.name": "many"})
    (tmp_path / "layout" / "index.json").write_bytes(index(tagged))
    (tmp_path / "layout" / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    subprocess.run(
        [
            str(SKOPEO),
            *("--insecure-policy", "--tmpdir", str(tmp_path), "copy", "--all", "--preserve-digests"),
            *("--dest-tls-verify=false", f"oci:{tmp_path}/layout:many", f"docker://{host}/copied:many"),
        ],
        check=True,
        capture_output=True,
    )
    images = open_registry(f"{host}/copied:many", SourceOptions(all_platforms=True))
    assert [image.artifact.digest for image in images] == [digest(MANIFEST), digest(ARM_MANIFEST)]
    with images[1].open_layer(images[1].artifact.layers[0]) as layer:
        assert layer.read() == LAYER
