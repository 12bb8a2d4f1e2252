"""`ospo waive`: accept findings until a date, and carry such decisions into the waiver file."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ospo.cli.common import common, load_settings, now, table_or_json, today
from ospo.cli.output import json_text, show
from ospo.cli.table import table
from ospo.config import Settings
from ospo.errors import UsageError
from ospo.model import State
from ospo.text import counted

if TYPE_CHECKING:
    from ospo.store.rows import WaiverRow


@click.group("waive")
def command() -> None:
    """Accept findings until a date.

    Such decisions are kept in the database and show wherever findings are listed. A gate counts waivers of
    the file that --waivers names, and no others: `ospo waive export` writes decisions in its form.
    """


@command.command("add")
@click.argument("fingerprint")
@click.option("--reason", required=True, metavar="CODE", help="Reason code, such as accepted-risk.")
@click.option("--justification", required=True, metavar="TEXT", help="Why, so that others can judge it.")
@click.option("--approver", required=True, metavar="WHO", help="Who decided.")
@click.option("--expires", metavar="YYYY-MM-DD", help="Last day, in UTC; default 90 days from now.")
@click.option("--ticket", default="", metavar="TEXT", help="Where it was discussed.")
@common
def add(fingerprint: str, expires: str | None, **flags: Any) -> None:
    """Waive the finding that FINGERPRINT, or the start of it, names.

    Reason codes: accepted-risk, false-positive, license-acquired, mitigated, not-distributed, temporary.
    """
    from ospo.policy.waiver_file import default_expiry, waiver_of
    from ospo.store import waivers
    from ospo.store.finding_queries import finding_detail, finding_id

    settings = load_settings(flags, quiet=flags["quiet"])
    last = expires or default_expiry(today())
    with _database(settings) as connection:
        detail = finding_detail(connection, finding_id(connection, fingerprint))
        if detail is None:
            raise UsageError(f"the finding {fingerprint[:40]!r} is gone", hint="`ospo findings` lists them")
        found = detail.finding
        waiver = waiver_of(
            found.rule,
            found.fingerprint,
            reason=flags["reason"],
            justification=flags["justification"],
            approver=flags["approver"],
            expires=last,
            ticket=flags["ticket"],
            today=today(),
        )
        waivers.waive(connection, found.fingerprint, waiver, _seconds())
    fixed = "it is fixed now, and will be waived if it comes back\n" if found.state == State.FIXED else ""
    show(f"waived until {last}: {found.rule} of {found.subject} in {found.target}\n{fixed}{_EXPORT}")


_EXPORT = "a gate counts it once it is in the waiver file: `ospo waive export`\n"


@command.command("remove")
@click.argument("fingerprint")
@common
def remove(fingerprint: str, **flags: Any) -> None:
    """Take back the waivers of the finding that FINGERPRINT, or the start of it, names."""
    from ospo.store import waivers
    from ospo.store.finding_queries import finding_detail, finding_id

    settings = load_settings(flags, quiet=flags["quiet"])
    with _database(settings) as connection:
        detail = finding_detail(connection, finding_id(connection, fingerprint))
        count = waivers.withdraw(connection, detail.finding.fingerprint, _seconds()) if detail else 0
    if not count:
        raise UsageError(
            f"the finding {fingerprint[:40]!r} has no waiver that was made here",
            hint="one of a waiver file is taken back in that file",
        )
    show(f"{counted(count, 'waiver')} taken back\n")


@command.command("list")
@table_or_json
@common
def list_waivers(format_: str, **flags: Any) -> None:
    """List the waivers that were made here, the one that ends first at the top."""
    rows = _made_here(load_settings(flags, quiet=flags["quiet"]))
    if format_ == "json":
        show(json_text(rows))
        return
    cells = [
        (
            row.waiver.expires,
            _status(row),
            row.waiver.rule,
            row.subject,
            row.waiver.approver,
            row.waiver.reason,
        )
        for row in rows
    ]
    show(table(("UNTIL", "STATUS", "RULE", "SUBJECT", "APPROVER", "REASON"), cells) + "\n")


@command.command("export")
@click.option("--merge", metavar="FILE", help="Write the waivers of this file first, then those made here.")
@common
def export(merge: str | None, **flags: Any) -> None:
    """Print the waivers that were made here and hold as a waiver file, for review and --waivers."""
    from ospo.policy.load import load_rules
    from ospo.policy.waiver_file import merged, readable, written
    from ospo.policy.waivers import load_waivers

    settings = load_settings(flags, quiet=flags["quiet"])
    holding = [row for row in _made_here(settings) if not row.withdrawn and not row.expired]
    made = [readable(row.waiver, row.target, row.subject) for row in holding]
    rules = [rule.id for rule in load_rules(settings.rules).rules] if merge else []
    kept = load_waivers(Path(merge), rules).waivers if merge else ()
    show(written(merged(kept, made)))


def _made_here(settings: Settings) -> "tuple[WaiverRow, ...]":
    from ospo.store.database import connect_read_only
    from ospo.store.finding_queries import local_waivers

    with closing(connect_read_only(settings.database)) as connection:
        return local_waivers(connection)


def _status(row: "WaiverRow") -> str:
    return "taken back" if row.withdrawn else "expired" if row.expired else "holds"


@contextmanager
def _database(settings: Settings) -> Iterator[sqlite3.Connection]:
    """Open the database for writing, which must be there already."""
    from ospo.store.database import connect, connect_read_only

    connect_read_only(settings.database).close()
    with closing(connect(settings.database)) as connection:
        yield connection


def _seconds() -> int:
    from ospo.store.codec import encode_time

    return encode_time(now())
