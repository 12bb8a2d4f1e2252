"""Times the terminal UI in a pseudo-terminal, beside Textual's own table with the same rows.

    .venv/bin/python bench/terminal_ui.py            # 100,000 findings, three rounds
    .venv/bin/python bench/terminal_ui.py 1000000 1

First paint is the first row on the terminal, counted from the start of the process; CPU is what the process
and its threads have used until then.
"""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import places

from ospo.model import (
    Artifact,
    ArtifactKind,
    Finding,
    Platform,
    ScanResult,
    Severity,
    Target,
    TargetKind,
)
from ospo.store import database, writer

EACH = 1000
"""Findings of one target."""
SIZE = (45, 160)
TIMEOUT = 120.0
TICK = os.sysconf("SC_CLK_TCK")

RULES = (
    ("denied-license", Severity.HIGH),
    ("unsigned-image", Severity.HIGH),
    ("archived-project", Severity.CRITICAL),
    ("unknown-license", Severity.MEDIUM),
    ("old-base-image", Severity.LOW),
    ("no-supplier", Severity.INFO),
)

PEER = """
import sqlite3, sys
from textual.app import App
from textual.widgets import DataTable

class Peer(App):
    def compose(self):
        yield DataTable()
    def on_mount(self):
        table = self.query_one(DataTable)
        table.add_columns("sev", "rule", "target", "component", "age", "state", "message", "fix")
        table.add_rows(sqlite3.connect(sys.argv[1]).execute(
            "SELECT '> ' || severity, rule, target_identity, subject, first_seen, state, message, fix"
            " FROM finding"))

Peer().run()
"""


class Terminal:
    """A program in a pseudo-terminal."""

    def __init__(self, *argv: str) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
        environment = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self._start = time.perf_counter()
        self._process = subprocess.Popen(
            argv, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
        )
        os.close(slave)

    def wait_for(self, mark: str) -> tuple[float, float]:
        """Return the seconds since the start, or since the last key, until a text is shown; and CPU."""
        wanted, seen = mark.encode(), b""
        while wanted not in seen:
            left = self._start + TIMEOUT - time.perf_counter()
            if left < 0 or not select.select([self._master], [], [], left)[0]:
                raise SystemExit(f"{mark!r} is not shown within {TIMEOUT:.0f} s")
            seen = seen[-1000:] + os.read(self._master, 65536)
        return time.perf_counter() - self._start, self._cpu()

    def press(self, keys: str) -> None:
        """Type; what was shown before does not count."""
        while select.select([self._master], [], [], 0.5)[0]:
            os.read(self._master, 65536)
        self._start = time.perf_counter()
        os.write(self._master, keys.encode())

    def close(self) -> int:
        """End the program; return its peak memory in bytes."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        self._process.kill()
        self._process.wait()
        os.close(self._master)
        return int(peak.split()[1]) * 1024

    def _cpu(self) -> float:
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK


def make(path: Path, count: int) -> None:
    """Write a database with so many findings, unless it is there."""
    if path.exists():
        return
    half = path.with_suffix(".half")
    half.unlink(missing_ok=True)
    connection = database.connect(half)
    for number in range(count // EACH):
        writer.save(connection, _scan(number), [_finding(number, index) for index in range(EACH)])
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    half.rename(path)


def _scan(number: int) -> ScanResult:
    name = f"registry.example/team{number % 9}/app-{number}"
    return ScanResult(
        target=Target(f"{name}:1.0", TargetKind.IMAGE, name),
        artifact=Artifact(ArtifactKind.IMAGE, f"sha256:{number:064x}", Platform("linux", "amd64")),
        components=(),
        dependencies=(),
        problems=(),
        distro=None,
        scanned_at=f"2026-{number % 9 + 1:02}-{number % 27 + 1:02}T10:00:00Z",
        facts_version="f",
    )


def _finding(number: int, index: int) -> Finding:
    rule, severity = RULES[(index * 7 + number) % len(RULES)]
    return Finding(
        f"{number:08x}{index:08x}",
        rule,
        severity,
        f"registry.example/team{number % 9}/app-{number}",
        f"pkg:npm/package-{index}@1.{index % 7}.0",
        f"package-{index} has no license that the policy knows",
        "replace it, or waive it",
    )


def ospo(path: Path) -> dict[str, float]:
    """Return what one run of `ospo tui` takes."""
    terminal = Terminal(
        sys.executable, "-c", "from ospo.cli.main import main; main()", "tui", "--db", str(path)
    )
    wall, cpu = terminal.wait_for("▌")
    figures = {"first paint, s": wall, "first paint, CPU s": cpu}

    def timed(name: str, keys: str, mark: str) -> None:
        terminal.press(keys)
        figures[name] = terminal.wait_for(mark)[0]

    timed("one line down, s", "j", "▌")
    timed("to the last row, s", "G", "INFO")
    timed("other order, s", "s", "by rule")
    terminal.press("/")
    timed("filter of one letter, s", "9", " of ")
    figures["peak memory, MB"] = terminal.close() / 1e6
    return figures


def data_table(path: Path) -> dict[str, float]:
    """Return what one run of Textual's table takes."""
    terminal = Terminal(sys.executable, "-c", PEER, str(path))
    wall, cpu = terminal.wait_for("> ")
    return {
        "first paint, s": wall,
        "first paint, CPU s": cpu,
        "peak memory, MB": terminal.close() / 1e6,
    }


def main() -> None:
    """Print the best run and the median of each figure."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    places.FOLDER.mkdir(parents=True, exist_ok=True)
    path = places.FOLDER / f"findings-{count}.db"
    make(path, count)
    programs: tuple[tuple[str, Callable[[Path], dict[str, float]], int], ...] = (
        ("ospo tui", ospo, rounds),
        ("DataTable.add_rows", data_table, 1),
    )
    print(f"{count:,} findings, {SIZE[1]}x{SIZE[0]}, load {os.getloadavg()[0]:.1f}")
    for name, run, times in programs:
        runs = [run(path) for _ in range(times)]
        print(f"\n{name}, best and median of {times}")
        for figure in runs[0]:
            each = [one[figure] for one in runs]
            print(f"  {figure:<26}{min(each):9.3f}{median(each):9.3f}")


if __name__ == "__main__":
    main()
