"""What goes wrong is one line, what to do next another, and neither tells a secret or commands a terminal."""

import base64
import importlib
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from image_archives import Made
from program import enter, environment, ospo, push
from registry_server import FakeRegistry, Fault, serve

from ospo.cli.main import COMMANDS, cli, run
from ospo.sources.detect import SCHEMES, split
from ospo.text import one_line, printable

CANARY = "kanarienvogel"
BASIC = base64.b64encode(f"user:{CANARY}".encode()).decode()


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with images, in which this process works."""
    return enter(tmp_path, monkeypatch)


def told(capsys: pytest.CaptureFixture[str], code: int, *arguments: str) -> tuple[str, str]:
    """Run a command that fails; return its message and its hint."""
    assert run(list(arguments)) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    error, hint = captured.err.splitlines()
    assert error.startswith("ospo: ")
    assert hint.startswith("  hint: ")
    assert error.isprintable()
    assert hint.isprintable()
    return error.removeprefix("ospo: "), hint.removeprefix("  hint: ")


@pytest.mark.parametrize(
    ("reference", "code", "message", "hint"),
    [
        ("", 2, "the reference is empty", "registry.example/app:1.0"),
        ("  ", 2, "the reference is empty", "registry.example/app:1.0"),
        ("oci_dir:x", 2, "there is no scheme 'oci_dir'", "did you mean oci-dir:x?"),
        (
            "docker-archve:x.tar",
            2,
            "there is no scheme 'docker-archve'",
            "did you mean docker-archive:x.tar?",
        ),
        ("OCI-DIR:x", 2, "there is no scheme 'OCI-DIR'", "did you mean oci-dir:x?"),
        ("oci:x", 2, "there is no scheme 'oci'", "did you mean oci-dir:x?"),
        ("docker-daemon:a:1", 2, "there is no scheme 'docker-daemon'", "did you mean docker:a:1?"),
        ("docker://a.example/b", 2, "'docker://a.example/b' is an address", "write a.example/b for an image"),
        ("https://a.example/b:1", 2, "'https://a.example/b:1' is an address", "write a.example/b:1"),
        ("image", 2, "'image' is a local path and could be an image name", "write ./image for the path"),
        ("a b", 2, "not an image reference: 'a b'", "registry.example/team/app:1.2"),
        ("app@sha256:12", 2, "not an image reference: 'app@sha256:12'", "registry.example/team/app:1.2"),
        ("a\x1b[31m\nb", 2, r"not an image reference: 'a\x1b[31m\nb'", "registry.example/team/app:1.2"),
        ("\u202eoci-dir:x", 2, r"there is no scheme '\u202eoci-dir'", "did you mean oci-dir:x?"),
        ("\u202eapp:x", 2, r"not an image reference: '\u202eapp:x'", "registry.example/team/app:1.2"),
        ("dir:no\x1b[2Jwhere", 4, r"no folder at no\x1b[2Jwhere", "check the path"),
        ("oci-dir:no\nwhere", 4, r"no OCI layout at no\nwhere", "dir:PATH"),
        ("./no\twhere", 4, r"nothing that can be scanned at no\twhere", "check the path"),
        ("dir:image/index.json", 4, "no folder at image/index.json", "for a file write its path"),
        ("sbom:image/index.json", 4, "image/index.json: neither CycloneDX nor SPDX", "supported are"),
        ("sbom:/dev/full", 4, "/dev/full is not a regular file", "into a file, and name that"),
        ("sbom:/dev/full", 4, "/dev/full is not a regular file", "into a file, and name that"),
        ("sbom:~nobody-of-this-name/x", 4, "~nobody-of-this-name/x: there is no home folder", "./~"),
        ("dir:~nobody-of-this-name/x", 4, "~nobody-of-this-name/x: there is no home folder", "./~"),
        ("oci-dir:~nobody-of-this-name/x", 4, "~nobody-of-this-name/x: there is no home folder", "./~"),
        ("oci-archive:image", 4, "image is not a regular file", "oci-dir:PATH"),
        ("oci-archive:nowhere", 4, "cannot open nowhere: No such file or directory", "check the path"),
    ],
)
def test_references(
    reference: str, code: int, message: str, hint: str, inside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    error, advice = told(capsys, code, "scan", reference, "--offline")
    assert error.startswith(message)
    assert hint in advice


@pytest.mark.parametrize(
    ("content", "message", "hint"),
    [
        ("plain text", "not JSON: ", "supported are CycloneDX"),
        ("[]", "not a JSON object", "supported are CycloneDX"),
        ('<!DOCTYPE bom SYSTEM "a"><bom/>', "declares a document type", "without a document type"),
        ("<bom", "not XML: ", "write it again"),
    ],
)
def test_what_is_no_sbom_gets_a_hint(
    content: str, message: str, hint: str, inside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (inside / "bom").write_text(content)
    error, advice = told(capsys, 4, "scan", "sbom:bom")
    assert error.startswith(f"bom: {message}")
    assert hint in advice


def test_a_registry_that_cannot_be_reached_ends_in_3_and_a_missing_image_in_4(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    enter(tmp_path, monkeypatch)
    with serve(FakeRegistry()) as registry:
        error, hint = told(capsys, 4, "scan", f"{registry.host}/app:1", "-q")
        assert "the registry does not have it (404" in error
        error, hint = told(capsys, 3, "scan", f"{registry.host}/app:1", "-q", "--offline")
        assert error.startswith("offline: ")
        registry.faults = [Fault("/", times=99, status=500)]
        error, hint = told(capsys, 3, "scan", f"{registry.host}/app:1", "-q")
        assert (error[-24:], hint[:15]) == ("the registry fails (500)", "try again later")


def test_a_found_file_sends_no_secret_of_the_environment_anywhere(tmp_path: Path) -> None:
    with serve(FakeRegistry(basic=f"user:{CANARY}")) as registry:
        push(registry, Made())
        section = f'[registry."{registry.host}"]\nusername_env = "NAME"\npassword_env = "SECRET"\n'
        mirrors = f'[registry."docker.io"]\nmirrors = ["{registry.host}"]\n'
        (tmp_path / "ospo.toml").write_text(section + mirrors)
        environ = environment(tmp_path, NAME="user", SECRET=CANARY)
        done = ospo(tmp_path, "scan", "team/app:1.0", env=environ)
        assert registry.seen == []
        allowed = ospo(tmp_path, "scan", "team/app:1.0", "--config", "ospo.toml", env=environ)
    assert (done.returncode, allowed.returncode) == (2, 0)
    assert "username_env: not allowed in a file that was only found" in done.stderr


@given(st.sampled_from(sorted(SCHEMES)), st.text(max_size=8))
def test_a_scheme_is_never_taken_for_a_mistake(scheme: str, rest: str) -> None:
    rest = rest.lstrip("/")
    assert split(f"{scheme}:{rest}") == (scheme, rest)


@pytest.mark.parametrize(
    "name",
    ["alpine:3", "archlinux:base", "busybox:1", "debian:12", "drupal:10", "haproxy:3", "node:20", "redis:7",
     "localhost:5000/oci_dir:1", "dir.example/app:1", "docker.io/library/dirs:1"],
)  # fmt: skip
def test_names_of_images_are_not_taken_for_mistakes(name: str) -> None:
    assert split(name) == ("registry", name)


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["scn"], "there is no command 'scn'", "did you mean `ospo scan`? `ospo --help` lists the commands"),
        (["finding"], "there is no command 'finding'", "did you mean `ospo findings`?"),
        (["xyzzy"], "there is no command 'xyzzy'", "`ospo --help` lists the commands"),
        (["\x1b[2J"], r"there is no command '\x1b[2J'", "`ospo --help` lists the commands"),
        (["db", "chek"], "no such command 'chek'. Did you mean 'check'?", "`ospo db --help`"),
        (["scan"], "missing argument 'REFERENCE'", "`ospo scan --help` tells how it is used"),
        (["scan", "a", "b"], "got unexpected extra argument (b)", "`ospo scan --help`"),
        (
            ["scan", "a", "--fial-on", "low"],
            "no such option '--fial-on'. Did you mean '--fail-on'?",
            "--help`",
        ),
        (
            ["scan", "a", "--fail-on", "worst"],
            "invalid value for '--fail-on': 'worst' is not one of",
            "--help`",
        ),
        (["scan", "a", "--workers", "0"], "invalid value for '--workers'", "`ospo scan --help`"),
        (["scan", "a", "--config", "none.toml"], "/", "name another file by --config"),
        (["--nonsense"], "no such option '--nonsense'", "`ospo --help` tells how it is used"),
        (["findings", "--severity", "bad"], "invalid value for '--severity'", "`ospo findings --help`"),
    ],
)
def test_mistakes_on_the_command_line(
    arguments: list[str], message: str, hint: str, inside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    error, advice = told(capsys, 2, *arguments)
    assert error.startswith(message)
    assert hint in advice


def test_a_date_that_is_none(
    inside: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    error, _ = told(capsys, 2, "scan", "oci-dir:image", "-q")
    assert error == "SOURCE_DATE_EPOCH is 'yesterday', not a number of seconds"


def test_without_command_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert all(f"  {name} " in captured.err for name in COMMANDS)


def test_a_mistake_of_ospo_is_no_finding(
    inside: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("\x1b[2J")

    monkeypatch.setattr("ospo.cli.job.judge", broken)
    error, hint = told(capsys, 3, "scan", "oci-dir:image", "-q")
    assert error == r"internal error: KeyError: '\x1b[2J'"
    assert "please report it" in hint
    assert run(["scan", "oci-dir:image", "-q", "-v", "--verbose"]) == 3
    assert "Traceback (most recent call last):\n" in capsys.readouterr().err


def test_a_list_whose_reader_has_seen_enough(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = ospo(tmp_path, "ecosystems", stdout=writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_list_on_a_full_disk(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = ospo(tmp_path, "ecosystems", stdout=full)
    assert done.returncode == 3
    assert done.stderr.startswith("ospo: the system refuses: No space left on device\n  hint: ")
    assert len(done.stderr.splitlines()) == 2


def test_the_traceback_of_an_error_is_shown_on_request(
    inside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["scan", "oci-dir:nowhere", "-v"]) == 4
    assert "Traceback" not in capsys.readouterr().err
    assert run(["scan", "oci-dir:nowhere", "-qvv"]) == 4
    error = capsys.readouterr().err
    assert error.startswith("Traceback (most recent call last):\n")
    assert "\nospo: no OCI layout at nowhere" in error


def log_in(folder: Path, host: str, how: str) -> dict[str, str]:
    """Give the credentials to ospo, in a file or by the environment; return the environment."""
    if how == "environment":
        section = f'[registry."{host}"]\nusername_env = "NAME"\npassword_env = "SECRET"\n'
        (folder / "ospo.toml").write_text(section)
        return environment(folder, NAME="user", SECRET=CANARY, OSPO_CONFIG="ospo.toml")
    (folder / "docker").mkdir()
    (folder / "docker" / "config.json").write_text(json.dumps({"auths": {host: {"auth": BASIC}}}))
    return environment(folder, DOCKER_CONFIG=str(folder / "docker"))


@pytest.mark.parametrize("how", ["environment", "DOCKER_CONFIG"])
@pytest.mark.parametrize(
    ("accepted", "faults", "code"),
    [(CANARY, [], 0), (CANARY, [Fault("/blobs/", times=99, status=403)], 4), ("another", [], 4)],
)
def test_credentials_are_never_told(
    accepted: str, faults: list[Fault], code: int, how: str, tmp_path: Path
) -> None:
    with serve(FakeRegistry(basic=f"user:{accepted}", faults=faults)) as registry:
        push(registry, Made())
        environ = log_in(tmp_path, registry.host, how)
        reports = ("-o", "cyclonedx-json", "-o", "summary=summary.txt", "-vv")
        done = ospo(tmp_path, "scan", f"{registry.host}/team/app:1.0", *reports, env=environ)
        shown = ospo(tmp_path, "config", "-vv", env=environ)
        sent = [seen.headers.get("authorization") for seen in registry.seen]
    assert done.returncode == code
    assert f"Basic {BASIC}" in sent
    ours = [path for path in tmp_path.rglob("*") if path.is_file() and path.parent.name != "docker"]
    kept = b"".join(path.read_bytes() for path in ours)
    for secret in (CANARY, BASIC):
        assert secret not in done.stdout + done.stderr + shown.stdout + shown.stderr
        assert secret.encode() not in kept


@given(st.text())
def test_one_line_is_one_line(text: str) -> None:
    shown = one_line(text)
    assert shown.isprintable()
    assert one_line(shown) == shown
    if text.isprintable():
        assert shown == text


def test_one_line_escapes_what_printable_leaves() -> None:
    assert one_line("a\tb\nc\u202ed\u2028") == r"a\tb\nc\u202ed\u2028"
    assert printable("a\tb\nc\x1b") == "a\tb\nc\\x1b"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_the_common_options(name: str) -> None:
    command = importlib.import_module(COMMANDS[name]).command
    commands = getattr(command, "commands", {name: command}).values()
    for one in commands:
        options = {option for parameter in one.params for option in parameter.opts}
        assert options >= {"--config", "--db", "--offline", "--quiet", "--verbose"}, one.name
    assert cli.get_command(None, name) is command  # type: ignore[arg-type]
