"""Packages of .NET programs: the `NAME.deps.json` that the SDK writes beside a program.

A package that brought no file along is left out, and what it needs is needed by what needs it: such are
those that only gather others, or are done once the program is compiled. A library for .NET Standard is no
program: what its file lists was not put beside it, and counts as declared.

Format: https://github.com/dotnet/sdk/blob/main/documentation/specs/runtime-configuration-file.md
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ospo.errors import ParseError
from ospo.extractors.damage import Damage
from ospo.extractors.declared_values import json_object, table, words
from ospo.extractors.interface import Extractor, File
from ospo.extractors.nuget_packages import Package, label, normal
from ospo.extractors.records import small
from ospo.limits import MiB
from ospo.model import Component, ComponentKind, Evidence, Ownership, Record

_SIZE_LIMIT = 16 * MiB
"""Ten times that of the SDK's own programs."""
_LIBRARIES_MAX = 20_000
_STEPS_MAX = 1_000_000
"""Packages without files that are passed through in one file."""
_ASSETS = ("runtime", "native", "resources", "runtimeTargets")
_REGISTERED = frozenset(("package", "runtimepack"))
_RUNTIME_PACK = "runtimepack."
"""What the SDK puts before the names of the runtimes that it copies into programs."""


@dataclass(slots=True)
class _Library:
    name: str
    version: str
    kind: str
    content_hash: str
    """Of the package without its signature: of no file that could be hashed again."""
    needs: tuple[str, ...]
    files: tuple[str, ...] | None
    """Where its files lie, relative to the list; None where that is not known."""

    @property
    def is_left_out(self) -> bool:
        return self.kind in _REGISTERED and self.files == ()


def _deps(file: File) -> Iterator[Record]:
    content = json_object(small(file, _SIZE_LIMIT))
    target_name = _target_name(content)
    target = table(table(content.get("targets")).get(target_name))
    listed = table(content.get("libraries"))
    if len(listed) > _LIBRARIES_MAX:
        raise ParseError(f"has {len(listed)} libraries, more than {_LIBRARIES_MAX}")
    libraries = [_library(key, table(about), target) for key, about in listed.items()]
    # A library for .NET Standard is no program.
    evidence = Evidence.DECLARED if target_name.startswith(".NETStandard") else Evidence.INSTALLED
    folder = file.folder + "/" if file.folder else ""
    for library, found in _components(libraries, file.name.removesuffix(".deps.json").lower(), evidence):
        yield found
        if library.files:
            yield Ownership(found.key, "\n".join(folder + path for path in library.files))


def _components(
    libraries: list[_Library], root_name: str, evidence: Evidence
) -> Iterator[tuple[_Library, Component]]:
    by_name = {library.name.lower(): library for library in libraries}
    root = by_name.get(root_name)
    needs = _Needs(by_name)
    damage = Damage()
    for library in libraries:
        if library.is_left_out:
            continue
        with damage.at(f"library {library.name[:80]!r}"):
            found = _component(library, needs.of(library))
            if library is root:
                yield library, replace(found, kind=ComponentKind.APPLICATION)
            else:
                direct = library.name.lower() in root.needs if root else None
                yield library, replace(found, evidence=evidence, direct=direct)
    damage.report()


def _target_name(content: dict[str, Any]) -> str:
    """Return what the program runs on; old files have the name alone."""
    target = content.get("runtimeTarget")
    return words(target.get("name") if isinstance(target, dict) else target)


def _library(key: str, about: dict[str, Any], target: dict[str, Any]) -> _Library:
    name, _, version = key.partition("/")
    placed = table(target.get(key))
    return _Library(
        name=name.removeprefix(_RUNTIME_PACK),
        version=normal(version),
        kind=words(about.get("type")).lower(),
        content_hash=words(about.get("sha512")).removeprefix("sha512-"),
        needs=tuple(need.removeprefix(_RUNTIME_PACK).lower() for need in table(placed.get("dependencies"))),
        files=tuple(_files(placed)) if target else None,
    )


def _files(placed: dict[str, Any]) -> Iterator[str]:
    """Yield where files lie: by their names alone, but translations and what is for other systems."""
    for assets in _ASSETS:
        for path in table(placed.get(assets)):
            *_, folder, name = ("", *path.rsplit("/", 2))
            if assets == "runtimeTargets":
                yield path
            else:
                yield f"{folder}/{name}" if assets == "resources" else name


@dataclass(slots=True)
class _Needs:
    by_name: dict[str, _Library]
    steps: int = 0

    def of(self, library: _Library) -> dict[str, None]:
        """Return the labels of what a library needs, looking through what is left out."""
        found: dict[str, None] = {}
        pending, seen = list(library.needs[::-1]), {library.name.lower()}
        while pending:
            name = pending.pop()
            needed = self.by_name.get(name)
            if needed is None or name in seen:
                continue
            seen.add(name)
            if not needed.is_left_out:
                found[label(needed.name, needed.version)] = None
            elif self.steps < _STEPS_MAX:
                self.steps += 1 + len(needed.needs)
                pending += needed.needs[::-1]
        return found


def _component(library: _Library, needs: dict[str, None]) -> Component:
    registered = library.kind in _REGISTERED
    properties = (
        ("nuget:content-hash", library.content_hash),
        ("dotnet:type", "" if registered else library.kind),
    )
    return Package(
        library.name,
        library.version,
        is_project=not registered,
        needs=needs,
        properties={name: value for name, value in properties if value},
    ).component()


EXTRACTORS = (
    Extractor(
        name="dotnet-deps",
        version=1,
        patterns=("**/*.deps.json",),
        evidence=Evidence.INSTALLED,
        extract=_deps,
        ecosystem=".NET",
        licenses_from="none",
    ),
)
