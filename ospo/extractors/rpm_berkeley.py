"""Berkeley DB hash tables, in which rpm kept packages up to RHEL 8 and Fedora 32 (`Packages`).

Pages of one size. Hash pages hold keys and values in turn; a value that is too large is a chain of overflow
pages. All pages are looked at instead of following the hash, which gives the same values.
Format: https://github.com/berkeleydb/libdb/blob/v5.3.28/src/dbinc/db_page.h; either byte order.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ospo.errors import ParseError
from ospo.extractors.interface import File

MAGICS = {b"\x61\x15\x06\x00": "<", b"\x00\x06\x15\x61": ">"}
"""Bytes 12 to 15 of the file -> byte order."""

_META = 72
_PAGE_HEADER = 26
_HASH_PAGES = frozenset((2, 13))
_OVERFLOW_PAGE = 7
_ON_PAGE, _OFF_PAGE = 1, 3
_OFF_PAGE_SIZE = 12
_CHECKSUMMED = 1
# Under this key lies the last number that was given to a package.
_NO_PACKAGE = bytes(4)


@dataclass(slots=True)
class _Pages:
    file: File
    order: str
    size: int
    count: int
    unused: int
    """How many overflow pages may still be read: each belongs to one value."""

    def read(self, number: int) -> bytes:
        """Return a page.

        Raises:
            ParseError: there is none of this number.
        """
        if not 0 < number < self.count:
            raise ParseError(f"points at page {number}, and there are {self.count}")
        return self.file.read(number * self.size, self.size)

    def unpack(self, form: str, page: bytes, offset: int) -> tuple[int, ...]:
        """Read numbers in the database's byte order."""
        return struct.unpack_from(self.order + form, page, offset)


def blobs(file: File) -> Iterator[bytes | ParseError]:
    """Yield the header of each package, or what is wrong with it.

    Raises:
        ParseError: the rest cannot be read.
    """
    pages, last = _opened(file)
    for number in range(1, min(pages.count, last + 1)):
        page = pages.read(number)
        try:
            if page[25] in _HASH_PAGES:
                yield from _values(pages, page)
        except ParseError as error:
            yield ParseError(f"page {number}: {error.message}")
    if last >= pages.count:
        raise ParseError(f"ends at page {pages.count}, before its {last + 1} pages")


def _opened(file: File) -> tuple[_Pages, int]:
    """Return the pages and the number of the last one."""
    meta = file.read(0, _META)
    order = MAGICS[meta[12:16]]
    version, size, encryption, flags, last = struct.unpack_from(order + "II B x B 5x I", meta, 16)
    if not 8 <= version <= 10:
        raise ParseError(f"is a Berkeley DB hash table of an unknown version ({version})")
    if encryption or flags & _CHECKSUMMED:
        raise ParseError("is encrypted or has checksums, which rpm never uses")
    if size not in (512 << shift for shift in range(8)):
        raise ParseError(f"has pages of {size} bytes")
    count = file.size // size
    return _Pages(file, order, size, count, count), last


def _values(pages: _Pages, page: bytes) -> Iterator[bytes | ParseError]:
    """Yield the values of a hash page, every other item; items lie one below the other from the end on."""
    (count,) = pages.unpack("H", page, 20)
    if _PAGE_HEADER + 2 * count > pages.size:
        raise ParseError(f"has more items ({count}) than fit on it")
    starts = (pages.size, *pages.unpack(f"{count}H", page, _PAGE_HEADER))
    for before, key, value in zip(starts[0::2], starts[1::2], starts[2::2], strict=False):
        if not _PAGE_HEADER <= value < key < before <= pages.size:
            raise ParseError("has items that overlap")
        if page[key + 1 : before] != _NO_PACKAGE:
            try:
                yield _value(pages, page[value:key])
            except ParseError as error:
                yield ParseError(f"a value {error.message}")


def _value(pages: _Pages, item: bytes) -> bytes:
    if item[0] == _ON_PAGE:
        return item[1:]
    if item[0] != _OFF_PAGE or len(item) != _OFF_PAGE_SIZE:
        raise ParseError(f"is of an unknown kind ({item[0]})")
    number, length = pages.unpack("II", item, 4)
    most = pages.file.limits.memory_file
    if length > most:
        raise ParseError(f"has {length} bytes, more than limits.memory_file ({most})")
    parts = []
    while length > 0:
        if not pages.unused:
            raise ParseError("shares pages with others")
        pages.unused -= 1
        part, number = _overflow(pages, number)
        length -= len(part)
        parts.append(part)
    if length:
        raise ParseError("is longer than its length")
    return b"".join(parts)


def _overflow(pages: _Pages, number: int) -> tuple[bytes, int]:
    """Return what a page holds of a value, and the page that goes on."""
    page = pages.read(number)
    (used,) = pages.unpack("H", page, 22)
    if page[25] != _OVERFLOW_PAGE or _PAGE_HEADER + used > pages.size:
        raise ParseError(f"goes on in page {number}, which is no overflow page")
    (following,) = pages.unpack("I", page, 16)
    return page[_PAGE_HEADER : _PAGE_HEADER + used], following
