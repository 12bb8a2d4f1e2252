"""What commands and screens ask about findings."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from made_results import component, finding, result

from ospo.errors import UsageError
from ospo.model import Component, Enforcement, Finding, Outcome, Severity, State, Waiver
from ospo.policy.load import load_rules
from ospo.store import codec, database, waivers, writer
from ospo.store import finding_queries as queries
from ospo.store.rows import FindingDetail, FindingFilter, FindingRow, PlaceRow

APP, WEB = "registry.example/app:1", "registry.example/web:2"
AT = "2026-11-23T10:00:00Z"
NOW = codec.encode_time(AT) + 3600
RULES = load_rules().rules
REQUESTS = component("requests", "2", "see file")
WAIVER = Waiver(
    "unknown-license",
    (("component", "pkg:pypi/*"),),
    "temporary",
    "asked",
    "jane",
    "2026-12-01",
    "T-1",
    "w.yaml:4",
)


def about(one: Component, **changed: object) -> Finding:
    return replace(finding(one.key), **changed)  # type: ignore[arg-type]


@pytest.fixture
def filled(store: sqlite3.Connection) -> sqlite3.Connection:
    """Two targets; one finding was fixed, one is waived, one is seen at both targets."""
    shared = about(REQUESTS, severity=Severity.HIGH)
    writer.save(store, result(digest="9", at="2026-11-01T00:00:00Z"), [finding("gone")])
    scan = result(components=(REQUESTS,))
    writer.save(store, scan, [shared, finding("b"), replace(finding("c"), waiver=WAIVER)], RULES)
    writer.save(store, result(components=(REQUESTS,), target=WEB, digest="2"), [shared], RULES)
    return store


def subjects(rows: tuple[FindingRow, ...]) -> list[str]:
    return [row.subject for row in rows]


def test_worst_first_and_by_pages(filled: sqlite3.Connection) -> None:
    rows = queries.findings(filled, FindingFilter(now=NOW))
    assert subjects(rows) == [REQUESTS.key, "b", "c"]
    assert rows[0] == FindingRow(
        fingerprint=f"registry.example/app {REQUESTS.key}",
        rule="unknown-license",
        severity=Severity.HIGH,
        outcome=Outcome.FAIL,
        enforcement=Enforcement.ENFORCE,
        state=State.OPEN,
        target="registry.example/app",
        subject=REQUESTS.key,
        message="declares no license",
        fix="ask",
        first_seen=AT,
        last_seen=AT,
        places=2,
    )
    pages = [queries.findings(filled, FindingFilter(now=NOW), limit=1, offset=page) for page in range(4)]
    assert [row for page in pages for row in page] == list(rows)
    assert queries.count_findings(filled, FindingFilter(now=NOW)) == 3


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (FindingFilter(states=(State.OPEN,)), [REQUESTS.key, "b"]),
        (FindingFilter(states=(State.WAIVED,)), ["c"]),
        (FindingFilter(states=(State.FIXED,)), ["gone"]),
        (FindingFilter(states=()), [REQUESTS.key, "b", "c", "gone"]),
        (FindingFilter(text="fixed"), ["gone"]),
        (FindingFilter(severities=(Severity.HIGH, Severity.LOW)), [REQUESTS.key]),
        (FindingFilter(rule="unknown-license", text="!pypi"), ["b", "c"]),
        (FindingFilter(rule="unknown"), []),
        (FindingFilter(target=APP), [REQUESTS.key, "b", "c"]),
        (FindingFilter(target=WEB), []),
        (FindingFilter(target="registry.example/app"), [REQUESTS.key, "b", "c"]),
        (FindingFilter(target=APP, states=(State.FIXED,)), ["gone"]),
        (FindingFilter(target="'; --"), []),
    ],
)
def test_which_are_wanted(wanted: FindingFilter, expected: list[str], filled: sqlite3.Connection) -> None:
    wanted = replace(wanted, now=NOW)
    assert subjects(queries.findings(filled, wanted)) == expected
    assert queries.count_findings(filled, wanted) == len(expected)
    assert len(queries.finding_ids(filled, wanted)) == len(expected)


def test_a_waiver_that_has_expired_since_opens_its_finding(filled: sqlite3.Connection) -> None:
    later = codec.encode_time("2026-12-02T00:00:00Z")
    wanted = FindingFilter(states=(State.OPEN,), now=later)
    assert subjects(queries.findings(filled, wanted)) == [REQUESTS.key, "b", "c"]
    assert queries.state_counts(filled, now=NOW) == {State.OPEN: 2, State.WAIVED: 1, State.FIXED: 1}
    assert queries.state_counts(filled, now=later) == {State.OPEN: 3, State.WAIVED: 0, State.FIXED: 1}


SHOWN: dict[str, Callable[[FindingRow], str | int]] = {
    "severity": lambda row: row.severity.rank,
    "rule": lambda row: row.rule,
    "target": lambda row: row.target,
    "component": lambda row: row.subject,
    "age": lambda row: row.first_seen,
}


@pytest.mark.parametrize("sort", queries.SORTS)
@pytest.mark.parametrize("descending", [False, True])
def test_ids_in_any_order_lead_to_rows(sort: str, descending: bool, filled: sqlite3.Connection) -> None:
    wanted = FindingFilter(states=(), now=NOW)
    ids = queries.finding_ids(filled, wanted, sort=sort, descending=descending)
    rows = queries.findings_by_id(filled, ids, now=NOW)
    assert len(set(ids)) == 4 == len(rows)
    keys = [SHOWN[sort](rows[id_]) for id_ in ids]
    assert keys == sorted(keys, reverse=descending)


def test_ids_that_are_gone_are_left_out(filled: sqlite3.Connection) -> None:
    assert queries.findings_by_id(filled, [999]) == {}
    assert queries.findings_by_id(filled, []) == {}
    assert queries.finding_detail(filled, 999) is None


def detail(store: sqlite3.Connection, subject: str, now: int = NOW) -> FindingDetail:
    id_ = queries.finding_id(store, f"registry.example/app {subject}")
    found = queries.finding_detail(store, id_, now=now)
    assert found is not None
    return found


def test_all_that_is_known_of_one(filled: sqlite3.Connection) -> None:
    found = detail(filled, REQUESTS.key)
    digests = ["sha256:" + digit.rjust(64, "0") for digit in "12"]
    assert found.places == (
        PlaceRow(APP, "linux/amd64", digests[0], AT, AT, True, False, REQUESTS),
        PlaceRow(WEB, "linux/amd64", digests[1], AT, AT, True, False, REQUESTS),
    )
    rule = load_rules().get("unknown-license")
    assert rule is not None
    assert found.rule is not None
    assert (found.rule.rule, found.rule.version, found.rule.title) == (rule.id, rule.version, rule.title)
    assert (found.rule.why, found.rule.references, found.rule.path) == (
        rule.why,
        rule.references,
        "rules/licenses/unknown-license.yaml",
    )
    assert found.rule.text == rule.text
    assert found.waiver is None
    assert [(one.at, one.event) for one in found.events] == [(AT, "opened")]


def test_a_waived_one_says_by_what(filled: sqlite3.Connection) -> None:
    found = detail(filled, "c")
    assert found.waiver == WAIVER
    assert [place.waived for place in found.places] == [True]
    assert [place.component for place in found.places] == [None]
    assert [one.event for one in found.events] == ["waived", "opened"]
    late = detail(filled, "c", codec.encode_time("2026-12-02T00:00:00Z"))
    assert (late.finding.state, late.waiver) == (State.OPEN, WAIVER)
    assert [place.waived for place in late.places] == [False]


def test_a_fixed_one_keeps_where_it_was(filled: sqlite3.Connection) -> None:
    found = detail(filled, "gone")
    assert [(place.target, place.current) for place in found.places] == [(APP, False)]
    assert [one.event for one in found.events] == ["fixed", "opened"]
    assert found.rule is None


def test_a_rule_is_shown_as_it_stood_at_the_last_evaluation(filled: sqlite3.Connection) -> None:
    changed = [replace(one, title="Changed", text=one.text + "\n# changed") for one in RULES]
    writer.save(filled, result(components=(REQUESTS,)), [about(REQUESTS)], changed)
    found = detail(filled, REQUESTS.key)
    assert found.rule is not None
    assert found.rule.title == "Changed"
    assert filled.execute("SELECT count(*) FROM rule_version").fetchone() == (2,)


@pytest.mark.parametrize(
    ("fingerprint", "message"),
    [
        ("", "the fingerprint is empty"),
        ("registry", "several findings begin with 'registry'"),
        ("registry.example/app x", "no finding begins with 'registry.example/app x'"),
        ("%", "no finding begins with '%'"),
        ("\ud800", "no finding begins with '\\ud800'"),
        ("\0", "no finding begins with '\\x00'"),
    ],
)
def test_a_fingerprint_must_name_one(fingerprint: str, message: str, filled: sqlite3.Connection) -> None:
    with pytest.raises(UsageError) as caught:
        queries.finding_id(filled, fingerprint)
    assert caught.value.message == message


def test_the_start_of_a_fingerprint_is_enough(filled: sqlite3.Connection) -> None:
    whole = queries.finding_id(filled, "registry.example/app gone")
    assert queries.finding_id(filled, "registry.example/app g") == whole


def test_waivers_that_were_made_here_are_listed_with_their_findings(filled: sqlite3.Connection) -> None:
    own = [
        Waiver(
            "unknown-license",
            (("fingerprint", f"registry.example/app {name}"),),
            "mitigated",
            "seen",
            "joe",
            day,
        )
        for name, day in (("b", "2027-01-01"), ("gone", "2026-11-30"))
    ]
    for one in own:
        waivers.waive(filled, one.selector[0][1], one, NOW)
    waivers.withdraw(filled, "registry.example/app gone", NOW)
    rows = queries.local_waivers(filled, now=codec.encode_time("2026-12-01T00:00:00Z"))
    assert [(row.waiver, row.subject, row.withdrawn, row.expired) for row in rows] == [
        (own[1], "gone", True, True),
        (own[0], "b", False, False),
    ]
    assert {(row.target, row.created_at) for row in rows} == {
        ("registry.example/app", "2026-11-23T11:00:00Z")
    }


def test_the_commands_of_layers_are_known(filled: sqlite3.Connection) -> None:
    digest = "sha256:" + "1".rjust(64, "0")
    assert queries.build_steps(filled, digest, "linux/amd64") == {0: "RUN 0", 1: "RUN 1"}
    assert queries.build_steps(filled, digest, "linux/arm64") == {}


def test_the_data_version_tells_what_others_have_written(filled: sqlite3.Connection, tmp_path: Path) -> None:
    reader = database.connect_read_only(tmp_path / "ospo.db")
    before = queries.data_version(reader)
    assert queries.data_version(reader) == before
    writer.save(filled, result(digest="7"), [])
    assert queries.data_version(reader) != before
    reader.close()
