"""The keys of Findings, each on what it changes."""

from pathlib import Path

import pytest
from made_database import (
    FINDINGS,
    NARROW,
    compare,
    drive,
    keys_of,
    lines,
    make,
    many,
    messages,
    press,
    settle,
    shown,
    text_of,
)
from textual.pilot import Pilot

from ospo.ui.actions import ACTIONS
from ospo.ui.screens.findings import FindingsScreen
from ospo.ui.widgets.filter_bar import FilterBar

SUBJECTS = [finding.subject for finding in FINDINGS]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make(tmp_path / "ospo.db")


def test_lists_the_worst_first_with_its_details(path: Path) -> None:
    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        assert shown(screen) == SUBJECTS
        text = text_of(pilot.app)
        assert "5 findings" in text
        assert "◆ CRIT  denied-license" in text
        for known in (
            "AGPL-3.0-only (license)",
            "/app/node_modules/mongo/package.json",
            "layer 1: RUN npm ci",
        ):
            assert known in text
        assert "replace it, or waive it" in text

    drive(path, test)


MOVES = {
    "j": 1,
    "down": 1,
    "j j k": 1,
    "j up": 0,
    "k": 0,
    "G": 299,
    "end": 299,
    "G j": 299,
    "G home": 0,
    "pagedown": 26,
    "pagedown pageup": 0,
    "ctrl+d": 13,
    "ctrl+d ctrl+u": 0,
}
"""Keys, pressed at the first of 300 rows, to the row they lead to."""


def test_keys_move_the_cursor(tmp_path: Path) -> None:
    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        for keys, row in MOVES.items():
            await pilot.press("g", *keys.split())
            await pilot.pause()
            assert (keys, screen.table.cursor) == (keys, row)
            (current,) = (line for line in lines(pilot.app) if line.startswith("▌"))
            assert f"npm/p{row:06}@1" in current

    drive(make(tmp_path / "ospo.db", many(300)), test)


def test_a_filter_applies_while_it_is_typed_and_is_cleared(path: Path) -> None:
    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        await press(pilot, "slash", *keys_of("pypi"))
        assert shown(screen) == SUBJECTS[1:3]
        assert "2 of 5" in text_of(pilot.app)
        await press(pilot, "enter")
        assert screen.table.has_focus
        await press(pilot, "slash", *keys_of(" sev:high"))
        assert shown(screen) == SUBJECTS[1:2]
        await press(pilot, "escape")
        assert screen.table.has_focus
        assert shown(screen) == SUBJECTS[1:3]
        await press(pilot, "n")
        assert shown(screen) == SUBJECTS

    drive(path, test)


def test_a_wrong_filter_is_explained_and_the_rows_stay(path: Path) -> None:
    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        await press(pilot, "slash", *keys_of("pypi !sevrity:x"))
        assert "a filter has no key 'sevrity'" in text_of(pilot.app)
        assert "did you mean severity?" in text_of(pilot.app)
        assert shown(screen) == SUBJECTS[1:3]
        await press(pilot, "enter")
        assert screen.query_one(FilterBar).typing
        await press(pilot, "escape", "n")
        assert "a filter has no key" not in text_of(pilot.app)

    drive(path, test)


def test_no_match_says_how_to_go_on(path: Path) -> None:
    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        await press(pilot, "slash", *keys_of("nowhere"), "enter")
        assert "no findings match\n" in "\n".join(map(str.strip, lines(pilot.app)))
        assert "n clears the filter" in text_of(pilot.app)
        await press(pilot, "w", "y", "o", "space", "v", "enter")  # nothing to do it with
        await press(pilot, "n")
        assert shown(screen) == SUBJECTS

    drive(path, test)


def test_sorts_by_each_column_and_backwards_with_the_cursor_on_its_finding(path: Path) -> None:
    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        await press(pilot, "j")
        orders = []
        for _ in range(5):
            await press(pilot, "s")
            row = screen.table.current_row
            assert row is not None and row.subject == SUBJECTS[1]
            orders.append(next(line.split("by ")[1] for line in lines(pilot.app) if "by " in line))
        assert orders == ["rule", "target", "component", "age", "severity"]
        await press(pilot, "S")
        assert shown(screen) == SUBJECTS[::-1]
        assert "by severity reversed" in text_of(pilot.app)

    drive(path, test)


