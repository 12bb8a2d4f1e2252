"""SPDX 2.2 and 2.3 JSON as input (https://spdx.github.io/spdx-spec/v2.3/)."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from ospo.errors import TargetError
from ospo.model import Component, Distro, RawLicense
from ospo.sbom.identity import from_name, from_purl, kind_of, without_mail
from ospo.sbom.listing import Listing
from ospo.sources.fields import Fields

VERSIONS = ("SPDX-2.2", "SPDX-2.3")

_NOTHING = frozenset(("", "NOASSERTION", "NONE"))
_ALGORITHMS = {"SHA1": "SHA-1", "SHA256": "SHA-256", "SHA384": "SHA-384", "SHA512": "SHA-512"}
"""SPDX spelling to that of CycloneDX, where they differ."""
_ADDRESSES = (("website", "homepage"), ("distribution", "downloadLocation"))


def read(document: Fields) -> Listing:
    """Read the packages, edges and distribution of a document; files and snippets are no components.

    The package that the document describes is its subject, unless it describes several or has only one.

    Raises:
        TargetError: the version is not supported, or a field has the wrong type.
    """
    version = document.text("spdxVersion")
    if version not in VERSIONS:
        raise TargetError(
            f"{document.document}: {version[:20]!r} is not supported",
            hint=f"supported are {', '.join(VERSIONS)}",
        )
    listing = Listing(document.document, version.replace("-", " "))
    created = document.child("creationInfo")
    listing.created = (created and created.optional_text("created")) or ""
    packages, relationships = document.children("packages"), document.children("relationships")
    subject = _subject(document, relationships) if len(packages) > 1 else ""
    texts = dict(_extracted(document))
    for package in packages:
        if not subject or package.optional_text("SPDXID") != subject:
            _add(listing, package, texts)
    for relationship in relationships:
        _relate(listing, relationship)
    return listing


def _subject(document: Fields, relationships: tuple[Fields, ...]) -> str:
    """Return the reference of the one package that the document describes, "" if they are several or none."""
    described = Counter(document.texts("documentDescribes"))
    for relationship in relationships:
        if relationship.text("relationshipType") == "DESCRIBES":
            described[relationship.text("relatedSpdxElement")] += 1
    return next(iter(described)) if len(described) == 1 else ""


def _extracted(document: Fields) -> Iterator[tuple[str, str]]:
    """Give the words behind each licence reference: its name, or else its text."""
    for info in document.children("hasExtractedLicensingInfos"):
        name = info.optional_text("name") or ""
        yield info.text("licenseId"), info.optional_text("extractedText") or "" if name in _NOTHING else name


def _add(listing: Listing, package: Fields, texts: Mapping[str, str]) -> None:
    name, version = package.text("name"), package.optional_text("versionInfo") or ""
    purpose = (package.optional_text("primaryPackagePurpose") or "").lower()
    purl = _purl(package)
    if purpose == "operating-system" and not purl:
        listing.distro = listing.distro or Distro(name, version, package.optional_text("description") or "")
        return
    component = from_purl(purl) if purl else None
    if purl and component is None:
        listing.report(package.path, f"not a package URL: {purl[:200]!r}; the package is known by name only")
    if component is None and not name.strip("/ "):
        listing.report(package.path, "has no name and is left out")
        return
    component = component or from_name("", name, version)
    listing.add(package.optional_text("SPDXID") or "", _described(component, package, purpose, texts))


def _purl(package: Fields) -> str:
    for reference in package.children("externalRefs"):
        if reference.text("referenceType") == "purl":
            return reference.text("referenceLocator")
    return ""


def _described(component: Component, package: Fields, purpose: str, texts: Mapping[str, str]) -> Component:
    urls = ((kind, package.optional_text(key) or "") for kind, key in _ADDRESSES)
    return replace(
        component,
        kind=kind_of(purpose),
        licenses=tuple(_licenses(package, texts)),
        supplier=_supplier(package),
        description=package.optional_text("summary") or package.optional_text("description") or "",
        urls=tuple((kind, url) for kind, url in urls if url not in _NOTHING),
        hashes=tuple(_hashes(package)),
        found_by="spdx",
    )


def _licenses(package: Fields, texts: Mapping[str, str]) -> Iterator[RawLicense]:
    """Give what is declared, or else what the document's author concluded."""
    for field in ("licenseDeclared", "licenseConcluded"):
        words = package.optional_text(field) or ""
        if words not in _NOTHING:
            yield RawLicense(texts.get(words) or words, field)
            return


def _supplier(package: Fields) -> str:
    """Return the name in "Organization: Name (mail)"."""
    for key in ("supplier", "originator"):
        _, colon, name = (package.optional_text(key) or "").partition(":")
        if colon:
            return without_mail(name.strip())
    return ""


def _hashes(package: Fields) -> Iterator[tuple[str, str]]:
    for checksum in package.children("checksums"):
        algorithm = checksum.text("algorithm")
        yield _ALGORITHMS.get(algorithm, algorithm), checksum.text("checksumValue").lower()


def _relate(listing: Listing, relationship: Fields) -> None:
    source, target = relationship.text("spdxElementId"), relationship.text("relatedSpdxElement")
    match relationship.text("relationshipType"):
        case "DEPENDS_ON":
            listing.depend(source, target)
        case "DEPENDENCY_OF" | "RUNTIME_DEPENDENCY_OF":
            listing.depend(target, source)
