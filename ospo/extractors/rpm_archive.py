"""RPM package files: what the header declares; the payload is not read.

A lead of 96 bytes, a header of signatures padded to 8 bytes, the header itself, and the payload:
https://rpm-software-management.github.io/rpm/manual/format_lead.html
"""

import struct
from collections.abc import Iterator
from dataclasses import replace

from ospo.errors import ParseError
from ospo.extractors.interface import Extractor, File
from ospo.extractors.rpm import component
from ospo.extractors.rpm_header import Header, Tag, parse
from ospo.extractors.rpm_needs import needed
from ospo.limits import MiB
from ospo.model import Component, Evidence, Record

_LEAD = struct.Struct(">4s2xH88x")
"""Magic, and whether it is a source package; nothing else in it is more than what the header says."""
_LEAD_MAGIC = b"\xed\xab\xee\xdb"
_SOURCE = 1
_START = struct.Struct(">4s4xII")
"""Magic, entries, bytes of data."""
_HEADER_MAGIC = b"\x8e\xad\xe8\x01"
_MAGIC_SIZE = 8
"""Bytes before a header in a file that databases leave out."""
_ENTRY_SIZE = 16
_HEAD = 8 * MiB
"""Bytes that are looked at: the headers of a package of 30,000 files have half of it."""


def _archive(file: File) -> Iterator[Record]:
    start = file.content.read(0, min(_LEAD.size, file.size))
    if not start.startswith(_LEAD_MAGIC):
        raise ParseError("is no package of rpm")
    _, kind = _LEAD.unpack(file.read(0, _LEAD.size))
    signatures = _size(file, _LEAD.size, "header of signatures")
    at = _LEAD.size + signatures + -signatures % 8
    size = _size(file, at, "header")
    header = parse(file.read(at + _MAGIC_SIZE, size - _MAGIC_SIZE))
    # Some builders leave out of all packages the name of the source package, by whose absence rpm tells.
    if kind == _SOURCE or header.numbers(Tag.SOURCEPACKAGE):
        yield _source(header)
    else:
        yield _installable(header)


def _size(file: File, at: int, what: str) -> int:
    """Return how many bytes a header has with its magic."""
    magic, entries, data = _START.unpack(file.read(at, _START.size))
    if magic != _HEADER_MAGIC:
        raise ParseError(f"has no {what} at {at}")
    size = _START.size + entries * _ENTRY_SIZE + data
    if at + size > _HEAD:
        raise ParseError(f"has a {what} that ends at {at + size}, after the first {_HEAD} bytes")
    return int(size)


def _installable(header: Header) -> Component:
    found = component(header)
    offers = dict.fromkeys(header.texts(Tag.PROVIDENAME))
    offers.pop(found.name, None)
    return replace(
        found,
        depends=tuple(dict.fromkeys(needed(header.texts(Tag.REQUIRENAME)))),
        provides=tuple(offers),
    )


def _source(header: Header) -> Component:
    """Return a source package: its header has the architecture it was packed on, and what building needs."""
    found = component(header)
    qualifiers = dict(found.qualifiers) | {"arch": "src"}
    return replace(found, qualifiers=tuple(qualifiers.items()))


EXTRACTORS = (
    Extractor(
        name="rpm-archive",
        version=1,
        patterns=("**/*.rpm",),
        evidence=Evidence.DECLARED,
        extract=_archive,
        ecosystem="RPM",
        licenses_from="License of the package's header",
        head=_HEAD,
    ),
)
