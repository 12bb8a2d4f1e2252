"""Dependency edges between the components of one artifact, from the names that each says it needs."""

from collections import defaultdict

from ospo.model import Component


def edges(components: tuple[Component, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return (key, keys it depends on), sorted, for components that depend on another one present.

    A name is looked up among components of the same type. Where several fit, the one whose place is
    closest wins: Node looks upwards through `node_modules`, a Python environment is one folder, and a
    Go module belongs to the binary it was read from.
    """
    index = _by_name(components)
    found: dict[str, set[str]] = {}
    for component in components:
        targets = set()
        for need in component.depends:
            target = _closest(component, _candidates(component.type, need, index))
            if target is not None and target.key != component.key:
                targets.add(target.key)
        if targets:
            found[component.key] = targets
    return tuple((key, tuple(sorted(found[key]))) for key in sorted(found))


_Index = dict[tuple[str, str], list[Component]]


def _by_name(components: tuple[Component, ...]) -> _Index:
    index: _Index = defaultdict(list)
    for component in components:
        name = component.name
        if component.namespace and component.type not in _NAMED_WITHOUT_NAMESPACE:
            name = f"{component.namespace}/{name}"
        for spelling in {name, *component.provides}:
            index[component.type, spelling].append(component)
    return dict(index)


# The namespace of these is the distribution, which no dependency field mentions.
_NAMED_WITHOUT_NAMESPACE = frozenset(("deb", "apk", "rpm", "alpm"))


def _candidates(type_: str, need: str, index: _Index) -> list[Component]:
    for alternative in need.split("|"):
        if candidates := index.get((type_, alternative.strip())):
            return candidates
    return []


def _closest(component: Component, candidates: list[Component]) -> Component | None:
    if len(candidates) < 2:
        return candidates[0] if candidates else None
    own = [location.path for location in component.locations]
    return max(candidates, key=lambda c: (_nearness(own, c), c.version, c.key))


def _nearness(own: list[str], candidate: Component) -> tuple[int, int]:
    """Length of the longest common folder path; of equals, the one that lies less deep."""
    best = (-1, 0)
    for path in own:
        mine = path.split("/")
        for location in candidate.locations:
            theirs = location.path.split("/")
            common = 0
            for one, other in zip(mine, theirs, strict=False):
                if one != other:
                    break
                common += 1
            best = max(best, (common, -len(theirs)))
    return best
