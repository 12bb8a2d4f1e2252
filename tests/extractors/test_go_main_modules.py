"""The project's own Go module: a purl only where its path names a host that it can be fetched from."""

import pytest

from ospo.extractors import all_extractors
from ospo.extractors.go_buildinfo import is_fetchable
from ospo.extractors.interface import File, Held
from ospo.model import Component

(GO_MOD,) = (extractor for extractor in all_extractors() if extractor.name == "go-mod")


@pytest.mark.parametrize(
    ("path", "fetchable"),
    [
        ("example.org/tools/hello", True),
        ("gopkg.in/yaml.v3", True),
        ("hello", False),
        ("go-app/v2.1", False),
        ("", False),
    ],
)
def test_a_path_is_fetchable_where_its_first_part_is_a_host(path: str, fetchable: bool) -> None:
    assert is_fetchable(path) is fetchable


@pytest.mark.parametrize(("path", "purl"), [("example.org/app", "pkg:golang/example.org/app"), ("app", None)])
def test_a_project_without_a_host_in_its_path_has_no_purl(path: str, purl: str | None) -> None:
    data = f"module {path}\n\ngo 1.22\n".encode()
    records = GO_MOD.extract(File("go.mod", len(data), 0o644, Held(data)))
    (main,) = (record for record in records if isinstance(record, Component))
    assert main.purl == purl
