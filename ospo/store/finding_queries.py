"""What commands and screens ask about findings: lists by page, and all that is known of one."""

import sqlite3
import time
from array import array
from collections.abc import Sequence
from typing import Any

from ospo.errors import UsageError
from ospo.model import Enforcement, Outcome, Severity, State, Waiver
from ospo.store import codec
from ospo.store.database import snapshot
from ospo.store.filter import parse, state_is
from ospo.store.rows import EventRow, FindingDetail, FindingFilter, FindingRow, PlaceRow, RuleRow, WaiverRow

ALL = FindingFilter()
"""Everything that is not fixed."""

_SEVERITY = """
CASE finding.severity
WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 WHEN 'low' THEN 3 ELSE 4 END
"""

SORTS = {
    "severity": (_SEVERITY, "finding.rule", "finding.target_identity", "finding.subject"),
    "rule": ("finding.rule", _SEVERITY, "finding.target_identity", "finding.subject"),
    "target": ("finding.target_identity", _SEVERITY, "finding.rule", "finding.subject"),
    "component": ("finding.subject", _SEVERITY, "finding.rule", "finding.target_identity"),
    "age": ("finding.first_seen", _SEVERITY, "finding.rule", "finding.target_identity", "finding.subject"),
}
"""Name of an order to its columns; ties are broken by fingerprint. Oldest first by age."""

# The target of a fixed finding is one that showed it, that of another one shows it now.
_OF_TARGET = """
finding.target_identity IN (SELECT identity FROM target WHERE name = :target UNION SELECT :target)
AND EXISTS (
  SELECT 1 FROM finding_occurrence AS occurrence
  JOIN target ON target.id = occurrence.target_id AND :target IN (target.name, target.identity)
  WHERE occurrence.finding_id = finding.id AND (occurrence.current OR finding.state = 'fixed'))
"""

_ROWS = """
SELECT finding.id, finding.fingerprint, finding.rule, finding.severity, finding.outcome, finding.enforcement,
  finding.state, finding.waived_until, finding.target_identity, finding.subject, finding.message,
  finding.fix, finding.first_seen, finding.last_seen,
  (SELECT count(*) FROM finding_occurrence AS occurrence
   WHERE occurrence.finding_id = finding.id AND occurrence.current)
FROM finding WHERE {conditions}
"""
_PAGE = _ROWS + "ORDER BY {order} LIMIT :limit OFFSET :offset"
_COUNT = "SELECT count(*) FROM finding WHERE {conditions}"
_IDS = "SELECT finding.id FROM finding WHERE {conditions} ORDER BY {order}"

_PLACES = """
SELECT target.name, artifact.platform, artifact.digest, occurrence.first_seen, occurrence.last_seen,
  occurrence.current,
  EXISTS (SELECT 1 FROM waiver WHERE waiver.id = occurrence.waiver_id AND waiver.until > :now),
  (SELECT component_detail.data FROM component
   JOIN artifact_component AS link ON link.artifact_id = artifact.id AND link.component_id = component.id
   JOIN component_detail ON component_detail.id = link.detail_id WHERE component.key = finding.subject)
FROM finding
JOIN finding_occurrence AS occurrence ON occurrence.finding_id = finding.id
JOIN target ON target.id = occurrence.target_id
JOIN artifact ON artifact.id = occurrence.artifact_id
WHERE finding.id = :id ORDER BY occurrence.current DESC, target.name, artifact.platform, artifact.id LIMIT 100
"""

_BUILD_STEPS = """
SELECT link.position, build_step.command FROM artifact
JOIN artifact_layer AS link ON link.artifact_id = artifact.id
JOIN build_step ON build_step.id = link.build_step_id
WHERE artifact.digest = ? AND artifact.platform = ? AND build_step.command <> ''
"""

_EVENTS = "SELECT at, event, detail FROM finding_event WHERE finding_id = ? ORDER BY id DESC LIMIT 100"

_RULE = """
SELECT rule_version.rule, version, title, why, refs, path, text FROM rule_version
JOIN finding ON finding.rule_version_id = rule_version.id WHERE finding.id = ?
"""

_WAIVER = """
SELECT waiver.rule, selector, reason, justification, approver, expires, ticket, source FROM waiver
JOIN finding ON finding.waiver_id = waiver.id WHERE finding.id = ?
"""

