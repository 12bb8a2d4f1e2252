"""The exit code of a gate, in every combination that matters."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ospo.model import (
    Artifact,
    ArtifactKind,
    Enforcement,
    Finding,
    Outcome,
    Problem,
    ProblemKind,
    ScanResult,
    Severity,
    Target,
    TargetKind,
    Waiver,
)
from ospo.policy.gate import CLEAN, INCOMPLETE, VIOLATION, Gate, combined

BLOCKING = Problem(ProblemKind.LAYER, "layer 0", "gzip data is truncated", blocking=True)
WAIVER = Waiver("unknown-license", (("component", "pkg:pypi/a"),), "temporary", "asked", "jane", "2027-01-31")
HARMLESS = Problem(ProblemKind.MANIFEST, "package.json", "not JSON")


def scanned(*problems: Problem) -> ScanResult:
    return ScanResult(
        target=Target("dir:/src", TargetKind.DIRECTORY, "dir:/src"),
        artifact=Artifact(ArtifactKind.DIRECTORY, "sha256:" + "0" * 64),
        components=(),
        dependencies=(),
        problems=problems,
        distro=None,
        scanned_at="2026-01-01T00:00:00Z",
        facts_version="f",
    )


def found(
    severity: Severity,
    outcome: Outcome = Outcome.FAIL,
    enforcement: Enforcement = Enforcement.ENFORCE,
    waiver: Waiver | None = None,
) -> Finding:
    return Finding(
        "0" * 16,
        "unknown-license",
        severity,
        "dir:/src",
        "pkg:pypi/a@1",
        "declares no license",
        outcome=outcome,
        enforcement=enforcement,
        waiver=waiver,
    )


@given(st.sampled_from(Severity), st.sampled_from(Severity))
def test_a_finding_fails_from_the_threshold_on(threshold: Severity, severity: Severity) -> None:
    order = ["critical", "high", "medium", "low", "info"]
    verdict = Gate(threshold).judge(scanned(), [found(severity)])
    fails = order.index(severity) <= order.index(threshold)
    assert verdict.code == (VIOLATION if fails else CLEAN)
    assert verdict.violations == ((found(severity),) if fails else ())


@given(st.sampled_from(Severity))
def test_no_finding_fails_without_threshold(severity: Severity) -> None:
    assert Gate().judge(scanned(), [found(severity)]).code == CLEAN


@pytest.mark.parametrize(
    ("gate", "problem", "code"),
    [
        (Gate(), BLOCKING, INCOMPLETE),
        (Gate(), HARMLESS, CLEAN),
        (Gate(strict=True), BLOCKING, INCOMPLETE),
        (Gate(strict=True), HARMLESS, INCOMPLETE),
        (Gate(allow_incomplete=True), BLOCKING, CLEAN),
        (Gate(strict=True, allow_incomplete=True), HARMLESS, CLEAN),
    ],
)
def test_what_makes_a_scan_incomplete(gate: Gate, problem: Problem, code: int) -> None:
    verdict = gate.judge(scanned(problem), ())
    assert verdict.code == code
    assert verdict.problems == ((problem,) if code else ())


def test_a_violation_wins_over_an_incomplete_check() -> None:
    verdict = Gate(Severity.LOW).judge(scanned(BLOCKING), [found(Severity.HIGH)])
    assert verdict.code == VIOLATION
    assert verdict.problems == (BLOCKING,)


@pytest.mark.parametrize(("allowed", "code"), [(False, INCOMPLETE), (True, CLEAN)])
def test_that_a_scan_is_incomplete_is_no_violation(allowed: bool, code: int) -> None:
    incomplete = found(Severity.HIGH, Outcome.UNKNOWN)
    verdict = Gate(Severity.INFO, allow_incomplete=allowed).judge(scanned(BLOCKING), [incomplete])
    assert verdict.code == code
    assert verdict.violations == ()
    assert verdict.undecided == (() if allowed else (incomplete,))


@pytest.mark.parametrize("enforcement", [Enforcement.AUDIT, Enforcement.WARN])
@pytest.mark.parametrize("outcome", [Outcome.FAIL, Outcome.WARN, Outcome.UNKNOWN, Outcome.ERROR])
def test_rules_that_are_not_enforced_fail_no_gate(enforcement: Enforcement, outcome: Outcome) -> None:
    finding = found(Severity.CRITICAL, outcome, enforcement)
    assert Gate(Severity.INFO).judge(scanned(), [finding]).code == CLEAN


@pytest.mark.parametrize("outcome", [Outcome.FAIL, Outcome.UNKNOWN, Outcome.ERROR])
def test_a_waived_finding_fails_no_gate(outcome: Outcome) -> None:
    waived = found(Severity.CRITICAL, outcome, waiver=WAIVER)
    assert Gate(Severity.INFO).judge(scanned(), [waived]).code == CLEAN
    open_ = found(Severity.CRITICAL, outcome)
    assert Gate(Severity.INFO).judge(scanned(), [waived, open_]).code != CLEAN


def test_a_finding_whose_waiver_has_expired_fails() -> None:
    expired = replace(found(Severity.HIGH), expired=WAIVER)
    assert Gate(Severity.HIGH).judge(scanned(), [expired]).code == VIOLATION


def test_a_waived_doubt_does_not_make_the_scan_complete() -> None:
    waived = found(Severity.HIGH, Outcome.UNKNOWN, waiver=WAIVER)
    assert Gate(Severity.HIGH).judge(scanned(BLOCKING), [waived]).code == INCOMPLETE


@pytest.mark.parametrize("fail_on", [None, *Severity])
def test_an_error_of_an_enforced_rule_is_never_clean(fail_on: Severity | None) -> None:
    error = found(Severity.INFO, Outcome.ERROR)
    verdict = Gate(fail_on).judge(scanned(), [error])
    assert (verdict.code, verdict.undecided) == (INCOMPLETE, (error,))


FINDINGS = st.builds(
    found,
    st.sampled_from(Severity),
    st.sampled_from((Outcome.FAIL, Outcome.WARN, Outcome.UNKNOWN, Outcome.ERROR)),
    st.sampled_from(Enforcement),
    st.none() | st.just(WAIVER),
)
GATES = st.builds(Gate, st.none() | st.sampled_from(Severity), st.booleans(), st.booleans())


@given(GATES, st.lists(FINDINGS, max_size=4), st.lists(st.sampled_from((BLOCKING, HARMLESS)), max_size=2))
def test_the_code_follows_from_what_counts(
    gate: Gate, findings: list[Finding], problems: list[Problem]
) -> None:
    order = ["critical", "high", "medium", "low", "info"]
    counting = [one for one in findings if one.enforcement == "enforce" and one.waiver is None]
    bad = [one for one in counting if gate.fail_on and order.index(one.severity) <= order.index(gate.fail_on)]
    violated = any(one.outcome == "fail" for one in bad)
    doubtful = any(one.outcome == "error" for one in counting) or any(one.outcome != "fail" for one in bad)
    incomplete = bool(problems) if gate.strict else BLOCKING in problems
    expected = 1 if violated else 3 if (doubtful or incomplete) and not gate.allow_incomplete else 0
    verdict = gate.judge(scanned(*problems), findings)
    assert verdict.code == expected
    assert bool(verdict.violations) == violated


@given(GATES, st.lists(FINDINGS, max_size=4), FINDINGS)
def test_one_more_finding_never_makes_a_gate_pass(
    gate: Gate, findings: list[Finding], further: Finding
) -> None:
    badness = {CLEAN: 0, INCOMPLETE: 1, VIOLATION: 2}
    before = gate.judge(scanned(), findings).code
    assert badness[gate.judge(scanned(), [*findings, further]).code] >= badness[before]


@pytest.mark.parametrize(
    ("codes", "code"), [((), 0), ((0, 0), 0), ((0, 3, 0), 3), ((3, 1), 1), ((1, 0), 1), ((3, 0, 1, 3), 1)]
)
def test_codes_of_several_scans_are_joined(codes: tuple[int, ...], code: int) -> None:
    assert combined(codes) == code
