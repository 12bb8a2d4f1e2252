"""SPDX documents in images: both forms say the same, damage is an error, and which of them are read."""

import time

import orjson
import pytest

from ospo.errors import ParseError
from ospo.extractors import all_extractors
from ospo.extractors.dispatch import Dispatcher
from ospo.extractors.image_sbom import EXTRACTORS
from ospo.extractors.spdx_document import identified, read_document
from ospo.model import RawLicense

TAGS = """SPDXVersion: SPDX-2.3
SPDXID: SPDXRef-DOCUMENT
Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-a
PackageName: a
SPDXID: SPDXRef-a
PackageVersion: 1
PackageComment: <text>PackageName: b
PackageLicenseDeclared: Wrong
</text>
PackageLicenseDeclared: MIT
PackageSupplier: Organization: Some One (one@example.org)
PackageDownloadLocation: https://user:secret@example.org/a.tar.gz
ExternalRef: PACKAGE-MANAGER purl pkg:generic/a@1
FileName: ./c
SPDXID: SPDXRef-c
"""


def test_tags_and_json_say_the_same() -> None:
    package = {
        "name": "a",
        "SPDXID": "SPDXRef-a",
        "versionInfo": "1",
        "licenseDeclared": "MIT",
        "supplier": "Organization: Some One (one@example.org)",
        "downloadLocation": "https://user:secret@example.org/a.tar.gz",
        "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:generic/a@1"}],
    }
    written = {"spdxVersion": "SPDX-2.3", "packages": [package], "documentDescribes": ["SPDXRef-a"]}
    assert read_document(TAGS.encode()) == read_document(orjson.dumps(written))


def test_a_package_is_identified_by_its_package_url() -> None:
    component = identified(read_document(TAGS.encode()).packages[0])
    assert component is not None
    assert (component.purl, component.supplier) == ("pkg:generic/a@1", "Some One")
    assert component.licenses == (RawLicense("MIT", "licenseDeclared"),)
    assert component.urls == (("distribution", "https://example.org/a.tar.gz"),)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"{", b'{"spdxVersion": 2}', b"PackageName: a\n"])
def test_what_is_no_document_is_an_error(data: bytes) -> None:
    with pytest.raises(ParseError):
        read_document(data)


@pytest.mark.parametrize(
    "line", ["PackageName: a", "Relationship: a CONTAINS a", "<text>", "A: <text>", "a" * 99]
)
def test_a_document_costs_no_more_than_its_length(line: str) -> None:
    start = time.process_time()
    read_document((TAGS + f"{line}\n" * (1 << 16)).encode())
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("path", "read"),
    [
        ("var/lib/db/sbom/curl-8.12.1-r3.spdx.json", True),
        ("usr/lib/python3.14/site-packages/pip/_vendor/bom.cdx.json", False),
        ("usr/share/app/sbom.spdx.json", False),
        ("home/app/var/lib/db/sbom/a.spdx.json", False),
    ],
)
def test_only_the_documents_of_the_package_manager_are_read(path: str, read: bool) -> None:
    assert bool(Dispatcher(EXTRACTORS).wanted(path.encode())) == read
    assert bool(Dispatcher(all_extractors()).wanted(path.encode())) == read
