"""Java archives: names, groups and licences; zip archives as Java reads them; hostile input."""

import io
import random
import struct
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from java_archives import directory_at, jar, manifest, maven, patched

from ospo.errors import ParseError
from ospo.extractors import java
from ospo.extractors.interface import File, Held
from ospo.extractors.java_identity import Identity, find_main, identify, split_stem
from ospo.extractors.java_metadata import Pom, addresses, bundle_licenses, read_manifest, read_pom
from ospo.extractors.zip_reader import ZipArchive
from ospo.limits import Limits
from ospo.model import Component

RELEASED = sorted((Path(__file__).parent / "java-archive" / "released" / "opt").iterdir())
ALL = (b"",)
MEMORY = 16 << 20


def extracted(data: bytes, name: str = "app-1.0.jar", limits: Limits | None = None) -> list[Component]:
    return list(java.extract(File(f"opt/{name}", len(data), 0o644, Held(data), limits=limits or Limits())))


def opened(data: bytes) -> ZipArchive:
    return ZipArchive(Held(data), len(data), MEMORY)


# Names and what they say


@pytest.mark.parametrize(
    ("stem", "name", "version"),
    [
        ("guava-33.0.0-jre", "guava", "33.0.0-jre"),
        ("log4j-1.2-api-2.17.2", "log4j-1.2-api", "2.17.2"),
        ("stax-api-1.0-2", "stax-api", "1.0-2"),
        ("foo-1.0-beta-2", "foo", "1.0-beta-2"),
        ("foo-1.0-SNAPSHOT-sources", "foo", "1.0-SNAPSHOT"),
        ("netty-epoll-4.1.0.Final-linux-x86_64", "netty-epoll", "4.1.0.Final"),
        ("tool-2.1-linux-64", "tool", "2.1"),
        ("json-20240303", "json", "20240303"),
        ("breeze_2.13-2.1.0", "breeze_2.13", "2.1.0"),
        ("org.eclipse.osgi_3.18.0.v2022", "org.eclipse.osgi", "3.18.0.v2022"),
        ("py4j0.10.9.9", "py4j", "0.10.9.9"),
        ("scala-library_2.13", "scala-library_2.13", ""),
        ("commons-lang3", "commons-lang3", ""),
        ("", "", ""),
    ],
)
def test_a_file_name_is_split_where_the_version_starts(stem: str, name: str, version: str) -> None:
    assert split_stem(stem) == (name, version)


@pytest.mark.parametrize(
    ("stem", "main"),
    [
        ("b-1.0", "b"),
        ("b-1.0-all", "b"),
        ("b", "b"),
        ("a-b-3", "a-b"),
        ("renamed", "title"),
        ("renamed-9.9", "title"),
    ],
)
def test_the_main_artifact_is_the_one_that_the_file_or_its_manifest_is_named_after(
    stem: str, main: str
) -> None:
    poms = [Pom("g", "a", "1"), Pom("g", "b", "1.0"), Pom("g", "a-b", "3"), Pom("g", "title", "4")]
    found = find_main(poms, stem, {"implementation-title": "title"})
    assert found is not None
    assert found.artifact == main


def test_a_single_artifact_under_another_versioned_name_is_a_copy() -> None:
    components = extracted(jar({**maven("g", "shaded", "3.0"), **manifest()}), "own-1.0.jar")
    assert [(c.name, c.version, c.evidence.value) for c in components] == [
        ("own", "1.0", "installed"),
        ("shaded", "3.0", "embedded"),
    ]


@pytest.mark.parametrize(
    ("header", "licenses"),
    [
        ("MIT", ("MIT",)),
        ("https://example.org/l.txt", ("https://example.org/l.txt",)),
        ("EPL-2.0,Apache-2.0", ("EPL-2.0", "Apache-2.0")),
        ('"Apache-2.0";link="https://example.org/a,b", MIT', ("Apache-2.0", "MIT")),
        ("Apache License, Version 2.0", ("Apache License, Version 2.0",)),
        ('"Apache License, Version 2.0";description:="x"', ("Apache License, Version 2.0",)),
        ("<<EXTERNAL>>", ()),
        ("", ()),
    ],
)
def test_bundle_licenses_are_split_only_where_that_is_sure(header: str, licenses: tuple[str, ...]) -> None:
    assert bundle_licenses(header) == licenses


