"""Read what Java archives say about themselves: manifest, `pom.properties`, `pom.xml`.

Formats: https://docs.oracle.com/en/java/javase/17/docs/specs/jar/jar.html (manifest),
https://docs.osgi.org/specification/osgi.core/8.0.0/framework.module.html (bundle headers),
https://maven.apache.org/pom.html (`pom.xml`; parents are not looked up, properties not resolved).
Values that were left as placeholders (`${project.version}`, `%Bundle.vendor`) count as absent.
"""

import re
from dataclasses import dataclass

from ospo.extractors.xml_elements import parse_xml

_VALUE_MAX = 2000
_LICENSES_MAX = 50
_COORDINATE = re.compile(r"[A-Za-z0-9_.+~-]{1,200}")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]{1,20}://[^\s<>\"]{1,500}")
_PASSWORD = re.compile(r"//[^/@]*:[^/@]*@")
_HEADER_ATTRIBUTE = re.compile(r';\s*[\w.-]+\s*:?=\s*(?:"[^"]*"|[^;,"]*)')


@dataclass(frozen=True, slots=True)
class Pom:
    """Maven's coordinates of one artifact, and from `pom.xml` what concerns licence and origin."""

    group: str = ""
    artifact: str = ""
    version: str = ""
    licenses: tuple[tuple[str, str], ...] = ()
    """(name, address) pairs; one of the two may be empty."""
    organization: str = ""
    urls: tuple[tuple[str, str], ...] = ()
    """(CycloneDX external reference type, address) pairs."""


def coordinate(text: str) -> str:
    """Return a group, artifact or version if it can be one, else ""."""
    return text if _COORDINATE.fullmatch(text) else ""


def addresses(*pairs: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """Keep the (type, address) pairs that are addresses and hold no password, each once, sorted."""
    return tuple(
        sorted({(kind, url) for kind, url in pairs if _ADDRESS.fullmatch(url) and not _PASSWORD.search(url)})
    )


def read_manifest(text: bytes) -> dict[str, str]:
    """Return the attributes of the main section, by lower-cased name."""
    lines = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").partition(b"\n\n")[0]
    attributes = {}
    for line in lines.replace(b"\n ", b"").decode("utf-8", "replace").split("\n"):
        name, _, value = line.partition(":")
        value = _present(value)
        if value:
            attributes[name.strip().lower()] = value
    return attributes


def bundle_licenses(header: str) -> tuple[str, ...]:
    """Split a `Bundle-License` into names or addresses, without their attributes.

    Commas separate licences, yet many bundles write `Apache License, Version 2.0` without quotes: the text
    is split only where no part has blanks.
    """
    plain = _HEADER_ATTRIBUTE.sub("", header).strip()
    parts = [part.strip(' "') for part in plain.split(",")]
    if any(" " in part for part in parts):
        parts = [plain.strip('"')]
    return tuple(part for part in parts if part and part != "<<EXTERNAL>>")


def read_properties(text: bytes) -> Pom:
    """Return the coordinates of a `pom.properties`; what is missing or no coordinate is ""."""
    values = {}
    for line in text.decode("utf-8", "replace").splitlines():
        name, _, value = line.partition("=")
        values[name.strip()] = coordinate(value.strip())
    return Pom(values.get("groupId", ""), values.get("artifactId", ""), values.get("version", ""))


def read_pom(text: bytes) -> Pom:
    """Return what a `pom.xml` says; group and version come from its parent where it has none itself.

    Raises:
        ParseError: it is not well-formed, or declares a document type: entities are how XML attacks.
    """
    reader = _PomReader()
    parse_xml(text, reader)
    return reader.pom()


class _PomReader:
    """Collects the texts of a few elements by their path below `<project>`."""

    def __init__(self) -> None:
        self._path: list[str] = []
        self._texts: dict[str, str] = {}
        self._licenses: list[dict[str, str]] = []
        self._parts: list[str] | None = None

    def start(self, name: str, _: dict[str, str]) -> None:
        self._path.append(name)
        # Deeper elements are dependencies and plug-ins: nearly all of a pom.xml, and nothing to keep.
        self._parts = [] if len(self._path) <= 4 else None
        if name == "license" and len(self._path) == 3 and len(self._licenses) < _LICENSES_MAX:
            self._licenses.append({})

    def text(self, text: str) -> None:
        if self._parts is not None:
            self._parts.append(text)

    def end(self, name: str) -> None:
        if self._parts:
            value = _present("".join(self._parts))
            if self._path[1:3] == ["licenses", "license"] and self._licenses:
                self._licenses[-1].setdefault(name, value)
            else:
                self._texts.setdefault("/".join(self._path[1:]), value)
        self._path.pop()
        self._parts = None

    def pom(self) -> Pom:
        texts = self._texts
        licenses = [(each.get("name", ""), each.get("url", "")) for each in self._licenses]
        return Pom(
            group=coordinate(texts.get("groupId") or texts.get("parent/groupId", "")),
            artifact=coordinate(texts.get("artifactId", "")),
            version=coordinate(texts.get("version") or texts.get("parent/version", "")),
            licenses=tuple(pair for pair in licenses if any(pair)),
            organization=texts.get("organization/name", ""),
            urls=addresses(
                ("website", texts.get("url", "")),
                ("vcs", texts.get("scm/url", "")),
                *(("license", url) for _, url in licenses),
            ),
        )


def _present(value: str) -> str:
    """Return a value as one printable line; "" for a placeholder that the build left in."""
    value = " ".join(value[:_VALUE_MAX].split())
    if not value.isprintable():
        value = "".join(filter(str.isprintable, value))
    return "" if value.startswith("%") or "${" in value else value
