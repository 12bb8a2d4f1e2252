"""OCI image layouts in a folder: `oci-dir:PATH[:TAG|@DIGEST]`.

Format: https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ospo.errors import LayerError, TargetError
from ospo.model import Layer, Target, TargetKind
from ospo.sources.digests import is_digest
from ospo.sources.interface import Image, SourceOptions
from ospo.sources.local import open_regular, read_bounded
from ospo.sources.manifests import Descriptor, read_index
from ospo.sources.resolve import resolve

_REF_NAME = "org.opencontainers.image.ref.name"


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout folder; content is found by digest only."""

    root: Path

    def blob(self, digest: str) -> Path:
        """Return the path of a blob; the digest's grammar leaves no room for another folder."""
        if not is_digest(digest):
            raise TargetError(f"{digest!r} is not a digest")
        algorithm, _, value = digest.partition(":")
        return self.root / "blobs" / algorithm / value

    def open_layer(self, layer: Layer) -> BinaryIO:
        """Open a layer's blob.

        Raises:
            LayerError: it is missing or cannot be read.
        """
        try:
            return open_regular(self.blob(layer.digest))
        except TargetError as error:
            raise LayerError(error.message, hint="the layout is incomplete: copy the image again") from error


def open_layout(rest: str, options: SourceOptions) -> tuple[Image, ...]:
    """Open the image of a layout that the tag, digest and platform choose.

    Raises:
        TargetError: no layout there, or not exactly one image is meant.
    """
    path, wanted = _split(rest)
    layout = Layout(path)
    index = read_bounded(path / "index.json", options.limits.manifest_size)
    descriptors = pick(read_index(index, "index.json"), wanted, f"oci-dir:{rest}")

    def fetch(descriptor: Descriptor) -> bytes:
        return read_bounded(layout.blob(descriptor.digest), options.limits.manifest_size)

    identity = f"oci-dir:{path}"
    name = identity + (f"{'@' if is_digest(wanted) else ':'}{wanted}" if wanted else "")
    return tuple(
        Image(
            Target(name, TargetKind.IMAGE, identity, f"oci-dir:{rest}", resolved.index_digest),
            resolved.artifact,
            layout.open_layer,
            resolved.problems,
        )
        for resolved in resolve(descriptors, fetch, options)
    )


def _split(rest: str) -> tuple[Path, str]:
    """Split PATH[:TAG|@DIGEST]; a path that exists as written has neither."""
    path, wanted = Path(rest), ""
    if not path.is_dir():
        for separator in "@:":
            head, found, tail = rest.partition(separator) if separator == "@" else rest.rpartition(":")
            if found and Path(head).is_dir():
                path, wanted = Path(head), tail
                break
    if not (path / "index.json").is_file():
        raise TargetError(
            f"no OCI layout at {rest}: there is no index.json", hint="a plain folder is scanned with dir:PATH"
        )
    return path.resolve(), wanted


def pick(descriptors: tuple[Descriptor, ...], wanted: str, where: str) -> tuple[Descriptor, ...]:
    """Choose the descriptors that a tag or digest names, or all when they are one image's platforms.

    Raises:
        TargetError: the tag or digest is not there, or several tags are and none was asked for.
    """
    names = sorted({name for d in descriptors if (name := d.annotation(_REF_NAME))})
    if not wanted:
        if len(names) > 1:
            raise TargetError(
                f"{where} holds several images: {', '.join(names[:10])}",
                hint=f"name one of them, as in {where}:{names[0]}",
            )
        return descriptors
    chosen = tuple(d for d in descriptors if wanted in (d.digest, d.annotation(_REF_NAME)))
    if not chosen:
        raise TargetError(
            f"{where}: not in the layout; there is: {', '.join(names[:10]) or 'no named image'}"
        )
    return chosen
