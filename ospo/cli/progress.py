"""Progress on stderr: one line that moves on a terminal, plain lines elsewhere, nothing with `-q`."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from ospo.cli.stderr import put
from ospo.scan import BytesRead, Event, LayerDone, Started, Verifying
from ospo.text import one_line

_BAR = 24
_INTERVAL = 0.1
_START = "\r\x1b[K"
"""To the start of the line, and erase it (https://www.xfree86.org/current/ctlseqs.html, CSI K)."""


@contextmanager
def progress(*, quiet: bool, stream: TextIO | None = None) -> Iterator["Reporter"]:
    """Give the reporter that fits the stream (default: stderr); at the end nothing moving is left on it."""
    stream = stream or sys.stderr
    reporter = Reporter() if quiet else Bar(stream) if _moves(stream) else Lines(stream)
    try:
        yield reporter
    finally:
        reporter.close()


def _moves(stream: TextIO) -> bool:
    """Tell whether lines can be written over; CI systems keep what comes, even on a terminal."""
    ci = os.environ.get("CI", "").lower() not in ("", "0", "false")
    return stream.isatty() and not ci and os.environ.get("TERM") != "dumb"


def amount(size: int) -> str:
    """Write a number of bytes as people read sizes of images: 417 MB, 1.2 MB, 34 kB."""
    if size < 1_000_000:
        return f"{size} B" if size < 1000 else f"{size / 1e3:.0f} kB"
    return f"{size / 1e6:.0f} MB" if size >= 10_000_000 else f"{size / 1e6:.1f} MB"


class Reporter:
    """Says nothing; its methods may be called from several threads."""

    def __call__(self, event: Event) -> None:
        """Report an event."""

    def note(self, text: str) -> None:
        """Tell something beside the progress."""

    def pause(self) -> None:
        """Leave the screen to results, until the next event."""

    def close(self) -> None:
        """Leave the screen for good: events that come later are not reported."""


class Lines(Reporter):
    """A line when a scan begins and one for each layer, for logs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._layers = self._done = 0

    def __call__(self, event: Event) -> None:
        """Report an event."""
        match event:
            case Started(target, _, layers, size):
                self._layers, self._done = layers, 0
                content = f" ({_layers(layers)}, {amount(size)})" if layers else ""
                self.note(f"scanning {target}{content}")
            case LayerDone(layer, cached):
                self._done += 1
                how = "known from an earlier scan" if cached else f"read, {amount(layer.size)}"
                self.note(f"layer {layer.index} {how} ({self._done} of {self._layers})")
            case Verifying(layers, size):
                content = f" in {_layers(layers)} ({amount(size)})" if layers else ""
                self.note(f"comparing files with what packages installed{content}")
            case BytesRead():
                pass

    def note(self, text: str) -> None:
        """Write a line."""
        with self._lock:
            put(self._stream, f"ospo: {one_line(text)}\n")


class Bar(Reporter):
    """One line that shows how far a scan is and how long it will take."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._begin = self._shown = time.monotonic()
        self._name = ""
        self._size = self._done = self._layers = self._layers_done = 0
        self._visible = self._closed = False

    def __call__(self, event: Event) -> None:
        """Report an event."""
        with self._lock:
            if self._closed:
                return
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
                case Verifying(_, size):
                    self._size += size
                    self._draw()

    def note(self, text: str) -> None:
        """Write a line above the one that moves."""
        with self._lock:
            self._erase()
            put(self._stream, f"ospo: {one_line(text)}\n")

    def pause(self) -> None:
        """Erase the line until the next event."""
        with self._lock:
            self._erase()

    def close(self) -> None:
        """Erase the line; what is still being read elsewhere draws no other."""
        with self._lock:
            self._erase()
            self._closed = True

    def _draw(self) -> None:
        self._shown = time.monotonic()
        self._visible = True
        put(self._stream, _START + _cut(self._line(), self._stream))

    def _line(self) -> str:
        if not self._size:
            return f"scanning {self._name}"
        part = min(1.0, self._done / self._size)
        bar = ("#" * round(part * _BAR)).ljust(_BAR, ".")
        left = f", {self._left(part):.0f} s left" if 0.05 < part < 1 else ""
        return (
            f"[{bar}] {amount(self._done)} of {amount(self._size)}, "
            f"{self._layers_done} of {_layers(self._layers)}{left}"
        )

    def _left(self, part: float) -> float:
        return (time.monotonic() - self._begin) / part * (1 - part)

    def _erase(self) -> None:
        if self._visible:
            self._visible = False
            put(self._stream, _START)


def _layers(number: int) -> str:
    return f"{number} layer" if number == 1 else f"{number} layers"


def _cut(line: str, stream: TextIO) -> str:
    """Cut a line to the terminal's width: what wraps cannot be erased."""
    try:
        columns = os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:
        columns = 80
    # Letters beyond ASCII may take two columns each.
    width = columns - 1 if line.isascii() else columns // 2
    return line if len(line) <= width else line[: width - 1] + "…"
