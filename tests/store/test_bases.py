"""Which stored image another one was built on."""

import sqlite3
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_results import result

from ospo.model import Artifact, BaseImage, Layer, ScanResult
from ospo.store import queries, writer
from ospo.store.bases import chain, chains, fill_chains, known_base

CLAIMED = "org.opencontainers.image.base.digest"
LETTERS = st.lists(st.sampled_from("abc"), max_size=5)


def image(
    layers: str, target: str = "registry.example/app:1", digest: str = "1", **labels: str
) -> ScanResult:
    """An image whose layers are letters, bottom first."""
    made = tuple(Layer(index, f"sha256:{name}", "tar", 1) for index, name in enumerate(layers))
    plain = result(target=target, digest=digest)
    pairs = tuple(labels.items())
    return replace(plain, artifact=replace(plain.artifact, layers=made, labels=pairs))


def base_of(store: sqlite3.Connection, layers: str, **labels: str) -> BaseImage | None:
    return known_base(store, image(layers, **labels).artifact)


def test_the_image_with_most_of_the_layers_is_the_base(store: sqlite3.Connection) -> None:
    writer.save(store, image("a", "registry.example/debian:12", "d"), ())
    middle = image("ab", "registry.example/python:3", "e")
    writer.save(store, middle, ())
    assert base_of(store, "abc") == BaseImage("registry.example/python:3", middle.artifact.digest, 2)
    assert base_of(store, "axc") == BaseImage("registry.example/debian:12", "sha256:" + "d".rjust(64, "0"), 1)


@pytest.mark.parametrize("layers", ["ab", "a", "", "ba", "xab"])
def test_an_image_is_no_base_of_itself_nor_of_what_lacks_a_layer(
    store: sqlite3.Connection, layers: str
) -> None:
    writer.save(store, image("ab"), ())
    assert base_of(store, layers) is None


def test_what_an_image_claims_chooses_among_those_that_fit(store: sqlite3.Connection) -> None:
    first, second = image("ab", "registry.example/one:1", "1"), image("ab", "registry.example/two:2", "2")
    writer.save(store, first, ())
    writer.save(store, second, ())
    plain, claiming = base_of(store, "abc"), base_of(store, "abc", **{CLAIMED: second.artifact.digest})
    assert plain is not None and plain.name == "registry.example/one:1"
    assert claiming is not None and claiming.name == "registry.example/two:2"
    assert base_of(store, "xyz", **{CLAIMED: second.artifact.digest}) is None


def test_the_base_is_stored_with_the_scan(store: sqlite3.Connection) -> None:
    base = BaseImage("registry.example/debian:12", "sha256:d", 1)
    built = replace(image("ab"), base=base)
    writer.save(store, built, ())
    assert queries.load_result(store, built.target.name).base == base
    writer.save(store, replace(built, base=None), ())
    assert queries.load_result(store, built.target.name).base is None


@given(LETTERS, LETTERS)
def test_chains_are_the_same_as_far_as_the_layers_are(one: list[str], other: list[str]) -> None:
    same = 0
    while same < min(len(one), len(other)) and one[same] == other[same]:
        same += 1
    pairs = list(zip(chains(one), chains(other), strict=False))
    assert [left == right for left, right in pairs] == [at < same for at in range(len(pairs))]


def test_artifacts_of_an_older_version_get_their_chains(store: sqlite3.Connection) -> None:
    stored = image("abc")
    writer.save(store, stored, ())
    store.execute("UPDATE artifact SET chain = NULL")
    fill_chains(store)
    assert store.execute("SELECT chain FROM artifact").fetchall() == [(chain(stored.artifact),)]


def test_what_has_no_layers_has_no_chain() -> None:
    assert chain(Artifact(image("").artifact.kind, "sha256:1")) is None
