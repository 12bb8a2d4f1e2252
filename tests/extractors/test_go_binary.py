"""Go programs: what decides the main module's version, where build information is found, hostile input."""

import random
import time
from pathlib import Path

import pytest
from go_programs import BASE, counted, header, inline, small_elf
from hypothesis import given
from hypothesis import strategies as st

from ospo.errors import ParseError
from ospo.extractors import go_binary
from ospo.extractors.interface import File, Held
from ospo.model import Component

CASES = Path(__file__).parent / "go-binary"
QUOTE = "dep\trsc.io/quote\tv1.5.2\th1:w5fcysjrx7yqtD/aO+QwRjYZOKnaM9Uh2b40tElTs3Y=\n"
COMMIT = (
    "build\tvcs.revision=0123456789abcdef0123456789abcdef01234567\nbuild\tvcs.time=2024-01-31T23:59:58Z\n"
)


def extracted(program: bytes, path: str = "usr/bin/hello") -> list[Component]:
    return list(go_binary.extract(File(path, len(program), 0o755, Held(program))))


def built(text: str, version: str = "go1.22.3") -> list[Component]:
    return extracted(small_elf(inline(version, text)))


def from_work_tree(path: str, settings: str) -> str:
    return built(f"path\t{path}\nmod\t{path}\t(devel)\t\n{settings}")[0].version


@pytest.mark.parametrize(
    ("flags", "version"),
    [
        ("-X main.version=1.2.3", "v1.2.3"),
        ("-X=main.Version=v1.2.3", "v1.2.3"),
        (r'"-s -w -X \"main.version=1.2.3-rc.1+build\" -X main.commit=abc"', "v1.2.3-rc.1+build"),
        ("-X 'example.org/app/internal/build.Version=1.2.3'", "v1.2.3"),
        ("-X example.org/app/deep/er.version=9.9.9 -X example.org/app.version=1.2.3", "v1.2.3"),
        ("-X example.org/app.version=9.9.9 -X main.version=1.2.3", "v1.2.3"),
        ("-X main.version=1.2.3 -X main.Version=4.5.6", ""),
        ("-X main.version=abcdef0", ""),
        ("-X main.schemaversion=1.2.3", ""),
        ("-X main.version=1.2", ""),
        ("-X example.org/other.version=1.2.3", ""),
        ("-X example.org/application.version=1.2.3", ""),
    ],
)
def test_a_version_set_by_the_linker_names_the_main_module(flags: str, version: str) -> None:
    assert from_work_tree("example.org/app", f"build\t-ldflags={flags}\n") == version


@pytest.mark.parametrize(
    ("path", "version"),
    [
        ("example.org/app", "v0.0.0-20240131235958-0123456789ab"),
        ("example.org/app/v4", "v4.0.0-20240131235958-0123456789ab"),
        ("gopkg.in/app.v2", "v2.0.0-20240131235958-0123456789ab"),
    ],
)
def test_a_recorded_commit_gives_a_pseudo_version_of_the_right_major(path: str, version: str) -> None:
    assert from_work_tree(path, COMMIT) == version


@pytest.mark.parametrize("settings", ["", COMMIT.replace("T23", " 23"), COMMIT.replace("0123456789ab", "x")])
def test_without_a_sensible_commit_the_version_stays_unknown(settings: str) -> None:
    assert from_work_tree("example.org/app", settings) == ""


@pytest.mark.parametrize(
    ("recorded", "version"),
    [
        ("go1.22.3", "1.22.3"),
        ("go1.22.3 X:boringcrypto", "1.22.3"),
        ("go1.21rc2", "1.21rc2"),
        ("devel go1.23-5e8a731569 Wed Apr 3", "1.23-5e8a731569"),
        ("devel +5e8a731569", ""),
    ],
)
def test_the_standard_library_has_the_version_of_go(recorded: str, version: str) -> None:
    assert built(QUOTE, recorded)[-1] == Component(type="golang", name="stdlib", version=version)


def test_flags_of_compiler_and_linker_stay_secret() -> None:
    components = built(
        f"path\texample.org/app\nmod\texample.org/app\t(devel)\t\n{QUOTE}build\t-ldflags=-X a.b=hunter2\n"
    )
    assert "hunter2" not in repr(components)


