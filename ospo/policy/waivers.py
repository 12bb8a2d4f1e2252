"""Waivers: which findings somebody has accepted, why, and until when."""

import heapq
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from operator import itemgetter
from pathlib import Path
from typing import Any

from ospo.documents.marked import Document, parse
from ospo.documents.schema import Fault, check, kind_of
from ospo.model import Finding, Waiver
from ospo.policy.files import PolicyFile, read
from ospo.policy.fingerprint import without_version
from ospo.text import closest

REASONS = {
    "accepted-risk": "the risk is known and accepted",
    "false-positive": "the finding is wrong",
    "license-acquired": "another license was acquired or agreed on",
    "mitigated": "something else takes the risk away",
    "not-distributed": "it is never given to others",
    "temporary": "it is being fixed, and not done yet",
}
"""Reason code to what it means."""


@dataclass(frozen=True, slots=True)
class WaiverSet:
    """The waivers of one file; () where none is named."""

    waivers: tuple[Waiver, ...] = ()
    """In the order of the file."""
    file: PolicyFile | None = None


def load_waivers(path: Path, rules: Iterable[str]) -> WaiverSet:
    """Read a waiver file; `rules` are the ids of the rules that hold.

    Raises:
        UsageError: it cannot be read, or anything in it is wrong: a waiver without its expiry is no waiver.
    """
    file, data = read(path)
    waivers: list[Waiver] = []
    known = tuple(rules)
    for document in parse(Path(file.path), data):
        kind = kind_of(document)
        if kind != "Waivers":
            raise document.error(document.mark(("kind",)), f"a {kind} document holds no waivers")
        faults = check(document, kind) or list(_faults(document, known))
        if faults:
            more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
            raise document.error(faults[0].mark, faults[0].message + more, faults[0].hint)
        waivers.extend(_waivers(document))
    return WaiverSet(tuple(waivers), file)


def _entries(document: Document) -> list[dict[str, Any]]:
    value: Any = document.value
    entries: list[dict[str, Any]] = value["waivers"]
    return entries


def _faults(document: Document, rules: Sequence[str]) -> Iterator[Fault]:
    """Find what a schema cannot say: rules that are not there, and globs that select everything."""
    for index, entry in enumerate(_entries(document)):
        place = ("waivers", index)
        if entry["rule"] not in rules:
            meant = closest(entry["rule"], rules)
            hint = f"did you mean {meant}?" if meant else "`ospo rules list` lists them"
            yield Fault(document.mark((*place, "rule")), f"there is no rule {entry['rule'][:80]!r}", hint)
        if not _is_day(entry["expires"]):  # the year 0 is a date to JSON schema and not to Python
            mark = document.mark((*place, "expires"))
            yield Fault(mark, f"waivers[{index}].expires: expected a day, as 2027-01-31")
        if not any(_chooses(name, glob) for name, glob in entry["selector"].items()):
            yield Fault(
                document.mark((*place, "selector")),
                "the selector would waive every finding of the rule",
                "select what is accepted; to stop a rule altogether, replace it by one in audit mode",
            )


_TYPE = re.compile(r"(?:local:)?pkg:[^/*]+/?")
"""What a glob for components begins with that names their type."""


def _chooses(selector: str, glob: str) -> bool:
    """Tell whether a glob leaves something out: more than punctuation and what all of its kind begin with."""
    text = glob.removeprefix("local:").removeprefix("pkg:") if selector == "component" else glob
    words = re.findall(r"\w{2,}", text.replace("*", " "))
    return bool(words) or _TYPE.fullmatch(glob.rstrip("*")) is not None or "*" not in glob


def _is_day(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def _waivers(document: Document) -> Iterator[Waiver]:
    for index, entry in enumerate(_entries(document)):
        yield Waiver(
            rule=entry["rule"],
            selector=tuple(sorted(entry["selector"].items())),
            reason=entry["reason"],
            justification=" ".join(entry["justification"].split()),
            approver=" ".join(entry["approver"].split()),
            expires=entry["expires"],
            ticket=" ".join(entry.get("ticket", "").split()),
            source=f"{document.path}:{document.mark(('waivers', index)).line}",
        )


def apply(findings: Iterable[Finding], waivers: Sequence[Waiver], today: date) -> Iterator[Finding]:
    """Give each finding the waiver that holds for it longest; without one, the one that expired last."""
    by_rule: dict[str, _Index] = {}
    for number, waiver in enumerate(sorted(waivers, key=lambda waiver: waiver.expires, reverse=True)):
        by_rule.setdefault(waiver.rule, _Index()).add(number, waiver)
    for finding in findings:
        index = by_rule.get(finding.rule)
        found = index.first(finding) if index else None
        if found is None:
            yield finding
        elif holds(found, today):
            yield replace(finding, waiver=found)
        else:
            yield replace(finding, expired=found)


class _Index:
    """The waivers of one rule: most name what can be looked up, so that thousands do not slow a scan down."""

    def __init__(self) -> None:
        self._exact: dict[tuple[str, str], list[tuple[int, Waiver]]] = {}
        self._others: list[tuple[int, Waiver]] = []

    def add(self, number: int, waiver: Waiver) -> None:
        """Take one in; they come by number."""
        exact = (pair for pair in waiver.selector if pair[0] in _LOOKED_UP and "*" not in pair[1])
        pair = next(exact, None)
        (self._exact.setdefault(pair, []) if pair else self._others).append((number, waiver))

    def first(self, finding: Finding) -> Waiver | None:
        """Return the first one that selects a finding."""
        texts = {name: _texts(name, finding) for name in _SELECTORS}
        pairs = ((name, text) for name in _LOOKED_UP for text in texts[name])
        exact = sorted((one for pair in pairs for one in self._exact.get(pair, ())), key=_number)
        several = heapq.merge(exact, self._others, key=_number)
        return next((waiver for _, waiver in several if _selects(waiver, texts)), None)


_LOOKED_UP = ("component", "fingerprint", "subject")
_SELECTORS = (*_LOOKED_UP, "path", "target")
_number = itemgetter(0)


def holds(waiver: Waiver, today: date) -> bool:
    """Tell whether a waiver has not expired; the day of its expiry is the last on which it holds."""
    return today <= date.fromisoformat(waiver.expires)


def _selects(waiver: Waiver, texts: Mapping[str, list[str]]) -> bool:
    """Tell whether a waiver means a finding; by path only if all its places are meant."""
    for name, glob in waiver.selector:
        match = [_matches(glob, text) for text in texts[name]]
        if not (all(match) and match if name == "path" else any(match)):
            return False
    return True


def _texts(selector: str, finding: Finding) -> list[str]:
    """Return the texts of a finding that a selector is about."""
    match selector:
        case "component" if finding.subject.startswith(("pkg:", "local:")):
            return [finding.subject, without_version(finding.subject)]
        case "subject" if not finding.subject.startswith(("pkg:", "local:")):
            return [finding.subject]
        case "target":
            return [finding.target, finding.target_name]
        case "path":
            return [location.path for location in finding.locations]
        case "fingerprint":
            return [finding.fingerprint]
    return []


def _matches(glob: str, text: str) -> bool:
    """Match the whole text, where * stands for any text; in linear time, unlike a regular expression."""
    first, *middle = glob.split("*")
    if not middle:
        return glob == text
    if not text.startswith(first):
        return False
    at = len(first)
    last = middle.pop()
    for part in middle:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(text) - len(last) >= at and text.endswith(last)
