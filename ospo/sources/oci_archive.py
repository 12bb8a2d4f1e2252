"""OCI image layouts in a tar: `oci-archive:PATH[:TAG|@DIGEST]`, plain or compressed, with or without `./`."""

from pathlib import Path

from ospo.sources.interface import Image, SourceOptions
from ospo.sources.local import split_path
from ospo.sources.oci_layout import open_images
from ospo.sources.tar_file import TarFile, open_tar


def open_oci_archive(rest: str, options: SourceOptions) -> tuple[Image, ...]:
    """Open the image of an archive that the tag, digest and platform choose.

    Raises:
        TargetError: no archive of a layout there, or not exactly one image is meant.
    """
    path, wanted = split_path(rest, Path.is_file)
    return read_layout(open_tar(path, options.limits), path, wanted, f"oci-archive:{rest}", options)


def read_layout(
    archive: TarFile, path: Path, wanted: str, reference: str, options: SourceOptions
) -> tuple[Image, ...]:
    """Open the image of an archive that is open already."""
    return open_images(archive, f"oci-archive:{path.resolve()}", wanted, reference, options)
