import json
from dataclasses import replace
from typing import Any, cast

import pytest
from cyclonedx.model.bom import Bom
from hypothesis import given
from hypothesis import strategies as st
from made import BABEL, COMMONS, HELLO, JSON5, LIBC, RESULT
from schemas import VERSIONS, json_validator
from strategies import scan_results

from ospo.model import Artifact, ArtifactKind, Component, RawLicense, ScanResult, Target, TargetKind
from ospo.sbom import cyclonedx
from ospo.sbom.subject import ROOT

versions = st.sampled_from(sorted(VERSIONS))


def entry(component: Component, result: ScanResult = RESULT) -> dict[str, Any]:
    """Return what the document says about a component."""
    components = cyclonedx.document(replace(result, components=(component,)))["components"]
    return cast(dict[str, Any], components[-1])


def properties(entry: dict[str, Any]) -> dict[str, str]:
    return {item["name"]: item["value"] for item in entry["properties"]}


@given(scan_results(), versions)
def test_every_document_is_valid(result: ScanResult, version: str) -> None:
    assert list(json_validator(version).iter_errors(json.loads(cyclonedx.render(result, version)))) == []


@given(scan_results(), versions)
def test_the_library_reads_every_document_back_component_for_component(
    result: ScanResult, version: str
) -> None:
    document = json.loads(cyclonedx.render(result, version))
    bom = cast(Any, Bom).from_json(document)
    read = {str(component.bom_ref): component for component in bom.components}
    assert sorted(read) == sorted(one["bom-ref"] for one in document["components"])
    for one in document["components"]:
        component = read[one["bom-ref"]]
        assert component.name == one["name"]
        assert component.version == one.get("version")
        assert len(component.licenses) == len(one.get("licenses", ()))
        assert {(item.alg.value, item.content) for item in component.hashes} == {
            (item["alg"], item["content"]) for item in one.get("hashes", ())
        }
        assert {(item.name, item.value) for item in component.properties} == {
            (item["name"], item["value"]) for item in one.get("properties", ())
        }
    edges = {str(one.ref): sorted(str(other.ref) for other in one.dependencies) for one in bom.dependencies}
    assert edges == {one["ref"]: sorted(one["dependsOn"]) for one in document["dependencies"]}


@given(scan_results())
def test_every_reference_leads_to_something(result: ScanResult) -> None:
    document = cyclonedx.document(result)
    refs = [ROOT, *(one["bom-ref"] for one in document["components"])]
    assert len(refs) == len(set(refs))
    for one in document["dependencies"]:
        assert {one["ref"], *one["dependsOn"]} <= set(refs)


def test_the_same_result_gives_the_same_bytes() -> None:
    assert cyclonedx.render(RESULT) == cyclonedx.render(replace(RESULT))


def test_the_serial_number_follows_from_what_was_scanned_and_how() -> None:
    def serial(result: ScanResult) -> str:
        return str(cyclonedx.document(result)["serialNumber"])

    assert serial(replace(RESULT, scanned_at="2027-01-01T00:00:00Z")) == serial(RESULT)
    assert serial(replace(RESULT, facts_version="other")) != serial(RESULT)
    assert serial(replace(RESULT, artifact=replace(RESULT.artifact, digest="sha256:1"))) != serial(RESULT)


@pytest.mark.parametrize(
    ("component", "group", "name"),
    [
        (LIBC, None, "libc6"),
        (BABEL, None, "@babel/core"),
        (COMMONS, "org.apache.commons", "commons-lang3"),
        (HELLO, None, "example.org/cmd/hello"),
    ],
)
def test_names_are_spelled_as_in_the_ecosystem(component: Component, group: str | None, name: str) -> None:
    assert (entry(component).get("group"), entry(component)["name"]) == (group, name)


def test_what_no_registry_knows_has_no_purl() -> None:
    assert entry(LIBC)["purl"] == entry(LIBC)["bom-ref"] == LIBC.key
    assert "purl" not in entry(HELLO)
    assert entry(HELLO)["bom-ref"] == "local:pkg:golang/example.org/cmd/hello"


@pytest.mark.parametrize(
    ("component", "expected"),
    [
        (BABEL, [{"license": {"id": "MIT", "acknowledgement": "declared"}}]),
        (JSON5, [{"expression": "MIT OR Apache-2.0", "acknowledgement": "declared"}]),
        (HELLO, [{"expression": "Bugroff", "acknowledgement": "declared"}]),
        (
            COMMONS,
            [
                {"license": {"id": "Apache-2.0", "acknowledgement": "declared"}},
                {"license": {"name": "Odd\\x1b[31m License", "acknowledgement": "declared"}},
            ],
        ),
    ],
)
def test_licenses_are_one_expression_or_a_list(component: Component, expected: list[Any]) -> None:
    assert entry(component)["licenses"] == expected


def test_an_expression_in_a_list_is_a_name() -> None:
    words = (RawLicense("MIT OR ISC", "name"), RawLicense("BSD", "name"))
    assert [one["license"]["name"] for one in entry(replace(COMMONS, licenses=words))["licenses"]] == [
        "MIT OR ISC",
        "BSD",
    ]


