"""What a gate tells on stderr: which rule failed, where, why and what to do, whatever a target is made of."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from strategies import hostile

from ospo.cli.verdict import expired, expired_lines, explained, not_told_by_problems
from ospo.model import Enforcement, Finding, Location, Outcome, Problem, ProblemKind, Severity, Waiver
from ospo.policy.gate import Verdict
from ospo.text import counted

BAD = Finding(
    "0" * 16,
    "unknown-license",
    Severity.HIGH,
    "registry.example/app",
    "pkg:pypi/a@1",
    "declares no license",
    fix="ask upstream",
    why="Nobody may use it.",
    locations=(Location("usr/lib/a/METADATA", 2),),
)
ASKED = Waiver("unknown-license", (("component", "pkg:pypi/a"),), "temporary", "asked", "jane", "2026-11-01")


def test_what_is_equal_is_said_once() -> None:
    other = replace(BAD, subject="pkg:pypi/b@2", locations=(Location("b", 1), Location("c", 1)))
    another = replace(BAD, rule="denied-license", severity=Severity.CRITICAL, fix="replace it", locations=())
    assert explained((another, BAD, other)) == [
        "  critical denied-license",
        "    pkg:pypi/a@1: declares no license",
        "    why: Nobody may use it.",
        "    fix: replace it",
        "  high unknown-license",
        "    pkg:pypi/a@1 (usr/lib/a/METADATA, layer 2): declares no license",
        "    pkg:pypi/b@2 (b, layer 1, and 1 more place): declares no license",
        "    why: Nobody may use it.",
        "    fix: ask upstream",
    ]


def test_what_differs_is_said_of_each() -> None:
    lines = explained((BAD, replace(BAD, subject="pkg:pypi/b@2", fix="remove b")))
    assert [line for line in lines if "fix:" in line] == ["    fix: ask upstream", "    fix: remove b"]


def test_only_five_are_told() -> None:
    many = [replace(BAD, subject=f"pkg:pypi/a{number}@1") for number in range(7)]
    lines = explained(many)
    assert sum("pkg:pypi/" in line for line in lines) == 5
    assert lines[-1] == "  … and 2 more"


def test_long_paths_are_cut() -> None:
    (line,) = (
        line for line in explained((replace(BAD, locations=(Location("a" * 5000),)),)) if "aaa" in line
    )
    assert len(line) < 300


def test_a_problem_is_not_told_twice() -> None:
    unread = Problem(ProblemKind.LAYER, "layer 0", "not gzip", blocking=True)
    mirror = replace(BAD, rule="incomplete-scan", subject="layer 0", outcome=Outcome.UNKNOWN)
    doubt = replace(BAD, outcome=Outcome.UNKNOWN)
    assert not_told_by_problems(Verdict(3, undecided=(mirror, doubt), problems=(unread,))) == (doubt,)
    assert not_told_by_problems(Verdict(3, undecided=(mirror, doubt))) == (mirror, doubt)


def test_expired_waivers_are_told_once_the_oldest_first() -> None:
    older = replace(
        ASKED, expires="2026-01-31", selector=(("path", "usr/*"), ("target", "app")), source="w.yaml:5"
    )
    found = [replace(BAD, expired=waiver) for waiver in (ASKED, older, ASKED)]
    assert expired_lines(expired([*found, BAD])) == [
        "  unknown-license for path usr/* and target app, approved by jane, expired on 2026-01-31 (w.yaml:5)",
        "  unknown-license for pkg:pypi/a, approved by jane, expired on 2026-11-01",
    ]


def test_numbers_agree_with_their_nouns() -> None:
    assert counted(1, "waiver") == "1 waiver"
    assert counted(0, "finding") == "0 findings"
    assert counted(2000, "finding") == "2,000 findings"


findings = st.builds(
    Finding,
    hostile,
    hostile,
    st.sampled_from(Severity),
    hostile,
    hostile,
    hostile,
    hostile,
    st.sampled_from((Outcome.FAIL, Outcome.UNKNOWN, Outcome.ERROR)),
    st.just(Enforcement.ENFORCE),
    hostile,
    locations=st.lists(st.builds(Location, hostile, st.none() | st.integers(0, 3)), max_size=2).map(tuple),
    expired=st.builds(
        Waiver,
        hostile,
        st.lists(st.tuples(hostile, hostile), max_size=2).map(tuple),
        *(hostile, hostile, hostile, hostile, hostile, hostile),
    ),
)


@given(st.lists(findings, max_size=7))
def test_no_finding_commands_a_terminal(found: list[Finding]) -> None:
    lines = [*explained(found), *expired_lines(expired(found))]
    assert all(line.isprintable() for line in lines)
    assert all(line.startswith("  ") for line in lines)
