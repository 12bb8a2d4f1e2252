"""What commands and screens ask the database; every SELECT of theirs is here or in `finding_queries`.

Functions take a connection of `ospo.store.database` and return tuples in a fixed order. `target` is a name as
`Target.name` has it; `platform` is `os/architecture[/variant]`, "" for every platform.
"""

import sqlite3
import time
from collections.abc import Iterable
from typing import Any

from ospo.errors import TargetError
from ospo.image.graph import edges
from ospo.model import (
    Artifact,
    ArtifactKind,
    BaseImage,
    Layer,
    Problem,
    ProblemKind,
    ScanResult,
    State,
    Target,
    TargetKind,
)
from ospo.store import codec
from ospo.store.database import snapshot
from ospo.store.filter import state_is
from ospo.store.rows import ComponentRow, HistoryRow, ScanId, TargetRow, UseRow

_TARGETS = """
SELECT target.name, target.kind, current.platform, artifact.digest, current.seen_at, artifact.component_count,
  (SELECT count(*) FROM problem WHERE problem.artifact_id = artifact.id),
  (SELECT count(*) FROM finding_occurrence AS occurrence
   JOIN finding ON finding.id = occurrence.finding_id AND {open}
   JOIN artifact AS place ON place.id = occurrence.artifact_id
   WHERE occurrence.target_id = target.id AND occurrence.current AND place.platform = current.platform),
  artifact.complete
FROM target
JOIN current_artifact AS current ON current.target_id = target.id
JOIN artifact ON artifact.id = current.artifact_id
ORDER BY target.name, current.platform LIMIT :limit OFFSET :offset
"""

_COMPONENTS = """
SELECT component.key, component.type, component.namespace, component.name, component.version, license.words
FROM target
JOIN current_artifact AS current ON current.target_id = target.id
JOIN artifact_component AS link ON link.artifact_id = current.artifact_id
JOIN component ON component.id = link.component_id
JOIN component_detail ON component_detail.id = link.detail_id
LEFT JOIN license ON license.id = component_detail.license_id
WHERE target.name = :target AND (:platform = '' OR current.platform = :platform)
ORDER BY component.key, current.platform LIMIT :limit OFFSET :offset
"""

_ECOSYSTEMS_OF_TARGET = """
SELECT component.type, count(DISTINCT component.id) FROM target
JOIN current_artifact AS current ON current.target_id = target.id
JOIN artifact_component AS link ON link.artifact_id = current.artifact_id
JOIN component ON component.id = link.component_id
WHERE target.name = ? GROUP BY component.type ORDER BY count(DISTINCT component.id) DESC, component.type
"""

_ECOSYSTEMS = """
SELECT component.type, count(*) FROM component WHERE EXISTS (
  SELECT 1 FROM artifact_component AS link
  JOIN current_artifact AS current ON current.artifact_id = link.artifact_id
  WHERE link.component_id = component.id)
GROUP BY component.type ORDER BY count(*) DESC, component.type
"""

_USES = """
SELECT component.key, target.name, current.platform, artifact.digest FROM component
JOIN artifact_component AS link ON link.component_id = component.id
JOIN current_artifact AS current ON current.artifact_id = link.artifact_id
JOIN target ON target.id = current.target_id
JOIN artifact ON artifact.id = current.artifact_id
WHERE {condition}
ORDER BY component.key, target.name, current.platform LIMIT ? OFFSET ?
"""
_USES_OF_KEY = _USES.format(condition="component.key = ?")
_USES_OF_NAME = _USES.format(condition="component.name = ? COLLATE NOCASE")

_PROBLEMS_OF_ARTIFACT = """
SELECT kind, location, message, hint, blocking FROM problem WHERE artifact_id = ? ORDER BY position
"""

_PROBLEMS = """
SELECT problem.kind, problem.location, problem.message, problem.hint, problem.blocking FROM target
JOIN current_artifact AS current ON current.target_id = target.id
JOIN problem ON problem.artifact_id = current.artifact_id
WHERE target.name = :target AND (:platform = '' OR current.platform = :platform)
ORDER BY current.platform, problem.position
"""

