"""Ruby gems that a lock file of Bundler pins: Gemfile.lock, gems.locked, and that of the next Rails.

Bundler's own reader is the specification of the format:
https://github.com/ruby/rubygems/blob/master/bundler/lib/bundler/lockfile_parser.rb
What is for development alone stands in the Gemfile, which is a program: everything counts as needed to run.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from ospo.errors import ParseError
from ospo.extractors.declared_values import vcs_url
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import Damage, is_of_a_dependency, lock_text
from ospo.extractors.lock_hashes import from_hex
from ospo.extractors.records import checked, without_login
from ospo.model import Component, Evidence, Record

# Indentation, name, version, platform, the "!" of a pinned source, checksums.
_ENTRY = re.compile(r"( {2}| {4}| {6})([^\s:!]+)(?: \(([^-()]*)(?:-([^()]*))?\))?(!)?(?: (\S+))?")
_OPTION = re.compile(r" {2}([a-z]+): ?(.*)")
_CONSTRAINT = re.compile(r" {6}(\S+)(?: \(.*\))?")
_SOURCES = frozenset(("GEM", "GIT", "PATH"))
_MOST_PLATFORMS = 50
"""Variants of one gem that an edge leads to; real ones have a dozen."""

_CONFLICT = ("<<<<<<<", "=======", ">>>>>>>")


@dataclass(slots=True)
class _Source:
    kind: str
    options: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def option(self, name: str) -> str:
        return "".join(self.options.get(name, ())[:1])


@dataclass(slots=True)
class _Gem:
    name: str
    version: str
    platform: str
    source: _Source
    needs: dict[str, None] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """What no other gem of the file is called: one version may be there for several platforms."""
        return f"{self.name}@{self.version}" + (f"-{self.platform}" if self.platform else "")


@dataclass(slots=True)
class _Lock:
    gems: list[_Gem] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    checksums: dict[tuple[str, str, str], str] = field(default_factory=dict)
    has_dependencies: bool = False
    in_conflict: bool = False


def _bundler(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    text, damage = lock_text(file), Damage()
    lock = _read(text.split("\n"))
    if not lock.gems and not lock.has_dependencies and text.strip():
        raise ParseError("is no lock file of Bundler: it has neither gems nor DEPENDENCIES")
    labels: dict[str, list[str]] = defaultdict(list)
    for gem in lock.gems:
        if len(labels[gem.name]) < _MOST_PLATFORMS:
            labels[gem.name].append(gem.label)
        # What a gem of the project itself needs is asked for as well.
        lock.asked.update(gem.needs if gem.source.kind == "PATH" else ())
    for number, gem in enumerate(lock.gems, 1):
        with damage.at(f"gem {number}"):
            yield _component(gem, lock, labels)
    with damage.at("the file"):
        if lock.in_conflict:
            raise ParseError("has a conflict of a merge that is not resolved")
    damage.report()


def _read(lines: list[str]) -> _Lock:
    lock, source, section = _Lock(), _Source(""), ""
    for line in lines:
        if line.startswith(_CONFLICT):
            lock.in_conflict = True
        elif line and line[0] != " ":
            section = line.rstrip()
            source = _Source(section)
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


def _read_source(line: str, source: _Source, lock: _Lock) -> None:
    if need := _CONSTRAINT.fullmatch(line):
        if lock.gems and lock.gems[-1].source is source:
            lock.gems[-1].needs[need[1]] = None
    elif option := _OPTION.fullmatch(line):
        source.options[option[1]].append(option[2].strip())
    elif (match := _ENTRY.fullmatch(line.rstrip())) and len(match[1]) == 4:
        name, version, platform = match.group(2, 3, 4)
        lock.gems.append(_Gem(name, version or "", platform or "", source))


def _component(gem: _Gem, lock: _Lock, labels: dict[str, list[str]]) -> Component:
    source = gem.source
    remotes = source.options.get("remote", ()) if source.kind == "GEM" else ()
    qualifiers = [("platform", gem.platform)] if gem.platform not in ("", "ruby") else []
    if source.kind == "GIT":
        qualifiers.append(("vcs_url", vcs_url(source.option("remote"), source.option("revision"))))
    algorithm, _, digest = lock.checksums.get((gem.name, gem.version, gem.platform), "").partition("=")
    return Component(
        type="gem",
        name=checked(gem.name, "name"),
        version=checked(gem.version, "version"),
        qualifiers=tuple(qualifiers),
        registered=source.kind != "PATH",
        hashes=from_hex(algorithm, digest.partition(",")[0]),
        depends=tuple(dict.fromkeys(label for need in gem.needs for label in labels.get(need, ()))),
        provides=(gem.label,),
        direct=gem.name in lock.asked if lock.has_dependencies and source.kind != "PATH" else None,
        # The server it may come from is no part of the identity: nothing tells which one is the common one.
        properties=tuple(("gem:remote", without_login(remote)) for remote in remotes if remote),
    )


EXTRACTORS = (
    Extractor(
        name="bundler",
        version=1,
        patterns=("**/Gemfile.lock", "**/Gemfile.next.lock", "**/gems.locked"),
        evidence=Evidence.DECLARED,
        extract=_bundler,
        ecosystem="Ruby",
        licenses_from="none",
    ),
)
