"""The two findings of every scan: what could not be checked, and components without a known license.

Both become rule files, with their tests, when the rules core lands; their ids and fingerprints stay.
"""

from collections.abc import Callable, Iterable, Iterator

from ospo.model import Component, Finding, Problem, ScanResult, Severity
from ospo.policy.fingerprint import fingerprint, without_version

INCOMPLETE_SCAN = "incomplete-scan"
UNKNOWN_LICENSE = "unknown-license"

_WORDS = 120
"""Characters of license words that a message shows."""


def evaluate(result: ScanResult, knows_license: Callable[[Component], bool]) -> tuple[Finding, ...]:
    """Return the findings of a scan, worst first, then by rule and subject; one for each fingerprint.

    `knows_license` tells whether the declared license of a component is a known one. Components that an
    operating-system package owns are left out: its owner is judged with them.
    """
    target = result.target.identity
    findings = [
        *(_incomplete(problem, target) for problem in result.problems if problem.blocking),
        *(
            _unknown(component, target)
            for component in result.components
            if not _passes(component, knows_license)
        ),
    ]
    return tuple(_first_of_each(sorted(findings, key=_order)))


def _passes(component: Component, knows_license: Callable[[Component], bool]) -> bool:
    return bool(component.owned_by) or knows_license(component)


def _incomplete(problem: Problem, target: str) -> Finding:
    return Finding(
        fingerprint=fingerprint(INCOMPLETE_SCAN, target, "", f"{problem.kind} {problem.where}"),
        rule=INCOMPLETE_SCAN,
        severity=Severity.HIGH,
        target=target,
        subject=problem.where,
        message=f"could not be checked: {problem.message}",
        fix=problem.hint,
    )


def _unknown(component: Component, target: str) -> Finding:
    key = component.key
    words = _one_line(", ".join(sorted({license_.text for license_ in component.licenses})))
    return Finding(
        fingerprint=fingerprint(UNKNOWN_LICENSE, target, without_version(key)),
        rule=UNKNOWN_LICENSE,
        severity=Severity.MEDIUM,
        target=target,
        subject=key,
        message=f"declares no known license: {words}" if words else "declares no license",
        fix="find out the license from the source and ask upstream to declare it",
    )


def _one_line(text: str) -> str:
    """Shorten what may be a whole license text."""
    line = " ".join(text[:1000].split())
    return line if len(line) <= _WORDS else line[: _WORDS - 1] + "…"


def _order(finding: Finding) -> tuple[int, str, str, str]:
    return finding.severity.rank, finding.rule, finding.subject, finding.message


def _first_of_each(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Keep the first of those with one fingerprint: two versions of a package are one question."""
    seen: set[str] = set()
    for finding in findings:
        if finding.fingerprint not in seen:
            seen.add(finding.fingerprint)
            yield finding
