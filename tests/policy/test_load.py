"""Loading rules: whatever is wrong in a file is said with its place, and never are there fewer rules."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_rules import rule_text

from ospo.errors import UsageError
from ospo.model import Enforcement, Outcome, Severity
from ospo.policy.files import PolicyFile, read
from ospo.policy.load import inspect, load_policy, load_rules
from ospo.policy.rule_tests import run_tests

RULE = """\
apiVersion: ospo.dev/v1
kind: Rule
metadata:
  id: made
  version: 1
spec:
  title: Made
  subject: component
  match: r.type == "npm"
  unknown: r.version == ""
  assert: |
    r.license.state == "known" &&
    r.layer < p.layers
  message: 'is {r.name} of {r.version == "" ? "no" : "some"} version'
  key: '{r.found_by}'
  severity: high
  enforcement: warn
  params: {layers: 5, names: [a, b], share: 0.5, strict: true, text: x}
  docs:
    why: because
    fix: 'mend {r.name}'
    references: [https://example.org/]
tests:
  - name: known
    record: {type: npm, version: '1', license: {state: known}, layer: 4}
    expect: pass
"""


def refused(folder: Path, text: str) -> tuple[str, str]:
    """Return message and hint, the file's path as FILE."""
    path = folder / "made.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(UsageError) as caught:
        load_rules([path])
    message = caught.value.message
    assert message.startswith(f"{path}:")
    return message.removeprefix(f"{path}"), caught.value.hint


def test_a_rule_is_what_its_file_says(tmp_path: Path) -> None:
    path = tmp_path / "made.yaml"
    path.write_text(RULE)
    rules = load_rules([path])
    rule = rules.get("made")
    assert rule is not None
    assert (rule.version, rule.title, rule.subject.name) == (1, "Made", "component")
    assert (rule.severity, rule.enforcement) == (Severity.HIGH, Enforcement.WARN)
    assert rule.params == {
        "p.layers": 5,
        "p.names": ["a", "b"],
        "p.share": 0.5,
        "p.strict": True,
        "p.text": "x",
    }
    assert set(rule.decides_by) >= {"p.layers", "r.layer", "r.license.state", "r.type", "r.version"}
    assert (rule.why, rule.references) == ("because", ("https://example.org/",))
    assert rule.text.startswith("apiVersion") and rule.text.rstrip() == RULE.rstrip()
    assert (rule.file.path, rule.file.bundled, rule.mark.line) == (str(path), False, 1)
    assert [result.failure for result in run_tests(rule)] == [""]
    assert len(rules.rules) == len(load_rules().rules) + 1


@pytest.mark.parametrize(
    ("old", "new", "message", "hint"),
    [
        (
            "apiVersion: ospo.dev/v1",
            "apiVersion: v1",
            ":1:13: unknown or missing apiVersion",
            "write `apiVer",
        ),
        ("kind: Rule", "kind: Waivers", ":2:7: a Waivers document is no rule", ""),
        ("kind: Rule", "kind: Rul", ":2:7: unknown kind 'Rul'", "did you mean Rule?"),
        ("  id: made\n", "", ":4:3: metadata: id is missing", ""),
        ("id: made", "id: a b", ":4:7: metadata.id: ", ""),
        ("id: made", f"id: {'a' * 81}", ":4:7: metadata.id: ", ""),
        ("version: 1", "version: 0", ":5:12: metadata.version: ", ""),
        ("version: 1", "version: 1.5", ":5:12: metadata.version: expected a whole number", ""),
        ("version: 1", "version: 1e99", ":5:12: metadata.version: ", ""),
        ("version: 1", "version: '1'", ":5:12: metadata.version: expected a whole number", ""),
        ("version: 1", f"version: {10**20}", ":5:12: a number of more than 64 bits", "put it in quotes"),
        ("  title: Made\n", "", ":7:3: spec: title is missing", ""),
        ("title: Made", "title: ''", ":7:10: spec.title: must not be empty", ""),
        ("title: Made", "title: yes\n  title: no", ":8:3: the key 'title' stands twice", ""),
        (
            "subject: component",
            "subject: componet",
            ":8:3: unknown subject 'componet'",
            "did you mean component?",
        ),
        ("severity: high", "severity: hihg", ":16:13: spec.severity: expected one of ", "did you mean high?"),
        ("enforcement: warn", "enforcement: block", ":17:16: spec.enforcement: expected one of audit, ", ""),
        (
            "enforcement",
            "enforcment",
            ":17:3: spec.enforcment: unknown key (and 1 more",
            "did you mean enforc",
        ),
        ("  enforcement: warn\n", "", ":7:3: spec: enforcement is missing", ""),
        ("match:", "matches:", ":9:3: spec.matches: unknown key", "did you mean match?"),
        (
            "unknown: r.version",
            "unknown: r.verison",
            ":10:13: spec.unknown: undeclared reference",
            "did you mean ",
        ),
        (
            'r.type == "npm"',
            "r.licence.state == r.name",
            ":9:19: spec.match: undeclared reference to 'r.licence.state'",
            "",
        ),
        (
            "r.layer < p",
            "r.layers < p",
            ":13:6: spec.assert: undeclared reference to 'r.layers'",
            "did you mean",
        ),
        (
            "p.layers",
            "p.layer",
            ":13:16: spec.assert: undeclared reference to 'p.layer'",
            "did you mean p.lay",
        ),
        ("< p.layers", "< p.share", ":13:13: spec.assert: found no matching overload for '_<_'", ""),
        ('== "known" &&', "==", ":12:21: spec.assert: found no matching", ""),
        ('r.type == "npm"', "r.type", ":9:10: spec.match: expected bool, got string", ""),
        ('r.type == "npm"', 'r.type.matches("(")', ":9:25: spec.match: invalid regular expression", ""),
        (
            'r.type == "npm"',
            'r.layer > 9 && r.type.matches("(a{1000}){1000}")',
            ":9:40: spec.match: invalid regular expression",
            "",
        ),
        ('r.type == "npm"', 'matches(r.type, "(")', ":9:26: spec.match: invalid regular expression", ""),
        ('r.type == "npm"', "[r.type]", ":9:10: spec.match: expected text", ""),
        ("match: r.type", "match: ''  # r.type", ":9:10: spec.match: must not be empty", ""),
        ('unknown: r.version == ""', "unknown: false", ":10:12: spec.unknown: expected text (in quotes", ""),
        (
            "{r.name} of",
            "{r.nme} of",
            ":14:18: spec.message: undeclared reference to 'r.nme'",
            "did you mean r.n",
        ),
        (
            "is {r.name}",
            "it''s {r.nme}",
            ":14:21: spec.message: undeclared reference to 'r.nme'",
            "did you mean",
        ),
        ("is {r.name}", "is {r.name", ":14:16: spec.message: a brace that opens or closes nothing", ""),
        ("is {r.name}", "is {r.paths}", ":14:17: spec.message: expected text, a number or a bool", ""),
        ("'{r.found_by}'", "'{r.found}'", ":15:11: spec.key: undeclared reference to 'r.found'", ""),
        ("'mend {r.name}'", "'mend {r.x}'", ":21:18: spec.docs.fix: undeclared reference to 'r.x'", ""),
        ("names: [a, b]", "names: [a, 1]", ":18:23: names: a list may hold text only", ""),
        ("names: [a, b]", "names: {a: b}", ":18:30: spec.params.names: expected ", ""),
        ("names: [a, b]", "Names: [a, b]", ":18:11: spec.params: ", ""),
        ("names: [a, b]", "names: ~", ":18:30: spec.params.names: expected ", ""),
        ("layers: 5", f"layers: {2**63}", ":18:20: a number of more than 64 bits", ""),
        ("    why: because\n", "", ":20:5: spec.docs: why is missing", ""),
        ("https:", "http:", ":22:18: spec.docs.references[0]: ", ""),
        ("  - name: known\n    rec", "  - rec", ":24:5: tests[0]: name is missing", ""),
        ("expect: pass", "expect: passes", ":26:13: tests[0].expect: expected one of ", "did you mean pass?"),
        ("    expect: pass\n", "", ":24:5: tests[0]: expect is missing", ""),
        ("layer: 4", "layr: 4", ":25:64: a component has no field 'layr'", "did you mean layer?"),
        ("state: known", "stat: known", ":25:49: a component has no field 'license.stat'", ""),
        ("layer: 4", "layer: '4'", ":25:64: layer: expected int", ""),
        ("version: '1'", "version: 1", ":25:25: version: expected string", ""),
        ("layer: 4", "layer: true", ":25:64: layer: expected int", ""),
        ("layer: 4", "paths: [1]", ":25:64: paths: expected list(string)", ""),
        (
            "expect: pass",
            "expect: pass\n    params: {layer: 5}",
            ":27:14: p.layer is no parameter of this type",
            "",
        ),
        (
            "expect: pass",
            "expect: pass\n    params: {layers: x}",
            ":27:14: p.layers is no parameter of this",
            "",
        ),
        ("tests:\n", "x: 1\ntests:\n", ":23:1: x: unknown key", "known are apiVersion, kind"),
    ],
)
def test_what_is_wrong_is_said_with_file_line_and_column(
    old: str, new: str, message: str, hint: str, tmp_path: Path
) -> None:
    assert old in RULE
    got, got_hint = refused(tmp_path, RULE.replace(old, new, 1))
    assert got.startswith(message)
    assert got_hint.startswith(hint)


@pytest.mark.parametrize("part", ["match", "unknown", "assertion"])
def test_a_misspelt_license_is_found_when_the_rule_is_loaded(part: str, tmp_path: Path) -> None:
    """It would deny nothing, or be an error of every component that has a license."""
    condition = "!r.license.expressions.exists(e, licenseRequires( e , p.denied ))"
    changed = {"params": {"other": ["x"], "denied": ["MIT", "AGLP-3.0"]}, part: condition}
    message, _ = refused(tmp_path, rule_text(**changed))
    assert message.endswith(": spec.params.denied: 'AGLP-3.0' is no SPDX license")
    changed["params"] = {"other": ["x"], "denied": ["MIT", "AGPL-3.0", "LicenseRef-ours"]}
    (tmp_path / "made.yaml").write_text(rule_text(**changed))
    assert load_rules([tmp_path / "made.yaml"]).get("made-rule")


def test_a_rule_without_tests_is_refused(tmp_path: Path) -> None:
    text = RULE.partition("tests:")[0]
    assert refused(tmp_path, text) == (":1:1: tests is missing", "")
    assert refused(tmp_path, text + "tests: []\n") == (":23:8: tests: must not be empty", "")


@pytest.mark.parametrize("text", ["", "\n", "# a comment\n", "---\n...\n", "~\n"])
def test_a_file_without_a_rule_is_an_error_not_fewer_rules(text: str, tmp_path: Path) -> None:
    path = tmp_path / "made.yaml"
    path.write_text(text)
    for named in (path, tmp_path):
        with pytest.raises(UsageError, match=r"made\.yaml: holds no rule"):
            load_rules([named])
    with pytest.raises(UsageError, match=r"made\.yaml: holds no rule"):
        list(inspect(*read(path)))


def test_all_faults_are_counted_and_listed(tmp_path: Path) -> None:
    text = RULE.replace("r.found_by", "r.found").replace("r.layer <", "r.x <").replace("layer: 4", "y: 4")
    message, _ = refused(tmp_path, text)
    assert message.endswith(" (and 2 more: `ospo rules lint` lists all)")
    ((_, rule, faults),) = inspect(PolicyFile("made.yaml", ""), text.encode())
    assert rule is None
    assert [fault.mark.line for fault in faults] == [13, 15, 25]


def test_a_file_may_hold_several_rules_and_one_wrong_one_spoils_all(tmp_path: Path) -> None:
    path = tmp_path / "made.yaml"
    path.write_text(f"{rule_text(id='a')}\n---\n{rule_text(id='b')}\n")
    assert {"a", "b"} <= {rule.id for rule in load_rules([path]).rules}
    path.write_text(f"{rule_text(id='a')}\n---\n{rule_text(id='b', assertion='r.x')}\n")
    with pytest.raises(UsageError, match=r"made\.yaml:3:\d+: spec\.assert: "):
        load_rules([path])


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ("a", "a", "b.yaml:1: the rule a is in {}/a.yaml as well"),
        ("a", "A", "b.yaml:1: the rule A is, as a, in {}/a.yaml as well"),
    ],
)
def test_two_rules_of_one_id_are_refused(first: str, second: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(rule_text(id=first))
    (tmp_path / "b.yaml").write_text(rule_text(id=second))
    with pytest.raises(UsageError) as caught:
        load_rules([tmp_path])
    assert caught.value.message == f"{tmp_path}/" + message.format(tmp_path)


def test_a_named_rule_replaces_the_bundled_one_of_its_id(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(rule_text(id="unknown-license", severity="low"))
    rules = load_rules([path])
    (replaced,) = rules.replaced
    assert (replaced.id, replaced.severity) == ("unknown-license", Severity.HIGH)
    assert [rule.severity for rule in rules.rules if rule.id == "unknown-license"] == [Severity.LOW]
    assert [rule.id for rule in rules.rules] == [rule.id for rule in load_rules().rules]
    assert rules.files[-1].path == str(path)


def test_a_rule_that_differs_from_a_bundled_one_by_case_is_refused(tmp_path: Path) -> None:
    """It was meant to replace that, and would stand beside it."""
    path = tmp_path / "own.yaml"
    path.write_text(rule_text(id="Unknown-License"))
    with pytest.raises(UsageError, match=r"Unknown-License differs from a bundled rule by case only"):
        load_rules([path])


def test_a_folder_is_read_with_the_folders_in_it(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", "sub/c.YAML", "sub/x.yaml/d.yaml", ".hidden/e.yaml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(rule_text(id=path.stem))
    (tmp_path / "README.md").write_text("# no rule")
    rules = load_rules([tmp_path], bundled=False)
    assert [rule.id for rule in rules.rules] == ["a", "b", "c", "d", "e"]
    assert [file.path for file in rules.files] == sorted(file.path for file in rules.files)


def test_a_volume_of_kubernetes_holds_each_rule_once(tmp_path: Path) -> None:
    """A ConfigMap is mounted as links to files behind a link to a folder beside them."""
    (tmp_path / "..2026_11_24").mkdir()
    (tmp_path / "..2026_11_24" / "a.yaml").write_text(rule_text(id="a"))
    (tmp_path / "..data").symlink_to("..2026_11_24")
    (tmp_path / "a.yaml").symlink_to("..data/a.yaml")
    assert [rule.id for rule in load_rules([tmp_path], bundled=False).rules] == ["a"]


def test_a_link_to_a_folder_elsewhere_is_refused_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yaml").write_text(rule_text())
    (tmp_path / "rules" / "team").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match=r"rules/team: a link to a folder is not followed"):
        load_rules([tmp_path / "rules"])


@pytest.mark.parametrize("kind", ["pipe", "dangling", "loop"])
def test_what_is_no_file_is_refused(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("nowhere" if kind == "dangling" else "a.yaml")
    for named in (path, tmp_path):
        with pytest.raises(UsageError, match=r"a\.yaml: (not a file|cannot be read: )"):
            load_rules([named])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_refused(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    with pytest.raises(UsageError, match=r"closed: cannot be read: permission denied"):
        load_rules([tmp_path])


def test_a_folder_without_rules_and_a_file_that_is_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no rules: no .yaml file is in it"):
        load_rules([tmp_path])
    with pytest.raises(UsageError, match=r"a\.yaml: cannot be read: no such file or directory"):
        load_rules([tmp_path / "a.yaml"])
    with pytest.raises(UsageError, match=r"there are no rules"):
        load_rules(bundled=False)


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"#" * ((1 << 20) + 1))
    with pytest.raises(UsageError, match=r"a\.yaml: more than 1 MiB"):
        load_rules([tmp_path])


def test_rules_and_waivers_are_never_found_by_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scanned tree, and a change in CI, may hold its own."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "own.yaml").write_text(rule_text(id="unknown-license"))
    (tmp_path / "ospo-waivers.yaml").write_text("nonsense")
    monkeypatch.chdir(tmp_path)
    policy = load_policy()
    assert policy.waivers.waivers == ()
    assert policy.rules.replaced == ()
    assert all(file.bundled for file in policy.files)


def test_every_file_that_decided_is_known_with_its_hash(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(rule_text())
    (tmp_path / "w.yaml").write_text("apiVersion: ospo.dev/v1\nkind: Waivers\nwaivers: []\n")
    policy = load_policy([tmp_path / "a.yaml"], tmp_path / "w.yaml")
    *bundled, rules, waivers = policy.files
    assert all(file.path.startswith("rules/") for file in bundled)
    assert [rules.path, waivers.path] == [str(tmp_path / "a.yaml"), str(tmp_path / "w.yaml")]
    assert all(len(file.sha256) == 64 for file in policy.files)


@pytest.mark.parametrize(
    ("changed", "test", "failure"),
    [
        ({"assertion": "r.layer == 0"}, {"expect": "fail"}, "expected fail, got pass"),
        ({"assertion": "r.layer > 0"}, {"expect": "fail", "message": "does not hold"}, ""),
        ({"assertion": "r.layer > 0"}, {"expect": "fail", "message": "~not"}, ""),
        (
            {"assertion": "false"},
            {"expect": "fail", "message": "not"},
            "expected the message 'not', got 'does",
        ),
        ({"assertion": "r.paths[0] == ''"}, {"expect": "fail"}, "expected fail, got error: Index error"),
        ({"assertion": "r.paths[0] == ''"}, {"expect": "error"}, ""),
        ({"assertion": "false", "enforcement": "warn"}, {"expect": "warn"}, ""),
        ({"assertion": "false", "enforcement": "audit"}, {"expect": "fail"}, ""),
        ({"assertion": "false", "unknown": "true"}, {"expect": "unknown"}, ""),
        ({"assertion": "false", "unknown": "true", "match": "false"}, {"expect": "skip"}, ""),
        ({"assertion": "false", "unknown": "false"}, {"expect": "unknown"}, "expected unknown, got fail"),
        (
            {"assertion": "false", "message": "{r.paths[0]}"},
            {"expect": "fail", "message": "x"},
            "the message cannot be written: Index error",
        ),
        (
            {"assertion": "p.n > 1", "params": {"n": 1}},
            {"expect": "pass", "params": {"n": 2}},
            "",
        ),
        (
            {"assertion": "p.l.size() > 0", "params": {"l": []}},
            {"expect": "pass", "params": {"l": ["a"]}},
            "",
        ),
    ],
)
def test_tests_of_rules_say_what_they_got(
    changed: dict[str, object], test: dict[str, object], failure: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(rule_text(**changed, tests=[{"name": "one"} | test]))
    (rule,) = load_rules([path], bundled=False).rules
    (result,) = run_tests(rule)
    assert result.failure.startswith(failure)
    assert bool(result.failure) == bool(failure)


def test_outcomes_of_tests_are_all_there_are(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(rule_text(tests=[{"name": one, "expect": one} for one in Outcome]))
    (rule,) = load_rules([path], bundled=False).rules
    assert [test.expect for test in rule.tests] == list(Outcome)


def test_a_file_may_have_any_name(tmp_path: Path) -> None:
    """What is no text in it is escaped: reports and the database name the file."""
    path = tmp_path / os.fsdecode(b"a\xff\n.yaml")
    path.write_text(rule_text())
    (rule,) = load_rules([path], bundled=False).rules
    assert rule.file.path == f"{tmp_path}/a\\udcff\\n.yaml"


LINES = RULE.splitlines(keepends=True)
TOKENS = [
    "{",
    "}",
    "'",
    '"',
    ": ",
    "- ",
    "[",
    "]",
    "r.",
    "p.",
    "(",
    ")",
    "null",
    "1",
    "true",
    "\n",
    "&a ",
    "*a",
    "|\n",
]


@given(
    st.lists(st.tuples(st.integers(0, len(LINES)), st.sampled_from(LINES)), max_size=3),
    st.lists(st.tuples(st.integers(0, len(RULE)), st.integers(0, 8), st.sampled_from(TOKENS)), max_size=3),
)
def test_damaged_rules_are_loaded_whole_or_refused(
    lines: list[tuple[int, str]], cuts: list[tuple[int, int, str]]
) -> None:
    several = list(LINES)
    for index, line in lines:
        several[index : index + 1] = [line]
    text = "".join(several)
    for start, length, token in cuts:
        text = text[:start] + token + text[start + length :]
    file = PolicyFile("made.yaml", "")
    try:
        inspected = list(inspect(file, text.encode()))
    except UsageError as error:
        assert error.message.startswith("made.yaml:")
        return
    for _, rule, faults in inspected:
        assert (rule is None) == bool(faults)
        if rule is not None:
            assert len(list(run_tests(rule))) == len(rule.tests) > 0


def test_a_rule_of_many_tests_is_loaded_in_reasonable_time(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(rule_text(tests=[{"name": str(number), "expect": "pass"} for number in range(5000)]))
    (rule,) = load_rules([path], bundled=False).rules
    assert len(rule.tests) == 5000
    assert sys.getsizeof(rule.text) < 1 << 20
