"""What an SBOM lists, whatever its format: the readers fill a `Listing`, which ties the parts together."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from ospo.image.merge import joined
from ospo.model import Component, Distro, Problem, ProblemKind

_DISTRO = re.compile(r"(?P<id>[a-z][a-z0-9_-]*?)-(?P<version>[0-9][A-Za-z0-9._-]*)")
_DISTRO_LENGTH_MAX = 100
_DISTRO_TYPES = frozenset(("deb", "apk", "rpm"))


@dataclass(slots=True)
class Listing:
    """Components by the references that a document gives them, in the order of the document."""

    document: str
    """What is read, as a person would call it."""
    version: str
    """Format and version, as in "CycloneDX 1.6"."""
    created: str = ""
    distro: Distro | None = None
    problems: list[Problem] = field(default_factory=list)
    _components: dict[str, list[Component]] = field(default_factory=lambda: defaultdict(list))
    _keys: dict[str, str] = field(default_factory=dict)
    _edges: list[tuple[str, str]] = field(default_factory=list)

    def add(self, reference: str, component: Component) -> None:
        """Add a component; the same key again is the same component in another place."""
        key = component.key
        self._components[key].append(component)
        if reference:
            self._keys[reference] = key

    def depend(self, source: str, target: str) -> None:
        """Add an edge between two references; they may be added later, or never."""
        self._edges.append((source, target))

    def report(self, where: str, message: str) -> None:
        """Add a problem with one entry of the document."""
        self.problems.append(Problem(ProblemKind.MANIFEST, f"{self.document}: {where}", message))

    def components(self) -> tuple[Component, ...]:
        """Return one component for each key, sorted by key."""
        return tuple(joined(self._components[key]) for key in sorted(self._components))

    def dependencies(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return (key, keys it depends on), sorted; only edges whose both ends are components."""
        found = defaultdict(set)
        for source, target in self._edges:
            ends = self._keys.get(source), self._keys.get(target)
            if ends[0] and ends[1] and ends[0] != ends[1]:
                found[ends[0]].add(ends[1])
        return tuple((key, tuple(sorted(found[key]))) for key in sorted(found))

    def distribution(self) -> Distro | None:
        """Return the operating system that the document names, or that most of its purls name."""
        return self.distro or _named_distribution(self.components())


def _named_distribution(components: tuple[Component, ...]) -> Distro | None:
    """Count the `distro` qualifiers: "debian-12" as Syft writes it, or for Alpine "3.20.1" as Trivy does."""
    found: Counter[tuple[str, str]] = Counter()
    for component in components:
        name = dict(component.qualifiers).get("distro", "") if component.type in _DISTRO_TYPES else ""
        if len(name) <= _DISTRO_LENGTH_MAX and (match := _DISTRO.fullmatch(name)):
            found[match["id"], match["version"]] += 1
        elif name[:1].isdigit() and component.namespace:
            found[component.namespace, name] += 1
    if not found:
        return None
    # Of equally many the first in order, so that the order of the document does not matter.
    (id_, version), _ = min(found.items(), key=lambda item: (-item[1], item[0]))
    return Distro(id_, version)
