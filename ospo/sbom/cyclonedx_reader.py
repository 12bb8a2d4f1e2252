"""CycloneDX 1.2 to 1.7 as input, from plain values (https://cyclonedx.org/docs/1.7/json/).

JSON comes here straight from the parser. `cyclonedx-python-lib` takes 3 s of CPU for the 3,468 components
that Syft lists in a Node.js image, this 0.3 s; and the library refuses a whole document for one bad purl
without saying where it stands. XML comes through the library, which gives the same values.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ospo.errors import TargetError
from ospo.model import Component, Distro, Location, RawLicense, Scope
from ospo.sbom.completeness import shortcomings
from ospo.sbom.identity import LOCAL, from_name, from_purl, kind_of, without_mail
from ospo.sbom.listing import Listing
from ospo.sources.fields import Fields

VERSIONS = ("1.2", "1.3", "1.4", "1.5", "1.6", "1.7")
LICENSE_FIELD = "component.licenses"

_LAYER = re.compile(r"layer ([0-9]{1,4})")
_SYFT_PATH = re.compile(r"syft:location:[0-9]+:path")
_TRIVY = "aquasecurity:trivy:"
_OURS = "ospo:"
_SCOPES = {"optional": Scope.OPTIONAL, "excluded": Scope.DEVELOPMENT}
_DIRECT = {"true": True, "false": False}
# Properties that `ospo.sbom.cyclonedx` writes for other parts of a component.
_OURS_ELSEWHERE = (
    "ospo:evidence",
    "ospo:found-by",
    "ospo:layer:",
    "ospo:owned-by",
    "ospo:direct",
    "ospo:hash:",
    "ospo:url:",
)


def read(document: Fields) -> Listing:
    """Read the components, edges and distribution of a document.

    Nested components are components like others, and whatever the graph leaves out is kept. The component
    that the document describes is its subject, not its content. What the document says it lacks is a blocking
    problem.

    Raises:
        TargetError: the version is not supported, or a field has the wrong type.
    """
    version = document.text("specVersion")
    if version not in VERSIONS:
        raise TargetError(
            f"{document.document}: CycloneDX {version[:20]!r} is not supported",
            hint=f"supported are {', '.join(VERSIONS)}",
        )
    listing = Listing(document.document, f"CycloneDX {version}")
    metadata = document.child("metadata")
    subject = metadata.child("component") if metadata else None
    listing.created = (metadata and metadata.optional_text("timestamp")) or ""
    listing.problems += shortcomings(document)
    layers = _trivy_layers(subject)
    for entry in _flat([document, *([subject] if subject else [])]):
        _add(listing, entry, layers)
    for dependency in document.children("dependencies"):
        for target in dependency.texts("dependsOn"):
            listing.depend(dependency.text("ref"), target)
    return listing


def _flat(parents: Iterable[Fields]) -> Iterator[Fields]:
    """Give every component below these, without recursion."""
    waiting = [entry for parent in parents for entry in parent.children("components")]
    waiting.reverse()
    while waiting:
        entry = waiting.pop()
        yield entry
        waiting += reversed(entry.children("components"))


def _add(listing: Listing, entry: Fields, layers: dict[str, int]) -> None:
    reference = entry.optional_text("bom-ref") or ""
    type_ = entry.text("type")
    purl = entry.optional_text("purl") or (reference if reference.startswith(LOCAL) else "")
    if type_ == "operating-system" and not purl:
        listing.distro = listing.distro or _distro(entry)
        return
    component = _identity(listing, entry, purl)
    if component is not None:
        listing.add(reference, _described(component, entry, type_, layers))


def _identity(listing: Listing, entry: Fields, purl: str) -> Component | None:
    if purl:
        if component := from_purl(purl):
            return component
        listing.report(entry.path, f"not a package URL: {purl[:200]!r}; the component is known by name only")
    name = entry.text("name")
    if not name.strip("/ "):
        listing.report(entry.path, "has no name and is left out")
        return None
    return from_name(entry.optional_text("group") or "", name, entry.optional_text("version") or "")


def _described(component: Component, entry: Fields, type_: str, layers: dict[str, int]) -> Component:
    properties = _Properties.of(entry)
    return replace(
        component,
        kind=kind_of(type_),
        licenses=tuple(_licenses(entry)),
        supplier=_supplier(entry),
        description=entry.optional_text("description") or "",
        urls=(*_urls(entry), *properties.below("ospo:url:")),
        hashes=(*_hashes(entry), *properties.below("ospo:hash:")),
        properties=properties.ours(),
        found_by="cyclonedx",
        locations=tuple(dict.fromkeys((*_occurrences(entry), *properties.locations(layers)))),
        scope=_SCOPES.get(entry.optional_text("scope") or "", Scope.RUNTIME),
        direct=_DIRECT.get(properties.first("ospo:direct")),
        owned_by=properties.first("ospo:owned-by"),
    )


def _licenses(entry: Fields) -> Iterator[RawLicense]:
    for choice in entry.children("licenses"):
        license_ = choice.child("license")
        words = (
            (license_.optional_text("id") or license_.optional_text("name"))
            if license_
            else choice.optional_text("expression")
        )
        if words:
            yield RawLicense(words, LICENSE_FIELD)


def _urls(entry: Fields) -> Iterator[tuple[str, str]]:
    for reference in entry.children("externalReferences"):
        if url := reference.optional_text("url"):  # Syft writes "" where a manifest has none
            yield reference.text("type"), url


def _hashes(entry: Fields) -> Iterator[tuple[str, str]]:
    for item in entry.children("hashes"):
        yield item.text("alg"), item.text("content").lower()


def _supplier(entry: Fields) -> str:
    """Prefer the supplier; Syft writes it as publisher."""
    for key in ("supplier", "manufacturer"):
        if (organization := entry.child(key)) and (name := organization.optional_text("name")):
            return name
    return without_mail(entry.optional_text("publisher") or "")


def _occurrences(entry: Fields) -> Iterator[Location]:
    evidence = entry.child("evidence")
    for occurrence in evidence.children("occurrences") if evidence else ():
        layer = _LAYER.fullmatch(occurrence.optional_text("additionalContext") or "")
        path = occurrence.text("location").removeprefix("/")
        yield Location(path, int(layer[1]) if layer else None)


@dataclass(frozen=True, slots=True)
class _Properties:
    """The name and value pairs of a component, of which those that mean something here are kept."""

    pairs: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, entry: Fields) -> "_Properties":
        items = entry.children("properties")
        return cls(tuple((item.text("name"), item.optional_text("value") or "") for item in items))

    def first(self, name: str) -> str:
        return next((value for key, value in self.pairs if key == name), "")

    def below(self, prefix: str) -> tuple[tuple[str, str], ...]:
        return tuple((key.removeprefix(prefix), value) for key, value in self.pairs if key.startswith(prefix))

    def ours(self) -> tuple[tuple[str, str], ...]:
        """Return what one of our extractors said about the package."""
        return tuple(
            (key.removeprefix(_OURS), value)
            for key, value in self.pairs
            if key.startswith(_OURS) and not key.startswith(_OURS_ELSEWHERE)
        )

    def locations(self, layers: dict[str, int]) -> Iterator[Location]:
        """Give the places that Syft and Trivy name; only Trivy's documents tell the order of the layers."""
        for key, value in self.pairs:
            if _SYFT_PATH.fullmatch(key):
                yield Location(value.removeprefix("/"))
        if path := self.first(f"{_TRIVY}FilePath"):
            yield Location(path.removeprefix("/"), layers.get(self.first(f"{_TRIVY}LayerDiffID")))


def _trivy_layers(subject: Fields | None) -> dict[str, int]:
    """Return diff_id -> index of the layer: Trivy lists them in the subject, bottom first."""
    if subject is None:
        return {}
    listed = (value for name, value in _Properties.of(subject).pairs if name == f"{_TRIVY}DiffID")
    diff_ids = [diff_id for value in listed for diff_id in value.split(",")]
    return {diff_id: index for index, diff_id in enumerate(diff_ids)}


def _distro(entry: Fields) -> Distro:
    properties = _Properties.of(entry)
    return Distro(
        id=entry.text("name"),
        version_id=entry.optional_text("version") or "",
        name=entry.optional_text("description") or "",
        id_like=tuple(properties.first("ospo:distro:id-like").split()),
        build_id=properties.first("ospo:distro:build-id"),
    )
