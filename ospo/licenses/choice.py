"""Which licences an SPDX expression leaves a choice to avoid."""

import re
from functools import lru_cache
from typing import Any

from ospo.licenses.spdx import canonical, parse

_OPERATOR = re.compile(" (?:AND|OR) ")


@lru_cache(maxsize=4096)
def requires(expression: str, ids: frozenset[str]) -> bool:
    """Tell whether whoever uses what is licensed so needs one of these licences.

    Of `A AND B` both are needed, of `A OR B` one is enough. `A WITH exception` counts as A, unless the pair
    itself is meant: then only the pair is listed. `A+` and `A-or-later` are licences of their own, of which
    `A+` counts as A too. What is no expression needs none: that it is none is another rule's business.

    Raises:
        ValueError: one of the ids is no licence: misspelt, it would never be needed.
    """
    text = canonical(expression)
    wanted = _all_wanted(ids)
    if " " not in text:  # one licence, or nothing; the parser is slow to import
        return _is_one_of(text, wanted)
    return _needs(parse(text), wanted)


@lru_cache(maxsize=64)
def _all_wanted(ids: frozenset[str]) -> frozenset[str]:
    return frozenset(map(_wanted, ids))


def _wanted(id_: str) -> str:
    """Return an id as expressions have it, in lower case: a deprecated one means its successor.

    Raises:
        ValueError: it is neither a licence nor one with an exception.
    """
    found = canonical(id_)
    if not found or _OPERATOR.search(found):
        raise ValueError(f"{id_[:60]!r} is no SPDX license")
    return found.lower()


def _needs(node: Any, ids: frozenset[str]) -> bool:
    if hasattr(node, "exception_symbol"):
        license_ = node.license_symbol.key.lower()
        return _is_one_of(license_, ids) or f"{license_} with {node.exception_symbol.key.lower()}" in ids
    if not node.args:
        return _is_one_of(node.key, ids)
    needs = (_needs(operand, ids) for operand in node.args)
    return any(needs) if node.operator.strip() == "AND" else all(needs)


def _is_one_of(license_: str, ids: frozenset[str]) -> bool:
    key = license_.lower()
    return key in ids or key.removesuffix("+") in ids
