"""`ospo db`: looks after a database and never makes one."""

import json
from pathlib import Path

import pytest

from ospo.cli.main import run
from ospo.store import database

COMMANDS = ("info", "check", "vacuum")


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where the database is, or could be."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OSPO_DB", str(tmp_path / "ospo.db"))
    return tmp_path / "ospo.db"


def fill(path: Path, steps: int) -> None:
    """Make a database with so many build steps of 1000 bytes."""
    connection = database.connect(path)
    with database.transaction(connection):
        connection.executemany(
            "INSERT INTO build_step (command) VALUES (?)", [(f"{step:01000}",) for step in range(steps)]
        )
    connection.close()


def empty(path: Path) -> None:
    connection = database.connect(path)
    with database.transaction(connection):
        connection.execute("DELETE FROM build_step")
    connection.close()


def damage(path: Path) -> None:
    """Overwrite the first page of every table and index, but not the list of them."""
    connection = database.connect(path)
    size = connection.execute("PRAGMA page_size").fetchone()[0]
    pages = [page for (page,) in connection.execute("SELECT rootpage FROM sqlite_master WHERE rootpage > 1")]
    connection.close()
    data = bytearray(path.read_bytes())
    for page in pages:
        data[(page - 1) * size : page * size] = b"\xff" * size
    path.write_bytes(data)


def test_path_needs_no_database(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["db", "path"]) == 0
    assert run(["db", "path", "--db", "other.db"]) == 0
    assert capsys.readouterr().out == f"{path}\n{path.parent}/other.db\n"
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_missing_database_is_said_to_be_missing(
    name: str, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["db", name]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"ospo: there is no database at {path}\n  hint: ")
    assert list(path.parent.iterdir()) == []


def test_info_counts(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(path, 10)
    assert run(["db", "info"]) == 0
    rows = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
    assert rows[0][0] == "WHAT"
    assert rows[1][-1].strip() == str(path)
    assert run(["db", "info", "-o", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["path"], shown["schema_version"]) == (str(path), database.SCHEMA_VERSION)
    assert shown["bytes"] == path.stat().st_size
    assert shown["components"] == 0


def test_a_whole_database_passes_the_check(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(path, 10)
    assert run(["db", "check"]) == 0
    assert run(["db", "check", "-o", "json"]) == 0
    line, *document = capsys.readouterr().out.splitlines()
    assert line == f"{path} is whole"
    assert json.loads("".join(document)) == {"path": str(path), "damages": []}


@pytest.mark.parametrize("output", ["table", "json"])
def test_a_damaged_database_fails_the_check(
    output: str, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(path, 100)
    damage(path)
    assert run(["db", "check", "-o", output]) == 3
    shown = capsys.readouterr().out
    damages = json.loads(shown)["damages"] if output == "json" else shown.splitlines()
    assert damages
    assert f"{path} is whole" not in damages


@pytest.mark.parametrize("name", ["info", "vacuum"])
def test_what_cannot_be_read_is_explained(name: str, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(path, 100)
    damage(path)
    assert run(["db", name]) == 3
    error = capsys.readouterr().err
    assert error.startswith(f"ospo: cannot read {path}: ")
    assert "ospo db check" in error


def test_what_is_no_database_is_refused(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_text("[scan]\nstrict = true\n" * 100)
    for name in COMMANDS:
        assert run(["db", name]) == 3
        assert capsys.readouterr().err.startswith(f"ospo: cannot use {path} as the database: ")


def test_vacuum_gives_space_back(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(path, 1000)
    empty(path)
    before = path.stat().st_size
    assert run(["db", "vacuum"]) == 0
    after = path.stat().st_size
    assert after < before / 2
    assert capsys.readouterr().out == f"{path}: {before:,} bytes before, {after:,} bytes now\n"
