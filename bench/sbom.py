"""Reads from a CycloneDX JSON document what components it names: enough to count and to compare."""

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote


@dataclass(frozen=True, slots=True, order=True)
class Name:
    """A component as a package URL names it, without qualifiers: every scanner adds its own."""

    type: str
    namespace: str
    name: str
    version: str

    def __str__(self) -> str:
        path = "/".join(part for part in (self.namespace, self.name) if part)
        return f"{path}@{self.version}" if self.version else path


def names(path: Path) -> set[Name]:
    """Return what a document names by purl; nothing when there is no document."""
    if not path.exists():
        return set()
    document = json.loads(path.read_bytes())
    return {parse(purl) for purl in _purls(document.get("components", []))}


def counts(path: Path) -> dict[str, int]:
    """Return the number of different components by purl type, most first."""
    return dict(Counter(name.type for name in sorted(names(path))).most_common())


def _purls(components: list[dict[str, Any]]) -> list[str]:
    """Collect the purls of components and of what is nested in them."""
    found: list[str] = []
    waiting = list(components)
    while waiting:
        component = waiting.pop()
        waiting.extend(component.get("components", []))
        if purl := component.get("purl"):
            found.append(purl)
    return found


def parse(purl: str) -> Name:
    """Take a package URL apart, as its specification's "How to parse a purl string" says, and fold spellings.

    Scanners spell the same Go module with a subpath or without and in either case, a Python project with its
    dots or without, and put the epoch of a Debian version into a qualifier or leave it in place: none of that
    is a difference here.
    """
    path, _, subpath = purl.removeprefix("pkg:").partition("#")
    path = path.partition("?")[0].strip("/")
    kind, _, rest = path.partition("/")
    rest, at, version = rest.rpartition("@")
    if not at:
        rest, version = version, ""
    version = unquote(version)
    if kind == "golang":
        rest = "/".join(part for part in (rest, subpath) if part).lower()
    elif kind == "pypi":
        rest = re.sub("[-_.]+", "-", rest).lower()
    elif kind == "deb":
        version = version.partition(":")[2] or version
    namespace, _, name = rest.rpartition("/")
    return Name(kind.lower(), unquote(namespace), unquote(name), version)
