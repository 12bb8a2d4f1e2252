"""`ospo rules apply`: judge what is stored by the rules and waivers of today."""

import shlex
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from ospo.cli.common import common, deciding, fail_on, gating, load_settings, now, today
from ospo.cli.output import show
from ospo.cli.stderr import explain, note
from ospo.errors import StoreError
from ospo.text import counted

if TYPE_CHECKING:
    from ospo.policy.load import Policy
    from ospo.reevaluate import Reevaluated

_INCOMPLETE = 3


@click.command("apply")
@click.option(
    "--target", default="", metavar="REFERENCE", help="Only this target; without tag: all of its tags."
)
@fail_on
@gating
@deciding
@common
def apply(target: str, quiet: bool, **flags: Any) -> int:
    """Judge stored scans by the rules and waivers of today, without reading any image again.

    Waivers that have expired open their findings again; findings of rules that hold no more are fixed.

    Exit codes: 0 clean; 1 a finding at or above --fail-on; 2 usage or configuration; 3 could not be checked
    completely, was read by another version of ospo, or there is nothing to judge; 4 no such target has been
    scanned.
    """
    settings = load_settings(flags, quiet=quiet)

    from ospo.cli.delivery import Delivery
    from ospo.cli.policy import policy_of
    from ospo.cli.stored import known_name
    from ospo.policy.gate import Gate
    from ospo.reevaluate import reevaluate
    from ospo.store.database import connect, connect_read_only
    from ospo.store.finding_queries import state_counts

    policy = policy_of(settings, quiet=quiet)
    gate = Gate(settings.scan.fail_on, settings.scan.strict, settings.scan.allow_incomplete)
    listing = "ospo findings" + (f" --db {shlex.quote(flags['db'])}" if flags["db"] else "")
    delivery = Delivery((), gate, listing, several=True, quiet=quiet)
    connect_read_only(settings.database).close()  # which says so when there is none
    judged: list[Reevaluated | None] = []
    with closing(connect(settings.database)) as connection:
        name = known_name(connection, target) if target else ""
        before = state_counts(connection)
        for done in reevaluate(connection, policy, today(), now(), name):
            judged.append(done)
            if done is not None:
                delivery.take(done.result, done.evaluation, policy, stored=True)
        after = state_counts(connection)
    if not target:
        _tell_unused(policy, judged)
    changes = ", ".join(f"{after[state]} {state} ({after[state] - before[state]:+d})" for state in after)
    show(f"{counted(sum(one is not None for one in judged), 'scan')} judged anew; findings: {changes}\n")
    return max(delivery.code, _unsure(judged, accepted=gate.allow_incomplete), key=_SEVERITY.index)


def _tell_unused(policy: "Policy", judged: "list[Reevaluated | None]") -> None:
    """Name the waivers that no stored scan needs: misspelt ones, and those that outlived their findings."""
    used = frozenset(waiver for one in judged if one is not None for waiver in one.evaluation.used)
    unused = [waiver for waiver in policy.waivers.waivers if waiver not in used]
    for waiver in unused[:_MOST]:
        selector = ", ".join(f"{name} {glob}" for name, glob in waiver.selector)
        note(f"{waiver.source}: selects nothing: {waiver.rule} for {selector}")
    if len(unused) > _MOST:
        note(f"… and {counted(len(unused) - _MOST, 'more waiver')} that select nothing")


_MOST = 10

_SEVERITY = (0, _INCOMPLETE, 1)
"""Exit codes, the one that counts most last."""


def _unsure(judged: "list[Reevaluated | None]", *, accepted: bool) -> int:
    """Say what was not judged, or not by all that this version of ospo can see; return the exit code."""
    missing = sum(one is None for one in judged)
    outdated = [one.result.target.name for one in judged if one is not None and one.outdated]
    if missing or not judged:
        what = f"{counted(missing, 'target')} changed meanwhile" if judged else "no target has a stored scan"
        explain(StoreError(f"not everything was judged: {what}", hint="run it again, or `ospo scan` first"))
    if outdated:
        others = f" and {len(outdated) - 1} more" if len(outdated) > 1 else ""
        words = f"{outdated[0]}{others}: read by another version of ospo, which may have seen less"
        note(f"{words}: `ospo scan` reads it anew")
    return _INCOMPLETE if (missing or not judged or outdated) and not accepted else 0
