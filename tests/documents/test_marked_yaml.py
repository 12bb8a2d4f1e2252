"""YAML of people: every value knows its place, and what is malformed or hostile is said so, nothing more."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ospo.documents.marked import MAX_SIZE, Document, Mark, Value, parse
from ospo.errors import UsageError

PATH = Path("x.yaml")


def one(text: str) -> Document:
    (document,) = parse(PATH, text.encode())
    return document


def refused(data: bytes) -> str:
    with pytest.raises(UsageError) as caught:
        parse(PATH, data)
    return caught.value.message


def test_every_value_and_key_knows_its_line_and_column() -> None:
    document = one("# first\na: 1\nb:\n  - x\n  - c: 'd'\n")
    assert document.value == {"a": 1, "b": ["x", {"c": "d"}]}
    assert document.mark(("a",)) == Mark(2, 4)
    assert document.mark(("b", 0)) == Mark(4, 5)
    assert document.mark(("b", 1, "c")) == Mark(5, 8)
    assert document.keys["b", 1, "c"] == Mark(5, 5)


def test_what_is_not_there_stands_where_what_is_around_it_stands() -> None:
    document = one("a:\n  b: 1\n")
    assert document.mark(("a", "x", "y")) == document.mark(("a",)) == Mark(2, 3)


def test_a_byte_order_mark_moves_nothing() -> None:
    (document,) = parse(PATH, b"\xef\xbb\xbfa: 1")
    assert document.mark(("a",)) == Mark(1, 4)


def test_characters_count_not_bytes() -> None:
    assert one('{ä: "é𝄞", b: c}').mark(("b",)) == Mark(1, 14)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("2026-12-31", "2026-12-31"),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("0b1", "0b1"),
        ("<<", "<<"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("true", True),
        ("FALSE", False),
        ("tRue", "tRue"),
        ("Null", None),
        ("~", None),
        ("", None),
        ("017", 17),
        ("0o17", 15),
        ("0xfF", 255),
        ("-12", -12),
        ("+1", 1),
        ("999999999999999999", 999999999999999999),
        ("1.", 1.0),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("'1'", "1"),
        ('"true"', "true"),
        ("|\n  1\n", "1\n"),
    ],
)
def test_scalars_mean_what_yaml_1_2_says(text: str, value: Value) -> None:
    found = one(f"a: {text}").value
    assert found == {"a": value}
    assert isinstance(found, dict)
    assert type(found["a"]) is type(value)


@pytest.mark.parametrize("number", ["99999999999999999999", "-9223372036854775809", "1e999", "-1e999"])
def test_a_number_that_cannot_be_kept_is_refused_not_rounded(number: str) -> None:
    assert refused(f"a: {number}".encode()) == "x.yaml:1:4: a number of more than 64 bits"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xff\xfea", "x.yaml: not UTF-8 (byte 0)"),
        (b"a: 1\na: 2", "x.yaml:2:1: the key 'a' stands twice"),
        (b'1: a\n"1": b', "x.yaml:2:1: the key '1' stands twice"),
        (b"{a: 1, b: {c: 1, c: 2}}", "x.yaml:1:18: the key 'c' stands twice"),
        (b"? [a]\n: 1", "x.yaml:1:3: a key must be text"),
        (b"a: *x", "x.yaml:1:4: not YAML: found undefined alias"),
        (b"a: [1", "x.yaml:2:1: not YAML: did not find expected ',' or ']'"),
        (b"a: b: c", "x.yaml:1:5: not YAML: mapping values are not allowed in this context"),
        (b"\ta: 1", "x.yaml:1:1: not YAML: found character that cannot start any token"),
        (
            b'a: "\\ud800"',
            "x.yaml:1:7: not YAML: found invalid Unicode character escape code",
        ),
        (b'a: "b\\0c"', "x.yaml:1:4: text cannot hold the character U+0000"),
        (b"a: \x07", "x.yaml: not YAML:"),
        (
            b"a: &a [*a]",
            "x.yaml:1:4: nested more than 50 levels deep: an alias may stand inside what it names",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(data: bytes, message: str) -> None:
    assert refused(data).startswith(message)


def test_a_file_that_is_too_large_is_refused() -> None:
    assert refused(b"#" * (MAX_SIZE + 1)) == "x.yaml: more than 1 MiB"
    assert parse(PATH, b"#" * MAX_SIZE) == []


def test_aliases_stand_for_what_they_name() -> None:
    assert one("a: &x [1]\nb: *x\n").value == {"a": [1], "b": [1]}


def test_a_few_lines_of_aliases_do_not_become_billions_of_values() -> None:
    lines = ["a0: &a0 [x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 15)]
    assert "more than 50000 values" in refused("\n".join(lines).encode())


@pytest.mark.parametrize("levels", [b"[", b"- ", b"? ", b"{a: "])
def test_deep_nesting_ends_in_an_error_and_not_the_process(levels: bytes) -> None:
    """In a process of its own: where this fails, the stack overflows."""
    program = (
        "import sys; from pathlib import Path; from ospo.documents.marked import parse\n"
        "from ospo.errors import UsageError\n"
        "try: parse(Path('x.yaml'), sys.stdin.buffer.read())\n"
        "except UsageError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=levels * 100_000, capture_output=True, check=True
    )
    assert b"nested more than 50 levels deep" in done.stdout


def test_documents_of_one_file_and_empty_ones() -> None:
    documents = parse(PATH, b"---\na: 1\n---\n# nothing\n---\nb: 2\n...\n")
    assert [document.value for document in documents] == [{"a": 1}, {"b": 2}]
    assert [document.mark(()).line for document in documents] == [2, 6]
    assert [document.source.split()[0] for document in documents] == ["a:", "b:"]
    for empty in (b"", b"\n\n", b"# only\n# comments\n", b"---\n...\n", b"~"):
        assert parse(PATH, empty) == []


def test_the_source_of_a_document_is_its_own_text_alone() -> None:
    documents = parse(PATH, "a: é𝄞\n---\nb: 'ü'\n".encode())
    assert [document.source.rstrip() for document in documents] == ["a: é𝄞", "b: 'ü'"]


@pytest.mark.parametrize(
    ("text", "needle"),
    [
        ("a: xx NEEDLE", "NEEDLE"),
        ("a: 'xx NEEDLE'", "NEEDLE"),
        ('a: "xx NEEDLE"', "NEEDLE"),
        ("a: 'it''s NEEDLE'", "NEEDLE"),
        ('a: "\\"\\u00e9\\x41\\U0001F600 NEEDLE"', "NEEDLE"),
        ("a: |\n  first\n  xx NEEDLE\n", "NEEDLE"),
        ("a: |-\n  first\n    deeper NEEDLE\n", "NEEDLE"),
        ("a: |\n\n  xx NEEDLE\nb: 1\n", "NEEDLE"),
        ("l:\n- a: |\n    é NEEDLE\n  # less\nb: 1", "NEEDLE"),
    ],
)
def test_a_place_inside_of_a_text_is_found_in_the_file(text: str, needle: str) -> None:
    document = one(text)
    place: tuple[str | int, ...] = ("l", 0, "a") if text.startswith("l:") else ("a",)
    value: object = document.value
    for step in place:
        value = value[step]  # type: ignore[index]
    before = str(value)[: str(value).index(needle)]
    mark = document.inside(place, before.count("\n") + 1, len(before) - before.rfind("\n"))
    assert text.split("\n")[mark.line - 1][mark.column - 1 :].startswith(needle)


def test_a_place_inside_of_a_folded_text_is_its_start() -> None:
    document = one("a: >\n  xx\n  yy NEEDLE\n")
    assert document.inside(("a",), 1, 7) == document.mark(("a",))


@given(st.binary(max_size=200))
def test_any_bytes_end_in_documents_or_a_usage_error(data: bytes) -> None:
    try:
        documents = parse(PATH, data)
    except UsageError as error:
        assert error.message.startswith("x.yaml:")
    else:
        assert all(document.value is not None for document in documents)


TOKENS = (
    *"a1[]{}'\"|>#%@~\\\t\r\n\u2028é",
    ": ",
    "- ",
    "  ",
    ", ",
    "&x ",
    "*x",
    "? ",
    "!!str ",
    "---",
    "...",
    "<<",
)
YAMLISH = st.lists(st.sampled_from(TOKENS), max_size=30).map("".join)


@given(YAMLISH)
def test_whatever_resembles_yaml_ends_in_documents_or_a_usage_error(text: str) -> None:
    try:
        documents = parse(PATH, text.encode())
    except UsageError:
        return
    for document in documents:
        for place in document.nodes:
            mark = document.inside(place, 1, 1)
            assert mark.line >= 1
            assert mark.column >= 1
