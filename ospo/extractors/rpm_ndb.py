"""rpm's own database format ("ndb", `Packages.db` of SUSE): slots that point at blobs, all little-endian.

The first pages hold slots of 16 bytes, in the place of the first two the database's header. Units of blobs
are 16 bytes, too; each has a head and a tail. No document describes it but its source:
https://github.com/rpm-software-management/rpm/blob/rpm-4.18.x/lib/backend/ndb/rpmpkg.c
"""

import struct
import zlib
from collections.abc import Iterator

from ospo.errors import ParseError
from ospo.extractors.interface import File

MAGIC = b"RpmP"

_PAGE = 4096
_SLOT_PAGES_MAX = 1024
"""A quarter of a million packages; real systems have ten."""
_UNIT = 16
_HEADER = struct.Struct("<4sI4xI16x")
_SLOT_MARK = b"Slot"
_SLOT = struct.Struct("<4sIII")
_HEAD = struct.Struct("<4sI4xI")
_TAIL = struct.Struct("<II4s")


def blobs(file: File) -> Iterator[bytes | ParseError]:
    """Yield the header of each package, or what is wrong with it.

    Raises:
        ParseError: the rest cannot be read.
    """
    _, version, pages = _HEADER.unpack(file.read(0, _HEADER.size))
    if version != 0:
        raise ParseError(f"is an rpm database of an unknown version ({version})")
    if pages > _SLOT_PAGES_MAX:
        raise ParseError(f"has {pages} pages of slots, more than {_SLOT_PAGES_MAX}")
    unread = file.size
    for magic, number, start, units in _slots(file, pages):
        if magic != _SLOT_MARK:
            yield ParseError(f"slot of package {number}: is damaged")
        elif start and units * _UNIT > unread:
            yield ParseError(f"slot of package {number}: claims bytes of others")
        elif start:
            unread -= units * _UNIT
            yield from _package(file, number, start * _UNIT, units * _UNIT)


def _slots(file: File, pages: int) -> Iterator[tuple[bytes, int, int, int]]:
    """Yield (mark, package, first unit, units) of each slot; those that start nowhere are free."""
    for offset in range(0, pages * _PAGE, _PAGE):
        page = file.read(offset, _PAGE)
        yield from _SLOT.iter_unpack(page if offset else page[_HEADER.size :])


def _package(file: File, number: int, start: int, size: int) -> Iterator[bytes | ParseError]:
    try:
        if size > file.limits.memory_file:
            raise ParseError(f"{size} bytes are more than limits.memory_file ({file.limits.memory_file})")
        data = file.read(start, size)
        yield _blob(data, number)
        _check(data)
    except ParseError as error:
        yield ParseError(f"slot of package {number}: {error.message}")


def _blob(data: bytes, number: int) -> bytes:
    magic, found, length = _HEAD.unpack(data[: _HEAD.size].ljust(_HEAD.size, b"\0"))
    if (magic, found) != (b"BlbS", number):
        raise ParseError("no package starts where it points")
    if _HEAD.size + length + _TAIL.size > len(data):
        raise ParseError(f"the package has {length} bytes, more than the slot says")
    return data[_HEAD.size : _HEAD.size + length]


def _check(data: bytes) -> None:
    checksum, _, magic = _TAIL.unpack(data[-_TAIL.size :])
    if magic != b"BlbE" or checksum != zlib.adler32(data[: -_TAIL.size]):
        raise ParseError("the package does not have the checksum that stands behind it")
