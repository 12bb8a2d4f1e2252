"""Hostile databases of rpm: nothing of a schema runs, nothing multiplies, nothing goes round in circles."""

import sqlite3
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rpm_databases import PAGE, TABLE, Value, berkeley, hash_page, header, ndb, sqlite

from ospo.errors import ParseError
from ospo.extractors import rpm, rpm_wal
from ospo.extractors.interface import File, Held
from ospo.extractors.rpm_header import Tag, parse
from ospo.model import Component

CASE = Path(__file__).parent / "rpm-sqlite/log/usr/lib/sysimage/rpm"
DATABASE = (CASE / "rpmdb.sqlite").read_bytes()
LOG = (CASE / "rpmdb.sqlite-wal").read_bytes()


@pytest.fixture(autouse=True)
def _within_seconds() -> Iterator[None]:
    start = time.process_time()
    yield
    assert time.process_time() - start < 5


def outcome(data: bytes, *, name: str = "rpmdb.sqlite", **siblings: bytes) -> tuple[list[str], str]:
    """Return the names of the packages, and the message of the error that ended them."""
    beside = {"rpmdb.sqlite" + {"log": "-wal", "database": ""}[key]: data for key, data in siblings.items()}
    names: list[str] = []
    try:
        for record in rpm.EXTRACTORS[1].extract(File(name, len(data), 0o644, Held(data), beside)):
            names += [record.name] if isinstance(record, Component) else []
    except ParseError as error:
        return names, error.message
    return names, ""


def patched(data: bytes, offset: int, value: bytes) -> bytes:
    return data[:offset] + value + data[offset + len(value) :]


# Headers


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"\0" * 7,
        b"\0" * 8,
        header()[:-1],
        header() + b"\0",
        b"\xff" * 16,
        struct.pack(">II", 1 << 31, 0),
        struct.pack(">II", 0x10000, 0) + bytes(16 * 0x10000),
    ],
)
def test_a_header_whose_sizes_do_not_fit_is_refused(blob: bytes) -> None:
    with pytest.raises(ParseError, match="sizes"):
        parse(blob)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ((6, 1 << 20, 1), "outside its data"),
        ((6, 0xFFFFFFFF, 1), "outside its data"),
        ((4, 0, 1), "of type 4"),
        ((6, 5, 1), "without an end"),
    ],
)
def test_an_entry_that_points_nowhere_is_refused(entry: tuple[int, int, int], message: str) -> None:
    blob = struct.pack(">II4I", 1, 6, Tag.NAME, *entry) + b"name\0x"
    with pytest.raises(ParseError, match=message):
        parse(blob).text(Tag.NAME)


@pytest.mark.parametrize("count", [4, 0xFFFFFFFF])
def test_more_items_than_there_are_bytes_are_refused(count: int) -> None:
    for kind, tag in ((8, Tag.REQUIRENAME), (4, Tag.DIRINDEXES)):
        found = parse(struct.pack(">II4I", 1, 6, tag, kind, 0, count) + b"a\0b\0c\0")
        with pytest.raises(ParseError, match="fewer"):
            found.texts(tag) if kind == 8 else found.numbers(tag)


def test_a_long_folder_that_all_files_lie_in_is_refused() -> None:
    count = 10_000
    files: dict[Tag, Value] = {
        Tag.BASENAMES: ["a"] * count,
        Tag.DIRNAMES: ["/" + "x" * 100_000],
        Tag.DIRINDEXES: [0] * count,
    }
    names, error = outcome(ndb([header(files), header(name="b")]))
    assert names == ["b"]
    assert "package 1 has paths of more than" in error


def test_files_without_a_folder_are_refused() -> None:
    for places in ([1], [0, 0], [0xFFFFFFFF]):
        files: dict[Tag, Value] = {Tag.BASENAMES: ["a"], Tag.DIRNAMES: ["/"], Tag.DIRINDEXES: places}
        assert "without a folder" in outcome(ndb([header(files)]))[1]


def test_packages_that_all_offer_and_need_the_same_take_no_quadratic_time() -> None:
    blobs = [
        header({Tag.REQUIRENAME: ["x", "/f"], Tag.PROVIDENAME: ["x"]}, name=f"p{number}")
        for number in range(20_000)
    ]
    assert len(outcome(ndb(blobs))[0]) == 20_000


def test_parentheses_take_no_quadratic_time() -> None:
    needs = ["(" * 200_000 + ")" * 200_000, "(a or " * 50_000, "(" + "b) " * 100_000]
    assert outcome(ndb([header({Tag.REQUIRENAME: needs})])) == (["name"], "")


def test_more_packages_than_any_system_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rpm, "_PACKAGES_MAX", 3)
    assert outcome(ndb([header(name=name) for name in "abc"])) == (["a", "b", "c"], "")
    assert outcome(ndb([header(name=name) for name in "abcd"])) == (
        ["a", "b", "c"],
        "has more than 3 packages",
    )


