"""Whatever stands in the database, the terminal shows it and obeys none of it."""

import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from made_database import FINDINGS, NARROW, WIDE, drive, make, messages, press, scan, text_of
from textual.pilot import Pilot

from ospo.model import Component, Location, RawLicense
from ospo.ui.screens.findings import FindingsScreen

NASTY = "[red]x[/red][@click=app.quit]q[/] \x1b[31m\x1b]52;c;aGk=\x07\x9b2J\u202eabc\r\n\tz\x00"
"""Rich and Textual markup, ANSI colours, a write to the clipboard, C1, a change of direction, new lines."""
_OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    nasty = Component(
        type="npm",
        name="nasty",
        version="1",
        licenses=(RawLicense(NASTY, NASTY),),
        found_by="node-modules",
        locations=(Location(NASTY, 1),),
        owned_by=NASTY,
    )
    finding = replace(FINDINGS[0], subject=nasty.key, rule=NASTY, target=NASTY, message=NASTY, fix=NASTY)
    path = make(
        tmp_path / "ospo.db",
        (finding, replace(FINDINGS[1], message=NASTY)),
        scan("2026-11-23T09:00:00Z", "1", nasty),
    )
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE rule_version SET title = ?, why = ?, path = ?, text = ?", (NASTY,) * 4)
        connection.execute("UPDATE rule_version SET refs = json_array(?)", (NASTY,))
        connection.execute("UPDATE build_step SET command = command || ?", (NASTY,))
        connection.execute("UPDATE finding_event SET event = ?", (NASTY,))
        connection.execute("UPDATE target SET name = ?", (NASTY,))
    return path


@pytest.mark.parametrize("size", [WIDE, NARROW, (140, 90)])
def test_nothing_is_obeyed(path: Path, size: tuple[int, int]) -> None:
    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        for keys in (("enter",), ("h", "w"), ("escape", "y"), ("j", "o"), ("escape", "ctrl+p")):
            await press(pilot, *keys)
            text = text_of(pilot.app)
            assert _OBEYED.findall(text) == []
            assert "[red]x[/red]" in text or keys[-1] not in ("enter", "w", "o")
            assert "\x1b" not in pilot.app.export_screenshot()
        assert not any(map(_OBEYED.findall, messages(pilot.app)))

    drive(path, test, size)


def test_a_database_may_have_any_name(tmp_path: Path) -> None:
    path = tmp_path / "[red]\x1b[31m.db"

    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        assert _OBEYED.findall(text_of(pilot.app)) == []
        assert "[red]\\x1b[31m.db" in text_of(pilot.app)

    drive(path, test)
    make(path)
    drive(path, test)
