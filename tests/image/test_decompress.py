"""Blobs of every compression to tar bytes: whole, cut, damaged, and bombs."""

import gzip
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from itertools import repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st
from images import MEDIA_TYPES, compress

from ospo import zstd
from ospo.errors import LayerError
from ospo.image import decompress as module
from ospo.image.decompress import LAYER_MEDIA_TYPES, compression_of, decompress
from ospo.limits import Limits

SKIPPABLE = b"\x5a\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"hello"
DATA = bytes(range(256)) * 64
TAR = MEDIA_TYPES["plain"]
each_compression = pytest.mark.parametrize("compression", ["gzip", "zstd"])


def inflate(data: bytes, chunk: int = 1000, media_type: str = TAR, limits: Limits | None = None) -> bytes:
    pieces = (data[at : at + chunk] for at in range(0, len(data), chunk))
    return b"".join(decompress(pieces, media_type, limits or Limits()))


def zstd_checked(data: bytes) -> bytes:
    return zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1})


@given(
    st.lists(st.binary(max_size=3000), min_size=1, max_size=8).map(
        lambda parts: [("gzip", part) for part in parts]
    )
    | st.lists(st.binary(max_size=3000), min_size=1, max_size=8).map(
        lambda parts: [("zstd", part) for part in parts]
    ),
    st.integers(1, 40) | st.just(1 << 20),
    st.integers(0, 5),
)
def test_members_and_chunks_of_any_size_give_the_same_bytes(
    parts: list[tuple[str, bytes]], chunk: int, zeros: int
) -> None:
    data = b"".join(compress(part, compression) for compression, part in parts) + bytes(zeros if parts else 0)
    assert inflate(data, chunk) == b"".join(part for _, part in parts)


@given(st.binary(max_size=3000), st.integers(1, 40))
def test_an_uncompressed_layer_passes_as_it_is(data: bytes, chunk: int) -> None:
    assert inflate(b"x" + data, chunk) == b"x" + data


@given(st.integers(1, 30), st.lists(st.booleans(), min_size=1, max_size=6))
def test_skippable_frames_are_skipped_wherever_they_are(chunk: int, skippable: list[bool]) -> None:
    frames = [SKIPPABLE if skip else zstd.compress(b"data") for skip in skippable]
    assert inflate(b"".join(frames), chunk) == b"data" * skippable.count(False)


@each_compression
def test_pieces_are_never_empty_nor_larger_than_a_mebibyte(compression: str) -> None:
    data = compress(b"", compression) * 3 + compress(bytes(5 << 20), compression) + compress(b"", compression)
    sizes = [len(piece) for piece in decompress(iter([data]), TAR, Limits())]
    assert sum(sizes) == 5 << 20
    assert min(sizes) > 0
    assert max(sizes) <= 1 << 20


@each_compression
def test_data_cut_anywhere_is_a_layer_error(compression: str) -> None:
    data = compress(DATA, compression)
    for cut in range(4, len(data)):
        with pytest.raises(LayerError, match="truncated"):
            inflate(data[:cut])


@each_compression
@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_second_member_cut_in_its_magic_is_a_layer_error(compression: str, cut: int) -> None:
    data = compress(DATA, compression)
    with pytest.raises(LayerError, match="truncated"):
        inflate(data + data[:cut])


@pytest.mark.parametrize("data", [gzip.compress(DATA), zstd_checked(DATA)], ids=["gzip", "zstd"])
def test_a_wrong_checksum_is_a_layer_error(data: bytes) -> None:
    for at in (1, 4) if data[0] == 0x28 else (1, 4, 5, 8):
        damaged = bytearray(data)
        damaged[-at] ^= 0x40
        with pytest.raises(LayerError, match="is damaged"):
            inflate(bytes(damaged))


@each_compression
@given(data=st.data())
def test_damaged_bytes_give_bytes_or_a_layer_error(compression: str, data: st.DataObject) -> None:
    stored = bytearray(compress(DATA[:500], compression))
    for _ in range(data.draw(st.integers(1, 4))):
        stored[data.draw(st.integers(4, len(stored) - 1))] = data.draw(st.integers(0, 255))
    try:
        inflate(bytes(stored))
    except LayerError as error:
        assert "\n" not in error.message


@each_compression
@pytest.mark.parametrize("chunk", [7, 1 << 20])
def test_bytes_after_the_data_are_a_layer_error(compression: str, chunk: int) -> None:
    data = compress(DATA, compression)
    for rest in (b"x", b"xxxxx", b"\0\0x", bytes(5000) + b"x", DATA):
        with pytest.raises(LayerError, match="has bytes after"):
            inflate(data + rest, chunk)


@each_compression
@pytest.mark.parametrize("chunk", [7, 1 << 20])
def test_zeros_after_the_data_are_padding(compression: str, chunk: int) -> None:
    assert inflate(compress(DATA, compression) + bytes(5000), chunk) == DATA


