"""Blob chunks to tar chunks: gzip by isal, zstd by the standard library or its backport, or as they are.

Whatever a container runtime would not accept is an error here too: a second opinion about the same bytes
is how a scanner is shown another image than the one that runs.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from typing import Protocol

from ospo.errors import LayerError
from ospo.image.stream import CHUNK
from ospo.limits import Limits, MiB

GZIP_MAGIC = b"\x1f\x8b\x08"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18")  # RFC 8878, section 3.1.2; pzstd starts with one
_RATIO_FROM = 256 * MiB
_FIRST_SLICE = 512

# OCI image specification, "layer.md" and "media-types.md"; Docker image manifest version 2, schema 2.
LAYER_MEDIA_TYPES = {
    "application/vnd.oci.image.layer.v1.tar": "plain",
    "application/vnd.oci.image.layer.v1.tar+gzip": "gzip",
    "application/vnd.oci.image.layer.v1.tar+zstd": "zstd",
    "application/vnd.oci.image.layer.nondistributable.v1.tar": "plain",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip": "gzip",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd": "zstd",
    "application/vnd.docker.image.rootfs.diff.tar": "plain",
    "application/vnd.docker.image.rootfs.diff.tar.gzip": "gzip",
    "application/vnd.docker.image.rootfs.diff.tar.zstd": "zstd",
    "application/vnd.docker.image.rootfs.foreign.diff.tar": "plain",
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip": "gzip",
    "application/vnd.docker.container.image.rootfs.diff+x-gtar": "plain",
}


def compression_of(media_type: str, head: bytes) -> str:
    """Return "gzip", "zstd" or "plain"; the bytes decide, as in containerd, where the type is known.

    Raises:
        LayerError: the media type is none of a layer's.
    """
    if media_type not in LAYER_MEDIA_TYPES:
        raise LayerError(
            f"media type {media_type!r} is not supported",
            hint="ospo reads tar layers: plain, gzip or zstd, in OCI and Docker media types",
        )
    if head.startswith(GZIP_MAGIC):
        return "gzip"
    return "zstd" if head.startswith(ZSTD_MAGIC) or _SKIPPABLE.match(head) else "plain"


class _Member(Protocol):
    """One gzip member or zstd frame, with the interface that the standard library's decompressors share."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes | memoryview, max_length: int, /) -> bytes: ...


def decompress(chunks: Iterator[bytes], media_type: str, limits: Limits) -> Iterator[bytes]:
    """Yield the tar's bytes in pieces of at most 1 MiB.

    Raises:
        LayerError: unknown media type, damaged or truncated data, trailing bytes, or a limit exceeded.
    """
    head = _at_least(len(ZSTD_MAGIC), b"", chunks)
    compression = compression_of(media_type, head)
    stream = chain((head,) if head else (), chunks)
    if compression == "plain":
        return _guard(((len(chunk), chunk) for chunk in stream), limits)
    return _guard(_members(stream, compression), limits)


def _guard(pairs: Iterator[tuple[int, bytes]], limits: Limits) -> Iterator[bytes]:
    """Pass pieces through, counting (bytes read, bytes made) against the limits."""
    taken = made = 0
    for read, piece in pairs:
        taken += read
        made += len(piece)
        if made > limits.layer_size:
            raise LayerError(
                f"holds more than {limits.layer_size} bytes (limits.layer_size)",
                hint="raise [limits] layer_size in ospo.toml if the layer is genuine",
            )
        if made > _RATIO_FROM and made > limits.layer_ratio * max(taken, 1):
            raise LayerError(
                f"expands more than {limits.layer_ratio} times (limits.layer_ratio): a decompression bomb",
                hint="raise [limits] layer_ratio in ospo.toml if the layer is genuine",
            )
        if piece:
            yield piece


def _at_least(length: int, pending: bytes, chunks: Iterator[bytes]) -> bytes:
    """Add chunks until there are so many bytes; fewer only at the end."""
    while len(pending) < length and (chunk := next(chunks, b"")):
        pending += chunk
    return pending


def _members(chunks: Iterator[bytes], compression: str) -> Iterator[tuple[int, bytes]]:
    """Decompress members (RFC 1952 section 2.2) or frames (RFC 8878 section 3.1) one after another.

    A member gets its input in slices that double, because it copies what it does not need: of a chunk with
    20,000 tiny members, each would copy all that follows.
    """
    new_member, failure = _library(compression)
    magic = GZIP_MAGIC if compression == "gzip" else ZSTD_MAGIC
    chunk, at = b"", 0
    while True:
        if len(chunk) - at < len(magic):
            chunk, at = _at_least(len(magic), chunk[at:], chunks), 0
        if not chunk or _only_zeros(chunk, at, chunks):
            return
        if not _starts_member(chunk[at : at + len(magic)], magic):
            raise LayerError(f"has bytes after its {compression} data that are no {compression}")
        member, size = new_member(), _FIRST_SLICE
        try:
            while not member.eof:
                given: bytes | memoryview = b""
                if member.needs_input:
                    if at == len(chunk):
                        chunk, at = next(chunks, b""), 0
                    given = memoryview(chunk)[at : at + size]
                    if not given:
                        raise LayerError(f"{compression} data is truncated")
                    at, size = at + len(given), size * 2
                yield len(given), member.decompress(given, CHUNK)
        except failure as error:
            raise LayerError(f"{compression} data is damaged: {error}") from error
        at -= len(member.unused_data)


def _library(compression: str) -> tuple[Callable[[], _Member], type[Exception]]:
    """Return what makes a decompressor, and what it raises."""
    if compression == "gzip":
        from isal import igzip_lib

        failure: type[Exception] = igzip_lib.IsalError  # type: ignore[assignment] # its stub types it as a value
        return partial(igzip_lib.IgzipDecompressor, flag=igzip_lib.DECOMP_GZIP), failure
    from ospo import zstd

    # 128 MiB is the widest window that `zstd --long` writes and containerd's decoder admits.
    options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 27}
    return partial(zstd.ZstdDecompressor, options=options), zstd.ZstdError


def _starts_member(start: bytes, magic: bytes) -> bool:
    """Tell whether a member starts so; too few bytes to tell count as yes, and fail as truncated."""
    return magic.startswith(start) or (magic == ZSTD_MAGIC and _SKIPPABLE.match(start) is not None)


def _only_zeros(chunk: bytes, at: int, chunks: Iterator[bytes]) -> bool:
    """Tell whether nothing but zero padding follows, as tape-minded writers leave it."""
    if chunk[at] or chunk[at:].strip(b"\0"):
        return False
    if any(more.strip(b"\0") for more in chunks):
        raise LayerError("has bytes after the zeros that follow its compressed data")
    return True
