"""Images that a container engine on this machine holds: `docker:REF` and `podman:REF`.

Protocol: the Docker Engine API, "Inspect an image" and "Export an image"
(https://docs.docker.com/reference/api/engine/), which Podman speaks too. Paths carry no version: every engine
then answers in its own, and what is read of the answers has always been the same.
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ospo.addresses import is_loopback
from ospo.errors import NetworkError, TargetError, UnreachableError, UsageError
from ospo.model import Target, TargetKind
from ospo.net import Client, Response, Stream
from ospo.sources.digests import is_digest
from ospo.sources.docker_archive import read_image
from ospo.sources.docker_list import pick, read_list
from ospo.sources.fields import read_fields
from ospo.sources.interface import Image, SourceOptions
from ospo.sources.platforms import refuse_all_platforms
from ospo.sources.reference import Reference, parse_reference
from ospo.sources.tar_file import spool_tar
from ospo.sources.unix_socket import UnixSocket

_PATIENCE = 600
"""Seconds until the first byte: an engine may write the whole image to its own disk before it sends any."""
_CHUNK = 1 << 20
_ID = re.compile(r"(?:sha256:)?[0-9a-f]{64}")
_VARIABLES = {"docker": "DOCKER_HOST", "podman": "CONTAINER_HOST"}
_SOCKETS = {
    "docker": ("docker.sock", "/var/run/docker.sock"),
    "podman": ("podman/podman.sock", "/run/podman/podman.sock"),
}
"""Of a rootless engine, below XDG_RUNTIME_DIR, and of the system's."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A container engine and how to reach it."""

    name: str
    """docker or podman."""
    address: str
    """As people name it: unix:///var/run/docker.sock."""

    def client(self) -> Client:
        """Make a client that talks to this engine only.

        Raises:
            TargetError: there is no socket, or no permission to use it.
        """
        if self.address.startswith("tcp://"):
            return Client(read_timeout=_PATIENCE, attempts=1)
        path = self.address.removeprefix("unix://")
        _check_socket(self, Path(path))
        return Client(read_timeout=_PATIENCE, attempts=1, transport=UnixSocket(path))

    def url(self, image: str, what: str) -> str:
        """Return the address of something about an image."""
        host = urlsplit(self.address).netloc or "localhost"
        return f"http://{host}/images/{image}/{what}"

    def __str__(self) -> str:
        return f"{self.name} at {self.address}"


def open_docker(rest: str, options: SourceOptions) -> tuple[Image, ...]:
    """Open an image that Docker holds, by tag, digest or id.

    Raises:
        TargetError: Docker does not answer, does not have the image, or gives what is none.
        UsageError: `DOCKER_HOST` is not on this machine.
    """
    return open_image(find_engine("docker", os.environ), rest, options)


def open_podman(rest: str, options: SourceOptions) -> tuple[Image, ...]:
    """Open an image that Podman holds, by tag, digest or id.

    Raises:
        TargetError: Podman does not answer, does not have the image, or gives what is none.
        UsageError: `CONTAINER_HOST` is not on this machine.
    """
    return open_image(find_engine("podman", os.environ), rest, options)


def find_engine(name: str, environment: Mapping[str, str]) -> Engine:
    """Find the engine that the command of that name would use: a rootless one before the system's.

    Raises:
        UsageError: the environment names one that is not on this machine.
    """
    variable = _VARIABLES[name]
    if address := environment.get(variable):
        if not _is_local(address):
            raise UsageError(
                f"{variable} names no engine of this machine; only unix:// and tcp:// on loopback are used",
                hint=f"run `{name} save` there, and scan the file with docker-archive:PATH",
            )
        return Engine(name, address)
    runtime = environment.get("XDG_RUNTIME_DIR")
    sockets = [Path(runtime, _SOCKETS[name][0])] if runtime else []
    sockets.append(Path(_SOCKETS[name][1]))
    found = next((path for path in sockets if path.exists()), sockets[-1])
    return Engine(name, f"unix://{found}")


def open_image(engine: Engine, rest: str, options: SourceOptions) -> tuple[Image, ...]:
    """Export an image into a file without a name, and open it there.

    Raises:
        UsageError: it is not a reference, or all platforms are asked for.
        TargetError: the engine does not answer, does not have the image, or gives what is none.
    """
    refuse_all_platforms(options, f"what {engine.name} holds")
    reference = rest if is_digest(rest) else parse_reference(rest)
    client = engine.client()
    try:
        identifier = _identify(engine, client, reference, options)
        stream = client.open(engine.url(identifier, "get"))
        try:
            _expect_success(engine, stream, reference)
            archive = spool_tar(_chunks(stream), f"{reference} from {engine}", options.limits)
        finally:
            stream.close()
    except NetworkError as error:
        local = f"see that `{engine.name} info` works"
        hint = local if isinstance(error, UnreachableError) else error.hint or local
        raise TargetError(f"{engine}: {error.message}", hint=hint) from error
    finally:
        client.close()
    saved = pick(read_list(archive, options.limits), "", archive.where)
    name = f"{engine.name}:{reference}"
    identity = f"{engine.name}:{reference.identity}" if isinstance(reference, Reference) else name
    target = Target(name, TargetKind.IMAGE, identity, f"{engine.name}:{rest}")
    return (read_image(archive, saved, target, options),)


def _identify(engine: Engine, client: Client, reference: Reference | str, options: SourceOptions) -> str:
    """Ask what a name means now, so that the image which is exported is the one that was named."""
    asked = str(reference)
    if isinstance(reference, Reference) and reference.digest:
        asked = f"{reference.identity}@{reference.digest}"
    answer = client.get(engine.url(asked, "json"), max_bytes=options.limits.manifest_size)
    _expect_success(engine, answer, reference)
    identifier = read_fields(answer.body, f"{engine}: {reference}").text("Id")
    if not _ID.fullmatch(identifier):
        raise TargetError(f"{engine}: {reference}: the Id is no digest: {identifier[:80]!r}")
    return identifier


def _expect_success(engine: Engine, answer: Response | Stream, reference: Reference | str) -> None:
    if answer.status == 404:
        raise TargetError(f"{engine}: does not have {reference}", hint=_where_else(engine, reference))
    if answer.status != 200:
        raise TargetError(
            f"{engine}: refuses to give {reference} (status {answer.status})",
            hint=f"see what `{engine.name} save {reference}` says",
        )


def _where_else(engine: Engine, reference: Reference | str) -> str:
    if isinstance(reference, str):
        return f"see what `{engine.name} images --no-trunc` lists"
    local = "; what Podman built is named localhost/…" if engine.name == "podman" else ""
    return f"run `{engine.name} pull {reference}`, or scan registry:{reference}{local}"


def _chunks(stream: Stream) -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK):
        yield chunk


def _check_socket(engine: Engine, path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise TargetError(
            f"{engine}: {(error.strerror or 'not there').lower()}",
            hint=f"start {engine.name}, or name its socket in {_VARIABLES[engine.name]}",
        ) from error
    if not stat.S_ISSOCK(mode):
        raise TargetError(f"{engine}: not a socket", hint=f"check {_VARIABLES[engine.name]}")
    if not os.access(path, os.R_OK | os.W_OK):
        raise TargetError(
            f"{engine}: permission denied",
            hint="join the group that owns the socket, or run a rootless engine",
        )


def _is_local(address: str) -> bool:
    try:
        parts = urlsplit(address)
        if parts.scheme == "unix":
            return bool(parts.path) and not parts.netloc
        return parts.scheme == "tcp" and "@" not in parts.netloc and is_loopback(parts.netloc)
    except ValueError:
        return False
