"""Files that an extractor would read if a symbolic link to a folder above them did not give them their name.

Layers are read one by one and by the names in them, so of `var/lib/dpkg -> /opt/x` nobody knows while
`opt/x/status` passes by. What a container would find there must at least not be passed over in silence.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from ospo import zstd
from ospo.extractors.dispatch import to_regex
from ospo.extractors.interface import Extractor
from ospo.image.overlay import Overlay
from ospo.image.paths import Resolver
from ospo.model import Evidence, Problem, ProblemKind

_FEW = 16  # places that are searched for one by one
_WILD = re.compile(r"[*?]|\[[^]]*\]")
_MOST_PROBLEMS = 1000
_HINT = (
    "move the database to its usual place, or scan the folder that the link points to as a root of its own"
)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a link to a folder may stand in a pattern: the globs before and after it."""

    folder: str
    tail: str
    extractor: Extractor


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What links lead to: a file, or files in a folder that match a glob."""

    path: str
    glob: str
    extractor: Extractor


def behind_links(overlay: Overlay, extractors: Iterable[Extractor]) -> list[Problem]:
    """Return a problem for each visible link behind which files are not read; it blocks for a database."""
    wanted = _wanted(overlay.links, extractors)
    databases: dict[str, str] = {}
    others: dict[str, str] = {}
    for one, path in _unread(overlay, wanted).items():
        paths = databases if one.extractor.database else others
        for link in wanted[one]:
            paths[link] = min(path, paths.get(link, path))
    problems = [
        Problem(ProblemKind.DATABASE, link, _message(path), _HINT, blocking=True)
        for link, path in sorted(databases.items())
    ]
    harmless = sorted(others.keys() - databases.keys())
    problems += [
        Problem(ProblemKind.FILE, link, _message(others[link])) for link in harmless[:_MOST_PROBLEMS]
    ]
    if len(harmless) > _MOST_PROBLEMS:
        message = f"{len(harmless) - _MOST_PROBLEMS} further links lead to files that are not read"
        problems.append(Problem(ProblemKind.FILE, "", message))
    return problems


def _message(path: str) -> str:
    return f"is a symbolic link that leads to {path}, which is not read"


def _places(extractors: Iterable[Extractor]) -> Iterator[_Place]:
    for extractor in extractors:
        if extractor.evidence == Evidence.DECLARED:
            continue
        for pattern in extractor.patterns:
            parts = pattern.split("/")
            for length in range(2 if parts[0] == "**" else 1, len(parts)):
                yield _Place("/".join(parts[:length]), "/".join(parts[length:]), extractor)


def _wanted(links: dict[str, str], extractors: Iterable[Extractor]) -> dict[_Wanted, list[str]]:
    """Return what is looked for, and the links that lead there.

    An image may have tens of thousands of links, hardly any of them of interest.
    """
    named: dict[str, list[_Place]] = defaultdict(list)
    wild: list[tuple[str, _Place]] = []
    for place in _places(extractors):
        name = place.folder.rpartition("/")[2]
        if _WILD.search(name):
            wild.append((max(_WILD.split(place.folder.removeprefix("**/")), key=len), place))
        else:
            named[name].append(place)
    resolver = Resolver(links)
    found: dict[_Wanted, list[str]] = defaultdict(list)
    for link in links:
        places = [*named.get(link[link.rfind("/") + 1 :], ()), *(p for part, p in wild if part in link)]
        for place in places:
            if _regex(place.folder).fullmatch(link) and (wanted := _behind(link, place, resolver)):
                found[wanted].append(link)
    return found


def _behind(link: str, place: _Place, resolver: Resolver) -> _Wanted | None:
    """Follow a link; None where the real path is one that the extractor reads anyway."""
    parts = place.tail.split("/")
    fixed = next((number for number, part in enumerate(parts) if _WILD.search(part)), len(parts))
    path, glob = resolver.place("/".join((link, *parts[:fixed]))), "/".join(parts[fixed:])
    sample = f"{path}/{_example(glob)}" if glob else path
    if any(_regex(pattern).fullmatch(sample) for pattern in place.extractor.patterns):
        return None
    return _Wanted(path, glob, place.extractor)


def _example(glob: str) -> str:
    """Return a name that a glob matches; one with excluded characters (`[!a]`) may get none."""
    return re.sub(r"\[([^]])[^]]*\]", r"\1", glob).replace("*", "_").replace("?", "_")


def _unread(overlay: Overlay, wanted: Iterable[_Wanted]) -> dict[_Wanted, str]:
    """Find what is in the layers, hidden by no whiteout above, and was not read; of several files the first.

    A file that an upper layer replaces with something else still counts: that is a problem too many.
    """
    files: dict[str, list[_Wanted]] = defaultdict(list)
    folders: dict[str, list[_Wanted]] = defaultdict(list)
    for one in wanted:
        (folders if one.glob else files)[one.path].append(one)
    ends = tuple(
        {_WILD.split(glob)[-1] for glob in {one.glob for group in folders.values() for one in group}}
    )
    places = {*files, *folders}
    unread: dict[_Wanted, str] = {}
    for number, joined in enumerate(overlay.entries if files or folders else ()):
        text = zstd.decompress(joined).decode()
        if len(places) <= _FEW and not any(place in text for place in places):
            continue  # 20 times as fast as looking at each entry, which is the usual answer
        entries = text.split("\0")
        found = [(one, path) for path in files.keys() & entries for one in files[path]]
        found += _below(folders, (entry for entry in entries if folders and entry.endswith(ends)))
        for one, path in found:
            known = unread.get(one, path)
            read = one.extractor.name in overlay.files.get(path, {})
            if path <= known and not read and not overlay.is_hidden(path, above=number):
                unread[one] = path
    return unread


def _below(folders: dict[str, list[_Wanted]], entries: Iterable[str]) -> Iterator[tuple[_Wanted, str]]:
    """Match entries with what is wanted below folders; which that may be is found once for each folder."""
    known: dict[str, list[_Wanted]] = {}
    for entry in entries:
        folder = entry[: max(entry.rfind("/"), 0)]
        candidates = known.get(folder)
        if candidates is None:
            above = (folder, *_above(folder))
            candidates = known[folder] = [one for parent in above for one in folders.get(parent, ())]
        for one in candidates:
            if _regex(one.glob).fullmatch(entry, len(one.path) + 1 if one.path else 0):
                yield one, entry


def _above(folder: str) -> Iterator[str]:
    while folder:
        folder = folder.rpartition("/")[0]
        yield folder


@cache
def _regex(glob: str) -> re.Pattern[str]:
    return re.compile(to_regex(glob), re.DOTALL)
