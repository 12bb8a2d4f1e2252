"""Debian packages: the database of dpkg and its file lists.

Fields are those of Debian policy, chapter 5, and deb-control(5); states those of dpkg(1). Distroless
images have no database but one control file for each package below `status.d`, without `Status`, and
beside it the checksums that say which files the package owns.
"""

import re
from collections.abc import Iterator

from ospo.errors import ParseError
from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import bounded, checked, people, without_login
from ospo.extractors.stanzas import Fields, records
from ospo.model import Component, Evidence, Ownership, RawLicense, Record

# A package whose configuration was interrupted is not "installed", but its files are there and run.
_PRESENT = frozenset(("installed", "unpacked", "half-configured", "triggers-awaited", "triggers-pending"))
_ABSENT = frozenset(("not-installed", "config-files", "half-installed"))

_SUMS = ".md5sums"
# Versions "(>= 1)", architectures ":any" and build profiles "<!x>" say which, not what.
_RESTRICTION = re.compile(r"\([^()]*\)|:[\w-]+|<[^<>]*>")


def _status(file: File) -> Iterator[Record]:
    if not file.name.endswith(_SUMS):
        yield from records(file, package)


def package(stanza: str) -> Iterator[Component]:
    """Yield the package of one stanza of a database or control file, none where it is not installed.

    Raises:
        ParseError: the stanza is damaged; the package comes before that where it can be told.
    """
    fields = Fields(stanza)
    state = fields.first("status").rpartition(" ")[2]
    if state in _ABSENT:
        return
    name = checked(fields.first("package"), "Package")
    version = checked(fields.first("version"), "Version")
    if state and state not in _PRESENT:
        raise ParseError("has a Status that dpkg does not know")
    homepage = without_login(fields.first("homepage"))
    license_ = bounded(fields.first("license"))
    yield Component(
        type="deb",
        name=name,
        version=version,
        qualifiers=_qualifiers(fields, name, version),
        # Debian has no such field, but tools that make packages of anything write it.
        licenses=(RawLicense(license_, "License"),) if license_ else (),
        supplier=people(fields.first("maintainer")),
        description=bounded(fields.first("description").partition("\n")[0]),
        urls=(("website", homepage),) if homepage else (),
        depends=relation_names(fields.first("pre-depends"), fields.first("depends")),
        provides=relation_names(fields.first("provides")),
    )
    if fields.stray:
        raise ParseError("has a line without a field name")


def _qualifiers(fields: Fields, name: str, version: str) -> tuple[tuple[str, str], ...]:
    source, _, source_version = fields.first("source").partition(" (")
    source, source_version = source.strip() or name, source_version.rstrip(") ") or version
    upstream = source if source_version == version else f"{source}@{source_version}"
    pairs = (("arch", fields.first("architecture")), ("upstream", "" if upstream == name else upstream))
    return tuple((key, value) for key, value in pairs if value)


def relation_names(*relations: str) -> tuple[str, ...]:
    """Return the bare names of package relations, alternatives joined by " | ", each once."""
    names: dict[str, None] = {}
    for relation in relations:
        for alternatives in _RESTRICTION.sub("", relation).split(","):
            if name := " | ".join(part.strip() for part in alternatives.split("|") if part.strip()):
                names[name] = None
    return tuple(names)


def _list(file: File) -> Iterator[Ownership]:
    """Read the paths of a `NAME[:ARCH].list`, one a line with a leading slash."""
    package = file.name.removesuffix(".list").partition(":")[0]
    paths = file.text.removeprefix("/.\n").removeprefix("/").replace("\n/", "\n").rstrip("\n")
    if paths:
        yield Ownership(checked(package, "package name"), paths)


def _sums(file: File) -> Iterator[Ownership]:
    """Read the second column of md5sum(1)'s output."""
    package = checked(file.name.removesuffix(_SUMS).partition(":")[0], "package name")
    paths, damaged = [], 0
    for number, line in enumerate(file.text.split("\n"), 1):
        path = line.partition(" ")[2].lstrip(" *").removeprefix("./").lstrip("/")
        if path:
            paths.append(path)
        elif line.strip() and not damaged:
            damaged = number
    if paths:
        yield Ownership(package, "\n".join(paths))
    if damaged:
        raise ParseError(f"line {damaged} has no path")


def _files(file: File) -> Iterator[Record]:
    yield from (_sums if file.name.endswith(_SUMS) else _list)(file)


EXTRACTORS = (
    Extractor(
        name="dpkg",
        version=2,
        patterns=("**/lib/dpkg/status", "**/lib/dpkg/status.d/*"),
        evidence=Evidence.INSTALLED,
        extract=_status,
        ecosystem="Debian",
        licenses_from="field License, which packages made by third parties have",
        database=True,
    ),
    Extractor(
        name="dpkg-files",
        version=1,
        patterns=("**/lib/dpkg/info/*.list", "**/lib/dpkg/status.d/*.md5sums"),
        evidence=Evidence.INSTALLED,
        extract=_files,
        ecosystem="Debian",
        licenses_from="none",
    ),
)
