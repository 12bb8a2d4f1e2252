"""CycloneDX, JSON and XML: `cyclonedx-json`, `cyclonedx-xml`, each with `@1.6` or `@1.7`."""

from ospo.errors import UsageError
from ospo.model import ScanResult
from ospo.sbom import cyclonedx

FORMATS = ("cyclonedx-json", "cyclonedx-xml")


def check_format(format_: str) -> tuple[str, str]:
    """Split a format such as "cyclonedx-json" or "cyclonedx-xml@1.7" into name and version.

    Raises:
        UsageError: there is no such format or version.
    """
    name, at, version = format_.partition("@")
    if name not in FORMATS:
        raise UsageError(f"unknown format {name!r}", hint=f"known are {', '.join(FORMATS)}")
    if at and version not in cyclonedx.VERSIONS:
        versions = " and ".join(cyclonedx.VERSIONS)
        raise UsageError(f"unknown version {version!r} of {name}", hint=f"known are {versions}")
    return name, version or cyclonedx.DEFAULT_VERSION


def render(result: ScanResult, format_: str) -> bytes:
    """Write a document in a format that `check_format` admits.

    Raises:
        UsageError: there is no such format or version.
    """
    name, version = check_format(format_)
    if name == "cyclonedx-json":
        return cyclonedx.render(result, version)
    from ospo.sbom import library  # imports cyclonedx-python-lib: 0.12 s of CPU

    return library.write_xml(cyclonedx.document(result, version))
