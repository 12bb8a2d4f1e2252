"""PDM's lock files, with the pyproject.toml beside them.

Format: https://pdm-project.org/latest/usage/lockfile/, and by
https://github.com/pdm-project/pdm/blob/main/src/pdm/formats/base.py. A package with extras has one more
entry, `extras = [...]`, with what these need.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ospo.extractors.damage import Damage
from ospo.extractors.declared_values import texts, words
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency, lock_toml, typed_list, typed_table, typed_text
from ospo.extractors.locked import connected
from ospo.extractors.pypi_extras import Packages
from ospo.extractors.pypi_packages import normalized, pypi_package
from ospo.extractors.pyproject import needed, read_pyproject
from ospo.model import Component, Evidence, Record, Scope


def _pdm_lock(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    lock = lock_toml(file.data)
    damage = Damage()
    packages = Packages()
    for key, entry in list(_entries(lock, packages, damage)):
        with damage.at(f"package {key}"):
            for extra in texts(entry.get("extras")) or [""]:
                packages.need(key, extra, _found(entry, packages))
    asked = False
    if (manifest := file.sibling("pyproject.toml")) is not None:
        with damage.at("the pyproject.toml beside it"):
            project = read_pyproject(manifest)
            packages.belong_to(project)
            asked = bool(project.asks)
    yield from connected(packages.scoped(), packages.direct if asked else None)
    damage.report()


def _entries(
    lock: Mapping[str, Any], packages: Packages, damage: Damage
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    files = _old_files(lock)
    for number, entry in enumerate(typed_list(lock.get("package"), "package"), 1):
        with damage.at(f"package {number}"):
            entry = typed_table(entry)
            yield packages.add(_package(entry, files)), entry


def _old_files(lock: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what lock files before 4.3 say about files: "name version" -> files."""
    metadata = lock.get("metadata")
    found = metadata.get("files") if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else {}


def _package(entry: Mapping[str, Any], files: Mapping[str, Any]) -> Component:
    name, version = typed_text(entry.get("name"), "name"), typed_text(entry.get("version"), "version")
    tool = next((tool for tool in ("git", "hg", "svn", "bzr") if tool in entry), "")
    repository = typed_text(entry.get(tool), tool) if tool else ""
    component = pypi_package(
        name,
        version,
        source=f"{tool}+{repository.removeprefix(tool + '+')}"
        if tool
        else typed_text(entry.get("url"), "url"),
        commit=typed_text(entry.get("revision"), "revision") if tool else "",
        local="path" in entry,
        hashes=_hashes(entry.get("files") or files.get(f"{normalized(name)} {version}")),
    )
    return replace(component, description=words(entry.get("summary")), scope=_scope(entry))


def _hashes(files: object) -> Iterator[str]:
    for file in files if isinstance(files, list) else ():
        if isinstance(file, dict):
            yield words(file.get("hash"))


def _scope(entry: Mapping[str, Any]) -> Scope:
    """Return what groups tell without a pyproject.toml: whether other groups are extras does not show."""
    groups = texts(entry.get("groups"))
    return Scope.RUNTIME if "default" in groups or not groups else Scope.OPTIONAL


def _found(entry: Mapping[str, Any], packages: Packages) -> Iterator[str]:
    for requirement in typed_list(entry.get("dependencies"), "dependencies"):
        if found := needed(typed_text(requirement, "dependency")):
            yield from packages.find(found[0], extras=found[1])


EXTRACTORS = (
    Extractor(
        name="pdm-lock",
        version=1,
        patterns=("**/pdm.lock",),
        evidence=Evidence.DECLARED,
        extract=_pdm_lock,
        ecosystem="Python",
        licenses_from="none",
        siblings=("pyproject.toml",),
    ),
)
