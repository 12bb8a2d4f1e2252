"""Progress on stderr: one line that moves on a terminal, plain lines elsewhere, nothing with `-q`."""

import sys
import threading
import time
from typing import TextIO

from ospo.scan import BytesRead, Event, LayerDone, Progress, Started
from ospo.text import one_line

_WIDTH = 24
_INTERVAL = 0.1


def progress(*, quiet: bool, stream: TextIO = sys.stderr) -> Progress:
    """Return the reporter that fits the stream."""
    if quiet:
        return lambda _: None
    return Bar(stream) if stream.isatty() else Lines(stream)


def megabytes(size: int) -> str:
    """Write a number of bytes as people read sizes of images: 417 MB."""
    return f"{size / 1e6:.0f} MB" if size >= 10_000_000 else f"{size / 1e6:.1f} MB"


class Lines:
    """A line when a scan begins and one for each layer, for logs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._layers = 0

    def __call__(self, event: Event) -> None:
        """Report an event."""
        match event:
            case Started(target, _, layers, size):
                self._layers = layers
                amount = f" ({layers} layers, {megabytes(size)})" if layers else ""
                self._say(f"scanning {one_line(target)}{amount}")
            case LayerDone(layer, cached):
                how = "known from an earlier scan" if cached else f"read, {megabytes(layer.size)}"
                self._say(f"layer {layer.index + 1} of {self._layers} {how}")
            case BytesRead():
                pass

    def _say(self, text: str) -> None:
        print(f"ospo: {text}", file=self._stream, flush=True)


class Bar:
    """One line that shows how far a scan is and how long it will take."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._begin = self._shown = time.monotonic()
        self._name = ""
        self._size = self._done = self._layers = self._layers_done = 0

    def __call__(self, event: Event) -> None:
        """Report an event; may be called from several threads."""
        with self._lock:
            match event:
                case Started(target, _, layers, size):
                    self._name, self._layers, self._size = one_line(target), layers, size
                    self._done = self._layers_done = 0
                    self._begin = time.monotonic()
                    self._draw()
                case BytesRead(count):
                    self._done += count
                    if time.monotonic() - self._shown > _INTERVAL:
                        self._draw()
                case LayerDone():
                    self._layers_done += 1
                    self._draw()
                    if self._layers_done == self._layers:
                        self._clear()

    def _draw(self) -> None:
        self._shown = time.monotonic()
        if not self._size:
            self._stream.write(f"\r\x1b[Kscanning {self._name[-60:]}")
        else:
            part = min(1.0, self._done / self._size)
            bar = ("#" * round(part * _WIDTH)).ljust(_WIDTH, ".")
            left = f"{self._left(part):.0f} s left" if 0.05 < part < 1 else ""
            self._stream.write(
                f"\r\x1b[K[{bar}] {megabytes(self._done)} of {megabytes(self._size)}, "
                f"layer {self._layers_done}/{self._layers} {left}"
            )
        self._stream.flush()

    def _left(self, part: float) -> float:
        return (time.monotonic() - self._begin) / part * (1 - part)

    def _clear(self) -> None:
        self._stream.write("\r\x1b[K")
        self._stream.flush()
