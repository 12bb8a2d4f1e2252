"""`ospo findings`: what is wrong in everything that was scanned."""

from typing import TYPE_CHECKING, Any

import click

from ospo.cli.common import common, load_settings
from ospo.model import Severity
from ospo.text import one_line

if TYPE_CHECKING:
    from ospo.store.rows import FindingRow


@click.command("findings")
@click.option("--severity", "severities", multiple=True, type=click.Choice([str(s) for s in Severity]),
              help="Only of this severity; repeatable.")  # fmt: skip
@click.option("--rule", default="", help="Only of this rule.")
@click.option("--target", default="", help="Only in this target: its name, with or without tag.")
@click.option("--all", "every", is_flag=True, help="Fixed ones too.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most so many.")
@click.option(
    "-o",
    "--output",
    "format_",
    type=click.Choice(["table", "json"]),
    default="table",
    help="For people or for programs.",
)
@common
def command(
    severities: tuple[str, ...], rule: str, target: str, every: bool, limit: int, format_: str, **flags: Any
) -> int:
    """List stored findings, the worst first."""
    settings = load_settings(flags, scanned="", quiet=flags.pop("quiet"))

    from contextlib import closing

    from ospo.store.database import connect_read_only
    from ospo.store.queries import count_findings, findings
    from ospo.store.rows import FindingFilter

    wanted = FindingFilter("" if every else "open", tuple(map(Severity, severities)), rule, target)
    with closing(connect_read_only(settings.database)) as connection:
        rows = findings(connection, wanted, limit=limit)
        total = count_findings(connection, wanted)
    click.echo(_json(rows, total) if format_ == "json" else _table(rows, total))
    return 0


def _json(rows: "tuple[FindingRow, ...]", total: int) -> str:
    import orjson

    return orjson.dumps({"total": total, "findings": rows}, option=orjson.OPT_INDENT_2).decode()


def _table(rows: "tuple[FindingRow, ...]", total: int) -> str:
    lines = []
    for row in rows:
        state = "" if row.state == "open" else f" ({row.state})"
        lines.append(f"{row.severity:<8} {row.rule}{state}  {one_line(row.target)}")
        lines.append(f"         {one_line(row.subject)}")
        lines.append(f"         {one_line(row.message)}")
        if row.fix:
            lines.append(f"         fix: {one_line(row.fix)}")
    lines.append(f"{len(rows)} of {total} findings" if len(rows) < total else f"{total} findings")
    return "\n".join(lines)
