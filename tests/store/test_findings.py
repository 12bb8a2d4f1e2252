"""How findings come and go: opened, seen, fixed, reopened."""

import sqlite3
from dataclasses import replace

from made_results import finding, result

from ospo.model import (
    Enforcement,
    Finding,
    Outcome,
    Platform,
    Problem,
    ProblemKind,
    ScanResult,
    Severity,
    Waiver,
)
from ospo.store import maintenance, writer

BROKEN = Problem(ProblemKind.LAYER, "layer 1", "the gzip stream ends early", blocking=True)
WAIVER = Waiver("unknown-license", (("subject", "a"),), "temporary", "asked", "jane", "9999-12-31")
ARM = Platform("linux", "arm64")


def save(store: sqlite3.Connection, scan: ScanResult, *findings: Finding) -> None:
    writer.save(store, scan, findings)
    assert maintenance.integrity(store) == ()


def states(store: sqlite3.Connection) -> dict[str, str]:
    return dict(store.execute("SELECT subject, state FROM finding ORDER BY subject"))


def events(store: sqlite3.Connection) -> list[tuple[str, str]]:
    return store.execute(
        "SELECT subject, event FROM finding_event AS e JOIN finding ON finding.id = finding_id ORDER BY e.id"
    ).fetchall()


def test_a_finding_seen_again_is_the_same_one(store: sqlite3.Connection) -> None:
    save(store, result(at="2026-11-01T00:00:00Z"), finding("a"))
    save(store, result(at="2026-11-03T00:00:00Z"), finding("a"))
    assert store.execute("SELECT first_seen, last_seen FROM v_open_findings").fetchall() == [
        ("2026-11-01T00:00:00Z", "2026-11-03T00:00:00Z")
    ]
    assert events(store) == [("a", "opened")]


def test_fixed_when_a_new_artifact_no_longer_shows_it_and_reopened_when_it_does(
    store: sqlite3.Connection,
) -> None:
    save(store, result(digest="1"), finding("a"), finding("b"))
    save(store, result(digest="2"), finding("b"))
    assert states(store) == {"a": "fixed", "b": "open"}
    save(store, result(digest="3"), finding("a"), finding("b"))
    assert states(store) == {"a": "open", "b": "open"}
    assert events(store) == [("a", "opened"), ("b", "opened"), ("a", "fixed"), ("a", "reopened")]


def test_fixed_when_the_same_artifact_is_judged_differently(store: sqlite3.Connection) -> None:
    save(store, result(), finding("a"))
    save(store, result())
    assert states(store) == {"a": "fixed"}


def test_open_as_long_as_any_target_shows_it(store: sqlite3.Connection) -> None:
    one, two = result(target="registry.example/app:1"), result(target="registry.example/app:2", digest="2")
    save(store, one, finding("a"))
    save(store, two, finding("a"))
    save(store, replace(two, artifact=replace(two.artifact, digest="sha256:new")))
    assert states(store) == {"a": "open"}
    save(store, one)
    assert states(store) == {"a": "fixed"}


def test_platforms_of_a_target_are_judged_apart(store: sqlite3.Connection) -> None:
    save(store, result(), finding("a"), finding("b"))
    save(store, result(digest="2", platform=ARM), finding("a"))
    assert states(store) == {"a": "open", "b": "open"}
    save(store, result(digest="3"))
    assert states(store) == {"a": "open", "b": "fixed"}
    save(store, result(digest="4", platform=ARM))
    assert states(store) == {"a": "fixed", "b": "fixed"}


def test_an_incomplete_scan_opens_and_fixes_nothing(store: sqlite3.Connection) -> None:
    save(store, result(digest="1"), finding("a"))
    save(store, result(digest="2", problems=(BROKEN,)), finding("b"))
    assert states(store) == {"a": "open", "b": "open"}
    save(store, result(digest="2"), finding("c"))
    assert states(store) == {"a": "fixed", "b": "fixed", "c": "open"}


def test_a_waived_finding_stays_waived_until_it_is_gone(store: sqlite3.Connection) -> None:
    waived = replace(finding("a"), waiver=WAIVER)
    save(store, result(), waived)
    save(store, result(), waived)
    assert states(store) == {"a": "waived"}
    save(store, result())
    assert states(store) == {"a": "fixed"}
    assert [event for _, event in events(store)] == ["opened", "waived", "fixed"]


def test_a_waiver_that_is_not_given_again_holds_no_more(store: sqlite3.Connection) -> None:
    save(store, result(), replace(finding("a"), waiver=WAIVER))
    save(store, result(), finding("a"))
    assert states(store) == {"a": "open"}


def test_what_is_said_of_a_finding_follows_the_last_evaluation(store: sqlite3.Connection) -> None:
    save(store, result(), finding("a"))
    save(
        store,
        result(),
        replace(
            finding("a"),
            severity=Severity.HIGH,
            subject="a@2",
            message="new words",
            fix="do",
            outcome=Outcome.UNKNOWN,
            enforcement=Enforcement.AUDIT,
        ),
    )
    query = "SELECT severity, subject, message, fix, outcome, enforcement FROM finding"
    assert store.execute(query).fetchall() == [("high", "a@2", "new words", "do", "unknown", "audit")]


def test_of_two_findings_with_one_fingerprint_the_first_counts(store: sqlite3.Connection) -> None:
    save(store, result(), finding("a"), replace(finding("a"), message="second"))
    assert store.execute("SELECT message FROM finding").fetchall() == [("declares no license",)]


def test_clocks_may_stand_still_or_go_back(store: sqlite3.Connection) -> None:
    save(store, result(digest="1", at="2026-11-02T00:00:00Z"), finding("a"))
    save(store, result(digest="2", at="2026-11-01T00:00:00Z"))
    assert states(store) == {"a": "fixed"}
