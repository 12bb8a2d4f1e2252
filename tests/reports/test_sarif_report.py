"""The SARIF report: its golden file, the official schema, and what the specification asks for beyond it.

OSPO_WRITE_EXPECTED=1 writes the golden file; read the difference in review.
"""

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judging import everything, judged_scans, texts
from strategies import hostile

from ospo.model import Enforcement, Finding, Location, Outcome, Severity
from ospo.policy.evaluate import Evaluation
from ospo.reports.interface import Judged
from ospo.reports.sarif import render
from ospo.reports.sarif_result import level, literal

GOLDEN = Path(__file__).parent / "golden" / "image.sarif"
SCHEMA = Path(__file__).parent / "schemas" / "sarif-2.1.0.json"
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")
# A relative reference of https://www.rfc-editor.org/rfc/rfc3986 that is nothing but a path.
RELATIVE = re.compile(r"([A-Za-z0-9\-._~/]|%[0-9A-F]{2})+")


@cache
def validator() -> jsonschema_rs.Draft7Validator:
    schema = json.loads(SCHEMA.read_bytes())
    # As published it is no regular expression of ECMA 262; the errata of 2023 correct it like this.
    for name in ("run", "toolComponent"):
        schema["definitions"][name]["properties"]["language"]["pattern"] = "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$"
    return jsonschema_rs.Draft7Validator(schema, validate_formats=True)


def run_of(judged: Judged) -> Any:
    (run,) = json.loads(render(judged))["runs"]
    return run


def with_finding(**fields: Any) -> Judged:
    """Return a judged scan with one finding."""
    judged = everything()
    usual = {"fingerprint": "0" * 16, "rule": "known-license", "severity": Severity.HIGH, "target": "t"}
    finding = Finding(**(usual | {"subject": "pkg:npm/a@1", "message": "is bad"} | fields))
    return Judged.of(judged.result, Evaluation((finding,), ()), judged.policy, judged.gate)


def result_for(**fields: Any) -> Any:
    (result,) = run_of(with_finding(**fields))["results"]
    return result


def test_the_whole_document() -> None:
    written = render(everything())
    if os.environ.get("OSPO_WRITE_EXPECTED"):
        GOLDEN.write_bytes(written)
    assert written == GOLDEN.read_bytes()


@given(judged_scans())
def test_any_report_is_as_the_official_schema_says(judged: Judged) -> None:
    assert list(validator().iter_errors(json.loads(render(judged)))) == []


@given(judged_scans())
def test_each_finding_is_one_result(judged: Judged) -> None:
    results = run_of(judged)["results"]
    found = [finding.fingerprint for finding in judged.evaluation.findings]
    assert [result["partialFingerprints"]["ospo/v1"] for result in results] == found


@given(judged_scans())
def test_what_the_specification_asks_for_beyond_its_schema(judged: Judged) -> None:
    run = run_of(judged)
    rules = run["tool"]["driver"]["rules"]
    for result, finding in zip(run["results"], judged.evaluation.findings, strict=True):
        if "ruleIndex" in result:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert (result["kind"] == "fail") == (finding.outcome in (Outcome.FAIL, Outcome.WARN))
        assert (result["kind"] == "fail") == (result["level"] != "none")
        assert len(result["suppressions"]) == (finding.waiver is not None)
    assert run["automationDetails"]["id"].endswith("/")


@given(judged_scans())
def test_each_result_has_a_place_that_lies_in_the_target(judged: Judged) -> None:
    """GitHub and GitLab refuse a result without one."""
    for result in run_of(judged)["results"]:
        assert result["locations"]
        for location in result["locations"]:
            uri = location["physicalLocation"]["artifactLocation"]["uri"]
            assert RELATIVE.fullmatch(uri), uri
            assert not uri.startswith("/")
            assert b".." not in unquote_to_bytes(uri).split(b"/")


@given(judged_scans())
def test_nothing_hostile_gets_through(judged: Judged) -> None:
    text = render(judged).decode("utf-8")
    assert not CONTROL.search(text)
    run = json.loads(text)["runs"][0]
    assert not any(CONTROL.search(one.replace("\t", "")) for one in texts(run))
    messages = [result["message"]["text"] for result in run["results"]]
    messages += [
        one["message"]["text"]
        for name in ("toolExecutionNotifications", "toolConfigurationNotifications")
        for one in run["invocations"][0][name]
    ]
    for message in messages:
        assert message.isprintable()
        assert "](" not in message
        assert not re.search("[{}]", message.replace("{{", "").replace("}}", ""))


@given(judged_scans())
def test_the_same_scan_gives_the_same_bytes(judged: Judged) -> None:
    again = Judged.of(judged.result, judged.evaluation, judged.policy, judged.gate)
    assert render(again) == render(judged)


