"""Columns of a table: how wide each is, and text that is cut to fit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from rich.cells import cell_len, set_cell_size

Row = TypeVar("Row")

GAP = 2
"""Cells between two columns."""


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column of a table of rows of one kind."""

    title: str
    text: Callable[[Row], str]
    """The cell's text, free of control characters."""
    width: int
    """Cells that it has at least."""
    share: int = 0
    """How much of the room that is left it gets, relative to the others."""
    keep_end: bool = False
    """Cut at the front: the end tells names apart."""
    look: Callable[[Row], str] | None = None
    """Names the style of a cell, as `SqlTable.get_component_styles` knows it."""


def widths(columns: Sequence[Column[Row]], room: int) -> list[int]:
    """Return the width of each column; together with the gaps they fill the room, if it is wide enough."""
    least = [column.width for column in columns]
    left = max(0, room - sum(least) - GAP * (len(columns) - 1))
    shares = sum(column.share for column in columns) or 1
    found = [width + left * column.share // shares for width, column in zip(least, columns, strict=True)]
    widest = max(range(len(columns)), key=lambda index: columns[index].share)
    found[widest] += left - sum(found) + sum(least) if columns[widest].share else 0
    return found


def fit(text: str, width: int, *, keep_end: bool = False) -> str:
    """Cut or pad text to so many cells; an ellipsis stands for what was cut."""
    size = len(text) if text.isascii() else cell_len(text)
    if size <= width:
        return text + " " * (width - size)
    if keep_end:
        return set_cell_size("…" + set_cell_size(text[::-1], width - 1)[::-1], width)
    return set_cell_size(set_cell_size(text, width - 1).rstrip() + "…", width)
