"""Haskell packages: stack.yaml, its lock file, and cabal.project.freeze.

Formats: https://docs.haskellstack.org/en/stable/topics/lock_files/ and
https://cabal.readthedocs.io/en/stable/cabal-commands.html#cabal-freeze
A snapshot of Stackage is only named there: its packages are not listed, so they are not found.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from ospo.errors import ParseError
from ospo.extractors.damage import Damage
from ospo.extractors.declared_values import listed, table, vcs_url, words, yaml_mapping
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency, lock_text
from ospo.extractors.records import checked, without_login
from ospo.model import Component, Evidence, Record

_RELEASE = re.compile(r"([A-Za-z0-9]+(?:-[A-Za-z0-9]+)*)-([0-9]+(?:\.[0-9]+)*)(?:@.*)?")
_ADDRESS = re.compile(r"[a-z]+://.*|\.{0,2}/.*|\.{1,2}")
_FROZEN = re.compile(r"(?:any\.)?([A-Za-z0-9]+(?:-[A-Za-z0-9]+)*) *==([0-9]+(?:\.[0-9]+)*)")


def _stack(file: File) -> Iterator[Record]:
    # It says the same, with commits and versions.
    if is_of_a_dependency(file) or file.sibling("stack.yaml.lock") is not None:
        return
    damage = Damage()
    for number, entry in enumerate(listed(yaml_mapping(file).get("extra-deps"))):
        with damage.at(f"extra-deps[{number}]"):
            text = words(entry)
            # A repository's packages are named nowhere but in it, a folder belongs to the project.
            if not isinstance(entry, dict) and not _ADDRESS.fullmatch(text):
                yield _release(text)
    damage.report()


def _stack_lock(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    damage = Damage()
    for number, entry in enumerate(listed(yaml_mapping(file).get("packages"))):
        with damage.at(f"packages[{number}]"):
            yield _completed(table(table(entry).get("completed")))
    damage.report()


def _completed(entry: dict[str, Any]) -> Component:
    if release := words(entry.get("hackage")):
        return _release(release)
    git, url = words(entry.get("git")), words(entry.get("url"))
    qualifiers = (("download_url", without_login(url)),) if url else ()
    if git:
        folder = words(entry.get("subdir"))
        address = vcs_url(git, words(entry.get("commit")))
        qualifiers = (("vcs_url", f"{address}#{folder}" if folder else address),)
    return _component(words(entry.get("name")), words(entry.get("version")), qualifiers)


def _release(text: str) -> Component:
    match = _RELEASE.fullmatch(text)
    if not match:
        raise ParseError(f"is no package with a version: {text[:200]!r}")
    return _component(match[1], match[2], ())


def _component(name: str, version: str, qualifiers: tuple[tuple[str, str], ...]) -> Component:
    return Component(
        type="hackage",
        name=checked(name, "name"),
        version=checked(version, "version"),
        qualifiers=qualifiers,
    )


def _freeze(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    lines = [line for line in lock_text(file).split("\n") if not line.lstrip().startswith("--")]
    text = "\n".join(lines)
    if text.strip() and "constraints:" not in text:
        raise ParseError("has no constraints")
    # Flags ("acme +fast") and "installed" name no version.
    for constraint in text.partition("constraints:")[2].split(","):
        if match := _FROZEN.match(constraint.strip()):
            yield _component(match[1], match[2], ())


_Extract = Callable[[File], Iterator[Record]]


def _extractor(name: str, pattern: str, extract: _Extract, *siblings: str) -> Extractor:
    return Extractor(
        name=name,
        version=1,
        patterns=(pattern,),
        evidence=Evidence.DECLARED,
        extract=extract,
        ecosystem="Haskell",
        licenses_from="none",
        siblings=siblings,
    )


EXTRACTORS = (
    _extractor("cabal-freeze", "**/cabal.project.freeze", _freeze),
    _extractor("stack", "**/stack.yaml", _stack, "stack.yaml.lock"),
    _extractor("stack-lock", "**/stack.yaml.lock", _stack_lock),
)
