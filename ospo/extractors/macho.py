"""A bounded reader of Mach-O programs and libraries, as macOS has them: sections, bytes at an address.

Universal files hold one such program for each kind of processor. Everything in the file is hostile.

Format: https://github.com/apple-oss-distributions/xnu/blob/main/EXTERNAL_HEADERS/mach-o/loader.h and
https://github.com/apple-oss-distributions/cctools/blob/main/include/mach-o/fat.h.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ospo.errors import ParseError
from ospo.extractors.executable import Executable, Section
from ospo.extractors.interface import File

_ORDERS = {
    b"\xfe\xed\xfa\xce": (">", False),
    b"\xce\xfa\xed\xfe": ("<", False),
    b"\xfe\xed\xfa\xcf": (">", True),
    b"\xcf\xfa\xed\xfe": ("<", True),
}
MAGIC = tuple(_ORDERS)
UNIVERSAL_MAGIC = tuple(b"\xca\xfe\xba\xbe" + bytes((0, 0, 0, parts)) for parts in range(1, 5))
"""With the number of parts: class files of Java start alike, and have a version of 45 or more there."""

_PART = struct.Struct(">8xII4x")

_PROGRAM_KINDS = (2, 6, 8)
"""Programs, libraries, bundles."""
_SEGMENT_32, _SEGMENT_64 = 1, 0x19
_COMMANDS_MAX = 1 << 20
_WRITE, _EXECUTE = 2, 4


@dataclass(frozen=True, slots=True)
class _Segment:
    data: Section
    protection: int
    sections: tuple[tuple[bytes, Section], ...]


class _Layout:
    """The structures of one width and byte order."""

    def __init__(self, order: str, wide: bool) -> None:
        word = "Q" if wide else "I"
        self.header = struct.Struct(f"{order}12xIII4x{4 if wide else 0}x")
        self.command = struct.Struct(f"{order}II")
        self.segment = struct.Struct(f"{order}24x{word}{8 if wide else 4}x{word}{word}4xII4x")
        self.section = struct.Struct(f"{order}16s16x{word}{word}I{28 if wide else 24}x")
        self.wide = wide


_LAYOUTS = {magic: _Layout(*how) for magic, how in _ORDERS.items()}


class MachO(Executable):
    """A Mach-O program or library for one kind of processor."""

    has_sections = True
    """What linkers keep apart has a section of its own."""

    def __init__(self, file: File, segments: tuple[_Segment, ...]) -> None:
        super().__init__(file)
        self._segments = segments

    def section(self, name: str) -> Section | None:
        """As in `Executable`; the name of the segment that a section is in does not count."""
        for segment in self._segments:
            for raw, section in segment.sections:
                if raw.rstrip(b"\0") == name.encode() and section.size and section.offset:
                    return self._whole(name, section)
        return None

    def loaded(self) -> Iterator[Section]:
        """As in `Executable`."""
        return (segment.data for segment in self._segments)

    def writable(self) -> Iterator[Section]:
        """As in `Executable`: without what may be executed as well."""
        for segment in self._segments:
            if segment.protection & (_WRITE | _EXECUTE) == _WRITE and segment.data.size:
                yield segment.data


def parts(file: File) -> Iterator[tuple[int, int]]:
    """Yield offset and size of every program in a universal file.

    Raises:
        ParseError: the table is cut off, or a program lies beyond the end of the file.
    """
    count = file.read(0, 8)[7]
    for offset, size in _PART.iter_unpack(file.read(8, count * _PART.size)):
        if offset + size > file.size:
            raise ParseError(f"program of {size} bytes at offset {offset} is cut off")
        yield offset, size


def read_macho(file: File) -> MachO | None:
    """Open a Mach-O file; None for what is neither program nor library (objects, core dumps, debug symbols).

    Raises:
        ParseError: header or load commands are cut off or damaged.
    """
    layout = _LAYOUTS[file.read(0, 4)]
    kind, count, size = layout.header.unpack(file.read(0, layout.header.size))
    if kind not in _PROGRAM_KINDS:
        return None
    if size > _COMMANDS_MAX:
        raise ParseError(f"Mach-O header claims {size} bytes of load commands, more than {_COMMANDS_MAX}")
    return MachO(file, tuple(_segments(layout, file.read(layout.header.size, size), count)))


def _segments(layout: _Layout, commands: bytes, count: int) -> Iterator[_Segment]:
    at = 0
    for _ in range(count):
        if at + layout.command.size > len(commands):
            raise ParseError(f"Mach-O load command at {at} is cut off")
        kind, size = layout.command.unpack_from(commands, at)
        if size < layout.command.size or at + size > len(commands):
            raise ParseError(f"Mach-O load command at {at} claims {size} bytes")
        if kind == (_SEGMENT_64 if layout.wide else _SEGMENT_32):
            yield _segment(layout, commands[at : at + size])
        at += size


def _segment(layout: _Layout, command: bytes) -> _Segment:
    first = layout.segment.size
    if len(command) < first:
        raise ParseError("Mach-O segment is cut off")
    address, offset, size, protection, count = layout.segment.unpack_from(command)
    whole = command[first : first + count * layout.section.size]
    if len(whole) != count * layout.section.size:
        raise ParseError(f"Mach-O segment claims {count} sections")
    sections = tuple(
        (name, Section(where, place, length))
        for name, where, length, place in layout.section.iter_unpack(whole)
    )
    return _Segment(Section(address, offset, size), protection, sections)
