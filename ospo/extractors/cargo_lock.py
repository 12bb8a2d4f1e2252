"""Rust crates that a Cargo.lock pins, all versions of the format.

Format: https://doc.rust-lang.org/cargo/guide/cargo-toml-vs-cargo-lock.html, by example and by
https://github.com/rust-lang/cargo/blob/master/src/cargo/core/resolver/encode.rs
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ospo.extractors.cargo_manifest import Manifest, read_manifest
from ospo.extractors.damage import Damage
from ospo.extractors.declared_values import listed, table, texts, vcs_url, words
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency, lock_toml
from ospo.extractors.lock_hashes import from_hex
from ospo.extractors.locked import Locked, connected, scoped
from ospo.extractors.records import checked, without_login
from ospo.model import Component, ComponentKind, Evidence, Record, Scope

# The default registry by the name of its index, wherever that is mirrored.
_DEFAULT_INDEX = re.compile(r".*/crates\.io-index/?")


@dataclass(frozen=True, slots=True)
class _Crate:
    name: str
    version: str
    source: str
    """"" for a crate of the project itself."""
    checksum: str
    needs: tuple[str, ...]
    """As the file spells them: name, version and source, as far as these tell crates apart."""

    @property
    def spellings(self) -> tuple[str, str, str]:
        exact = f"{self.name} {self.version}"
        return self.name, exact, f"{exact} ({self.source})"


def _cargo_lock(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    document, damage, manifest = lock_toml(file.data), Damage(), Manifest()
    with damage.at("the Cargo.toml beside it"):
        manifest = read_manifest(file.sibling("Cargo.toml"))
    crates = list(_crates(document, damage))
    packages = _packages(crates, manifest)
    own = [key for key, package in packages.items() if package.component.kind is ComponentKind.APPLICATION]
    asked = {need for key in own for need, _ in packages[key].needs}
    yield from connected(scoped(packages, ((key, Scope.RUNTIME) for key in own)), asked if own else None)
    damage.report()


def _crates(document: dict[str, Any], damage: Damage) -> Iterator[_Crate]:
    checksums = table(document.get("metadata"))
    # Up to 2018 the project's own crate stood apart, as [root].
    for number, entry in enumerate([document.get("root"), *listed(document.get("package"))]):
        with damage.at(f"package {number}"):
            if entry is not None:
                yield _crate(table(entry), checksums)


def _crate(entry: dict[str, Any], checksums: dict[str, Any]) -> _Crate:
    name = checked(words(entry.get("name")), "name")
    version = checked(words(entry.get("version")), "version")
    source = words(entry.get("source"))
    checksum = entry.get("checksum") or checksums.get(f"checksum {name} {version} ({source})")
    return _Crate(name, version, source, words(checksum), tuple(texts(entry.get("dependencies"))))


def _packages(crates: list[_Crate], manifest: Manifest) -> dict[str, Locked]:
    """Return key -> crate; the key is the longest spelling of a need."""
    spelled: dict[str, dict[str, None]] = defaultdict(dict)
    for crate in crates:
        for spelling in crate.spellings:
            spelled[spelling][crate.spellings[-1]] = None
    packages = {}
    for crate in crates:
        # Of a workspace the manifests of the other members are elsewhere: they need all of it.
        own = manifest if manifest.name == crate.name and not crate.source else Manifest()
        needs = (
            (next(iter(keys)), own.needs.get(need.partition(" ")[0], Scope.RUNTIME))
            for need in crate.needs
            if len(keys := spelled.get(need, {})) == 1
        )
        packages[crate.spellings[-1]] = Locked(_component(crate, own), tuple(needs))
    return packages


def _component(crate: _Crate, own: Manifest) -> Component:
    return Component(
        type="cargo",
        name=crate.name,
        version=crate.version,
        qualifiers=_origin(crate.source),
        registered=bool(crate.source),
        kind=ComponentKind.LIBRARY if crate.source else ComponentKind.APPLICATION,
        licenses=own.licenses,
        supplier=own.supplier,
        description=own.description,
        urls=own.urls,
        hashes=from_hex("sha256", crate.checksum),
    )


def _origin(source: str) -> tuple[tuple[str, str], ...]:
    kind, _, url = source.partition("+")
    if kind == "git":
        address, _, commit = url.partition("#")
        return (("vcs_url", vcs_url(address.partition("?")[0], commit)),)
    if url and not _DEFAULT_INDEX.fullmatch(url):
        return (("repository_url", without_login(url)),)
    return ()


EXTRACTORS = (
    Extractor(
        name="cargo-lock",
        version=1,
        patterns=("**/Cargo.lock",),
        evidence=Evidence.DECLARED,
        extract=_cargo_lock,
        ecosystem="Rust",
        licenses_from="license of the Cargo.toml beside it, for the project's own crate",
        siblings=("Cargo.toml",),
    ),
)
