"""SQLite's write-ahead log: pages that belong over those of the database beside it.

rpm empties it when it is done, but an image may have been taken before that; without the log, packages
are missing. Frames of an earlier use of the log have other salts, those of an unfinished transaction no
commit behind them; checksums, which tell half-written pages after a power failure, are not computed.
Format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
"""

import struct
from collections.abc import Iterator

from ospo.errors import ParseError

_HEADER = struct.Struct(">III4x8s8x")
_MAGICS = frozenset((0x377F0682, 0x377F0683))
_VERSION = 3007000
_FRAME = struct.Struct(">II8s8x")
_PAGE_SIZES = frozenset(512 << shift for shift in range(8))


def pending(log: bytes) -> bool:
    """Tell whether a log has a finished transaction; most are empty.

    Raises:
        ParseError: it is none.
    """
    return any(size for _, size, _ in _frames(log))


def applied(database: bytes, log: bytes, limit: int) -> bytes:
    """Return a database as it is after all finished transactions of a log.

    Raises:
        ParseError: the log is none, or the database would have more than so many bytes.
    """
    pages: dict[int, bytes] = {}
    waiting: dict[int, bytes] = {}
    pages_after = 0
    for number, size, page in _frames(log):
        waiting[number] = page
        if size:
            pages.update(waiting)
            waiting.clear()
            pages_after = size
    return _laid_over(database, pages, pages_after, limit) if pages else database


def _laid_over(database: bytes, pages: dict[int, bytes], count: int, limit: int) -> bytes:
    size = len(next(iter(pages.values())))
    if count * size > limit:
        raise ParseError(
            f"has {count} pages after its log is applied, more than limits.memory_file ({limit})"
        )
    result = bytearray(database[: count * size].ljust(count * size, b"\0"))
    for number, page in pages.items():
        if 0 < number <= count:
            result[(number - 1) * size : number * size] = page
    return bytes(result)


def _frames(log: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield (page number, pages of the database if this ends a transaction, page)."""
    if not log:
        return
    if len(log) < _HEADER.size:
        raise ParseError("has a log without a header")
    magic, version, size, salts = _HEADER.unpack_from(log)
    if magic not in _MAGICS or version != _VERSION or size not in _PAGE_SIZES:
        raise ParseError("has a log that is not SQLite's")
    step = _FRAME.size + size
    for start in range(_HEADER.size, len(log) - step + 1, step):
        number, pages, found = _FRAME.unpack_from(log, start)
        if found != salts:
            return
        yield number, pages, log[start + _FRAME.size : start + step]
