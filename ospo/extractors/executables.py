"""Programs and libraries of any system: opens ELF, PE and Mach-O."""

from collections.abc import Iterator
from dataclasses import replace

from ospo.errors import ParseError
from ospo.extractors import elf, macho, pe
from ospo.extractors.executable import Executable, Section
from ospo.extractors.interface import Content, File

MAGIC = (elf.MAGIC, pe.MAGIC, *macho.MAGIC, *macho.UNIVERSAL_MAGIC)


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
