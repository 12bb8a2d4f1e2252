"""The schemas of documents: valid themselves, and what they refuse is said in our words."""

import json
from pathlib import Path

import jsonschema_rs
import pytest

from ospo import paths
from ospo.documents.marked import Document, parse
from ospo.documents.schema import API_VERSION, KINDS, check, kind_of
from ospo.errors import UsageError

WAIVERS = """\
apiVersion: ospo.dev/v1
kind: Waivers
waivers:
  - rule: unknown-license
    selector: {component: pkg:pypi/a}
    reason: temporary
    justification: asked upstream
    approver: ospo@example.org
    expires: 2027-01-31
"""


def one(text: str) -> Document:
    (document,) = parse(Path("x.yaml"), text.encode())
    return document


def faults(text: str) -> list[str]:
    document = one(text)
    return [
        f"{fault.mark.line}:{fault.mark.column}: {fault.message}" + (f" ({fault.hint})" if fault.hint else "")
        for fault in check(document, kind_of(document))
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_one_and_describes_its_kind(kind: str) -> None:
    schema = json.loads(paths.bundled(f"docs/schemas/{KINDS[kind]}.json").read_bytes())
    jsonschema_rs.meta.validate(schema)
    assert schema["title"] == kind
    assert schema["$id"] == f"https://ospo.dev/schemas/v1/{KINDS[kind]}.json"
    assert schema["properties"]["apiVersion"] == {"const": API_VERSION}
    assert schema["properties"]["kind"] == {"const": kind}


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("- a", "x.yaml:1:1: expected a mapping with apiVersion and kind", ""),
        ("kind: Rule", "x.yaml:1:1: unknown or missing apiVersion", "write `apiVersion: ospo.dev/v1`"),
        (
            "apiVersion: ospo.dev/v2",
            "x.yaml:1:13: unknown or missing apiVersion",
            "write `apiVersion: ospo.dev/v1`",
        ),
        ("apiVersion: ospo.dev/v1", "x.yaml:1:1: unknown kind 'None'", "known are Rule, Waivers"),
        ("apiVersion: ospo.dev/v1\nkind: Rules", "x.yaml:2:7: unknown kind 'Rules'", "did you mean Rule?"),
        ("apiVersion: ospo.dev/v1\nkind: [a]", "x.yaml:2:7: unknown kind \"['a']\"", ""),
    ],
)
def test_a_document_of_no_kind_is_refused(text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        kind_of(one(text))
    assert caught.value.message == message
    assert caught.value.hint.startswith(hint)


def test_a_valid_document_has_no_faults() -> None:
    assert faults(WAIVERS) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("expires: 2027-01-31\n", "", ["4:5: waivers[0]: expires is missing"]),
        ("    approver: ospo@example.org\n", "", ["4:5: waivers[0]: approver is missing"]),
        ("    justification: asked upstream\n", "", ["4:5: waivers[0]: justification is missing"]),
        ("    reason: temporary\n", "", ["4:5: waivers[0]: reason is missing"]),
        ("    selector: {component: pkg:pypi/a}\n", "", ["4:5: waivers[0]: selector is missing"]),
        ("  - rule: unknown-license\n    sel", "  - sel", ["4:5: waivers[0]: rule is missing"]),
        ("2027-01-31", "never", ["9:14: waivers[0].expires: expected a day, as 2027-01-31"]),
        ("2027-01-31", "2027-02-29", ["9:14: waivers[0].expires: expected a day, as 2027-01-31"]),
        (
            "2027-01-31",
            "~",
            ["9:14: waivers[0].expires: expected text (in quotes, if YAML takes it for something else)"],
        ),
        ("ospo@example.org", "''", ["8:15: waivers[0].approver: must not be empty"]),
        ("ospo@example.org", "'   '", ["8:15: waivers[0].approver: must not be empty"]),
        ("asked upstream", "'  '", ["7:20: waivers[0].justification: must not be empty"]),
        ("{component: pkg:pypi/a}", "{}", ["5:15: waivers[0].selector: must not be empty"]),
        (
            "{component: pkg:pypi/a}",
            "{componnet: pkg:pypi/a}",
            ["5:16: waivers[0].selector.componnet: unknown key (did you mean component?)"],
        ),
        (
            "temporary",
            "temporarily",
            [
                "6:13: waivers[0].reason: expected one of accepted-risk, false-positive, license-acquired,"
                " mitigated, not-distributed, temporary (did you mean temporary?)"
            ],
        ),
        (
            "expires:",
            "expire:",
            [
                "9:5: waivers[0].expire: unknown key (did you mean expires?)",
                "4:5: waivers[0]: expires is missing",
            ],
        ),
        ("waivers:\n", "waivers: &x\n", []),
        (
            "waivers:",
            "waiver:",
            ["3:1: waiver: unknown key (did you mean waivers?)", "1:1: waivers is missing"],
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(old: str, new: str, expected: list[str]) -> None:
    assert old in WAIVERS
    assert faults(WAIVERS.replace(old, new)) == expected


def test_an_empty_list_of_waivers_is_one() -> None:
    assert faults("apiVersion: ospo.dev/v1\nkind: Waivers\nwaivers: []\n") == []
