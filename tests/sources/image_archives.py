"""Tiny images for tests, as layouts and as archives.

The one package in them is made up; the tools that convert them, skopeo and tar, are real where installed.
"""

import hashlib
import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from registry_server import describe, index

from ospo.scan import ScanOptions, scan
from ospo.sources.interface import SourceOptions
from ospo.sources.manifests import OCI_MANIFEST

CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
STATUS = b"Package: hello\nStatus: install ok installed\nArchitecture: all\nVersion: %d.0\n\n"

needs_skopeo = pytest.mark.skipif(shutil.which("skopeo") is None, reason="skopeo is not installed")


def hex_of(data: bytes) -> str:
    """SHA-256 of the bytes."""
    return hashlib.sha256(data).hexdigest()


def file(name: str, data: bytes) -> tuple[tarfile.TarInfo, bytes]:
    """A regular member."""
    info = tarfile.TarInfo(name)
    info.size = len(data)
    return info, data


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    """A link."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, b""


def tar(members: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    """Pack members as they are, whatever their names."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def layer(version: int = 1) -> bytes:
    """A layer that installs one version of one Debian package."""
    return tar([file("var/lib/dpkg/status", STATUS % version)])


@dataclass
class Made:
    """An image, and what archives say about it; change anything before it is packed."""

    layers: list[bytes] = field(default_factory=lambda: [layer()])
    diff_ids: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=lambda: ["registry.example/app:1.0"])
    architecture: str = "amd64"

    def __post_init__(self) -> None:
        self.diff_ids = self.diff_ids or [f"sha256:{hex_of(data)}" for data in self.layers]

    @property
    def config(self) -> bytes:
        """The image's configuration."""
        return json.dumps(
            {
                "os": "linux",
                "architecture": self.architecture,
                "config": {},
                "rootfs": {"type": "layers", "diff_ids": self.diff_ids},
            }
        ).encode()

    def entry(self, config: str = "{}.json", layers: list[str] | None = None) -> dict[str, object]:
        """What `manifest.json` says about it."""
        names = layers or [f"{number}/layer.tar" for number in range(len(self.layers))]
        return {"Config": config.format(hex_of(self.config)), "RepoTags": self.tags, "Layers": names}

    def saved(self, config: str = "{}.json") -> list[tuple[tarfile.TarInfo, bytes]]:
        """The members that Docker before 25 wrote for it; the folders' names are shorter here."""
        members = [file(f"{number}/layer.tar", data) for number, data in enumerate(self.layers)]
        members.append(file(config.format(hex_of(self.config)), self.config))
        return [*members, file("manifest.json", json.dumps([self.entry(config)]).encode())]

    def layout(self, *annotations: dict[str, str]) -> dict[str, bytes]:
        """The files of an OCI layout, with a descriptor for each of the given annotations."""
        manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "config": describe(self.config, CONFIG_TYPE),
                "layers": [describe(data, LAYER_TYPE) for data in self.layers],
            }
        ).encode()
        blobs = [manifest, self.config, *self.layers]
        descriptors = [describe(manifest, OCI_MANIFEST, annotations=given) for given in annotations or ({},)]
        return {
            "oci-layout": b'{"imageLayoutVersion":"1.0.0"}',
            "index.json": index(*descriptors),
            **{f"blobs/sha256/{hex_of(blob)}": blob for blob in blobs},
        }


def ref_name(tag: str, image: str = "") -> dict[str, str]:
    """The annotations of a tag, and of the whole name as Docker and containerd add it."""
    annotations = {"org.opencontainers.image.ref.name": tag}
    return annotations | ({"io.containerd.image.name": image} if image else {})


def write_folder(folder: Path, files: dict[str, bytes]) -> Path:
    """Write a layout as a folder."""
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def write_tar(path: Path, members: Iterable[tuple[tarfile.TarInfo, bytes]] | dict[str, bytes]) -> Path:
    """Write an archive."""
    if isinstance(members, dict):
        members = [file(name, data) for name, data in members.items()]
    path.write_bytes(tar(members))
    return path


def skopeo_copy(source: str, target: str) -> None:
    """Convert an image with skopeo, on disk only."""
    command = ["skopeo", "--insecure-policy", "copy", "--quiet", source, target]
    subprocess.run(command, check=True, capture_output=True, timeout=60)


def components(reference: str, options: SourceOptions | None = None) -> list[str]:
    """Scan and return the keys of what is found; there must be no problem."""
    (result,) = scan(reference, ScanOptions("2026-01-01T00:00:00Z", options or SourceOptions()))
    assert result.problems == ()
    return [component.key for component in result.components]
