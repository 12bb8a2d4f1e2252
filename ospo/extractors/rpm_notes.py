"""What rpm notes about files: digests, targets of links, and which of them are not meant to be compared.

Flags and states are those of https://github.com/rpm-software-management/rpm/blob/master/include/rpm/rpmfiles.h,
algorithms those of OpenPGP, https://www.rfc-editor.org/rfc/rfc9580#section-9.5.
"""

import hashlib
import re
import stat
from collections.abc import Iterator, Sequence
from itertools import repeat

from ospo.errors import ParseError
from ospo.extractors import rpm, rpm_sqlite
from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import checked
from ospo.extractors.rpm_header import Header, Tag, parse
from ospo.model import Evidence, FileNotes, Noted, Record

_MD5 = 1
_ALGORITHMS = {_MD5: 32, 2: 40, 8: 64, 9: 96, 10: 128, 11: 56}
"""Number -> how many hexadecimal digits a digest has."""
_CONFIG, _MISSING_OK, _GHOST = 1 << 0, 1 << 3, 1 << 6
_NORMAL = 0
_VERIFY_DIGEST, _VERIFY_LINK = 1 << 0, 1 << 4
_HEX = re.compile(r"[0-9a-f]+")


def _database(file: File) -> Iterator[Record]:
    if file.name == rpm_sqlite.LOG:
        return  # Its pages are read together with the file that they belong to.
    problems: list[str] = []
    for blob in rpm.blobs(file, problems):
        try:
            yield from _package(blob)
        except ParseError as error:
            problems.append(f"a package {error.message}")
    if problems:
        raise ParseError(problems[0])


def _package(blob: bytes) -> Iterator[Record]:
    header = parse(blob)
    name = checked(header.text(Tag.NAME), "name")
    if name == rpm.SIGNING_KEY:
        return
    places = rpm.paths(header, len(blob) * rpm.PATHS_RATIO).split("\n")
    content: list[str] = []
    links: list[str] = []
    optional: list[str] = []
    for path, mode, digest, target, flags, state, verified in _files(header, places):
        if state != _NORMAL or flags & (_CONFIG | _GHOST):
            continue
        if stat.S_ISREG(mode) and verified & _VERIFY_DIGEST and digest:
            content.append(f"{digest} {path}")
        elif stat.S_ISLNK(mode) and verified & _VERIFY_LINK and target:
            links.append(f"{hashlib.sha256(target.encode()).hexdigest()} {path}")
        if flags & _MISSING_OK:
            optional.append(path)
    for noted, lines in ((Noted.CONTENT, content), (Noted.LINK, links), (Noted.OPTIONAL, optional)):
        if lines:
            yield FileNotes(name, noted, "\n".join(lines))


def _files(header: Header, places: Sequence[str]) -> Iterator[tuple[str, int, str, str, int, int, int]]:
    """Yield path, mode, digest, link target, flags, state and what is verified of every file.

    Raises:
        ParseError: the lists differ in their length, or the digests are of an unknown kind.
    """
    modes = header.numbers(Tag.FILEMODES)
    if not modes:
        return
    digests = header.texts(Tag.FILEDIGESTS)
    size = _ALGORITHMS.get((header.numbers(Tag.FILEDIGESTALGO) or (_MD5,))[0])
    if size is None or not all(len(one) == size and _HEX.fullmatch(one) for one in digests if one):
        raise ParseError("has digests of files of an unknown kind")
    columns = (
        places,
        modes,
        digests or repeat("", len(places)),
        header.texts(Tag.FILELINKTOS) or repeat("", len(places)),
        header.numbers(Tag.FILEFLAGS) or repeat(0, len(places)),
        header.numbers(Tag.FILESTATES) or repeat(_NORMAL, len(places)),
        header.numbers(Tag.FILEVERIFYFLAGS) or repeat(-1, len(places)),
    )
    try:
        yield from zip(*columns, strict=True)
    except ValueError as error:
        raise ParseError("has lists of files of different lengths") from error


NOTES = (
    Extractor(
        name="rpm-notes",
        version=1,
        patterns=tuple(pattern.removeprefix("**/") for one in rpm.EXTRACTORS[:1] for pattern in one.patterns),
        evidence=Evidence.INSTALLED,
        extract=_database,
        ecosystem="RPM",
        licenses_from="none",
    ),
    Extractor(
        name="rpm-sqlite-notes",
        version=1,
        patterns=tuple(pattern.removeprefix("**/") for one in rpm.EXTRACTORS[1:] for pattern in one.patterns),
        evidence=Evidence.INSTALLED,
        extract=_database,
        ecosystem="RPM",
        licenses_from="none",
        siblings=(rpm_sqlite.NAME, rpm_sqlite.LOG),
    ),
)
"""Read what is asked for with `--verify-files` only."""
