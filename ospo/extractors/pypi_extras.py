"""The packages of one Python lock file and who needs which of their extras, so that scopes are exact.

`httpcore[socks]` is one more node beside `httpcore`: what only the extra needs is needed by those alone that
ask for it. https://packaging.python.org/en/latest/specifications/dependency-specifiers/#extras
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from ospo.errors import ParseError
from ospo.extractors.locked import Locked, Need, scoped
from ospo.extractors.pypi_packages import normalized
from ospo.extractors.pyproject import PyProject
from ospo.model import Component, ComponentKind, Scope

_SAME_NAME = 16
"""Packages of one name that a need without version leads to: one for each platform or Python version."""

_MOST_NEEDS = 500_000
"""Needs of one lock file; every extra of an entry multiplies what that needs."""


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
    _needs: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    """(Key, extra) -> nodes, and extra "" for what is always needed."""
    _tools: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Key of an own package -> nodes."""
    _asked: list[Need] = field(default_factory=list)
    _count: int = 0

    def add(self, component: Component) -> str:
        """Add a package and return its key."""
        key = component.key
        if key not in self._components:
            for version in {component.version, ""}:
                self._named[component.name, version].append(key)
        self._components[key] = component
        if self._is_own(key):
            self._asked.append((key, Scope.RUNTIME))
        return key

    def _is_own(self, key: str) -> bool:
        return self._components[key].kind is ComponentKind.APPLICATION

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
        """Note what a package needs, or one of its extras; those of own packages may all be asked for.

        Raises:
            ParseError: there are more than `_MOST_NEEDS` altogether; those until then are noted.
        """
        needed = self._counted(nodes)
        self._needs[key, normalized(extra)] += needed
        if self._is_own(key):
            self.direct.update(node for node in needed if node in self._components)
            if extra:
                self._asked.append((_node(key, extra), Scope.OPTIONAL))

    def _counted(self, nodes: Iterable[str]) -> list[str]:
        needed = list(islice(nodes, _MOST_NEEDS - self._count + 1))
        self._count += len(needed)
        if self._count > _MOST_NEEDS:
            self._count = _MOST_NEEDS
            raise ParseError(f"has more than {_MOST_NEEDS} needs")
        return needed

    def need_tools(self, key: str, nodes: Iterable[str]) -> None:
        """Note what only work on one of the project's own packages needs."""
        needed = self._counted(nodes)
        self._tools[key] += needed
        self.ask(needed, Scope.DEVELOPMENT)

    def ask(self, nodes: Iterable[str], scope: Scope) -> None:
        """Note what the project itself asks for."""
        for node in nodes:
            self._asked.append((node, scope))
            if node in self._components:
                self.direct.add(node)

    def belong_to(self, project: PyProject) -> None:
        """Add the project that asks for them, where the lock file itself does not hold it."""
        asked = [(list(self.find(name, extras=extras)), scope) for name, extras, scope in project.asks]
        for nodes, scope in asked:
            self.ask(nodes, scope)
        if project.component is not None:
            key = self.add(project.component)
            self._tools[key] += [node for nodes, _ in asked for node in nodes]

    def scoped(self) -> dict[str, Locked]:
        """Return the packages with all their needs, in the scope in which anything asked for needs them.

        Extras that nobody asks for need nothing.
        """
        nodes = {key: Locked(component) for key, component in self._components.items()}
        for (key, extra), needed in self._needs.items():
            needs = tuple((need, Scope.RUNTIME) for need in needed)
            nodes[_node(key, extra)] = Locked(self._components[key], needs)
        found = scoped(nodes, self._asked)
        return {key: Locked(found[key].component, needs) for key, needs in self._all_needs().items()}

    def _all_needs(self) -> dict[str, tuple[Need, ...]]:
        used = {node for needed in self._needs.values() for node in needed} | {
            node for node, _ in self._asked
        }
        needs: dict[str, list[str]] = {key: [] for key in self._components}
        for (key, extra), needed in self._needs.items():
            if not extra or _node(key, extra) in used:
                needs[key] += needed
        for key, needed in self._tools.items():
            needs[key] += needed
        return {key: tuple((need, Scope.RUNTIME) for need in needed) for key, needed in needs.items()}
