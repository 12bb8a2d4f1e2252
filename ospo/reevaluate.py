"""Judging anew what is stored: rules or waivers have changed, or a waiver has expired."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from ospo.model import ScanResult
from ospo.policy.evaluate import Evaluation
from ospo.policy.load import Policy
from ospo.scan import judge
from ospo.store.queries import current_scans, load_result
from ospo.store.writer import save_findings


@dataclass(frozen=True, slots=True)
class Reevaluated:
    """A stored scan, and what the policy says of it today."""

    result: ScanResult
    evaluation: Evaluation


def reevaluate(
    connection: sqlite3.Connection, policy: Policy, today: date, at: str, target: str = ""
) -> Iterator[Reevaluated]:
    """Judge what targets point at now, without reading any image again, and store the findings.

    By name and platform; one transaction for each, so an interruption leaves no half of one. What is scanned
    anew meanwhile is left out: it is judged with its scan. `target` is a name or identity, "" for all; `at`
    is the time that events carry, RFC 3339.

    Raises:
        StoreError: the database cannot be written.
    """
    for name, platform in current_scans(connection, target):
        result = load_result(connection, name, platform=platform)
        evaluation = judge(result, policy, today)
        if save_findings(connection, result, evaluation.findings, policy.rules.rules, at):
            yield Reevaluated(result, evaluation)
