"""Debian package archives: what their control file declares.

An ar(5) archive holds `debian-binary`, `control.tar` and `data.tar`, the latter two mostly compressed:
deb(5), https://manpages.debian.org/deb.5
"""

from collections.abc import Iterator

from ospo.errors import ParseError
from ospo.extractors import dpkg
from ospo.extractors.interface import Extractor, File
from ospo.extractors.tar_entries import files
from ospo.extractors.unpack import unpacked_head
from ospo.limits import MiB
from ospo.model import Evidence, Record

_MAGIC = b"!<arch>\n"
_HEADER = 60
_HEADER_END = b"`\n"
_MEMBERS_MAX = 10
"""Members that are looked at: the control archive is the second, but some signatures stand before it."""
_CONTROL_MAX = 16 * MiB
"""Bytes of a control archive, packed or not: the checksums of 100,000 files need 8 MiB."""


def _deb(file: File) -> Iterator[Record]:
    name, packed = _control_archive(file)
    for member, content in files(unpacked_head(packed, _CONTROL_MAX)):
        if member == "control":
            yield from dpkg.package(content.decode("utf-8", "replace").strip("\n").partition("\n\n")[0])
            return
    raise ParseError(f"has no file control in the first {_CONTROL_MAX} bytes of its {name}")


def _control_archive(file: File) -> tuple[str, bytes]:
    """Return the name and the bytes of the member that holds the metadata."""
    if file.content.read(0, len(_MAGIC)) != _MAGIC:
        raise ParseError("is no ar archive, which Debian packages are")
    at = len(_MAGIC)
    for _ in range(_MEMBERS_MAX):
        if at + _HEADER > file.size:
            break
        header = file.read(at, _HEADER)
        at += _HEADER
        name = header[:16].rstrip(b" /").decode("utf-8", "replace")
        size = _size(header, at - _HEADER)
        if name.startswith("control.tar"):
            return name, file.read(at, min(size, _CONTROL_MAX, file.size - at))
        at += size + size % 2
    raise ParseError("has no control archive among its first members")


def _size(header: bytes, at: int) -> int:
    digits = header[48:58].rstrip(b" ")
    if not digits.isdigit() or header[58:] != _HEADER_END:
        raise ParseError(f"has a damaged ar header at offset {at}")
    return int(digits)


EXTRACTORS = (
    Extractor(
        name="deb-archive",
        version=1,
        patterns=("**/*.deb", "**/*.udeb"),
        evidence=Evidence.DECLARED,
        extract=_deb,
        ecosystem="Debian",
        licenses_from="field License, which packages made by third parties have",
    ),
)
