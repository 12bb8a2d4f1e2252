import json
from typing import Any, cast

from cyclonedx.model.bom import Bom
from hypothesis import given
from hypothesis import strategies as st
from schemas import VERSIONS, json_validator
from strategies import scan_results

from ospo.model import ScanResult
from ospo.sbom import cyclonedx

versions = st.sampled_from(sorted(VERSIONS))


@given(scan_results(), versions)
def test_every_document_is_valid(result: ScanResult, version: str) -> None:
    json_validator(version).validate(json.loads(cyclonedx.render(result, version)))


@given(scan_results(), versions)
def test_the_library_reads_every_document_back_component_for_component(
    result: ScanResult, version: str
) -> None:
    document = json.loads(cyclonedx.render(result, version))
    bom = cast(Any, Bom).from_json(document)
    read = {str(component.bom_ref): component for component in bom.components}
    assert sorted(read) == sorted(entry["bom-ref"] for entry in document["components"])
    for entry in document["components"]:
        component = read[entry["bom-ref"]]
        assert component.name == entry["name"]
        assert component.version == entry.get("version")
        assert len(component.licenses) == len(
            {json.dumps(license_) for license_ in entry.get("licenses", ())}
        )
        assert {(item.alg.value, item.content) for item in component.hashes} == {
            (item["alg"], item["content"]) for item in entry.get("hashes", ())
        }
        assert (
            {(item.name, item.value) for item in component.properties}
            == {(item["name"], item["value"]) for item in entry["properties"]}
            if "properties" in entry
            else True
        )
    edges = {
        str(entry.ref): sorted(str(other.ref) for other in entry.dependencies) for entry in bom.dependencies
    }
    assert edges == {entry["ref"]: sorted(entry["dependsOn"]) for entry in document["dependencies"]}
