"""Waivers: what a file may say, which findings they mean, and until when."""

import time
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ospo.errors import UsageError
from ospo.model import Finding, Location, Severity, Waiver
from ospo.policy.waiver_file import readable, waiver_of, written
from ospo.policy.waivers import REASONS, WaiverSet, apply, holds, load_waivers

RULES = ("unknown-license", "denied-license")
FILE = """\
apiVersion: ospo.dev/v1
kind: Waivers
waivers:
  # of one version
  - rule: unknown-license
    selector: {component: 'pkg:pypi/a@1', target: registry.example/*}
    reason: temporary
    justification: >-
      upstream was asked,
      and answers
    approver: ospo@example.org
    expires: 2027-01-31
    ticket: OSPO-1
"""
FINDING = Finding(
    "0123456789abcdef",
    "unknown-license",
    Severity.HIGH,
    "registry.example/app",
    "pkg:pypi/a@1",
    "declares no license",
    target_name="registry:registry.example/app:1",
    locations=(Location("usr/lib/a"), Location("usr/lib/b")),
)


def selects(waiver: Waiver, finding: Finding) -> bool:
    """Tell whether a waiver, of the rule of the finding, is given to it."""
    (given_one,) = apply([finding], [replace(waiver, rule=finding.rule)], date(2026, 1, 1))
    return given_one.waiver is not None or given_one.expired is not None


def waiver(expires: str = "2027-01-31", rule: str = "unknown-license", **selector: str) -> Waiver:
    return Waiver(rule, tuple(sorted(selector.items())), "temporary", "asked", "jane", expires)


def load(folder: Path, text: str) -> WaiverSet:
    path = folder / "ospo-waivers.yaml"
    path.write_text(text)
    return load_waivers(path, RULES)


def refused(folder: Path, text: str) -> tuple[str, str]:
    with pytest.raises(UsageError) as caught:
        load(folder, text)
    assert caught.value.message.startswith(f"{folder}/ospo-waivers.yaml")
    return caught.value.message.removeprefix(f"{folder}/ospo-waivers.yaml"), caught.value.hint


def test_a_waiver_is_what_its_file_says(tmp_path: Path) -> None:
    loaded = load(tmp_path, FILE)
    assert loaded.waivers == (
        Waiver(
            rule="unknown-license",
            selector=(("component", "pkg:pypi/a@1"), ("target", "registry.example/*")),
            reason="temporary",
            justification="upstream was asked, and answers",
            approver="ospo@example.org",
            expires="2027-01-31",
            ticket="OSPO-1",
            source=f"{tmp_path}/ospo-waivers.yaml:5",
        ),
    )
    assert loaded.file is not None
    assert loaded.file.path == f"{tmp_path}/ospo-waivers.yaml"


def test_waivers_of_all_documents_of_a_file_count(tmp_path: Path) -> None:
    assert len(load(tmp_path, FILE + "---\n" + FILE).waivers) == 2
    assert refused(tmp_path, FILE + "---\n" + FILE.replace("2027-01-31", "x"))[0].startswith(":26:14: ")


@pytest.mark.parametrize("text", ["", "# none\n", "apiVersion: ospo.dev/v1\nkind: Waivers\nwaivers: []\n"])
def test_a_file_may_waive_nothing(text: str, tmp_path: Path) -> None:
    loaded = load(tmp_path, text)
    assert loaded.waivers == ()
    assert loaded.file is not None


@pytest.mark.parametrize("reason", REASONS)
def test_the_schema_knows_every_reason_code(reason: str, tmp_path: Path) -> None:
    assert load(tmp_path, FILE.replace("temporary", reason)).waivers[0].reason == reason


