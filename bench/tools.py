"""The commands that are compared, each as it is run on one image."""

import json
import shutil
import sqlite3
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from places import CHECKOUT, PEERS, SCRATCH, image, program

OSPO_CACHE = SCRATCH / "ospo"
TRIVY_CACHE = SCRATCH / "trivy"
HOME = SCRATCH / "home"


def nothing() -> None:
    """Prepare nothing: the command finds what the one before it left."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One way to look at an image."""

    name: str
    argv: Callable[[Path, Path], list[str]]
    """From the image's layout and the file to write, the command line."""
    env: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[], None] = nothing
    """Called before each run, not timed."""
    writes: bool = True
    """True when it leaves an SBOM in CycloneDX JSON."""

    def sbom(self, name: str) -> Path:
        """Return where its SBOM of an image lies."""
        return SCRATCH / f"{name}.{self.name}.json"

    def command(self, name: str) -> list[str]:
        """Return the command line for an image."""
        return self.argv(image(name), self.sbom(name))


def ospo_program() -> Path:
    """Return the `ospo` beside this Python, or the one that OSPO_BIN names."""
    return program("OSPO_BIN", Path(sys.executable).with_name("ospo"))


def syft_program() -> Path:
    """Return Syft's program."""
    return program("SYFT_BIN", PEERS / "syft")


def trivy_program() -> Path:
    """Return Trivy's program."""
    return program("TRIVY_BIN", PEERS / "trivy")


_JAVA_INDEX = """
CREATE TABLE artifacts (id INTEGER PRIMARY KEY, group_id TEXT, artifact_id TEXT);
CREATE TABLE indices (artifact_id INTEGER, version TEXT, sha1 BLOB, archive_type TEXT);
"""


def _forget_ospo() -> None:
    shutil.rmtree(OSPO_CACHE, ignore_errors=True)


def _forget_trivy() -> None:
    """Empty Trivy's cache, but for an index of jars that knows none.

    Trivy refuses to look at jars without its index, which it would download. With an empty one it names them
    by what is in them, as the other tools do here.
    """
    shutil.rmtree(TRIVY_CACHE, ignore_errors=True)
    folder = TRIVY_CACHE / "java-db"
    folder.mkdir(parents=True)
    with closing(sqlite3.connect(folder / "trivy-java.db")) as index:
        index.executescript(_JAVA_INDEX)
    day = "2099-01-01T00:00:00Z"
    about = {"Version": 1, "NextUpdate": day, "UpdatedAt": day, "DownloadedAt": day}
    (folder / "metadata.json").write_text(json.dumps(about))


def _ospo(layout: Path, sbom: Path) -> list[str]:
    return [str(ospo_program()), "scan", "-q", f"oci-dir:{layout}", "-o", f"cyclonedx-json={sbom}"]


def _syft(layout: Path, sbom: Path) -> list[str]:
    return [str(syft_program()), "scan", "-q", f"oci-dir:{layout}", "-o", f"cyclonedx-json={sbom}"]


def _trivy(layout: Path, sbom: Path) -> list[str]:
    offline = ["--offline-scan", "--skip-db-update", "--skip-java-db-update"]
    where = ["--cache-dir", str(TRIVY_CACHE), "--input", str(layout)]
    what = ["--format", "cyclonedx", "--output", str(sbom), "--timeout", "30m"]
    return [str(trivy_program()), "image", "--quiet", *offline, *where, *what]


def _floor(*options: str) -> Callable[[Path, Path], list[str]]:
    script = CHECKOUT / "bench" / "floor.py"
    return lambda layout, _: [sys.executable, str(script), *options, str(layout)]


# No tool sees a configuration of the user's.
_NEUTRAL = {"HOME": str(HOME), "XDG_CONFIG_HOME": str(HOME / "config"), "XDG_CACHE_HOME": str(HOME / "cache")}
# An installed ospo has its modules compiled; in a checkout, Python must be allowed to compile them.
_COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}
OSPO_ENV = {
    **_NEUTRAL,
    **_COMPILED,
    "OSPO_CACHE_DIR": str(OSPO_CACHE),
    "OSPO_DB": str(OSPO_CACHE / "ospo.db"),
}
_SYFT_ENV = {**_NEUTRAL, "SYFT_CHECK_FOR_APP_UPDATE": "false"}

# In the order of a round: a warm run comes right after the cold run whose cache it uses.
TOOLS = {
    tool.name: tool
    for tool in (
        Tool("ospo", _ospo, OSPO_ENV, _forget_ospo),
        Tool("ospo-warm", _ospo, OSPO_ENV),
        Tool("syft", _syft, _SYFT_ENV),
        Tool("trivy", _trivy, _NEUTRAL, _forget_trivy),
        Tool("trivy-warm", _trivy, _NEUTRAL),
        Tool("floor", _floor(), writes=False),
        Tool("floor-threads", _floor("--threads"), writes=False),
    )
}


def ready() -> None:
    """Make the folders that the commands write to."""
    for folder in (SCRATCH, HOME / "config", HOME / "cache"):
        folder.mkdir(parents=True, exist_ok=True)
