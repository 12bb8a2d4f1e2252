"""Which source a reference means: by its scheme, or by what lies at a path.

A bare name means the registry, never a file of that name: what a gate scans must not depend on the folder
that it happens to run in. A local path without scheme starts with `/`, `./`, `../` or `~`.
"""

import importlib
from pathlib import Path

from ospo.errors import TargetError, UsageError
from ospo.sources.interface import Opener, Source, SourceOptions

# Scheme -> (module, function); imported when it is used, because some need heavy packages.
SCHEMES = {
    "dir": ("directory", "open_directory"),
    "oci-dir": ("oci_layout", "open_layout"),
    "registry": ("registry", "open_registry"),
    "sbom": ("sbom_file", "open_sbom"),
}
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
        UsageError: it is empty or ambiguous.
        TargetError: it is a path at which nothing known lies.
    """
    scheme, colon, rest = reference.partition(":")
    if colon and scheme in SCHEMES:
        return scheme, rest
    if not reference.strip():
        raise UsageError(
            "the reference is empty", hint="name an image, as in registry.example/app:1.0, or a folder"
        )
    if _is_path(reference):
        return _detect(Path(reference).expanduser()), reference
    if Path(reference).exists():
        raise UsageError(
            f"{reference!r} is a local path and could be an image name as well",
            hint=f"write ./{reference} for the path, or registry:{reference} for the image",
        )
    return "registry", reference


def local_path(reference: str) -> Path | None:
    """Return the path that a reference names on this machine, or None for images from elsewhere."""
    scheme, colon, rest = reference.partition(":")
    if colon and scheme in SCHEMES:
        return Path(rest).expanduser() if scheme not in _ELSEWHERE else None
    return Path(reference).expanduser() if _is_path(reference) else None


def _is_path(reference: str) -> bool:
    return reference.startswith(("/", "./", "../", "~")) or reference in (".", "..")


def _detect(path: Path) -> str:
    """Tell what lies at a path."""
    if path.is_dir():
        layout = (path / "oci-layout").is_file() and (path / "index.json").is_file()
        return "oci-dir" if layout else "dir"
    raise TargetError(f"nothing that can be scanned at {path}", hint="check the path")
