"""Alpine package archives: what their `.PKGINFO` declares.

Gzip members behind each other, which are one tar archive: signatures, control, data.
Format: https://wiki.alpinelinux.org/wiki/Apk_spec. Android's packages, of the same suffix, are zip files.
"""

from collections import defaultdict
from collections.abc import Iterator

from ospo.errors import ParseError
from ospo.extractors import apk
from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import bounded, checked, people, without_login
from ospo.extractors.tar_entries import files
from ospo.extractors.unpack import unpacked_head
from ospo.limits import MiB
from ospo.model import Component, Evidence, RawLicense, Record

_GZIP = b"\x1f\x8b"
_ZIP = b"PK\3\4"
_VERSION_3 = b"ADB"
_HEAD = MiB
"""Bytes read, and unpacked bytes looked at: signatures and control come first and have a few thousand."""


def _archive(file: File) -> Iterator[Record]:
    head = file.content.read(0, min(file.size, _HEAD))
    if head.startswith(_ZIP):
        return
    if head.startswith(_VERSION_3):
        raise ParseError("is a package of version 3 of apk, which is not read")
    if not head.startswith(_GZIP):
        raise ParseError("is no package of Alpine")
    for name, content in files(unpacked_head(head, _HEAD)):
        if name == ".PKGINFO":
            yield _component(_fields(content.decode("utf-8", "replace")))
            return
    raise ParseError(f"has no .PKGINFO in its first {_HEAD} bytes")


def _fields(text: str) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = defaultdict(list)
    for line in text.split("\n"):
        key, equals, value = line.partition("=")
        if equals and not key.startswith("#"):
            fields[key.strip()].append(value.strip())
    return fields


def _component(fields: dict[str, list[str]]) -> Component:
    def first(key: str) -> str:
        return next(iter(fields.get(key, ())), "")

    name, origin = checked(first("pkgname"), "pkgname"), first("origin")
    qualifiers = (("arch", first("arch")), ("upstream", "" if origin == name else origin))
    license_, homepage = bounded(first("license")), without_login(first("url"))
    return Component(
        type="apk",
        name=name,
        version=checked(first("pkgver"), "pkgver"),
        qualifiers=tuple((key, value) for key, value in qualifiers if value),
        licenses=(RawLicense(license_, "license"),) if license_ else (),
        supplier=people(first("maintainer")),
        description=bounded(first("pkgdesc")),
        urls=(("website", homepage),) if homepage else (),
        depends=apk.relation_names(" ".join(fields.get("depend", ()))),
        provides=apk.relation_names(" ".join(fields.get("provides", ()))),
    )


EXTRACTORS = (
    Extractor(
        name="apk-archive",
        version=1,
        patterns=("**/*.apk",),
        evidence=Evidence.DECLARED,
        extract=_archive,
        ecosystem="Alpine",
        licenses_from="field license of .PKGINFO",
        head=_HEAD,
    ),
)
