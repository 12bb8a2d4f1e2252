"""The header of a GGUF file: what it says of itself, and how many parameters its tensors have.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Version 1 has lengths of 32 bits, version 3
may be big-endian. Vocabularies, which are most of the header, are passed over.
"""

import struct
from collections import Counter
from dataclasses import dataclass, field
from math import prod

from ospo.errors import ParseError
from ospo.extractors.huggingface_names import refuse_pointer
from ospo.extractors.interface import File
from ospo.extractors.records import NAME_LIMIT, TEXT_LIMIT
from ospo.limits import MiB

HEAD = 32 * MiB
"""Three times the header of the largest vocabularies (260,000 words, 500,000 merges)."""

_MOST_VALUES = 20_000
_MOST_TENSORS = 200_000
"""Ten and a hundred times what the largest models have."""
_MOST_DIMENSIONS = 8
_PREFIXES = (b"general.", b"split.")

_TEXT, _ARRAY = 8, 9
_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}

Value = str | int | float | bool


@dataclass(slots=True)
class Header:
    """What was read before the end or the damage."""

    values: dict[str, Value] = field(default_factory=dict)
    """Those named `general.…` and `split.…`; arrays are left out."""
    types: Counter[int] = field(default_factory=Counter)
    """Type of tensors -> parameters of that type; empty unless all tensors were read."""

    def text(self, key: str) -> str:
        """Return a text without blanks around it, "" where there is none."""
        value = self.values.get(key)
        return value.strip() if isinstance(value, str) else ""

    def number(self, key: str) -> int | None:
        """Return a whole number, None where there is none."""
        value = self.values.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else None


def fill(header: Header, file: File) -> None:
    """Read a file's header.

    Raises:
        ParseError: it is none, is damaged, or is larger than `HEAD`; what came before is in the header.
    """
    data = file.read(0, min(file.size, HEAD))
    refuse_pointer(data)
    if not data.startswith(b"GGUF"):
        raise ParseError("does not start as GGUF files do")
    try:
        _fill(header, _Reader(data))
    except (struct.error, OverflowError) as error:
        cut = f"is larger than the {HEAD // MiB} MiB that are read" if file.size > HEAD else "is cut off"
        raise ParseError(f"its header {cut}") from error


def _fill(header: Header, reader: "_Reader") -> None:
    tensors, values = reader.length(), reader.length()
    if values > _MOST_VALUES or tensors > _MOST_TENSORS:
        raise ParseError(f"claims {values} values and {tensors} tensors, more than any model has")
    for _ in range(values):
        key, wanted = reader.key()
        kind = reader.number("I")
        if not wanted or kind == _ARRAY:
            reader.skip(kind)
        else:
            header.values[key] = reader.text() if kind == _TEXT else reader.value(kind)
    types: Counter[int] = Counter()
    for _ in range(tensors):
        reader.skip(_TEXT)
        count = reader.number("I")
        if count > _MOST_DIMENSIONS:
            raise ParseError(f"has a tensor of {count} dimensions")
        shape = [reader.length() for _ in range(count)]
        types[reader.number("I")] += prod(shape)
        reader.number("Q")
    header.types = types


class _Reader:
    """Goes through the bytes of a header; raises `struct.error` where they end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 8
        little, big = struct.unpack("<I", data[4:8])[0], struct.unpack(">I", data[4:8])[0]
        # The version is a small number in the order of bytes that the file has.
        self._order, version = ("<", little) if little & 0xFFFF else (">", big)
        if version not in (1, 2, 3):
            raise ParseError(f"is GGUF of version {version}, which is not known")
        self._length = "I" if version == 1 else "Q"
        self._units = {code: struct.Struct(self._order + code) for code in (*_NUMBERS.values(), "I", "Q")}

    def number(self, code: str) -> int:
        """Read a whole number."""
        unit = self._units[code]
        value: int = unit.unpack_from(self._data, self._at)[0]
        self._at += unit.size
        return value

    def length(self) -> int:
        """Read a length or count, whose width depends on the version."""
        return self.number(self._length)

    def value(self, kind: int) -> Value:
        """Read a number or truth value."""
        unit = self._units[self._code(kind)]
        value: Value = unit.unpack_from(self._data, self._at)[0]
        self._at += unit.size
        return value

    def _bytes(self, limit: int) -> bytes:
        """Read a text, of which no more than the limit is kept."""
        length = self.length()
        start, self._at = self._at, self._at + length
        if self._at > len(self._data):
            raise struct.error
        return self._data[start : start + min(length, limit)]

    def text(self) -> str:
        """Read a text, cut at a length that no sensible one has."""
        return self._bytes(TEXT_LIMIT * 4).decode("utf-8", "replace")

    def key(self) -> tuple[str, bool]:
        """Read the name of a value, and tell whether it is looked at."""
        name = self._bytes(NAME_LIMIT)
        return name.decode("utf-8", "replace"), name.startswith(_PREFIXES)

    def skip(self, kind: int) -> None:
        """Pass over a value of any kind."""
        if kind == _TEXT:
            self._bytes(0)
        elif kind != _ARRAY:
            self.value(kind)
        else:
            of, count = self.number("I"), self.length()
            if of == _ARRAY:
                raise ParseError("holds lists of lists, which no model has")
            if of == _TEXT:
                self._skip_texts(count)
            else:
                self._at += self._units[self._code(of)].size * count
        if self._at > len(self._data):
            raise struct.error

    def _skip_texts(self, count: int) -> None:
        """Pass over a vocabulary: hundreds of thousands of texts."""
        unit, data, at = self._units[self._length], self._data, self._at
        unpack, size = unit.unpack_from, unit.size
        for _ in range(count):
            at += size + unpack(data, at)[0]
        self._at = at

    def _code(self, kind: int) -> str:
        code = _NUMBERS.get(kind)
        if code is None:
            raise ParseError(f"has a value of the unknown kind {kind}")
        return code
