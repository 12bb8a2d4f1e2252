"""Images made up for tests: layers from dicts, in any compression, as OCI layouts on disk. Deterministic."""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from isal import igzip

from ospo import zstd
from ospo.model import Artifact, ArtifactKind, Layer, Platform, Target, TargetKind
from ospo.sources.interface import Image
from ospo.sources.manifests import OCI_INDEX, OCI_MANIFEST

MEDIA_TYPES = {
    "plain": "application/vnd.oci.image.layer.v1.tar",
    "gzip": "application/vnd.oci.image.layer.v1.tar+gzip",
    "zstd": "application/vnd.oci.image.layer.v1.tar+zstd",
}
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"


@dataclass(frozen=True)
class Symlink:
    """A symbolic link."""

    target: str


@dataclass(frozen=True)
class Hardlink:
    """A hard link to a path of the same layer."""

    target: str


@dataclass(frozen=True)
class Special:
    """A member of another type: a device, a pipe."""

    type: bytes = tarfile.CHRTYPE


Content = bytes | str | Symlink | Hardlink | Special | None
"""What lies at a path: bytes or text of a file, a link, or None for a folder."""

Tree = Mapping[str, Content]


def member(path: str, content: Content) -> tuple[tarfile.TarInfo, bytes]:
    """Return the header and the bytes of one member."""
    info = tarfile.TarInfo(path)
    info.mode = 0o644
    data = b""
    match content:
        case None:
            info.type, info.mode = tarfile.DIRTYPE, 0o755
        case Symlink(target):
            info.type, info.linkname = tarfile.SYMTYPE, target
        case Hardlink(target):
            info.type, info.linkname = tarfile.LNKTYPE, target
        case Special(kind):
            info.type = kind
        case str() | bytes():
            data = content.encode() if isinstance(content, str) else content
            info.size = len(data)
    return info, data


def tar(*trees: Tree, format: int = tarfile.GNU_FORMAT) -> bytes:
    """Write members in the order of the dicts; a path may occur again in a later dict."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=format) as archive:
        for tree in trees:
            for path, content in tree.items():
                info, data = member(path, content)
                archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


def compress(data: bytes, compression: str) -> bytes:
    """Compress as "gzip", "zstd", or not at all as "plain"."""
    if compression == "gzip":
        return bytes(igzip.compress(data, mtime=0))
    return zstd.compress(data) if compression == "zstd" else data


def digest(data: bytes) -> str:
    """SHA-256 of the bytes, as `sha256:…`."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@dataclass(frozen=True)
class Blob:
    """One layer as stored, and what a manifest says about it."""

    data: bytes
    media_type: str = MEDIA_TYPES["plain"]
    claimed_digest: str = ""
    claimed_size: int = -1

    @property
    def digest(self) -> str:
        """What the manifest says."""
        return self.claimed_digest or digest(self.data)

    @property
    def size(self) -> int:
        """What the manifest says."""
        return self.claimed_size if self.claimed_size >= 0 else len(self.data)


def blob(*trees: Tree, compression: str = "gzip") -> Blob:
    """Return a layer that holds these trees."""
    return Blob(compress(tar(*trees), compression), MEDIA_TYPES[compression])


def image(*blobs: Blob, diff_ids: Sequence[str] = ()) -> Image:
    """Return an image whose blobs are in memory."""
    layers = tuple(
        Layer(index, blob.digest, blob.media_type, blob.size, diff_ids[index] if diff_ids else "")
        for index, blob in enumerate(blobs)
    )
    by_index = dict(enumerate(blobs))
    name = "registry:registry.example/app:1"
    return Image(
        Target(name, TargetKind.IMAGE, "registry:registry.example/app"),
        Artifact(
            ArtifactKind.IMAGE,
            digest(b"".join(blob.data for blob in blobs)),
            Platform("linux", "amd64"),
            layers=layers,
        ),
        lambda layer: io.BytesIO(by_index[layer.index].data),
    )


def layout(folder: Path, *blobs: Blob, tag: str = "") -> Path:
    """Write an OCI layout that holds one image, and return its folder."""
    diff_ids = [blob.digest for blob in blobs]
    config = json.dumps(
        {"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": diff_ids}}
    )
    layers = [{"mediaType": blob.media_type, "digest": blob.digest, "size": blob.size} for blob in blobs]
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": _put(folder, CONFIG_TYPE, config.encode()),
        "layers": layers,
    }
    for blob in blobs:
        _write(folder, blob.digest, blob.data)
    described = _put(folder, OCI_MANIFEST, json.dumps(manifest).encode())
    if tag:
        described["annotations"] = {"org.opencontainers.image.ref.name": tag}
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [described]}
    (folder / "index.json").write_text(json.dumps(index))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return folder


def _put(folder: Path, media_type: str, data: bytes) -> dict[str, object]:
    _write(folder, digest(data), data)
    return {"mediaType": media_type, "digest": digest(data), "size": len(data)}


def _write(folder: Path, name: str, data: bytes) -> None:
    path = folder / "blobs" / name.replace(":", "/")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
