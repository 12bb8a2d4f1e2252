"""Write the smallest PE and Mach-O files that hold one section, as tests ask for them."""

import struct

PE_BASE = 0x140000000
PE_ADDRESS = 0x1000
MACHO_BASE = 0x100000000


def small_pe(
    payload: bytes,
    name: str = ".data",
    *,
    flags: int = 0xC0000040,
    wide: bool = True,
    directories: dict[int, tuple[int, int]] | None = None,
    address: int = PE_ADDRESS,
) -> bytes:
    """Write a program of one section, by default one of writable data, with data directories by number."""
    table = [(directories or {}).get(number, (0, 0)) for number in range(16)]
    head = (
        struct.pack("<H22xQ76xI", 0x20B, PE_BASE, 16)
        if wide
        else struct.pack("<H26xI60xI", 0x10B, PE_BASE & 0xFFFFFFFF, 16)
    )
    optional = head + b"".join(struct.pack("<II", *entry) for entry in table)
    start = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40)
    header = struct.pack("<4sHH12xHH", b"PE\0\0", 0x8664, 1, len(optional), 0x22)
    row = struct.pack("<8sIIII12xI", name.encode(), len(payload), address, len(payload), 512, flags)
    return (start + header + optional + row).ljust(512, b"\0") + payload


def small_macho(
    payload: bytes, name: str = "__go_buildinfo", *, order: str = "<", wide: bool = True, kind: int = 2
) -> bytes:
    """Write a program of one writable segment that holds one section."""
    word = "Q" if wide else "I"
    base = MACHO_BASE if wide else 0x1000
    where = 256
    section = struct.pack(
        f"{order}16s16s{word}{word}I{28 if wide else 24}x",
        name.encode(),
        b"__DATA",
        base,
        len(payload),
        where,
    )
    size = len(payload)
    segment = struct.pack(f"{order}16s{word * 4}IIII", b"__DATA", base, size, where, size, 3, 3, 1, 0)
    command = struct.pack(f"{order}II", 0x19 if wide else 1, 8 + len(segment) + len(section))
    commands = command + segment + section
    magic = 0xFEEDFACF if wide else 0xFEEDFACE
    header = struct.pack(f"{order}IIIIIII{'I' * wide}", magic, 7, 3, kind, 1, len(commands), 0, *[0] * wide)
    return (header + commands).ljust(where, b"\0") + payload


def universal(*programs: bytes) -> bytes:
    """Put programs for several kinds of processors into one file."""
    offset, rows, body = 4096, b"", b""
    for program in programs:
        rows += struct.pack(">IIIII", 7, 3, offset + len(body), len(program), 12)
        body += program
    return (struct.pack(">II", 0xCAFEBABE, len(programs)) + rows).ljust(offset, b"\0") + body
