"""What the Findings screen shows: its columns, which findings in what order, and what its workers report."""

from array import array
from collections.abc import Callable
from dataclasses import dataclass, replace

from textual.message import Message

from ospo.errors import OspoError
from ospo.model import State
from ospo.store.filter import parse
from ospo.store.finding_queries import SORTS
from ospo.store.rows import FindingFilter, FindingRow
from ospo.text import one_line
from ospo.ui.detail_text import Known
from ospo.ui.triage import Decided
from ospo.ui.widgets.columns import Column
from ospo.ui.words import SEVERITIES, age, component

_SORTS = tuple(SORTS)


@dataclass(frozen=True, slots=True)
class View:
    """Which findings are listed, and how."""

    text: str = ""
    """In the language of `ospo.store.filter`."""
    open_only: bool = False
    sort: str = _SORTS[0]
    descending: bool = False

    def filtered(self, text: str, now: int) -> "View":
        """Return the view with another filter.

        Raises:
            UsageError: the filter makes no sense.
        """
        parse(text, now)
        return replace(self, text=text)

    def next_sort(self) -> "View":
        """Return the view in the next order."""
        return replace(self, sort=_SORTS[(_SORTS.index(self.sort) + 1) % len(_SORTS)], descending=False)

    def wanted(self, now: int) -> FindingFilter:
        """Return what the store is asked for."""
        states = (State.OPEN,) if self.open_only else (State.OPEN, State.WAIVED)
        return FindingFilter(states, text=self.text, now=now)

    def __str__(self) -> str:
        shown = ["open only"] if self.open_only else []
        return " · ".join([*shown, f"by {self.sort}{' reversed' if self.descending else ''}"])


def columns(clock: Callable[[], int]) -> tuple[Column[FindingRow], ...]:
    """Return the columns of the table; `clock` tells the seconds since 1970."""
    return (
        Column("SEV", lambda row: SEVERITIES[row.severity], 6, look=lambda row: f"findings--{row.severity}"),
        Column("RULE", lambda row: one_line(row.rule), 12, share=3),
        Column("TARGET", lambda row: one_line(row.target), 12, share=3, keep_end=True),
        Column("COMPONENT", lambda row: component(row.subject), 12, share=4),
        Column("AGE", lambda row: age(row.first_seen, clock()), 4),
        Column("STATE", lambda row: str(row.state), 6, look=_state_look),
    )


def _state_look(row: FindingRow) -> str:
    return "" if row.state is State.OPEN else "sql-table--muted"


@dataclass(frozen=True, slots=True)
class Listed:
    """What the database holds for a view."""

    view: View
    ids: "array[int]"
    total: int
    """Findings in the database, whatever the view."""


class Loaded(Message):
    """The findings of a view are known."""

    def __init__(self, listed: Listed) -> None:
        super().__init__()
        self.listed = listed


class Detailed(Message):
    """All that is known of one finding is there."""

    def __init__(self, row_id: int, known: Known | None) -> None:
        super().__init__()
        self.row_id = row_id
        self.known = known
        """None when the finding is gone."""


class Waived(Message):
    """Findings were waived."""

    def __init__(self, decided: Decided) -> None:
        super().__init__()
        self.decided = decided


class Withdrawn(Message):
    """Waivers were taken back."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count


class Unreadable(Message):
    """The database could not be read."""

    def __init__(self, error: OspoError) -> None:
        super().__init__()
        self.error = error


class Undecided(Message):
    """A decision could not be written, or not be taken back."""

    def __init__(self, error: OspoError, standing: Decided | None = None) -> None:
        super().__init__()
        self.error = error
        self.standing = standing
        """The decision that could not be taken back."""
