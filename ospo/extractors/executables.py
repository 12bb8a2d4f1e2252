"""ELF, PE and Mach-O by what they have in common, for whoever looks into programs of any system."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

from ospo.errors import ParseError
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

    def bytes_of(self, section: Section) -> bytes:
        """Return all bytes of a section.

        Raises:
            ParseError: the file ends before that.
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
    head = file.content.read(0, elf.HEADER_MAX)
    if not head.startswith(macho.UNIVERSAL_MAGIC):
        yield from _opened(file, head)
        return
    for offset, size in macho.parts(file):
        part = replace(file, size=size, content=_Part(file.content, offset))
        yield from _opened(part, part.content.read(0, elf.HEADER_MAX))


def sections(file: File, name: str) -> Iterator[tuple[Executable, Section]]:
    """Yield the section of a name in every program of a file.

    Where the headers are damaged there is none: the extractor of Go programs tells that, one is enough.

    Raises:
        ParseError: the section lies beyond the end of the file.
    """
    try:
        programs = tuple(executables(file))
    except ParseError:
        return
    for program in programs:
        if section := program.section(name):
            yield program, section


def _opened(file: File, head: bytes) -> tuple[Executable, ...]:
    program: Executable | None = None
    if head.startswith(elf.MAGIC):
        program = elf.read_elf(file, head)
    elif head.startswith(pe.MAGIC):
        program = pe.read_pe(file)
    elif head.startswith(macho.MAGIC):
        program = macho.read_macho(file)
    return () if program is None else (program,)
