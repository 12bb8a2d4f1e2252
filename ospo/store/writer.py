"""The only code that writes scans: one transaction holds all of a scan, or none of it."""

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ospo.errors import StoreError
from ospo.model import Artifact, Component, Finding, Layer, Problem, ScanResult, Target
from ospo.store import codec
from ospo.store.bases import chain
from ospo.store.database import transaction
from ospo.store.findings import Sighting, record
from ospo.store.rows import ScanId

if TYPE_CHECKING:
    from ospo.policy.rule import Rule

_HASH_BYTES = 20
"""Of a detail's SHA-256: finding two details with one hash takes 2^80 tries."""

_STAGE = """
CREATE TEMP TABLE IF NOT EXISTS staged_component (
  key TEXT NOT NULL, hash BLOB NOT NULL, words TEXT, data TEXT NOT NULL
)
"""

_ARTIFACT = """
INSERT INTO artifact (digest, platform, kind, config_digest, media_type, created, labels, distro,
  facts_version, scanned_at, complete, component_count, chain, base_name, base_digest, base_layers)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (digest, platform) DO UPDATE SET
  kind = excluded.kind, config_digest = excluded.config_digest, media_type = excluded.media_type,
  created = excluded.created, labels = excluded.labels, distro = excluded.distro,
  facts_version = excluded.facts_version, scanned_at = excluded.scanned_at, complete = excluded.complete,
  component_count = excluded.component_count, chain = excluded.chain, base_name = excluded.base_name,
  base_digest = excluded.base_digest, base_layers = excluded.base_layers
"""

# Each statement adds what no earlier scan has brought, in the order of the staged rows.
_INTERN = (
    "INSERT INTO license (words) SELECT DISTINCT words FROM temp.staged_component WHERE words IS NOT NULL"
    " ON CONFLICT (words) DO NOTHING",
    "INSERT INTO component_detail (hash, license_id, data)"
    " SELECT staged.hash, license.id, staged.data FROM temp.staged_component AS staged"
    " LEFT JOIN license ON license.words = staged.words WHERE true"
    " ON CONFLICT (hash) DO NOTHING",
)

_LINK = """
INSERT INTO artifact_component (artifact_id, component_id, detail_id)
SELECT ?, component.id, component_detail.id FROM temp.staged_component AS staged
CROSS JOIN component ON component.key = staged.key
CROSS JOIN component_detail ON component_detail.hash = staged.hash
"""


@dataclass(frozen=True, slots=True)
class Saved:
    """Where a scan went."""

    target_id: int
    artifact_id: int
    new: bool
    """True when the artifact had not been stored before."""


def save(
    connection: sqlite3.Connection,
    result: ScanResult,
    findings: Sequence[Finding],
    rules: "Iterable[Rule]" = (),
) -> Saved:
    """Write a scan and its findings, and the rules that these come from, in one transaction.

    Facts that are stored already stay as they are: the same bytes, read by the same extractors, hold the same
    components. They are replaced when other extractors looked, when limits cut off something else, or when
    they were incomplete. Complete facts are never replaced by incomplete ones of the same facts version.

    Raises:
        StoreError: the database cannot be written, or cannot hold a text or number of the result.
    """
    at = codec.encode_time(result.scanned_at)
    try:
        with transaction(connection):
            target_id = _target(connection, result.target, at)
            artifact_id, new = _artifact(connection, result, at)
            _observe(connection, result, target_id, artifact_id, at)
            sighting = Sighting(target_id, artifact_id, at, result.complete, files=result.files is not None)
            record(connection, sighting, findings, rules)
    except (ValueError, OverflowError) as error:  # text that is not Unicode, a size beyond 64 bits
        raise StoreError(f"cannot store {result.target.name!a}: {error}") from error
    return Saved(target_id, artifact_id, new)


