"""Ruby projects that are to become gems: the `*.gemspec` among their sources.

Fields: https://github.com/rubygems/guides/blob/main/specification-reference.md. It is a program, of which
assignments of literals are read and nothing is evaluated: without a literal name nothing is said, and the
version is mostly a constant from elsewhere. Installed specifications are another extractor's.
"""

import re
from collections.abc import Iterator

from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency, plain_text
from ospo.extractors.records import checked, optional, people, small, without_login
from ospo.limits import MiB
from ospo.model import Component, Evidence, RawLicense, Record

_SIZE_LIMIT = MiB
_FIELD = re.compile(r"^[ \t]*\w+\.(\w+)[ \t]*=[ \t]*(.*)$", re.MULTILINE)
_NEED = re.compile(r"^[ \t]*\w+\.add_(?:runtime_)?dependency[ \t(]*(.*)$", re.MULTILINE)
_LITERAL = re.compile(r"""(?:"([^"\\#]*)"|'([^'\\]*)')(?:\.freeze)?""")
_WORDS = re.compile(r"%[wW][\[({]([^\])}]*)[\])}]")


def _gemspec(file: File) -> Iterator[Record]:
    # An installed gem carries its own with it.
    if is_of_a_dependency(file) or "specifications" in file.path.split("/"):
        return
    text = plain_text(small(file, _SIZE_LIMIT))
    values: dict[str, list[str]] = {}
    for field, value in _FIELD.findall(text):
        values.setdefault(field, _literals(value))
    name = "".join(values.get("name", ())[:1])
    if not name:
        return
    homepage = "".join(values.get("homepage", ())[:1])
    fields = [field for field in ("license", "licenses") if field in values]
    licenses = (RawLicense(words, f"s.{field}") for field in fields for words in values[field])
    needs = (one[0] for one in map(_literals, _NEED.findall(text)) if one)
    yield Component(
        type="gem",
        name=checked(name, "name"),
        version=optional("".join(values.get("version", ())[:1]), "version"),
        # What will be published under this name, by somebody, some day.
        registered=False,
        licenses=tuple(dict.fromkeys(licenses)),
        supplier=people(", ".join(values.get("author", []) + values.get("authors", []))),
        description="".join(values.get("summary", ())[:1]),
        urls=(("website", without_login(homepage)),) if homepage else (),
        depends=tuple(dict.fromkeys(needs)),
    )


def _literals(value: str) -> list[str]:
    """Return the literal texts that are assigned; none where anything else is."""
    value = value.strip()
    if words := _WORDS.match(value):
        return words[1].split()
    if not value.startswith("["):
        match = _LITERAL.match(value)
        return [match[1] or match[2] or ""] if match and _is_whole(value[match.end() :]) else []
    return [double or single for double, single in _LITERAL.findall(value.partition("]")[0])]


def _is_whole(rest: str) -> bool:
    """Tell whether nothing is done to a literal: no `+ VERSION`, no `% name`."""
    return not rest.strip() or rest.lstrip()[0] in ",)#;"


EXTRACTORS = (
    Extractor(
        name="gemspec",
        version=1,
        patterns=("**/*.gemspec",),
        evidence=Evidence.DECLARED,
        extract=_gemspec,
        ecosystem="Ruby",
        licenses_from="license and licenses of the specification, where they are literal",
    ),
)
