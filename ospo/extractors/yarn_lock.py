"""Yarn's lock files: those of Yarn 1, and those of later versions ("berry").

Formats: https://github.com/yarnpkg/yarn/blob/master/src/lockfile/parse.js and
https://github.com/yarnpkg/berry/blob/master/packages/yarnpkg-core/sources/Project.ts. Both name the
requirements that led to a package, so edges are exact. What is for tools stands in package.json alone.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from ospo.extractors.block_text import Value, read_blocks, yaml_line
from ospo.extractors.damage import Damage
from ospo.extractors.declared_values import json_object
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency, lock_text
from ospo.extractors.locked import Locked, Need, connected, scoped
from ospo.extractors.npm_packages import needs, own_package
from ospo.extractors.yarn_entries import (
    classic_line,
    classic_package,
    descriptors,
    is_root,
    later_package,
    needed,
    patched,
)
from ospo.model import Component, ComponentKind, Evidence, Record, Scope


@dataclass(frozen=True, slots=True)
class _Manifest:
    """The package.json beside a lock file."""

    needs: tuple[tuple[str, str, Scope], ...] = ()
    whole: bool = False
    """False where members of a workspace, whose files are elsewhere, need more."""
    project: Component | None = None

    @property
    def tools(self) -> set[str]:
        wider = {name for name, _, scope in self.needs if scope is not Scope.DEVELOPMENT}
        return {name for name, _, scope in self.needs if scope is Scope.DEVELOPMENT} - wider


@dataclass(frozen=True, slots=True)
class _Entries:
    """The packages of a lock file by its keys."""

    components: dict[str, Component]
    found: dict[str, str]
    """Descriptor -> key."""
    entries: Mapping[str, Value]

    @classmethod
    def read(
        cls, entries: Mapping[str, Value], package: Callable[[str, Value], Component], damage: Damage
    ) -> "_Entries":
        read = cls({}, {}, entries)
        for key, entry in entries.items():
            with damage.at(key):
                read.components[key] = package(key, entry)
                read.found.update(dict.fromkeys(descriptors(key), key))
        return read

    def key(self, name: str, requirement: str) -> str:
        """Return the key of what a requirement led to; "npm:" was not written there until Yarn 4."""
        return self.found.get(f"{name}@{requirement}") or self.found.get(f"{name}@npm:{requirement}") or ""

    def locked(self, key: str, tools: Collection[str] = ()) -> Locked:
        edges: list[Need] = []
        for name, requirement, scope in needed(key, self.entries[key]):
            if target := self.key(name, requirement):
                edges.append((target, Scope.DEVELOPMENT if name in tools else scope))
        return Locked(self.components[key], tuple(edges))


def _yarn_lock(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    damage = Damage()
    text = lock_text(file)
    manifest = _manifest(file.sibling("package.json"), damage)
    if "\n__metadata:" in f"\n{text}":
        entries = {
            key: entry for key, entry in read_blocks(text, yaml_line, damage).items() if key != "__metadata"
        }
        yield from _later(_Entries.read(entries, later_package, damage), manifest)
    else:
        entries = dict(read_blocks(text, classic_line, damage))
        yield from _classic(_Entries.read(entries, classic_package, damage), manifest)
    damage.report()


def _manifest(data: bytes | None, damage: Damage) -> _Manifest:
    if data is not None:
        with damage.at("the package.json beside it"):
            document = json_object(data)
            found = tuple(needs(document, own=True))
            return _Manifest(found, "workspaces" not in document, own_package(document))
    return _Manifest()


def _classic(read: _Entries, manifest: _Manifest) -> Iterator[Component]:
    """Yarn 1 writes neither the project nor members of its workspace down."""
    locked = {key: read.locked(key) for key in read.components}
    asked = [(read.key(name, requirement), scope) for name, requirement, scope in manifest.needs]
    direct = None
    if manifest.whole:
        locked, direct = scoped(locked, asked), {key for key, _ in asked}
    if manifest.project:
        locked[""] = Locked(manifest.project, tuple(asked))
    yield from connected(locked, direct)


def _later(read: _Entries, manifest: _Manifest) -> Iterator[Component]:
    own = [key for key, component in read.components.items() if component.kind is ComponentKind.APPLICATION]
    locked = {key: read.locked(key, manifest.tools if is_root(key) else ()) for key in read.components}
    for key in read.components:
        # Yarn's own patches take the place of a package, and nobody is written to need them.
        if (inner := patched(key)) and (target := locked.get(read.key(*inner))):
            locked[read.key(*inner)] = replace(target, needs=(*target.needs, (key, Scope.RUNTIME)))
    direct = {need for key in own for need, _ in locked[key].needs}
    yield from connected(scoped(locked, [(key, Scope.RUNTIME) for key in own]), direct if own else None)


EXTRACTORS = (
    Extractor(
        name="yarn-lock",
        version=1,
        patterns=("**/yarn.lock",),
        evidence=Evidence.DECLARED,
        extract=_yarn_lock,
        ecosystem="npm",
        licenses_from="none",
        siblings=("package.json",),
    ),
)
