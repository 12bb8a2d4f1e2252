"""Layers on top of each other: what a container sees, and which layer brought it.

The rules are those of the OCI image specification ("layer.md", Applying Changesets), as an overlay mount has
them: each layer is unpacked alone, then they are laid over each other by path. A path that leads through a
symbolic link of a lower layer so puts a folder in the link's place, and what the link pointed at stays.
Runtimes without overlay mounts follow the link; nothing that they show is missing here.
"""

from collections.abc import Iterable, Set
from dataclasses import dataclass, field

from ospo import zstd
from ospo.image.facts import FileFacts, LayerFacts, moved
from ospo.image.paths import ancestors
from ospo.model import Component, Record


@dataclass(frozen=True, slots=True)
class Seen:
    """A record that is visible in the finished image."""

    path: str
    record: Record
    layer: int
    """The lowest layer from which on it has been there without interruption."""


_Snapshot = dict[str, tuple[Seen, ...]]
"""What is known of one file: extractor -> records."""


@dataclass(slots=True)
class Overlay:
    """The visible part of the layers applied so far, bottom first."""

    files: dict[str, _Snapshot] = field(default_factory=dict)
    """By path."""
    links: dict[str, str] = field(default_factory=dict)
    """Visible symbolic links and their targets as written."""
    entries: list[bytes] = field(default_factory=list)
    """What each layer names, as `LayerFacts.entries`, but compressed: hostile layers name hundreds of MB."""
    _covers: list[tuple[int, frozenset[str], frozenset[str]]] = field(default_factory=list)
    """Position, whiteouts and opaque folders of each layer that has any."""
    _folders: set[str] = field(default_factory=set)
    """Folders above what is or was visible."""

    def apply(self, index: int, facts: LayerFacts) -> None:
        """Put one layer on top."""
        if facts.whiteouts or facts.opaque:
            cover = len(self.entries), frozenset(facts.whiteouts), frozenset(facts.opaque)
            self._covers.append(cover)
        self.entries.append(zstd.compress(facts.entries.encode(), 1))
        before = {file.path: self.files.get(file.path, {}) for file in facts.files}
        if self.files or self.links:
            self._hide(facts)
        for file in facts.files:
            self._put(file, before[file.path].get(file.extractor, ()), index)
        for link in facts.links:
            if not link.hard:
                self.links[link.path] = link.target
                continue
            # Another name of a lower layer's file, for runtimes that can do that.
            for extractor, seen in tuple(self.files.get(link.target, {}).items()):
                file = FileFacts(link.target, extractor, tuple(item.record for item in seen))
                self._put(moved(file, link.path), (), index)
        self._folders |= ancestors(file.path for file in facts.files)
        self._folders |= ancestors(link.path for link in facts.links)

    def _put(self, file: FileFacts, before: tuple[Seen, ...], index: int) -> None:
        """Show records; those that the lower snapshot of the file had keep the layer they came with."""
        origins = {_identity(seen.record): seen.layer for seen in before}
        self.files.setdefault(file.path, {})[file.extractor] = tuple(
            Seen(file.path, record, origins.get(_identity(record), index)) for record in file.records
        )

    def _hide(self, facts: LayerFacts) -> None:
        """Take away what a layer hides of those below it."""
        entries = facts.entries.split("\0") if facts.entries else []
        replaced = {entry for entry in entries if entry[-1:] != "/"} | set(facts.whiteouts)
        emptied = replaced | set(facts.opaque)
        gone = replaced.union(facts.implied, facts.opaque, (e[:-1] for e in entries if e[-1:] == "/"))
        for visible in (self.files, self.links):
            for path in gone.intersection(visible):
                del visible[path]
        # Mostly no layer hides a folder that anything was found in, and nobody has to look at every path.
        if "" in emptied or not emptied.isdisjoint(self._folders):
            places = {path.rpartition("/")[0] for visible in (self.files, self.links) for path in visible}
            hidden = {place for place in places if _is_in(place, emptied)}
            self.files = {p: file for p, file in self.files.items() if p.rpartition("/")[0] not in hidden}
            self.links = {p: link for p, link in self.links.items() if p.rpartition("/")[0] not in hidden}

    def is_hidden(self, path: str, above: int) -> bool:
        """Tell whether a layer above one, counted in the order of `entries`, has a whiteout for a path."""
        folder = path.rpartition("/")[0]
        return any(
            _is_in(path, hiding) or _is_in(folder, opaque)
            for position, hiding, opaque in self._covers
            if position > above
        )

    def shown(self, paths: Iterable[str]) -> dict[str, tuple[int, bool]]:
        """Find the layer that shows each path: its position in `entries`, and whether a folder is there.

        What is not visible is left out. Links in the folders of a path are not followed.
        """
        left, found = set(paths), dict[str, tuple[int, bool]]()
        above = ancestors(left)
        covers = {position: (whiteouts, opaque) for position, whiteouts, opaque in self._covers}
        nothing: frozenset[str] = frozenset()
        for position in reversed(range(len(self.entries))):
            entries = set(zstd.decompress(self.entries[position]).decode().split("\0"))
            folders = {entry[:-1] for entry in entries if entry[-1:] == "/"} | ancestors(entries)
            found |= dict.fromkeys(left & entries, (position, False))
            found |= dict.fromkeys(left & folders, (position, True))
            whiteouts, opaque = covers.get(position, (nothing, nothing))
            left -= found.keys() | whiteouts
            hiding = above & (entries | whiteouts | opaque) | ({""} & opaque)
            if hiding:
                left = {path for path in left if not _is_in(path.rpartition("/")[0], hiding)}
            if not left:
                break
        return found

    def seen(self) -> Iterable[Seen]:
        """Yield what is visible, by path."""
        for path in sorted(self.files):
            for extractor in sorted(self.files[path]):
                yield from self.files[path][extractor]


def _is_in(place: str, folders: Set[str]) -> bool:
    """Tell whether a folder, or one above it, is among the folders; "" is the root."""
    while place and place not in folders:
        place = place.rpartition("/")[0]
    return place in folders


def _identity(record: Record) -> object:
    if isinstance(record, Component):
        return (record.type, record.namespace, record.name, record.version, record.qualifiers)
    return record
