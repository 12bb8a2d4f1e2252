"""Make an OCI image layout of the Python packages installed beside this interpreter.

    .venv/bin/python examples/demo_image.py FOLDER

A real image to scan, without a network or a container engine. It has three gzip layers: what ospo needs,
what its tests need on top, and one that removes pip again. The same installed files give the same bytes.
Format: https://github.com/opencontainers/image-spec
"""

import gzip
import hashlib
import json
import platform
import shutil
import sys
import sysconfig
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from io import BytesIO
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

APP = "ospo"
REMOVED = "pip"
# The specification names processors as Go does.
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
EPOCH = "1970-01-01T00:00:00Z"
OCI = "application/vnd.oci.image"

Content = Path | bytes
"""A file's bytes, or where they lie."""


@dataclass(frozen=True)
class Blob:
    """Something stored in the layout under the digest of its bytes."""

    media_type: str
    digest: str
    size: int
    diff_id: str = ""
    """Of a layer: digest of the tar archive before compression."""

    def descriptor(self) -> dict[str, object]:
        """Refer to the blob as manifests do."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": self.size}


def write_image(layers: Mapping[str, Mapping[str, Content]], folder: Path) -> str:
    """Write an image from what made each layer to the files in it; return the manifest's digest."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    written = [write_layer(files, blobs) for files in layers.values()]
    config = {
        "created": EPOCH,
        "architecture": ARCHITECTURES.get(platform.machine(), platform.machine()),
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in written]},
        "history": [{"created": EPOCH, "created_by": name} for name in layers],
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{OCI}.manifest.v1+json",
        "config": write_json(config, f"{OCI}.config.v1+json", blobs).descriptor(),
        "layers": [layer.descriptor() for layer in written],
    }
    image = write_json(manifest, f"{OCI}.manifest.v1+json", blobs)
    index = {"schemaVersion": 2, "manifests": [image.descriptor()]}
    (folder / "index.json").write_text(json.dumps(index))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return image.digest


def write_layer(files: Mapping[str, Content], blobs: Path) -> Blob:
    """Write files as a gzip layer, in the order of their names."""
    tar, packed = blobs / "layer.tar", blobs / "layer.tar.gz"
    with tarfile.open(tar, "w") as archive:
        for name, content in sorted(files.items()):
            data = content.read_bytes() if isinstance(content, Path) else content
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, BytesIO(data))
    # Level 1: the demo is about scanning, and an image is as real with larger layers.
    with tar.open("rb") as source, packed.open("wb") as file, gzip.GzipFile("", "wb", 1, file, mtime=0) as gz:
        shutil.copyfileobj(source, gz)
    diff_id, digest = digest_of(tar), digest_of(packed)
    tar.unlink()
    stored = packed.rename(blobs / digest.removeprefix("sha256:"))
    return Blob(f"{OCI}.layer.v1.tar+gzip", digest, stored.stat().st_size, diff_id)


def digest_of(path: Path) -> str:
    """Hash a file."""
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def write_json(value: object, media_type: str, blobs: Path) -> Blob:
    """Write a manifest or configuration."""
    data = json.dumps(value).encode()
    digest = hashlib.sha256(data).hexdigest()
    (blobs / digest).write_bytes(data)
    return Blob(media_type, f"sha256:{digest}", len(data))


def demo_layers(site_packages: Path) -> dict[str, dict[str, Content]]:
    """Sort the packages of an environment into the layers of the demo image."""
    installed = {str(canonicalize_name(d.name)): d for d in distributions(path=[str(site_packages)])}
    needed = set(closure(APP, installed))
    prefix = f"opt/app/lib/python3.{sys.version_info.minor}/site-packages/"
    runtime: dict[str, Content] = {}
    tests: dict[str, Content] = {}
    # The application itself is left out: it is only a link to the checkout.
    for name in installed.keys() - {APP}:
        layer = runtime if name in needed else tests
        layer.update((prefix + path, site_packages / path) for path in files_of(installed[name]))
    gone = {path.split("/")[0] for path in files_of(installed[REMOVED])}
    removed: dict[str, Content] = {f"{prefix}.wh.{name}": b"" for name in gone}
    return {f"what {APP} needs": runtime, "what its tests need": tests, f"{REMOVED} removed": removed}


def closure(name: str, installed: Mapping[str, Distribution]) -> Iterator[str]:
    """Find what a package needs, directly and indirectly, itself included."""
    waiting, seen = [(name, "")], set()
    while waiting:
        current = waiting.pop()
        if current in seen or current[0] not in installed:
            continue
        seen.add(current)
        yield current[0]
        for text in installed[current[0]].requires or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": current[1]}):
                needed = str(canonicalize_name(requirement.name))
                waiting += [(needed, extra) for extra in ("", *requirement.extras)]


def files_of(distribution: Distribution) -> Iterable[str]:
    """List a package's files below site-packages without bytecode, which holds times."""
    for path in distribution.files or ():
        if path.parts[0] != ".." and path.suffix != ".pyc":
            yield path.as_posix()


def main() -> None:
    """Make the image in the folder that the command line names, in place of the one made before."""
    folder = Path(sys.argv[1])
    if folder.exists() and not (folder / "oci-layout").is_file():
        sys.exit(f"{folder} is there and is no image layout")
    shutil.rmtree(folder, ignore_errors=True)
    layers = demo_layers(Path(sysconfig.get_path("purelib")))
    digest = write_image(layers, folder)
    print(f"{folder}: {len(layers)} layers, {sum(map(len, layers.values()))} files, {digest}")


if __name__ == "__main__":
    main()
