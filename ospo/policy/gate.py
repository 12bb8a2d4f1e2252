"""From findings and problems to the exit code of a gate (ADR 0001)."""

from collections.abc import Iterable
from dataclasses import dataclass

from ospo.model import Finding, Problem, ScanResult, Severity
from ospo.policy.baseline import INCOMPLETE_SCAN

CLEAN, VIOLATION, INCOMPLETE = 0, 1, 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a gate says about one scan, and why."""

    code: int = CLEAN
    """0, 1 or 3."""
    violations: tuple[Finding, ...] = ()
    """The findings that fail."""
    problems: tuple[Problem, ...] = ()
    """What makes the scan incomplete; empty where that is allowed."""


@dataclass(frozen=True, slots=True)
class Gate:
    """What a gate does not let pass."""

    fail_on: Severity | None = None
    """Findings of this severity or worse fail; None: no finding does. That a scan is incomplete is a finding
    as well, for reports; here it has its own code, so that 1 always means a violation."""
    strict: bool = False
    """Every problem counts as blocking."""
    allow_incomplete: bool = False
    """What could not be checked does not count."""

    def judge(self, result: ScanResult, findings: Iterable[Finding]) -> Verdict:
        """Judge one scan; a violation wins over an incomplete check."""
        violations = tuple(finding for finding in findings if self._fails(finding))
        problems = () if self.allow_incomplete else tuple(filter(self._blocks, result.problems))
        return Verdict(VIOLATION if violations else INCOMPLETE if problems else CLEAN, violations, problems)

    def _fails(self, finding: Finding) -> bool:
        if self.fail_on is None or finding.rule == INCOMPLETE_SCAN:
            return False
        return finding.severity.rank <= self.fail_on.rank

    def _blocks(self, problem: Problem) -> bool:
        return self.strict or problem.blocking


def combined(codes: Iterable[int]) -> int:
    """Join the codes of several scans: a violation wins over an incomplete check, that over clean."""
    seen = set(codes)
    return next((code for code in (VIOLATION, INCOMPLETE) if code in seen), CLEAN)
