"""Statistics, the integrity check, and giving space back."""

import sqlite3
from pathlib import Path

import pytest
from made_results import finding, result

from ospo.errors import StoreError
from ospo.store import database, maintenance, writer


def test_statistics_count_what_is_stored(store: sqlite3.Connection) -> None:
    writer.save(store, result("a", "b"), (finding("a"), finding("b")))
    writer.save(store, result("a", digest="2"), (finding("a"),))
    counted = maintenance.statistics(store)
    assert (counted.targets, counted.artifacts, counted.observations) == (1, 2, 2)
    assert (counted.components, counted.details, counted.links) == (2, 2, 3)
    assert (counted.findings, counted.open_findings) == (2, 1)
    assert counted.schema_version == database.SCHEMA_VERSION
    assert counted.bytes > counted.free_bytes >= 0


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("DELETE FROM artifact_component", "number of components is wrong for artifact: sha256:"),
        (
            "DELETE FROM current_artifact",
            "not the one of the latest observation for target: registry.example/app:1",
        ),
        (
            "UPDATE finding SET state = 'fixed'",
            "does not agree with the places for finding: registry.example/app a",
        ),
        ("DELETE FROM layer", "artifact_layer: row None refers to a missing row of layer"),
    ],
)
def test_integrity_names_what_is_wrong(store: sqlite3.Connection, damage: str, said: str) -> None:
    writer.save(store, result("a"), (finding("a"),))
    assert maintenance.integrity(store) == ()
    store.execute("PRAGMA foreign_keys = OFF")
    store.execute(damage)
    assert any(said in line for line in maintenance.integrity(store))


def test_integrity_survives_a_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "ospo.db"
    connection = database.connect(path)
    writer.save(connection, result(*map(str, range(500))), ())
    connection.close()
    content = bytearray(path.read_bytes())
    content[-65536:] = b"\xff" * 65536
    path.write_bytes(content)
    connection = database.connect_read_only(path)
    assert maintenance.integrity(connection)
    connection.close()


def test_vacuum_gives_space_back(store: sqlite3.Connection, tmp_path: Path) -> None:
    writer.save(store, result(*map(str, range(2000))), ())
    store.execute("DELETE FROM artifact_component")
    store.execute("DELETE FROM component_detail")
    before = maintenance.statistics(store)
    maintenance.vacuum(store)
    after = maintenance.statistics(store)
    assert after.bytes < before.bytes
    assert after.free_bytes == 0
    assert (tmp_path / "ospo.db").stat().st_size == after.bytes
    writer.save(store, result("a", digest="2"), ())


def test_vacuum_says_when_another_process_is_writing(store: sqlite3.Connection, tmp_path: Path) -> None:
    other = database.connect(tmp_path / "ospo.db")
    store.execute("PRAGMA busy_timeout = 10")
    with database.transaction(other), pytest.raises(StoreError, match="locked"):
        maintenance.vacuum(store)
    other.close()
