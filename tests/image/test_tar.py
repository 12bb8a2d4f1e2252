"""The walk over tar headers, against Python's tarfile and against what Go's archive/tar does."""

import io
import tarfile
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from images import Hardlink, Special, Symlink, Tree, tar

from ospo.errors import LayerError
from ospo.image.stream import TarStream
from ospo.image.tar import DIRECTORY, HARD_LINK, OTHER, REGULAR, SYMBOLIC_LINK, Entry, clean, walk
from ospo.limits import Limits

KINDS = {
    tarfile.REGTYPE: REGULAR,
    tarfile.AREGTYPE: REGULAR,
    tarfile.CONTTYPE: REGULAR,
    tarfile.GNUTYPE_SPARSE: REGULAR,
    tarfile.LNKTYPE: HARD_LINK,
    tarfile.SYMTYPE: SYMBOLIC_LINK,
    tarfile.DIRTYPE: DIRECTORY,
    tarfile.CHRTYPE: OTHER,
    tarfile.BLKTYPE: OTHER,
    tarfile.FIFOTYPE: OTHER,
}
END = bytes(1024)


def stream_of(data: bytes, chunk: int = 700) -> TarStream:
    return TarStream(data[at : at + chunk] for at in range(0, len(data), chunk))


def read(data: bytes, limits: Limits | None = None) -> list[tuple[Entry, bytes]]:
    """Walk a tar and read everything in it."""
    stream = stream_of(data)
    return [(entry, stream.read(entry.size)) for entry in walk(stream, limits or Limits())]


def header(
    name: bytes,
    size: int | bytes = 0,
    kind: bytes = b"0",
    link: bytes = b"",
    magic: bytes = b"ustar\x0000",
    prefix: bytes = b"",
    tail: bytes = b"",
) -> bytes:
    """Write a header by hand, with a right checksum."""
    number = size if isinstance(size, bytes) else b"%011o\0" % size
    fields = (
        name.ljust(100, b"\0"),
        b"0000644\0" + b"0000000\0" * 2,
        number,
        b"00000000000\0",
        b" " * 8,
        kind,
        link.ljust(100, b"\0"),
        magic.ljust(8, b"\0"),
        bytes(80),
        prefix.ljust(155, b"\0"),
        tail.ljust(12, b"\0"),
    )
    block = b"".join(fields)
    assert len(block) == 512
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 512)


def record(key: bytes, value: bytes) -> bytes:
    """Write a pax record."""
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest) + 1
    while len(rest) + len(str(length)) != length:
        length += 1
    return str(length).encode() + rest


def pax(*records: tuple[bytes, bytes], kind: bytes = b"x") -> bytes:
    """Write an extended header."""
    data = b"".join(record(key, value) for key, value in records)
    return header(b"pax", len(data), kind) + padded(data)


def long_name(name: bytes, kind: bytes = b"L") -> bytes:
    """Write a GNU long name or, with "K", a long link."""
    return header(b"././@LongLink", len(name) + 1, kind, magic=b"ustar  \0") + padded(name + b"\0")


def paths(data: bytes) -> list[bytes]:
    return [entry.path for entry, _ in read(data)]