_HISTORY = """
SELECT observation.seen_at, artifact.platform, artifact.digest FROM target
JOIN observation ON observation.target_id = target.id
JOIN artifact ON artifact.id = observation.artifact_id
WHERE target.name = ? ORDER BY observation.id DESC LIMIT ? OFFSET ?
"""

_CURRENT_SCANS = """
SELECT current.target_id, current.artifact_id FROM target
JOIN current_artifact AS current ON current.target_id = target.id
WHERE :target IN ('', target.name, target.identity) ORDER BY target.name, current.platform
"""

_RESULT_COLUMNS = """
SELECT target.name, target.kind, target.identity, coalesce(current.reference, ''),
  coalesce(current.index_digest, ''), artifact.id, artifact.kind, artifact.digest, artifact.platform,
  artifact.config_digest, artifact.media_type, artifact.created, artifact.labels, artifact.distro,
  artifact.scanned_at, artifact.facts_version, artifact.base_name, artifact.base_digest,
  artifact.base_layers
"""

_RESULT = (
    _RESULT_COLUMNS
    + """
FROM observation
JOIN artifact ON artifact.id = observation.artifact_id
JOIN target ON target.id = observation.target_id
LEFT JOIN current_artifact AS current ON current.target_id = target.id AND current.artifact_id = artifact.id
WHERE {condition} = :reference AND (:platform = '' OR artifact.platform = :platform)
ORDER BY observation.id DESC LIMIT 1
"""
)
_CURRENT_RESULT = (
    _RESULT_COLUMNS
    + """
FROM current_artifact AS current
JOIN artifact ON artifact.id = current.artifact_id
JOIN target ON target.id = current.target_id
WHERE current.target_id = ? AND current.artifact_id = ?
"""
)
_RESULT_OF = (_RESULT.format(condition="target.name"), _RESULT.format(condition="artifact.digest"))

_LAYERS = """
SELECT link.position, layer.digest, layer.media_type, layer.size, layer.diff_id, build_step.command
FROM artifact_layer AS link
JOIN layer ON layer.id = link.layer_id
JOIN build_step ON build_step.id = link.build_step_id
WHERE link.artifact_id = ? ORDER BY link.position
"""

_DETAILS = """
SELECT component_detail.data FROM artifact_component AS link
JOIN component ON component.id = link.component_id
JOIN component_detail ON component_detail.id = link.detail_id
WHERE link.artifact_id = ? ORDER BY component.key
"""


def targets(
    connection: sqlite3.Connection, *, limit: int = 100, offset: int = 0, now: int | None = None
) -> tuple[TargetRow, ...]:
    """Return targets with what they point at now, by name and platform."""
    page = {"limit": limit, "offset": offset, "now": int(time.time()) if now is None else now}
    return tuple(map(_target_row, connection.execute(_TARGETS.format(open=state_is(State.OPEN)), page)))


def knows_target(connection: sqlite3.Connection, name: str) -> bool:
    """Tell whether a target of this name or identity has been stored."""
    query = "SELECT EXISTS (SELECT 1 FROM target WHERE name = :name OR identity = :name)"
    return bool(connection.execute(query, {"name": name}).fetchone()[0])


def components(
    connection: sqlite3.Connection, target: str, *, platform: str = "", limit: int = 100, offset: int = 0
) -> tuple[ComponentRow, ...]:
    """Return the components of what a target points at now, by key."""
    page = {"target": target, "platform": platform, "limit": limit, "offset": offset}
    return tuple(
        ComponentRow(key, type_, namespace, name, version, codec.decode_words(words))
        for key, type_, namespace, name, version, words in connection.execute(_COMPONENTS, page)
    )


def ecosystems(connection: sqlite3.Connection, target: str = "") -> tuple[tuple[str, int], ...]:
    """Return (purl type, number of different components) of one target or of all, most first."""
    rows = connection.execute(_ECOSYSTEMS_OF_TARGET, (target,)) if target else connection.execute(_ECOSYSTEMS)
    return tuple(rows)


def uses_of_key(
    connection: sqlite3.Connection, key: str, *, limit: int = 100, offset: int = 0
) -> tuple[UseRow, ...]:
    """Return where exactly this component is in use now."""
    return tuple(UseRow(*row) for row in connection.execute(_USES_OF_KEY, (key, limit, offset)))


