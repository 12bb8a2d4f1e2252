"""The packages of one Python lock file and who needs which of their extras, so that scopes are exact.

`httpcore[socks]` is one more node beside `httpcore`: what only the extra needs is needed by those alone that
ask for it. https://packaging.python.org/en/latest/specifications/dependency-specifiers/#extras
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ospo.extractors.locked import Locked, Need, scoped
from ospo.extractors.pypi_packages import normalized
from ospo.model import Component, ComponentKind, Scope

_SAME_NAME = 16
"""Packages of one name that a need without version leads to: one for each platform or Python version."""


def _node(key: str, extra: str) -> str:
    return f"{key}[{normalized(extra)}]" if extra else key


@dataclass(slots=True)
class Packages:
    """Packages by key; the project's own are applications."""

    direct: set[str] = field(default_factory=set)
    """Keys of what the project itself asks for."""
    _components: dict[str, Component] = field(default_factory=dict)
    _named: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    """(Name, version) -> keys, and version "" for all of them."""
    _needs: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """Key -> extra, "" for none -> nodes."""
    _asked: list[Need] = field(default_factory=list)

    def add(self, component: Component) -> str:
        """Add a package and return its key."""
        key = component.key
        if key not in self._components:
            for version in {component.version, ""}:
                self._named[component.name, version].append(key)
        self._components[key] = component
        self._needs.setdefault(key, {"": []})
        if component.kind is ComponentKind.APPLICATION:
            self._asked.append((key, Scope.RUNTIME))
        return key

    def find(self, name: str, version: str = "", extras: Iterable[str] = ()) -> Iterator[str]:
        """Yield the nodes of what is needed by name, version where equal names differ in it, and extras."""
        name = normalized(name)
        keys = self._named.get((name, ""), [])
        if version and len(keys) > 1:
            keys = self._named.get((name, version), [])
        for key in keys[:_SAME_NAME]:
            yield key
            for extra in extras:
                yield _node(key, extra)

    def need(self, key: str, extra: str, nodes: Iterable[str]) -> None:
        """Note what a package needs, or one of its extras."""
        needed = list(nodes)
        self._needs[key].setdefault(extra, []).extend(needed)
        if self._components[key].kind is ComponentKind.APPLICATION:
            self.direct.update(self._own_apart(needed))
            if extra:
                self._asked.append((_node(key, extra), Scope.OPTIONAL))

    def need_tools(self, key: str, nodes: Iterable[str]) -> None:
        """Note what only work on one of the project's own packages needs."""
        needed = list(nodes)
        self._needs[key].setdefault("\0tools", []).extend(needed)
        self.ask(needed, Scope.DEVELOPMENT)

    def ask(self, nodes: Iterable[str], scope: Scope) -> None:
        """Note what the project itself asks for."""
        for node in nodes:
            self._asked.append((node, scope))
            self.direct.update(self._own_apart([node]))

    def _own_apart(self, nodes: Iterable[str]) -> Iterator[str]:
        return (node for node in nodes if node in self._components)

    def scoped(self) -> dict[str, Locked]:
        """Return the packages with the scope in which anything asked for needs them, and all their needs."""
        nodes: dict[str, Locked] = {}
        for key, by_extra in self._needs.items():
            for extra, needed in by_extra.items():
                if extra != "\0tools":
                    nodes[_node(key, extra)] = Locked(
                        self._components[key], tuple((need, Scope.RUNTIME) for need in needed)
                    )
        found = scoped(nodes, self._asked)
        return {
            key: Locked(
                found[key].component,
                tuple(
                    (need, Scope.RUNTIME)
                    for needed in by_extra.values()
                    for need in needed
                    if need in self._components
                ),
            )
            for key, by_extra in self._needs.items()
        }
