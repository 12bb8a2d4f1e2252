"""`ospo findings`: lists, filters, and says so when there is nothing to list from."""

import json
import sqlite3
from pathlib import Path

import pytest
from images import blob, layout
from program import enter

from ospo.cli.main import run


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with images, in which this process works."""
    return enter(tmp_path, monkeypatch)


@pytest.fixture
def scanned(inside: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The same, with two images scanned: one finding in `image`, an incomplete scan of `damaged`."""
    assert run(["scan", "oci-dir:image"]) == 0
    assert run(["scan", "oci-dir:damaged"]) == 3
    capsys.readouterr()
    return inside


def listed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(["findings", *arguments]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def test_the_worst_come_first(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = listed(capsys).splitlines()
    assert lines[0] == f"high     incomplete-scan (unknown)  oci-dir:{scanned}/damaged"
    assert lines[2] == "         could not be checked: gzip data is truncated"
    assert lines[3].startswith("         fix: see what is wrong with layer 0 ")
    assert lines[4:] == [
        f"high     unknown-license  oci-dir:{scanned}/image",
        "         pkg:deb/hello@1.0?arch=all",
        "         declares no license",
        "         fix: find out the license from the source and ask upstream to declare it",
        f"low      no-supplier (audit)  oci-dir:{scanned}/image",
        "         pkg:deb/hello@1.0?arch=all",
        "         names no supplier",
        "         fix: ask upstream to name its authors or maintainers in the package metadata",
        "3 findings",
    ]


@pytest.mark.parametrize(
    ("arguments", "rules"),
    [
        (["--severity", "high"], ["incomplete-scan", "unknown-license"]),
        (["--severity", "high", "--severity", "low"], ["incomplete-scan", "unknown-license", "no-supplier"]),
        (["--severity", "medium"], []),
        (["--rule", "unknown-license"], ["unknown-license"]),
        (["--target", "oci-dir:image"], ["unknown-license", "no-supplier"]),
        (["--target", "./damaged"], ["incomplete-scan"]),
        (["--all"], ["incomplete-scan", "unknown-license", "no-supplier"]),
        (["--filter", "sev:<high"], ["no-supplier"]),
        (["--filter", "!rule:license hello"], ["no-supplier"]),
        (["--filter", "outcome:unknown"], ["incomplete-scan"]),
        (["--filter", "waived"], []),
        (["--severity", "low", "--filter", "rule:license"], []),
    ],
)
def test_filters(
    arguments: list[str], rules: list[str], scanned: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads(listed(capsys, *arguments, "-o", "json"))
    assert [finding["rule"] for finding in document["findings"]] == rules
    assert document["total"] == len(rules)


def test_json_holds_what_a_program_needs(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(listed(capsys, "--rule", "unknown-license", "--output", "json"))
    (finding,) = document["findings"]
    assert len(finding.pop("fingerprint")) == 16
    assert finding == {
        "rule": "unknown-license",
        "severity": "high",
        "outcome": "fail",
        "enforcement": "enforce",
        "state": "open",
        "target": f"oci-dir:{scanned}/image",
        "subject": "pkg:deb/hello@1.0?arch=all",
        "message": "declares no license",
        "fix": "find out the license from the source and ask upstream to declare it",
        "first_seen": "2026-01-01T00:00:00Z",
        "last_seen": "2026-01-01T00:00:00Z",
        "places": 1,
    }


def test_a_cut_list_says_so(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert listed(capsys, "--limit", "1").endswith("\n1 of 3 findings; --limit 3 lists all\n")
    assert json.loads(listed(capsys, "--limit", "1", "-o", "json"))["total"] == 3


def test_fixed_ones_are_listed_on_request(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layout(scanned / "image", blob({"etc/motd": "hello"}))
    assert run(["scan", "oci-dir:image", "-q"]) == 0
    capsys.readouterr()
    assert listed(capsys, "--target", "oci-dir:image") == "no findings\n"
    first, *_, last = listed(capsys, "--target", "oci-dir:image", "--all").splitlines()
    assert first == f"high     unknown-license (fixed)  oci-dir:{scanned}/image"
    assert last == "2 findings"


def test_all_that_is_known_of_a_finding(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line.strip() for line in listed(capsys, "-v", "--rule", "unknown-license").splitlines()]
    assert lines[4].startswith("why: Without a license nobody but its authors may use")
    assert lines[5].startswith(f"in oci-dir:{scanned}/image (linux/amd64), sha256:")
    assert lines[6] == "at var/lib/dpkg/status, layer 0"
    assert lines[7] == "2026-01-01T00:00:00Z opened pkg:deb/hello@1.0?arch=all"
    assert lines[8].startswith("fingerprint ")
    (detail,) = json.loads(listed(capsys, "-v", "--rule", "unknown-license", "-o", "json"))["findings"]
    assert detail["rule"]["title"] == "The license is known"
    assert detail["places"][0]["component"]["name"] == "hello"


def test_a_filter_that_makes_no_sense_is_explained(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["findings", "--filter", "severty:high"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "ospo: a filter has no key 'severty'\n  hint: did you mean severity?\n"


def test_a_target_that_was_never_scanned_is_not_taken_for_clean(
    scanned: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["findings", "--target", "oci-dir:imgae"]) == 4
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        "ospo: no scan of oci-dir:imgae is stored\n"
        "  hint: scan it first by `ospo scan`; stored are "
        f"oci-dir:{scanned}/damaged, oci-dir:{scanned}/image\n"
    )


def test_without_database_a_line_says_what_to_do(inside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["findings"]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(
        f"ospo: there is no database at {inside}/ospo.db\n  hint: scan something first"
    )
    assert len(captured.err.splitlines()) == 2
    assert not (inside / "ospo.db").exists()


def test_a_target_name_from_an_image_commands_no_terminal(
    scanned: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite3.connect(scanned / "ospo.db") as connection:
        connection.execute("UPDATE target SET name = 'dir:/\x1b[2J\u202e' || id")
    connection.close()
    assert run(["findings", "--target", "x"]) == 4
    assert "dir:/\\x1b[2J\\u202e1" in capsys.readouterr().err
