"""A bounded reader of ELF programs and libraries: named sections, loaded segments, bytes at an address.

It is asked about every ELF file of an image, thousands of shared libraries, so nothing is read before it
is needed: deciding that a section is absent takes three small reads. Everything in the file is hostile.

Format: System V ABI, https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html
"""

import struct
from collections.abc import Iterator

from ospo.errors import ParseError
from ospo.extractors.executable import Executable, Section
from ospo.extractors.interface import File

MAGIC = b"\x7fELF"

_RELOCATABLE, _EXECUTABLE, _SHARED = 1, 2, 3
_PROGRAM_LOADED, _FLAG_WRITE, _FLAG_EXECUTE = 1, 2, 1
_SECTION_WITHOUT_BYTES = 8
_SECTION_NAMES_MAX = 1 << 20
HEADER_MAX = 64
"""Bytes of the longest header."""


class _Layout:
    """The structures of one class (32 or 64 bit) and byte order."""

    def __init__(self, order: str, wide: bool) -> None:
        word = "Q" if wide else "I"
        self.header = struct.Struct(f"{order}16xHHI{word}{word}{word}I6H")
        # The fields read here, in order: name, type, address, offset, size.
        self.section = struct.Struct(f"{order}II{8 if wide else 4}x3{word}{24 if wide else 16}x")
        # Type, flags, offset, address, size in the file; in 32 bit the flags come after the sizes.
        self.segment = struct.Struct(f"{order}IIQQ8xQ16x" if wide else f"{order}III4xI4xI4x")
        self.order = order
        self.wide = wide


_LAYOUTS = {
    (bits, order): _Layout("<" if order == 1 else ">", bits == 2) for bits in (1, 2) for order in (1, 2)
}


class Elf(Executable):
    """An ELF program or shared library."""

    def __init__(self, file: File, layout: _Layout, header: tuple[int, ...]) -> None:
        super().__init__(file)
        self._layout = layout
        (_, _, _, _, self._segments_at, self._sections_at, _, _) = header[:8]
        (self._segment_size, self._segment_count) = header[8:10]
        (self._section_size, self._section_count, self._names_index) = header[10:13]
        self._segments: tuple[tuple[Section, bool], ...] | None = None
        self._names = self._section_names()
        # The table is stripped or unusable in some files: nothing needs it to run the program.
        self.has_sections = self._names is not None

    @property
    def order(self) -> str:
        """The byte order, as `struct` writes it."""
        return self._layout.order

    def section(self, name: str) -> Section | None:
        """As in `Executable`: a section may be there without bytes in the file."""
        wanted = name.encode() + b"\0"
        if self._names is None or wanted not in self._names:
            return None
        for name_at, kind, address, offset, size in self._section_table():
            if self._names.startswith(wanted, name_at):
                if kind == _SECTION_WITHOUT_BYTES or not size:
                    return None
                return self._whole(name, Section(address, offset, size))
        return None

    def loaded(self) -> Iterator[Section]:
        """As in `Executable`; a file whose program header table is damaged cannot be run either."""
        return (place for place, _ in self._loaded())

    def writable(self) -> Iterator[Section]:
        """As in `Executable`: without what may be executed as well."""
        return (place for place, writable in self._loaded() if writable)

    def _loaded(self) -> tuple[tuple[Section, bool], ...]:
        """Return the segments, each with whether the program may write it and may not execute it."""
        if self._segments is None:
            self._segments = tuple(self._read_segments())
        return self._segments

    def _section_names(self) -> bytes | None:
        entry, index = self._layout.section, self._names_index
        if self._section_size != entry.size or not 0 < index < self._section_count:
            return None
        header_at = self._sections_at + index * entry.size
        raw = self._file.content.read(header_at, entry.size) if header_at < self._file.size else b""
        if len(raw) != entry.size:
            return None
        _, kind, _, offset, size = entry.unpack(raw)
        if kind == _SECTION_WITHOUT_BYTES or size > _SECTION_NAMES_MAX or offset + size > self._file.size:
            return None
        return self._file.content.read(offset, size)

    def _section_table(self) -> list[tuple[int, ...]]:
        return self._table("section", self._layout.section, self._sections_at, self._section_count)

    def _read_segments(self) -> list[tuple[Section, bool]]:
        entry = self._layout.segment
        if self._segment_count and self._segment_size != entry.size:
            raise ParseError(
                f"program headers at offset {self._segments_at} have {self._segment_size} bytes each, "
                f"not {entry.size}"
            )
        rows = self._table("program", entry, self._segments_at, self._segment_count)
        if not self._layout.wide:
            rows = [(kind, flags, *place) for kind, *place, flags in rows]
        # A segment beyond the end is left out: files that hold debug information only are made so.
        return [
            (Section(address, offset, size), flags & (_FLAG_WRITE | _FLAG_EXECUTE) == _FLAG_WRITE)
            for kind, flags, offset, address, size in rows
            if kind == _PROGRAM_LOADED and size and offset + size <= self._file.size
        ]

    def _table(self, what: str, entry: struct.Struct, offset: int, count: int) -> list[tuple[int, ...]]:
        table = self._file.read(offset, count * entry.size)
        if len(table) != count * entry.size:
            raise ParseError(f"{what} header table at offset {offset} is cut off")
        return list(entry.iter_unpack(table))


def read_elf(file: File, head: bytes, *, objects: bool = False) -> Elf | None:
    """Open an ELF file by its first `HEADER_MAX` bytes.

    None for what is neither program nor library: core dumps, and relocatable objects unless `objects` asks
    for them: modules of the Linux kernel are such.

    Raises:
        ParseError: the ELF header is cut off, or of no known class and byte order.
    """
    layout = _LAYOUTS.get((head[4], head[5])) if len(head) > 5 else None
    if layout is None or len(head) < layout.header.size:
        raise ParseError(f"ELF header at offset 0 is damaged: {head[:20].hex(' ')}")
    header = layout.header.unpack_from(head)
    if header[0] not in (_EXECUTABLE, _SHARED) and not (objects and header[0] == _RELOCATABLE):
        return None
    return Elf(file, layout, header)
