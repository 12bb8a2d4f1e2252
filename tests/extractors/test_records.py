import pytest
from hypothesis import given
from hypothesis import strategies as st

from ospo.errors import ParseError
from ospo.extractors.interface import File, Held
from ospo.extractors.records import NAME_LIMIT, TEXT_LIMIT, bounded, checked, people, small, without_login


@pytest.mark.parametrize("name", ["a", "a b", "\x1b[31m", "ü", "x" * NAME_LIMIT])
def test_a_name_that_can_identify_is_returned_unchanged(name: str) -> None:
    assert checked(name, "name") == name


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "has no name"),
        (" / ", "has no name"),
        ("a\nb", "has a line break or a NUL in its name"),
        ("a\0", "has a line break or a NUL in its name"),
        ("x" * (NAME_LIMIT + 1), "has 1025 characters in its name, more than 1024"),
    ],
)
def test_a_name_that_cannot_identify_is_an_error(name: str, message: str) -> None:
    with pytest.raises(ParseError, match=message):
        checked(name, "name")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Some One <one@example.org>", "Some One"),
        ("Some One", "Some One"),
        ("one@example.org", ""),
        ("<one@example.org>", ""),
        ('"One, Some" <one@example.org>, Two <two@example.org>', "One, Some, Two"),
        ("one@example.org, Two <two@example.org>", "Two"),
        ("Some One <one@example.org> (https://example.org)", "Some One"),
        ("Some One (https://example.org)", "Some One"),
        ("A Team (Packaging) <team@example.org>", "A Team (Packaging)"),
        ("Same <a@example.org>, Same <b@example.org>", "Same"),
    ],
)
def test_people_are_named_without_their_addresses(text: str, names: str) -> None:
    assert people(text) == names


@given(st.text())
def test_people_never_hold_an_address(text: str) -> None:
    assert "@" not in people(text)


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://user:secret@example.org/a", "https://example.org/a"),
        ("https://token@example.org", "https://example.org"),
        ("git+https://a:b@c@example.org/x@y", "git+https://example.org/x@y"),
        ("ssh://git@example.org/a", "ssh://git@example.org/a"),
        ("git@example.org:a/b", "git@example.org:a/b"),
        (" https://example.org/@scope/name ", "https://example.org/@scope/name"),
        ("not an address", "not an address"),
    ],
)
def test_logins_are_cut_out_of_addresses(url: str, public: str) -> None:
    assert without_login(url) == public


def test_free_text_is_bounded() -> None:
    assert bounded("x" * TEXT_LIMIT + "y") == "x" * TEXT_LIMIT


def test_a_file_larger_than_its_kind_is_an_error() -> None:
    assert small(File("f", 3, 0o644, Held(b"abc")), 3) == b"abc"
    with pytest.raises(ParseError, match="has 3 bytes, more than any file of its kind"):
        small(File("f", 3, 0o644, Held(b"abc")), 2)
