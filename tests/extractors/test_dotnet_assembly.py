"""Versions of .NET assemblies: which of the strings counts, and hostile trees of resources."""

import random
import struct
import time
from pathlib import Path

import pytest
from executable_files import PE_ADDRESS, small_pe

from ospo.extractors import dotnet_assembly
from ospo.extractors.interface import File, Held
from ospo.model import Component

CASES = Path(__file__).parent / "dotnet-assembly"
REAL = CASES / "assemblies/opt/app/Newtonsoft.Json.dll"


def extracted(data: bytes, path: str = "app/Some.Library.dll") -> list[Component]:
    found = dotnet_assembly.extract(File(path, len(data), 0o644, Held(data)))
    return [record for record in found if isinstance(record, Component)]


def assembly(strings: dict[str, str]) -> bytes:
    """Write an assembly with these strings."""
    rows = b"".join(block(key, (value + "\0").encode("utf-16-le")) for key, value in strings.items())
    info = block("StringFileInfo", block("040904B0", rows))
    version = block("VS_VERSION_INFO", b"\0" * 52 + info, 52)
    data_at = 3 * 24 + 16
    levels = b"".join(
        struct.pack("<12xHHII", 0, 1, number, below)
        for number, below in ((16, 1 << 31 | 24), (1, 1 << 31 | 48), (0, 72))
    )
    resources = levels + struct.pack("<IIII", PE_ADDRESS + data_at, len(version), 0, 0) + version
    directories = {2: (PE_ADDRESS, len(resources)), 14: (8, 72)}
    return small_pe(resources, ".rsrc", flags=0x40000040, directories=directories)


def block(key: str, value: bytes, value_size: int = 0) -> bytes:
    head = (key + "\0").encode("utf-16-le")
    start = (b"\0" * 6 + head).ljust((6 + len(head) + 3) // 4 * 4, b"\0")
    length = len(start) + len(value)
    return (struct.pack("<HHH", length, value_size, 1) + start[6:] + value).ljust(
        (length + 3) // 4 * 4, b"\0"
    )


@pytest.mark.parametrize(
    ("product", "file", "version"),
    [
        ("13.0.4+4e13299d4b0ec96bd4df9954ef646bd2d1b5bf2a", "13.0.4.30916", "13.0.4"),
        ("8.0.0-rc.2.23479.6", "8.0.23.47906", "8.0.0-rc.2.23479.6"),
        ("4.6.1590.0 built by: NETFXREL2", "4.6.1590.0", "4.6.1590.0"),
        ("final", "1.2.3.4", "1.2.3.4"),
        ("0.0.0.0", "2.1", "2.1"),
    ],
)
def test_the_version_of_the_product_goes_before_that_of_the_file(
    product: str, file: str, version: str
) -> None:
    (found,) = extracted(assembly({"FileVersion": file, "ProductVersion": product}))
    assert (found.name, found.version, found.purl) == ("Some.Library", version, None)


@pytest.mark.parametrize("strings", [{}, {"FileVersion": "0.0.0.0"}, {"ProductVersion": "x"}])
def test_an_assembly_without_a_version_gives_nothing(strings: dict[str, str]) -> None:
    assert extracted(assembly(strings)) == []


@pytest.mark.parametrize(
    "path",
    [
        "usr/share/dotnet/shared/Microsoft.AspNetCore.App/8.0.1/Microsoft.AspNetCore.dll",
        "usr/share/dotnet/sdk/8.0.101/MSBuild.dll",
        "usr/share/dotnet/packs/Microsoft.NETCore.App.Ref/8.0.1/ref/net8.0/System.dll",
        "app/de/Some.Library.resources.dll",
    ],
)
def test_what_always_has_a_list_beside_it_is_left_out(path: str) -> None:
    assert extracted(REAL.read_bytes(), path) == []


def test_resources_that_lead_in_circles_end() -> None:
    directories = {2: (PE_ADDRESS, 64), 14: (8, 72)}
    for below in (0, 1 << 31, 1 << 31 | 8, 24, 0xFFFFFFFF):
        resources = struct.pack("<12xHHII", 0, 1, 16, below) * 40
        assert extracted(small_pe(resources, ".rsrc", directories=directories)) == []


def test_many_blocks_take_no_long_time() -> None:
    before = time.process_time()
    extracted(assembly({f"{number}": "" for number in range(3000)}))
    extracted(assembly({"x" * 15000: "y" * 10000}))
    assert time.process_time() - before < 2


def test_damaged_resources_raise_nothing() -> None:
    rng = random.Random(0)
    real = REAL.read_bytes()
    for _ in range(2000):
        copy = bytearray(real)
        for _ in range(rng.randrange(1, 6)):
            copy[rng.randrange(512, len(copy))] = rng.choice((0, 1, 0x7F, 0x80, 0xFF))
        for component in extracted(bytes(copy)):
            assert component.name == "Some.Library"
            assert "6.0.8.18111".startswith(component.version)
