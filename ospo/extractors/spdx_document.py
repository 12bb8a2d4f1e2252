"""A small reader of SPDX 2 documents that lie in images: JSON and tag-value (https://spdx.github.io/spdx-spec/v2.3/).

Only packages, their relationships and what identifies them; `ospo.sbom` reads SBOMs that are given as input.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ospo.errors import ParseError
from ospo.extractors.declared_values import json_value
from ospo.extractors.records import bounded, checked, optional, people, without_login
from ospo.model import Component, RawLicense

_NOTHING = frozenset(("", "NOASSERTION", "NONE"))
_DOCUMENT = "SPDXRef-DOCUMENT"
_TAG = re.compile(r"([A-Za-z]+): ?(.*)")
_TEXT, _END_OF_TEXT = "<text>", "</text>"
_FIELDS = {
    "SPDXID": "SPDXID",
    "PackageVersion": "versionInfo",
    "PackageSupplier": "supplier",
    "PackageOriginator": "originator",
    "PackageDownloadLocation": "downloadLocation",
    "PackageHomePage": "homepage",
    "PackageLicenseDeclared": "licenseDeclared",
    "PackageLicenseConcluded": "licenseConcluded",
}
"""Tag of a package to its name in JSON."""


@dataclass(slots=True)
class Document:
    """What an SPDX document lists, still unchecked."""

    packages: list[dict[str, Any]] = field(default_factory=list)
    relationships: list[tuple[str, str, str]] = field(default_factory=list)
    """(reference, type, reference)."""


def read_document(data: bytes) -> Document:
    """Read a document in either form.

    Raises:
        ParseError: it is neither.
    """
    if data.lstrip()[:1] == b"{":
        return _from_json(data)
    text = data.decode("utf-8", "replace")
    if "SPDXVersion:" not in text:
        raise ParseError("is no SPDX document")
    return _from_tags(text)


def identified(package: dict[str, Any]) -> Component | None:
    """Return a package by its package URL, with licence words, supplier and addresses; None without one.

    Raises:
        ParseError: its package URL is none, or cannot identify a component.
    """
    from packageurl import PackageURL  # 20 ms, for images that have such documents only

    purl = _purl(package)
    if not purl:
        return None
    try:
        parts = PackageURL.from_string(purl)
    except ValueError as error:
        raise ParseError(f"has no package URL: {purl[:200]!r}") from error
    return Component(
        type=parts.type,
        namespace=bounded(parts.namespace or ""),
        name=checked(parts.name, "name"),
        version=optional(parts.version or "", "version"),
        qualifiers=tuple((key, bounded(value)) for key, value in sorted(parts.qualifiers.items())),
        subpath=bounded(parts.subpath or ""),
        licenses=tuple(_licenses(package)),
        supplier=_supplier(package),
        urls=tuple(_urls(package)),
    )


def text_of(package: dict[str, Any], name: str) -> str:
    """Return a field's text; "" where SPDX says that there is none."""
    value = package.get(name)
    value = bounded(value.strip()) if isinstance(value, str) else ""
    return "" if value in _NOTHING else value


def _from_json(data: bytes) -> Document:
    document = json_value(data)
    if not isinstance(document, dict) or not str(document.get("spdxVersion")).startswith("SPDX-2"):
        raise ParseError("is no document of SPDX 2")
    relationships = [
        (text_of(one, "spdxElementId"), text_of(one, "relationshipType"), text_of(one, "relatedSpdxElement"))
        for one in _objects(document, "relationships")
    ]
    described = document.get("documentDescribes")
    relationships += [
        (_DOCUMENT, "DESCRIBES", reference)
        for reference in (described if isinstance(described, list) else ())
        if isinstance(reference, str)
    ]
    return Document(list(_objects(document, "packages")), relationships)


def _objects(parent: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    items = parent.get(name)
    yield from (item for item in items if isinstance(item, dict)) if isinstance(items, list) else ()


def _from_tags(text: str) -> Document:
    """Read lines of tags; a package starts at its name and ends where a file or snippet starts."""
    document = Document()
    package: dict[str, Any] | None = None
    for tag, value in _tags(text):
        if tag == "PackageName":
            package = {"name": value, "externalRefs": []}
            document.packages.append(package)
        elif tag in ("FileName", "SnippetSPDXID", "LicenseID"):
            package = None
        elif tag == "Relationship" and len(parts := value.split()) == 3:
            document.relationships.append((parts[0], parts[1], parts[2]))
        elif package is not None and tag == "ExternalRef" and len(parts := value.split(None, 2)) == 3:
            reference = {"referenceType": parts[1], "referenceLocator": parts[2]}
            package["externalRefs"].append(reference)
        elif package is not None and tag in _FIELDS:
            package.setdefault(_FIELDS[tag], value)
    return document


def _tags(text: str) -> Iterator[tuple[str, str]]:
    """Yield tag and value; texts over several lines are passed over."""
    inside = False
    for line in text.split("\n"):
        if inside:
            inside = _END_OF_TEXT not in line
        elif match := _TAG.fullmatch(line.rstrip("\r")):
            inside = _TEXT in match[2] and _END_OF_TEXT not in match[2]
            yield match[1], match[2].strip()


def _purl(package: dict[str, Any]) -> str:
    locators = (
        text_of(reference, "referenceLocator")
        for reference in _objects(package, "externalRefs")
        if reference.get("referenceType") == "purl"
    )
    return next(locators, "")


def _licenses(package: dict[str, Any]) -> Iterator[RawLicense]:
    """Yield what is declared, or else what the document's author concluded."""
    for name in ("licenseDeclared", "licenseConcluded"):
        if words := text_of(package, name):
            yield RawLicense(words, name)
            return


def _supplier(package: dict[str, Any]) -> str:
    """Return the name in "Organization: Name (address)"."""
    for name in ("supplier", "originator"):
        _, colon, who = text_of(package, name).partition(":")
        if colon and (named := people(who.partition("(")[0])):
            return named
    return ""


def _urls(package: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for kind, name in (("website", "homepage"), ("distribution", "downloadLocation")):
        url = text_of(package, name)
        if "://" in url:
            yield kind, without_login(url)
