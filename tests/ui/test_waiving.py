"""Waiving findings and taking it back, by keys."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from made_database import APPROVER, FINDINGS, drive, keys_of, make, many, messages, press, settle, text_of
from textual.pilot import Pilot

from ospo.model import Waiver
from ospo.store import database, waivers
from ospo.store.codec import encode_time
from ospo.store.finding_queries import local_waivers
from ospo.store.rows import WaiverRow
from ospo.ui.screens.findings import FindingsScreen

TERMS = ("enter", "down", "down", "enter", *"agreed", "enter")
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
        (("enter", "down", "enter", "enter"), "the justification is empty", "justification"),
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


def test_nothing_is_waived_when_the_dialog_is_left(path: Path) -> None:
    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        await press(pilot, "w", "enter", "down", "enter", *keys_of("because"), "escape")
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
