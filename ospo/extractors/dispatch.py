"""Which extractors want a path: asked once for every file of an image, so literal names go through dicts.

Globs know `**/` (any folders, also none), `*` and `?` (within one segment) and `[…]`.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from ospo.extractors.interface import Extractor

_WILD = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class _Rule:
    match: re.Pattern[bytes]
    extractor: Extractor


_Index = dict[bytes, list[_Rule]]


@dataclass(slots=True)
class Dispatcher:
    """Finds extractors by path and by first bytes."""

    extractors: tuple[Extractor, ...]
    most_names: int = 100
    """How many names of one file, which hard links give it, are looked at."""
    _names: _Index = field(default_factory=lambda: defaultdict(list))
    _suffixes: _Index = field(default_factory=lambda: defaultdict(list))
    _folders: _Index = field(default_factory=lambda: defaultdict(list))
    _rest: list[_Rule] = field(default_factory=list)
    _magics: dict[bytes, list[tuple[bytes, Extractor]]] = field(default_factory=lambda: defaultdict(list))
    _siblings: dict[bytes, list[re.Pattern[bytes]]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for extractor in self.extractors:
            for pattern in extractor.patterns:
                self._add(pattern, _Rule(re.compile(to_regex(pattern).encode(), re.DOTALL), extractor))
            for magic in extractor.magic:
                self._magics[magic[:2]].append((magic, extractor))
            for sibling in _siblings(extractor):
                name = sibling.rpartition("/")[2].encode()
                self._siblings[name].append(re.compile(to_regex(sibling).encode(), re.DOTALL))
        # Plain dicts from here on: looking a path up must not create entries.
        self._names, self._suffixes = dict(self._names), dict(self._suffixes)
        self._folders, self._magics = dict(self._folders), dict(self._magics)
        self._siblings = dict(self._siblings)

    def _add(self, pattern: str, rule: _Rule) -> None:
        folder, _, name = pattern.rpartition("/")
        if not _WILD.search(name):
            self._names[name.encode()].append(rule)
            return
        parent = folder.rpartition("/")[2]
        suffix = name[name.rfind(".") :] if "." in name else ""
        if suffix and not _WILD.search(suffix):
            self._suffixes[suffix.encode()].append(rule)
        elif parent and not _WILD.search(parent):
            self._folders[parent.encode()].append(rule)
        else:
            self._rest.append(rule)

    def wanted(self, path: bytes) -> tuple[Extractor, ...]:
        """Return the extractors whose patterns match, in the order of their names; mostly none."""
        slash = path.rfind(b"/")
        name = path[slash + 1 :]
        rules = self._names.get(name)
        dot = name.rfind(b".")
        if dot >= 0 and (more := self._suffixes.get(name[dot:])):
            rules = rules + more if rules else more
        if slash > 0 and (more := self._folders.get(path[path.rfind(b"/", 0, slash) + 1 : slash])):
            rules = rules + more if rules else more
        if self._rest:
            rules = rules + self._rest if rules else self._rest
        if not rules:
            return ()
        found = {rule.extractor.name: rule.extractor for rule in rules if rule.match.fullmatch(path)}
        return tuple(found[name] for name in sorted(found))

    def may_be_magic(self, start: bytes) -> bool:
        """Tell by the first two bytes whether `by_magic` is worth asking; most files end here."""
        return start in self._magics

    def by_magic(self, head: bytes) -> tuple[Extractor, ...]:
        """Return the extractors that want a file that starts with these bytes, whatever its name."""
        candidates = self._magics.get(head[:2])
        if not candidates:
            return ()
        return tuple(extractor for magic, extractor in candidates if head.startswith(magic))

    def is_sibling(self, path: bytes) -> bool:
        """Tell whether some extractor may ask for this file through `File.sibling`."""
        matches = self._siblings.get(path[path.rfind(b"/") + 1 :])
        return matches is not None and any(match.fullmatch(path) for match in matches)


def _siblings(extractor: Extractor) -> set[str]:
    """Return globs of the files beside those that an extractor wants: others of their names need not wait."""
    folders = {pattern[: pattern.rfind("/") + 1] for pattern in extractor.patterns}
    if extractor.magic:
        folders.add("**/")
    return {folder + sibling for folder in folders for sibling in extractor.siblings}


def to_regex(pattern: str) -> str:
    """Translate a glob into a regular expression that must match the whole path."""
    out: list[str] = []
    position = 0
    while position < len(pattern):
        step, text = _token(pattern, position)
        out.append(text)
        position += step
    return "".join(out)


def _token(pattern: str, position: int) -> tuple[int, str]:
    if pattern.startswith("**/", position):
        return 3, "(?:.*/)?"
    if pattern.startswith("**", position):
        return 2, ".*"
    char = pattern[position]
    if char == "*":
        return 1, "[^/]*"
    if char == "?":
        return 1, "[^/]"
    if char == "[" and (end := pattern.find("]", position + 2)) > 0:
        return end - position + 1, pattern[position : end + 1].replace("[!", "[^", 1)
    return 1, re.escape(char)


def for_images(extractors: Iterable[Extractor]) -> Dispatcher:
    """Dispatch to what reads installed software: a lock file in an image says what somebody built once."""
    return Dispatcher(tuple(e for e in extractors if e.evidence != "declared"))


def for_folders(extractors: Iterable[Extractor]) -> Dispatcher:
    """Dispatch to everything: a folder may be a project, a root file system, or both."""
    return Dispatcher(tuple(extractors))
