"""Registry credentials from the files and helpers of Docker and Podman.

Formats: https://docs.docker.com/reference/cli/docker/login/#credential-stores,
https://github.com/docker/docker-credential-helpers#development,
https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md.

Hosts are compared whole, never by their ends. No message holds a file's content or a helper's output.
"""

import base64
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ospo import paths
from ospo.errors import RegistryError
from ospo.sources.reference import DOCKER_HUB

_MAX_FILE = 4 << 20
_MAX_OUTPUT = 1 << 20
_HELPER_SECONDS = 30
_HELPER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_HUB_KEY = "https://index.docker.io/v1/"
_TOKEN_USER = "<token>"  # noqa: S105 - a marker, no secret
"""The user name by which helpers mark an identity token."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a registry, or its token service, wants to see. Never printed: its `repr` has no secret."""

    source: str
    """The file or helper they come from."""
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    """A refresh token for OAuth2, instead of user name and password."""


def find_credentials(host: str, path: str, environment: Mapping[str, str] = os.environ) -> Credentials | None:
    """Return the credentials for a repository, or None where there are none: then access is anonymous.

    The first file that knows the host wins: `REGISTRY_AUTH_FILE`, Docker's `config.json`, Podman's
    `auth.json`.
    In a file, a helper for the host comes before the general helper, and that before what the file holds.

    Raises:
        RegistryError: a file or helper cannot be used; that is never taken for "no credentials".
    """
    for file in _files(environment):
        found = _in_file(file, host, path, environment)
        if found:
            return found
    return None


def _files(environment: Mapping[str, str]) -> Iterator[Path]:
    explicit = environment.get("REGISTRY_AUTH_FILE")
    if explicit:
        if not Path(explicit).exists():
            raise RegistryError(f"REGISTRY_AUTH_FILE names {explicit}, which does not exist")
        yield Path(explicit)
    home = paths.home(environment)
    if docker := _folder(environment, "DOCKER_CONFIG", home, ".docker"):
        yield docker / "config.json"
    if environment.get("XDG_RUNTIME_DIR"):
        yield Path(environment["XDG_RUNTIME_DIR"]) / "containers" / "auth.json"
    if podman := _folder(environment, "XDG_CONFIG_HOME", home, ".config"):
        yield podman / "containers" / "auth.json"


def _folder(environment: Mapping[str, str], variable: str, home: Path | None, usual: str) -> Path | None:
    """Return the folder that a variable names, else the usual one; without a home nobody logged in there."""
    if explicit := environment.get(variable):
        return Path(explicit)
    return None if home is None else home / usual


def _in_file(file: Path, host: str, path: str, environment: Mapping[str, str]) -> Credentials | None:
    content = _read(file)
    keys = tuple(_keys(host, path))
    for helper, server in _helpers(content, keys, file):
        found = _from_helper(helper, server, file, environment)
        if found:
            return found
    entries = {_plain(key): entry for key, entry in _section(content, "auths", file).items()}
    entry = next((entries[_plain(key)] for key in keys if _plain(key) in entries), None)
    return _from_entry(entry, file) if entry else None


def _helpers(
    content: Mapping[str, object], keys: tuple[str, ...], file: Path
) -> Iterator[tuple[object, str]]:
    """Helpers to ask, and by which name of the server."""
    helpers = _section(content, "credHelpers", file)
    yield from ((helpers[key], key) for key in keys if key in helpers)
    if content.get("credsStore"):
        # The last key is the host, or what Docker calls its Hub.
        yield content["credsStore"], keys[-1]


def _keys(host: str, path: str) -> Iterator[str]:
    """Names a repository may have in a file, the most specific first (Podman knows namespaces)."""
    segments = path.split("/")
    for count in range(len(segments), 0, -1):
        yield "/".join((host, *segments[:count]))
    yield host
    if host == DOCKER_HUB:
        yield _HUB_KEY


def _plain(key: str) -> str:
    """A key without scheme and API version, which older versions of Docker wrote."""
    key = key.removeprefix("https://").removeprefix("http://").rstrip("/")
    host, slash, rest = key.partition("/")
    return host.lower() if rest in ("v1", "v2") else host.lower() + slash + rest


