"""Julia packages that a Manifest.toml pins; the Project.toml beside it says which are asked for.

Formats: https://pkgdocs.julialang.org/v1/toml-files/ (versions 1 and 2 of the manifest).
A package is its UUID. What belongs to the standard library has no hash, and the version of Julia where it
has none of its own.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ospo.extractors.damage import Damage
from ospo.extractors.declared_values import listed, table, texts, vcs_url, words
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency, lock_toml
from ospo.extractors.records import checked, optional
from ospo.model import Component, Evidence, Record

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PROJECTS = ("Project.toml", "JuliaProject.toml")


@dataclass(frozen=True, slots=True)
class _Package:
    name: str
    uuid: str
    version: str
    entry: dict[str, Any]

    @property
    def label(self) -> str:
        return f"{self.uuid}@{self.version}"


def _manifest(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    document, damage = lock_toml(file.data), Damage()
    asked = None
    with damage.at("the Project.toml beside it"):
        asked = _asked(file)
    packages = list(_packages(document))
    labels: dict[str, dict[str, str]] = defaultdict(dict)
    for package in packages:
        labels[package.name][package.uuid] = package.label
    for package in packages:
        with damage.at(f"package {package.name!r}"):
            yield _component(package, labels, asked)
    damage.report()


def _asked(file: File) -> frozenset[str] | None:
    """Return the UUIDs of what the project needs, None where nothing says so."""
    for name in _PROJECTS:
        if (data := file.sibling(name)) is not None:
            needs = table(lock_toml(data).get("deps")).values()
            return frozenset(words(uuid).lower() for uuid in needs)
    return None


def _packages(document: dict[str, Any]) -> Iterator[_Package]:
    """Yield the entries; other files called Manifest.toml have none."""
    julia = words(document.get("julia_version"))
    by_name = table(document.get("deps")) if "manifest_format" in document else document
    for name, entries in by_name.items():
        for entry in map(table, listed(entries)):
            uuid = words(entry.get("uuid")).lower()
            version = words(entry.get("version"))
            is_standard = not entry.keys() & {"git-tree-sha1", "path", "repo-url"}
            if _UUID.fullmatch(uuid):
                yield _Package(name, uuid, version or (julia if is_standard else ""), entry)


def _component(
    package: _Package, labels: Mapping[str, Mapping[str, str]], asked: frozenset[str] | None
) -> Component:
    entry = package.entry
    url, tree = words(entry.get("repo-url")), words(entry.get("git-tree-sha1"))
    qualifiers = [("uuid", package.uuid)]
    if url:
        qualifiers.append(("vcs_url", vcs_url(url, words(entry.get("repo-rev")))))
    return Component(
        type="julia",
        name=checked(package.name, "name"),
        version=optional(package.version, "version"),
        qualifiers=tuple(qualifiers),
        registered="path" not in entry,
        depends=tuple(_needs(entry.get("deps"), labels)),
        provides=(package.label,),
        direct=None if asked is None else package.uuid in asked,
        # Of a tree of git, which is no hash of any file.
        properties=(("julia:git-tree-sha1", tree),) if tree else (),
    )


def _needs(deps: object, labels: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Yield the labels of needs, which are names, or names with UUIDs where a name stands for several."""
    for name in texts(deps):
        if len(known := labels.get(name, {})) == 1:
            yield from known.values()
    for name, uuid in table(deps).items():
        if label := labels.get(name, {}).get(words(uuid).lower()):
            yield label


EXTRACTORS = (
    Extractor(
        name="julia",
        version=1,
        patterns=("**/Manifest.toml", "**/JuliaManifest.toml", "**/Manifest-v*.toml"),
        evidence=Evidence.DECLARED,
        extract=_manifest,
        ecosystem="Julia",
        licenses_from="none",
        siblings=_PROJECTS,
    ),
)
