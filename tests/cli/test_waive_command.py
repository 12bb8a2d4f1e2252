"""`ospo waive`: decisions kept here, and carried into a waiver file."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from program import enter

from ospo.cli.main import run
from ospo.documents.marked import parse

TODAY = datetime.now(UTC).date()
DECISION = (
    "--reason",
    "temporary",
    "--justification",
    "upstream was\nasked",
    "--approver",
    "jane@example.org",
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A folder with a scanned image, in which this process works by the real clock."""
    enter(tmp_path, monkeypatch)
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert run(["scan", "oci-dir:image"]) == 0
    capsys.readouterr()
    return tmp_path


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run([*arguments]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(["waive", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


def fingerprint(capsys: pytest.CaptureFixture[str], rule: str = "unknown-license") -> str:
    document = json.loads(printed(capsys, "findings", "--all", "--rule", rule, "-o", "json"))
    found: str = document["findings"][0]["fingerprint"]
    return found


def state(capsys: pytest.CaptureFixture[str]) -> str:
    document = json.loads(printed(capsys, "findings", "--all", "--rule", "unknown-license", "-o", "json"))
    found: str = document["findings"][0]["state"]
    return found


def test_a_finding_is_waived_for_ninety_days(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    last = TODAY + timedelta(days=90)
    assert printed(capsys, "waive", "add", fingerprint(capsys)[:8], *DECISION) == (
        f"waived until {last}: unknown-license of pkg:deb/hello@1.0?arch=all in oci-dir:{folder}/image\n"
        "a gate counts it once it is in the waiver file: `ospo waive export`\n"
    )
    assert state(capsys) == "waived"
    assert "unknown-license (waived)" in printed(capsys, "findings")


def test_list_says_what_holds_and_what_was_taken_back(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mark = fingerprint(capsys)
    printed(capsys, "waive", "add", mark, *DECISION, "--expires", "2999-12-31", "--ticket", "OSPO-7")
    assert "2999-12-31  holds" in printed(capsys, "waive", "list")
    assert printed(capsys, "waive", "remove", mark) == "1 waiver taken back\n"
    assert "2999-12-31  taken back" in printed(capsys, "waive", "list")
    (row,) = json.loads(printed(capsys, "waive", "list", "-o", "json"))
    assert (row["withdrawn"], row["waiver"]["ticket"], row["waiver"]["justification"]) == (
        True,
        "OSPO-7",
        "upstream was asked",
    )
    assert state(capsys) == "open"


def test_what_is_exported_can_be_read_and_reviewed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mark = fingerprint(capsys)
    printed(capsys, "waive", "add", mark, *DECISION, "--expires", "2999-12-31")
    text = printed(capsys, "waive", "export")
    (document,) = parse(Path("export"), text.encode())
    assert document.value == {
        "apiVersion": "ospo.dev/v1",
        "kind": "Waivers",
        "waivers": [
            {
                "rule": "unknown-license",
                "selector": {
                    "component": "pkg:deb/hello?arch=all",
                    "fingerprint": mark,
                    "target": f"oci-dir:{folder}/image",
                },
                "reason": "temporary",
                "justification": "upstream was asked",
                "approver": "jane@example.org",
                "expires": "2999-12-31",
            }
        ],
    }
    Path("waivers.yaml").write_text(text)
    assert run(["scan", "oci-dir:image", "--fail-on", "high", "--waivers", "waivers.yaml"]) == 0


def test_an_export_adds_to_what_the_file_has(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed(capsys, "waive", "add", fingerprint(capsys), *DECISION)
    first = printed(capsys, "waive", "export")
    Path("waivers.yaml").write_text(first)
    assert printed(capsys, "waive", "export", "--merge", "waivers.yaml") == first
    printed(capsys, "waive", "add", fingerprint(capsys, "no-supplier"), *DECISION)
    merged = printed(capsys, "waive", "export", "--merge", "waivers.yaml")
    assert merged.startswith(first)
    assert merged.count("- rule:") == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("--reason", "temporaly"), "did you mean temporary?"),
        (("--reason", "because"), "known are accepted-risk, "),
        (("--justification", " "), "the justification is empty"),
        (("--approver", ""), "the approver is empty"),
        (("--expires", "2020-01-31"), "the waiver would have expired on 2020-01-31"),
        (("--expires", "31.1.2027"), "is no day"),
        (("--expires", "20270131"), "is no day"),
        (("--justification", "x" * 2001), "longer than 2000 characters"),
    ],
)
def test_a_decision_that_says_too_little_is_refused(
    change: tuple[str, str], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert message in refused(capsys, "add", fingerprint(capsys), *DECISION, *change)
    assert state(capsys) == "open"


def test_a_fingerprint_must_name_one_finding(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no finding begins with 'ffffffffffffffff'" in refused(capsys, "add", "f" * 16, *DECISION)
    assert "the fingerprint is empty" in refused(capsys, "add", "", *DECISION)
    assert "has no waiver that was made here" in refused(capsys, "remove", fingerprint(capsys))


@pytest.mark.parametrize("arguments", [("list",), ("export",), ("add", "ab", *DECISION), ("remove", "ab")])
def test_without_database_nothing_is_made(
    arguments: tuple[str, ...], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["waive", *arguments, "--db", "other.db"]) == 3
    assert "there is no database" in capsys.readouterr().err
    assert not Path("other.db").exists()
