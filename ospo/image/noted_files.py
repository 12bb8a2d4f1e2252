"""What package managers have noted about the files of a finished image, put together by path."""

import fnmatch
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ospo.image.overlay import Overlay, Seen
from ospo.image.paths import Resolver, text
from ospo.model import FileNotes, Noted, Ownership

_DPKG = "var/lib/dpkg/"
_DPKG_LISTS = "var/lib/dpkg/info/"
_DPKG_SETTINGS = "etc/dpkg/"
_MOST_NOTES = 2_000_000
_MOST_GLOBS = 1000
# What images are slimmed by, where no configuration of dpkg says it.
_USUALLY_LEFT_OUT = ("usr/share/doc/", "usr/share/man/", "usr/share/locale/", "usr/share/info/")


@dataclass(frozen=True, slots=True)
class Note:
    """The digest that one package has of a file, or of the target of a link."""

    package: str
    digest: bytes
    link: bool
    by_dpkg: bool


@dataclass(slots=True)
class NotedFiles:
    """What is expected of each path; links in the folders of paths are followed."""

    notes: dict[str, tuple[Note, ...]] = field(default_factory=dict)
    optional: set[str] = field(default_factory=set)
    """Paths that need not be there."""
    left_out: Callable[[str, Note], bool] = lambda _path, _note: False
    """Tells whether a file is usually missing on purpose."""
    complete: bool = True
    """False where there are more notes than anybody keeps."""


def collect(overlay: Overlay) -> NotedFiles:
    """Put together what the visible databases say."""
    seen = [item for item in overlay.seen() if isinstance(item.record, FileNotes)]
    resolver = Resolver(overlay.links)
    lists = _lists(overlay)
    diverted = {_place(path, resolver): (place, by) for path, place, by in _diversions(seen)}
    changeable = {_place(path, resolver) for path in _lines(seen, Noted.CHANGEABLE)}
    files = NotedFiles(
        optional={_place(path, resolver) for path in _lines(seen, Noted.OPTIONAL)},
        left_out=_Slimmed([line for item in _settings(seen) for line in _split(item)]),
    )
    count = 0
    for path, note in _notes(seen, lists):
        if count == _MOST_NOTES:
            files.complete = False
            break
        place = _place(path, resolver)
        if place in diverted and diverted[place][1] != note.package:
            place = _place(diverted[place][0], resolver)
        if place and place not in changeable:
            files.notes[place] = (*files.notes.get(place, ()), note)
            count += 1
    return files


def _place(path: str, resolver: Resolver) -> str:
    """Write a path as those of the image are, and follow links in its folders."""
    return resolver.name(path if path.isascii() and "\\" not in path else text(path.encode()))


def _notes(seen: Sequence[Seen], lists: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, Note]]:
    """Yield what has a digest, of dpkg's only what its lists have: it keeps sums of what others took over."""
    for item in seen:
        record = item.record
        if not isinstance(record, FileNotes) or record.noted not in (Noted.CONTENT, Noted.LINK):
            continue
        by_dpkg = item.path.startswith(_DPKG)
        groups = lists.get(record.package) if item.path.startswith(_DPKG_LISTS) else None
        owned = {path for group in groups for path in group.split("\n")} if groups else None
        for line in record.lines.split("\n"):
            digest, _, path = line.partition(" ")
            if owned is None or path in owned:
                yield path, Note(record.package, bytes.fromhex(digest), record.noted is Noted.LINK, by_dpkg)


def _lists(overlay: Overlay) -> dict[str, list[str]]:
    lists: dict[str, list[str]] = defaultdict(list)
    for item in overlay.seen():
        if isinstance(item.record, Ownership) and item.path.startswith(_DPKG_LISTS):
            lists[item.record.package].append(item.record.paths)
    return lists


def _diversions(seen: Sequence[Seen]) -> Iterator[tuple[str, str, str]]:
    for line in _lines(seen, Noted.DIVERTED):
        path, place, package = line.split("\t")
        yield path, place, package


def _settings(seen: Sequence[Seen]) -> list[Seen]:
    """Return dpkg's settings in the order in which it reads them: those of the folder first."""
    found = [item for item in seen if item.path.startswith(_DPKG_SETTINGS)]
    return sorted(found, key=lambda item: (-item.path.count("/"), item.path))


def _lines(seen: Sequence[Seen], noted: Noted) -> Iterator[str]:
    for item in seen:
        if isinstance(item.record, FileNotes) and item.record.noted is noted:
            yield from item.record.lines.split("\n")


def _split(item: Seen) -> list[str]:
    return item.record.lines.split("\n") if isinstance(item.record, FileNotes) else []


class _Slimmed:
    """Knows what an image is not meant to have: by dpkg's own globs, where there are any, else by custom."""

    def __init__(self, globs: Sequence[str]) -> None:
        # As fnmatch(3) without flags: a star also matches slashes. The last glob that matches decides.
        self._globs = [
            (glob[0] == "-", re.compile(fnmatch.translate(glob[1:]))) for glob in globs[-_MOST_GLOBS:]
        ][::-1]

    def __call__(self, path: str, note: Note) -> bool:
        if note.by_dpkg and self._globs:
            return next((excluded for excluded, glob in self._globs if glob.match(path)), False)
        return path.startswith(_USUALLY_LEFT_OUT)
