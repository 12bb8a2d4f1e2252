"""Databases of rpm made up for tests: headers of packages, and each of the three formats around them."""

import sqlite3
import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from ospo.extractors.rpm_header import Tag

Value = str | list[str] | list[int]
PAGE = 4096
_OVERFLOW = PAGE - 26


def header(values: Mapping[Tag, Value] | None = None, **names: str) -> bytes:
    """Return the header of a package `name` of version 1-1 unless `values` say otherwise."""
    tags: dict[Tag, Value] = {Tag.NAME: "name", Tag.VERSION: "1", Tag.RELEASE: "1"}
    tags |= {Tag[name.upper()]: text for name, text in names.items()} | dict(values or {})
    index, data = b"", b""
    for tag, value in tags.items():
        kind, count, packed = _packed(value)
        data += bytes(-len(data) % 4)
        index += struct.pack(">IIII", tag, kind, len(data), count)
        data += packed
    return struct.pack(">II", len(tags), len(data)) + index + data


def _packed(value: Value) -> tuple[int, int, bytes]:
    if isinstance(value, str):
        return 6, 1, value.encode() + b"\0"
    if value and isinstance(value[0], int):
        return 4, len(value), struct.pack(f">{len(value)}I", *value)
    return 8, len(value), b"".join(str(text).encode() + b"\0" for text in value)


def berkeley(blobs: Sequence[bytes], *, order: str = "<", inline: int = 1000) -> bytes:
    """Return a hash table; values up to `inline` bytes lie on hash pages, one to a page."""
    pages: list[bytes] = []
    for number, blob in enumerate((b"\0\0\0\7", *blobs)):
        at = len(pages) + 1
        item = b"\1" + blob
        if len(blob) > inline:
            item = struct.pack(order + "B3xII", 3, at + 1, len(blob))
        key = b"\1" + struct.pack(order + "I", number)
        pages.append(hash_page(at, [key, item], order))
        parts = [blob[start : start + _OVERFLOW] for start in range(0, len(blob), _OVERFLOW)]
        for part in parts if len(blob) > inline else ():
            at = len(pages) + 1
            following = at + 1 if part is not parts[-1] else 0
            pages.append(_page(at, following, 0, len(part), 7, part, order))
    return _meta(len(pages), order) + b"".join(pages)


def _meta(last: int, order: str) -> bytes:
    return struct.pack(order + "12xIII BBBx II", 0x061561, 9, PAGE, 0, 8, 0, 0, last).ljust(PAGE, b"\0")


def hash_page(number: int, items: Sequence[bytes], order: str = "<", starts: Sequence[int] = ()) -> bytes:
    """Return a page of keys and values in turn; `starts` overrides where they are said to lie."""
    places, end = [], PAGE
    for item in items:
        end -= len(item)
        places.append(end)
    index = struct.pack(f"{order}{len(starts or places)}H", *(starts or places))
    body = index.ljust(end - 26, b"\0") + b"".join(reversed(items))
    return _page(number, 0, len(starts or places), end, 13, body, order)


def _page(number: int, following: int, entries: int, free: int, kind: int, body: bytes, order: str) -> bytes:
    head = struct.pack(order + "8xIIIHHBB", number, 0, following, entries, free, 0, kind)
    return (head + body).ljust(PAGE, b"\0")


def ndb(blobs: Sequence[bytes], *, slots: Sequence[tuple[int, int, int]] = (), pages: int = 0) -> bytes:
    """Return a database; `slots` overrides (package, first unit, units), `pages` how many pages they fill."""
    needed = (2 + len(blobs)) // (PAGE // 16) + 1
    placed, parts, unit = [], [], needed * PAGE // 16
    for number, blob in enumerate(blobs, 1):
        units = (16 + len(blob) + 12 + 15) // 16
        data = (struct.pack("<4sIII", b"BlbS", number, 0, len(blob)) + blob).ljust(units * 16 - 12, b"\0")
        parts += [data, struct.pack("<II4s", zlib.adler32(data), len(blob), b"BlbE")]
        placed.append((number, unit, units))
        unit += units
    head = struct.pack("<4sIIII12x", b"RpmP", 0, 1, pages or needed, len(blobs) + 1)
    head += b"".join(struct.pack("<4sIII", b"Slot", *slot) for slot in slots or placed)
    free = (needed * PAGE - len(head)) // 16
    return head + struct.pack("<4sIII", b"Slot", 0, 0, 0) * free + b"".join(parts)


TABLE = "CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL)"


def sqlite(folder: Path, blobs: Sequence[bytes], *statements: str) -> bytes:
    """Return a database after statements, the first of which makes the table."""
    path = folder / "rpmdb.sqlite"
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    for statement in statements or (TABLE,):
        connection.execute(statement)
    for blob in blobs:
        connection.execute("INSERT INTO Packages(blob) VALUES (?)", (blob,))
    connection.commit()
    connection.close()
    return path.read_bytes()
