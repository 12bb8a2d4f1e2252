"""Slices of Ubuntu packages that chisel installed: its manifest, a zstd-compressed "jsonwall".

A wall has a header and one object a line: https://documentation.ubuntu.com/chisel/en/latest/reference/manifest/
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from ospo.errors import ParseError
from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import checked
from ospo.extractors.unpack import unpacked
from ospo.model import Component, Evidence, Ownership, Record

_HASHES = (("sha256", "SHA-256"), ("sha384", "SHA-384"), ("sha512", "SHA-512"))
_SCHEMAS = "1."


@dataclass(slots=True)
class _Wall:
    """What the lines of a manifest say."""

    packages: list[dict[str, Any]] = field(default_factory=list)
    slices: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Package -> its slices that are installed."""
    paths: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Package -> files that its slices brought."""
    damage: str = ""
    """What is wrong with the first line that cannot be read."""

    def add(self, entry: dict[str, Any]) -> None:
        match entry:
            case {"kind": "package"}:
                self.packages.append(entry)
            case {"kind": "slice", "name": str(name)}:
                self.slices[_package_of(name)].append(name)
            case {"kind": "path", "path": str(path), "slices": [*slices]} if not path.endswith("/"):
                for package in dict.fromkeys(_package_of(name) for name in slices if isinstance(name, str)):
                    self.paths[package].append(path.lstrip("/"))


def _package_of(slice_name: str) -> str:
    """Return the package of PACKAGE_SLICE; neither has an underscore of its own."""
    return slice_name.partition("_")[0]


def _chisel(file: File) -> Iterator[Record]:
    wall = _read(unpacked(file.data, file.limits.memory_file))
    for package in wall.packages:
        try:
            yield _component(package, wall)
        except ParseError as error:
            wall.damage = wall.damage or f"holds a package that {error.message}"
    for name, paths in wall.paths.items():
        if name:
            yield Ownership(checked(name, "package name"), "\n".join(paths))
    if wall.damage:
        raise ParseError(wall.damage)


def _read(data: bytes) -> _Wall:
    header, *lines = data.split(b"\n")
    match _object(header):
        case {"jsonwall": str(), "schema": str(schema), "count": int(count)}:
            if not schema.startswith(_SCHEMAS):
                raise ParseError(f"is of schema {schema[:20]!r}, which is not known")
        case _:
            raise ParseError("has no jsonwall header in its first line")
    wall = _Wall()
    found = 1
    for number, line in enumerate(lines, 2):
        if line:
            found += 1
            entry = _object(line)
            if entry is None:
                wall.damage = wall.damage or f"line {number} is no JSON object"
            else:
                wall.add(entry)
    if found != count:
        wall.damage = wall.damage or f"has {found} lines, not {count} as its header says"
    return wall


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _component(package: dict[str, Any], wall: _Wall) -> Component:
    name, version, arch = (_text(package, key) for key in ("name", "version", "arch"))
    return Component(
        type="deb",
        name=checked(name, "name"),
        version=checked(version, "version"),
        qualifiers=(("arch", checked(arch, "arch")),) if arch else (),
        # Of the package that the slices were cut from.
        hashes=tuple((name, value.lower()) for key, name in _HASHES if (value := _text(package, key))),
        properties=tuple(("chisel:slice", checked(name, "slice")) for name in wall.slices.get(name, ())),
    )


def _text(package: dict[str, Any], key: str) -> str:
    value = package.get(key, "")
    if not isinstance(value, str):
        raise ParseError(f"has a {key} that is not text")
    return value


EXTRACTORS = (
    Extractor(
        name="chisel",
        version=1,
        patterns=("**/manifest.wall",),
        evidence=Evidence.INSTALLED,
        extract=_chisel,
        ecosystem="Chiselled Ubuntu",
        licenses_from="none",
        database=True,
    ),
)
