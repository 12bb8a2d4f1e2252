"""OCI image layouts in a folder, `oci-dir:PATH[:TAG|@DIGEST]`, and what layouts in archives share with them.

Format: https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from ospo.errors import LayerError, TargetError
from ospo.model import Layer, Target, TargetKind
from ospo.sources.digests import is_digest
from ospo.sources.interface import Image, SourceOptions
from ospo.sources.local import open_regular, read_bounded, split_path
from ospo.sources.manifests import Descriptor, read_index
from ospo.sources.resolve import resolve

_REF_NAME = "org.opencontainers.image.ref.name"
_IMAGE_NAME = "io.containerd.image.name"
"""The whole name, where Docker and containerd keep only the tag in the annotation of the specification."""

_INCOMPLETE = "the layout is incomplete: copy the image again"


class Files(Protocol):
    """The files of a layout by name, in a folder or in an archive."""

    def read(self, name: str, limit: int) -> bytes:
        """Return a whole file of at most `limit` bytes.

        Raises:
            TargetError: it is not there, larger, or cannot be read.
        """
        ...

    def open(self, name: str) -> BinaryIO:
        """Open a file.

        Raises:
            TargetError: it is not there or cannot be opened.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Folder:
    root: Path

    def read(self, name: str, limit: int) -> bytes:
        return read_bounded(self.root / name, limit)

    def open(self, name: str) -> BinaryIO:
        return open_regular(self.root / name)


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout; content is found by digest only."""

    files: Files

    def blob(self, digest: str) -> str:
        """Return the name of a blob; the digest's grammar leaves no room for another folder."""
        if not is_digest(digest):
            raise TargetError(f"{digest!r} is not a digest")
        algorithm, _, value = digest.partition(":")
        return f"blobs/{algorithm}/{value}"

    def open_layer(self, layer: Layer) -> BinaryIO:
        """Open a layer's blob.

        Raises:
            LayerError: it is missing or cannot be read.
        """
        try:
            return self.files.open(self.blob(layer.digest))
        except TargetError as error:
            raise LayerError(error.message, hint=_INCOMPLETE) from error


def open_layout(rest: str, options: SourceOptions) -> tuple[Image, ...]:
    """Open the image of a layout folder that the tag, digest and platform choose.

    Raises:
        TargetError: no layout there, or not exactly one image is meant.
    """
    path, wanted = split_path(rest, Path.is_dir)
    if not (path / "index.json").is_file():
        raise TargetError(
            f"no OCI layout at {rest}: there is no index.json", hint="a plain folder is scanned with dir:PATH"
        )
    return open_images(_Folder(path), f"oci-dir:{path.resolve()}", wanted, f"oci-dir:{rest}", options)


def open_images(
    files: Files, identity: str, wanted: str, reference: str, options: SourceOptions
) -> tuple[Image, ...]:
    """Open the image of a layout that the tag or digest `wanted` and the platform choose.

    Raises:
        TargetError: the layout is malformed, or not exactly one image is meant.
    """
    layout = Layout(files)
    index = files.read("index.json", options.limits.manifest_size)
    descriptors = pick(read_index(index, "index.json"), wanted, reference)

    def fetch(descriptor: Descriptor) -> bytes:
        try:
            return files.read(layout.blob(descriptor.digest), options.limits.manifest_size)
        except TargetError as error:
            raise TargetError(error.message, hint=_INCOMPLETE) from error

    name = identity + (f"{'@' if is_digest(wanted) else ':'}{wanted}" if wanted else "")
    return tuple(
        Image(
            Target(name, TargetKind.IMAGE, identity, reference, resolved.index_digest),
            resolved.artifact,
            layout.open_layer,
            resolved.problems,
        )
        for resolved in resolve(descriptors, fetch, options)
    )


def pick(descriptors: tuple[Descriptor, ...], wanted: str, where: str) -> tuple[Descriptor, ...]:
    """Choose the descriptors that a tag, name or digest means, or all when they are one image's platforms.

    Raises:
        TargetError: the tag or digest is not there, or several images are meant.
    """
    place = where.removesuffix(f":{wanted}").removesuffix(f"@{wanted}")
    chosen = tuple(d for d in descriptors if not wanted or wanted in (d.digest, *_names(d)))
    if not chosen:
        names = sorted({name for d in descriptors for name in _names(d)[:1]})
        raise TargetError(
            f"{where}: not in the layout; there is: {', '.join(names[:10]) or 'no named image'}",
            hint=f"name what is there, as in {place}:{names[0]}" if names else f"write {place} alone",
        )
    # One image may have several tags, and a descriptor for each.
    unique = tuple({d.digest: d for d in chosen}.values())
    names = sorted({name for d in unique for name in _names(d)[:1]})
    if len(names) > 1:
        raise TargetError(
            f"{where} holds several images: {', '.join(names[:10])}",
            hint=f"name one of them after the path, as in {place}:{names[0]}",
        )
    return unique


def _names(descriptor: Descriptor) -> tuple[str, ...]:
    """The names of an image, the most telling first."""
    names = (descriptor.annotation(_IMAGE_NAME), descriptor.annotation(_REF_NAME))
    return tuple(name for name in names if name)
