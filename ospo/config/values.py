"""Values as people write them, and how each kind is read."""

import os
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from ospo.errors import UsageError
from ospo.limits import GiB, MiB
from ospo.model import Severity

_WORDS = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}
_UNITS = {"": 1, "B": 1, "KiB": 1 << 10, "MiB": MiB, "GiB": GiB, "TiB": 1 << 40}
_SIZE = re.compile(r"([0-9]{1,19}) ?(|B|KiB|MiB|GiB|TiB)")
_MOST = (1 << 63) - 1
"""The largest number that TOML promises to carry (https://toml.io/en/v1.0.0#integer)."""


class OriginKind(StrEnum):
    """What a value can come from; a later one wins over an earlier one."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"
    COMMAND_LINE = "command line"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from."""

    kind: OriginKind = OriginKind.DEFAULT
    where: str = ""
    """Path and line of a file, or the name of the variable or option; "" for a default."""

    def __str__(self) -> str:
        return self.where or str(self.kind)


@dataclass(frozen=True, slots=True)
class Given:
    """A value as somebody wrote it."""

    key: str
    value: object
    origin: Origin
    folder: Path
    """Where a relative path starts: the folder of the file, else the current one."""

    @property
    def typed(self) -> str:
        """What was written where everything is text: in the environment or on the command line; else ""."""
        plain = self.origin.kind is not OriginKind.FILE and isinstance(self.value, str)
        return str(self.value) if plain else ""


def dotted(*keys: str) -> str:
    """Return the name of a setting as TOML would write it: `registry."registry.example".mirrors`."""
    return ".".join(key if key.replace("_", "").isalnum() else f'"{key}"' for key in keys)


def refusal(given: Given, expected: str, *, hint: str = "", conceal: bool = False) -> UsageError:
    """Explain what is wrong with a value; `conceal` keeps the value, which may be a secret, out of it."""
    place = f"{given.origin}: {given.key}" if given.origin.kind is OriginKind.FILE else str(given.origin)
    got = "something else" if conceal else _described(given.value)
    return UsageError(f"{place}: expected {expected}, got {got}", hint=hint)


def read_flag(given: Given) -> bool:
    """Read `true` or `false`; as text also yes, no, on, off, 1 and 0."""
    value = _WORDS.get(given.typed.lower(), given.value)
    if isinstance(value, bool):
        return value
    raise refusal(given, "true or false")


def read_count(given: Given) -> int:
    """Read a whole number above 0."""
    value: object = given.value
    if given.typed.isascii() and given.typed.isdigit() and len(given.typed) < 20:
        value = int(given.typed)
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MOST:
        return value
    raise refusal(given, "a whole number above 0")


def read_size(given: Given) -> int:
    """Read a number of bytes above 0, also with a unit: `"64MiB"`."""
    value: object = given.value
    if isinstance(value, str) and (match := _SIZE.fullmatch(value)):
        value = int(match[1]) * _UNITS[match[2]]
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MOST:
        return value
    raise refusal(given, 'a number of bytes above 0, such as 67108864 or "64MiB"')


def show_size(size: int) -> str:
    """Write a number of bytes so that `read_size` reads the same: in the largest unit that leaves no rest."""
    unit = next(unit for unit in reversed(_UNITS) if size % _UNITS[unit] == 0)
    return f"{size // _UNITS[unit]}{unit}"


def read_path(given: Given) -> Path:
    """Read a path; `~` is the home folder, a relative one starts at `Given.folder`."""
    if isinstance(given.value, str | Path) and str(given.value) and "\0" not in str(given.value):
        try:
            return given.folder / Path(given.value).expanduser()
        except RuntimeError:
            raise refusal(given, "a path", hint="there is no such user for ~") from None
    raise refusal(given, "a path")


def read_paths(given: Given) -> tuple[Path, ...]:
    """Read one path or a list of them; in the environment they are separated as in PATH."""
    value = given.value
    parts: list[object] = [value]
    if given.origin.kind is OriginKind.ENVIRONMENT:
        parts = [part for part in str(value).split(os.pathsep) if part]
    elif isinstance(value, list | tuple):
        parts = list(value)
    if not all(isinstance(part, str) for part in parts):
        raise refusal(given, "a path or a list of paths")
    return tuple(read_path(replace(given, value=part)) for part in parts)


def read_threshold(given: Given) -> Severity | None:
    """Read a severity, or `none`."""
    value = given.value.lower() if isinstance(given.value, str) else ""
    if value == "none":
        return None
    try:
        return Severity(value)
    except ValueError:
        raise refusal(given, f"{', '.join(Severity)} or none") from None


def _described(value: object) -> str:
    """Write a wrong value as TOML would, cut short; of a table or list only what it is."""
    match value:
        case bool():
            return str(value).lower()
        case dict():
            return "a table"
        case list():
            return "a list"
        case str() if len(value) > 60:
            return f"{value[:60]!r}…"
        case str():
            return repr(value)
        case int() if abs(value) > _MOST:
            return "a number of more than 64 bits"
    return str(value)[:60]
