"""Files of blank-line separated stanzas with one `Name: value` a line, as dpkg, apk and Python write them.

A database is read piece by piece, so its size is bounded by nothing but `limits.file_size` and
`STANZAS_LIMIT`; a single stanza is bounded by `limits.memory_file`.
"""

from collections.abc import Callable, Iterator

from ospo.errors import ParseError
from ospo.extractors.damage import Damage
from ospo.extractors.interface import File
from ospo.limits import MiB
from ospo.model import Record

STANZAS_LIMIT = 200_000
"""Stanzas of one file: three times the packages of all of Debian, so that a bomb ends within seconds."""


class Fields:
    """One stanza's fields. Names are case-insensitive; a line that starts with a blank continues a value."""

    __slots__ = ("_values", "stray")

    def __init__(self, stanza: str) -> None:
        self.stray = 0
        """How many lines are neither field nor continuation."""
        self._values: dict[str, list[list[str]]] = {}
        lines: list[str] = []
        for line in stanza.split("\n"):
            if line[:1] in (" ", "\t"):
                lines.append(line.strip())
                continue
            name, colon, value = line.partition(":")
            if colon:
                lines = [value.strip()]
                self._values.setdefault(name.lower(), []).append(lines)
            else:
                self.stray += 1

    def first(self, name: str) -> str:
        """Return the first value of a field given in lower case, its lines stripped; "" when it has none."""
        values = self._values.get(name)
        return "\n".join(values[0]) if values else ""

    def all(self, name: str) -> list[str]:
        """Return every value of a field given in lower case, in the order of the file."""
        return ["\n".join(lines) for lines in self._values.get(name, ())]


def stanzas(file: File) -> Iterator[tuple[int, str]]:
    """Yield (number of the first line, text) of every stanza, in the order of the file.

    Raises:
        ParseError: a stanza is larger than `limits.memory_file`, there are more than `STANZAS_LIMIT`, or
            the file cannot be read.
    """
    line, rest, count = 1, b"", 0
    for offset in range(0, file.size, MiB):
        *whole, rest = (rest + file.read(offset, min(MiB, file.size - offset))).split(b"\n\n")
        if len(rest) > file.limits.memory_file:
            raise ParseError(
                f"the stanza at line {line} exceeds limits.memory_file ({file.limits.memory_file} bytes)",
                hint="raise [limits] memory_file in ospo.toml if the file is genuine",
            )
        count += len(whole)
        if count > STANZAS_LIMIT:
            raise ParseError(f"has more than {STANZAS_LIMIT} stanzas")
        for piece in whole:
            yield from _stanza(line, piece)
            line += piece.count(b"\n") + 2
    yield from _stanza(line, rest)


def _stanza(line: int, piece: bytes) -> Iterator[tuple[int, str]]:
    stanza = piece.lstrip(b"\n")
    if stanza:
        yield line + len(piece) - len(stanza), stanza.rstrip(b"\n").decode("utf-8", "replace")


def records(file: File, read: Callable[[str], Iterator[Record]]) -> Iterator[Record]:
    """Yield what `read` makes of every stanza; a damaged one costs only itself.

    Raises:
        ParseError: a stanza was damaged; names the first one by its line and says how many more there are,
            after all others were yielded.
    """
    damage = Damage()
    for line, text in stanzas(file):
        with damage.at(f"the stanza at line {line}"):
            yield from read(text)
    damage.report()
