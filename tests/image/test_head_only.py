"""Files of which extractors read the head only: no more of them is kept, whatever their size."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from engine import DB, read_blob, read_layer, shown, stack
from images import Blob, Hardlink, Tree, blob, compress, tar

from ospo.errors import ParseError
from ospo.extractors import all_extractors
from ospo.extractors.dispatch import Dispatcher
from ospo.extractors.interface import Extractor, File, Head, Held
from ospo.image.facts import LayerFacts
from ospo.image.layer import LayerReader
from ospo.limits import Limits, MiB
from ospo.model import Component, Evidence, Record
from ospo.sources.directory import DiskMembers

HEAD = 8
LARGE = "weights!".ljust(5000, "x")


def first_bytes(file: File) -> Iterator[Record]:
    beside = (file.sibling("beside") or b"").decode()
    yield Component("generic", file.read(0, min(HEAD, file.size)).decode() + beside, str(file.size))


def too_far(file: File) -> Iterator[Record]:
    yield Component("generic", "before", "1")
    file.read(4, HEAD)


WEIGHTS = Extractor(
    name="weights",
    version=1,
    patterns=("**/*.weights",),
    evidence=Evidence.EMBEDDED,
    extract=first_bytes,
    ecosystem="Made up",
    licenses_from="none",
    head=HEAD,
)
WAITING = replace(WEIGHTS, name="waiting", siblings=("beside",))
TOO_FAR = replace(WEIGHTS, name="too-far", extract=too_far)
WHOLE = replace(
    WEIGHTS,
    name="whole",
    extract=lambda file: iter((Component("generic", f"{len(file.data)} bytes", "1"),)),
    head=0,
)
TIGHT = Limits(file_size=100, memory_file=100, held_size=2000)


def read(tree: Tree, *extractors: Extractor, limits: Limits = TIGHT) -> LayerFacts:
    return read_layer(tree, limits=limits, dispatcher=Dispatcher(extractors))


def messages(facts: LayerFacts) -> list[str]:
    return [problem.message for problem in facts.problems]


def test_no_limit_counts_for_a_file_of_which_the_head_is_read() -> None:
    facts = read({"a.weights": LARGE, "db": "x 1"}, WEIGHTS, DB)
    assert shown(stack(facts)) == {"a.weights": {"weights! 5000": 0}, "db": {"x 1": 0}}
    assert not facts.problems


def test_a_small_file_is_kept_whole() -> None:
    assert shown(stack(read({"a.weights": "abc"}, WEIGHTS))) == {"a.weights": {"abc 3": 0}}


def test_what_waits_for_files_beside_it_holds_its_head() -> None:
    facts = read({"a.weights": LARGE, "beside": "+"}, WAITING)
    assert shown(stack(facts)) == {"a.weights": {"weights!+ 5000": 0}}
    assert not facts.problems


def test_reading_beyond_the_head_is_a_problem_and_keeps_what_came_before() -> None:
    facts = read({"a.weights": LARGE}, TOO_FAR)
    assert shown(stack(facts)) == {"a.weights": {"before 1": 0}}
    assert messages(facts) == ["too-far: reads 8 bytes at 4, and only its first 8 bytes are kept"]


def test_all_bytes_of_a_head_are_no_data_of_the_file() -> None:
    file = File("a", 20, 0o644, Head(Held(b"x" * 8), 8))
    with pytest.raises(ParseError, match="first 8 bytes"):
        _ = file.data


def test_another_extractor_that_reads_everything_gets_everything() -> None:
    facts = read({"a.weights": LARGE}, WEIGHTS, WHOLE, limits=Limits())
    assert shown(stack(facts)) == {"a.weights": {"weights! 5000": 0, "5000 bytes 1": 0}}
    assert messages(read({"a.weights": LARGE}, WEIGHTS, WHOLE)) == [
        "has 5000 bytes, more than limits.file_size (100)"
    ]


def test_a_file_that_others_look_for_beside_them_is_kept_whole() -> None:
    asking = replace(WAITING, name="asking", patterns=("**/b",), siblings=("a.weights",))
    facts = read({"a.weights": LARGE, "b": "y"}, WEIGHTS, asking)
    assert messages(facts) == ["has 5000 bytes, more than limits.file_size (100)"]


def test_a_name_that_only_a_hard_link_has_is_read_by_its_head_too() -> None:
    facts = read({"blob": LARGE, "a.weights": Hardlink("blob")}, WEIGHTS)
    assert shown(stack(facts)) == {"a.weights": {"weights! 5000": 0}}
    assert not facts.problems


def test_the_rest_of_a_large_file_is_neither_spooled_nor_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_spool() -> None:
        raise AssertionError("a large file is spooled")

    monkeypatch.setattr("tempfile.TemporaryFile", no_spool)
    data = tar({"a.weights": LARGE.ljust(64 * MiB, "x"), "db": "x 1"})
    stored = Blob(compress(data, "zstd"), blob({}, compression="zstd").media_type)
    facts = read_blob(stored, dispatcher=Dispatcher((WEIGHTS, DB)))
    assert shown(stack(facts)) == {"a.weights": {f"weights! {64 * MiB}": 0}, "db": {"x 1": 0}}


def folder_facts(folder: Path, *extractors: Extractor) -> tuple[LayerFacts, str]:
    members = DiskMembers(folder, TIGHT)
    facts = LayerReader(Dispatcher(extractors), TIGHT, layered=False).read(members)
    return facts, members.tree_digest


def test_of_a_file_in_a_folder_the_head_alone_is_read_and_digested(tmp_path: Path) -> None:
    path = tmp_path / "a.weights"
    path.write_text("weights!")
    os.truncate(path, 3 << 30)  # sparse: takes no room, and would take seconds to read
    facts, digest = folder_facts(tmp_path, WEIGHTS)
    assert shown(stack(facts)) == {"a.weights": {f"weights! {3 << 30}": 0}}
    assert folder_facts(tmp_path, WEIGHTS)[1] == digest
    path.write_text("Weights!")
    os.truncate(path, 3 << 30)
    assert folder_facts(tmp_path, WEIGHTS)[1] != digest
    assert messages(folder_facts(tmp_path, TOO_FAR)[0]) == [
        "too-far: reads 8 bytes at 4, and only its first 8 bytes are kept"
    ]


def test_heads_fit_into_memory() -> None:
    assert all(extractor.head <= Limits().memory_file for extractor in all_extractors())
