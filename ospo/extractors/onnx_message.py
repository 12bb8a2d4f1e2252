"""What an ONNX file says of itself: its protobuf message, walked field by field.

Messages: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto; encoding:
https://protobuf.dev/programming-guides/encoding/. Nodes and weights are passed over by their length.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod

from ospo.errors import ParseError
from ospo.extractors.records import TEXT_LIMIT
from ospo.limits import MiB

HEAD = 32 * MiB
"""Weights come before the properties of a model, so in larger files these are not seen."""

_MOST_FIELDS = 1_000_000
"""Ten times those of the largest models: 50,000 nodes and weights."""
_MOST_PROPERTIES = 1000
_MOST_DIMENSIONS = 32
_VARINT, _FIXED_64, _LENGTH, _FIXED_32 = 0, 1, 2, 5

_TYPES = (
    "", "F32", "U8", "I8", "U16", "I16", "I32", "I64", "STRING", "BOOL", "F16", "F64", "U32", "U64", "C64",
    "C128", "BF16", "F8_E4M3", "F8_E4M3FNUZ", "F8_E5M2", "F8_E5M2FNUZ", "U4", "I4", "F4", "F8_E8M0",
)  # fmt: skip
"""`TensorProto.DataType` by number, spelt as safetensors does."""


@dataclass(slots=True)
class Model:
    """The fields of `ModelProto` and `GraphProto` that describe a model."""

    numbers: dict[int, int] = field(default_factory=dict)
    """Field of `ModelProto` -> number."""
    texts: dict[int, str] = field(default_factory=dict)
    """Field of `ModelProto` -> text."""
    graph: str = ""
    properties: dict[str, str] = field(default_factory=dict)
    types: Counter[str] = field(default_factory=Counter)
    """Type of weights -> how many there are."""
    whole: bool = True
    """False for the head of a larger file."""


class Walker:
    """Walks the bytes of a file, or of the head of one."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data = data
        self._size = size
        self._left = _MOST_FIELDS

    def fill(self, model: Model) -> None:
        """Read a model.

        Raises:
            ParseError: it is no sound message; what came before is in the model.
        """
        model.whole = len(self._data) == self._size
        for number, kind, start, end in self._fields(0, self._size):
            if kind == _VARINT:
                model.numbers.setdefault(number, start)
            elif kind == _LENGTH and number == 7:
                self._graph(model, start, end)
            elif kind == _LENGTH and number == 14 and len(model.properties) < _MOST_PROPERTIES:
                key, value = self._pair(start, end)
                model.properties.setdefault(key, value)
            elif kind == _LENGTH and number in (2, 3, 4, 6):
                model.texts.setdefault(number, self._text(start, end))

    def _graph(self, model: Model, start: int, end: int) -> None:
        for number, kind, at, stop in self._fields(start, end):
            if kind == _LENGTH and number == 2:
                model.graph = self._text(at, stop)
            elif kind == _LENGTH and number == 5:
                self._weights(model, at, stop)

    def _weights(self, model: Model, start: int, end: int) -> None:
        shape: list[int] = []
        type_ = 0
        for number, kind, at, stop in self._fields(start, end):
            if number == 1 and kind == _VARINT:
                shape.append(at)
            elif number == 1 and kind == _LENGTH:
                while at < stop and len(shape) <= _MOST_DIMENSIONS:
                    length, at = self._varint(at, stop)
                    shape.append(length)
            elif number == 2 and kind == _VARINT:
                type_ = at
            if len(shape) > _MOST_DIMENSIONS:
                raise ParseError("has weights of more dimensions than any model")
        model.types[_TYPES[type_] if type_ < len(_TYPES) else ""] += prod(shape)

    def _pair(self, start: int, end: int) -> tuple[str, str]:
        """Read a `StringStringEntryProto`."""
        found = {n: self._text(at, stop) for n, kind, at, stop in self._fields(start, end) if kind == _LENGTH}
        return found.get(1, ""), found.get(2, "")

    def _text(self, start: int, end: int) -> str:
        return self._data[start : min(end, start + TEXT_LIMIT)].decode("utf-8", "replace")

    def _fields(self, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
        """Yield (number, kind, value or start, end) of the fields of a message, as far as there are bytes."""
        kept = len(self._data)
        while at < end and not (at >= kept and kept < self._size):
            self._left -= 1
            if self._left < 0:
                raise ParseError(f"has more than {_MOST_FIELDS} fields")
            tag, at = self._varint(at, end)
            number, kind = tag >> 3, tag & 7
            if kind == _VARINT:
                value, at = self._varint(at, end)
                yield number, kind, value, at
                continue
            length = {_FIXED_64: 8, _FIXED_32: 4}.get(kind, 0)
            if kind == _LENGTH:
                length, at = self._varint(at, end)
            elif not length:
                raise ParseError(f"has a field of the unknown kind {kind}, so it is no ONNX")
            start, at = at, at + length
            if at > end or not number:
                raise ParseError("has a field that is longer than what it is in, so it is no ONNX")
            yield number, kind, start, at

    def _varint(self, at: int, end: int) -> tuple[int, int]:
        value = 0
        for position in range(at, min(at + 10, end, len(self._data))):
            byte = self._data[position]
            value |= (byte & 0x7F) << (7 * (position - at))
            if byte < 0x80:
                return value, position + 1
        if at + 10 > len(self._data) and len(self._data) < self._size:
            raise _HeadEndsError
        raise ParseError("is cut off inside a field, or is no ONNX")


class _HeadEndsError(Exception):
    """The head of a file ends inside a field."""


def read(data: bytes, size: int) -> tuple[Model, ParseError | None]:
    """Read the head of a file; what came before damage counts."""
    model = Model()
    try:
        Walker(data, size).fill(model)
    except _HeadEndsError:
        return model, None
    except ParseError as error:
        return model, error
    return model, None
