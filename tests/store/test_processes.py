"""Several processes at one database, and processes that are killed."""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from made_results import finding, result

from ospo.errors import StoreError
from ospo.store import database, maintenance, queries, writer

HERE = Path(__file__).parent
WRITE = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from made_results import finding, result
from ospo.store import database, writer

who, first, last = sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
connection = database.connect(Path(sys.argv[2]))
print("ready", flush=True)
for number in range(first, last):
    names = [f"{who}-{number}-{index}" for index in range(number % 40)]
    scan = result("base", *names, target=f"registry.example/{who}:{number % 7}", digest=f"{who}{number}")
    writer.save(connection, scan, tuple(finding(name, f"registry.example/{who}") for name in names[::3]))
"""


def start(path: Path, who: str, first: int, last: int) -> subprocess.Popen[bytes]:
    """Start a process that saves the scans `first` to `last`; return when its database is open."""
    command = [sys.executable, "-c", WRITE, str(HERE), str(path), who, str(first), str(last)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def finish(process: subprocess.Popen[bytes]) -> int:
    with process:
        return process.wait(timeout=60)


def test_killed_at_any_instant_the_database_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "ospo.db"
    chance = random.Random(1)
    saved = 0
    for _ in range(10):
        process = start(path, "a", saved, saved + 10_000)
        time.sleep(chance.uniform(0, 0.15))
        process.kill()
        assert finish(process) == -signal.SIGKILL
        connection = database.connect(path)
        assert maintenance.integrity(connection) == ()
        before, saved = saved, maintenance.statistics(connection).observations
        assert saved >= before
        for number in range(max(saved - 7, 0), saved):
            stored = queries.load_result(connection, "sha256:" + f"a{number}".rjust(64, "0"))
            assert len(stored.components) == number % 40 + 1
        connection.close()
    assert saved > 0


def test_two_processes_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "ospo.db"
    database.connect(path).close()
    processes = [start(path, who, 0, 60) for who in ("a", "b")]
    assert [finish(process) for process in processes] == [0, 0]
    connection = database.connect(path)
    assert maintenance.integrity(connection) == ()
    assert maintenance.statistics(connection).observations == 120
    connection.close()


def test_processes_that_create_the_database_at_once_all_succeed(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from ospo.store import database; database.connect(pathlib.Path(sys.argv[1]))"
    )
    for attempt in range(3):
        command = [sys.executable, "-W", "ignore", "-c", program, str(tmp_path / f"{attempt}.db")]
        processes = [subprocess.Popen(command) for _ in range(4)]
        assert [finish(process) for process in processes] == [0, 0, 0, 0]
        connection = database.connect(tmp_path / f"{attempt}.db")
        assert maintenance.integrity(connection) == ()
        connection.close()


def test_readers_are_not_blocked_and_see_whole_scans(tmp_path: Path) -> None:
    path = tmp_path / "ospo.db"
    connection = database.connect(path)
    writer.save(connection, result("a"), (finding("a"),))
    reader = database.connect_read_only(path)
    reader.execute("PRAGMA busy_timeout = 0")
    with pytest.raises(KeyboardInterrupt), database.transaction(connection):
        connection.execute("DELETE FROM artifact_component")
        assert len(queries.components(reader, "registry.example/app:1")) == 1
        raise KeyboardInterrupt
    process = start(path, "b", 0, 60)
    reads = 0
    while process.poll() is None:
        seen = reader.execute(
            "SELECT count(*) FROM artifact WHERE component_count <>"
            " (SELECT count(*) FROM artifact_component WHERE artifact_id = artifact.id)"
        )
        assert seen.fetchone() == (0,)
        reads += 1
    assert finish(process) == 0
    assert reads > 0
    reader.close()
    connection.close()


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_failing_migration_changes_nothing(
    tmp_path: Path, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ospo.store import schema

    def fail(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    apply = schema.migrations.apply

    def fail_after(*arguments: object) -> None:
        apply(*arguments)  # type: ignore[arg-type]
        fail()

    monkeypatch.setattr(schema.migrations, "apply", fail if moment == "before" else fail_after)
    with pytest.raises(StoreError, match="disk I/O error"):
        database.connect(tmp_path / "ospo.db")
    monkeypatch.undo()
    database.connect(tmp_path / "ospo.db").close()
