"""The state of findings: it follows from their places, and each change of it is an event.

A finding is fixed when it has no current place, waived when each of these has a waiver, else open.
"""

import sqlite3
from collections.abc import Iterable

_TOUCHED_TABLE = """
CREATE TEMP TABLE IF NOT EXISTS touched_finding (id INTEGER PRIMARY KEY, before TEXT, waiver_id INTEGER)
"""

_TOUCH_ONE = """
INSERT INTO temp.touched_finding (id, before, waiver_id)
SELECT id, state, waiver_id FROM finding WHERE id = ? ON CONFLICT (id) DO NOTHING
"""

_CURRENT = """
FROM finding_occurrence AS occurrence WHERE occurrence.finding_id = finding.id AND occurrence.current
"""

_SETTLE = (
    f"""
UPDATE finding SET state = CASE
  WHEN NOT EXISTS (SELECT 1 {_CURRENT}) THEN 'fixed'
  WHEN EXISTS (SELECT 1 {_CURRENT} AND occurrence.waiver_id IS NULL) THEN 'open'
  ELSE 'waived' END
WHERE id IN (SELECT id FROM temp.touched_finding)
""",  # noqa: S608 - fixed words
    f"""
UPDATE finding SET waiver_id = CASE state WHEN 'waived' THEN (
  SELECT waiver.id FROM waiver WHERE waiver.id IN (SELECT occurrence.waiver_id {_CURRENT})
  ORDER BY waiver.until, waiver.id LIMIT 1) END
WHERE id IN (SELECT id FROM temp.touched_finding)
""",  # noqa: S608 - fixed words
    """
UPDATE finding SET waived_until = (SELECT until FROM waiver WHERE waiver.id = finding.waiver_id)
WHERE id IN (SELECT id FROM temp.touched_finding)
""",
)

_TOUCHED = "FROM temp.touched_finding AS touched CROSS JOIN finding ON finding.id = touched.id"
_WAIVED = "waiver.reason || ', approved by ' || waiver.approver || ', until ' || waiver.expires"

_EVENTS = (
    ("opened", "finding.subject", f"{_TOUCHED} WHERE touched.before IS NULL"),
    ("fixed", "''", f"{_TOUCHED} WHERE touched.before <> 'fixed' AND finding.state = 'fixed'"),
    (
        "reopened",
        "finding.subject",
        f"{_TOUCHED} WHERE touched.before = 'fixed' AND finding.state <> 'fixed'",
    ),
    (
        "waived",
        _WAIVED,
        f"{_TOUCHED} JOIN waiver ON waiver.id = finding.waiver_id"
        " WHERE finding.waiver_id IS NOT touched.waiver_id",
    ),
    (
        "unwaived",
        "CASE WHEN waiver.until <= :at THEN 'the waiver expired: ' WHEN waiver.withdrawn_at IS NOT NULL"
        f" THEN 'the waiver was taken back: ' ELSE 'not every place is waived any more: ' END || {_WAIVED}",
        f"{_TOUCHED} JOIN waiver ON waiver.id = touched.waiver_id WHERE finding.state = 'open'",
    ),
)
"""Event, its detail, and the findings that have it, in the order in which they happen."""


def prepare(connection: sqlite3.Connection) -> None:
    """Make room for the findings that a transaction touches."""
    connection.execute(_TOUCHED_TABLE)
    connection.execute("DELETE FROM temp.touched_finding")


def touch(connection: sqlite3.Connection, finding_ids: Iterable[int]) -> None:
    """Note the state that findings have before their places change."""
    connection.executemany(_TOUCH_ONE, [(id_,) for id_ in finding_ids])


def settle(connection: sqlite3.Connection, at: int) -> None:
    """Give touched findings the state that follows from their places, and write what happened to them."""
    for statement in _SETTLE:
        connection.execute(statement)
    for event, detail, source in _EVENTS:
        connection.execute(
            "INSERT INTO finding_event (finding_id, at, event, detail)"
            f" SELECT finding.id, :at, '{event}', {detail} {source} ORDER BY finding.id",
            {"at": at},
        )
