"""Values as PHP's `serialize` writes them (https://www.php.net/manual/en/function.serialize.php), no objects.

Nothing is created but texts, numbers and dictionaries; one loop over the bytes, no recursion.
"""

import re

from ospo.errors import ParseError

_DEPTH_MAX = 100
_ARRAY = re.compile(rb"a:([0-9]{1,9}):\{")
_STRING = re.compile(rb's:([0-9]{1,10}):"')
_NUMBER = re.compile(rb"[id]:([^;\"{}]{1,64});")
_REST = re.compile(rb"(?:b:([01])|N);")

Value = str | bool | None | dict[str, "Value"]
"""Numbers are kept as the text they stand in; keys too, whether they are numbers or not."""


class _Reader:
    """Takes scalars from a position on."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def array(self) -> int | None:
        """Return how many pairs the array that starts here has, None where none starts."""
        match = _ARRAY.match(self.data, self.at)
        if match is None:
            return None
        self.at = match.end()
        return int(match[1])

    def closed(self) -> None:
        """Pass the end of an array."""
        if self.data[self.at : self.at + 1] != b"}":
            raise ParseError(f"has no end of an array at byte {self.at}")
        self.at += 1

    def scalar(self) -> str | bool | None:
        """Return the text, number, boolean or null that stands here."""
        if match := _STRING.match(self.data, self.at):
            start, size = match.end(), int(match[1])
            if self.data[start + size : start + size + 2] != b'";':
                raise ParseError(f"has a text at byte {self.at} that does not end where it says")
            self.at = start + size + 2
            return self.data[start : start + size].decode("utf-8", "replace")
        for kind in (_NUMBER, _REST):
            if match := kind.match(self.data, self.at):
                self.at = match.end()
                return match[1].decode("ascii", "replace") if kind is _NUMBER else self._flag(match[1])
        raise ParseError(f"has no value of PHP at byte {self.at}")

    def _flag(self, bit: bytes | None) -> bool | None:
        return None if bit is None else bit == b"1"


def unserialized(data: bytes) -> dict[str, Value]:
    """Return the outermost array; what follows it is not read.

    Raises:
        ParseError: it is none, is damaged, or holds an object or reference, or arrays too deep in each other.
    """
    reader = _Reader(data)
    count = reader.array()
    if count is None:
        raise ParseError("is no array that PHP has serialized")
    outermost: dict[str, Value] = {}
    open_: list[tuple[dict[str, Value], int]] = [(outermost, count)]
    while open_:
        array, left = open_.pop()
        if not left:
            reader.closed()
            continue
        open_.append((array, left - 1))
        key = str(reader.scalar())
        inner = reader.array()
        if inner is None:
            array[key] = reader.scalar()
            continue
        if len(open_) == _DEPTH_MAX:
            raise ParseError(f"has more than {_DEPTH_MAX} arrays in each other")
        below: dict[str, Value] = {}
        array[key] = below
        open_.append((below, inner))
    return outermost
