"""Indexes and manifests of images, OCI and Docker schema 2, read from untrusted bytes.

Formats: https://github.com/opencontainers/image-spec/blob/main/manifest.md, …/image-index.md and
https://distribution.github.io/distribution/spec/manifest-v2-2/. Digests are in `ospo.sources.digests`,
platforms in `ospo.sources.platforms`, the way from descriptors to images in `ospo.sources.resolve`.
"""

from dataclasses import dataclass

from ospo.errors import TargetError
from ospo.model import Platform
from ospo.sources.digests import digest_problem, is_digest
from ospo.sources.fields import Fields, read_fields

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"

INDEX_TYPES = frozenset((OCI_INDEX, DOCKER_INDEX))
MANIFEST_TYPES = frozenset((OCI_MANIFEST, DOCKER_MANIFEST))
CONFIG_TYPES = frozenset(
    (
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.docker.container.image.v1+json",
        # What old registries and builders wrote; Docker goes on accepting them:
        # https://github.com/distribution/distribution/issues/1621
        "application/octet-stream",
        "application/json",
        "text/html",
    )
)


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A reference to content by digest and size, with what is said about it."""

    media_type: str
    digest: str
    size: int
    """Bytes."""
    platform: Platform | None = None
    annotations: tuple[tuple[str, str], ...] = ()
    artifact_type: str = ""

    @property
    def is_index(self) -> bool:
        """True when it points at a list of further descriptors."""
        return self.media_type in INDEX_TYPES

    def annotation(self, name: str) -> str:
        """Return the annotation's text, "" when there is none."""
        return dict(self.annotations).get(name, "")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one image consists of."""

    media_type: str
    config: Descriptor
    layers: tuple[Descriptor, ...]
    """Bottom first."""
    annotations: tuple[tuple[str, str], ...] = ()


def media_type_of(data: bytes, document: str = "manifest") -> str:
    """Return the media type of an index or manifest, by its shape where it does not say.

    A document that can be read as both is refused: readers would disagree on what was scanned
    (https://github.com/advisories/GHSA-77vh-xpmg-72qh).

    Raises:
        TargetError: it is neither, both, or of an unsupported format.
    """
    return _media_type(read_fields(data, document))


def read_index(data: bytes, document: str = "index") -> tuple[Descriptor, ...]:
    """Read the descriptors of an index, in the order of the document.

    Raises:
        TargetError: the bytes are no index.
    """
    fields = read_fields(data, document)
    if _media_type(fields) not in INDEX_TYPES:
        raise TargetError(f"{document}: is a manifest, an index was expected")
    return tuple(_descriptor(child) for child in fields.children("manifests"))


def read_manifest(data: bytes, document: str = "manifest") -> Manifest:
    """Read the configuration's and the layers' descriptors of an image manifest.

    Raises:
        TargetError: the bytes are no manifest, or the manifest of something that is not an image.
    """
    fields = read_fields(data, document)
    media_type = _media_type(fields)
    if media_type not in MANIFEST_TYPES:
        raise TargetError(f"{document}: is an index, a manifest was expected")
    config = fields.child("config")
    if config is None:
        fields.fail("config", "is missing")
    manifest = Manifest(
        media_type,
        _descriptor(config),
        tuple(_descriptor(child) for child in fields.children("layers")),
        fields.pairs("annotations"),
    )
    if manifest.config.media_type not in CONFIG_TYPES:
        raise TargetError(
            f"{document}: not a container image, its configuration is {manifest.config.media_type[:100]!r}",
            hint="the reference names another kind of OCI artifact (a chart, a signature, a model …)",
        )
    return manifest


def read_platform(fields: Fields) -> Platform | None:
    """Read the platform of a descriptor or of a configuration, which spell it alike.

    Of Windows' version the patch is left out: it changes with every rebuild of one and the same platform.
    """
    system = fields.optional_text("os") or ""
    architecture = fields.optional_text("architecture") or ""
    if not system and not architecture:
        return None
    version = (fields.optional_text("os.version") or "") if system == "windows" else ""
    build = ".".join(version.split(".")[:3])
    return Platform(system, architecture, fields.optional_text("variant") or "", build)


def _media_type(fields: Fields) -> str:
    stated = fields.optional_text("mediaType") or ""
    if fields.values.get("schemaVersion") == 1:
        raise TargetError(
            f"{fields.document}: Docker schema 1 manifests are unsupported",
            hint="pull the image and push it again with a current Docker, which writes schema 2",
        )
    is_index = "manifests" in fields.values
    is_manifest = "layers" in fields.values or "config" in fields.values
    if is_index and is_manifest:
        raise TargetError(f"{fields.document}: ambiguous, has both manifests and layers")
    if not is_index and not is_manifest:
        raise TargetError(f"{fields.document}: neither an index nor a manifest")
    known = INDEX_TYPES if is_index else MANIFEST_TYPES
    if stated and stated not in known:
        fields.fail("mediaType", f"is {stated[:100]!r}, which is unsupported or not what the document is")
    # OCI lets a document leave its type out; Docker does not.
    return stated or (OCI_INDEX if is_index else OCI_MANIFEST)


def _descriptor(fields: Fields) -> Descriptor:
    digest = fields.text("digest")
    platform = fields.child("platform")
    if not is_digest(digest):
        fields.fail("digest", digest_problem(digest))
    return Descriptor(
        media_type=fields.text("mediaType"),
        digest=digest,
        size=fields.number("size"),
        platform=read_platform(platform) if platform else None,
        annotations=fields.pairs("annotations"),
        artifact_type=fields.optional_text("artifactType") or "",
    )
