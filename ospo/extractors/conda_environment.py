"""conda environments as asked for: environment.yml, with the Python packages that pip adds.

Format: https://docs.conda.io/projects/conda/en/latest/user-guide/tasks/manage-environments.html and
https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html#package-match-specifications
"numpy=1.26" is any 1.26.x: it is a version only with a build behind it, or where conda wrote the file itself,
which then names the folder of the environment (prefix).
"""

import re
from collections.abc import Iterator

from ospo.errors import ParseError
from ospo.extractors.damage import Damage
from ospo.extractors.declared_values import listed, table, words, yaml_mapping
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency
from ospo.extractors.pypi_packages import pypi_package
from ospo.extractors.records import checked, without_login
from ospo.model import Component, Evidence, Record

_VERSION = r"[0-9][A-Za-z0-9_.!+]*"
_SPEC = re.compile(
    rf"(?:([^\s\[\]]+)::)?([A-Za-z0-9_.-]+)(?:(?:\s*(==?)\s*|\s+)({_VERSION})(?:[= ]([A-Za-z0-9_.]+))?)?(.*)"
)
_PIP = re.compile(rf"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*===?\s*({_VERSION})\s*(?:;.*)?")
_TOKEN = re.compile(r"/t/[^/]*/")


def _environment(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    document, damage = yaml_mapping(file), Damage()
    exported = bool(words(document.get("prefix")))
    for number, entry in enumerate(listed(document.get("dependencies"))):
        with damage.at(f"dependencies[{number}]"):
            yield from _conda(words(entry), exported=exported)
        for text in map(words, listed(table(entry).get("pip"))):
            with damage.at(f"dependencies[{number}]"):
                yield from _pip(text)
    damage.report()


def _conda(text: str, *, exported: bool) -> Iterator[Component]:
    if not text:
        return
    match = _SPEC.fullmatch(text.partition(" #")[0].strip())
    if not match:
        raise ParseError(f"is no package of conda: {text[:200]!r}")
    channel, name, equals, version, build, rest = match.groups("")
    if rest or not version or (equals == "=" and not build and not exported):
        return
    qualifiers = (("build", build), ("channel", _channel(channel)))
    yield Component(
        type="conda",
        name=checked(name, "name").lower(),
        version=checked(version, "version"),
        qualifiers=tuple((key, value) for key, value in qualifiers if value),
    )


def _channel(channel: str) -> str:
    """Return the path of a channel's address, by which conda calls it."""
    _, separator, rest = _TOKEN.sub("/", without_login(channel)).partition("://")
    return (rest.partition("/")[2] if separator else channel).strip("/")


def _pip(text: str) -> Iterator[Component]:
    """Yield a pinned requirement; ranges, addresses and options of pip are left out."""
    if match := _PIP.fullmatch(text.partition(" #")[0].strip()):
        yield pypi_package(match[1], match[2])


EXTRACTORS = (
    Extractor(
        name="conda-environment",
        version=1,
        patterns=("**/environment.yml", "**/environment.yaml"),
        evidence=Evidence.DECLARED,
        extract=_environment,
        ecosystem="conda",
        licenses_from="none",
    ),
)
