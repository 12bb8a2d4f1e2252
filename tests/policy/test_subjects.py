"""The fields of records: each has the type that it declares, whatever was scanned, and CEL accepts it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_rules import component, rule, scan
from strategies import components, hostile, scan_results

from ospo.model import Component, Location, Outcome, RawLicense, ScanResult, Target, TargetKind
from ospo.policy.cel import ZERO, Environment, Type
from ospo.policy.evaluate import _clean
from ospo.policy.subjects import SUBJECTS, Field, Subject

FIELDS = [(subject, name, field) for subject in SUBJECTS.values() for name, field in subject.fields.items()]


def fits(value: Any, type_: Type) -> bool:
    match type_:
        case Type.STRING:
            return type(value) is str
        case Type.BOOL:
            return type(value) is bool
        case Type.INT:
            return type(value) is int and -(2**63) <= value < 2**63
        case Type.STRINGS:
            return type(value) is list and all(type(one) is str for one in value)
        case Type.PAIRS:
            return type(value) is dict and all(type(one) is str for pair in value.items() for one in pair)
    return False


@given(scan_results())
def test_every_field_has_its_type(result: ScanResult) -> None:
    for subject in SUBJECTS.values():
        for item in subject.find(result):
            for name, field in subject.fields.items():
                assert fits(field.read(item), field.type), name
            assert type(subject.title(item)) is str
            assert type(subject.key(item)) is str
            assert all(type(one) is Location for one in subject.locations(item))


@given(scan_results())
def test_every_field_is_accepted_by_cel_unchanged(result: ScanResult) -> None:
    for subject in SUBJECTS.values():
        environment = Environment({f"r.{name}": field.type for name, field in subject.fields.items()})
        for item in subject.find(result):
            for name, field in subject.fields.items():
                value = _clean(field.read(item))
                same = environment.compile(f"dyn(r.{name}) == dyn(r.{name})", Type.BOOL)
                assert same.evaluate({f"r.{name}": value}) is True
                if field.type is Type.STRING:
                    assert environment.compile(f"r.{name}", Type.DYN).evaluate({f"r.{name}": value}) == value


@given(hostile, st.sampled_from(("registry", "docker", "podman", "oci-dir", "dir", "")))
def test_any_target_can_be_looked_at(text: str, scheme: str) -> None:
    target = Target(f"{scheme}:{text}", TargetKind.IMAGE, text)
    for subject in SUBJECTS.values():
        for item in subject.find(scan(target=target)):
            assert all(fits(field.read(item), field.type) for field in subject.fields.values())


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=lambda one: one.name)
def test_a_subject_is_described(subject: Subject) -> None:
    assert subject.about.endswith(".")
    assert all(field.about and field.type in ZERO for field in subject.fields.values())


@pytest.mark.parametrize(
    ("subject", "name", "field"), FIELDS, ids=lambda one: one if isinstance(one, str) else ""
)
def test_a_rule_may_ask_for_every_field_and_its_test_may_give_it(
    subject: Subject, name: str, field: Field
) -> None:
    record: dict[str, object] = {}
    values: dict[Type, tuple[str, object]] = {
        Type.STRING: ("'x'", "x"),
        Type.BOOL: ("true", True),
        Type.INT: ("7", 7),
        Type.STRINGS: ("['x']", ["x"]),
        Type.PAIRS: ("{'x': 'y'}", {"x": "y"}),
    }
    literal, value = values[field.type]
    inner, *outer = reversed(name.split("."))
    record = {inner: value}
    for key in outer:
        record = {key: record}
    made = rule(
        subject=subject.name,
        assertion=f"r.{name} == {literal}",
        tests=[{"name": "as given", "record": record, "expect": "pass"}, {"name": "empty", "expect": "fail"}],
    )
    assert f"r.{name}" in made.decides_by
    empty = {variable: ZERO[one.type] for variable, one in ((f"r.{n}", f) for n, f in subject.fields.items())}
    lists = {variable: list(one) if isinstance(one, tuple) else one for variable, one in empty.items()}
    assert made.decide(lists | dict(made.tests[0].record)) is Outcome.PASS
    assert made.decide(lists) is Outcome.FAIL


@pytest.mark.parametrize(
    ("words", "state", "expressions"),
    [
        ((), "none", []),
        (("",), "unclear", []),
        (("UNKNOWN",), "unclear", []),
        (("MIT",), "known", ["MIT"]),
        (("mit OR GPL-2.0",), "known", ["MIT OR GPL-2.0-only"]),
        (("BSD",), "unclear", []),
        (("MIT", "see file"), "unclear", ["MIT"]),
        (("MIT AND (",), "unclear", []),
    ],
)
def test_a_license_is_known_only_if_all_words_are(
    words: tuple[str, ...], state: str, expressions: list[str]
) -> None:
    one = component("a", licenses=tuple(RawLicense(text, "License") for text in words))
    fields = SUBJECTS["component"].fields
    assert fields["license.state"].read(one) == state
    assert fields["license.expressions"].read(one) == expressions
    assert fields["license.words"].read(one) == sorted(set(words))


@given(components())
def test_a_license_is_known_only_where_expressions_are(one: Component) -> None:
    fields = SUBJECTS["component"].fields
    if fields["license.state"].read(one) == "known":
        assert fields["license.expressions"].read(one)
    if not one.licenses:
        assert fields["license.state"].read(one) == "none"


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("registry:registry.example:5000/a/b:1", ("registry", "registry.example:5000", "a/b", "1", "")),
        (
            f"registry:docker.io/library/a:1@sha256:{'0' * 64}",
            ("registry", "docker.io", "library/a", "1", f"sha256:{'0' * 64}"),
        ),
        ("docker:0123456789ab!", ("docker", "", "", "", "")),
    ],
)
def test_a_reference_has_parts(name: str, parts: tuple[str, ...]) -> None:
    target = Target(name, TargetKind.IMAGE, name)
    fields = SUBJECTS["image-reference"].fields
    read = tuple(fields[key].read(target) for key in ("scheme", "host", "repository", "tag", "digest"))
    assert read == parts