@pytest.mark.parametrize(
    ("old", "new", "message", "hint"),
    [
        ("    expires: 2027-01-31\n", "", ":5:5: waivers[0]: expires is missing", ""),
        ("    approver: ospo@example.org\n", "", ":5:5: waivers[0]: approver is missing", ""),
        ("    reason: temporary\n", "", ":5:5: waivers[0]: reason is missing", ""),
        (
            "expires: 2027-01-31",
            "expire: 2027-01-31",
            ":12:5: waivers[0].expire: unknown key (and 1 more)",
            "did",
        ),
        ("2027-01-31", "2027-02-30", ":12:14: waivers[0].expires: expected a day, as 2027-01-31", ""),
        ("2027-01-31", "2027-02-29", ":12:14: waivers[0].expires: expected a day, as 2027-01-31", ""),
        ("2027-01-31", "0000-01-01", ":12:14: waivers[0].expires: expected a day, as 2027-01-31", ""),
        ("2027-01-31", "2027-W05-1", ":12:14: waivers[0].expires: expected a day, as 2027-01-31", ""),
        ("2027-01-31", "'2027-01-31 '", ":12:14: waivers[0].expires: expected a day, as 2027-01-31", ""),
        ("2027-01-31", "20270131", ":12:14: waivers[0].expires: expected text", ""),
        (
            "unknown-license",
            "unknown-licence",
            ":5:11: there is no rule 'unknown-licence'",
            "did you mean unknown-l",
        ),
        (
            "unknown-license",
            "Unknown-License",
            ":5:11: there is no rule 'Unknown-License'",
            "did you mean unknown-l",
        ),
        ("unknown-license", "'*'", ":5:11: there is no rule '*'", "`ospo rules list` lists them"),
        (
            "registry.example/*}",
            "'', fingerprint: '*'}",
            ":6:51: waivers[0].selector.target: must not be",
            "",
        ),
        (
            "'pkg:pypi/a@1', target: registry.example/*",
            "'*', target: '**'",
            ":6:15: the selector would waive every finding of the rule",
            "select what is accepted",
        ),
        ("target:", "fingerprint:", ":6:56: waivers[0].selector.fingerprint: ", ""),
        ("target:", "owner:", ":6:43: waivers[0].selector.owner: unknown key", "known are component, "),
        ("kind: Waivers", "kind: Rule", ":2:7: a Rule document holds no waivers", ""),
        ("ospo.dev/v1", "ospo.dev/v2", ":1:13: unknown or missing apiVersion", ""),
        ("waivers:\n", "waivers: {}\nx:\n", ":3:10: waivers: expected a list (and 1 more)", ""),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_waived(
    old: str, new: str, message: str, hint: str, tmp_path: Path
) -> None:
    assert old in FILE
    got, got_hint = refused(tmp_path, FILE.replace(old, new, 1))
    assert got.startswith(message)
    assert got_hint.startswith(hint)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"w\.yaml: cannot be read: no such file"):
        load_waivers(tmp_path / "w.yaml", RULES)
    with pytest.raises(UsageError, match="not a file"):
        load_waivers(tmp_path, RULES)


# What is meant.


@pytest.mark.parametrize(
    ("selector", "meant"),
    [
        ({"component": "pkg:pypi/a@1"}, True),
        ({"component": "pkg:pypi/a"}, True),
        ({"component": "pkg:pypi/*"}, True),
        ({"component": "*/a@1"}, True),
        ({"component": "pkg:*a*@*"}, True),
        ({"component": "pkg:pypi/a@2"}, False),
        ({"component": "pkg:pypi/a@"}, False),
        ({"component": "pkg:pypi/"}, False),
        ({"component": "pkg:pypi/A"}, False),
        ({"component": "pkg:pypi/a@1*1"}, False),
        ({"component": "pkg:npm/*"}, False),
        ({"component": "pkg:pypi/[a]"}, False),
        ({"component": "pkg:pypi/?"}, False),
        ({"subject": "pkg:pypi/a@1"}, False),
        ({"subject": "pkg:pypi/a"}, False),
        ({"target": "registry.example/app"}, True),
        ({"target": "registry:registry.example/app:1"}, True),
        ({"target": "registry:registry.example/app:2"}, False),
        ({"target": "registry.example/ap"}, False),
        ({"target": "registry.example/*"}, True),
        ({"path": "usr/lib/*"}, True),
        ({"path": "usr/lib/a"}, False),
        ({"path": "lib/*"}, False),
        ({"fingerprint": "0123456789abcdef"}, True),
        ({"fingerprint": "0123456789abcdee"}, False),
        ({"component": "pkg:pypi/a", "target": "registry.example/*"}, True),
        ({"component": "pkg:pypi/a", "target": "other.example/*"}, False),
        ({"component": "pkg:pypi/b", "target": "registry.example/*"}, False),
    ],
)
def test_which_finding_is_meant(selector: dict[str, str], meant: bool) -> None:
    assert selects(waiver(**selector), FINDING) is meant


def test_a_path_must_be_all_places_where_it_is_found() -> None:
    """A waiver for one place would else hide another one."""
    tests = waiver(path="usr/lib/a")
    assert selects(tests, replace(FINDING, locations=(Location("usr/lib/a"),)))
    assert selects(tests, replace(FINDING, locations=(Location("usr/lib/a", 1), Location("usr/lib/a", 2))))
    assert not selects(tests, FINDING)
    assert not selects(waiver(path="*"), replace(FINDING, locations=()))


def test_what_is_no_component_is_meant_by_subject_only() -> None:
    problem = replace(FINDING, subject="layer 2")
    assert selects(waiver(subject="layer *"), problem)
    assert not selects(waiver(component="layer 2"), problem)


@given(st.text("ab*", max_size=8), st.text("ab", max_size=8))
def test_stars_stand_for_any_text(glob: str, text: str) -> None:
    def matches(glob: str, text: str) -> bool:
        if not glob:
            return not text
        if glob[0] == "*":
            return matches(glob[1:], text) or (bool(text) and matches(glob, text[1:]))
        return text[:1] == glob[0] and matches(glob[1:], text[1:])

    assert selects(waiver(subject=glob), replace(FINDING, subject=text)) is matches(glob, text)


def test_a_glob_takes_linear_time() -> None:
    assert not selects(waiver(subject="*a" * 5000 + "b"), replace(FINDING, subject="a" * 100_000))


@pytest.mark.parametrize(
    ("expires", "today", "held"),
    [
        ("2026-11-24", date(2026, 11, 24), True),
        ("2026-11-23", date(2026, 11, 24), False),
        ("2028-02-29", date(2028, 2, 29), True),
        ("2028-02-29", date(2028, 3, 1), False),
        ("9999-12-31", date(9999, 12, 31), True),
        ("0001-01-01", date(2026, 11, 24), False),
    ],
)
def test_the_last_day_counts(expires: str, today: date, held: bool) -> None:
    assert holds(waiver(expires, subject="x"), today) is held


def applied(*waivers: Waiver, today: date = date(2026, 11, 24)) -> Finding:
    (found,) = apply([FINDING], waivers, today)
    return found


def test_the_waiver_that_holds_longest_is_given() -> None:
    short, long = waiver("2026-12-01", component="pkg:pypi/a"), waiver("2027-06-01", target="*example/app")
    for order in ((short, long), (long, short)):
        assert applied(*order).waiver == long
    assert applied(short, replace(long, rule="denied-license")).waiver == short
    assert applied(replace(long, selector=(("component", "x"),))) == FINDING


def test_an_expired_waiver_opens_its_finding_and_is_named() -> None:
    old, older = waiver("2026-11-23", component="pkg:pypi/a"), waiver("2026-01-01", component="pkg:pypi/a")
    found = applied(older, old)
    assert (found.waiver, found.expired) == (None, old)
    assert replace(found, expired=None) == FINDING


@given(st.lists(st.tuples(st.integers(-3, 3), st.sampled_from(("pkg:pypi/a", "pkg:pypi/b"))), max_size=5))
def test_a_finding_is_waived_if_any_waiver_holds_for_it(several: list[tuple[int, str]]) -> None:
    today = date(2026, 11, 24)
    waivers = [waiver(str(today + timedelta(days)), component=name) for days, name in several]
    found = applied(*waivers, today=today)
    mine = [days for days, name in several if name == "pkg:pypi/a"]
    assert (found.waiver is not None) == any(days >= 0 for days in mine)
    assert (found.expired is not None) == (bool(mine) and max(mine) < 0)


SELECTORS = st.dictionaries(
    st.sampled_from(("component", "subject", "target", "path", "fingerprint")),
    st.sampled_from(("*", "pkg:pypi/a", "pkg:pypi/a@1", "*a*", "a", "0123456789abcdef", "usr/lib/a", "x")),
    min_size=1,
)
SUBJECTS = st.sampled_from(("pkg:pypi/a@1", "pkg:pypi/a", "pkg:pypi/b@1", "a", "layer 2"))


@given(
    st.lists(st.tuples(SELECTORS, st.integers(-2, 2)), max_size=6),
    SUBJECTS,
    st.sampled_from(("usr/lib/a", "x")),
)
def test_looking_waivers_up_gives_what_trying_each_gives(
    several: list[tuple[dict[str, str], int]], subject: str, path: str
) -> None:
    today = date(2026, 11, 24)
    finding = replace(FINDING, subject=subject, locations=(Location(path),))
    waivers = [waiver(str(today + timedelta(days)), **selector) for selector, days in several]
    (found,) = apply([finding], waivers, today)
    meant = [one for one in waivers if selects(one, finding)]
    assert (found.waiver or found.expired) == max(meant, key=lambda one: one.expires, default=None)


def test_thousands_of_waivers_do_not_slow_a_scan_down() -> None:
    waivers = [waiver(component=f"pkg:pypi/c{number}") for number in range(3000)]
    findings = [replace(FINDING, subject=f"pkg:pypi/c{number}@1") for number in range(6000)]
    start = time.process_time()
    assert sum(one.waiver is not None for one in apply(findings, waivers, date(2026, 11, 24))) == 3000
    assert time.process_time() - start < 5


# Waivers that are made by commands.


def made(**changed: Any) -> Waiver:
    values: dict[str, Any] = {
        "reason": "temporary",
        "justification": "asked\nupstream",
        "approver": "jane",
        "expires": "2027-01-31",
        "today": date(2026, 11, 24),
    }
    return waiver_of("unknown-license", "0123456789abcdef", **(values | changed))


@pytest.mark.parametrize(
    "changed",
    [
        {"reason": "no reason"},
        {"justification": " \n"},
        {"approver": ""},
        {"approver": "x" * 2001},
        {"approver": "jane\ud800"},
        {"justification": "a\0b"},
        {"ticket": "\x1b[2J"},
        {"expires": "never"},
        {"expires": ""},
        {"expires": "2026-11-23"},
        {"expires": "2027-W05-1"},
        {"expires": "20270131"},
        {"expires": "2027-02-29"},
    ],
)
def test_what_somebody_types_must_make_sense(changed: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        made(**changed)


@pytest.mark.parametrize("expires", ["2026-11-24", "2028-02-29", "9999-12-31"])
def test_what_is_exported_is_loaded_as_the_same_waiver(expires: str, tmp_path: Path) -> None:
    one = made(expires=expires, approver="12e3", ticket="0o17")
    exported = readable(one, FINDING.target, FINDING.subject)
    (loaded,) = load(tmp_path, written([exported])).waivers
    assert replace(loaded, source="") == exported
    assert selects(loaded, FINDING)
    assert not selects(loaded, replace(FINDING, fingerprint="f" * 16))
    assert orjson.dumps(dict(exported.selector)).startswith(b'{"component":"pkg:pypi/a"')
