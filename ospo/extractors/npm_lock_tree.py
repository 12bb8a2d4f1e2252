"""The folders of npm's lock files: who finds which package, by Node's rule of looking upwards.

https://nodejs.org/api/modules.html#loading-from-node_modules-folders
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ospo.extractors.damage import Damage
from ospo.extractors.declared_values import json_object
from ospo.extractors.lock_entries import typed_table, typed_text
from ospo.extractors.npm_packages import is_address, is_local
from ospo.extractors.records import checked

_MODULES = "/node_modules/"


class Folders:
    """The entries of a lock file by folder, "" for the project; links are resolved."""

    def __init__(self, entries: Mapping[str, Any], damage: Damage) -> None:
        self.entries: dict[str, Mapping[str, Any]] = {}
        self._links: dict[str, str] = {}
        self._homes: dict[str, dict[str, str]] = {}
        """Folder that has a node_modules -> name there -> its folder."""
        self._above: dict[str, list[dict[str, str]]] = {}
        for path, entry in entries.items():
            with damage.at(path or "the project"):
                self._add(checked(path, "path") if path else path, typed_table(entry))

    def _add(self, path: str, entry: Mapping[str, Any]) -> None:
        if entry.get("link") is True:
            self._links[path] = typed_text(entry.get("resolved"), "resolved").removeprefix("./")
        else:
            self.entries[path] = entry
        home, modules, name = f"/{path}".rpartition(_MODULES)
        if modules:
            self._homes.setdefault(home, {})[name] = path

    def is_own(self, path: str) -> bool:
        """Tell whether a folder is the project's own: itself, or a member of its workspace."""
        return _MODULES not in f"/{path}"

    def find(self, name: str, path: str) -> str:
        """Return the folder that a package at `path` finds under a name, "" if there is none."""
        if path not in self._above:
            self._above = {path: list(self._upwards(path))}
        for home in self._above[path]:
            if name in home:
                return self._links.get(home[name], home[name])
        return ""

    def _upwards(self, path: str) -> Iterator[dict[str, str]]:
        folder = f"/{path}" if path else ""
        while True:
            if folder in self._homes:
                yield self._homes[folder]
            if not folder:
                return
            folder = folder.rpartition("/")[0]


def entries_of_tree(lock: Mapping[str, Any], manifest: bytes | None, damage: Damage) -> dict[str, Any]:
    """Write a lock file of version 1, a tree, as versions 2 and 3 do; the manifest says what is asked for.

    Raises:
        ParseError: its dependencies are no table.
    """
    entries: dict[str, Any] = {}
    if manifest is not None:
        with damage.at("package.json beside it"):
            entries[""] = json_object(manifest)
    waiting = [("", typed_table(lock.get("dependencies"), "dependencies"))]
    while waiting:
        folder, tree = waiting.pop()
        for name, node in tree.items():
            path = f"{folder}node_modules/{name}"
            with damage.at(path or "the project"):
                checked(path, "path")
                entries[path] = _entry(typed_table(node))
                waiting.append((f"{path}/", typed_table(node.get("dependencies"), "dependencies")))
    return entries


def _entry(node: Mapping[str, Any]) -> dict[str, Any]:
    entry = {field: node[field] for field in ("dev", "optional", "integrity", "resolved") if field in node}
    version = typed_text(node.get("version"), "version")
    if version.startswith("npm:"):
        entry["name"], _, version = version.removeprefix("npm:").rpartition("@")
    elif is_address(version) or is_local(version):
        entry["resolved"], version = version, ""
    if node.get("bundled") is True:
        entry["inBundle"] = True
    requires = node.get("requires")
    return entry | {"version": version, "dependencies": requires if isinstance(requires, dict) else None}
