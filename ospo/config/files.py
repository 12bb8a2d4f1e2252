"""Finding the configuration file, and reading it so that every key has a line number.

The nearest file counts, alone: files are not merged. `docs/configuration.md` tells users the same.
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ospo.config.values import Given, Origin, OriginKind, dotted, refusal
from ospo.errors import UsageError

NAMES = ("ospo.toml", ".ospo.toml", "pyproject.toml")
"""What is looked for in each folder, in this order."""

_MAX_SIZE = 1 << 20
_PART = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_KEY = re.compile(rf"\s*({_PART}(?:\s*\.\s*{_PART})*)\s*=")
_HEADER = re.compile(rf"\s*\[\s*({_PART}(?:\s*\.\s*{_PART})*)\s*\]\s*(?:#.*)?")
_PARTS = re.compile(_PART)


@dataclass(frozen=True, slots=True)
class Document:
    """One configuration file."""

    path: Path
    table: Mapping[str, object]
    """What is ours of it: all, or `[tool.ospo]` of a pyproject.toml."""
    lines: Mapping[tuple[str, ...], int]
    """Keys, from that table on, to the numbers of their lines, as far as these are known."""
    named: bool = True
    """False when it was only found, perhaps brought by a change: then it may not set everything."""

    def given(self, keys: tuple[str, ...], value: object) -> Given:
        """Return a value of the file with its place: its line, or that of the table that holds it."""
        nearest = (self.lines[keys[:end]] for end in range(len(keys), 0, -1) if keys[:end] in self.lines)
        line = next(nearest, None)
        where = f"{self.path}:{line}" if line else str(self.path)
        return Given(dotted(*keys), value, Origin(OriginKind.FILE, where), self.path.parent)

    def section(self, keys: tuple[str, ...], value: object) -> Mapping[str, object]:
        """Return a value that must be a table.

        Raises:
            UsageError: it is none.
        """
        if isinstance(value, dict):
            return value
        raise refusal(self.given(keys, value), "a table")


@dataclass(frozen=True, slots=True)
class Considered:
    """A place where a configuration file was looked for."""

    path: Path
    state: str
    """"used", "not there", or why it was not used."""
    ignored: bool = False
    """True when it is there and is left out for safety."""


@dataclass(frozen=True, slots=True)
class Search:
    """What came out of looking for the configuration file."""

    document: Document | None
    considered: tuple[Considered, ...]


def named(path: Path, option: str) -> Search:
    """Read the file that the user named by an option or variable.

    Raises:
        UsageError: it cannot be read, or is malformed.
    """
    document = read(path)
    if document is None:
        raise UsageError(f"{path}: has no table [tool.ospo]", hint=f"name another file in {option}")
    return Search(document, (Considered(path, f"used: named by {option}"),))


def search(folder: Path, home: Path | None, scanned: Path | None) -> Search:
    """Look for the nearest file from a folder upward.

    The search ends with the root of a repository or the home folder, and before a folder that everybody
    may write into, such as /tmp. What lies in the scanned tree is never read, and cannot end the search.
    A file of the user's own, directly in the home folder, counts as named.

    Raises:
        UsageError: the file cannot be read, or is malformed.
    """
    tree = _real(scanned) if scanned else None
    home = _real(home) if home else None
    considered = []
    for path, refused in _candidates(_real(folder), home, tree):
        if not _is_file(path):
            considered.append(Considered(path, "not there"))
        elif refused or (tree and _real(path).is_relative_to(tree)):
            considered.append(Considered(path, refused or _IN_TREE, ignored=True))
        elif (document := read(path)) is None:
            considered.append(Considered(path, "has no table [tool.ospo]"))
        else:
            document = replace(document, named=path.parent == home and _is_own(path))
            return Search(document, (*considered, Considered(path, "used: the nearest")))
    return Search(None, tuple(considered))


def read(path: Path) -> Document | None:
    """Read a configuration file; None for a pyproject.toml that has no `[tool.ospo]`.

    Raises:
        UsageError: it cannot be read, or is not TOML.
    """
    text = _text(path)
    shared = path.name == "pyproject.toml"
    if shared and "ospo" not in text:
        return None  # not ours, whatever else it is; and parsing takes milliseconds
    table = _parse(text, path)
    prefix = ("tool", "ospo") if shared else ()
    for key in prefix:
        inner = table.get(key)
        if inner is None:
            return None
        if not isinstance(inner, dict):
            raise UsageError(f"{path}: {key}: expected a table, got something else")
        table = inner
    lines = find_lines(text)
    return Document(
        path,
        table,
        {keys[len(prefix) :]: line for keys, line in lines.items() if keys[: len(prefix)] == prefix},
    )


def find_lines(text: str) -> dict[tuple[str, ...], int]:
    """Return the number of the line, from 1, for every table and key that TOML text sets.

    tomllib gives no positions. This knows headers and keys at the start of a line; what stands in an inline
    table it does not find.
    """
    lines: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.split("\n"), 1):
        if header := _HEADER.match(line):
            table = _split(header[1])
            lines.setdefault(table, number)
        elif assignment := _KEY.match(line):
            lines.setdefault(table + _split(assignment[1]), number)
    return lines


_IN_TREE = "ignored: it lies in the scanned tree; name it by --config to use it"
_IN_SHARED = "ignored: everybody may write into its folder; name it by --config to use it"


def _candidates(folder: Path, home: Path | None, tree: Path | None) -> Iterator[tuple[Path, str]]:
    """Paths to look at, nearest first, with the reason to refuse them, "" for none."""
    for place in (folder, *folder.parents):
        hostile = tree is not None and place.is_relative_to(tree)
        shared = _is_shared(place)
        reason = _IN_TREE if hostile else _IN_SHARED if shared else ""
        yield from ((place / name, reason) for name in NAMES)
        # What lies in the scanned tree must not keep the user's own file from being found.
        if not hostile and (shared or place == home or (place / ".git").exists()):
            return


def _real(path: Path) -> Path:
    """Follow all links; unlike `Path.resolve`, a loop of links, which nothing lies behind, is no error."""
    return Path(os.path.realpath(path))


def _is_shared(folder: Path) -> bool:
    """Tell whether the sticky bit marks a folder for the files of everybody (chmod(2), S_ISVTX)."""
    both = stat.S_ISVTX | stat.S_IWOTH
    try:
        return folder.stat().st_mode & both == both
    except OSError:
        return False


def _is_file(path: Path) -> bool:
    """Tell whether a regular file is there; a pipe of that name would hold everything up."""
    try:
        return path.is_file()
    except OSError:
        return False


def _is_own(path: Path) -> bool:
    """Tell whether the user's own file lies there: a link may lead to one of somebody else."""
    try:
        status = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid()


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_SIZE + 1)
    except OSError as error:
        raise UsageError(
            f"{path}: cannot read the configuration: {(error.strerror or 'failed').lower()}",
            hint="name another file by --config or OSPO_CONFIG, or correct the path",
        ) from error
    if len(data) > _MAX_SIZE:
        raise UsageError(f"{path}: more than {_MAX_SIZE} bytes are no configuration of ospo")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 (byte {error.start})") from error


def _parse(text: str, path: Path) -> dict[str, object]:
    import tomllib  # only where there is a file: 3 ms

    try:
        return tomllib.loads(text)
    except RecursionError:
        raise UsageError(f"{path}: nested too deeply") from None
    except ValueError as error:
        message = str(error)
        raise UsageError(f"{path}: not TOML: {message[:1].lower()}{message[1:]}") from error


def _split(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PARTS.findall(dotted))
