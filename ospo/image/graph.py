"""Dependency edges between the components of one artifact, from the names that each says it needs."""

from collections import defaultdict
from dataclasses import dataclass, field

from ospo.model import Component

MOST_NEEDS = 2_000
"""Names of one component that are looked up; meta packages have hundreds."""

MOST_EDGES = 500_000
"""Edges of one artifact; images of thousands of packages have tens of thousands."""

Edges = tuple[tuple[str, tuple[str, ...]], ...]
"""(key, keys it depends on), sorted."""


@dataclass(frozen=True, slots=True)
class Graph:
    """The edges of an artifact, and whether they are all of them."""

    edges: Edges
    complete: bool
    """False where `MOST_NEEDS` or `MOST_EDGES` cut something off."""


def edges(components: tuple[Component, ...]) -> Edges:
    """Return the edges of `derive`."""
    return derive(components).edges


def derive(components: tuple[Component, ...]) -> Graph:
    """Find the components that depend on another one present.

    A name is looked up among components of the same type. Where several fit, the one whose place is
    closest wins: Node looks upwards through `node_modules`, a Python environment is one folder, and a
    Go module belongs to the binary it was read from.
    """
    index = {name: _Places.of(named) for name, named in _by_name(components).items()}
    found: dict[str, set[str]] = {}
    for component in components:
        targets = set()
        for need in component.depends[:MOST_NEEDS]:
            target = _closest(component, need, index)
            if target is not None and target.key != component.key:
                targets.add(target.key)
        if targets:
            found[component.key] = targets
    kept = _first(found, MOST_EDGES)
    complete = len(kept) == len(found) and all(len(targets) == len(found[key]) for key, targets in kept)
    return Graph(kept, complete and all(len(one.depends) <= MOST_NEEDS for one in components))


def _first(found: dict[str, set[str]], most: int) -> Edges:
    """Sort edges and keep so many, which so do not depend on the order of components."""
    kept = []
    for key in sorted(found):
        if targets := tuple(sorted(found[key])[:most]):
            kept.append((key, targets))
        most -= len(targets)
    return tuple(kept)


_Name = tuple[str, str]
"""Type and name."""

# The namespace of these is the distribution, which no dependency field mentions.
_NAMED_WITHOUT_NAMESPACE = frozenset(("deb", "apk", "rpm", "alpm"))


def _by_name(components: tuple[Component, ...]) -> dict[_Name, list[Component]]:
    index: dict[_Name, list[Component]] = defaultdict(list)
    for component in components:
        name = component.name
        if component.namespace and component.type not in _NAMED_WITHOUT_NAMESPACE:
            name = f"{component.namespace}/{name}"
        for spelling in {name, *component.provides}:
            index[component.type, spelling].append(component)
    return index


_Rank = tuple[int, str, str]
"""Minus the depth of the place, version, key: of equally close ones the greatest wins."""


@dataclass(frozen=True, slots=True)
class _Places:
    """Components of one name by where they are, as a tree: asking for the closest takes one walk down.

    An image may hold the same package a thousand times, each needing the next.
    """

    components: tuple[Component, ...]
    steps: dict[tuple[int, str], int] = field(default_factory=dict)
    """(node, part of a path) -> node; 0 is the root."""
    best: dict[int, tuple[_Rank, Component]] = field(default_factory=dict)
    """Node -> what to take of all that lies at or below it."""

    @classmethod
    def of(cls, components: list[Component]) -> "_Places":
        places = cls(tuple(components))
        for component in components if len(components) > 1 else ():
            key = component.key
            for path in [location.path for location in component.locations] or [""]:
                parts = path.split("/")
                places._add(parts, (-len(parts), component.version, key), component)
        return places

    def _add(self, parts: list[str], rank: _Rank, component: Component) -> None:
        nodes = [0]
        for part in parts:
            nodes.append(self.steps.setdefault((nodes[-1], part), len(self.steps) + 1))
        for node in nodes:
            if node not in self.best or self.best[node][0] < rank:
                self.best[node] = (rank, component)

    def closest(self, component: Component) -> Component:
        """Return the one that shares the longest path with a component."""
        if len(self.components) == 1:
            return self.components[0]
        found = [self._near(location.path.split("/")) for location in component.locations]
        return max(found or [self._near([])], key=lambda near: near[:2])[2]

    def _near(self, parts: list[str]) -> tuple[int, _Rank, Component]:
        node = depth = 0
        for part in parts:
            below = self.steps.get((node, part))
            if below is None:
                break
            node, depth = below, depth + 1
        return depth, *self.best[node]


def _closest(component: Component, need: str, index: dict[_Name, _Places]) -> Component | None:
    for alternative in need.split("|"):
        if places := index.get((component.type, alternative.strip())):
            return places.closest(component)
    return None
