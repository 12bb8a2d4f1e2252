"""The tables and views of the database, as migrations.

`sqlite-utils` runs the migrations and keeps their list; the statements are plain SQL because it cannot create
WITHOUT ROWID tables. `PRAGMA user_version` repeats how many have been applied, so that nobody needs to import
`sqlite-utils` to learn that nothing is due. The SQL keeps to SQLite 3.34, the oldest one that a supported
distribution gives Python 3.11 (Red Hat 9): no STRICT tables, no RETURNING.

How it stays small: a million images with 400 components are 400 million rows of `artifact_component`, three
integers each, about 30 bytes with the reverse index. What repeats is a row of its own, named by an integer.

Times are seconds since 1970, UTC; the views show them as text.
"""

from sqlite_utils import Database, Migrations

migrations = Migrations("ospo")

_TABLES = """
-- What somebody runs, by name.
CREATE TABLE target (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  identity TEXT NOT NULL,                -- the name without tag and digest
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL
);
CREATE INDEX target_identity ON target (identity);

-- Immutable bytes. One row for each (digest, platform); scanning with other extractors replaces its facts.
CREATE TABLE artifact (
  id INTEGER PRIMARY KEY,
  digest TEXT NOT NULL,
  platform TEXT NOT NULL,                -- os/architecture[/variant], '' outside images
  kind TEXT NOT NULL,
  config_digest TEXT NOT NULL,
  media_type TEXT NOT NULL,
  created TEXT NOT NULL,                 -- as the image says
  labels TEXT NOT NULL,                  -- JSON: [[key, value], ...]
  distro TEXT,                           -- JSON, NULL without an os-release file
  facts_version TEXT NOT NULL,
  scanned_at INTEGER NOT NULL,
  complete INTEGER NOT NULL,             -- 0: a blocking problem left a part unchecked
  component_count INTEGER NOT NULL,
  UNIQUE (digest, platform)
);

-- Every scan: what a target pointed at, and when.
CREATE TABLE observation (
  id INTEGER PRIMARY KEY,
  target_id INTEGER NOT NULL REFERENCES target,
  artifact_id INTEGER NOT NULL REFERENCES artifact,
  seen_at INTEGER NOT NULL
);
CREATE INDEX observation_target ON observation (target_id);
CREATE INDEX observation_artifact ON observation (artifact_id);

-- What each target points at now: the artifact of its latest observation, one for each platform.
CREATE TABLE current_artifact (
  target_id INTEGER NOT NULL REFERENCES target,
  platform TEXT NOT NULL,
  artifact_id INTEGER NOT NULL REFERENCES artifact,
  reference TEXT NOT NULL,               -- as the user typed it
  index_digest TEXT NOT NULL,
  seen_at INTEGER NOT NULL,
  PRIMARY KEY (target_id, platform)
) WITHOUT ROWID;
CREATE INDEX current_artifact_artifact ON current_artifact (artifact_id);

-- A blob as one manifest describes it. Size, media type and diff_id are claims, so they are part of the
-- row's identity: no image can change what another one shows.
CREATE TABLE layer (
  id INTEGER PRIMARY KEY,
  digest TEXT NOT NULL,
  media_type TEXT NOT NULL,
  size INTEGER NOT NULL,
  diff_id TEXT NOT NULL,
  UNIQUE (digest, media_type, size, diff_id)
);

CREATE TABLE build_step (
  id INTEGER PRIMARY KEY,
  command TEXT NOT NULL UNIQUE
);

CREATE TABLE artifact_layer (
  artifact_id INTEGER NOT NULL REFERENCES artifact,
  position INTEGER NOT NULL,
  layer_id INTEGER NOT NULL REFERENCES layer,
  build_step_id INTEGER NOT NULL REFERENCES build_step,
  PRIMARY KEY (artifact_id, position)
) WITHOUT ROWID;
CREATE INDEX artifact_layer_layer ON artifact_layer (layer_id);

-- A component by its key; the other columns are parts of the key, for queries.
CREATE TABLE component (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  type TEXT NOT NULL,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  version TEXT NOT NULL
);
CREATE INDEX component_name ON component (name COLLATE NOCASE, version);

-- The licence words of a component as its metadata has them.
CREATE TABLE license (
  id INTEGER PRIMARY KEY,
  words TEXT NOT NULL UNIQUE             -- JSON: sorted list
);

-- All that is known of a component in an artifact, shared by every artifact where it is the same.
CREATE TABLE component_detail (
  id INTEGER PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE,
  license_id INTEGER REFERENCES license, -- NULL: no licence words at all
  data TEXT NOT NULL                     -- JSON
);

CREATE TABLE artifact_component (
  artifact_id INTEGER NOT NULL REFERENCES artifact,
  component_id INTEGER NOT NULL REFERENCES component,
  detail_id INTEGER NOT NULL REFERENCES component_detail,
  PRIMARY KEY (artifact_id, component_id)
) WITHOUT ROWID;
CREATE INDEX artifact_component_component ON artifact_component (component_id, artifact_id);

CREATE TABLE problem (
  artifact_id INTEGER NOT NULL REFERENCES artifact,
  position INTEGER NOT NULL,
  kind TEXT NOT NULL,
  location TEXT NOT NULL,
  message TEXT NOT NULL,
  hint TEXT NOT NULL,
  blocking INTEGER NOT NULL,
  PRIMARY KEY (artifact_id, position)
) WITHOUT ROWID;

-- A rule that a subject does not satisfy, whatever the number of places.
CREATE TABLE finding (
  id INTEGER PRIMARY KEY,
  fingerprint TEXT NOT NULL UNIQUE,
  rule TEXT NOT NULL,
  severity TEXT NOT NULL CHECK (severity IN ('critical', 'high', 'medium', 'low', 'info')),
  target_identity TEXT NOT NULL,
  subject TEXT NOT NULL,
  message TEXT NOT NULL,
  fix TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'waived', 'fixed')),
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL
);
CREATE INDEX finding_state ON finding (state, severity);
CREATE INDEX finding_target ON finding (target_identity, state);

-- Where a finding is seen. current = 1: the last complete scan of the target and platform, or a later one,
-- shows it there. A finding is fixed when no row of it is current.
CREATE TABLE finding_occurrence (
  finding_id INTEGER NOT NULL REFERENCES finding,
  target_id INTEGER NOT NULL REFERENCES target,
  artifact_id INTEGER NOT NULL REFERENCES artifact,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  current INTEGER NOT NULL,
  PRIMARY KEY (finding_id, target_id, artifact_id)
) WITHOUT ROWID;
CREATE INDEX finding_occurrence_current ON finding_occurrence (target_id, artifact_id) WHERE current;

CREATE TABLE finding_event (
  id INTEGER PRIMARY KEY,
  finding_id INTEGER NOT NULL REFERENCES finding,
  at INTEGER NOT NULL,
  event TEXT NOT NULL,                   -- opened, fixed, reopened, waived, unwaived
  detail TEXT NOT NULL
);
CREATE INDEX finding_event_finding ON finding_event (finding_id);
"""

