"""Checks a document against the JSON schema of its kind, `docs/schemas/KIND.json`.

The schema is the only description of a kind: editors complete and check with the same file.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from ospo import paths
from ospo.documents.marked import Document, Mark, Place
from ospo.text import closest

API_VERSION = "ospo.dev/v1"
KINDS = {"Rule": "rule", "Waivers": "waivers"}
"""Kind to the name of its schema."""

_MISSING = " is missing"

_TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "nothing",
    "number": "a number",
    "object": "a mapping",
    "string": "text (in quotes, if YAML takes it for something else)",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is wrong in a document."""

    mark: Mark
    message: str
    hint: str = ""


def kind_of(document: Document) -> str:
    """Return the kind of a document.

    Raises:
        UsageError: it has no known apiVersion and kind.
    """
    value = document.value
    if not isinstance(value, dict):
        raise document.error(document.mark(()), "expected a mapping with apiVersion and kind")
    if value.get("apiVersion") != API_VERSION:
        hint = f"write `apiVersion: {API_VERSION}`"
        raise document.error(document.mark(("apiVersion",)), "unknown or missing apiVersion", hint)
    kind = value.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        meant = closest(str(kind), KINDS)
        hint = f"did you mean {meant}?" if meant else f"known are {', '.join(KINDS)}"
        raise document.error(document.mark(("kind",)), f"unknown kind {str(kind)[:60]!r}", hint)
    return kind


def check(document: Document, kind: str) -> list[Fault]:
    """Return what is wrong, in the order of the text; last what is missing, since a typo is mostly why."""
    import jsonschema_rs  # 0.03 s of CPU

    schema = _schema(kind)
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    faults = []
    for error in validator.iter_errors(document.value):
        faults.extend(_faults(document, schema, error))
    return sorted(faults, key=lambda fault: (fault.message.endswith(_MISSING), fault.mark))


@cache
def _schema(kind: str) -> dict[str, Any]:
    import orjson

    schema: dict[str, Any] = orjson.loads(paths.bundled(f"docs/schemas/{KINDS[kind]}.json").read_bytes())
    return schema


def _faults(document: Document, schema: dict[str, Any], error: Any) -> list[Fault]:
    """Say in our words what a validator found."""
    place: Place = tuple(error.instance_path)
    mark, name, kind = document.mark(place), _dotted(place), error.kind
    match kind.name:
        case "additionalProperties":
            known = _properties(schema, error)
            return [_unknown(document, place, key, known) for key in sorted(kind.unexpected)]
        case "required":
            return [Fault(mark, f"{name + ': ' if name else ''}{kind.property}{_MISSING}")]
        case "type":
            expected = " or ".join(_TYPES[type_] for type_ in kind.types)
            return [Fault(mark, f"{name}: expected {expected}")]
        case "enum":
            options = [str(option) for option in kind.options]
            meant = closest(str(error.instance), options)
            hint = f"did you mean {meant}?" if meant else ""
            return [Fault(mark, f"{name}: expected one of {', '.join(options)}", hint)]
        case "pattern" if kind.pattern == _NOT_BLANK:
            return [Fault(mark, f"{name}: must not be empty")]
        case "minItems" | "minProperties":
            return [Fault(mark, f"{name}: must not be empty")]
        case "format":
            return [Fault(mark, f"{name}: expected {_FORMATS.get(kind.format, kind.format)}")]
    return [Fault(mark, f"{name}: {error.message[:200]}")]


_NOT_BLANK = r"\S"
_FORMATS = {"date": "a day, as 2027-01-31"}


def _unknown(document: Document, place: Place, key: str, known: list[str]) -> Fault:
    mark = document.keys.get((*place, key), document.mark(place))
    meant = closest(key, known)
    hint = f"did you mean {meant}?" if meant else f"known are {', '.join(known)}"
    return Fault(mark, f"{_dotted((*place, key))[:80]}: unknown key", hint)


def _properties(schema: dict[str, Any], error: Any) -> list[str]:
    """Return the keys that the part of the schema which refused one admits."""
    part: Any = schema
    for step in list(error.schema_path)[:-1]:
        part = part[step]
    return list(part.get("properties", {}))


def _dotted(place: Place) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).removeprefix(".")