def _read(file: Path) -> dict[str, object]:
    try:
        with file.open("rb") as stream:
            content = json.loads(stream.read(_MAX_FILE))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as e:
        raise RegistryError(
            f"cannot read the credentials in {file}: {os.strerror(e.errno or 0).lower()}",
            hint="make the file readable, or name another one in DOCKER_CONFIG or REGISTRY_AUTH_FILE",
        ) from e
    except (ValueError, RecursionError):
        # The parser's message would quote the file.
        raise _malformed(file, "is not JSON") from None
    if not isinstance(content, dict):
        raise _malformed(file, "is not a JSON object")
    return content


def _section(content: Mapping[str, object], name: str, file: Path) -> dict[str, object]:
    section = content.get(name) or {}
    if not isinstance(section, dict):
        raise _malformed(file, f"has something else than an object at {name}")
    return section


def _from_entry(entry: object, file: Path) -> Credentials | None:
    if not isinstance(entry, dict):
        raise _malformed(file, "has an entry in auths that is not an object")
    values = {key: value for key, value in entry.items() if isinstance(value, str)}
    source = str(file)
    if values.get("identitytoken"):
        return Credentials(source, identity_token=values["identitytoken"])
    if values.get("auth"):
        try:
            text = base64.b64decode(values["auth"], validate=True).decode()
        except ValueError:
            raise _malformed(file, "has an auth entry that is not base64 of user:password") from None
        username, colon, password = text.partition(":")
        if not colon:
            raise _malformed(file, "has an auth entry that is not base64 of user:password")
        return Credentials(source, username, password.rstrip("\0"))
    if values.get("username"):
        return Credentials(source, values["username"], values.get("password", ""))
    return None


def _from_helper(name: object, server: str, file: Path, environment: Mapping[str, str]) -> Credentials | None:
    if not isinstance(name, str) or not _HELPER_NAME.fullmatch(name):
        raise _malformed(file, "names a credential helper that cannot be a program's name")
    program = f"docker-credential-{name}"
    found = shutil.which(program, path=environment.get("PATH"))
    if not found:
        raise RegistryError(
            f"{file} names the credential helper {program}, which is not installed",
            hint=f"install {program}, or remove it from {file} to go on without credentials",
        )
    code, output = _run([found, "get"], server.encode(), environment)
    # Helpers say it in words: https://github.com/docker/docker-credential-helpers/blob/master/credentials/error.go
    if code != 0 and b"credentials not found" in output:
        return None
    if code != 0:
        why = f"exit code {code}" if code > 0 else f"ended by signal {-code}"
        raise RegistryError(
            f"credential helper {program} failed for {server} ({why})",
            hint=f"see why: echo {server} | {program} get",
        )
    return _from_output(output, program)


def _from_output(output: bytes, program: str) -> Credentials:
    try:
        answer = json.loads(output)
        username, secret = answer["Username"], answer["Secret"]
    except (ValueError, RecursionError, KeyError, TypeError):
        raise RegistryError(f"credential helper {program} answered something else than credentials") from None
    if not isinstance(username, str) or not isinstance(secret, str):
        raise RegistryError(f"credential helper {program} answered something else than credentials")
    if username == _TOKEN_USER:
        return Credentials(program, identity_token=secret)
    return Credentials(program, username, secret)


def _run(command: list[str], stdin: bytes, environment: Mapping[str, str]) -> tuple[int, bytes]:
    """Run a helper, for at most 30 seconds; more output than 1 MiB is cut off.

    It gets its own process group, so that a time-out ends also what it started.
    """
    with tempfile.TemporaryFile() as server:
        server.write(stdin)
        server.seek(0)
        try:
            process = subprocess.Popen(  # noqa: S603 - the user's own helper, its name checked
                command,
                stdin=server,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=dict(environment),
                start_new_session=True,
            )
        except OSError as e:
            raise RegistryError(f"cannot run {command[0]}: {os.strerror(e.errno or 0).lower()}") from e
    timer = threading.Timer(_HELPER_SECONDS, _kill, (process.pid,))
    timer.start()
    try:
        with process:
            output = process.stdout.read(_MAX_OUTPUT) if process.stdout else b""
    finally:
        timer.cancel()
    return process.returncode, output


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _malformed(file: Path, what: str) -> RegistryError:
    return RegistryError(
        f"cannot use the credentials in {file}: it {what}",
        hint="repair the file, or name another one in DOCKER_CONFIG or REGISTRY_AUTH_FILE",
    )