_VIEWS = """
CREATE VIEW v_targets AS
SELECT target.name AS target, target.kind, current_artifact.platform, artifact.digest, artifact.distro,
  artifact.component_count AS components, artifact.complete,
  strftime('%Y-%m-%dT%H:%M:%SZ', current_artifact.seen_at, 'unixepoch') AS seen_at
FROM current_artifact
JOIN target ON target.id = current_artifact.target_id
JOIN artifact ON artifact.id = current_artifact.artifact_id;

CREATE VIEW v_current_components AS
SELECT target.name AS target, current_artifact.platform, component.key, component.type, component.namespace,
  component.name, component.version, license.words AS license_words, component_detail.data AS detail
FROM current_artifact
JOIN target ON target.id = current_artifact.target_id
JOIN artifact_component ON artifact_component.artifact_id = current_artifact.artifact_id
JOIN component ON component.id = artifact_component.component_id
JOIN component_detail ON component_detail.id = artifact_component.detail_id
LEFT JOIN license ON license.id = component_detail.license_id;

CREATE VIEW v_open_findings AS
SELECT finding.fingerprint, finding.rule, finding.severity, target.name AS target, artifact.platform,
  artifact.digest, finding.subject, finding.message, finding.fix,
  strftime('%Y-%m-%dT%H:%M:%SZ', finding.first_seen, 'unixepoch') AS first_seen,
  strftime('%Y-%m-%dT%H:%M:%SZ', finding_occurrence.last_seen, 'unixepoch') AS last_seen
FROM finding
JOIN finding_occurrence ON finding_occurrence.finding_id = finding.id AND finding_occurrence.current
JOIN target ON target.id = finding_occurrence.target_id
JOIN artifact ON artifact.id = finding_occurrence.artifact_id
WHERE finding.state = 'open';

CREATE VIEW v_current_problems AS
SELECT target.name AS target, current_artifact.platform, problem.kind, problem.location, problem.message,
  problem.hint, problem.blocking
FROM current_artifact
JOIN target ON target.id = current_artifact.target_id
JOIN problem ON problem.artifact_id = current_artifact.artifact_id;

CREATE VIEW v_history AS
SELECT target.name AS target, artifact.platform, artifact.digest,
  strftime('%Y-%m-%dT%H:%M:%SZ', observation.seen_at, 'unixepoch') AS seen_at
FROM observation
JOIN target ON target.id = observation.target_id
JOIN artifact ON artifact.id = observation.artifact_id;
"""


@migrations(name="0001-spine")
def _spine(database: Database) -> None:
    database.executescript(_TABLES + _VIEWS)


