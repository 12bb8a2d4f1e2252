"""The health of the database file: how large it is, whether it is whole, and giving space back."""

import sqlite3
from dataclasses import dataclass

from ospo.store.database import schema_version, write_failure

_COUNTS = """
SELECT (SELECT count(*) FROM target), (SELECT count(*) FROM artifact), (SELECT count(*) FROM observation),
  (SELECT count(*) FROM component), (SELECT count(*) FROM component_detail),
  (SELECT coalesce(sum(component_count), 0) FROM artifact), (SELECT count(*) FROM finding),
  (SELECT count(*) FROM finding WHERE state = 'open')
"""

# What the writer promises, with a query for what breaks it.
_PROMISES = (
    (
        "the number of components is wrong for artifact",
        "SELECT digest FROM artifact WHERE component_count <>"
        " (SELECT count(*) FROM artifact_component WHERE artifact_id = artifact.id)",
    ),
    (
        "the current artifact is not the one of the latest observation for target",
        "SELECT target.name FROM (SELECT target_id, platform, max(observation.id) AS id FROM observation"
        " JOIN artifact ON artifact.id = artifact_id GROUP BY target_id, platform) AS latest"
        " JOIN target ON target.id = latest.target_id JOIN observation ON observation.id = latest.id"
        " LEFT JOIN current_artifact AS current"
        " ON current.target_id = latest.target_id AND current.platform = latest.platform"
        " WHERE current.artifact_id IS NOT observation.artifact_id",
    ),
    (
        "the state does not agree with the places for finding",
        "SELECT fingerprint FROM finding WHERE (state = 'fixed') = EXISTS"
        " (SELECT 1 FROM finding_occurrence WHERE finding_id = finding.id AND current)",
    ),
    (
        "waived without a waiver for each place, or not waived with one: finding",
        "SELECT fingerprint FROM finding WHERE state <> 'fixed' AND (state = 'waived') = EXISTS"
        " (SELECT 1 FROM finding_occurrence WHERE finding_id = finding.id AND current AND waiver_id IS NULL)",
    ),
)


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a database holds."""

    schema_version: int
    bytes: int
    """Of the file, once the write-ahead log is merged into it."""
    free_bytes: int
    """Of these, what `vacuum` would give back."""
    targets: int
    artifacts: int
    observations: int
    components: int
    details: int
    links: int
    """Components of all artifacts together."""
    findings: int
    open_findings: int


def statistics(connection: sqlite3.Connection) -> Statistics:
    """Count what the database holds."""
    page_size = _pragma(connection, "page_size")
    return Statistics(
        schema_version(connection),
        _pragma(connection, "page_count") * page_size,
        _pragma(connection, "freelist_count") * page_size,
        *connection.execute(_COUNTS).fetchone(),
    )


def integrity(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Return what is wrong with the file, one line each; nothing when it is whole. Reads all of it.

    Looks at the file's structure, at links whose other end is missing, and at what the writer promises.
    """
    try:
        lines = [row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
        for table, row_id, parent, _ in connection.execute("PRAGMA foreign_key_check"):
            lines.append(f"{table}: row {row_id} refers to a missing row of {parent}")
        for promise, query in _PROMISES:
            lines.extend(f"{promise}: {row[0]}" for row in connection.execute(query))
    except sqlite3.DatabaseError as error:
        lines = [str(error)]
    return tuple(lines)


def vacuum(connection: sqlite3.Connection) -> None:
    """Write the file anew without free space; needs as much space again while it runs.

    Raises:
        StoreError: another process uses the database, or the disk is full.
    """
    try:
        # In memory it would need the size of the database.
        connection.execute("PRAGMA temp_store = FILE")
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise write_failure(error) from error


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value
