"""Elixir packages that a mix.lock pins.

Format: https://github.com/hexpm/hex/blob/main/lib/hex/mix.ex (from_lock), one package a line; it is a
program text of literals, of which the known forms are read and nothing is evaluated.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ospo.errors import ParseError
from ospo.extractors.damage import Damage
from ospo.extractors.declared_values import vcs_url
from ospo.extractors.hex_packages import NO_REPOSITORY, namespace
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency, lock_text
from ospo.extractors.lock_hashes import from_hex
from ospo.extractors.records import checked
from ospo.model import Component, Evidence, Record

_ENTRY = re.compile(r'\s*(?:%\{\s*)?"?([\w-]+)"?:\s*\{:(hex|git|path),\s*(.*)')
_HEX = re.compile(r':"?([\w-]+)"?,\s*"([^"]*)"(.*)')
_NEED = re.compile(r'hex:\s*:"?([\w-]+)"?')
_GIT = re.compile(r'"([^"]*)",\s*"([^"]*)"')
# Repository and outer checksum, which is the one of the package's file; locks of before 2019 end earlier.
_END = re.compile(r'\],\s*"([^"]*)"(?:,\s*"([0-9a-fA-F]{64})")?\},?\s*(?:\}\s*)?')


@dataclass(frozen=True, slots=True)
class _Entry:
    app: str
    """What others of the project call it."""
    kind: str
    rest: str


def _mix_lock(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    damage, versions, found = Damage(), {}, []
    for number, line in enumerate(lock_text(file).split("\n"), 1):
        with damage.at(f"line {number}"):
            if match := _ENTRY.fullmatch(line):
                found.append((number, _Entry(*match.groups())))
            elif line.strip() not in ("", "%{", "}", "%{}"):
                raise ParseError("is no entry of a lock file of Mix")
    for _, entry in found:
        if entry.kind == "hex" and (match := _HEX.fullmatch(entry.rest)):
            versions[match[1]] = match[2]
    for number, entry in found:
        with damage.at(f"line {number}"):
            yield _git(entry) if entry.kind == "git" else _package(entry, versions)
    damage.report()


def _package(entry: _Entry, versions: dict[str, str]) -> Component:
    match = _HEX.fullmatch(entry.rest)
    if not match:
        raise ParseError("has no name and version")
    name, version, rest = match.groups()
    end = _END.search(rest)
    repository, checksum = end.groups("") if end else ("", "")
    needs = dict.fromkeys(_NEED.findall(rest))
    return Component(
        type="hex",
        namespace=namespace(repository),
        name=checked(name, "name"),
        version=checked(version, "version"),
        hashes=from_hex("sha256", checksum),
        depends=tuple(f"{need}@{versions[need]}" for need in needs if need in versions),
        provides=(f"{name}@{version}",),
        properties=() if repository in NO_REPOSITORY else (("hex:repository", repository),),
    )


def _git(entry: _Entry) -> Component:
    match = _GIT.match(entry.rest)
    if not match:
        raise ParseError("has no address and commit")
    url, commit = match.groups()
    return Component(
        type="hex",
        name=checked(entry.app, "name"),
        version=checked(commit, "commit"),
        qualifiers=(("vcs_url", vcs_url(url, commit)),),
        provides=(f"{entry.app}@{commit}",),
    )


EXTRACTORS = (
    Extractor(
        name="mix",
        version=1,
        patterns=("**/mix.lock",),
        evidence=Evidence.DECLARED,
        extract=_mix_lock,
        ecosystem="Elixir",
        licenses_from="none",
    ),
)
