"""What an extractor is: a frozen value that names the files it wants, and one pure function."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ospo.errors import ParseError
from ospo.limits import Limits
from ospo.model import Evidence, Record


class Content(Protocol):
    """The bytes of one file, in memory or in a spool file."""

    def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`; fewer only at the end of the file."""
        ...


class Held:
    """Content that is held in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`."""
        return self._data[offset : offset + length]


class Head:
    """The first bytes of a file of which no more is kept."""

    def __init__(self, content: Content, length: int) -> None:
        self._content = content
        self._length = length

    def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`.

        Raises:
            ParseError: they are not all among the first bytes.
        """
        if offset + length > self._length:
            raise ParseError(
                f"reads {length} bytes at {offset}, and only its first {self._length} bytes are kept"
            )
        return self._content.read(offset, length)


@dataclass(frozen=True, slots=True)
class File:
    """One file of a target, as an extractor sees it. Its bytes are hostile."""

    path: str
    """Relative to the root of the image or folder, without leading slash."""
    size: int
    mode: int
    content: Content
    siblings: Mapping[str, bytes] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """The path without its last part, "" at the root."""
        return self.path.rpartition("/")[0]

    @property
    def data(self) -> bytes:
        """All bytes of a file that fits into memory.

        Raises:
            ParseError: the file is larger than `limits.memory_file`; use `read` for such files.
        """
        if self.size > self.limits.memory_file:
            raise ParseError(
                f"{self.size} bytes are more than limits.memory_file ({self.limits.memory_file})",
                hint="raise [limits] memory_file in ospo.toml if the file is genuine",
            )
        return self.content.read(0, self.size)

    @property
    def text(self) -> str:
        """The same as text; bytes that are not UTF-8 become replacement characters."""
        return self.data.decode("utf-8", "replace")

    def read(self, offset: int, length: int) -> bytes:
        """Return exactly `length` bytes from `offset`.

        Raises:
            ParseError: the file ends before that, or the range is not sensible.
        """
        if offset < 0 or length < 0 or offset + length > self.size:
            raise ParseError(f"reads {length} bytes at {offset}, beyond its {self.size} bytes")
        data = self.content.read(offset, length)
        if len(data) < length:
            raise ParseError(f"ends at {offset + len(data)}, before its {self.size} bytes")
        return data

    def sibling(self, name: str) -> bytes | None:
        """Return the bytes of a file declared in `Extractor.siblings`, or None where there is none.

        The name is relative to this file's folder and may go down ("licenses/LICENSE") but not up.
        """
        return self.siblings.get(name)


@dataclass(frozen=True, slots=True)
class Extractor:
    """One package ecosystem's reader. Found by walking the package: see `ospo.extractors`."""

    name: str
    """Unique, lower case with dashes; users see it."""
    version: int
    """Raise it whenever what `extract` returns for the same bytes changes: cached facts expire by it."""
    patterns: tuple[str, ...]
    """Globs over paths without leading slash: `**/` any folders, `*` within one segment."""
    evidence: Evidence
    extract: Callable[[File], Iterator[Record]]
    """Pure; yields what it can, then may raise `ParseError` and nothing else: what was yielded is kept."""
    ecosystem: str
    """How people call it: "Debian", "Python"."""
    licenses_from: str
    """Where its licence words come from, one short phrase for the docs; "none" when it has none."""
    magic: tuple[bytes, ...] = ()
    """First bytes of files wanted whatever their name."""
    needle: bytes = b""
    """Bytes that every file it can read holds: shared libraries too large for memory, which are the giants of
    images and hardly ever what an extractor by magic looks for, are only kept if they have them."""
    head: int = 0
    """How many first bytes are all that it reads, 0 for all bytes. Of a file that only such extractors want
    no more is kept, and `limits.file_size` does not count: weights of models have many GB."""
    siblings: tuple[str, ...] = ()
    """Names beside the file, without wildcards, whose bytes `File.sibling` must offer."""
    database: bool = False
    """True for a package database: failing to read it leaves the scan incomplete (a blocking problem)."""
