"""Components of packages that lie in node_modules folders, as npm's lock files list them and Bun's imply."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ospo.extractors.damage import Damage
from ospo.extractors.lock_entries import typed_text
from ospo.extractors.locked import Locked
from ospo.extractors.npm_lock_tree import Folders
from ospo.extractors.npm_packages import hashes_of, is_address, licenses, needs, npm_package
from ospo.extractors.records import bounded
from ospo.model import Component, ComponentKind, Scope


def read_folders(folders: Folders, damage: Damage) -> tuple[dict[str, Locked], set[str]]:
    """Return the packages by folder, and the folders of those that the project itself asks for."""
    edges = {path: list(_edges(path, folders, damage)) for path in folders.entries}
    asked = {target for path, found in edges.items() if folders.is_own(path) for target, _, _ in found}
    by_address = {
        target for found in edges.values() for target, requirement, _ in found if is_address(requirement)
    }
    packages = {}
    for path, entry in folders.entries.items():
        with damage.at(path or "the project"):
            if path or entry.get("name"):
                component = _package(path, entry, by_address=path in by_address, own=folders.is_own(path))
                packages[path] = Locked(component, tuple((target, scope) for target, _, scope in edges[path]))
    return packages, asked


def _edges(path: str, folders: Folders, damage: Damage) -> Iterator[tuple[str, str, Scope]]:
    """Yield (folder, requirement, scope) of what a package needs and has."""
    with damage.at(path or "the project"):
        for name, requirement, scope in needs(folders.entries[path], own=folders.is_own(path)):
            if target := folders.find(name, path):
                yield target, requirement, scope


def _package(path: str, entry: Mapping[str, Any], *, by_address: bool, own: bool) -> Component:
    folder = path.rpartition("/" if own else "node_modules/")[2]
    source = "./" if own else typed_text(entry.get("resolved"), "resolved")
    return replace(
        npm_package(
            typed_text(entry.get("name"), "name") or folder,
            typed_text(entry.get("version"), "version"),
            source,
            by_address=by_address,
        ),
        kind=ComponentKind.APPLICATION if own else ComponentKind.LIBRARY,
        licenses=licenses(entry.get("license")),
        hashes=hashes_of(entry.get("integrity")),
        scope=_scope(entry),
        properties=tuple(_properties(entry)),
    )


def _scope(entry: Mapping[str, Any]) -> Scope:
    """Read the flags; "devOptional" is what tools need, and what is optional at run time."""
    if entry.get("dev") is True:
        return Scope.DEVELOPMENT
    optional = any(entry.get(flag) is True for flag in ("optional", "devOptional", "peer"))
    return Scope.OPTIONAL if optional else Scope.RUNTIME


def _properties(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if entry.get("inBundle") is True:
        yield "npm:bundled", "true"
    if isinstance(entry.get("deprecated"), str):
        yield "npm:deprecated", bounded(entry["deprecated"])
