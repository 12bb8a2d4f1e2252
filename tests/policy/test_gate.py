"""The exit code of a gate, in every combination that matters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ospo.model import (
    Artifact,
    ArtifactKind,
    Finding,
    Problem,
    ProblemKind,
    ScanResult,
    Severity,
    Target,
    TargetKind,
)
from ospo.policy.baseline import INCOMPLETE_SCAN
from ospo.policy.gate import CLEAN, INCOMPLETE, VIOLATION, Gate, combined

BLOCKING = Problem(ProblemKind.LAYER, "layer 0", "gzip data is truncated", blocking=True)
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


def found(severity: Severity, rule: str = "unknown-license") -> Finding:
    return Finding("0" * 16, rule, severity, "dir:/src", "pkg:pypi/a@1", "declares no license")


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
    incomplete = found(Severity.HIGH, INCOMPLETE_SCAN)
    gate = Gate(Severity.INFO, allow_incomplete=allowed)
    assert gate.judge(scanned(BLOCKING), [incomplete]).code == code


@pytest.mark.parametrize(
    ("codes", "code"), [((), 0), ((0, 0), 0), ((0, 3, 0), 3), ((3, 1), 1), ((1, 0), 1), ((3, 0, 1, 3), 1)]
)
def test_codes_of_several_scans_are_joined(codes: tuple[int, ...], code: int) -> None:
    assert combined(codes) == code
