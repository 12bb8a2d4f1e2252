"""Waivers in the database: those of files as a record, those made here as decisions."""

import hashlib
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
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


def waive(connection: sqlite3.Connection, fingerprint: str, waiver: Waiver, at: int) -> int:
    """Waive one finding; return the id of the waiver. `waive_all` says the rest."""
    return waive_all(connection, {fingerprint: waiver}, at)[0]


def waive_all(connection: sqlite3.Connection, waivers: Mapping[str, Waiver], at: int) -> tuple[int, ...]:
    """Waive findings, by their fingerprints, at all places where no waiver holds already: all or none.

    Each waiver names the rule of its finding and nothing but its fingerprint. The gate of a scan does not
    count it until it is exported into the waiver file: `ospo waive export`.

    Returns the ids of the waivers, in their order.

    Raises:
        UsageError: there is no such finding, or a waiver has expired already.
        StoreError: the database cannot be written.
    """
    for waiver in waivers.values():
        if until(waiver) <= at:
            raise UsageError(f"the waiver would have expired on {waiver.expires}", hint="choose a later day")
    with transaction(connection):
        findings = [_finding(connection, fingerprint) for fingerprint in waivers]
        ids = [keep(connection, waiver, at, fingerprint=mark) for mark, waiver in waivers.items()]
        _change(connection, _COVER, findings, ids, at)
    return tuple(ids)


_COVER = """
UPDATE finding_occurrence SET waiver_id = :waiver
WHERE finding_id = :finding AND current AND (waiver_id IS NULL
  OR waiver_id IN (SELECT id FROM waiver WHERE until <= :at))
"""


def withdraw(connection: sqlite3.Connection, fingerprint: str, at: int) -> int:
    """Take back all waivers of a finding that were made here; return how many.

    Raises:
        UsageError: there is no such finding.
        StoreError: the database cannot be written.
    """
    with transaction(connection):
        _finding(connection, fingerprint)
        mine = "SELECT id FROM waiver WHERE fingerprint = ? AND withdrawn_at IS NULL"
        return _withdraw(connection, [row[0] for row in connection.execute(mine, (fingerprint,))], at)


def undo(connection: sqlite3.Connection, waiver_ids: Iterable[int], at: int) -> int:
    """Take back just these waivers, which were made here; return how many had not been before.

    All of them or none. Other waivers of the same findings stay.

    Raises:
        StoreError: the database cannot be written.
    """
    with transaction(connection):
        return _withdraw(connection, waiver_ids, at)


_STANDING = """
SELECT finding.id, waiver.id FROM waiver JOIN finding ON finding.fingerprint = waiver.fingerprint
WHERE waiver.id = ? AND waiver.withdrawn_at IS NULL
"""

_UNCOVER = """
UPDATE finding_occurrence SET waiver_id = (
  SELECT other.id FROM waiver JOIN waiver AS other ON other.fingerprint = waiver.fingerprint
  WHERE waiver.id = :waiver AND other.withdrawn_at IS NULL AND other.until > :at
  ORDER BY other.until DESC, other.id DESC LIMIT 1)
WHERE finding_id = :finding AND waiver_id = :waiver
"""
"""Leaves places to another waiver that was made here and holds, where there is one."""


def _withdraw(connection: sqlite3.Connection, waiver_ids: Iterable[int], at: int) -> int:
    rows = [row for id_ in waiver_ids for row in connection.execute(_STANDING, (id_,))]
    ids = [row[1] for row in rows]
    connection.executemany("UPDATE waiver SET withdrawn_at = ? WHERE id = ?", [(at, id_) for id_ in ids])
    _change(connection, _UNCOVER, [row[0] for row in rows], ids, at)
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
    connection: sqlite3.Connection, statement: str, findings: Sequence[int], waivers: Sequence[int], at: int
) -> None:
    """Change the places of findings, each for the waiver beside it, and settle what follows from it."""
    states.prepare(connection)
    states.touch(connection, findings)
    pairs = zip(findings, waivers, strict=True)
    connection.executemany(
        statement, [{"finding": finding, "waiver": waiver, "at": at} for finding, waiver in pairs]
    )
    states.settle(connection, at)
