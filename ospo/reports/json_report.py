"""`-o json`: everything that is known of a judged scan but its components, for programs.

`docs/schemas/report.json` describes the document, and `docs/reports.md` what its versions mean.
"""

from collections import Counter
from typing import Any

from ospo import __version__
from ospo.model import Artifact, Finding, Layer, Location, Outcome, Problem, Severity, State, Target, Waiver
from ospo.policy.evaluate import Tally
from ospo.policy.load import Policy
from ospo.policy.rule import Rule
from ospo.reports.interface import Judged, encode

SCHEMA = "https://ospo.dev/schemas/v1/report.json"
SCHEMA_VERSION = "1.0"
"""The second number rises when a member is added, the first when one changes or goes."""

_COMMAND_LENGTH_MAX = 200
"""Characters of a layer's command repeated in each location; `artifact.layers` has it whole."""

_Object = dict[str, Any]


def render(judged: Judged) -> bytes:
    """Write the report; the same scan, policy and gate give the same bytes."""
    return encode(_document(judged))


def _document(judged: Judged) -> _Object:
    result = judged.result
    layers = {layer.index: layer for layer in result.artifact.layers}
    counting = judged.counting
    return {
        "$schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "ospo", "version": __version__, "facts_version": result.facts_version},
        "generated_at": result.scanned_at,
        "target": _target(result.target),
        "artifact": _artifact(result.artifact),
        "complete": result.complete,
        "verdict": _verdict(judged),
        "policy": _policy(judged.policy, judged.evaluation.tallies),
        "summary": _summary(judged),
        "findings": [
            _finding(finding, layers, counts=finding.fingerprint in counting)
            for finding in judged.evaluation.findings
        ],
        "problems": [_problem(problem) for problem in result.problems],
    }


def _target(target: Target) -> _Object:
    return {
        "name": target.name,
        "kind": target.kind,
        "identity": target.identity,
        "reference": target.reference,
        "index_digest": target.index_digest,
    }


def _artifact(artifact: Artifact) -> _Object:
    return {
        "kind": artifact.kind,
        "digest": artifact.digest,
        "platform": str(artifact.platform) if artifact.platform else None,
        "config_digest": artifact.config_digest,
        "media_type": artifact.media_type,
        "created": artifact.created,
        "layers": [
            {
                "index": layer.index,
                "digest": layer.digest,
                "size": layer.size,
                "created_by": layer.created_by,
            }
            for layer in artifact.layers
        ],
    }


def _verdict(judged: Judged) -> _Object:
    gate, verdict = judged.gate, judged.verdict
    return {
        "exit_code": verdict.code,
        "fail_on": gate.fail_on,
        "strict": gate.strict,
        "allow_incomplete": gate.allow_incomplete,
        "violations": [finding.fingerprint for finding in verdict.violations],
        "undecided": [finding.fingerprint for finding in verdict.undecided],
        "problems": len(verdict.problems),
    }


def _policy(policy: Policy, tallies: tuple[Tally, ...]) -> _Object:
    counts = {tally.rule: dict(tally.counts) for tally in tallies}
    return {
        "files": [
            {"path": file.path, "sha256": file.sha256, "bundled": file.bundled} for file in policy.files
        ],
        "rules": [_rule(rule, counts.get(rule.id, {})) for rule in policy.rules.rules],
    }


def _rule(rule: Rule, counts: dict[Outcome, int]) -> _Object:
    return {
        "id": rule.id,
        "version": rule.version,
        "title": rule.title,
        "subject": rule.subject.name,
        "severity": rule.severity,
        "enforcement": rule.enforcement,
        "path": rule.file.path,
        "outcomes": {outcome.value: counts.get(outcome, 0) for outcome in Outcome},
    }


def _summary(judged: Judged) -> _Object:
    findings, problems = judged.evaluation.findings, judged.result.problems
    waived = sum(finding.waiver is not None for finding in findings)
    severities = Counter(finding.severity for finding in findings if finding.waiver is None)
    outcomes = Counter(finding.outcome for finding in findings if finding.waiver is None)
    return {
        "components": len(judged.result.components),
        "findings": len(findings),
        "open": len(findings) - waived,
        "waived": waived,
        "expired_waivers": len({finding.expired for finding in findings if finding.expired}),
        "open_by_severity": {severity.value: severities[severity] for severity in Severity},
        "open_by_outcome": {
            outcome.value: outcomes[outcome]
            for outcome in (Outcome.FAIL, Outcome.WARN, Outcome.UNKNOWN, Outcome.ERROR)
        },
        "problems": len(problems),
        "blocking_problems": sum(problem.blocking for problem in problems),
    }


def _finding(finding: Finding, layers: dict[int, Layer], *, counts: bool) -> _Object:
    return {
        "fingerprint": finding.fingerprint,
        "rule": finding.rule,
        "severity": finding.severity,
        "outcome": finding.outcome,
        "enforcement": finding.enforcement,
        "state": State.WAIVED if finding.waiver else State.OPEN,
        "counts_for_gate": counts,
        "subject": finding.subject,
        "message": finding.message,
        "why": finding.why,
        "fix": finding.fix,
        "locations": [_location(location, layers) for location in finding.locations],
        "waiver": _waiver(finding.waiver),
        "expired_waiver": _waiver(finding.expired),
    }


def _location(location: Location, layers: dict[int, Layer]) -> _Object:
    layer = None if location.layer is None else layers.get(location.layer)
    return {
        "path": location.path,
        "layer": location.layer,
        "layer_digest": layer.digest if layer else None,
        "created_by": layer.created_by[:_COMMAND_LENGTH_MAX] if layer else None,
    }


def _waiver(waiver: Waiver | None) -> _Object | None:
    if waiver is None:
        return None
    return {
        "rule": waiver.rule,
        "selector": dict(waiver.selector),
        "reason": waiver.reason,
        "justification": waiver.justification,
        "approver": waiver.approver,
        "expires": waiver.expires,
        "ticket": waiver.ticket,
        "source": waiver.source,
    }


def _problem(problem: Problem) -> _Object:
    return {
        "kind": problem.kind,
        "where": problem.where,
        "message": problem.message,
        "hint": problem.hint,
        "blocking": problem.blocking,
    }