def uses_of_name(
    connection: sqlite3.Connection, name: str, *, limit: int = 100, offset: int = 0
) -> tuple[UseRow, ...]:
    """Return where components of this name, in any version and letter case, are in use now."""
    return tuple(UseRow(*row) for row in connection.execute(_USES_OF_NAME, (name, limit, offset)))


def problems(connection: sqlite3.Connection, target: str, *, platform: str = "") -> tuple[Problem, ...]:
    """Return what could not be checked of what a target points at now."""
    return _problems(connection.execute(_PROBLEMS, {"target": target, "platform": platform}))


def history(
    connection: sqlite3.Connection, target: str, *, limit: int = 100, offset: int = 0
) -> tuple[HistoryRow, ...]:
    """Return what a target pointed at, latest scan first."""
    rows = connection.execute(_HISTORY, (target, limit, offset))
    return tuple(
        HistoryRow(codec.decode_time(seen_at), platform, digest) for seen_at, platform, digest in rows
    )


def current_scans(connection: sqlite3.Connection, target: str = "") -> tuple[ScanId, ...]:
    """Return what all targets, or those of a name or identity, point at now, by name and platform."""
    return tuple(ScanId(*row) for row in connection.execute(_CURRENT_SCANS, {"target": target}))


def load_current(connection: sqlite3.Connection, scan: ScanId) -> ScanResult | None:
    """Return a stored scan; None when its target points at something else by now."""
    with snapshot(connection):
        row = connection.execute(_CURRENT_RESULT, (scan.target_id, scan.artifact_id)).fetchone()
        return None if row is None else _result(connection, row)


def load_result(connection: sqlite3.Connection, reference: str, *, platform: str = "") -> ScanResult:
    """Return the stored scan of a target, by name, or of an artifact, by digest; the latest if several fit.

    Raises:
        TargetError: nothing of that name or digest, and platform, has been stored.
    """
    with snapshot(connection):
        for query in _RESULT_OF:
            row = connection.execute(query, {"reference": reference, "platform": platform}).fetchone()
            if row is not None:
                return _result(connection, row)
    suffix = f" for {platform}" if platform else ""
    raise TargetError(f"no scan of {reference}{suffix} is stored", hint="scan it first by `ospo scan`")


def _target_row(row: tuple[Any, ...]) -> TargetRow:
    name, kind, platform, digest, seen_at, found, failed, wrong, complete = row
    return TargetRow(
        name=name,
        kind=kind,
        platform=platform,
        digest=digest,
        seen_at=codec.decode_time(seen_at),
        components=found,
        problems=failed,
        open_findings=wrong,
        complete=bool(complete),
    )


def _result(connection: sqlite3.Connection, row: tuple[Any, ...]) -> ScanResult:
    name, kind, identity, typed, index_digest, artifact_id = row[:6]
    found = tuple(codec.decode_component(data) for (data,) in connection.execute(_DETAILS, (artifact_id,)))
    return ScanResult(
        target=Target(name, TargetKind(kind), identity, typed, index_digest),
        artifact=_artifact(connection, artifact_id, row[6:13]),
        components=found,
        dependencies=edges(found),
        problems=_problems(connection.execute(_PROBLEMS_OF_ARTIFACT, (artifact_id,))),
        distro=codec.decode_distro(row[13]),
        scanned_at=codec.decode_time(row[14]),
        facts_version=row[15],
        base=BaseImage(*row[16:19]) if row[18] else None,
    )


def _artifact(connection: sqlite3.Connection, artifact_id: int, row: tuple[str, ...]) -> Artifact:
    kind, digest, platform, config_digest, media_type, created, labels = row
    return Artifact(
        kind=ArtifactKind(kind),
        digest=digest,
        platform=codec.decode_platform(platform),
        config_digest=config_digest,
        media_type=media_type,
        created=created,
        labels=codec.decode_pairs(labels),
        layers=tuple(Layer(*layer) for layer in connection.execute(_LAYERS, (artifact_id,))),
    )


def _problems(rows: Iterable[tuple[str, str, str, str, int]]) -> tuple[Problem, ...]:
    return tuple(
        Problem(ProblemKind(kind), where, message, hint, bool(blocking))
        for kind, where, message, hint, blocking in rows
    )
