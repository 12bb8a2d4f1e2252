"""From a scan to findings: nothing passes that was not asked, and nothing hides anything else."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_rules import IMAGE, component, rule, scan
from strategies import scan_results

from ospo.model import (
    Enforcement,
    Finding,
    Location,
    Outcome,
    Problem,
    ProblemKind,
    ScanResult,
    Severity,
    Target,
    TargetKind,
    Waiver,
)
from ospo.policy.cel import Environment, Type
from ospo.policy.evaluate import Evaluation, evaluate
from ospo.policy.fingerprint import fingerprint
from ospo.policy.gate import INCOMPLETE, VIOLATION, Gate
from ospo.policy.load import load_rules
from ospo.policy.rule import Rule
from ospo.policy.subjects import Field, Subject

TODAY = date(2026, 11, 24)
BUNDLED = load_rules().rules
LAYER = Problem(
    ProblemKind.LAYER, "layer 2", "the gzip stream ends early", hint="pull it again", blocking=True
)
FILE = Problem(ProblemKind.FILE, "a/package.json", "not JSON at offset 3")


def judge(result: ScanResult, *rules: Rule, waivers: Sequence[Waiver] = ()) -> Evaluation:
    return evaluate(rules, result, waivers, TODAY)


def judged(result: ScanResult) -> tuple[Finding, ...]:
    """Ask the two rules that every scan was asked from the beginning."""
    rules = [one for one in BUNDLED if one.id in ("unknown-license", "incomplete-scan")]
    return judge(result, *rules).findings


def waiver(**changed: Any) -> Waiver:
    selector = changed.pop("selector")
    return replace(
        Waiver("made-rule", tuple(selector.items()), "temporary", "asked", "jane", "2026-12-31"), **changed
    )


# What the two first rules say, as before they were files.


def test_nothing_to_find() -> None:
    assert judged(scan(component("a", words="MIT"), problems=(FILE,))) == ()


def test_what_could_not_be_checked_is_a_finding() -> None:
    (found,) = judged(scan(problems=(LAYER, FILE)))
    assert (found.rule, found.severity, found.target) == (
        "incomplete-scan",
        Severity.HIGH,
        "registry.example/app",
    )
    assert (found.subject, found.fix) == ("layer 2", "pull it again")
    assert found.message == "could not be checked: the gzip stream ends early"
    assert (found.outcome, found.enforcement) == (Outcome.UNKNOWN, Enforcement.ENFORCE)


def test_a_component_without_known_license_is_a_finding() -> None:
    found = judged(scan(component("a"), component("b", words="see file"), component("c", words="MIT")))
    assert [(one.rule, one.severity, one.subject, one.message) for one in found] == [
        ("unknown-license", Severity.HIGH, "pkg:pypi/a@1", "declares no license"),
        ("unknown-license", Severity.HIGH, "pkg:pypi/b@1", "declares no known license: see file"),
    ]
    assert {one.fix for one in found} == {
        "find out the license from the source and ask upstream to declare it"
    }


def test_fingerprints_are_those_of_the_time_before_rules_were_files() -> None:
    """Triage in databases hangs on them: they must never change."""
    found = judged(scan(component("a"), component("requests", "2.31.0", words="see file"), problems=(LAYER,)))
    assert {one.subject: one.fingerprint for one in found} == {
        "layer 2": "cc5a498615c35334",
        "pkg:pypi/a@1": "7f103d52b1ee02cf",
        "pkg:pypi/requests@2.31.0": "a66500f61135092e",
    }
    assert {one.fingerprint for one in found} == {
        fingerprint("incomplete-scan", "registry.example/app", "", "layer layer 2"),
        fingerprint("unknown-license", "registry.example/app", "pkg:pypi/a"),
        fingerprint("unknown-license", "registry.example/app", "pkg:pypi/requests"),
    }


def test_components_that_a_package_owns_count_with_their_owner() -> None:
    assert judged(scan(component("a", owned_by="pkg:deb/debian/python3-a@1"))) == ()


def test_worst_first_whatever_the_order_of_the_facts() -> None:
    other = replace(LAYER, where="layer 1")
    found = judged(scan(component("b"), component("a"), problems=(LAYER, other)))
    assert [one.subject for one in found] == ["layer 1", "layer 2", "pkg:pypi/a@1", "pkg:pypi/b@1"]


def test_versions_of_a_package_are_one_finding() -> None:
    (found,) = judged(scan(component("a", "2"), component("a", "1")))
    assert found.subject == "pkg:pypi/a@1"


def test_a_finding_survives_a_version_bump_and_a_new_tag() -> None:
    second = scan(component("a", "2"))
    bumped = replace(second, target=replace(second.target, name="registry:registry.example/app:2"))
    (one,), (other,) = judged(scan(component("a", "1"))), judged(bumped)
    assert one.fingerprint == other.fingerprint


def test_problems_of_different_kinds_at_one_place_are_two_findings() -> None:
    other = replace(LAYER, kind=ProblemKind.DATABASE)
    assert len({one.fingerprint for one in judged(scan(problems=(LAYER, other)))}) == 2


def test_a_whole_license_text_becomes_one_short_line() -> None:
    (found,) = judged(scan(component("a", words="Permission is\nhereby granted " * 500)))
    assert len(found.message) <= 300
    assert "\n" not in found.message
    assert found.message.endswith("…")


# What any rule says.


@pytest.mark.parametrize(
    ("spec", "outcome"),
    [
        ({"assertion": "true"}, Outcome.PASS),
        ({"assertion": "false"}, Outcome.FAIL),
        ({"assertion": "false", "enforcement": "audit"}, Outcome.FAIL),
        ({"assertion": "false", "enforcement": "warn"}, Outcome.WARN),
        ({"assertion": "false", "unknown": "true"}, Outcome.UNKNOWN),
        ({"assertion": "true", "unknown": "true"}, Outcome.UNKNOWN),
        ({"assertion": "false", "unknown": "false"}, Outcome.FAIL),
        ({"assertion": "false", "unknown": "true", "match": "false"}, Outcome.SKIP),
        ({"assertion": "r.paths[9] == ''"}, Outcome.ERROR),
        ({"assertion": "true", "match": "r.paths[9] == ''"}, Outcome.ERROR),
        ({"assertion": "true", "unknown": "r.paths[9] == ''"}, Outcome.ERROR),
        ({"assertion": "dyn('false')"}, Outcome.ERROR),
        ({"assertion": "true", "unknown": "dyn('false')"}, Outcome.ERROR),
        ({"assertion": "true", "match": "dyn(null)"}, Outcome.ERROR),
        ({"assertion": "true || r.paths[9] == ''"}, Outcome.PASS),
    ],
)
def test_outcomes(spec: dict[str, str], outcome: Outcome) -> None:
    evaluation = judge(scan(component("a")), rule(**spec))
    assert evaluation.tallies[0].counts == ((outcome, 1),)
    found = [one.outcome for one in evaluation.findings]
    assert found == ([] if outcome in (Outcome.PASS, Outcome.SKIP) else [outcome])


def test_a_finding_says_all_that_its_rule_does() -> None:
    made = rule(
        assertion="r.version == '2'",
        message=" {r.name}\n is old ",
        key="{r.type}",
        severity="low",
        docs={"why": "because\n of that", "fix": "take {r.name} 2"},
    )
    (found,) = judge(scan(component("a")), made).findings
    assert found == Finding(
        fingerprint=fingerprint("made-rule", "registry.example/app", "pkg:pypi/a", "pypi"),
        rule="made-rule",
        severity=Severity.LOW,
        target="registry.example/app",
        subject="pkg:pypi/a@1",
        message="a is old",
        fix="take a 2",
        outcome=Outcome.FAIL,
        enforcement=Enforcement.ENFORCE,
        why="because of that",
        target_name=IMAGE.name,
        locations=component("a").locations,
    )


def test_tallies_count_every_subject_of_every_rule() -> None:
    result = scan(component("a"), component("b"), component("b", "2"))
    evaluation = judge(result, rule(id="x", assertion="r.name == 'a'"), rule(id="y", match="r.name == 'c'"))
    assert [(one.rule, dict(one.counts)) for one in evaluation.tallies] == [
        ("x", {Outcome.PASS: 1, Outcome.FAIL: 2}),
        ("y", {Outcome.SKIP: 3}),
    ]
    assert len(evaluation.findings) == 1


def test_a_rule_without_subjects_says_nothing() -> None:
    evaluation = judge(scan(), rule(assertion="false"))
    assert evaluation.findings == ()
    assert evaluation.tallies[0].counts == ()


def test_a_rule_that_reads_nothing_is_asked_about_every_subject() -> None:
    evaluation = judge(scan(component("a"), component("b")), rule(assertion="false"))
    assert [one.subject for one in evaluation.findings] == ["pkg:pypi/a@1", "pkg:pypi/b@1"]


@pytest.mark.parametrize(
    ("name", "scheme", "subjects"),
    [
        ("registry:registry.example/app:1", TargetKind.IMAGE, 1),
        ("docker:0123456789ab", TargetKind.IMAGE, 1),
        ("oci-dir:/app", TargetKind.IMAGE, 0),
        ("dir:/app", TargetKind.DIRECTORY, 0),
    ],
)
def test_only_images_that_have_a_reference_are_judged_by_it(
    name: str, scheme: TargetKind, subjects: int
) -> None:
    (made,) = [one for one in BUNDLED if one.id == "mutable-image-reference"]
    assert len(judge(scan(target=Target(name, scheme, name)), made).findings) == subjects


# Errors.


def test_an_error_is_one_finding_that_says_for_what_and_where_to_mend_it() -> None:
    made = rule(assertion="r.paths[1] != ''")
    result = scan(component("a"), component("b"), component("c", locations=(Location("x"), Location("y"))))
    (found,) = judge(result, made).findings
    assert found.outcome is Outcome.ERROR
    assert found.message == (
        "the rule could not be evaluated for pkg:pypi/a@1 and 1 more: Index error: index=1 size=1"
    )
    assert found.fix == "correct the rule in made.yaml:1"


def test_an_error_of_one_subject_hides_no_failure_of_another() -> None:
    made = rule(assertion="r.paths[0] == ''")
    result = scan(component("a", locations=()), component("b"))
    assert {one.outcome for one in judge(result, made).findings} == {Outcome.FAIL, Outcome.ERROR}


def test_no_subject_can_take_the_fingerprint_of_an_error() -> None:
    """Of two with one fingerprint one is kept: a message of the scanned bytes must not choose which."""
    made = rule(
        subject="problem", assertion="1 / (r.where == 'x' ? 0 : 1) > 1", key="{r.message}", severity="low"
    )
    hostile = Problem(ProblemKind.FILE, "y", "evaluation error")
    found = judge(scan(problems=(hostile, Problem(ProblemKind.FILE, "x", ""))), made).findings
    assert {one.outcome for one in found} == {Outcome.FAIL, Outcome.ERROR}
    assert len({one.fingerprint for one in found}) == 2


def test_a_waiver_for_one_subject_of_an_error_leaves_the_others_open() -> None:
    made = rule(assertion="r.paths[9] == ''")
    one = waiver(selector={"component": "pkg:pypi/a"})
    both = waiver(selector={"component": "pkg:pypi/*"})
    result = scan(component("a"), component("b"))
    (found,) = judge(result, made, waivers=[one]).findings
    assert (found.subject, found.waiver) == ("pkg:pypi/b@1", None)
    (found,) = judge(result, made, waivers=[both]).findings
    assert found.waiver == both


@pytest.mark.parametrize("part", ["message", "key"])
def test_a_failure_whose_words_cannot_be_written_stays_a_failure(part: str) -> None:
    """An error passes a gate that admits what is incomplete; what has failed must not become one."""
    made = rule(assertion="false", **{part: "{r.paths[9]}"})
    result = scan(component("a"))
    (found,) = judge(result, made).findings
    assert found.outcome is Outcome.FAIL
    assert Gate(Severity.HIGH, allow_incomplete=True).judge(result, [found]).code == VIOLATION
    if part == "message":
        assert found.message == "Made (more cannot be said: Index error: index=9 size=1)"


def test_a_fix_that_cannot_be_written_stays_a_failure() -> None:
    made = rule(assertion="false", docs={"why": "because", "fix": "{r.paths[9]}"})
    (found,) = judge(scan(component("a")), made).findings
    assert (found.outcome, found.message) == (Outcome.FAIL, "does not hold")


def test_one_component_that_exhausts_a_rule_does_not_keep_it_from_others() -> None:
    """Made to be first and large, it would hide what the rule says of all others."""
    made = rule(assertion="!r.paths.exists(p, p == 'bad') && r.name != 'b'")
    many = tuple(Location(f"good/{number}") for number in range(11_000))
    result = scan(
        component("a", locations=many), component("b"), component("c", locations=(Location("bad"),))
    )
    found = judge(result, made).findings
    assert {(one.subject, one.outcome) for one in found} == {
        ("pkg:pypi/a@1", Outcome.ERROR),
        ("pkg:pypi/b@1", Outcome.FAIL),
        ("pkg:pypi/c@1", Outcome.FAIL),
    }


def test_what_exhausts_a_rule_for_one_number_is_asked_for_another() -> None:
    heavy = "p.l.all(a, p.l.all(b, p.l.all(c, a + b + c != '')))"
    made = rule(assertion=f"r.registered ? {heavy} : false", params={"l": ["x"] * 100})
    result = scan(component("a"), component("b", registered=False))
    assert {(one.subject, one.outcome) for one in judge(result, made).findings} == {
        ("pkg:pypi/a@1", Outcome.ERROR),
        ("local:pkg:pypi/b@1", Outcome.FAIL),
    }


def test_a_rule_that_exhausts_its_steps_everywhere_does_not_take_them_everywhere() -> None:
    nested = "r.paths.all(a, r.paths.all(b, r.paths.all(c, (a + b + c).size() > 0 || r.name == '')))"
    paths = tuple(Location(f"p/{number:03}") for number in range(300))
    result = scan(*(component(f"c{number:04}", locations=paths) for number in range(300)))
    start = time.perf_counter()
    evaluation = judge(result, rule(assertion=nested))
    assert time.perf_counter() - start < 10
    assert evaluation.tallies[0].counts == ((Outcome.ERROR, 300),)


# Asking once for each combination of values must give what asking each time gives.

CONDITIONS = (
    "r.license.words.size() > 0",
    "r.license.words.exists(w, w == 'MIT')",
    "has(r.properties.x)",
    "r.layer > 2",
    "r.registered",
    "r.name.startsWith('a') || r.owned_by == ''",
    "r.paths[0] != ''",
    "r.version == r.supplier",
    "r.properties.exists(k, r.properties[k] == r.name)",
)


def one_by_one(made: Rule, result: ScanResult) -> Evaluation:
    """Ask about each subject in a scan of its own."""
    parts = [judge(replace(result, components=(one,)), made) for one in result.components]
    findings = {one.fingerprint: one for part in reversed(parts) for one in part.findings}
    counts: dict[Outcome, int] = {}
    for part in parts:
        for outcome, count in part.tallies[0].counts:
            counts[outcome] = counts.get(outcome, 0) + count
    ordered = tuple((outcome, counts[outcome]) for outcome in Outcome if outcome in counts)
    return Evaluation(
        tuple(findings.values()), (replace(parts[0].tallies[0], counts=ordered),) if parts else ()
    )


@given(
    scan_results(),
    st.sampled_from(CONDITIONS),
    st.sampled_from((None, *CONDITIONS)),
    st.sampled_from((None, *CONDITIONS)),
)
def test_asking_together_is_asking_one_by_one(
    result: ScanResult, assertion: str, match: str | None, unknown: str | None
) -> None:
    made = rule(
        assertion=assertion, match=match, unknown=unknown, message="{r.name} {r.license.words.size()}"
    )
    together, apart = judge(result, made), one_by_one(made, result)
    if result.components:
        assert together.tallies == apart.tallies
    prints = [{finding.fingerprint for finding in one.findings} for one in (together, apart)]
    assert prints[0] == prints[1]


def test_zeros_of_two_signs_and_bools_are_no_two_spellings_of_one_value() -> None:
    """As keys of a dictionary 0.0 and -0.0 are one, as dividers they are not; so are 1 and True."""
    zeros = {"a": 0.0, "b": -0.0}
    made = rule(assertion="r.layer >= 0")
    subject = Subject(
        "component",
        "",
        {"share": Field(Type.DOUBLE, "", lambda c: zeros[c.name])},
        lambda result: result.components,
        lambda c: c.key,
        lambda c: c.key,
    )
    assertion = Environment({"r.share": Type.DOUBLE}).compile("1.0 / r.share > 0.0", Type.BOOL)
    made = replace(made, subject=subject, assertion=assertion)
    found = judge(scan(component("a"), component("b")), made).findings
    assert [one.subject for one in found] == ["pkg:pypi/b@1"]


@pytest.mark.parametrize("text", ["left\0right", "left\ud800right", "left\0", "\0"])
def test_text_that_cel_cannot_hold_is_not_cut(text: str) -> None:
    made = rule(assertion="r.supplier == 'left' || r.supplier == ''")
    found = judge(scan(component("a", supplier=text)), made).findings
    assert [one.outcome for one in found] == [Outcome.FAIL]
    listed = rule(assertion="!r.paths.exists(p, p == 'left' || p == '')")
    assert judge(scan(component("a", locations=(Location(text),))), listed).findings == ()


def test_a_hostile_text_cannot_leave_its_line() -> None:
    made = rule(assertion="false", message="is of {r.supplier}")
    (found,) = judge(scan(component("a", supplier="x\x1b[2J\n\u202ey")), made).findings
    assert found.message == "is of x\\x1b[2J \\u202ey"


def test_a_pattern_that_comes_with_the_data_is_an_error_not_a_pass() -> None:
    made = rule(assertion="!r.name.matches(r.supplier)")
    result = scan(component("a", supplier="("), component("b", supplier="b"), component("c", supplier="x"))
    assert {(one.subject, one.outcome) for one in judge(result, made).findings} == {
        ("pkg:pypi/a@1", Outcome.ERROR),
        ("pkg:pypi/b@1", Outcome.FAIL),
    }


@given(scan_results())
def test_any_scan_can_be_judged_and_always_in_the_same_way(result: ScanResult) -> None:
    first = judge(result, *BUNDLED)
    assert first == judge(result, *BUNDLED)
    prints = [one.fingerprint for one in first.findings]
    assert len(set(prints)) == len(prints)
    assert all(one.outcome is not Outcome.ERROR for one in first.findings)
    ranks = [one.severity.rank for one in first.findings]
    assert ranks == sorted(ranks)
    if not result.complete:
        assert Gate().judge(result, first.findings).code == INCOMPLETE


def test_a_waiver_of_one_version_does_not_hide_another() -> None:
    made = rule(assertion="false")
    result = scan(component("a", "1"), component("a", "2"))
    for version, other in (("1", "2"), ("2", "1")):
        accepted = waiver(selector={"component": f"pkg:pypi/a@{version}"})
        (found,) = judge(result, made, waivers=[accepted]).findings
        assert (found.subject, found.waiver) == (f"pkg:pypi/a@{other}", None)
    every = waiver(selector={"component": "pkg:pypi/a"})
    (found,) = judge(result, made, waivers=[every]).findings
    assert found.waiver == every


def test_doubt_about_one_version_does_not_hide_the_failure_of_another() -> None:
    made = rule(assertion="false", unknown="r.version == '1'")
    (found,) = judge(scan(component("a", "1"), component("a", "2")), made).findings
    assert (found.subject, found.outcome) == ("pkg:pypi/a@2", Outcome.FAIL)


def test_five_thousand_components_are_judged_in_a_second() -> None:
    result = scan(*(component(f"c{number}", words=f"License {number}") for number in range(5000)))
    start = time.process_time()
    evaluation = judge(result, *BUNDLED)
    assert time.process_time() - start < 4  # on a busy machine
    assert {sum(dict(one.counts).values()) for one in evaluation.tallies} <= {0, 1, 5000}
    assert len(evaluation.findings) > 5000
