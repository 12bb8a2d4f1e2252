"""Why a gate does not let a scan pass, for people who read the log of a build."""

from collections.abc import Iterable, Sequence

from ospo.model import Finding, Outcome, Waiver
from ospo.policy.gate import Verdict
from ospo.text import one_line

_MOST = 5
_LENGTH_MAX = 200
"""Characters of a subject or place: a scanned target chooses them."""


def explained(findings: Sequence[Finding]) -> list[str]:
    """Return lines that say of findings what is wrong, where, why, and what to do.

    Findings of one rule with the same reason and remedy stand together; after five findings it says how many
    more there are.
    """
    groups: dict[tuple[str, str, str, str], list[Finding]] = {}
    for finding in findings[:_MOST]:
        key = (str(finding.severity), finding.rule, finding.why, finding.fix)
        groups.setdefault(key, []).append(finding)
    lines = []
    for (severity, rule, why, fix), members in groups.items():
        lines.append(f"  {severity} {rule}")
        lines += [f"    {_told(finding)}" for finding in members]
        lines += [f"    {label}: {text}" for label, text in (("why", why), ("fix", fix)) if text]
    return [one_line(line) for line in (*lines, *_more(len(findings)))]


def not_told_by_problems(verdict: Verdict) -> tuple[Finding, ...]:
    """Return the findings that could not be decided, but for those that repeat a problem of the verdict."""
    places = {problem.where for problem in verdict.problems}
    return tuple(finding for finding in verdict.undecided if finding.subject not in places)


def expired(findings: Iterable[Finding]) -> list[Waiver]:
    """Return the waivers that held for findings until they expired, the first to expire first."""
    waivers = {finding.expired for finding in findings if finding.expired}
    return sorted(waivers, key=lambda waiver: (waiver.expires, waiver.rule, waiver.selector, waiver.source))


def expired_lines(waivers: Sequence[Waiver]) -> list[str]:
    """Return lines that tell of expired waivers, of the first five each."""
    lines = [f"  {_expired(waiver)}" for waiver in waivers[:_MOST]]
    return [one_line(line) for line in (*lines, *_more(len(waivers)))]


def _more(count: int) -> list[str]:
    return [f"  … and {count - _MOST} more"] if count > _MOST else []


def _told(finding: Finding) -> str:
    from ospo.reports.interface import place

    seen = place(finding)
    where = f" ({_short(seen)})" if seen else ""
    if finding.outcome is Outcome.ERROR:  # its message names the subject
        return f"{finding.message}{where}"
    return f"{_short(finding.subject)}{where}: {finding.message}"


def _expired(waiver: Waiver) -> str:
    meant = " and ".join(glob if name == "component" else f"{name} {glob}" for name, glob in waiver.selector)
    source = f" ({waiver.source})" if waiver.source else ""
    approver = f"approved by {waiver.approver}, expired on {waiver.expires}"
    return f"{waiver.rule} for {_short(meant)}, {approver}{source}"


def _short(text: str) -> str:
    return text if len(text) <= _LENGTH_MAX else text[: _LENGTH_MAX - 1] + "…"
