from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import RESULT
from schemas import VERSIONS, xml_validator
from strategies import scan_results

from ospo.errors import TargetError
from ospo.model import ScanResult
from ospo.sbom import cyclonedx, library

BOM = '<bom xmlns="http://cyclonedx.org/schema/bom/1.6">{}</bom>'
NAMED = '<component type="library"><name>a</name>{}</component>'


@given(scan_results(), st.sampled_from(sorted(VERSIONS)))
def test_every_xml_document_is_valid(result: ScanResult, version: str) -> None:
    xml = library.write_xml(cyclonedx.document(result, version))
    assert xml_validator(version).validate_str(xml.decode()) is None


def test_xml_says_what_json_says() -> None:
    document = cyclonedx.document(RESULT)
    read = library.read_xml(library.write_xml(document), "sbom")
    assert read["specVersion"] == "1.6"
    assert by_ref(read) == by_ref(document)


def by_ref(document: dict[str, Any]) -> dict[str, Any]:
    """Return what must be equal; the order and the spelling of purls are the library's own."""
    kept = ("type", "name", "version", "hashes", "licenses", "supplier")
    return {one["bom-ref"]: [one.get(key) for key in kept] for one in document["components"]}


@given(scan_results())
def test_the_same_document_gives_the_same_xml(result: ScanResult) -> None:
    document = cyclonedx.document(result)
    assert library.write_xml(document) == library.write_xml(document)


def test_an_empty_document_is_read() -> None:
    assert library.read_xml(BOM.format("").encode(), "sbom") == {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
    }


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        ("<bom", "sbom: not XML: "),
        ('<?xml version="1.0" encoding="utf-7"?><bom/>', "sbom: not XML: "),
        ("<html/>", "sbom: not a CycloneDX document but <html>"),
        ('<component xmlns="http://cyclonedx.org/schema/bom/1.6"/>', "sbom: not a CycloneDX document but <"),
        (BOM.format("<version>x</version>").replace("1.6", '1.6" version="x'), "sbom: not valid CycloneDX: "),
        (
            BOM.format(f"<components>{NAMED.format('<purl>pkg:nope</purl>')}</components>"),
            "sbom: not valid CycloneDX: PURL string supplied does not parse: 'pkg:nope'",
        ),
        (
            '<!DOCTYPE bom [<!ENTITY a "b">]>' + BOM.format("&a;"),
            "sbom: declares a document type or entities",
        ),
        (
            '<!DOCTYPE bom SYSTEM "file:///etc/passwd">' + BOM.format(""),
            "sbom: declares a document type or entities",
        ),
        (
            BOM.format(
                '<components><component type="library"><name>a</name>' * 2000
                + "</component></components>" * 2000
            ),
            "sbom: nested too deeply",
        ),
    ],
)
def test_what_is_no_document_is_explained(xml: str, message: str) -> None:
    with pytest.raises(TargetError) as error:
        library.read_xml(xml.encode(), "sbom")
    assert error.value.message.startswith(message)
    assert error.value.message.isprintable()
