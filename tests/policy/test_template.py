"""Messages with expressions in braces."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ospo.policy.cel import CompileError, Environment, EvaluationError, Type, Value
from ospo.policy.template import compile_template

ENVIRONMENT = Environment({"r.name": Type.STRING, "r.words": Type.STRINGS, "r.n": Type.INT, "r.b": Type.BOOL})
VALUES: dict[str, Value] = {"r.name": "bash", "r.words": ["a", "b"], "r.n": 3, "r.b": True}


def filled(text: str) -> str:
    return compile_template(text, ENVIRONMENT).fill(VALUES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("plain", "plain"),
        ("{r.name}", "bash"),
        ("{ r.name } has {r.n} {r.b}", "bash has 3 true"),
        ('{r.words.join(", ")}', "a, b"),
        ("{{r.name}}", "{r.name}"),
        ("{{{r.name}}}", "{bash}"),
        ('{"}"}{"{"}', "}{"),
        ("{'}' + r.name}", "}bash"),
        ('{"\\"}" + r.name}', '"}bash'),
        ('{r.b ? "yes" : "no"}', "yes"),
        ("{r.n\n  + 1}", "4"),
        ("{1.5} {2u} {-1}", "1.5 2 -1"),
        ('{dyn("a")}', "a"),
    ],
)
def test_expressions_in_braces_are_replaced(text: str, expected: str) -> None:
    assert filled(text) == expected


def test_a_template_knows_what_it_reads() -> None:
    template = compile_template('{r.words.join(r.name)} {r.name} {"r.n"}', ENVIRONMENT)
    assert {"r.name", "r.words"} <= set(template.uses)
    assert "r.b" not in template.uses


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a {", (1, 3), "a brace that opens or closes nothing"),
        ("a } b", (1, 3), "a brace that opens or closes nothing"),
        ("a\n{}", (2, 1), "a brace that opens or closes nothing"),
        ('{"a}', (1, 1), "a brace that opens or closes nothing"),
        ("{ {'a': 1}['a'] }", (1, 1), "a brace that opens or closes nothing"),
        ("name {r.nam}", (1, 8), "undeclared reference to 'r.nam'"),
        ("name\n {r.name +\n r.n}", (2, 10), "found no matching overload"),
        ("name\n {r.name +\n r.no}", (3, 3), "undeclared reference to 'r.no'"),
        ("{r.words}", (1, 2), "expected text, a number or a bool, got list<string>"),
        ("{ }", (1, 3), "Syntax error: it ends too early"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, place: tuple[int, int], message: str) -> None:
    with pytest.raises(CompileError) as caught:
        compile_template(text, ENVIRONMENT)
    assert caught.value.message.startswith(message)
    assert (caught.value.line, caught.value.column) == place


@pytest.mark.parametrize(
    "text", ["{r.words[9]}", "{dyn(r.words)}", "{dyn(optional.none())}", "{1 / (r.n - 3)}"]
)
def test_what_has_no_text_is_an_error(text: str) -> None:
    with pytest.raises(EvaluationError):
        filled(text)


def test_a_list_is_no_text_in_a_message() -> None:
    with pytest.raises(EvaluationError, match=r"^expected text or a bool or a number, got list"):
        filled("{dyn(r.words)}")


@given(st.text(st.sampled_from("""{}"'\\ r.name+1()é\n"""), max_size=20))
def test_any_text_is_compiled_or_refused(text: str) -> None:
    try:
        template = compile_template(text, ENVIRONMENT)
    except CompileError as error:
        assert 1 <= error.line <= text.count("\n") + 1
        assert error.column >= 1
        return
    with suppress(EvaluationError):
        assert isinstance(template.fill(VALUES), str)


@given(st.text())
def test_text_with_doubled_braces_is_itself(text: str) -> None:
    assert filled(text.replace("{", "{{").replace("}", "}}")) == text
