"""Asking a registry for an image: what is resolved, and what is said when it is refused."""

import socket

import pytest
from registry_pulls import CANARY, CONFIG, LAYER, MANIFEST, no_wait, pull, read_layer, refusal
from registry_server import FakeRegistry, Fault, config, describe, digest, index, manifest

from ospo.errors import RegistryError
from ospo.limits import Limits
from ospo.model import Platform
from ospo.registry_settings import RegistrySettings
from ospo.sources.interface import SourceOptions
from ospo.sources.manifests import OCI_MANIFEST
from ospo.sources.registry import open_registry


def test_a_tag_is_resolved_once_and_both_are_recorded(registry: FakeRegistry) -> None:
    image = pull(registry)
    assert image.target.name == f"registry:{registry.host}/app:1"
    assert image.target.identity == f"{registry.host}/app"
    assert image.target.reference == f"{registry.host}/app:1"
    assert image.target.index_digest == ""
    assert image.artifact.digest == digest(MANIFEST)
    assert read_layer(image) == LAYER
    assert registry.paths() == [
        "/v2/app/manifests/1",
        f"/v2/app/blobs/{digest(CONFIG)}",
        f"/v2/app/blobs/{digest(LAYER)}",
    ]


def test_all_manifest_types_are_accepted(registry: FakeRegistry) -> None:
    pull(registry)
    accepted = registry.seen[0].headers["accept"]
    for word in ("oci.image.index.v1", "oci.image.manifest.v1", "manifest.list.v2", "manifest.v2"):
        assert word in accepted


def test_a_digest_is_asked_for_and_checked(registry: FakeRegistry) -> None:
    image = pull(registry, f"app@{digest(MANIFEST)}")
    assert image.artifact.digest == digest(MANIFEST)
    registry.documents[f"app:{digest(MANIFEST)}"] = manifest(CONFIG)
    assert "wrong digest" in refusal(registry, f"app@{digest(MANIFEST)}").message


def test_a_registry_that_contradicts_itself_is_refused(registry: FakeRegistry) -> None:
    headers = {"Docker-Content-Digest": digest(b"other")}
    registry.faults = [Fault("/manifests/", body=MANIFEST, headers=headers)]
    assert "wrong digest" in refusal(registry).message


def test_an_index_gives_the_platform_and_its_digest(registry: FakeRegistry) -> None:
    arm = config("arm64")
    arm_manifest = manifest(arm, LAYER)
    attestation = manifest(config("unknown"), b"statement")
    root = index(
        describe(MANIFEST, OCI_MANIFEST, platform={"os": "linux", "architecture": "amd64"}),
        describe(arm_manifest, OCI_MANIFEST, platform={"os": "linux", "architecture": "arm64"}),
        describe(
            attestation,
            OCI_MANIFEST,
            platform={"os": "unknown", "architecture": "unknown"},
            annotations={"vnd.docker.reference.type": "attestation-manifest"},
        ),
    )
    registry.push("app:sub", arm_manifest, arm)
    registry.push("app:many", root)
    image = pull(registry, "app:many", options=SourceOptions(platform=Platform("linux", "arm64")))
    assert image.artifact.digest == digest(arm_manifest)
    assert image.target.index_digest == digest(root)
    images = open_registry(f"{registry.host}/app:many", SourceOptions(all_platforms=True), no_wait)
    assert [str(image.artifact.platform) for image in images] == ["linux/amd64", "linux/arm64"]


@pytest.mark.parametrize(
    ("status", "words", "hint", "code"),
    [
        (401, "demands authentication (401 UNAUTHORIZED)", "docker login", 4),
        (403, "access is denied (403 UNAUTHORIZED)", "owner", 4),
        (404, "does not have it (404 UNAUTHORIZED)", "check the name", 4),
        (429, "too many requests (429 UNAUTHORIZED)", "mirror", 3),
        (500, "the registry fails (500 UNAUTHORIZED)", "try again later", 3),
        (503, "the registry fails (503 UNAUTHORIZED)", "try again later", 3),
        (418, "makes no sense (418 UNAUTHORIZED)", "container registry", 4),
    ],
)
def test_a_refusal_is_one_line_with_a_hint_and_only_a_passing_one_may_be_tried_again(
    registry: FakeRegistry, status: int, words: str, hint: str, code: int
) -> None:
    body = f'{{"errors":[{{"code":"UNAUTHORIZED","message":"{CANARY}"}}]}}'.encode()
    registry.faults = [Fault("/manifests/", times=99, status=status, body=body)]
    error = refusal(registry)
    assert error.message == f"{registry.host}/app:1: {error.message.partition('app:1: ')[2]}"
    assert words in error.message
    assert hint in error.hint
    assert error.exit_code == code


