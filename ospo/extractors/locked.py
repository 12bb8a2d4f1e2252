"""Turn the packages of one lock file into components: exact edges, scopes, and what is asked for directly."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ospo.model import Component, ComponentKind, Scope

_WIDTH = {scope: width for width, scope in enumerate(Scope)}

Need = tuple[str, Scope]
"""What is needed, by its key in the lock file, and what for."""


@dataclass(frozen=True, slots=True)
class Locked:
    """One package of a lock file."""

    component: Component
    needs: tuple[Need, ...] = ()


def connected(packages: Mapping[str, Locked], asked: Collection[str] | None = None) -> Iterator[Component]:
    """Yield components that name each other by name and version, as one lock file pins several versions.

    Those of `asked` are direct, all others indirect; None leaves what each says itself. The project's own
    members, which are applications here, are neither.
    """
    exact = {key: _exact(package.component) for key, package in packages.items()}
    for key, package in packages.items():
        component = package.component
        own = component.kind is ComponentKind.APPLICATION
        depends = dict.fromkeys(exact[need] for need, _ in package.needs if need in exact)
        depends.pop(exact[key], None)
        yield replace(
            component,
            depends=tuple(depends),
            provides=(exact[key],),
            direct=None if own else component.direct if asked is None else key in asked,
        )


def _exact(component: Component) -> str:
    name = f"{component.namespace}/{component.name}" if component.namespace else component.name
    return f"{name}@{component.version}"


def scoped(packages: Mapping[str, Locked], asked: Iterable[Need]) -> dict[str, Locked]:
    """Give each package the widest scope in which anything that is asked for needs it.

    What nothing leads to keeps its scope.
    """
    waiting: dict[Scope, list[str]] = {scope: [] for scope in Scope}
    for key, scope in asked:
        waiting[scope].append(key)
    found: dict[str, Scope] = {}
    for scope, keys in waiting.items():
        while keys:
            key = keys.pop()
            if key in found or key not in packages:
                continue
            found[key] = scope
            for need, how in packages[key].needs:
                waiting[max(scope, how, key=_WIDTH.__getitem__)].append(need)
    return {
        key: replace(package, component=replace(package.component, scope=found[key]))
        if key in found
        else package
        for key, package in packages.items()
    }
