"""The filter language: any text is one or is refused, values never become SQL, words mean what they say."""

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_results import component, finding, result

from ospo.errors import UsageError
from ospo.model import Enforcement, Finding, Outcome, Severity, State, Waiver
from ospo.store import codec, database, writer
from ospo.store.filter import KEYS, MAX_LENGTH, Condition, parse
from ospo.store.finding_queries import finding_ids, findings
from ospo.store.rows import FindingFilter

SEEN = codec.encode_time("2026-11-23T10:00:00Z")
DAY = 86_400
NOW = SEEN + 10 * DAY
EVERY = tuple(State)


def waiver(expires: str) -> Waiver:
    return Waiver("unknown-license", (("component", "*a*"),), "temporary", "asked", "jane", expires)


@dataclass(frozen=True)
class Known:
    """What the oracle knows of a finding in the store."""

    finding: Finding
    state: State
    age: int


def _made(subject: str, severity: Severity, **changed: object) -> Finding:
    return replace(finding(subject, severity=severity), **changed)  # type: ignore[arg-type]


FOUND = (
    Known(_made("pkg:pypi/requests@2", Severity.CRITICAL, rule="denied-license"), State.OPEN, 10),
    Known(_made("pkg:pypi/a_b@1", Severity.HIGH, outcome=Outcome.UNKNOWN), State.OPEN, 10),
    Known(_made("pkg:pypi/axb@1", Severity.HIGH, waiver=waiver("2027-06-01")), State.WAIVED, 10),
    Known(_made("pkg:npm/%40x/y@1", Severity.LOW, waiver=waiver("2026-11-25")), State.OPEN, 10),
    Known(
        _made("layer 2", Severity.INFO, message='says "100% Waived"', enforcement=Enforcement.AUDIT),
        State.OPEN,
        10,
    ),
    Known(_made("pkg:deb/bash@5", Severity.MEDIUM, rule="no-supplier"), State.FIXED, 20),
)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """A store with the findings above: one was fixed, of two that were waived one waiver has expired."""
    path: Path = tmp_path_factory.mktemp("filter") / "ospo.db"
    connection = database.connect(path)
    gone = [one.finding for one in FOUND if one.state is State.FIXED]
    writer.save(connection, result("bash", digest="1", at="2026-11-13T10:00:00Z"), gone)
    here = [one.finding for one in FOUND if one.state is not State.FIXED]
    scan = result(components=(component("requests", "2", "GPL-3.0-only"),), digest="2")
    writer.save(connection, scan, here)
    yield connection
    connection.close()


def found(store: sqlite3.Connection, text: str, states: tuple[State, ...] = EVERY) -> set[str]:
    wanted = FindingFilter(states=states, text=text, now=NOW)
    rows = findings(store, wanted)
    assert len(finding_ids(store, wanted)) == len(rows)
    return {row.subject for row in rows}


SUBJECTS = {one.finding.subject for one in FOUND}


