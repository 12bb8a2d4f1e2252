"""The SPDX License List as embedded in `data/spdx-licenses.json`, and expressions over it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, NoReturn

import orjson

from ospo import paths

_LENGTH_MAX = 4096
"""Characters of an expression; the longest known, of a TeX distribution, has 2,500."""
_DEPTH_MAX = 32
"""Nested parentheses of an expression; the parser recurses."""

_COMPOUND = re.compile(r"[ )](and|or|with)[ (]|^\(.*\)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LicenseList:
    """Identifiers, names and what replaces the deprecated ones; keys are in lower case."""

    ids: dict[str, str]
    exceptions: dict[str, str]
    replaced_by: dict[str, str]
    """Deprecated identifier to its successor, which may be an expression with WITH."""
    names: dict[str, str]
    """Full name, as SPDX has it or as another one that means exactly this licence, to SPDX."""
    not_in_cyclonedx: frozenset[str]
    """Identifiers that a CycloneDX document may hold only in an expression."""


@cache
def license_list() -> LicenseList:
    """Return the embedded list; 1 ms for the first call."""
    data = orjson.loads(paths.bundled("data/spdx-licenses.json").read_bytes())
    replaced_by = {id_.lower(): new for id_, new in data["deprecated"].items() if new}
    # A deprecated identifier shares its name with its successor.
    names = {name.lower(): id_ for id_, name in data["licenses"].items() if id_.lower() not in replaced_by}
    return LicenseList(
        ids={id_.lower(): id_ for id_ in data["licenses"]},
        exceptions={id_.lower(): id_ for id_ in data["exceptions"]},
        replaced_by=replaced_by,
        names=names | data["aliases"],
        not_in_cyclonedx=frozenset(data["not_in_cyclonedx"]),
    )


@lru_cache(maxsize=4096)
def canonical(text: str) -> str:
    """Return an SPDX expression in canonical spelling, "" for what is none or names an unknown licence.

    Identifiers match in any case (SPDX 2.3, Annex D.2) and deprecated ones give way to their successors.
    """
    text = text.strip()
    if found := _license(text):
        return found
    if not _COMPOUND.search(text) or len(text) > _LENGTH_MAX or _depth(text) > _DEPTH_MAX:
        return ""
    try:
        return _written(parse(text))
    except Exception:  # noqa: BLE001 - the parser raises AttributeError, IndexError and others on bad input
        return ""


def _depth(text: str) -> int:
    deepest = depth = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    return deepest


def _license(text: str) -> str:
    """Return one licence in canonical spelling, "" when it is unknown."""
    known = license_list()
    lower = text.lower()
    if lower in known.ids:
        return known.replaced_by.get(lower, known.ids[lower])
    if text.endswith("+"):
        # "or later"; the GNU family has identifiers for that, all others may carry the plus.
        base = known.ids.get(lower[:-1], "")
        has_own = base.endswith(("-only", "-or-later")) or lower[:-1] in known.replaced_by
        return f"{base}+" if base and not has_own else ""
    return text if _is_reference(text, "LicenseRef-") else ""


def _exception(text: str) -> str:
    return license_list().exceptions.get(text.lower(), "") or (
        text if _is_reference(text, "AdditionRef-") else ""
    )


def _is_reference(text: str, prefix: str) -> bool:
    """Tell whether this is a licence outside the list: `[DocumentRef-x:]LicenseRef-y` (Annex D.2)."""
    document, colon, reference = text.rpartition(":")
    return _is_named(reference, prefix) and (not colon or _is_named(document, "DocumentRef-"))


def _is_named(text: str, prefix: str) -> bool:
    name = text.removeprefix(prefix)
    return name != text and name.isascii() and name.replace("-", "").replace(".", "").isalnum()


def parse(expression: str) -> Any:
    """Return the tree of an expression, of nodes of `license_expression`.

    Raises:
        Exception: of any kind, for what `canonical` does not return.
    """
    return _parser().parse(expression)


@cache
def _parser() -> Any:
    from license_expression import Licensing  # 64 ms of CPU, and needed for compounds only

    # Without a table of its own: the packaged one is of another list version and maps some names by guess.
    return Licensing()


def _written(node: Any) -> str:
    """Write a parsed expression with parentheses wherever operators mix; equal operands become one.

    Raises:
        ValueError: a licence or exception is unknown.
    """
    if hasattr(node, "exception_symbol"):
        parts = (_license(node.license_symbol.key), _exception(node.exception_symbol.key))
        return " WITH ".join(parts) if all(parts) and " " not in parts[0] else _unknown(node)
    if not node.args:
        return _license(node.key) or _unknown(node)
    operator, other = (" AND ", " OR ") if node.operator.strip() == "AND" else (" OR ", " AND ")
    operands = list(dict.fromkeys(_operands(node)))
    if len(operands) == 1:
        return operands[0]
    return operator.join(f"({operand})" if other in operand else operand for operand in operands)


def _operands(node: Any) -> Iterator[str]:
    """Give what the operator joins; the same operator in parentheses changes nothing."""
    for operand in node.args:
        if operand.args and operand.operator == node.operator:
            yield from _operands(operand)
        else:
            yield _written(operand)


def _unknown(node: Any) -> NoReturn:
    raise ValueError(f"{node} is not on the list")
