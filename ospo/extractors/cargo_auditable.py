"""Rust programs built by cargo-auditable: the crates that they were made of, with the edges between them.

Crates of crates.io are registered ones. Of those from another registry, from git or from the builder's disk
the program does not say where that was, so they are none: the program itself is mostly one of these.
Crates that only the build needed (procedural macros, build scripts) are for development.

Format: https://github.com/rust-secure-code/cargo-auditable/blob/master/PARSING.md
"""

import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson

from ospo.errors import ParseError
from ospo.extractors.executables import MAGIC, sections
from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import bounded, checked
from ospo.limits import MiB
from ospo.model import Component, ComponentKind, Evidence, Record, Scope

_SECTION = ".dep-v0"
_PACKED_MAX = 1 * MiB
"""Bytes of the section; programs of a thousand crates have 20 kB."""
_SIZE_MAX = 8 * MiB
"""Bytes of the unpacked list, as the format's own readers bound it."""
_CRATES_IO = "crates.io"

_Package = dict[str, Any]


def extract(file: File) -> Iterator[Record]:
    """Yield the crates in recorded order.

    Raises:
        ParseError: the program or its list is damaged; what was readable came before.
    """
    for program, section in sections(file, _SECTION):
        if section.size > _PACKED_MAX:
            raise ParseError(f"section {_SECTION} has {section.size} bytes, more than {_PACKED_MAX}")
        yield from _crates(_packages(program.bytes_of(section)))


def _packages(packed: bytes) -> list[_Package]:
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(packed, _SIZE_MAX)
        if not unpacker.eof:
            raise ParseError(f"section {_SECTION} is cut off, or unpacks to more than {_SIZE_MAX} bytes")
        whole = orjson.loads(data)
    except (zlib.error, orjson.JSONDecodeError) as error:
        raise ParseError(f"section {_SECTION} is not a packed list of crates: {error}") from error
    packages = whole.get("packages") if isinstance(whole, dict) else None
    if not isinstance(packages, list) or not all(isinstance(package, dict) for package in packages):
        raise ParseError(f"section {_SECTION} has no list of packages")
    return packages


def _crates(packages: list[_Package]) -> Iterator[Component]:
    names = [_identity(package) for package in packages]
    needed_by_root = {
        index for package in packages if package.get("root") is True for index in _indices(package, names)
    }
    damaged = 0
    for index, package in enumerate(packages):
        if names[index]:
            yield replace(_crate(package, names), direct=_is_direct(package, index in needed_by_root))
        else:
            damaged += 1
    if damaged:
        raise ParseError(f"section {_SECTION} has {damaged} crates without a sensible name or version")


def _identity(package: _Package) -> str:
    """Return "name@version", "" when one of them is not sensible."""
    name, version = package.get("name"), package.get("version")
    if not isinstance(name, str) or not isinstance(version, str):
        return ""
    try:
        return f"{checked(name, 'name')}@{checked(version, 'version')}"
    except ParseError:
        return ""


def _indices(package: _Package, names: list[str]) -> Iterator[int]:
    listed = package.get("dependencies")
    for index in listed if isinstance(listed, list) else ():
        if isinstance(index, int) and 0 <= index < len(names):
            yield index


def _is_direct(package: _Package, needed: bool) -> bool | None:
    return None if package.get("root") is True else needed


def _crate(package: _Package, names: list[str]) -> Component:
    name, version = package["name"], package["version"]
    source = package.get("source")
    origin = bounded(source) if isinstance(source, str) else "not recorded"
    is_root = package.get("root") is True
    return Component(
        type="cargo",
        name=name,
        version=version,
        registered=origin == _CRATES_IO,
        kind=ComponentKind.APPLICATION if is_root else ComponentKind.LIBRARY,
        depends=tuple(dict.fromkeys(names[index] for index in _indices(package, names) if names[index])),
        provides=(f"{name}@{version}",),
        scope=Scope.DEVELOPMENT if package.get("kind") == "build" else Scope.RUNTIME,
        properties=() if origin == _CRATES_IO else (("cargo:source", origin),),
    )


EXTRACTORS = (
    Extractor(
        name="cargo-auditable",
        version=1,
        patterns=(),
        evidence=Evidence.INSTALLED,
        extract=extract,
        ecosystem="Rust",
        licenses_from="none",
        magic=MAGIC,
        needle=_SECTION.encode() + b"\0",
    ),
)
