"""uv's lock files: uv.lock of projects and workspaces, NAME.py.lock of scripts.

Format: https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile, and by
https://github.com/astral-sh/uv/blob/main/crates/uv-resolver/src/lock/mod.rs
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ospo.extractors.damage import Damage
from ospo.extractors.declared_values import words
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency, lock_toml, typed_list, typed_table, typed_text
from ospo.extractors.locked import connected
from ospo.extractors.pypi_extras import Packages
from ospo.extractors.pypi_packages import normalized, pypi_package
from ospo.model import Component, ComponentKind, Evidence, Record, Scope

_LOCAL = ("virtual", "editable", "directory", "path")


def _uv_lock(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    lock = lock_toml(file.data)
    damage = Damage()
    packages = Packages()
    entries = dict(_entries(lock, packages, damage))
    for key, entry in entries.items():
        with damage.at(f"package {key}"):
            _add_needs(key, entry, packages)
    with damage.at("manifest"):
        _ask(typed_table(lock.get("manifest")), packages)
    yield from connected(packages.scoped(), packages.direct)
    damage.report()


def _entries(
    lock: Mapping[str, Any], packages: Packages, damage: Damage
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    members = {normalized(name) for name in _members(lock)}
    for number, entry in enumerate(typed_list(lock.get("package"), "package"), 1):
        with damage.at(f"package {number}"):
            entry = typed_table(entry)
            source = typed_table(entry.get("source"), "source")
            own = (
                any(source.get(kind) == "." for kind in _LOCAL)
                or normalized(words(entry.get("name"))) in members
            )
            yield packages.add(_package(entry, source, own=own)), entry


def _members(lock: Mapping[str, Any]) -> Iterator[str]:
    manifest = lock.get("manifest")
    listed = manifest.get("members") if isinstance(manifest, dict) else None
    yield from (name for name in listed if isinstance(name, str)) if isinstance(listed, list) else ()


def _package(entry: Mapping[str, Any], source: Mapping[str, Any], *, own: bool) -> Component:
    address, commit = typed_text(source.get("url"), "url"), ""
    if git := typed_text(source.get("git"), "git"):
        # https://host/repository?rev=main#commit
        address, _, commit = git.partition("#")
        address = "git+" + address.partition("?")[0]
    return pypi_package(
        typed_text(entry.get("name"), "name"),
        typed_text(entry.get("version"), "version"),
        source=address,
        commit=commit,
        local=own or any(kind in source for kind in _LOCAL),
        hashes=_hashes(entry),
        kind=ComponentKind.APPLICATION if own else ComponentKind.LIBRARY,
    )


def _hashes(entry: Mapping[str, Any]) -> Iterator[str]:
    for archive in (entry.get("sdist"), *typed_list(entry.get("wheels"), "wheels")):
        if isinstance(archive, dict):
            yield words(archive.get("hash"))


def _add_needs(key: str, entry: Mapping[str, Any], packages: Packages) -> None:
    packages.need(key, "", _found(entry.get("dependencies"), packages))
    for extra, needed in typed_table(entry.get("optional-dependencies"), "optional-dependencies").items():
        packages.need(key, extra, _found(needed, packages))
    for needed in typed_table(entry.get("dev-dependencies"), "dev-dependencies").values():
        packages.need_tools(key, _found(needed, packages))


def _found(needed: object, packages: Packages) -> Iterator[str]:
    """Yield the keys of what a list of dependencies names; version and source tell equal names apart."""
    for one in typed_list(needed, "dependencies"):
        one = typed_table(one, "dependency")
        extras = one.get("extra") or one.get("extras")
        yield from packages.find(
            typed_text(one.get("name"), "name"),
            words(one.get("version")),
            extras=[extras]
            if isinstance(extras, str)
            else [words(extra) for extra in typed_list(extras, "extra")],
        )


def _ask(manifest: Mapping[str, Any], packages: Packages) -> None:
    """Ask for what a script, or a workspace without a package at its root, requires."""
    packages.ask(_found(manifest.get("requirements"), packages), Scope.RUNTIME)
    groups = typed_table(manifest.get("dependency-groups"), "dependency-groups")
    needed: Iterable[object] = groups.values()
    for one in needed:
        packages.ask(_found(one, packages), Scope.DEVELOPMENT)


EXTRACTORS = (
    Extractor(
        name="uv-lock",
        version=1,
        patterns=("**/uv.lock", "**/*.py.lock"),
        evidence=Evidence.DECLARED,
        extract=_uv_lock,
        ecosystem="Python",
        licenses_from="none",
    ),
)
