"""The header of a package, as every format of rpm's database and package files hold it.

It is an index of (tag, type, offset, count) and the data that the offsets point into, all big-endian:
https://rpm-software-management.github.io/rpm/manual/format_header.html. The entries that mark regions
(62, 63) are of no interest to a reader. What stands behind a region replaces entries of the same tag in it.
"""

import struct
from bisect import bisect_right
from collections.abc import Container
from dataclasses import dataclass
from enum import IntEnum

from ospo.errors import ParseError

_SIZES = struct.Struct(">II")
_ENTRY = struct.Struct(">IIiI")
_ENTRIES_MAX = 0xFFFF
"""What rpm itself accepts."""
_NUMBERS = {1: "B", 2: "B", 3: "H", 4: "I"}
"""Type -> how `struct` calls it: characters, and numbers of 8, 16 and 32 bits."""
_TEXTS = frozenset((6, 8, 9))
"""One text, a list of texts, and a text in several languages, the untranslated one first."""


class Tag(IntEnum):
    """What is read: https://rpm-software-management.github.io/rpm/manual/tags.html."""

    NAME = 1000
    VERSION = 1001
    RELEASE = 1002
    EPOCH = 1003
    SUMMARY = 1004
    VENDOR = 1011
    LICENSE = 1014
    URL = 1020
    ARCH = 1022
    OLDFILENAMES = 1027
    FILESTATES = 1029
    FILEMODES = 1030
    FILEDIGESTS = 1035
    FILELINKTOS = 1036
    FILEFLAGS = 1037
    SOURCERPM = 1044
    FILEVERIFYFLAGS = 1045
    PROVIDENAME = 1047
    REQUIREFLAGS = 1048
    REQUIRENAME = 1049
    SOURCEPACKAGE = 1106
    DIRINDEXES = 1116
    BASENAMES = 1117
    DIRNAMES = 1118
    FILEDIGESTALGO = 5011
    MODULARITYLABEL = 5096


_WANTED = {int(tag): tag for tag in Tag}


@dataclass(frozen=True, slots=True)
class Header:
    """One package's header: values are found when they are asked for."""

    data: bytes
    entries: dict[Tag, tuple[int, int, int]]
    """Tag -> type, offset, count."""
    offsets: list[int]
    """Where a value starts, ascending: none extends beyond the start of the next."""

    def text(self, tag: Tag) -> str:
        """Return the text of a tag, the first of several; "" when there is none.

        Raises:
            ParseError: the entry is damaged.
        """
        if tag not in self.entries:
            return ""
        _, start, _ = self._entry(tag, _TEXTS)
        end = self.data.find(b"\0", start)
        if end < 0:
            raise ParseError(f"has a {tag.name} without an end")
        return self.data[start:end].decode("utf-8", "replace")

    def texts(self, tag: Tag) -> list[str]:
        """Return all texts of a tag; none when it is missing.

        Raises:
            ParseError: the entry is damaged.
        """
        if tag not in self.entries:
            return []
        _, start, count = self._entry(tag, _TEXTS)
        parts = self.data[start : self._end(start)].decode("utf-8", "replace").split("\0", count)
        if len(parts) <= count:
            raise ParseError(f"has fewer {tag.name} than it says ({count})")
        return parts[:count]

    def numbers(self, tag: Tag) -> tuple[int, ...]:
        """Return the numbers of a tag; none when it is missing.

        Raises:
            ParseError: the entry is damaged.
        """
        if tag not in self.entries:
            return ()
        kind, start, count = self._entry(tag, _NUMBERS)
        if start + struct.calcsize(_NUMBERS[kind]) * count > len(self.data):
            raise ParseError(f"has fewer {tag.name} than it says ({count})")
        return struct.unpack_from(f">{count}{_NUMBERS[kind]}", self.data, start)

    def _entry(self, tag: Tag, kinds: Container[int]) -> tuple[int, int, int]:
        kind, start, count = self.entries[tag]
        if kind not in kinds:
            raise ParseError(f"has a {tag.name} of type {kind}")
        if not 0 <= start < len(self.data):
            raise ParseError(f"has its {tag.name} outside its data")
        return kind, start, count

    def _end(self, start: int) -> int:
        following = bisect_right(self.offsets, start)
        return self.offsets[following] if following < len(self.offsets) else len(self.data)


def parse(blob: bytes) -> Header:
    """Read the index of a header.

    Raises:
        ParseError: the sizes that it states do not add up to its own.
    """
    count, size = _SIZES.unpack_from(blob) if len(blob) >= _SIZES.size else (0, 0)
    start = _SIZES.size + count * _ENTRY.size
    if not 0 < count <= _ENTRIES_MAX or start + size != len(blob):
        raise ParseError(f"states sizes ({count} entries, {size} bytes) that are not its own")
    entries, offsets = {}, set()
    for tag, kind, offset, number in _ENTRY.iter_unpack(blob[_SIZES.size : start]):
        offsets.add(offset)
        if tag in _WANTED:
            entries[_WANTED[tag]] = kind, offset, number
    return Header(blob[start:], entries, sorted(offsets))
