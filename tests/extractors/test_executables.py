"""PE and Mach-O files: what is a program and what only starts like one, widths and byte orders, damage."""

import random

import pytest
from executable_files import small_macho, small_pe, universal
from go_programs import inline

from ospo.errors import ParseError
from ospo.extractors import go_binary
from ospo.extractors.dispatch import Dispatcher
from ospo.extractors.executable import Executable
from ospo.extractors.executables import executables
from ospo.extractors.interface import File, Held

GO = inline("go1.22.3", "path\texample.org/app\nmod\texample.org/app\tv1.2.3\t\n")


def file_of(data: bytes) -> File:
    return File("app", len(data), 0o755, Held(data))


def programs(data: bytes) -> list[Executable]:
    return list(executables(file_of(data)))


def names(data: bytes) -> list[str]:
    return [component.name for component in go_binary.extract(file_of(data))]


@pytest.mark.parametrize(
    "data",
    [
        small_pe(GO),
        small_pe(GO, wide=False),
        small_macho(GO),
        small_macho(GO, wide=False),
        small_macho(GO, order=">"),
        small_macho(GO, order=">", wide=False),
        small_macho(GO, kind=6),
    ],
)
def test_build_information_is_found_in_every_kind_of_program(data: bytes) -> None:
    assert names(data) == ["app", "stdlib"]


def test_a_universal_file_is_read_program_by_program() -> None:
    assert names(universal(small_macho(GO), small_macho(GO, order=">"))) == ["app", "stdlib"] * 2


@pytest.mark.parametrize(
    "data",
    [
        b"MZ",
        b"MZ".ljust(200, b"\0"),
        b"MZ".ljust(0x3C, b"\0") + b"\xff\xff\xff\x7f",
        small_macho(GO, kind=1),
        small_macho(GO, kind=10),
    ],
)
def test_what_only_starts_like_a_program_is_left_alone(data: bytes) -> None:
    assert programs(data) == []


def test_class_files_of_java_are_not_wanted() -> None:
    dispatcher = Dispatcher(go_binary.EXTRACTORS)
    for major in range(45, 90):
        assert dispatcher.by_magic(b"\xca\xfe\xba\xbe\0\0\0" + bytes((major,)) + b"\0" * 8) == ()
    assert dispatcher.by_magic(universal(small_macho(GO))[:16])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (small_pe(GO)[:70], "is cut off"),
        (small_pe(GO)[:90], "beyond its"),
        (small_pe(GO).replace(b"\x0b\x02", b"\x0c\x02", 1), "optional header"),
        (small_pe(GO).replace(b"\x64\x86\x01\x00", b"\x64\x86\xff\xff"), "claims 65535 sections"),
        (small_macho(GO)[:60], "beyond its"),
        (small_macho(GO).replace(b"\x19\0\0\0\x98", b"\x19\0\0\0\x02"), "claims 2 bytes"),
        (small_macho(GO).replace(b"\x19\0\0\0\x98", b"\x19\0\0\0\x40"), "segment is cut off"),
        (universal(small_macho(GO))[:-1], "is cut off"),
    ],
)
def test_damaged_headers_are_parse_errors(data: bytes, message: str) -> None:
    with pytest.raises(ParseError, match=message):
        names(data)


@pytest.mark.parametrize(
    ("data", "name"), [(small_pe(GO)[:-30], ".data"), (small_macho(GO)[:-30], "__go_buildinfo")]
)
def test_a_section_beyond_the_end_is_a_parse_error(data: bytes, name: str) -> None:
    (program,) = programs(data)
    with pytest.raises(ParseError, match="cut off"):
        program.section(name)


def test_a_section_is_found_by_name() -> None:
    (program,) = programs(small_macho(b"x" * 9, name=".dep-v0"))
    section = program.section(".dep-v0")
    assert section is not None
    assert program.at(section.address, 100) == b"x" * 9
    assert program.section("other") is None
    assert program.at(section.address + 9, 1) == b""


@pytest.mark.parametrize("data", [small_pe(GO), small_macho(GO), universal(small_macho(GO))])
def test_a_program_with_a_damaged_head_raises_nothing_but_parse_errors(data: bytes) -> None:
    rng = random.Random(0)
    for _ in range(1000):
        copy = bytearray(data)
        for _ in range(rng.randrange(1, 4)):
            copy[rng.randrange(4, 256)] = rng.choice((0, 1, 0x7F, 0x80, 0xFF))
        try:
            names(bytes(copy))
        except ParseError as error:
            assert "\n" not in error.message
