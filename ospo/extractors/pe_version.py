"""The strings of a PE file's version resource: names and versions that its makers gave it.

Formats: https://learn.microsoft.com/en-us/windows/win32/debug/pe-format#the-rsrc-section and
https://learn.microsoft.com/en-us/windows/win32/menurc/vs-versioninfo
"""

import struct
from collections.abc import Iterator

from ospo.extractors.pe import RESOURCES, Pe

_VERSION = 16
"""The number of this type of resource."""
_SIZE_MAX = 64 * 1024
"""Bytes of a version resource; they have about 1,000."""
_MOST_ENTRIES = 1000
"""Entries of one level of the tree of resources that are looked at."""
_COUNTS = struct.Struct("<12xHH")
_ENTRY = struct.Struct("<II")
_BELOW = 1 << 31
_BLOCK = struct.Struct("<HHH")


def version_strings(program: Pe) -> dict[str, str]:
    """Return the strings of the first language; {} where there is no version resource, or a damaged one."""
    base, _ = program.directory(RESOURCES)
    below = _first(program, base, 0, _VERSION) if base else None
    for _ in range(2):
        if below is None or not below & _BELOW:
            return {}
        below = _first(program, base, below ^ _BELOW, None)
    if below is None or below & _BELOW:
        return {}
    place = program.at(base + below, _ENTRY.size)
    if len(place) < _ENTRY.size:
        return {}
    address, size = _ENTRY.unpack(place)
    return dict(_strings(program.at(program.base + address, min(size, _SIZE_MAX))))


def _first(program: Pe, base: int, at: int, wanted: int | None) -> int | None:
    """Return what the entry with a number, or the first of any, points at."""
    head = program.at(base + at, _COUNTS.size)
    if len(head) < _COUNTS.size:
        return None
    count = min(sum(_COUNTS.unpack(head)), _MOST_ENTRIES)
    table = program.at(base + at + _COUNTS.size, count * _ENTRY.size)
    for number, below in _ENTRY.iter_unpack(table[: len(table) // _ENTRY.size * _ENTRY.size]):
        if wanted is None or number == wanted:
            return int(below)
    return None


def _strings(data: bytes) -> Iterator[tuple[str, str]]:
    """Walk down: the whole, `StringFileInfo`, tables by language, strings; of the first table only."""
    for _, start, end in _blocks(data, 0, len(data)):
        value_size = int.from_bytes(data[2:4], "little")
        for name, children, last in _blocks(data, _aligned(start + value_size), end):
            if name == "StringFileInfo":
                for _, rows, rows_end in list(_blocks(data, children, last))[:1]:
                    for key, value, value_end in _blocks(data, rows, rows_end):
                        yield key, _text(data[value:value_end])
        return


def _blocks(data: bytes, at: int, end: int) -> Iterator[tuple[str, int, int]]:
    """Yield key, start and end of what follows it, of the blocks beside each other."""
    while at + _BLOCK.size <= end:
        length = _BLOCK.unpack_from(data, at)[0]
        if length <= _BLOCK.size or at + length > end:
            return
        key = _text(data[at + _BLOCK.size : at + length])
        start = _aligned(at + _BLOCK.size + len(key.encode("utf-16-le", "replace")) + 2)
        yield key, start, at + length
        at = _aligned(at + length)


def _text(data: bytes) -> str:
    """Return the text before the first NUL."""
    return data[: len(data) // 2 * 2].decode("utf-16-le", "replace").partition("\0")[0]


def _aligned(at: int) -> int:
    return at + -at % 4
