"""Content too large for memory: a temporary file without a name, gone with the process however it ends."""

import os
import tempfile
from collections.abc import Iterator

from ospo.errors import LayerError


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
                hint="set TMPDIR to a folder with room, or lower [limits] file_size in ospo.toml",
            ) from error

    def __del__(self) -> None:
        if hasattr(self, "_descriptor"):
            os.close(self._descriptor)

    def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`."""
        return os.pread(self._descriptor, length, offset)
