"""PHP packages that a composer.lock pins.

Its entries are those of installed.json; the composer.json beside it says what is asked for
(https://getcomposer.org/doc/04-schema.md). Several licences are a choice.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ospo.errors import ParseError
from ospo.extractors.composer import component
from ospo.extractors.damage import Damage
from ospo.extractors.declared_values import json_object, listed, table
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency, lock_json
from ospo.model import Component, Evidence, Record, Scope

_SECTIONS = {"packages": Scope.RUNTIME, "packages-dev": Scope.DEVELOPMENT}


def _composer_lock(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    lock, damage = lock_json(file), Damage()
    if _SECTIONS.keys().isdisjoint(lock):
        raise ParseError("has no list of packages")
    asked = None
    with damage.at("the composer.json beside it"):
        asked = _asked(file.sibling("composer.json"))
    found = list(_packages(lock, damage))
    labels = _labels(found)
    for one in found:
        name = _name(one)
        yield replace(
            one,
            depends=tuple(dict.fromkeys(labels[need] for need in one.depends if need in labels)),
            provides=(f"{name}@{one.version}",),
            direct=None if asked is None else name in asked,
        )
    damage.report()


def _asked(data: bytes | None) -> frozenset[str] | None:
    """Return the names that a composer.json asks for, None where there is none."""
    if data is None:
        return None
    document = json_object(data)
    names = (*table(document.get("require")), *table(document.get("require-dev")))
    return frozenset(name.lower() for name in names)


def _packages(lock: Mapping[str, Any], damage: Damage) -> Iterator[Component]:
    for section, scope in _SECTIONS.items():
        for number, entry in enumerate(listed(lock.get(section))):
            with damage.at(f"{section}[{number}]"):
                yield replace(component(entry, frozenset()), scope=scope)


def _name(package: Component) -> str:
    return f"{package.namespace}/{package.name}".lstrip("/")


def _labels(found: list[Component]) -> dict[str, str]:
    """Return name -> the package that has it, or else stands in for it, with its version."""
    labels = {_name(one): f"{_name(one)}@{one.version}" for one in found}
    for one in found:
        for name in one.provides:
            labels.setdefault(name, f"{_name(one)}@{one.version}")
    return labels


EXTRACTORS = (
    Extractor(
        name="composer-lock",
        version=1,
        patterns=("**/composer.lock",),
        evidence=Evidence.DECLARED,
        extract=_composer_lock,
        ecosystem="PHP",
        licenses_from="license of composer.lock",
        siblings=("composer.json",),
    ),
)