def save_findings(
    connection: sqlite3.Connection,
    scan: ScanId,
    findings: Sequence[Finding],
    rules: "Iterable[Rule]",
    at: str,
    *,
    complete: bool,
) -> bool:
    """Write what a later evaluation says of a stored scan, in one transaction.

    `complete` is false when what the evaluation does not show may be there nevertheless. Returns False, and
    writes nothing, when the target points at something else by now: whoever scanned that has judged it.

    Raises:
        StoreError: the database cannot be written, or cannot hold a text of a finding.
    """
    try:
        with transaction(connection):
            current = _is_current(connection, scan)
            if current:
                sighting = Sighting(scan.target_id, scan.artifact_id, codec.encode_time(at), complete)
                record(connection, sighting, findings, rules)
    except (ValueError, OverflowError) as error:  # text that is not Unicode
        raise StoreError(f"cannot store findings: {error}") from error
    return current


def _is_current(connection: sqlite3.Connection, scan: ScanId) -> bool:
    query = "SELECT EXISTS (SELECT 1 FROM current_artifact WHERE target_id = ? AND artifact_id = ?)"
    return bool(connection.execute(query, (scan.target_id, scan.artifact_id)).fetchone()[0])


def _target(connection: sqlite3.Connection, target: Target, at: int) -> int:
    connection.execute(
        "INSERT INTO target (name, kind, identity, first_seen, last_seen) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, identity = excluded.identity,"
        " last_seen = max(last_seen, excluded.last_seen)",
        (target.name, target.kind, target.identity, at, at),
    )
    return _id(connection, "SELECT id FROM target WHERE name = ?", target.name)


def _artifact(connection: sqlite3.Connection, result: ScanResult, at: int) -> tuple[int, bool]:
    """Write the artifact and its facts where that is due; return its id, and whether it is new."""
    artifact = result.artifact
    stored = connection.execute(
        "SELECT id, facts_version, complete, component_count FROM artifact WHERE digest = ? AND platform = ?",
        (artifact.digest, codec.encode_platform(artifact.platform)),
    ).fetchone()
    if stored is None:
        return _write_facts(connection, result, at), True
    artifact_id, version, complete, count = stored
    if version == result.facts_version:
        if complete and not result.complete:
            return artifact_id, False
        if count == len(result.components) and _has_problems(connection, artifact_id, result.problems):
            connection.execute(
                "UPDATE artifact SET scanned_at = ?, base_name = ?, base_digest = ?, base_layers = ?"
                " WHERE id = ?",
                (at, *_base(result), artifact_id),
            )
            return artifact_id, False
    for table in ("artifact_component", "artifact_layer", "problem"):
        connection.execute(f"DELETE FROM {table} WHERE artifact_id = ?", (artifact_id,))  # noqa: S608
    return _write_facts(connection, result, at), False


def _has_problems(connection: sqlite3.Connection, artifact_id: int, problems: tuple[Problem, ...]) -> bool:
    """Tell whether exactly these problems are stored: what other limits cut off shows in them."""
    stored = connection.execute(
        "SELECT artifact_id, position, kind, location, message, hint, blocking FROM problem"
        " WHERE artifact_id = ? ORDER BY position",
        (artifact_id,),
    )
    return stored.fetchall() == _problem_rows(artifact_id, problems)


def _write_facts(connection: sqlite3.Connection, result: ScanResult, at: int) -> int:
    artifact = result.artifact
    connection.execute(_ARTIFACT, _artifact_row(result, at))
    artifact_id = _id(
        connection,
        "SELECT id FROM artifact WHERE digest = ? AND platform = ?",
        artifact.digest,
        codec.encode_platform(artifact.platform),
    )
    _write_layers(connection, artifact_id, artifact.layers)
    _write_components(connection, artifact_id, result.components)
    connection.executemany(
        "INSERT INTO problem (artifact_id, position, kind, location, message, hint, blocking)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        _problem_rows(artifact_id, result.problems),
    )
    return artifact_id


