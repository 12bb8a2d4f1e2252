"""RPM packages (RHEL, Fedora, SUSE, Amazon Linux, Azure Linux): rpm's database in its three formats."""

from collections.abc import Callable, Iterator

from ospo.errors import ParseError
from ospo.extractors import rpm_berkeley, rpm_ndb, rpm_sqlite
from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import bounded, checked, people, without_login
from ospo.extractors.rpm_header import Header, Tag, parse
from ospo.extractors.rpm_needs import Package, linked, needed
from ospo.extractors.rpm_wal import pending
from ospo.model import Component, Evidence, RawLicense, Record

_PACKAGES_MAX = 200_000
"""Of one database: three times those of all of Fedora, so that a bomb ends within seconds."""

# The keys of those who sign packages lie between the packages.
SIGNING_KEY = "gpg-pubkey"
PATHS_RATIO = 2
"""Characters of paths for each byte of a header, which has a hundred bytes for each file beside its name."""


def _database(file: File) -> Iterator[Record]:
    packages: list[Package] = []
    problems: list[str] = []
    hint = ""
    try:
        for number, blob in enumerate(blobs(file, problems), 1):
            try:
                packages += _package(blob)
            except ParseError as error:
                problems.append(f"package {number} {error.message}")
    except ParseError as error:
        problems.insert(0, error.message)
        hint = error.hint
    yield from linked(packages)
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise ParseError(problems[0] + more, hint=hint)


def blobs(file: File, problems: list[str]) -> Iterator[bytes]:
    """Yield the headers of a database that can be read, and note the others.

    Raises:
        ParseError: it is no database, or one that nobody can read on.
    """
    for number, blob in enumerate(_reader(file)(file)):
        if number == _PACKAGES_MAX:
            raise ParseError(f"has more than {_PACKAGES_MAX} packages")
        if isinstance(blob, ParseError):
            problems.append(blob.message)
        else:
            yield blob


def _sqlite(file: File) -> Iterator[Record]:
    if file.name != rpm_sqlite.LOG:
        yield from _database(file)
    elif file.sibling(rpm_sqlite.NAME) is None and pending(file.data):
        raise ParseError(
            f"holds changes of a {rpm_sqlite.NAME} that is not beside it in the same layer; they are not read"
        )


def _reader(file: File) -> Callable[[File], Iterator[bytes | ParseError]]:
    start = file.read(0, min(16, file.size))
    if start == rpm_sqlite.MAGIC:
        return rpm_sqlite.blobs
    if start[12:16] in rpm_berkeley.MAGICS:
        return rpm_berkeley.blobs
    if start.startswith(rpm_ndb.MAGIC):
        return rpm_ndb.blobs
    raise ParseError("is no database of rpm: neither Berkeley DB hash table, nor NDB, nor SQLite")


def _package(blob: bytes) -> Iterator[Package]:
    header = parse(blob)
    if header.text(Tag.NAME) != SIGNING_KEY:
        yield Package(
            component(header),
            needs=tuple(dict.fromkeys(needed(header.texts(Tag.REQUIRENAME)))),
            offers=tuple(header.texts(Tag.PROVIDENAME)),
            paths=paths(header, len(blob) * PATHS_RATIO),
        )


def component(header: Header) -> Component:
    """Return what a header describes, without what it needs and offers.

    Raises:
        ParseError: what identifies the package is missing or damaged.
    """
    name = checked(header.text(Tag.NAME), "name")
    version, release = (checked(header.text(tag), tag.name.lower()) for tag in (Tag.VERSION, Tag.RELEASE))
    license_, homepage = bounded(header.text(Tag.LICENSE)), without_login(header.text(Tag.URL))
    return Component(
        type="rpm",
        name=name,
        version=f"{version}-{release}",
        qualifiers=_qualifiers(header),
        licenses=(RawLicense(license_, "License"),) if license_ else (),
        supplier=people(header.text(Tag.VENDOR)),
        description=bounded(header.text(Tag.SUMMARY)),
        urls=(("website", homepage),) if homepage else (),
    )


def _qualifiers(header: Header) -> tuple[tuple[str, str], ...]:
    """Name what tells packages of one name and version apart, and the source package as Syft does."""
    epoch = header.numbers(Tag.EPOCH)
    pairs = (
        ("arch", header.text(Tag.ARCH)),
        # To rpm, no epoch and 0 are the same.
        ("epoch", str(epoch[0]) if epoch and epoch[0] else ""),
        ("rpmmod", header.text(Tag.MODULARITYLABEL)),
        ("upstream", header.text(Tag.SOURCERPM)),
    )
    return tuple((key, checked(value, key)) for key, value in pairs if value)


def paths(header: Header, most: int) -> str:
    """Join folders and names of the files, one a line.

    Raises:
        ParseError: they do not fit together, or are longer than so many characters.
    """
    names = header.texts(Tag.BASENAMES)
    if not names:
        return "\n".join(path.lstrip("/") for path in header.texts(Tag.OLDFILENAMES))
    folders = [folder.lstrip("/") for folder in header.texts(Tag.DIRNAMES)]
    places = header.numbers(Tag.DIRINDEXES)
    if len(places) != len(names) or max(places) >= len(folders):
        raise ParseError("has files without a folder")
    if sum(len(folders[place]) for place in places) > most:
        raise ParseError(f"has paths of more than {most} characters")
    return "\n".join([folders[place] + name for place, name in zip(places, names, strict=True)])


_FOLDERS = ("var/lib", "usr/share", "usr/lib/sysimage")

EXTRACTORS = (
    Extractor(
        name="rpm",
        version=1,
        patterns=tuple(
            f"**/{folder}/rpm/{name}" for folder in _FOLDERS for name in ("Packages", "Packages.db")
        ),
        evidence=Evidence.INSTALLED,
        extract=_database,
        ecosystem="RPM",
        licenses_from="License of the package's header",
        database=True,
    ),
    # Apart, because it waits for a file beside it.
    Extractor(
        name="rpm-sqlite",
        version=1,
        patterns=tuple(
            f"**/{folder}/rpm/{name}" for folder in _FOLDERS for name in (rpm_sqlite.NAME, rpm_sqlite.LOG)
        ),
        evidence=Evidence.INSTALLED,
        extract=_sqlite,
        ecosystem="RPM",
        licenses_from="License of the package's header",
        siblings=(rpm_sqlite.NAME, rpm_sqlite.LOG),
        database=True,
    ),
)
