"""Package notes of ELF files: which package of a distribution a program or library was built for.

They survive where the package database is gone or where files were copied to, in static and in minimal
images. The name is that of the source package. Without a word about the distribution, which some notes
have in a CPE only, it is the image's own.

Format: https://uapi-group.org/specifications/specs/package_metadata_for_executable_files/
"""

import struct
from collections.abc import Iterator
from typing import Any

import orjson

from ospo.errors import ParseError
from ospo.extractors.elf import MAGIC, Elf
from ospo.extractors.executables import sections
from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import bounded, checked, without_login
from ospo.model import Component, Evidence, Record

_SECTION = ".note.package"
_SIZE_MAX = 64 * 1024
"""Bytes of the section; notes have about 150."""
_OWNER, _KIND = b"FDO\0", 0xCAFE1A7E
_TYPES = frozenset(("alpm", "apk", "deb", "rpm"))
"""Whose names for themselves are those of package URLs."""
_IDS = {"amazon": "amzn", "fedoraproject": "fedora", "oracle": "ol", "redhat": "rhel", "suse": "sles"}
"""Vendor in a CPE -> ID in os-release, where they differ."""
_RPM_VENDORS = {
    "opensuse-leap": "opensuse",
    "opensuse-tumbleweed": "opensuse",
    "rhel": "redhat",
    "sles": "suse",
}
"""ID in os-release -> namespace of rpm packages, where they differ."""
_PROPERTIES = (("osCpe", "elf-note:os-cpe"), ("appCpe", "elf-note:app-cpe"))


def extract(file: File) -> Iterator[Record]:
    """Yield the package that a program or library belongs to.

    Raises:
        ParseError: the ELF file or its note is damaged.
    """
    for program, section in sections(file, _SECTION):
        if section.size > _SIZE_MAX:
            raise ParseError(f"section {_SECTION} has {section.size} bytes, more than {_SIZE_MAX}")
        if isinstance(program, Elf):
            for text in _notes(program.bytes_of(section), program.order):
                yield _component(_parsed(text))


def _notes(data: bytes, order: str) -> Iterator[bytes]:
    """Yield the texts of all package notes; names and texts are padded to four bytes."""
    head = struct.Struct(order + "III")
    at = 0
    while at + head.size <= len(data):
        name_size, size, kind = head.unpack_from(data, at)
        name_at = at + head.size
        text_at = name_at + name_size + -name_size % 4
        at = text_at + size + -size % 4
        if text_at + size > len(data):
            raise ParseError(f"note in section {_SECTION} claims {size} bytes")
        if kind == _KIND and data[name_at : name_at + name_size] == _OWNER:
            yield data[text_at : text_at + size].rstrip(b"\0")


def _parsed(text: bytes) -> dict[str, str]:
    """Return the fields that are strings."""
    try:
        note: Any = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ParseError(f"note in section {_SECTION} is not JSON: {error.msg}") from error
    if not isinstance(note, dict):
        raise ParseError(f"note in section {_SECTION} is JSON, but not an object")
    return {key: bounded(value) for key, value in note.items() if isinstance(value, str)}


def _component(note: dict[str, str]) -> Component:
    kind = note.get("type", "")
    system, release = _system(note)
    distro = f"{system}-{release}" if system and release else ""
    qualifiers = (("arch", note.get("architecture", "")), ("distro", distro))
    debug_info = without_login(note.get("debugInfoUrl", ""))
    return Component(
        type=kind if kind in _TYPES else "generic",
        namespace=_namespace(kind, system),
        name=checked(note.get("name", ""), "name in its package note"),
        version=checked(note.get("version", ""), "version in its package note"),
        qualifiers=tuple((key, value) for key, value in qualifiers if value and kind in _TYPES),
        urls=(("other", debug_info),) if debug_info else (),
        properties=tuple((shown, note[key]) for key, shown in _PROPERTIES if note.get(key)),
    )


def _namespace(kind: str, system: str) -> str:
    if kind == "rpm":
        return _RPM_VENDORS.get(system, system)
    return system if kind in _TYPES else ""


def _system(note: dict[str, str]) -> tuple[str, str]:
    """Return ID and version of the distribution, from `cpe:/o:VENDOR:PRODUCT:VERSION` if need be."""
    if note.get("os"):
        return note["os"].lower(), note.get("osVersion", "")
    vendor, _, version = (*note.get("osCpe", "").removeprefix("cpe:/o:").split(":"), "", "")[:3]
    return _IDS.get(vendor, vendor), version


EXTRACTORS = (
    Extractor(
        name="elf-note",
        version=1,
        patterns=(),
        evidence=Evidence.EMBEDDED,
        extract=extract,
        ecosystem="ELF package notes",
        licenses_from="none",
        magic=(MAGIC,),
        needle=_SECTION.encode() + b"\0",
    ),
)
