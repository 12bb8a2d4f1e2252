"""Read lock files: their text or document, and values whose types nobody has checked."""

import re
from typing import Any

from ospo.errors import ParseError
from ospo.extractors.declared_values import LOCK_LIMIT, json_object, toml_table
from ospo.extractors.interface import File
from ospo.extractors.records import NAME_LIMIT, bounded, small
from ospo.limits import MiB

_TOML_LIMIT = 16 * MiB
"""Three times the largest of those with thousands of packages; reading takes a second for each MiB."""

_DOTS_IN_A_LINE = 1000
"""Reading a key of dotted parts takes the square of their number."""

# What was installed brings lock files along that say what its makers used.
_PACKAGE_FOLDERS = frozenset(("node_modules", "site-packages", "dist-packages", "bower_components"))
# Of gems, those that Bundler has from git included, and of crates.
_NAMED_FOLDERS = re.compile(
    r"(?:^|/)(?:gems/[^/]+-(?:[0-9][^/]*|[0-9a-f]{7,})|registry/src/[^/]+/[^/]+-[0-9][^/]*)/"
)


def is_of_a_dependency(file: File) -> bool:
    """Tell whether a file lies in an installed package: it says nothing about the project around it."""
    named = _NAMED_FOLDERS.search(file.path[: NAME_LIMIT * 4])
    return named is not None or not _PACKAGE_FOLDERS.isdisjoint(file.path.split("/")[:-1])


def plain_text(data: bytes) -> str:
    """Return a text with plain line ends and without byte order mark."""
    return data.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n")


def lock_text(file: File) -> str:
    """Return the text of a lock file with plain line ends and without byte order mark.

    Raises:
        ParseError: it has more than `LOCK_LIMIT` bytes.
    """
    return plain_text(small(file, LOCK_LIMIT))


def lock_json(file: File) -> dict[str, Any]:
    """Return the object in a lock file of JSON.

    Raises:
        ParseError: it is too large, no JSON, or no object.
    """
    return json_object(small(file, LOCK_LIMIT))


def lock_toml(data: bytes) -> dict[str, Any]:
    """Return the table in a lock file or manifest of TOML.

    Raises:
        ParseError: it is too large, or no TOML.
    """
    if len(data) > _TOML_LIMIT:
        raise ParseError(f"has {len(data)} bytes, more than any file of its kind ({_TOML_LIMIT})")
    if any(line.count(b".") > _DOTS_IN_A_LINE for line in data.split(b"\n")):
        raise ParseError(f"has a line with more than {_DOTS_IN_A_LINE} dots")
    return toml_table(data)


def typed_table(value: object, what: str = "") -> dict[str, Any]:
    """Return a table, an empty one where there is no value; `what` says in an error which one it is.

    Raises:
        ParseError: it is something else.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ParseError(f"{what} is not a table".lstrip())
    return value


def typed_list(value: object, what: str = "") -> list[Any]:
    """Return a list, an empty one where there is no value.

    Raises:
        ParseError: it is something else.
    """
    if value is None:
        return []
    if not isinstance(value, list):
        raise ParseError(f"{what} is not a list".lstrip())
    return value


def typed_text(value: object, what: str) -> str:
    """Return a text, cut where it is beyond reason, and "" where there is no value.

    Raises:
        ParseError: it is something else.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ParseError(f"{what} is not a text")
    return bounded(value)
