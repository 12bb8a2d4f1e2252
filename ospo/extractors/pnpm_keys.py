"""Single packages of pnpm's lock files: what their keys and resolutions say.

https://github.com/pnpm/pnpm/blob/main/packages/dependency-path/src/index.ts
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ospo.extractors.declared_values import words
from ospo.extractors.lock_entries import typed_table, typed_text
from ospo.extractors.npm_packages import hashes_of, is_address, is_local, npm_package
from ospo.model import Component


def pnpm_package(key: str, entry: Mapping[str, Any], *, old: bool) -> Component:
    """Make a component of a key and its entry; `old` keys separate name and version by a slash.

    Raises:
        ParseError: neither says name and version.
    """
    name, reference = (_old_key if old else _key)(key.partition("(")[0].removeprefix("/"))
    resolution = typed_table(entry.get("resolution") or None, "resolution")
    source, by_address = _source(resolution, reference)
    # Names are written down for what no registry knows by the key.
    by_address = by_address or ("name" in entry and source != "")
    version = typed_text(entry.get("version"), "version") or ("" if by_address else reference)
    properties = []
    if "(patch_hash=" in key:
        properties.append(("pnpm:patched", "true"))
    if deprecated := words(entry.get("deprecated")):
        properties.append(("npm:deprecated", deprecated))
    return replace(
        npm_package(typed_text(entry.get("name"), "name") or name, version, source, by_address=by_address),
        hashes=hashes_of(resolution.get("integrity")),
        properties=tuple(properties),
    )


def _key(body: str) -> tuple[str, str]:
    """Split "@scope/name@1.0.0"; where there is no name, all of it is a reference."""
    at = body.find("@", 1)
    return (body[:at], body[at + 1 :]) if at > 0 and not is_local(body) else ("", body)


def _old_key(body: str) -> tuple[str, str]:
    """Split "@scope/name/1.0.0_peers"; what starts with the host of a registry has the same at its end."""
    parts = body.split("/")
    at = next((number for number, part in enumerate(parts) if part.startswith("@")), -1)
    first = at if at >= 0 else max(0, len(parts) - 2)
    width = 2 if at >= 0 else 1
    return "/".join(parts[first : first + width]), "/".join(parts[first + width :]).partition("_")[0]


def _source(resolution: Mapping[str, Any], reference: str) -> tuple[str, bool]:
    """Return where a package is from, and whether that was asked for instead of a version."""
    tarball, kind = words(resolution.get("tarball")), words(resolution.get("type"))
    if kind == "git" or "repo" in resolution:
        repository, commit = words(resolution.get("repo")), words(resolution.get("commit"))
        prefix = "" if repository.startswith("git") else "git+"
        return f"{prefix}{repository}#{commit}", True
    if kind == "directory" or is_local(reference) or is_local(tarball):
        return "./", True
    return tarball, is_address(reference) or (tarball != "" and "/" in reference)
