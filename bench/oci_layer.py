"""Makes OCI layers from overlay directories, and OCI layouts from layers; build-images.sh calls it.

    oci_layer.py pack UPPER LAYER        an overlay's upper directory to a gzip layer and meta.json
    oci_layer.py zstd LAYER OTHER        the same tar, compressed with zstd, to OTHER
    oci_layer.py image LAYOUT LAYER...   layers, bottom to top, to an OCI layout

Formats: OCI image specification, "layer.md" (whiteouts), "manifest.md", "image-layout.md". The same tree
gives the same bytes: members are sorted and times end at SOURCE_DATE_EPOCH.
"""

import hashlib
import json
import os
import stat
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from io import BufferedIOBase
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Buffer

EPOCH = int(os.environ.get("SOURCE_DATE_EPOCH", "1735689600"))
CREATED = "2025-01-01T00:00:00Z"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
META = "meta.json"


class Digested(BufferedIOBase):
    """Passes bytes on to a file and keeps their digest and number."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, data: "Buffer") -> int:
        """Write, hash and count."""
        self._hash.update(data)
        written = self._out.write(data)
        self.size += written
        return written

    @property
    def digest(self) -> str:
        """The digest of what was written."""
        return f"sha256:{self._hash.hexdigest()}"


def pack(upper: Path, layer: Path) -> None:
    """Write the tar of an overlay's upper directory, and what a manifest has to say about it."""
    layer.mkdir(parents=True, exist_ok=True)
    blob = layer / "layer.tar.gz"
    counts = {"files": 0, "entries": 0, "whiteouts": 0}
    with blob.open("wb") as out, subprocess.Popen(["pigz", "-n"], stdin=subprocess.PIPE, stdout=out) as pigz:
        assert pigz.stdin is not None
        tar_bytes = Digested(pigz.stdin)
        with tarfile.open(fileobj=tar_bytes, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            for path in _walk(upper):
                _add(tar, path, path.relative_to(upper), counts)
        pigz.stdin.close()
    if pigz.returncode:
        raise SystemExit(f"pigz ended with {pigz.returncode}")
    tar_facts = {"diff_id": tar_bytes.digest, "usize": tar_bytes.size}
    _describe(layer, blob, LAYER_TYPE + "+gzip", {**tar_facts, **counts})


def _walk(folder: Path) -> Iterator[Path]:
    """Yield what is in a folder, sorted by name, folders before their content."""
    for path in sorted(folder.iterdir()):
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from _walk(path)


def _add(tar: tarfile.TarFile, path: Path, name: Path, counts: dict[str, int]) -> None:
    """Add one member; overlayfs's marks, devices 0/0 and opaque folders, become whiteouts."""
    status = path.lstat()
    if stat.S_ISCHR(status.st_mode) and status.st_rdev == 0:
        _add_empty(tar, name.with_name(f".wh.{name.name}"), counts)
        return
    member = tar.gettarinfo(path, str(name))
    if member is None:  # a socket
        return
    member.mtime = min(int(member.mtime), EPOCH)
    member.uname = member.gname = ""
    counts["entries"] += 1
    if member.isreg():
        with path.open("rb") as content:
            tar.addfile(member, content)
    else:
        tar.addfile(member)
    counts["files"] += member.isreg() or member.islnk()
    if member.isdir() and _opaque(path):
        _add_empty(tar, name / ".wh..wh..opq", counts)


def _add_empty(tar: tarfile.TarFile, name: Path, counts: dict[str, int]) -> None:
    member = tarfile.TarInfo(str(name))
    member.mtime = EPOCH
    tar.addfile(member)
    counts["entries"] += 1
    counts["whiteouts"] += 1


def _opaque(path: Path) -> bool:
    try:
        return os.getxattr(path, "trusted.overlay.opaque") == b"y"
    except OSError:
        return False


def _describe(layer: Path, blob: Path, media_type: str, facts: dict[str, Any]) -> None:
    with blob.open("rb") as file:
        digest = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    about = {"blob": blob.name, "digest": digest, "size": blob.stat().st_size, "mediaType": media_type}
    (layer / META).write_text(json.dumps({**facts, **about}, indent=1))


def to_zstd(layer: Path, other: Path) -> None:
    """Compress a layer's tar with zstd instead of gzip."""
    other.mkdir(parents=True, exist_ok=True)
    blob = other / "layer.tar.zst"
    with (
        blob.open("wb") as out,
        subprocess.Popen(["pigz", "-dc", _blob(layer)], stdout=subprocess.PIPE) as pigz,
    ):
        subprocess.run(["zstd", "-q", "-3", "-c"], stdin=pigz.stdout, stdout=out, check=True)
    if pigz.returncode:
        raise SystemExit(f"pigz ended with {pigz.returncode}")
    _describe(other, blob, LAYER_TYPE + "+zstd", _meta(layer))


def make_image(layout: Path, layers: list[Path]) -> None:
    """Write an OCI layout of one image; layers are hard links."""
    (layout / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
    metas = [_meta(layer) for layer in layers]
    for layer, meta in zip(layers, metas, strict=True):
        target = layout / "blobs" / Path(*meta["digest"].split(":"))
        if not target.exists():
            target.hardlink_to(_blob(layer))
    config = {
        "architecture": "amd64",
        "os": "linux",
        "created": CREATED,
        "config": {"Cmd": ["/bin/sh"], "Labels": {"org.opencontainers.image.title": layout.name}},
        "rootfs": {"type": "layers", "diff_ids": [meta["diff_id"] for meta in metas]},
        "history": [{"created": CREATED, "created_by": layer.name} for layer in layers],
    }
    manifest_type = "application/vnd.oci.image.manifest.v1+json"
    manifest = {
        "schemaVersion": 2,
        "mediaType": manifest_type,
        "config": _put(layout, config, "application/vnd.oci.image.config.v1+json"),
        "layers": [{key: meta[key] for key in ("mediaType", "digest", "size")} for meta in metas],
    }
    entry = _put(layout, manifest, manifest_type)
    entry["platform"] = {"os": "linux", "architecture": "amd64"}
    entry["annotations"] = {"org.opencontainers.image.ref.name": "latest"}
    (layout / "oci-layout").write_text(json.dumps({"imageLayoutVersion": "1.0.0"}))
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    size, files = (sum(meta[key] for meta in metas) for key in ("size", "files"))
    print(f"{layout.name}: {len(layers)} layers, {size / 1e6:.0f} MB, {files} files, {entry['digest']}")


def _put(layout: Path, value: object, media_type: str) -> dict[str, Any]:
    """Store a JSON value as a blob; return its descriptor."""
    data = json.dumps(value, sort_keys=True).encode()
    digest = hashlib.sha256(data).hexdigest()
    (layout / "blobs" / "sha256" / digest).write_bytes(data)
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}


def _meta(layer: Path) -> dict[str, Any]:
    meta: dict[str, Any] = json.loads((layer / META).read_text())
    return meta


def _blob(layer: Path) -> Path:
    return layer / Path(_meta(layer)["blob"]).name


def main() -> None:
    """Do what the first argument says."""
    match sys.argv[1:]:
        case ["pack", upper, layer]:
            pack(Path(upper), Path(layer))
        case ["zstd", layer, other]:
            to_zstd(Path(layer), Path(other))
        case ["image", layout, *layers] if layers:
            make_image(Path(layout), [Path(layer) for layer in layers])
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
