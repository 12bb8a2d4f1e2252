"""Which source a reference means: by its scheme, or by what lies at a path.

A bare name means the registry, never a file of that name: what a gate scans must not depend on the folder
that it happens to run in. A local path without scheme starts with `/`, `./`, `../` or `~`.
"""

import importlib
from codecs import BOM_UTF8
from pathlib import Path

from ospo.errors import LayerError, TargetError, UsageError
from ospo.image.decompress import GZIP_MAGIC, ZSTD_MAGIC
from ospo.image.stream import TarStream
from ospo.image.tar import walk
from ospo.limits import Limits
from ospo.sources.interface import Opener, Source, SourceOptions
from ospo.sources.local import open_regular, split_path
from ospo.sources.mistaken import refuse_mistaken

# Scheme -> (module, function); imported when it is used, because some need heavy packages.
SCHEMES = {
    "archive": ("archive", "open_archive"),
    "dir": ("directory", "open_directory"),
    "docker": ("daemon", "open_docker"),
    "docker-archive": ("docker_archive", "open_docker_archive"),
    "oci-archive": ("oci_archive", "open_oci_archive"),
    "oci-dir": ("oci_layout", "open_layout"),
    "podman": ("daemon", "open_podman"),
    "registry": ("registry", "open_registry"),
    "sbom": ("sbom_file", "open_sbom"),
}
_HEAD = 2 << 20
"""Bytes that tell what a file is; a tar may begin with an extended header of up to 1 MiB."""
_ELSEWHERE = frozenset(("registry", "docker", "podman"))


def open_reference(reference: str, options: SourceOptions) -> tuple[Source, ...]:
    """Open what a reference names.

    Raises:
        UsageError: the scheme is unknown, or the reference is ambiguous.
        TargetError: nothing that can be scanned is there.
    """
    scheme, rest = split(reference)
    module, function = SCHEMES[scheme]
    opener: Opener = getattr(importlib.import_module(f"ospo.sources.{module}"), function)
    return opener(rest, options)


def split(reference: str) -> tuple[str, str]:
    """Split a reference into scheme and the rest, detecting the scheme where none is written.

    Raises:
        UsageError: it is empty, ambiguous, or seems to have a scheme that is none.
        TargetError: it is a path at which nothing known lies.
    """
    refuse_mistaken(reference, SCHEMES)
    scheme, colon, rest = reference.partition(":")
    if colon and scheme in SCHEMES:
        return scheme, rest
    if not reference.strip():
        raise UsageError(
            "the reference is empty", hint="name an image, as in registry.example/app:1.0, or a folder"
        )
    if _is_path(reference):
        return _detect(reference), reference
    if _exists(Path(reference)):
        raise UsageError(
            f"{reference!r} is a local path and could be an image name as well",
            hint=f"write ./{reference} for the path, or registry:{reference} for the image",
        )
    return "registry", reference


def local_path(reference: str) -> Path | None:
    """Return the path that a reference names on this machine, or None for images from elsewhere.

    Raises:
        TargetError: it is no path that can be looked for.
    """
    scheme, colon, rest = reference.partition(":")
    if colon and scheme in SCHEMES:
        return split_path(rest, Path.exists)[0] if scheme not in _ELSEWHERE else None
    return split_path(reference, Path.exists)[0] if _is_path(reference) else None


def _is_path(reference: str) -> bool:
    return reference.startswith(("/", "./", "../", "~")) or reference in (".", "..")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        # A reference may be longer than a file name.
        return False


def _detect(reference: str) -> str:
    """Tell what lies at a path, which a tag or digest may follow."""
    path, _ = split_path(reference, Path.exists)
    if path.is_dir():
        layout = (path / "oci-layout").is_file() and (path / "index.json").is_file()
        return "oci-dir" if layout else "dir"
    if path.exists():
        return _detect_file(path)
    raise TargetError(f"nothing that can be scanned at {path}", hint="check the path")


def _detect_file(path: Path) -> str:
    """Tell what a file is by its beginning; which kind of archive, the one who reads it sees."""
    with open_regular(path) as file:
        head = file.read(_HEAD)
    if head.startswith((GZIP_MAGIC, ZSTD_MAGIC)) or _is_tar(head):
        return "archive"
    if head.removeprefix(BOM_UTF8).lstrip()[:1] in (b"{", b"<"):
        return "sbom"
    raise TargetError(
        f"{path} is neither an image archive nor an SBOM",
        hint="an archive is a tar, plain, gzip or zstd; an SBOM is CycloneDX (JSON, XML) or SPDX (JSON)",
    )


def _is_tar(head: bytes) -> bool:
    try:
        return next(walk(TarStream(iter((head,))), Limits()), None) is not None
    except LayerError:
        return False
