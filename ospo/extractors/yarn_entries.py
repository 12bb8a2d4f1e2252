"""Single entries of Yarn's lock files: keys of requirements, and the package that they led to.

In the words of https://github.com/yarnpkg/berry a descriptor is "name@range", a locator "name@reference".
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote

from ospo.errors import ParseError
from ospo.extractors.block_text import Value, unquoted
from ospo.extractors.lock_entries import typed_table, typed_text
from ospo.extractors.lock_hashes import from_hex
from ospo.extractors.npm_packages import NEEDS, hashes_of, is_address, is_local, npm_package
from ospo.extractors.records import without_login
from ospo.model import Component, ComponentKind, Scope

_DESCRIPTOR = re.compile(r'\s*(?:"([^"]*)"|([^,"]+))\s*(?:,|$)')
_BUILTIN = "builtin<"


def classic_line(line: str) -> tuple[str, str]:
    """Split `key value`, or `key:` at the head of a block; what is quoted in keys of packages stays so.

    Raises:
        ParseError: it is something else.
    """
    if line.endswith(":"):
        return line[:-1], ""
    key, blank, value = _name_and_rest(line)
    if not blank or not value.strip():
        raise ParseError("is not understood")
    return unquoted(key), value.strip()


def _name_and_rest(line: str) -> tuple[str, str, str]:
    if line.startswith('"'):
        end = line.find('"', 1) + 1
        return line[:end], line[end : end + 1], line[end + 1 :]
    return line.partition(" ")


def descriptors(key: str) -> list[str]:
    """Split the key of an entry at its commas; who asks for a path is not part of what is asked for."""
    parts = ((match[1] or match[2] or "").strip() for match in _DESCRIPTOR.finditer(key))
    return [part.partition("::locator=")[0] for part in parts]


def is_root(key: str) -> bool:
    """Tell whether an entry is the project itself."""
    return any(one.endswith("@workspace:.") for one in descriptors(key))


def patched(key: str) -> tuple[str, str] | None:
    """Return (name, requirement) of what an entry patches, None where it is no patch."""
    _, _, reference = _split(next(iter(descriptors(key)), ""))
    if not reference.startswith("patch:"):
        return None
    name, _, requirement = _split(_patched(reference)[0])
    return name, requirement


def needed(key: str, entry: Value) -> Iterator[tuple[str, str, Scope]]:
    """Yield (name, requirement, scope) of what a package needs: also what it patches, but no peers."""
    if inner := patched(key):
        yield *inner, Scope.RUNTIME
    fields = entry if isinstance(entry, dict) else {}
    meta = fields.get("dependenciesMeta")
    for field, scope in NEEDS[:2]:
        value = fields.get(field)
        for name, requirement in value.items() if isinstance(value, dict) else ():
            told = meta.get(name) if isinstance(meta, dict) else None
            optional = isinstance(told, dict) and told.get("optional") == "true"
            if isinstance(requirement, str):
                yield name, requirement, Scope.OPTIONAL if optional else scope


def classic_package(key: str, entry: Value) -> Component:
    """Make a component of an entry of Yarn 1.

    Raises:
        ParseError: it has no name or version.
    """
    fields = typed_table(entry)
    name, _, requirement = _split(next(iter(descriptors(key)), ""))
    if requirement.startswith("npm:"):
        name, _, requirement = _split(requirement.removeprefix("npm:"))
    resolved = typed_text(fields.get("resolved"), "resolved")
    component = npm_package(
        name,
        typed_text(fields.get("version"), "version"),
        requirement if is_local(requirement) else resolved,
        by_address=is_address(requirement),
    )
    address, _, fragment = resolved.partition("#")
    # That of a repository is a commit.
    sha1 = from_hex("sha1", fragment) if ("distribution", without_login(address)) in component.urls else ()
    return replace(component, hashes=hashes_of(fields.get("integrity")) or sha1)


def _split(locator: str) -> tuple[str, str, str]:
    """Split "name@range" at the first @ that is not of a scope."""
    at = locator.find("@", 1)
    return (locator[:at], "@", locator[at + 1 :]) if at > 0 else (locator, "", "")


def later_package(_: str, entry: Value) -> Component:
    """Make a component of an entry of Yarn 2 and later.

    Raises:
        ParseError: it has no resolution, name or version.
    """
    fields = typed_table(entry)
    name, at, reference = _split(typed_text(fields.get("resolution"), "resolution"))
    version = typed_text(fields.get("version"), "version")
    if not at:
        raise ParseError("has no resolution")
    if reference.startswith("workspace:"):
        own = npm_package(name, "", "./")
        return replace(own, kind=ComponentKind.APPLICATION)
    # The checksum is that of an archive which Yarn packs itself, so it is no hash of the package.
    properties = []
    while reference.startswith("patch:"):
        inner, patches = _patched(reference)
        if _BUILTIN not in patches:
            properties = [("yarn:patched", "true")]
        reference = _split(inner)[2]
    reference = reference.partition("::")[0]
    if is_local(reference):
        return npm_package(name, "" if version.endswith("-use.local") else version, reference)
    if reference.startswith("npm:"):
        return replace(npm_package(name, version), properties=tuple(properties))
    if not is_address(reference):
        raise ParseError(f"comes from where nobody knows ({reference[:100]})")
    return replace(npm_package(name, version, reference, by_address=True), properties=tuple(properties))


def _patched(reference: str) -> tuple[str, str]:
    """Return the descriptor or locator of what is patched, and the patches."""
    inner, _, patches = reference.removeprefix("patch:").partition("#")
    return unquote(inner), patches
