"""Tables for a terminal."""

from collections.abc import Sequence
from textwrap import wrap

from ospo.text import one_line

WIDTH = 80
_GAP = "  "


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write rows in columns. Control characters are escaped.

    What is wider than 80 characters wraps between words, in the widest columns first; where the longest words
    leave no room for that, nothing wraps.
    """
    lines = [tuple(map(one_line, row)) for row in (header, *rows)]
    widths = _widths(list(zip(*lines, strict=True)))
    return "\n".join(written for line in lines for written in _wrapped(line, widths))


def _widths(columns: list[tuple[str, ...]]) -> list[int]:
    widths = [max(map(len, column)) for column in columns]
    least = [max(len(word) for cell in column for word in cell.split(" ")) for column in columns]
    room = WIDTH - len(_GAP) * (len(columns) - 1)
    while sum(least) <= room < sum(widths):
        wide = [index for index, width in enumerate(widths) if width > least[index]]
        widths[max(wide, key=widths.__getitem__)] -= 1
    return widths


def _wrapped(line: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Write one row, on as many lines as its tallest cell needs."""
    cells = [
        wrap(cell, width, break_long_words=False, break_on_hyphens=False)
        for cell, width in zip(line, widths, strict=True)
    ]
    height = max(map(len, cells), default=0)
    return [
        _GAP.join(
            (cell[index] if index < len(cell) else "").ljust(width)
            for cell, width in zip(cells, widths, strict=True)
        ).rstrip()
        for index in range(height)
    ]
