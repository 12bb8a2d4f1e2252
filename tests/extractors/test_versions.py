"""Versions that may be missing: one that is there and cannot identify a component is damage all the same."""

import pytest

from ospo.errors import ParseError
from ospo.extractors import all_extractors
from ospo.extractors.interface import File, Held

BY_NAME = {extractor.name: extractor for extractor in all_extractors()}


@pytest.mark.parametrize(
    ("extractor", "path", "text"),
    [
        ("opam", "fmt.opam", 'name: "fmt"\nversion: "1\n2"\n'),
        ("gemspec", "a.gemspec", 's.name = "a"\ns.version = "1\0"\n'),
        ("vcpkg", "vcpkg.json", '{"name": "a", "version": "1\\n2"}'),
        (
            "julia",
            "Manifest.toml",
            '[[a]]\nuuid = "7876af07-990d-54b4-ab0e-23690620f79a"\nversion = "1\\n2"\n',
        ),
    ],
)
def test_a_version_with_a_line_break_or_a_nul_was_taken_as_it_is(
    extractor: str, path: str, text: str
) -> None:
    file = File(path, len(text), 0o644, Held(text.encode()))
    with pytest.raises(ParseError, match="has a line break or a NUL in its version"):
        list(BY_NAME[extractor].extract(file))
