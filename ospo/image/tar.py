"""The headers of a layer's tar, walked by hand: no extraction, nothing read but what is asked for.

Formats: POSIX.1-1988 ustar, POSIX.1-2001 pax, GNU tar with its long names (`tar(5)`). Where they leave room,
this reads as Go's archive/tar does, because that is what container runtimes unpack with.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from ospo.errors import LayerError
from ospo.limits import Limits, MiB

BLOCK = 512
REGULAR, HARD_LINK, SYMBOLIC_LINK, DIRECTORY, OTHER = "file", "hard", "symbolic", "directory", "other"

_SPECIAL_SIZE = MiB  # Go's maxSpecialFileSize: pax records and GNU long names
_ODD_STARTS = (b"/", b".", b"")
_NO_CONTENT = frozenset(b"123456")  # links, devices, directories and pipes: a size they claim is ignored
_KINDS = {ord("1"): HARD_LINK, ord("2"): SYMBOLIC_LINK, ord("5"): DIRECTORY, ord("0"): REGULAR, 0: REGULAR}
_KINDS |= {ord("7"): REGULAR, ord("S"): REGULAR}
_NAME_KEYS = frozenset((b"path", b"linkpath", b"GNU.sparse.name"))


class Forward(Protocol):
    """Bytes that pass by once: a layer's stream, or an archive in which passing over is seeking."""

    @property
    def position(self) -> int:
        """Bytes from the start."""
        ...

    def read(self, length: int) -> bytes:
        """Return the next `length` bytes; fewer only at the end."""
        ...

    def skip(self, length: int) -> int:
        """Pass `length` bytes; return how many there were."""
        ...


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


def walk(stream: Forward, limits: Limits) -> Iterator[Entry]:
    """Yield every member in order; the caller may read up to `size` bytes from the stream in between,
    what it leaves is passed over.

    Raises:
        LayerError: a damaged or truncated header, or a limit exceeded.
    """
    pax: dict[bytes, bytes] = {}
    longs: dict[int, bytes] = {}
    count = names = 0
    most_entries, most_names, longest = limits.layer_entries, limits.layer_paths, limits.path_length
    while (header := _next_header(stream)) is not None:
        kind = header[156]
        size = 0 if kind in _NO_CONTENT else _number(header[124:136], stream)
        if kind in b"xgLK":
            data = _special(stream, size)
            if kind == ord("x"):
                pax = _pax_records(data, stream)
            elif kind == ord("g"):
                # Its records change no name or size, but Go forgets what came before it.
                _pax_records(data, stream)
                pax, longs = {}, {}
            else:
                longs[kind] = data.partition(b"\0")[0]
            continue
        entry = _entry(header, kind, size, pax, longs, stream)
        if pax or longs:
            pax, longs = {}, {}
        count += 1
        length = len(entry.path) + len(entry.link)
        names += length
        if count > most_entries or names > most_names or length > longest:
            _check(entry, count, names, limits)
        if entry.size:
            end = stream.position + entry.size
            yield entry
            _pass(stream, end, -entry.size % BLOCK)
        else:
            yield entry


def _check(entry: Entry, count: int, names: int, limits: Limits) -> None:
    longest = max(len(entry.path), len(entry.link))
    if longest > limits.path_length:
        what, limit = f"a name of {longest} bytes, more than {limits.path_length}", "path_length"
    elif count > limits.layer_entries:
        what, limit = f"more than {limits.layer_entries} entries", "layer_entries"
    elif names > limits.layer_paths:
        what, limit = f"names of more than {limits.layer_paths} bytes in all", "layer_paths"
    else:
        return
    raise LayerError(
        f"holds {what} (limits.{limit})",
        hint=f"raise [limits] {limit} in ospo.toml if the layer is genuine",
    )


def _pass(stream: Forward, end: int, padding: int) -> None:
    """Pass the rest of an entry; Go lets an archive end without the last entry's padding."""
    missing = end - stream.position
    if missing + padding > 0 and stream.skip(missing + padding) < missing:
        raise LayerError(f"tar ends at {stream.position}, {end - stream.position} bytes too early")


def _next_header(stream: Forward) -> bytes | None:
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
    """Check the one thing that pre-POSIX headers have to be known by.

    Not asked of others: it costs as much as the rest of the walk, and the blob's digest protects the same.
    """
    field = header[148:156]
    try:
        claimed = int(field.strip(b" \0").partition(b"\0")[0] or b"0", 8)
    except ValueError:
        return False
    return claimed == sum(header) - sum(field) + 8 * 32


def _number(raw: bytes, stream: Forward) -> int:
    """Read an octal or base-256 number (GNU tar, for sizes of 8 GiB and more)."""
    if raw[0] == 0x80:
        return int.from_bytes(raw[1:])
    digits = raw[:11]
    if not digits.isdigit() or raw[11] not in b" \0":
        digits = raw.strip(b" \0").partition(b"\0")[0] or b"0"
    try:
        # isdigit: int() would also take underscores and signs.
        return int(digits, 8) if digits.isdigit() else _no_number(stream)
    except ValueError:
        return _no_number(stream)


