"""Deno's lock files, versions 2 to 5: packages of npm and JSR.

Format: https://docs.deno.com/runtime/fundamentals/modules/#integrity-checking-and-lock-files, and by
https://github.com/denoland/deno_lockfile/blob/main/src/lib.rs. Single files that a program imports by address
(`remote`) are no packages.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ospo.errors import ParseError
from ospo.extractors.damage import Damage
from ospo.extractors.declared_values import listed, words
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency, lock_json, typed_table, typed_text
from ospo.extractors.lock_hashes import from_hex
from ospo.extractors.locked import Locked, Need, connected, scoped
from ospo.extractors.npm_packages import hashes_of, npm_name, npm_package
from ospo.extractors.records import checked
from ospo.model import Component, Evidence, Record, Scope


@dataclass(slots=True)
class _Lock:
    """The packages of a lock file by keys such as "npm:name@1.0.0"."""

    specifiers: dict[str, str] = field(default_factory=dict)
    """What is asked for, such as "npm:name@^1", -> key."""
    entries: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    by_name: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, scheme: str, packages: object) -> None:
        for name, entry in typed_table(packages, scheme).items():
            key = f"{scheme}:{name}"
            self.entries[key] = entry if isinstance(entry, dict) else {}
            self.by_name[_split(key)[1]].append(key)

    def find(self, asked: str, scheme: str) -> str:
        """Return the key of what is asked for: a specifier, a key without scheme, or a name there is once."""
        if asked in self.specifiers:
            return self.specifiers[asked]
        key = asked if asked.startswith(("npm:", "jsr:")) else f"{scheme}:{asked}"
        same = self.by_name.get(_split(key)[1], [])
        return key if key in self.entries or len(same) != 1 else same[0]


def _split(key: str) -> tuple[str, str, str]:
    """Split "npm:@scope/name@1.0.0_peer@2.0.0" into scheme, name with scheme, and version."""
    scheme, _, identity = key.partition(":")
    at = identity.find("@", 1)
    if at < 0:
        return scheme, key, ""
    return scheme, f"{scheme}:{identity[:at]}", identity[at + 1 :].partition("_")[0]


def _deno_lock(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    document = lock_json(file)
    if "version" not in document:
        raise ParseError("is no lock file of Deno: it has no version")
    damage = Damage()
    lock = _Lock()
    with damage.at("the file:"):
        _read(document, lock)
    packages = {}
    for key, entry in lock.entries.items():
        with damage.at(key):
            packages[key] = Locked(_package(key, entry), tuple(_edges(entry, key, lock)))
    asked = None
    with damage.at("workspace"):
        asked = list(_asked(document.get("workspace"), lock)) if "workspace" in document else None
    if asked is None:
        yield from connected(packages)
    else:
        yield from connected(scoped(packages, asked), {key for key, _ in asked})
    damage.report()


def _read(document: Mapping[str, Any], lock: _Lock) -> None:
    """Read the places where the versions of the format keep their packages."""
    inner = typed_table(document.get("packages"), "packages")
    npm = typed_table(document.get("npm") or inner.get("npm"), "npm")
    old = typed_table(npm.get("specifiers"), "specifiers") if "packages" in npm else {}
    lock.add("npm", npm.get("packages", npm))
    lock.add("jsr", document.get("jsr") or inner.get("jsr"))
    specifiers = typed_table(document.get("specifiers") or inner.get("specifiers"), "specifiers")
    for asked, found in specifiers.items():
        # Until version 3 a specifier led to a key, from 4 on to a version.
        target = words(found)
        name = _split(asked)[1]
        key = target if target.startswith(("npm:", "jsr:")) else f"{name}@{target}"
        lock.specifiers[asked] = key
    lock.specifiers |= {f"npm:{asked}": f"npm:{words(found)}" for asked, found in old.items()}


def _edges(entry: Mapping[str, Any], key: str, lock: _Lock) -> Iterator[Need]:
    scheme = key.partition(":")[0]
    for group, scope in (("dependencies", Scope.RUNTIME), ("optionalDependencies", Scope.OPTIONAL)):
        needed = entry.get(group)
        # A table of names until version 3, a list from 4 on.
        for asked in needed.values() if isinstance(needed, dict) else listed(needed):
            if isinstance(asked, str):
                yield lock.find(asked, scheme), scope


def _asked(workspace: object, lock: _Lock) -> Iterator[Need]:
    """Yield what the project and the members of its workspace ask for."""
    whole = typed_table(workspace)
    for member in (whole, *typed_table(whole.get("members"), "members").values()):
        for place in (member, typed_table(member).get("packageJson")):
            for asked in listed(typed_table(place, "packageJson").get("dependencies")):
                if isinstance(asked, str):
                    yield lock.find(asked, "npm"), Scope.RUNTIME


def _package(key: str, entry: Mapping[str, Any]) -> Component:
    scheme, named, version = _split(key)
    name, integrity = named.partition(":")[2], entry.get("integrity")
    if scheme == "npm":
        return replace(
            npm_package(name, version, typed_text(entry.get("tarball"), "tarball")),
            hashes=hashes_of(integrity),
        )
    namespace, bare = npm_name(name)
    return Component(
        type="jsr",
        namespace=namespace,
        name=bare,
        version=checked(version, "version"),
        hashes=from_hex("sha256", words(integrity)),
        evidence=Evidence.DECLARED,
    )


EXTRACTORS = (
    Extractor(
        name="deno-lock",
        version=1,
        patterns=("**/deno.lock",),
        evidence=Evidence.DECLARED,
        extract=_deno_lock,
        ecosystem="Deno",
        licenses_from="none",
    ),
)
