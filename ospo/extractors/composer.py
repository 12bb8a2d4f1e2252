"""Installed PHP packages: the list that Composer keeps in its vendor folder.

Composer 1 writes a list, Composer 2 an object with `packages` and `dev-package-names`; packages are as in
https://getcomposer.org/doc/04-schema.md and have been resolved. Several licences are a choice by that schema,
which the field `license[]` says.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ospo.errors import ParseError
from ospo.extractors.damage import Damage
from ospo.extractors.declared_values import json_value
from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import bounded, checked, people, without_login
from ospo.model import Component, ComponentKind, Evidence, RawLicense, Record, Scope

_SHA_1 = re.compile(r"[0-9a-fA-F]{40}")
_URL_TYPES = {"issues": "issue-tracker", "docs": "documentation", "wiki": "documentation", "chat": "chat"}


def _installed(file: File) -> Iterator[Record]:
    packages, development = _lists(file.data)
    damage = Damage()
    for number, package in enumerate(packages):
        with damage.at(f"packages[{number}]"):
            yield component(package, development)
    damage.report()


def _lists(data: bytes) -> tuple[list[Any], frozenset[str]]:
    """Return the packages, and the names of those that are for development only."""
    document = json_value(data)
    match document:
        case list():
            return document, frozenset()
        case {"packages": list() as packages}:
            names = document.get("dev-package-names")
            named = names if isinstance(names, list) else []
            return packages, frozenset(name for name in named if isinstance(name, str))
    raise ParseError("has no list of packages")


def component(package: object, development: frozenset[str]) -> Component:
    """Return what one entry of a list of resolved packages describes.

    Raises:
        ParseError: it has no name, no version, or is no object.
    """
    if not isinstance(package, dict):
        raise ParseError("is no object")
    full = checked(_text(package.get("name")), "name")
    vendor, _, name = full.rpartition("/")
    dist, source = _object(package, "dist"), _object(package, "source")
    return Component(
        type="composer",
        namespace=vendor.lower(),
        name=checked(name, "name after its vendor").lower(),
        version=checked(_text(package.get("version")), "version"),
        # Copied or linked from a folder beside the project, or without the vendor that a registry wants.
        registered=bool(vendor) and dist.get("type") != "path",
        kind=ComponentKind.APPLICATION if package.get("type") == "project" else ComponentKind.LIBRARY,
        licenses=tuple(_licenses(package)),
        supplier=_supplier(package),
        description=_text(package.get("description")),
        urls=tuple(dict.fromkeys(_urls(package, source, dist))),
        hashes=_hashes(dist),
        depends=_names(package, "require"),
        provides=(*_names(package, "replace"), *_names(package, "provide")),
        scope=Scope.DEVELOPMENT if full in development else Scope.RUNTIME,
        properties=tuple(_properties(package, source)),
    )


def _text(value: object) -> str:
    return bounded(value.strip()) if isinstance(value, str) else ""


def _object(package: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    value = package.get(field)
    return value if isinstance(value, dict) else {}


def _licenses(package: Mapping[str, Any]) -> Iterator[RawLicense]:
    value = package.get("license")
    for words in map(_text, value if isinstance(value, list) else [value]):
        if words:
            yield RawLicense(words, "license[]")


def _supplier(package: Mapping[str, Any]) -> str:
    authors = package.get("authors")
    named = (
        (author.get("name") for author in authors if isinstance(author, dict))
        if isinstance(authors, list)
        else ()
    )
    return people(", ".join(filter(None, map(_text, named))))


def _urls(
    package: Mapping[str, Any], source: Mapping[str, Any], dist: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    support = _object(package, "support")
    pairs = [("website", package.get("homepage")), ("vcs", source.get("url") or support.get("source"))]
    pairs += [(kind, support.get(field)) for field, kind in _URL_TYPES.items()]
    for kind, url in (*pairs, ("distribution", dist.get("url"))):
        # A path is a place on the machine that built it.
        if ("://" in _text(url) and not _text(url).startswith("file:")) or _text(url).startswith("git@"):
            yield kind, without_login(_text(url))


def _hashes(dist: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    checksum = _text(dist.get("shasum"))
    return (("SHA-1", checksum.lower()),) if _SHA_1.fullmatch(checksum) else ()


def _names(package: Mapping[str, Any], field: str) -> tuple[str, ...]:
    """Return the packages among what is named; names without vendor are PHP itself and its extensions."""
    return tuple(dict.fromkeys(name.lower() for name in _object(package, field) if "/" in name))


def _properties(package: Mapping[str, Any], source: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if reference := _text(source.get("reference")):
        yield "composer:reference", reference
    abandoned = package.get("abandoned")
    if abandoned:
        yield "composer:abandoned", _text(abandoned) or "true"


EXTRACTORS = (
    Extractor(
        name="composer",
        version=1,
        patterns=("**/composer/installed.json",),
        evidence=Evidence.INSTALLED,
        extract=_installed,
        ecosystem="PHP",
        licenses_from="license of installed.json",
    ),
)
