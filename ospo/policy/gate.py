"""From findings and problems to the exit code of a gate (ADR 0001)."""

from collections.abc import Iterable
from dataclasses import dataclass

from ospo.model import Enforcement, Finding, Outcome, Problem, ScanResult, Severity

CLEAN, VIOLATION, INCOMPLETE = 0, 1, 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a gate says about one scan, and why."""

    code: int = CLEAN
    """0, 1 or 3."""
    violations: tuple[Finding, ...] = ()
    """The findings that fail."""
    undecided: tuple[Finding, ...] = ()
    """The findings of which a rule could not tell; empty where that is allowed."""
    problems: tuple[Problem, ...] = ()
    """What makes the scan incomplete; empty where that is allowed."""


@dataclass(frozen=True, slots=True)
class Gate:
    """What a gate does not let pass."""

    fail_on: Severity | None = None
    """Findings of enforced rules, of this severity or worse, fail; None: no finding does."""
    strict: bool = False
    """Every problem counts as blocking."""
    allow_incomplete: bool = False
    """What could not be checked does not count."""

    def judge(self, result: ScanResult, findings: Iterable[Finding]) -> Verdict:
        """Judge one scan; a violation wins over an incomplete check.

        What a rule could not decide is no violation: like what could not be read, it has a code of its own,
        so that 1 always means a violation. A waived finding does not count.
        """
        counting = tuple(finding for finding in findings if self._counts(finding))
        violations = tuple(finding for finding in counting if finding.outcome is Outcome.FAIL)
        undecided: tuple[Finding, ...] = ()
        problems: tuple[Problem, ...] = ()
        if not self.allow_incomplete:
            undecided = tuple(finding for finding in counting if finding.outcome is not Outcome.FAIL)
            problems = tuple(filter(self._blocks, result.problems))
        code = VIOLATION if violations else INCOMPLETE if undecided or problems else CLEAN
        return Verdict(code, violations, undecided, problems)

    def _counts(self, finding: Finding) -> bool:
        if finding.enforcement is not Enforcement.ENFORCE or finding.waiver is not None:
            return False
        if finding.outcome is Outcome.ERROR:  # who enforces a rule wants an answer, whatever its severity
            return True
        return self.fail_on is not None and finding.severity.rank <= self.fail_on.rank

    def _blocks(self, problem: Problem) -> bool:
        return self.strict or problem.blocking


def combined(codes: Iterable[int]) -> int:
    """Join the codes of several scans: a violation wins over an incomplete check, that over clean."""
    seen = set(codes)
    return next((code for code in (VIOLATION, INCOMPLETE) if code in seen), CLEAN)
