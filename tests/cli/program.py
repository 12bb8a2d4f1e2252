"""Running ospo as its users do: as a program, in a folder with small images of one made-up Debian package."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from image_archives import STATUS, Made, file, layer, tar, write_folder
from registry_server import FakeRegistry, describe, digest, index

from ospo.model import Artifact, ArtifactKind, Platform, ScanResult, Target, TargetKind

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
    options: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "timeout": 60} | more
    return subprocess.run(
        [*PROGRAM, *arguments], cwd=folder, env=environment(folder), text=True, check=False, **options
    )


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Start a command; what still runs at the end of the block is killed."""
    process = subprocess.Popen(
        [*PROGRAM, *arguments],
        cwd=folder,
        env=environment(folder),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def write_images(folder: Path) -> None:
    """Write layouts: `image`, one with a `damaged` layer, one with an `odd` file, one of `two` platforms."""
    write_folder(folder / "image", Made().layout())
    odd = tar([file("var/lib/dpkg/status", STATUS % 1), file("app/node_modules/x/package.json", b"{")])
    write_folder(folder / "odd", Made([odd]).layout())
    whole = gzip.compress(layer(), mtime=0)
    write_folder(folder / "damaged", _of_type("gzip", whole[: len(whole) // 2]))
    write_folder(folder / "two", _two_platforms())


def _of_type(compression: str, data: bytes) -> dict[str, bytes]:
    files = Made([data], diff_ids=["sha256:" + "0" * 64]).layout()
    (manifest,) = json.loads(files["index.json"])["manifests"]
    document = json.loads(files.pop(_blob(manifest["digest"])))
    document["layers"][0]["mediaType"] += f"+{compression}"
    return files | _listed(json.dumps(document).encode(), platform=None)


def _two_platforms() -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    descriptors = []
    for architecture in ("amd64", "arm64"):
        layout = Made(architecture=architecture).layout()
        (descriptor,) = json.loads(layout["index.json"])["manifests"]
        descriptors.append(descriptor | {"platform": {"os": "linux", "architecture": architecture}})
        files |= layout
    return files | {"index.json": index(*descriptors)}


def _listed(manifest: bytes, platform: object) -> dict[str, bytes]:
    more = {"platform": platform} if platform else {}
    descriptor = describe(manifest, "application/vnd.oci.image.manifest.v1+json", **more)
    return {"index.json": index(descriptor), _blob(digest(manifest)): manifest}


def _blob(digest_: str) -> str:
    return "blobs/" + digest_.replace(":", "/")


def push(registry: FakeRegistry, image: Made) -> None:
    """Put an image into a registry, as `team/app:1.0`."""
    files = image.layout()
    (descriptor,) = json.loads(files["index.json"])["manifests"]
    registry.push("team/app:1.0", files[_blob(descriptor["digest"])], *files.values())


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
