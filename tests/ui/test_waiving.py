"""Waiving findings and taking it back, by keys."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from made_database import (
    APPROVER,
    FINDINGS,
    app_of,
    drive,
    keys_of,
    make,
    many,
    messages,
    press,
    settle,
    text_of,
)
from textual.pilot import Pilot

from ospo.model import Waiver
from ospo.store import database, waivers
from ospo.store.codec import encode_time
from ospo.store.finding_queries import local_waivers
from ospo.store.rows import WaiverRow
from ospo.ui.screens.findings import FindingsScreen

TERMS = ("enter", "down", "enter", *"agreed", "enter")
"""The second reason, a justification; all else as it is."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make(tmp_path / "ospo.db")


def made(path: Path) -> tuple[WaiverRow, ...]:
    with closing(database.connect_read_only(path)) as connection:
        return local_waivers(connection)


def states(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT state FROM finding ORDER BY fingerprint")]


def test_waives_the_finding_under_the_cursor_and_takes_it_back(path: Path) -> None:
    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        await press(pilot, "w")
        assert type(pilot.app.screen).__name__ == "WaiveDialog"
        text = text_of(pilot.app)
        assert "denied-license: npm/mongo@4.2.0" in text
        assert "A gate counts it once it is in the waiver file: `ospo waive export`" in text
        await press(pilot, *TERMS)
        assert pilot.app.screen is screen
        assert states(path) == ["waived", "open", "open", "open", "open"]
        assert "waived 1 finding until 2027-02-24; u undoes" in messages(pilot.app)
        text = text_of(pilot.app)
        assert "false-positive" in text
        assert "made here; a gate needs `ospo waive" in text
        await press(pilot, "w")
        assert messages(pilot.app)[-1] == "this finding is waived already"
        await press(pilot, "u")
        assert states(path) == ["open"] * 5
        assert messages(pilot.app)[-1] == "took back the waivers of 1 finding"
        await press(pilot, "u")
        assert messages(pilot.app)[-1].startswith("nothing was waived since the start")

    drive(path, test)
    (row,) = made(path)
    assert row.withdrawn
    assert row.waiver == Waiver(
        "denied-license",
        (("fingerprint", FINDINGS[0].fingerprint),),
        "false-positive",
        "agreed",
        APPROVER,
        "2027-02-24",
    )


def test_waives_what_is_marked_and_leaves_alone_what_is_not_open(path: Path) -> None:
    with closing(database.connect(path)) as connection:
        already = Waiver("denied-license", (), "temporary", "why", "who", "2027-01-01")
        waivers.waive(connection, FINDINGS[1].fingerprint, already, encode_time("2026-11-24T00:00:00Z"))

    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        await press(pilot, "space", "space", "space", "w")
        assert "3 marked findings" in text_of(pilot.app)
        await press(pilot, *TERMS)
        assert states(path) == ["waived", "waived", "waived", "open", "open"]
        shown = messages(pilot.app)
        assert shown[0].startswith("waived 2 findings")
        assert shown[1] == "left 1 finding alone: not open any more"
        assert screen.table.rows.marks == set()
        await press(pilot, "u")
        assert states(path) == ["open", "waived", "open", "open", "open"]

    drive(path, test)


def test_undo_takes_back_the_last_decision_and_leaves_older_waivers_of_the_finding(path: Path) -> None:
    old = Waiver("denied-license", (), "temporary", "why", "who", "2026-11-24")
    with closing(database.connect(path)) as connection:
        waivers.waive(connection, FINDINGS[0].fingerprint, old, encode_time("2026-11-24T00:00:00Z"))

    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        assert "WAIVER, expired" in text_of(pilot.app)
        await press(pilot, "w", *TERMS)
        assert "WAIVER, expired" not in text_of(pilot.app)
        await press(pilot, "j", "w", *TERMS)
        assert states(path)[:2] == ["waived", "waived"]
        await press(pilot, "u")
        assert states(path)[:2] == ["waived", "open"]
        await press(pilot, "u")
        assert states(path)[:2] == ["open", "open"]

    drive(path, test)
    rows = [(row.waiver.reason, row.waiver.expires, row.withdrawn) for row in made(path)]
    new = ("false-positive", "2027-02-24", True)
    assert rows == [("temporary", "2026-11-24", False), new, new]


def test_several_findings_are_waived_and_taken_back_together_or_not_at_all(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ospo.ui.source._WORKER_SECONDS", 0.05)

    def refuse(event: str) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(
                f"CREATE TRIGGER refuse BEFORE {event} ON waiver WHEN NEW.fingerprint = "
                f"'{FINDINGS[2].fingerprint}' BEGIN SELECT RAISE(ABORT, 'enough'); END"
            )

    def accept() -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("DROP TRIGGER refuse")

    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        refuse("INSERT")
        await press(pilot, "space", "space", "space", "w", *TERMS)
        assert messages(pilot.app)[-1].startswith("cannot write to the database: enough")
        assert states(path) == ["open"] * 5
        assert made(path) == ()
        accept()
        await press(pilot, "w", *TERMS)
        assert states(path) == ["waived"] * 3 + ["open"] * 2
        refuse("UPDATE")
        await press(pilot, "u")
        assert messages(pilot.app)[-1].startswith("cannot write to the database: enough")
        assert states(path) == ["waived"] * 3 + ["open"] * 2
        accept()
        await press(pilot, "u")
        assert messages(pilot.app)[-1] == "took back the waivers of 3 findings"
        assert states(path) == ["open"] * 5

    drive(path, test)


def test_many_findings_are_waived_at_once(tmp_path: Path) -> None:
    path = make(tmp_path / "ospo.db", many(450))

    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        await press(pilot, "v", "G", "v", "w", *TERMS)
        assert set(states(path)) == {"waived"}
        await press(pilot, "f")
        assert "f shows waived ones too" in text_of(pilot.app)
        await press(pilot, "f")
        assert len(screen.table.rows.ids) == 450

    drive(path, test)


def test_terms_that_make_no_sense_are_explained(path: Path) -> None:
    steps: tuple[tuple[tuple[str, ...], str, str], ...] = (
        (("tab", "enter"), "there is no reason yet", "reason"),
        (("enter", "enter", "enter"), "the justification is empty", "justification"),
        (("x", "tab", "ctrl+u", "enter"), "the approver is empty", "approver"),
        (("x", "tab", "ctrl+u", *"tomorrow", "enter"), "'tomorrow' is no day", "expires"),
        (("ctrl+u", *"2026-11-25", "enter"), "the waiver would have expired on 2026-11-25", "expires"),
    )

    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        await press(pilot, "w")
        for keys, message, focus in steps:
            await press(pilot, *keys)
            assert message in text_of(pilot.app)
            assert pilot.app.focused is not None and pilot.app.focused.id == focus

    drive(path, test)
    assert made(path) == ()


@pytest.mark.parametrize("opens", ["down", "up", "enter", "space"])
def test_the_list_of_reasons_begins_at_the_first_one(opens: str, path: Path) -> None:
    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        await press(pilot, "w", opens, "enter", *keys_of("because"), "enter")
        assert pilot.app.screen is screen

    drive(path, test)
    (row,) = made(path)
    assert (row.waiver.reason, row.waiver.justification) == ("accepted-risk", "because")


def test_a_list_of_reasons_that_the_mouse_opens_begins_at_the_first_one_and_has_no_blank_one(
    path: Path,
) -> None:
    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        await press(pilot, "w")
        await pilot.click("#reason")
        await press(pilot, "up", "down", "enter", *keys_of("because"), "enter")
        assert pilot.app.screen is screen

    drive(path, test)
    assert [row.waiver.reason for row in made(path)] == ["accepted-risk"]


def test_what_was_typed_stays_while_the_reason_is_missing(path: Path) -> None:
    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        await press(pilot, "w", "tab", *keys_of("because"))
        await press(pilot, "tab", "tab", "tab", *keys_of("OSPO-7"), "enter")
        assert type(pilot.app.screen).__name__ == "WaiveDialog"
        text = text_of(pilot.app)
        assert "there is no reason yet" in text and "because" in text and "OSPO-7" in text
        await press(pilot, "down", "escape", "enter", "down", "enter")
        assert "there is no reason yet" not in text_of(pilot.app)
        await press(pilot, *keys_of(" indeed"), "enter")
        assert pilot.app.screen is screen

    drive(path, test)
    (row,) = made(path)
    waiver = row.waiver
    assert (waiver.reason, waiver.justification, waiver.ticket) == (
        "false-positive",
        "because indeed",
        "OSPO-7",
    )


def test_a_waiver_of_the_last_days_of_the_calendar_ends_with_it(path: Path) -> None:
    end = encode_time("9999-12-01T00:00:00Z")
    app = app_of(path, lambda: end)

    async def run() -> None:
        async with app.run_test() as pilot:
            await settle(pilot)
            await press(pilot, "w", *TERMS)

    asyncio.run(run())
    assert [row.waiver.expires for row in made(path)] == ["9999-12-31"]


def test_nothing_is_waived_when_the_dialog_is_left(path: Path) -> None:
    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        await press(pilot, "w", "enter", "enter", *keys_of("because"), "escape")
        assert pilot.app.screen is screen
        await press(pilot, "w")
        await pilot.click("#cancel")
        await settle(pilot)
        assert pilot.app.screen is screen

    drive(path, test)
    assert made(path) == ()


def test_a_waived_finding_leaves_the_list_of_open_ones_and_the_cursor_stays(path: Path) -> None:
    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        await press(pilot, "f", "j", "w", *TERMS)
        assert len(screen.table.rows.ids) == 4
        row = screen.table.current_row
        assert row is not None and row.subject == FINDINGS[2].subject

    drive(path, test)


def test_says_why_it_could_not_be_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ospo.ui.source._WORKER_SECONDS", 0.05)

    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        await press(pilot, "w")
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await press(pilot, *TERMS)
            other.execute("ROLLBACK")
        assert messages(pilot.app)[-1].startswith("cannot write to the database: database is locked")
        assert states(path) == ["open"] * 5

    drive(path, test)
