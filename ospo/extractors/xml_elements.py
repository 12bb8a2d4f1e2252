"""Elements of an XML document, read without anything that XML attacks by."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Protocol
from xml.parsers import expat

from ospo.errors import ParseError
from ospo.extractors.records import bounded


@dataclass(slots=True)
class Element:
    """One element: its attributes, and the texts of the elements directly in it; names without namespace."""

    name: str
    attributes: dict[str, str]
    children: dict[str, str] = field(default_factory=dict)

    def value(self, name: str) -> str:
        """Return an attribute, or the text of the element that may stand for it."""
        return bounded(self.attributes.get(name) or self.children.get(name, "")).strip()


class Handler(Protocol):
    """What is told of a document, part by part; names are as they are written, with their prefix."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        ...

    def text(self, text: str) -> None:
        """There is text in the element that is open, mostly in one piece."""
        ...

    def end(self, name: str) -> None:
        """The element that began last ends."""
        ...


def parse_xml(data: bytes, handler: Handler) -> None:
    """Tell a handler what is in a document.

    Raises:
        ParseError: it is not well-formed, or declares a document type: entities are how XML attacks.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = handler.start
    parser.EndElementHandler = handler.end
    parser.CharacterDataHandler = handler.text
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:  # LookupError: its encoding
        raise ParseError(f"is no sound XML: {error}") from error


def _refuse(*_: object) -> None:
    raise ParseError("is XML that declares a document type")


def elements(data: bytes, names: Collection[str]) -> Iterator[Element]:
    """Yield the elements of some names, in the order in which they end.

    Raises:
        ParseError: it is not well-formed, or declares a document type; what came before that was yielded.
    """
    reader = _Reader(names)
    problem = None
    try:
        parse_xml(data, reader)
    except ParseError as error:
        problem = error
    yield from reader.found
    if problem:
        raise problem


class _Reader:
    def __init__(self, names: Collection[str]) -> None:
        self.found: list[Element] = []
        self._names = names
        self._open: list[Element] = []
        self._parts: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._open.append(Element(name.rpartition(":")[2], attributes))
        self._parts = []

    def text(self, text: str) -> None:
        self._parts.append(text)

    def end(self, _: str) -> None:
        element = self._open.pop()
        if self._open:
            self._open[-1].children[element.name] = "".join(self._parts)
        self._parts = []
        if element.name in self._names:
            self.found.append(element)
