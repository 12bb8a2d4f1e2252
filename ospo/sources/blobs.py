"""A blob that is read over a network as if it were a file."""

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

from ospo.errors import NetworkError, RegistryError
from ospo.net import Stream

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_RESUMES = 5
_PROGRESS = 1 << 20
"""Bytes after which a broken connection counts as a new one."""


class Blob(io.RawIOBase):
    """Reads exactly as many bytes as the manifest announces, and goes on where a connection broke off.

    What the bytes are is for the reader to check.
    """

    def __init__(self, open_at: Callable[[int], Stream], size: int, where: str) -> None:
        """`open_at` opens the blob at an offset; `size` is in bytes."""
        self._open_at = open_at
        self._size = size
        self._where = where
        self._position = 0
        self._stream: Stream | None = None
        self._resumes = _RESUMES
        self._broken_at = 0

    def readable(self) -> bool:
        """Return true."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fill a part of the buffer, all of it never promised.

        Raises:
            RegistryError: the registry does not give the rest, or gives more than there should be.
        """
        view = memoryview(buffer).cast("B")
        while True:
            try:
                data = self._more(len(view))
            except NetworkError as e:
                self._break(e)
                continue
            view[: len(data)] = data
            self._position += len(data)
            return len(data)

    def close(self) -> None:
        """Close the connection."""
        self._drop()
        super().close()

    def _more(self, wanted: int) -> bytes:
        if self._stream is None:
            if self._position == self._size:
                return b""
            self._stream = self._open_at(self._position)
        left = self._size - self._position
        # One byte is asked for beyond the end, to see that there is none.
        data = self._stream.read(min(wanted, left) or 1)
        if data and not left:
            raise RegistryError(
                f"{self._where}: the registry gives more than the {self._size} bytes announced"
            )
        if not data and left:
            raise NetworkError(f"{self._stream.url}: the blob ends early", transient=True)
        if not data:
            self._drop()
        return data

    def _break(self, error: NetworkError) -> None:
        self._drop()
        if self._position - self._broken_at >= _PROGRESS:
            self._resumes = _RESUMES
        self._broken_at = self._position
        if not error.transient or not self._resumes:
            raise RegistryError(
                f"{self._where}: no more after byte {self._position} of {self._size}: {error.message}",
                hint=error.hint or "try again later",
            ) from error
        self._resumes -= 1

    def _drop(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None
