"""Decisions on findings: what somebody types becomes waivers, and is taken back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from ospo.model import State, Waiver
from ospo.store import waivers
from ospo.store.finding_queries import findings_by_id
from ospo.store.rows import FindingRow
from ospo.ui.source import Source

DEFAULT_DAYS = 90
"""How long a waiver holds unless somebody says otherwise."""
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

    fingerprints: tuple[str, ...]
    skipped: int
    """Findings that are not open, or gone."""
    expires: str


def day(seconds: int) -> date:
    """Return the day, in UTC, of a time."""
    return datetime.fromtimestamp(seconds, UTC).date()


def default_expiry(seconds: int) -> str:
    """Return the last day of a waiver that is made now."""
    return (day(seconds) + timedelta(days=DEFAULT_DAYS)).isoformat()


def waive(source: Source, ids: Sequence[int], terms: Terms) -> Decided:
    """Waive those findings that are open.

    Raises:
        UsageError: the terms make no sense.
        StoreError: the database cannot be read or written; what was waived before stays waived.
    """
    now = source.clock()
    with source.writing() as connection:
        rows: list[FindingRow] = []
        for start in range(0, len(ids), _PAGE):
            rows += findings_by_id(connection, ids[start : start + _PAGE], now=now).values()
        done = [row.fingerprint for row in _open(rows)]
        for row in _open(rows):
            waiver = terms.waiver(row.rule, row.fingerprint, day(now))
            waivers.waive(connection, row.fingerprint, waiver, now)
    return Decided(tuple(done), len(ids) - len(done), terms.expires)


def _open(rows: Sequence[FindingRow]) -> Iterator[FindingRow]:
    return (row for row in rows if row.state is State.OPEN)


def withdraw(source: Source, fingerprints: Sequence[str]) -> int:
    """Take the waivers of findings back; return how many findings have none of them any more.

    Raises:
        StoreError: the database cannot be read or written.
    """
    with source.writing() as connection:
        now = source.clock()
        return sum(bool(waivers.withdraw(connection, one, now)) for one in fingerprints)