def _no_number(stream: Forward) -> int:
    raise LayerError(f"tar header before {stream.position} has a size that is no number")


def _special(stream: Forward, size: int) -> bytes:
    if size > _SPECIAL_SIZE:
        raise LayerError(f"tar has an extended header of {size} bytes before {stream.position}")
    data = stream.read(size + (-size % BLOCK))[:size]
    if len(data) < size:
        raise LayerError(f"tar ends inside an extended header, at {stream.position}")
    return data


def _pax_records(data: bytes, stream: Forward) -> dict[bytes, bytes]:
    """Read `length key=value\\n` records."""
    records: dict[bytes, bytes] = {}
    at = 0
    while at < len(data):
        digits, space, _ = data[at : at + 8].partition(b" ")
        end = at + (int(digits) if space and digits.isdigit() else 0)
        key, equals, value = data[at + len(digits) + 1 : end - 1].partition(b"=")
        if not at < end <= len(data) or data[end - 1] != 0x0A or not key or not equals:
            raise LayerError(f"tar has a damaged pax record before {stream.position}")
        # Values of other keys are bytes: file capabilities (SCHILY.xattr.security.capability) hold NULs.
        if b"\0" in key or (b"\0" in value and key in _NAME_KEYS):
            raise LayerError(f"tar has a NUL in the pax record {key!r} before {stream.position}")
        records[key] = value
        at = end
    return records


def _entry(
    header: bytes, kind: int, size: int, pax: dict[bytes, bytes], longs: dict[int, bytes], stream: Forward
) -> Entry:
    end = header.find(0, 0, 100)
    name = header[: end if end >= 0 else 100]
    if header[345] and (prefix := _prefix(header)):
        name = prefix + b"/" + name
    link = header[157:257].partition(b"\0")[0] if kind in b"12" else b""
    sparse = kind == ord("S")
    if pax:
        # An empty value means that the header's own holds.
        name, link = pax.get(b"path") or name, pax.get(b"linkpath") or link
        if kind not in _NO_CONTENT and pax.get(b"size"):
            size = _pax_size(pax[b"size"], stream)
    if longs:
        name, link = longs.get(ord("L")) or name, longs.get(ord("K")) or link
    if kind == 0 and name.endswith(b"/"):
        kind, size = ord("5"), 0  # a directory, as archives before POSIX have them
    if pax and _is_sparse(pax):
        sparse, name = True, pax.get(b"GNU.sparse.name") or name
    if kind == ord("S"):
        _pass_sparse_map(header, stream)
    path, escapes = clean(name)
    return Entry(path, _KINDS.get(kind, OTHER), size, _mode(header), link, sparse, escapes)


def _prefix(header: bytes) -> bytes:
    """Return the first part of a long name, which ustar has and other formats use for something else."""
    magic = header[257:265]
    if magic.startswith(b"ustar\0"):
        # star(1) keeps times in the last bytes of the field.
        end = 476 if header[508:512] == b"tar\0" else 500
        return header[345:end].partition(b"\0")[0]
    if magic == b"ustar  \0" and not (_is_time(header[345:357]) and _is_time(header[357:369])):
        # Go once wrote names here in GNU headers, and takes what is no time for one.
        prefix = header[345:500].partition(b"\0")[0]
        return prefix if prefix.isascii() else b""
    return b""


def _is_time(raw: bytes) -> bool:
    """Tell whether Go could read the time of a GNU header: none, octal, or base-256 of at most 8 bytes."""
    if not raw[0]:
        return True
    if raw[0] & 0x80:
        number = int.from_bytes(raw[1:], signed=False)
        return raw[0] == 0xFF or (raw[0] == 0x80 and number < 1 << 63)
    digits = raw.strip(b" \0").partition(b"\0")[0]
    return not digits.strip(b"01234567")


def _is_sparse(pax: dict[bytes, bytes]) -> bool:
    """Tell whether records make an entry a sparse file of GNU's pax formats 0.0, 0.1 or 1.0."""
    version = (pax.get(b"GNU.sparse.major", b""), pax.get(b"GNU.sparse.minor", b""))
    return version in ((b"0", b"0"), (b"0", b"1"), (b"1", b"0")) or (
        version == (b"", b"") and bool(pax.get(b"GNU.sparse.map"))
    )


def _pax_size(text: bytes, stream: Forward) -> int:
    if not text.isdigit() or len(text) > 18:
        raise LayerError(f"tar has a pax size that is no number before {stream.position}")
    return int(text)


def _mode(header: bytes) -> int:
    digits = header[100:107]
    if not digits.isdigit():
        digits = header[100:108].strip(b" \0") or b"0"
    try:
        return int(digits, 8) & 0o7777
    except ValueError:
        return 0


def _pass_sparse_map(header: bytes, stream: Forward) -> None:
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
    # "/." finds every "." and ".." but the first, and hidden files beside them.
    if b"/." not in name and b"//" not in name and name[:1] not in _ODD_STARTS:
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
