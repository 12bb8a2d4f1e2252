"""How findings come and go with evaluations: opened, seen again, fixed, reopened."""

import hashlib
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ospo.model import Finding
from ospo.store import codec, states, waivers

if TYPE_CHECKING:
    from ospo.policy.rule import Rule  # needs CEL, which a reader of findings does not

_STAGE = """
CREATE TEMP TABLE IF NOT EXISTS staged_finding (
  fingerprint TEXT PRIMARY KEY, rule TEXT, severity TEXT, outcome TEXT, enforcement TEXT,
  target_identity TEXT, subject TEXT, message TEXT, fix TEXT, rule_version_id INTEGER, waiver_id INTEGER
)
"""

_OPEN = """
INSERT INTO finding (fingerprint, rule, severity, target_identity, subject, message, fix, state, first_seen,
  last_seen)
SELECT fingerprint, rule, severity, target_identity, subject, message, fix, 'open', :at, :at
FROM temp.staged_finding WHERE true ON CONFLICT (fingerprint) DO NOTHING
"""

_TOUCH = """
INSERT INTO temp.touched_finding (id, before, waiver_id)
SELECT finding.id, CASE WHEN finding.id > ? THEN NULL ELSE finding.state END, finding.waiver_id
FROM temp.staged_finding AS staged CROSS JOIN finding ON finding.fingerprint = staged.fingerprint
"""

_UPDATE = """
UPDATE finding SET severity = staged.severity, outcome = staged.outcome, enforcement = staged.enforcement,
  subject = staged.subject, message = staged.message, fix = staged.fix,
  rule_version_id = staged.rule_version_id, last_seen = max(last_seen, ?)
FROM temp.staged_finding AS staged WHERE finding.fingerprint = staged.fingerprint
"""

_OCCUR = """
INSERT INTO finding_occurrence (finding_id, target_id, artifact_id, first_seen, last_seen, current, waiver_id)
SELECT finding.id, :target, :artifact, :at, :at, 1, staged.waiver_id FROM temp.staged_finding AS staged
CROSS JOIN finding ON finding.fingerprint = staged.fingerprint WHERE true
ON CONFLICT (finding_id, target_id, artifact_id) DO UPDATE SET
  last_seen = max(last_seen, excluded.last_seen), current = 1, waiver_id = excluded.waiver_id
"""

# What the target showed on the same platform and this scan does not; of a rule that could not be evaluated
# for everything, or is about what this scan did not look at, nothing is gone: it may still be there.
_GONE = """
SELECT occurrence.finding_id, occurrence.target_id, occurrence.artifact_id
FROM finding_occurrence AS occurrence
JOIN artifact ON artifact.id = occurrence.artifact_id
JOIN artifact AS scanned ON scanned.id = :artifact AND scanned.platform = artifact.platform
JOIN finding ON finding.id = occurrence.finding_id
WHERE occurrence.target_id = :target AND occurrence.current AND NOT (
  occurrence.artifact_id = :artifact
  AND finding.fingerprint IN (SELECT fingerprint FROM temp.staged_finding))
AND finding.rule NOT IN (SELECT rule FROM temp.staged_finding WHERE outcome = 'error')
AND finding.rule NOT IN (SELECT value FROM json_each(:unseen))
ORDER BY occurrence.finding_id
"""

_LEAVE = """
UPDATE finding_occurrence SET current = 0, waiver_id = NULL
WHERE finding_id = ? AND target_id = ? AND artifact_id = ?
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
    files: bool = False
    """Whether files of packages were compared, which is not stored."""


def record(
    connection: sqlite3.Connection,
    sighting: Sighting,
    findings: Sequence[Finding],
    rules: "Iterable[Rule]" = (),
) -> None:
    """Store what an evaluation of one target's artifact shows; the caller holds the transaction.

    Of several findings with one fingerprint the first counts. A finding is fixed when no current artifact of
    any target shows it; an incomplete scan fixes nothing, and neither does a rule that could not be evaluated
    fix what it found before, or one about what the scan did not look at. `rules` are those that were
    evaluated.
    """
    rules = tuple(rules)
    states.prepare(connection)
    _stage(connection, findings, _rule_versions(connection, findings, rules), sighting.at)
    highest = connection.execute("SELECT coalesce(max(id), 0) FROM finding").fetchone()[0]
    connection.execute(_OPEN, {"at": sighting.at})
    connection.execute(_TOUCH, (highest,))
    connection.execute(_UPDATE, (sighting.at,))
    place = {"target": sighting.target_id, "artifact": sighting.artifact_id}
    connection.execute(_OCCUR, place | {"at": sighting.at})
    if sighting.complete:
        unseen = codec.encode_list([] if sighting.files else [r.id for r in rules if not r.subject.stored])
        gone = connection.execute(_GONE, place | {"unseen": unseen}).fetchall()
        states.touch(connection, [row[0] for row in gone])
        connection.executemany(_LEAVE, gone)
    states.settle(connection, sighting.at)


def _stage(
    connection: sqlite3.Connection, findings: Iterable[Finding], versions: Mapping[str, int], at: int
) -> None:
    connection.execute(_STAGE)
    connection.execute("DELETE FROM temp.staged_finding")
    connection.executemany(
        "INSERT INTO temp.staged_finding VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [
            (
                one.fingerprint,
                one.rule,
                one.severity,
                one.outcome,
                one.enforcement,
                one.target,
                one.subject,
                one.message,
                one.fix,
                versions.get(one.rule),
                waivers.keep(connection, one.waiver, at) if one.waiver else None,
            )
            for one in findings
        ],
    )
    connection.execute(waivers.APPLY_LOCAL, {"at": at})


def _rule_versions(
    connection: sqlite3.Connection, findings: Iterable[Finding], rules: "Iterable[Rule]"
) -> dict[str, int]:
    """Keep the rules that have findings as they stand; return their ids."""
    shown = {finding.rule for finding in findings}
    versions = {}
    for rule in rules:
        if rule.id not in shown:
            continue
        digest = hashlib.sha256(rule.text.encode("utf-8", "surrogatepass")).hexdigest()
        connection.execute(
            "INSERT INTO rule_version (rule, sha256, version, title, why, refs, path, text)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (rule, sha256) DO UPDATE SET path = excluded.path",
            (
                rule.id,
                digest,
                rule.version,
                rule.title,
                rule.why,
                codec.encode_list(rule.references),
                rule.file.path,
                rule.text,
            ),
        )
        query = "SELECT id FROM rule_version WHERE rule = ? AND sha256 = ?"
        versions[rule.id] = connection.execute(query, (rule.id, digest)).fetchone()[0]
    return versions
