"""The cached form of layer facts."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import components

from ospo import zstd
from ospo.image.facts import FileFacts, LayerFacts, Link, decode, encode, moved
from ospo.model import Component, Distro, Location, Ownership, Problem, ProblemKind

# Extractors and the engine make text that UTF-8 can write: paths and contents are decoded with replacements.
text = st.text(st.characters(codec="utf-8"), max_size=20)
records = st.one_of(
    components(text).filter(lambda one: "\\ud" not in ascii(one)),
    st.builds(Distro, text, text, text, st.lists(text, max_size=2).map(tuple), text),
    st.builds(Ownership, text, text),
)
facts = st.builds(
    LayerFacts,
    files=st.lists(
        st.builds(FileFacts, text, text, st.lists(records, max_size=3).map(tuple)), max_size=3
    ).map(tuple),
    entries=text,
    links=st.lists(st.builds(Link, text, text, st.booleans()), max_size=3).map(tuple),
    whiteouts=st.lists(text, max_size=3).map(tuple),
    opaque=st.lists(text, max_size=3).map(tuple),
    implied=st.lists(text, max_size=3).map(tuple),
    problems=st.lists(
        st.builds(Problem, st.sampled_from(ProblemKind), text, text, text, st.booleans()), max_size=3
    ).map(tuple),
    size=st.integers(0, 1 << 50),
    unpacked=st.integers(0, 1 << 50),
)


@given(facts)
def test_facts_come_back_as_they_were(facts: LayerFacts) -> None:
    again = decode(encode(facts))
    assert again == facts
    assert encode(again) == encode(facts)


def test_facts_are_small_where_records_have_default_values() -> None:
    record = Component("npm", "a", "1")
    document = orjson.loads(zstd.decompress(encode(LayerFacts((FileFacts("p", "npm", (record,)),), "p"))))
    assert document["files"] == [["p", "npm", [{"": "c", "type": "npm", "name": "a", "version": "1"}]]]


@given(st.binary(max_size=60) | st.binary(max_size=60).map(zstd.compress))
def test_other_bytes_are_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError):
        decode(data)


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        "x",
        {"files": []},
        {"files": [[]], "entries": ""},
        {"files": [["p", "e", [{"": "c", "type": "npm", "name": "a", "added": 1}]]]},
        {"files": [["p", "e", ["x"]]]},
        {"files": [["p", "e", [{"": "c"}]]]},
        {"files": [["p", "e", [{"": "c", "type": "a", "name": "b", "kind": "no-such-kind"}]]]},
    ],
)
def test_a_document_of_another_version_is_a_value_error(document: object) -> None:
    with pytest.raises(ValueError):
        decode(zstd.compress(orjson.dumps(document)))


@given(facts, st.data())
def test_damaged_facts_are_a_value_error_or_other_facts(facts: LayerFacts, data: st.DataObject) -> None:
    stored = bytearray(encode(facts))
    stored[data.draw(st.integers(0, len(stored) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        other = decode(bytes(stored))
    except ValueError as error:
        assert str(error)
    else:
        assert decode(encode(other)) == other


def test_moved_facts_are_found_where_they_are_moved_to() -> None:
    facts = FileFacts("a", "e", (Component("npm", "n", locations=(Location("a"),)), Distro("debian")))
    assert moved(facts, "a") is facts
    assert moved(facts, "b") == FileFacts(
        "b", "e", (Component("npm", "n", locations=(Location("b"),)), Distro("debian"))
    )