def test_marks_single_rows_and_ranges(path: Path) -> None:
    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        ids = list(screen.table.rows.ids)
        await press(pilot, "space")
        assert screen.table.rows.marks == {ids[0]}
        assert screen.table.cursor == 1
        await press(pilot, "j", "v")
        assert "v ends the range" in text_of(pilot.app)
        await press(pilot, "j", "j", "v")
        assert screen.table.rows.marks == {ids[0], *ids[2:]}
        assert "4 marked · 5 findings" in text_of(pilot.app)
        await press(pilot, "space")
        assert screen.table.rows.marks == {ids[0], *ids[2:4]}
        await press(pilot, "escape")
        assert screen.table.rows.marks == set()

    drive(path, test)


def test_marks_stay_on_their_findings_when_the_order_changes(path: Path) -> None:
    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        ids = list(screen.table.rows.ids)
        await press(pilot, "space", "S")
        assert screen.table.rows.marks == {ids[0]}
        await press(pilot, "slash", *keys_of("sev:high"), "enter")
        assert screen.table.rows.marks == set()

    drive(path, test)


def test_details_are_beside_the_table_where_there_is_room(path: Path) -> None:
    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        assert screen.table.region.width > 0 < screen.detail.region.width
        await press(pilot, "enter")
        assert screen.detail.has_focus
        await press(pilot, "G", "ctrl+u", "k", "pageup", "g")
        assert screen.detail.scroll_offset.y == 0
        await press(pilot, "h")
        assert screen.table.has_focus

    drive(path, test)


def test_details_take_the_place_of_the_table_on_a_narrow_terminal(path: Path) -> None:
    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        assert not screen.detail.region
        await press(pilot, "l")
        assert not screen.table.region
        assert "RUN npm ci" in text_of(pilot.app)
        assert "esc Back" in text_of(pilot.app)
        await press(pilot, "j", "G")
        assert screen.detail.scroll_offset.y > 0
        await press(pilot, "escape")
        assert not screen.detail.region

    drive(path, test, NARROW)


def test_a_double_click_opens_a_finding(path: Path) -> None:
    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        await pilot.click("#rows", offset=(10, 3))
        await settle(pilot)
        assert screen.table.cursor == 2
        await pilot.click("#rows", offset=(10, 9))  # below the last one
        await pilot.click("#rows", offset=(10, 0))  # the titles
        assert screen.table.cursor == 2
        await pilot.click("#rows", offset=(10, 2), times=2)
        await settle(pilot)
        assert screen.detail.has_focus

    drive(path, test)


def test_copies_what_a_finding_is_about(path: Path) -> None:
    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        await press(pilot, "y")
        assert pilot.app.clipboard == "pkg:npm/mongo@4.2.0"
        await press(pilot, "Y")
        assert pilot.app.clipboard == "0000000000000001"
        await press(pilot, "G", "y")
        assert pilot.app.clipboard == "0000000000000005"
        assert messages(pilot.app)[-1] == "copied 0000000000000005"

    drive(path, test)


def test_shows_the_text_of_the_rule(path: Path) -> None:
    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        await press(pilot, "o")
        assert type(pilot.app.screen).__name__ == "TextDialog"
        assert "apiVersion: ospo.dev/v1" in text_of(pilot.app)
        await press(pilot, "escape")
        assert pilot.app.screen is screen

    drive(path, test)


def test_help_names_every_key(path: Path) -> None:
    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        await press(pilot, "question_mark")
        text = text_of(pilot.app)
        assert [action.id for action in ACTIONS if action.sentence not in text] == []
        assert "fingerprint:" in text
        assert "ospo findings --filter" in text

    drive(path, test, (120, 90))


def test_the_palette_finds_what_keys_do(path: Path) -> None:
    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        await press(pilot, "ctrl+p", *keys_of("reverse"))
        await pilot.pause(0.3)
        await press(pilot, "enter")
        assert shown(screen) == SUBJECTS[::-1]

    drive(path, test)


def test_q_ends_it(path: Path) -> None:
    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        await pilot.press("q")

    assert drive(path, test).return_code == 0


def test_picture_of_the_list(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    monkeypatch.delenv("NO_COLOR", raising=False)

    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        await press(pilot, "space")
        compare("findings.svg", pilot.app.export_screenshot())

    drive(Path("ospo.db"), test, (130, 30))


def test_picture_of_an_empty_list(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    monkeypatch.delenv("NO_COLOR", raising=False)

    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        await press(pilot, "slash", *keys_of("nowhere"), "enter")
        compare("findings-empty.svg", pilot.app.export_screenshot())

    drive(Path("ospo.db"), test, NARROW)


def test_a_click_on_a_key_presses_it(path: Path) -> None:
    async def test(screen: FindingsScreen, pilot: Pilot[None]) -> None:
        column = lines(pilot.app)[-1].index("Open only")
        await pilot.click("#keys", offset=(column + 2, 0))
        await settle(pilot)
        assert screen.view.open_only

    drive(path, test)
