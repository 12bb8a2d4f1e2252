"""Versions of NuGet: how the registry spells them, and which requirements name one."""

import pytest

from ospo.extractors.nuget_packages import literal, normal


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1", "1.0.0"),
        ("1.0", "1.0.0"),
        ("1.2.3.0", "1.2.3"),
        ("1.2.3.4", "1.2.3.4"),
        ("1.02.0003", "1.2.3"),
        ("1.0-beta.01", "1.0.0-beta.01"),
        ("1.0.0+build.5", "1.0.0"),
        (" 2.1.0 ", "2.1.0"),
        ("abc", "abc"),
    ],
)
def test_a_version_is_spelled_as_the_registry_does(version: str, expected: str) -> None:
    assert normal(version) == expected


@pytest.mark.parametrize("requirement", ["13.0.3", "[13.0.3]", " [ 13.0.3 ] ", "13.0.3.0"])
def test_a_requirement_of_one_version_names_it(requirement: str) -> None:
    assert literal(requirement) == "13.0.3"


@pytest.mark.parametrize("requirement", ["", "1.*", "*", "[1.0,2.0)", "(1.0,)", "$(Version)", "1.0-*"])
def test_a_requirement_of_several_versions_names_none(requirement: str) -> None:
    assert literal(requirement) == ""
