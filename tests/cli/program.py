"""Running ospo as its users do: as a program, in a folder with small images of one made-up Debian package."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from image_archives import Made, write_folder
from images import Blob, blob, layout
from registry_server import FakeRegistry, index

from ospo.model import Artifact, ArtifactKind, Platform, ScanResult, Target, TargetKind

STATUS = "Package: hello\nStatus: install ok installed\nArchitecture: all\nVersion: 1.0\n\n"
PROGRAM = (sys.executable, "-c", "from ospo.cli.main import main; main()")


def environment(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a run that touches nothing outside the folder."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder / "home"),
        "OSPO_DB": str(folder / "ospo.db"),
        "OSPO_CACHE_DIR": str(folder / "cache"),
        "SOURCE_DATE_EPOCH": "1767225600",
        "PYTHONWARNINGS": "error",
        "COLUMNS": "100",
        **more,
    }


def enter(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write the images into the folder and work there, in this process."""
    write_images(folder)
    monkeypatch.chdir(folder)
    for name, value in environment(folder).items():
        monkeypatch.setenv(name, value)
    return folder


def ospo(folder: Path, *arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run a command in the folder, without terminal."""
    options: dict[str, Any] = {
        "env": environment(folder),
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "timeout": 60,
    }
    return subprocess.run([*PROGRAM, *arguments], cwd=folder, text=True, check=False, **(options | more))


@contextmanager
def started(folder: Path, *arguments: str, **more: Any) -> Iterator[subprocess.Popen[str]]:
    """Start a command; what still runs at the end of the block is killed."""
    process = subprocess.Popen(
        [*PROGRAM, *arguments],
        cwd=folder,
        env=environment(folder),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **more,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def write_images(folder: Path) -> None:
    """Write layouts: `image`, one with a `damaged` layer, one with an `odd` file, one of `two` platforms."""
    whole = blob({"var/lib/dpkg/status": STATUS})
    layout(folder / "image", whole)
    layout(folder / "damaged", Blob(whole.data[: len(whole.data) // 2], whole.media_type))
    layout(folder / "odd", blob({"var/lib/dpkg/status": STATUS, "app/node_modules/x/package.json": "{"}))
    write_folder(folder / "two", _two_platforms())


def _two_platforms() -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    descriptors = []
    for architecture in ("amd64", "arm64"):
        files |= Made(architecture=architecture).layout()
        (descriptor,) = json.loads(files["index.json"])["manifests"]
        descriptors.append(descriptor | {"platform": {"os": "linux", "architecture": architecture}})
    return files | {"index.json": index(*descriptors)}


def push(registry: FakeRegistry, image: Made) -> None:
    """Put an image into a registry, as `team/app:1.0`."""
    files = image.layout()
    (descriptor,) = json.loads(files["index.json"])["manifests"]
    manifest = files["blobs/" + descriptor["digest"].replace(":", "/")]
    registry.push("team/app:1.0", manifest, *files.values())


def empty_result(name: str = "dir:/src") -> ScanResult:
    """Return what a scan of an image without anything in it finds out."""
    return ScanResult(
        target=Target(name, TargetKind.IMAGE, name),
        artifact=Artifact(ArtifactKind.IMAGE, "sha256:" + "0" * 64, Platform("linux", "amd64")),
        components=(),
        dependencies=(),
        problems=(),
        distro=None,
        scanned_at="2026-01-01T00:00:00Z",
        facts_version="f",
    )
