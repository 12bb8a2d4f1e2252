"""Which licences an SPDX expression leaves a choice to avoid."""

from functools import lru_cache
from typing import Any

from ospo.licenses.spdx import canonical, parse


@lru_cache(maxsize=4096)
def requires(expression: str, ids: frozenset[str]) -> bool:
    """Tell whether whoever uses what is licensed so needs one of these licences.

    Of `A AND B` both are needed, of `A OR B` one is enough. `A WITH exception` counts as A, unless the pair
    itself is meant: then only the pair is listed. `A+` and `A-or-later` are licences of their own, of which
    `A+` counts as A too. What is no expression needs none: that it is none is another rule's business.
    """
    text = canonical(expression)
    wanted = frozenset(id_.lower() for id_ in ids)
    if " " not in text:  # one licence, or nothing; the parser is slow to import
        return _is_one_of(text, wanted)
    return _needs(parse(text), wanted)


def _needs(node: Any, ids: frozenset[str]) -> bool:
    if hasattr(node, "exception_symbol"):
        license_ = node.license_symbol.key.lower()
        return bool({license_, f"{license_} with {node.exception_symbol.key.lower()}"} & ids)
    if not node.args:
        return _is_one_of(node.key, ids)
    needs = (_needs(operand, ids) for operand in node.args)
    return any(needs) if node.operator.strip() == "AND" else all(needs)


def _is_one_of(license_: str, ids: frozenset[str]) -> bool:
    key = license_.lower()
    return key in ids or key.removesuffix("+") in ids
