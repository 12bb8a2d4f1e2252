"""ELF, PE and Mach-O by what they have in common, for whoever looks into programs of any system."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

from ospo.extractors import elf, macho, pe
from ospo.extractors.elf import Section
from ospo.extractors.interface import Content, File

MAGIC = (elf.MAGIC, pe.MAGIC, *macho.MAGIC, *macho.UNIVERSAL_MAGIC)


class Executable(Protocol):
    """A program or library for one kind of processor."""

    @property
    def has_sections(self) -> bool:
        """False when a section that is not found may still be there, without a name."""
        ...

    def section(self, name: str) -> Section | None:
        """Return a section by name, None when there is none or it has no bytes in the file.

        Raises:
            ParseError: the section lies beyond the end of the file.
        """
        ...

    def writable(self) -> Iterator[Section]:
        """Yield what is loaded from the file as data that the program may write.

        Raises:
            ParseError: the headers are damaged.
        """
        ...

    def at(self, address: int, length: int) -> bytes:
        """Return up to `length` bytes that are loaded at `address`; fewer where the file's bytes end."""
        ...


class _Part:
    """The content of a file from an offset on."""

    def __init__(self, content: Content, start: int) -> None:
        self._content = content
        self._start = start

    def read(self, offset: int, length: int) -> bytes:
        return self._content.read(self._start + offset, length)


def executables(file: File) -> Iterator[Executable]:
    """Yield what a file holds: nothing for objects and core dumps, several for a universal file of macOS.

    Raises:
        ParseError: the headers are damaged.
    """
    head = file.content.read(0, 8)
    if head.startswith(macho.UNIVERSAL_MAGIC):
        for offset, size in macho.parts(file):
            yield from _one(replace(file, size=size, content=_Part(file.content, offset)))
    else:
        yield from _one(file)


def _one(file: File) -> Iterator[Executable]:
    head = file.content.read(0, 4)
    program: Executable | None = None
    if head == elf.MAGIC:
        program = elf.read_elf(file)
    elif head[:2] == pe.MAGIC:
        program = pe.read_pe(file)
    elif head in macho.MAGIC:
        program = macho.read_macho(file)
    if program is not None:
        yield program
