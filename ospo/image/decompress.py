"""Blob chunks to tar chunks: gzip by isal, zstd by zstandard, or as they are.

Whatever a container runtime would not accept is an error here too: a second opinion about the same bytes
is how a scanner is shown another image than the one that runs.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from typing import Protocol

from ospo.errors import LayerError
from ospo.image.stream import CHUNK
from ospo.limits import Limits, MiB

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_RATIO_FROM = 256 * MiB

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
    return "zstd" if head.startswith(ZSTD_MAGIC) else "plain"


class _Member(Protocol):
    """One gzip member or zstd frame, with the interface that the standard library's decompressors share."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def decompress(chunks: Iterator[bytes], media_type: str, limits: Limits) -> Iterator[bytes]:
    """Yield the tar's bytes in pieces of at most 1 MiB.

    Raises:
        LayerError: unknown media type, damaged or truncated data, trailing bytes, or a limit exceeded.
    """
    first = next(chunks, b"")
    compression = compression_of(media_type, first)
    stream = chain((first,) if first else (), chunks)
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
        yield piece


def _members(chunks: Iterator[bytes], compression: str) -> Iterator[tuple[int, bytes]]:
    """Decompress members (RFC 1952 section 2.2) or frames (RFC 8878 section 3.1) one after another."""
    new_member, failure = _library(compression)
    pending = b""
    while pending := pending or next(chunks, b""):
        if not _starts_member(pending, compression):
            if _only_zeros(pending, chunks):
                return
            raise LayerError(f"has bytes after its {compression} data that are no {compression}")
        member = new_member()
        try:
            while not member.eof:
                if member.needs_input and not pending and not (pending := next(chunks, b"")):
                    raise LayerError(f"{compression} data is truncated")
                given, pending = (pending, b"") if member.needs_input else (b"", pending)
                yield len(given), member.decompress(given, CHUNK)
        except failure as error:
            raise LayerError(f"{compression} data is damaged: {error}") from error
        pending = member.unused_data + pending


def _library(compression: str) -> tuple[Callable[[], _Member], type[Exception]]:
    """Return what makes a decompressor, and what it raises."""
    if compression == "gzip":
        from isal import igzip_lib

        failure: type[Exception] = igzip_lib.IsalError  # type: ignore[assignment] # its stub types it as a value
        return partial(igzip_lib.IgzipDecompressor, flag=igzip_lib.DECOMP_GZIP), failure
    from backports import zstd

    # 128 MiB is the widest window that `zstd --long` writes and containerd's decoder admits.
    options = {zstd.DecompressionParameter.window_log_max: 27}
    return partial(zstd.ZstdDecompressor, options=options), zstd.ZstdError


def _starts_member(pending: bytes, compression: str) -> bool:
    """Tell whether a member may start here; too few bytes to tell count as yes, and fail as truncated."""
    if compression == "gzip":
        return pending.startswith(GZIP_MAGIC[: len(pending)])
    skippable = len(pending) > 3 and 0x50 <= pending[0] <= 0x5F and pending[1:4] == b"\x2a\x4d\x18"
    return skippable or pending.startswith(ZSTD_MAGIC[: len(pending)])


def _only_zeros(pending: bytes, chunks: Iterator[bytes]) -> bool:
    """Tell whether nothing but zero padding follows, as tape-minded writers leave it."""
    return not pending.strip(b"\0") and all(not chunk.strip(b"\0") for chunk in chunks)
