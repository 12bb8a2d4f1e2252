"""Licenses of formulae: every documented form, and what is none."""

import pytest

from ospo.extractors.homebrew_license import formula_license


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('"MIT"', "MIT"),
        ('"MIT" # a comment', "MIT"),
        ('any_of: ["MIT", "Apache-2.0"]', "MIT OR Apache-2.0"),
        ('one_of: ["MIT", "0BSD"]', "MIT OR 0BSD"),
        ('all_of: ["MIT", any_of: ["0BSD", "ISC"]]', "MIT AND (0BSD OR ISC)"),
        ('all_of: [\n    "MIT",\n    "ISC",\n  ]', "MIT AND ISC"),
        ('any_of: ["MIT", { all_of: ["0BSD", "ISC"] }]', "MIT OR (0BSD AND ISC)"),
        ('"GPL-3.0-or-later" => { with: "GCC-exception-3.1" }', "GPL-3.0-or-later WITH GCC-exception-3.1"),
        (":public_domain", "public_domain"),
        (":cannot_represent", "cannot_represent"),
    ],
)
def test_a_license_is_written_as_an_expression(written: str, expected: str) -> None:
    assert formula_license(f"class X < Formula\n  license {written}\n  revision 1\nend\n") == expected


@pytest.mark.parametrize(
    "written",
    [
        "",
        "MIT",
        "any_of: [",
        'any_of: ["MIT"',
        '"MIT" => 7',
        "any_of: [" * 5000,
        "{" * 5000,
        'all_of: "MIT"',
        "]",
    ],
)
def test_what_is_no_license_is_left_out(written: str) -> None:
    assert formula_license(f"class X < Formula\n  license {written}\n") == ""


def test_licenses_of_resources_and_comments_are_not_those_of_the_formula() -> None:
    assert formula_license('class X < Formula\n  # license "MIT"\n    license "ISC"\nend\n') == ""
