"""The headers of a layer's tar, walked by hand: no extraction, nothing read but what is asked for.

Formats: POSIX.1-1988 ustar, POSIX.1-2001 pax, GNU tar with its long names (`tar(5)`). Where they leave room,
this reads as Go's archive/tar does, because that is what container runtimes unpack with.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ospo.errors import LayerError
from ospo.image.stream import TarStream
from ospo.limits import Limits, MiB

BLOCK = 512
REGULAR, HARD_LINK, SYMBOLIC_LINK, DIRECTORY, OTHER = "file", "hard", "symbolic", "directory", "other"

_SPECIAL_SIZE = MiB  # Go's maxSpecialFileSize: pax records and GNU long names
_NO_CONTENT = frozenset(b"123456")  # links, devices, directories and pipes: a size they claim is ignored
_KINDS = {ord("1"): HARD_LINK, ord("2"): SYMBOLIC_LINK, ord("5"): DIRECTORY, ord("0"): REGULAR, 0: REGULAR}
_KINDS |= {ord("7"): REGULAR, ord("S"): REGULAR}


@dataclass(slots=True)
class Entry:
    """One member of a layer, or one file of a folder."""

    path: bytes
    """Clean: no leading or trailing slash, no `.` or `..`; b"" is the root itself."""
    kind: str
    size: int
    mode: int
    link: bytes = b""
    sparse: bool = False
    """True when the stored bytes are not the file's bytes (GNU sparse formats)."""
    escapes: bool = False
    """True when the name as written pointed above the root; `path` is what a runtime makes of it."""


def walk(stream: TarStream, limits: Limits) -> Iterator[Entry]:
    """Yield every member in order; the caller may read up to `size` bytes from the stream in between,
    what it leaves is passed over.

    Raises:
        LayerError: a damaged or truncated header, too many entries, or data after the end.
    """
    pax: dict[bytes, bytes] = {}
    longs: dict[int, bytes] = {}
    count = 0
    while (header := _next_header(stream)) is not None:
        kind = header[156]
        size = 0 if kind in _NO_CONTENT else _number(header[124:136], stream)
        if kind in b"xgLK":
            data = _special(stream, size)
            if kind == ord("x"):
                pax = _pax_records(data, stream)
            elif kind != ord("g"):
                longs[kind] = data.partition(b"\0")[0]
            continue
        count += 1
        if count > limits.layer_entries:
            raise LayerError(
                f"holds more than {limits.layer_entries} entries (limits.layer_entries)",
                hint="raise [limits] layer_entries in ospo.toml if the layer is genuine",
            )
        entry = _entry(header, kind, size, pax, longs, stream)
        if pax or longs:
            pax, longs = {}, {}
        if len(entry.path) > limits.path_length:
            raise LayerError(
                f"has a path of {len(entry.path)} bytes (limits.path_length) at {stream.position}"
            )
        end = stream.position + entry.size
        yield entry
        _pass(stream, end + (-entry.size % BLOCK))


def _pass(stream: TarStream, end: int) -> None:
    missing = end - stream.position
    if missing > 0 and stream.skip(missing) < missing:
        raise LayerError(f"tar ends at {stream.position}, {end - stream.position} bytes too early")


def _next_header(stream: TarStream) -> bytes | None:
    """Return the next header block, or None at the end: two zero blocks, or the end of the stream."""
    header = stream.read(BLOCK)
    if not header:
        return None
    if len(header) < BLOCK:
        raise LayerError(f"tar ends inside a header, at {stream.position}")
    if header[0] == 0 and not header.strip(b"\0"):
        following = stream.read(BLOCK)
        if following.strip(b"\0"):
            raise LayerError(f"tar has a lone zero block before {stream.position}")
        return None
    if header[257:262] != b"ustar" and not _checksum_fits(header):
        raise LayerError(f"no tar header at {stream.position - BLOCK}")
    return header


def _checksum_fits(header: bytes) -> bool:
    """Check the one thing that pre-POSIX headers have to be known by."""
    try:
        claimed = int(header[148:156].strip(b" \0") or b"0", 8)
    except ValueError:
        return False
    return claimed == sum(header) - sum(header[148:156]) + 8 * 32


