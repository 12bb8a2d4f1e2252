"""Alpine packages (Alpine, Wolfi, Chainguard): the database of apk, which also lists every file.

One letter names a field; the letters are explained on the page "Apk spec" of Alpine's wiki.
"""

import re
from collections.abc import Iterator

from ospo.errors import ParseError
from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import bounded, checked, people, without_login
from ospo.extractors.stanzas import records
from ospo.model import Component, Evidence, Ownership, RawLicense, Record

_CONSTRAINT = re.compile(r"[<>=~]")


def _installed(file: File) -> Iterator[Record]:
    yield from records(file, _package)


def _package(stanza: str) -> Iterator[Record]:
    head, _, files = stanza.partition("\nF:")
    lines = head.split("\n")
    fields = {line[0]: line[2:].strip() for line in lines if line[1:2] == ":"}
    name = checked(fields.get("P", ""), "name (P)")
    yield _component(name, fields)
    paths = _paths(files)
    if paths:
        yield Ownership(name, paths)
    if any(line[1:2] != ":" for line in lines):
        raise ParseError("has a line without a field letter")


def _component(name: str, fields: dict[str, str]) -> Component:
    origin = fields.get("o", "")
    qualifiers = (("arch", fields.get("A", "")), ("upstream", "" if origin == name else origin))
    license_, homepage = bounded(fields.get("L", "")), without_login(fields.get("U", ""))
    checksum = fields.get("C", "")
    return Component(
        type="apk",
        name=name,
        version=checked(fields.get("V", ""), "version (V)"),
        qualifiers=tuple((key, value) for key, value in qualifiers if value),
        # Real names start with a letter or digit: ".build-deps" is a bundle of needs that somebody named.
        registered=not name.startswith("."),
        licenses=(RawLicense(license_, "L"),) if license_ else (),
        supplier=people(fields.get("m", "")),
        description=bounded(fields.get("T", "")),
        urls=(("website", homepage),) if homepage else (),
        depends=relation_names(fields.get("D", "")),
        provides=relation_names(fields.get("p", "")),
        # Q1 and the SHA-1 of the package's control segment: not a hash of anything that can be hashed again.
        properties=(("apk:checksum", bounded(checksum)),) if checksum else (),
    )


def relation_names(relations: str) -> tuple[str, ...]:
    """Return the names without version constraints, each once; "!name" is a conflict, not a need."""
    words = (word for word in relations.split() if not word.startswith("!"))
    return tuple(name for name in dict.fromkeys(_CONSTRAINT.split(word, 1)[0] for word in words) if name)


def _paths(files: str) -> str:
    """Join each folder (F:) with the files in it (R:)."""
    paths: list[str] = []
    for block in files.split("\nF:"):
        folder, *lines = block.split("\n")
        prefix = folder + "/" if folder else ""
        paths += [prefix + line[2:] for line in lines if line.startswith("R:")]
    return "\n".join(paths)


EXTRACTORS = (
    Extractor(
        name="apk",
        version=1,
        patterns=("**/lib/apk/db/installed",),
        evidence=Evidence.INSTALLED,
        extract=_installed,
        ecosystem="Alpine",
        licenses_from="field L of the package database",
        database=True,
    ),
)
