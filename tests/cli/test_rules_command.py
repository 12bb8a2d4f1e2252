"""`ospo rules`: shows, tries out and checks rules."""

import json
from pathlib import Path

import pytest
from program import enter

from ospo.cli.main import run
from ospo.policy.load import load_rules
from ospo.policy.subjects import SUBJECTS

RULE = """\
apiVersion: ospo.dev/v1
kind: Rule
metadata: {id: short-names, version: 3}
spec:
  title: Names are short
  subject: component
  assert: r.name.size() <= p.most
  message: '{r.name} is long'
  severity: low
  enforcement: warn
  params: {most: 4}
  docs: {why: Short names are read., fix: shorten it}
tests:
  - {name: short, record: {name: a}, expect: pass}
  - {name: long, record: {name: abcde}, expect: warn}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with images and a rule, in which this process works."""
    enter(tmp_path, monkeypatch)
    (tmp_path / "short.yaml").write_text(RULE)
    return tmp_path


def printed(capsys: pytest.CaptureFixture[str], code: int, *arguments: str) -> str:
    assert run(["rules", *arguments]) == code
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(["rules", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


def test_list_says_where_each_rule_is_from(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, 0, "list", "--rules", "short.yaml").splitlines()
    assert lines[0].split() == ["RULE", "SEVERITY", "ENFORCED", "FROM"]
    bundled = [rule.id for rule in load_rules().rules]
    assert [line.split()[0] for line in lines[1:]] == sorted([*bundled, "short-names"])
    assert ["short-names", "low", "warn", "short.yaml"] in [line.split() for line in lines]


def test_list_as_json_names_the_digest_of_each_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = json.loads(printed(capsys, 0, "list", "--rules", "short.yaml", "-o", "json"))
    (own,) = (rule for rule in rules if not rule["bundled"])
    assert own["params"] == {"most": 4}
    assert (own["version"], own["path"], len(own["sha256"])) == (3, "short.yaml", 64)


def test_a_named_rule_replaces_the_bundled_one_and_says_so(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("short.yaml").write_text(RULE.replace("short-names", "no-supplier"))
    assert run(["rules", "list", "--rules", "short.yaml"]) == 0
    captured = capsys.readouterr()
    assert captured.err == "ospo: short.yaml replaces the bundled rule no-supplier\n"
    assert captured.out.count("no-supplier") == 1


def test_explain_tells_why_and_where(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = " ".join(printed(capsys, 0, "explain", "short-names", "--rules", "short.yaml").split())
    for part in (
        "short-names, version 3: Names are short",
        "severity low",
        "why Short names are read.",
        "reads r.name",
        "param p.most = 4",
        "test long: warn",
        "file short.yaml:1 (sha256",
    ):
        assert part in text


def test_explain_prints_the_rule_as_it_stands(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, 0, "explain", "short-names", "--rules", "short.yaml", "--source") == RULE


def test_explain_suggests_the_rule_that_was_meant(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "explain", "unknown-licence") == (
        "ospo: there is no rule 'unknown-licence'\n"
        "  hint: did you mean unknown-license? `ospo rules list` lists them\n"
    )


def test_fields_of_a_subject_and_of_all(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "problem  r.blocking  bool" in printed(capsys, 0, "fields", "problem")
    rows = json.loads(printed(capsys, 0, "fields", "-o", "json"))
    assert {row["subject"] for row in rows} == set(SUBJECTS)
    assert "did you mean component?" in refused(capsys, "fields", "componant")


def test_the_bundled_rules_pass_their_tests_and_the_linter(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    count = len(load_rules().rules)
    assert f" 0 failed in {count} rules" in printed(capsys, 0, "test")
    assert printed(capsys, 0, "lint") == f"no remarks on {count} files\n"


def test_a_failing_test_is_named_with_its_place(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("short.yaml").write_text(RULE.replace("most: 4", "most: 9"))
    assert printed(capsys, 1, "test", "short.yaml") == (
        "short.yaml:15: short-names: long: expected warn, got pass\n1 passed, 1 failed in 1 rule\n"
    )
    assert printed(capsys, 0, "test", "--rule", "no-supplier").endswith(" 0 failed in 1 rule\n")
    assert "there is no rule" in refused(capsys, "test", "--rule", "nothing")


def test_lint_lists_everything_that_is_wrong_with_its_place(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("short.yaml").write_text(RULE.replace("severity: low", "severty: low").replace("warn\n", "wran\n"))
    assert printed(capsys, 1, "lint", "short.yaml").splitlines() == [
        "short.yaml:9:3: spec.severty: unknown key (did you mean severity?)",
        "short.yaml:10:16: spec.enforcement: expected one of audit, warn, enforce (did you mean warn?)",
        "short.yaml:5:3: spec: severity is missing",
        "3 remarks on 1 file",
    ]


def test_lint_mentions_what_is_doubtful(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = RULE.replace("p.most", "4").partition("  - {name: long")[0]
    Path("short.yaml").write_text(text)
    assert printed(capsys, 1, "lint", "short.yaml").splitlines() == [
        "short.yaml:1:1: short-names: no test expects a finding",
        "short.yaml:1:1: short-names: the parameter p.most is never used",
        "2 remarks on 1 file",
    ]


def test_a_wrong_rule_stops_a_scan_before_it_begins(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("short.yaml").write_text(RULE.replace("r.name.size()", "r.nmae.size()"))
    assert run(["scan", "oci-dir:image", "--rules", "short.yaml"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        "ospo: short.yaml:7:12: spec.assert: undeclared reference to 'r.nmae'\n  hint: did you mean r.name?\n"
    )
    assert not Path("ospo.db").exists()


def test_apply_needs_a_database_and_a_target_that_was_scanned(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["rules", "apply"]) == 3
    assert "there is no database" in capsys.readouterr().err
    assert run(["scan", "oci-dir:image"]) == 0
    assert run(["rules", "apply", "--target", "oci-dir:imgae"]) == 4
    capsys.readouterr()
    assert printed(capsys, 0, "apply", "--target", "oci-dir:image") == (
        "1 scan judged anew; findings: 2 open (+0), 0 waived (+0), 0 fixed (+0)\n"
    )


def test_apply_keeps_what_an_incomplete_scan_could_not_see(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["scan", "oci-dir:damaged"]) == 3
    capsys.readouterr()
    assert "1 open (+0)" in printed(capsys, 3, "apply")
    assert "1 open (+0)" in printed(capsys, 3, "apply", "--fail-on", "high")
