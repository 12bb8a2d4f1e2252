"""Pulling from a registry of our own on loopback, with every fault it can have."""

import base64
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import certifi
import pytest
from registry_server import FakeRegistry, Fault, config, describe, digest, index, manifest, self_signed, serve

from ospo.errors import RegistryError, TargetError, UsageError
from ospo.limits import Limits
from ospo.model import Platform
from ospo.net import Client
from ospo.registry_settings import RegistrySettings
from ospo.sources.interface import Image, SourceOptions
from ospo.sources.manifests import OCI_MANIFEST
from ospo.sources.registry import open_registry
from ospo.sources.registry_auth import Login, parse_challenges

CANARY = "canary-s3cret"
LAYER = bytes(range(256)) * 12_000
CONFIG = config()
MANIFEST = manifest(CONFIG, LAYER)


def no_wait(seconds: float) -> None:
    """Take the place of sleeping."""


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


def log_in(home: Path, host: str, **entry: str) -> None:
    values = entry or {"auth": base64.b64encode(f"user:{CANARY}".encode()).decode()}
    (home / ".docker").mkdir()
    (home / ".docker" / "config.json").write_text(json.dumps({"auths": {host: values}}))


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


# Blobs


def test_a_broken_blob_is_resumed_where_it_broke(registry: FakeRegistry) -> None:
    image = pull(registry)
    registry.faults = [Fault("/blobs/", cut=1000), Fault("/blobs/", cut=2000)]
    assert read_layer(image) == LAYER
    assert [seen.headers.get("range") for seen in registry.seen[-3:]] == [None, "bytes=1000-", "bytes=3000-"]


def test_a_server_that_ignores_ranges_is_read_again_from_the_start(registry: FakeRegistry) -> None:
    image = pull(registry)
    registry.ranges = False
    registry.faults = [Fault("/blobs/", cut=100_000)]
    assert read_layer(image) == LAYER


def test_resuming_ends(registry: FakeRegistry) -> None:
    image = pull(registry)
    registry.faults = [Fault("/blobs/", times=99, cut=10)]
    with pytest.raises(RegistryError, match=f"no more after byte 60 of {len(LAYER)}: .*broke off"):
        read_layer(image)
    assert len(registry.seen) == 2 + 6


def test_progress_renews_the_right_to_resume(registry: FakeRegistry) -> None:
    layer = LAYER * 3
    registry.push("app:big", manifest(CONFIG, layer), layer)
    image = pull(registry, "app:big")
    registry.faults = [Fault("/blobs/", times=8, cut=1_100_000)]
    assert read_layer(image) == layer


def test_another_range_than_asked_for_is_refused(registry: FakeRegistry) -> None:
    image = pull(registry)
    wrong = Fault("/blobs/", status=206, body=LAYER, headers={"Content-Range": "bytes 0-9/10"})
    registry.faults = [Fault("/blobs/", cut=1000)]
    with image.open_layer(image.artifact.layers[0]) as blob:
        assert blob.read(10) == LAYER[:10]
        registry.faults.append(wrong)
        with pytest.raises(RegistryError, match="gives another range than was asked for"):
            blob.read()


def lying(size: int) -> bytes:
    """A manifest that announces another size than the layer has."""
    document = json.loads(MANIFEST)
    document["layers"][0]["size"] = size
    return json.dumps(document).encode()


@pytest.mark.parametrize("size", [len(LAYER) - 1, len(LAYER) + 1, 1 << 40])
def test_a_blob_of_another_size_than_announced_is_refused(registry: FakeRegistry, size: int) -> None:
    registry.push("app:lie", lying(size))
    image = pull(registry, "app:lie")
    with pytest.raises(RegistryError, match=f"announces {len(LAYER)} bytes, the manifest says {size}"):
        read_layer(image)


def test_bytes_beyond_the_announced_size_are_refused(registry: FakeRegistry) -> None:
    registry.push("app:lie", lying(10))
    image = pull(registry, "app:lie")
    registry.faults = [
        Fault("/blobs/", body=b"x" * 11, headers={"Content-Length": "", "Connection": "close"})
    ]
    with pytest.raises(RegistryError, match="gives more than the 10 bytes announced"):
        read_layer(image)


def test_an_empty_blob_needs_no_request(registry: FakeRegistry) -> None:
    registry.push("app:empty", manifest(CONFIG, b""))
    assert read_layer(pull(registry, "app:empty")) == b""


def test_a_blob_that_is_gone_is_explained(registry: FakeRegistry) -> None:
    image = pull(registry)
    registry.blobs.clear()
    with pytest.raises(RegistryError) as caught:
        read_layer(image)
    name = f"{registry.host}/app@{digest(LAYER)}"
    assert caught.value.message == f"{name}: the registry does not have it (404 BLOB_UNKNOWN)"


