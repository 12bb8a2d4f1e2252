"""The files of a small tar archive in memory: what package archives keep their metadata in.

Format: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06 (ustar), which
names of more than 256 bytes do not fit into; entries with such names come under the name that was cut.
"""

from collections.abc import Iterator

from ospo.errors import ParseError

BLOCK = 512
_FILES = frozenset((b"0", b"\0", b"7"))


def files(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield (name, content) of every regular file; names without "./" in front.

    Archives that lie behind each other are read as one.

    Raises:
        ParseError: a header is damaged, or the archive ends within a file.
    """
    at = 0
    while at + BLOCK <= len(data):
        header = data[at : at + BLOCK]
        at += BLOCK
        if not header.strip(b"\0"):
            continue
        size = _size(header, at - BLOCK)
        if at + size > len(data):
            raise ParseError(f"ends within a file at offset {at} of its tar archive")
        if header[156:157] in _FILES:
            yield _name(header), data[at : at + size]
        at += -(-size // BLOCK) * BLOCK


def _size(header: bytes, at: int) -> int:
    checksum = sum(header) - sum(header[148:156]) + 8 * ord(" ")
    try:
        claimed, size = (int(field.strip(b" \0") or b"0", 8) for field in (header[148:156], header[124:136]))
    except ValueError as error:
        raise ParseError(f"has a damaged tar header at offset {at}") from error
    if claimed != checksum or size < 0:
        raise ParseError(f"has a damaged tar header at offset {at}")
    return size


def _name(header: bytes) -> str:
    name, prefix = (field.partition(b"\0")[0] for field in (header[:100], header[345:500]))
    if prefix and header[257:263] == b"ustar\0":
        name = prefix + b"/" + name
    return name.decode("utf-8", "replace").removeprefix("./")