names = st.lists(
    st.text("aé\u3042.-_ ~\n", min_size=1, max_size=40).filter(lambda part: part not in (".", "..")),
    min_size=1,
    max_size=8,
).map("/".join)
raw_names = st.binary(min_size=1, max_size=120).filter(
    lambda raw: b"\0" not in raw and raw.strip(b"/.") != b""
)
sizes = st.sampled_from((0, 1, 511, 512, 513, 1024, 5000))


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    contents = st.one_of(
        sizes.map(lambda size: bytes(range(256)) * (size // 256) + b"x" * (size % 256)),
        st.none(),
        names.map(Symlink),
        names.map(Hardlink),
        st.just(Special()),
        st.just(Special(tarfile.FIFOTYPE)),
    )
    return draw(st.dictionaries(names, contents, max_size=6))


def oracle(data: bytes) -> Iterator[tuple[bytes, str, int, bytes, bytes]]:
    """Give what Python's tarfile reads."""
    with tarfile.open(fileobj=io.BytesIO(data), errors="surrogateescape") as archive:
        for info in archive:
            file = archive.extractfile(info) if info.isreg() else None
            content = file.read() if file else b""
            link = info.linkname if info.issym() or info.islnk() else ""
            size = info.size if info.isreg() else 0
            yield (
                clean(info.name.encode("utf-8", "surrogateescape"))[0],
                KINDS[info.type],
                size,
                link.encode("utf-8", "surrogateescape"),
                content,
            )


def ours(data: bytes) -> Iterator[tuple[bytes, str, int, bytes, bytes]]:
    for entry, content in read(data):
        yield entry.path, entry.kind, entry.size, entry.link, content


@given(trees(), st.sampled_from((tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)))
def test_a_tar_reads_as_pythons_tarfile_reads_it(tree: Tree, format: int) -> None:
    data = tar(tree, format=format)
    assert list(ours(data)) == list(oracle(data))


@given(
    st.dictionaries(st.text("ab", min_size=1, max_size=90), sizes.map(bytes), max_size=4),
    st.text("cd", max_size=90),
)
def test_ustar_prefixes_read_as_pythons_tarfile_reads_them(files: dict[str, bytes], folder: str) -> None:
    data = tar(
        {f"{folder}/{name}" if folder else name: content for name, content in files.items()},
        format=tarfile.USTAR_FORMAT,
    )
    assert list(ours(data)) == list(oracle(data))


@given(raw_names, st.sampled_from((tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)))
def test_names_that_are_not_utf_8_keep_their_bytes(name: bytes, format: int) -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=format, errors="surrogateescape") as archive:
        archive.addfile(tarfile.TarInfo(name.decode("utf-8", "surrogateescape")))
    assert paths(file.getvalue()) == [path for path, *_ in oracle(file.getvalue())]


@given(trees())
def test_a_tar_cut_anywhere_gives_its_first_entries_or_a_layer_error(tree: Tree) -> None:
    data = tar(tree)
    whole = list(ours(data))
    for cut in range(0, len(data), 509):
        assert_prefix(data[:cut], whole)


def test_a_small_tar_cut_at_every_byte_gives_its_first_entries_or_a_layer_error() -> None:
    data = (
        pax((b"path", b"p/q"))
        + header(b"x", 3)
        + padded(b"abc")
        + long_name(b"n" * 120)
        + header(b"y", 0)
        + END
    )
    whole = list(ours(data))
    assert [path for path, *_ in whole] == [b"p/q", b"n" * 120]
    for cut in range(len(data)):
        assert_prefix(data[:cut], whole)


def assert_prefix(data: bytes, whole: list[tuple[bytes, str, int, bytes, bytes]]) -> None:
    found: list[tuple[bytes, str, int, bytes, bytes]] = []
    try:
        found.extend(ours_one_by_one(data))
    except LayerError:
        if found and found[-1] != whole[len(found) - 1]:
            found.pop()  # the entry whose content was cut
    assert found == whole[: len(found)]


def ours_one_by_one(data: bytes) -> Iterator[tuple[bytes, str, int, bytes, bytes]]:
    stream = stream_of(data)
    for entry in walk(stream, Limits()):
        yield entry.path, entry.kind, entry.size, entry.link, stream.read(entry.size)


@given(st.binary(max_size=2000))
def test_any_bytes_give_entries_or_a_layer_error(data: bytes) -> None:
    try:
        read(data)
    except LayerError as error:
        assert "\n" not in error.message


@given(trees(), st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 255)), min_size=1, max_size=8))
def test_damaged_bytes_give_entries_or_a_layer_error(tree: Tree, damage: list[tuple[int, int]]) -> None:
    data = bytearray(tar(tree, format=tarfile.PAX_FORMAT))
    for at, byte in damage:
        data[at % len(data)] = byte
    try:
        read(bytes(data))
    except LayerError as error:
        assert "\n" not in error.message