def test_a_damaged_module_line_is_told_after_what_is_readable() -> None:
    components = go_binary.extract(
        file_of(small_elf(inline("go1.22.3", f"path\tx\ndep\t../evil\tv1\n{QUOTE}")))
    )
    assert [next(components).name for _ in range(3)] == ["x", "quote", "stdlib"]
    with pytest.raises(ParseError, match="line 2 of its Go module list"):
        next(components)


def file_of(program: bytes) -> File:
    return File("usr/bin/hello", len(program), 0o755, Held(program))


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"\xff Go buildinf:", "is cut off"),
        (header(0, 2) + b"\xff" * 12, "is damaged"),
        (header(0, 2) + counted(b"go1.22") + b"\xff\xff\xff\xff\x7f", "claims"),
        (header(0, 2) + counted(b"go1.22") + b"\x7f", "is cut off"),
        (header(0, 2) + counted(b"") + counted(b""), "Go version of 0 bytes"),
        ((header(8, 0) + b"\x01" * 16).ljust(32, b"\0"), "points nowhere"),
        ((header(3, 0) + b"\x01" * 16).ljust(32, b"\0"), "pointers of 3 bytes"),
    ],
)
def test_damaged_build_information_is_a_parse_error(payload: bytes, message: str) -> None:
    with pytest.raises(ParseError, match=message):
        extracted(small_elf(payload))


def test_build_information_is_found_without_a_section_table() -> None:
    program = small_elf(b"\0" * 160 + inline("go1.22.3", QUOTE), sections=False)
    assert [component.name for component in extracted(program)] == ["hello", "quote", "stdlib"]


def test_a_magic_that_is_not_aligned_is_not_build_information() -> None:
    assert extracted(small_elf(b"\0" * 8 + inline("go1.22.3", QUOTE), sections=False)) == []


def test_a_lying_section_table_does_not_hide_build_information() -> None:
    program = bytearray(small_elf(inline("go1.22.3", QUOTE)))
    program[62:64] = b"\xff\xff"
    assert len(extracted(bytes(program))) == 3


@pytest.mark.parametrize("kind", [1, 4])
def test_relocatable_objects_and_core_dumps_are_left_alone(kind: int) -> None:
    program = bytearray(small_elf(inline("go1.22.3", QUOTE)))
    program[16] = kind
    assert extracted(bytes(program)) == []


def test_more_writable_data_than_can_be_searched_is_told() -> None:
    program = small_elf(b"\0" * 16, sections=False)
    size = (65 << 20).to_bytes(8, "little")
    program = program[:96] + size + size + program[112:]
    with pytest.raises(ParseError, match="no section for Go build information"):
        list(go_binary.extract(File("x", 66 << 20, 0o755, Padded(program))))


class Padded:
    """Content that goes on with zeros."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, offset: int, length: int) -> bytes:
        return self._data[offset : offset + length].ljust(length, b"\0")


def test_flags_made_to_slow_down_matching_do_not() -> None:
    before = time.process_time()
    for flags in (
        "-X main.version=1.1." + "1" * 900_000 + "!",
        "-X " * 300_000,
        "-X " + "a.version" * 90_000,
    ):
        from_work_tree("example.org/app", f"build\t-ldflags={flags}\n")
    assert time.process_time() - before < 5


@given(st.binary(max_size=200), st.booleans())
def test_any_build_information_raises_nothing_but_parse_errors(tail: bytes, pointers: bool) -> None:
    start = header(8, 0) if pointers else header(0, 2)
    for bits in (32, 64):
        try:
            extracted(small_elf(start + tail, BASE, bits=bits))
        except ParseError as error:
            assert "\n" not in error.message


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_a_program_with_a_damaged_head_raises_nothing_but_parse_errors(case: str) -> None:
    program = (CASES / case / "usr" / "bin" / "hello").read_bytes()
    rng = random.Random(case)
    for _ in range(500):
        copy = bytearray(program)
        for _ in range(rng.randrange(1, 4)):
            copy[rng.randrange(4, 128)] = rng.choice((0, 1, 0x7F, 0x80, 0xFF))
        try:
            extracted(bytes(copy))
        except ParseError as error:
            assert "\n" not in error.message
