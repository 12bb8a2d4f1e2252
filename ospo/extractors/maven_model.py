"""The values of one pom.xml, with properties put in as far as the same file defines them.

Format: https://maven.apache.org/pom.html. No parent is looked up: that needs the network or the caches of
the machine that builds.
"""

import re
from collections import ChainMap
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element
from xml.etree.ElementTree import ParseError as XmlError

from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]

from ospo.errors import ParseError

_PLACEHOLDER = re.compile(r"\$\{([^${}]+)\}")
_ROUNDS = 10
"""Properties may stand for properties; deeper nesting is none that a person wrote."""

_TEXT_MAX = 1024


def tag(element: Element) -> str:
    """Return the name of an element without its namespace: many files declare none, some a wrong one."""
    return str(element.tag).rpartition("}")[2]


def child(element: Element | None, *path: str) -> Element | None:
    """Return the first element at a path below, None where there is none."""
    for name in path:
        element = next((one for one in element if tag(one) == name), None) if element is not None else None
    return element


def children(element: Element | None, *path: str) -> Iterator[Element]:
    """Yield the elements at a path of which only the last part may repeat."""
    parent = child(element, *path[:-1])
    yield from (one for one in parent if tag(one) == path[-1]) if parent is not None else ()


@dataclass(frozen=True, slots=True)
class Model:
    """A pom.xml, or one of its profiles."""

    root: Element
    properties: MutableMapping[str, str] = field(default_factory=dict)

    def text(self, element: Element | None, *path: str) -> str:
        """Return the text of the element at a path, with properties put in; "" where there is none.

        What no property of this file stands for remains a `${placeholder}`.
        """
        found = child(element, *path)
        return self.resolved((found.text or "").strip()[:_TEXT_MAX]) if found is not None else ""

    def resolved(self, text: str) -> str:
        """Put properties in."""
        for _ in range(_ROUNDS):
            if "${" not in text:
                break
            new = _PLACEHOLDER.sub(lambda match: self.properties.get(match[1].strip(), match[0]), text)
            if new == text or len(new) > _TEXT_MAX:
                break
            text = new
        return text

    def with_profile(self, profile: Element) -> "Model":
        """Return the same with the properties of a profile before its own."""
        return Model(self.root, ChainMap(_properties(profile), self.properties))


def read_model(data: bytes) -> Model:
    """Read a pom.xml.

    Raises:
        ParseError: it is no XML, declares a document type, or is no project of Maven.
    """
    try:
        root: Element = fromstring(data, forbid_dtd=True)
    except DefusedXmlException as error:
        raise ParseError("declares a document type") from error
    except (XmlError, ValueError, LookupError) as error:
        raise ParseError(f"is no XML: {error}") from error
    if tag(root) != "project":
        raise ParseError("is no project of Maven")
    return Model(root, {**_properties(root), **_implied(root)})


def _properties(element: Element) -> dict[str, str]:
    found = child(element, "properties")
    return {tag(one): (one.text or "").strip()[:_TEXT_MAX] for one in found} if found is not None else {}


def _implied(root: Element) -> dict[str, str]:
    """Return what every project defines: https://maven.apache.org/ref/current/maven-model-builder/."""
    plain = Model(root)
    parent = {name: plain.text(root, "parent", name) for name in ("groupId", "artifactId", "version")}
    own = {name: plain.text(root, name) or parent[name] for name in parent}
    named = {f"project.parent.{name}": value for name, value in parent.items()}
    for name, value in own.items():
        named |= {f"project.{name}": value, f"pom.{name}": value, name: value}
    return {name: value for name, value in named.items() if value}