def test_headers_before_posix_are_known_by_their_checksum() -> None:
    old = header(b"a", 3, b"\0", magic=b"")
    assert read(old + padded(b"abc") + END)[0][1] == b"abc"
    with pytest.raises(LayerError, match="no tar header at 0"):
        read(b"b" + old[1:] + END)


def test_a_directory_before_posix_is_a_name_with_a_slash() -> None:
    entries = read(header(b"a/", 512, b"\0", magic=b"") + header(b"b/", 1, b"0") + padded(b"x") + END)
    assert [(entry.path, entry.kind, content) for entry, content in entries] == [
        (b"a", DIRECTORY, b""),
        (b"b", REGULAR, b"x"),
    ]


def test_a_checksum_that_is_no_number_is_no_header() -> None:
    block = header(b"a", magic=b"")
    with pytest.raises(LayerError, match="no tar header"):
        read(block[:148] + b"99zz\0\0\0 " + block[156:] + END)


def test_sizes_of_8_gib_and_more_are_in_base_256() -> None:
    data = header(b"a", b"\x80" + (3).to_bytes(11, "big")) + padded(b"abc") + END
    assert read(data)[0][1] == b"abc"
    huge = header(b"a", b"\x80" + (1 << 80).to_bytes(11, "big")) + END
    with pytest.raises(LayerError, match="too early"):
        read(huge)


@pytest.mark.parametrize(
    "size", [b"\xff" * 12, b"-0000000001\0", b"0000000009\0\0", b"1_0", b"12x", b"\x81" + bytes(11)]
)
def test_a_size_that_is_no_number_is_a_layer_error(size: bytes) -> None:
    with pytest.raises(LayerError, match="a size that is no number"):
        read(header(b"a", size.ljust(12, b"\0")) + END)


def test_a_size_of_nothing_is_zero_and_ends_at_a_nul() -> None:
    assert paths(
        header(b"a", bytes(12)) + header(b"b", b" 1\0junk".ljust(12, b"\0")) + padded(b"x") + END
    ) == [b"a", b"b"]


@pytest.mark.parametrize("kind", [b"1", b"2", b"3", b"4", b"5", b"6"])
def test_a_size_of_what_has_no_content_is_ignored(kind: bytes) -> None:
    data = pax((b"size", b"9999")) + header(b"a", 99999, kind, b"t") + header(b"b") + END
    assert paths(data) == [b"a", b"b"]


def test_a_pax_size_overrides_the_headers() -> None:
    data = pax((b"size", b"3")) + header(b"a", 0) + padded(b"abc") + header(b"b") + END
    assert [(entry.path, content) for entry, content in read(data)] == [(b"a", b"abc"), (b"b", b"")]


@pytest.mark.parametrize("size", [b"-1", b"x", b"1e3", b"9" * 19, b" 1"])
def test_a_pax_size_that_is_no_number_is_a_layer_error(size: bytes) -> None:
    with pytest.raises(LayerError, match="pax size"):
        read(pax((b"size", size)) + header(b"a") + END)


def test_empty_pax_values_leave_the_headers() -> None:
    entry, content = read(
        pax((b"path", b""), (b"linkpath", b""), (b"size", b"")) + header(b"a", 1) + padded(b"x") + END
    )[0]
    assert (entry.path, content) == (b"a", b"x")


def test_a_gnu_long_name_wins_over_a_pax_path() -> None:
    data = pax((b"path", b"pax"), (b"linkpath", b"pax")) + long_name(b"gnu") + long_name(b"link", b"K")
    entry, _ = read(data + header(b"a", 0, b"2", b"own") + END)[0]
    assert (entry.path, entry.link) == (b"gnu", b"link")


