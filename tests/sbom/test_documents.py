"""SBOMs that Syft and Trivy wrote; see documents/README.md."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ospo.errors import TargetError
from ospo.limits import Limits
from ospo.model import ArtifactKind, ComponentKind, Distro, Evidence, Location, RawLicense, TargetKind
from ospo.sources.interface import SbomFile, SourceOptions
from ospo.sources.sbom_file import open_sbom, read_sbom

DOCUMENTS = Path(__file__).parent / "documents"
FILES = sorted(path.name for path in DOCUMENTS.iterdir() if path.suffix in (".json", ".xml"))

KEYS = [
    "pkg:deb/debian/bash@5.2.15-2%2Bb13?arch=amd64",
    "pkg:deb/debian/gcc-12-base@12.2.0-14%2Bdeb12u1?arch=amd64",
    "pkg:deb/debian/libc6@2.36-9%2Bdeb12u14?arch=amd64",
    "pkg:deb/debian/libgcc-s1@12.2.0-14%2Bdeb12u1?arch=amd64",
    "pkg:deb/debian/tzdata@2026f-0%2Bdeb12u1?arch=all",
    "pkg:npm/%40jupyter-notebook/lab-extension@7.6.5",
    "pkg:pypi/anyio@4.16.0",
    "pkg:pypi/jsonschema@4.26.0",
    "pkg:pypi/rfc3339-validator@0.1.4",
    "pkg:pypi/six@1.17.0",
    "pkg:pypi/tzdata@2026.6",
]


def opened(name: str) -> SbomFile:
    (source,) = open_sbom(str(DOCUMENTS / name), SourceOptions())
    return source


def find(source: SbomFile, name: str) -> Any:
    return next(component for component in source.components if component.name == name)


@pytest.mark.parametrize("name", FILES)
def test_every_package_is_found(name: str) -> None:
    source = opened(name)
    assert [
        component.key.partition("&distro=")[0].partition("?distro=")[0] for component in source.components
    ] == KEYS
    assert not source.problems
    assert source.distro is not None
    assert source.distro.id == "debian"
    assert all(component.evidence is Evidence.DECLARED for component in source.components)


def test_target_and_artifact() -> None:
    source = opened("syft-1.18.cdx.json")
    path = DOCUMENTS / "syft-1.18.cdx.json"
    assert (source.target.name, source.target.kind) == (f"sbom:{path}", TargetKind.SBOM)
    assert source.artifact.kind is ArtifactKind.SBOM
    assert source.artifact.digest == f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    assert source.artifact.media_type == "CycloneDX 1.6"


@pytest.mark.parametrize("name", ["syft-1.18.cdx.json", "syft-1.18.cdx.xml"])
def test_syft_in_cyclonedx(name: str) -> None:
    source = opened(name)
    libc, extension = find(source, "libc6"), find(source, "lab-extension")
    assert libc.supplier == "GNU Libc Maintainers"
    assert Location("var/lib/dpkg/status") in libc.locations
    assert extension.licenses == (RawLicense("BSD-3-Clause", "component.licenses"),)
    assert ("website", "https://github.com/jupyter/notebook") in extension.urls
    assert source.distro == Distro("debian", "12", "Debian GNU/Linux 12 (bookworm)")
    gcc = find(source, "gcc-12-base").key
    assert (find(source, "libgcc-s1").key, tuple(sorted((gcc, libc.key)))) in source.dependencies


def test_syft_in_spdx() -> None:
    source = opened("syft-1.18.spdx.json")
    libc, extension = find(source, "libc6"), find(source, "lab-extension")
    assert find(source, "anyio").supplier == "Alex Grönholm"
    assert extension.licenses == (RawLicense("BSD-3-Clause", "licenseDeclared"),)
    assert ("website", "https://github.com/jupyter/notebook") in extension.urls
    gcc = find(source, "gcc-12-base").key
    assert (find(source, "libgcc-s1").key, tuple(sorted((gcc, libc.key)))) in source.dependencies


def test_trivy_tells_layers() -> None:
    source = opened("trivy.cdx.json")
    metadata = "opt/venv/lib/python3.11/site-packages/anyio-4.16.0.dist-info/METADATA"
    assert find(source, "anyio").locations == (Location(metadata, 2),)
    assert source.distro == Distro("debian", "12.15")


def test_a_file_beyond_the_limit_is_refused() -> None:
    with pytest.raises(TargetError, match="has more than 1000 bytes"):
        open_sbom(str(DOCUMENTS / "trivy.cdx.json"), SourceOptions(limits=Limits(sbom_size=1000)))


def cyclonedx(**fields: Any) -> bytes:
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6"} | fields).encode()


def spdx(**fields: Any) -> bytes:
    return json.dumps({"spdxVersion": "SPDX-2.3"} | fields).encode()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "sbom: not JSON"),
        (b'{"bomFormat": "CycloneDX",', "sbom: not JSON: unexpected end of data: line 1 column"),
        (b'{"a":' * 2000, "sbom: not JSON: "),
        (b"[]", "sbom: not a JSON object"),
        (b"{}", "sbom: neither CycloneDX nor SPDX 2"),
        (
            b'{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}',
            "sbom: neither CycloneDX nor SPDX 2",
        ),
        (cyclonedx(specVersion="2.0"), "sbom: CycloneDX '2.0' is not supported"),
        (b'<bom xmlns="http://cyclonedx.org/schema/bom/1.1"/>', "sbom: CycloneDX '1.1' is not supported"),
        (spdx(spdxVersion="SPDX-2.1"), "sbom: 'SPDX-2.1' is not supported"),
        (cyclonedx(components=[{"type": "library", "name": 3}]), "sbom: components[0].name is not text"),
        (cyclonedx(components={}), "sbom: components is not a list"),
        (
            spdx(packages=[{"name": "a", "externalRefs": [3]}]),
            "sbom: packages[0].externalRefs[0] is not an object",
        ),
    ],
)
def test_what_is_no_sbom_is_explained(data: bytes, message: str) -> None:
    with pytest.raises(TargetError) as error:
        read_sbom(data, "sbom")
    assert error.value.message.startswith(message)


def test_a_byte_order_mark_is_no_problem() -> None:
    assert read_sbom(b"\xef\xbb\xbf" + cyclonedx(), "sbom").components() == ()


def test_nested_and_ungraphed_components_are_kept() -> None:
    nested = {"type": "library", "name": "inner", "purl": "pkg:npm/inner@1"}
    outer = {"type": "application", "name": "outer", "components": [nested]}
    subject = {"type": "application", "name": "me", "components": [{"type": "library", "name": "module"}]}
    listing = read_sbom(
        cyclonedx(components=[outer], metadata={"component": subject}, dependencies=[]), "sbom"
    )
    assert [component.key for component in listing.components()] == [
        "local:pkg:generic/module",
        "local:pkg:generic/outer",
        "pkg:npm/inner@1",
    ]
    assert listing.components()[1].kind is ComponentKind.APPLICATION


def test_a_bad_purl_is_a_problem_and_the_component_stays() -> None:
    listing = read_sbom(
        cyclonedx(
            components=[{"type": "library", "group": "g", "name": "n", "version": "1", "purl": "pkg:"}]
        ),
        "sbom",
    )
    assert [component.key for component in listing.components()] == ["local:pkg:generic/g/n@1"]
    assert [problem.where for problem in listing.problems] == ["sbom: components[0]"]


def test_a_component_without_name_is_a_problem() -> None:
    for data in (cyclonedx(components=[{"type": "library", "name": " "}]), spdx(packages=[{"name": "/"}])):
        listing = read_sbom(data, "sbom")
        assert listing.components() == ()
        assert listing.problems[0].message == "has no name and is left out"


def test_the_same_purl_twice_is_one_component_in_two_places() -> None:
    def copy(path: str) -> dict[str, Any]:
        evidence = {"occurrences": [{"location": path}]}
        return {"type": "library", "bom-ref": path, "name": "a", "purl": "pkg:npm/a@1", "evidence": evidence}

    dependencies = [{"ref": "/x", "dependsOn": ["/y", "nowhere"]}]
    listing = read_sbom(cyclonedx(components=[copy("/x"), copy("/y")], dependencies=dependencies), "sbom")
    (component,) = listing.components()
    assert component.locations == (Location("x"), Location("y"))
    assert listing.dependencies() == ()


@pytest.mark.parametrize(
    ("purls", "expected"),
    [
        (["pkg:deb/debian/a@1?distro=debian-12"], Distro("debian", "12")),
        (["pkg:apk/alpine/a@1?distro=3.20.1"], Distro("alpine", "3.20.1")),
        (["pkg:rpm/redhat/a@1?distro=rhel-9.4", "pkg:rpm/redhat/b@1"], Distro("rhel", "9.4")),
        (["pkg:deb/debian/a@1?distro=bookworm"], None),
        (["pkg:npm/a@1?distro=debian-12"], None),
    ],
)
def test_purls_name_the_distribution(purls: list[str], expected: Distro | None) -> None:
    components = [{"type": "library", "name": "a", "purl": purl} for purl in purls]
    assert read_sbom(cyclonedx(components=components), "sbom").distribution() == expected


def test_an_extracted_license_of_spdx_is_named() -> None:
    infos = [
        {"licenseId": "LicenseRef-1", "name": "Odd License", "extractedText": "long"},
        {"licenseId": "LicenseRef-2", "name": "NOASSERTION", "extractedText": "Even License"},
    ]
    packages = [
        {"name": "a", "licenseDeclared": "LicenseRef-1"},
        {"name": "b", "licenseDeclared": "NOASSERTION", "licenseConcluded": "LicenseRef-2"},
        {"name": "c", "licenseDeclared": "NONE"},
    ]
    listing = read_sbom(spdx(packages=packages, hasExtractedLicensingInfos=infos), "sbom")
    assert [component.licenses for component in listing.components()] == [
        (RawLicense("Odd License", "licenseDeclared"),),
        (RawLicense("Even License", "licenseConcluded"),),
        (),
    ]


def test_a_document_that_describes_all_its_packages_keeps_them() -> None:
    packages = [{"name": name, "SPDXID": f"SPDXRef-{name}"} for name in "ab"]
    described = ["SPDXRef-a", "SPDXRef-b"]
    assert len(read_sbom(spdx(packages=packages, documentDescribes=described), "sbom").components()) == 2
    assert (
        len(read_sbom(spdx(packages=packages[:1], documentDescribes=described[:1]), "sbom").components()) == 1
    )
    assert len(read_sbom(spdx(packages=packages, documentDescribes=described[:1]), "sbom").components()) == 1


JUNK: st.SearchStrategy[Any] = st.sampled_from(
    ("null", "true", "3", '""', '"x"', '"\\u0000"', "[]", "{}", "[null]", '["x"]', '{"x": 1}', "[{}]", "[[]]")
).map(json.loads)


@given(st.sampled_from([name for name in FILES if name.endswith(".json")]), st.data())
def test_damaged_json_ends_in_an_error_or_a_list(name: str, data: st.DataObject) -> None:
    document = json.loads((DOCUMENTS / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        spoil(document, data)
    try:
        read_sbom(json.dumps(document).encode(), "sbom")
    except TargetError as error:
        assert error.message.startswith("sbom: ")


def spoil(value: Any, data: st.DataObject) -> None:
    """Replace one value somewhere in the tree."""
    while True:
        choices = list(value) if isinstance(value, dict) else range(len(value))
        key = data.draw(st.sampled_from(choices))
        child = value[key]
        if not child or not isinstance(child, dict | list) or data.draw(st.integers(0, 4)) == 0:
            value[key] = data.draw(JUNK)
            return
        value = child


@given(st.integers(0, 21_000), st.binary(max_size=3), st.integers(0, 40))
def test_damaged_xml_ends_in_an_error_or_a_list(offset: int, junk: bytes, cut: int) -> None:
    xml = (DOCUMENTS / "syft-1.18.cdx.xml").read_bytes()
    try:
        read_sbom(xml[:offset] + junk + xml[offset + cut :], "sbom")
    except TargetError as error:
        assert error.message.startswith("sbom: ")
