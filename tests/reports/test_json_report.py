"""The JSON report: its golden file, its schema, and that nothing hostile gets through.

OSPO_WRITE_EXPECTED=1 writes the golden file; read the difference in review.
"""

import json
import os
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
from hypothesis import given
from judging import everything, judged_scans, policy, texts

from ospo.model import Outcome, State
from ospo.paths import bundled
from ospo.policy.load import Policy, load_policy
from ospo.reports.interface import Judged
from ospo.reports.json_report import SCHEMA, SCHEMA_VERSION, render

GOLDEN = Path(__file__).parent / "golden" / "image.report.json"
# What a terminal would obey; \n and \t are escapes in JSON.
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")


@cache
def schema() -> Any:
    return json.loads(bundled("docs/schemas/report.json").read_bytes())


@cache
def validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema(), validate_formats=True)


def report(judged: Judged) -> Any:
    return json.loads(render(judged))


def test_the_whole_document() -> None:
    written = render(everything())
    if os.environ.get("OSPO_WRITE_EXPECTED"):
        GOLDEN.write_bytes(written)
    assert written == GOLDEN.read_bytes()


def test_the_golden_document_has_something_of_everything() -> None:
    document = report(everything())
    findings = document["findings"]
    assert {finding["outcome"] for finding in findings} == {"fail", "warn", "unknown", "error"}
    assert {finding["enforcement"] for finding in findings} == {"audit", "warn", "enforce"}
    assert {finding["state"] for finding in findings} == {"open", "waived"}
    assert sum(finding["expired_waiver"] is not None for finding in findings) == 1
    assert document["verdict"]["exit_code"] == 1
    validator().validate(document)


@given(judged_scans())
def test_any_report_is_as_the_schema_says(judged: Judged) -> None:
    document = report(judged)
    validator().validate(document)
    assert document["$schema"] == SCHEMA == schema()["$id"]
    assert document["schema_version"] == SCHEMA_VERSION


def test_every_object_of_the_schema_is_closed_and_lists_what_it_requires() -> None:
    """Only then does validation notice a member that the schema does not describe, or one that is missing."""

    def check(part: Any) -> None:
        if isinstance(part, dict):
            if "properties" in part:
                assert part["additionalProperties"] is False
                named = part.get("required", [])
                assert named == list(part["properties"]) or part.get("minProperties"), part
            for one in part.values():
                check(one)
        elif isinstance(part, list):
            for one in part:
                check(one)

    check({key: value for key, value in schema().items() if key != "properties"})
    for part in schema()["properties"].values():
        check(part)


@given(judged_scans())
def test_every_finding_and_problem_is_there_and_the_numbers_agree(judged: Judged) -> None:
    document = report(judged)
    findings, summary = document["findings"], document["summary"]
    assert len(findings) == len(judged.evaluation.findings) == summary["findings"]
    assert len(document["problems"]) == len(judged.result.problems) == summary["problems"]
    states = Counter(finding["state"] for finding in findings)
    assert (summary["open"], summary["waived"]) == (states[State.OPEN], states[State.WAIVED])
    assert sum(summary["open_by_severity"].values()) == summary["open"]
    assert sum(summary["open_by_outcome"].values()) == summary["open"]


@given(judged_scans())
def test_what_counts_for_the_gate_is_marked(judged: Judged) -> None:
    document = report(judged)
    verdict = document["verdict"]
    counted = {finding["fingerprint"] for finding in document["findings"] if finding["counts_for_gate"]}
    assert counted == {*verdict["violations"], *verdict["undecided"]}
    assert verdict["exit_code"] == judged.verdict.code
    assert (verdict["exit_code"] == 1) == bool(verdict["violations"])


@given(judged_scans())
def test_a_report_is_utf8_without_what_a_terminal_obeys(judged: Judged) -> None:
    text = render(judged).decode("utf-8")
    assert not CONTROL.search(text)
    assert not any(CONTROL.search(one.replace("\t", "")) for one in texts(json.loads(text)))


@given(judged_scans())
def test_the_same_scan_gives_the_same_bytes(judged: Judged) -> None:
    again = Judged.of(judged.result, judged.evaluation, judged.policy, judged.gate)
    assert render(again) == render(judged)


def test_files_of_the_policy_are_named_with_their_digests() -> None:
    document = report(everything())
    assert [(file["path"], file["bundled"]) for file in document["policy"]["files"]] == [
        ("policy/rules.yaml", False),
        ("policy/waivers.yaml", False),
    ]
    own, judged = load_policy(), everything()
    bundled_only = Judged.of(judged.result, judged.evaluation, Policy(own.rules), judged.gate)
    files = report(bundled_only)["policy"]["files"]
    assert files
    assert all(file["bundled"] and file["path"].startswith("rules/") for file in files)


def test_outcomes_of_a_rule_are_counted() -> None:
    rules = {rule["id"]: rule["outcomes"] for rule in report(everything())["policy"]["rules"]}
    assert list(rules) == [rule.id for rule in policy().rules.rules]
    assert rules["first-words"]["error"] == 1
    assert rules["known-license"][Outcome.SKIP] == 1
    assert all(sum(outcomes.values()) in (1, 5) for outcomes in rules.values())
