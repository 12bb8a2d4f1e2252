"""Pipenv's lock files.

Format: https://github.com/pypa/pipfile#pipfilelock. There are no edges in it, and what is asked for directly
stands in the Pipfile beside it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ospo.errors import ParseError
from ospo.extractors.damage import Damage
from ospo.extractors.declared_values import table as lenient_table
from ospo.extractors.declared_values import texts
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency, lock_json, lock_toml, typed_table, typed_text
from ospo.extractors.locked import Locked, connected
from ospo.extractors.pypi_packages import normalized, pypi_package
from ospo.model import Component, Evidence, Record, Scope

_TOOLS = ("git", "hg", "svn", "bzr")


def _pipfile_lock(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    lock = lock_json(file)
    if "_meta" not in lock:
        raise ParseError("is no lock file of Pipenv: it has no _meta")
    damage = Damage()
    direct = _direct(file.sibling("Pipfile"), damage)
    for group, entries in lock.items():
        if group != "_meta":
            with damage.at(group):
                packages = dict(_packages(group, typed_table(entries), damage))
                asked = {key for key in packages if direct is not None and (group, key) in direct}
                yield from connected(packages, asked if direct is not None else None)
    damage.report()


def _packages(group: str, entries: Mapping[str, Any], damage: Damage) -> Iterator[tuple[str, Locked]]:
    """Yield the packages of one group: "default", "develop", or one that the Pipfile names."""
    scope = Scope.RUNTIME if group == "default" else Scope.DEVELOPMENT
    for name, entry in entries.items():
        with damage.at(f"{group} {name!r}"):
            component = _package(name, typed_table(entry))
            yield normalized(name), Locked(replace(component, scope=scope))


def _package(name: str, entry: Mapping[str, Any]) -> Component:
    tool = next((tool for tool in _TOOLS if tool in entry), "")
    repository = typed_text(entry.get(tool), tool) if tool else ""
    address = typed_text(entry.get("file"), "file")
    local = "path" in entry or (address != "" and "://" not in address) or address.startswith("file:")
    return pypi_package(
        name,
        # "==1.0"; nothing else is written.
        typed_text(entry.get("version"), "version").lstrip("="),
        source=f"{tool}+{repository.removeprefix(tool + '+')}" if tool else "" if local else address,
        commit=typed_text(entry.get("ref"), "ref") if tool else "",
        local=local,
        hashes=texts(entry.get("hashes")),
    )


def _direct(pipfile: bytes | None, damage: Damage) -> set[tuple[str, str]] | None:
    """Return (group, name) of what a Pipfile asks for, None where there is none."""
    if pipfile is None:
        return None
    with damage.at("the Pipfile beside it"):
        document = lock_toml(pipfile)
        groups = {"packages": "default", "dev-packages": "develop"}
        return {
            (groups.get(group, group), normalized(name))
            for group, wanted in document.items()
            for name in lenient_table(wanted)
        }
    return None


EXTRACTORS = (
    Extractor(
        name="pipfile-lock",
        version=1,
        patterns=("**/Pipfile.lock",),
        evidence=Evidence.DECLARED,
        extract=_pipfile_lock,
        ecosystem="Python",
        licenses_from="none",
        siblings=("Pipfile",),
    ),
)
