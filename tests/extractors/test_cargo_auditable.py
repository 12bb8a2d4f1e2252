"""Crates in Rust programs: damaged lists cost no more than themselves, and nothing unpacks without end."""

import time
import zlib

import orjson
import pytest
from go_programs import small_elf
from hypothesis import given
from hypothesis import strategies as st

from ospo.errors import ParseError
from ospo.extractors import cargo_auditable, elf_note
from ospo.extractors.interface import File, Held
from ospo.model import Component

LIMIT = cargo_auditable._SIZE_MAX


def extracted(payload: bytes, name: str = ".dep-v0") -> list[Component]:
    program = small_elf(payload, name=name)
    extractor = cargo_auditable if name == ".dep-v0" else elf_note
    return list(extractor.extract(File("usr/bin/app", len(program), 0o755, Held(program))))


def packed(value: object) -> bytes:
    return zlib.compress(orjson.dumps(value))


def test_two_versions_of_a_crate_are_told_apart_by_edges() -> None:
    crates = [
        {"name": "a", "version": "1.0.0", "source": "crates.io", "dependencies": [1], "root": True},
        {"name": "b", "version": "2.0.0", "source": "crates.io", "dependencies": [2]},
        {"name": "b", "version": "1.0.0", "source": "crates.io"},
    ]
    found = extracted(packed({"packages": crates}))
    assert [(one.version, one.depends, one.direct) for one in found] == [
        ("1.0.0", ("b@2.0.0",), None),
        ("2.0.0", ("b@1.0.0",), True),
        ("1.0.0", (), False),
    ]
    assert found[0].purl == "pkg:cargo/a@1.0.0"


@pytest.mark.parametrize("value", [[], {}, {"packages": {}}, {"packages": [1]}, {"packages": None}, 1])
def test_a_list_of_another_shape_is_a_parse_error(value: object) -> None:
    with pytest.raises(ParseError, match="no list of packages"):
        extracted(packed(value))


def test_a_list_of_the_largest_size_is_read_and_a_larger_one_is_not() -> None:
    padded = b'{"packages":[]' + b" " * (LIMIT - 15) + b"}"
    assert extracted(zlib.compress(padded)) == []
    with pytest.raises(ParseError, match="unpacks to more"):
        extracted(zlib.compress(padded + b" "))


def test_a_section_that_is_too_large_is_not_unpacked() -> None:
    with pytest.raises(ParseError, match="more than"):
        extracted(b"\0" * (cargo_auditable._PACKED_MAX + 1))


def test_many_crates_that_need_each_other_take_no_long_time() -> None:
    crates = [{"name": f"c{i}", "version": "1", "dependencies": list(range(800))} for i in range(800)]
    before = time.process_time()
    assert len(extracted(packed({"packages": crates}))) == 800
    assert time.process_time() - before < 3


def test_a_program_with_damaged_headers_is_left_to_the_extractor_of_go_programs() -> None:
    for program in (b"\x7fELF\xff" * 20, b"\xcf\xfa\xed\xfe" + b"\x02\0\0\0" * 20):
        file = File("usr/bin/app", len(program), 0o755, Held(program))
        assert list(cargo_auditable.extract(file)) == list(elf_note.extract(file)) == []


@given(st.binary(max_size=200), st.sampled_from((".dep-v0", ".note.package")))
def test_any_section_raises_nothing_but_parse_errors(payload: bytes, name: str) -> None:
    for data in (payload, zlib.compress(payload)):
        try:
            extracted(data, name)
        except ParseError as error:
            assert "\n" not in error.message