@pytest.mark.parametrize(
    ("text", "subjects"),
    [
        ("", SUBJECTS),
        ("  ", SUBJECTS),
        ("requests", {"pkg:pypi/requests@2"}),
        ("REQUESTS", {"pkg:pypi/requests@2"}),
        ("pypi bash", set()),
        ('"pkg:pypi/requests"', {"pkg:pypi/requests@2"}),
        ("a_b", {"pkg:pypi/a_b@1"}),
        ("%40", {"pkg:npm/%40x/y@1"}),
        ("100%", {"layer 2"}),
        ("%", {"pkg:npm/%40x/y@1", "layer 2"}),
        ("\\", set()),
        ('"layer 2"', {"layer 2"}),
        ("layer 2", {"layer 2"}),
        ('"waived"', {"layer 2"}),
        ("waived", {"pkg:pypi/axb@1"}),
        ("fixed", {"pkg:deb/bash@5"}),
        ("open", SUBJECTS - {"pkg:pypi/axb@1", "pkg:deb/bash@5"}),
        ("!open", {"pkg:pypi/axb@1", "pkg:deb/bash@5"}),
        ("!waived", SUBJECTS - {"pkg:pypi/axb@1"}),
        ("state:open,fixed", SUBJECTS - {"pkg:pypi/axb@1"}),
        ("!state:open,fixed", {"pkg:pypi/axb@1"}),
        ("sev:critical,low", {"pkg:pypi/requests@2", "pkg:npm/%40x/y@1"}),
        ("severity:>=high", {"pkg:pypi/requests@2", "pkg:pypi/a_b@1", "pkg:pypi/axb@1"}),
        ("severity:>high", {"pkg:pypi/requests@2"}),
        ("sev:<low", {"layer 2"}),
        ("sev:<=low", {"layer 2", "pkg:npm/%40x/y@1"}),
        ("sev:>critical", set()),
        ("rule:supplier", {"pkg:deb/bash@5"}),
        ("rule:supplier,denied", {"pkg:deb/bash@5", "pkg:pypi/requests@2"}),
        ("!rule:license", {"pkg:deb/bash@5"}),
        ("target:registry.example/app", SUBJECTS),
        ("target:elsewhere", set()),
        ('component:"layer 2","requests"', {"layer 2", "pkg:pypi/requests@2"}),
        ("license:gpl", {"pkg:pypi/requests@2"}),
        ("license:mit", set()),
        ("!license:gpl sev:critical", set()),
        ('message:"100% w"', {"layer 2"}),
        ("outcome:unknown", {"pkg:pypi/a_b@1"}),
        ("enforcement:audit", {"layer 2"}),
        ("fingerprint:axb", {"pkg:pypi/axb@1"}),
        ("age:20d", {"pkg:deb/bash@5"}),
        ("age:>10d", {"pkg:deb/bash@5"}),
        ("age:<=10d", SUBJECTS - {"pkg:deb/bash@5"}),
        ("age:<240h", set()),
        ("age:1w", SUBJECTS),
        ("age:99999y", set()),
        ("'; DROP TABLE finding --", set()),
    ],
)
def test_words_mean_what_they_say(text: str, subjects: set[str], filled: sqlite3.Connection) -> None:
    assert found(filled, text) == subjects


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("sevrity:high", "a filter has no key 'sevrity'", "did you mean severity?"),
        ("pkg:pypi/a", "a filter has no key 'pkg'", "keys are severity, rule, "),
        ("SEV:high", "a filter has no key 'SEV'", ""),
        ("sev:hihg", "severity: 'hihg' is not known", "did you mean high?"),
        ("sev:high,", None, ""),
        ("sev:", "sev: has no value", "write sev:VALUE: critical"),
        ('rule:""', "rule: has no value", "write rule:VALUE: part of"),
        ('""', "the filter has quotes with nothing in them", ""),
        ("sev:>high,low", "sev:> takes one value", "write sev:>VALUE"),
        ("rule:>a", "rule cannot be compared by >", "write rule:VALUE"),
        ("state:opened", "state: 'opened' is not known", "did you mean open?"),
        ("age:7", "age: '7' is no time", "write it as 12h, 7d"),
        ("age:٧d", "age: '٧d' is no time", ""),
        ("outcome:failed", "outcome: 'failed' is not known", "did you mean fail?"),
        ('a "b', "the filter makes no sense from ' \"b' on", "keys are "),
        ("!", "the filter makes no sense from '!' on", ""),
        ("a\0b", "the filter holds what is no text: 'a\\\\x00b'", ""),
        ("a\ud800b", "the filter holds what is no text: 'a\\\\ud800b'", ""),
        ("x" * (MAX_LENGTH + 1), f"the filter is longer than {MAX_LENGTH} characters", "shorten it"),
        ("x " * 31, "the filter has more than 30 words", "shorten it"),
    ],
)
def test_what_makes_no_sense_is_said(text: str, message: str | None, hint: str) -> None:
    if message is None:
        parse(text, NOW)
        return
    with pytest.raises(UsageError) as caught:
        parse(text, NOW)
    assert caught.value.message == message
    assert caught.value.hint.startswith(hint)


FIXED_WORDS = re.compile(
    r"finding\.[a-z_]+|license\.[a-z_]+|link\.[a-z_]+|component\.[a-z_]+|component_detail(?:\.[a-z_]+)?"
    r"|artifact_component|component|license|link|:now|:f[0-9]+|'(?:open|waived|fixed)'|'\\'"
    r"|\b(?:AND|OR|NOT|IN|LIKE|ESCAPE|EXISTS|SELECT|FROM|WHERE|JOIN|ON|AS|true)\b|[-<>=(),1\s]"
)


def is_fixed(condition: Condition) -> bool:
    """Tell whether SQL has nothing in it but our own words."""
    named = set(re.findall(r":([a-z0-9]+)", condition.where))
    return not FIXED_WORDS.sub("", condition.where) and named <= set(condition.parameters)


