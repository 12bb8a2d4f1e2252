"""`ospo rules apply`: judge what is stored by the rules and waivers of today."""

from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from ospo.cli.common import common, deciding, load_settings, now, today
from ospo.cli.output import show
from ospo.cli.stderr import note
from ospo.model import Severity

if TYPE_CHECKING:
    from ospo.policy.gate import Gate, Verdict
    from ospo.reevaluate import Reevaluated


@click.command("apply")
@click.option(
    "--target", default="", metavar="REFERENCE", help="Only this target; without tag: all of its tags."
)
@click.option(
    "--fail-on",
    type=click.Choice([*map(str, Severity), "none"]),
    help="Exit 1 on a finding of an enforced rule, of this severity or worse.",
)
@deciding
@common
def apply(target: str, quiet: bool, **flags: Any) -> int:
    """Judge stored scans by the rules and waivers of today, without reading any image again.

    Waivers that have expired open their findings again; findings of rules that hold no more are fixed.

    Exit codes: 0 clean; 1 a finding at or above --fail-on; 2 usage or configuration; 3 could not be checked
    completely, or there is no database; 4 no such target has been scanned.
    """
    settings = load_settings(flags, quiet=quiet)

    from ospo.cli.policy import policy_of
    from ospo.cli.stored import known_name
    from ospo.policy.gate import Gate, combined
    from ospo.reevaluate import reevaluate
    from ospo.store.database import connect, connect_read_only
    from ospo.store.finding_queries import state_counts

    policy = policy_of(settings, quiet=quiet)
    gate = Gate(settings.scan.fail_on, settings.scan.strict, settings.scan.allow_incomplete)
    connect_read_only(settings.database).close()  # which says so when there is none
    with closing(connect(settings.database)) as connection:
        name = known_name(connection, target) if target else ""
        before = state_counts(connection)
        codes = []
        for done in reevaluate(connection, policy, today(), now(), name):
            verdict = gate.judge(done.result, done.evaluation.findings)
            codes.append(verdict.code)
            note(_line(done, verdict, gate), quiet=quiet)
        after = state_counts(connection)
    changes = ", ".join(f"{after[state]} {state} ({after[state] - before[state]:+d})" for state in after)
    show(f"{len(codes)} {'scan' if len(codes) == 1 else 'scans'} judged anew; findings: {changes}\n")
    return combined(codes)


def _line(done: "Reevaluated", verdict: "Verdict", gate: "Gate") -> str:
    platform = f" ({done.result.artifact.platform})" if done.result.artifact.platform else ""
    words = f"{done.result.target.name}{platform}: {len(done.evaluation.findings)} findings"
    if verdict.violations:
        words += f", {len(verdict.violations)} at or above {gate.fail_on}"
    expired = sum(finding.expired is not None for finding in done.evaluation.findings)
    return words + (f", {expired} with an expired waiver" if expired else "")
