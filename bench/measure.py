"""Runs one command to its end and says what it cost."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run of one command took."""

    wall: float
    """Seconds from start to exit."""
    cpu: float
    """User and system seconds of the command and of the children it waited for."""
    peak: float
    """MB (10^6 bytes) resident at the most, of the largest process."""
    code: int
    """Exit code; negative: the signal that ended it."""


def measure(argv: Sequence[str], env: Mapping[str, str], folder: Path) -> Cost:
    """Run a command in a folder, its output in `output.log` there, and wait for it.

    A process of its own starts it: Linux counts to a child's peak what its parent had resident when it was
    started (setmax_mm_hiwater_rss in fs/exec.c), and a parent that has read large SBOMs is not small.
    """
    done = subprocess.run(
        [sys.executable, "-I", __file__, *argv],
        env={**os.environ, **env},
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Cost(**json.loads(done.stdout))


def _run(argv: Sequence[str]) -> Cost:
    """Run a command in this folder; wait4(2) reports exactly this child and its children."""
    with Path("output.log").open("wb") as log:
        begin = time.perf_counter()
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - begin
    child.returncode = os.waitstatus_to_exitcode(status)
    peak = usage.ru_maxrss * 1024 / 1e6
    return Cost(wall, usage.ru_utime + usage.ru_stime, peak, child.returncode)


if __name__ == "__main__":
    print(json.dumps(asdict(_run(sys.argv[1:]))))
