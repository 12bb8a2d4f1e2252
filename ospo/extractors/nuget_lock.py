"""NuGet packages as resolved: packages.lock.json, and project.assets.json of a restored project.

Formats: https://learn.microsoft.com/en-us/nuget/consume-packages/package-references-in-project-files and
https://github.com/NuGet/NuGet.Client/tree/dev/src/NuGet.Core/NuGet.ProjectModel (LockFileFormat.cs)
"""

from collections import ChainMap
from collections.abc import Callable, Iterator
from typing import Any

from ospo.errors import ParseError
from ospo.extractors.damage import Damage
from ospo.extractors.declared_values import listed, table, texts, words
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency, lock_json
from ospo.extractors.nuget_packages import Package, labels, normal, united
from ospo.model import Evidence, Record, Scope

_Read = Callable[[dict[str, Any]], Iterator[Package]]


def _components(file: File, read: _Read) -> Iterator[Record]:
    document, damage = lock_json(file), Damage()
    for package in united(read(document)):
        with damage.at(f"package {package.name!r}"):
            yield package.component()
    damage.report()


def _lock(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    yield from _components(file, _locked)


def _locked(document: dict[str, Any]) -> Iterator[Package]:
    if not isinstance(document.get("dependencies"), dict):
        raise ParseError("has no object dependencies")
    frameworks = {name: table(entries) for name, entries in document["dependencies"].items()}
    resolved = {name: _versions(entries) for name, entries in frameworks.items()}
    for framework, entries in frameworks.items():
        # "net8.0/linux-x64" has only what differs from "net8.0".
        versions = ChainMap(resolved[framework], resolved.get(framework.partition("/")[0], {}))
        for name, entry in entries.items():
            kind = words(table(entry).get("type"))
            yield Package(
                name,
                versions[name.lower()],
                is_project=kind == "Project",
                direct=kind == "Direct",
                needs=labels(versions, table(table(entry).get("dependencies"))),
                properties=_hash(table(entry).get("contentHash")),
            )


def _versions(entries: dict[str, Any]) -> dict[str, str]:
    return {name.lower(): normal(words(table(entry).get("resolved"))) for name, entry in entries.items()}


def _hash(value: object) -> dict[str, str]:
    # Of a signed package's content without the signature: of no file that could be hashed again.
    return {"nuget:content-hash": words(value)} if words(value) else {}


def _assets(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    yield from _components(file, _restored)


def _restored(document: dict[str, Any]) -> Iterator[Package]:
    if not isinstance(document.get("targets"), dict):
        raise ParseError("has no object targets")
    libraries = table(document.get("libraries"))
    asked, private = _asked(document)
    for entries in map(table, document["targets"].values()):
        split = {key: key.partition("/")[::2] for key in entries}
        versions = {name.lower(): normal(version) for name, version in split.values()}
        for key, (name, version) in split.items():
            entry, library = table(entries[key]), table(libraries.get(key))
            is_project = (entry.get("type") or library.get("type")) == "project"
            yield Package(
                name,
                normal(version),
                is_project=is_project,
                direct=name.lower() in asked,
                scope=Scope.DEVELOPMENT if name.lower() in private else Scope.RUNTIME,
                needs=labels(versions, table(entry.get("dependencies"))),
                properties={} if is_project else _hash(library.get("sha512")),
            )


def _asked(document: dict[str, Any]) -> tuple[set[str], set[str]]:
    """Return what the project asks for, and what of it is for its build alone (PrivateAssets="all")."""
    asked: set[str] = set()
    private: set[str] = set()
    for group in table(document.get("projectFileDependencyGroups")).values():
        asked.update(need.split(" ")[0].lower() for need in texts(listed(group)))
    frameworks = table(table(document.get("project")).get("frameworks"))
    for framework in frameworks.values():
        for name, need in table(table(framework).get("dependencies")).items():
            if words(table(need).get("suppressParent")).lower() == "all":
                private.add(name.lower())
    return asked, private


def _extractor(name: str, pattern: str, extract: Callable[[File], Iterator[Record]]) -> Extractor:
    return Extractor(
        name=name,
        version=1,
        patterns=(pattern,),
        evidence=Evidence.DECLARED,
        extract=extract,
        ecosystem=".NET",
        licenses_from="none",
    )


EXTRACTORS = (
    _extractor("nuget-lock", "**/packages.lock.json", _lock),
    _extractor("nuget-assets", "**/project.assets.json", _assets),
)
