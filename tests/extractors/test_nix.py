"""Nix: names of store paths, and databases whose schema wants more than to be read."""

import sqlite3
from pathlib import Path

import pytest

from ospo.errors import ParseError
from ospo.extractors import nix
from ospo.extractors.interface import File, Held
from ospo.extractors.nix_names import store_component
from ospo.limits import Limits
from ospo.model import Component

HASH = "lyxyvvl268vqpm5nyii25hhh0sfrjhvh"
TABLES = """
    CREATE TABLE ValidPaths (id integer primary key, path text);
    CREATE TABLE Refs (referrer integer, reference integer);
"""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("glibc-2.34-210", ("glibc", "2.34-210", "")),
        ("glibc-2.34-210-bin", ("glibc", "2.34-210", "bin")),
        ("python3.11-six-1.16.0", ("python3.11-six", "1.16.0", "")),
        ("bash-interactive-5.1-p16", ("bash-interactive", "5.1-p16", "")),
        ("source-highlight-3.1.9-dev", ("source-highlight", "3.1.9", "dev")),
        ("gcc-12.3.0-lib", ("gcc", "12.3.0", "lib")),
        ("fnott-1.c1", ("fnott", "1.c1", "")),
        ("xz-5.4.4-bin", ("xz", "5.4.4", "bin")),
        ("acl-unstable-2023-01-01", ("acl-unstable", "2023-01-01", "")),
    ],
)
def test_a_name_is_split_as_nix_does_it(name: str, expected: tuple[str, str, str]) -> None:
    found = store_component(f"/nix/store/{HASH}-{name}")
    assert found is not None
    assert (found.name, found.version, dict(found.qualifiers).get("output", "")) == expected


@pytest.mark.parametrize(
    "name",
    ["source", "stdenv-linux", "hello-2.12.tar.gz", "fix-1.2.patch", "thing-1.0.drv", "unit-dbus.service"],
)
def test_what_is_no_package_is_left_out(name: str) -> None:
    assert store_component(f"/nix/store/{HASH}-{name}") is None


def test_a_path_without_hash_is_no_package() -> None:
    assert store_component("/nix/store/.links") is None
    assert store_component("/nix/store/short-1.0") is None


def database(tmp_path: Path, script: str) -> File:
    path = tmp_path / "db.sqlite"
    with sqlite3.connect(path) as connection:
        connection.executescript(script)
    connection.close()
    data = path.read_bytes()
    return File("nix/var/nix/db/db.sqlite", len(data), 0o644, Held(data))


def names(file: File) -> list[str]:
    return [record.name for record in nix.EXTRACTORS[0].extract(file) if isinstance(record, Component)]


def test_paths_are_read_and_what_is_no_text_is_not(tmp_path: Path) -> None:
    script = f"INSERT INTO ValidPaths (path) VALUES ('/nix/store/{HASH}-jq-1.6'), (7), (x'00ff'), (NULL);"
    assert names(database(tmp_path, TABLES + script)) == ["jq"]


@pytest.mark.parametrize(
    "script",
    [
        "CREATE VIEW ValidPaths AS SELECT 1 AS id, '/x' AS path;",
        "CREATE VIRTUAL TABLE ValidPaths USING fts5(id, path);",
    ],
    ids=["view", "virtual table"],
)
def test_what_only_looks_like_a_table_is_not_read(tmp_path: Path, script: str) -> None:
    with pytest.raises(ParseError, match="without a table ValidPaths"):
        names(database(tmp_path, script))


def test_columns_that_compute_are_not_evaluated(tmp_path: Path) -> None:
    script = """
        CREATE TABLE ValidPaths (id integer primary key, path text GENERATED ALWAYS AS (hex(zeroblob(id))));
        CREATE TABLE Refs (referrer integer, reference integer);
        INSERT INTO ValidPaths (id) VALUES (30000000);
    """
    with pytest.raises(ParseError, match="computed columns"):
        names(database(tmp_path, script))


def test_a_database_larger_than_fits_into_memory_is_refused(tmp_path: Path) -> None:
    file = database(tmp_path, TABLES)
    small = File(file.path, file.size, file.mode, file.content, limits=Limits(memory_file=100))
    with pytest.raises(ParseError, match=r"limits\.memory_file"):
        names(small)


def test_rows_that_share_pages_end(tmp_path: Path) -> None:
    """An interior page may name the same page again and again: few bytes, endless rows."""
    rows = ",".join("('/nix/store/x')" for _ in range(5000))
    file = database(tmp_path, f"PRAGMA page_size=512; {TABLES} INSERT INTO ValidPaths (path) VALUES {rows};")
    data = bytearray(file.content.read(0, file.size))
    interior = [at for at in range(512, len(data), 512) if data[at] == 5]
    root = interior[0]
    full = max(interior[1:], key=lambda at: int.from_bytes(data[at + 3 : at + 5]))
    data[root : root + 512] = data[full : full + 512]
    count = int.from_bytes(data[root + 3 : root + 5])
    cells = [int.from_bytes(data[at : at + 2]) for at in range(root + 12, root + 12 + 2 * count, 2)]
    for at in (8, *cells):
        data[root + at : root + at + 4] = (full // 512 + 1).to_bytes(4)
    with pytest.raises(ParseError, match="share pages"):
        names(File(file.path, len(data), file.mode, Held(bytes(data))))


@pytest.mark.parametrize(
    "path", [f"nix/store/{HASH}-jq-1.6/bin/jq", f"root/nix/store/{HASH}-jq-1.6/lib/libjq.so.1"]
)
def test_a_file_in_the_store_tells_its_package(path: str) -> None:
    (found,) = nix.EXTRACTORS[1].extract(File(path, 0, 0o755, Held(b"")))
    assert isinstance(found, Component)
    assert (found.name, found.version) == ("jq", "1.6")
