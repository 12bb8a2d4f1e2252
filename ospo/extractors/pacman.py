"""Packages of pacman (Arch Linux and its derivatives): one folder for each in the local database.

A folder holds `desc`, fields named `%FIELD%` with one value a line and an empty line behind the last,
and `files`: https://alpm.archlinux.page/specifications/alpm-db-desc.5.html and alpm-db-files.5.html.
"""

import re
from collections.abc import Iterator

from ospo.errors import ParseError
from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import bounded, checked, people, small, without_login
from ospo.limits import MiB
from ospo.model import Component, Evidence, Ownership, RawLicense, Record

# Twenty times the largest, which lists all that the metadata package of a desktop needs.
_DESC_LIMIT = MiB
_FIELD = re.compile(r"%([A-Z0-9]+)%")
_CONSTRAINT = re.compile(r"[<>=]")
# What makepkg writes where nobody set PACKAGER.
_NOBODY = "Unknown Packager"
_AS_DEPENDENCY = "1"


def _desc(file: File) -> Iterator[Record]:
    fields, stray = _fields(small(file, _DESC_LIMIT).decode("utf-8", "replace"))
    name = checked(_first(fields, "NAME"), "%NAME%")
    homepage = without_login(_first(fields, "URL"))
    packager = _first(fields, "PACKAGER")
    yield Component(
        type="alpm",
        name=name,
        version=checked(_first(fields, "VERSION"), "%VERSION%"),
        qualifiers=_qualifiers(fields, name),
        licenses=tuple(RawLicense(bounded(text), "LICENSE") for text in fields.get("LICENSE", ())),
        supplier="" if packager == _NOBODY else people(packager),
        description=bounded(_first(fields, "DESC")),
        urls=(("website", homepage),) if homepage else (),
        depends=_names(fields.get("DEPENDS", ())),
        provides=_names(fields.get("PROVIDES", ())),
        # Written for what was installed because something else needs it, and left out otherwise.
        direct=_first(fields, "REASON") != _AS_DEPENDENCY,
    )
    if stray:
        raise ParseError(f"line {stray} belongs to no field")


def _fields(text: str) -> tuple[dict[str, list[str]], int]:
    """Return the values of every field, and the number of the first line outside of all, 0 without any."""
    fields: dict[str, list[str]] = {}
    values: list[str] | None = None
    stray = 0
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            values = None
        elif values is not None:
            values.append(line.strip())
        elif match := _FIELD.fullmatch(line.strip()):
            values = fields.setdefault(match[1], [])
        else:
            stray = stray or number
    return fields, stray


def _first(fields: dict[str, list[str]], name: str) -> str:
    return next(iter(fields.get(name, ())), "")


def _qualifiers(fields: dict[str, list[str]], name: str) -> tuple[tuple[str, str], ...]:
    base = _first(fields, "BASE")
    pairs = (("arch", _first(fields, "ARCH")), ("upstream", "" if base == name else base))
    return tuple((key, value) for key, value in pairs if value)


def _names(relations: list[str] | tuple[()]) -> tuple[str, ...]:
    """Return the names without versions, each once: libz.so=1-64 is what libz.so of one ABI is called."""
    names = (_CONSTRAINT.split(relation, maxsplit=1)[0].strip() for relation in relations)
    return tuple(name for name in dict.fromkeys(names) if name)


def _files(file: File) -> Iterator[Record]:
    folder = file.folder.rpartition("/")[2]
    name, *version = folder.rsplit("-", 2)
    if len(version) != 2:
        raise ParseError("lies in a folder that is not named NAME-VERSION-RELEASE")
    fields, _ = _fields(file.text)
    paths = (path.lstrip("/") for path in fields.get("FILES", ()) if not path.endswith("/"))
    if owned := "\n".join(path for path in paths if path):
        yield Ownership(checked(name, "package name"), owned)


EXTRACTORS = (
    Extractor(
        name="pacman",
        version=1,
        patterns=("**/lib/pacman/local/*/desc",),
        evidence=Evidence.INSTALLED,
        extract=_desc,
        ecosystem="Arch Linux",
        licenses_from="field LICENSE of the package database",
        database=True,
    ),
    Extractor(
        name="pacman-files",
        version=1,
        patterns=("**/lib/pacman/local/*/files",),
        evidence=Evidence.INSTALLED,
        extract=_files,
        ecosystem="Arch Linux",
        licenses_from="none",
    ),
)
