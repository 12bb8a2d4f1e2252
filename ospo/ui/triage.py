"""Decisions on findings: what somebody types becomes waivers, and is taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from ospo.model import State, Waiver
from ospo.store import waivers
from ospo.store.finding_queries import findings_by_id
from ospo.store.rows import FindingRow
from ospo.ui.source import Source

_PAGE = 200


@dataclass(frozen=True, slots=True)
class Terms:
    """What a waiver says, whatever it is about."""

    reason: str
    justification: str
    approver: str
    expires: str
    ticket: str = ""

    def waiver(self, rule: str, fingerprint: str, today: date) -> Waiver:
        """Make the waiver of one finding.

        Raises:
            UsageError: a part is missing or makes no sense.
        """
        from ospo.policy.waiver_file import waiver_of  # 0.05 s, of which nothing is needed to start

        return waiver_of(
            rule,
            fingerprint,
            reason=self.reason,
            justification=self.justification,
            approver=self.approver,
            expires=self.expires,
            ticket=self.ticket,
            today=today,
        )


@dataclass(frozen=True, slots=True)
class Decided:
    """What was waived."""

    waivers: tuple[int, ...]
    """The ids of the waivers, one for each finding."""
    skipped: int
    """Findings that are not open, or gone."""
    expires: str


def day(seconds: int) -> date:
    """Return the day, in UTC, of a time."""
    return datetime.fromtimestamp(seconds, UTC).date()


def waive(source: Source, ids: Sequence[int], terms: Terms) -> Decided:
    """Waive those findings that are open: all of them, or on any error none.

    Raises:
        UsageError: the terms make no sense.
        StoreError: the database cannot be read or written.
    """
    now = source.clock()
    with source.writing() as connection:
        rows: list[FindingRow] = []
        for start in range(0, len(ids), _PAGE):
            rows += findings_by_id(connection, ids[start : start + _PAGE], now=now).values()
        wanted = {
            row.fingerprint: terms.waiver(row.rule, row.fingerprint, day(now))
            for row in rows
            if row.state is State.OPEN
        }
        made = waivers.waive_all(connection, wanted, now)
    return Decided(made, len(ids) - len(made), terms.expires)


def undo(source: Source, decided: Decided) -> int:
    """Take back the waivers of one decision and no others; return how many were still there.

    Raises:
        StoreError: the database cannot be read or written; then all of them stay.
    """
    with source.writing() as connection:
        return waivers.undo(connection, decided.waivers, source.clock())
