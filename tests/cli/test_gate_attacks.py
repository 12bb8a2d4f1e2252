"""Ways to get a gate to pass that must not work, each of which once did."""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from image_archives import Made, layer, write_folder
from images import blob, layout
from program import enter
from registry_server import index

from ospo.cli.main import run

DAMNED = '{"name": "bad", "version": "1.0.0", "license": "AGPL-3.0-only", "author": "a"}'
FINE = '{"name": "good", "version": "1.0.0", "license": "MIT", "author": "a"}'
DECISION = ("--reason", "temporary", "--justification", "x", "--approver", "jane@example.org")
WAIVERS = """\
apiVersion: ospo.dev/v1
kind: Waivers
waivers:
  - rule: denied-license
    selector: {selector}
    reason: temporary
    justification: asked
    approver: jane@example.org
    expires: 2999-12-31
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an image under a denied licence, in which this process works by the real clock."""
    enter(tmp_path, monkeypatch)
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    layout(tmp_path / "bad", blob({"app/node_modules/bad/package.json": DAMNED}))
    return tmp_path


def waived(**selector: str) -> str:
    return WAIVERS.format(selector=json.dumps(selector))


def python_package(metadata: Mapping[str, str]) -> dict[str, str]:
    lines = [
        f"{name}: {value}" for name, value in {"Name": "c", "Version": "1", "Author": "a", **metadata}.items()
    ]
    return {"usr/lib/python3/site-packages/c-1.dist-info/METADATA": "\n".join((*lines, "", ""))}


def test_an_image_without_platform_is_judged_anew_itself(folder: Path) -> None:
    files: dict[str, bytes] = {}
    descriptors = []
    for number, platform in ((1, None), (2, {"os": "linux", "architecture": "amd64"})):
        made = Made([layer(number)], architecture="amd64" if platform else "")
        files |= made.layout()
        (descriptor,) = json.loads(files["index.json"])["manifests"]
        descriptors.append(descriptor | ({"platform": platform} if platform else {}))
    write_folder(folder / "index", files | {"index.json": index(*descriptors)})
    gate = ["--fail-on", "high"]
    assert run(["scan", "oci-dir:index", "--all-platforms", "-q", *gate]) == run(["rules", "apply", *gate])


def test_judging_anew_says_which_rule_failed_and_why_even_when_quiet(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["scan", "oci-dir:bad"]) == 0
    capsys.readouterr()
    assert run(["rules", "apply", "--fail-on", "high", "-q"]) == 1
    error = capsys.readouterr().err
    assert "denied-license" in error
    assert "why: " in error