def _artifact_row(result: ScanResult, at: int) -> tuple[str | int | None, ...]:
    artifact: Artifact = result.artifact
    return (
        artifact.digest,
        codec.encode_platform(artifact.platform),
        artifact.kind,
        artifact.config_digest,
        artifact.media_type,
        artifact.created,
        codec.encode_pairs(artifact.labels),
        codec.encode_distro(result.distro),
        result.facts_version,
        at,
        int(result.complete),
        len(result.components),
        chain(artifact),
        *_base(result),
    )


def _base(result: ScanResult) -> tuple[str | None, str | None, int | None]:
    base = result.base
    return (base.name, base.digest, base.layers) if base else (None, None, None)


def _problem_rows(artifact_id: int, problems: tuple[Problem, ...]) -> list[tuple[int | str, ...]]:
    return [
        (artifact_id, position, item.kind, item.where, item.message, item.hint, int(item.blocking))
        for position, item in enumerate(problems)
    ]


def _write_layers(connection: sqlite3.Connection, artifact_id: int, layers: tuple[Layer, ...]) -> None:
    connection.executemany(
        "INSERT INTO layer (digest, media_type, size, diff_id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [(layer.digest, layer.media_type, layer.size, layer.diff_id) for layer in layers],
    )
    connection.executemany(
        "INSERT INTO build_step (command) VALUES (?) ON CONFLICT DO NOTHING",
        [(layer.created_by,) for layer in layers],
    )
    connection.executemany(
        "INSERT INTO artifact_layer (artifact_id, position, layer_id, build_step_id)"
        " SELECT ?, ?, layer.id, build_step.id FROM layer, build_step"
        " WHERE layer.digest = ? AND layer.media_type = ? AND layer.size = ? AND layer.diff_id = ?"
        " AND build_step.command = ?",
        [
            (
                artifact_id,
                layer.index,
                layer.digest,
                layer.media_type,
                layer.size,
                layer.diff_id,
                layer.created_by,
            )
            for layer in layers
        ],
    )


def _write_components(
    connection: sqlite3.Connection, artifact_id: int, components: tuple[Component, ...]
) -> None:
    connection.execute(_STAGE)
    connection.execute("DELETE FROM temp.staged_component")
    connection.executemany(
        "INSERT INTO temp.staged_component (key, hash, words, data) VALUES (?, ?, ?, ?)",
        map(_component_row, components),
    )
    missing = connection.execute(
        "SELECT key FROM temp.staged_component AS staged"
        " WHERE NOT EXISTS (SELECT 1 FROM component WHERE component.key = staged.key)"
    ).fetchall()
    connection.executemany(
        "INSERT INTO component (key, type, namespace, name, version) VALUES (?, ?, ?, ?, ?)",
        [(key, *codec.key_parts(key)) for (key,) in missing],
    )
    for statement in _INTERN:
        connection.execute(statement)
    connection.execute(_LINK, (artifact_id,))


def _component_row(component: Component) -> tuple[str, bytes, str | None, str]:
    data = codec.encode_component(component)
    digest = hashlib.sha256(data.encode()).digest()[:_HASH_BYTES]
    return component.key, digest, codec.encode_words(component), data


def _observe(
    connection: sqlite3.Connection, result: ScanResult, target_id: int, artifact_id: int, at: int
) -> None:
    """Add to the history what the target points at, and make it the current artifact of its platform."""
    connection.execute(
        "INSERT INTO observation (target_id, artifact_id, seen_at) VALUES (?, ?, ?)",
        (target_id, artifact_id, at),
    )
    connection.execute(
        "INSERT INTO current_artifact (target_id, platform, artifact_id, reference, index_digest, seen_at)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (target_id, platform) DO UPDATE SET"
        " artifact_id = excluded.artifact_id, reference = excluded.reference,"
        " index_digest = excluded.index_digest, seen_at = excluded.seen_at",
        (
            target_id,
            codec.encode_platform(result.artifact.platform),
            artifact_id,
            result.target.reference,
            result.target.index_digest,
            at,
        ),
    )


def _id(connection: sqlite3.Connection, query: str, *parameters: str) -> int:
    found: int = connection.execute(query, parameters).fetchone()[0]
    return found
