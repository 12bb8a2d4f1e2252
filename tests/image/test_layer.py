"""One layer to facts: what is read, what is held, and what becomes a problem."""

import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from engine import DB, PROGRAM, read_blob, read_layer, shown, stack
from images import Blob, Content, Hardlink, Special, Symlink, Tree, blob, compress, tar

from ospo.errors import LayerError, ParseError
from ospo.extractors.dispatch import Dispatcher
from ospo.extractors.interface import Extractor, File
from ospo.image.facts import LayerFacts
from ospo.limits import Limits
from ospo.model import Component, Problem, ProblemKind, Record

BIN = b"\x7fPRG".ljust(40, b"x")


def problems(facts: LayerFacts) -> list[tuple[str, str, bool]]:
    return [(problem.where, problem.message, problem.blocking) for problem in facts.problems]


@pytest.mark.parametrize("compression", ["plain", "gzip", "zstd"])
def test_all_compressions_give_the_same_facts(compression: str) -> None:
    tree: Tree = {"a/": None, "a/db": "x 1", "bin": BIN, "l": Symlink("a")}
    facts = read_blob(blob(tree, compression=compression))
    assert replace(facts, size=0) == replace(read_layer(tree), size=0)
    assert facts.entries == "a/\0a/db\0bin\0l"


def test_a_file_is_found_by_its_first_bytes_behind_empty_members() -> None:
    """A piece without bytes in front of a file's first ones is not the end of the stream."""
    data = tar({"x": "x", "bin": BIN})
    parts = (data[:1024], b"", b"", data[1024:1536], b"", data[1536:])
    stored = b"".join(compress(part, "gzip") for part in parts)
    assert shown(stack(read_blob(Blob(stored, blob({}).media_type)))) == {"bin": {"program 40": 0}}


def test_files_beside_each_other_meet_whatever_their_order() -> None:
    for tree in ({"d/main": "x", "d/beside": "B"}, {"d/beside": "B", "d/main": "x"}):
        assert shown(stack(read_layer(tree))) == {"d/main": {"main B": 0}}
    assert shown(stack(read_layer({"d/main": "x", "e/beside": "B"}))) == {"d/main": {"main -": 0}}


def test_files_that_wait_have_a_limit_together_and_are_read_alone_beyond_it() -> None:
    facts = read_layer({"d/main": "x", "d/beside": "B" * 5000}, limits=Limits(held_size=2000))
    assert shown(stack(facts)) == {"d/main": {"main -": 0}}
    assert problems(facts) == [
        ("d/beside", "is not seen together with files beside it (limits.held_size)", False)
    ]


def test_many_small_files_that_wait_are_counted_with_what_they_cost() -> None:
    tree: dict[str, Content] = {f"{number}/beside": "" for number in range(100)}
    assert len(read_layer(tree, limits=Limits(held_size=20_000)).problems) > 50


