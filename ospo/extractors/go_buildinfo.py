"""Decode the build information that the Go linker puts into every program.

It works on memory addresses, so it knows nothing of ELF: a reader of another executable format offers
`Memory` and the ranges to search.

Format: https://github.com/golang/go/blob/go1.22.3/src/debug/buildinfo/buildinfo.go and
https://github.com/golang/go/blob/go1.22.3/src/runtime/debug/mod.go. Two forms exist: Go 1.18 and later
write two counted strings after the header, older linkers write pointers to two Go strings.
"""

import re
import struct
from dataclasses import dataclass, replace
from typing import Protocol

from ospo.errors import ParseError

MAGIC = b"\xff Go buildinf:"
_ALIGNMENT = 16
_HEADER_SIZE = 32
_BIG_ENDIAN, _INLINE = 1, 2
_SENTINEL_SIZE = 16
_VARINT_MAX = 10

_CHUNK = 1 << 20
_TEXT_MAX = 1 << 20
"""Bytes of one string; programs with two thousand modules have 250 kB."""

_VERSION_MAX = 200

_IMPORT_PATH = re.compile(
    r"(?=.{1,500}$)[A-Za-z0-9_~+-][A-Za-z0-9._~+-]*(?:/[A-Za-z0-9_~+-][A-Za-z0-9._~+-]*)*"
)
_MODULE_VERSION = re.compile(r"[A-Za-z0-9._~+()-]{0,200}")
_MODULE_SUM = re.compile(r"[A-Za-z0-9+/=:]{0,100}")


class Memory(Protocol):
    """A program as it would be loaded."""

    def at(self, address: int, length: int) -> bytes:
        """Return up to `length` bytes from `address`, b"" where nothing is loaded from the file."""
        ...


@dataclass(frozen=True, slots=True)
class Module:
    """One module that the program was built from."""

    path: str
    version: str = ""
    """As recorded; "(devel)" for what was built from a work tree."""
    sum: str = ""
    """The `h1:` checksum of go.sum: a hash over names and hashes of files, not of an archive."""
    replaces: str = ""
    """The required module, as `path version`, in whose place a `replace` put this one."""
    local: str = ""
    """The folder that a `replace` put in place of this module."""


