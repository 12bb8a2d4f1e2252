"""What a document is about: the scanned image, folder or SBOM file, and its distribution."""

from typing import Any

from ospo.model import Artifact, ArtifactKind, BaseImage, Distro, Layer, ScanResult, Target, TargetKind
from ospo.purl import to_purl
from ospo.text import printable

ROOT = "target"
"""The reference of the subject; component references start with `pkg:` or `local:`."""

_HASHES = {"sha256": "SHA-256", "sha512": "SHA-512"}


def subject(result: ScanResult) -> dict[str, Any]:
    """Return the component that the document describes; its version is the artifact's digest."""
    target, artifact = result.target, result.artifact
    entry: dict[str, Any] = {
        "type": _kind(result),
        "bom-ref": ROOT,
        "name": printable(_place(target)),
        "version": printable(artifact.digest),
    }
    algorithm, _, value = artifact.digest.partition(":")
    if algorithm in _HASHES:
        entry["hashes"] = [{"alg": _HASHES[algorithm], "content": value}]
    if purl := _purl(target, artifact):
        entry["purl"] = printable(purl)
    entry["properties"] = [
        {"name": printable(name), "value": printable(value)}
        for name, value in (*_properties(target, artifact), *_base(result.base))
    ]
    return entry


def _kind(result: ScanResult) -> str:
    if result.artifact.kind is ArtifactKind.IMAGE:
        return "container"
    if result.artifact.kind is ArtifactKind.SBOM:
        return "file"
    return "operating-system" if result.distro else "application"


def _place(target: Target) -> str:
    """Return the target's identity without the scheme that its name starts with."""
    scheme, colon, _ = target.name.partition(":")
    return target.identity.removeprefix(scheme + colon)


def _purl(target: Target, artifact: Artifact) -> str:
    """Name an image of a registry (https://github.com/package-url/purl-spec/blob/main/types-doc/oci-definition.md)."""
    scheme, _, reference = target.name.partition(":")
    if target.kind is not TargetKind.IMAGE or scheme != "registry":
        return ""
    repository = _place(target)
    tag = reference.removeprefix(repository).partition("@")[0].removeprefix(":")
    architecture = artifact.platform.architecture if artifact.platform else ""
    qualifiers = (("repository_url", repository), ("arch", architecture), ("tag", tag))
    return to_purl("oci", "", repository.rpartition("/")[2], artifact.digest, qualifiers)


def _properties(target: Target, artifact: Artifact) -> list[tuple[str, str]]:
    properties = [("ospo:target", target.name)]
    if artifact.kind is ArtifactKind.IMAGE:
        properties += [
            ("ospo:image:digest", artifact.digest),
            ("ospo:image:config", artifact.config_digest),
            ("ospo:image:index", target.index_digest),
            ("ospo:image:platform", str(artifact.platform or "")),
            ("ospo:image:created", artifact.created),
        ]
    properties += [(f"ospo:label:{name}", value) for name, value in artifact.labels]
    for layer in artifact.layers:
        properties += _layer(layer)
    return [(name, value) for name, value in properties if value]


def _base(base: BaseImage | None) -> list[tuple[str, str]]:
    if base is None:
        return []
    pairs = (("name", base.name), ("digest", base.digest), ("layers", str(base.layers)))
    return [(f"ospo:base:{name}", value) for name, value in pairs if value]


def _layer(layer: Layer) -> list[tuple[str, str]]:
    prefix = f"ospo:layer:{layer.index}"
    return [
        (prefix, layer.digest),
        (f"{prefix}:diff-id", layer.diff_id),
        (f"{prefix}:size", str(layer.size)),
        (f"{prefix}:created-by", layer.created_by),
    ]


def distribution(distro: Distro | None) -> list[dict[str, Any]]:
    """Return the operating system as a component, in a list that is empty where there is none."""
    if distro is None:
        return []
    details = [("ospo:distro:id-like", " ".join(distro.id_like)), ("ospo:distro:build-id", distro.build_id)]
    entry: dict[str, Any] = {
        "type": "operating-system",
        "bom-ref": "distribution",
        "name": printable(distro.id),
        "version": printable(distro.version_id),
        "description": printable(distro.name),
        "properties": [{"name": name, "value": printable(value)} for name, value in details if value],
    }
    return [{key: value for key, value in entry.items() if value or key == "name"}]