@given(judged_scans())
def test_the_run_tells_what_the_gate_says_and_what_could_not_be_checked(judged: Judged) -> None:
    run = run_of(judged)
    (invocation,) = run["invocations"]
    problems = judged.result.problems
    errors = [one for one in judged.evaluation.findings if one.outcome is Outcome.ERROR]
    assert invocation["exitCode"] == judged.verdict.code
    assert [one["level"] for one in invocation["toolExecutionNotifications"]] == [
        "error" if problem.blocking else "warning" for problem in problems
    ]
    assert len(invocation["toolConfigurationNotifications"]) == len(errors)
    assert invocation["executionSuccessful"] == (judged.result.complete and not errors)
    assert [file["sha256"] for file in run["properties"]["policyFiles"]] == [
        file.sha256 for file in judged.policy.files
    ]


@pytest.mark.parametrize(
    ("severity", "enforce", "warn", "audit"),
    [
        (Severity.CRITICAL, "error", "warning", "note"),
        (Severity.HIGH, "error", "warning", "note"),
        (Severity.MEDIUM, "warning", "warning", "note"),
        (Severity.LOW, "note", "note", "note"),
        (Severity.INFO, "note", "note", "note"),
    ],
)
def test_levels(severity: Severity, enforce: str, warn: str, audit: str) -> None:
    levels = [level(severity, one) for one in (Enforcement.ENFORCE, Enforcement.WARN, Enforcement.AUDIT)]
    assert levels == [enforce, warn, audit]
    page = (Path(__file__).parents[2] / "docs" / "reports.md").read_text("utf-8")
    assert f"| {severity} | {enforce} | {warn} | {audit} |" in page


def test_a_waived_finding_is_suppressed_and_one_whose_waiver_expired_is_not() -> None:
    results = run_of(everything())["results"]
    (waived,) = [result for result in results if result["suppressions"]]
    (suppression,) = waived["suppressions"]
    assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
    assert suppression["justification"] == "The copyright file of Debian has been read by hand."
    assert suppression["properties"]["expires"] == "2027-06-30"
    (expired,) = [result for result in results if "expiredWaiver" in result["properties"]]
    assert expired["suppressions"] == []
    assert expired["properties"]["expiredWaiver"]["source"] == "policy/waivers.yaml:11"


def test_a_result_says_what_is_wrong_where_and_what_to_do() -> None:
    places = (Location("usr/lib/a", 2), Location("b", 1), Location("c", 1))
    assert result_for(fix="ask upstream", locations=places)["message"]["text"] == (
        "pkg:npm/a@1 is bad. Found in usr/lib/a, layer 2, and 2 more places. Fix: ask upstream."
    )


def test_what_has_no_place_in_the_target_is_at_the_target() -> None:
    (location,) = result_for(subject="layer 1")["locations"]
    assert location == {
        "physicalLocation": {
            "artifactLocation": {"uri": "registry.example/team/app"},
            "region": {"startLine": 1},
        },
        "logicalLocations": [
            {"fullyQualifiedName": "registry:registry.example/team/app:1.2", "kind": "image"}
        ],
    }


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("usr/lib/a b/METADATA", "usr/lib/a%20b/METADATA"),
        ("c:/x?y#z", "c%3A/x%3Fy%23z"),
        ("//host/x", "host/x"),
        ("a/../../etc", "a/etc"),
        ("\udcff\x1b", "%FF%1B"),
        ("\ud800", "%5Cud800"),
        ("é", "%C3%A9"),
        ("", "."),
    ],
)
def test_paths_become_relative_references(path: str, uri: str) -> None:
    (location,) = result_for(locations=(Location(path, 0),))["locations"]
    assert location["physicalLocation"]["artifactLocation"] == {"uri": uri, "uriBaseId": "ROOT"}
    assert location["properties"]["layerDigest"] == "sha256:" + "0" * 64


@given(hostile)
def test_free_text_means_nothing_in_a_message(text: str) -> None:
    shown = literal(text)
    assert shown.isprintable()
    assert "](" not in shown
    assert shown.replace("{{", "").replace("}}", "").count("{") == 0


def test_braces_and_links_are_spelled_out() -> None:
    assert literal("[here](https://evil.example) {0}") == "[here] (https://evil.example) {{0}}"


@given(st.sampled_from(Severity), st.sampled_from((Outcome.UNKNOWN, Outcome.ERROR)))
def test_what_could_not_be_decided_is_open(severity: Severity, outcome: Outcome) -> None:
    result = result_for(severity=severity, outcome=outcome)
    assert (result["kind"], result["level"]) == ("open", "none")
    assert result["properties"]["severity"] == severity
