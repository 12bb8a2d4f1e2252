"""Plain values of manifests, and addresses of sources as SPDX spells them."""

import pytest

from ospo.errors import ParseError
from ospo.extractors.declared_values import json_object, toml_table, vcs_url, yaml_mapping
from ospo.extractors.interface import File, Held


def yaml_file(text: str) -> File:
    data = text.encode()
    return File("pubspec.lock", len(data), 0o644, Held(data))


def test_a_version_without_quotes_stays_what_is_written() -> None:
    text = "a: 1.10\nb: 0x10\nc: true\nd: null\ne: [1, {f: 2024-01-01}]\ng: '~'\n"
    expected = {"a": "1.10", "b": "0x10", "c": "true", "d": None, "e": ["1", {"f": "2024-01-01"}], "g": "~"}
    assert yaml_mapping(yaml_file(text)) == expected


def test_an_empty_yaml_file_is_an_empty_mapping() -> None:
    assert yaml_mapping(yaml_file("# nothing\n")) == {}


@pytest.mark.parametrize("text", ["- a", "a: [", "a: &a [*a]", "a: 1\na: 2", "x" * ((1 << 20) + 1)])
def test_what_is_no_sound_yaml_mapping_is_a_parse_error(text: str) -> None:
    with pytest.raises(ParseError):
        yaml_mapping(yaml_file(text))


@pytest.mark.parametrize("text", ["a =", "a = " + "[" * 5000, "a = " + "9" * 5000])
def test_what_is_no_sound_toml_is_a_parse_error(text: str) -> None:
    with pytest.raises(ParseError, match="is not TOML"):
        toml_table(text.encode())


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": ' + "[" * 5000])
def test_what_is_no_json_object_is_a_parse_error(text: str) -> None:
    with pytest.raises(ParseError, match=r"is not JSON|but not an object"):
        json_object(text.encode())


@pytest.mark.parametrize(
    ("url", "commit", "expected"),
    [
        ("https://git.example/a/b.git", "0123", "git+https://git.example/a/b.git@0123"),
        ("https://git.example/a/b.git", "", "git+https://git.example/a/b.git"),
        ("git@git.example:a/b.git", "0123", "git+ssh://git@git.example/a/b.git@0123"),
        ("git.example:a/b", "", "git+ssh://git.example/a/b"),
        ("ssh://git@git.example:7999/a/b", "0123", "git+ssh://git@git.example:7999/a/b@0123"),
        ("git+https://git.example/a", "", "git+https://git.example/a"),
        ("https://user:password@git.example/a", "0123", "git+https://git.example/a@0123"),
    ],
)
def test_an_address_of_sources_is_spelled_as_spdx_does(url: str, commit: str, expected: str) -> None:
    assert vcs_url(url, commit) == expected


def test_the_tool_of_a_repository_is_part_of_its_address() -> None:
    assert vcs_url("https://hg.example/a", "0123", "hg") == "hg+https://hg.example/a@0123"
