"""Every rule that comes with ospo is right by its own tests. Adding one is adding its file: no list here."""

from pathlib import Path

import pytest

from ospo import paths
from ospo.documents.marked import parse
from ospo.documents.schema import check
from ospo.licenses.spdx import canonical
from ospo.model import Outcome
from ospo.policy.files import bundled_rules
from ospo.policy.load import load_rules
from ospo.policy.rule import Rule, RuleTest
from ospo.policy.rule_tests import run_tests

FILES = [
    path.relative_to(paths.bundled("rules")) for path in paths.bundled("rules").rglob("*") if path.is_file()
]
RULES = load_rules().rules
TESTS = [(rule, test) for rule in RULES for test in rule.tests]


def test_every_file_in_the_folder_is_read() -> None:
    assert {file.path for file, _ in bundled_rules()} == {f"rules/{path.as_posix()}" for path in FILES}
    assert {rule.file.path for rule in RULES} == {f"rules/{path.as_posix()}" for path in FILES}
    assert all(rule.file.bundled for rule in RULES)


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_file_holds_one_rule_that_has_its_name(path: Path) -> None:
    (document,) = parse(path, (paths.bundled("rules") / path).read_bytes())
    assert check(document, "Rule") == []
    assert isinstance(document.value, dict)
    metadata = document.value["metadata"]
    assert isinstance(metadata, dict)
    assert metadata["id"] == path.stem


@pytest.mark.parametrize(
    ("rule", "test"), TESTS, ids=lambda one: one.id if isinstance(one, Rule) else one.name
)
def test_its_own_tests_pass(rule: Rule, test: RuleTest) -> None:
    (result,) = (result for result in run_tests(rule) if result.test is test)
    assert result.failure == ""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_is_tested_both_ways(rule: Rule) -> None:
    expected = {test.expect for test in rule.tests}
    assert expected & {Outcome.FAIL, Outcome.WARN, Outcome.UNKNOWN}
    assert expected & {Outcome.PASS, Outcome.SKIP}
    assert Outcome.ERROR not in expected
    assert any(test.message for test in rule.tests)
    assert len({test.name for test in rule.tests}) == len(rule.tests)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_is_explained(rule: Rule) -> None:
    assert rule.title[0].isupper()
    assert not rule.title.endswith(".")
    assert rule.why.endswith(".")
    assert rule.fix.pieces
    used = {*rule.decides_by, *rule.speaks_by}
    assert set(rule.params) <= used, "a parameter that nothing uses"


def test_licenses_that_are_denied_are_spelled_as_spdx_does() -> None:
    rule = load_rules().get("denied-license")
    assert rule is not None
    denied = rule.params["p.denied"]
    assert isinstance(denied, list)
    assert denied == sorted(denied)
    assert [canonical(id_) for id_ in denied] == denied


def test_the_rules_that_stood_before_rules_were_files_are_still_there() -> None:
    """Findings in databases have these ids; the numbers below are what made their fingerprints."""
    assert {"unknown-license", "incomplete-scan"} <= {rule.id for rule in RULES}
