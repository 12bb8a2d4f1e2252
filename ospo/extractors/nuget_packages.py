"""What NuGet's files share: versions as NuGet compares them, names whose case does not count.

https://learn.microsoft.com/en-us/nuget/concepts/package-versioning
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ospo.extractors.records import checked, optional
from ospo.model import Component, Scope

_NUMBERS = re.compile(r"([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:\.([0-9]+))?(-[0-9A-Za-z.-]+)?(?:\+.*)?")
_EXACT = re.compile(r"\[\s*([^,\[\]\s]+)\s*\]|([^,\[\]()*$\s]+)")


def normal(version: str) -> str:
    """Spell a version as the registry does: at least three numbers, no zeros in front, no build metadata."""
    match = _NUMBERS.fullmatch(version.strip())
    if not match:
        return version.strip()
    *numbers, label = match.groups("")
    kept = [number.lstrip("0") or "0" for number in numbers]
    return ".".join(kept[:3] if kept[3] == "0" else kept) + label


def literal(requirement: str) -> str:
    """Return the version that a requirement names, "" for a range, a pattern or a property.

    A bare version is the lowest that will do, and the one that NuGet takes.
    """
    match = _EXACT.fullmatch(requirement.strip())
    version = normal(match[1] or match[2]) if match else ""
    return version if _NUMBERS.fullmatch(version) else ""


def label(name: str, version: str) -> str:
    """Name one version of a package."""
    return f"{name.lower()}@{version}"


@dataclass(slots=True)
class Package:
    """One version of a package, or a project of the same solution, which has none."""

    name: str
    version: str
    is_project: bool = False
    direct: bool | None = None
    scope: Scope = Scope.RUNTIME
    needs: dict[str, None] = field(default_factory=dict)
    """Labels, in their order."""
    properties: dict[str, str] = field(default_factory=dict)

    def component(self) -> Component:
        """Return it as a component.

        Raises:
            ParseError: it has no name, or as a package no version.
        """
        return Component(
            type="nuget",
            name=checked(self.name, "name"),
            version=(optional if self.is_project else checked)(self.version, "version"),
            registered=not self.is_project,
            depends=tuple(self.needs),
            provides=(label(self.name, self.version),),
            scope=self.scope,
            direct=None if self.is_project else self.direct,
            properties=tuple(self.properties.items()),
        )


def united(packages: Iterable[Package]) -> Iterator[Package]:
    """Yield each version once, where a file has it for several frameworks."""
    found: dict[tuple[str, bool], Package] = {}
    for package in packages:
        key = (label(package.name, package.version), package.is_project)
        first = found.setdefault(key, package)
        if first is not package:
            first.needs |= package.needs
            first.direct = first.direct or package.direct
            first.scope = min(first.scope, package.scope, key=list(Scope).index)
    yield from found.values()


def labels(versions: Mapping[str, str], names: Iterable[str]) -> dict[str, None]:
    """Return the labels of names, by a mapping of lower-case name -> version."""
    return {label(name, versions[name.lower()]): None for name in names if name.lower() in versions}