def _number(raw: bytes, stream: TarStream) -> int:
    """Read an octal or base-256 number (GNU tar, for sizes of 8 GiB and more)."""
    if raw[0] == 0x80:
        return int.from_bytes(raw[1:])
    digits = raw.strip(b" \0").partition(b"\0")[0] or b"0"
    try:
        # isdigit: int() would also take underscores and signs.
        return int(digits, 8) if digits.isdigit() else _no_number(stream)
    except ValueError:
        return _no_number(stream)


def _no_number(stream: TarStream) -> int:
    raise LayerError(f"tar header before {stream.position} has a size that is no number")


def _special(stream: TarStream, size: int) -> bytes:
    if size > _SPECIAL_SIZE:
        raise LayerError(f"tar has an extended header of {size} bytes before {stream.position}")
    data = stream.read(size + (-size % BLOCK))[:size]
    if len(data) < size:
        raise LayerError(f"tar ends inside an extended header, at {stream.position}")
    return data


def _pax_records(data: bytes, stream: TarStream) -> dict[bytes, bytes]:
    """Read `length key=value\\n` records."""
    records: dict[bytes, bytes] = {}
    at = 0
    while at < len(data):
        digits, space, _ = data[at : at + 8].partition(b" ")
        end = at + (int(digits) if space and digits.isdigit() else 0)
        key, equals, value = data[at + len(digits) + 1 : end - 1].partition(b"=")
        if not at < end <= len(data) or data[end - 1] != 0x0A or not equals or b"\0" in key + value:
            raise LayerError(f"tar has a damaged pax record before {stream.position}")
        records[key] = value
        at = end
    return records


def _entry(
    header: bytes, kind: int, size: int, pax: dict[bytes, bytes], longs: dict[int, bytes], stream: TarStream
) -> Entry:
    name = header[: header.find(0, 0, 100)] if 0 in header[:100] else header[:100]
    if header[345] and header[257:263] == b"ustar\0":
        # star(1) keeps times in the last bytes of the prefix field.
        prefix = header[345:476] if header[508:512] == b"tar\0" else header[345:500]
        name = prefix.partition(b"\0")[0] + b"/" + name
    link = header[157:257].partition(b"\0")[0] if kind in b"12" else b""
    sparse = kind == ord("S")
    if longs:
        name, link = longs.get(ord("L"), name), longs.get(ord("K"), link)
    if pax:
        name, link = pax.get(b"path", name), pax.get(b"linkpath", link)
        if b"size" in pax and kind not in _NO_CONTENT:
            size = _pax_size(pax[b"size"], stream)
        if any(key.startswith(b"GNU.sparse.") for key in pax):
            sparse, name = True, pax.get(b"GNU.sparse.name", name)
    if kind == ord("S"):
        _pass_sparse_map(header, stream)
    what = DIRECTORY if kind in (0, ord("0")) and name.endswith(b"/") else _KINDS.get(kind, OTHER)
    path, escapes = clean(name)
    return Entry(path, what, size, _mode(header), link, sparse, escapes)


def _pax_size(text: bytes, stream: TarStream) -> int:
    if not text.isdigit() or len(text) > 18:
        raise LayerError(f"tar has a pax size that is no number before {stream.position}")
    return int(text)


def _mode(header: bytes) -> int:
    try:
        return int(header[100:108].strip(b" \0") or b"0", 8) & 0o7777
    except ValueError:
        return 0


def _pass_sparse_map(header: bytes, stream: TarStream) -> None:
    """Pass the continuation blocks of an old GNU sparse header; byte 482, then 504, says that one follows."""
    more = header[482]
    while more:
        block = stream.read(BLOCK)
        if len(block) < BLOCK:
            raise LayerError(f"tar ends inside a sparse map, at {stream.position}")
        more = block[504]


def clean(name: bytes) -> tuple[bytes, bool]:
    """Make a member's name relative to the root, as runtimes do; tell whether it pointed above the root."""
    if name[:2] == b"./":
        name = name[2:]
    if (
        b"//" not in name
        and b"./" not in name
        and name[:1] not in (b"/", b".")
        and not name.endswith((b"/.", b"/.."))
    ):
        return (name[:-1] if name[-1:] == b"/" else name), False
    parts: list[bytes] = []
    escapes = False
    for part in name.split(b"/"):
        if part == b"..":
            escapes = escapes or not parts
            del parts[-1:]
        elif part not in (b"", b"."):
            parts.append(part)
    return b"/".join(parts), escapes