def test_an_organisation_that_sbt_put_before_the_file_name_is_no_part_of_the_artifact() -> None:
    for field in ("implementation-vendor-id", "implementation-vendor"):
        packaged = identify(None, "com.lihaoyi.geny_3-1.1.1", {field: "com.lihaoyi"})
        assert packaged == Identity("com.lihaoyi", "geny_3", "1.1.1", "manifest")
    dotted = identify(None, "org.eclipse.lsp4j.generator-0.24.0", {"automatic-module-name": "x"})
    assert dotted == Identity("", "org.eclipse.lsp4j.generator", "0.24.0", "filename")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_only_the_main_section_of_a_manifest_counts(end: str) -> None:
    text = end.join(
        ("Manifest-Version: 1.0", "Bundle-License: Apa", " che-2.0", "", "Name: x", "Bundle-License: no")
    )
    assert read_manifest(text.encode()) == {"manifest-version": "1.0", "bundle-license": "Apache-2.0"}


def test_placeholders_count_as_absent() -> None:
    assert read_manifest(b"A: ${project.name}\nB: %bundle.name\nC: c\n") == {"c": "c"}


def test_a_manifest_with_thousands_of_signatures_or_a_long_main_section_is_read() -> None:
    signed = manifest(Implementation_Title="signed")
    signed["META-INF/MANIFEST.MF"] += "Name: x\r\nSHA-256-Digest: x\r\n\r\n" * 50_000
    assert extracted(jar(signed, stored=True), "x.jar")[0].name == "signed"
    long = manifest(Import_Package="x," * 100_000, Implementation_Title="long")
    assert extracted(jar(long, stored=True), "x.jar")[0].name == "long"


def test_addresses_with_passwords_or_of_no_known_form_are_left_out() -> None:
    pairs = [
        ("vcs", "https://u:p@git.example/x"),
        ("vcs", "git@git.example:x"),
        ("website", "https://a.example/@x"),
    ]
    assert addresses(*pairs) == (("website", "https://a.example/@x"),)


def test_a_pom_that_nests_its_elements_deeply_is_read() -> None:
    text = (
        b"<project><groupId>g</groupId>"
        + b"<a>" * 50_000
        + b"</a>" * 50_000
        + b"<version>1</version></project>"
    )
    assert read_pom(text) == Pom(group="g", version="1")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"<project>",
        b"\xff\xfe",
        b'<!DOCTYPE p SYSTEM "file:///etc/passwd"><p/>',
        b'<?xml version="1.0" encoding="no-such"?><p/>',
    ],
)
def test_a_damaged_or_dangerous_pom_is_a_parse_error(text: bytes) -> None:
    with pytest.raises(ParseError, match="XML"):
        read_pom(text)


# Zip archives


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: path.name)
def test_entries_and_bytes_are_those_that_the_standard_library_reads(path: Path) -> None:
    data = path.read_bytes()
    archive = opened(data)
    with zipfile.ZipFile(io.BytesIO(data)) as oracle:
        entries = archive.entries(ALL)
        assert [entry.name for entry in entries] == oracle.namelist()
        assert [archive.read(entry, MEMORY) for entry in entries] == [
            oracle.read(name) for name in oracle.namelist()
        ]


def test_names_are_matched_without_regard_to_case() -> None:
    assert [entry.name for entry in opened(jar({"A.JAR": "", "b.txt": ""})).entries((b".jar",))] == ["A.JAR"]


def test_a_script_before_the_archive_moves_its_offsets() -> None:
    archive = opened(b"#!/bin/sh\n" + jar({"a": "text"}))
    assert archive.read(archive.entries(ALL)[0], 10) == b"text"


