"""Chunks, threads and exact reads between a blob and its tar."""

import hashlib
import io
import threading
from collections.abc import Iterator
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ospo.errors import LayerError, RegistryError
from ospo.image.stream import HashedBlob, Prefetch, TarStream

chunks = st.lists(st.binary(max_size=12), max_size=12)
steps = st.lists(
    st.tuples(st.sampled_from(("read", "skip", "peek", "pieces")), st.integers(0, 30)), max_size=20
)


@given(chunks, steps)
def test_reads_do_not_depend_on_how_the_stream_is_cut(
    chunks: list[bytes], steps: list[tuple[str, int]]
) -> None:
    stream, oracle = TarStream(iter(chunks)), io.BytesIO(b"".join(chunks))
    for what, length in steps:
        expected = oracle.read(length)
        if what == "read":
            assert stream.read(length) == expected
        elif what == "pieces":
            assert b"".join(stream.pieces(length)) == expected
        elif what == "skip":
            assert stream.skip(length) == len(expected)
        else:
            assert stream.peek(length) == expected
            oracle.seek(-len(expected), io.SEEK_CUR)
        assert stream.position == oracle.tell()


@given(chunks, st.integers(0, 12))
def test_pieces_given_up_halfway_count_what_was_taken(chunks: list[bytes], taken: int) -> None:
    stream = TarStream(iter(chunks))
    got = b"".join(islice(stream.pieces(20), taken))
    assert got + stream.read(1000) == b"".join(chunks)


def running() -> set[threading.Thread]:
    return set(threading.enumerate())


def test_prefetch_gives_all_chunks_in_order() -> None:
    before = running()
    ahead = Prefetch(bytes([number]) for number in range(100))
    assert b"".join(ahead) == bytes(range(100))
    assert list(ahead) == []
    ahead.close()
    assert running() == before


@pytest.mark.parametrize(
    "error", [LayerError("damaged"), RegistryError("gone"), MemoryError(), ValueError("x")]
)
def test_an_error_of_the_producer_reaches_the_reader_after_the_chunks_before_it(error: Exception) -> None:
    def failing() -> Iterator[bytes]:
        yield b"a"
        raise error

    ahead = Prefetch(failing())
    assert next(ahead) == b"a"
    with pytest.raises(type(error)) as raised:
        next(ahead)
    assert raised.value is error
    assert list(ahead) == []
    ahead.close()


@pytest.mark.parametrize("taken", [0, 1, 7])
def test_closing_in_the_middle_ends_the_thread_and_the_producer(taken: int) -> None:
    closed: list[bool] = []

    def endless() -> Iterator[bytes]:
        try:
            while True:
                yield bytes(10)
        finally:
            closed.append(True)

    before = running()
    ahead = Prefetch(endless())
    for _ in range(taken):
        next(ahead)
    ahead.close()
    assert closed == [True]
    assert running() == before


def test_closing_a_chain_ends_both_threads() -> None:
    before = running()
    first = Prefetch(bytes(10) for _ in iter(int, 1))
    second = Prefetch(chunk + b"x" for chunk in first)
    next(second)
    second.close()
    first.close()
    assert running() == before


def test_closing_drops_an_error_that_nobody_asked_for() -> None:
    def failing() -> Iterator[bytes]:
        yield b"a"
        raise LayerError("damaged")

    before = running()
    Prefetch(failing()).close()
    assert running() == before


class Failing(io.BytesIO):
    """A blob whose second read fails."""

    def __init__(self, error: Exception) -> None:
        super().__init__(b"abc")
        self.error = error

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        if not data:
            raise self.error
        return data


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_blob_knows_its_digest_and_size_once_it_is_read(algorithm: str) -> None:
    data = bytes(3 << 20)
    blob = HashedBlob(io.BytesIO(data), algorithm)
    assert b"".join(blob) == data
    assert blob.size == len(data)
    assert blob.digest == f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def test_a_blob_that_cannot_be_read_is_a_layer_error() -> None:
    with pytest.raises(LayerError, match="cannot be read: Input/output error"):
        list(HashedBlob(Failing(OSError(5, "Input/output error")), "sha256"))


def test_an_error_of_a_registry_passes_through() -> None:
    error = RegistryError("not found")
    with pytest.raises(RegistryError) as raised:
        list(HashedBlob(Failing(error), "sha256"))
    assert raised.value is error
