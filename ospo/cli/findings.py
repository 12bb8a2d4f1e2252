"""`ospo findings`: what is wrong in everything that was scanned."""

from typing import TYPE_CHECKING, Any

import click

from ospo.cli.common import common, load_settings
from ospo.cli.output import show
from ospo.model import Severity, State
from ospo.text import one_line

if TYPE_CHECKING:
    from ospo.store.rows import FindingRow


@click.command("findings")
@click.option(
    "--severity",
    "severities",
    multiple=True,
    type=click.Choice([str(s) for s in Severity]),
    help="Only of this severity; repeatable.",
)
@click.option("--rule", default="", metavar="NAME", help="Only of this rule, such as unknown-license.")
@click.option(
    "--target",
    default="",
    metavar="REFERENCE",
    help="Only in this target, named as for `ospo scan`; without tag: in all of its tags.",
)
@click.option(
    "--filter",
    "text",
    default="",
    metavar="TEXT",
    help="Only what this filter lets through, as 'sev:>=medium rule:license !waived age:>7d'.",
)
@click.option("--all", "every", is_flag=True, help="Also those that are fixed.")
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    metavar="N",
    help="List at most so many.",
)
@click.option(
    "-o",
    "--output",
    "format_",
    type=click.Choice(["table", "json"]),
    default="table",
    help="A table for people (default), or JSON for programs.",
)
@common
def command(
    severities: tuple[str, ...],
    rule: str,
    target: str,
    text: str,
    every: bool,
    limit: int,
    format_: str,
    **flags: Any,
) -> None:
    """List what is wrong in everything that was scanned, the worst first.

    Exit codes: 0, whether there are findings or not (a gate is `ospo scan --fail-on`); 2 usage or
    configuration; 3 there is no database yet, or it cannot be read; 4 no such target has been scanned.
    """
    settings = load_settings(flags, quiet=flags["quiet"])

    from contextlib import closing

    from ospo.cli.stored import known_name
    from ospo.store.database import connect_read_only
    from ospo.store.finding_queries import count_findings, findings
    from ospo.store.rows import FindingFilter

    with closing(connect_read_only(settings.database)) as connection:
        name = known_name(connection, target) if target else ""
        states = () if every else (State.OPEN, State.WAIVED)
        wanted = FindingFilter(states, tuple(map(Severity, severities)), rule, name, text)
        rows = findings(connection, wanted, limit=limit)
        total = count_findings(connection, wanted)
    show(_json(rows, total) if format_ == "json" else table(rows, total))


def _json(rows: "tuple[FindingRow, ...]", total: int) -> str:
    import orjson

    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps({"total": total, "findings": rows}, option=options).decode()


def table(rows: "tuple[FindingRow, ...]", total: int) -> str:
    """Write findings for people, three or four lines each."""
    lines = []
    for row in rows:
        state = "" if row.state == "open" else f" ({row.state})"
        lines.append(f"{row.severity:<8} {one_line(row.rule)}{state}  {one_line(row.target)}")
        lines.append(f"         {one_line(row.subject)}")
        lines.append(f"         {one_line(row.message)}")
        if row.fix:
            lines.append(f"         fix: {one_line(row.fix)}")
    shown = f"{len(rows)} of {total} findings; --limit {total} lists all"
    lines.append(shown if len(rows) < total else _counted(total))
    return "\n".join(lines) + "\n"


def _counted(total: int) -> str:
    return "no findings" if total == 0 else "1 finding" if total == 1 else f"{total} findings"
