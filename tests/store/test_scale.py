"""Nothing reads all of a table that grows with the fleet: at a million images that would take minutes."""

import sqlite3
from collections.abc import Callable

import pytest
from made_results import component, finding, result

from ospo.model import ScanResult
from ospo.store import finding_queries, queries, writer
from ospo.store.rows import FindingFilter

TARGET = "registry.example/app:1"
LARGE = {"artifact_component", "artifact_layer", "component_detail", "finding_occurrence", "observation"}
ALIASES = {"link": "artifact_component", "occurrence": "finding_occurrence"}

QUERIES: dict[str, Callable[[sqlite3.Connection], object]] = {
    "targets": queries.targets,
    "components": lambda store: queries.components(store, TARGET),
    "ecosystems": queries.ecosystems,
    "ecosystems of target": lambda store: queries.ecosystems(store, TARGET),
    "uses of key": lambda store: queries.uses_of_key(store, "pkg:pypi/a@1.0"),
    "uses of name": lambda store: queries.uses_of_name(store, "a"),
    "problems": lambda store: queries.problems(store, TARGET),
    "history": lambda store: queries.history(store, TARGET),
    "findings": finding_queries.findings,
    "findings of target": lambda store: finding_queries.findings(store, FindingFilter(target=TARGET)),
    "count": finding_queries.count_findings,
    "load by name": lambda store: queries.load_result(store, TARGET),
    "load by digest": lambda store: queries.load_result(store, result().artifact.digest),
    "save again": lambda store: writer.save(store, scan(), (finding("a"),)),
    "save new": lambda store: writer.save(store, scan("2"), (finding("b"),)),
    "save replaced": lambda store: writer.save(store, scan("1", "f2"), ()),
}


def scan(digest: str = "1", facts_version: str = "f1") -> ScanResult:
    return result("a", components=(component("b", words=""),), digest=digest, facts_version=facts_version)


def full_scans(store: sqlite3.Connection, statement: str) -> list[str]:
    plan = [row[3].split() for row in store.execute("EXPLAIN QUERY PLAN " + statement)]
    read = [step[1] for step in plan if step[0] == "SCAN"]
    return [table for table in read if ALIASES.get(table, table) in LARGE]


@pytest.mark.parametrize("name", QUERIES)
def test_large_tables_are_reached_by_index(store: sqlite3.Connection, name: str) -> None:
    writer.save(store, scan(), (finding("a"),))
    statements: list[str] = []
    store.set_trace_callback(statements.append)
    QUERIES[name](store)
    store.set_trace_callback(None)
    # With them on, plans of inserts show a search for children that runs only after a violation.
    store.execute("PRAGMA foreign_keys = OFF")
    planned = [one for one in statements if one.split()[0] in ("SELECT", "INSERT", "UPDATE", "DELETE")]
    assert planned
    assert {statement: found for statement in planned if (found := full_scans(store, statement))} == {}


def test_a_full_scan_would_be_noticed(store: sqlite3.Connection) -> None:
    assert full_scans(store, "SELECT * FROM observation WHERE seen_at = 1") == ["observation"]
    assert full_scans(store, "SELECT * FROM artifact_component AS link WHERE detail_id = 1") == ["link"]
