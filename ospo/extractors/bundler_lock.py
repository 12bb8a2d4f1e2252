"""Lock files of Bundler as lists of gems.

Bundler's own reader is the specification of the format:
https://github.com/ruby/rubygems/blob/master/bundler/lib/bundler/lockfile_parser.rb
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

# Indentation, name, version, platform, the "!" of a pinned source, checksums.
_ENTRY = re.compile(r"( {2}| {4}| {6})([^\s:!]+)(?: \(([^-()]*)(?:-([^()]*))?\))?(!)?(?: (\S+))?")
_OPTION = re.compile(r" {2}([a-z]+): ?(.*)")
_CONSTRAINT = re.compile(r" {6}(\S+)(?: \(.*\))?")
_SOURCES = frozenset(("GEM", "GIT", "PATH"))
_CONFLICT = ("<<<<<<<", "=======", ">>>>>>>")


@dataclass(slots=True)
class Source:
    """Where gems are from: GEM, GIT or PATH, and its options, which may stand several times."""

    kind: str
    options: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def option(self, name: str) -> str:
        """Return an option's first value, "" where there is none."""
        return "".join(self.options.get(name, ())[:1])


@dataclass(slots=True)
class Gem:
    """One version of a gem for one platform, and the names of what it needs."""

    name: str
    version: str
    platform: str
    source: Source
    needs: dict[str, None] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """What no other gem of the file is called: one version may be there for several platforms."""
        return f"{self.name}@{self.version}" + (f"-{self.platform}" if self.platform else "")


@dataclass(slots=True)
class Lock:
    """What one file says."""

    gems: list[Gem] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    """Names that the project asks for."""
    checksums: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """Name, version and platform -> "sha256=hex"."""
    has_dependencies: bool = False
    in_conflict: bool = False


def read_lock(lines: Iterable[str]) -> Lock:
    """Read the lines of a lock file; what is no entry of it is passed over."""
    lock, source, section = Lock(), Source(""), ""
    for line in lines:
        if line.startswith(_CONFLICT):
            lock.in_conflict = True
        elif line and line[0] != " ":
            section = line.rstrip()
            source = Source(section)
            lock.has_dependencies |= section == "DEPENDENCIES"
        elif section in _SOURCES:
            _read_source(line, source, lock)
        elif match := _ENTRY.fullmatch(line.rstrip()):
            name, version, platform, checksums = match.group(2, 3, 4, 6)
            if section == "DEPENDENCIES":
                lock.asked.add(name)
            elif section == "CHECKSUMS":
                lock.checksums[name, version or "", platform or ""] = checksums or ""
        elif section == "DEPENDENCIES" and line.strip():
            # Constraints may be any text: "rails (>= 7.0, < 8)", "foo (= 1.0-java)!".
            lock.asked.add(line.split()[0].rstrip("!"))
    return lock


def _read_source(line: str, source: Source, lock: Lock) -> None:
    if need := _CONSTRAINT.fullmatch(line):
        if lock.gems and lock.gems[-1].source is source:
            lock.gems[-1].needs[need[1]] = None
    elif option := _OPTION.fullmatch(line):
        source.options[option[1]].append(option[2].strip())
    elif (match := _ENTRY.fullmatch(line.rstrip())) and len(match[1]) == 4:
        name, version, platform = match.group(2, 3, 4)
        lock.gems.append(Gem(name, version or "", platform or "", source))