def test_an_end_record_inside_the_comment_does_not_hide_entries() -> None:
    empty = jar({})
    assert [entry.name for entry in opened(jar({"a": ""}, comment=b"x" + empty + b"y")).entries(ALL)] == ["a"]


def test_a_directory_record_inside_a_comment_or_name_is_no_entry() -> None:
    inner = jar({"hidden.jar": b"x"})
    record = inner[directory_at(inner) : -22]
    outer = jar({"a.txt": b""})
    at = directory_at(outer)
    data = outer[:at] + outer[at:-22] + record + outer[-22:]
    data = patched(data, at + 32, "<H", len(record))
    data = patched(data, len(data) - 10, "<I", len(data) - 22 - at)
    assert [entry.name for entry in opened(data).entries(ALL)] == ["a.txt"]


def test_a_count_that_overflowed_sixteen_bits_is_accepted() -> None:
    record = jar({"x": ""})
    record = record[directory_at(record) : -22]
    directory = record * 0x10003
    end = struct.pack("<4s4xHHIIH", b"PK\5\6", 3, 3, len(directory), 0, 0)
    assert len(opened(directory + end).entries((b"nothing",))) == 0


def zip64(data: bytes, **changed: int) -> bytes:
    """Return an archive whose end record is the wide one."""
    at = directory_at(data)
    size, count = len(data) - 22 - at, struct.unpack_from("<H", data, len(data) - 12)[0]
    fields = {"count": count, "size": size, "offset": at, "end": len(data) - 22, **changed}
    wide = struct.pack(
        "<4sQHHIIQQQQ",
        b"PK\6\6",
        44,
        45,
        45,
        0,
        0,
        *[fields[k] for k in ("count", "count", "size", "offset")],
    )
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, fields["end"], 1)
    narrow = struct.pack("<4s4xHHIIH", b"PK\5\6", 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return data[:-22] + wide + locator + narrow


def test_a_zip64_end_record_is_read() -> None:
    archive = opened(zip64(jar({"a": "text"})))
    assert archive.read(archive.entries(ALL)[0], 10) == b"text"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"count": 2}, "has 1 records, not 2"),
        ({"count": 0x10001}, "has 1 records, not 65537"),
        ({"end": 5}, "zip64 end record is not at offset 5"),
        ({"end": 1 << 63}, "has no 56 bytes at offset"),
        ({"size": 1 << 63}, "does not fit before"),
        ({"offset": 1 << 40}, "does not fit before"),
    ],
)
def test_a_lying_zip64_end_record_is_a_parse_error(changed: dict[str, int], message: str) -> None:
    with pytest.raises(ParseError, match=message):
        opened(zip64(jar({"a": "text"}), **changed)).entries(ALL)


def test_wide_sizes_of_an_entry_are_taken_from_its_extra_field() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as writer, writer.open("a", "w", force_zip64=True) as entry:
        entry.write(b"text")
    data = out.getvalue()
    at = directory_at(data)
    extra = struct.pack("<HHQQ", 1, 16, 4, 4)
    data = data[: at + 46 + 1] + extra + data[at + 46 + 1 :]
    for offset, form, value in ((20, "<I", 0xFFFFFFFF), (24, "<I", 0xFFFFFFFF), (30, "<H", len(extra))):
        data = patched(data, at + offset, form, value)
    data = patched(data, len(data) - 10, "<I", len(data) - 22 - at)
    archive = opened(data)
    assert archive.read(archive.entries(ALL)[0], 10) == b"text"


def test_a_directory_larger_than_allowed_is_a_parse_error() -> None:
    data = jar({"a" * 1000: ""})
    with pytest.raises(ParseError, match="larger than 100"):
        ZipArchive(Held(data), len(data), 100)


# Archives within archives


