"""Judged scans: one that has something of everything, and hostile ones."""

from collections.abc import Iterator
from contextlib import chdir
from datetime import date
from functools import cache
from pathlib import Path

from hypothesis import strategies as st
from made import RESULT
from strategies import hostile, scan_results

from ospo.model import Enforcement, Finding, Location, Outcome, Severity, Waiver
from ospo.policy.evaluate import Evaluation, evaluate
from ospo.policy.gate import Gate
from ospo.policy.load import Policy, load_rules
from ospo.policy.waivers import REASONS, load_waivers
from ospo.reports.interface import Judged

TODAY = date(2026, 11, 24)


@cache
def policy() -> Policy:
    """Return made up rules and waivers, named as from this folder, so that no report holds its path."""
    with chdir(Path(__file__).parent):
        rules = load_rules([Path("policy/rules.yaml")], bundled=False)
        ids = [rule.id for rule in rules.rules]
        return Policy(rules, load_waivers(Path("policy/waivers.yaml"), ids))


@cache
def everything() -> Judged:
    """Return a judged scan with findings of every outcome, enforcement and state."""
    rules = policy()
    evaluation = evaluate(rules.rules.rules, RESULT, rules.waivers.waivers, TODAY)
    return Judged.of(RESULT, evaluation, rules, Gate(Severity.MEDIUM))


waivers = st.builds(
    Waiver,
    rule=st.sampled_from(("known-license", "installed-only")),
    selector=st.dictionaries(
        st.sampled_from(("component", "target", "subject", "path", "fingerprint")), hostile, min_size=1
    ).map(lambda pairs: tuple(sorted(pairs.items()))),
    reason=st.sampled_from(sorted(REASONS)),
    justification=hostile,
    approver=hostile,
    expires=st.dates(date(2020, 1, 1)).map(date.isoformat),
    ticket=hostile,
    source=hostile,
)

findings = st.builds(
    Finding,
    fingerprint=st.text("0123456789abcdef", min_size=16, max_size=16),
    rule=st.sampled_from(("known-license", "first-words", "OSPO-IMG-001")) | hostile,
    severity=st.sampled_from(Severity),
    target=hostile,
    subject=hostile | hostile.map("pkg:npm/".__add__),
    message=hostile | st.sampled_from(("[a](https://evil.example) {0}", "}{", "\u202e")),
    fix=hostile,
    outcome=st.sampled_from((Outcome.FAIL, Outcome.WARN, Outcome.UNKNOWN, Outcome.ERROR)),
    enforcement=st.sampled_from(Enforcement),
    why=hostile,
    target_name=hostile,
    locations=st.lists(st.builds(Location, hostile, st.none() | st.integers(0, 9)), max_size=3).map(tuple),
    waiver=st.none() | waivers,
    expired=st.none() | waivers,
)

gates = st.builds(Gate, st.none() | st.sampled_from(Severity), st.booleans(), st.booleans())


@st.composite
def judged_scans(draw: st.DrawFn) -> Judged:
    """Give judged scans: what real rules say of hostile scans, and findings as hostile as values can be."""
    scan, rules = draw(scan_results()), policy()
    real = evaluate(rules.rules.rules, scan, rules.waivers.waivers, TODAY)
    made = draw(st.lists(findings, max_size=3, unique_by=lambda finding: finding.fingerprint))
    return Judged.of(scan, Evaluation((*real.findings, *made), real.tallies), rules, draw(gates))


def texts(value: object) -> Iterator[str]:
    """Yield every text in a document, keys included."""
    match value:
        case str():
            yield value
        case dict():
            for key, one in value.items():
                yield key
                yield from texts(one)
        case list():
            for one in value:
                yield from texts(one)