@pytest.mark.parametrize("memory", [10, 1 << 20], ids=["spooled", "in memory"])
def test_large_files_are_spooled_and_leave_nothing_behind(
    memory: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = open_files()
    facts = read_layer(
        {"bin": BIN, "d/beside": "B" * 40, "d/main": "m" * 40}, limits=Limits(memory_file=memory)
    )
    assert shown(stack(facts)) == {"bin": {"program 40": 0}, "d/main": {"main " + "B" * 40: 0}}
    assert list(tmp_path.iterdir()) == []
    assert open_files() == before


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_no_room_for_a_large_file_is_a_layer_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.dup", full)
    before = open_files()
    with pytest.raises(LayerError, match="No space left on device") as raised:
        read_layer({"bin": BIN}, limits=Limits(memory_file=10))
    assert "TMPDIR" in raised.value.hint
    assert open_files() == before


def test_a_file_above_the_limit_is_a_problem_and_blocks_for_a_database() -> None:
    facts = read_layer({"a/db": "x 1\ny 1", "bin": BIN}, limits=Limits(file_size=6))
    assert problems(facts) == [
        ("a/db", "has 7 bytes, more than limits.file_size (6)", True),
        ("bin", "has 40 bytes, more than limits.file_size (6)", False),
    ]
    assert facts.problems[0].kind == ProblemKind.DATABASE


def test_a_damaged_database_keeps_what_came_before_and_blocks() -> None:
    facts = read_layer({"db": "x 1\ndamaged\ny 1"})
    assert shown(stack(facts)) == {"db": {"x 1": 0}}
    assert problems(facts) == [("db", "db: is damaged", True)]


def raising(error: Exception) -> Extractor:
    def extract(file: File) -> Iterator[Record]:
        yield Component("generic", "before", "1")
        raise error

    return replace(DB, extract=extract)


@pytest.mark.parametrize("error", [RecursionError("x"), ValueError("x"), KeyError("x"), UnicodeError("x")])
def test_a_defect_of_an_extractor_costs_one_file(error: Exception) -> None:
    facts = read_layer({"a/db": "x", "bin": BIN}, dispatcher=Dispatcher((raising(error), PROGRAM)))
    assert sorted(shown(stack(facts))) == ["a/db", "bin"]
    (problem,) = facts.problems
    assert problem == Problem(
        ProblemKind.DATABASE,
        "a/db",
        f"db: failed ({type(error).__name__})",
        "this is a defect of ospo: please report it",
        blocking=True,
    )


def test_exhausted_memory_is_a_layer_error_and_no_fact_that_is_kept() -> None:
    with pytest.raises(LayerError, match="not enough memory for db"):
        read_layer({"db": "x"}, dispatcher=Dispatcher((raising(MemoryError()),)))


def test_the_hint_of_a_parse_error_is_kept() -> None:
    facts = read_layer({"db": "x"}, dispatcher=Dispatcher((raising(ParseError("bad", hint="do this")),)))
    assert facts.problems[0].hint == "do this"


def test_only_so_many_problems_are_listed_but_all_that_block() -> None:
    tree: dict[str, Content] = {f"../{number}": "" for number in range(1200)}
    tree["db"] = "damaged"
    facts = read_layer(tree)
    assert len(facts.problems) == 1002
    assert [problem.where for problem in facts.problems if problem.blocking] == ["db"]
    assert facts.problems[-1].message == "has 200 further problems that are not listed"


def sparse(path: str, data: bytes, mode: int) -> bytes:
    info = tarfile.TarInfo(path)
    info.size, info.mode = len(data), mode
    info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": path}
    return info.tobuf(tarfile.PAX_FORMAT) + data + bytes(-len(data) % 512)


def test_sparse_files_that_something_may_be_in_are_problems() -> None:
    data = (
        sparse("db", b"x 1", 0o644)
        + sparse("program", b"0\n" * 20, 0o755)
        + sparse("log", b"0\n" * 20, 0o644)
    )
    assert problems(read_blob(Blob(data + bytes(1024)))) == [
        ("db", "is stored as a sparse file, which is not read", True),
        ("program", "is a program stored as a sparse file, which is not read", False),
    ]


@pytest.mark.parametrize(
    ("target", "blocks"),
    [("other", True), ("/srv/other", True), ("/dev/null", True), ("../b/db", False), ("/a/db", False)],
)
def test_a_database_that_is_a_link_to_what_is_not_read_blocks(target: str, blocks: bool) -> None:
    facts = read_layer({"x/db": Symlink(target), "x/main": Symlink("anything")})
    expected = [("x/db", "is a symbolic link to a file that is not read", True)] if blocks else []
    assert problems(facts) == expected


def test_a_large_library_is_read_again_only_if_it_holds_what_is_looked_for() -> None:
    wanting = Dispatcher((replace(PROGRAM, needle=b"NEEDLE"),))
    with_needle, without = BIN + b"NEEDLE" + bytes(50), BIN + bytes(56)
    facts = read_layer(
        {"a.so": with_needle, "b.so.1": without, "c": without},
        limits=Limits(memory_file=50),
        dispatcher=wanting,
    )
    assert sorted(shown(stack(facts))) == ["a.so", "c"]


def test_bytes_after_the_end_of_the_archive_are_a_problem() -> None:
    data = tar({"db": "x 1"})
    facts = read_blob(Blob(data + b"more" * 300))
    assert shown(stack(facts)) == {"db": {"x 1": 0}}
    (problem,) = facts.problems
    assert problem.kind == ProblemKind.LAYER
    assert "bytes after the end of its archive" in problem.message
    assert read_blob(Blob(data + bytes(1 << 20))).problems == ()


def test_names_that_are_not_utf_8_are_shown_escaped() -> None:
    data = tar({"caf\udce9/db": "x 1"})
    assert shown(stack(read_blob(Blob(data)))) == {"caf\\xe9/db": {"x 1": 0}}


def test_a_database_that_is_a_hard_link_to_a_sparse_file_blocks() -> None:
    link = tar({"db": Hardlink("other")})
    assert problems(read_blob(Blob(sparse("other", b"x 1", 0o644) + link))) == [
        ("other", "is stored as a sparse file, which is not read", True)
    ]


def linked(first: str, names: list[str]) -> Tree:
    return {first: "x 1", **{name: Hardlink(first) for name in names}}


@pytest.mark.parametrize("first", ["other", "a/db"])
def test_a_database_is_found_behind_any_number_of_other_names(first: str) -> None:
    facts = read_layer(linked(first, [f"l{number}" for number in range(120)] + ["lib/db"]))
    assert shown(stack(facts))["lib/db"] == {"x 1": 0}
    assert problems(facts) == [(first, "has 122 names, more than the 100 that are looked at", False)]


def test_a_database_with_too_many_names_blocks() -> None:
    facts = read_layer(linked("other", [f"{number}/db" for number in range(100)]))
    assert len(shown(stack(facts))) == 99
    assert problems(facts) == [("other", "has 101 names, more than the 100 that are looked at", True)]


def test_a_folder_or_pipe_in_the_place_of_a_database_blocks() -> None:
    facts = read_layer({"a/db/": None, "b/db": Special(tarfile.FIFOTYPE), "c/": None, "c/main": Special()})
    assert problems(facts) == [
        ("a/db", "is a folder where a package database is looked for", True),
        ("b/db", "is a device or pipe where a package database is looked for", True),
    ]


def test_a_whiteout_hides_no_path_that_is_only_shown_like_its_own() -> None:
    lower, upper = tar({"\udcff/db": "x 1"}), tar({".wh.\\xff": ""})
    layers = [read_blob(Blob(data)) for data in (lower, upper)]
    assert shown(stack(*layers)) == {"\\xff/db": {"x 1": 0}}
