"""Image archives whose kind their content tells: `archive:PATH[:NAME|@DIGEST]`, and every path to a tar."""

from pathlib import Path

from ospo.errors import TargetError
from ospo.sources.docker_archive import read_docker
from ospo.sources.docker_list import MANIFEST
from ospo.sources.interface import Image, SourceOptions
from ospo.sources.local import split_path
from ospo.sources.oci_archive import read_layout
from ospo.sources.tar_file import open_tar


def open_archive(rest: str, options: SourceOptions) -> tuple[Image, ...]:
    """Open an archive as what it is; it is decompressed once.

    `docker save` writes both kinds into one archive since Docker 25. Then its own list counts, which is what
    `docker load` reads: the layout beside it has had no layers (https://github.com/moby/moby/issues/47065)
    and not all images (https://github.com/moby/moby/issues/51389).

    Raises:
        TargetError: no archive of an image there, or not exactly one image is meant.
    """
    path, wanted = split_path(rest, Path.is_file)
    archive = open_tar(path, options.limits)
    if MANIFEST in archive:
        return read_docker(archive, path, wanted, f"docker-archive:{rest}", options)
    if "index.json" in archive:
        return read_layout(archive, path, wanted, f"oci-archive:{rest}", options)
    raise TargetError(
        f"{path}: a tar, but of no image: it has neither {MANIFEST} nor index.json at its top",
        hint="unpack a root file system or a project and scan the folder",
    )
