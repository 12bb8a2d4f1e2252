"""Waivers in the database: those of files as a record, those made here as decisions."""

import hashlib
import sqlite3
from datetime import UTC, date, datetime

from ospo.errors import UsageError
from ospo.model import Waiver
from ospo.store import codec, states
from ospo.store.database import transaction

APPLY_LOCAL = """
UPDATE temp.staged_finding SET waiver_id = (
  SELECT waiver.id FROM waiver
  WHERE waiver.fingerprint = staged_finding.fingerprint AND waiver.withdrawn_at IS NULL AND waiver.until > :at
  ORDER BY waiver.until DESC, waiver.id DESC LIMIT 1)
WHERE waiver_id IS NULL
"""
"""Gives staged findings, of which a file waives none, the waivers that were made here."""

_KEEP = """
INSERT INTO waiver (hash, rule, selector, reason, justification, approver, ticket, expires, source, until,
  fingerprint, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (hash) DO UPDATE SET withdrawn_at = NULL, source = excluded.source
"""


_DAY = 24 * 60 * 60


def keep(connection: sqlite3.Connection, waiver: Waiver, at: int, *, fingerprint: str | None = None) -> int:
    """Store a waiver if it is not there yet; return its id. The caller holds the transaction."""
    values = (
        waiver.rule,
        codec.encode_pairs(waiver.selector),
        waiver.reason,
        waiver.justification,
        waiver.approver,
        waiver.ticket,
        waiver.expires,
    )
    # Without file and line: a waiver that moves within its file stays the same.
    digest = hashlib.sha256(codec.encode_list((*values, fingerprint or "")).encode()).digest()
    connection.execute(_KEEP, (digest, *values, waiver.source, until(waiver), fingerprint, at))
    id_: int = connection.execute("SELECT id FROM waiver WHERE hash = ?", (digest,)).fetchone()[0]
    return id_


def until(waiver: Waiver) -> int:
    """Return the first second, since 1970, in which a waiver no longer holds: its last day ends in UTC."""
    day = date.fromisoformat(waiver.expires)
    # Added to the number: the last day of the year 9999 has no next one.
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) + _DAY


def waive(connection: sqlite3.Connection, fingerprint: str, waiver: Waiver, at: int) -> None:
    """Waive one finding, at all places where no waiver holds already.

    `waiver` names its rule and nothing but its fingerprint. The gate of a scan does not count it until it is
    exported into the waiver file: `ospo waive export`.

    Raises:
        UsageError: there is no such finding, or the waiver has expired already.
        StoreError: the database cannot be written.
    """
    if until(waiver) <= at:
        raise UsageError(f"the waiver would have expired on {waiver.expires}", hint="choose a later day")
    with transaction(connection):
        finding_id = _finding(connection, fingerprint)
        _change(
            connection,
            finding_id,
            at,
            "UPDATE finding_occurrence SET waiver_id = :waiver"
            " WHERE finding_id = :finding AND current AND (waiver_id IS NULL"
            " OR waiver_id IN (SELECT id FROM waiver WHERE until <= :at))",
            {
                "waiver": keep(connection, waiver, at, fingerprint=fingerprint),
                "finding": finding_id,
                "at": at,
            },
        )


def withdraw(connection: sqlite3.Connection, fingerprint: str, at: int) -> int:
    """Take back the waivers of a finding that were made here; return how many.

    Raises:
        UsageError: there is no such finding.
        StoreError: the database cannot be written.
    """
    with transaction(connection):
        finding_id = _finding(connection, fingerprint)
        mine = "SELECT id FROM waiver WHERE fingerprint = ? AND withdrawn_at IS NULL"
        ids = [row[0] for row in connection.execute(mine, (fingerprint,))]
        connection.executemany("UPDATE waiver SET withdrawn_at = ? WHERE id = ?", [(at, id_) for id_ in ids])
        for id_ in ids:
            _change(
                connection,
                finding_id,
                at,
                "UPDATE finding_occurrence SET waiver_id = NULL"
                " WHERE finding_id = :finding AND waiver_id = :waiver",
                {"waiver": id_, "finding": finding_id},
            )
    return len(ids)


def _finding(connection: sqlite3.Connection, fingerprint: str) -> int:
    row = connection.execute("SELECT id FROM finding WHERE fingerprint = ?", (fingerprint,)).fetchone()
    if row is None:
        raise UsageError(
            f"there is no finding {fingerprint[:40]!r}", hint="`ospo findings -o json` shows fingerprints"
        )
    id_: int = row[0]
    return id_


def _change(
    connection: sqlite3.Connection, finding_id: int, at: int, statement: str, parameters: dict[str, int]
) -> None:
    """Change the places of one finding, and settle what follows from it."""
    states.prepare(connection)
    states.touch(connection, [finding_id])
    connection.execute(statement, parameters)
    states.settle(connection, at)
