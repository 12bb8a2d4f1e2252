"""Swift packages that a Package.resolved pins, versions 1 to 3 of the format.

Format: https://github.com/swiftlang/swift-package-manager/blob/main/Sources/PackageGraph/ResolvedPackagesStore.swift
A package is its repository: host and owner are the namespace of the purl. It holds no edges.
"""

import re
from collections.abc import Iterator
from typing import Any

from ospo.errors import ParseError
from ospo.extractors.damage import Damage
from ospo.extractors.declared_values import listed, table, vcs_url, words
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency, lock_json
from ospo.extractors.records import checked
from ospo.model import Component, Evidence, Record

_REPOSITORY = re.compile(r"git\+[a-z+]+://(?:[^/@]*@)?([^/:@]+)(?::\d+)?/(.+?)(?:\.git)?/?")


def _package_resolved(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    document, damage = lock_json(file), Damage()
    pins = document.get("pins", table(document.get("object")).get("pins"))
    if not isinstance(pins, list):
        raise ParseError("has no list of pins")
    for number, pin in enumerate(listed(pins)):
        with damage.at(f"pins[{number}]"):
            yield _component(table(pin))
    damage.report()


def _component(pin: dict[str, Any]) -> Component:
    state = table(pin.get("state"))
    version, revision = words(state.get("version")), words(state.get("revision"))
    kind = words(pin.get("kind")) or "remoteSourceControl"
    location = words(pin.get("location") or pin.get("repositoryURL"))
    name = words(pin.get("identity") or pin.get("package"))
    repository = _REPOSITORY.fullmatch(vcs_url(location)) if kind == "remoteSourceControl" else None
    namespace = ""
    if repository:
        path, _, name = repository[2].strip("/").rpartition("/")
        namespace = f"{repository[1].lower()}/{path}".rstrip("/")
    return Component(
        type="swift",
        namespace=namespace,
        name=checked(name, "name"),
        version=checked(version or revision, "version or revision"),
        # A folder, or known to a registry of its own, for which the purl type has no spelling.
        registered=repository is not None,
        properties=(("swift:revision", revision),) if version and revision else (),
    )


EXTRACTORS = (
    Extractor(
        name="swift",
        version=1,
        patterns=("**/Package.resolved", "**/.package.resolved"),
        evidence=Evidence.DECLARED,
        extract=_package_resolved,
        ecosystem="Swift",
        licenses_from="none",
    ),
)
