"""What dpkg notes about files: checksums, configuration, diversions, and what it was told to leave out.

The files are described in deb-md5sums(5), deb-conffiles(5), dpkg-divert(1) and dpkg.cfg(5); distroless images
have checksums below `status.d`.
"""

import re
from collections.abc import Iterator

from ospo.errors import ParseError
from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import checked
from ospo.model import Evidence, FileNotes, Noted, Record

_SUMS = ".md5sums"
_CONFIGURATION = ".conffiles"
_DIGEST = re.compile(r"[0-9a-f]{32}")
# Others are not read by dpkg, such as what editors and package managers leave behind.
_CONFIG_NAME = re.compile(r"[A-Za-z0-9_-]+")
_PATH_OPTION = re.compile(r"(?:--)?path-(include|exclude)(?:\s*=\s*|\s+)(\S.*)")


def _sums(file: File) -> Iterator[Record]:
    """Read what md5sum(1) writes, without escapes."""
    package = _package(file, _SUMS)
    notes, damaged = [], 0
    for number, line in enumerate(file.text.split("\n"), 1):
        digest, _, rest = line.partition(" ")
        path = rest.lstrip(" *").removeprefix("./").lstrip("/")
        if path and _DIGEST.fullmatch(digest):
            notes.append(f"{digest} {path}")
        elif line.strip() and not damaged:
            damaged = number
    if notes:
        yield FileNotes(package, Noted.CONTENT, "\n".join(notes))
    if damaged:
        raise ParseError(f"line {damaged} is no checksum and path")


def _configuration(file: File) -> Iterator[Record]:
    """Read the paths; newer packages may have a flag before one."""
    package = _package(file, _CONFIGURATION)
    paths = [line[line.find("/") + 1 :].rstrip() for line in file.text.split("\n") if "/" in line]
    if paths:
        yield FileNotes(package, Noted.CHANGEABLE, "\n".join(paths))


def _diversions(file: File) -> Iterator[Record]:
    """Read three lines for each: the path, where it went, and the package whose own file may stay."""
    lines = file.text.removesuffix("\n").split("\n")
    notes = [
        "\t".join((path.lstrip("/"), place.lstrip("/"), package.partition(":")[0]))
        for path, place, package in zip(lines[::3], lines[1::3], lines[2::3], strict=False)
        if "\t" not in path + place + package
    ]
    if notes:
        yield FileNotes("", Noted.DIVERTED, "\n".join(notes))
    if file.size and len(lines) % 3:
        raise ParseError("ends within a diversion")


def _left_out(file: File) -> Iterator[Record]:
    """Read the options `path-exclude` and `path-include`."""
    if file.folder.endswith(".d") and not _CONFIG_NAME.fullmatch(file.name):
        return
    found = (_PATH_OPTION.fullmatch(line.strip()) for line in file.text.split("\n"))
    notes = [("-" if one[1] == "exclude" else "+") + one[2].strip("\"'").lstrip("/") for one in found if one]
    if notes:
        yield FileNotes("", Noted.LEFT_OUT, "\n".join(notes))


def _package(file: File, suffix: str) -> str:
    return checked(file.name.removesuffix(suffix).partition(":")[0], "package name")


def _notes(file: File) -> Iterator[Record]:
    if file.name.endswith(_SUMS):
        yield from _sums(file)
    elif file.name.endswith(_CONFIGURATION):
        yield from _configuration(file)
    elif file.name == "diversions":
        yield from _diversions(file)
    else:
        yield from _left_out(file)


NOTES = Extractor(
    name="dpkg-notes",
    version=1,
    patterns=(
        "var/lib/dpkg/info/*.md5sums",
        "var/lib/dpkg/info/*.conffiles",
        "var/lib/dpkg/status.d/*.md5sums",
        "var/lib/dpkg/diversions",
        "etc/dpkg/dpkg.cfg",
        "etc/dpkg/dpkg.cfg.d/*",
    ),
    evidence=Evidence.INSTALLED,
    extract=_notes,
    ecosystem="Debian",
    licenses_from="none",
)
"""Reads what is asked for with `--verify-files` only."""