def test_a_long_name_without_bytes_leaves_the_headers() -> None:
    assert paths(long_name(b"") + header(b"a") + END) == [b"a"]


def test_extended_headers_hold_for_one_entry() -> None:
    data = (
        pax((b"path", b"pax")) + header(b"a") + header(b"b") + long_name(b"gnu") + header(b"c") + header(b"d")
    )
    assert paths(data + END) == [b"pax", b"b", b"gnu", b"d"]


def test_of_two_extended_headers_the_second_counts() -> None:
    assert paths(pax((b"path", b"one")) + pax((b"linkpath", b"two")) + header(b"a") + END) == [b"a"]


def test_a_global_header_is_passed_over_and_ends_extended_headers() -> None:
    data = pax((b"path", b"all"), kind=b"g") + header(b"a") + pax((b"path", b"one")) + long_name(b"gnu")
    assert paths(data + pax((b"comment", b"x"), kind=b"g") + header(b"b") + END) == [b"a", b"b"]


def test_bytes_of_extended_attributes_may_hold_nuls() -> None:
    capability = b"\x01\x00\x00\x02\x00\x20\x00\x00"
    assert paths(pax((b"SCHILY.xattr.security.capability", capability)) + header(b"ping") + END) == [b"ping"]


@pytest.mark.parametrize(
    "data",
    [
        b"5 a=b\n",
        b"7 a=b\n",
        b"6 a=b",
        b"6 abc\n",
        b"6 =ab\n",
        b"0 a=b\n",
        b"-6 a=b\n",
        b"x a=b\n",
        b"9999999999 a=b\n",
        b"6a=b\n",
        b"3 \n",
        b"\0\0\0\0",
        record(b"path", b"a\0b"),
        record(b"linkpath", b"a\0b"),
        record(b"GNU.sparse.name", b"a\0b"),
        record(b"a\0b", b"c"),
    ],
)
@pytest.mark.parametrize("kind", [b"x", b"g"])
def test_a_damaged_pax_record_is_a_layer_error(data: bytes, kind: bytes) -> None:
    with pytest.raises(LayerError, match="pax record"):
        read(header(b"pax", len(data), kind) + padded(data) + header(b"a") + END)


@pytest.mark.parametrize("kind", [b"x", b"g", b"L", b"K"])
def test_an_extended_header_of_more_than_a_mebibyte_is_a_layer_error(kind: bytes) -> None:
    with pytest.raises(LayerError, match="extended header of 1048577 bytes"):
        read(header(b"x", (1 << 20) + 1, kind) + bytes(2 << 20))


def test_an_old_gnu_sparse_file_is_marked_and_its_map_passed() -> None:
    block = bytearray(header(b"s", 512, b"S", magic=b"ustar  \0"))
    block[482] = 1
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    more = bytearray(512)
    more[504] = 1
    data = bytes(block) + bytes(more) + bytes(512) + b"x" * 512 + header(b"next") + END
    entries = read(data)
    assert [(entry.path, entry.sparse, content) for entry, content in entries] == [
        (b"s", True, b"x" * 512),
        (b"next", False, b""),
    ]
    with pytest.raises(LayerError, match="inside a sparse map"):
        read(bytes(block) + bytes(more))


