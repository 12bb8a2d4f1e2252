"""What a layer leaves behind where its own members replace each other or lead through its own links.

Layers of real builders hold every path once, and no path below one of their links: for these, the names as
they stand are the answer. Any other layer is put into a tree in memory, member by member, as containerd's
`archive.Apply` unpacks it into an empty folder.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from ospo.errors import LayerError
from ospo.limits import Limits

_SLASH = 0x2F
_MOST_LINKS = 255  # as containerd's fs.RootPath
_MOST_STEPS = 20_000_000  # some seconds


@dataclass(frozen=True, slots=True)
class Target:
    """Where a link points: as written for a symbolic link, a clean path for a hard link."""

    path: bytes
    hard: bool


@dataclass(frozen=True, slots=True)
class Names:
    """What the tar of a layer names, in its order; paths are clean."""

    entries: list[bytes] = field(default_factory=list)
    """Directories end in `/`."""
    targets: dict[int, Target] = field(default_factory=dict)
    """Position of an entry -> where it points, for links."""
    whiteouts: list[bytes] = field(default_factory=list)
    """Paths that whiteouts hide."""
    opaque: list[bytes] = field(default_factory=list)
    """Folders that are marked as opaque; b"" is the root."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The same, each path once."""

    entries: Sequence[bytes]
    implied: set[bytes]
    """Folders that paths lead through without an entry of their own."""
    whiteouts: Sequence[bytes]
    opaque: Sequence[bytes]
    names: Mapping[int, list[bytes]]
    """Position of a file or symbolic link -> its paths, where they are not just its own."""
    whole: bool
    """True when what is not in `names` has its own path; False when it is gone."""

    def of(self, at: int, path: bytes) -> list[bytes]:
        """Return the paths that the entry at a position has in the end; `path` is its own."""
        return self.names.get(at, [path] if self.whole else [])


def settle(given: Names, limits: Limits) -> Settled:
    """Settle what one layer names.

    Raises:
        LayerError: the paths that result are too long, or too many.
    """
    entries, whiteouts, opaque = given.entries, given.whiteouts, given.opaque
    files = [entry for entry in entries if entry[-1] != _SLASH]
    once = set(files)
    folders = _folders(entries, opaque)
    implied = _implied((entries, whiteouts, [o + b"/" for o in opaque]), folders, limits)
    if len(once) == len(files) and once.isdisjoint(folders) and once.isdisjoint(implied):
        return Settled(entries, implied, whiteouts, opaque, _linked(given), whole=True)
    tree = _Tree(given.targets)
    for at, entry in enumerate(entries):
        tree.add(at, entry)
    entries, names = tree.listed(limits)
    whiteouts = [tree.name(path) for path in whiteouts]
    opaque = [tree.place(folder) for folder in opaque]
    implied = _implied((entries, whiteouts, [o + b"/" for o in opaque]), _folders(entries, opaque), limits)
    return Settled(entries, implied, whiteouts, opaque, names, whole=False)


def _folders(entries: Sequence[bytes], opaque: Sequence[bytes]) -> set[bytes]:
    """Return the folders that a layer has: what it marks as opaque, it has."""
    return {entry[:-1] for entry in entries if entry[-1] == _SLASH} | set(opaque)


def _implied(groups: Sequence[Sequence[bytes]], folders: set[bytes], limits: Limits) -> set[bytes]:
    found: set[bytes] = set()
    room = limits.layer_paths
    for path in chain.from_iterable(groups):
        at = path.rfind(b"/", 0, -1)
        while at > 0 and (folder := path[:at]) not in folders and folder not in found:
            found.add(folder)
            room -= at
            if room < 0:
                raise LayerError(
                    f"leads through folders of more than {limits.layer_paths} bytes (limits.layer_paths)"
                )
            at = path.rfind(b"/", 0, at)
    return found


