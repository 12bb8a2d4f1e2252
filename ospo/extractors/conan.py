"""C and C++ packages of Conan: conan.lock of versions 1 and 2, conanfile.txt, conaninfo.txt.

Formats: https://docs.conan.io/2/tutorial/versioning/lockfiles.html,
https://docs.conan.io/1/versioning/lockfiles/introduction.html, https://docs.conan.io/2/reference/conanfile_txt.html
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from ospo.errors import ParseError
from ospo.extractors.damage import Damage
from ospo.extractors.declared_values import table, texts
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency, lock_json, plain_text
from ospo.extractors.records import checked, small
from ospo.limits import MiB
from ospo.model import Component, Evidence, Record, Scope

_SIZE_LIMIT = MiB
# https://docs.conan.io/2/reference/conanfile/attributes.html#package-reference
_REFERENCE = re.compile(
    r"([^\s/@#:%]+)/([^\s/@#:%]+)(?:@([^\s/@#:%]*)(?:/([^\s/@#:%]*))?)?@?(?:#([0-9a-fA-F]+))?(?:[:#%].*)?"
)
_SECTIONS = {
    "requires": Scope.RUNTIME,
    "build_requires": Scope.DEVELOPMENT,
    "python_requires": Scope.DEVELOPMENT,
}
"""Of a conan.lock of version 2."""

_ASKED = {
    "requires": Scope.RUNTIME,
    "build_requires": Scope.DEVELOPMENT,
    "tool_requires": Scope.DEVELOPMENT,
    "test_requires": Scope.DEVELOPMENT,
}
"""Of a conanfile.txt."""


def _package(reference: str, *, scope: Scope = Scope.RUNTIME, direct: bool | None = None) -> Component:
    """Return the package that a reference names: name/version@user/channel#revision:package#revision%time."""
    match = _REFERENCE.fullmatch(reference)
    if not match:
        raise ParseError(f"is no reference of Conan: {reference[:200]!r}")
    name, version, user, channel, revision = match.groups("")
    # Conan 1 writes "_" for none.
    owner = (("user", user), ("channel", channel))
    qualifiers = tuple((key, value) for key, value in owner if value not in ("", "_"))
    return Component(
        type="conan",
        name=checked(name, "name"),
        version=checked(version, "version"),
        qualifiers=qualifiers,
        provides=(_label(reference),),
        scope=scope,
        direct=direct,
        properties=(("conan:recipe-revision", revision),) if revision else (),
    )


def _label(reference: str) -> str:
    """Return name and version, and whose they are: what names a package in one file."""
    return reference.partition("#")[0].partition(":")[0].partition("%")[0].replace("/", "@", 1)


def _conan_lock(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    document, damage = lock_json(file), Damage()
    nodes = table(document.get("graph_lock")).get("nodes")
    if isinstance(nodes, dict):
        yield from _graph(nodes, damage)
    elif not _SECTIONS.keys() & document.keys():
        raise ParseError("has neither nodes nor requires")
    for section, scope in _SECTIONS.items():
        for reference in texts(document.get(section)):
            with damage.at(section):
                yield _package(reference, scope=scope)
    damage.report()


def _graph(nodes: dict[str, Any], damage: Damage) -> Iterator[Component]:
    """Yield the packages of version 1; nodes name each other by number, the project has no reference."""
    entries = {number: table(node) for number, node in nodes.items()}
    references = {number: str(entry["ref"]) for number, entry in entries.items() if entry.get("ref")}
    own = [entry for number, entry in entries.items() if number not in references]
    asked = {need for entry in own for need in texts(entry.get("requires"))}
    tools = {need for entry in own for need in texts(entry.get("build_requires"))}
    for number, reference in references.items():
        with damage.at(f"node {number!r}"):
            is_tool = entries[number].get("context") == "build" or number in tools
            package = _package(
                reference,
                scope=Scope.DEVELOPMENT if is_tool else Scope.RUNTIME,
                direct=number in asked | tools if own else None,
            )
            yield _with_needs(package, entries[number], references)


def _with_needs(package: Component, entry: dict[str, Any], references: dict[str, str]) -> Component:
    needs = (references.get(number, "") for number in texts(entry.get("requires")))
    return replace(package, depends=tuple(_label(need) for need in needs if need))


def _conanfile(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    yield from _sections(file, _ASKED, direct=True)


def _conaninfo(file: File) -> Iterator[Record]:
    yield from _sections(file, {"full_requires": Scope.RUNTIME}, direct=None)


def _sections(file: File, wanted: dict[str, Scope], *, direct: bool | None) -> Iterator[Record]:
    """Yield what some sections name; a range of versions ("zlib/[>1.2]") is none and left out."""
    damage, section = Damage(), ""
    for number, line in enumerate(plain_text(small(file, _SIZE_LIMIT)).split("\n"), 1):
        text = line.partition(" #")[0].strip()
        if text.startswith("["):
            section = text.strip("[]")
        elif section in wanted and text and text[0] != "#" and "[" not in text:
            with damage.at(f"line {number}"):
                yield _package(text, scope=wanted[section], direct=direct)
    damage.report()


def _extractor(name: str, pattern: str, extract: Callable[[File], Iterator[Record]]) -> Extractor:
    return Extractor(
        name=name,
        version=1,
        patterns=(pattern,),
        evidence=Evidence.DECLARED,
        extract=extract,
        ecosystem="Conan",
        licenses_from="none",
    )


EXTRACTORS = (
    _extractor("conan-lock", "**/conan.lock", _conan_lock),
    _extractor("conanfile", "**/conanfile.txt", _conanfile),
    _extractor("conaninfo", "**/conaninfo.txt", _conaninfo),
)
