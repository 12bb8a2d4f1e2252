"""Random access to the members of an image archive: a tar on disk, or one that arrives as a stream.

Nothing is unpacked: one walk over the headers gives an index of names, and members are read where they lie.
Links are followed inside the index only. A compressed archive is inflated once, into a file without a name.
"""

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from ospo.errors import LayerError, TargetError
from ospo.extractors.interface import Content
from ospo.image.decompress import compression_of, decompress
from ospo.image.paths import resolve, text
from ospo.image.spool import Spool
from ospo.image.stream import CHUNK
from ospo.image.tar import DIRECTORY, HARD_LINK, REGULAR, SYMBOLIC_LINK, Entry, clean, walk
from ospo.limits import Limits, MiB
from ospo.sources.local import open_regular

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_TAR = "application/vnd.oci.image.layer.v1.tar"
_INDEX_SIZE = 32 * MiB
"""Memory for the index, estimated: some 100,000 members; an archive of a hundred images has 10,000."""
_ENTRY_SIZE = 256


@dataclass(frozen=True, slots=True)
class _Member:
    offset: int
    size: int
    sparse: bool


class TarFile:
    """The members of one archive by name, as if it were unpacked: of equal names the last counts."""

    def __init__(self, content: Content, size: int, where: str, limits: Limits) -> None:
        """Index the members; `where` names the archive in messages.

        Raises:
            TargetError: it is no tar, damaged, truncated, or has too many members.
        """
        self.where = where
        self._content = content
        self._members: dict[str, _Member] = {}
        self._links: dict[str, str] = {}
        self._repeated: set[str] = set()
        try:
            self._index(_Seeking(content, size), limits)
        except LayerError as error:
            raise TargetError(f"{where}: {error.message}", hint=error.hint) from error
        except OSError as error:
            raise TargetError(f"{where}: cannot be read: {error.strerror}") from error

    def _index(self, stream: "_Seeking", limits: Limits) -> None:
        room = _INDEX_SIZE
        for entry in walk(stream, limits):
            room -= _ENTRY_SIZE + len(entry.path) + len(entry.link)
            if room < 0:
                raise LayerError("has too many members for an image archive")
            if entry.escapes:
                raise LayerError(f"has a member whose name points outside: {_shown(text(entry.path))}")
            if entry.kind != DIRECTORY:
                self._add(entry, stream.position)

    def _add(self, entry: Entry, offset: int) -> None:
        name = text(entry.path)
        if name in self._members or name in self._links:
            self._repeated.add(name)
            self._members.pop(name, None)
            self._links.pop(name, None)
        if entry.kind == REGULAR:
            self._members[name] = _Member(offset, entry.size, entry.sparse)
        elif entry.kind == SYMBOLIC_LINK:
            self._links[name] = text(entry.link)
        elif entry.kind == HARD_LINK:
            self._links[name] = "/" + text(clean(entry.link)[0])

    def __contains__(self, name: str) -> bool:
        return self._resolve(name) in self._members

    def member(self, name: str) -> str:
        """Follow links to the regular member that a name leads to, and return that member's name.

        Raises:
            TargetError: there is none.
        """
        final = self._resolve(name)
        if final not in self._members:
            raise TargetError(
                f"{self.where}: has no file {_shown(name)}",
                hint="the archive is incomplete: save the image again",
            )
        return final

    def read(self, name: str, limit: int) -> bytes:
        """Return a document of at most `limit` bytes.

        One that is there twice is refused: Docker would take the last, Podman the first
        (https://github.com/containers/image/blob/main/docker/internal/tarfile/reader.go).

        Raises:
            TargetError: it is not there, too large, or there more than once.
        """
        final = self.member(name)
        if final in self._repeated:
            raise TargetError(
                f"{self.where}: holds {_shown(final)} more than once", hint="save the image again"
            )
        size = self._members[final].size
        if size > limit:
            raise TargetError(
                f"{self.where}: {_shown(final)} has {size} bytes, more than limits.manifest_size ({limit})",
                hint="raise [limits] manifest_size in ospo.toml if the image is genuine",
            )
        return b"".join(self.pieces(final))

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield a member's bytes in pieces.

        Raises:
            TargetError: it is not there, or cannot be read.
        """
        with self.open(name) as file:
            try:
                yield from iter(partial(file.read, CHUNK), b"")
            except OSError as error:
                raise TargetError(f"{self.where}: cannot be read: {error.strerror}") from error

    def open(self, name: str) -> BinaryIO:
        """Open a member; several may be read at the same time.

        Raises:
            TargetError: it is not there, or stored as a sparse file.
        """
        member = self._members[self.member(name)]
        if member.sparse:
            raise TargetError(
                f"{self.where}: {_shown(name)} is stored as a sparse file, which is not read",
                hint="pack the archive again without --sparse",
            )
        return cast(BinaryIO, _Section(self._content, member))

    def _resolve(self, name: str) -> str:
        return resolve(name, self._links, last=True)


def open_tar(path: Path, limits: Limits) -> TarFile:
    """Open an archive on disk.

    Raises:
        TargetError: as `TarFile`, or the file cannot be opened or decompressed, or exceeds a limit.
    """
    with open_regular(path) as file:
        if compression_of(_TAR, file.read(4)) == "plain":
            return TarFile(_OnDisk(file), os.fstat(file.fileno()).st_size, str(path), limits)
        file.seek(0)
        return spool_tar(iter(partial(file.read, CHUNK), b""), str(path), limits)


def spool_tar(chunks: Iterator[bytes], where: str, limits: Limits) -> TarFile:
    """Keep an archive that arrives as a stream, decompressed; it is bounded as one layer is.

    Raises:
        TargetError: as `TarFile`, or there is no room for it, it cannot be decompressed, or exceeds a limit.
    """
    size = 0

    def counted() -> Iterator[bytes]:
        nonlocal size
        for chunk in decompress(chunks, _TAR, limits):
            size += len(chunk)
            yield chunk

    try:
        content = Spool(counted())
    except LayerError as error:
        raise TargetError(f"{where}: {error.message}", hint=error.hint) from error
    return TarFile(content, size, where, limits)


class _OnDisk:
    """Random access to an open file, whatever becomes of its name."""

    def __init__(self, file: BinaryIO) -> None:
        self._descriptor = os.dup(file.fileno())

    def __del__(self) -> None:
        if hasattr(self, "_descriptor"):
            os.close(self._descriptor)

    def read(self, offset: int, length: int) -> bytes:
        return os.pread(self._descriptor, length, offset)


class _Seeking:
    """Passes over content without reading it."""

    def __init__(self, content: Content, size: int) -> None:
        self.position = 0
        self._content = content
        self._size = size

    def read(self, length: int) -> bytes:
        data = self._content.read(self.position, length)
        self.position += len(data)
        return data

    def skip(self, length: int) -> int:
        passed = min(length, self._size - self.position)
        self.position += passed
        return passed


class _Section(io.RawIOBase):
    """One member as a file."""

    def __init__(self, content: Content, member: _Member) -> None:
        self._content = content
        self._offset = member.offset
        self._end = member.offset + member.size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        data = self._content.read(self._offset, min(len(view), self._end - self._offset))
        view[: len(data)] = data
        self._offset += len(data)
        return len(data)


def _shown(name: str) -> str:
    """Names come from the archive: shortened, and without control characters."""
    return ascii(name[:160])
