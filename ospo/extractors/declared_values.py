"""Documents as plain values, for readers of whatever is JSON, TOML or YAML; and addresses of sources."""

import re
import tomllib
from pathlib import Path
from typing import Any

import orjson
import yaml

from ospo.documents.marked import Document, parse
from ospo.errors import ParseError, UsageError
from ospo.extractors.interface import File
from ospo.extractors.records import bounded, small, without_login
from ospo.limits import MiB

LOCK_LIMIT = 32 * MiB
"""Bytes of a lock file in JSON or TOML: ten times the largest that projects of thousands of packages have."""

_NULL = frozenset(("", "~", "null", "Null", "NULL"))
# https://git-scm.com/docs/git-clone#_git_urls: "the scp-like syntax".
_SCP = re.compile(r"(?:([\w.-]+)@)?([\w.-]+):(?!//)(.+)")


def json_value(data: bytes) -> Any:
    """Read JSON; bytes that are no UTF-8, as in names of authors, cost only themselves.

    Raises:
        ParseError: it is not JSON.
    """
    try:
        return orjson.loads(data.decode("utf-8", "replace").removeprefix("\ufeff"))
    except orjson.JSONDecodeError as error:
        raise ParseError(f"is not JSON: {error.msg} at character {error.pos}") from error


def json_object(data: bytes) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        ParseError: it is not JSON, or not an object.
    """
    value = json_value(data)
    if not isinstance(value, dict):
        raise ParseError("is JSON, but not an object")
    return value


def toml_table(data: bytes) -> dict[str, Any]:
    """Read a TOML document.

    Raises:
        ParseError: it is not TOML, or nested beyond reason.
    """
    try:
        return tomllib.loads(data.decode("utf-8", "replace").removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise ParseError(f"is not TOML: {' '.join(str(error).split())[:200]}") from error


def yaml_document(file: File) -> Document | None:
    """Read the first YAML document of a file, None for an empty one.

    Raises:
        ParseError: it is no sound YAML, or larger than `ospo.documents.marked` reads.
    """
    try:
        documents = parse(Path(file.name), small(file, LOCK_LIMIT))
    except UsageError as error:
        raise ParseError(error.message) from error
    return documents[0] if documents else None


def yaml_mapping(file: File) -> dict[str, Any]:
    """Read the mapping that a YAML file is, {} for an empty one; whatever is no list or mapping is text.

    A version that is written without quotes must not become a number: 1.10 is not 1.1.

    Raises:
        ParseError: as `yaml_document`, or it is no mapping.
    """
    document = yaml_document(file)
    if document is None:
        return {}
    if not isinstance(document.value, dict):
        raise ParseError("is YAML, but not a mapping")
    return table(_plain(document.nodes[()]))


def _plain(node: Any) -> object:
    """Return a node's value; the document was read, so neither depth nor aliases are without bounds."""
    match node:
        case yaml.MappingNode():
            return {key.value: _plain(child) for key, child in node.value}
        case yaml.SequenceNode():
            return [_plain(child) for child in node.value]
    return None if not node.style and node.value in _NULL else node.value


def words(value: object) -> str:
    """Return a text, bounded; "" for what is none."""
    return bounded(value) if isinstance(value, str) else ""


def table(value: object) -> dict[str, Any]:
    """Return a mapping; {} for what is none."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[Any]:
    """Return a list; [] for what is none."""
    return value if isinstance(value, list) else []


def texts(value: object) -> list[str]:
    """Return the texts of a list."""
    return [item for item in listed(value) if isinstance(item, str)]


def vcs_url(url: str, commit: str = "", tool: str = "git") -> str:
    """Spell where sources are as https://spdx.github.io/spdx-spec/v2.3/package-information/ does.

    That is what the purl qualifier `vcs_url` holds: `git+https://host/repository@commit`.
    """
    url = url.strip()
    if scp := None if "://" in url else _SCP.fullmatch(bounded(url)):
        url = f"ssh://{scp[1] + '@' if scp[1] else ''}{scp[2]}/{scp[3].lstrip('/')}"
    address = without_login(url).removeprefix(f"{tool}+")
    return f"{tool}+{address}" + (f"@{bounded(commit)}" if commit else "")
