"""rpm's database: all formats give the same, what packages need, and what rpm itself says of the cases."""

import os
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from rpm_databases import Value, berkeley, header, ndb, sqlite

from ospo.errors import ParseError
from ospo.extractors import rpm
from ospo.extractors.interface import File, Held
from ospo.extractors.rpm_header import Tag, parse
from ospo.extractors.rpm_needs import needed
from ospo.limits import Limits, MiB
from ospo.model import Component, Ownership, Record

HERE = Path(__file__).parent


def read(
    data: bytes, limits: Limits | None = None, siblings: Mapping[str, bytes] | None = None
) -> list[Record]:
    return list(extracting(data, limits, siblings))


def extracting(
    data: bytes, limits: Limits | None = None, siblings: Mapping[str, bytes] | None = None
) -> Iterator[Record]:
    name = "var/lib/rpm/rpmdb.sqlite"
    file = File(name, len(data), 0o644, Held(data), siblings or {}, limits=limits or Limits())
    return rpm.EXTRACTORS[1].extract(file)


def one(blob: bytes) -> Component:
    (component,) = (record for record in read(ndb([blob])) if isinstance(record, Component))
    return component


def depends(*headers: bytes) -> dict[str, tuple[str, ...]]:
    found = [record for record in read(ndb(headers)) if isinstance(record, Component)]
    return {component.name: component.depends for component in found}


@pytest.mark.parametrize(
    "make",
    [
        lambda blobs, folder: berkeley(blobs),
        lambda blobs, folder: berkeley(blobs, order=">"),
        lambda blobs, folder: ndb(blobs),
        lambda blobs, folder: sqlite(folder, blobs),
    ],
    ids=["berkeley", "berkeley big-endian", "ndb", "sqlite"],
)
def test_every_format_gives_the_same_packages(
    make: Callable[[list[bytes], Path], bytes], tmp_path: Path
) -> None:
    summaries = ["short", "medium" * 100, "of some pages " * 1000]
    blobs = [header(name=f"p{number}", summary=summary) for number, summary in enumerate(summaries)]
    found = read(make([header(name="gpg-pubkey"), *blobs], tmp_path))
    assert [(c.name, c.description) for c in found if isinstance(c, Component)] == [
        (f"p{number}", summary) for number, summary in enumerate(summaries)
    ]


def test_databases_larger_than_memory_are_read_page_by_page(tmp_path: Path) -> None:
    blobs = [header(name=f"p{number}", summary="x" * 5000) for number in range(400)]
    limits = Limits(memory_file=MiB)
    for data in (berkeley(blobs), ndb(blobs)):
        assert len(data) > limits.memory_file
        assert len(read(data, limits)) == 400
    assert len(read(sqlite(tmp_path, blobs), limits)) == 400
    with pytest.raises(ParseError, match=r"more than 8 times limits\.memory_file") as caught:
        read(sqlite(tmp_path, blobs), Limits(memory_file=MiB // 8))
    assert "memory_file" in caught.value.hint


@pytest.mark.parametrize("make", [berkeley, ndb])
def test_a_package_larger_than_memory_is_a_problem(make: Callable[[list[bytes]], bytes]) -> None:
    data = make([header(name="large", summary="x" * MiB), header(name="small")])
    found: list[Record] = []
    with pytest.raises(ParseError, match=r"more than limits\.memory_file"):
        found.extend(extracting(data, Limits(memory_file=MiB)))
    assert [record.name for record in found if isinstance(record, Component)] == ["small"]


def test_an_empty_database_has_no_packages(tmp_path: Path) -> None:
    assert read(berkeley([])) == read(ndb([])) == read(sqlite(tmp_path, [])) == []


@pytest.mark.parametrize("data", [b"", b"x", b"no database at all"])
def test_what_is_no_database_is_an_error(data: bytes) -> None:
    with pytest.raises(ParseError, match="is no database of rpm"):
        read(data)


def test_no_epoch_and_the_epoch_0_are_the_same() -> None:
    assert one(header({Tag.EPOCH: [0]})) == one(header())
    assert dict(one(header({Tag.EPOCH: [3]})).qualifiers)["epoch"] == "3"


def test_what_stands_behind_a_region_replaces_what_is_in_it() -> None:
    blob = header(summary="old")
    count, size = struct.unpack_from(">II", blob)
    data = blob[8 + 16 * count :]
    entry = struct.pack(">IIII", Tag.SUMMARY, 9, size, 1)
    blob = struct.pack(">II", count + 1, size + 4) + blob[8 : 8 + 16 * count] + entry + data + b"new\0"
    assert one(blob).description == "new"


def test_files_of_packages_built_before_2001_are_whole_paths() -> None:
    records = read(ndb([header({Tag.OLDFILENAMES: ["/usr/bin/a", "/etc/b"]})]))
    assert records[1:] == [Ownership("name", "usr/bin/a\netc/b")]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["libc.so.6()(64bit)", "rpmlib(FileDigests)", "/bin/sh"], ["libc.so.6()(64bit)", "/bin/sh"]),
        (["(a or b >= 2)"], ["a", "b"]),
        (["((a and b) or c)"], ["a", "b", "c"]),
        (["(a if b)", "(c = 1 unless d)"], ["a", "c"]),
        (["(python3dist(x) >= 1 with python3dist(x) < 2)"], ["python3dist(x)", "python3dist(x)"]),
        (["(a without b)", "(font(:lang=en))"], ["a", "font(:lang=en)"]),
        (["("], [""]),
    ],
)
def test_needs_are_capabilities(names: list[str], expected: list[str]) -> None:
    assert list(needed(names)) == expected


