import base64
import json
import os
from pathlib import Path

import pytest

from ospo.errors import RegistryError
from ospo.sources import credentials
from ospo.sources.credentials import Credentials, find_credentials

CANARY = "canary-s3cret"
HUB = "https://index.docker.io/v1/"


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment with an empty home and no programs but what a test installs in `bin`."""
    (tmp_path / "bin").mkdir()
    return {"HOME": str(tmp_path), "PATH": f"{tmp_path}/bin:/usr/bin:/bin"}


def write(home: dict[str, str], content: object, path: str = ".docker/config.json") -> Path:
    file = Path(home["HOME"]) / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def install(home: dict[str, str], name: str, script: str) -> None:
    program = Path(home["HOME"]) / "bin" / f"docker-credential-{name}"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def entry(user: str, password: str = CANARY) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def user(home: dict[str, str], host: str = "registry.example", path: str = "team/app") -> str | None:
    found = find_credentials(host, path, home)
    return found.username if found else None


def test_no_home_folder_means_anonymous(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_000)
    assert find_credentials("registry.example", "team/app", {}) is None
    found = write({"HOME": str(tmp_path)}, {"auths": {"registry.example": {"username": "me"}}})
    credentials = find_credentials("registry.example", "team/app", {"DOCKER_CONFIG": str(found.parent)})
    assert credentials is not None
    assert credentials.username == "me"


def test_no_file_means_anonymous(home: dict[str, str]) -> None:
    assert find_credentials("registry.example", "app", home) is None


def test_the_auth_entry_of_docker_is_read(home: dict[str, str]) -> None:
    file = write(home, {"auths": {"registry.example": entry("u", "p:with:colons")}})
    assert find_credentials("registry.example", "app", home) == Credentials(str(file), "u", "p:with:colons")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"username": "u", "password": "p"}, ("u", "p", "")),
        ({"auth": "", "identitytoken": "t"}, ("", "", "t")),
        ({"auth": base64.b64encode(b"u:p\0\0").decode()}, ("u", "p", "")),
    ],
)
def test_other_shapes_of_entries(
    home: dict[str, str], values: dict[str, str], expected: tuple[str, str, str]
) -> None:
    write(home, {"auths": {"registry.example": values}})
    found = find_credentials("registry.example", "app", home)
    assert found
    assert (found.username, found.password, found.identity_token) == expected


@pytest.mark.parametrize(
    "key",
    ["registry.example", "https://registry.example", "https://registry.example/v1/", "Registry.Example"],
)
def test_keys_of_older_versions_match(home: dict[str, str], key: str) -> None:
    write(home, {"auths": {key: entry("u")}})
    assert user(home) == "u"


@pytest.mark.parametrize(
    "host",
    [
        "evil.registry.example",
        "registry.example.evil.test",
        "registry.example:8443",
        "example",
        "xregistry.example",
        "docker.io",
    ],
)
def test_no_other_host_matches(home: dict[str, str], host: str) -> None:
    write(home, {"auths": {"registry.example": entry("u")}})
    assert user(home, host) is None


@pytest.mark.parametrize("key", [HUB, "docker.io", "index.docker.io"])
def test_docker_hub_has_its_own_key(home: dict[str, str], key: str) -> None:
    write(home, {"auths": {key: entry("u")}})
    assert user(home, "docker.io", "library/alpine") == "u"


def test_podman_namespaces_are_matched_by_whole_segments_the_longest_first(home: dict[str, str]) -> None:
    auths = {
        "registry.example": entry("host"),
        "registry.example/team": entry("team"),
        "registry.example/team/app": entry("app"),
    }
    write(home, {"auths": auths}, ".config/containers/auth.json")
    assert user(home, path="team/app") == "app"
    assert user(home, path="team/other") == "team"
    assert user(home, path="teams/app") == "host"


def test_files_are_tried_in_order(home: dict[str, str]) -> None:
    write(home, {"auths": {"registry.example": entry("config home")}}, ".config/containers/auth.json")
    assert user(home) == "config home"
    runtime = home | {"XDG_RUNTIME_DIR": f"{home['HOME']}/run"}
    write(home, {"auths": {"registry.example": entry("runtime")}}, "run/containers/auth.json")
    assert user(runtime) == "runtime"
    write(home, {"auths": {"registry.example": entry("docker")}})
    assert user(runtime) == "docker"
    write(home, {"auths": {"registry.example": entry("DOCKER_CONFIG")}}, "elsewhere/config.json")
    assert user(runtime | {"DOCKER_CONFIG": f"{home['HOME']}/elsewhere"}) == "DOCKER_CONFIG"
    file = write(home, {"auths": {"registry.example": entry("REGISTRY_AUTH_FILE")}}, "auth.json")
    assert user(runtime | {"REGISTRY_AUTH_FILE": str(file)}) == "REGISTRY_AUTH_FILE"


def test_a_named_file_that_is_missing_is_an_error(home: dict[str, str]) -> None:
    with pytest.raises(
        RegistryError, match=r"REGISTRY_AUTH_FILE names /nowhere/auth\.json, which does not exist"
    ):
        user(home | {"REGISTRY_AUTH_FILE": "/nowhere/auth.json"})


@pytest.mark.parametrize(
    "content",
    [
        f'{{"auths": {{"registry.example": {{"auth": "{CANARY}',
        f'["{CANARY}"]',
        {"auths": [CANARY]},
        {"auths": {"registry.example": CANARY}},
        {"auths": {"registry.example": {"auth": f"{CANARY}!"}}},
        {"auths": {"registry.example": {"auth": base64.b64encode(CANARY.encode()).decode()}}},
        {"credHelpers": CANARY},
        {"credHelpers": {"registry.example": f"../{CANARY}"}},
        {"credHelpers": {"registry.example": [CANARY]}},
        {"credsStore": f"{CANARY}; id"},
        "[" * 100_000,
    ],
)
def test_a_broken_file_is_named_and_never_quoted(home: dict[str, str], content: object) -> None:
    file = write(home, content)
    with pytest.raises(RegistryError) as caught:
        user(home)
    assert str(file) in caught.value.message
    assert caught.value.hint
    assert CANARY not in caught.value.message + caught.value.hint


def test_an_unreadable_file_is_an_error_and_not_anonymous(home: dict[str, str]) -> None:
    (Path(home["HOME"]) / ".docker" / "config.json").mkdir(parents=True)
    with pytest.raises(RegistryError, match=r"cannot read the credentials in .*config\.json: is a directory"):
        user(home)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_an_error(home: dict[str, str]) -> None:
    write(home, {}).chmod(0)
    with pytest.raises(RegistryError, match="permission denied"):
        user(home)


# Answers with the server's name as user name, so that a test sees what was asked.
HELPER = f"""read server; printf '{{"Username":"%s","Secret":"{CANARY}"}}' "$server" """


def test_the_helper_of_a_host_is_asked_by_the_name_of_the_host(home: dict[str, str]) -> None:
    install(home, "test", HELPER)
    write(home, {"credHelpers": {"registry.example": "test"}, "credsStore": "not-asked"})
    assert find_credentials("registry.example", "app", home) == Credentials(
        "docker-credential-test", "registry.example", CANARY
    )


def test_the_store_is_asked_for_every_host_and_by_its_old_name_for_docker_hub(home: dict[str, str]) -> None:
    install(home, "test", HELPER)
    write(home, {"credsStore": "test"})
    assert user(home, "registry.example:5000") == "registry.example:5000"
    assert user(home, "docker.io") == HUB


def test_a_helper_may_give_an_identity_token(home: dict[str, str]) -> None:
    install(home, "test", """echo '{"Username":"<token>","Secret":"refresh"}'""")
    write(home, {"credsStore": "test"})
    assert find_credentials("registry.example", "app", home) == Credentials(
        "docker-credential-test", identity_token="refresh"
    )


def test_a_helper_that_knows_nothing_means_the_file_and_then_anonymous(home: dict[str, str]) -> None:
    install(home, "test", "echo credentials not found in native keychain; exit 1")
    write(home, {"credsStore": "test", "auths": {"registry.example": entry("from the file")}})
    assert user(home) == "from the file"
    assert user(home, "other.example") is None


def test_a_missing_helper_is_an_error_and_not_anonymous(home: dict[str, str]) -> None:
    file = write(home, {"credsStore": "absent"})
    with pytest.raises(RegistryError) as caught:
        user(home)
    assert caught.value.message == (
        f"{file} names the credential helper docker-credential-absent, which is not installed"
    )
    assert caught.value.hint


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (f"echo {CANARY}; exit 3", "failed for registry.example (exit code 3)"),
        (f"echo {CANARY}", "answered something else than credentials"),
        (f"""echo '{{"Username":"{CANARY}"}}'""", "answered something else than credentials"),
        (f"""echo '{{"Username":["{CANARY}"],"Secret":1}}'""", "answered something else than credentials"),
        (f"yes {CANARY}", "helper docker-credential-test "),
        ("kill -9 $$", "(ended by signal 9)"),
    ],
)
def test_a_failing_helper_is_an_error_that_does_not_quote_it(
    home: dict[str, str], script: str, message: str
) -> None:
    install(home, "test", script)
    write(home, {"credsStore": "test"})
    with pytest.raises(RegistryError) as caught:
        user(home)
    assert message in caught.value.message
    assert CANARY not in caught.value.message + caught.value.hint


def test_a_program_that_cannot_be_started_is_an_error(home: dict[str, str]) -> None:
    (Path(home["HOME"]) / "bin" / "docker-credential-test").write_bytes(b"\x7fELF nonsense")
    (Path(home["HOME"]) / "bin" / "docker-credential-test").chmod(0o755)
    write(home, {"credsStore": "test"})
    with pytest.raises(RegistryError, match=r"cannot run .*docker-credential-test: exec format error"):
        user(home)


def test_a_helper_that_hangs_is_ended_with_what_it_started(
    home: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "_HELPER_SECONDS", 0.1)
    install(home, "test", "sleep 60 & sleep 60")
    write(home, {"credsStore": "test"})
    with pytest.raises(RegistryError, match=r"ended by signal 9"):
        user(home)


def test_secrets_are_not_in_the_representation() -> None:
    assert CANARY not in repr(Credentials("file", CANARY, CANARY, CANARY))
