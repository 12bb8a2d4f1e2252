"""What the figures were measured on: machine, load, and the programs' versions."""

import json
import os
import platform
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from tools import ospo_program, syft_program, trivy_program

# More runnable processes than this share of the cores when a run starts: its wall time is not its own.
BUSY = 0.5


def facts(tools: Iterable[str]) -> dict[str, str]:
    """Return label and text of everything that a reader needs to judge the figures, in order of display."""
    about = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "processor": f"{_field('/proc/cpuinfo', 'model name')}, {os.cpu_count()} cores",
        "memory": f"{int(_field('/proc/meminfo', 'MemTotal').split()[0]) * 1024 / 2**30:.0f} GiB",
        "system": f"Linux {platform.release()}",
        "Python": platform.python_version(),
    }
    versions: Mapping[str, Callable[[], str]] = {"ospo": _ospo, "syft": _syft, "trivy": _trivy}
    wanted = {tool.partition("-")[0] for tool in tools}
    return about | {name: version() for name, version in versions.items() if name in wanted}


def load() -> float:
    """Return the one-minute load average: runnable and waiting processes."""
    return os.getloadavg()[0]


def busy() -> bool:
    """Tell whether others use the cores."""
    return load() > BUSY * (os.cpu_count() or 1)


def _field(path: str, label: str) -> str:
    match = re.search(rf"^{label}\s*: *(.*)$", Path(path).read_text(), re.MULTILINE)
    return match[1] if match else "unknown"


def _output(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def _ospo() -> str:
    return _output(str(ospo_program()), "--version").split()[-1]


def _syft() -> str:
    about = json.loads(_output(str(syft_program()), "version", "-o", "json"))
    return f"{about['version']}, built {about['buildDate'][:10]} with {about['goVersion']}"


def _trivy() -> str:
    """Ask the program's Go build information: the build in the npm package calls itself "dev"."""
    program = trivy_program()
    data = program.read_bytes()
    module = re.search(rb"\tgithub\.com/aquasecurity/trivy\tv([0-9][^\t\n]*)", data)
    day = re.search(rb"\tvcs\.time=([0-9-]{10})", data)
    packed = b"UPX!" in data[:512]
    version = module[1].decode() if module else _output(str(program), "--version").split()[1]
    version += f", built {day[1].decode()}" if day else ""
    return f"{version}, still UPX-packed: each run takes about 3 s to unpack itself" if packed else version