def unused_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port


def test_a_registry_that_cannot_be_reached_is_not_a_target_that_is_not_there(registry: FakeRegistry) -> None:
    registry.host = f"127.0.0.1:{unused_port()}"
    error = refusal(registry)
    assert error.message.endswith("/v2/app/manifests/1: connection refused")
    assert (error.exit_code, error.hint) == (3, "check host and port, and that the server runs")


def test_a_connection_that_always_breaks_off_is_no_missing_target(registry: FakeRegistry) -> None:
    registry.faults = [Fault("/manifests/", times=99, cut=10)]
    error = refusal(registry)
    assert error.message.endswith("the connection broke off")
    assert (error.exit_code, error.hint[:15]) == (3, "try again later")


def test_a_manifest_that_is_none_is_an_unreadable_target(registry: FakeRegistry) -> None:
    registry.push("app:none", b"<html>")
    assert refusal(registry, "app:none").exit_code == 4


@pytest.mark.parametrize(("status", "code"), [(500, 3), (429, 3), (401, 4), (403, 4), (404, 4)])
def test_a_token_service_decides_as_the_registry_does(registry: FakeRegistry, status: int, code: int) -> None:
    registry.token = "granted"
    registry.faults = [Fault("/token", times=99, status=status)]
    assert refusal(registry).exit_code == code


def test_a_token_service_that_cannot_be_reached_is_no_refusal(registry: FakeRegistry) -> None:
    registry.token = "granted"
    registry.realm = f"http://127.0.0.1:{unused_port()}/token"
    error = refusal(registry)
    assert "no token: " in error.message
    assert error.exit_code == 3


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"errors":[]}', b'{"errors":[{"code":["x"]}]}'])
def test_a_refusal_in_any_shape_keeps_its_status(registry: FakeRegistry, body: bytes) -> None:
    registry.faults = [Fault("/manifests/", status=404, body=body)]
    assert refusal(registry).message.endswith("does not have it (404)")


def test_an_error_of_any_words_is_not_quoted(registry: FakeRegistry) -> None:
    body = f'{{"errors":[{{"code":"{CANARY}\x1b[2J"}}]}}'.encode()
    registry.faults = [Fault("/manifests/", status=403, body=body)]
    assert refusal(registry).message.endswith("(403)")


def test_a_passing_failure_is_waited_for(registry: FakeRegistry) -> None:
    registry.faults = [Fault("/manifests/", times=2, status=429, headers={"Retry-After": "3"})]
    waited: list[float] = []
    open_registry(f"{registry.host}/app:1", SourceOptions(), waited.append)
    assert waited == [3.0, 3.0]


def test_offline_asks_nobody(registry: FakeRegistry) -> None:
    error = refusal(registry, settings=RegistrySettings(offline=True))
    assert error.message.startswith("offline: ")
    assert error.exit_code == 3
    assert registry.seen == []


def test_a_manifest_larger_than_the_limit_is_refused(registry: FakeRegistry) -> None:
    with pytest.raises(RegistryError, match="more than the 100 allowed"):
        pull(registry, options=SourceOptions(limits=Limits(manifest_size=100)))


def test_something_else_than_an_image_is_refused(registry: FakeRegistry) -> None:
    chart = describe(b"{}", "application/vnd.cncf.helm.config.v1+json")
    registry.push("app:chart", manifest(b"{}", b"", config=chart), b"{}")
    assert "not a container image" in refusal(registry, "app:chart").message
