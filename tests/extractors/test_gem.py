"""Ruby gems: literals, whatever else a line holds, and lines that must not cost more than their length."""

import time

import pytest

from ospo.errors import ParseError
from ospo.extractors.gem import EXTRACTORS
from ospo.extractors.interface import File, Held
from ospo.model import Component

PATH = "usr/lib/ruby/gems/3.3.0/specifications/a-1.gemspec"


def extracted(*lines: str) -> Component:
    data = "\n".join(['  s.name = "a".freeze', '  s.version = "1"', *lines]).encode()
    (component,) = EXTRACTORS[0].extract(File(PATH, len(data), 0o644, Held(data)))
    assert isinstance(component, Component)
    return component


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        ('"a".freeze', "a"),
        ("'a'", "a"),
        ("%q{a}", "a"),
        ("%q<a>.freeze", "a"),
        (r'"\u00e9\u{1f600}"', "é😀"),
        (r'"\xC3\xA9"', "é"),
        (r'"\"\\\#{a}"', '"\\#{a}'),
        (r'"\u{110000}"', "?"),
        ('"a" if s.respond_to? "b"', "a"),
        ('"a', ""),
        ("Version::NAME", ""),
    ],
)
def test_a_literal_is_read_as_ruby_would(literal: str, text: str) -> None:
    assert extracted(f"  s.summary = {literal}").description == text


def test_nothing_is_evaluated() -> None:
    assert extracted('  s.summary = "a" + `id`').description == "a"


def test_a_name_that_is_computed_is_an_error() -> None:
    data = b"  s.name = NAME\n  s.version = '1'\n"
    with pytest.raises(ParseError, match="has no literal name"):
        list(EXTRACTORS[0].extract(File(PATH, len(data), 0o644, Held(data))))


@pytest.mark.parametrize("piece", ['\\"', '"', "'", "%q<", "%q{", " if ", "a => ", "\\u{"])
def test_a_line_costs_no_more_than_its_length(piece: str) -> None:
    start = time.process_time()
    extracted("  s.authors = [" + piece * (1 << 18), '  s.summary = "' + piece * (1 << 18))
    assert time.process_time() - start < 2
