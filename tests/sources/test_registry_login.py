"""Logging in to registries and token services: who may see which credentials."""

import base64
from pathlib import Path

import pytest
from registry_pulls import CANARY, LAYER, log_in, pull, read_layer, refusal
from registry_server import FakeRegistry, Fault, serve

from ospo.errors import RegistryError
from ospo.net import Client
from ospo.registry_settings import RegistrySettings
from ospo.sources.registry_auth import Login, parse_challenges


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