_LOCAL_WAIVERS = """
SELECT waiver.rule, selector, reason, justification, approver, expires, ticket, source,
  finding.fingerprint, finding.target_identity, finding.subject, waiver.created_at,
  waiver.withdrawn_at IS NOT NULL, waiver.until <= :now
FROM waiver JOIN finding ON finding.fingerprint = waiver.fingerprint
WHERE waiver.fingerprint IS NOT NULL ORDER BY waiver.expires, finding.fingerprint, waiver.id
"""


def findings(
    connection: sqlite3.Connection, wanted: FindingFilter = ALL, *, limit: int = 100, offset: int = 0
) -> tuple[FindingRow, ...]:
    """Return findings, worst first, then by rule, target and subject.

    Raises:
        UsageError: the text of the filter makes no sense.
    """
    where, parameters = _conditions(wanted)
    query = _PAGE.format(conditions=where, order=_order("severity"))
    rows = connection.execute(query, parameters | {"limit": limit, "offset": offset})
    return tuple(_finding(row, int(parameters["now"])) for row in rows)


def count_findings(connection: sqlite3.Connection, wanted: FindingFilter = ALL) -> int:
    """Return how many findings there are.

    Raises:
        UsageError: the text of the filter makes no sense.
    """
    where, parameters = _conditions(wanted)
    number: int = connection.execute(_COUNT.format(conditions=where), parameters).fetchone()[0]
    return number


