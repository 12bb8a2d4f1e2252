"""The one list of actions, and the page that shows it. OSPO_WRITE_EXPECTED=1 writes the table anew."""

import os
import re
from pathlib import Path

import pytest

from ospo.ui.actions import ACTIONS, Place, actions_of, bindings, key_table
from ospo.ui.app import OspoApp
from ospo.ui.screens.dialogs import TextDialog
from ospo.ui.screens.findings import FindingsScreen
from ospo.ui.screens.waive import WaiveDialog
from ospo.ui.widgets.reader import Reader
from ospo.ui.widgets.sql_table import SqlTable

PAGE = Path(__file__).parents[2] / "docs" / "tui.md"
_TABLE = re.compile(r"\| keys \| where .*?(?=\n\n)", re.DOTALL)
CLASSES: dict[Place, tuple[type, ...]] = {
    Place.APP: (OspoApp,),
    Place.TABLE: (SqlTable,),
    Place.DETAIL: (Reader,),
    Place.FINDINGS: (FindingsScreen,),
    Place.DIALOG: (TextDialog, WaiveDialog),
}


@pytest.mark.parametrize("place", Place)
def test_every_place_can_do_what_its_keys_say(place: Place) -> None:
    for action in actions_of(place):
        name = action.call.partition("(")[0]
        assert [one for one in CLASSES[place] if not hasattr(one, f"action_{name}")] == []


@pytest.mark.parametrize("place", Place)
def test_no_key_means_two_things_in_one_place(place: Place) -> None:
    keys = [key for action in actions_of(place) for key in action.keys]
    assert len(keys) == len(set(keys))


def test_ids_name_one_action_each_and_stand_at_its_binding() -> None:
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)
    assert {one.id for place in Place for one in bindings(place)} == {action.id for action in ACTIONS}


def test_labels_and_sentences_are_written_alike() -> None:
    assert all(action.label[0].isupper() and action.sentence.endswith(".") for action in ACTIONS)


def test_the_page_shows_every_key() -> None:
    text = PAGE.read_text("utf-8")
    table = key_table().rstrip("\n")
    if os.environ.get("OSPO_WRITE_EXPECTED"):
        PAGE.write_text(_TABLE.sub(lambda _: table, text), "utf-8")
    assert _TABLE.findall(PAGE.read_text("utf-8")) == [table]
