"""Running the tests that stand in rule files."""

from collections.abc import Iterator
from dataclasses import dataclass

from ospo.model import Outcome
from ospo.policy.cel import ZERO, EvaluationError, Value
from ospo.policy.rule import Rule, RuleTest


@dataclass(frozen=True, slots=True)
class TestResult:
    """What came of one test."""

    __test__ = False  # not one of pytest's

    rule: Rule
    test: RuleTest
    failure: str = ""
    """What was got instead of what was expected; "" when the test passes."""


def run_tests(rule: Rule) -> Iterator[TestResult]:
    """Run every test of a rule, in the order of the file."""
    for test in rule.tests:
        yield TestResult(rule, test, _failure(rule, test))


def _failure(rule: Rule, test: RuleTest) -> str:
    values = _values(rule, test)
    try:
        got = rule.decide(values)
    except EvaluationError as error:
        return "" if test.expect is Outcome.ERROR else f"expected {test.expect}, got error: {error}"
    if got is not test.expect:
        return f"expected {test.expect}, got {got}"
    if not test.message:
        return ""
    try:
        message = " ".join(rule.message.fill(values).split())
    except EvaluationError as error:
        return f"the message cannot be written: {error}"
    partly = test.message.startswith("~")
    fits = test.message[1:] in message if partly else test.message == message
    return "" if fits else f"expected the message {test.message!r}, got {message!r}"


def _values(rule: Rule, test: RuleTest) -> dict[str, Value]:
    """Return all variables: fields that the test does not give are empty."""
    empty: dict[str, Value] = {f"r.{name}": ZERO[field.type] for name, field in rule.subject.fields.items()}
    values = empty | dict(rule.params) | dict(test.record) | dict(test.params)
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
