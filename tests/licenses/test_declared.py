import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import LICENSE_WORDS, hostile, licenses

from ospo.licenses.declared import Wording, declare, known
from ospo.model import RawLicense


def terms(*pairs: tuple[str, str]) -> list[tuple[str, str]]:
    """Read (field, words) pairs; return (wording, text) pairs."""
    declared = declare(tuple(RawLicense(text, field) for field, text in pairs))
    return [(term.wording.value, term.text) for term in declared.terms]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("MIT", ("id", "MIT")),
        (" apache-2.0 ", ("id", "Apache-2.0")),
        ("GPL-2.0", ("id", "GPL-2.0-only")),
        ("GPL-2.0+", ("id", "GPL-2.0-or-later")),
        ("Net-SNMP", ("id", "Net-SNMP")),
        ("MIT License", ("id", "MIT")),
        ("Apache License, Version 2.0", ("id", "Apache-2.0")),
        ("mit or apache-2.0", ("expression", "MIT OR Apache-2.0")),
        ("(MIT)", ("id", "MIT")),
        ("MIT AND MIT", ("id", "MIT")),
        ("Apache-2.0+", ("expression", "Apache-2.0+")),
        ("GPL-2.0-with-classpath-exception", ("expression", "GPL-2.0-only WITH Classpath-exception-2.0")),
        ("LicenseRef-ours", ("expression", "LicenseRef-ours")),
        ("DocumentRef-a:LicenseRef-b AND MIT", ("expression", "DocumentRef-a:LicenseRef-b AND MIT")),
        ("MIT OR ISC AND (Zlib OR 0BSD)", ("expression", "MIT OR (ISC AND (Zlib OR 0BSD))")),
        ("BSD", ("name", "BSD")),
        ("GPL", ("name", "GPL")),
        ("Dual License", ("name", "Dual License")),
        ("MIT/Apache-2.0", ("name", "MIT/Apache-2.0")),
        ("MIT AND (", ("name", "MIT AND (")),
        ("MIT OR Unheard-Of", ("name", "MIT OR Unheard-Of")),
        ("GPL-2.0-only+", ("name", "GPL-2.0-only+")),
        ("Classpath-exception-2.0", ("name", "Classpath-exception-2.0")),
        ("MIT WITH ISC", ("name", "MIT WITH ISC")),
        ("MIT License\n\nPermission is hereby granted", ("name", "MIT License …")),
        ("(" * 40 + "MIT" + ")" * 40, ("name", "(" * 40 + "MIT" + ")" * 40)),
    ],
)
def test_words(words: str, expected: tuple[str, str]) -> None:
    assert terms(("L", words)) == [expected]


@pytest.mark.parametrize("words", ["", " ", "UNKNOWN", "NOASSERTION", "None"])
def test_words_that_say_nothing(words: str) -> None:
    assert terms(("License", words)) == []


def test_a_license_expression_stands_alone() -> None:
    assert terms(("License-Expression", "MIT"), ("License", "BSD"), ("Classifier", "ISC")) == [("id", "MIT")]
    assert terms(("License-Expression", "Odd"), ("License", "MIT")) == [("name", "Odd")]


def test_the_first_field_that_is_understood_counts() -> None:
    assert terms(("License", "BSD"), ("Classifier", "MIT License")) == [("id", "MIT")]
    assert terms(("License", "BSD"), ("Classifier", "BSD License")) == [("name", "BSD")]
    assert terms(("License", "UNKNOWN"), ("Classifier", "ISC License (ISCL)")) == [("id", "ISC")]


GPL = "GNU General Public License v3 (GPLv3)"


@pytest.mark.parametrize(
    ("license_", "classifiers"),
    [
        ("MIT", [GPL]),
        ("MIT", ["MIT License", GPL]),
        ("MIT OR Apache-2.0", ["ISC License (ISCL)"]),
        ("GPL", ["MIT License"]),
        ("Dual MIT/LGPL", ["MIT License"]),
    ],
)
def test_fields_that_contradict_each_other_are_not_known(license_: str, classifiers: list[str]) -> None:
    pairs = [("License", license_), *(("Classifier", words) for words in classifiers)]
    names = [("name", f"{field}: {words}") for field, words in pairs]
    assert terms(*pairs) == names
    assert terms(*(("component.licenses", text) for _, text in names)) == names
    assert terms(("License-Expression", "MIT"), *pairs) == [("id", "MIT")]


@pytest.mark.parametrize(
    ("license_", "classifiers", "expected"),
    [
        ("MIT", ["MIT License"], ("id", "MIT")),
        ("Apache-2.0", ["Apache Software License"], ("id", "Apache-2.0")),
        ("BSD-3-Clause", ["BSD License"], ("id", "BSD-3-Clause")),
        ("MIT", ["BSD License"], ("id", "MIT")),
        ("GPL-3.0-or-later", [GPL], ("id", "GPL-3.0-or-later")),
        ("MIT OR GPL-3.0-only", ["MIT License", GPL], ("expression", "MIT OR GPL-3.0-only")),
        ("BSD", [GPL], ("name", "BSD")),
    ],
)
def test_fields_that_agree_or_are_not_understood_do_not_contradict(
    license_: str, classifiers: list[str], expected: tuple[str, str]
) -> None:
    pairs = [("License", license_), *(("Classifier", words) for words in classifiers)]
    assert terms(*pairs) == [expected]


def test_an_ambiguous_classifier_stays_words() -> None:
    assert terms(("Classifier", "Apache Software License")) == [("name", "Apache Software License")]


def test_the_licenses_of_npm_maven_and_composer_are_a_choice() -> None:
    assert terms(("pom.xml", "EPL-2.0"), ("pom.xml", "MIT")) == [("expression", "EPL-2.0 OR MIT")]
    assert terms(("license[]", "MIT"), ("license[]", "ISC")) == [("expression", "MIT OR ISC")]
    assert terms(("licenses", "MIT"), ("licenses", "ISC AND Zlib")) == [
        ("expression", "MIT OR (ISC AND Zlib)")
    ]
    assert terms(("licenses", "MIT"), ("licenses", "BSD")) == [("id", "MIT"), ("name", "BSD")]


def test_a_list_without_known_relation_stays_a_list() -> None:
    assert terms(("L", "MIT"), ("L", "ISC"), ("L", "mit")) == [("id", "MIT"), ("id", "ISC")]


@pytest.mark.parametrize(
    ("words", "expected"), [("MIT", True), ("MIT OR ISC", True), ("BSD", False), ("", False)]
)
def test_known(words: str, expected: bool) -> None:
    assert known(declare((RawLicense(words, "L"),))) is expected


@given(
    licenses
    | st.tuples(
        st.builds(RawLicense, st.lists(st.sampled_from(LICENSE_WORDS)).map(" AND ".join), st.just("L"))
    )
)
def test_nothing_is_raised_and_spdx_is_read_again_as_itself(raws: tuple[RawLicense, ...]) -> None:
    for term in declare(raws).terms:
        if term.wording is not Wording.NAME:
            assert declare((RawLicense(term.text, "L"),)).terms == (term,)
        assert 0 < len(term.text) <= 4096


@given(hostile)
def test_a_name_keeps_the_words_on_one_line(words: str) -> None:
    for term in declare((RawLicense(words, "L"),)).terms:
        assert term.wording is not Wording.NAME or (
            len(term.text) <= 1024 and len(term.text.splitlines()) == 1
        )
