"""`-o sarif`: SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html).

Section numbers are those of that specification. What GitHub and GitLab ask for beyond it is in
`docs/reports.md`, with the table of levels.
"""

import re
from typing import Any

from ospo import __version__
from ospo.model import ArtifactKind, Finding, Outcome, Problem, ScanResult
from ospo.policy.rule import Rule
from ospo.reports.interface import Judged, encode
from ospo.reports.sarif_result import ROOT, level, literal, result_of, sentence
from ospo.text import one_line

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
VERSION = "2.1.0"

_Object = dict[str, Any]

_ROOTS = {
    ArtifactKind.IMAGE: "the root folder of the image",
    ArtifactKind.DIRECTORY: "the scanned folder",
    ArtifactKind.SBOM: "the root folder of what the SBOM describes",
}


def render(judged: Judged) -> bytes:
    """Write a log of one run; the same scan, policy and gate give the same bytes."""
    return encode({"$schema": SCHEMA, "version": VERSION, "runs": [_run(judged)]})


def _run(judged: Judged) -> _Object:
    scan, rules = judged.result, judged.policy.rules.rules
    indexes = {rule.id: index for index, rule in enumerate(rules)}
    layers = {layer.index: layer for layer in scan.artifact.layers}
    counting = judged.counting
    return {
        "tool": {"driver": _driver(rules)},
        "automationDetails": {"id": _category(scan)},
        "invocations": [_invocation(judged, indexes)],
        "originalUriBaseIds": {ROOT: {"description": {"text": _ROOTS[scan.artifact.kind]}}},
        "columnKind": "utf16CodeUnits",
        "results": [
            result_of(one, scan, indexes.get(one.rule), layers, counts=one.fingerprint in counting)
            for one in judged.evaluation.findings
        ],
        "properties": _properties(judged),
    }


def _driver(rules: tuple[Rule, ...]) -> _Object:
    return {
        "name": "ospo",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_rule(rule) for rule in rules],
    }


def _rule(rule: Rule) -> _Object:
    # Without "security-severity": GitHub would take a question of licenses for a vulnerability.
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in re.split("[-._/]", rule.id)),  # §3.49.7: for people
        "shortDescription": {"text": literal(rule.title)},
        "fullDescription": {"text": literal(rule.why)},
        "help": {"text": _help(rule)},
        "defaultConfiguration": {"level": level(rule.severity, rule.enforcement)},
        "properties": {
            "severity": rule.severity,
            "enforcement": rule.enforcement,
            "version": rule.version,
            "subject": rule.subject.name,
            "path": rule.file.path,
        },
    }


def _help(rule: Rule) -> str:
    """Say what helps whatever the subject is; a fix with expressions depends on the subject."""
    texts = [piece for piece in rule.fix.pieces if isinstance(piece, str)]
    fix = "".join(texts) if len(texts) == len(rule.fix.pieces) else "each result says it"
    lines = (sentence(f"Fix: {fix}"), *(f"See {reference}" for reference in rule.references))
    return "\n".join(map(literal, lines))


def _category(scan: ScanResult) -> str:
    """Name what the next run is compared with; §3.17.3: what follows the last / tells runs apart.

    Without the tag, so that the next build of a target is its next run; with the platform, so that images of
    one index do not replace each other.
    """
    platform = str(scan.artifact.platform or "").replace("/", "-")
    return "".join(f"{one_line(part)}/" for part in ("ospo", scan.target.identity, platform) if part)


def _invocation(judged: Judged, indexes: dict[str, int]) -> _Object:
    errors = [one for one in judged.evaluation.findings if one.outcome is Outcome.ERROR]
    return {
        # §3.20.14: whether the tool did its work; that there are findings is no failure.
        "executionSuccessful": judged.result.complete and not errors,
        "exitCode": judged.verdict.code,
        "startTimeUtc": judged.result.scanned_at,
        "toolExecutionNotifications": [_notification(problem) for problem in judged.result.problems],
        "toolConfigurationNotifications": [_rule_error(finding, indexes) for finding in errors],
    }


def _notification(problem: Problem) -> _Object:
    """Tell of a problem; §3.58.6: after an error results are incomplete, with a warning probably right."""
    text = sentence(f"{problem.where}: {problem.message}" if problem.where else problem.message)
    hint = sentence(f" Hint: {problem.hint}") if problem.hint else ""
    return {
        "level": "error" if problem.blocking else "warning",
        "message": {"text": literal(text + hint)},
        "properties": {"kind": problem.kind, "where": problem.where, "blocking": problem.blocking},
    }


def _rule_error(finding: Finding, indexes: dict[str, int]) -> _Object:
    """Tell of a rule that could not be evaluated."""
    index = {"index": indexes[finding.rule]} if finding.rule in indexes else {}
    return {
        "level": "error",
        "message": {"text": literal(sentence(finding.message))},
        "associatedRule": {"id": finding.rule, **index},
    }


def _properties(judged: Judged) -> _Object:
    artifact = judged.result.artifact
    return {
        "target": judged.result.target.name,
        "artifact": artifact.digest,
        "platform": str(artifact.platform or ""),
        "complete": judged.result.complete,
        "failOn": judged.gate.fail_on or "none",
        "policyFiles": [
            {"path": file.path, "sha256": file.sha256, "bundled": file.bundled}
            for file in judged.policy.files
        ],
    }
