"""Scan results made up for the tests of the store."""

from ospo.image.graph import edges
from ospo.model import (
    Artifact,
    ArtifactKind,
    Component,
    Distro,
    Finding,
    Layer,
    Location,
    Platform,
    Problem,
    RawLicense,
    ScanResult,
    Severity,
    Target,
    TargetKind,
)

LINUX = Platform("linux", "amd64")


def component(name: str, version: str = "1.0", words: str = "MIT") -> Component:
    """Return a Python package that needs `base`."""
    return Component(
        type="pypi",
        name=name,
        version=version,
        licenses=(RawLicense(words, "License"),) if words else (),
        depends=("base",),
        found_by="python",
        locations=(Location(f"usr/lib/python3/dist-packages/{name}.dist-info/METADATA", 1),),
    )


def result(
    *names: str,
    target: str = "registry.example/app:1",
    digest: str = "1",
    platform: Platform | None = LINUX,
    at: str = "2026-11-23T10:00:00Z",
    facts_version: str = "f1",
    problems: tuple[Problem, ...] = (),
    components: tuple[Component, ...] = (),
) -> ScanResult:
    """Return what a scan of an image with these components finds."""
    found = tuple(sorted((*components, *map(component, names)), key=lambda one: one.key))
    layers = tuple(
        Layer(
            index,
            f"sha256:{index:064}",
            "application/vnd.oci.image.layer.v1.tar+gzip",
            100,
            created_by=f"RUN {index}",
        )
        for index in range(2)
    )
    return ScanResult(
        target=Target(target, TargetKind.IMAGE, target.rpartition(":")[0], reference=target),
        artifact=Artifact(ArtifactKind.IMAGE, "sha256:" + digest.rjust(64, "0"), platform, layers=layers),
        components=found,
        dependencies=edges(found),
        problems=problems,
        distro=Distro("debian", "12", id_like=("linux",)),
        scanned_at=at,
        facts_version=facts_version,
    )


def finding(
    subject: str, target: str = "registry.example/app", severity: Severity = Severity.MEDIUM
) -> Finding:
    """Return a finding whose fingerprint is its target and subject."""
    return Finding(
        f"{target} {subject}", "unknown-license", severity, target, subject, "declares no license", "ask"
    )
