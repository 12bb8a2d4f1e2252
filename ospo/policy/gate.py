"""From findings and problems to the exit code of a gate (ADR 0001)."""

from collections.abc import Iterable
from dataclasses import dataclass

from ospo.model import Finding, ScanResult, Severity

CLEAN, VIOLATION, INCOMPLETE = 0, 1, 3


@dataclass(frozen=True, slots=True)
class Gate:
    """What a gate does not let pass."""

    fail_on: Severity | None = None
    """Findings of this severity or worse fail; None: no finding does."""
    strict: bool = False
    """Every problem counts as blocking."""
    allow_incomplete: bool = False
    """What could not be checked does not count."""

    def exit_code(self, result: ScanResult, findings: Iterable[Finding]) -> int:
        """Judge one scan: 0, 1 or 3; a violation wins over an incomplete check."""
        if self.fail_on is not None and any(f.severity.rank <= self.fail_on.rank for f in findings):
            return VIOLATION
        complete = not result.problems if self.strict else result.complete
        return CLEAN if complete or self.allow_incomplete else INCOMPLETE


def combined(codes: Iterable[int]) -> int:
    """Join the codes of several scans: a violation wins over an incomplete check, that over clean."""
    seen = set(codes)
    return next((code for code in (VIOLATION, INCOMPLETE) if code in seen), CLEAN)
