"""Ruby gems that a lock file of Bundler pins: Gemfile.lock, gems.locked, and that of the next Rails.

The Gemfile beside it tells what is for development alone, as far as its lines are plain.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from ospo.errors import ParseError
from ospo.extractors.bundler_gemfile import development_gems
from ospo.extractors.bundler_lock import Gem, Lock, read_lock
from ospo.extractors.damage import Damage
from ospo.extractors.declared_values import vcs_url
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency, lock_text, plain_text
from ospo.extractors.lock_hashes import from_hex
from ospo.extractors.records import checked, without_login
from ospo.limits import MiB
from ospo.model import Component, Evidence, Record, Scope

_GEMFILES = {"gems.locked": "gems.rb"}
"""Name of a lock file -> what it belongs to, where that is not the Gemfile."""

_GEMFILE_LIMIT = MiB
_MOST_PLATFORMS = 50
"""Variants of one gem that an edge leads to; real ones have a dozen."""


def _bundler(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    text, damage = lock_text(file), Damage()
    lock = read_lock(text.split("\n"))
    if not lock.gems and not lock.has_dependencies and text.strip():
        raise ParseError("is no lock file of Bundler: it has neither gems nor DEPENDENCIES")
    labels: dict[str, list[str]] = defaultdict(list)
    for gem in lock.gems:
        if len(labels[gem.name]) < _MOST_PLATFORMS:
            labels[gem.name].append(gem.label)
        # What a gem of the project itself needs is asked for as well.
        lock.asked.update(gem.needs if gem.source.kind == "PATH" else ())
    development = _development(lock, file)
    for number, gem in enumerate(lock.gems, 1):
        with damage.at(f"gem {number}"):
            scope = Scope.DEVELOPMENT if gem.name in development else Scope.RUNTIME
            yield replace(_component(gem, lock, labels), scope=scope)
    with damage.at("the file"):
        if lock.in_conflict:
            raise ParseError("has a conflict of a merge that is not resolved")
    damage.report()


def _development(lock: Lock, file: File) -> set[str]:
    """Return the names that only groups for development and test lead to."""
    gemfile = file.sibling(_GEMFILES.get(file.name, "Gemfile")) or b""
    grouped = development_gems(plain_text(gemfile)) if len(gemfile) <= _GEMFILE_LIMIT else frozenset()
    needs: dict[str, set[str]] = defaultdict(set)
    for gem in lock.gems:
        needs[gem.name].update(gem.needs)
    own = {gem.name for gem in lock.gems if gem.source.kind == "PATH"}
    return _reached(lock.asked & grouped, needs) - _reached((lock.asked - grouped) | (own - grouped), needs)


def _reached(names: Iterable[str], needs: Mapping[str, Iterable[str]]) -> set[str]:
    found, waiting = set[str](), list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(needs.get(name, ()))
    return found


def _component(gem: Gem, lock: Lock, labels: dict[str, list[str]]) -> Component:
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
        siblings=("Gemfile", "gems.rb"),
    ),
)
