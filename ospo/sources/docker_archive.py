"""Images that `docker save` and its like wrote: `docker-archive:PATH[:REPO:TAG|@DIGEST]`.

There is no manifest with digests: an image is known by its configuration, and that names its layers by the
digests of their uncompressed bytes. They are checked here: the artifact's digest covers what is read.
"""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from ospo.errors import LayerError, TargetError
from ospo.image.decompress import compression_of, decompress
from ospo.limits import Limits
from ospo.model import Artifact, Layer, Target, TargetKind
from ospo.sources.configs import to_artifact
from ospo.sources.digests import check_digest, digest_of
from ospo.sources.docker_list import Saved, pick, read_list, reference_or_none
from ospo.sources.interface import Image, SourceOptions
from ospo.sources.local import split_path
from ospo.sources.manifests import Descriptor, Manifest
from ospo.sources.platforms import refuse_all_platforms, require
from ospo.sources.tar_file import TarFile, open_tar

_CONFIG_TYPE = "application/vnd.docker.container.image.v1+json"
_LAYER_TYPES = {
    "plain": "application/vnd.docker.image.rootfs.diff.tar",
    "gzip": "application/vnd.docker.image.rootfs.diff.tar.gzip",
    "zstd": "application/vnd.docker.image.rootfs.diff.tar.zstd",
}
_WORKERS = 4


def open_docker_archive(rest: str, options: SourceOptions) -> tuple[Image, ...]:
    """Open the image of an archive that the name chooses; there is one platform only.

    Raises:
        UsageError: all platforms are asked for.
        TargetError: no such archive there, not exactly one image is meant, or it is not what it claims to be.
    """
    path, wanted = split_path(rest, Path.is_file)
    return read_docker(open_tar(path, options.limits), path, wanted, f"docker-archive:{rest}", options)


def read_docker(
    archive: TarFile, path: Path, wanted: str, reference: str, options: SourceOptions
) -> tuple[Image, ...]:
    """Open the image of an archive that is open already."""
    refuse_all_platforms(options, "an archive of `docker save`")
    saved = pick(read_list(archive, options.limits), wanted, archive.where)
    name = identity = f"docker-archive:{path.resolve()}"
    # Without a tag asked for it is the first, so that both ways to name the image mean one target.
    named = reference_or_none(wanted)
    named = named if named in saved.references else next(iter(saved.references), None)
    if named:
        name, identity = f"{name}:{named}", f"{identity}:{named.identity}"
    elif wanted:
        name = f"{name}@{wanted}"
    return (read_image(archive, saved, Target(name, TargetKind.IMAGE, identity, reference), options),)


def read_image(archive: TarFile, saved: Saved, target: Target, options: SourceOptions) -> Image:
    """Read an image's configuration, hash its layers, and make sure that they belong together.

    Raises:
        TargetError: something is missing, or not what the configuration says; runtimes refuse such an image.
    """
    config = archive.read(saved.config, options.limits.manifest_size)
    if saved.digest:
        check_digest(config, saved.digest, f"{archive.where}: configuration")
    # A layer that is listed twice, or by a link to another, is one member.
    members = [archive.member(name) for name in saved.layers]
    unique = list(dict.fromkeys(members))
    with ThreadPoolExecutor(_WORKERS) as pool:
        layers = dict(zip(unique, pool.map(partial(_describe, archive), unique), strict=True))
    described = Descriptor(_CONFIG_TYPE, digest_of(config), len(config))
    manifest = Manifest(_CONFIG_TYPE, described, tuple(layers[name] for name in members))
    artifact, problems = to_artifact(described, manifest, config, options.limits)
    require(artifact.platform, options.platform)
    _check_layers(archive, artifact, members, options.limits)
    by_digest = dict(zip((layer.digest for layer in artifact.layers), members, strict=True))

    def open_layer(layer: Layer) -> BinaryIO:
        return archive.open(by_digest[layer.digest])

    return Image(target, artifact, open_layer, problems)


def _describe(archive: TarFile, member: str) -> Descriptor:
    """Hash a layer as stored, and see how it is compressed."""
    pieces = archive.pieces(member)
    first = next(pieces, b"")
    digest, size = hashlib.sha256(), 0
    for piece in chain((first,), pieces):
        digest.update(piece)
        size += len(piece)
    compression = compression_of(_LAYER_TYPES["plain"], first)
    return Descriptor(_LAYER_TYPES[compression], f"sha256:{digest.hexdigest()}", size)


def _check_layers(archive: TarFile, artifact: Artifact, members: list[str], limits: Limits) -> None:
    checked: set[tuple[str, str]] = set()
    for layer, member in zip(artifact.layers, members, strict=True):
        pair = layer.digest, layer.diff_id
        if not layer.diff_id:
            raise _mixed_up(archive, f"the configuration has not the {len(members)} layers that are listed")
        if layer.digest == layer.diff_id or pair in checked:
            continue
        got = _inflated_digest(archive, member, layer, limits)
        if got != layer.diff_id:
            raise _mixed_up(
                archive,
                f"layer {layer.index} is not the configuration's (got {got}, expected {layer.diff_id})",
            )
        checked.add(pair)


def _inflated_digest(archive: TarFile, member: str, layer: Layer, limits: Limits) -> str:
    algorithm = layer.diff_id.partition(":")[0]
    digest = hashlib.new(algorithm)
    try:
        for piece in decompress(archive.pieces(member), layer.media_type, limits):
            digest.update(piece)
    except LayerError as error:
        where = f"{archive.where}: layer {layer.index}"
        raise TargetError(f"{where}: {error.message}", hint=error.hint) from error
    return f"{algorithm}:{digest.hexdigest()}"


def _mixed_up(archive: TarFile, what: str) -> TargetError:
    return TargetError(
        f"{archive.where}: {what}", hint="runtimes refuse such an image: it is damaged or was tampered with"
    )
