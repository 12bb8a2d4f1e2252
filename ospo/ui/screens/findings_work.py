"""What the Findings screen asks the database, each on a thread of its own, and the messages it gets."""

import sqlite3
from array import array
from collections.abc import Callable, Sequence

from textual.message import Message

from ospo.errors import OspoError
from ospo.store.database import snapshot
from ospo.store.finding_queries import build_steps, count_findings, finding_detail, finding_ids
from ospo.store.rows import FindingFilter, PlaceRow
from ospo.ui import triage
from ospo.ui.detail_text import MAX_PLACES, Known
from ospo.ui.screens.findings_view import (
    Detailed,
    Listed,
    Loaded,
    Undecided,
    Unreadable,
    View,
    Waived,
    Withdrawn,
)
from ospo.ui.source import Source

_EVERYTHING = FindingFilter(states=())


def listing(source: Source, view: View, unwanted: Callable[[], bool]) -> Message:
    """Find the findings of a view; give up when nobody wants them any more."""
    try:
        with source.reading(unwanted) as connection, snapshot(connection):
            return Loaded(_listed(connection, view, source.clock()))
    except OspoError as error:
        return Unreadable(error)


def _listed(connection: sqlite3.Connection, view: View, now: int) -> Listed:
    wanted = view.wanted(now)
    ids: array[int] = finding_ids(connection, wanted, sort=view.sort, descending=view.descending)
    return Listed(view, ids, count_findings(connection, _EVERYTHING))


def details(source: Source, row_id: int, unwanted: Callable[[], bool]) -> Message:
    """Find all that is known of one finding."""
    try:
        with source.reading(unwanted) as connection:
            detail = finding_detail(connection, row_id, now=source.clock())
            steps = _steps(connection, detail.places) if detail else {}
    except OspoError as error:
        return Unreadable(error)
    return Detailed(row_id, Known(detail, steps) if detail else None)


def _steps(
    connection: sqlite3.Connection, places: Sequence[PlaceRow]
) -> dict[tuple[str, str], dict[int, str]]:
    images = {(place.digest, place.platform) for place in places[:MAX_PLACES] if place.component}
    return {image: build_steps(connection, *image) for image in images}


def waiving(source: Source, ids: Sequence[int], terms: triage.Terms) -> Message:
    """Waive findings."""
    try:
        return Waived(triage.waive(source, ids, terms))
    except OspoError as error:
        return Undecided(error)


def undoing(source: Source, decided: triage.Decided) -> Message:
    """Take a decision back."""
    try:
        return Withdrawn(triage.undo(source, decided))
    except OspoError as error:
        return Undecided(error, standing=decided)