# Berkeley DB

LONG = header(summary="x" * 3 * PAGE)


def test_overflow_pages_in_a_circle_end() -> None:
    data = berkeley([LONG])
    first = data.index(b"\7", 3 * PAGE) - 25
    names, error = outcome(patched(data, first + 16, struct.pack("<I", first // PAGE)))
    assert names == []
    assert error


def test_values_that_share_pages_are_refused() -> None:
    data = berkeley([LONG])
    item = struct.pack("<B3xII", 3, 3, len(LONG))
    pages = b"".join(
        hash_page(number, [b"\1" + struct.pack("<I", number), item]) for number in range(7, 2000)
    )
    data = patched(data, 32, struct.pack("<I", 1999)) + pages
    names, error = outcome(data)
    assert 0 < len(names) < 1000
    assert "a value shares pages with others" in error


def test_items_that_overlap_are_refused() -> None:
    items = [b"\1\0\0\0\1", b"\1" + header()]
    for starts in ([4000, 4000], [4000, 4010], [PAGE + 1, 100], [4000, 10]):
        data = patched(berkeley([]), PAGE, hash_page(1, items, starts=starts))
        assert "page 1: has items that overlap" in outcome(data)[1]
    data = patched(berkeley([]), PAGE + 20, b"\xff\xff")
    assert "page 1: has more items (65535) than fit" in outcome(data)[1]


@pytest.mark.parametrize(
    ("offset", "value", "message"),
    [
        (16, struct.pack("<I", 7), "unknown version"),
        (20, struct.pack("<I", 0), "pages of 0 bytes"),
        (20, struct.pack("<I", 1 << 31), "pages of"),
        (24, b"\1", "encrypted"),
        (26, b"\1", "checksums"),
        (32, struct.pack("<I", 99), "before its 100 pages"),
    ],
)
def test_what_rpm_never_writes_is_refused(offset: int, value: bytes, message: str) -> None:
    assert message in outcome(patched(berkeley([header()]), offset, value))[1]


def test_a_table_that_was_cut_off_keeps_what_lies_before() -> None:
    names, error = outcome(berkeley([header(name="a"), LONG])[: -2 * PAGE])
    assert names == ["a"]
    assert error.startswith("ends at page")


@pytest.mark.parametrize("item", [b"\2abc", b"\4", b"\3", b"\3" + bytes(20)])
def test_kinds_of_values_that_rpm_never_writes_are_problems(item: bytes) -> None:
    data = patched(berkeley([]), PAGE, hash_page(1, [b"\1\0\0\0\1", item]))
    assert "page" not in outcome(data)[0]
    assert f"a value is of an unknown kind ({item[0]})" in outcome(data)[1]


# NDB


def test_slots_that_point_at_the_same_package_are_refused() -> None:
    size = (len(header()) + 28 + 15) // 16
    names, error = outcome(ndb([header()], slots=[(1, PAGE // 16, size)] * 200))
    assert len(names) < 100
    assert error.startswith("slot of package 1: claims bytes of others (and")


@pytest.mark.parametrize(
    ("slot", "message"),
    [
        ((1, 1 << 31, 2), "beyond"),
        ((1, PAGE // 16, 0), "no package starts"),
        ((1, PAGE // 16, 3), "more than the slot says"),
        ((2, PAGE // 16, 20), "no package starts"),
        ((1, PAGE // 16 + 1, 19), "no package starts"),
        ((1, PAGE // 16, 1 << 31), "bytes of others"),
    ],
)
def test_a_slot_that_points_elsewhere_is_a_problem(slot: tuple[int, int, int], message: str) -> None:
    names, error = outcome(ndb([header(summary="x" * 400)], slots=[slot]))
    assert names == []
    assert message in error


def test_a_number_of_slots_that_no_file_has_is_refused() -> None:
    assert "1025 pages of slots" in outcome(ndb([], pages=1025))[1]
    assert "beyond its" in outcome(ndb([], pages=1000))[1]
    damaged = patched(ndb([header(name=name) for name in "abc"]), 48, b"slot")
    assert outcome(damaged) == (["a", "c"], "slot of package 2: is damaged")
    assert "unknown version (9)" in outcome(patched(ndb([]), 4, b"\t"))[1]


# SQLite

ROWS = "SELECT randomblob(9) AS blob, 1 AS hnum"


def forged(folder: Path, sql: str) -> bytes:
    """Return a database whose schema says something else of the table Packages."""
    path = folder / "rpmdb.sqlite"
    path.write_bytes(sqlite(folder, [header()]))
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'Packages'", (sql,))
    connection.commit()
    connection.close()
    return path.read_bytes()


@pytest.mark.parametrize(
    "sql", [f"CREATE VIEW Packages AS {ROWS}", "CREATE VIRTUAL TABLE Packages USING fts5(blob)"]
)
def test_what_only_looks_like_a_table_is_not_asked(sql: str, tmp_path: Path) -> None:
    assert "without a plain table" in outcome(sqlite(tmp_path, [], sql))[1]
    assert outcome(forged(tmp_path, sql))[0] == []


def test_views_upon_views_are_not_expanded(tmp_path: Path) -> None:
    views = [f"CREATE VIEW v0 AS {ROWS}"]
    views += [f"CREATE VIEW v{n + 1} AS SELECT a.* FROM v{n} a, v{n} b" for n in range(40)]
    assert (
        "table Packages"
        in outcome(sqlite(tmp_path, [], *views, "CREATE VIEW Packages AS SELECT * FROM v40"))[1]
    )


def test_a_column_that_is_computed_does_not_run(tmp_path: Path) -> None:
    table = "CREATE TABLE Packages (x, blob AS (zeroblob(1000000)))"
    data = sqlite(tmp_path, [], table, "INSERT INTO Packages (x) VALUES (1)")
    assert outcome(data) == ([], "is a SQLite database without a plain table Packages")


def test_an_index_is_not_read_in_the_place_of_the_table(tmp_path: Path) -> None:
    index = "CREATE INDEX i ON Packages (blob) WHERE blob <> ''"
    assert outcome(sqlite(tmp_path, [header(name="a")], TABLE, index)) == (["a"], "")


def test_rows_that_are_no_blobs_are_problems(tmp_path: Path) -> None:
    names, error = outcome(
        sqlite(tmp_path, [header()], TABLE, "INSERT INTO Packages (blob) VALUES ('x')", _insert("1"))
    )
    assert names == ["name"]
    assert error == "has a row that is no blob (and 1 more)"


def _insert(value: str) -> str:
    return f"INSERT INTO Packages (blob) VALUES ({value})"


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    data = sqlite(tmp_path, [], TABLE, "ALTER TABLE Packages RENAME TO other", "CREATE TABLE x (Packages)")
    assert outcome(data) == ([], "is a SQLite database without a plain table Packages")


def test_a_database_that_was_cut_off_is_a_problem(tmp_path: Path) -> None:
    data = sqlite(tmp_path, [header(name=f"p{number}", summary="x" * 5000) for number in range(20)])
    for size in (100, 4096, len(data) // 2, len(data) - PAGE):
        assert outcome(data[:size])[1].startswith("is a damaged SQLite database: ")


def test_a_tree_that_leads_back_to_its_root_ends(tmp_path: Path) -> None:
    data = sqlite(tmp_path, [header(name=f"p{number}", summary="x" * 3000) for number in range(2000)])
    root = next(at for at in range(PAGE, len(data), PAGE) if data[at] == 5)
    for child in (root // PAGE + 1, 1):
        assert outcome(patched(data, root + 8, struct.pack(">I", child)))[1]


# The write-ahead log


def test_a_log_that_is_none_is_a_problem_beside_the_database() -> None:
    for log in (b"x", b"x" * 100, patched(LOG, 8, struct.pack(">I", 1000)), patched(LOG, 4, b"\1")):
        names, error = outcome(DATABASE, log=log)
        assert names == ["basesystem", "tiny-doc"]
        assert error.startswith("has a log ")


@pytest.mark.parametrize("size", [0, 32, 33, 1000])
def test_a_log_without_a_finished_transaction_changes_nothing(size: int) -> None:
    assert outcome(DATABASE, log=LOG[:size]) == (["basesystem", "tiny-doc"], "")
    assert outcome(LOG[:size], name="rpmdb.sqlite-wal") == ([], "")


def test_frames_of_an_earlier_use_of_the_log_do_not_count() -> None:
    frame = 24 + 1024
    second = next(at for at in range(32 + frame, len(LOG), frame) if LOG[at + 4 : at + 8] != bytes(4)) + frame
    stale = patched(LOG, second + 8, bytes(8))
    assert outcome(DATABASE, log=stale) == (["basesystem", "tiny-doc", "tiny-libs"], "")


def test_a_log_without_its_database_is_a_problem() -> None:
    assert "not beside it" in outcome(LOG, name="rpmdb.sqlite-wal")[1]
    assert outcome(LOG, name="rpmdb.sqlite-wal", database=DATABASE) == ([], "")


def test_a_log_cannot_make_a_database_larger_than_memory() -> None:
    frame = struct.pack(">II8s8x", 1, 0xFFFFFFFF, LOG[16:24]) + DATABASE[:1024]
    names, error = outcome(DATABASE, log=LOG[:32] + frame)
    assert names == ["basesystem", "tiny-doc"]
    assert "more than limits.memory_file" in error
    with pytest.raises(ParseError):
        rpm_wal.applied(DATABASE, LOG, 1024)
