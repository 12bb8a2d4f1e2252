"""Erlang packages that a rebar.lock pins.

Format: https://rebar3.org/docs/workflow/deps_compile/#lock-files, terms of Erlang of which the known forms
are read; the number at the end of each is its depth, 0 for what the project asks for.
"""

import re
from collections.abc import Iterator

from ospo.errors import ParseError
from ospo.extractors.damage import Damage
from ospo.extractors.declared_values import vcs_url
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency, lock_text
from ospo.extractors.lock_hashes import from_hex
from ospo.extractors.records import checked
from ospo.model import Component, Evidence, Record

_START = re.compile(r'\{<<"([^"\s]+)">>,\s*\{(pkg|git|hg|git_subdir|raw),')
_PACKAGE = re.compile(r'\s*<<"([^"\s]+)">>,\s*<<"([^"\s]+)">>[^{}]*\},\s*([0-9]+)\}')
_SOURCE = re.compile(
    r'\s*"([^"\s]+)",\s*\{(?:ref|tag|branch),\s*"([^"\s]+)"\}(?:,\s*"([^"]*)")?\},\s*([0-9]+)\}'
)
_HASH = re.compile(r'\{<<"([^"\s]+)">>,\s*<<"([0-9A-Fa-f]{64})">>\}')


def _rebar_lock(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    text, damage = lock_text(file), Damage()
    # The inner hash is one of parts of the package, the outer one of the file.
    hashes = dict(_HASH.findall(text.partition("{pkg_hash_ext,")[2]))
    starts = list(_START.finditer(text))
    for start in starts:
        with damage.at(f"package {start[1]!r}"):
            yield _component(text, start, hashes)
    with damage.at("the file"):
        if not starts and text.split() not in ([], ["[]."]):
            raise ParseError("is no lock file of rebar3")
    damage.report()


def _component(text: str, start: re.Match[str], hashes: dict[str, str]) -> Component:
    app, kind = start.groups()
    if kind == "pkg":
        if not (match := _PACKAGE.match(text, start.end())):
            raise ParseError("has no name and version")
        name, version, depth = match.groups()
        qualifiers: tuple[tuple[str, str], ...] = ()
    else:
        if not (match := _SOURCE.match(text, start.end())):
            raise ParseError("has no address and commit")
        url, version, folder, depth = match.groups("")
        name, address = app, vcs_url(url, version, "hg" if kind == "hg" else "git")
        qualifiers = (("vcs_url", f"{address}#{folder}" if folder else address),)
    return Component(
        type="hex",
        name=checked(name, "name"),
        version=checked(version, "version"),
        qualifiers=qualifiers,
        hashes=from_hex("sha256", hashes.get(app, "")),
        provides=(f"{name}@{version}",),
        direct=depth.strip("0") == "",
    )


EXTRACTORS = (
    Extractor(
        name="rebar",
        version=1,
        patterns=("**/rebar.lock",),
        evidence=Evidence.DECLARED,
        extract=_rebar_lock,
        ecosystem="Erlang",
        licenses_from="none",
    ),
)