def test_a_configuration_with_another_content_is_refused(registry: FakeRegistry) -> None:
    registry.blobs[digest(CONFIG)] = config("arm64")[: len(CONFIG)]
    assert "wrong digest" in refusal(registry).message


def test_blobs_are_read_from_several_threads(registry: FakeRegistry) -> None:
    registry.token = CANARY
    image = pull(registry)
    results: list[bytes] = []
    threads = [threading.Thread(target=lambda: results.append(read_layer(image))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert results == [LAYER] * 4


# Authentication


def test_a_token_is_got_anonymously_where_there_are_no_credentials(registry: FakeRegistry) -> None:
    registry.token = CANARY
    assert read_layer(pull(registry)) == LAYER
    asked = [seen for seen in registry.seen if seen.path == "/token"]
    assert [seen.query for seen in asked] == [{"service": ["tests"], "scope": ["repository:app:pull"]}]
    assert "authorization" not in asked[0].headers


def test_credentials_go_to_the_token_service_of_the_same_host(registry: FakeRegistry, home: Path) -> None:
    log_in(home, registry.host)
    registry.token = "granted"
    registry.grants = lambda seen: seen.headers.get("authorization", "").startswith("Basic ")
    assert read_layer(pull(registry)) == LAYER


def test_an_identity_token_is_exchanged_by_a_form(registry: FakeRegistry, home: Path) -> None:
    log_in(home, registry.host, identitytoken=CANARY)
    registry.token = "granted"
    registry.grants = lambda seen: seen.form.get("refresh_token") == [CANARY]
    pull(registry)
    (asked,) = [seen for seen in registry.seen if seen.path == "/token"]
    assert asked.form["grant_type"] == ["refresh_token"]
    assert asked.form["scope"] == ["repository:app:pull"]
    assert asked.query == {}


def test_a_token_that_runs_out_is_renewed(registry: FakeRegistry) -> None:
    registry.token = "first"
    image = pull(registry)
    registry.token = "second"
    assert read_layer(image) == LAYER


def test_basic_authentication(registry: FakeRegistry, home: Path) -> None:
    log_in(home, registry.host)
    registry.basic = f"user:{CANARY}"
    assert read_layer(pull(registry)) == LAYER


def test_credentials_from_the_environment_come_first(
    registry: FakeRegistry, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(home, registry.host)
    registry.basic = "robot:other"
    settings = RegistrySettings(credentials={registry.host: ("CI_USER", "CI_PASSWORD")})
    assert "environment variable CI_USER" in refusal(registry, settings=settings).message
    monkeypatch.setenv("CI_USER", "robot")
    monkeypatch.setenv("CI_PASSWORD", "other")
    assert read_layer(pull(registry, settings=settings)) == LAYER


def test_refused_credentials_name_where_they_came_from(registry: FakeRegistry, home: Path) -> None:
    log_in(home, registry.host)
    registry.basic = "user:another"
    error = refusal(registry)
    assert f"credentials from {home}/.docker/config.json are not accepted" in error.hint
    registry.basic, registry.token, registry.grants = "", "granted", lambda seen: False
    error = refusal(registry)
    assert f"the token service {registry.host} refuses access to app (401)" in error.message
    assert f"credentials from {home}/.docker/config.json are not accepted" in error.hint


def test_a_broken_credentials_file_is_not_taken_for_anonymous(registry: FakeRegistry, home: Path) -> None:
    log_in(home, registry.host, auth=f"{CANARY}!")
    registry.token = "granted"
    assert "cannot use the credentials in" in refusal(registry).message


def test_public_images_need_no_credentials_file_to_be_readable(registry: FakeRegistry, home: Path) -> None:
    log_in(home, registry.host, auth=f"{CANARY}!")
    assert read_layer(pull(registry)) == LAYER


def test_credentials_are_withheld_from_a_token_service_elsewhere(registry: FakeRegistry, home: Path) -> None:
    log_in(home, registry.host)
    # Another address of this machine is another host; its name may not be known in a minimal root.
    with serve(FakeRegistry(token="granted"), address="127.0.0.2") as elsewhere:
        registry.realm = f"http://{elsewhere.host}/token"
        registry.token = "granted"
        assert read_layer(pull(registry)) == LAYER
        assert CANARY not in str(elsewhere.seen)
        assert all("authorization" not in seen.headers for seen in elsewhere.seen)
        elsewhere.grants = lambda seen: False
        error = refusal(registry)
    assert f"the token service {elsewhere.host} refuses access" in error.message
    assert f"were not sent to {elsewhere.host}, which is not known to belong to {registry.host}" in error.hint


def login(host: str, settings: RegistrySettings | None = None) -> Login:
    return Login(Client(offline=True), host, "app", settings or RegistrySettings())


@pytest.mark.parametrize(
    ("host", "realm", "allowed"),
    [
        ("registry.example", "https://registry.example/token", True),
        ("registry.example:5000", "https://registry.example:5001/auth", True),
        ("registry.example", "http://registry.example/token", False),
        ("registry.example", "https://auth.registry.example/token", False),
        ("registry.example", "https://registry.example.evil.test/token", False),
        ("registry.example", "https://evil.test/registry.example", False),
        ("registry.example", "https://auth.docker.io/token", False),
        ("docker.io", "https://auth.docker.io/token", True),
        ("docker.io", "http://auth.docker.io/token", False),
        ("docker.io", "https://auth.docker.io.evil.test/token", False),
        ("insecure.example", "http://insecure.example/token", True),
        ("configured.example", "https://login.example/token", True),
        ("configured.example", "http://login.example/token", False),
        ("127.0.0.1:5000", "http://127.0.0.1:5001/token", True),
        ("127.0.0.1:5000", "http://localhost:5001/token", False),
    ],
)
def test_which_token_services_may_see_credentials(host: str, realm: str, allowed: bool) -> None:
    settings = RegistrySettings(
        insecure=frozenset({"insecure.example"}), token_hosts={"configured.example": ("login.example",)}
    )
    assert login(host, settings).may_see(realm) is allowed


@pytest.mark.parametrize("realm", ["http://127.0.0.1:2375/token", "https://169.254.169.254/latest"])
def test_a_registry_elsewhere_cannot_name_this_machine_as_its_token_service(realm: str) -> None:
    with pytest.raises(RegistryError, match="an address of this machine"):
        login("registry.example").authorize(f'Bearer realm="{realm}"')


@pytest.mark.parametrize(
    "answer", [b"", b"[]", b"{}", b'{"token": 1}', b'{"token": "a b"}', b'{"token": "a\\r\\nX-Header: b"}']
)
def test_a_token_service_without_a_proper_token_is_refused(registry: FakeRegistry, answer: bytes) -> None:
    registry.token = "granted"
    registry.faults = [Fault("/token", body=answer or b" ")]
    assert "the token service gave no token" in refusal(registry).message


def test_a_token_service_that_fails_is_explained(registry: FakeRegistry) -> None:
    registry.token = "granted"
    registry.faults = [Fault("/token", times=9, status=500)]
    assert "the token service" in refusal(registry).message


@pytest.mark.parametrize("realm", ["", "not an address", "file:///etc/passwd", "https://[::1/token"])
def test_a_realm_that_is_no_address_is_explained(registry: FakeRegistry, realm: str) -> None:
    registry.faults = [
        Fault("/manifests/", status=401, headers={"WWW-Authenticate": f'Bearer realm="{realm}"'})
    ]
    assert f"{registry.host}: no token: " in refusal(registry).message


def test_credentials_do_not_follow_a_blob_to_another_host(registry: FakeRegistry, home: Path) -> None:
    log_in(home, registry.host)
    registry.basic = f"user:{CANARY}"
    with serve(FakeRegistry(blobs=dict(registry.blobs))) as storage:
        registry.redirect = f"http://{storage.host}"
        image = pull(registry)
        storage.faults = [Fault("/blobs/", cut=500)]
        assert read_layer(image) == LAYER
        assert all("authorization" not in seen.headers for seen in storage.seen)
        assert storage.seen[-1].headers["range"] == "bytes=500-"
        storage.blobs.clear()
        with pytest.raises(RegistryError) as caught:
            read_layer(image)
    assert "signature" not in caught.value.message


def test_nothing_secret_is_logged(
    registry: FakeRegistry, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    log_in(home, registry.host)
    registry.token = CANARY
    read_layer(pull(registry))
    assert CANARY not in caplog.text
    assert base64.b64encode(f"user:{CANARY}".encode()).decode() not in caplog.text


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('Bearer realm="https://a/t",service="s",scope="r:x:pull,push"',
         {"bearer": {"realm": "https://a/t", "service": "s", "scope": "r:x:pull,push"}}),
        ('Basic realm="a \\"b\\"", charset=UTF-8', {"basic": {"realm": 'a "b"', "charset": "UTF-8"}}),
        ('Basic realm="x", Bearer realm="https://a", service=s',
         {"basic": {"realm": "x"}, "bearer": {"realm": "https://a", "service": "s"}}),
        ("", {}),
        ("Negotiate", {}),
    ],
)  # fmt: skip
def test_challenges_are_read(header: str, expected: dict[str, dict[str, str]]) -> None:
    assert parse_challenges(header) == expected


# Certificates


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


# Mirrors


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
