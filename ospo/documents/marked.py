"""YAML as plain values, with the line and column of each.

Scalars are read by the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema), not by the
rules of YAML 1.1 that PyYAML follows: `no`, `on` and `2026-12-31` stay the text they are.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ospo.errors import UsageError

Value = None | bool | int | float | str | list["Value"] | dict[str, "Value"]
Place = tuple[str | int, ...]
"""The keys and positions that lead from the top of a document to a value."""

MAX_SIZE = 1 << 20
_MAX_VALUES = 50_000
"""Aliases count each time: a few lines of them could stand for billions of values."""
_MAX_DEPTH = 50

_INTEGER = re.compile(r"[-+]?[0-9]{1,18}|0o[0-7]{1,20}|0x[0-9a-fA-F]{1,15}")
_WHOLE = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_ESCAPED = {
    "'": re.compile("''|."),
    '"': re.compile(r"\\(?:x..|u.{4}|U.{8}|.)|."),
}
"""How one character may be written between quotes (https://yaml.org/spec/1.2.2/#57-escaped-characters)."""

_TRUE = frozenset(("true", "True", "TRUE"))
_FALSE = frozenset(("false", "False", "FALSE"))


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in a text; lines and columns count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document."""

    path: Path
    value: Value
    nodes: dict[Place, yaml.Node]
    keys: dict[Place, Mark]
    """Where the key stands that leads to a place."""
    text: str

    @property
    def source(self) -> str:
        """The text of this document alone."""
        root = self.nodes[()]
        return self.text[root.start_mark.index : root.end_mark.index]

    def mark(self, place: Place) -> Mark:
        """Return where a value stands, or the nearest one around it."""
        while place and place not in self.nodes:
            place = place[:-1]
        return _mark(self.nodes[place].start_mark)

    def inside(self, place: Place, line: int, column: int) -> Mark:
        """Return where a line and column of a text value stand in the file.

        Exact for values on one line and for literal blocks (`|`); else the start of the value.
        """
        node = self.nodes[place]
        start, end = node.start_mark, node.end_mark
        if isinstance(node, yaml.ScalarNode) and node.style == "|":
            number = start.line + line
            lines = self.text.split("\n")
            indentation = min(
                (len(one) - len(one.lstrip(" ")) for one in lines[start.line + 1 : end.line] if one.strip()),
                default=0,
            )
            return Mark(number + 1, indentation + column)
        if start.line == end.line and isinstance(node, yaml.ScalarNode):
            if node.style in _ESCAPED:
                inner = self.text[start.index + 1 : end.index - 1]
                column = 1 + sum(map(len, _ESCAPED[node.style].findall(inner)[: column - 1]))
            return Mark(start.line + 1, start.column + column + (1 if node.style else 0))
        return _mark(start)

    def error(self, mark: Mark, message: str, hint: str = "") -> UsageError:
        """Make an error that says where."""
        return UsageError(f"{self.path}:{mark.line}:{mark.column}: {message}", hint=hint)


def parse(path: Path, data: bytes) -> list[Document]:
    """Read the documents of a file; an empty one among them is left out.

    Raises:
        UsageError: it is not UTF-8 or not YAML, a key stands twice, or it is too large or too deep.
    """
    if len(data) > MAX_SIZE:
        raise UsageError(f"{path}: more than {MAX_SIZE >> 20} MiB", hint="split it into several files")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 (byte {error.start})") from error
    try:
        _refuse_deep(path, text)
        nodes = list(yaml.compose_all(text, Loader=_Loader))
    except yaml.MarkedYAMLError as error:
        raise _syntax(path, error) from error
    except yaml.YAMLError as error:  # a character that YAML does not allow
        raise UsageError(f"{path}: not YAML: {' '.join(str(error).split())[:200]}") from error
    documents = [_Reader(path, text).read(node) for node in nodes]
    return [document for document in documents if document.value is not None]


# Of libyaml, 20 times as fast, where PyYAML was built with it; both mark and nest alike.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _refuse_deep(path: Path, text: str) -> None:
    """Refuse deep nesting early: libyaml's loader recurses, and would end the process."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            mark = _mark(event.start_mark)
            raise UsageError(f"{path}:{mark.line}:{mark.column}: nested more than {_MAX_DEPTH} levels deep")


def is_plain_text(text: str) -> bool:
    """Tell whether a text means itself where it stands without quotes: 12e45 and no value do not."""
    special = text in _NULL or text in _TRUE or text in _FALSE
    return not (special or _INTEGER.fullmatch(text) or _FLOAT.fullmatch(text))


def _syntax(path: Path, error: yaml.MarkedYAMLError) -> UsageError:
    mark = error.problem_mark or error.context_mark
    where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
    return UsageError(f"{where}: not YAML: {error.problem or error.context}")


class _Reader:
    """Turns one document's nodes into values, and remembers where each stands."""

    def __init__(self, path: Path, text: str) -> None:
        self._document = Document(path, None, {}, {}, text)
        self._count = 0

    def read(self, root: yaml.Node) -> Document:
        value = self._value(root, ())
        whole = self._document
        return Document(whole.path, value, whole.nodes, whole.keys, whole.text)

    def _value(self, node: yaml.Node, place: Place) -> Value:
        self._count += 1
        if self._count > _MAX_VALUES:
            text = f"more than {_MAX_VALUES} values, with those that aliases repeat"
            raise self._document.error(_mark(node.start_mark), text)
        if len(place) > _MAX_DEPTH:
            text = f"nested more than {_MAX_DEPTH} levels deep: an alias may stand inside what it names"
            raise self._document.error(_mark(node.start_mark), text)
        self._document.nodes[place] = node
        match node:
            case yaml.MappingNode():
                return {key: self._value(child, (*place, key)) for key, child in self._pairs(node, place)}
            case yaml.SequenceNode():
                return [self._value(child, (*place, index)) for index, child in enumerate(node.value)]
        try:
            return _scalar(node)
        except ValueError as error:
            raise self._document.error(_mark(node.start_mark), str(error), "put it in quotes") from error

    def _pairs(self, node: yaml.MappingNode, place: Place) -> Iterator[tuple[str, yaml.Node]]:
        seen = set()
        for key, child in node.value:
            mark = _mark(key.start_mark)
            if not isinstance(key, yaml.ScalarNode):
                raise self._document.error(mark, "a key must be text")
            if key.value in seen:
                raise self._document.error(mark, f"the key {key.value[:60]!r} stands twice")
            seen.add(key.value)
            self._document.keys[(*place, key.value)] = mark
            yield key.value, child


def _scalar(node: Any) -> Value:
    """Read a scalar.

    Raises:
        ValueError: it is a number that cannot be kept as it is.
    """
    text: str = node.value
    if "\0" in text:  # the expressions' library would take it for the end
        raise ValueError("text cannot hold the character U+0000")
    if node.style:  # quoted, or a block
        return text
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INTEGER.fullmatch(text):
        return int(text, 0) if text.startswith(("0o", "0x")) else int(text)
    if not _FLOAT.fullmatch(text):
        return text
    number = float(text)
    if math.isinf(number) or _WHOLE.fullmatch(text):  # rounded, it would be another number
        raise ValueError("a number of more than 64 bits")
    return number


def _mark(mark: Any) -> Mark:
    return Mark(mark.line + 1, mark.column + 1)
