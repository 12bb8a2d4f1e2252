"""pnpm's lock files, versions 5 to 9 of the format.

Format: https://github.com/pnpm/spec/tree/master/lockfile. Keys changed: `/name/1.0.0_peers` until 5,
`/name@1.0.0(peers)` in 6, `name@1.0.0(peers)` under `snapshots` from 9 on.
"""

from collections.abc import Iterator, Mapping

from ospo.errors import ParseError
from ospo.extractors.block_text import Value, read_blocks, yaml_line
from ospo.extractors.damage import Damage
from ospo.extractors.declared_values import json_object
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency, lock_text, typed_table, typed_text
from ospo.extractors.locked import Locked, Need, connected, scoped
from ospo.extractors.npm_packages import own_package
from ospo.extractors.pnpm_keys import pnpm_package
from ospo.model import Component, Evidence, Record, Scope

_GROUPS = (
    ("dependencies", Scope.RUNTIME),
    ("optionalDependencies", Scope.OPTIONAL),
    ("devDependencies", Scope.DEVELOPMENT),
    ("configDependencies", Scope.DEVELOPMENT),
    ("packageManagerDependencies", Scope.DEVELOPMENT),
)
_ROOT = "."
_DOCUMENTS = 2


def _pnpm_lock(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    damage = Damage()
    project = None
    if (manifest := file.sibling("package.json")) is not None:
        with damage.at("the package.json beside it"):
            project = own_package(json_object(manifest))
    # What pnpm itself needs may come first, as a document of its own.
    documents = [text for text in f"\n{lock_text(file)}".split("\n---\n", _DOCUMENTS) if text.strip()]
    for number, text in enumerate(documents, 1):
        lock = read_blocks(text, yaml_line, damage)
        with damage.at(f"document {number}"):
            yield from _components(lock, project if number == len(documents) else None, damage)
    damage.report()


def _components(lock: Mapping[str, Value], project: Component | None, damage: Damage) -> Iterator[Component]:
    if "lockfileVersion" not in lock:
        raise ParseError("has no lockfileVersion")
    version = typed_text(lock["lockfileVersion"], "lockfileVersion")
    packages = _tables(lock.get("packages"), "packages")
    nodes = _tables(lock.get("snapshots"), "snapshots") or packages
    locked = {}
    for key, node in nodes.items():
        with damage.at(key):
            entry = packages.get(key) or packages.get(key.partition("(")[0]) or node
            component = pnpm_package(key, typed_table(entry), old=version.startswith(("4", "5")))
            locked[key] = Locked(component, tuple(_edges(typed_table(node), nodes)))
    asked: list[Need] = []
    for path, importer in _importers(lock, damage).items():
        with damage.at(f"importer {path}"):
            needed = tuple(_edges(typed_table(importer), nodes))
            asked += needed
            if path == _ROOT and project:
                locked[""] = Locked(project, needed)
    yield from connected(scoped(locked, asked), {key for key, _ in asked} or None)


def _importers(lock: Mapping[str, Value], damage: Damage) -> Mapping[str, Value]:
    """Return the packages of the project; one that is alone was written at the top until version 6."""
    with damage.at("importers"):
        return _tables(lock.get("importers")) or {_ROOT: dict(lock)}
    return {}


def _tables(value: object, what: str = "") -> Mapping[str, Value]:
    return typed_table(value or None, what)


def _edges(node: Mapping[str, Value], nodes: Mapping[str, Value]) -> Iterator[Need]:
    for group, scope in _GROUPS:
        for name, told in _tables(node.get(group), group).items():
            reference = told.get("version", "") if isinstance(told, dict) else told
            if isinstance(reference, str):
                spellings = (reference, f"{name}@{reference}", f"/{name}@{reference}", f"/{name}/{reference}")
                yield from ((key, scope) for key in [next(filter(nodes.__contains__, spellings), "")] if key)


EXTRACTORS = (
    Extractor(
        name="pnpm-lock",
        version=1,
        patterns=("**/pnpm-lock.yaml",),
        evidence=Evidence.DECLARED,
        extract=_pnpm_lock,
        ecosystem="npm",
        licenses_from="none",
        siblings=("package.json",),
    ),
)
