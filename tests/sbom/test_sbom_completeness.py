"""An SBOM that says it is incomplete must not scan as complete."""

from dataclasses import replace
from typing import Any

import orjson
import pytest
from made import RESULT

from ospo.model import Problem, ProblemKind
from ospo.sbom import cyclonedx, library
from ospo.sources.sbom_file import read_sbom

BOMB = Problem(ProblemKind.LAYER, "layer 0 (sha256:00)", "a decompression bomb", "raise the limit", True)
EMPTY: dict[str, Any] = {"bomFormat": "CycloneDX", "specVersion": "1.6"}
ROOT = {"component": {"type": "container", "bom-ref": "root", "name": "app"}}


def blocking(document: bytes) -> list[tuple[ProblemKind, str]]:
    """Read a document; return kind and message of the blocking problems."""
    return [(one.kind, one.message) for one in read_sbom(document, "the SBOM").problems if one.blocking]


@pytest.mark.parametrize("as_xml", [False, True], ids=["json", "xml"])
def test_what_a_document_of_ours_could_not_check_is_repeated(as_xml: bool) -> None:
    unchecked = replace(RESULT, problems=(BOMB, Problem(ProblemKind.FILE, "a", "is cut off")))
    document = cyclonedx.document(unchecked)
    data = library.write_xml(document) if as_xml else orjson.dumps(document)
    message = "the SBOM records: layer 0 (sha256:00): a decompression bomb (raise the limit)"
    assert blocking(data) == [(ProblemKind.LAYER, message)]


def test_a_complete_document_of_ours_stays_complete() -> None:
    assert blocking(cyclonedx.render(replace(RESULT, problems=()))) == []


def test_a_document_of_ours_without_recorded_problems_is_incomplete_all_the_same() -> None:
    properties = [
        {"name": "ospo:complete", "value": "false"},
        {"name": "ospo:problem:0", "value": "blocking"},
    ]
    document = EMPTY | {"metadata": {"properties": properties}}
    assert blocking(orjson.dumps(document)) == [(ProblemKind.MANIFEST, "the SBOM says that it is incomplete")]


@pytest.mark.parametrize(
    ("composition", "incomplete"),
    [
        ({"aggregate": "incomplete"}, True),
        ({"aggregate": "incomplete", "assemblies": ["root"]}, True),
        ({"aggregate": "incomplete_third_party_only", "assemblies": ["part", "root"]}, True),
        ({"aggregate": "incomplete", "assemblies": ["part"]}, False),
        ({"aggregate": "incomplete", "dependencies": ["root"]}, False),
        ({"aggregate": "unknown"}, False),
        ({"aggregate": "not_specified", "assemblies": ["root"]}, False),
        ({"aggregate": "complete"}, False),
    ],
)
def test_a_composition_of_the_whole_counts(composition: dict[str, Any], incomplete: bool) -> None:
    document = EMPTY | {"metadata": ROOT, "compositions": [composition]}
    assert bool(blocking(orjson.dumps(document))) is incomplete
    refs = {
        kind: "".join(f'<x ref="{ref}"/>' for ref in composition.get(kind, ()))
        for kind in ("assemblies", "dependencies")
    }
    parts = "".join(f"<{kind}>{inside}</{kind}>" for kind, inside in refs.items() if inside)
    xml = (
        '<bom xmlns="http://cyclonedx.org/schema/bom/1.6" version="1"><metadata>'
        '<component type="container" bom-ref="root"><name>app</name></component></metadata><compositions>'
        f"<composition><aggregate>{composition['aggregate']}</aggregate>{parts}</composition>"
        "</compositions></bom>"
    )
    assert bool(blocking(xml.encode())) is incomplete