# In SQLite a column that refers to another table can only be added without a value.
# https://www.sqlite.org/lang_altertable.html#alter_table_add_column
_DECIDING = """
-- A rule as it stood when it had findings, so that they can be explained without its file.
CREATE TABLE rule_version (
  id INTEGER PRIMARY KEY,
  rule TEXT NOT NULL,
  sha256 TEXT NOT NULL,                  -- of the text
  version INTEGER NOT NULL,
  title TEXT NOT NULL,
  why TEXT NOT NULL,
  refs TEXT NOT NULL,                    -- JSON: [address, ...]
  path TEXT NOT NULL,                    -- the file, as it was named
  text TEXT NOT NULL,                    -- the document as it stands in the file
  UNIQUE (rule, sha256)
);

-- A decision to accept findings until a date. Those of waiver files are kept to show them; what holds is
-- decided by the file at each evaluation. Those made here (source = '') name one finding each.
CREATE TABLE waiver (
  id INTEGER PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE,             -- of the columns from rule to expires, and fingerprint
  rule TEXT NOT NULL,
  selector TEXT NOT NULL,                -- JSON: [[what, glob], ...]
  reason TEXT NOT NULL,
  justification TEXT NOT NULL,
  approver TEXT NOT NULL,
  ticket TEXT NOT NULL,
  expires TEXT NOT NULL,                 -- the last day, YYYY-MM-DD
  source TEXT NOT NULL,                  -- file and line; '' when it was made here
  until INTEGER NOT NULL,                -- the first second in which it no longer holds
  fingerprint TEXT,                      -- of the finding, for those made here
  created_at INTEGER NOT NULL,
  withdrawn_at INTEGER                   -- NULL while it was not taken back
);
CREATE INDEX waiver_fingerprint ON waiver (fingerprint) WHERE fingerprint IS NOT NULL;

ALTER TABLE finding ADD COLUMN outcome TEXT NOT NULL DEFAULT 'fail';
ALTER TABLE finding ADD COLUMN enforcement TEXT NOT NULL DEFAULT 'audit';
ALTER TABLE finding ADD COLUMN rule_version_id INTEGER REFERENCES rule_version;
-- Of a waived finding: the waiver that ends first of those that its places need, and when that ends.
ALTER TABLE finding ADD COLUMN waiver_id INTEGER REFERENCES waiver;
ALTER TABLE finding ADD COLUMN waived_until INTEGER;
-- Nothing wrote this state before; without a waiver it would be neither open nor waived.
UPDATE finding SET state = 'open' WHERE state = 'waived';

-- NULL: it is not waived at this place.
ALTER TABLE finding_occurrence ADD COLUMN waiver_id INTEGER REFERENCES waiver;
CREATE INDEX finding_occurrence_waiver ON finding_occurrence (waiver_id) WHERE waiver_id IS NOT NULL;

DROP VIEW v_open_findings;
-- A waiver that has expired since the last evaluation opens its findings here at once.
CREATE VIEW v_open_findings AS
SELECT finding.fingerprint, finding.rule, finding.severity, finding.outcome, finding.enforcement,
  target.name AS target, artifact.platform, artifact.digest, finding.subject, finding.message, finding.fix,
  strftime('%Y-%m-%dT%H:%M:%SZ', finding.first_seen, 'unixepoch') AS first_seen,
  strftime('%Y-%m-%dT%H:%M:%SZ', finding_occurrence.last_seen, 'unixepoch') AS last_seen
FROM finding
JOIN finding_occurrence ON finding_occurrence.finding_id = finding.id AND finding_occurrence.current
JOIN target ON target.id = finding_occurrence.target_id
JOIN artifact ON artifact.id = finding_occurrence.artifact_id
WHERE finding.state = 'open'
OR (finding.state = 'waived' AND finding.waived_until <= CAST(strftime('%s', 'now') AS INTEGER));

CREATE VIEW v_waived_findings AS
SELECT finding.fingerprint, finding.rule, finding.severity, finding.target_identity AS target,
  finding.subject, finding.message, waiver.reason, waiver.justification, waiver.approver, waiver.ticket,
  waiver.expires, waiver.source
FROM finding JOIN waiver ON waiver.id = finding.waiver_id
WHERE finding.state = 'waived' AND finding.waived_until > CAST(strftime('%s', 'now') AS INTEGER);
"""


@migrations(name="0002-deciding")
def _deciding(database: Database) -> None:
    database.executescript(_DECIDING)


_BASES = """
-- What identifies the layers of an image, bottom to top: an image that was built on it has the same for as
-- many of its own (ospo.store.bases). NULL where there are none.
ALTER TABLE artifact ADD COLUMN chain TEXT;
CREATE INDEX artifact_chain ON artifact (chain) WHERE chain IS NOT NULL;
-- The image that it was built on, as of its last scan; NULL where none was known.
ALTER TABLE artifact ADD COLUMN base_name TEXT;
ALTER TABLE artifact ADD COLUMN base_digest TEXT;
ALTER TABLE artifact ADD COLUMN base_layers INTEGER;
"""


@migrations(name="0003-bases")
def _bases(database: Database) -> None:
    from ospo.store.bases import fill_chains

    database.executescript(_BASES)
    fill_chains(database.conn)
