"""Bitnami's components: the list of what was unpacked, and the SPDX document that each of them brings.

Both are written by Bitnami when it builds the image, and are its package records: the component that a
document describes is installed, those of type `bitnami` that it contains were compiled or copied into it.
Packages of other types in the documents are left to the extractors that see their files.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ospo.errors import ParseError
from ospo.extractors.damage import Damage
from ospo.extractors.declared_values import json_object
from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import bounded, checked
from ospo.extractors.spdx_document import Document, identified, read_document, text_of
from ospo.model import Component, Evidence, Record

_TYPE = "bitnami"
_HOLDS = frozenset(("CONTAINS", "DEPENDS_ON"))


def _bitnami(file: File) -> Iterator[Record]:
    yield from _listed(file.data) if file.name.endswith(".json") else _documented(file.data)


def _listed(data: bytes) -> Iterator[Record]:
    damage = Damage()
    for name, entry in json_object(data).items():
        with damage.at(repr(name[:80])):
            yield _component(name, entry)
    damage.report()


def _component(name: str, entry: object) -> Component:
    if not isinstance(entry, dict):
        raise ParseError("is no object")
    values = {key: bounded(value) for key, value in entry.items() if isinstance(value, str)}
    digest = values.get("digest", "").lower()
    return Component(
        type=_TYPE,
        name=checked(name, "name"),
        version=checked(values.get("version", ""), "version"),
        qualifiers=tuple((key, values[key]) for key in ("arch", "distro") if values.get(key)),
        hashes=(("SHA-256", digest),) if len(digest) == 64 else (),
    )


def _documented(data: bytes) -> Iterator[Record]:
    document = read_document(data)
    damage = Damage()
    components = _components(document, damage)
    contents: dict[str, dict[str, None]] = {reference: {} for reference in components}
    for source, type_, target in document.relationships:
        if type_ in _HOLDS and source != target and source in components and target in components:
            contents[source][target] = None
    held = {target for targets in contents.values() for target in targets}
    for reference, component in components.items():
        yield replace(
            component,
            evidence=Evidence.EMBEDDED if reference in held else Evidence.INSTALLED,
            depends=tuple(dict.fromkeys(components[target].name for target in contents[reference])),
        )
    damage.report()


def _components(document: Document, damage: Damage) -> Mapping[str, Component]:
    """Return Bitnami's components by their references."""
    components: dict[str, Component] = {}
    for number, package in enumerate(document.packages):
        with damage.at(f"packages[{number}]"):
            component = identified(package)
            if component is not None and component.type == _TYPE:
                components[text_of(package, "SPDXID")] = component
    return components


EXTRACTORS = (
    Extractor(
        name="bitnami",
        version=1,
        patterns=("opt/bitnami/.bitnami_components.json", "opt/bitnami/**/.spdx-*.spdx"),
        evidence=Evidence.INSTALLED,
        extract=_bitnami,
        ecosystem="Bitnami",
        licenses_from="licenseDeclared of the SPDX documents",
    ),
)
