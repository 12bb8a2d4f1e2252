"""From a blob to exact reads of its tar: hash, inflate and walk run side by side, in three threads.

Decompression and hashing release the interpreter lock, so two cores are used inside one layer.
"""

import hashlib
import queue
import threading
from collections.abc import Iterator
from typing import BinaryIO

from ospo.errors import LayerError

CHUNK = 1 << 20
_DEPTH = 4


class Prefetch:
    """Runs an iterator of byte chunks in a thread of its own, a few chunks ahead of its reader."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._queue: queue.Queue[bytes | BaseException | None] = queue.Queue(_DEPTH)
        self._closed = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            for chunk in self._chunks:
                self._queue.put(chunk)
                if self._closed.is_set():
                    return
            self._queue.put(None)
        except BaseException as error:  # noqa: BLE001 - handed to the reader, who raises it
            self._queue.put(error)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        item = None if self._ended else self._queue.get()
        if isinstance(item, bytes):
            return item
        self._ended = True
        raise item if item is not None else StopIteration

    def close(self) -> None:
        """Stop the thread and wait for it; what is in flight is dropped."""
        self._closed.set()
        while self._thread.is_alive():
            try:
                self._queue.get(timeout=0.05)
            except queue.Empty:
                continue
        close = getattr(self._chunks, "close", None)
        if close is not None:
            close()


class HashedBlob:
    """Reads a blob in chunks while hashing it; knows its digest once it is read to the end."""

    def __init__(self, blob: BinaryIO, algorithm: str) -> None:
        self._blob = blob
        self._hash = hashlib.new(algorithm)
        self.algorithm = algorithm
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        try:
            while chunk := self._blob.read(CHUNK // 2):
                self._hash.update(chunk)
                self.size += len(chunk)
                yield chunk
        except OSError as error:
            raise LayerError(f"cannot be read: {error.strerror or error}") from error

    @property
    def digest(self) -> str:
        """The digest of what has been read so far, as `algorithm:hex`."""
        return f"{self.algorithm}:{self._hash.hexdigest()}"


class TarStream:
    """Exact reads and skips over a stream of chunks; counts what it has passed."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._buffer = b""
        self._at = 0
        self._passed = 0

    @property
    def position(self) -> int:
        """Bytes from the start of the stream."""
        return self._passed + self._at

    def _next(self) -> bool:
        for chunk in self._chunks:
            self._passed += len(self._buffer)
            self._buffer, self._at = chunk, 0
            if chunk:
                return True
        return False

    def read(self, length: int) -> bytes:
        """Return the next `length` bytes; fewer only at the end of the stream."""
        end = self._at + length
        if end <= len(self._buffer):
            data = self._buffer[self._at : end]
            self._at = end
            return data
        return b"".join(self.pieces(length))

    def pieces(self, length: int) -> Iterator[bytes]:
        """Yield the next `length` bytes in pieces as they come; fewer only at the end of the stream."""
        while length > 0:
            piece = self._buffer[self._at : self._at + length]
            self._at += len(piece)
            length -= len(piece)
            if piece:
                yield piece
            if length and not self._next():
                return

    def peek(self, length: int) -> bytes:
        """Return up to `length` coming bytes without passing them: all of them unless the stream ends."""
        if len(self._buffer) - self._at < length:
            parts, have = [self._buffer[self._at :]], len(self._buffer) - self._at
            self._passed += self._at
            for chunk in self._chunks:
                parts.append(chunk)
                have += len(chunk)
                if have >= length:
                    break
            self._buffer, self._at = b"".join(parts), 0
        return self._buffer[self._at : self._at + length]

    def skip(self, length: int) -> int:
        """Pass `length` bytes without looking at them; return how many there were."""
        left = length
        while left > len(self._buffer) - self._at:
            left -= len(self._buffer) - self._at
            self._at = len(self._buffer)
            if not self._next():
                return length - left
        self._at += left
        return length

    def drain(self) -> int:
        """Pass all that is left; return how many bytes came in pieces that are not all zero."""
        found = 0
        while True:
            piece = self._buffer[self._at :]
            self._at += len(piece)
            found += len(piece) if piece.strip(b"\0") else 0
            if not self._next():
                return found
