"""Tables: columns line up, wrap between words, and keep to 80 characters where they can."""

from hypothesis import given
from hypothesis import strategies as st

from ospo.cli.table import WIDTH, table

WORDS = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=9)
CELLS = st.lists(WORDS, min_size=1, max_size=20).map(" ".join)


def test_columns_are_as_wide_as_their_cells() -> None:
    assert table(("A", "BB"), [("long", "1"), ("x", "22")]) == "A     BB\nlong  1\nx     22"


def test_the_widest_column_wraps() -> None:
    text = " ".join(["word"] * 20)
    lines = table(("KEY", "TEXT"), [("k", text)]).splitlines()
    assert lines == ["KEY  TEXT", "k    " + " ".join(["word"] * 15), "     " + " ".join(["word"] * 5)]


def test_where_the_longest_words_leave_no_room_nothing_wraps() -> None:
    path = "/a" * 60
    assert table(("FILE", "STATE"), [(path, "not there")]).splitlines()[1:] == [f"{path}  not there"]


def test_control_characters_are_escaped() -> None:
    assert table(("A",), [("x\x1b[2J\ny",)]) == "A\n" + r"x\x1b[2J\ny"


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=4))
def test_words_survive_and_lines_fit(rows: list[tuple[str, str, str]]) -> None:
    written = table(("A", "B", "C"), rows)
    assert sorted(written.split()) == sorted(" ".join(("A", "B", "C", *(c for r in rows for c in r))).split())
    assert all(len(line) <= WIDTH for line in written.splitlines())
