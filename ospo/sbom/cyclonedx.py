"""A scan as a CycloneDX 1.6 or 1.7 document (https://cyclonedx.org/docs/1.6/json/), from our own values.

Version 1.6 is the default: it is the first edition of ECMA-424, and what today's consumers read; 1.7 adds
nothing that a scan has to say. `cyclonedx-python-lib` takes seconds for thousands of components where this
takes milliseconds: it is the oracle of the tests, and writes XML.
"""

import re
import uuid
from functools import cache, lru_cache
from typing import Any

import orjson

from ospo import __version__
from ospo.licenses.declared import Term, Wording, declare
from ospo.licenses.spdx import license_list
from ospo.model import BaseImage, Component, Layer, Location, Problem, RawLicense, ScanResult, Scope
from ospo.sbom.graph import top_level
from ospo.sbom.subject import ROOT, distribution, subject
from ospo.text import printable

VERSIONS = ("1.6", "1.7")
DEFAULT_VERSION = "1.6"

_Property = dict[str, str]

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "ospo.dev")
_VERSION_LENGTH_MAX = 1024
"""Of the schema's `version`."""
_COMMAND_LENGTH_MAX = 200
"""Characters of a layer's command repeated in each component; the image component has it whole."""

_DISTRIBUTION_NAMESPACE = frozenset(("alpm", "apk", "deb", "rpm"))
"""Types whose purl namespace names the distribution and is no part of the package's name."""

_TECHNIQUES = {"go-binary": "binary-analysis"}
"""Extractors that read no manifest."""

_SCOPES = {Scope.OPTIONAL: "optional", Scope.DEVELOPMENT: "excluded"}
"""Scopes in CycloneDX's words, where "required" is what holds without any."""

_HASH_LENGTHS = {
    "MD5": 32,
    "SHA-1": 40,
    "SHA-256": 64,
    "SHA-384": 96,
    "SHA-512": 128,
    "SHA3-256": 64,
    "SHA3-384": 96,
    "SHA3-512": 128,
    "BLAKE2b-256": 64,
    "BLAKE2b-384": 96,
    "BLAKE2b-512": 128,
    "BLAKE3": 64,
}
_HEX = re.compile("[0-9a-f]+")

_REFERENCE_TYPES = frozenset(
    (
        "advisories",
        "bom",
        "build-meta",
        "build-system",
        "chat",
        "distribution",
        "documentation",
        "issue-tracker",
        "license",
        "mailing-list",
        "release-notes",
        "security-contact",
        "social",
        "source-distribution",
        "support",
        "vcs",
        "website",
    )
)
"""Of the types in the schemas, those that say where a package lives; all others are "other"."""

# An absolute IRI (https://www.rfc-editor.org/rfc/rfc3987#section-2.2) without IP literal: what both schemas
# accept. Quantifiers are possessive, so the time is linear in the length.
_LETTER = (
    r"A-Za-z0-9\-._~!$&'()*+,;=\u00a0-\u167f\u1681-\u1fff\u2030-\u205e\u2070-\u2fff\u3001-\ud7ff"
    r"\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U0001fffd"
)
_IRI = re.compile(
    r"[A-Za-z][A-Za-z0-9+.\-]*+:"
    rf"(?://(?:(?:[{_LETTER}:]|%[0-9A-Fa-f]{{2}})*+@)?+(?:[{_LETTER}]|%[0-9A-Fa-f]{{2}})*+(?::[0-9]*+)?+(?=[/?#]|$)"
    r"|(?!//))"
    rf"(?:[{_LETTER}:@/]|%[0-9A-Fa-f]{{2}})*+"
    rf"(?:\?(?:[{_LETTER}:@/?]|%[0-9A-Fa-f]{{2}})*+)?+(?:#(?:[{_LETTER}:@/?]|%[0-9A-Fa-f]{{2}})*+)?+"
)


