"""A finding as a result of SARIF 2.1.0; section numbers are those of the specification, see `sarif.py`."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ospo.model import Enforcement, Finding, Layer, Location, Outcome, ScanResult, Severity, Waiver
from ospo.reports.interface import place
from ospo.text import one_line, printable

ROOT = "ROOT"
"""What paths inside a target are relative to: the name of a URI base, whose place nobody else knows."""

_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}

_COMMAND_LENGTH_MAX = 200
"""Characters of a layer's command repeated in each location."""

_Object = dict[str, Any]


def level(severity: Severity, enforcement: Enforcement) -> str:
    """Return the level of a failed finding: no rule speaks louder than it is enforced."""
    if enforcement is Enforcement.AUDIT:
        return "note"
    if enforcement is Enforcement.WARN and _LEVELS[severity] == "error":
        return "warning"
    return _LEVELS[severity]


def result_of(
    finding: Finding, scan: ScanResult, index: int | None, layers: Mapping[int, Layer], *, counts: bool
) -> _Object:
    """Return the result for a finding.

    `index` is the rule's place in the log, None where it is not there; `counts`, whether the finding is one
    that the exit code is made of.
    """
    decided = finding.outcome in (Outcome.FAIL, Outcome.WARN)
    return {
        "ruleId": finding.rule,
        **({} if index is None else {"ruleIndex": index}),
        # §3.27.9: "open" is what could not be decided; §3.27.10: its level is then "none".
        "kind": "fail" if decided else "open",
        "level": level(finding.severity, finding.enforcement) if decided else "none",
        "message": {"text": literal(_told(finding))},
        "locations": _locations(finding, scan, layers),
        # GitHub knows an alert again by the second one only, and makes one from the lines of a file, which
        # an image has not. §3.27.17
        "partialFingerprints": {
            "ospo/v1": finding.fingerprint,
            "primaryLocationLineHash": f"{finding.fingerprint}:1",
        },
        # §3.27.23: every result of a run has this list, or none has it.
        "suppressions": [_suppression(finding.waiver)] if finding.waiver else [],
        "properties": _properties(finding, counts=counts),
    }


def literal(text: str) -> str:
    """Write free text as a message string in which nothing has a meaning of its own.

    §3.11.5 reads {0} as a placeholder, and doubled braces as braces; §3.11.6 reads [text](target) as a link,
    which a scanned target must not be able to put into a report.
    """
    return one_line(text).replace("{", "{{").replace("}", "}}").replace("](", "] (")


def sentence(text: str) -> str:
    """End text as a sentence ends."""
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _told(finding: Finding) -> str:
    """Say in sentences what is wrong, where, and what to do."""
    said = finding.message if finding.outcome is Outcome.ERROR else f"{finding.subject} {finding.message}"
    seen = place(finding)
    sentences = (said, f"Found in {seen}" if seen else "", f"Fix: {finding.fix}" if finding.fix else "")
    return " ".join(sentence(one) for one in sentences if one)


def _locations(finding: Finding, scan: ScanResult, layers: Mapping[int, Layer]) -> list[_Object]:
    """Give at least one: GitHub and GitLab refuse a result without."""
    named = [_logical(finding, scan)]
    if not finding.locations:
        return [{"physicalLocation": _physical(scan.target.identity), "logicalLocations": named}]
    return [
        {
            "physicalLocation": _physical(location.path, ROOT),
            "logicalLocations": named,
            "properties": _layer(location, layers),
        }
        for location in finding.locations
    ]


def _logical(finding: Finding, scan: ScanResult) -> _Object:
    """Name the package, or the target; §3.33.7 has no kind for either and admits others."""
    if finding.subject.startswith(("pkg:", "local:")):
        return {"fullyQualifiedName": finding.subject, "kind": "package"}
    return {"fullyQualifiedName": scan.target.name, "kind": scan.target.kind}


def _physical(path: str, base: str = "") -> _Object:
    artifact = {"uri": _uri(path)} | ({"uriBaseId": base} if base else {})
    # Packages have no lines; GitHub's documentation asks for one.
    return {"artifactLocation": artifact, "region": {"startLine": 1}}


def _uri(path: str) -> str:
    """Return a path as a relative reference that leads nowhere else, whatever it is made of (§3.4.4)."""
    try:
        encoded = path.encode("utf-8", "surrogateescape")  # the bytes of the name in the archive
    except UnicodeEncodeError:
        encoded = printable(path).encode()
    steps = [step for step in encoded.split(b"/") if step not in (b"", b".", b"..")]
    return quote(b"/".join(steps)) or "."


def _layer(location: Location, layers: Mapping[int, Layer]) -> _Object:
    if location.layer is None:
        return {}
    layer = layers.get(location.layer)
    if layer is None:
        return {"layer": location.layer}
    command = layer.created_by[:_COMMAND_LENGTH_MAX]
    return {"layer": location.layer, "layerDigest": layer.digest, "createdBy": command}


def _suppression(waiver: Waiver) -> _Object:
    return {
        "kind": "external",
        "status": "accepted",
        "justification": one_line(waiver.justification),
        "properties": _waiver(waiver),
    }


def _waiver(waiver: Waiver) -> _Object:
    return {
        "reason": waiver.reason,
        "approver": waiver.approver,
        "expires": waiver.expires,
        "ticket": waiver.ticket,
        "source": waiver.source,
    }


def _properties(finding: Finding, *, counts: bool) -> _Object:
    # An expired waiver suppresses nothing.
    expired = {"expiredWaiver": _waiver(finding.expired)} if finding.expired else {}
    return {
        "severity": finding.severity,
        "outcome": finding.outcome,
        "enforcement": finding.enforcement,
        "countsForGate": counts,
        "subject": finding.subject,
        "why": finding.why,
        "fix": finding.fix,
        **expired,
    }
