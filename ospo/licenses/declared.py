"""What a package declares about its licences, as SPDX where the words say so exactly, as words where not.

Never a guess: "BSD", "GPL" or "Dual License" may be several licences and stay what they are.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from ospo.licenses.spdx import canonical, license_list
from ospo.model import RawLicense

_NAME_LENGTH_MAX = 1024
_NOTHING = frozenset(("", "unknown", "none", "noassertion"))
"""What generators write where nothing is declared: setuptools, SPDX 2.3 section 7.15."""

_ONLY = "License-Expression"
"""Whoever has this field means it alone: https://peps.python.org/pep-0639/#deprecate-license-field"""

_ALTERNATIVES = frozenset(("license[]", "licenses", "pom.xml"))
"""Fields whose entries are a choice, by the documentation of Composer, npm and Maven, in this order."""

_AMBIGUOUS_CLASSIFIERS = frozenset(("apache software license",))
"""Classifiers that cover several versions although as plain words they name one."""

_WORD = re.compile(r"[^\s()]+")
_OPERATORS = frozenset(("AND", "OR", "WITH"))
_GNU = re.compile(r"\bGNU\b|GPL", re.IGNORECASE)
"""The family that shows in words which leave the version open; "GPLv3" may be only or later."""


class Wording(StrEnum):
    """How far licence words were understood."""

    ID = "id"
    EXPRESSION = "expression"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Term:
    """One licence, one expression, or words that are neither."""

    wording: Wording
    text: str
    """Canonical SPDX, or the words; of more than one line or 1,024 characters the start, and "…"."""


@dataclass(frozen=True, slots=True)
class Declared:
    """The declared licences of one component, in the metadata's order; several have no known relation."""

    terms: tuple[Term, ...] = ()


def known(declared: Declared) -> bool:
    """Tell whether something is declared, and all of it understood."""
    return bool(declared.terms) and all(term.wording is not Wording.NAME for term in declared.terms)


@lru_cache(maxsize=4096)
def declare(raws: tuple[RawLicense, ...]) -> Declared:
    """Read licence words.

    Several fields say the same thing with more or less care: the first one that is understood counts,
    else the first one. Where two name different licences, nothing is known: what they say is kept as words,
    each with its field. Several entries of one field are a list, or a choice where the
    field is known as one.
    """
    fields: dict[str, list[str]] = {}
    for raw in raws:
        if raw.text.strip().lower() not in _NOTHING:
            fields.setdefault(raw.field, []).append(raw.text)
    if _ONLY in fields:
        fields = {_ONLY: fields[_ONLY]}
    readings = [_read(field, texts) for field, texts in fields.items()]
    if _contradict(readings):
        return _contradiction(fields, readings)
    return next(filter(known, readings), readings[0] if readings else Declared())


def _contradict(readings: list[Declared]) -> bool:
    """Tell whether two readings name different licences: understood ones, or words that name GNU's."""
    named = {_licenses(reading) for reading in readings if known(reading)}
    with_gnu = {ids for ids in named if any(_GNU.search(id_) for id_ in ids)}
    return len(named) > 1 or (bool(named - with_gnu) and any(map(_names_gnu, readings)))


def _names_gnu(declared: Declared) -> bool:
    return any(_GNU.search(term.text) for term in declared.terms)


def _licenses(declared: Declared) -> frozenset[str]:
    """Return the licences and exceptions named, whatever their relation: a list of classifiers has none."""
    return frozenset(word for term in declared.terms for word in _WORD.findall(term.text)) - _OPERATORS


def _contradiction(fields: dict[str, list[str]], readings: list[Declared]) -> Declared:
    """Keep the words that contradict each other; the field before them keeps SBOM readers from a guess."""
    said = (
        Term(Wording.NAME, _shortened(f"{field}: {text.strip()}"))
        for (field, texts), reading in zip(fields.items(), readings, strict=True)
        if known(reading) or _names_gnu(reading)
        for text in texts
    )
    return Declared(tuple(dict.fromkeys(said)))


def _read(field: str, texts: Iterable[str]) -> Declared:
    declared = Declared(tuple(dict.fromkeys(_term(text, field) for text in texts)))
    if field in _ALTERNATIVES and known(declared):
        choice = canonical(" OR ".join(f"({term.text})" for term in declared.terms))
        return Declared((_spdx(choice),)) if choice else declared
    return declared


def _term(text: str, field: str) -> Term:
    lower = text.strip().lower()
    if field == "Classifier" and lower in _AMBIGUOUS_CLASSIFIERS:
        return Term(Wording.NAME, _shortened(text.strip()))
    if understood := canonical(text) or license_list().names.get(lower, ""):
        return _spdx(understood)
    return Term(Wording.NAME, _shortened(text.strip()))


def _shortened(text: str) -> str:
    """Return words as they are, or of a whole licence text the first line, marked as cut."""
    line = text.splitlines()[0][: _NAME_LENGTH_MAX - 2].rstrip()
    return line if line == text else f"{line} …"


def _spdx(expression: str) -> Term:
    is_id = expression.lower() in license_list().ids
    return Term(Wording.ID if is_id else Wording.EXPRESSION, expression)
