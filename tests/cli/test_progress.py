"""Progress: a line that moves and goes on a terminal, plain whole lines elsewhere, nothing with -q."""

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from program import PROGRAM, environment, write_images

from ospo.cli.progress import Bar, Lines, amount, progress
from ospo.model import Layer
from ospo.scan import BytesRead, LayerDone, Started

ERASE = "\r\x1b[K"
LAYER = Layer(2, "sha256:" + "0" * 64, "application/x", 17_000_000)


class Terminal(io.StringIO):
    """Says that it is a terminal, of 80 columns."""

    def isatty(self) -> bool:
        return True


class Slow(io.StringIO):
    """Lets other threads in after each write."""

    def write(self, text: str) -> int:
        written = super().write(text)
        time.sleep(0.0001)
        return written


@pytest.fixture(autouse=True)
def no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be on a terminal that can do what terminals do."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm")


def test_lines_are_for_logs() -> None:
    stream = io.StringIO()
    with progress(quiet=False, stream=stream) as report:
        report(Started("oci-dir:/a\n\x1b[2J", "sha256:0", 2, 17_500_000))
        report(BytesRead(1000))
        report(LayerDone(LAYER, cached=False))
        report.note("cache: full\x07")
        report(LayerDone(Layer(0, "sha256:1", "application/x", 500_000), cached=True))
    assert stream.getvalue().splitlines() == [
        r"ospo: scanning oci-dir:/a\n\x1b[2J (2 layers, 18 MB)",
        "ospo: layer 2 read, 17 MB (1 of 2)",
        r"ospo: cache: full\x07",
        "ospo: layer 0 known from an earlier scan (2 of 2)",
    ]


def test_the_bar_moves_and_leaves_nothing() -> None:
    stream = Terminal()
    with progress(quiet=False, stream=stream) as report:
        report(Started("oci-dir:/a", "sha256:0", 2, 34_000_000))
        report(BytesRead(17_000_000))
        report(LayerDone(LAYER, cached=False))
        report.note("cache: full")
        report(LayerDone(LAYER, cached=False))
    begin, first, half, gone, full, end = stream.getvalue().split(ERASE)
    assert (begin, gone, end) == ("", "ospo: cache: full\n", "")
    assert first == "[........................] 0 B of 34 MB, 0 of 2 layers"
    assert half.startswith("[############............] 17 MB of 34 MB, 1 of 2 layers, ")
    assert full.startswith("[############............] 17 MB of 34 MB, 2 of 2 layers")


def test_results_have_the_screen_for_themselves() -> None:
    stream = Terminal()
    with progress(quiet=False, stream=stream) as report:
        report(Started("dir:/a", "", 0, 0))
        report.pause()
        assert stream.getvalue() == f"{ERASE}scanning dir:/a{ERASE}"
        report.pause()
        assert stream.getvalue() == f"{ERASE}scanning dir:/a{ERASE}"


def test_nothing_is_drawn_after_the_end() -> None:
    stream = Terminal()
    with pytest.raises(KeyboardInterrupt), progress(quiet=False, stream=stream) as report:
        report(Started("dir:/a", "", 1, 10))
        raise KeyboardInterrupt
    report(LayerDone(LAYER, cached=False))
    assert stream.getvalue().endswith(ERASE)


@pytest.mark.parametrize("name", ["a" * 200, "é漢字" * 60])
def test_no_line_is_wider_than_the_terminal(name: str) -> None:
    stream = Terminal()
    Bar(stream)(Started(name, "", 0, 0))
    (line,) = stream.getvalue().removeprefix(ERASE).splitlines()
    assert sum(1 if character.isascii() else 2 for character in line) <= 80


@pytest.mark.parametrize(
    ("variable", "value", "kind"),
    [
        ("CI", "true", Lines),
        ("CI", "1", Lines),
        ("CI", "false", Bar),
        ("CI", "", Bar),
        ("TERM", "dumb", Lines),
    ],
)
def test_where_lines_stay_there_is_no_bar(
    variable: str, value: str, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with progress(quiet=False, stream=Terminal()) as report:
        assert type(report) is kind


@pytest.mark.parametrize("make", [Lines, Bar])
def test_threads_do_not_mix_their_lines(make: Callable[[io.StringIO], Lines | Bar]) -> None:
    stream = Slow()
    report = make(stream)

    def work(letter: str) -> None:
        for _ in range(20):
            report.note(letter * 30)

    threads = [threading.Thread(target=work, args=(letter,)) for letter in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = stream.getvalue().splitlines()
    assert len(lines) == 80
    assert all(re.fullmatch(r"ospo: (a{30}|b{30}|c{30}|d{30})", line) for line in lines)


def test_a_stream_that_breaks_does_not_end_the_scan() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    told = 0
    with os.fdopen(writer, "w") as stream, progress(quiet=False, stream=stream) as report:
        for _ in range(2):
            report(Started("dir:/a", "", 0, 0))
            report.note("still here")
            told += 1
    assert told == 2


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (999, "999 B"),
        (34_400, "34 kB"),
        (1_230_000, "1.2 MB"),
        (9_990_000, "10.0 MB"),
        (417_200_000, "417 MB"),
    ],
)
def test_amounts_are_short(size: int, text: str) -> None:
    assert amount(size) == text


def on_terminal(folder: Path, *arguments: str, **more: str) -> str:
    """Run ospo with stdout and stderr on a terminal of 60 columns; return what comes there."""
    write_images(folder)
    screen, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    process = subprocess.Popen(
        [*PROGRAM, *arguments],
        cwd=folder,
        env=environment(folder, TERM="xterm", **more),
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    shown = b""
    try:
        while chunk := os.read(screen, 65536):
            shown += chunk
    except OSError:
        pass  # Linux tells so that nobody holds the terminal any more
    os.close(screen)
    assert process.wait(30) == 0
    return shown.decode().replace("\r\n", "\n")


def test_on_a_real_terminal_only_the_summary_stays(tmp_path: Path) -> None:
    *moving, summary = on_terminal(tmp_path, "scan", "oci-dir:image").split(ERASE)
    assert [text[:1] for text in moving] == ["", *"[" * (len(moving) - 1)]
    assert len(moving) > 2
    assert all(len(text) < 60 and "\n" not in text for text in moving)
    assert summary.startswith(f"oci-dir:{tmp_path}/image\n  is        ")


def test_on_the_terminal_of_a_ci_lines_are_plain(tmp_path: Path) -> None:
    shown = on_terminal(tmp_path, "scan", "oci-dir:image", CI="true")
    assert "\x1b" not in shown
    assert shown.startswith(f"ospo: scanning oci-dir:{tmp_path}/image (1 layer, ")
    assert "\nospo: layer 0 read, " in shown


def test_quiet_leaves_results_only(tmp_path: Path) -> None:
    shown = on_terminal(tmp_path, "sbom", "dir:image", "-q")
    assert shown[:2] == "{\n"
    assert shown[-2:] == "}\n"
