"""Package files of rpm: what tells sources apart, what is read of large files, and edges between files."""

import struct
from pathlib import Path

import pytest
from rpm_databases import header

from ospo.errors import ParseError
from ospo.extractors.interface import File, Head, Held
from ospo.extractors.rpm_archive import EXTRACTORS
from ospo.extractors.rpm_header import Tag
from ospo.image.graph import edges
from ospo.model import Component

(EXTRACTOR,) = EXTRACTORS
CASES = Path(__file__).parent / "rpm-archive"
MAGIC = b"\x8e\xad\xe8\x01\0\0\0\0"
NO_SIGNATURES = MAGIC + bytes(8)


def package(blob: bytes, *, kind: int = 0, signatures: bytes = NO_SIGNATURES) -> bytes:
    return b"\xed\xab\xee\xdb\3\0" + struct.pack(">H", kind) + bytes(88) + signatures + MAGIC + blob


def read(data: bytes, size: int = 0) -> Component:
    """Read a file of `size` bytes of which as many are kept as the extractor asks for."""
    content = Head(Held(data), EXTRACTOR.head) if size > EXTRACTOR.head else Held(data)
    (found,) = EXTRACTOR.extract(File("a.rpm", size or len(data), 0o644, content))
    assert isinstance(found, Component)
    return found


@pytest.mark.parametrize(
    "data",
    [
        package(header(arch="x86_64", requirename="make"), kind=1),
        package(header({Tag.SOURCEPACKAGE: [1]}, arch="x86_64", requirename="make")),
    ],
)
def test_a_source_package_is_one_by_its_lead_or_its_header(data: bytes) -> None:
    found = read(data)
    assert found.purl == "pkg:rpm/name@1-1?arch=src"
    assert found.depends == ()


def test_a_package_of_which_no_source_is_named_is_no_source_package() -> None:
    found = read(package(header(arch="x86_64", requirename="bash", providename="word")))
    assert found.purl == "pkg:rpm/name@1-1?arch=x86_64"
    assert (found.depends, found.provides) == (("bash",), ("word",))


def test_signatures_are_padded() -> None:
    signatures = MAGIC + struct.pack(">II", 0, 3) + bytes(3)
    assert read(package(header(), signatures=signatures + bytes(5))).name == "name"


def test_no_payload_is_read() -> None:
    assert read(package(header()), size=2 << 40).name == "name"


def test_headers_beyond_the_head_are_refused() -> None:
    signatures = MAGIC + struct.pack(">II", 0, EXTRACTOR.head)
    with pytest.raises(ParseError, match="signatures that ends at"):
        read(package(header(), signatures=signatures), size=2 << 40)


def test_a_package_needs_another_in_the_same_folder() -> None:
    paths = sorted(CASES.glob("built/packages/*"))
    found = tuple(read(path.read_bytes()) for path in paths)
    source, program, libraries = (component.key for component in found)
    assert edges(found) == ((program, (libraries,)),)
    assert "arch=src" in source