@dataclass(frozen=True, slots=True)
class BuildInfo:
    """What the linker recorded."""

    go_version: str
    """As recorded, with experiments: `go1.22.3 X:boringcrypto`."""
    package: str = ""
    """Import path of the main package; "" when it is none that a module could have."""
    main: Module | None = None
    """None for a build without modules, or of files named on the command line."""
    modules: tuple[Module, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    """Build settings; values with spaces or quotes stay quoted as Go wrote them."""
    damaged_line: int = 0
    """First line that is not understood, from 1; 0 when there is none."""


def find(memory: Memory, address: int, size: int) -> int | None:
    """Return the address of the header in a range, None if it is not there."""
    end = address + size
    address += -address % _ALIGNMENT
    while address < end:
        chunk = memory.at(address, min(_CHUNK, end - address))
        at = chunk.find(MAGIC)
        while at >= 0:
            if at % _ALIGNMENT == 0:
                return address + at
            at = chunk.find(MAGIC, at + 1)
        # Chunks are multiples of the alignment, so no aligned magic lies across two of them.
        address += _CHUNK
    return None


def decode(memory: Memory, address: int) -> BuildInfo:
    """Decode the build information whose header `find` found.

    Raises:
        ParseError: the header, a length or a pointer leads nowhere, or the Go version is empty.
    """
    header = memory.at(address, _HEADER_SIZE)
    if len(header) < _HEADER_SIZE:
        raise ParseError(f"Go build information at address {address:#x} is cut off")
    if header[15] & _INLINE:
        version, following = _counted_string(memory, address + _HEADER_SIZE)
        modules, _ = _counted_string(memory, following)
    else:
        version, modules = _pointed_strings(memory, address, header)
    if not 0 < len(version) <= _VERSION_MAX:
        raise ParseError(
            f"Go build information at address {address:#x} has a Go version of {len(version)} bytes"
        )
    return _parse(version.decode("utf-8", "replace"), _unwrapped(modules))


def _counted_string(memory: Memory, address: int) -> tuple[bytes, int]:
    """Read a string after its length as a base-128 varint; return it and the address behind it."""
    length = 0
    for index, byte in enumerate(memory.at(address, _VARINT_MAX)):
        length |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            start = address + index + 1
            return _bytes(memory, start, length), start + length
    raise ParseError(f"length of a Go build information string at address {address:#x} is damaged")


def _pointed_strings(memory: Memory, address: int, header: bytes) -> tuple[bytes, bytes]:
    """Follow the header's two pointers to Go strings, each again a pointer and a length."""
    pointer_size, order = header[14], ">" if header[15] & _BIG_ENDIAN else "<"
    if pointer_size not in (4, 8):
        raise ParseError(f"Go build information at address {address:#x} has pointers of {pointer_size} bytes")
    pair = struct.Struct(order + ("QQ" if pointer_size == 8 else "II"))
    texts = []
    for string_at in pair.unpack_from(header, 16):
        raw = memory.at(string_at, pair.size)
        if len(raw) < pair.size:
            raise ParseError(f"Go build information at address {address:#x} points nowhere: {string_at:#x}")
        texts.append(_bytes(memory, *pair.unpack(raw)))
    return texts[0], texts[1]


def _bytes(memory: Memory, address: int, length: int) -> bytes:
    if length > _TEXT_MAX:
        raise ParseError(f"Go build information string at address {address:#x} claims {length} bytes")
    text = memory.at(address, length) if length else b""
    if len(text) < length:
        raise ParseError(f"Go build information string of {length} bytes at address {address:#x} is cut off")
    return text


def _unwrapped(modules: bytes) -> str:
    """Cut the random sentinels, by which a debugger finds the text in a running program, off both ends."""
    if len(modules) >= 2 * _SENTINEL_SIZE + 1 and modules[-_SENTINEL_SIZE - 1] == 0x0A:
        return modules[_SENTINEL_SIZE:-_SENTINEL_SIZE].decode("utf-8", "replace")
    return ""


def _parse(go_version: str, text: str) -> BuildInfo:
    package, damaged = "", 0
    modules: list[tuple[str, Module]] = []
    settings: list[tuple[str, str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        word, _, rest = line.partition("\t")
        if word == "path":
            package = rest if _IMPORT_PATH.fullmatch(rest) else ""
        elif word == "build":
            key, _, value = rest.partition("=")
            settings.append((key, value))
        elif line and not _take_module(word, rest.split("\t"), modules):
            damaged = damaged or number
    return BuildInfo(
        go_version=go_version,
        package=package,
        main=next((module for word, module in modules if word == "mod"), None),
        modules=tuple(module for word, module in modules if word == "dep"),
        settings=tuple(settings),
        damaged_line=damaged,
    )


def _take_module(word: str, fields: list[str], modules: list[tuple[str, Module]]) -> bool:
    """Add a `mod` or `dep` line, or let a `=>` line replace the last one; False for anything else."""
    path, version, checksum = (*fields, "", "")[:3]
    if word == "=>" and modules and _is_folder(path):
        kind, required = modules.pop()
        modules.append((kind, replace(required, version="", sum="", local=path)))
        return True
    if not (
        _IMPORT_PATH.fullmatch(path)
        and _MODULE_VERSION.fullmatch(version)
        and _MODULE_SUM.fullmatch(checksum)
    ):
        return False
    if word == "=>" and modules:
        kind, required = modules.pop()
        modules.append((kind, Module(path, version, checksum, f"{required.path} {required.version}".strip())))
        return True
    if word in ("mod", "dep"):
        modules.append((word, Module(path, version, checksum)))
        return True
    return False


def _is_folder(path: str) -> bool:
    """Tell a path on the builder's disk from a module path, as `go.mod` does."""
    return path in (".", "..") or path.startswith(("./", "../", "/", ".\\", "..\\")) or path[1:2] == ":"


def is_fetchable(path: str) -> bool:
    """Tell whether a module of this path can be fetched: its first part is a host, which has a dot.

    https://go.dev/ref/mod#go-mod-file-ident
    """
    return "." in path.partition("/")[0]
