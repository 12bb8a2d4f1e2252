"""The limits of every read of untrusted bytes, in one table.

The defaults admit the largest images seen in practice (25 layers, millions of files, tens of GB) and
stop a bomb within seconds. All of them can be set in the configuration, section `[limits]`.
"""

from dataclasses import dataclass

MiB = 1 << 20
GiB = 1 << 30


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds; what exceeds one becomes a `Problem` or an error that names the limit."""

    layer_size: int = 32 * GiB
    """Bytes of one layer after decompression."""

    layer_ratio: int = 200
    """Decompressed bytes for each compressed byte, judged once a layer has given 256 MiB."""

    layer_entries: int = 5_000_000
    """Entries of one layer."""

    layer_paths: int = 256 * MiB
    """Bytes of all paths and link targets of one layer; a million files have about 80 MiB."""

    image_size: int = 128 * GiB
    """Bytes of all layers of one image after decompression."""

    image_entries: int = 20_000_000
    """Entries of all layers of one image."""

    file_size: int = 1 * GiB
    """Bytes of one file that an extractor may see; a larger one is a Problem."""

    memory_file: int = 32 * MiB
    """Bytes of one wanted file held in memory; a larger one goes to an anonymous spool file."""

    held_size: int = 64 * MiB
    """Bytes of sibling files held in memory until the end of a layer."""

    path_length: int = 4096
    """Bytes of one path (PATH_MAX of Linux)."""

    manifest_size: int = 4 * MiB
    """Bytes of a manifest, index or image configuration (the registry's own customary limit)."""

    layers: int = 1000
    """Layers of one image (Docker stops at 127)."""

    sbom_size: int = 512 * MiB
    """Bytes of an SBOM given as input."""
