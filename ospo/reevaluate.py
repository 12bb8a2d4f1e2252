"""Judging anew what is stored: rules or waivers have changed, or a waiver has expired."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from ospo.extractors import facts_version
from ospo.model import ScanResult
from ospo.policy.evaluate import Evaluation
from ospo.policy.load import Policy
from ospo.scan import judge
from ospo.store.queries import current_scans, load_current
from ospo.store.rows import ScanId
from ospo.store.writer import save_findings


@dataclass(frozen=True, slots=True)
class Reevaluated:
    """A stored scan, and what the policy says of it today."""

    result: ScanResult
    evaluation: Evaluation
    outdated: bool
    """Whether another version of ospo has read it: this one may see more in the same bytes."""


def reevaluate(
    connection: sqlite3.Connection, policy: Policy, today: date, at: str, target: str = ""
) -> Iterator[Reevaluated | None]:
    """Judge what targets point at now, without reading any image again, and store the findings.

    By name and platform; one transaction for each, so an interruption leaves no half of one. None stands for
    what is scanned anew meanwhile, which is judged with its scan. What an outdated scan does not show is not
    fixed by that. `target` is a name or identity, "" for all; `at` is the time that events carry, RFC 3339.

    Raises:
        StoreError: the database cannot be written.
    """
    for scan in current_scans(connection, target):
        yield _judged(connection, scan, policy, today, at)


def _judged(
    connection: sqlite3.Connection, scan: ScanId, policy: Policy, today: date, at: str
) -> Reevaluated | None:
    result = load_current(connection, scan)
    if result is None:
        return None
    outdated = result.facts_version != facts_version()
    evaluation = judge(result, policy, today)
    complete = result.complete and not outdated
    rules = policy.rules.rules
    if not save_findings(connection, scan, evaluation.findings, rules, at, complete=complete):
        return None
    return Reevaluated(result, evaluation, outdated)
