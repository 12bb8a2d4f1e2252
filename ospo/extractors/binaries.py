"""Programs that came without a package: built from source, or copied out of an archive.

Only files with the name of a program in `binaries_table` are looked at, and only for the texts listed
there: a program of another name is never searched. One that a package of the operating system owns
is found here as well; the engine marks it as owned. Without a text that tells the version there is no
component: the file may be a small starter for a library that is. Java runtimes have a file `release`, which
the extractor `jvm` reads, and no entry here.
"""

import re
from collections.abc import Iterable, Iterator

from ospo.extractors import elf
from ospo.extractors.binaries_table import PROGRAMS, Clue, Program, bare
from ospo.extractors.dispatch import to_regex
from ospo.extractors.interface import Extractor, File
from ospo.model import Component, ComponentKind, Evidence

REACH = 160
"""Bytes before and after an anchor that are looked at."""

_PIECE = 64 * 1024
"""Bytes looked at in one go: so few that their memory is used again and again, which saves two thirds."""

_MOST_PLACES = 1000
"""Places of one anchor in one file that are looked at; anchors are chosen to be rare."""

_NOT_PLAIN = re.compile(r"([^\w.-])")
_BY_PATTERN = tuple((re.compile("|".join(map(to_regex, program.patterns))), program) for program in PROGRAMS)


def extract(file: File) -> Iterator[Component]:
    """Yield each program whose name and version the file tells; mostly one.

    Raises:
        ParseError: the file ends before its size.
    """
    if file.content.read(0, 4) != elf.MAGIC:
        return
    for pattern, program in _BY_PATTERN:
        if pattern.fullmatch(file.path) and (version := _version(file, _clues(program, file.name))):
            yield Component(
                type="generic",
                name=program.name,
                version=version,
                kind=ComponentKind.APPLICATION,
                properties=(("cpe", _cpe(program, version)),),
            )


def _clues(program: Program, file_name: str) -> tuple[Clue, ...]:
    named = program.named.search(file_name) if program.named else None
    return (bare(named[1]), *program.clues) if named else program.clues


def _version(file: File, clues: Iterable[Clue]) -> str:
    found = (match[1].decode("ascii") for clue in clues for match in _matches(file, clue))
    return next(found, "")


def _matches(file: File, clue: Clue) -> Iterator[re.Match[bytes]]:
    """Look around each place of the anchor, piece by piece, never at one whose surroundings are cut off."""
    window, places = b"", 0
    for offset in range(0, file.size, _PIECE):
        seen = window[-2 * REACH :]
        window = seen + file.read(offset, min(_PIECE, file.size - offset))
        last = offset + _PIECE >= file.size
        end = len(window) if last else len(window) - REACH + len(clue.anchor) - 1
        at = window.find(clue.anchor, REACH if seen else 0, end)
        while at >= 0:
            if match := clue.pattern.search(window, max(0, at - REACH), at + len(clue.anchor) + REACH):
                yield match
            places += 1
            if places == _MOST_PLACES:
                return
            at = window.find(clue.anchor, at + 1, end)


def _cpe(program: Program, version: str) -> str:
    """Write a formatted string as NISTIR 7695 (https://doi.org/10.6028/NIST.IR.7695) wants it."""
    escaped = _NOT_PLAIN.sub(r"\\\1", version)
    return f"cpe:2.3:a:{program.cpe}:{escaped}:*:*:*:*:*:*:*"


EXTRACTORS = (
    Extractor(
        name="binaries",
        version=1,
        patterns=tuple(sorted({pattern for program in PROGRAMS for pattern in program.patterns})),
        evidence=Evidence.INSTALLED,
        extract=extract,
        ecosystem="Programs without a package",
        licenses_from="none",
    ),
)
