"""The rows of a table of any length: their ids, the pages that were looked at, which of them are marked."""

from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Generic

from textual.cache import LRUCache

from ospo.errors import OspoError
from ospo.ui.widgets.columns import Row

PAGE = 200
"""Rows fetched at once."""
_PAGES = 16


class Rows(Generic[Row]):
    """Holds 8 bytes for each row, and the last pages; marks stay on their rows when the order changes."""

    def __init__(
        self,
        fetch: Callable[[Sequence[int]], Mapping[int, Row]],
        failed: Callable[[OspoError], object],
    ) -> None:
        self.ids: array[int] = array("q")
        self.marks: set[int] = set()
        self.range_start: int | None = None
        """The index at which a range begins."""
        self._fetch = fetch
        self._failed = failed
        self._pages: LRUCache[int, Mapping[int, Row]] = LRUCache(_PAGES)

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: int) -> Row | None:
        """Return a row; None when it was deleted or cannot be read."""
        page, id_ = index // PAGE, self.ids[index]
        if page not in self._pages:
            try:
                self._pages[page] = self._fetch(self.ids[page * PAGE : (page + 1) * PAGE])
            except OspoError as error:
                self._pages[page] = {}  # not tried again for each line of it
                self._failed(error)
        return self._pages[page].get(id_)

    def replace(self, ids: "array[int]") -> None:
        """Take other rows, or the same ones to be fetched anew; marks of rows that are gone are dropped."""
        if self.range_start is not None:
            self.range_start = index_of(ids, self.ids[self.range_start])
        self.ids = ids
        self._pages.clear()
        if self.marks:
            self.marks &= set(ids)

    def forget(self) -> None:
        """Fetch every row anew when it is looked at."""
        self._pages.clear()

    def toggle(self, index: int) -> None:
        """Mark a row, or unmark it."""
        self.marks ^= {self.ids[index]}

    def range(self, index: int) -> None:
        """Begin a range at a row, or mark what lies between its begin and the row."""
        if self.range_start is None:
            self.range_start = index
        else:
            first, last = sorted((self.range_start, index))
            self.marks.update(self.ids[first : last + 1])
            self.range_start = None

    def clear_marks(self) -> bool:
        """Drop all marks and a range that was begun; tell whether there were any."""
        had = bool(self.marks) or self.range_start is not None
        self.marks.clear()
        self.range_start = None
        return had

    def is_marked(self, index: int) -> bool:
        """Tell whether a row is marked."""
        return self.ids[index] in self.marks

    def in_range(self, index: int, cursor: int) -> bool:
        """Tell whether a row lies in the range that was begun and ends at the cursor."""
        if self.range_start is None:
            return False
        return min(self.range_start, cursor) <= index <= max(self.range_start, cursor)


def index_of(ids: "array[int]", id_: int | None) -> int | None:
    """Return where an id stands."""
    try:
        return None if id_ is None else ids.index(id_)
    except ValueError:
        return None