@pytest.mark.parametrize(
    ("records", "sparse"),
    [
        (((b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"), (b"GNU.sparse.name", b"real")), True),
        (((b"GNU.sparse.major", b"0"), (b"GNU.sparse.minor", b"1"), (b"GNU.sparse.name", b"real")), True),
        (((b"GNU.sparse.map", b"0,1"), (b"GNU.sparse.name", b"real")), True),
        (((b"GNU.sparse.major", b"2"), (b"GNU.sparse.minor", b"0"), (b"GNU.sparse.name", b"real")), False),
        (((b"GNU.sparse.name", b"real"),), False),
    ],
)
def test_pax_sparse_files_are_marked_and_named_as_go_does(
    records: tuple[tuple[bytes, bytes], ...], sparse: bool
) -> None:
    entry, _ = read(pax(*records) + header(b"a") + END)[0]
    assert (entry.path, entry.sparse) == (b"real" if sparse else b"a", sparse)


def test_a_prefix_counts_where_go_reads_one() -> None:
    assert paths(header(b"a", prefix=b"p") + END) == [b"p/a"]
    assert paths(header(b"a", prefix=b"p" * 140, tail=b"00000000tar\0") + END) == [b"p" * 131 + b"/a"]
    assert paths(header(b"a", magic=b"ustar  \0", prefix=b"00000000000\x0000000000000\0") + END) == [b"a"]
    assert paths(header(b"a", magic=b"ustar  \0", prefix=b"usr/lib") + END) == [b"usr/lib/a"]
    assert paths(header(b"a", magic=b"ustar  \0", prefix="é".encode() * 20) + END) == [b"a"]
    assert paths(header(b"a", magic=b"", prefix=b"p") + END) == [b"a"]


def test_an_archive_ends_at_two_zero_blocks_or_with_the_stream() -> None:
    one = header(b"a")
    assert paths(one + END + header(b"b")) == paths(one) == paths(one + bytes(512)) == [b"a"]
    assert paths(b"") == paths(END) == []


def test_a_lone_zero_block_is_a_layer_error() -> None:
    with pytest.raises(LayerError, match="lone zero block"):
        read(header(b"a") + bytes(512) + header(b"b") + END)


def test_only_the_last_padding_may_be_missing() -> None:
    assert read(header(b"a", 3) + b"abc")[0][1] == b"abc"
    with pytest.raises(LayerError, match="ends at 514, 1 bytes too early"):
        read(header(b"a", 3) + b"ab")


@pytest.mark.parametrize(
    ("name", "path", "escapes"),
    [
        (b"./a", b"a", False),
        (b"/a/b", b"a/b", False),
        (b"//a//b//", b"a/b", False),
        (b"a/", b"a", False),
        (b".", b"", False),
        (b"./", b"", False),
        (b"/", b"", False),
        (b"", b"", False),
        (b"a/./b/.", b"a/b", False),
        (b"a/../b", b"b", False),
        (b"../a", b"a", True),
        (b"a/../../b", b"b", True),
        (b"/../a", b"a", True),
        (b"a/..", b"", False),
        (b"..a/b..", b"..a/b..", False),
        (b".a/.b", b".a/.b", False),
    ],
)
def test_names_are_made_relative_to_the_root(name: bytes, path: bytes, escapes: bool) -> None:
    assert clean(name) == (path, escapes)


@given(st.lists(st.sampled_from((b"", b".", b"..", b"a", b".b", b"c.", b"d..")), max_size=8).map(b"/".join))
def test_clean_names_stay_inside_and_stay_clean(name: bytes) -> None:
    path, _ = clean(name)
    assert not {b"", b".", b".."} & set(path.split(b"/")) or path == b""
    assert clean(path) == (path, False)


def test_too_many_entries_are_a_layer_error() -> None:
    with pytest.raises(LayerError, match=r"more than 2 entries \(limits.layer_entries\)"):
        read(tar({"a": "", "b": "", "c": ""}), Limits(layer_entries=2))


def test_too_long_names_are_a_layer_error() -> None:
    limits = Limits(path_length=100)
    assert paths(tar({"a" * 100: ""})) == [b"a" * 100]
    for tree in ({"a" * 101: ""}, {"a": Symlink("b" * 101)}):
        with pytest.raises(LayerError, match=r"a name of 101 bytes, more than 100 \(limits.path_length\)"):
            read(tar(tree), limits)


def test_too_many_bytes_of_names_are_a_layer_error() -> None:
    with pytest.raises(LayerError, match=r"names of more than 10 bytes in all \(limits.layer_paths\)"):
        read(tar({"a" * 4: "", "b" * 4: Symlink("c" * 4)}), Limits(layer_paths=10))
