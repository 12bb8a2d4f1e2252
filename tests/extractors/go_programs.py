"""Write small Go programs: those of `go-binary/*/`, and what tests ask for.

`python tests/extractors/go_programs.py` writes the cases anew; it needs Go, git and Go's modules.

Real: the build information of `modules`, `stamped`, `files`, `big-endian`, `windows`, `darwin` and
`universal` is what the Go linker wrote; the program around it is cut down to headers and those bytes.
Made up: `pointers-64` and `pointers-32` (linkers before Go 1.18), `commit` (Go 1.18 to 1.23 record the
commit but no version), `no-build-info` (a program whose build information was cut out) and `not-go`.
The dependencies are rsc.io/quote and what it needs (BSD-3-Clause); only their names and sums are kept.
"""

import os
import struct
import subprocess
import tempfile
from pathlib import Path

from executable_files import small_macho, small_pe, universal

from ospo.extractors import elf, go_buildinfo
from ospo.extractors.executable import Executable
from ospo.extractors.executables import executables
from ospo.extractors.interface import File, Held

CASES = Path(__file__).parent / "go-binary"
BASE = 0x400000
MAIN = """package main

import "rsc.io/quote"

var version, token string

func main() { println(version, token, quote.Hello()%s) }
"""
GO_MOD = "module example.org/ospo/hello%s\n\ngo 1.24\n\nrequire rsc.io/quote v1.5.2\n"
SENTINELS = (
    bytes.fromhex("3077af0c9274080241e1c107e6d618e6"),
    bytes.fromhex("f932433186182072008242104116d8f2"),
)


def main() -> None:
    """Write every case."""
    with tempfile.TemporaryDirectory() as folder:
        write("modules", reduced(modules(Path(folder))))
        write("stamped", reduced(stamped(Path(folder))))
        write("files", reduced(files(Path(folder))))
        write("big-endian", reduced(files(Path(folder), GOARCH="mips", CGO_ENABLED="0"), sections=False))
        windows = files(Path(folder), GOOS="windows", GOARCH="amd64")
        write("windows", small_pe(build_information(windows)))
        darwin = [files(Path(folder), GOOS="darwin", GOARCH=arch) for arch in ("amd64", "arm64")]
        programs = [small_macho(build_information(path)) for path in darwin]
        write("darwin", programs[0])
        write("universal", universal(*programs))
    write("pointers-64", small_elf(*pointers("<", "Q"), bits=64))
    write("pointers-32", small_elf(*pointers(">", "I"), bits=32, order=">", sections=False))
    write("commit", small_elf(inline("go1.22.3 X:boringcrypto", COMMIT)))
    write("no-build-info", small_elf(b"\0" * 64, name=".gopclntab"))
    write("not-go", small_elf(b"\0" * 64, name=".data"))


def write(case: str, program: bytes) -> None:
    """Write one case's program."""
    path = CASES / case / "usr" / "bin" / "hello"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(program)


# Real programs


def modules(folder: Path) -> Path:
    """A module with a dependency, one replaced by a release, one by a folder, and a version by -ldflags."""
    root = new_module(folder / "modules", "/v2", " + greet.Word", '\nimport "example.org/ospo/greet"\n')
    with (root / "go.mod").open("a") as go_mod:
        go_mod.write("require example.org/ospo/greet v0.1.0\n")
        go_mod.write("replace example.org/ospo/greet => ./greet\n")
        go_mod.write("replace rsc.io/sampler v1.3.0 => rsc.io/sampler v1.3.1\n")
    (root / "greet").mkdir()
    (root / "greet" / "go.mod").write_text("module example.org/ospo/greet\n")
    (root / "greet" / "greet.go").write_text('package greet\n\nconst Word = "hello"\n')
    return build(root, "-ldflags=-s -w -X main.version=2.1.0 -X main.token=hunter2", ".")


def stamped(folder: Path) -> Path:
    """A module in a git work tree with a change after its last commit."""
    root = new_module(folder / "stamped")
    when = "2024-01-31T23:59:58Z"
    identity = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
    run(root, "go", "mod", "tidy")
    run(root, "git", "init", "-q")
    run(root, "git", "add", "-A")
    run(
        root,
        "git",
        "-c",
        "user.name=t",
        "-c",
        "user.email=t@example.org",
        "commit",
        "-qm",
        "start",
        **identity,
    )
    (root / "main.go").write_text(MAIN % " + version")
    return build(root, "-buildvcs=true", "-ldflags=-s -w", ".")


def files(folder: Path, **environment: str) -> Path:
    """A program built from a file instead of a package, for any architecture."""
    root = new_module(folder / "-".join(("files", *environment.values())))
    return build(root, "-ldflags=-s -w", "main.go", **environment)


def new_module(root: Path, suffix: str = "", more: str = "", imports: str = "") -> Path:
    """Write a main module that prints a word."""
    root.mkdir()
    (root / "go.mod").write_text(GO_MOD % suffix)
    (root / "main.go").write_text((MAIN % more).replace("\nvar", f"{imports}\nvar"))
    return root


def build(root: Path, *arguments: str, **environment: str) -> Path:
    """Build it and return the program."""
    run(root, "go", "mod", "tidy")
    run(root, "go", "build", "-o", "hello", *arguments, **environment)
    return root / "hello"


