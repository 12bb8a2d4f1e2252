"""Bun's lock files in text form; of an older one, bun.lockb, only that it cannot be read.

Format: https://bun.com/docs/pm/lockfile and the type `BunLockFile` in
https://github.com/oven-sh/bun/blob/main/packages/bun-types/bun.d.ts. A key is the way through node_modules
to a package; its value is a list of which the first item says what it is.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ospo.errors import ParseError
from ospo.extractors.damage import Damage
from ospo.extractors.declared_values import json_object
from ospo.extractors.interface import Extractor, File
from ospo.extractors.jsonc import plain_json
from ospo.extractors.lock_entries import is_of_a_dependency, lock_text, typed_list, typed_table, typed_text
from ospo.extractors.locked import connected, scoped
from ospo.extractors.npm_folders import read_folders
from ospo.extractors.npm_lock_tree import Folders
from ospo.extractors.npm_packages import is_address, is_local, needs
from ospo.model import Evidence, Record, Scope

_MODULES = "node_modules/"
_BINARY = "bun.lockb"


def _bun_lock(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    if file.name == _BINARY:
        if file.sibling("bun.lock") is None:
            raise ParseError("is binary", hint="`bun install --save-text-lockfile` writes bun.lock beside it")
        return
    lock = json_object(plain_json(lock_text(file)).encode("utf-8", "replace"))
    if "lockfileVersion" not in lock:
        raise ParseError("is no lock file of Bun: it has no lockfileVersion")
    damage = Damage()
    workspaces: dict[str, Any] = {}
    with damage.at("workspaces"):
        workspaces = typed_table(lock.get("workspaces"))
    entries = _entries(typed_table(lock.get("packages"), "packages"), workspaces, damage)
    folders = Folders(workspaces | entries, damage)
    packages, asked = read_folders(folders, damage)
    roots = [(path, Scope.RUNTIME) for path in packages if folders.is_own(path)]
    unnamed = () if "" in packages else _unnamed(folders)
    yield from connected(scoped(packages, [*roots, *unnamed]), asked if workspaces else None)
    damage.report()


def _entries(
    packages: Mapping[str, Any], workspaces: Mapping[str, Any], damage: Damage
) -> dict[str, dict[str, Any]]:
    """Write packages as npm's lock files do, by folder; keys below a member of the workspace name that."""
    members = {
        entry["name"]: path
        for path, entry in workspaces.items()
        if path and isinstance(entry, dict) and isinstance(entry.get("name"), str)
    }
    entries = {}
    for key, value in packages.items():
        with damage.at(key):
            first, *rest = _segments(key)
            below = members.get(first) if rest else None
            parts = ([f"{below}/"] if below else [f"{_MODULES}{first}/"]) + [
                f"{_MODULES}{part}/" for part in rest
            ]
            entries["".join(parts)[:-1]] = _entry(typed_list(value))
    return entries


def _segments(key: str) -> list[str]:
    """Split "a/@scope/b" into names of packages."""
    names: list[str] = []
    for part in key.split("/"):
        if names and names[-1].startswith("@") and "/" not in names[-1]:
            names[-1] += f"/{part}"
        else:
            names.append(part)
    return names


def _entry(value: list[Any]) -> dict[str, Any]:
    """Read ["name@1.0.0", address of the archive, {what it needs}, integrity]; others have no address."""
    identity = typed_text(value[0] if value else None, "identity")
    at = identity.find("@", 1)
    if at < 0:
        raise ParseError("says neither name nor version")
    name, reference = identity[:at], identity[at + 1 :]
    if reference.startswith(("workspace:", "root:")):
        return {"link": True, "resolved": reference.partition(":")[2]}
    entry = next((one for one in value if isinstance(one, dict)), {}) | {"name": name}
    texts = [one for one in value[1:] if isinstance(one, str)]
    entry["integrity"] = next((one for one in texts if one.startswith("sha")), None)
    if is_local(reference) or is_address(reference):
        return entry | {"resolved": reference, "version": None}
    archive = texts[0] if texts and texts[0].startswith(("http:", "https:")) else None
    return entry | {"version": reference, "resolved": archive}


def _unnamed(folders: Folders) -> Iterator[tuple[str, Scope]]:
    """Yield what a project without a name asks for."""
    for name, _, scope in needs(folders.entries.get("", {}), own=True):
        yield folders.find(name, ""), scope


EXTRACTORS = (
    Extractor(
        name="bun-lock",
        version=1,
        patterns=("**/bun.lock", f"**/{_BINARY}"),
        evidence=Evidence.DECLARED,
        extract=_bun_lock,
        ecosystem="npm",
        licenses_from="none",
        siblings=("bun.lock",),
    ),
)
