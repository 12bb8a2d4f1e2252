"""What a report of a judged scan is made from, and how it becomes bytes."""

from dataclasses import dataclass
from typing import Any

import orjson

from ospo.model import Finding, ScanResult
from ospo.policy.evaluate import Evaluation
from ospo.policy.gate import Gate, Verdict
from ospo.policy.load import Policy
from ospo.text import printable


@dataclass(frozen=True, slots=True)
class Judged:
    """A scan, what the policy says of it, and what the gate makes of that."""

    result: ScanResult
    evaluation: Evaluation
    policy: Policy
    gate: Gate
    verdict: Verdict

    @classmethod
    def of(cls, result: ScanResult, evaluation: Evaluation, policy: Policy, gate: Gate) -> "Judged":
        """Judge a scan that was evaluated."""
        return cls(result, evaluation, policy, gate, gate.judge(result, evaluation.findings))

    @property
    def counting(self) -> frozenset[str]:
        """The fingerprints of the findings that the exit code is made of."""
        return frozenset(one.fingerprint for one in (*self.verdict.violations, *self.verdict.undecided))


def place(finding: Finding) -> str:
    """Say where a finding is seen: a path, its layer, and how many further places there are; "" for none."""
    if not finding.locations:
        return ""
    first, others = finding.locations[0], len(finding.locations) - 1
    parts = [first.path]
    parts += [f"layer {first.layer}"] if first.layer is not None else []
    parts += [f"and {others} more place{'s' if others > 1 else ''}"] if others else []
    return ", ".join(parts)


def encode(document: dict[str, Any]) -> bytes:
    """Write JSON, indented by two spaces, with a final line feed; the same document gives the same bytes.

    What comes from a scanned target may hold half a surrogate pair, which JSON cannot, and control
    characters, of which JSON escapes only the lower half: both are spelled out.
    """
    return orjson.dumps(_printable(document), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _printable(value: Any) -> Any:
    match value:
        case str():
            return printable(value)
        case dict():
            return {key: _printable(one) for key, one in value.items()}
        case list():
            return [_printable(one) for one in value]
    return value
