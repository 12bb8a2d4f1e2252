"""What a Cargo.toml tells beside a Cargo.lock: the crate itself, and what it needs for what.

Format: https://doc.rust-lang.org/cargo/reference/manifest.html
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ospo.extractors.declared_values import listed, table, words
from ospo.extractors.lock_entries import lock_toml
from ospo.extractors.records import people, without_login
from ospo.model import RawLicense, Scope

_SECTIONS = {
    "dependencies": Scope.RUNTIME,
    "dev-dependencies": Scope.DEVELOPMENT,
    "dev_dependencies": Scope.DEVELOPMENT,
    "build-dependencies": Scope.DEVELOPMENT,
    "build_dependencies": Scope.DEVELOPMENT,
}


@dataclass(frozen=True, slots=True)
class Manifest:
    """One crate as its manifest describes it; a workspace without a crate of its own has no name."""

    name: str = ""
    licenses: tuple[RawLicense, ...] = ()
    supplier: str = ""
    description: str = ""
    urls: tuple[tuple[str, str], ...] = ()
    needs: dict[str, Scope] = field(default_factory=dict)
    """Name of a crate -> the widest scope in which it is asked for."""


def read_manifest(data: bytes | None) -> Manifest:
    """Read a Cargo.toml; None is one that is not there.

    Raises:
        ParseError: it is not TOML.
    """
    document = lock_toml(data or b"")
    package, workspace = table(document.get("package")), table(document.get("workspace"))
    inherited = table(workspace.get("package"))

    def value(key: str) -> Any:
        own = package.get(key)
        return inherited.get(key) if isinstance(own, dict) and own.get("workspace") is True else own

    urls = (("website", words(value("homepage"))), ("vcs", words(value("repository"))))
    return Manifest(
        name=words(package.get("name")),
        licenses=tuple(RawLicense(text, "license") for text in (words(value("license")),) if text),
        supplier=people(", ".join(words(author) for author in listed(value("authors")))),
        description=words(value("description")),
        urls=tuple((kind, without_login(url)) for kind, url in urls if url),
        needs=_needs(document, table(workspace.get("dependencies"))),
    )


def _needs(document: dict[str, Any], inherited: dict[str, Any]) -> dict[str, Scope]:
    needs: dict[str, Scope] = {}
    order = list(Scope).index
    for name, scope in _asked(document, inherited):
        needs[name] = min(scope, needs.get(name, scope), key=order)
    return needs


def _asked(document: dict[str, Any], inherited: dict[str, Any]) -> Iterator[tuple[str, Scope]]:
    for holder in (document, *table(document.get("target")).values()):
        for section, scope in _SECTIONS.items():
            for key, value in table(table(holder).get(section)).items():
                need = table(value)
                shared = table(inherited.get(key)) if need.get("workspace") is True else {}
                optional = need.get("optional") is True and scope is Scope.RUNTIME
                # A key may be an alias: package is the name that the lock file has.
                name = words(need.get("package") or shared.get("package")) or key
                yield name, Scope.OPTIONAL if optional else scope