def rules_with_findings(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Return the ids of rules that ever had a finding, sorted."""
    query = "SELECT DISTINCT rule FROM finding ORDER BY rule"
    return tuple(row[0] for row in connection.execute(query))


def state_counts(connection: sqlite3.Connection, *, now: int | None = None) -> dict[State, int]:
    """Return how many findings are in each state, in the order of `State`."""
    return {state: count_findings(connection, FindingFilter((state,), now=now)) for state in State}


def finding_ids(
    connection: sqlite3.Connection,
    wanted: FindingFilter = ALL,
    *,
    sort: str = "severity",
    descending: bool = False,
) -> "array[int]":
    """Return the ids of all findings that are wanted, in an order of `SORTS`: 8 bytes each.

    Raises:
        UsageError: the text of the filter makes no sense.
    """
    where, parameters = _conditions(wanted)
    query = _IDS.format(conditions=where, order=_order(sort, descending=descending))
    return array("q", (row[0] for row in connection.execute(query, parameters)))


def findings_by_id(
    connection: sqlite3.Connection, ids: Sequence[int], *, now: int | None = None
) -> dict[int, FindingRow]:
    """Return findings by id; one that is gone is left out. At most some hundred at once."""
    marks = ", ".join("?" * len(ids))
    rows = connection.execute(_ROWS.format(conditions=f"finding.id IN ({marks})"), tuple(ids))
    at = _clock(now)
    return {row[0]: _finding(row, at) for row in rows}


def finding_detail(
    connection: sqlite3.Connection, finding_id: int, *, now: int | None = None
) -> FindingDetail | None:
    """Return all that is known of a finding; None when it is gone."""
    with snapshot(connection):
        found = findings_by_id(connection, (finding_id,), now=now).get(finding_id)
        if found is None:
            return None
        one = (finding_id,)
        rule = connection.execute(_RULE, one).fetchone()
        waiver = connection.execute(_WAIVER, one).fetchone()
        return FindingDetail(
            found,
            _rule(rule) if rule else None,
            _waiver(waiver) if waiver else None,
            tuple(map(_place, connection.execute(_PLACES, {"id": finding_id, "now": _clock(now)}))),
            tuple(EventRow(codec.decode_time(row[0]), *row[1:]) for row in connection.execute(_EVENTS, one)),
        )


def build_steps(connection: sqlite3.Connection, digest: str, platform: str) -> dict[int, str]:
    """Return the commands that made the layers of an image, by the index of the layer, where known."""
    return dict(connection.execute(_BUILD_STEPS, (digest, platform)).fetchall())


def finding_id(connection: sqlite3.Connection, fingerprint: str) -> int:
    """Return the id of the finding that a fingerprint, or the start of one, names.

    Raises:
        UsageError: there is none, or there are several.
    """
    if not fingerprint:
        raise UsageError("the fingerprint is empty", hint="`ospo findings -v` shows fingerprints")
    rows = []
    if fingerprint.isascii():  # half a surrogate pair cannot even be asked for
        query = "SELECT id FROM finding WHERE substr(fingerprint, 1, ?) = ? LIMIT 2"
        rows = connection.execute(query, (len(fingerprint), fingerprint)).fetchall()
    if len(rows) != 1:
        count = "several findings begin" if rows else "no finding begins"
        raise UsageError(
            f"{count} with {fingerprint[:40]!r}", hint="`ospo findings -v` shows whole fingerprints"
        )
    id_: int = rows[0][0]
    return id_


def local_waivers(connection: sqlite3.Connection, *, now: int | None = None) -> tuple[WaiverRow, ...]:
    """Return the waivers that were made here, not in a file; the one that ends first comes first."""
    return tuple(
        WaiverRow(
            _waiver(row[:8]),
            row[8],
            row[9],
            row[10],
            codec.decode_time(row[11]),
            bool(row[12]),
            bool(row[13]),
        )
        for row in connection.execute(_LOCAL_WAIVERS, {"now": _clock(now)})
    )


def data_version(connection: sqlite3.Connection) -> int:
    """Return a number that changes when another connection has written."""
    version: int = connection.execute("PRAGMA data_version").fetchone()[0]
    return version


def _clock(now: int | None) -> int:
    return int(time.time()) if now is None else now


def _order(sort: str, *, descending: bool = False) -> str:
    first, *others = SORTS[sort]
    return ", ".join([f"{first} DESC" if descending else first, *others, "finding.fingerprint"])


def _conditions(wanted: FindingFilter) -> tuple[str, dict[str, str | int]]:
    """Write the WHERE clause: fixed words only, every value is a parameter."""
    text = parse(wanted.text, _clock(wanted.now))
    conditions = [text.where]
    parameters = dict(text.parameters) | {"rule": wanted.rule, "target": wanted.target}
    if wanted.states and not text.states:
        conditions.append(_in_states(wanted.states))
    if wanted.severities:
        named = {f"severity{rank}": str(severity) for rank, severity in enumerate(wanted.severities)}
        conditions.append(f"finding.severity IN ({', '.join(':' + name for name in named)})")
        parameters |= named
    if wanted.rule:
        conditions.append("finding.rule = :rule")
    if wanted.target:
        conditions.append(_OF_TARGET)
    return " AND ".join(conditions), parameters


def _in_states(states: Sequence[State]) -> str:
    """Write that a finding is in one of these states.

    Open and waived together are what is not fixed, whatever the time is; that reads the table in its order, a
    third of the work of looking each row up by an index that most of them satisfy.
    """
    if set(states) == {State.OPEN, State.WAIVED}:
        return "finding.state <> 'fixed'"
    return f"({' OR '.join(map(state_is, states))})"


def _finding(row: Sequence[Any], now: int) -> FindingRow:
    (
        _,
        fingerprint,
        rule,
        severity,
        outcome,
        enforcement,
        state,
        until,
        target,
        subject,
        message,
        fix,
        first,
    ) = row[:13]
    expired = state == State.WAIVED and until <= now
    return FindingRow(
        fingerprint=fingerprint,
        rule=rule,
        severity=Severity(severity),
        outcome=Outcome(outcome),
        enforcement=Enforcement(enforcement),
        state=State.OPEN if expired else State(state),
        target=target,
        subject=subject,
        message=message,
        fix=fix,
        first_seen=codec.decode_time(first),
        last_seen=codec.decode_time(row[13]),
        places=row[14],
    )


def _rule(row: Sequence[Any]) -> RuleRow:
    rule, version, title, why, references, path, text = row
    return RuleRow(rule, version, title, why, codec.decode_list(references), path, text)


def _place(row: Sequence[Any]) -> PlaceRow:
    target, platform, digest, first, last, current, waived, data = row
    return PlaceRow(
        target,
        platform,
        digest,
        codec.decode_time(first),
        codec.decode_time(last),
        bool(current),
        bool(waived),
        codec.decode_component(data) if data else None,
    )


def _waiver(row: Sequence[str]) -> Waiver:
    rule, selector, reason, justification, approver, expires, ticket, source = row
    return Waiver(
        rule, codec.decode_pairs(selector), reason, justification, approver, expires, ticket, source
    )