def test_one_compression_does_not_follow_the_other() -> None:
    with pytest.raises(LayerError, match="no gzip"):
        inflate(gzip.compress(b"a") + zstd.compress(b"b"))
    with pytest.raises(LayerError, match="no zstd"):
        inflate(zstd.compress(b"a") + gzip.compress(b"b"))


def test_a_frame_that_needs_a_dictionary_is_a_layer_error() -> None:
    header = b"\x28\xb5\x2f\xfd" + b"\x01\x58\x05"  # RFC 8878, section 3.1.1.1: dictionary 5
    with pytest.raises(LayerError, match="is damaged"):
        inflate(header + (1 << 3 | 1).to_bytes(3, "little") + b"x")


def test_an_empty_blob_is_an_empty_tar() -> None:
    assert inflate(b"") == b""


@pytest.mark.parametrize("media_type", sorted(LAYER_MEDIA_TYPES))
@pytest.mark.parametrize("compression", ["plain", "gzip", "zstd"])
def test_the_bytes_decide_whatever_layer_type_the_manifest_says(media_type: str, compression: str) -> None:
    assert inflate(compress(DATA, compression), media_type=media_type) == DATA


@pytest.mark.parametrize(
    "media_type",
    [
        "",
        "application/vnd.oci.image.layer.v1.tar+br",
        "application/vnd.wasm.content.layer.v1+wasm",
        "text/plain",
    ],
)
def test_another_media_type_is_a_layer_error_that_names_it(media_type: str) -> None:
    with pytest.raises(LayerError, match="is not supported") as raised:
        compression_of(media_type, b"")
    assert repr(media_type) in raised.value.message


@each_compression
def test_more_bytes_than_the_limit_are_a_layer_error(compression: str) -> None:
    data = compress(bytes(3 << 20), compression)
    with pytest.raises(LayerError, match=r"\(limits.layer_size\)"):
        inflate(data, limits=Limits(layer_size=2 << 20))
    assert len(inflate(data, limits=Limits(layer_size=3 << 20))) == 3 << 20


def test_more_plain_bytes_than_the_limit_are_a_layer_error() -> None:
    with pytest.raises(LayerError, match=r"\(limits.layer_size\)"):
        inflate(b"x" * 100, limits=Limits(layer_size=99))


def gzip_bomb() -> Iterator[bytes]:
    """A megabyte of zeros in a block of its own, 4096 times."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    yield packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    yield from repeat(block, 4096)


def zstd_bomb() -> Iterator[bytes]:
    """One frame of RLE blocks (RFC 8878, section 3.1.1.2.2): four bytes for each 128 KiB."""
    yield b"\x28\xb5\x2f\xfd" + b"\x00" + b"\x58"
    block = ((128 << 10) << 3 | 1 << 1).to_bytes(3, "little") + b"\0"
    for _ in range(64):
        yield block * 4096


@pytest.mark.parametrize("bomb", [gzip_bomb, zstd_bomb])
def test_a_bomb_ends_at_the_ratio(bomb: Callable[[], Iterator[bytes]]) -> None:
    made = 0
    with pytest.raises(LayerError, match="decompression bomb"):
        for piece in decompress(bomb(), TAR, Limits()):
            made += len(piece)
    assert made < 300 << 20


MEASURE = """
import resource, sys
sys.path[:0] = {path!r}
import test_decompress as bombs
from ospo.errors import LayerError
from ospo.image.stream import Prefetch
data = b"".join(bombs.{name}())[: 1 << 20]
base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
chunks = Prefetch(bombs.decompress(iter([data]), bombs.TAR, bombs.Limits()))
try:
    for _ in chunks:
        pass
except LayerError as error:
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base) // 1024, error.message)
chunks.close()
"""


@pytest.mark.parametrize("name", ["gzip_bomb", "zstd_bomb"])
def test_a_bomb_stays_within_memory(name: str) -> None:
    script = MEASURE.format(path=sys.path, name=name)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    grown, _, message = done.stdout.partition(" ")
    assert "decompression bomb" in message
    assert int(grown) < 40


@each_compression
def test_thousands_of_tiny_members_do_not_copy_each_other(
    compression: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decompressor copies what it is given and does not need: of half a mebibyte, gigabytes."""
    new_member, failure = module._library(compression)
    given = []

    class Counting:
        def __init__(self) -> None:
            self._member = new_member()

        def __getattr__(self, name: str) -> object:
            return getattr(self._member, name)

        def decompress(self, data: bytes, max_length: int) -> bytes:
            given.append(len(data))
            return self._member.decompress(data, max_length)

    monkeypatch.setattr(module, "_library", lambda _: (Counting, failure))
    tiny = compress(b"", compression)
    data = tiny * (100_000 // len(tiny)) + compress(b"end", compression)
    assert inflate(data, 1 << 20) == b"end"
    assert sum(given) < 100 * len(data)