def test_nothing_judged_is_not_clean(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", "oci-dir:bad"]) == 0
    with closing(sqlite3.connect(folder / "ospo.db", isolation_level=None)) as connection:
        connection.execute("DELETE FROM current_artifact")
    capsys.readouterr()
    assert run(["rules", "apply", "--fail-on", "high"]) == 3
    assert "not everything was judged" in capsys.readouterr().err


def test_what_an_older_version_has_read_is_no_clean_answer(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layout(folder / "fine", blob({"app/node_modules/good/package.json": FINE}))
    assert run(["scan", "oci-dir:fine"]) == 0
    assert run(["rules", "apply", "--fail-on", "high"]) == 0
    with closing(sqlite3.connect(folder / "ospo.db", isolation_level=None)) as connection:
        connection.execute("UPDATE artifact SET facts_version = 'older'")
    capsys.readouterr()
    assert run(["rules", "apply", "--fail-on", "high"]) == 3
    assert "read by another version of ospo" in capsys.readouterr().err
    assert run(["rules", "apply", "--fail-on", "high", "--allow-incomplete"]) == 0


@pytest.mark.parametrize(
    "selector",
    [
        {"component": "*"},
        {"component": "pkg:*"},
        {"component": "pkg:*/*"},
        {"component": "*:*"},
        {"component": "*@*"},
        {"component": "p*"},
        {"path": "*/*"},
        {"subject": "*:*"},
        {"target": "*"},
    ],
)
def test_a_selector_that_chooses_nothing_is_refused(
    selector: dict[str, str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "w.yaml").write_text(waived(**selector))
    assert run(["scan", "oci-dir:bad", "--fail-on", "high", "--waivers", "w.yaml"]) == 2
    assert "the selector would waive every finding of the rule" in capsys.readouterr().err


@pytest.mark.parametrize(
    "selector",
    [{"component": "pkg:npm/*"}, {"component": "*/bad"}, {"path": "app/*"}, {"target": "oci-dir:*/bad"}],
)
def test_a_selector_that_chooses_is_taken(selector: dict[str, str], folder: Path) -> None:
    (folder / "w.yaml").write_text(waived(**selector))
    assert run(["scan", "oci-dir:bad", "--fail-on", "high", "--waivers", "w.yaml"]) == 0


def test_an_unused_waiver_is_told_of(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "w.yaml").write_text(waived(component="pkg:npm/nosuch"))
    assert run(["scan", "oci-dir:bad", "--waivers", "w.yaml"]) == 0
    assert "1 waiver of the file for nothing here" in capsys.readouterr().out
    assert run(["rules", "apply", "--waivers", "w.yaml"]) == 0
    assert "w.yaml:4: selects nothing: denied-license for component pkg:npm/nosuch" in capsys.readouterr().err


def test_a_renewed_waiver_takes_the_place_of_the_expired_one(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["scan", "oci-dir:bad"]) == 0
    capsys.readouterr()
    assert run(["findings", "--rule", "denied-license", "-o", "json"]) == 0
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert run(["waive", "add", finding["fingerprint"], *DECISION, "--expires", "2999-12-31"]) == 0
    capsys.readouterr()
    assert run(["waive", "export"]) == 0
    (folder / "w.yaml").write_text(capsys.readouterr().out.replace("2999-12-31", "2020-01-01"))
    assert run(["waive", "export", "--merge", "w.yaml"]) == 0
    merged = capsys.readouterr().out
    assert "2999-12-31" in merged
    assert "2020-01-01" not in merged


def test_a_found_configuration_does_not_choose_the_database(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "ospo.toml").write_text('database = "planted.db"\n')
    assert run(["rules", "apply", "--fail-on", "high"]) == 2
    assert "database: not allowed in a file that was only found" in capsys.readouterr().err


def test_a_denied_license_that_another_field_contradicts_is_not_passed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package = python_package(
        {"License": "MIT", "Classifier": "License :: OSI Approved :: GNU Affero General Public License v3"}
    )
    layout(folder / "c", blob(package))
    assert run(["scan", "oci-dir:c", "--fail-on", "critical"]) == 3
    assert "which the policy may deny" in capsys.readouterr().err


def test_every_license_for_noncommercial_use_is_denied(folder: Path) -> None:
    layout(folder / "c", blob(python_package({"License-Expression": "CC-BY-NC-SA-3.0-DE"})))
    assert run(["scan", "oci-dir:c", "--fail-on", "critical"]) == 1


def test_a_waiver_of_one_tag_leaves_the_other_open_and_the_list_says_which(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layout(folder / "other", blob({"app/node_modules/bad/package.json": DAMNED, "etc/motd": "x"}))
    (folder / "w.yaml").write_text(waived(target=f"oci-dir:{folder}/bad"))
    assert run(["scan", "oci-dir:bad", "--fail-on", "high", "--waivers", "w.yaml"]) == 0
    capsys.readouterr()
    assert run(["findings", "-v", "--rule", "denied-license"]) == 0
    assert "(waived)" in capsys.readouterr().out
    assert run(["scan", "oci-dir:other", "--fail-on", "high", "--waivers", "w.yaml"]) == 1


def test_a_misspelt_rule_is_no_clean_list(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", "oci-dir:bad"]) == 0
    capsys.readouterr()
    assert run(["findings", "--rule", "denied-licence"]) == 2
    assert "did you mean denied-license?" in capsys.readouterr().err
    assert run(["findings", "--rule", "incomplete-scan"]) == 0


def test_rules_that_cannot_be_used_together_are_a_remark(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["rules", "explain", "no-supplier", "--source"]) == 0
    rule = capsys.readouterr().out.replace("id: no-supplier", "id: same")
    (folder / "r").mkdir()
    for name in ("a.yaml", "b.yaml"):
        (folder / "r" / name).write_text(rule)
    assert run(["rules", "lint", "r"]) == 1
    assert "the rule same is in r/a.yaml as well" in capsys.readouterr().out


def test_a_waiver_at_the_end_of_time_is_no_internal_error(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["scan", "oci-dir:bad"]) == 0
    capsys.readouterr()
    assert run(["findings", "--rule", "denied-license", "-o", "json"]) == 0
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    end = int(datetime(9999, 12, 31, 12, tzinfo=UTC).timestamp())
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(end))
    assert run(["waive", "add", finding["fingerprint"], *DECISION]) == 0
    assert "waived until 9999-12-31" in capsys.readouterr().out