def run(root: Path, *command: str, **environment: str) -> None:
    """Run a build step."""
    subprocess.run(command, cwd=root, check=True, env={**os.environ, **environment})


def reduced(path: Path, *, sections: bool = True) -> bytes:
    """Keep of a real program only what says how it was built."""
    data = path.read_bytes()
    program = elf.read_elf(File("hello", len(data), 0o755, Held(data)), data[:64])
    assert program is not None
    section = program.section(".go.buildinfo")
    assert section is not None
    assert go_buildinfo.find(program, section.address, section.size) == section.address
    payload = data[section.offset : section.offset + section.size]
    order, bits = "><"[data[5] == 1], (32, 64)[data[4] == 2]
    return small_elf(payload, section.address, bits=bits, order=order, sections=sections)


def build_information(path: Path) -> bytes:
    """Return the build information of a program for any system."""
    data = path.read_bytes()
    (program,) = executables(File("hello", len(data), 0o755, Held(data)))
    at = next(filter(None, (go_buildinfo.find(program, *place) for place in places(program))))
    return program.at(at, 2048)


def places(program: Executable) -> list[tuple[int, int]]:
    """Say where it may lie."""
    section = program.section("__go_buildinfo")
    return [(place.address, place.size) for place in ([section] if section else program.writable())]


# Made-up programs

COMMIT = """path\texample.org/ospo/hello/v3/cmd/hello
mod\texample.org/ospo/hello/v3\t(devel)\t
dep\trsc.io/quote\tv1.5.2\th1:w5fcysjrx7yqtD/aO+QwRjYZOKnaM9Uh2b40tElTs3Y=
build\tCGO_ENABLED=0
build\tGOARCH=arm64
build\tGOOS=linux
build\tvcs=git
build\tvcs.revision=0123456789abcdef0123456789abcdef01234567
build\tvcs.time=2024-01-31T23:59:58Z
build\tvcs.modified=true
"""

POINTED = """path\texample.org/ospo/hello
mod\texample.org/ospo/hello\tv1.2.3\th1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
dep\trsc.io/quote\tv1.5.2\th1:w5fcysjrx7yqtD/aO+QwRjYZOKnaM9Uh2b40tElTs3Y=
"""


def inline(version: str, text: str) -> bytes:
    """Write the form of Go 1.18 and later: two counted strings."""
    return header(0, 2) + counted(version.encode()) + counted(wrapped(text))


def pointers(order: str, word: str) -> tuple[bytes, int]:
    """Write the older form: pointers to two Go strings, each a pointer and a length."""
    size = struct.calcsize(word)
    version, text = b"go1.17.13", wrapped(POINTED)
    strings = BASE + 32
    texts = strings + 4 * size
    return b"".join(
        (
            (header(size, order == ">") + struct.pack(order + 2 * word, strings, strings + 2 * size)).ljust(
                32, b"\0"
            ),
            struct.pack(order + 4 * word, texts, len(version), texts + len(version), len(text)),
            version,
            text,
        )
    ), BASE


def header(pointer_size: int, flags: int) -> bytes:
    """Write the magic and what follows it."""
    start = b"\xff Go buildinf:" + bytes((pointer_size, flags))
    return start.ljust(32, b"\0") if flags & 2 else start


def wrapped(text: str) -> bytes:
    """Put the sentinels around it."""
    return SENTINELS[0] + text.encode() + SENTINELS[1]


def counted(text: bytes) -> bytes:
    """Put its length before it as a varint."""
    length, count = len(text), bytearray()
    while length >= 0x80:
        count.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes((*count, length)) + text


def small_elf(
    payload: bytes,
    address: int = BASE,
    *,
    bits: int = 64,
    order: str = "<",
    name: str = ".go.buildinfo",
    sections: bool = True,
) -> bytes:
    """Write a program of one writable segment that holds one section."""
    word, sizes = ("Q", (64, 56, 64)) if bits == 64 else ("I", (52, 32, 40))
    at = 128
    names = b"\0" + name.encode() + b"\0.shstrtab\0"
    table_at = at + len(payload) + len(names)
    ident = b"\x7fELF" + bytes((bits // 32, "<>".index(order) + 1, 1)).ljust(12, b"\0")
    table = (sizes[2], 3, 2) if sections else (0, 0, 0)
    head = struct.pack(
        order + f"HHI{word * 3}I6H",
        2,
        62,
        1,
        0,
        sizes[0],
        table_at * sections,
        0,
        sizes[0],
        sizes[1],
        1,
        *table,
    )
    span = (at, address, address, len(payload), len(payload))
    segment = (
        struct.pack(order + "IIQQQQQQ", 1, 6, *span, 16)
        if bits == 64
        else struct.pack(order + "IIIIIIII", 1, *span, 6, 16)
    )
    entry = struct.Struct(order + f"II{word * 4}II{word * 2}")
    rows = (
        entry.pack(*[0] * 10),
        entry.pack(1, 1, 3, address, at, len(payload), 0, 0, 16, 0),
        entry.pack(len(name) + 2, 3, 0, 0, at + len(payload), len(names), 0, 0, 1, 0),
    )
    return (ident + head + segment).ljust(at, b"\0") + payload + (names + b"".join(rows)) * sections


if __name__ == "__main__":
    main()