def test_the_lowest_layer_introduced_a_component() -> None:
    assert properties(entry(BABEL)) == {
        "ospo:evidence": "installed",
        "ospo:found-by": "npm",
        "ospo:layer:index": "1",
        "ospo:layer:digest": "sha256:" + "1" * 64,
        "ospo:layer:created-by": "RUN step 1",
        "ospo:layer:base": "false",
        "ospo:npm:private": "true",
        "ospo:hash:MD5": "short",
        "ospo:url:website": "not an address",
    }


def test_the_evidence_names_places_and_technique() -> None:
    evidence = entry(HELLO)["evidence"]
    assert evidence["occurrences"] == [{"location": "usr/bin/hello", "additionalContext": "layer 0"}]
    assert evidence["identity"][0]["methods"][0]["technique"] == "binary-analysis"


@pytest.mark.parametrize(
    "url",
    [
        "git@example.org:a/b",
        "example.org",
        "http://a:b/",
        "https://example.org/a b",
        "https://example.org/%zz",
        "https://a/#b#c",
        "javascript:\x00",
        "https://[::1",
        "",
        "x" * 100_000,
    ],
)
def test_what_is_no_address_becomes_a_property(url: str) -> None:
    shown = entry(replace(BABEL, urls=(("vcs", url),)))
    assert "externalReferences" not in shown
    assert "ospo:url:vcs" in properties(shown)


def test_an_address_of_another_type_is_kept() -> None:
    shown = entry(replace(BABEL, urls=(("poetry", "https://exämple.org/ü?a=b#c"),)))
    assert shown["externalReferences"] == [{"url": "https://exämple.org/ü?a=b#c", "type": "other"}]


def test_an_image_of_a_registry_has_an_oci_purl() -> None:
    subject = cyclonedx.document(RESULT)["metadata"]["component"]
    assert (subject["type"], subject["name"]) == ("container", "registry.example/team/app")
    assert subject["purl"] == (
        "pkg:oci/app@sha256:" + "d" * 64 + "?arch=amd64&repository_url=registry.example%2Fteam%2Fapp&tag=1.2"
    )


@pytest.mark.parametrize(
    ("target", "artifact", "expected"),
    [
        (
            Target("oci-dir:/images/app:1", TargetKind.IMAGE, "oci-dir:/images/app"),
            ArtifactKind.IMAGE,
            ("container", "/images/app", None),
        ),
        (
            Target("registry:localhost:5000/app@sha256:1", TargetKind.IMAGE, "localhost:5000/app"),
            ArtifactKind.IMAGE,
            ("container", "localhost:5000/app", "pkg:oci/app@sha256:1?repository_url=localhost:5000%2Fapp"),
        ),
        (
            Target("dir:/srv", TargetKind.DIRECTORY, "dir:/srv"),
            ArtifactKind.DIRECTORY,
            ("application", "/srv", None),
        ),
        (
            Target("sbom:/a.json", TargetKind.SBOM, "sbom:/a.json"),
            ArtifactKind.SBOM,
            ("file", "/a.json", None),
        ),
    ],
)
def test_the_subject(target: Target, artifact: ArtifactKind, expected: tuple[str, str, str | None]) -> None:
    result = replace(RESULT, target=target, artifact=Artifact(artifact, "sha256:1"), distro=None)
    subject = cyclonedx.document(result)["metadata"]["component"]
    assert (subject["type"], subject["name"], subject.get("purl")) == expected


def test_a_folder_with_a_distribution_is_an_operating_system() -> None:
    result = replace(RESULT, artifact=Artifact(ArtifactKind.DIRECTORY, "sha256:1"))
    assert cyclonedx.document(result)["metadata"]["component"]["type"] == "operating-system"


def test_only_known_dependencies_are_stated() -> None:
    document = cyclonedx.document(RESULT)
    assert document["dependencies"] == [
        {"ref": "target", "dependsOn": sorted({c.key for c in RESULT.components} - {JSON5.key})},
        {"ref": BABEL.key, "dependsOn": [JSON5.key]},
    ]
    unknown = document["compositions"][1]
    assert unknown["aggregate"] == "unknown"
    assert len(unknown["dependencies"]) == 1 + len(RESULT.components)


@pytest.mark.parametrize(("problems", "aggregate"), [(RESULT.problems, "incomplete"), ((), "unknown")])
def test_a_blocking_problem_makes_the_list_incomplete(problems: Any, aggregate: str) -> None:
    assembly = cyclonedx.document(replace(RESULT, problems=problems))["compositions"][0]
    assert assembly == {"aggregate": aggregate, "assemblies": ["target"]}


def test_problems_are_told() -> None:
    told = properties(cyclonedx.document(RESULT)["metadata"])["ospo:problem:0"]
    assert told == f"blocking layer: sha256:{'2' * 64}: not gzip (push it again)"
