"""The bytes of wanted files: pieces in memory, or a temporary file without a name, gone with the process."""

import os
import tempfile
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate

from ospo.errors import LayerError


class Pieces:
    """Random access to bytes that came as a stream, without copying them together."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = tuple(pieces)
        self._starts = [0, *accumulate(map(len, self._pieces))]

    def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`."""
        first = bisect_right(self._starts, offset) - 1
        last = bisect_right(self._starts, offset + length - 1)
        start = offset - self._starts[first]
        found = self._pieces[first:last]
        if len(found) == 1:
            return found[0][start : start + length]
        return b"".join(found)[start : start + length]


class Spool:
    """Random access to bytes that came as a stream; the file goes when the object goes.

    Raises:
        LayerError: there is no room for the file.
    """

    def __init__(self, pieces: Iterator[bytes]) -> None:
        try:
            with tempfile.TemporaryFile() as file:
                for piece in pieces:
                    file.write(piece)
                file.flush()
                self._descriptor = os.dup(file.fileno())
        except OSError as error:
            raise LayerError(
                f"cannot spool a large file: {error.strerror or error}",
                hint="set TMPDIR to a folder with more room",
            ) from error

    def __del__(self) -> None:
        if hasattr(self, "_descriptor"):
            os.close(self._descriptor)

    def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`."""
        return os.pread(self._descriptor, length, offset)
