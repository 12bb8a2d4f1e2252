"""Other hosts than the plain one: certificates that are trusted, and mirrors."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import certifi
import pytest
from registry_pulls import CANARY, CONFIG, LAYER, MANIFEST, log_in, pull, read_layer, refusal
from registry_server import FakeRegistry, Fault, digest, manifest, self_signed, serve

from ospo.errors import UsageError
from ospo.registry_settings import RegistrySettings


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def tls_registry(tls: tuple[ssl.SSLContext, Path]) -> Iterator[FakeRegistry]:
    with serve(FakeRegistry(), tls[0]) as registry:
        registry.push("app:1", MANIFEST, CONFIG, LAYER)
        yield registry


def test_a_configured_ca_file_is_trusted(
    tls_registry: FakeRegistry, tls: tuple[ssl.SSLContext, Path]
) -> None:
    settings = RegistrySettings(ca_files={tls_registry.host: str(tls[1])})
    assert read_layer(pull(tls_registry, settings=settings)) == LAYER


def test_with_another_ca_file_there_is_no_way_round(tls_registry: FakeRegistry) -> None:
    settings = RegistrySettings(ca_files={tls_registry.host: certifi.where()})
    assert "the certificate is not trusted" in refusal(tls_registry, settings=settings).message
    assert tls_registry.seen == []


# pytest sets filters of its own, so that the client's silence about this does not count here.
@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_a_registry_of_this_machine_needs_no_trusted_certificate(tls_registry: FakeRegistry) -> None:
    assert read_layer(pull(tls_registry)) == LAYER


def test_only_the_configured_host_is_insecure() -> None:
    settings = RegistrySettings(insecure=frozenset({"lab.example"}))
    assert settings.is_insecure("lab.example")
    assert not settings.is_insecure("registry.lab.example")
    assert not settings.is_insecure("registry.example")


def test_a_mirror_that_is_no_host_is_a_usage_error(registry: FakeRegistry) -> None:
    for mirror in ("https://mirror.example", "", "mirror.example:x/cache", "user@mirror.example"):
        with pytest.raises(UsageError, match="not a mirror"):
            pull(registry, settings=RegistrySettings(mirrors={registry.host: (mirror,)}))


def test_a_mirror_is_asked_first_and_the_origin_not_at_all(registry: FakeRegistry) -> None:
    with serve(FakeRegistry(blobs=dict(registry.blobs))) as mirror:
        mirror.documents["cache/app:1"] = MANIFEST
        settings = RegistrySettings(mirrors={registry.host: (f"{mirror.host}/cache",)})
        image = pull(registry, settings=settings)
        assert read_layer(image) == LAYER
        assert image.target.name == f"registry:{registry.host}/app:1"
        assert all(path.startswith("/v2/cache/app/") for path in mirror.paths())
    assert registry.seen == []


def test_the_origin_answers_where_a_mirror_does_not_and_is_then_kept_to(registry: FakeRegistry) -> None:
    with serve(FakeRegistry()) as mirror:
        settings = RegistrySettings(mirrors={registry.host: (mirror.host,)})
        assert read_layer(pull(registry, settings=settings)) == LAYER
        assert mirror.paths() == ["/v2/app/manifests/1"]


def test_a_mirror_with_other_bytes_is_not_believed(registry: FakeRegistry) -> None:
    with serve(FakeRegistry()) as mirror:
        mirror.documents[f"app:{digest(MANIFEST)}"] = manifest(CONFIG)
        settings = RegistrySettings(mirrors={registry.host: (mirror.host,)})
        image = pull(registry, f"app@{digest(MANIFEST)}", settings=settings)
    assert image.artifact.digest == digest(MANIFEST)


def test_a_blob_that_a_mirror_breaks_off_is_resumed_from_the_origin(registry: FakeRegistry) -> None:
    with serve(FakeRegistry(blobs=dict(registry.blobs), documents=dict(registry.documents))) as mirror:
        settings = RegistrySettings(mirrors={registry.host: (mirror.host,)})
        image = pull(registry, settings=settings)
        mirror.faults = [Fault("/blobs/", cut=1000)]
        with image.open_layer(image.artifact.layers[0]) as blob:
            start = blob.read(10)
            mirror.faults = [Fault("/blobs/", status=500)]
            assert start + blob.read() == LAYER
    assert registry.seen[-1].headers["range"] == "bytes=1000-"


def test_credentials_of_the_origin_are_not_for_the_mirror(registry: FakeRegistry, home: Path) -> None:
    log_in(home, registry.host)
    with serve(FakeRegistry(basic=f"user:{CANARY}")) as mirror:
        settings = RegistrySettings(mirrors={registry.host: (mirror.host,)})
        pull(registry, settings=settings)
        assert all("authorization" not in seen.headers for seen in mirror.seen)
