"""Poetry's lock files, all versions of the format, with the pyproject.toml beside them.

Format: https://github.com/python-poetry/poetry/blob/main/src/poetry/packages/locker.py. Until Poetry 1.4 a
package had a category, from 2.0 on it has groups; in between only pyproject.toml tells what it is for.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ospo.extractors.damage import Damage
from ospo.extractors.declared_values import texts, words
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency, lock_toml, typed_list, typed_table, typed_text
from ospo.extractors.locked import Locked, connected
from ospo.extractors.pypi_extras import Packages
from ospo.extractors.pypi_packages import needed_name, normalized, pypi_package
from ospo.extractors.pyproject import read_pyproject
from ospo.model import Component, Evidence, Record, Scope

_EXTRA = re.compile(r"extra\s*==\s*[\"']([\w.-]+)[\"']")
_LOCAL = ("file", "directory")


def _poetry_lock(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    lock = lock_toml(file.data)
    damage = Damage()
    packages = Packages()
    told: dict[str, Scope] = {}
    entries = dict(_entries(lock, packages, told, damage))
    for key, entry in entries.items():
        with damage.at(f"package {key}"):
            _add_needs(key, entry, packages)
    project = None
    if (manifest := file.sibling("pyproject.toml")) is not None:
        with damage.at("the pyproject.toml beside it"):
            project = read_pyproject(manifest)
            packages.belong_to(project)
    yield from connected(
        _with_scopes(packages.scoped(), told), packages.direct if project and project.asks else None
    )
    damage.report()


def _entries(
    lock: Mapping[str, Any], packages: Packages, told: dict[str, Scope], damage: Damage
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    files = _old_files(lock)
    for number, entry in enumerate(typed_list(lock.get("package"), "package"), 1):
        with damage.at(f"package {number}"):
            entry = typed_table(entry)
            key = packages.add(_package(entry, files))
            if scope := _scope(entry):
                told[key] = scope
            yield key, entry


def _old_files(lock: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what lock files before 2.0 say about files: name -> files, or name -> hashes before 1.0."""
    metadata = lock.get("metadata")
    found = (metadata.get("files") or metadata.get("hashes")) if isinstance(metadata, dict) else None
    return {normalized(name): files for name, files in found.items()} if isinstance(found, dict) else {}


def _package(entry: Mapping[str, Any], files: Mapping[str, Any]) -> Component:
    name = typed_text(entry.get("name"), "name")
    source = typed_table(entry.get("source"), "source")
    kind, address = typed_text(source.get("type"), "source type"), typed_text(source.get("url"), "url")
    commit = typed_text(source.get("resolved_reference") or source.get("reference"), "reference")
    by_git = kind in ("git", "hg", "svn", "bzr")
    component = pypi_package(
        name,
        typed_text(entry.get("version"), "version"),
        source=f"{kind}+{address.removeprefix(kind + '+')}" if by_git else address if kind == "url" else "",
        commit=commit if by_git else "",
        local=kind in _LOCAL,
        hashes=_hashes(entry.get("files") or files.get(normalized(name))),
    )
    scope = Scope.OPTIONAL if entry.get("optional") is True else Scope.RUNTIME
    return replace(component, description=words(entry.get("description")), scope=scope)


def _hashes(files: object) -> Iterator[str]:
    for file in files if isinstance(files, list) else ():
        text = file.get("hash") if isinstance(file, dict) else file
        if isinstance(text, str):
            yield text if ":" in text else f"sha256:{text}"


def _scope(entry: Mapping[str, Any]) -> Scope | None:
    """Return what groups or category say, None where there are neither."""
    groups = texts(entry.get("groups")) or [words(entry.get("category"))]
    if groups == [""]:
        return None
    if "main" not in groups:
        return Scope.DEVELOPMENT
    return Scope.OPTIONAL if entry.get("optional") is True else Scope.RUNTIME


def _add_needs(key: str, entry: Mapping[str, Any], packages: Packages) -> None:
    """Add what it needs; what only extras need is marked, and the extras tell for which."""
    extras: dict[str, list[str]] = {}
    for extra, requirements in typed_table(entry.get("extras"), "extras").items():
        for requirement in texts(requirements):
            extras.setdefault(needed_name(requirement), []).append(extra)
    for name, constraints in typed_table(entry.get("dependencies"), "dependencies").items():
        for constraint in constraints if isinstance(constraints, list) else [constraints]:
            told = constraint if isinstance(constraint, dict) else {}
            nodes = list(packages.find(name, extras=texts(told.get("extras"))))
            marked = _EXTRA.findall(words(told.get("markers")))
            optional = told.get("optional") is True
            for extra in (marked or extras.get(normalized(name), [])) if optional else [""]:
                packages.need(key, extra, nodes)


def _with_scopes(packages: Mapping[str, Locked], told: Mapping[str, Scope]) -> dict[str, Locked]:
    return {
        key: replace(
            package, component=replace(package.component, scope=told.get(key, package.component.scope))
        )
        for key, package in packages.items()
    }


EXTRACTORS = (
    Extractor(
        name="poetry-lock",
        version=1,
        patterns=("**/poetry.lock",),
        evidence=Evidence.DECLARED,
        extract=_poetry_lock,
        ecosystem="Python",
        licenses_from="none",
        siblings=("pyproject.toml",),
    ),
)
