"""Where the files of a layer or folder come from, as the one that reads them sees it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from ospo.extractors.interface import Content, Head
from ospo.image.spool import Pieces, Spool
from ospo.image.stream import TarStream
from ospo.image.tar import Entry, walk
from ospo.limits import Limits


class Members(Protocol):
    """A tar that passes by once, or a folder on disk. Everything is asked of the latest member only."""

    def __iter__(self) -> Iterator[Entry]:
        """Yield members in a stable order."""
        ...

    def head(self, length: int) -> bytes:
        """Return up to `length` first bytes.

        Raises:
            ParseError: this one file cannot be read.
        """
        ...

    def content(self, entry: Entry, head: int = 0) -> Content:
        """Return the bytes, in memory or spooled; of a file of more than `head` bytes only these, unless 0.

        Raises:
            ParseError: this one file cannot be read.
            LayerError: nothing more can be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class TarMembers:
    """The members of a layer's tar."""

    stream: TarStream
    limits: Limits

    def __iter__(self) -> Iterator[Entry]:
        return walk(self.stream, self.limits)

    def head(self, length: int) -> bytes:
        """Return up to `length` first bytes."""
        return self.stream.peek(length)

    def content(self, entry: Entry, head: int = 0) -> Content:
        """Read the bytes."""
        kept = min(head or entry.size, entry.size)
        pieces = self.stream.pieces(kept)
        content = Pieces(pieces) if kept <= self.limits.memory_file else Spool(pieces)
        return content if kept == entry.size else Head(content, kept)

    def holds(self, entry: Entry, needles: tuple[bytes, ...]) -> bool:
        """Pass over the bytes without keeping them; tell whether one of the needles is in them."""
        found, tail = False, b""
        longest = max(map(len, needles))
        for piece in self.stream.pieces(entry.size):
            border = tail + piece[:longest]
            found = found or any(needle in piece or needle in border for needle in needles)
            tail = (piece if len(piece) >= longest else border)[-longest:]
        return found
