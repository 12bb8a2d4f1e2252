"""Literals of Lua: which count, and hostile text."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ospo.errors import ParseError
from ospo.extractors.lua_tables import Value, assigned


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('a = "b"', {"a": "b"}),
        ("a = 'it\\'s'\nb = \"x\\ny\"", {"a": "it's", "b": "x\ny"}),
        ("a = [[b]] c = [==[\n]] ]==]", {"a": "b", "c": "]] "}),
        ('a = { "x", "y"; b = "z", ["c.d"] = "w" }', {"a": {"1": "x", "2": "y", "b": "z", "c.d": "w"}}),
        ('a = { { "x" }, b = { } }', {"a": {"1": {"1": "x"}, "b": {}}}),
        ('-- a = "b"\n--[[ a = "c" ]]', {}),
        ('a = "b" .. "c"', {}),
        ('a = ("%s"):format("b")', {}),
        ('a = b and "c" or "d"', {}),
        ('a = { b == "c", d = "e" }', {"a": {"d": "e"}}),
    ],
)
def test_a_text_counts_where_it_is_all_of_a_value(text: str, values: dict[str, Value]) -> None:
    assert assigned(text) == values


@pytest.mark.parametrize("text", ['a = "b', "a = 'b\n'", "a = [[b]", "--[=[ b ]]", "a = " + "{" * 200])
def test_what_is_not_closed_is_an_error(text: str) -> None:
    with pytest.raises(ParseError):
        assigned(text)


@given(st.text(alphabet="{}[]()\"'\\,;.=-~ab1 \n"))
def test_any_text_raises_nothing_but_parse_errors(text: str) -> None:
    with contextlib.suppress(ParseError):
        assigned(text)


@pytest.mark.parametrize("piece", ['"', '\\"', "'", "[", "[[", "[=[", "--[[", "-", "a=", '"a",', "{}", ".."])
def test_a_text_costs_no_more_than_its_length(piece: str) -> None:
    start = time.process_time()
    with contextlib.suppress(ParseError):
        assigned("a = " + piece * (1 << 17))
    with contextlib.suppress(ParseError):
        assigned('a = "' + piece * (1 << 17))
    assert time.process_time() - start < 4
