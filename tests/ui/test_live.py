"""What others write while the screen is open, and a database that cannot be read."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from made_database import FINDINGS, drive, lines, make, press, scan, settle, shown, text_of
from textual.pilot import Pilot

from ospo.store import database
from ospo.ui.screens.findings import FindingsScreen


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ospo.ui.screens.findings_list._POLL_SECONDS", 0.2)


async def until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    """Wait, some seconds at most, until something is so."""
    for _ in range(200):
        await settle(pilot)
        if holds():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(text_of(pilot.app))


def test_another_scan_shows_up_and_the_cursor_stays_on_its_finding(tmp_path: Path) -> None:
    path = make(tmp_path / "ospo.db", FINDINGS[1:])

    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        await press(pilot, "j", "space")
        make(path, FINDINGS, scan("2026-11-24T09:00:00Z"))
        await until(pilot, lambda: len(screen.table.rows.ids) == 5)
        assert screen.table.cursor == 3
        assert shown(screen)[3] == FINDINGS[3].subject
        assert len(screen.table.rows.marks) == 1

    drive(path, test)


def test_a_fixed_finding_leaves_and_the_cursor_stays_in_its_place(tmp_path: Path) -> None:
    path = make(tmp_path / "ospo.db")

    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        await press(pilot, "j")
        make(path, (FINDINGS[0], *FINDINGS[2:]), scan("2026-11-24T09:00:00Z", "2"))
        await until(pilot, lambda: len(screen.table.rows.ids) == 4)
        assert screen.table.cursor == 1
        make(path, (), scan("2026-11-25T09:00:00Z", "3"))
        await until(pilot, lambda: "no findings match" in text_of(pilot.app))
        assert "the filter `fixed` shows them" in text_of(pilot.app)

    drive(path, test)


def test_rows_that_were_deleted_are_shown_as_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ospo.ui.screens.findings_list._POLL_SECONDS", 1000)
    path = make(tmp_path / "ospo.db")

    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        with closing(sqlite3.connect(path)) as other, other:
            other.execute("DELETE FROM finding WHERE severity = 'critical'")
        screen.table.rows.forget()
        await press(pilot, "j", "k", "y", "o", "w", "enter")
        assert lines(pilot.app)[3].startswith("▌ no longer there")

    drive(path, test)


def unfit(path: Path, statement: str) -> None:
    make(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)


def damaged(path: Path) -> None:
    make(path)
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)


def garbled(path: Path) -> None:
    path.write_text("x" * 5000)


UNUSABLE: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "missing": (lambda path: None, "there is no database at", "scan something first"),
    "newer": (lambda path: unfit(path, "PRAGMA user_version = 99"), "newer ospo", "update ospo"),
    "older": (lambda path: unfit(path, "PRAGMA user_version = 1"), "older schema", "brings it up to date"),
    "foreign": (lambda path: unfit(path, "PRAGMA application_id = 1"), "another program", "OSPO_DB"),
    "no database": (garbled, "not a database", "OSPO_DB"),
    "damaged": (damaged, "malformed", ""),
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_an_unusable_database_is_explained_and_read_once_it_can_be(tmp_path: Path, kind: str) -> None:
    make_unusable, message, hint = UNUSABLE[kind]
    path = tmp_path / "ospo.db"
    make_unusable(path)

    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        words = " ".join(" ".join(lines(pilot.app)).split())
        assert message in words
        assert hint in words
        await press(pilot, "w", "s", "f", "j", "space", "enter", "y", "o", "u")
        for name in ("", "-wal", "-shm"):
            path.with_name(path.name + name).unlink(missing_ok=True)
        make(path)
        await until(pilot, lambda: len(screen.table.rows.ids) == 5)
        assert message not in text_of(pilot.app)

    drive(path, test)


def test_rows_stay_while_the_database_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make(tmp_path / "ospo.db")

    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        path.rename(tmp_path / "away")
        await press(pilot, "s")
        await until(pilot, lambda: "there is no database at" in text_of(pilot.app))
        assert len(screen.table.rows.ids) == 5
        (tmp_path / "away").rename(path)
        await until(pilot, lambda: "there is no database at" not in text_of(pilot.app))

    drive(path, test)


def test_an_empty_database_says_what_to_do(tmp_path: Path) -> None:
    database.connect(tmp_path / "ospo.db").close()

    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        assert "nothing has been found yet" in text_of(pilot.app)
        assert "`ospo scan REFERENCE`" in text_of(pilot.app)

    drive(tmp_path / "ospo.db", test)
