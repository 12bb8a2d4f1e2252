"""What apk notes about files: digests of their content, or of their target for symbolic links.

The letters of the database are explained on the page "Apk spec" of Alpine's wiki. A digest is Q1 and a
SHA-1, or Q2 and a SHA-256, as base64; links have the mode 777, which files hardly ever have.
"""

import base64
import binascii
from collections.abc import Iterator

from ospo.errors import ParseError
from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import checked
from ospo.extractors.stanzas import records
from ospo.model import Evidence, FileNotes, Noted, Record

_SIZES = {"Q1": 20, "Q2": 32}
# What apk itself keeps when somebody has changed it: "+etc", "@etc/init.d" (links only) and "!etc/apk" of
# https://gitlab.alpinelinux.org/alpine/apk-tools/-/blob/v2.14.4/src/database.c, apk_db_open.
_CONFIGURATION = "etc/"
_PROGRAMS = "etc/init.d/"


def _installed(file: File) -> Iterator[Record]:
    yield from records(file, _package)


def _package(stanza: str) -> Iterator[Record]:
    head, _, files = stanza.partition("\nF:")
    name = checked(next((line[2:] for line in head.split("\n") if line.startswith("P:")), ""), "name (P)")
    content: list[str] = []
    links: list[str] = []
    changeable: list[str] = []
    damaged = ""
    for path, mode, word in _files(files):
        digest = _digest(word)
        if not digest:
            damaged = damaged or path
            continue
        if path.startswith(_CONFIGURATION) and not path.startswith(_PROGRAMS):
            changeable.append(path)
        content.append(f"{digest} {path}")
        if mode == "777":
            links.append(f"{digest} {path}")
    for noted, lines in (
        (Noted.CONTENT, content),
        (Noted.LINK, links),
        (Noted.CHANGEABLE, changeable),
    ):
        if lines:
            yield FileNotes(name, noted, "\n".join(lines))
    if damaged:
        raise ParseError(f"has no digest of a known kind for {damaged}")


def _files(files: str) -> Iterator[tuple[str, str, str]]:
    """Yield path, mode and digest as written (Z:) of every file (R:) that has one, in its folder (F:)."""
    for block in files.split("\nF:"):
        folder, *lines = block.split("\n")
        prefix = folder + "/" if folder else ""
        path = mode = ""
        for line in lines:
            if line.startswith("R:"):
                path, mode = prefix + line[2:], ""
            elif line.startswith("a:"):
                mode = line.rpartition(":")[2]
            elif line.startswith("Z:") and path:
                yield path, mode, line[2:]


def _digest(text: str) -> str:
    """Return a digest in hex, "" where it is none."""
    try:
        digest = base64.b64decode(text[2:], validate=True)
    except (binascii.Error, ValueError):
        return ""
    return digest.hex() if len(digest) == _SIZES.get(text[:2]) else ""


NOTES = Extractor(
    name="apk-notes",
    version=1,
    patterns=("lib/apk/db/installed", "usr/lib/apk/db/installed"),
    evidence=Evidence.INSTALLED,
    extract=_installed,
    ecosystem="Alpine",
    licenses_from="none",
)
"""Reads what is asked for with `--verify-files` only."""
