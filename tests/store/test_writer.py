"""Saving scans: what is written once, what is kept, what is replaced."""

import sqlite3
from dataclasses import replace

import pytest
from made_results import component, finding, result

from ospo.errors import StoreError
from ospo.model import Component, Problem, ProblemKind, RawLicense
from ospo.store import writer

BROKEN = Problem(ProblemKind.LAYER, "layer 1", "the gzip stream ends early", blocking=True)
ODD = Problem(ProblemKind.FILE, "a/package.json", "not JSON at offset 3")


def count(store: sqlite3.Connection, table: str) -> int:
    number: int = store.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    return number


def keys(store: sqlite3.Connection, target: str = "registry.example/app:1") -> list[str]:
    rows = store.execute("SELECT key FROM v_current_components WHERE target = ? ORDER BY key", (target,))
    return [key for (key,) in rows]


def test_same_digest_again_is_an_observation_and_no_copy(store: sqlite3.Connection) -> None:
    first = writer.save(store, result("a", "b"), ())
    again = writer.save(store, result("a", "b", at="2026-11-24T10:00:00Z"), ())
    assert (first.new, again.new) == (True, False)
    assert (first.target_id, first.artifact_id) == (again.target_id, again.artifact_id)
    tables = (
        "target",
        "artifact",
        "observation",
        "component",
        "component_detail",
        "artifact_component",
        "layer",
    )
    assert [count(store, table) for table in tables] == [1, 1, 2, 2, 2, 2, 2]


def test_two_targets_share_an_artifact(store: sqlite3.Connection) -> None:
    writer.save(store, result("a"), ())
    assert not writer.save(store, result("a", target="registry.example/app:latest"), ()).new
    assert [count(store, table) for table in ("target", "artifact", "current_artifact")] == [2, 1, 2]


def test_images_on_one_base_store_its_components_once(store: sqlite3.Connection) -> None:
    base = [f"base{number}" for number in range(50)]
    for number in range(20):
        image = result(*base, f"own{number}", target=f"registry.example/app{number}:1", digest=str(number))
        writer.save(store, image, ())
    tables = ("component", "component_detail", "license", "layer", "artifact_component")
    assert [count(store, table) for table in tables] == [70, 70, 1, 2, 20 * 51]


def test_a_component_that_looks_different_is_another_detail(store: sqlite3.Connection) -> None:
    writer.save(store, result("a", components=(component("b", words="MIT"),)), ())
    writer.save(store, result("a", components=(component("b", words="GPL"),), digest="2"), ())
    assert [count(store, table) for table in ("component", "component_detail", "license")] == [2, 3, 2]


def test_another_facts_version_replaces_the_facts(store: sqlite3.Connection) -> None:
    first = writer.save(store, result("a", "b", problems=(ODD,)), ())
    again = writer.save(store, result("a", "c", facts_version="f2"), ())
    assert again == replace(first, new=False)
    assert keys(store) == ["pkg:pypi/a@1.0", "pkg:pypi/c@1.0"]
    assert [count(store, table) for table in ("artifact", "artifact_layer", "problem")] == [1, 2, 0]


def test_a_complete_scan_replaces_an_incomplete_one(store: sqlite3.Connection) -> None:
    writer.save(store, result("a", problems=(BROKEN,)), ())
    writer.save(store, result("a", "b"), ())
    assert len(keys(store)) == 2
    assert count(store, "problem") == 0


def test_an_incomplete_scan_unlearns_nothing(store: sqlite3.Connection) -> None:
    writer.save(store, result("a", "b"), ())
    writer.save(store, result("a", problems=(BROKEN,)), ())
    assert len(keys(store)) == 2
    assert store.execute("SELECT complete FROM artifact").fetchone() == (1,)
    assert count(store, "observation") == 2


def test_other_limits_replace_the_facts(store: sqlite3.Connection) -> None:
    writer.save(store, result("a", problems=(ODD,)), ())
    writer.save(store, result("a"), ())
    assert count(store, "problem") == 0


def test_a_target_that_moves_on_keeps_its_history(store: sqlite3.Connection) -> None:
    for day, digest in ((1, "1"), (2, "2"), (3, "1")):
        writer.save(store, result(f"in{digest}", digest=digest, at=f"2026-11-0{day}T00:00:00Z"), ())
    assert keys(store) == ["pkg:pypi/in1@1.0"]
    history = store.execute("SELECT substr(digest, -1), seen_at FROM v_history ORDER BY seen_at").fetchall()
    assert history == [
        ("1", "2026-11-01T00:00:00Z"),
        ("2", "2026-11-02T00:00:00Z"),
        ("1", "2026-11-03T00:00:00Z"),
    ]


def test_no_image_changes_what_another_says_of_a_shared_layer(store: sqlite3.Connection) -> None:
    honest = result("a")
    layers = tuple(replace(layer, size=7, diff_id="sha256:lie") for layer in honest.artifact.layers)
    liar = result("a", target="registry.example/liar:1", digest="2")
    writer.save(store, replace(liar, artifact=replace(liar.artifact, layers=layers)), ())
    writer.save(store, honest, ())
    sizes = store.execute(
        "SELECT artifact_id, size FROM artifact_layer JOIN layer ON layer.id = layer_id ORDER BY 1"
    ).fetchall()
    assert sizes == [(1, 7), (1, 7), (2, 100), (2, 100)]


@pytest.mark.parametrize(
    "broken",
    [
        Component(type="npm", name="\udcff"),
        Component(type="npm", name="b", description="\udcff"),
        Component(type="npm", name="b", licenses=(RawLicense("\udcff", "license"),)),
    ],
)
def test_text_that_is_not_unicode_is_refused_whole(store: sqlite3.Connection, broken: Component) -> None:
    with pytest.raises(StoreError, match=r"cannot store 'registry\.example/app:1': .*surrogates"):
        writer.save(store, result("a", components=(broken,)), (finding("a"),))
    assert [count(store, table) for table in ("target", "artifact", "component", "finding")] == [0, 0, 0, 0]
    assert writer.save(store, result("a"), ()).new


def test_other_values_that_the_database_cannot_hold_are_refused(store: sqlite3.Connection) -> None:
    scan = result("a")
    layers = (replace(scan.artifact.layers[0], size=2**63),)
    for artifact in (
        replace(scan.artifact, media_type="\udcff"),
        replace(scan.artifact, labels=(("a", "\udcff"),)),
        replace(scan.artifact, layers=layers),
    ):
        with pytest.raises(StoreError, match="cannot store"):
            writer.save(store, replace(scan, artifact=artifact), ())
    assert count(store, "artifact") == 0


def test_every_link_has_both_ends(store: sqlite3.Connection) -> None:
    writer.save(store, result("a", "b"), (finding("pkg:pypi/a@1.0"),))
    with pytest.raises(sqlite3.IntegrityError):
        store.execute("DELETE FROM component")
    assert store.execute("PRAGMA foreign_key_check").fetchall() == []
