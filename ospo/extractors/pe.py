"""A bounded reader of PE programs and libraries, as Windows and .NET have them.

Addresses are those at which the file asks to be loaded. Everything in the file is hostile.

Format: https://learn.microsoft.com/en-us/windows/win32/debug/pe-format
"""

import struct
from collections.abc import Iterator

from ospo.errors import ParseError
from ospo.extractors.executable import Executable, Section
from ospo.extractors.interface import File

MAGIC = b"MZ"

RESOURCES, MANAGED = 2, 14
"""Numbers of data directories: the resources, and what only .NET assemblies have."""

_NEW_HEADER_AT = 0x3C
_HEADER = struct.Struct("<4s2xH12xH2x")
_SECTION = struct.Struct("<8sIIII12xI")
_DIRECTORY = struct.Struct("<II")
_WIDE, _NARROW = 0x20B, 0x10B
_MOST_SECTIONS = 1000
"""Windows loads no file of more than 96; debug information may add some."""
_DATA, _EXECUTE, _WRITE = 0x40, 0x20000000, 0x80000000


class Pe(Executable):
    """A PE program or library."""

    has_sections = False
    """Linkers put into the writable data what has a section of its own elsewhere."""

    def __init__(self, file: File, optional: bytes, table: bytes) -> None:
        super().__init__(file)
        self._optional = optional
        self._wide = optional[:2] == _WIDE.to_bytes(2, "little")
        self.base = int.from_bytes(optional[24:32] if self._wide else optional[28:32], "little")
        """The address of the first byte of the loaded file."""
        self._rows = list(_SECTION.iter_unpack(table))

    def directory(self, number: int) -> tuple[int, int]:
        """Return the address and size that a data directory points at, (0, 0) for none."""
        count_at = 108 if self._wide else 92
        count = int.from_bytes(self._optional[count_at : count_at + 4], "little")
        at = count_at + 4 + number * _DIRECTORY.size
        if number >= count or at + _DIRECTORY.size > len(self._optional):
            return 0, 0
        address, size = _DIRECTORY.unpack_from(self._optional, at)
        return (self.base + address, size) if address and size else (0, 0)

    def section(self, name: str) -> Section | None:
        """As in `Executable`."""
        for raw, section, _ in self._sections():
            if raw.rstrip(b"\0") == name.encode() and section.size:
                return self._whole(name, section)
        return None

    def loaded(self) -> Iterator[Section]:
        """As in `Executable`; sections are what is loaded."""
        return (section for _, section, _ in self._sections())

    def writable(self) -> Iterator[Section]:
        """As in `Executable`: without what may be executed as well."""
        for _, section, flags in self._sections():
            if flags & _DATA and flags & _WRITE and not flags & _EXECUTE and section.size:
                yield section

    def _sections(self) -> Iterator[tuple[bytes, Section, int]]:
        for name, memory, address, size, offset, flags in self._rows:
            # Bytes in the file are padded; those beyond the size in memory are not loaded.
            loaded = min(size, memory) if memory else size
            yield name, Section(self.base + address, offset, loaded), flags


def read_pe(file: File) -> Pe | None:
    """Open a PE file; None for programs of DOS and whatever else only starts like one.

    Raises:
        ParseError: the headers are cut off or of no known kind.
    """
    start = file.content.read(0, _NEW_HEADER_AT + 4)
    at = int.from_bytes(start[_NEW_HEADER_AT:], "little") if len(start) == _NEW_HEADER_AT + 4 else 0
    header = file.content.read(at, _HEADER.size) if 0 < at < file.size else b""
    if not header.startswith(b"PE\0\0"):
        return None
    if len(header) < _HEADER.size:
        raise ParseError(f"PE header at offset {at} is cut off")
    _, count, optional_size = _HEADER.unpack(header)
    optional = file.read(at + _HEADER.size, optional_size)
    if int.from_bytes(optional[:2], "little") not in (_WIDE, _NARROW):
        raise ParseError(
            f"PE optional header at offset {at + _HEADER.size} is damaged: {optional[:2].hex(' ')}"
        )
    if count > _MOST_SECTIONS:
        raise ParseError(f"PE header at offset {at} claims {count} sections, more than {_MOST_SECTIONS}")
    return Pe(file, optional, file.read(at + _HEADER.size + optional_size, count * _SECTION.size))
