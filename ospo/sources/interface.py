"""What a source gives: images whose blobs can be opened, a folder, or an SBOM's components."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from ospo.limits import Limits
from ospo.model import Artifact, Component, Distro, Layer, Platform, Problem, Target
from ospo.registry_settings import RegistrySettings


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """What the user asked for beside the reference."""

    platform: Platform | None = None
    """Scan this platform of a multi-platform image; None: the machine's own architecture on Linux."""
    all_platforms: bool = False
    limits: Limits = field(default_factory=Limits)
    registry: RegistrySettings = field(default_factory=RegistrySettings)


class OpenLayer(Protocol):
    """Opens one layer's blob for reading from its start; may be called more than once."""

    def __call__(self, layer: Layer) -> BinaryIO:
        """Return the blob as stored.

        Raises:
            LayerError: the blob is missing, or cannot be opened.
            RegistryError: a registry does not give it.
        """
        ...


@dataclass(frozen=True, slots=True)
class Image:
    """One image of one platform, resolved to a digest, its manifest and configuration verified."""

    target: Target
    artifact: Artifact
    open_layer: OpenLayer
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Folder:
    """A root file system or project folder on disk."""

    target: Target
    root: Path


@dataclass(frozen=True, slots=True)
class SbomFile:
    """The components that an SBOM lists."""

    target: Target
    artifact: Artifact
    components: tuple[Component, ...]
    dependencies: tuple[tuple[str, tuple[str, ...]], ...]
    distro: Distro | None = None
    problems: tuple[Problem, ...] = ()


Source = Image | Folder | SbomFile

Opener = Callable[[str, SourceOptions], tuple[Source, ...]]
"""Takes what follows the scheme; returns one source, or one for each platform with `all_platforms`.

Raises:
    TargetError: nothing is there, or it is not what the scheme says.
"""
