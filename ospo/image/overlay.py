"""Layers on top of each other: what a container sees, and which layer brought it.

The rules are those of the OCI image specification ("layer.md", Applying Changesets), as containerd has them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from ospo.image.facts import FileFacts, LayerFacts, Link
from ospo.image.paths import ancestors, resolve
from ospo.model import Component, Location, Record


@dataclass(frozen=True, slots=True)
class Seen:
    """A record that is visible in the finished image."""

    path: str
    record: Record
    layer: int
    """The lowest layer from which on it has been there without interruption."""


@dataclass(slots=True)
class Overlay:
    """The visible part of the layers applied so far, bottom first."""

    files: dict[str, dict[str, tuple[Seen, ...]]] = field(default_factory=dict)
    """Path -> extractor -> records."""
    links: dict[str, str] = field(default_factory=dict)
    """Visible symbolic links and their targets as written."""

    def apply(self, index: int, facts: LayerFacts) -> None:
        """Put one layer on top."""
        changes = _Changes.of(facts, self.links)
        before = self.files
        if self.files or self.links:
            self.files = {path: seen for path, seen in before.items() if not changes.hides(path)}
            self.links = {path: target for path, target in self.links.items() if not changes.hides(path)}
        for file in facts.files:
            path = changes.real(file.path)
            old = before.get(path, {}).get(file.extractor, ())
            self.files.setdefault(path, {})[file.extractor] = _attribute(file, path, old, index)
        for link in facts.links:
            self._link(changes.real(link.path), link, index, changes)

    def _link(self, path: str, link: Link, index: int, changes: "_Changes") -> None:
        if not link.hard:
            self.links[path] = link.target
            return
        # A hard link is another name of the same bytes, and stays when the first name goes.
        for extractor, seen in self.files.get(changes.real(link.target), {}).items():
            copies = tuple(Seen(path, _moved(item.record, path), index) for item in seen)
            self.files.setdefault(path, {}).setdefault(extractor, copies)

    def seen(self) -> Iterable[Seen]:
        """Yield what is visible, by path."""
        for path in sorted(self.files):
            for extractor in sorted(self.files[path]):
                yield from self.files[path][extractor]


@dataclass(slots=True)
class _Changes:
    """What one layer does to the paths of the layers below it."""

    directories: set[str]
    others: set[str]
    whiteouts: set[str]
    opaque: set[str]
    links: dict[str, str]
    """Lower symbolic links that paths of this layer lead through."""
    _hidden: dict[str, bool] = field(default_factory=dict)

    @classmethod
    def of(cls, facts: LayerFacts, lower_links: dict[str, str]) -> "_Changes":
        entries = facts.entries.split("\0") if facts.entries else []
        directories = {entry[:-1] for entry in entries if entry.endswith("/")}
        others = {entry for entry in entries if not entry.endswith("/")}
        whiteouts, opaque = set(facts.whiteouts), set(facts.opaque)
        through: dict[str, str] = {}
        if lower_links:
            named = directories | others
            parents = ancestors(named | whiteouts | {path + "/x" for path in opaque})
            through = {path: lower_links[path] for path in parents & lower_links.keys() if path not in named}
        changes = cls(directories, others, whiteouts, opaque, through)
        if through:
            changes.directories = set(map(changes.real, directories))
            changes.others = set(map(changes.real, others))
            changes.whiteouts = set(map(changes.real, whiteouts))
            changes.opaque = {changes.real(path + "/x").rpartition("/")[0] for path in opaque}
        return changes

    def real(self, path: str) -> str:
        """Follow the lower symbolic links that the folder of a path leads through."""
        return resolve(path, self.links) if self.links else path

    def hides(self, path: str) -> bool:
        """Tell whether a lower file or link is no longer visible."""
        return (
            path in self.others
            or path in self.whiteouts
            or path in self.directories
            or self._hides_below(path.rpartition("/")[0])
        )

    def _hides_below(self, folder: str) -> bool:
        hidden = self._hidden.get(folder)
        if hidden is None:
            hidden = folder in self.opaque or (
                bool(folder)
                and (
                    folder in self.others
                    or folder in self.whiteouts
                    or self._hides_below(folder.rpartition("/")[0])
                )
            )
            self._hidden[folder] = hidden
        return hidden


def _attribute(file: FileFacts, path: str, old: tuple[Seen, ...], index: int) -> tuple[Seen, ...]:
    """Give records that the lower snapshot of the same file already had the layer they came with."""
    origins = {_identity(seen.record): seen.layer for seen in old}
    return tuple(
        Seen(
            path, _moved(record, path) if path != file.path else record, origins.get(_identity(record), index)
        )
        for record in file.records
    )


def _identity(record: Record) -> object:
    if isinstance(record, Component):
        return (record.type, record.namespace, record.name, record.version, record.qualifiers)
    return record


def _moved(record: Record, path: str) -> Record:
    return replace(record, locations=(Location(path),)) if isinstance(record, Component) else record
