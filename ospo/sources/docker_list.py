"""Which images an archive of `docker save` holds: its `manifest.json`.

Format: https://github.com/moby/docker-image-spec/blob/main/v1.2.md, under "Combined Image JSON"; Docker since
25 and other writers only name the members differently.
"""

import re
from dataclasses import dataclass

import orjson

from ospo.errors import TargetError, UsageError
from ospo.limits import Limits
from ospo.sources.fields import Fields
from ospo.sources.reference import Reference, parse_reference
from ospo.sources.tar_file import TarFile

MANIFEST = "manifest.json"
# The configuration's digest in its name, as Docker, Podman and Skopeo (`<hex>.json`), Docker since 25
# (`blobs/sha256/<hex>`) and go-containerregistry (`sha256:<hex>`) write it. Jib writes `config.json`.
_DIGEST_IN_NAME = re.compile(r"(?:.*/)?(?:sha256:)?([0-9a-f]{64})(?:\.json)?")


@dataclass(frozen=True, slots=True)
class Saved:
    """One image that an archive lists; names are those of members."""

    config: str
    layers: tuple[str, ...]
    """Bottom first."""
    references: tuple[Reference, ...]
    """Its tags, sorted; what is no reference is left out."""

    @property
    def digest(self) -> str:
        """The digest in the name of the configuration, "" where there is none."""
        match = _DIGEST_IN_NAME.fullmatch(self.config)
        return f"sha256:{match[1]}" if match else ""

    def means(self, wanted: str) -> bool:
        """Tell whether a tag or digest names this image; no tag names every image."""
        return not wanted or wanted == self.digest or reference_or_none(wanted) in self.references

    def __str__(self) -> str:
        return str(self.references[0]) if self.references else self.digest or self.config


def read_list(archive: TarFile, limits: Limits) -> tuple[Saved, ...]:
    """Read which images an archive holds.

    Raises:
        TargetError: the list is missing or malformed.
    """
    if MANIFEST not in archive:
        raise TargetError(
            f"{archive.where}: has no {MANIFEST}, so it was not written by docker save",
            hint="an archive of an OCI layout is scanned with oci-archive:PATH",
        )
    data = archive.read(MANIFEST, limits.manifest_size)
    try:
        content = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise TargetError(f"{archive.where}: {MANIFEST} is not JSON: {error}") from error
    # As a field, so that messages say `manifest.json[1].Config`.
    return tuple(_saved(entry) for entry in Fields(archive.where, "", {MANIFEST: content}).children(MANIFEST))


def pick(images: tuple[Saved, ...], wanted: str, where: str) -> Saved:
    """Choose the image that a tag or the digest of its configuration names, or the only one.

    Raises:
        TargetError: it is not there, or several are meant.
    """
    if not images:
        raise TargetError(f"{where}: its {MANIFEST} lists no image")
    chosen = tuple(image for image in dict.fromkeys(images) if image.means(wanted))
    if len(chosen) == 1:
        return chosen[0]
    names = sorted({str(image) for image in chosen or images})
    shown = ", ".join(ascii(name[:160])[1:-1] for name in names[:10])
    if not chosen:
        raise TargetError(f"{where}: {wanted[:160]!r} is not in the archive; there is: {shown}")
    raise TargetError(
        f"{where}: holds {len(chosen)} images: {shown}",
        hint="name one of them after the path, as in docker-archive:PATH:REPO:TAG",
    )


def reference_or_none(text: str) -> Reference | None:
    """Read a reference, or return None for what is none."""
    try:
        return parse_reference(text)
    except UsageError:
        return None


def _saved(entry: Fields) -> Saved:
    tags = {reference for tag in entry.texts("RepoTags") if (reference := reference_or_none(tag))}
    return Saved(entry.text("Config"), entry.texts("Layers"), tuple(sorted(tags, key=str)))
