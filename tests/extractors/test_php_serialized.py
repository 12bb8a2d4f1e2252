"""What PHP serializes: every kind of value, and hostile bytes."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ospo.errors import ParseError
from ospo.extractors.php_serialized import Value, unserialized


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"a:0:{}", {}),
        (b'a:1:{s:1:"a";s:3:"\xc3\xa9"";}', {"a": 'é"'}),
        (b"a:4:{i:0;i:-7;i:1;d:1.5;i:2;b:1;i:3;N;}", {"0": "-7", "1": "1.5", "2": True, "3": None}),
        (b'a:1:{s:1:"a";a:1:{i:0;a:0:{}}}', {"a": {"0": {}}}),
        (b'a:1:{s:1:"a";s:8:"";s:1:"b";}', {"a": '";s:1:"b'}),
        (b"a:0:{}a:0:{}", {}),
    ],
)
def test_a_value_is_read(data: bytes, value: dict[str, Value]) -> None:
    assert unserialized(data) == value


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"N;",
        b"a:1:{}",
        b"a:0:{",
        b'a:1:{s:1:"a";s:5:"a";}',
        b'a:1:{s:1:"a";O:1:"a":0:{}}',
        b'a:1:{s:1:"a";R:1;}',
        b'a:1:{s:1:"a";C:1:"a":0:{}}',
        b"a:99999999999999999999:{}",
        b"a:1:{i:0;" * 200,
    ],
)
def test_what_is_damaged_or_an_object_is_an_error(data: bytes) -> None:
    with pytest.raises(ParseError):
        unserialized(data)


@given(st.binary(max_size=200).map(lambda data: b"a:3:{" + data))
def test_any_bytes_raise_nothing_but_parse_errors(data: bytes) -> None:
    try:
        assert len(unserialized(data)) in (1, 2, 3)
    except ParseError as error:
        assert error.message


@pytest.mark.parametrize("pair", [b"i:0;N;", b'i:0;s:0:"";', b"i:0;a:0:{}"])
def test_an_array_costs_no_more_than_its_length(pair: bytes) -> None:
    start = time.process_time()
    with contextlib.suppress(ParseError):
        unserialized(b"a:999999999:{" + pair * (1 << 17))
    assert time.process_time() - start < 4
