"""How findings come and go: opened, seen, fixed, reopened."""

import sqlite3
from dataclasses import dataclass

from ospo.model import Finding

_STAGE = """
CREATE TEMP TABLE IF NOT EXISTS staged_finding (
  fingerprint TEXT PRIMARY KEY, rule TEXT, severity TEXT, target_identity TEXT, subject TEXT, message TEXT,
  fix TEXT
)
"""

_REOPEN = """
INSERT INTO finding_event (finding_id, at, event, detail)
SELECT finding.id, ?, 'reopened', staged.subject FROM temp.staged_finding AS staged
CROSS JOIN finding ON finding.fingerprint = staged.fingerprint WHERE finding.state = 'fixed'
"""

_UPDATE = """
UPDATE finding SET severity = staged.severity, subject = staged.subject, message = staged.message,
  fix = staged.fix, last_seen = max(last_seen, ?), state = CASE state WHEN 'fixed' THEN 'open' ELSE state END
FROM temp.staged_finding AS staged WHERE finding.fingerprint = staged.fingerprint
"""

_OPEN = """
INSERT INTO finding (fingerprint, rule, severity, target_identity, subject, message, fix, state, first_seen,
  last_seen)
SELECT fingerprint, rule, severity, target_identity, subject, message, fix, 'open', :at, :at
FROM temp.staged_finding WHERE true ON CONFLICT (fingerprint) DO NOTHING
"""

_OPENED = """
INSERT INTO finding_event (finding_id, at, event, detail)
SELECT id, ?, 'opened', subject FROM finding WHERE id > ? ORDER BY id
"""

_OCCUR = """
INSERT INTO finding_occurrence (finding_id, target_id, artifact_id, first_seen, last_seen, current)
SELECT finding.id, :target, :artifact, :at, :at, 1 FROM temp.staged_finding AS staged
CROSS JOIN finding ON finding.fingerprint = staged.fingerprint WHERE true
ON CONFLICT (finding_id, target_id, artifact_id) DO UPDATE SET
  last_seen = max(last_seen, excluded.last_seen), current = 1
"""

# What the target showed on the same platform and this scan does not.
_GONE = """
SELECT occurrence.finding_id, occurrence.target_id, occurrence.artifact_id
FROM finding_occurrence AS occurrence
JOIN artifact ON artifact.id = occurrence.artifact_id
JOIN artifact AS scanned ON scanned.id = :artifact AND scanned.platform = artifact.platform
JOIN finding ON finding.id = occurrence.finding_id
WHERE occurrence.target_id = :target AND occurrence.current AND NOT (
  occurrence.artifact_id = :artifact
  AND finding.fingerprint IN (SELECT fingerprint FROM temp.staged_finding))
ORDER BY occurrence.finding_id
"""

_FIX = """
UPDATE finding SET state = 'fixed' WHERE id = :id AND state <> 'fixed'
AND NOT EXISTS (SELECT 1 FROM finding_occurrence WHERE finding_id = :id AND current)
"""


@dataclass(frozen=True, slots=True)
class Sighting:
    """Which evaluation the findings come from."""

    target_id: int
    artifact_id: int
    at: int
    """Seconds since 1970."""
    complete: bool
    """False when a part was not checked: what such a scan does not show may still be there."""


def record(connection: sqlite3.Connection, sighting: Sighting, findings: tuple[Finding, ...]) -> None:
    """Store what an evaluation of one target's artifact shows; the caller holds the transaction.

    Of several findings with one fingerprint the first counts. A finding is fixed when no current artifact of
    any target shows it; an incomplete scan fixes nothing.
    """
    _stage(connection, findings)
    highest = connection.execute("SELECT coalesce(max(id), 0) FROM finding").fetchone()[0]
    connection.execute(_REOPEN, (sighting.at,))
    connection.execute(_UPDATE, (sighting.at,))
    connection.execute(_OPEN, {"at": sighting.at})
    connection.execute(_OPENED, (sighting.at, highest))
    place = {"target": sighting.target_id, "artifact": sighting.artifact_id}
    connection.execute(_OCCUR, place | {"at": sighting.at})
    if sighting.complete:
        _fix(connection, connection.execute(_GONE, place).fetchall(), sighting.at)


def _stage(connection: sqlite3.Connection, findings: tuple[Finding, ...]) -> None:
    connection.execute(_STAGE)
    connection.execute("DELETE FROM temp.staged_finding")
    connection.executemany(
        "INSERT INTO temp.staged_finding VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [
            (one.fingerprint, one.rule, one.severity, one.target, one.subject, one.message, one.fix)
            for one in findings
        ],
    )


def _fix(connection: sqlite3.Connection, gone: list[tuple[int, int, int]], at: int) -> None:
    connection.executemany(
        "UPDATE finding_occurrence SET current = 0"
        " WHERE finding_id = ? AND target_id = ? AND artifact_id = ?",
        gone,
    )
    for finding_id in dict.fromkeys(row[0] for row in gone):
        if connection.execute(_FIX, {"id": finding_id}).rowcount:
            connection.execute(
                "INSERT INTO finding_event (finding_id, at, event, detail) VALUES (?, ?, 'fixed', '')",
                (finding_id, at),
            )
