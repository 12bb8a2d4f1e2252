"""Erlang terms: what each becomes, and hostile text."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ospo.errors import ParseError
from ospo.extractors.erlang_terms import Term, first_term


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("a.", "a"),
        ("'A b'.", "A b"),
        ('"a\\"b".', 'a"b'),
        ('"\\x{1F600}\\x41\\101\\n".', "😀AA\n"),
        ('"\\x{110000}".', "\ufffd"),
        ('{a, [b, "c"]}.', ["a", ["b", "c"]]),
        ('<<"a"/utf8>>.', ["a", "utf8"]),
        ("#{a => 1, b => -1.5e-3}.", ["a", "1", "b", "-1.5e-3"]),
        ("[a | b]. second.", ["a", "b"]),
        ("% comment, {\n a@b.", "a@b"),
        ("[$}, $\\n, 16#ff].", ["$}", "$\\n", "16#ff"]),
        ("{1.0, 2.}.", None),
    ],
)
def test_a_term_becomes_lists_and_text(text: str, term: Term | None) -> None:
    if term is None:
        with pytest.raises(ParseError):
            first_term(text)
    else:
        assert first_term(text) == term


@pytest.mark.parametrize("text", ["", ".", "a", "{a.", "a}.", "{a].", '"a', "'a", "\\", "[" * 200])
def test_what_is_no_term_is_an_error(text: str) -> None:
    with pytest.raises(ParseError):
        first_term(text)


@given(st.text(alphabet="{}[]<>()\"'\\,.|#=>$%a1@-/ \n"))
def test_any_text_raises_nothing_but_parse_errors(text: str) -> None:
    with contextlib.suppress(ParseError):
        first_term(text)


@pytest.mark.parametrize("piece", ['"', '\\"', "'", "a@", "1.", "1e-", "$", "%", "<<", "\"'", "[]"])
def test_a_text_costs_no_more_than_its_length(piece: str) -> None:
    start = time.process_time()
    with pytest.raises(ParseError):
        first_term('{a, "' + piece * (1 << 17))
    with pytest.raises(ParseError):
        first_term("{a, " + piece * (1 << 17))
    assert time.process_time() - start < 4
