"""Waivers in the database: per place, with an end, taken back; and that states always follow from places."""

import sqlite3
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from made_results import finding, result

from ospo.errors import UsageError
from ospo.model import Finding, Outcome, Problem, ProblemKind, ScanResult, State, Waiver
from ospo.store import codec, database, maintenance, waivers, writer
from ospo.store.finding_queries import finding_detail, findings_by_id, local_waivers, state_counts
from ospo.store.rows import ScanId

ONE, TWO = "registry.example/app:1", "registry.example/app:2"
BROKEN = Problem(ProblemKind.LAYER, "layer 1", "the gzip stream ends early", blocking=True)
START = datetime(2026, 11, 23, 10, tzinfo=UTC)
A = finding("a")


def at(days: int) -> str:
    return (START + timedelta(days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(days: int) -> int:
    return codec.encode_time(at(days))


def day(days: int) -> str:
    return str(START.date() + timedelta(days))


def file_waiver(expires: str, approver: str = "jane") -> Waiver:
    return Waiver(
        A.rule, (("subject", "a"),), "temporary", "asked", approver, expires, source="ospo-waivers.yaml:4"
    )


def own_waiver(expires: str, fingerprint: str = A.fingerprint) -> Waiver:
    return Waiver(A.rule, (("fingerprint", fingerprint),), "mitigated", "seen", "joe", expires)


def save(
    store: sqlite3.Connection, days: int, *found: Finding, target: str = ONE, **changed: object
) -> ScanResult:
    scan = replace(result(target=target, at=at(days)), **changed)  # type: ignore[arg-type]
    writer.save(store, scan, found)
    assert maintenance.integrity(store) == ()
    return scan


def again(store: sqlite3.Connection, scan: ScanResult, found: Sequence[Finding], days: int) -> bool:
    """Store what a later evaluation says of a scan."""
    query = (
        "SELECT target.id, artifact.id FROM target, artifact WHERE target.name = ? AND artifact.digest = ?"
    )
    ids = store.execute(query, (scan.target.name, scan.artifact.digest)).fetchone()
    return writer.save_findings(store, ScanId(*ids), found, (), at(days), complete=scan.complete)


def state(store: sqlite3.Connection, days: int) -> State:
    (id_,) = store.execute("SELECT id FROM finding WHERE subject = 'a'").fetchone()
    return findings_by_id(store, [id_], now=seconds(days))[id_].state


def events(store: sqlite3.Connection) -> list[tuple[str, str]]:
    return store.execute("SELECT event, detail FROM finding_event ORDER BY id").fetchall()


def names(store: sqlite3.Connection) -> list[str]:
    return [event for event, _ in events(store)]


def test_a_finding_that_a_file_waives_is_waived_and_stays_visible(store: sqlite3.Connection) -> None:
    save(store, 0, replace(A, waiver=file_waiver(day(30))))
    assert state(store, 0) is State.WAIVED
    assert state_counts(store, now=seconds(0)) == {State.OPEN: 0, State.WAIVED: 1, State.FIXED: 0}
    assert events(store) == [
        ("opened", "a"),
        ("waived", f"temporary, approved by jane, until {day(30)}"),
    ]
    (row,) = store.execute("SELECT subject, reason, justification, approver, source FROM v_waived_findings")
    assert row == ("a", "temporary", "asked", "jane", "ospo-waivers.yaml:4")


def test_a_waiver_ends_with_its_last_day_without_any_evaluation(store: sqlite3.Connection) -> None:
    save(store, 0, replace(A, waiver=file_waiver(day(1))))
    midnight = codec.encode_time(f"{day(2)}T00:00:00Z")
    (id_,) = store.execute("SELECT id FROM finding").fetchone()
    assert findings_by_id(store, [id_], now=midnight - 1)[id_].state is State.WAIVED
    assert findings_by_id(store, [id_], now=midnight)[id_].state is State.OPEN
    detail = finding_detail(store, id_, now=midnight)
    assert detail is not None
    assert (detail.finding.state, detail.places[0].waived) == (State.OPEN, False)
    assert detail.waiver is not None


def test_views_for_people_open_what_has_expired(store: sqlite3.Connection) -> None:
    save(
        store,
        0,
        replace(A, waiver=file_waiver("2020-01-01")),
        replace(finding("b"), waiver=file_waiver("9999-12-31")),
    )
    assert store.execute("SELECT subject FROM v_open_findings").fetchall() == [("a",)]
    assert store.execute("SELECT subject FROM v_waived_findings").fetchall() == [("b",)]


def test_the_next_evaluation_after_the_end_writes_that_it_expired(store: sqlite3.Connection) -> None:
    accepted = file_waiver(day(1))
    scan = save(store, 0, replace(A, waiver=accepted))
    again(store, scan, [replace(A, expired=accepted)], 2)
    assert maintenance.integrity(store) == ()
    assert events(store)[2:] == [
        ("unwaived", f"the waiver expired: temporary, approved by jane, until {day(1)}")
    ]
    assert state(store, 2) is State.OPEN


def test_a_waiver_that_leaves_its_file_opens_the_finding(store: sqlite3.Connection) -> None:
    save(store, 0, replace(A, waiver=file_waiver(day(30))))
    save(store, 1, A)
    assert events(store)[2][0] == "unwaived"
    assert events(store)[2][1].startswith("not every place is waived any more: temporary")


def test_a_waiver_that_moves_within_its_file_or_holds_again_is_the_same(store: sqlite3.Connection) -> None:
    moved = replace(file_waiver(day(30)), source="ospo-waivers.yaml:99")
    save(store, 0, replace(A, waiver=file_waiver(day(30))))
    save(store, 1, replace(A, waiver=moved))
    assert names(store) == ["opened", "waived"]
    assert store.execute("SELECT source FROM waiver").fetchall() == [("ospo-waivers.yaml:99",)]
    save(store, 2, replace(A, waiver=replace(moved, expires=day(60))))
    assert names(store) == ["opened", "waived", "waived"]


def test_waivers_that_differ_in_anything_are_different_ones(store: sqlite3.Connection) -> None:
    base = file_waiver(day(30))
    several = [
        base,
        replace(base, rule="b"),
        replace(base, selector=(("subject", "b"),)),
        replace(base, selector=(("subject", "a"), ("target", "b"))),
        replace(base, reason="mitigated"),
        replace(base, justification="asked ", approver="jane"),
        replace(base, justification="askedj", approver="ane"),
        replace(base, ticket="T"),
        replace(base, expires=day(31)),
    ]
    with database.transaction(store):
        ids = {waivers.keep(store, one, 0) for one in several}
        ids.add(waivers.keep(store, base, 0, fingerprint="f"))
        assert waivers.keep(store, replace(base, source="elsewhere"), 5) in ids
    assert len(ids) == len(several) + 1


def test_a_finding_is_waived_only_when_all_its_places_are(store: sqlite3.Connection) -> None:
    save(store, 0, replace(A, waiver=file_waiver(day(30))))
    save(store, 0, A, target=TWO)
    assert state(store, 0) is State.OPEN
    (id_,) = store.execute("SELECT id FROM finding").fetchone()
    detail = finding_detail(store, id_, now=seconds(0))
    assert detail is not None
    assert [(place.target, place.waived) for place in detail.places] == [(ONE, True), (TWO, False)]
    save(store, 1, replace(A, waiver=file_waiver(day(10))), target=TWO)
    assert (state(store, 1), state(store, 11)) == (State.WAIVED, State.OPEN)
    save(store, 2, target=TWO)
    assert (state(store, 2), state(store, 11)) == (State.WAIVED, State.WAIVED)


def test_a_waived_finding_is_fixed_and_comes_back_open(store: sqlite3.Connection) -> None:
    save(store, 0, replace(A, waiver=file_waiver(day(30))))
    save(store, 1)
    assert state(store, 1) is State.FIXED
    save(store, 2, A)
    assert state(store, 2) is State.OPEN
    assert names(store) == ["opened", "waived", "fixed", "reopened"]
    save(store, 3)
    save(store, 4, replace(A, waiver=file_waiver(day(30))))
    assert names(store)[4:] == ["fixed", "reopened", "waived"]


def test_an_error_of_a_rule_fixes_nothing_that_it_found_before(store: sqlite3.Connection) -> None:
    """The rule does not tell whether the finding is still there."""
    error = replace(finding("b"), fingerprint="error", outcome=Outcome.ERROR)
    save(store, 0, A, replace(finding("c"), rule="another"))
    save(store, 1, error)
    rows = dict(store.execute("SELECT subject, state FROM finding"))
    assert rows == {"a": "open", "b": "open", "c": "fixed"}
    save(store, 2)
    assert set(dict(store.execute("SELECT subject, state FROM finding")).values()) == {"fixed"}


# Waivers that are made here.


def test_a_finding_is_waived_at_once_and_again_at_each_evaluation(store: sqlite3.Connection) -> None:
    save(store, 0, A)
    waivers.waive(store, A.fingerprint, own_waiver(day(30)), seconds(0))
    assert state(store, 0) is State.WAIVED
    save(store, 1, A)
    save(store, 1, A, target=TWO)
    assert (state(store, 1), state(store, 31)) == (State.WAIVED, State.OPEN)
    save(store, 31, A)
    assert names(store) == ["opened", "waived", "unwaived"]


def test_a_waiver_of_one_finding_waives_no_other(store: sqlite3.Connection) -> None:
    save(store, 0, A, finding("b"))
    waivers.waive(store, A.fingerprint, own_waiver(day(30)), seconds(0))
    save(store, 1, A, finding("b"))
    assert dict(store.execute("SELECT subject, state FROM finding")) == {"a": "waived", "b": "open"}


def test_what_is_taken_back_waives_no_more(store: sqlite3.Connection) -> None:
    save(store, 0, A)
    waivers.waive(store, A.fingerprint, own_waiver(day(30)), seconds(0))
    assert waivers.withdraw(store, A.fingerprint, seconds(1)) == 1
    assert maintenance.integrity(store) == ()
    assert events(store)[2] == (
        "unwaived",
        f"the waiver was taken back: mitigated, approved by joe, until {day(30)}",
    )
    save(store, 2, A)
    assert state(store, 2) is State.OPEN
    assert waivers.withdraw(store, A.fingerprint, seconds(3)) == 0
    waivers.waive(store, A.fingerprint, own_waiver(day(30)), seconds(4))
    assert state(store, 4) is State.WAIVED
    assert [row.withdrawn for row in local_waivers(store, now=seconds(4))] == [False]


def test_several_findings_are_waived_together(store: sqlite3.Connection) -> None:
    b = finding("b")
    save(store, 0, A, b)
    wanted = {one.fingerprint: own_waiver(day(30), one.fingerprint) for one in (b, A)}
    made = waivers.waive_all(store, wanted, seconds(0))
    assert dict(store.execute("SELECT subject, state FROM finding")) == {"a": "waived", "b": "waived"}
    query = "SELECT fingerprint FROM waiver WHERE id = ?"
    assert [store.execute(query, (id_,)).fetchone()[0] for id_ in made] == list(wanted)
    assert sorted(names(store)) == ["opened", "opened", "waived", "waived"]
    assert maintenance.integrity(store) == ()
    assert waivers.undo(store, made, seconds(1)) == 2
    assert dict(store.execute("SELECT subject, state FROM finding")) == {"a": "open", "b": "open"}
    assert maintenance.integrity(store) == ()
    assert waivers.undo(store, made, seconds(2)) == 0


@pytest.mark.parametrize(
    "wrong", [{"none": own_waiver(day(30))}, {finding("b").fingerprint: own_waiver(day(-1))}]
)
def test_of_several_findings_all_are_waived_or_none(
    wrong: dict[str, Waiver], store: sqlite3.Connection
) -> None:
    save(store, 0, A, finding("b"))
    with pytest.raises(UsageError):
        waivers.waive_all(store, {A.fingerprint: own_waiver(day(30))} | wrong, seconds(0))
    assert waivers.waive_all(store, {}, seconds(0)) == ()
    assert store.execute("SELECT count(*) FROM waiver").fetchone() == (0,)
    assert names(store) == ["opened", "opened"]


def test_undoing_leaves_older_waivers_of_the_finding(store: sqlite3.Connection) -> None:
    save(store, 0, A)
    waivers.waive(store, A.fingerprint, own_waiver(day(1)), seconds(0))
    last = waivers.waive(store, A.fingerprint, own_waiver(day(30)), seconds(5))
    assert waivers.undo(store, [last], seconds(6)) == 1
    assert maintenance.integrity(store) == ()
    assert state(store, 6) is State.OPEN
    rows = local_waivers(store, now=seconds(6))
    assert [(row.waiver.expires, row.withdrawn) for row in rows] == [(day(1), False), (day(30), True)]


def test_undoing_leaves_places_to_another_waiver_that_holds(store: sqlite3.Connection) -> None:
    save(store, 0, A)
    last = waivers.waive(store, A.fingerprint, own_waiver(day(30)), seconds(0))
    waivers.waive(store, A.fingerprint, own_waiver(day(20)), seconds(0))
    waivers.undo(store, [last], seconds(1))
    assert maintenance.integrity(store) == ()
    assert (state(store, 1), state(store, 21)) == (State.WAIVED, State.OPEN)
    assert waivers.withdraw(store, A.fingerprint, seconds(2)) == 1
    assert state(store, 2) is State.OPEN


def test_taking_back_leaves_what_a_file_waives(store: sqlite3.Connection) -> None:
    save(store, 0, replace(A, waiver=file_waiver(day(30))))
    save(store, 0, A, target=TWO)
    waivers.waive(store, A.fingerprint, own_waiver(day(20)), seconds(0))
    assert state(store, 0) is State.WAIVED
    waivers.withdraw(store, A.fingerprint, seconds(1))
    assert maintenance.integrity(store) == ()
    assert state(store, 1) is State.OPEN
    save(store, 2, target=TWO)
    assert state(store, 2) is State.WAIVED


def test_what_an_expired_waiver_covered_can_be_waived_again(store: sqlite3.Connection) -> None:
    save(store, 0, replace(A, waiver=file_waiver(day(1))))
    waivers.waive(store, A.fingerprint, own_waiver(day(30)), seconds(5))
    assert maintenance.integrity(store) == ()
    assert (state(store, 5), state(store, 31)) == (State.WAIVED, State.OPEN)


def test_a_fixed_finding_that_is_waived_comes_back_waived(store: sqlite3.Connection) -> None:
    save(store, 0, A)
    save(store, 1)
    waivers.waive(store, A.fingerprint, own_waiver(day(30)), seconds(1))
    assert state(store, 1) is State.FIXED
    save(store, 2, A)
    assert state(store, 2) is State.WAIVED


def test_what_cannot_be_waived_is_refused(store: sqlite3.Connection) -> None:
    save(store, 0, A)
    with pytest.raises(UsageError, match="there is no finding 'none'"):
        waivers.waive(store, "none", own_waiver(day(30)), seconds(0))
    with pytest.raises(UsageError, match="there is no finding"):
        waivers.withdraw(store, "none", seconds(0))
    with pytest.raises(UsageError, match="would have expired"):
        waivers.waive(store, A.fingerprint, own_waiver(day(-1)), seconds(0))
    assert state(store, 0) is State.OPEN
    assert store.execute("SELECT count(*) FROM waiver").fetchone() == (0,)


@pytest.mark.parametrize("expires", ["0001-01-01", "2028-02-29", "2026-12-31", "9998-12-31", "9999-12-31"])
def test_every_day_has_an_end(expires: str, store: sqlite3.Connection) -> None:
    end = waivers.until(own_waiver(expires))
    start = int(datetime.combine(date.fromisoformat(expires), datetime.min.time(), UTC).timestamp())
    assert end - start == 86_400
    save(store, 0, replace(A, waiver=file_waiver(expires)))
    assert (state(store, 0) is State.WAIVED) == (expires > day(0))


def test_findings_of_a_scan_that_is_no_longer_current_are_left_out(store: sqlite3.Connection) -> None:
    old = save(store, 0, A)
    writer.save(store, result(digest="2", at=at(1)), [])
    assert not again(store, old, [A], 2)
    assert state(store, 2) is State.FIXED


def test_a_later_evaluation_needs_no_scan(store: sqlite3.Connection) -> None:
    scan = save(store, 0, A)
    again(store, scan, [finding("b")], 5)
    rows = store.execute("SELECT subject, state, first_seen, last_seen FROM finding").fetchall()
    assert rows == [("a", "fixed", seconds(0), seconds(0)), ("b", "open", seconds(5), seconds(5))]
    assert store.execute("SELECT count(*) FROM observation").fetchone() == (1,)


# Any order of all of these, beside a small model.

TARGETS = (ONE, TWO)
FINDINGS = ("a", "b")


class WaiverMachine(RuleBasedStateMachine):
    """Evaluations, waivers and time passing; the model keeps what each place shows."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = database.connect(Path(self.folder.name) / "ospo.db")
        self.today = 0
        self.seen: set[str] = set()
        self.places: dict[tuple[str, str], int | None] = {}
        """(finding, target) to the last day of its waiver, None without one."""
        self.own: dict[str, set[int]] = {name: set() for name in FINDINGS}
        """Finding to the last days of the waivers made here."""
        self.ids: dict[tuple[str, int], int] = {}
        """(finding, last day) to the id of a waiver made here, whether or not it was taken back."""
        self.from_file: set[tuple[str, str]] = set()

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    @rule(
        where=st.sampled_from(TARGETS),
        found=st.dictionaries(st.sampled_from(FINDINGS), st.none() | st.integers(0, 3)),
        complete=st.booleans(),
    )
    def evaluate(self, where: str, found: dict[str, int | None], complete: bool) -> None:
        shown = [
            replace(finding(name), waiver=None if days is None else file_waiver(day(self.today + days)))
            for name, days in found.items()
        ]
        problems = () if complete else (BROKEN,)
        writer.save(self.store, result(target=where, at=at(self.today), problems=problems), shown)
        for name in FINDINGS:
            place = (name, where)
            if name in found:
                days = found[name]
                self.from_file.discard(place)
                if days is not None:
                    self.places[place] = self.today + days
                    self.from_file.add(place)
                else:
                    self.places[place] = max((d for d in self.own[name] if d >= self.today), default=None)
            elif complete:
                self.places.pop(place, None)
                self.from_file.discard(place)
        self.seen |= set(found)

    @rule(name=st.sampled_from(FINDINGS), days=st.integers(-1, 3))
    def waive(self, name: str, days: int) -> None:
        fingerprint = finding(name).fingerprint
        last = self.today + days
        try:
            id_ = waivers.waive(
                self.store, fingerprint, own_waiver(day(last), fingerprint), seconds(self.today)
            )
        except UsageError:
            assert days < 0 or name not in self.seen
            return
        self.own[name].add(last)
        self.ids[name, last] = id_
        for place, until in self.places.items():
            if place[0] == name and (until is None or until < self.today):
                self.places[place] = last
                self.from_file.discard(place)

    @rule(name=st.sampled_from(FINDINGS))
    def take_back(self, name: str) -> None:
        try:
            count = waivers.withdraw(self.store, finding(name).fingerprint, seconds(self.today))
        except UsageError:
            assert name not in self.seen
            return
        assert count == len(self.own[name])
        self.own[name] = set()
        for place in self.places:
            if place[0] == name and place not in self.from_file:
                self.places[place] = None

    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        made = data.draw(st.sets(st.sampled_from(sorted(self.ids)))) if self.ids else set()
        standing = {(name, last) for name, last in made if last in self.own[name]}
        ids = [self.ids[one] for one in made]
        assert waivers.undo(self.store, ids, seconds(self.today)) == len(standing)
        for name, last in standing:
            self.own[name].remove(last)
        for place, until in self.places.items():
            if place not in self.from_file and until is not None and (place[0], until) in standing:
                holding = [other for other in self.own[place[0]] if other >= self.today]
                self.places[place] = max(holding, default=None)

    @rule(days=st.integers(1, 2))
    def wait(self, days: int) -> None:
        self.today += days

    @invariant()
    def states_follow_from_places(self) -> None:
        assert maintenance.integrity(self.store) == ()
        ids = [row[0] for row in self.store.execute("SELECT id FROM finding")]
        rows = {row.subject: row for row in findings_by_id(self.store, ids, now=seconds(self.today)).values()}
        assert set(rows) == self.seen
        for name, row in rows.items():
            here = [until for place, until in self.places.items() if place[0] == name]
            waived = all(until is not None and until >= self.today for until in here)
            expected = State.FIXED if not here else State.WAIVED if waived else State.OPEN
            assert row.state is expected
            assert row.places == len(here)

    @invariant()
    def events_tell_the_same(self) -> None:
        """The last event about being there or not, and the last one about waivers, say the stored state."""
        query = "SELECT id, state FROM finding"
        for id_, stored in self.store.execute(query).fetchall():
            happened = [
                row[0]
                for row in self.store.execute(
                    "SELECT event FROM finding_event WHERE finding_id = ? ORDER BY id", (id_,)
                )
            ]
            assert happened[0] == "opened"
            assert happened.count("fixed") - happened.count("reopened") == (stored == "fixed")
            assert (happened[-1] == "waived") == (stored == "waived")


WaiverMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=15, deadline=None)
TestAnyOrder = WaiverMachine.TestCase
