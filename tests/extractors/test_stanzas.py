from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ospo.errors import ParseError
from ospo.extractors import stanzas as module
from ospo.extractors.interface import File, Held
from ospo.extractors.stanzas import Fields, records, stanzas
from ospo.limits import Limits, MiB
from ospo.model import Component, Record


def file_of(data: bytes, limits: Limits | None = None) -> File:
    return File("status", len(data), 0o644, Held(data), limits=limits or Limits())


@given(st.lists(st.lists(st.text("ab: é", min_size=1), min_size=1)), st.integers(2, 4))
def test_stanzas_come_with_the_number_of_their_first_line(blocks: list[list[str]], newlines: int) -> None:
    lines, expected, number = "", [], 1
    for block in blocks:
        expected.append((number, "\n".join(block)))
        lines += "\n".join(block) + "\n" * newlines
        number += len(block) - 1 + newlines
    assert list(stanzas(file_of(lines.encode()))) == expected


@pytest.mark.parametrize("shift", range(-3, 4))
def test_a_separator_may_lie_across_two_reads(shift: int) -> None:
    first = "x" * (MiB + shift)
    assert list(stanzas(file_of(f"{first}\n\ny\n\n".encode()))) == [(1, first), (3, "y")]


def test_a_database_larger_than_memory_file_is_read() -> None:
    stanza = b"a: " + b"x" * 1000 + b"\n\n"
    limits = Limits(memory_file=2 * MiB)
    assert sum(1 for _ in stanzas(file_of(stanza * 4000, limits))) == 4000


def test_a_stanza_larger_than_memory_file_is_an_error_that_names_its_line() -> None:
    data = b"a: 1\n\nb: " + b"x" * (4 * MiB)
    with pytest.raises(ParseError, match=r"the stanza at line 3 exceeds limits\.memory_file"):
        list(stanzas(file_of(data, Limits(memory_file=2 * MiB))))


def test_more_stanzas_than_any_system_has_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STANZAS_LIMIT", 10)
    assert len(list(stanzas(file_of(b"a\n\n" * 10)))) == 10
    with pytest.raises(ParseError, match="more than 10 stanzas"):
        list(stanzas(file_of(b"a\n\n" * 11)))


def test_fields_are_found_in_any_case_and_continued_lines_belong_to_them() -> None:
    fields = Fields("NAME: one\nText: first\n second\n\tthird\n \nname: two\nno field")
    assert fields.first("name") == "one"
    assert fields.all("name") == ["one", "two"]
    assert fields.first("text") == "first\nsecond\nthird\n"
    assert fields.first("other") == ""
    assert fields.stray == 1


def test_a_damaged_stanza_costs_only_itself() -> None:
    def read(text: str) -> Iterator[Record]:
        if text.startswith("bad"):
            raise ParseError("is bad")
        yield Component("generic", text)

    got: list[Record] = []
    with pytest.raises(ParseError, match=r"^the stanza at line 3 is bad, and 1 more are damaged$"):
        got.extend(records(file_of(b"a\n\nbad\n\nb\n\nbad\n\nc"), read))
    assert got == [Component("generic", name) for name in "abc"]
