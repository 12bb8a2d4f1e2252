"""Read the indented text of Yarn's and pnpm's lock files in one pass, as these tools write it.

It is (nearly) YAML, but lock files have megabytes, and general readers of YAML take a minute for these.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import orjson

from ospo.errors import ParseError
from ospo.extractors.damage import Damage
from ospo.extractors.records import bounded

Value = str | list[str] | dict[str, "Value"]
Split = Callable[[str], tuple[str, str]]
"""Splits a line without indentation into key and value, "" where a block may follow; raises `ParseError`."""

_DEEPEST = 20
_SCALAR = re.compile(r"[|>][-+]?\d?")
_FLOW = re.compile(r"""('(?:[^']|'')*'|"[^"]*"|[^\s,:{}\[\]'"](?:[^,:{}\[\]]|:(?!\s))*)|([,:{}\[\]])""")


def unquoted(text: str) -> str:
    """Take quotes off, as YAML does for single and JSON for double ones."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    if len(text) > 1 and text[0] == text[-1] == '"':
        try:
            return str(orjson.loads(text))
        except orjson.JSONDecodeError:
            return text[1:-1]
    return text


def yaml_line(line: str) -> tuple[str, str]:
    """Split `key: value`; the key may be quoted.

    Raises:
        ParseError: it is something else.
    """
    quote = line[0] if line[0] in "'\"" else ""
    end = line.find(quote, 1) if quote else 0
    while quote == "'" and line.startswith("''", end):
        end = line.find(quote, end + 2)
    colon = line.find(": ", end)
    if colon < 0 and line.endswith(":"):
        colon = len(line) - 1
    if end < 0 or colon < 0:
        raise ParseError("is not understood")
    return unquoted(line[:colon]), line[colon + 1 :].strip()


def flow(text: str) -> Value:
    """Read `{key: value, …}` or `[value, …]` on one line; what is nested deeper is left out."""
    if not text.startswith(("{", "[")):
        return unquoted(text)
    depth, words, pairs = 0, [""], {}
    for match in _FLOW.finditer(bounded(text)):
        mark = match[2]
        depth += (mark in ("{", "[")) - (mark in ("}", "]"))
        if depth > 1 or mark in ("{", "["):
            continue
        if mark is None:
            words[-1] = unquoted(match[1])
        elif mark == ":":
            words.append("")
        else:
            pairs[words[0]] = words[1] if len(words) > 1 else ""
            words = [""]
    pairs.pop("", None)
    return list(pairs) if text[0] == "[" else dict(pairs)


@dataclass(slots=True)
class _Reader:
    split: Split
    root: dict[str, Value] = field(default_factory=dict)
    _levels: list[tuple[int, dict[str, Value]]] = field(default_factory=list)
    """(Indentation, table) of the tables that are open."""
    _open: tuple[int, dict[str, Value], str] | None = None
    """Indentation, table and key whose block may follow."""
    _key: str = ""
    """A key that was written alone, after a question mark."""

    def __post_init__(self) -> None:
        self._levels.append((0, self.root))

    def add(self, line: str) -> None:
        """Take one line that is neither empty nor a comment.

        Raises:
            ParseError: it is not understood.
        """
        body = line.lstrip(" ")
        indentation = len(line) - len(body)
        if body.startswith("- ") and self._open and indentation >= self._open[0]:
            self._add_item(body[2:])
            return
        self._enter(indentation)
        if body.startswith("? "):
            self._key = unquoted(body[2:])
            return
        key, text = (self._key, body[1:].strip()) if self._key and body[0] == ":" else self.split(body)
        self._key = ""
        table = self._levels[-1][1]
        if text and not _SCALAR.fullmatch(text):
            table[key] = flow(text)
            self._open = None
        else:
            table[key] = ""
            self._open = (indentation, table, key)

    def _add_item(self, text: str) -> None:
        _, table, key = self._open or (0, {}, "")
        found = table[key]
        if not isinstance(found, list):
            found = table[key] = []
        found.append(unquoted(text))

    def _enter(self, indentation: int) -> None:
        """Go to the table that a line with this indentation belongs to."""
        if self._open and indentation > self._open[0]:
            _, table, key = self._open
            inner: dict[str, Value] = {}
            table[key] = inner
            self._levels.append((indentation, inner))
        while len(self._levels) > 1 and self._levels[-1][0] > indentation:
            self._levels.pop()
        if self._levels[-1][0] != indentation or len(self._levels) > _DEEPEST:
            raise ParseError("has an indentation that is not understood")

    @property
    def scalar_above(self) -> int:
        """The indentation of the key whose block may follow, -1 where none may."""
        return self._open[0] if self._open else -1


def read_blocks(text: str, split: Split, damage: Damage) -> Mapping[str, Value]:
    """Read the first document of a text; lines that are not understood are noted and left out."""
    reader = _Reader(split)
    literal = -1
    for number, line in enumerate(text.split("\n"), 1):
        if literal >= 0 and (not line.strip() or len(line) - len(line.lstrip(" ")) > literal):
            continue
        literal = -1
        if line.startswith("---") and reader.root:
            break
        if not line.strip() or line.lstrip(" ").startswith(("#", "---")):
            continue
        with damage.at(f"line {number}"):
            reader.add(line.rstrip())
            if _SCALAR.fullmatch(line.rstrip().rpartition(" ")[2]):
                literal = reader.scalar_above
    return reader.root
