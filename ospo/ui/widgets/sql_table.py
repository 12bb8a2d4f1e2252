"""A table of any length: it holds ids, fetches pages of rows as they are looked at, draws what is visible.

Textual's own `DataTable` measures every cell of every row before the first paint: 16 s for 100,000 rows of
eight columns.
"""

from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Generic

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ospo.errors import OspoError
from ospo.ui.actions import Place, bindings
from ospo.ui.widgets.columns import GAP, Column, Row, fit, widths
from ospo.ui.widgets.rows import Rows, index_of

_GONE = "no longer there"
_GUTTER = 2


class SqlTable(ScrollView, Generic[Row], can_focus=True):
    """Shows rows by their ids; has a cursor, and marks that stay on their rows when the order changes."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "sql-table--header",
        "sql-table--cursor",
        "sql-table--cursor-blurred",
        "sql-table--marked",
        "sql-table--muted",
    }
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.TABLE)]

    cursor: reactive[int] = reactive(0)
    """Index of the current row."""

    class Highlighted(Message):
        """The cursor is on another row, or the row has changed."""

        def __init__(self, row_id: int | None) -> None:
            super().__init__()
            self.row_id = row_id
            """None when the table is empty."""

    class Marked(Message):
        """Other rows are marked."""

    class Failed(Message):
        """Rows could not be fetched."""

        def __init__(self, error: OspoError) -> None:
            super().__init__()
            self.error = error

    class Opened(Message):
        """A row was chosen by a double click."""

    def __init__(
        self,
        columns: Sequence[Column[Row]],
        fetch: Callable[[Sequence[int]], Mapping[int, Row]],
        *,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._columns = columns
        self.rows: Rows[Row] = Rows(fetch, lambda error: self.post_message(self.Failed(error)))

    @property
    def current(self) -> int | None:
        """The id under the cursor."""
        return self.rows.ids[self.cursor] if self.rows else None

    @property
    def current_row(self) -> Row | None:
        """The row under the cursor; None where there is none, or it was deleted."""
        return self.rows[self.cursor] if self.rows else None

    def show(self, ids: "array[int]", *, restart: bool = False) -> None:
        """Show other rows, or the same ones anew; cursor and range stay on their rows where these still are.

        Where its row is gone, the cursor keeps its place, or goes to the top to `restart`. Marks of rows that
        are gone are dropped.
        """
        index = index_of(ids, self.current)
        if index is None:
            index = 0 if restart else self.cursor
        self.rows.replace(ids)
        self.virtual_size = Size(0, len(ids) + 1)
        self.set_reactive(SqlTable.cursor, self._clamped(index))
        self._reveal()
        self.refresh()
        self.post_message(self.Highlighted(self.current))
        self.post_message(self.Marked())

    def clear_marks(self) -> None:
        """Drop all marks and a range that was begun."""
        if self.rows.clear_marks():
            self._changed_marks()

    def render_line(self, y: int) -> Strip:
        """Draw one visible line: the titles, a row, or nothing."""
        width = self.size.width
        cells = widths(self._columns, width - _GUTTER)
        if y == 0:
            style = self.get_component_rich_style("sql-table--header")
            titles = [fit(column.title, cell) for column, cell in zip(self._columns, cells, strict=True)]
            return self._line([(title, style) for title in titles], "  ", style)
        index = self.scroll_offset.y + y - 1
        if index >= len(self.rows):
            return Strip.blank(width, self.rich_style)
        return self._row_line(index, cells)

    def _row_line(self, index: int, cells: list[int]) -> Strip:
        row, style, plain = self.rows[index], *self._row_style(index)
        gutter = ("▌" if index == self.cursor else " ") + ("✓" if self.rows.is_marked(index) else " ")
        if row is None:
            muted = self.get_component_rich_style("sql-table--muted", partial=True)
            return self._line([(_GONE, style + muted)], gutter, style)
        looks = (column.look(row) if column.look and plain else "" for column in self._columns)
        return self._line(
            [
                (fit(column.text(row), cell, keep_end=column.keep_end), self._looking(style, look))
                for column, cell, look in zip(self._columns, cells, looks, strict=True)
            ],
            gutter,
            style,
        )

    def _looking(self, style: Style, look: str) -> Style:
        return style + self.get_component_rich_style(look, partial=True) if look else style

    def _row_style(self, index: int) -> tuple[Style, bool]:
        """Return the style of a row, and whether cells may have looks of their own."""
        if index == self.cursor:
            name = "sql-table--cursor" if self.has_focus else "sql-table--cursor-blurred"
            return self.get_component_rich_style(name), not self.has_focus
        if self.rows.is_marked(index) or self.rows.in_range(index, self.cursor):
            return self.get_component_rich_style("sql-table--marked"), True
        return self.rich_style, True

    def _line(self, cells: list[tuple[str, Style]], gutter: str, style: Style) -> Strip:
        segments = [Segment(gutter, style)]
        for text, look in cells:
            segments += (Segment(text, look), Segment(" " * GAP, style))
        return Strip(segments).adjust_cell_length(self.size.width, style)

    def validate_cursor(self, index: int) -> int:
        """Keep the cursor on a row."""
        return self._clamped(index)

    def watch_cursor(self) -> None:
        """Show the cursor, and say which row it is on."""
        self._reveal()
        self.refresh()
        self.post_message(self.Highlighted(self.current))

    def _clamped(self, index: int) -> int:
        return max(0, min(len(self.rows) - 1, index))

    def _reveal(self) -> None:
        rows = self.size.height - 1  # the first line has the titles
        if rows <= 0:
            return
        top = min(max(self.scroll_offset.y, self.cursor - rows + 1), self.cursor)
        if top != self.scroll_offset.y:
            self.scroll_to(y=top, animate=False, immediate=True, force=True)

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self._reveal()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the row that was clicked; a double click opens it."""
        index = self.scroll_offset.y + event.y - 1
        if event.y < 1 or index >= len(self.rows):
            return
        self.cursor = index
        if event.chain == 2:
            self.post_message(self.Opened())

    def action_move(self, lines: int) -> None:
        """Move the cursor."""
        self.cursor += lines

    def action_page(self, pages: int) -> None:
        """Move the cursor by what is visible."""
        self.cursor += pages * max(1, self.size.height - 1)

    def action_half_page(self, pages: int) -> None:
        """Move the cursor by half of what is visible."""
        self.cursor += pages * max(1, (self.size.height - 1) // 2)

    def action_top(self) -> None:
        """Go to the first row."""
        self.cursor = 0

    def action_bottom(self) -> None:
        """Go to the last row."""
        self.cursor = len(self.rows) - 1

    def action_mark(self) -> None:
        """Mark the current row or unmark it, and go on to the next one."""
        if self.rows:
            self.rows.toggle(self.cursor)
            self._changed_marks()
            self.cursor += 1

    def action_range(self) -> None:
        """Begin a range, or mark what lies between its begin and the cursor."""
        if self.rows:
            self.rows.range(self.cursor)
            self._changed_marks()

    def _changed_marks(self) -> None:
        self.refresh()
        self.post_message(self.Marked())