def render(result: ScanResult, version: str = DEFAULT_VERSION) -> bytes:
    """Write JSON, indented by two spaces, with a final line feed; the same result gives the same bytes."""
    return orjson.dumps(document(result, version), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def document(result: ScanResult, version: str = DEFAULT_VERSION) -> dict[str, Any]:
    """Return the document as plain values: what `render` writes and what becomes XML."""
    refs = [printable(component.key) for component in result.components]
    origins = [_layer_properties(layer, result.base) for layer in result.artifact.layers]
    components = [_component(*pair, origins) for pair in zip(refs, result.components, strict=True)]
    return {
        "$schema": f"http://cyclonedx.org/schema/bom-{version}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": version,
        "serialNumber": _serial_number(result).urn,
        "version": 1,
        "metadata": _metadata(result),
        "components": [*distribution(result.distro), *components],
        "dependencies": _dependencies(refs, result.dependencies),
        "compositions": _compositions(refs, result.complete),
    }


def _serial_number(result: ScanResult) -> uuid.UUID:
    """Derive the number from what determines the document's content, so that it can be made again."""
    parts = (result.target.name, result.artifact.digest, str(result.artifact.platform or ""))
    text = "\n".join((*parts, result.facts_version, __version__))
    return uuid.uuid5(_NAMESPACE, printable(text))


def _metadata(result: ScanResult) -> dict[str, Any]:
    phase = "pre-build" if result.target.kind == "directory" and not result.distro else "post-build"
    return {
        "timestamp": result.scanned_at,
        "lifecycles": [{"phase": phase}],
        "tools": {"components": [{"type": "application", "name": "ospo", "version": __version__}]},
        "component": subject(result),
        "properties": [
            _property("ospo:facts-version", result.facts_version),
            _property("ospo:complete", "true" if result.complete else "false"),
            *(_property(f"ospo:problem:{i}", _told(problem)) for i, problem in enumerate(result.problems)),
        ],
    }


def _told(problem: Problem) -> str:
    """Tell a problem in one line, the blocking ones marked."""
    blocking = "blocking " if problem.blocking else ""
    hint = f" ({problem.hint})" if problem.hint else ""
    return f"{blocking}{problem.kind.value}: {problem.where}: {problem.message}{hint}"


def _component(ref: str, component: Component, origins: list[list[_Property]]) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": component.kind.value, "bom-ref": ref}
    if component.supplier:
        entry["supplier"] = {"name": printable(component.supplier)}
    _name(entry, component)
    if component.version:
        entry["version"] = printable(component.version)[:_VERSION_LENGTH_MAX]
    if component.scope is not Scope.RUNTIME:
        entry["scope"] = _SCOPES[component.scope]
    if component.description:
        entry["description"] = printable(component.description)
    properties = _properties(component, origins)
    if component.hashes and (hashes := _hashes(component.hashes, properties)):
        entry["hashes"] = hashes
    if licenses := _licenses(component.licenses):
        entry["licenses"] = licenses
    if component.registered and component.name.replace("/", "").strip():  # readers refuse a blank name
        entry["purl"] = ref
    if component.urls and (references := _references(component.urls, properties)):
        entry["externalReferences"] = references
    entry["evidence"] = _evidence(component)
    entry["properties"] = properties
    return entry


def _name(entry: dict[str, Any], component: Component) -> None:
    """Add the name as readers of Syft's and Trivy's documents know it.

    A Maven group is a group; an npm scope, Go path or vendor is part of the name.
    """
    namespace, name = component.namespace, component.name
    if component.type == "maven" and namespace:
        entry["group"] = printable(namespace)
    elif namespace and component.type not in _DISTRIBUTION_NAMESPACE:
        name = f"{namespace}/{name}"
    entry["name"] = printable(name)


def _hashes(pairs: tuple[tuple[str, str], ...], properties: list[_Property]) -> list[dict[str, str]]:
    """Return what the schema admits as hashes; the rest becomes properties."""
    hashes = []
    for algorithm, value in pairs:
        if _HASH_LENGTHS.get(algorithm) == len(value) and _HEX.fullmatch(value):
            hashes.append({"alg": algorithm, "content": value})
        else:
            properties.append(_property(f"ospo:hash:{algorithm}", value))
    return hashes


def _references(pairs: tuple[tuple[str, str], ...], properties: list[_Property]) -> list[dict[str, str]]:
    """Return addresses that are valid IRIs as external references; the rest becomes properties."""
    references = []
    for kind, url in pairs:
        if _IRI.fullmatch(url):
            references.append({"url": url, "type": kind if kind in _REFERENCE_TYPES else "other"})
        else:
            properties.append(_property(f"ospo:url:{kind}", url))
    return references


@lru_cache(maxsize=4096)
def _licenses(raws: tuple[RawLicense, ...]) -> list[dict[str, Any]]:
    """Write one expression alone, or a list of identifiers and names: the schemas forbid a mixture."""
    terms = declare(raws).terms
    if len(terms) == 1 and not _has_own_id(terms[0]) and terms[0].wording is not Wording.NAME:
        return [{"expression": terms[0].text, "acknowledgement": "declared"}]
    return [{"license": _license(term)} for term in terms]


def _license(term: Term) -> dict[str, str]:
    kind = "id" if _has_own_id(term) else "name"
    return {kind: printable(term.text), "acknowledgement": "declared"}


def _has_own_id(term: Term) -> bool:
    return term.wording is Wording.ID and term.text not in license_list().not_in_cyclonedx


def _evidence(component: Component) -> dict[str, Any]:
    identity = _identity("purl" if component.registered else "name", component.found_by)
    places = [_occurrence(location) for location in component.locations if location.path]
    return {"identity": identity, "occurrences": places} if places else {"identity": identity}


@cache
def _identity(field: str, found_by: str) -> list[dict[str, Any]]:
    method = {"technique": _TECHNIQUES.get(found_by, "manifest-analysis"), "confidence": 1}
    return [{"field": field, "confidence": 1, "methods": [method]}]


def _occurrence(location: Location) -> dict[str, str]:
    if location.layer is None:
        return {"location": printable(location.path)}
    return {"location": printable(location.path), "additionalContext": f"layer {location.layer}"}


def _properties(component: Component, origins: list[list[_Property]]) -> list[_Property]:
    properties = [*_finding(component.evidence.value, component.found_by)]
    introduced = [location.layer for location in component.locations if location.layer is not None]
    if introduced and min(introduced) < len(origins):
        properties += origins[min(introduced)]
    if component.owned_by:
        properties.append(_property("ospo:owned-by", component.owned_by))
    if component.direct is not None:
        properties.append(_property("ospo:direct", str(component.direct).lower()))
    properties += [_property(f"ospo:{name}", value) for name, value in component.properties]
    return properties


@cache
def _finding(evidence: str, found_by: str) -> tuple[_Property, ...]:
    pairs = (("ospo:evidence", evidence), ("ospo:found-by", found_by))
    return tuple(_property(name, value) for name, value in pairs if value)


def _layer_properties(layer: Layer, base: BaseImage | None) -> list[_Property]:
    """Say which layer introduced a component: the lowest one that has it, and whether it is of the base."""
    properties = [
        _property("ospo:layer:index", str(layer.index)),
        _property("ospo:layer:digest", layer.digest),
    ]
    if layer.created_by:
        properties.append(_property("ospo:layer:created-by", layer.created_by[:_COMMAND_LENGTH_MAX]))
    if base is not None:
        properties.append(_property("ospo:layer:base", str(layer.index < base.layers).lower()))
    return properties


def _property(name: str, value: str) -> _Property:
    return {"name": printable(name), "value": printable(value)}


def _dependencies(refs: list[str], edges: tuple[tuple[str, tuple[str, ...]], ...]) -> list[dict[str, Any]]:
    """List the known edges.

    What has none is not listed: an empty entry would claim that it needs nothing, while "components that are
    not represented in the dependency graph may have unknown dependencies" (the schema on `dependency`).
    """
    needs = {printable(key): list(map(printable, needed)) for key, needed in edges}
    needs = {ROOT: top_level(refs, needs)} | needs
    return [{"ref": ref, "dependsOn": needed} for ref, needed in needs.items()]


def _compositions(refs: list[str], complete: bool) -> list[dict[str, Any]]:
    """Say how far the lists can be relied on: never complete, incomplete where something was unreadable."""
    return [
        {"aggregate": "unknown" if complete else "incomplete", "assemblies": [ROOT]},
        {"aggregate": "unknown", "dependencies": [ROOT, *refs]},
    ]
