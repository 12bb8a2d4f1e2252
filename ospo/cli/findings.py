"""`ospo findings`: what is wrong in everything that was scanned."""

from typing import TYPE_CHECKING, Any

import click

from ospo.cli.common import common, load_settings, table_or_json
from ospo.cli.output import json_text, show
from ospo.errors import UsageError
from ospo.model import Enforcement, Outcome, Severity, State
from ospo.text import closest, counted, one_line

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

    from ospo.store.rows import FindingDetail, FindingRow, PlaceRow


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
@table_or_json
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

    -v adds why, where, the license words, waivers and history. docs/findings.md has the filter language.

    Exit codes: 0, whether there are findings or not (a gate is `ospo scan --fail-on`); 2 usage or
    configuration; 3 there is no database yet, or it cannot be read; 4 no such target has been scanned.
    """
    settings = load_settings(flags, quiet=flags["quiet"])

    from contextlib import closing

    from ospo.cli.stored import known_name
    from ospo.store.database import connect_read_only
    from ospo.store.finding_queries import count_findings, finding_detail, finding_ids, findings
    from ospo.store.rows import FindingFilter

    with closing(connect_read_only(settings.database)) as connection:
        name = known_name(connection, target) if target else ""
        states = () if every else (State.OPEN, State.WAIVED)
        _check_rule(connection, rule)
        wanted = FindingFilter(states, tuple(map(Severity, severities)), rule, name, text)
        total = count_findings(connection, wanted)
        if flags["verbose"]:
            ids = finding_ids(connection, wanted)[:limit]
            found = [detail for one in ids if (detail := finding_detail(connection, one))]
            written = (
                json_text({"total": total, "findings": found})
                if format_ == "json"
                else detailed(found, total)
            )
        else:
            rows = findings(connection, wanted, limit=limit)
            written = (
                json_text({"total": total, "findings": rows}) if format_ == "json" else table(rows, total)
            )
    show(written)


def _check_rule(connection: "sqlite3.Connection", rule: str) -> None:
    """Refuse a rule that nobody ever heard of: an empty list would look clean.

    Raises:
        UsageError: no finding is of it, and it is no bundled rule.
    """
    from ospo.policy.load import load_rules
    from ospo.store.finding_queries import rules_with_findings

    if rule and rule not in (known := rules_with_findings(connection)):
        known = (*known, *(one.id for one in load_rules().rules))
        if rule not in known:
            meant = closest(rule, known)
            hint = f"did you mean {meant}?" if meant else "`ospo rules list` lists the rules"
            raise UsageError(f"there is no rule {rule[:60]!r}, and no finding of it", hint=hint)


def table(rows: "Sequence[FindingRow]", total: int) -> str:
    """Write findings for people, three or four lines each."""
    return _listed((_lines(row) for row in rows), len(rows), total)


def detailed(details: "Sequence[FindingDetail]", total: int) -> str:
    """Write all that is known of findings for people."""
    return _listed(([*_lines(one.finding), *_more(one)] for one in details), len(details), total)


def _listed(blocks: "Iterable[list[str]]", shown: int, total: int) -> str:
    lines = [line for block in blocks for line in block]
    cut = f"{shown} of {total} findings; --limit {total} lists all"
    lines.append(cut if shown < total else counted(total, "finding") if total else "no findings")
    return "\n".join(lines) + "\n"


def _lines(row: "FindingRow") -> list[str]:
    marks = [row.state, row.outcome, row.enforcement]
    usual = [State.OPEN, Outcome.FAIL, Enforcement.ENFORCE]
    unusual = [str(mark) for mark, one in zip(marks, usual, strict=True) if mark != one]
    note = f" ({', '.join(dict.fromkeys(unusual))})" if unusual else ""
    lines = [f"{row.severity:<8} {one_line(row.rule)}{note}  {one_line(row.target)}"]
    lines += [f"         {one_line(text)}" for text in (row.subject, row.message)]
    return [*lines, f"         fix: {one_line(row.fix)}"] if row.fix else lines


def _more(detail: "FindingDetail") -> list[str]:
    """Write what the screen of one finding shows: why, where, by whose leave, since when."""
    row, waiver = detail.finding, detail.waiver
    parts = [f"why: {detail.rule.why}"] if detail.rule else []
    parts += [part for place in detail.places if place.current for part in _place(place)]
    if waiver:
        over = "waived" if row.state == State.WAIVED else "was waived"
        parts.append(
            f"{over} until {waiver.expires}: {waiver.reason}, by {waiver.approver}: {waiver.justification}"
        )
    parts += [f"{event.at} {event.event} {event.detail}".rstrip() for event in detail.events]
    return [f"         {one_line(part)}" for part in (*parts, f"fingerprint {row.fingerprint}")]


def _place(place: "PlaceRow") -> "Iterator[str]":
    platform = f" ({place.platform})" if place.platform else ""
    waived = " (waived)" if place.waived else ""
    yield f"in {place.target}{platform}, {place.digest}{waived}"
    if place.component is not None:
        for location in place.component.locations[:_MOST_PLACES]:
            layer = "" if location.layer is None else f", layer {location.layer}"
            yield f"  at {location.path}{layer}"
        for words in place.component.licenses:
            yield f"  says {words.text[:120]!r} in {words.field}"


_MOST_PLACES = 10
