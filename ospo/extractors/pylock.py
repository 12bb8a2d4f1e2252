"""Python's standard lock files, pylock.toml and pylock.NAME.toml.

Format: https://packaging.python.org/en/latest/specifications/pylock-toml/ (PEP 751). Markers say
which packages belong to an extra or a dependency group; nothing says what is asked for directly.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ospo.extractors.damage import Damage
from ospo.extractors.declared_values import words
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency, lock_toml, typed_list, typed_table, typed_text
from ospo.extractors.locked import Locked, connected
from ospo.extractors.pypi_packages import normalized, pypi_package
from ospo.model import Component, ComponentKind, Evidence, Record, Scope

_SAME_NAME = 16
"""Packages of one name that a need leads to, one for each marker."""

_MEMBERSHIP = re.compile(
    r"""(not\s+)?["']?(?<![\w.-])([\w.-]+)["']?\s+(not\s+)?in\s+(extras|dependency_groups)\b"""
)


def _pylock(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    lock = lock_toml(file.data)
    damage = Damage()
    defaults = {
        normalized(words(group)) for group in typed_list(lock.get("default-groups"), "default-groups")
    }
    entries: dict[str, Mapping[str, Any]] = {}
    components: dict[str, Component] = {}
    by_name: dict[str, list[str]] = {}
    for number, entry in enumerate(typed_list(lock.get("packages"), "packages"), 1):
        with damage.at(f"packages[{number - 1}]"):
            entry = typed_table(entry)
            component = _package(entry, defaults)
            entries[str(number)], components[str(number)] = entry, component
            by_name.setdefault(component.name, []).append(str(number))
    packages = {}
    for key, component in components.items():
        with damage.at(component.name):
            needs = tuple((need, Scope.RUNTIME) for need in _needs(entries[key], components, by_name))
            packages[key] = Locked(component, needs)
    yield from connected(packages)
    damage.report()


def _package(entry: Mapping[str, Any], defaults: set[str]) -> Component:
    vcs, archive = typed_table(entry.get("vcs"), "vcs"), typed_table(entry.get("archive"), "archive")
    directory = typed_table(entry.get("directory"), "directory")
    tool, address = words(vcs.get("type")), typed_text(archive.get("url"), "url")
    own = directory.get("path") == "."
    return pypi_package(
        typed_text(entry.get("name"), "name"),
        typed_text(entry.get("version"), "version"),
        source=f"{tool}+{typed_text(vcs.get('url'), 'url')}" if "url" in vcs else address,
        commit=typed_text(vcs.get("commit-id"), "commit-id"),
        local=any("path" in place and "url" not in place for place in (vcs, archive, directory)),
        hashes=_hashes(entry),
        scope=_scope(typed_text(entry.get("marker"), "marker"), defaults),
        kind=ComponentKind.APPLICATION if own else ComponentKind.LIBRARY,
    )


def _hashes(entry: Mapping[str, Any]) -> Iterator[str]:
    for file in (entry.get("sdist"), entry.get("archive"), *typed_list(entry.get("wheels"), "wheels")):
        hashes = file.get("hashes") if isinstance(file, dict) else None
        for algorithm, digest in hashes.items() if isinstance(hashes, dict) else ():
            yield f"{algorithm}:{words(digest)}"


def _scope(marker: str, defaults: set[str]) -> Scope:
    """Read what a package is for off a marker that needs an extra or a group, and nothing else, to hold.

    A marker of alternatives holds without any of them if one alternative names none.
    """
    widest = Scope.DEVELOPMENT
    for alternative in re.split(r"\bor\b", marker):
        named = _MEMBERSHIP.findall(alternative)
        wanted = [(name, kind) for before, name, after, kind in named if not before and not after]
        if not wanted or any(normalized(name) in defaults for name, kind in wanted if kind != "extras"):
            return Scope.RUNTIME
        if any(kind == "extras" for _, kind in wanted):
            widest = Scope.OPTIONAL
    return widest


def _needs(
    entry: Mapping[str, Any], components: Mapping[str, Component], by_name: Mapping[str, list[str]]
) -> Iterator[str]:
    for need in typed_list(entry.get("dependencies"), "dependencies"):
        need = typed_table(need, "dependency")
        version = words(need.get("version"))
        for key in by_name.get(normalized(typed_text(need.get("name"), "name")), [])[:_SAME_NAME]:
            if not version or components[key].version == version:
                yield key


EXTRACTORS = (
    Extractor(
        name="pylock",
        version=1,
        patterns=("**/pylock.toml", "**/pylock.*.toml"),
        evidence=Evidence.DECLARED,
        extract=_pylock,
        ecosystem="Python",
        licenses_from="none",
    ),
)
