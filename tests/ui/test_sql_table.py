"""The table by itself: columns that fit, pages that are fetched once, and rows that cannot be."""

import asyncio
from array import array
from collections.abc import Callable, Sequence

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult

from ospo.errors import StoreError
from ospo.text import one_line
from ospo.ui.widgets.columns import GAP, Column, fit, widths
from ospo.ui.widgets.rows import PAGE
from ospo.ui.widgets.sql_table import SqlTable


@given(st.text().map(one_line), st.integers(2, 40), st.booleans())
def test_text_fits_its_column_exactly(text: str, width: int, keep_end: bool) -> None:
    assert cell_len(fit(text, width, keep_end=keep_end)) == width


def test_what_is_cut_is_marked() -> None:
    assert fit("abcdef", 4) == "abc…"
    assert fit("abcdef", 4, keep_end=True) == "…def"
    assert fit("abcd", 4) == "abcd"
    assert fit("ab", 4) == "ab  "
    assert fit("日本語", 4) == "日… "


@given(st.integers(0, 400))
def test_columns_fill_the_width(room: int) -> None:
    columns: list[Column[int]] = [Column("T", str, 6, share=share) for share in (0, 3, 4, 0)]
    found = widths(columns, room)
    assert all(width >= 6 for width in found)
    assert sum(found) + 3 * GAP == max(room, 4 * 6 + 3 * GAP)


class Numbers(SqlTable[int]):
    """A table that remembers what failed."""

    def __init__(
        self, columns: Sequence[Column[int]], fetch: Callable[[Sequence[int]], dict[int, int]]
    ) -> None:
        super().__init__(columns, fetch)
        self.failures: list[SqlTable.Failed] = []

    def on_sql_table_failed(self, event: SqlTable.Failed) -> None:
        self.failures.append(event)


class Table(App[None]):
    """A table of numbers, which remembers what was fetched."""

    def __init__(self, count: int, *, broken: bool = False) -> None:
        super().__init__()
        self.count = count
        self.broken = broken
        self.fetched: list[int] = []
        column: Column[int] = Column("NUMBER", str, 10)
        self.table = Numbers((column,), self.fetch)

    def compose(self) -> ComposeResult:
        yield self.table

    def fetch(self, ids: Sequence[int]) -> dict[int, int]:
        self.fetched.append(ids[0])
        if self.broken:
            raise StoreError("no")
        return {id_: id_ for id_ in ids}

    def on_mount(self) -> None:
        self.table.show(array("q", range(self.count)))


def run(app: Table, *keys: str) -> Table:
    async def main() -> None:
        async with app.run_test(size=(40, 20)) as pilot:
            await pilot.press(*keys)
            await pilot.pause()

    asyncio.run(main())
    return app


def test_only_pages_that_are_looked_at_are_fetched_and_each_once() -> None:
    app = run(Table(1_000_000), "j", "k", "G", "g", "G")
    assert sorted(app.fetched) == [0, 1_000_000 - PAGE]
    assert app.table.cursor == 999_999


def test_a_page_that_cannot_be_fetched_is_asked_for_once() -> None:
    app = run(Table(100, broken=True), "j", "j")
    assert app.fetched == [0]
    assert len(app.table.failures) == 1


def test_keys_do_nothing_in_an_empty_table() -> None:
    app = run(Table(0), "j", "G", "pageup", "space", "v", "v")
    assert (app.table.cursor, app.table.current, app.table.rows.marks) == (0, None, set())
