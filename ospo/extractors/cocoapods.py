"""Pods that a Podfile.lock pins.

Format: https://github.com/CocoaPods/Core/blob/master/lib/cocoapods-core/lockfile.rb
A subspec ("Firebase/Core") is a part of its pod, which the purl type has as a subpath.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ospo.errors import ParseError
from ospo.extractors.damage import Damage
from ospo.extractors.declared_values import listed, table, texts, vcs_url, words, yaml_mapping
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency
from ospo.extractors.records import checked
from ospo.model import Component, Evidence, Record

_POD = re.compile(r"([^\s()]+(?: [^\s()]+)*)(?: \(([^()]*)\))?")
_REPOSITORIES = {":git": "git", ":hg": "hg", ":svn": "svn"}


@dataclass(frozen=True, slots=True)
class _Lock:
    versions: dict[str, str]
    """Name with subspec -> version."""
    asked: frozenset[str] | None
    external: dict[str, Any]
    """Name of a pod -> where it is from, if from no repository of specifications."""
    commits: dict[str, Any]


def _podfile_lock(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    document, damage = yaml_mapping(file), Damage()
    pods = list(_pods(listed(document.get("PODS"))))
    dependencies = document.get("DEPENDENCIES")
    lock = _Lock(
        {_split(text)[0]: _split(text)[1] for text, _ in pods},
        frozenset(_split(text)[0] for text in texts(dependencies)) if dependencies else None,
        table(document.get("EXTERNAL SOURCES")),
        table(document.get("CHECKOUT OPTIONS")),
    )
    for text, needs in pods:
        with damage.at(f"pod {text!r}"):
            yield _component(text, needs, lock)
    damage.report()


def _pods(entries: list[Any]) -> Iterator[tuple[str, list[str]]]:
    for entry in entries:
        if isinstance(entry, str):
            yield entry, []
        for text, needs in table(entry).items():
            yield text, texts(needs)


def _split(text: str) -> tuple[str, str]:
    match = _POD.fullmatch(text.strip())
    return (match[1], match[2] or "") if match else ("", "")


def _component(text: str, needs: list[str], lock: _Lock) -> Component:
    full, version = _split(text)
    pod, _, subspec = full.partition("/")
    needed = (_split(need)[0] for need in needs)
    origin = {**table(lock.external.get(pod)), **table(lock.commits.get(pod))}
    qualifiers = _origin(origin)
    if any(character in version for character in "<>~=, "):
        raise ParseError(f"has a requirement for a version: {version[:200]!r}")
    return Component(
        type="cocoapods",
        name=checked(pod, "name"),
        version=checked(version, "version"),
        qualifiers=qualifiers,
        subpath=subspec,
        # From a folder, or described by a file that only the project has.
        registered=not origin or bool(qualifiers),
        depends=tuple(f"{need}@{lock.versions[need]}" for need in needed if need in lock.versions),
        provides=(f"{full}@{version}",),
        direct=None if lock.asked is None else full in lock.asked,
    )


def _origin(source: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    for key, tool in _REPOSITORIES.items():
        if url := words(source.get(key)):
            commit = words(source.get(":commit") or source.get(":revision") or source.get(":tag"))
            return (("vcs_url", vcs_url(url, commit, tool)),)
    return ()


EXTRACTORS = (
    Extractor(
        name="cocoapods",
        version=1,
        patterns=("**/Podfile.lock",),
        evidence=Evidence.DECLARED,
        extract=_podfile_lock,
        ecosystem="CocoaPods",
        licenses_from="none",
    ),
)