def test_packages_depend_on_who_offers_what_they_need() -> None:
    needs: list[str] = ["lib.so.1()(64bit)", "base", "/usr/share/base/flag", "own", "nobody", "(x or base)"]
    files: dict[Tag, Value] = {
        Tag.BASENAMES: ["flag"],
        Tag.DIRNAMES: ["/usr/share/base/"],
        Tag.DIRINDEXES: [0],
    }
    assert depends(
        header({Tag.REQUIRENAME: needs, Tag.PROVIDENAME: ["own"]}, name="app"),
        header({Tag.PROVIDENAME: ["lib.so.1()(64bit)", "own"]}, name="lib"),
        header({**files, Tag.REQUIRENAME: ["base"]}, name="base"),
    ) == {"app": ("base", "lib"), "lib": (), "base": ()}


def test_of_several_that_offer_the_same_the_one_of_that_name_comes_first() -> None:
    assert depends(
        header({Tag.REQUIRENAME: ["mta"]}, name="app"),
        header({Tag.PROVIDENAME: ["mta"]}, name="postfix"),
        header(name="mta"),
    )["app"] == ("mta",)


def test_a_damaged_package_costs_only_itself() -> None:
    blobs = [header(name="a"), header(version=""), header(name="b"), header(release="x\ny")]
    records: list[Record] = []
    with pytest.raises(ParseError, match=r"^package 2 has no version \(and 1 more\)$"):
        records.extend(extracting(ndb(blobs)))
    assert [record.name for record in records if isinstance(record, Component)] == ["a", "b"]


def test_texts_in_several_languages_give_the_first() -> None:
    blob = bytearray(header({Tag.SUMMARY: ["English", "Deutsch"]}))
    entry = 8 + 16 * 3
    assert struct.unpack_from(">II", blob, entry) == (Tag.SUMMARY, 8)
    struct.pack_into(">I", blob, entry + 4, 9)
    assert parse(bytes(blob)).text(Tag.SUMMARY) == "English"


QUERY = "\\t".join(
    f"%{{{tag}}}" for tag in ("NAME", "VERSION}-%{RELEASE", "ARCH", "EPOCHNUM", "SOURCERPM", "LICENSE")
)


@pytest.mark.skipif(shutil.which("rpm") is None, reason="needs rpm")
@pytest.mark.parametrize(
    ("path", "backend"),
    [
        ("rpm/berkeley-db/var/lib/rpm/Packages", "bdb_ro"),
        ("rpm/berkeley-db-big-endian/var/lib/rpm/Packages", "bdb_ro"),
        ("rpm-sqlite/fedora/var/lib/rpm/rpmdb.sqlite", "sqlite"),
        ("rpm-sqlite/same-names/var/lib/rpm/rpmdb.sqlite", "sqlite"),
        ("rpm-sqlite/log/usr/lib/sysimage/rpm/rpmdb.sqlite", "sqlite"),
    ],
)
def test_rpm_lists_the_same_packages_and_files(path: str, backend: str, tmp_path: Path) -> None:
    database, log = HERE / path, HERE / f"{path}-wal"
    siblings = {log.name: log.read_bytes()} if log.exists() else {}
    shutil.copytree(database.parent, tmp_path, dirs_exist_ok=True)
    if backend == "sqlite":
        asked_of_rpm("--initdb", "--dbpath", str(tmp_path))  # makes the tables that the cases lack
    form = QUERY + "\\t[/%{FILENAMES}]\\n"
    lines = asked_of_rpm(
        "-qa", "--dbpath", str(tmp_path), "--define", f"_db_backend {backend}", "--qf", form
    ).splitlines()
    expected = sorted(line for line in lines if not line.startswith("gpg-pubkey"))
    assert expected
    assert sorted(as_rpm_says(read(database.read_bytes(), siblings=siblings))) == expected


def asked_of_rpm(*arguments: str) -> str:
    return subprocess.run(
        ("rpm", *arguments),
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"LC_ALL": "C.UTF-8"},
    ).stdout


def as_rpm_says(records: list[Record]) -> list[str]:
    files = {record.package: record.paths for record in records if isinstance(record, Ownership)}
    lines = []
    for record in records:
        if isinstance(record, Component):
            qualifiers = {"arch": "(none)", "epoch": "0", "upstream": "(none)"} | dict(record.qualifiers)
            paths = files.get(next(iter(record.provides), record.name), "")
            parts = [record.name, record.version]
            parts += [qualifiers[key] for key in ("arch", "epoch", "upstream")]
            parts += [record.licenses[0].text, "".join(f"//{path}" for path in paths.split("\n") if path)]
            lines.append("\t".join(parts))
    return lines
