"""What is known of one layer, and its cached form: zstd-compressed JSON, written and read here only."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

import orjson

from ospo import zstd
from ospo.model import (
    Component,
    ComponentKind,
    Distro,
    Evidence,
    FileNotes,
    Location,
    Noted,
    Ownership,
    Problem,
    ProblemKind,
    RawLicense,
    Record,
    Scope,
)


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What one extractor read from one file."""

    path: str
    extractor: str
    records: tuple[Record, ...]


def moved(facts: FileFacts, path: str) -> FileFacts:
    """Return the same facts at another path of the file."""
    if path == facts.path:
        return facts
    place = (Location(path),)
    records = (replace(r, locations=place) if isinstance(r, Component) else r for r in facts.records)
    return FileFacts(path, facts.extractor, tuple(records))


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic or hard link of a layer."""

    path: str
    target: str
    """As written for a symbolic link; a clean path from the root for a hard link."""
    hard: bool = False


@dataclass(frozen=True, slots=True)
class LayerFacts:
    """Everything that later steps need of a layer; depends on its bytes and the extractor set alone."""

    files: tuple[FileFacts, ...]
    entries: str
    """Every path in the order of the tar, NUL between them; directories end in `/`."""
    links: tuple[Link, ...] = ()
    whiteouts: tuple[str, ...] = ()
    opaque: tuple[str, ...] = ()
    """Directories whose lower content is hidden; "" is the root."""
    implied: tuple[str, ...] = ()
    """Folders that paths lead through without an entry of their own."""
    problems: tuple[Problem, ...] = ()
    """`where` is the path inside the layer."""
    size: int = 0
    """Bytes of the layer's blob as stored."""
    unpacked: int = 0
    """Bytes of the layer after decompression."""


def encode(facts: LayerFacts) -> bytes:
    """Write facts for the cache."""
    document = {
        "files": [[f.path, f.extractor, [_plain(record) for record in f.records]] for f in facts.files],
        "entries": facts.entries,
        "links": [[link.path, link.target, link.hard] for link in facts.links],
        "whiteouts": facts.whiteouts,
        "opaque": facts.opaque,
        "implied": facts.implied,
        "size": facts.size,
        "unpacked": facts.unpacked,
        "problems": [_plain(problem) for problem in facts.problems],
    }
    return zstd.compress(orjson.dumps(document), 3)


def decode(data: bytes) -> LayerFacts:
    """Read what `encode` wrote.

    Raises:
        ValueError: the bytes are damaged, or of another version.
    """
    try:
        return _facts(orjson.loads(zstd.decompress(data)))
    except (zstd.ZstdError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no layer facts: {error}") from error


def _facts(document: dict[str, Any]) -> LayerFacts:
    return LayerFacts(
        files=tuple(
            FileFacts(path, extractor, tuple(map(_record, records)))
            for path, extractor, records in document["files"]
        ),
        entries=document["entries"],
        links=tuple(Link(*row) for row in document["links"]),
        whiteouts=tuple(document["whiteouts"]),
        opaque=tuple(document["opaque"]),
        implied=tuple(document["implied"]),
        problems=tuple(_problem(row) for row in document["problems"]),
        size=document["size"],
        unpacked=document["unpacked"],
    )


def _defaults(kind: type) -> dict[str, object]:
    return {field.name: field.default for field in fields(kind)}


_KINDS: dict[str, type] = {
    "c": Component,
    "d": Distro,
    "f": FileNotes,
    "o": Ownership,
    "p": Problem,
}
_CODES = {kind: code for code, kind in _KINDS.items()}
_DEFAULTS = {kind: _defaults(kind) for kind in _KINDS.values()}


def _plain(value: Record | Problem) -> dict[str, Any]:
    """Turn a record into a JSON object without its default values; "" names its kind."""
    kind = type(value)
    plain: dict[str, Any] = {"": _CODES[kind]}
    for name, default in _DEFAULTS[kind].items():
        content = getattr(value, name)
        if content != default:
            plain[name] = content
    return plain


def _record(plain: dict[str, Any]) -> Record:
    code = plain.pop("")
    if code == "c":
        return component_from_json(plain)
    if code == "o":
        return Ownership(**plain)
    if code == "f":
        return FileNotes(plain["package"], Noted(plain["noted"]), plain["lines"])
    plain["id_like"] = tuple(plain.get("id_like", ()))
    return Distro(**plain)


def _problem(plain: dict[str, Any]) -> Problem:
    plain.pop("")
    return Problem(**{**plain, "kind": ProblemKind(plain["kind"])})


def component_to_json(component: Component) -> dict[str, Any]:
    """Turn a component into a JSON object without its default values."""
    plain = _plain(component)
    del plain[""]
    return plain


def component_from_json(plain: dict[str, Any]) -> Component:
    """Read what `component_to_json` wrote.

    Raises:
        KeyError, TypeError, ValueError: it is no such object.
    """
    for name in _PAIRS:
        if name in plain:
            plain[name] = _pairs(plain[name])
    for name in ("depends", "provides"):
        if name in plain:
            plain[name] = tuple(plain[name])
    if "licenses" in plain:
        plain["licenses"] = tuple(RawLicense(row["text"], row["field"]) for row in plain["licenses"])
    if "locations" in plain:
        plain["locations"] = tuple(Location(row["path"], row["layer"]) for row in plain["locations"])
    if "kind" in plain:
        plain["kind"] = ComponentKind(plain["kind"])
    if "evidence" in plain:
        plain["evidence"] = Evidence(plain["evidence"])
    if "scope" in plain:
        plain["scope"] = Scope(plain["scope"])
    return Component(**plain)


_PAIRS = ("qualifiers", "urls", "hashes", "properties")


def _pairs(rows: Iterable[Iterable[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((first, second) for first, second in rows)
