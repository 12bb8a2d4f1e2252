"""Pulling one small image from a registry of our own on loopback."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from registry_server import FakeRegistry, config, manifest, serve

from ospo.errors import TargetError
from ospo.registry_settings import RegistrySettings
from ospo.sources.interface import Image, SourceOptions
from ospo.sources.registry import open_registry

CANARY = "canary-s3cret"
LAYER = bytes(range(256)) * 12_000
CONFIG = config()
MANIFEST = manifest(CONFIG, LAYER)


def no_wait(seconds: float) -> None:
    """Take the place of sleeping."""


def log_in(home: Path, host: str, **entry: str) -> None:
    values = entry or {"auth": base64.b64encode(f"user:{CANARY}".encode()).decode()}
    (home / ".docker").mkdir()
    (home / ".docker" / "config.json").write_text(json.dumps({"auths": {host: values}}))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test sees the credentials of whoever runs it."""
    for name in ("DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with serve(FakeRegistry()) as registry:
        registry.push("app:1", MANIFEST, CONFIG, LAYER)
        yield registry


def pull(
    registry: FakeRegistry,
    name: str = "app:1",
    settings: RegistrySettings | None = None,
    options: SourceOptions | None = None,
) -> Image:
    options = replace(options or SourceOptions(), registry=settings or RegistrySettings())
    (image,) = open_registry(f"{registry.host}/{name}", options, no_wait)
    return image


def read_layer(image: Image) -> bytes:
    with image.open_layer(image.artifact.layers[0]) as blob:
        return blob.read()


def refusal(
    registry: FakeRegistry, name: str = "app:1", settings: RegistrySettings | None = None
) -> TargetError:
    with pytest.raises(TargetError) as caught:
        pull(registry, name, settings)
    error = caught.value
    assert error.message.isprintable() and error.hint.isprintable()
    assert CANARY not in error.message + error.hint
    return error