def _linked(given: Names) -> dict[int, list[bytes]]:
    """Gather the names of what hard links point at, following hard links to hard links."""
    entries, targets = given.entries, given.targets
    wanted = {target.path for target in targets.values() if target.hard}
    if not wanted:
        return {}
    places = {entry: at for at, entry in enumerate(entries) if entry in wanted}
    names: dict[int, list[bytes]] = {}
    for at, target in targets.items():
        if target.hard and (source := _source(at, places, targets)) is not None:
            names.setdefault(source, [entries[source]]).append(entries[at])
            names[at] = []
    return names


def _source(at: int, places: Mapping[bytes, int], targets: Mapping[int, Target]) -> int | None:
    """Follow hard links to the entry they name; each must be there before, so there are no loops."""
    while (link := targets.get(at)) is not None and link.hard:
        before = places.get(link.path)
        if before is None or before >= at:
            return None
        at = before
    return at


_Folder = dict[bytes, "_Folder | int"]
"""Name -> folder, or position of a file or symbolic link. A folder with an entry of its own has b""."""


@dataclass(slots=True)
class _Tree:
    targets: Mapping[int, Target]
    root: _Folder = field(default_factory=dict)
    steps: int = 0

    def add(self, at: int, entry: bytes) -> None:
        """Unpack one member."""
        target = self.targets.get(at)
        source = self._get(target.path) if target is not None and target.hard else None
        above, _, name = entry.rstrip(b"/").rpartition(b"/")
        folder = self._walk(above, create=True)[-1][1]
        if entry[-1] != _SLASH:
            folder[name] = at if source is None else source
            return
        node = folder.get(name)
        if not isinstance(node, dict):
            node = folder[name] = {}
        node[b""] = at

    def place(self, path: bytes) -> bytes:
        """Return where a folder is once links are followed."""
        return b"/".join(name for name, _ in self._walk(path, create=False)[1:])

    def name(self, path: bytes) -> bytes:
        """Return where a path is once links in its folders are followed."""
        above, _, name = path.rpartition(b"/")
        folder = self.place(above)
        return folder + b"/" + name if folder else name

    def _get(self, path: bytes) -> int | None:
        above, _, name = path.rpartition(b"/")
        node = self._walk(above, create=False)[-1][1].get(name)
        return node if isinstance(node, int) else None

    def _walk(self, path: bytes, *, create: bool) -> list[tuple[bytes, _Folder]]:
        """Walk to a folder through symbolic links, inside the root; return all folders on the way."""
        way: list[tuple[bytes, _Folder]] = [(b"", self.root)]
        parts = path.split(b"/")[::-1]
        followed = 0
        while parts:
            part = parts.pop()
            self.steps += 1
            if self.steps > _MOST_STEPS:
                raise LayerError("leads through its own links too often")
            if part == b"..":
                del way[max(1, len(way) - 1) :]
            if part in (b"", b".", b".."):
                continue
            node = way[-1][1].get(part)
            link = self.targets.get(node) if isinstance(node, int) else None
            if link is not None and not link.hard and followed < _MOST_LINKS:
                followed += 1
                if link.path.startswith(b"/"):
                    del way[1:]
                parts += link.path.split(b"/")[::-1]
                continue
            if not isinstance(node, dict):
                node = {}
                if create:
                    way[-1][1][part] = node
            way.append((part, node))
        return way

    def listed(self, limits: Limits) -> tuple[list[bytes], dict[int, list[bytes]]]:
        """Return all entries, and the paths of every position."""
        entries: list[bytes] = []
        names: dict[int, list[bytes]] = {}
        room = limits.layer_paths
        pending: list[tuple[bytes, _Folder]] = [(b"", self.root)]
        while pending:
            prefix, folder = pending.pop()
            for name, node in folder.items():
                if not name:
                    continue
                path = prefix + name
                room -= len(path)
                if len(path) > limits.path_length or room < 0:
                    raise LayerError("leads through its own links to paths that are too long")
                if isinstance(node, dict):
                    pending.append((path + b"/", node))
                    if b"" in node:
                        entries.append(path + b"/")
                else:
                    entries.append(path)
                    names.setdefault(node, []).append(path)
        return entries, names
