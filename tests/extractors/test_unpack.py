"""Bounded decompression: whole, in members, cut off, damaged, and more than anybody wants."""

import gzip
import lzma
import zlib
from collections.abc import Callable

import pytest

from ospo import zstd
from ospo.errors import ParseError
from ospo.extractors.unpack import is_packed, unpacked, unpacked_head

PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "xz": lzma.compress,
    "zstd": zstd.compress,
}
each_format = pytest.mark.parametrize("pack", PACK.values(), ids=list(PACK))


@each_format
def test_what_was_packed_comes_out(pack: Callable[[bytes], bytes]) -> None:
    assert is_packed(pack(b"text"))
    assert unpacked(pack(b"text"), 4) == b"text"
    assert unpacked(pack(b""), 0) == b""


@each_format
def test_members_behind_each_other_are_one_content(pack: Callable[[bytes], bytes]) -> None:
    assert unpacked(pack(b"one") + pack(b"two"), 100) == b"onetwo"


@each_format
def test_padding_behind_the_last_member_is_left_out(pack: Callable[[bytes], bytes]) -> None:
    assert unpacked(pack(b"text") + bytes(512), 100) == b"text"


@each_format
def test_a_bomb_ends_at_the_limit(pack: Callable[[bytes], bytes]) -> None:
    bomb = pack(bytes(50 << 20))
    assert len(bomb) < 1 << 20
    with pytest.raises(ParseError, match="more than 1000 bytes"):
        unpacked(bomb, 1000)
    assert unpacked_head(bomb, 1000) == bytes(1000)


@each_format
def test_data_that_is_cut_off_is_not_whole_but_has_a_head(pack: Callable[[bytes], bytes]) -> None:
    data = pack(bytes(range(256)) * 4000)[:-3]
    with pytest.raises(ParseError, match="ends before"):
        unpacked(data, 10 << 20)
    assert unpacked_head(data, 10) == bytes(range(10))


@each_format
def test_damaged_data_is_an_error(pack: Callable[[bytes], bytes]) -> None:
    data = bytearray(pack(bytes(range(256)) * 4000))
    data[6:40] = b"\xff" * 34
    with pytest.raises(ParseError, match="is damaged"):
        unpacked(bytes(data), 10 << 20)


def test_thousands_of_tiny_members_are_refused() -> None:
    with pytest.raises(ParseError, match="more than 100 compressed members"):
        unpacked(gzip.compress(b"") * 20_000, 100)


def test_other_data_stays_as_it_is() -> None:
    assert not is_packed(b"plain")
    assert unpacked(b"plain", 5) == b"plain"
    with pytest.raises(ParseError):
        unpacked(b"plain", 4)


def test_an_xz_dictionary_of_gigabytes_is_refused() -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}]
    data = bytearray(lzma.compress(b"text" * 100, filters=filters, check=lzma.CHECK_NONE))
    at = data.index(b"\x21\x01", 12)  # the filter's id and the size of its properties
    data[at + 2] = 40  # 4 GiB less one byte
    header_size = (data[12] + 1) * 4
    crc = zlib.crc32(bytes(data[12 : 12 + header_size - 4]))
    data[12 + header_size - 4 : 12 + header_size] = crc.to_bytes(4, "little")
    with pytest.raises(ParseError, match="is damaged"):
        unpacked(bytes(data), 1000)