WORDS = st.one_of(
    st.text(max_size=6),
    st.sampled_from(
        [*KEYS, *State, *Severity, "sev", ":", ",", "!", '"', ">", "<=", " ", "%", "_", "\\", "'"]
    ),
    st.sampled_from(["age:>7d", "sev:>=high", "rule:a,b", 'license:"x y"', ":now", "--", ";", "')", "?"]),
)


@given(st.lists(WORDS, max_size=8).map("".join) | st.text())
def test_any_text_is_a_filter_or_refused(text: str) -> None:
    try:
        condition = parse(text, NOW)
    except UsageError:
        return
    assert is_fixed(condition)
    connection = sqlite3.connect(":memory:")
    connection.executescript(
        "CREATE TABLE finding (rule, target_identity, subject, message, severity, state, waived_until,"
        " outcome, enforcement, fingerprint, first_seen);"
        "CREATE TABLE component (id, key); CREATE TABLE artifact_component (component_id, detail_id);"
        "CREATE TABLE component_detail (id, license_id); CREATE TABLE license (id, words);"
        "INSERT INTO finding (rule, state, first_seen) VALUES ('r', 'open', 0)"
    )
    query = f"SELECT count(*) FROM finding WHERE {condition.where}"
    assert connection.execute(query, condition.parameters).fetchone()[0] in (0, 1)
    connection.close()


@pytest.mark.parametrize(
    ("key", "value", "subjects"),
    [
        ("rule", "x", set()),
        ("license", "x", set()),
        ("component", "x", {"pkg:npm/%40x/y@1", "pkg:pypi/axb@1"}),
        ("sev", "low", {"pkg:npm/%40x/y@1"}),
    ],
)
def test_as_many_values_as_fit_are_no_burden_for_sqlite(
    key: str, value: str, subjects: set[str], filled: sqlite3.Connection
) -> None:
    count = (MAX_LENGTH - len(key)) // (len(value) + 1)
    assert found(filled, f"{key}:{','.join([value] * count)}") == subjects


def test_as_many_words_as_are_allowed_are_no_burden_for_sqlite(filled: sqlite3.Connection) -> None:
    assert found(filled, " ".join(["requests"] * 30)) == {"pkg:pypi/requests@2"}


# An oracle in Python for terms whose meaning does not need a database.

SEVERITIES = [str(one) for one in Severity]
TERMS = st.one_of(
    st.tuples(st.just("sev"), st.lists(st.sampled_from(SEVERITIES), min_size=1, max_size=3)),
    st.tuples(st.sampled_from(("<", "<=", ">", ">=")), st.sampled_from(SEVERITIES).map(lambda one: [one])),
    st.tuples(st.just("state"), st.lists(st.sampled_from([*State]), min_size=1, max_size=2)),
    st.tuples(st.just("alone"), st.sampled_from([*State]).map(lambda one: [one])),
    st.tuples(st.just("rule"), st.lists(st.sampled_from(["license", "UNKNOWN", "no", "-", "x"]), min_size=1)),
)


def holds(kind: str, values: list[str], known: Known) -> bool:
    rank = SEVERITIES.index(known.finding.severity)
    match kind:
        case "sev":
            return str(known.finding.severity) in values
        case "state" | "alone":
            return str(known.state) in values
        case "rule":
            return any(one.lower() in known.finding.rule for one in values)
        case "<":
            return rank > SEVERITIES.index(values[0])
        case "<=":
            return rank >= SEVERITIES.index(values[0])
        case ">":
            return rank < SEVERITIES.index(values[0])
    return rank <= SEVERITIES.index(values[0])


def spelled(kind: str, values: list[str]) -> str:
    if kind in ("sev", "state", "rule"):
        return f"{kind}:{','.join(values)}"
    return values[0] if kind == "alone" else f"severity:{kind}{values[0]}"


@given(terms=st.lists(st.tuples(st.booleans(), TERMS), max_size=4), states=st.sets(st.sampled_from(State)))
def test_terms_agree_with_python(
    terms: list[tuple[bool, tuple[str, list[str]]]], states: set[State], filled: sqlite3.Connection
) -> None:
    text = " ".join(("!" if no else "") + spelled(*term) for no, term in terms)
    named = any(term[0] in ("state", "alone") for _, term in terms)
    expected = {
        known.finding.subject
        for known in FOUND
        if (named or not states or known.state in states)
        and all(holds(*term, known) is not no for no, term in terms)
    }
    assert found(filled, text, tuple(states)) == expected
