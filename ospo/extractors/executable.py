"""What programs and libraries of all systems have in common: named sections, and bytes at an address."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ospo.errors import ParseError
from ospo.extractors.interface import File


@dataclass(frozen=True, slots=True)
class Section:
    """A range of bytes in the file, and the address at which it is loaded."""

    address: int
    offset: int
    size: int


class Executable(ABC):
    """A program or library for one kind of processor."""

    has_sections: bool
    """False when a section that is not found may still be there, without a name."""

    def __init__(self, file: File) -> None:
        self._file = file

    @abstractmethod
    def section(self, name: str) -> Section | None:
        """Return the first section of that name, None when there is none or it has no bytes in the file.

        Raises:
            ParseError: the section lies beyond the end of the file.
        """

    @abstractmethod
    def loaded(self) -> Iterable[Section]:
        """Yield what is loaded from the file, in its order.

        Raises:
            ParseError: the headers are damaged.
        """

    @abstractmethod
    def writable(self) -> Iterator[Section]:
        """Yield what is loaded from the file as data that the program may write.

        Raises:
            ParseError: the headers are damaged.
        """

    def bytes_of(self, section: Section) -> bytes:
        """Return all bytes of a section.

        Raises:
            ParseError: the file ends before that.
        """
        return self._file.read(section.offset, section.size)

    def at(self, address: int, length: int) -> bytes:
        """Return up to `length` bytes that are loaded at `address`; fewer where the file's bytes end.

        Raises:
            ParseError: the headers are damaged.
        """
        for place in self.loaded():
            skip = address - place.address
            if 0 <= skip < place.size:
                return self._file.content.read(place.offset + skip, min(length, place.size - skip))
        return b""

    def _whole(self, name: str, section: Section) -> Section:
        if section.offset + section.size > self._file.size:
            raise ParseError(
                f"section {name} at offset {section.offset} is cut off: it claims {section.size} bytes"
            )
        return section
