"""Paths of an image as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ospo.image.paths import text, texts

PIECES = st.sampled_from([b"\\", b"x", b"\\x", b"ff", b"\xff", b"\xc3", b"\xa9", b"a", b"/"])
PATHS = st.lists(PIECES, max_size=8).map(b"".join) | st.binary(max_size=8).map(
    lambda b: b.replace(b"\0", b"")
)


@given(PATHS, PATHS)
def test_two_paths_never_become_one_text(one: bytes, other: bytes) -> None:
    assert (text(one) == text(other)) == (one == other)


@given(PATHS, PATHS)
def test_a_folder_is_the_same_text_in_every_path(folder: bytes, name: bytes) -> None:
    assert text(folder + b"/" + name) == f"{text(folder)}/{text(name)}"


@given(st.lists(PATHS))
def test_paths_together_are_what_they_are_alone(paths: list[bytes]) -> None:
    assert texts(paths) == "\0".join(map(text, paths))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("usr/käse".encode(), "usr/käse"),
        (b"a\\b/c", "a\\b/c"),
        (b"a\\b/caf\xe9", "a\\b/caf\\xe9"),
        (b"a\\b\xe9", "a\\\\b\\xe9"),
        (b"caf\\xe9", "caf\\\\xe9"),
    ],
)
def test_bytes_that_do_not_decode_are_shown_escaped(path: bytes, expected: str) -> None:
    assert text(path) == expected
