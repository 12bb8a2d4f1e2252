"""What commands and screens ask the database."""

import sqlite3
from dataclasses import replace

import pytest
from made_results import component, finding, result

from ospo.model import Component, Platform, Problem, ProblemKind, Severity, State
from ospo.store import finding_queries, queries, writer
from ospo.store.rows import ComponentRow, FindingFilter, HistoryRow, TargetRow, UseRow

APP, WEB = "registry.example/app:1", "registry.example/web:2"
ODD = Problem(ProblemKind.FILE, "a/package.json", "not JSON at offset 3")
ARM = Platform("linux", "arm64")
DEBIAN = Component(
    type="deb", namespace="debian", name="bash", version="5.2", qualifiers=(("arch", "amd64"),)
)


@pytest.fixture
def filled(store: sqlite3.Connection) -> sqlite3.Connection:
    """Two targets, one of them on two platforms, four findings."""
    high = replace(finding("b"), severity=Severity.HIGH, rule="incomplete-scan")
    shared = finding("a", "registry.example/web")
    writer.save(store, result("x", digest="9", at="2026-11-01T00:00:00Z"), (finding("gone"),))
    writer.save(store, result("PyYAML", components=(DEBIAN,), problems=(ODD,)), (finding("a"), high))
    writer.save(store, result("x", digest="2", platform=ARM), (finding("a"),))
    writer.save(
        store, result("PyYAML", components=(component("z", words=""),), target=WEB, digest="3"), (shared,)
    )
    return store


def test_targets_with_what_they_point_at(filled: sqlite3.Connection) -> None:
    rows = queries.targets(filled)
    assert [(row.name, row.platform, row.components, row.problems, row.open_findings) for row in rows] == [
        (APP, "linux/amd64", 2, 1, 2),
        (APP, "linux/arm64", 1, 0, 1),
        (WEB, "linux/amd64", 2, 0, 1),
    ]
    assert rows[0] == TargetRow(
        APP, "image", "linux/amd64", "sha256:" + "1".rjust(64, "0"), "2026-11-23T10:00:00Z", 2, 1, 2, True
    )
    assert queries.targets(filled, limit=1, offset=1) == rows[1:2]


def test_components_of_a_target(filled: sqlite3.Connection) -> None:
    rows = queries.components(filled, APP, platform="linux/amd64")
    assert rows == (
        ComponentRow("pkg:deb/debian/bash@5.2?arch=amd64", "deb", "debian", "bash", "5.2", ()),
        ComponentRow("pkg:pypi/pyyaml@1.0", "pypi", "", "pyyaml", "1.0", ("MIT",)),
    )
    assert queries.components(filled, APP, limit=1, offset=1) == rows[1:]
    assert len(queries.components(filled, APP)) == 3
    assert queries.components(filled, "registry.example/none:1") == ()


def test_ecosystems_count_different_components_in_use(filled: sqlite3.Connection) -> None:
    assert queries.ecosystems(filled) == (("pypi", 3), ("deb", 1))
    assert queries.ecosystems(filled, APP) == (("pypi", 2), ("deb", 1))
    writer.save(filled, result("x", digest="4"), ())
    assert queries.ecosystems(filled) == (("pypi", 3),)


def test_uses_of_a_key_or_of_a_name(filled: sqlite3.Connection) -> None:
    rows = queries.uses_of_name(filled, "pyYAML")
    assert rows == (
        UseRow("pkg:pypi/pyyaml@1.0", APP, "linux/amd64", "sha256:" + "1".rjust(64, "0")),
        UseRow("pkg:pypi/pyyaml@1.0", WEB, "linux/amd64", "sha256:" + "3".rjust(64, "0")),
    )
    assert queries.uses_of_key(filled, "pkg:pypi/pyyaml@1.0") == rows
    assert queries.uses_of_name(filled, "pyyaml", limit=1, offset=1) == rows[1:]
    assert queries.uses_of_key(filled, "pkg:pypi/pyyaml@2.0") == ()


def test_an_artifact_that_no_target_points_at_is_not_in_use(filled: sqlite3.Connection) -> None:
    writer.save(filled, result("other", digest="5", platform=ARM), ())
    assert queries.uses_of_name(filled, "x") == ()


def test_problems_of_what_a_target_points_at(filled: sqlite3.Connection) -> None:
    assert queries.problems(filled, APP) == (ODD,)
    assert queries.problems(filled, APP, platform="linux/arm64") == ()


def test_history_latest_first(filled: sqlite3.Connection) -> None:
    rows = queries.history(filled, APP)
    assert [(row.platform, row.digest[-1]) for row in rows] == [
        ("linux/arm64", "2"),
        ("linux/amd64", "1"),
        ("linux/amd64", "9"),
    ]
    assert queries.history(filled, APP, limit=1, offset=2) == rows[2:]
    assert rows[2] == HistoryRow("2026-11-01T00:00:00Z", "linux/amd64", "sha256:" + "9".rjust(64, "0"))


def test_open_findings_worst_first(filled: sqlite3.Connection) -> None:
    rows = finding_queries.findings(filled)
    assert [(row.severity, row.target, row.subject, row.places) for row in rows] == [
        ("high", "registry.example/app", "b", 1),
        ("medium", "registry.example/app", "a", 2),
        ("medium", "registry.example/web", "a", 1),
    ]
    assert finding_queries.findings(filled, limit=1, offset=2) == rows[2:]


@pytest.mark.parametrize(
    ("wanted", "subjects"),
    [
        (FindingFilter(severities=(Severity.HIGH,)), ["b"]),
        (FindingFilter(severities=(Severity.HIGH, Severity.MEDIUM)), ["b", "a", "a"]),
        (FindingFilter(rule="unknown-license"), ["a", "a"]),
        (FindingFilter(target=APP), ["b", "a"]),
        (FindingFilter(target="registry.example/web"), ["a"]),
        (FindingFilter(target="registry.example/web", severities=(Severity.LOW,)), []),
        (FindingFilter(states=(State.FIXED,)), ["gone"]),
        (FindingFilter(states=(State.FIXED,), target=APP), ["gone"]),
        (FindingFilter(states=(State.FIXED,), target=WEB), []),
        (FindingFilter(rule="' OR 1=1 --"), []),
    ],
)
def test_findings_are_filtered(
    filled: sqlite3.Connection, wanted: FindingFilter, subjects: list[str]
) -> None:
    assert [row.subject for row in finding_queries.findings(filled, wanted)] == subjects
    assert finding_queries.count_findings(filled, wanted) == len(subjects)


def test_a_target_has_only_the_findings_that_it_shows(filled: sqlite3.Connection) -> None:
    writer.save(
        filled, result("y", target="registry.example/app:2", digest="6"), (finding("a"), finding("c"))
    )
    found = finding_queries.findings(filled, FindingFilter(target=APP))
    assert [row.subject for row in found] == ["b", "a"]


def test_views_can_be_read_by_any_tool(filled: sqlite3.Connection) -> None:
    views = [name for (name,) in filled.execute("SELECT name FROM sqlite_master WHERE type = 'view'")]
    counts = {view: filled.execute(f"SELECT count(*) FROM {view}").fetchone()[0] for view in views}
    assert counts == {
        "v_targets": 3,
        "v_current_components": 5,
        "v_open_findings": 4,
        "v_waived_findings": 0,
        "v_current_problems": 1,
        "v_history": 4,
    }
