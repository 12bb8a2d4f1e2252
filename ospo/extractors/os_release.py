"""The operating system, from os-release (https://www.freedesktop.org/software/systemd/man/os-release.html)."""

import re
from collections.abc import Iterator

from ospo.errors import ParseError
from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import bounded, checked, small
from ospo.model import Distro, Evidence, Record

# Real ones have less than a kilobyte.
_SIZE_LIMIT = 64 * 1024
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)")
# The manual's characters, and capitals: openEuler has one. The ID becomes part of every package URL.
_ID = re.compile(r"[A-Za-z0-9._-]+")
# What a backslash may hide, inside double quotes and outside of quotes.
_QUOTED_ESCAPE = re.compile(r'\\([$"\\`])')
_ESCAPE = re.compile(r"\\(.)")


def _os_release(file: File) -> Iterator[Record]:
    values: dict[str, str] = {}
    damaged = 0
    text = small(file, _SIZE_LIMIT).decode("utf-8", "replace")
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        assignment = _ASSIGNMENT.fullmatch(line)
        value = _unquoted(assignment[2]) if assignment else None
        if assignment and value is not None:
            values[assignment[1]] = value
        else:
            damaged = damaged or number
    if not _ID.fullmatch(values.get("ID", "x")) or values.get("ID") in (".", ".."):
        raise ParseError(f"has an ID that is none: {values['ID'][:80]!r}")
    yield _distro(values)
    if damaged:
        raise ParseError(f"line {damaged} is not an assignment with closed quotes")


def _distro(values: dict[str, str]) -> Distro:
    """Build the distribution; the manual's default ID, "linux", would be a wrong answer in a purl."""
    return Distro(
        id=checked(values.get("ID", ""), "ID"),
        version_id=bounded(values.get("VERSION_ID", "")),
        name=bounded(values.get("PRETTY_NAME") or values.get("NAME", "")),
        id_like=tuple(bounded(values.get("ID_LIKE", "")).split()),
        build_id=bounded(values.get("BUILD_ID", "")),
    )


def _unquoted(value: str) -> str | None:
    """Undo the shell's quoting, or return None where a quote is not closed."""
    quote = value[:1]
    if quote not in ("'", '"'):
        return _ESCAPE.sub(r"\1", value)
    if len(value) < 2 or value[-1] != quote:
        return None
    return _QUOTED_ESCAPE.sub(r"\1", value[1:-1]) if quote == '"' else value[1:-1]


EXTRACTORS = (
    Extractor(
        name="os-release",
        version=2,
        patterns=("etc/os-release", "usr/lib/os-release"),
        evidence=Evidence.INSTALLED,
        extract=_os_release,
        ecosystem="Operating system",
        licenses_from="none",
    ),
)