def test_a_stored_archive_is_read_in_place_however_large_it_is() -> None:
    inner = jar({**maven("g", "inner", "1"), "big": random.Random(1).randbytes(40_000)})
    limits = Limits(memory_file=20_000)
    assert [c.name for c in extracted(jar({"lib/inner.jar": inner}, stored=True), limits=limits)] == ["inner"]
    with pytest.raises(ParseError, match=r"lib/inner.jar: .* limits.memory_file") as caught:
        extracted(jar({"lib/inner.jar": inner}), limits=limits)
    assert "ospo.toml" in caught.value.hint


def test_what_is_damaged_within_is_told_after_all_else() -> None:
    good = jar(maven("g", "good", "1"))
    files = {f"lib/{n}.jar": b"PK" for n in range(5)} | {"lib/z.jar": good}
    components = java.extract(file_of(jar(files)))
    assert next(components).name == "good"
    with pytest.raises(ParseError, match=r"lib/0.jar: .*; lib/1.jar: .*; lib/2.jar: .*; and 2 more"):
        next(components)


def file_of(data: bytes) -> File:
    return File("opt/app.jar", len(data), 0o644, Held(data))


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(file_size=100), "bytes inflated"),
        (Limits(layer_entries=5), "records"),
    ],
)
def test_what_lies_within_costs_no_more_than_the_limits(limits: Limits, message: str) -> None:
    files = {f"{n}.jar": jar({"a.class": b"x"}) for n in range(20)}
    with pytest.raises(ParseError, match=f"holds too many {message}"):
        extracted(jar(files), limits=limits)


def test_an_archive_with_countless_metadata_files_ends_soon() -> None:
    data = jar({f"META-INF/maven/g/a{n}/pom.properties": "" for n in range(25_000)})
    before = time.process_time()
    with pytest.raises(ParseError, match="too many archives and metadata files"):
        extracted(data)
    assert time.process_time() - before < 10


@pytest.mark.parametrize("text", ["<a/>" * 250_000, "<a " + "b='' " * 150_000 + "/>", "<a>" * 100_000])
def test_a_large_pom_ends_soon(text: str) -> None:
    before = time.process_time()
    with pytest.raises(ParseError, match="is no sound XML"):
        read_pom(f"<project>{text}".encode())
    assert time.process_time() - before < 5


# Any bytes


@given(st.binary(max_size=300))
def test_any_bytes_raise_nothing_but_parse_errors(data: bytes) -> None:
    for archive in (data, b"PK\5\6" + data, data + jar({})[-22:]):
        try:
            extracted(archive)
        except ParseError as error:
            assert "\n" not in error.message


@given(st.binary(max_size=300))
def test_any_metadata_raises_nothing_but_parse_errors(data: bytes) -> None:
    names = (
        "META-INF/MANIFEST.MF",
        "META-INF/maven/g/a/pom.properties",
        "META-INF/maven/g/b/pom.xml",
        "x.jar",
    )
    try:
        extracted(jar(dict.fromkeys(names, data)))
    except ParseError as error:
        assert "\n" not in error.message


def test_a_name_cannot_bring_control_characters_into_messages() -> None:
    with pytest.raises(ParseError) as caught:
        extracted(jar({"a\n\x1b[31m.jar": b"no archive"}))
    assert caught.value.message.isprintable()


def test_a_name_longer_than_any_path_is_a_parse_error() -> None:
    with pytest.raises(ParseError, match="name of 5004 bytes"):
        extracted(jar({"a" * 5000 + ".jar": b""}))


@given(st.integers(), st.sampled_from(RELEASED))
def test_a_damaged_directory_raises_nothing_but_parse_errors(seed: int, path: Path) -> None:
    rng = random.Random(seed)
    copy = bytearray(path.read_bytes())
    start = directory_at(bytes(copy))
    for _ in range(rng.randrange(1, 4)):
        copy[rng.randrange(start, len(copy))] = rng.choice((0, 1, 0x50, 0x7F, 0x80, 0xFF))
    try:
        extracted(bytes(copy), path.name)
    except ParseError as error:
        assert "\n" not in error.message
