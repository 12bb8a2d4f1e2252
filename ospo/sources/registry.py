"""Images in a registry: `registry:[host[:port]/]path[:tag][@digest]`.

Protocol: https://github.com/opencontainers/distribution-spec/blob/main/spec.md. A tag is asked for
once; from then on everything goes by digest, whoever gives it: that is what makes mirrors safe.
"""

import io
import time
from collections.abc import Callable
from typing import BinaryIO, TypeVar, cast

from ospo.addresses import host_of
from ospo.errors import NetworkError, TargetError, UsageError
from ospo.limits import Limits
from ospo.model import Layer, Target, TargetKind
from ospo.net import Client, Stream, Tls
from ospo.registry_settings import RegistrySettings, connect_host
from ospo.sources.blobs import Blob
from ospo.sources.digests import check_digest, digest_of
from ospo.sources.interface import Image, SourceOptions
from ospo.sources.manifests import Descriptor, media_type_of
from ospo.sources.reference import Reference, is_host, parse_reference
from ospo.sources.repository import Repository
from ospo.sources.resolve import resolve

_BUFFER = 1 << 20
_T = TypeVar("_T")


def open_registry(
    rest: str, options: SourceOptions, sleep: Callable[[float], None] = time.sleep
) -> tuple[Image, ...]:
    """Resolve a reference to images; their layers are fetched when they are opened.

    Raises:
        UsageError: it is not a reference, or a configured mirror is no host.
        TargetError: the manifest is refused.
        RegistryError: the registry refuses, or does not know the reference.
        RegistryUnavailableError: the registry cannot be reached, or is not able to answer now.
    """
    reference = parse_reference(rest)
    remote = Remote(reference, options.registry, sleep)
    root = remote.root(options.limits)
    target = Target(f"registry:{reference}", TargetKind.IMAGE, reference.identity, rest)
    return tuple(
        Image(
            Target(target.name, target.kind, target.identity, rest, resolved.index_digest),
            resolved.artifact,
            remote.open_layer,
            resolved.problems,
        )
        for resolved in resolve((root,), remote.fetch, options)
    )


class Remote:
    """One image reference and the hosts that may answer for it: mirrors first, then the one that it names."""

    def __init__(
        self, reference: Reference, settings: RegistrySettings, sleep: Callable[[float], None]
    ) -> None:
        self._reference = reference
        places = [_place(mirror, reference.path) for mirror in settings.mirrors.get(reference.host, ())]
        places.append((reference.host, reference.path))
        client = Client(
            offline=settings.offline, tls=_tls(settings, [host for host, _ in places]), sleep=sleep
        )
        *self._mirrors, self._origin = (Repository(client, host, path, settings) for host, path in places)
        self._root: tuple[str, bytes] = ("", b"")

    def root(self, limits: Limits) -> Descriptor:
        """Ask for what the reference names, once, and describe it."""
        descriptor, body = self._first(lambda repository: _root(repository, self._reference, limits))
        self._root = (descriptor.digest, body)
        return descriptor

    def fetch(self, descriptor: Descriptor) -> bytes:
        """Fetch a manifest, index or configuration."""
        if descriptor.digest == self._root[0]:
            return self._root[1]
        return self._first(lambda repository: repository.document(descriptor))

    def open_layer(self, layer: Layer) -> BinaryIO:
        """Open a layer's blob; broken connections are resumed, from another host if need be."""

        def open_at(offset: int) -> Stream:
            return self._first(lambda repository: repository.open_blob(layer.digest, layer.size, offset))

        blob = Blob(open_at, layer.size, f"{self._reference.identity}@{layer.digest}")
        return cast(BinaryIO, io.BufferedReader(blob, _BUFFER))

    def _first(self, ask: Callable[[Repository], _T]) -> _T:
        """Ask the mirrors in turn; one that fails once is not asked again for this image."""
        for mirror in tuple(self._mirrors):
            try:
                return ask(mirror)
            except (TargetError, NetworkError):
                self._mirrors = [other for other in self._mirrors if other is not mirror]
        return ask(self._origin)


def _root(repository: Repository, reference: Reference, limits: Limits) -> tuple[Descriptor, bytes]:
    """Fetch what the reference names; its digest is computed here, what the registry says is compared."""
    answer = repository.manifest(reference.wanted, limits.manifest_size)
    name = f"{repository.host}: {reference}"
    for promised in (reference.digest, answer.headers.get("docker-content-digest", "")):
        if promised:
            check_digest(answer.body, promised, name)
    digest = reference.digest or digest_of(answer.body)
    media_type = media_type_of(answer.body, f"manifest of {reference}")
    return Descriptor(media_type, digest, len(answer.body)), answer.body


def _place(mirror: str, path: str) -> tuple[str, str]:
    """A mirror is a host, and perhaps a path below which it keeps the other's repositories."""
    host, _, folder = mirror.partition("/")
    if not is_host(host):
        raise UsageError(
            f"not a mirror: {mirror[:80]!r}", hint="write host[:port][/path], as in mirror.example/cache"
        )
    return host, f"{folder}/{path}" if folder else path


def _tls(settings: RegistrySettings, hosts: list[str]) -> dict[str, Tls]:
    """How certificates are checked, of the hosts in question and of all that are configured."""
    return {
        host_of(f"https://{connect_host(host)}"): Tls(
            not settings.is_insecure(host), settings.ca_files.get(host, "")
        )
        for host in {*hosts, *settings.ca_files, *settings.insecure}
    }
