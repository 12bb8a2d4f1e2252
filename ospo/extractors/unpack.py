"""Bounded decompression of what lies in single files: gzip, xz and zstd, told apart by their first bytes.

Formats: RFC 1952, https://tukaani.org/xz/xz-file-format.txt, RFC 8878.
"""

import lzma
import zlib
from collections.abc import Callable
from typing import Any

from ospo import zstd
from ospo.errors import ParseError
from ospo.limits import MiB

_WINDOW_LOG_MAX = 27
"""128 MiB, the widest window that `zstd --long` writes without being told to."""
_XZ_MEMORY = 256 * MiB
"""Above what `xz -9` needs, and too little for the widest dictionaries the format knows."""
_MEMBERS_MAX = 100
"""Members of one file that are read; packages of Alpine have three. Each copies what follows it."""


def _gzip() -> Any:
    return zlib.decompressobj(zlib.MAX_WBITS | 16)


def _xz() -> Any:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)


def _zstd() -> Any:
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _WINDOW_LOG_MAX})


_FORMATS: tuple[tuple[bytes, Callable[[], Any]], ...] = (
    (b"\x1f\x8b\x08", _gzip),
    (b"\xfd7zXZ\0", _xz),
    (b"\x28\xb5\x2f\xfd", _zstd),
)
_FAILURES = (zlib.error, lzma.LZMAError, zstd.ZstdError)


def is_packed(data: bytes) -> bool:
    """Tell whether bytes start as a format that `unpacked` knows."""
    return any(data.startswith(magic) for magic, _ in _FORMATS)


def unpacked(data: bytes, limit: int) -> bytes:
    """Return what all members of compressed data hold, and data that is not compressed as it is.

    Raises:
        ParseError: it is damaged or cut off, or holds more than `limit` bytes.
    """
    made, whole = _unpack(data, limit + 1)
    if len(made) > limit:
        raise ParseError(f"holds more than {limit} bytes once decompressed")
    if not whole:
        raise ParseError("ends before its compressed data does")
    return made


def unpacked_head(data: bytes, limit: int) -> bytes:
    """Return up to `limit` first bytes of what compressed data holds, which may be cut off behind them.

    Raises:
        ParseError: it is damaged.
    """
    return _unpack(data, limit)[0]


def _unpack(data: bytes, most: int) -> tuple[bytes, bool]:
    """Return up to `most` bytes, and whether that is everything."""
    new = next((new for magic, new in _FORMATS if data.startswith(magic)), None)
    if new is None:
        return data[:most], len(data) <= most
    made = b""
    for _ in range(_MEMBERS_MAX):
        member = new()
        try:
            made += member.decompress(data, most - len(made))
        except _FAILURES as error:
            raise ParseError(f"is damaged: {error}") from error
        data = member.unused_data
        if not member.eof or len(made) >= most:
            return made, False
        # Padding of zeros, and whatever else is no further member, is not read by other tools either.
        if not is_packed(data):
            return made, True
    raise ParseError(f"has more than {_MEMBERS_MAX} compressed members")
